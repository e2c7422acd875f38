#include <string.h>

#include "base/str.h"
#include "base/version.h"
#include "inventory/inventory.h"
#include "parse/condameta.h"
#include "parse/wheelmeta.h"
#include "scan/assemble.h"
#include "scan/filehash.h"

/* Which package's RECORD names a node; by node number. 0 = nobody, else 1 + index. */
struct ownership {
	struct view *v;
	uint32_t *owner;
};

static int note_twice(struct ownership *o, uint32_t node, const struct package *first, const struct package *second)
{
	struct inventory *inv = o->v->inv;
	const char *path = view_path(o->v, node);
	/* folders that several distributions share on purpose hold such files: an __init__.py or a licence is no conflict */
	if (!path || str_ends(path, ".py") || str_ends(path, ".pyc") || str_ends(path, ".txt") || str_ends(path, ".md"))
		return path ? 0 : -1;
	for (size_t i = 0; i < inv->owned_twice.n; i++)
		if (str_eq(inv->owned_twice.v[i].path, path))
			return list_add(&inv->arena, &inv->owned_twice.v[i].owners, second->name) ? 0 : -1;
	struct owned_twice *t = list_push(&inv->arena, &inv->owned_twice);
	if (!t)
		return -1;
	t->path = path;
	return list_add(&inv->arena, &t->owners, first->name) && list_add(&inv->arena, &t->owners, second->name) ? 0 : -1;
}

/* Files that are made or changed after the install without harm. */
static bool volatile_file(const char *path)
{
	return str_ends(path, ".pyc") || strstr(path, "__pycache__") || str_ends(path, "RECORD") || str_ends(path, "INSTALLER") ||
	       str_ends(path, "direct_url.json") || str_ends(path, "REQUESTED") || str_starts(path, "../../") || str_starts(path, "/");
}

/* Is a file not what RECORD says: by its size, where that was asked for, and by its hash, where that was made? */
static bool changed(const struct view *v, uint32_t n, const struct record_line *line)
{
	const struct item *item = view_item(v, n);
	uint64_t size = fs_node(v->fs, n)->size;
	if (line->size >= 0 && size && size != (uint64_t)line->size)
		return true;
	return item && item->sha256 && line->hash.n && !filehash_equals(item->sha256, line->hash);
}

static int read_record(struct ownership *o, size_t index)
{
	struct view *v = o->v;
	struct inventory *inv = v->inv;
	struct package *p = &inv->packages.v[index];
	uint32_t site = fs_find(v->fs, 0, SPAN_STR(str_eq(p->site, ".") ? "" : p->site), true);
	uint32_t info = fs_find(v->fs, 0, SPAN_STR(p->path), true);
	struct span text = info == FS_NONE || fs_node(v->fs, info)->type != NODE_DIR ? (struct span){ 0 } : view_text(v, info, "RECORD");
	if (!text.p || site == FS_NONE)
		return 0;
	p->record_known = inv->kind != TARGET_WHEEL && inv->kind != TARGET_WHEELHOUSE;
	struct cur c = cur_of(text);
	struct arena lines = ARENA_INIT;
	struct record_line line;
	int more;
	while ((more = record_next(&c, &lines, &line)) > 0) {
		uint32_t n = fs_find(v->fs, site, SPAN_STR(line.path), true);
		if (n == FS_NONE) {
			if (p->record_known && !volatile_file(line.path) &&
			    !list_add(&inv->arena, &p->record_missing, arena_str(&inv->arena, line.path)))
				break;
			continue;
		}
		if (p->record_known && changed(v, n, &line) && !volatile_file(line.path) && !list_add(&inv->arena, &p->record_changed, arena_str(&inv->arena, line.path)))
			break;
		if (o->owner[n] && o->owner[n] != index + 1 && fs_node(v->fs, n)->type == NODE_FILE &&
		    note_twice(o, n, &inv->packages.v[o->owner[n] - 1], p) < 0)
			break;
		o->owner[n] = (uint32_t)index + 1;
	}
	arena_clear(&lines);
	list_sort(&p->record_missing, str_ptr_cmp);
	list_sort(&p->record_changed, str_ptr_cmp);
	return more > 0 || more < 0 ? -1 : 0;
}

static bool below(const char *path, const char *dir)
{
	size_t n = strlen(dir);
	while (n && dir[n - 1] == '/')
		n--;
	return !strncmp(path, dir, n) && path[n] == '/';
}

/*
 * torch's own libraries outside of its folder: conda-forge lays them into the
 * prefix's lib, Debian into the system's. The innermost prefix that has a torch owns them.
 */
