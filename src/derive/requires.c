/* What a target asks of any host. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "derive/derive.h"
#include "inventory/inventory.h"
#include "matrix/matrix.h"

/* NVIDIA's own libraries ask for nothing by themselves: those who use them do. */
static bool carrier(const char *name)
{
	return str_starts(name, "nvidia-") || str_starts(name, "cuda-") || str_starts(name, "tensorrt-cu");
}

/* How code meets a capability, whatever the driver; worst first. */
enum reach { REACHED_NOT, REACHED_BY_JIT, REACHED };

static enum reach library_reach(const struct matrix *m, const struct fat_facts *fat, struct ver2 cc)
{
	enum reach best = REACHED_NOT;
	for (size_t i = 0; i < fat->ptx.n; i++)
		best = matrix_ptx_fits(m, fat->ptx.v[i].arch, cc) ? REACHED_BY_JIT : best;
	for (size_t i = 0; i < fat->cubin.n; i++)
		best = matrix_cubin_runs(m, fat->cubin.v[i].arch, cc) ? REACHED : best;
	return best;
}

static enum reach listed_reach(const struct matrix *m, const struct package *p, struct ver2 cc)
{
	enum reach best = REACHED_NOT;
	for (size_t i = 0; i < p->gpu.ptx.n; i++)
		best = matrix_ptx_fits(m, p->gpu.ptx.v[i].arch, cc) ? REACHED_BY_JIT : best;
	for (size_t i = 0; i < p->gpu.cubin.n; i++)
		best = matrix_cubin_runs(m, p->gpu.cubin.v[i], cc) ? REACHED : best;
	return best;
}

/*
 * The rules' own measure (cover_libraries of check): every core library must
 * have code; of alternatives one; unlisted ones count where nothing is listed.
 * A package whose libraries were not read has its lists alone.
 */
static enum reach package_reach(const struct inventory *inv, const struct matrix *m, const struct package *p, struct ver2 cc)
{
	enum reach core = REACHED, alternative = REACHED_NOT, unlisted = REACHED_NOT;
	bool any_core = false, any_alternative = false, any = false;
	for (size_t i = 0; i < inv->libraries.n; i++) {
		const struct library *l = &inv->libraries.v[i];
		if (!str_eq(l->owner, p->name) || !str_eq(l->environment, p->environment) || !l->fat || !l->fat->entries || l->component)
			continue;
		enum reach one = library_reach(m, l->fat, cc);
		any = true;
		switch (l->role) {
		case LIB_CORE:
			any_core = true;
			core = one < core ? one : core;
			break;
		case LIB_ALTERNATIVE:
			any_alternative = true;
			alternative = one > alternative ? one : alternative;
			break;
		case LIB_UNLISTED:
			unlisted = one > unlisted ? one : unlisted;
			break;
		case LIB_OPTIONAL:
		case LIB_TOOL:
			break;
		}
	}
	if (!any)
		return listed_reach(m, p, cc);
	if (any_alternative && alternative < core)
		return alternative;
	return any_core || any_alternative ? core : unlisted;
}

static int cmp_sm(const void *a, const void *b)
{
	return sm_cmp(*(const struct sm *)a, *(const struct sm *)b);
}

/* Does a package count for what the whole target covers: has code of its own, in the primary environment? */
static bool counts(const struct inventory *inv, const struct matrix *m, const struct package *p)
{
	return p->gpu.vendor == VENDOR_CUDA && !carrier(p->name) && p->gpu.code_known && (p->gpu.cubin.n || p->gpu.ptx.n) &&
	       !matrix_generator(m, p->name, p->version) && inventory_env_role(inv, p->environment) == ENV_PRIMARY;
}

static int add_need(struct inventory *inv, const struct matrix *m, const struct package *p)
{
	struct arena *a = &inv->arena;
	struct package_need *n = list_push(a, &inv->requires.packages);
	if (!n)
		return -1;
	const struct row_minor_version *floor = ver2_known(p->gpu.cuda) ? matrix_floor(m, p->gpu.cuda) : NULL;
	*n = (struct package_need){ .name = p->name, .version = p->version, .environment = p->environment, .driver = floor ? floor->driver : NULL };
	for (size_t i = 0; i < p->gpu.cubin.n; i++) {
		struct sm sm = p->gpu.cubin.v[i];
		bool all = package_reach(inv, m, p, (struct ver2){ sm.number / 10, sm.number % 10 }) == REACHED;
		if (all && !list_add(a, &n->native, sm))
			return -1;
	}
	for (size_t i = 0; i < p->gpu.ptx.n; i++) {
		bool seen = n->jit.n && !sm_cmp(n->jit.v[n->jit.n - 1], p->gpu.ptx.v[i].arch);
		if (!seen && !list_add(a, &n->jit, p->gpu.ptx.v[i].arch))
			return -1;
	}
	return 0;
}

/* Targets of any package on whose capability every package that counts has code: native, or by JIT at least. */
static int cover(struct inventory *inv, const struct matrix *m)
{
	struct requires *r = &inv->requires;
	for (size_t i = 0; i < m->architectures.n; i++) {
		struct ver2 cc = m->architectures.v[i].cc;
		struct sm sm = { (short)(cc.major * 10 + cc.minor), 0 };
		bool native = true, jit = true, named = false;
		for (size_t k = 0; k < inv->packages.n; k++) {
			const struct package *p = &inv->packages.v[k];
			if (!counts(inv, m, p))
				continue;
			r->gpu_known = true;
			enum reach own = package_reach(inv, m, p, cc);
			native = native && own == REACHED;
			jit = jit && own != REACHED_NOT;
			for (size_t c = 0; c < p->gpu.cubin.n; c++)
				named = named || p->gpu.cubin.v[c].number == sm.number;
			for (size_t c = 0; c < p->gpu.ptx.n; c++)
				named = named || p->gpu.ptx.v[c].arch.number == sm.number;
		}
		if (!r->gpu_known || !named)
			continue;
		if (native ? !list_add(&inv->arena, &r->native, sm) : jit && !list_add(&inv->arena, &r->jit, sm))
			return -1;
	}
	list_sort(&r->native, cmp_sm);
	list_sort(&r->jit, cmp_sm);
	return 0;
}

int requires_build(struct inventory *inv, const struct matrix *m, struct err *err)
{
	struct requires *r = &inv->requires;
	*r = (struct requires){ .known = true };
	for (size_t i = 0; i < inv->packages.n; i++) {
		const struct package *p = &inv->packages.v[i];
		if (p->gpu.vendor != VENDOR_CUDA || carrier(p->name))
			continue;
		if (add_need(inv, m, p) < 0)
			return err_nomem(err);
		const struct row_minor_version *floor = ver2_known(p->gpu.cuda) ? matrix_floor(m, p->gpu.cuda) : NULL;
		if (!floor || inventory_env_role(inv, p->environment) != ENV_PRIMARY || (r->driver && version_cmp(floor->driver, r->driver) <= 0))
			continue;
		r->driver = floor->driver;
		r->because = arena_printf(&inv->arena, "%s%s%s: CUDA %s %s", p->name, p->version ? " " : "", p->version ? p->version : "",
					  ver2_print(p->gpu.cuda).s,
					  floor->minor_compatible ? "runs from the first driver of its major on" : "needs this driver");
		if (!r->because)
			return err_nomem(err);
	}
	return cover(inv, m) < 0 ? err_nomem(err) : 0;
}
