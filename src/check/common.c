/* What the rules of several families ask of the facts. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "check/rule.h"
#include "derive/derive.h"
#include "derive/selectors.h"

bool uses_cuda(const struct package *p)
{
	return p->gpu.vendor == VENDOR_CUDA && !str_starts(p->name, "nvidia-") && !str_starts(p->name, "cuda-toolkit") &&
	       !str_starts(p->name, "cuda-bindings") && !str_starts(p->name, "cuda-pathfinder");
}

const struct package_demand *demand_of(const struct facts *f, const struct package *p)
{
	return &f->demand->packages[p - f->inv->packages.v];
}

bool host_counts(const struct facts *f)
{
	return f->host && f->host->states_any && !f->host->no_gpu && (f->host->any_nvidia || !f->host->gpus.n);
}

/* The oldest branch that the host's driver may be of; 0: not known. */
static int host_branch(const struct host_facts *h)
{
	unsigned long n;
	return h->driver_known && version_parts(h->driver_lo, &n, 1) ? (int)n : 0;
}

/* ---- code against GPUs ---- */

/* Is the driver able to compile that PTX? (a used compat libcuda compiles it instead) */
static enum tri takes_ptx(const struct facts *f, struct ver2 isa)
{
	struct ver2 cuda = ver2_known(isa) ? matrix_ptx_cuda(f->m, isa) : VER2_NONE;
	if (!ver2_known(cuda))
		return TRI_UNKNOWN;
	enum tri own = host_cuda_reaches(f->host, cuda);
	return own != TRI_YES && compat_rescues(f, cuda) ? TRI_YES : own;
}

static int rank(enum cover c)
{
	static const int order[] = { [COVER_NATIVE] = 5, [COVER_JIT] = 4, [COVER_JIT_UNKNOWN] = 3, [COVER_UNKNOWN] = 2,
				     [COVER_JIT_TOO_NEW] = 1, [COVER_NONE] = 0, [COVER_NOT_APPLICABLE] = 6 };
	return order[c];
}

static void see_cubin(const struct facts *f, struct sm sm, struct ver2 cc, struct coverage *c)
{
	if (!matrix_cubin_runs(f->m, sm, cc))
		return;
	/* the nearest target is named, without its suffix where both are there */
	if (c->cover == COVER_NATIVE && (sm.number < c->native.number || (sm.number == c->native.number && sm.suffix)))
		return;
	c->cover = COVER_NATIVE;
	c->native = sm;
}

static void see_ptx(const struct facts *f, struct sm sm, struct ver2 isa, struct ver2 cc, struct coverage *c)
{
	if (c->cover == COVER_NATIVE || !matrix_ptx_fits(f->m, sm, cc))
		return;
	enum tri takes = takes_ptx(f, isa);
	enum cover own = takes == TRI_YES ? COVER_JIT : takes == TRI_NO ? COVER_JIT_TOO_NEW : COVER_JIT_UNKNOWN;
	if (rank(own) < rank(c->cover))
		return;
	c->cover = own;
	c->ptx = (struct ptx_target){ sm, isa };
}

static struct coverage cover_fat(const struct facts *f, const struct fat_facts *fat, struct ver2 cc)
{
	struct coverage c = { .cover = COVER_NONE };
	for (size_t i = 0; i < fat->cubin.n; i++)
		see_cubin(f, fat->cubin.v[i].arch, cc, &c);
	for (size_t i = 0; i < fat->ptx.n; i++)
		see_ptx(f, fat->ptx.v[i].arch, fat->ptx.v[i].isa, cc, &c);
	return c;
}

static struct coverage cover_lists(const struct facts *f, const struct gpu_code *g, struct ver2 cc)
{
	struct coverage c = { .cover = COVER_NONE };
	for (size_t i = 0; i < g->cubin.n; i++)
		see_cubin(f, g->cubin.v[i], cc, &c);
	for (size_t i = 0; i < g->ptx.n; i++)
		see_ptx(f, g->ptx.v[i].arch, g->ptx.v[i].isa, cc, &c);
	return c;
}

/*
 * The libraries of a package that decide: all core ones; of alternatives the
 * one that a selector took, or where the GPU decides, whichever serves it;
 * unlisted ones only where nothing is listed.
 */
