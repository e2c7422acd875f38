/*
 * Merging, as image-spec's layer.md says and as containers/storage and umoci
 * do it: whiteouts hide what lies below and nothing of their own layer, so
 * they are applied first; a folder over a folder keeps its content, every
 * other change of type replaces; parents that a layer does not name are
 * walked as an unpacking tool would, through links and never out of the root.
 */
#include "scan/merge.h"

#include "base/limits.h"

struct merge {
	struct fs *fs;
	const struct record *r;
	uint16_t layer;
	uint32_t first_item;
	bool bad; /* out of memory */
};

/* Takes a node and all below it out of the tree; without recursion, since the depth is the archive's to choose. */
static void hide(struct fs *fs, uint32_t n)
{
	for (uint32_t at = n;;) {
		struct node *node = fs_edit(fs, at);
		node->gone = 1;
		if (node->child) {
			at = node->child;
			continue;
		}
		while (at != n && !fs_node(fs, at)->next)
			at = fs_node(fs, at)->parent;
		if (at == n)
			return;
		at = fs_node(fs, at)->next;
	}
}

static void empty(struct fs *fs, uint32_t dir)
{
	for (uint32_t c = fs_first(fs, dir); c != FS_NONE; c = fs_next_sibling(fs, c))
		hide(fs, c);
}

/* The folder of a path inside the merged tree, made where it is missing; FS_NONE if a file stands in the way. */
static uint32_t folder_at(struct merge *m, struct span path)
{
	uint32_t at = 0;
	while (path.n) {
		struct span name = span_cut(&path, '/');
		uint32_t next = fs_child(m->fs, at, name);
		if (next == FS_NONE) {
			next = fs_add(m->fs, at, name, m->layer);
			if (next == FS_NONE) {
				m->bad = true;
				return FS_NONE;
			}
		}
		if (fs_node(m->fs, next)->type == NODE_SYMLINK)
			next = fs_find(m->fs, at, name, true);
		if (next == FS_NONE || fs_node(m->fs, next)->type != NODE_DIR)
			return FS_NONE;
		at = next;
	}
	return at;
}

static void apply_whiteouts(struct merge *m)
{
	for (size_t i = 0; i < m->r->hidden.n; i++) {
		const struct hidden *h = &m->r->hidden.v[i];
		uint32_t dir = fs_find(m->fs, 0, h->dir, true);
		if (dir == FS_NONE)
			continue;
		if (h->opaque) {
			if (fs_node(m->fs, dir)->type == NODE_DIR)
				empty(m->fs, dir);
			continue;
		}
		uint32_t n = fs_child(m->fs, dir, h->name);
		if (n != FS_NONE)
			hide(m->fs, n);
	}
}

/* One entry of the layer into folder `dir` of the merged tree; its node there. */
static uint32_t put(struct merge *m, uint32_t dir, uint32_t from)
{
	const struct node *src = fs_node(m->r->fs, from);
	struct span name = fs_name(m->r->fs, from);
	uint32_t old = fs_child(m->fs, dir, name);
	if (old != FS_NONE && src->implied) {
		if (fs_node(m->fs, old)->type == NODE_SYMLINK)
			return fs_find(m->fs, dir, name, true);
		return old;
	}
	if (old != FS_NONE && !(fs_node(m->fs, old)->type == NODE_DIR && src->type == NODE_DIR))
		hide(m->fs, old);
	uint32_t to = fs_add(m->fs, dir, name, m->layer);
	if (to == FS_NONE || (src->type == NODE_SYMLINK && !fs_set_link(m->fs, to, fs_link(m->r->fs, from)))) {
		m->bad = true;
		return FS_NONE;
	}
	struct node *dst = fs_edit(m->fs, to);
	dst->type = src->type;
	dst->mode = src->mode;
	dst->layer = m->layer;
	dst->size = src->size;
	dst->item = src->item ? m->first_item + src->item : 0;
	return to;
}

/*
 * Walks the layer's own tree. Its folders are entered through a list instead
 * of recursion, since their depth is the archive's to choose.
 */
static void put_all(struct merge *m, struct arena *work)
{
	struct pair { uint32_t from, to; };
	LIST(struct pair) open = { 0 };
	if (!list_add(work, &open, ((struct pair){ 0, 0 }))) {
		m->bad = true;
		return;
	}
	while (open.n && !m->bad) {
		struct pair p = open.v[--open.n];
		for (uint32_t c = fs_first(m->r->fs, p.from); c != FS_NONE && !m->bad; c = fs_next_sibling(m->r->fs, c)) {
			uint32_t to = put(m, p.to, c);
			if (to == FS_NONE || fs_first(m->r->fs, c) == FS_NONE)
				continue;
			if (fs_node(m->r->fs, c)->type == NODE_SYMLINK) /* the layer goes on below a link of its own */
				to = fs_find(m->fs, p.to, fs_name(m->r->fs, c), true);
			if (to == FS_NONE || fs_node(m->fs, to)->type != NODE_DIR)
				continue;
			if (!list_add(work, &open, ((struct pair){ c, to })))
				m->bad = true;
		}
	}
}

static void put_hardlinks(struct merge *m, struct arena *work)
{
	for (size_t i = 0; i < m->r->hardlinks.n && !m->bad; i++) {
		const struct hardlink *h = &m->r->hardlinks.v[i];
		const struct node *now = fs_node(m->r->fs, h->node);
		if (now->type != NODE_FILE || now->size || now->item) /* the layer goes on with something else of that name */
			continue;
		char *path = fs_path(m->r->fs, h->node, work);
		if (!path) {
			m->bad = true;
			return;
		}
		struct span full = SPAN_STR(path);
		size_t slash = full.n;
		while (slash && full.p[slash - 1] != '/')
			slash--;
		uint32_t target = fs_find(m->fs, 0, h->target, false);
		uint32_t dir = folder_at(m, span_sub(span_from(full, 1), 0, slash ? slash - 1 : 0));
		uint32_t own = dir == FS_NONE ? FS_NONE : fs_child(m->fs, dir, span_from(full, slash));
		if (target == FS_NONE || own == FS_NONE) {
			if (own != FS_NONE)
				hide(m->fs, own);
			continue;
		}
		struct node copy = *fs_node(m->fs, target);
		struct node *to = fs_edit(m->fs, own);
		to->type = copy.type;
		to->mode = copy.mode;
		to->size = copy.size;
		to->item = copy.item;
		to->link = copy.link;
		to->link_n = copy.link_n;
	}
}

int merge_layer(struct fs *fs, const struct record *r, uint16_t layer, uint32_t first_item, struct err *err)
{
	struct merge m = { .fs = fs, .r = r, .layer = layer, .first_item = first_item };
	struct arena work = ARENA_INIT;
	apply_whiteouts(&m);
	put_all(&m, &work);
	put_hardlinks(&m, &work);
	arena_clear(&work);
	return m.bad ? err_nomem(err) : 0;
}
