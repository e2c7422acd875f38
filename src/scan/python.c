#include <string.h>

#include "base/str.h"
#include "inventory/inventory.h"
#include "parse/condameta.h"
#include "parse/launch.h"
#include "parse/wheelmeta.h"
#include "scan/assemble.h"

/* ---- environments: a prefix with folders of packages ---- */

static struct environment *environment(struct view *v, const char *path)
{
	struct inventory *inv = v->inv;
	for (size_t i = 0; i < inv->environments.n; i++)
		if (str_eq(inv->environments.v[i].path, path))
			return &inv->environments.v[i];
	struct environment *e = list_push(&inv->arena, &inv->environments);
	if (e)
		e->path = path;
	return e;
}

/* Package caches: no interpreter ever looks there (conda, pip, uv). */
static bool unreached(const char *path)
{
	return strstr(path, "/pkgs/") || strstr(path, "/.cache/") || strstr(path, "/var/cache/") || strstr(path, "/uv/cache/") ||
	       strstr(path, "/_vendor/");
}

/* Does a folder of programs hold a Python? */
static bool has_python(const struct view *v, uint32_t bin)
{
	if (bin == FS_NONE)
		return false;
	for (uint32_t c = fs_first(v->fs, bin); c != FS_NONE; c = fs_next_sibling(v->fs, c))
		if (span_starts(fs_name(v->fs, c), "python"))
			return true;
	return false;
}

/*
 * The prefix that a site folder belongs to: what stands before lib/pythonX.Y.
 * Debian's own Python also looks into /usr/local/lib/pythonX.Y/dist-packages,
 * so without an interpreter of its own /usr/local is a part of /usr.
 */
static uint32_t prefix_of(const struct view *v, uint32_t site, const char **python)
{
	uint32_t versioned = fs_node(v->fs, site)->parent;
	struct span name = fs_name(v->fs, versioned);
	*python = NULL;
	if (!span_starts(name, "python"))
		return FS_NONE;
	if (name.n > strlen("python3"))
		*python = arena_strn(&v->inv->arena, name.p + 6, name.n - 6);
	uint32_t lib = fs_node(v->fs, versioned)->parent;
	if (!span_starts(fs_name(v->fs, lib), "lib"))
		return FS_NONE;
	uint32_t prefix = fs_node(v->fs, lib)->parent;
	if (span_eq(fs_name(v->fs, prefix), "local") && !has_python(v, fs_find(v->fs, prefix, SPAN_STR("bin"), true))) {
		uint32_t usr = fs_node(v->fs, prefix)->parent;
		if (span_eq(fs_name(v->fs, usr), "usr"))
			return usr;
	}
	return prefix;
}

/* ---- one distribution ---- */

static struct span text_in(const struct view *v, uint32_t dir, const char *name)
{
	return view_text(v, dir, name);
}

static int read_package(struct view *v, uint32_t info, const char *env, const char *site)
{
	struct inventory *inv = v->inv;
	struct arena *a = &inv->arena;
	struct span dir = fs_name(v->fs, info), name, version;
	if (!info_dir_parse(dir, &name, &version))
		return 0;
	struct metadata meta = { 0 };
	bool folder = fs_node(v->fs, info)->type == NODE_DIR;
	struct span text = folder ? text_in(v, info, span_ends(dir, ".dist-info") ? "METADATA" : "PKG-INFO") : (struct span){ 0 };
	const struct item *own = folder ? NULL : view_item(v, info);
	if (own && own->kind == ITEM_TEXT)
		text = own->text;
	if (folder && !text.p && fs_first(v->fs, info) == FS_NONE)
		return 0; /* an empty folder that an uninstall left */
	if (metadata_parse(text, a, &meta) < 0)
		return -1;
	if (folder && egg_requires_parse(text_in(v, info, "requires.txt"), a, &meta) < 0)
		return -1;
	struct package *p = list_push(a, &inv->packages);
	if (!p)
		return -1;
	p->name = meta.name ? pep503_name(a, SPAN_STR(meta.name)) : pep503_name(a, name);
	p->version = meta.version ? meta.version : version.n ? arena_strn(a, version.p, version.n) : NULL;
	p->path = view_path(v, info);
	p->layer = fs_node(v->fs, info)->layer;
	p->environment = env;
	p->site = site;
	p->requires_known = text.p != NULL;
	for (size_t i = 0; i < meta.requires.n; i++)
		if (!list_add(a, &p->requires, meta.requires.v[i]))
			return -1;
	struct wheel_tags tags = { 0 };
	text = folder ? text_in(v, info, "WHEEL") : (struct span){ 0 };
	p->tags_known = text.p != NULL;
	if (wheel_parse(text, a, &tags) < 0)
		return -1;
	for (size_t i = 0; i < tags.tags.n; i++)
		if (!list_add(a, &p->tags, tags.tags.v[i]))
			return -1;
	text = folder ? span_trim(text_in(v, info, "INSTALLER")) : (struct span){ 0 };
	text = span_sub(text, 0, span_chr(text, '\n'));
	if (text.n)
		p->installer = arena_strn(a, text.p, text.n);
	text = folder ? text_in(v, info, "direct_url.json") : (struct span){ 0 };
	p->editable = text.p ? editable_folder(text, a) : NULL;
	return p->name && p->path ? 0 : -1;
}