static struct coverage cover_libraries(const struct facts *f, const struct package *p, struct ver2 cc, bool *any)
{
	struct coverage worst = { .cover = COVER_NOT_APPLICABLE }, alternative = worst, unlisted = worst;
	struct selector_host h = { .cc = cc, .branch = f->host ? host_branch(f->host) : 0, .tegra = f->host && f->host->system == DRIVER_JETSON };
	const struct package_demand *d = demand_of(f, p);
	bool core = false;
	*any = false;
	for (size_t i = 0; i < d->code.n; i++) {
		const struct library *l = d->code.v[i];
		struct coverage c = cover_fat(f, l->fat, cc);
		c.library = l;
		*any = true;
		switch (l->role) {
		case LIB_CORE:
			core = true;
			if (rank(c.cover) < rank(worst.cover))
				worst = c;
			else if (c.cover == worst.cover)
				worst.also++;
			break;
		case LIB_ALTERNATIVE:
			if (selector_takes(f->inv, l, h) && (alternative.cover == COVER_NOT_APPLICABLE || rank(c.cover) > rank(alternative.cover)))
				alternative = c;
			break;
		case LIB_UNLISTED:
			/* what serves the GPU at all counts: an extra library without code for it is no failure of the package */
			if (unlisted.cover == COVER_NOT_APPLICABLE || rank(c.cover) > rank(unlisted.cover))
				unlisted = c;
			break;
		case LIB_OPTIONAL:
		case LIB_TOOL:
			break;
		}
	}
	if (alternative.cover != COVER_NOT_APPLICABLE && rank(alternative.cover) < rank(worst.cover))
		return alternative;
	return core || alternative.cover != COVER_NOT_APPLICABLE ? worst : unlisted;
}

/*
 * Can no toolkit of that CUDA write code for the GPU, nor PTX that it could be compiled from? What was
 * built with it then has none: nvcc of CUDA 13 begins at compute capability 7.5, that of CUDA 12 at 5.0.
 */
static bool toolkit_lacks(const struct matrix *m, struct ver2 cuda, struct ver2 cc)
{
	bool any = false;
	for (size_t i = 0; ver2_known(cuda) && i < m->toolkits.n; i++) {
		const struct row_toolkits *t = &m->toolkits.v[i];
		if (t->cuda.major != cuda.major || (ver2_full(cuda) && t->cuda.minor != cuda.minor) || !t->sm.n)
			continue;
		any = true;
		for (size_t k = 0; k < t->sm.n; k++)
			if (matrix_cubin_runs(m, t->sm.v[k], cc) || matrix_ptx_fits(m, t->sm.v[k], cc))
				return false;
	}
	return any;
}

static struct coverage cover_package(const struct facts *f, const struct package *p, struct ver2 cc)
{
	struct coverage c = { .cover = COVER_NOT_APPLICABLE };
	bool any = false;
	if (ver2_full(cc)) {
		c = cover_libraries(f, p, cc, &any);
		if (any)
			return c;
	}
	bool listed = p->gpu.cubin.n || p->gpu.ptx.n;
	if (!listed && p->gpu.code_known) /* packages that link CUDA without code of their own have nothing to miss */
		return c;
	if (listed && ver2_full(cc))
		c = cover_lists(f, &p->gpu, cc);
	if (!listed || !ver2_full(cc) || (!p->gpu.code_known && c.cover != COVER_NATIVE))
		c.cover = ver2_full(cc) && toolkit_lacks(f->m, p->gpu.cuda, cc) ? COVER_NONE : COVER_UNKNOWN;
	return c;
}

struct coverage coverage_of(const struct facts *f, const struct package *p, const struct gpu_facts *gpu)
{
	const struct package_demand *d = demand_of(f, p);
	struct covers *known = d->covers;
	if (!d->cuda || gpu->vendor == GPU_AMD || gpu->vendor == GPU_INTEL || d->generator)
		return (struct coverage){ .cover = COVER_NOT_APPLICABLE };
	for (size_t i = 0; known && i < known->n; i++)
		if (known->v[i].cc.major == gpu->cc.major && known->v[i].cc.minor == gpu->cc.minor)
			return known->v[i].c;
	struct coverage c = cover_package(f, p, gpu->cc);
	if (known && known->n < sizeof(known->v) / sizeof(*known->v)) {
		known->v[known->n].cc = gpu->cc;
		known->v[known->n++].c = c;
	}
	return c;
}

/* ---- forward compatibility ---- */

static bool in_path_list(const char *list, const char *dir)
{
	struct span rest = SPAN_STR(list ? list : "");
	size_t n = strlen(dir);
	while (n && rest.n) {
		struct span one = span_cut(&rest, ':');
		while (one.n > 1 && one.p[one.n - 1] == '/')
			one.n--;
		/* the folder itself, or the lib folder that NGC images put below it */
		if (span_starts(one, dir) && (one.n == n || span_eq(span_from(one, n), "/lib")))
			return true;
		/* /usr/local/cuda is a link to the folder of its version */
		if (span_starts(one, "/usr/local/cuda/compat") && str_starts(dir, "/usr/local/cuda"))
			return true;
	}
	return false;
}

