#include "scan/view.h"

#include "inventory/inventory.h"

const struct item *view_item(const struct view *v, uint32_t node)
{
	uint32_t item = fs_node(v->fs, node)->item;
	return item ? v->items[item - 1] : NULL;
}

struct span view_text(const struct view *v, uint32_t from, const char *path)
{
	uint32_t n = fs_find(v->fs, from, SPAN_STR(path), true);
	const struct item *item = n == FS_NONE ? NULL : view_item(v, n);
	return item && item->kind == ITEM_TEXT ? item->text : (struct span){ 0 };
}

const char *view_path(const struct view *v, uint32_t node)
{
	char *s = fs_path(v->fs, node, &v->inv->arena);
	return s && !v->base[0] ? s + 1 : s;
}
