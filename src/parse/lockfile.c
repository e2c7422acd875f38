#include "parse/lockfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "base/version.h"
#include "parse/toml.h"
#include "parse/wheelmeta.h"

struct reading {
	const struct toml_value *root;
	struct arena *arena;
	struct lock *out;
	struct err *err;
	const char *python, *machine;
	char newest[16];
};

/* A list of tables; elements of another kind are passed over by toml_str. */
static size_t count(const struct toml_value *list) { return list ? list->items.n : 0; }

static bool applies(const struct reading *r, const char *marker)
{
	return !marker || marker_applies(SPAN_STR(marker), r->python, r->machine);
}

/* Without a stated Python, the newest that the lock is for. */
static void settle_python(struct reading *r)
{
	enum { NEWEST = 13, OLDEST = 6 };
	const char *spec = r->out->python;
	for (unsigned minor = NEWEST; !r->python && minor >= OLDEST; minor--) {
		snprintf(r->newest, sizeof(r->newest), "3.%u", minor);
		if (!spec || !pep440_spec_valid(spec) || pep440_match(r->newest, spec))
			r->python = r->newest;
	}
}

static struct locked *new_package(struct reading *r, const struct toml_value *p)
{
	const char *name = toml_str(p, "name");
	struct locked *l = name ? list_push(r->arena, &r->out->packages) : NULL;
	if (!l)
		return NULL;
	l->name = pep503_name(r->arena, SPAN_STR(name));
	l->version = toml_str(p, "version");
	return l->name ? l : NULL;
}

/* Of {url =, name = or file =, hash = "sha256:..." or hashes = {sha256 = ...}}. */
static int add_file(struct reading *r, struct locked *l, const struct toml_value *f)
{
	const char *url = toml_str(f, "url"), *name = toml_str(f, "name"), *hash = toml_str(f, "hash");
	const char *sha = toml_str(toml_table(f, "hashes"), "sha256");
	struct index_file x = { .url = url ? url : "" };
	if (!name)
		name = toml_str(f, "file");
	if (!name && !url)
		return 0;
	x.url = arena_strn(r->arena, x.url, strcspn(x.url, "#"));
	x.file = url_file(SPAN_STR(name ? name : url), r->arena);
	if (hash && str_starts(hash, "sha256:"))
		sha = hash + strlen("sha256:");
	x.sha256 = sha ? sha256_hex(SPAN_STR(sha), r->arena) : NULL;
	return x.url && x.file && list_add(r->arena, &l->files.files, x) ? 0 : err_nomem(r->err);
}

static int add_files(struct reading *r, struct locked *l, const struct toml_value *list)
{
	for (size_t i = 0; i < count(list); i++)
		if (add_file(r, l, list->items.v[i]) < 0)
			return -1;
	return 0;
}

/* ---- pylock.toml: PEP 751 ---- */

static int read_pylock(struct reading *r)
{
	const struct toml_value *list = toml_array(r->root, "packages");
	r->out->python = toml_str(r->root, "requires-python");
	settle_python(r);
	for (size_t i = 0; i < count(list); i++) {
		const struct toml_value *p = list->items.v[i], *archive = toml_table(p, "archive"), *sdist = toml_table(p, "sdist");
		const char *spec = toml_str(p, "requires-python");
		if (!applies(r, toml_str(p, "marker")) || (spec && r->python && pep440_spec_valid(spec) && !pep440_match(r->python, spec)))
			continue;
		struct locked *l = new_package(r, p);
		if (!l && toml_str(p, "name"))
			return err_nomem(r->err);
		if (!l)
			continue;
		l->index = toml_str(p, "index");
		l->url = toml_str(archive, "url");
		if (add_files(r, l, toml_array(p, "wheels")) < 0 || (sdist && add_file(r, l, sdist) < 0))
			return -1;
	}
	return 0;
}

/* ---- uv.lock: docs.astral.sh/uv, "Locking and syncing"; the packages that are reached from the project's own ---- */

struct uv_name { const char *name; size_t i; };
struct uv_step { size_t i; const char *extra; }; /* NULL: its own dependencies */