/* NAME.egg-link, as `setup.py develop` wrote it: its first line is the folder of the code, where NAME.egg-info lies. */
static int read_egg_link(struct view *v, uint32_t link, const char *env)
{
	const struct item *item = view_item(v, link);
	struct cur lines = cur_of(item && item->kind == ITEM_TEXT ? item->text : (struct span){ 0 });
	struct span line;
	uint32_t dir = cur_line(&lines, &line) ? fs_find(v->fs, 0, span_trim(line), true) : FS_NONE;
	const char *site = dir == FS_NONE ? NULL : view_path(v, dir);
	for (uint32_t c = site ? fs_first(v->fs, dir) : FS_NONE; c != FS_NONE; c = fs_next_sibling(v->fs, c)) {
		size_t before = v->inv->packages.n;
		if (!span_ends(fs_name(v->fs, c), ".egg-info"))
			continue;
		if (read_package(v, c, env, site) < 0)
			return -1;
		if (v->inv->packages.n > before)
			v->inv->packages.v[before].editable = site;
	}
	return 0;
}

static int read_site(struct view *v, uint32_t dir, const char *env)
{
	const char *site = view_path(v, dir);
	if (!site)
		return -1;
	for (uint32_t c = fs_first(v->fs, dir); c != FS_NONE; c = fs_next_sibling(v->fs, c)) {
		struct span name = fs_name(v->fs, c);
		if ((span_ends(name, ".dist-info") || span_ends(name, ".egg-info")) && read_package(v, c, env, site) < 0)
			return -1;
		if (span_ends(name, ".egg-link") && read_egg_link(v, c, env) < 0)
			return -1;
		/* eggs are folders of their own: name-1.0-py3.8.egg/EGG-INFO */
		uint32_t egg = span_ends(name, ".egg") ? fs_find(v->fs, c, SPAN_STR("EGG-INFO"), true) : FS_NONE;
		struct span text = egg == FS_NONE ? (struct span){ 0 } : view_text(v, egg, "PKG-INFO");
		struct metadata meta = { 0 };
		if (text.p && metadata_parse(text, &v->inv->arena, &meta) == 0 && meta.name) {
			struct package *p = list_push(&v->inv->arena, &v->inv->packages);
			if (!p)
				return -1;
			*p = (struct package){ .name = pep503_name(&v->inv->arena, SPAN_STR(meta.name)), .version = meta.version,
					       .path = view_path(v, egg), .layer = fs_node(v->fs, egg)->layer, .environment = env,
					       .site = view_path(v, c) };
		}
	}
	return 0;
}

