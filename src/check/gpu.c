#include <string.h>

#include "base/str.h"
#include "check/remedy.h"
#include "check/rule.h"

#define RULES(R) \
	R("gpu-dropped-by-driver",    gpu_dropped,      GPU,         ERROR,   "the driver still supports this GPU") \
	R("gpu-too-new-for-driver",   gpu_too_new,      GPU,         ERROR,   "the driver knows this GPU") \
	R("library-lacks-gpu",        library_lacks,    PACKAGE_GPU, WARNING, "the CUDA libraries of that release have code for this GPU") \
	R("no-kernel-image",          no_kernel_image,  PACKAGE_GPU, ERROR,   "there is code for this GPU") \
	R("package-gpu-floor",        gpu_floor,        PACKAGE_GPU, ERROR,   "the package supports this GPU") \
	R("partial-kernel-coverage",  partial_coverage, LIBRARY_GPU, WARNING, "all kernels have code for this GPU") \
	R("ptx-jit-only",             ptx_jit_only,     PACKAGE_GPU, WARNING, "the code for this GPU is native")

#define R(id, fn, scope, lvl, title) static void fn(const struct facts *, struct subject, struct out *);
RULES(R)
#undef R

#define R(id, fn, scope, lvl, title) { { id, "gpu", title, SCOPE_##scope, LEVEL_##lvl }, fn },
const struct rule rules_gpu[] = { RULES(R) { { 0 }, NULL } };
#undef R

/* "sm_70 sm_75 sm_80 ..." of what decided. */
static const char *targets_text(struct out *out, const struct package *p, const struct library *l)
{
	struct buf b = BUF_INIT(4096);
	if (l) {
		for (size_t i = 0; i < l->fat->cubin.n; i++)
			buf_printf(&b, "%s%s", b.n ? " " : "", sm_print("sm_", l->fat->cubin.v[i].arch).s);
		for (size_t i = 0; i < l->fat->ptx.n; i++)
			buf_printf(&b, "%s%s", b.n ? " " : "", sm_print("compute_", l->fat->ptx.v[i].arch).s);
	} else {
		for (size_t i = 0; i < p->gpu.cubin.n; i++)
			buf_printf(&b, "%s%s", b.n ? " " : "", sm_print("sm_", p->gpu.cubin.v[i]).s);
		for (size_t i = 0; i < p->gpu.ptx.n; i++)
			buf_printf(&b, "%s%s", b.n ? " " : "", sm_print("compute_", p->gpu.ptx.v[i].arch).s);
	}
	const char *s = arena_str(out->a, buf_text(&b));
	buf_clear(&b);
	return s ? s : "";
}

/* Unknown GPU names are told once, by the package that would run on them. */
static void unknown_gpu(struct subject s, struct out *out)
{
	emit_unknown(out, s, "gpu.cc", "no table knows the GPU \"%s\"%s%s%s", s.gpu->name, s.gpu->suggest ? " (did you mean " : "",
		     s.gpu->suggest ? s.gpu->suggest : "", s.gpu->suggest ? "?)" : "");
}

/* Told once, by the first package that has code of its own. */
static void unstated_gpu(const struct facts *f, struct subject s, struct out *out)
{
	const struct package *first = NULL;
	for (size_t i = 0; !first && i < f->inv->packages.n; i++) {
		const struct package *p = &f->inv->packages.v[i];
		if (f->demand->packages[i].cuda && (p->gpu.cubin.n || p->gpu.ptx.n) && !f->demand->packages[i].generator &&
		    inventory_env_role(f->inv, p->environment) == ENV_PRIMARY)
			first = p;
	}
	if (s.package != first)
		return;
	emit_unknown(out, s, "host.gpus", "the host states no GPU: whether %s has code for it is not known", package_text(out, s.package));
}

