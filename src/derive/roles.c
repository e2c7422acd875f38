/* What each library of a package is for, and which of several alternatives a package takes. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "derive/derive.h"
#include "inventory/inventory.h"
#include "matrix/matrix.h"

/* The path below the owner's site folder: what the tables' globs are written against. */
static const char *path_in_site(const struct library *l, const struct package *p)
{
	if (!p->site || str_eq(p->site, "."))
		return l->path;
	size_t n = strlen(p->site);
	return !strncmp(l->path, p->site, n) && l->path[n] == '/' ? l->path + n + 1 : l->path;
}

static enum lib_role role_of(const char *name)
{
	for (int r = LIB_UNLISTED; r <= LIB_TOOL; r++)
		if (str_eq(name, lib_role_name((enum lib_role)r)))
			return (enum lib_role)r;
	return LIB_UNLISTED;
}

/* A library of NVIDIA's: what it is, and the version of the wheel that brought it. */
static void component_of(struct library *l, const struct package *p, const struct matrix *m)
{
	const struct row_components *c = matrix_component(m, path_base(l->path));
	if (!c)
		return;
	if (!l->component)
		l->component = c->component;
	if (!l->version && p && str_starts(p->name, c->dist)) {
		l->version = p->version;
		l->version_from = "package";
	}
}

/* "12.4" of libbitsandbytes_cuda124.so, VER2_NONE for other names. */
static struct ver2 bnb_cuda(const char *path)
{
	const char *s = strstr(path, "libbitsandbytes_cuda");
	if (!s)
		return VER2_NONE;
	s += strlen("libbitsandbytes_cuda");
	size_t n = strspn(s, "0123456789");
	if (n < 2 || n > 3 || !str_starts(s + n, ".so"))
		return VER2_NONE;
	return (struct ver2){ (short)(n == 3 ? (s[0] - '0') * 10 + s[1] - '0' : s[0] - '0'), (short)(s[n - 1] - '0') };
}

/* bitsandbytes/cextension.py: the CUDA of torch; from 0.50 on the nearest of its major, lower ones first. */
static void pick_bitsandbytes(struct inventory *inv, const struct package *p)
{
	const struct package *torch = inventory_package(inv, "torch", p->environment);
	if (!torch || !ver2_full(torch->gpu.cuda))
		return;
	struct ver2 want = torch->gpu.cuda;
	const char *forced = inventory_env(inv, "BNB_CUDA_VERSION");
	if (forced && strlen(forced) >= 2 && strlen(forced) <= 3)
		want = bnb_cuda(arena_printf(&inv->arena, "libbitsandbytes_cuda%s.so", forced));
	struct library *best = NULL;
	bool nearest = p->version && pep440_match(p->version, ">=0.50");
	for (size_t i = 0; i < inv->libraries.n; i++) {
		struct library *l = &inv->libraries.v[i];
		struct ver2 v = bnb_cuda(l->path);
		if (!str_eq(l->owner, p->name) || !str_eq(l->environment, p->environment) || !ver2_known(v))
			continue;
		l->picked = false;
		if (v.major != want.major || (!nearest && v.minor != want.minor))
			continue;
		struct ver2 b = best ? bnb_cuda(best->path) : VER2_NONE;
		bool lower = v.minor <= want.minor, best_lower = best && b.minor <= want.minor;
		if (!best || (lower && (!best_lower || v.minor > b.minor)) || (!lower && !best_lower && v.minor < b.minor))
			best = l;
	}
	if (best)
		best->picked = true;
}

int roles_assign(struct inventory *inv, const struct matrix *m, struct err *err)
{
	(void)err;
	for (size_t i = 0; i < inv->libraries.n; i++) {
		struct library *l = &inv->libraries.v[i];
		const struct package *p = l->owner ? inventory_package(inv, l->owner, l->environment) : NULL;
		component_of(l, p, m);
		const struct row_roles *r = p ? matrix_role(m, p->name, p->version, path_in_site(l, p)) : NULL;
		if (!r)
			continue;
		l->role = role_of(r->role);
		l->feature = r->feature[0] ? r->feature : NULL;
		l->group = r->selector[0] ? r->selector : NULL;
		l->picked = l->role == LIB_ALTERNATIVE;
	}
	for (size_t i = 0; i < inv->packages.n; i++)
		if (str_eq(inv->packages.v[i].name, "bitsandbytes"))
			pick_bitsandbytes(inv, &inv->packages.v[i]);
	return 0;
}
