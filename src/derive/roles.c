/* What each library of a package is for, and which of several alternatives a package takes. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/version.h"
#include "derive/derive.h"
#include "derive/selectors.h"
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

/* "12" of a need for libcudart.so.12, or the runtime inside; VER2_NONE: no word of it. */
static struct ver2 cuda_of(const struct library *l)
{
	for (size_t i = 0; i < l->needed.n; i++)
		if (str_starts(l->needed.v[i], "libcudart.so."))
			return (struct ver2){ ver2_parse(l->needed.v[i] + strlen("libcudart.so.")).major, -1 };
	return l->cudart ? ver2_parse(l->cudart) : VER2_NONE;
}

/*
 * Programs that no distribution brings are packages by their files: ollama. It
 * asks for the oldest CUDA that it brings a folder for.
 */
static int add_programs(struct inventory *inv, const struct matrix *m)
{
	static const char name[] = "ollama";
	struct package *p = NULL;
	bool system = inv->kind == TARGET_IMAGE || inv->kind == TARGET_ROOTFS;
	for (size_t i = 0; system && i < inv->libraries.n; i++) {
		struct library *l = &inv->libraries.v[i];
		const struct row_roles *r = l->owner ? NULL : matrix_role(m, name, NULL, l->path);
		if (!r)
			continue;
		if (!p) {
			p = list_push(&inv->arena, &inv->packages);
			if (!p)
				return -1;
			*p = (struct package){ .name = name, .layer = l->layer, .gpu_known = true };
			p->path = arena_strn(&inv->arena, l->path, (size_t)(path_base(l->path) - l->path - 1));
			p->gpu.vendor = VENDOR_CUDA;
			p->gpu.code_known = inv->complete;
			if (!p->path)
				return -1;
		}
		l->owner = name;
		struct ver2 cuda = r->selector[0] ? cuda_of(l) : VER2_NONE;
		if (!ver2_known(cuda) || (ver2_known(p->gpu.cuda) && ver2_cmp(cuda, p->gpu.cuda) >= 0))
			continue;
		struct evidence e = { arena_str(&inv->arena, ver2_print(cuda).s), l->cudart ? FROM_STRING : FROM_NEEDED, l->path, l->layer, NULL };
		p->gpu.cuda = cuda;
		p->gpu.evidence.n = 0;
		if (!e.value || !list_add(&inv->arena, &p->gpu.evidence, e))
			return -1;
	}
	return 0;
}

int roles_assign(struct inventory *inv, const struct matrix *m, struct err *err)
{
	if (add_programs(inv, m) < 0)
		return err_nomem(err);
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
	if (selectors_pick(inv) < 0)
		return err_nomem(err);
	bool live = inventory_live(inv);
	for (size_t i = 0; live && i < inv->packages.n; i++)
		if (own_code(inv, &inv->packages.v[i]) < 0)
			return err_nomem(err);
	return 0;
}