struct uv {
	struct reading *r;
	const struct toml_value *packages;
	bool *taken;
	struct uv_name *names; /* sorted */
	size_t names_n;
	LIST(struct uv_step) steps;
	size_t extras;
};

static int uv_name_cmp(const void *a, const void *b)
{
	const struct uv_name *x = a, *y = b;
	int d = strcmp(x->name, y->name);
	return d ? d : (x->i > y->i) - (x->i < y->i);
}

static bool is_root(const struct toml_value *p)
{
	const struct toml_value *source = toml_table(p, "source");
	return toml_get(source, "virtual") || toml_get(source, "editable");
}

static bool fits(const struct reading *r, const struct toml_value *p)
{
	const struct toml_value *markers = toml_array(p, "resolution-markers");
	for (size_t i = 0; i < count(markers); i++)
		if (markers->items.v[i]->kind == TOML_STRING && applies(r, markers->items.v[i]->text))
			return true;
	return !count(markers);
}

/* A step once. */
static int uv_add(struct uv *u, size_t i, const char *extra)
{
	struct uv_step s = { i, extra };
	if (!extra && u->taken[i])
		return 0;
	for (size_t k = 0; extra && k < u->steps.n; k++)
		if (u->steps.v[k].i == i && str_eq(u->steps.v[k].extra, extra))
			return 0;
	u->taken[i] |= !extra;
	u->extras += extra != NULL;
	if (u->extras > LIMIT_LOCK_EXTRAS)
		return err_set(u->r->err, ERR_LIMIT, "over %u extras", LIMIT_LOCK_EXTRAS);
	return list_add(u->r->arena, &u->steps, s) ? 0 : err_nomem(u->r->err);
}