static void no_kernel_image(const struct facts *f, struct subject s, struct out *out)
{
	if (!host_counts(f))
		return;
	if (!s.gpu) {
		unstated_gpu(f, s, out);
		return;
	}
	struct coverage c = coverage_of(f, s.package, s.gpu);
	if (c.cover == COVER_NOT_APPLICABLE)
		return;
	if (!ver2_full(s.gpu->cc)) {
		unknown_gpu(s, out);
		return;
	}
	s.library = c.library;
	const char *name = package_text(out, s.package), *sm = arena_printf(out->a, "%d.%d", s.gpu->cc.major, s.gpu->cc.minor);
	struct finding *x;
	switch (c.cover) {
	case COVER_UNKNOWN:
		x = emit_unknown(out, s, "package.kernels", "which GPUs %s has code for is not known", name);
		remedy_look_inside(f, out, x, s.package);
		/* without a word on its kernels, an extension beside a known torch decides nothing */
		if (!str_eq(s.package->name, "torch") && s.package->gpu.evidence.n)
			lower(x, LEVEL_NOTE, "its kernels are not listed");
		return;
	case COVER_NONE:
		break;
	case COVER_NATIVE:
	case COVER_JIT:
	case COVER_JIT_UNKNOWN:
	case COVER_JIT_TOO_NEW:
	case COVER_NOT_APPLICABLE:
		emit_pass(out, s);
		return;
	}
	x = emit(out, ANSWER_FAIL, s, "%s has no code for %s (compute capability %s)", name, s.gpu->name, sm);
	set_expected(out, x, arena_printf(out->a, "sm_%d%d, or PTX that its driver compiles", s.gpu->cc.major, s.gpu->cc.minor),
		     targets_text(out, s.package, c.library));
	set_cuda_error(out, x, 209);
	x->cause = torch_family(s.package) ? "kernels of torch's release" : NULL;
	remedy_kernels(f, out, x, s.package, s.gpu);
	set_source(out, x, "architectures", sm, "https://docs.nvidia.com/cuda/cuda-c-programming-guide/ (Binary Compatibility)");
}

static void ptx_jit_only(const struct facts *f, struct subject s, struct out *out)
{
	if (!host_counts(f) || !s.gpu)
		return;
	struct coverage c = coverage_of(f, s.package, s.gpu);
	if (c.cover != COVER_JIT)
		return;
	s.library = c.library;
	struct finding *x = emit(out, ANSWER_FAIL, s, "%s has no native code for %s: its kernels are compiled from %s PTX at the first start",
				 package_text(out, s.package), s.gpu->name, sm_print("compute_", c.ptx.arch).s);
	set_expected(out, x, arena_printf(out->a, "sm_%d%d", s.gpu->cc.major, s.gpu->cc.minor), targets_text(out, s.package, c.library));
	/* one file's worth of kernels is compiled in a second: nobody waits for it */
	if (c.library && c.library->role == LIB_UNLISTED && c.library->fat->containers <= 4)
		lower(x, LEVEL_NOTE, "few kernels");
	const struct package *torch = torch_family(s.package) ? inventory_package(f->inv, "torch", s.package->environment) : NULL;
	x->cause = torch ? "kernels of torch's release" : NULL;
	if (torch)
		remedy_torch(f, out, x, torch);
	if (f->image)
		add_remedy(out, x, "docker run -v cuda-cache:/root/.nv/ComputeCache ..., so that only the first start is slow");
}

/* Is it told already that the programs themselves have no code for that GPU? */
static bool nothing_runs(const struct facts *f, const struct package *p, const struct gpu_facts *gpu)
{
	for (size_t i = 0; i < f->inv->packages.n; i++) {
		const struct package *o = &f->inv->packages.v[i];
		if (str_eq(o->name, "torch") && str_eq(o->environment, p->environment) && coverage_of(f, o, gpu).cover == COVER_NONE)
			return true;
	}
	return false;
}

static void library_release(const struct facts *f, struct subject s, struct out *out)
{
	const struct package *p = s.package;
	if (!host_counts(f) || !s.gpu || s.gpu->vendor != GPU_NVIDIA || !ver2_full(s.gpu->cc))
		return;
	const struct package_demand *d = demand_of(f, p);
	for (size_t i = 0; i < d->carried.n; i++) {
		const struct carried c = d->carried.v[i];
		const struct row_library_gpus *r = c.row;
		bool old = ver2_known(r->cc_min) && ver2_cmp(s.gpu->cc, r->cc_min) < 0;
		bool young = ver2_known(r->cc_max) && ver2_cmp(s.gpu->cc, r->cc_max) > 0;
		if ((!old && !young) || nothing_runs(f, p, s.gpu))
			continue;
		struct finding *x = emit(out, ANSWER_FAIL, s, "%s %s has no code for %s: it supports compute capability %s%s%s%s",
					 str_eq(c.component, "cudnn") ? "cuDNN" : "NCCL", c.version, s.gpu->name, ver2_print(r->cc_min).s,
					 ver2_known(r->cc_max) ? " to " : " and newer", ver2_known(r->cc_max) ? ver2_print(r->cc_max).s : "",
					 str_starts(p->name, "nvidia-") ? "" : arena_printf(out->a, " (in %s)", p->name));
		set_expected(out, x, ver2_print(old ? r->cc_min : r->cc_max).s, ver2_print(s.gpu->cc).s);
		if (str_eq(c.component, "cudnn"))
			set_message(out, x, "cudnn-arch", NULL);
		else
			set_cuda_error(out, x, 209);
		if (old && str_starts(p->name, "nvidia-") && str_starts(r->versions, ">="))
			add_remedy(out, x, "pip install \"%s<%.*s\"", p->name, (int)strcspn(r->versions + 2, ","), r->versions + 2);
		set_source(out, x, "library_gpus", r->id, r->source);
		return;
	}
}

