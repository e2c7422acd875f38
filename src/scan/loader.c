/* Where the target's own loader looks, in its order: ld.so(8). Which file it takes for a name is another question. */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "base/elffacts.h"
#include "base/str.h"
#include "inventory/inventory.h"
#include "parse/ldcache.h"
#include "parse/system.h"
#include "scan/assemble.h"

enum { INCLUDE_DEPTH = 4 };

typedef LIST(const char *) dirs;

/* Adds a folder to a list of the inventory's, without the slashes at its end; "" is the working folder. */
static int add_dir(struct view *v, void *list, struct span dir)
{
	dirs *to = list;
	while (dir.n > 1 && dir.p[dir.n - 1] == '/')
		dir.n--;
	for (size_t i = 0; i < to->n; i++)
		if (span_eq(dir, to->v[i]))
			return 0;
	const char *copy = dir.n ? arena_strn(&v->inv->arena, dir.p, dir.n) : "";
	return !dir.n || (copy && list_add(&v->inv->arena, to, copy)) ? 0 : -1;
}

static int read_conf(struct view *v, struct span text, unsigned depth);

/* include PATTERN: files of one folder whose names match, in the order of glob(3). */
static int include(struct view *v, struct span pattern, unsigned depth)
{
	struct arena a = ARENA_INIT;
	LIST(const char *) names = { 0 };
	size_t slash = pattern.n;
	while (slash && pattern.p[slash - 1] != '/')
		slash--;
	uint32_t etc = fs_find(v->fs, 0, SPAN_STR("/etc"), true);
	uint32_t dir = fs_find(v->fs, etc == FS_NONE ? 0 : etc, span_sub(pattern, 0, slash), true);
	const char *glob = arena_strn(&a, pattern.p + slash, pattern.n - slash);
	int got = glob ? 0 : -1;
	for (uint32_t c = dir == FS_NONE ? FS_NONE : fs_first(v->fs, dir); got == 0 && c != FS_NONE; c = fs_next_sibling(v->fs, c)) {
		struct span name = fs_name(v->fs, c);
		const char *copy = arena_strn(&a, name.p, name.n);
		if (!copy || (glob_match(glob, copy) && !list_add(&a, &names, copy)))
			got = -1;
	}
	list_sort(&names, str_ptr_cmp);
	for (size_t i = 0; got == 0 && i < names.n; i++)
		got = read_conf(v, view_text(v, dir, names.v[i]), depth + 1);
	arena_clear(&a);
	return got;
}

static int read_conf(struct view *v, struct span text, unsigned depth)
{
	struct cur c = cur_of(text);
	struct conf_line line;
	int got = 0;
	while (got == 0 && depth < INCLUDE_DEPTH && ldconf_next(&c, &line))
		got = line.include ? include(v, line.text, depth) : add_dir(v, &v->inv->loader.configured, line.text);
	return got;
}

static uint32_t loader_of_arch(const struct view *v, const char *arch)
{
	static const struct { const char *path, *arch; } loaders[] = {
		{ "/lib64/ld-linux-x86-64.so.2", "amd64" }, { "/lib/ld-linux-aarch64.so.1", "arm64" }, { "/lib64/ld64.so.2", "ppc64le" }, { "/lib/ld-linux.so.2", "386" },
	};
	uint32_t n = FS_NONE;
	for (size_t i = 0; n == FS_NONE && i < sizeof(loaders) / sizeof(*loaders); i++)
		if (!arch || str_eq(arch, loaders[i].arch))
			n = fs_find(v->fs, 0, SPAN_STR(loaders[i].path), true);
	return n;
}

uint32_t glibc_loader(const struct view *v)
{
	uint32_t n = loader_of_arch(v, v->inv->arch);
	return n == FS_NONE ? loader_of_arch(v, NULL) : n;
}