static int add_site(struct view *v, uint32_t dir)
{
	struct inventory *inv = v->inv;
	const char *python, *site = view_path(v, dir);
	uint32_t prefix = prefix_of(v, dir, &python);
	const char *path = prefix == FS_NONE ? site : view_path(v, prefix);
	struct environment *e = path && site ? environment(v, path[0] ? path : ".") : NULL;
	if (!e)
		return -1;
	if (python && (!e->python || strlen(python) > strlen(e->python)))
		e->python = python;
	if (unreached(site))
		e->role = ENV_UNREACHED;
	if (!list_add(&inv->arena, &e->site_packages, site))
		return -1;
	const char *env = e->path;
	if (read_site(v, dir, env) < 0)
		return -1;
	/* .pth: further folders of the same environment, relative to this one (site.py, addpackage) */
	for (uint32_t c = fs_first(v->fs, dir); c != FS_NONE; c = fs_next_sibling(v->fs, c)) {
		const struct item *item = span_ends(fs_name(v->fs, c), ".pth") ? view_item(v, c) : NULL;
		struct cur lines = cur_of(item && item->kind == ITEM_TEXT ? item->text : (struct span){ 0 });
		struct span line;
		while (pth_next(&lines, &line)) {
			uint32_t more = fs_find(v->fs, dir, line, true);
			if (more == FS_NONE || more == dir || fs_node(v->fs, more)->type != NODE_DIR)
				continue;
			struct span last = fs_name(v->fs, more);
			if (span_ends(last, "-packages"))
				continue; /* read for itself */
			if (read_site(v, more, env) < 0)
				return -1;
		}
	}
	return 0;
}

static int read_venv(struct view *v, uint32_t cfg)
{
	const struct item *item = view_item(v, cfg);
	struct pyvenv venv = { 0 };
	if (!item || item->kind != ITEM_TEXT)
		return 0;
	if (pyvenv_parse(item->text, &v->inv->arena, &venv) < 0)
		return -1;
	const char *path = view_path(v, fs_node(v->fs, cfg)->parent);
	struct environment *e = path ? environment(v, path[0] ? path : ".") : NULL;
	if (!e)
		return -1;
	if (venv.version)
		e->python = venv.version;
	return 0;
}

static int add_python(struct view *v, uint32_t n)
{
	struct span name = fs_name(v->fs, n);
	struct inventory *inv = v->inv;
	if (!span_starts(name, "python") || !span_eq(fs_name(v->fs, fs_node(v->fs, n)->parent), "bin") || name.n < 9 || name.n > 11)
		return 0;
	struct span version = span_from(name, 6);
	for (size_t i = 0; i < version.n; i++)
		if (version.p[i] != '.' && (version.p[i] < '0' || version.p[i] > '9'))
			return 0;
	struct python *p = list_push(&inv->arena, &inv->pythons);
	if (!p)
		return -1;
	p->version = arena_strn(&inv->arena, version.p, version.n);
	p->path = view_path(v, n);
	return p->version && p->path ? 0 : -1;
}

static int package_cmp(const void *x, const void *y)
{
	const struct package *a = x, *b = y;
	int c = str_cmp(a->environment, b->environment);
	c = c ? c : str_cmp(a->name, b->name);
	return c ? c : str_cmp(a->path, b->path);
}

static int environment_cmp(const void *a, const void *b)
{
	return str_cmp(((const struct environment *)a)->path, ((const struct environment *)b)->path);
}

static int python_cmp(const void *a, const void *b)
{
	return str_cmp(((const struct python *)a)->path, ((const struct python *)b)->path);
}

int assemble_python(struct view *v, struct err *err)
{
	struct inventory *inv = v->inv;
	bool flat = false; /* a wheel, or a site-packages folder: distributions at the top */
	for (uint32_t c = fs_first(v->fs, 0); !v->base[0] && c != FS_NONE; c = fs_next_sibling(v->fs, c))
		flat = flat || span_ends(fs_name(v->fs, c), ".dist-info") || span_ends(fs_name(v->fs, c), ".egg-info");
	if (flat) {
		struct environment *e = environment(v, ".");
		if (!e || !list_add(&inv->arena, &e->site_packages, ".") || read_site(v, 0, ".") < 0)
			return err_nomem(err);
	}
	for (uint32_t n = 1; n < fs_count(v->fs); n++) {
		const struct node *node = fs_node(v->fs, n);
		struct span name = fs_name(v->fs, n);
		if (node->gone)
			continue;
		int got = 0;
		if (node->type == NODE_DIR && (span_eq(name, "site-packages") || span_eq(name, "dist-packages")))
			got = add_site(v, n);
		else if (span_eq(name, "pyvenv.cfg"))
			got = read_venv(v, n);
		else if (node->type == NODE_FILE)
			got = add_python(v, n);
		if (got < 0)
			return err_nomem(err);
	}
	list_sort(&inv->packages, package_cmp);
	list_sort(&inv->environments, environment_cmp);
	list_sort(&inv->pythons, python_cmp);
	return 0;
}
