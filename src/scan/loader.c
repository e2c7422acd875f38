/* Where the target's own loader looks, in its order: ld.so(8). Which file it takes for a name is another question. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "inventory/inventory.h"
#include "parse/system.h"
#include "scan/assemble.h"

enum { INCLUDE_DEPTH = 4 };

static int add_dir(struct view *v, struct span dir)
{
	struct inventory *inv = v->inv;
	while (dir.n > 1 && dir.p[dir.n - 1] == '/')
		dir.n--;
	for (size_t i = 0; i < inv->loader_dirs.n; i++)
		if (span_eq(dir, inv->loader_dirs.v[i]))
			return 0;
	const char *copy = dir.n ? arena_strn(&inv->arena, dir.p, dir.n) : "";
	return !dir.n || (copy && list_add(&inv->arena, &inv->loader_dirs, copy)) ? 0 : -1;
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
		got = line.include ? include(v, line.text, depth) : add_dir(v, line.text);
	return got;
}

/* LD_LIBRARY_PATH, the configuration, then the folders that are built into the loader and are there. */
int assemble_loader(struct view *v, struct err *err)
{
	static const char *const glibc[] = { "/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib/aarch64-linux-gnu",
					     "/usr/lib/aarch64-linux-gnu", "/lib64", "/usr/lib64", "/lib", "/usr/lib" };
	static const char *const musl[] = { "/lib", "/usr/local/lib", "/usr/lib" };
	struct inventory *inv = v->inv;
	if (!v->base[0] || !inv->os.libc)
		return 0;
	bool is_musl = str_eq(inv->os.libc, "musl");
	const char *list = inventory_env(inv, "LD_LIBRARY_PATH");
	struct span rest = SPAN_STR(list ? list : "");
	int got = 0;
	while (got == 0 && rest.n)
		got = add_dir(v, span_cut(&rest, ':'));
	if (got == 0 && !is_musl)
		got = read_conf(v, view_text(v, 0, "/etc/ld.so.conf"), 0);
	size_t n = is_musl ? sizeof(musl) / sizeof(*musl) : sizeof(glibc) / sizeof(*glibc);
	for (size_t i = 0; got == 0 && i < n; i++) {
		const char *dir = is_musl ? musl[i] : glibc[i];
		if (fs_find(v->fs, 0, SPAN_STR(dir), true) != FS_NONE)
			got = add_dir(v, SPAN_STR(dir));
	}
	inv->known |= INV_LOADER;
	/* a compat folder among them is active by the loader alone, whatever the runtime does */
	for (size_t i = 0; got == 0 && i < inv->compat.n; i++) {
		struct compat *c = &inv->compat.v[i];
		uint32_t own = fs_find(v->fs, 0, SPAN_STR(c->path), true);
		for (size_t k = 0; k < inv->loader_dirs.n; k++)
			if (own != FS_NONE && fs_find(v->fs, 0, SPAN_STR(inv->loader_dirs.v[k]), true) == own)
				c->active = TRI_YES;
		if (c->active == TRI_YES && !list_add(&inv->arena, &c->activation, "loader"))
			got = -1;
	}
	return got < 0 ? err_nomem(err) : 0;
}
