#include "check/demand.h"

#include <string.h>

#include "base/str.h"
#include "check/rule.h"

/* Does this package make the target one with GPU software? torch's CPU build does. */
static bool gpu_package(const struct package *p)
{
	return (p->gpu_known && p->gpu.vendor != VENDOR_NONE && p->gpu.vendor != VENDOR_UNKNOWN) || str_eq(p->name, "torch");
}

static void signs(struct demand *d, const struct inventory *inv, const struct check_options *o)
{
	bool cuda = false;
	for (size_t i = 0; i < inv->packages.n; i++) {
		d->gpu_software = d->gpu_software || gpu_package(&inv->packages.v[i]);
		cuda = cuda || inv->packages.v[i].gpu.vendor == VENDOR_CUDA;
	}
	for (size_t i = 0; i < inv->libraries.n; i++) {
		const struct library *l = &inv->libraries.v[i];
		bool own = (l->fat && l->fat->entries) || l->component;
		d->gpu_software = d->gpu_software || own;
		cuda = cuda || own;
	}
	d->gpu_intent = cuda || inv->toolkits.n || inv->compat.n || o->expect == EXPECT_GPU;
	for (size_t i = 0; i < inv->env.n; i++)
		d->gpu_intent = d->gpu_intent || str_starts(inv->env.v[i].name, "NVIDIA_");
	d->image = inv->kind == TARGET_IMAGE || inv->describes == TARGET_IMAGE;
	d->env_known = inv->known & INV_ENV;
}

static int add_carried(struct package_demand *d, const char *component, const char *version, struct ver2 cuda, const struct matrix *m, struct arena *a)
{
	struct carried c = { component, version, version ? matrix_library_gpus(m, component, version, cuda) : NULL };
	return !c.row || list_add(a, &d->carried, c) ? 0 : -1;
}

/* A wheel of NVIDIA's is a release of one library; other packages carry copies. */
static int carried_of(struct package_demand *d, const struct inventory *inv, const struct package *p, const struct matrix *m, struct arena *a)
{
	for (size_t k = 0; k < m->components.n; k++) {
		const struct row_components *r = &m->components.v[k];
		size_t n = strlen(r->dist);
		if (!strncmp(p->name, r->dist, n) && !strncmp(p->name + n, "-cu", 3))
			return add_carried(d, r->component, p->version, ver2_parse(p->name + n + 3), m, a);
	}
	if (str_starts(p->name, "nvidia-"))
		return 0;
	for (size_t i = 0; i < inv->libraries.n; i++) {
		const struct library *l = &inv->libraries.v[i];
		if (l->component && l->version && str_eq(l->owner, p->name) && add_carried(d, l->component, l->version, p->gpu.cuda, m, a) < 0)
			return -1;
	}
	return 0;
}

static int known_bad_of(struct package_demand *d, const struct inventory *inv, const struct package *p, const struct matrix *m, struct arena *a)
{
	for (size_t i = 0; p->version && i < m->known_bad.n; i++) {
		const struct row_known_bad *r = &m->known_bad.v[i];
		if (!str_eq(r->package, p->name) || (r->versions[0] && !pep440_match(p->version, r->versions)) ||
		    !ver2_between(p->gpu.cuda, r->cuda_min, r->cuda_max))
			continue;
		const struct package *o = r->other[0] ? inventory_package(inv, r->other, p->environment) : NULL;
		if (r->other[0] && (!o || !o->version || (r->other_versions[0] && !pep440_match(o->version, r->other_versions))))
			continue;
		if (!list_add(a, &d->known_bad, r))
			return -1;
	}
	return 0;
}

/* PTX is compiled by the host's driver, and an alternative may be chosen by it: without them the capability decides. */
static int covers_of(struct package_demand *d, const struct package *p, struct arena *a)
{
	bool by_host = p->gpu.ptx.n > 0;
	for (size_t i = 0; i < d->code.n; i++)
		by_host = by_host || d->code.v[i]->fat->ptx.n || d->code.v[i]->role == LIB_ALTERNATIVE;
	d->covers = by_host || !d->cuda || d->generator ? NULL : arena_alloc(a, sizeof(*d->covers));
	return d->covers || by_host || !d->cuda || d->generator ? 0 : -1;
}

int demand_build(struct demand *d, const struct inventory *inv, const struct matrix *m, const struct check_options *o, struct arena *a)
{
	*d = (struct demand){ .packages = arena_alloc(a, (inv->packages.n + 1) * sizeof(*d->packages)) };
	if (!d->packages)
		return -1;
	signs(d, inv, o);
	for (size_t i = 0; i < inv->packages.n; i++) {
		const struct package *p = &inv->packages.v[i];
		struct package_demand *own = &d->packages[i];
		own->cuda = uses_cuda(p);
		own->generator = matrix_generator(m, p->name, p->version) != NULL;
		own->floor = matrix_package_floor(m, p->name, p->version);
		if (carried_of(own, inv, p, m, a) < 0 || known_bad_of(own, inv, p, m, a) < 0)
			return -1;
	}
	for (size_t k = 0; k < inv->libraries.n; k++) {
		const struct library *l = &inv->libraries.v[k];
		for (size_t i = 0; l->fat && l->fat->entries && !l->component && i < inv->packages.n; i++) {
			const struct package *p = &inv->packages.v[i];
			if (str_eq(l->owner, p->name) && str_eq(l->environment, p->environment) && !list_add(a, &d->packages[i].code, l))
				return -1;
		}
	}
	for (size_t i = 0; i < inv->packages.n; i++)
		if (covers_of(&d->packages[i], &inv->packages.v[i], a) < 0)
			return -1;
	return 0;
}
