#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "inventory/fs.h"
#include "inventory/write_parts.h"

static void put_vars(struct json_out *j, const char *key, const struct env_var *v, size_t n)
{
	jout_key(j, key);
	jout_object(j);
	for (size_t i = 0; i < n; i++)
		jout_put(j, v[i].name, v[i].value);
	jout_object_end(j);
}

static void put_compat(struct json_out *j, const struct compat *c)
{
	jout_object(j);
	put_known(j, "path", c->path);
	put_known(j, "version", c->version);
	put_ver2(j, "cuda", c->cuda);
	if (c->note_known) {
		jout_key(j, "drivers");
		jout_array_line(j);
		for (size_t i = 0; i < c->drivers.n; i++)
			jout_int(j, c->drivers.v[i]);
		jout_array_end(j);
		jout_key(j, "devices");
		jout_array_line(j);
		for (size_t i = 0; i < c->devices.n; i++)
			jout_int(j, c->devices.v[i]);
		jout_array_end(j);
	}
	if (c->active != TRI_UNKNOWN)
		jout_put_bool(j, "active", c->active == TRI_YES);
	put_strings(j, "activation", &c->activation);
	jout_object_end(j);
}

void inventory_write_requires(const struct requires *r, struct json_out *j)
{
	jout_key(j, "requires");
	jout_object(j);
	if (r->known) {
		if (r->driver) {
			jout_key(j, "driver");
			jout_object_line(j);
			jout_put(j, "linux", r->driver);
			put_known(j, "because", r->because);
			jout_object_end(j);
		}
		if (r->gpu_known) {
			jout_key(j, "gpu");
			jout_object(j);
			put_sms(j, "native", "sm_", r->native.v, r->native.n);
			put_sms(j, "jit", "compute_", r->jit.v, r->jit.n);
			jout_object_end(j);
		}
		jout_key(j, "packages");
		jout_array(j);
		for (size_t i = 0; i < r->packages.n; i++) {
			const struct package_need *p = &r->packages.v[i];
			jout_object_line(j);
			jout_put(j, "name", p->name);
			put_known(j, "version", p->version);
			put_known(j, "environment", p->environment);
			put_known(j, "driver", p->driver);
			put_sms(j, "native", "sm_", p->native.v, p->native.n);
			put_sms(j, "jit", "compute_", p->jit.v, p->jit.n);
			jout_object_end(j);
		}
		jout_array_end(j);
	}
	jout_object_end(j);
}

/* ---- the merged tree, sorted by path ---- */

static int name_cmp(struct span a, struct span b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n ? memcmp(a.p, b.p, n) : 0;
	return c ? c : (a.n > b.n) - (a.n < b.n);
}

struct child { struct span name; uint32_t node; };

static int child_cmp(const void *x, const void *y)
{
	return name_cmp(((const struct child *)x)->name, ((const struct child *)y)->name);
}

static void put_node(struct json_out *j, const struct fs *t, uint32_t n, const char *path)
{
	static const char *const types[] = { "file", "dir", "symlink", "char", "block", "fifo", "socket" };
	const struct node *node = fs_node(t, n);
	char mode[8];
	snprintf(mode, sizeof(mode), "%04o", node->mode & 07777u);
	jout_object_line(j);
	jout_put(j, "path", path);
	jout_put(j, "type", types[node->type]);
	if (node->type == NODE_FILE)
		jout_put_int(j, "size", (int64_t)node->size);
	if (node->type == NODE_SYMLINK) {
		jout_key(j, "target");
		jout_span(j, fs_link(t, n));
	}
	jout_put_int(j, "layer", node->layer);
	jout_put(j, "mode", mode);
	jout_object_end(j);
}

/*
 * Children of one folder in order. Paths are sorted as whole strings, where
 * '/' stands between '.' and '0': so "a.b" comes before what is inside "a".
 * Sorting each folder's names and then merging "name/" keys gives just that:
 * a folder is put once for itself and once, as "name/", for what is inside.
 */
static void put_folder(struct json_out *j, const struct fs *t, uint32_t dir)
{
	size_t n = 0, cap = 0;
	for (uint32_t c = fs_first(t, dir); c != FS_NONE; c = fs_next_sibling(t, c))
		cap++;
	struct arena a = ARENA_INIT;
	struct child *own = arena_alloc(&a, (2 * cap + 1) * sizeof(*own));
	for (uint32_t c = fs_first(t, dir); own && c != FS_NONE; c = fs_next_sibling(t, c)) {
		struct span name = fs_name(t, c);
		own[n++] = (struct child){ name, c };
		if (fs_node(t, c)->type != NODE_DIR || fs_first(t, c) == FS_NONE)
			continue;
		char *inside = arena_alloc(&a, name.n + 1);
		if (!inside)
			break;
		memcpy(inside, name.p, name.n);
		inside[name.n] = '/';
		own[n++] = (struct child){ { (unsigned char *)inside, name.n + 1 }, c };
	}
	if (!own) {
		j->bad = true;
		return;
	}
	qsort(own, n, sizeof(*own), child_cmp);
	for (size_t i = 0; i < n; i++) {
		if (span_ends(own[i].name, "/")) {
			put_folder(j, t, own[i].node);
			continue;
		}
		struct arena path = ARENA_INIT;
		char *s = fs_path(t, own[i].node, &path);
		if (s)
			put_node(j, t, own[i].node, s);
		else
			j->bad = true;
		arena_clear(&path);
	}
	arena_clear(&a);
}

