/* The folders that a target's loader searches for any file: ld.so(8). */
#include <string.h>

#include "base/str.h"
#include "inventory/fs.h"
#include "inventory/inventory.h"

/* Without the slashes at its end; the empty name, the working folder, is left out. */
static int add_dir(struct inventory *inv, struct span dir)
{
	while (dir.n > 1 && dir.p[dir.n - 1] == '/')
		dir.n--;
	for (size_t i = 0; i < inv->loader_dirs.n; i++)
		if (span_eq(dir, inv->loader_dirs.v[i]))
			return 0;
	const char *copy = dir.n ? arena_strn(&inv->arena, dir.p, dir.n) : "";
	return !dir.n || (copy && list_add(&inv->arena, &inv->loader_dirs, copy)) ? 0 : -1;
}

/* LD_LIBRARY_PATH, the configuration, then the folders that are built into the loader and are there. */
static int list_dirs(struct inventory *inv)
{
	const char *list = inventory_env(inv, "LD_LIBRARY_PATH");
	struct span rest = SPAN_STR(list ? list : "");
	int got = 0;
	while (got == 0 && rest.n)
		got = add_dir(inv, span_cut(&rest, ':'));
	for (size_t i = 0; got == 0 && i < inv->loader.configured.n; i++)
		got = add_dir(inv, SPAN_STR(inv->loader.configured.v[i]));
	for (size_t i = 0; got == 0 && i < inv->loader.defaults.n; i++)
		if (fs_find(inv->fs, 0, SPAN_STR(inv->loader.defaults.v[i]), true) != FS_NONE)
			got = add_dir(inv, SPAN_STR(inv->loader.defaults.v[i]));
	return got;
}

/* A compat folder among them is active by the loader alone, whatever the runtime does. */
static int mark_compat(struct inventory *inv, struct compat *c)
{
	uint32_t own = fs_find(inv->fs, 0, SPAN_STR(c->path), true);
	for (size_t k = 0; own != FS_NONE && k < inv->loader_dirs.n; k++)
		if (fs_find(inv->fs, 0, SPAN_STR(inv->loader_dirs.v[k]), true) == own)
			c->active = TRI_YES;
	return c->active != TRI_YES || list_add(&inv->arena, &c->activation, "loader") ? 0 : -1;
}

int inventory_list_loader_dirs(struct inventory *inv)
{
	int got = list_dirs(inv);
	for (size_t i = 0; got == 0 && i < inv->compat.n; i++)
		got = mark_compat(inv, &inv->compat.v[i]);
	return got;
}