/* One dependency: a package, by its version too where there are several, and extras of it. */
static int uv_follow(struct uv *u, const struct toml_value *d)
{
	const char *name = toml_str(d, "name"), *version = toml_str(d, "version");
	const struct toml_value *extras = toml_array(d, "extra");
	size_t low = 0, high = u->names_n;
	if (!name || !applies(u->r, toml_str(d, "marker")))
		return 0;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strcmp(u->names[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < u->names_n && str_eq(u->names[low].name, name); low++) {
		size_t i = u->names[low].i;
		const struct toml_value *p = u->packages->items.v[i];
		if ((version && !str_eq(toml_str(p, "version"), version)) || !fits(u->r, p))
			continue;
		if (uv_add(u, i, NULL) < 0)
			return -1;
		for (size_t k = 0; k < count(extras); k++)
			if (extras->items.v[k]->kind == TOML_STRING && uv_add(u, i, extras->items.v[k]->text) < 0)
				return -1;
	}
	return 0;
}

static int uv_walk(struct uv *u)
{
	for (size_t at = 0; at < u->steps.n; at++) {
		struct uv_step s = u->steps.v[at];
		const struct toml_value *p = u->packages->items.v[s.i];
		const struct toml_value *deps = s.extra ? toml_array(toml_table(p, "optional-dependencies"), s.extra) : toml_array(p, "dependencies");
		for (size_t i = 0; i < count(deps); i++)
			if (uv_follow(u, deps->items.v[i]) < 0)
				return -1;
	}
	return 0;
}

static int uv_package(struct reading *r, const struct toml_value *p)
{
	const struct toml_value *source = toml_table(p, "source"), *sdist = toml_table(p, "sdist");
	const char *registry = toml_str(source, "registry"), *url = toml_str(source, "url");
	struct locked *l = new_package(r, p);
	if (!l)
		return toml_str(p, "name") ? err_nomem(r->err) : 0;
	l->index = registry && strstr(registry, "://") ? registry : NULL;
	l->url = url;
	return add_files(r, l, toml_array(p, "wheels")) < 0 || (sdist && add_file(r, l, sdist) < 0) ? -1 : 0;
}

static int read_uv(struct reading *r)
{
	struct uv u = { .r = r, .packages = toml_array(r->root, "package") };
	size_t n = count(u.packages);
	bool roots = false;
	r->out->python = toml_str(r->root, "requires-python");
	settle_python(r);
	u.taken = arena_alloc(r->arena, n + 1);
	u.names = arena_alloc(r->arena, (n + 1) * sizeof(*u.names));
	if (!u.taken || !u.names)
		return err_nomem(r->err);
	for (size_t i = 0; i < n; i++) {
		const char *name = toml_str(u.packages->items.v[i], "name");
		roots |= is_root(u.packages->items.v[i]);
		if (name)
			u.names[u.names_n++] = (struct uv_name){ name, i };
	}
	qsort(u.names, u.names_n, sizeof(*u.names), uv_name_cmp);
	for (size_t i = 0; i < n; i++)
		if ((!roots || is_root(u.packages->items.v[i])) && fits(r, u.packages->items.v[i]) && uv_add(&u, i, NULL) < 0)
			return -1;
	if (roots && uv_walk(&u) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (u.taken[i] && !is_root(u.packages->items.v[i]) && uv_package(r, u.packages->items.v[i]) < 0)
			return -1;
	return 0;
}

/* ---- poetry.lock ---- */

/* The group that is installed without asking; older files do not say. */
static bool in_main(const struct toml_value *p)
{
	const struct toml_value *groups = toml_array(p, "groups"), *optional = toml_get(p, "optional");
	const char *category = toml_str(p, "category");
	if (optional && optional->kind == TOML_BOOLEAN && optional->is.truth)
		return false;
	for (size_t i = 0; i < count(groups); i++)
		if (groups->items.v[i]->kind == TOML_STRING && str_eq(groups->items.v[i]->text, "main"))
			return true;
	return !groups && (!category || str_eq(category, "main"));
}

static int read_poetry(struct reading *r)
{
	const struct toml_value *list = toml_array(r->root, "package"), *metadata = toml_table(r->root, "metadata");
	const struct toml_value *old_files = toml_table(metadata, "files");
	r->out->python = toml_str(metadata, "python-versions");
	settle_python(r);
	for (size_t i = 0; i < count(list); i++) {
		const struct toml_value *p = list->items.v[i], *source = toml_table(p, "source");
		const char *marker = toml_str(p, "markers"), *kind = toml_str(source, "type"), *url = toml_str(source, "url"), *name = toml_str(p, "name");
		if (!marker)
			marker = toml_str(toml_table(p, "markers"), "main");
		if (!in_main(p) || !applies(r, marker))
			continue;
		struct locked *l = new_package(r, p);
		if (!l && name)
			return err_nomem(r->err);
		if (!l)
			continue;
		l->index = str_eq(kind, "legacy") ? url : NULL;
		l->url = str_eq(kind, "url") ? url : NULL;
		const struct toml_value *files = toml_array(p, "files");
		if (add_files(r, l, files ? files : toml_array(old_files, name)) < 0)
			return -1;
	}
	return 0;
}

/* ---- which of them ---- */

bool lock_bid(struct span text)
{
	struct cur c = cur_of(text);
	struct span line;
	while (cur_line(&c, &line))
		if (span_eq(span_trim(line), "[[package]]") || span_eq(span_trim(line), "[[packages]]"))
			return true;
	return false;
}

int lock_parse(struct span text, const char *python, const char *machine, struct arena *a, struct lock *out, struct err *err)
{
	struct reading r = { .arena = a, .out = out, .err = err, .python = python, .machine = machine };
	*out = (struct lock){ 0 };
	if (!(r.root = toml_parse(text, a, err)))
		return -1;
	if (toml_str(r.root, "lock-version") && toml_array(r.root, "packages")) {
		out->kind = "pylock.toml";
		return read_pylock(&r);
	}
	if (toml_str(toml_table(r.root, "metadata"), "lock-version") || toml_str(toml_table(r.root, "metadata"), "content-hash")) {
		out->kind = "poetry.lock";
		return read_poetry(&r);
	}
	const struct toml_value *version = toml_get(r.root, "version");
	if (version && version->kind == TOML_INTEGER && toml_array(r.root, "package")) {
		out->kind = "uv.lock";
		return read_uv(&r);
	}
	return err_set(err, ERR_FORMAT, "this is TOML, but none of pylock.toml, uv.lock and poetry.lock");
}