static void put_identity(struct json_out *j, const struct inventory *inv)
{
	jout_put(j, "name", inv->name);
	jout_put(j, "kind", target_kind_name(inv->kind));
	if (inv->describes != TARGET_DECLARATION)
		jout_put(j, "describes", target_kind_name(inv->describes));
	jout_put_bool(j, "complete", inv->complete);
	put_strings(j, "reference", &inv->reference);
	jout_put(j, "digest", inv->digest);
	if (inv->os_name || inv->arch) {
		jout_key(j, "platform");
		jout_object_line(j);
		put_known(j, "os", inv->os_name);
		put_known(j, "arch", inv->arch);
		jout_object_end(j);
	}
	if (inv->known & INV_LAYERS) {
		jout_key(j, "layers");
		jout_array(j);
		for (size_t i = 0; i < inv->layers.n; i++) {
			const struct layer *l = &inv->layers.v[i];
			jout_object(j);
			jout_put_int(j, "index", (int64_t)i);
			put_known(j, "digest", l->digest);
			put_known(j, "diff_id", l->diff_id);
			jout_put_int(j, "size", (int64_t)l->size);
			jout_put_int(j, "entries", (int64_t)l->entries);
			put_known(j, "created_by", l->created_by);
			if (l->verified)
				jout_put_bool(j, "verified", true);
			if (l->by_table)
				jout_put_bool(j, "by_table", true);
			jout_object_end(j);
		}
		jout_array_end(j);
	}
	if (inv->os.id || inv->os.version || inv->os.libc || inv->os.libc_version) {
		jout_key(j, "os");
		jout_object_line(j);
		put_known(j, "id", inv->os.id);
		put_known(j, "version", inv->os.version);
		put_known(j, "libc", inv->os.libc);
		put_known(j, "libc_version", inv->os.libc_version);
		jout_object_end(j);
	}
	if (inv->known & INV_ENV)
		put_vars(j, "env", inv->env.v, inv->env.n);
	if (inv->known & INV_ENTRYPOINT)
		put_strings(j, "entrypoint", &inv->entrypoint);
	if (inv->known & INV_COMMAND)
		put_strings(j, "command", &inv->command);
	put_known(j, "workdir", inv->workdir);
	if (inv->known & INV_LABELS)
		put_vars(j, "labels", inv->labels.v, inv->labels.n);
}

static void put_pythons(struct json_out *j, const struct inventory *inv)
{
	if (inv->known & INV_ENVIRONMENTS) {
		jout_key(j, "environments");
		jout_array(j);
		for (size_t i = 0; i < inv->environments.n; i++) {
			const struct environment *e = &inv->environments.v[i];
			jout_object(j);
			jout_put(j, "path", e->path);
			put_known(j, "python", e->python);
			jout_put(j, "role", env_role_name(e->role));
			put_known(j, "because", e->because);
			put_strings(j, "site_packages", &e->site_packages);
			jout_object_end(j);
		}
		jout_array_end(j);
	}
	if (inv->known & INV_PYTHONS) {
		jout_key(j, "pythons");
		jout_array(j);
		for (size_t i = 0; i < inv->pythons.n; i++) {
			jout_object(j);
			put_known(j, "version", inv->pythons.v[i].version);
			put_known(j, "path", inv->pythons.v[i].path);
			put_strings(j, "site_packages", &inv->pythons.v[i].site_packages);
			jout_object_end(j);
		}
		jout_array_end(j);
	}
}

static void put_loader(struct json_out *j, const struct inventory *inv)
{
	if (!(inv->known & INV_LOADER) && !inv->resolved.n)
		return;
	jout_key(j, "loader");
	jout_object(j);
	if (inv->known & INV_LOADER)
		put_strings(j, "dirs", &inv->loader_dirs);
	if (inv->resolved.n) {
		jout_key(j, "resolved");
		jout_array(j);
	}
	for (size_t i = 0; i < inv->resolved.n; i++) {
		const struct resolved *r = &inv->resolved.v[i];
		jout_object_line(j);
		jout_put(j, "for", r->user);
		jout_put(j, "soname", r->soname);
		jout_put(j, "path", r->path);
		put_known(j, "because", r->because);
		if (!r->path)
			put_strings(j, "tried", &r->tried);
		jout_object_end(j);
	}
	if (inv->resolved.n)
		jout_array_end(j);
	jout_object_end(j);
}