uint32_t musl_loader(const struct view *v)
{
	uint32_t lib = fs_find(v->fs, 0, SPAN_STR("/lib"), true);
	for (uint32_t c = lib == FS_NONE ? FS_NONE : fs_first(v->fs, lib); c != FS_NONE; c = fs_next_sibling(v->fs, c))
		if (span_starts(fs_name(v->fs, c), "ld-musl-") && fs_node(v->fs, c)->type != NODE_DIR)
			return fs_find(v->fs, lib, fs_name(v->fs, c), true);
	return FS_NONE;
}

/* The folder of the C library, which is one that the loader has built in: its own, or lib64 beside it (Fedora's arm64). */
uint32_t glibc_folder(const struct view *v, uint32_t loader)
{
	static const char *const others[] = { "/lib64", "/usr/lib64" };
	if (loader == FS_NONE)
		return FS_NONE;
	uint32_t own = fs_node(v->fs, loader)->parent, dir = own;
	for (size_t i = 0; i < sizeof(others) / sizeof(*others) && fs_find(v->fs, dir, SPAN_STR("libc.so.6"), true) == FS_NONE; i++) {
		uint32_t n = fs_find(v->fs, 0, SPAN_STR(others[i]), true);
		dir = n != FS_NONE && fs_find(v->fs, n, SPAN_STR("libc.so.6"), true) != FS_NONE ? n : own;
	}
	return dir;
}

static void set_machine(struct view *v, uint32_t loader)
{
	const struct item *item = loader == FS_NONE ? NULL : view_item(v, loader);
	if (!item || !item->elf)
		return;
	v->inv->loader.machine = item->elf->machine;
	v->inv->loader.wide = item->elf->wide;
}

static bool usual_folder(const struct view *v, uint32_t dir)
{
	static const char *const usual[] = { "/lib", "/usr/lib", "/lib64", "/usr/lib64" };
	for (size_t i = 0; i < sizeof(usual) / sizeof(*usual); i++)
		if (fs_find(v->fs, 0, SPAN_STR(usual[i]), true) == dir)
			return true;
	return false;
}

/*
 * The folders that are built into the loader. glibc's are those of its build:
 * Debian's family names a folder a machine and looks there first, others look
 * into lib64 (or lib) alone; where the loader itself lies tells which it is.
 * musl: ldso/dynlink.c, "/lib:/usr/local/lib:/usr/lib".
 */
static int find_defaults(struct view *v)
{
	static const char *const musl[] = { "/lib", "/usr/local/lib", "/usr/lib" };
	struct inventory *inv = v->inv;
	void *to = &inv->loader.defaults;
	int got = 0;
	if (str_eq(inv->os.libc, "musl")) {
		set_machine(v, musl_loader(v));
		for (size_t i = 0; got == 0 && i < sizeof(musl) / sizeof(*musl); i++)
			got = add_dir(v, to, SPAN_STR(musl[i]));
		return got;
	}
	uint32_t loader = glibc_loader(v), dir = glibc_folder(v, loader);
	set_machine(v, loader);
	struct span name = dir == FS_NONE ? SPAN_STR("lib") : fs_name(v->fs, dir);
	if (span_find(name, "-linux-gnu") < name.n) {
		static const char *const above[] = { "/lib/", "/usr/lib/" };
		for (size_t i = 0; got == 0 && i < 2; i++) {
			char *path = arena_printf(&inv->arena, "%s%.*s", above[i], (int)name.n, (const char *)name.p);
			got = path ? add_dir(v, to, SPAN_STR(path)) : -1;
		}
		name = SPAN_STR("lib");
	} else if (dir != FS_NONE && !usual_folder(v, dir)) {
		/* a glibc of its own prefix knows that prefix alone: Alpine's glibc packages, Nix, Guix */
		const char *path = view_path(v, dir);
		got = path ? add_dir(v, to, SPAN_STR(path)) : -1;
	}
	bool lib64 = span_eq(name, "lib64");
	if (got == 0)
		got = add_dir(v, to, SPAN_STR(lib64 ? "/lib64" : "/lib"));
	return got < 0 ? got : add_dir(v, to, SPAN_STR(lib64 ? "/usr/lib64" : "/usr/lib"));
}