/* NVIDIA's own libraries of a CUDA release: from the first that has code for a GPU to the last. */
static void library_lacks(const struct facts *f, struct subject s, struct out *out)
{
	const struct row_architectures *a = s.gpu ? s.gpu->arch : NULL;
	const struct package *p = s.package;
	library_release(f, s, out);
	if (!host_counts(f) || !demand_of(f, p)->cuda || !a || !ver2_full(p->gpu.cuda) || demand_of(f, p)->generator)
		return;
	bool before = ver2_known(a->first_cuda) && ver2_cmp(p->gpu.cuda, a->first_cuda) < 0;
	bool after = ver2_known(a->last_cuda) && ver2_cmp(p->gpu.cuda, a->last_cuda) > 0;
	/* code of a lower minor of the same major serves, so only a new major is before its time */
	if (before)
		for (size_t i = 0; i < f->m->architectures.n; i++) {
			const struct row_architectures *o = &f->m->architectures.v[i];
			if (o->cc.major == a->cc.major && o->cc.minor <= a->cc.minor && !o->tegra && !a->tegra && ver2_known(o->first_cuda) &&
			    ver2_cmp(p->gpu.cuda, o->first_cuda) >= 0)
				before = false;
		}
	if (!before && !after)
		return;
	struct coverage c = coverage_of(f, p, s.gpu);
	if (c.cover == COVER_NONE)
		return; /* told by no-kernel-image */
	struct finding *x = emit(out, ANSWER_FAIL, s, "the libraries of CUDA %s (cuBLAS, cuDNN, ...) have no code for %s, which needs CUDA %s%s",
				 ver2_print(p->gpu.cuda).s, s.gpu->name, before ? ver2_print(a->first_cuda).s : ver2_print(a->last_cuda).s,
				 before ? " or newer" : " or older");
	x->cause = x->message;
	set_cuda_error(out, x, 209);
	set_source(out, x, "architectures", a->id, a->source);
	remedy_torch(f, out, x, p);
}

/* How many of a library's groups of kernels have code for that capability. */
static uint32_t kernel_groups(const struct matrix *m, const struct fat_facts *fat, struct ver2 cc)
{
	uint32_t n = 0;
	for (size_t i = 0; i < fat->groups.n; i++) {
		const struct fat_group *g = &fat->groups.v[i];
		bool runs = false;
		for (size_t c = 0; c < g->cubin.n; c++)
			runs = runs || matrix_cubin_runs(m, g->cubin.v[c], cc);
		for (size_t c = 0; c < g->ptx.n; c++)
			runs = runs || matrix_ptx_fits(m, g->ptx.v[c], cc);
		n += runs ? g->containers : 0;
	}
	return n;
}

/* Below half of what the library's best-covered GPU gets; NVIDIA's libraries and torch choose their kernels by GPU on purpose. */
static void partial_coverage(const struct facts *f, struct subject s, struct out *out)
{
	const struct library *l = s.library;
	/* where all groups have the same targets a GPU gets all of them or none */
	if (!l->fat || l->fat->groups.n < 2 || l->component || l->role == LIB_OPTIONAL || l->role == LIB_TOOL || !l->owner || !host_counts(f) ||
	    str_starts(l->owner, "nvidia-") || str_eq(l->owner, "torch") || !ver2_full(s.gpu->cc))
		return;
	const struct package *p = inventory_package(f->inv, l->owner, l->environment);
	uint32_t here = p ? kernel_groups(f->m, l->fat, s.gpu->cc) : 0, best = 0;
	struct ver2 best_cc = VER2_NONE;
	for (size_t k = 0; here && k < l->fat->cubin.n; k++) {
		uint32_t n = kernel_groups(f->m, l->fat, sm_cc(l->fat->cubin.v[k].arch));
		if (n <= best)
			continue;
		best = n;
		best_cc = sm_cc(l->fat->cubin.v[k].arch);
	}
	if (!here || here >= best)
		return;
	s.package = p;
	struct finding *x = emit(out, ANSWER_FAIL, s, "%u of %u kernel groups of %s have code for %s", here, best, path_base(l->path), s.gpu->name);
	if (2 * here >= best)
		lower(x, LEVEL_NOTE, "most kernels have code");
	else if (ver2_cmp(best_cc, s.gpu->cc) > 0)
		lower(x, LEVEL_NOTE, "newer GPUs have kernels of their own");
	set_cuda_error(out, x, 209);
}

