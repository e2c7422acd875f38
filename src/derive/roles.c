/* What each library of a package is for, and which of several alternatives a package takes. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/version.h"
#include "derive/derive.h"
#include "inventory/inventory.h"
#include "matrix/matrix.h"

const char *library_path_in_site(const struct library *l, const struct package *p)
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
	/* the package's version goes further than what most libraries say of themselves; where they disagree, the bytes are right */
	bool wheel = p && p->version && str_starts(p->name, c->dist);
	if (wheel && (!l->version || version_agree(l->version, p->version))) {
		l->version = p->version;
		l->version_from = "package";
	}
}

/*
 * A library that says nothing of itself, beside one of its release that does:
 * libcudnn.so.9 beside libcudnn_graph.so.9, libcublas beside libcublasLt.
 */
static void version_beside(struct inventory *inv, struct library *l)
{
	static const struct { const char *head, *speaker; } pairs[] = {
		{ "libcudnn", "libcudnn_graph" }, { "libcudnn", "libcudnn_ops" }, { "libcublas", "libcublasLt" }, { "libnvblas", "libcublasLt" },
		{ "libcusolverMg", "libcusolver." }, { "libcufftw", "libcufft." }, { "libnvrtc-builtins", "libnvrtc." },
	};
	const char *name = path_base(l->path);
	size_t dir = (size_t)(name - l->path);
	for (size_t k = 0; k < sizeof(pairs) / sizeof(*pairs) && !l->version; k++)
		for (size_t i = 0; str_starts(name, pairs[k].head) && i < inv->libraries.n && !l->version; i++) {
			const struct library *o = &inv->libraries.v[i];
			if (o == l || !o->version || strncmp(o->path, l->path, dir) || !str_starts(o->path + dir, pairs[k].speaker) ||
			    !str_eq(o->owner, l->owner) || str_eq(o->version_from, "beside"))
				continue;
			l->version = o->version;
			l->version_from = "beside";
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

/* dgl/backend/pytorch: the file whose name ends in _VERSION.so for torch's version, without its local part. */
static void pick_dgl(struct inventory *inv, const struct package *p)
{
	const struct package *torch = inventory_package(inv, "torch", p->environment);
	if (!torch || !torch->version)
		return;
	const char *end = arena_printf(&inv->arena, "_%.*s.so", (int)strcspn(torch->version, "+"), torch->version);
	for (size_t i = 0; end && i < inv->libraries.n; i++) {
		struct library *l = &inv->libraries.v[i];
		if (str_eq(l->owner, p->name) && str_eq(l->environment, p->environment) && str_eq(l->group, "dgl-torch"))
			l->picked = str_ends(l->path, end);
	}
}

static int cmp_sm(const void *a, const void *b)
{
	return sm_cmp(*(const struct sm *)a, *(const struct sm *)b);
}

static int cmp_ptx(const void *a, const void *b)
{
	const struct ptx_target *x = a, *y = b;
	int c = sm_cmp(x->arch, y->arch);
	return c ? c : ver2_cmp(x->isa, y->isa);
}

/*
 * A package's own code: without that of NVIDIA's libraries which it bundles,
 * whose targets are chosen by others and say nothing of its kernels.
 */
static int own_code(struct inventory *inv, struct package *p)
{
	struct arena *a = &inv->arena;
	bool own = false;
	for (size_t i = 0; i < inv->libraries.n; i++) {
		const struct library *l = &inv->libraries.v[i];
		own = own || (str_eq(l->owner, p->name) && str_eq(l->environment, p->environment) && !l->component && l->fat && l->fat->entries);
	}
	if (!own)
		return 0;
	p->gpu.cubin.n = p->gpu.ptx.n = 0;
	for (size_t i = 0; i < inv->libraries.n; i++) {
		const struct library *l = &inv->libraries.v[i];
		if (!str_eq(l->owner, p->name) || !str_eq(l->environment, p->environment) || l->component || !l->fat)
			continue;
		for (size_t k = 0; k < l->fat->cubin.n; k++) {
			size_t at = 0;
			while (at < p->gpu.cubin.n && sm_cmp(p->gpu.cubin.v[at], l->fat->cubin.v[k].arch))
				at++;
			if (at == p->gpu.cubin.n && !list_add(a, &p->gpu.cubin, l->fat->cubin.v[k].arch))
				return -1;
		}
		for (size_t k = 0; k < l->fat->ptx.n; k++) {
			struct ptx_target t = { l->fat->ptx.v[k].arch, l->fat->ptx.v[k].isa };
			size_t at = 0;
			while (at < p->gpu.ptx.n && cmp_ptx(&p->gpu.ptx.v[at], &t))
				at++;
			if (at == p->gpu.ptx.n && !list_add(a, &p->gpu.ptx, t))
				return -1;
		}
	}
	list_sort(&p->gpu.cubin, cmp_sm);
	list_sort(&p->gpu.ptx, cmp_ptx);
	return 0;
}

int roles_assign(struct inventory *inv, const struct matrix *m, struct err *err)
{
	for (size_t i = 0; i < inv->libraries.n; i++) {
		struct library *l = &inv->libraries.v[i];
		const struct package *p = l->owner ? inventory_package(inv, l->owner, l->environment) : NULL;
		component_of(l, p, m);
		const struct row_roles *r = p ? matrix_role(m, p->name, p->version, library_path_in_site(l, p)) : NULL;
		if (!r)
			continue;
		l->role = role_of(r->role);
		l->feature = r->feature[0] ? r->feature : NULL;
		l->group = r->selector[0] ? r->selector : NULL;
		l->picked = l->role == LIB_ALTERNATIVE;
	}
	for (size_t i = 0; i < inv->libraries.n; i++)
		if (inv->libraries.v[i].component && !inv->libraries.v[i].version)
			version_beside(inv, &inv->libraries.v[i]);
	for (size_t i = 0; i < inv->packages.n; i++) {
		if (str_eq(inv->packages.v[i].name, "bitsandbytes"))
			pick_bitsandbytes(inv, &inv->packages.v[i]);
		if (str_eq(inv->packages.v[i].name, "dgl"))
			pick_dgl(inv, &inv->packages.v[i]);
	}
	bool live = inv->kind != TARGET_DECLARATION && inv->kind != TARGET_REQUIREMENT;
	for (size_t i = 0; live && i < inv->packages.n; i++)
		if (own_code(inv, &inv->packages.v[i]) < 0)
			return err_nomem(err);
	return 0;
}