static void put_system(struct json_out *j, const struct inventory *inv)
{
	if (inv->known & INV_DRIVER_LIBRARIES) {
		jout_key(j, "driver_libraries");
		jout_array(j);
		for (size_t i = 0; i < inv->driver_libraries.n; i++) {
			const struct driver_library *d = &inv->driver_libraries.v[i];
			jout_object_line(j);
			jout_put(j, "path", d->path);
			jout_put(j, "version", d->version);
			jout_put(j, "kind", driver_kind_name(d->kind));
			put_layer(j, d->layer);
			jout_object_end(j);
		}
		jout_array_end(j);
	}
	if (inv->known & INV_COMPAT) {
		jout_key(j, "compat");
		jout_array(j);
		for (size_t i = 0; i < inv->compat.n; i++)
			put_compat(j, &inv->compat.v[i]);
		jout_array_end(j);
	}
	if (inv->known & INV_TOOLKITS) {
		jout_key(j, "toolkits");
		jout_array(j);
		for (size_t i = 0; i < inv->toolkits.n; i++) {
			const struct toolkit *k = &inv->toolkits.v[i];
			jout_object_line(j);
			put_known(j, "path", k->path);
			put_known(j, "version", k->version);
			if (k->nvcc != TRI_UNKNOWN)
				jout_put_bool(j, "nvcc", k->nvcc == TRI_YES);
			put_layer(j, k->layer);
			jout_object_end(j);
		}
		jout_array_end(j);
	}
	if (inv->known & INV_COMPILERS) {
		jout_key(j, "compilers");
		jout_array(j);
		for (size_t i = 0; i < inv->compilers.n; i++) {
			const struct compiler *c = &inv->compilers.v[i];
			jout_object_line(j);
			put_known(j, "path", c->path);
			jout_put(j, "tool", c->tool);
			put_known(j, "version", c->version);
			put_known(j, "owner", c->owner);
			put_layer(j, c->layer);
			jout_object_end(j);
		}
		jout_array_end(j);
	}
	if (inv->known & INV_OWNED_TWICE) {
		jout_key(j, "owned_twice");
		jout_array(j);
		for (size_t i = 0; i < inv->owned_twice.n; i++) {
			jout_object_line(j);
			jout_put(j, "path", inv->owned_twice.v[i].path);
			put_strings(j, "owners", &inv->owned_twice.v[i].owners);
			jout_object_end(j);
		}
		jout_array_end(j);
	}
	put_loader(j, inv);
}

static void put_chosen(struct json_out *j, const struct inventory *inv)
{
	if (!inv->chosen.n)
		return;
	jout_key(j, "chosen");
	jout_array(j);
	for (size_t i = 0; i < inv->chosen.n; i++) {
		const struct chosen *c = &inv->chosen.v[i];
		jout_object_line(j);
		jout_put(j, "requirement", c->requirement);
		put_known(j, "file", c->file);
		put_known(j, "url", c->url);
		put_known(j, "because", c->because);
		jout_object_end(j);
	}
	jout_array_end(j);
}

void inventory_write(const struct inventory *inv, bool files, struct json_out *j)
{
	jout_object(j);
	put_identity(j, inv);
	put_pythons(j, inv);
	if (inv->known & INV_PACKAGES) {
		jout_key(j, "packages");
		jout_array(j);
		for (size_t i = 0; i < inv->packages.n; i++)
			put_package(j, &inv->packages.v[i]);
		jout_array_end(j);
	}
	if (inv->known & INV_LIBRARIES) {
		jout_key(j, "libraries");
		jout_array(j);
		for (size_t i = 0; i < inv->libraries.n; i++)
			put_library(j, &inv->libraries.v[i]);
		jout_array_end(j);
	}
	put_system(j, inv);
	inventory_write_requires(&inv->requires, j);
	put_chosen(j, inv);
	jout_key(j, "gaps");
	jout_array(j);
	for (size_t i = 0; i < inv->gaps.n; i++) {
		jout_object_line(j);
		put_layer(j, inv->gaps.v[i].layer);
		put_known(j, "path", inv->gaps.v[i].path);
		jout_put(j, "reason", inv->gaps.v[i].reason);
		jout_object_end(j);
	}
	jout_array_end(j);
	if (inv->gaps_lost)
		jout_put_int(j, "gaps_lost", (int64_t)inv->gaps_lost);
	if (files && inv->fs) {
		jout_key(j, "files");
		jout_array(j);
		put_folder(j, inv->fs, 0);
		jout_array_end(j);
	}
	jout_object_end(j);
}