/* /etc/ld-musl-ARCH.path stands for musl's own list: folders, one a line or with ':' between them. */
static int read_musl_path(struct view *v)
{
	uint32_t etc = fs_find(v->fs, 0, SPAN_STR("/etc"), true);
	for (uint32_t c = etc == FS_NONE ? FS_NONE : fs_first(v->fs, etc); c != FS_NONE; c = fs_next_sibling(v->fs, c)) {
		const struct item *item = view_item(v, c);
		struct span name = fs_name(v->fs, c);
		if (!span_starts(name, "ld-musl-") || !span_ends(name, ".path") || !item || item->kind != ITEM_TEXT)
			continue;
		v->inv->loader.defaults.n = 0;
		struct cur lines = cur_of(item->text);
		struct span line;
		while (cur_line(&lines, &line))
			while (line.n)
				if (add_dir(v, &v->inv->loader.defaults, span_trim(span_cut(&line, ':'))) < 0)
					return -1;
	}
	return 0;
}

/* Entries of ld.so.cache for programs of the target's machine. A broken cache is a gap: then nobody knows what it says. */
static int read_cache(struct view *v)
{
	struct inventory *inv = v->inv;
	struct span file = view_text(v, 0, "/etc/ld.so.cache");
	struct ldcache cache;
	struct ldcache_entry e;
	struct err err = ERR_INIT;
	if (!file.p)
		return 0;
	if (ldcache_open(file, &cache, &err) < 0)
		return inventory_gap(inv, -1, "/etc/ld.so.cache", "%s", err.text);
	inv->loader.has_cache = true;
	while (ldcache_next(&cache, &e)) {
		if (!ldcache_fits(e.flags, inv->loader.machine, inv->loader.wide) || e.legacy_hwcap)
			continue;
		struct cached_library *c = list_push(&inv->arena, &inv->loader.cache);
		if (!c)
			return -1;
		c->soname = arena_strn(&inv->arena, e.soname.p, e.soname.n);
		c->path = arena_strn(&inv->arena, e.path.p, e.path.n);
		c->hwcap = e.hwcap.p ? arena_strn(&inv->arena, e.hwcap.p, e.hwcap.n) : NULL;
		if (!c->soname || !c->path || (e.hwcap.p && !c->hwcap))
			return -1;
	}
	return 0;
}

/* ld.so.preload: names with blanks or ':' between them, '#' begins a comment. */
static int read_preload(struct view *v)
{
	struct cur lines = cur_of(view_text(v, 0, "/etc/ld.so.preload"));
	struct span line;
	while (cur_line(&lines, &line)) {
		line = span_sub(line, 0, span_chr(line, '#'));
		while (line.n) {
			size_t n = 0;
			while (n < line.n && !strchr(" \t:", line.p[n]))
				n++;
			if (n && add_dir(v, &v->inv->loader.preload, span_sub(line, 0, n)) < 0)
				return -1;
			line = span_from(line, n + 1);
		}
	}
	return 0;
}

int assemble_loader(struct view *v, struct err *err)
{
	struct inventory *inv = v->inv;
	if (!v->base[0] || !inv->os.libc)
		return 0;
	bool musl = str_eq(inv->os.libc, "musl");
	inv->loader.known = true;
	inv->loader.machine = str_eq(inv->arch, "arm64") ? EM_AARCH64 : EM_X86_64;
	inv->loader.wide = true;
	int got = find_defaults(v);
	if (got == 0)
		got = musl ? read_musl_path(v) : read_conf(v, view_text(v, 0, "/etc/ld.so.conf"), 0);
	if (got == 0 && !musl && (read_cache(v) < 0 || read_preload(v) < 0))
		got = -1;
	if (got == 0)
		got = inventory_list_loader_dirs(inv);
	inv->known |= INV_LOADER;
	return got < 0 ? err_nomem(err) : 0;
}