static void gpu_floor(const struct facts *f, struct subject s, struct out *out)
{
	const struct row_package_floors *r = demand_of(f, s.package)->floor;
	if (!host_counts(f) || !r || !s.gpu || !ver2_full(s.gpu->cc) || s.gpu->vendor != GPU_NVIDIA)
		return;
	if (ver2_cmp(s.gpu->cc, r->cc) >= 0) {
		emit_pass(out, s);
		return;
	}
	struct finding *x = emit(out, ANSWER_FAIL, s, "%s supports GPUs from compute capability %s on; %s has %s", package_text(out, s.package),
				 ver2_print(r->cc).s, s.gpu->name, ver2_print(s.gpu->cc).s);
	set_expected(out, x, ver2_print(r->cc).s, ver2_print(s.gpu->cc).s);
	if (r->text[0])
		set_message_seen(x, r->text);
	if (str_eq(s.package->name, "triton"))
		lower(x, LEVEL_WARNING, "torch.compile alone needs it");
	set_source(out, x, "package_floors", r->id, r->source);
}

/* ---- GPU against driver ---- */

static int branch_of(const char *version)
{
	unsigned long n;
	return version && version_parts(version, &n, 1) ? (int)n : 0;
}

/* The last driver that supports a GPU; what the target needs may be newer. */
static void remedy_older_driver(const struct facts *f, struct out *out, struct finding *x, const char *version)
{
	struct trial t;
	if (!trial_begin(f, &t))
		return;
	trial_driver(&t, version);
	add_tried(out, x, trial_end(&t, out, x), "install driver %s on the host", version);
}

static void gpu_dropped(const struct facts *f, struct subject s, struct out *out)
{
	const struct row_architectures *a = s.gpu->arch;
	if (!host_counts(f) || !f->host->driver_known || !a || !a->last_branch || !f->gpu_software)
		return;
	struct compat_state c = compat_state(f);
	int lo = branch_of(f->host->driver_lo);
	bool by_compat = c.compat && c.use == COMPAT_USED && c.branch > a->last_branch;
	if (lo <= a->last_branch && !by_compat) {
		emit_pass(out, s);
		return;
	}
	int branch = lo > a->last_branch ? lo : c.branch;
	struct finding *x = emit(out, ANSWER_FAIL, s, "%s R%d no longer supports %s (%s): R%d was the last branch that does",
				 lo > a->last_branch ? "driver" : "the compat libcuda of", branch, s.gpu->name, a->arch, a->last_branch);
	set_expected(out, x, arena_printf(out->a, "R%d or older", a->last_branch), f->host->host->driver);
	set_cuda_error(out, x, 100);
	const struct row_driver_branches *last = matrix_branch(f->m, arena_printf(out->a, "%d", a->last_branch));
	if (last && lo > a->last_branch)
		remedy_older_driver(f, out, x, last->last);
	set_source(out, x, "architectures", a->id, a->source);
}

static void gpu_too_new(const struct facts *f, struct subject s, struct out *out)
{
	const struct row_architectures *a = s.gpu->arch;
	if (!host_counts(f) || !f->host->driver_known || !a || !a->first_branch || !f->gpu_software || f->host->system == DRIVER_JETSON)
		return;
	int lo = branch_of(f->host->driver_lo), hi = branch_of(f->host->driver_hi);
	if (lo >= a->first_branch) {
		emit_pass(out, s);
		return;
	}
	if (hi >= a->first_branch) {
		emit_unknown(out, s, "host.driver", "%s needs a driver of R%d or newer; the host states %s", s.gpu->name, a->first_branch,
			     driver_text(out, f->host));
		return;
	}
	struct finding *x = emit(out, ANSWER_FAIL, s, "driver %s does not know %s (%s): R%d was the first branch that does", f->host->host->driver ?
				 f->host->host->driver : driver_text(out, f->host), s.gpu->name, a->arch, a->first_branch);
	set_expected(out, x, arena_printf(out->a, "R%d or newer", a->first_branch), f->host->host->driver);
	set_cuda_error(out, x, 100);
	const struct row_driver_branches *first = matrix_branch(f->m, arena_printf(out->a, "%d", a->first_branch));
	if (first)
		remedy_driver(f, out, x, first->first);
	set_source(out, x, "architectures", a->id, a->source);
}