static const struct package *torch_above(const struct inventory *inv, const struct library *l)
{
	const char *name = path_base(l->path);
	const struct package *found = NULL;
	if (!str_starts(name, "libtorch") && !str_starts(name, "libc10") && !str_starts(name, "libcaffe2"))
		return NULL;
	for (size_t i = 0; i < inv->packages.n; i++) {
		const struct package *p = &inv->packages.v[i];
		if (str_eq(p->name, "torch") && p->environment && below(l->path, p->environment) &&
		    (!found || strlen(p->environment) > strlen(found->environment)))
			found = p;
	}
	return found;
}

/* Where no RECORD names a library: the package whose site folder holds it and whose name is its top folder. */
static const struct package *owner_by_folder(const struct inventory *inv, const struct library *l)
{
	for (size_t i = 0; i < inv->packages.n; i++) {
		const struct package *p = &inv->packages.v[i];
		if (p->editable && below(l->path, p->editable))
			return p;
		if (!p->site)
			continue;
		const char *rest = l->path;
		if (!str_eq(p->site, ".")) {
			size_t n = strlen(p->site);
			if (strncmp(rest, p->site, n) || rest[n] != '/')
				continue;
			rest += n + 1;
		}
		size_t top = strcspn(rest, "/.");
		char name[128];
		if (top >= sizeof(name))
			continue;
		for (size_t k = 0; k <= top; k++)
			name[k] = k == top ? '\0' : rest[k] == '_' ? '-' : (char)(rest[k] >= 'A' && rest[k] <= 'Z' ? rest[k] + 32 : rest[k]);
		if (str_eq(name, p->name))
			return p;
	}
	return torch_above(inv, l);
}

/* Versions of libraries that a package of conda brought: conda-meta/NAME.json of each prefix lists its files. */
static int read_conda(struct view *v, uint32_t dir)
{
	struct inventory *inv = v->inv;
	uint32_t prefix = fs_node(v->fs, dir)->parent;
	for (uint32_t c = fs_first(v->fs, dir); c != FS_NONE; c = fs_next_sibling(v->fs, c)) {
		const struct item *item = span_ends(fs_name(v->fs, c), ".json") ? view_item(v, c) : NULL;
		struct conda_meta meta;
		struct err err = ERR_INIT;
		if (!item || item->kind != ITEM_TEXT)
			continue;
		if (conda_meta_parse(item->text, &inv->arena, &meta, &err) < 0) {
			if (err.kind == ERR_NOMEM || inventory_gap(inv, fs_node(v->fs, c)->layer, view_path(v, c), "%s", err.text) < 0)
				return -1;
			continue;
		}
		for (size_t i = 0; meta.version && i < meta.libraries.n; i++) {
			uint32_t n = fs_find(v->fs, prefix, SPAN_STR(meta.libraries.v[i]), true);
			const struct library *at = n == FS_NONE ? NULL : inventory_library(inv, view_path(v, n));
			struct library *l = at ? &inv->libraries.v[at - inv->libraries.v] : NULL;
			if (l && (!l->version || version_agree(l->version, meta.version))) {
				l->version = meta.version;
				l->version_from = "conda";
			}
		}
	}
	return 0;
}

static int twice_cmp(const void *a, const void *b)
{
	return str_cmp(((const struct owned_twice *)a)->path, ((const struct owned_twice *)b)->path);
}

int assemble_owners(struct view *v, struct err *err)
{
	struct inventory *inv = v->inv;
	struct ownership o = { .v = v, .owner = mem_alloc(fs_count(v->fs) * sizeof(*o.owner)) };
	if (!o.owner)
		return err_nomem(err);
	memset(o.owner, 0, fs_count(v->fs) * sizeof(*o.owner));
	int got = 0;
	for (size_t i = 0; got == 0 && i < inv->packages.n; i++)
		if (inv->packages.v[i].site)
			got = read_record(&o, i);
	for (size_t i = 0; got == 0 && i < inv->libraries.n; i++) {
		struct library *l = &inv->libraries.v[i];
		uint32_t n = fs_find(v->fs, 0, SPAN_STR(l->path), false);
		const struct package *p = n != FS_NONE && o.owner[n] ? &inv->packages.v[o.owner[n] - 1] : owner_by_folder(inv, l);
		if (p) {
			l->owner = p->name;
			l->environment = p->environment;
		}
	}
	for (size_t i = 0; i < inv->compilers.n; i++) {
		uint32_t n = fs_find(v->fs, 0, SPAN_STR(inv->compilers.v[i].path), false);
		if (n != FS_NONE && o.owner[n])
			inv->compilers.v[i].owner = inv->packages.v[o.owner[n] - 1].name;
	}
	for (uint32_t n = 1; got == 0 && n < fs_count(v->fs); n++)
		if (!fs_node(v->fs, n)->gone && fs_node(v->fs, n)->type == NODE_DIR && span_eq(fs_name(v->fs, n), "conda-meta"))
			got = read_conda(v, n);
	mem_free(o.owner);
	list_sort(&inv->owned_twice, twice_cmp);
	return got < 0 ? err_nomem(err) : 0;
}