static struct compat_state state_of(const struct facts *f, const struct compat *c)
{
	struct compat_state s = { .compat = c, .cuda = c->cuda };
	const struct host *h = f->host->host;
	unsigned long n;
	if (c->version && version_parts(c->version, &n, 1))
		s.branch = (int)n;
	const struct row_driver_branches *b = ver2_full(s.cuda) ? matrix_branch_for_cuda(f->m, s.cuda) : NULL;
	if (!s.branch && b)
		s.branch = b->branch;
	if (!ver2_full(s.cuda) && c->version) {
		struct ver2 cuda = matrix_driver_cuda(f->m, c->version, DRIVER_LINUX, NULL);
		if (ver2_known(cuda))
			s.cuda = cuda;
	}
	int host = host_branch(f->host);
	/* the stated CUDA of an unstated driver still orders the two */
	bool newer = host && s.branch ? s.branch > host : ver2_known(s.cuda) && host_cuda_reaches(f->host, s.cuda) == TRI_NO;
	bool older = host && s.branch ? s.branch < host || (s.branch == host && c->version && f->host->host->driver_is == DRIVER_EXACT &&
							    version_cmp(c->version, f->host->driver_lo) < 0) : false;
	s.older = older;
	bool by_loader = c->active == TRI_YES || in_path_list(inventory_env(f->inv, "LD_LIBRARY_PATH"), c->path ? c->path : "");
	for (size_t i = 0; i < c->activation.n; i++)
		by_loader = by_loader || str_eq(c->activation.v[i], "loader");
	if (by_loader) {
		s.use = COMPAT_USED;
		s.because = "the loader finds it first";
	} else if (c->active == TRI_NO) {
		s.use = COMPAT_UNUSED;
	} else if (h->runtime == RUNTIME_NONE || h->runtime == RUNTIME_SINGULARITY || h->runtime == RUNTIME_CSV) {
		s.use = COMPAT_UNUSED;
	} else if (!newer) {
		s.use = COMPAT_UNUSED; /* hooks take a compat library only where it is newer than the host's */
	} else if (h->runtime == RUNTIME_LEGACY || h->runtime == RUNTIME_ENROOT) {
		s.use = COMPAT_USED;
		s.because = "libnvidia-container puts it first";
	} else if (h->runtime == RUNTIME_CDI && c->note_known && c->drivers.n) {
		s.use = COMPAT_UNUSED;
		for (size_t i = 0; i < c->drivers.n; i++)
			if (c->drivers.v[i] == host)
				s.use = COMPAT_USED;
		s.because = "the toolkit's enable-cuda-compat hook takes it";
	} else {
		s.use = h->runtime == RUNTIME_CDI ? COMPAT_USED : COMPAT_MAYBE;
		s.because = "a container runtime of NVIDIA's would put it first";
	}
	if (c->note_known && c->drivers.n && host) {
		s.branch_listed = TRI_NO;
		for (size_t i = 0; i < c->drivers.n; i++)
			if (c->drivers.v[i] == host)
				s.branch_listed = TRI_YES;
	}
	s.row = host && ver2_full(s.cuda) ? matrix_forward_compat(f->m, s.cuda, host) : NULL;
	if (s.row && s.branch_listed == TRI_UNKNOWN)
		s.branch_listed = str_eq(s.row->cell, "yes") ? TRI_YES : str_eq(s.row->cell, "no") ? TRI_NO : TRI_YES;
	return s;
}

struct compat_state compat_state(const struct facts *f)
{
	struct compat_state best = { 0 };
	if (!host_counts(f))
		return best;
	for (size_t i = 0; i < f->inv->compat.n; i++) {
		struct compat_state s = state_of(f, &f->inv->compat.v[i]);
		if (!best.compat || s.use > best.use || (s.use == best.use && ver2_cmp(s.cuda, best.cuda) > 0))
			best = s;
	}
	return best;
}

enum tri compat_gpus(const struct facts *f)
{
	enum tri all = f->host->gpus.n ? TRI_YES : TRI_UNKNOWN;
	for (size_t i = 0; i < f->host->gpus.n; i++) {
		enum tri one = f->host->gpus.v[i].forward_compat;
		if (one == TRI_NO)
			return TRI_NO;
		if (one == TRI_UNKNOWN)
			all = TRI_UNKNOWN;
	}
	return all;
}

bool compat_rescues(const struct facts *f, struct ver2 cuda)
{
	if (!f->host || !f->inv->compat.n)
		return false;
	struct compat_state s = compat_state(f);
	return s.use == COMPAT_USED && !s.older && s.branch_listed != TRI_NO && compat_gpus(f) != TRI_NO && ver2_known(s.cuda) &&
	       (ver2_cmp(s.cuda, cuda) >= 0 || (s.cuda.major == cuda.major && cuda.major >= 11));
}
