#include <string.h>

#include "base/str.h"
#include "check/remedy.h"
#include "check/rule.h"

#define RULES(R) \
	R("compat-branch-unsupported", compat_branch_unsupported, ON_HOST,  ERROR,   "the host's driver branch may use the compat package") \
	R("compat-gpu-unsupported",    compat_gpu_unsupported,    ON_HOST,  ERROR,   "the host's GPUs take forward compatibility") \
	R("compat-older-than-driver",  compat_older_than_driver,  ON_HOST,  ERROR,   "the active compat package is newer than the driver") \
	R("compat-rescues",            compat_rescues_rule,       PACKAGE_ON_HOST, NOTE,    "the driver reaches this CUDA without forward compatibility") \
	R("driver-too-old",            driver_too_old,            PACKAGE_ON_HOST, ERROR,   "the host's driver runs this CUDA") \
	R("libcuda-driver-mismatch",   libcuda_driver_mismatch,   ON_HOST,  ERROR,   "the host's CUDA version is its driver's own") \
	R("minor-version-compat",      minor_version_compat,      PACKAGE_ON_HOST, NOTE,    "the driver implements this CUDA in full") \
	R("ptx-too-new",               ptx_too_new,               PACKAGE_GPU, ERROR, "the driver compiles the PTX that this GPU needs") \
	R("runtime-ptx-too-new",       runtime_ptx_too_new,       PACKAGE_ON_HOST, ERROR,   "the driver takes the PTX that is made at run time")

#define R(id, fn, scope, lvl, title) static void fn(const struct facts *, struct subject, struct out *);
RULES(R)
#undef R

#define R(id, fn, scope, lvl, title) { { id, "driver", title, SCOPE_##scope, LEVEL_##lvl }, fn },
const struct rule rules_driver[] = { RULES(R) { { 0 }, NULL } };
#undef R

/* Error 35 where the floor is missed; what a compat package rescues is told by compat-rescues. */
static void driver_too_old(const struct facts *f, struct subject s, struct out *out)
{
	const struct package *p = s.package;
	bool bare_torch = str_eq(p->name, "torch") && p->gpu.vendor == VENDOR_UNKNOWN;
	if (!host_counts(f) || (!demand_of(f, p)->cuda && !bare_torch))
		return;
	if (bare_torch) {
		struct finding *u = emit_unknown(out, s, "package.cuda", "no table knows %s: its CUDA and its kernels are not known", package_text(out, p));
		remedy_look_inside(f, out, u, p);
		return;
	}
	if (!ver2_known(p->gpu.cuda)) {
		if (demand_of(f, p)->generator)
			return; /* what it generates with is another package's */
		for (size_t i = 0; i < f->inv->packages.n; i++)
			if (f->demand->packages[i].cuda && ver2_known(f->inv->packages.v[i].gpu.cuda))
				return; /* another package decides */
		/* a driver that runs the newest CUDA major of the tables runs all that they know */
		struct ver2 newest = VER2_NONE;
		const struct row_minor_version *row;
		for (size_t i = 0; i < f->m->minor_version.n; i++)
			if (ver2_cmp(f->m->minor_version.v[i].from, newest) > 0)
				newest = f->m->minor_version.v[i].from;
		if (host_runs_cuda(f->host, f->m, newest, &row) == TRI_YES) {
			emit_pass(out, s);
			return;
		}
		emit_unknown(out, s, "package.cuda", "which CUDA %s was built for is not known", package_text(out, p));
		return;
	}
	const struct row_minor_version *floor;
	enum tri runs = host_runs_cuda(f->host, f->m, p->gpu.cuda, &floor);
	if (!floor) {
		emit_unknown(out, s, "matrix.minor_version", "no table says which driver CUDA %s needs", ver2_print(p->gpu.cuda).s);
		return;
	}
	const char *need = host_floor_text(f->host, floor), *have = driver_text(out, f->host), *name = package_text(out, p);
	struct finding *x;
	switch (runs) {
	case TRI_YES:
		emit_pass(out, s);
		return;
	case TRI_UNKNOWN:
		if (f->host->driver_known)
			x = emit_unknown(out, s, "host.driver", "%s (CUDA %s) runs from driver %s on; the host states %s", name,
					 ver2_print(p->gpu.cuda).s, need, have);
		else
			x = emit_unknown(out, s, "host.driver", "%s (CUDA %s) needs driver %s or newer; the host states no driver that the tables know",
					 name, ver2_print(p->gpu.cuda).s, need);
		x->cause = need;
		set_expected(out, x, need, f->host->host->driver);
		set_source(out, x, "minor_version", floor->id, floor->source);
		return;
	case TRI_NO:
		break;
	}
	if (compat_rescues(f, p->gpu.cuda)) {
		emit_pass(out, s);
		return;
	}
	x = emit(out, ANSWER_FAIL, s, "%s cannot start: CUDA %s needs driver >= %s, the host has %s", name, ver2_print(p->gpu.cuda).s, need, have);
	x->cause = need;
	set_expected(out, x, need, f->host->host->driver);
	set_cuda_error(out, x, 35);
	if (str_eq(p->name, "torch") && ver2_full(f->host->cuda_lo))
		set_message(out, x, "torch-old-driver", arena_printf(out->a, "%d", f->host->cuda_lo.major * 1000 + f->host->cuda_lo.minor * 10), NULL);
	set_source(out, x, "minor_version", floor->id, floor->source);
	remedy_driver(f, out, x, need);
	remedy_torch(f, out, x, p);
	struct compat_state c = compat_state(f);
	if (c.compat && c.use == COMPAT_MAYBE && !c.older && compat_gpus(f) == TRI_YES && c.branch_listed != TRI_NO) {
		lower(x, LEVEL_WARNING, "the image's compat package may be used, the container runtime is not stated");
		add_remedy(out, x, "tell envcheck --runtime legacy, cdi, enroot or none, whichever the host has");
	}
}

static void minor_version_compat(const struct facts *f, struct subject s, struct out *out)
{
	const struct package *p = s.package;
	const struct row_minor_version *floor;
	if (!host_counts(f) || !demand_of(f, p)->cuda || !ver2_full(p->gpu.cuda) || host_cuda_reaches(f->host, p->gpu.cuda) != TRI_NO ||
	    host_runs_cuda(f->host, f->m, p->gpu.cuda, &floor) != TRI_YES)
		return;
	struct finding *x = emit(out, ANSWER_FAIL, s, "%s runs by minor-version compatibility: CUDA %s on a driver of CUDA %s", package_text(out, p),
				 ver2_print(p->gpu.cuda).s, ver2_print(f->host->cuda_lo).s);
	set_expected(out, x, ver2_print(p->gpu.cuda).s, ver2_print(f->host->cuda_lo).s);
	x->cause = x->expected;
	set_source(out, x, "minor_version", floor->id, floor->source);
}

static void ptx_too_new(const struct facts *f, struct subject s, struct out *out)
{
	if (!host_counts(f) || !s.gpu)
		return;
	struct coverage c = coverage_of(f, s.package, s.gpu);
	if (c.cover != COVER_JIT_TOO_NEW && c.cover != COVER_JIT_UNKNOWN)
		return;
	s.library = c.library;
	struct ver2 cuda = ver2_known(c.ptx.isa) ? matrix_ptx_cuda(f->m, c.ptx.isa) : VER2_NONE;
	const char *name = package_text(out, s.package);
	if (c.cover == COVER_JIT_UNKNOWN) {
		emit_unknown(out, s, ver2_known(c.ptx.isa) ? "host.driver" : "package.ptx",
			     "%s has only PTX for %s (%s); whether the driver takes it is not known", name, s.gpu->name,
			     sm_print("compute_", c.ptx.arch).s);
		return;
	}
	struct finding *x = emit(out, ANSWER_FAIL, s, "%s has only PTX %s for %s, which needs a driver of CUDA %s; the host has %s", name,
				 ver2_print(c.ptx.isa).s, s.gpu->name, ver2_print(cuda).s, driver_text(out, f->host));
	set_expected(out, x, ver2_print(cuda).s, ver2_print(f->host->cuda_lo).s);
	set_cuda_error(out, x, 222);
	const struct row_driver_branches *b = matrix_branch_for_cuda(f->m, cuda);
	if (b && f->host->system == DRIVER_LINUX)
		remedy_driver(f, out, x, b->first);
	remedy_torch(f, out, x, s.package);
	set_source(out, x, "ptx", arena_str(out->a, ver2_print(c.ptx.isa).s), "https://docs.nvidia.com/cuda/parallel-thread-execution/");
}

/* numba's built-in target hands the PTX of its NVVM to the driver; with a toolkit newer than the driver that fails. */
static void runtime_ptx_too_new(const struct facts *f, struct subject s, struct out *out)
{
	const struct package *p = s.package;
	if (!host_counts(f) || !str_eq(p->name, "numba") || inventory_package(f->inv, "numba-cuda", p->environment) || !ver2_known(f->host->cuda_lo))
		return;
	const struct toolkit *t = NULL;
	for (size_t i = 0; i < f->inv->toolkits.n; i++)
		if (f->inv->toolkits.v[i].version)
			t = &f->inv->toolkits.v[i];
	struct ver2 cuda = t ? ver2_parse(t->version) : VER2_NONE;
	if (!ver2_full(cuda) || host_cuda_reaches(f->host, cuda) != TRI_NO)
		return;
	struct finding *x = emit(out, ANSWER_FAIL, s, "%s hands PTX of CUDA %s to a driver of CUDA %s", package_text(out, p), ver2_print(cuda).s,
				 ver2_print(f->host->cuda_lo).s);
	bool alone = true;
	for (size_t i = 0; i < f->inv->packages.n; i++)
		alone = alone && (!f->demand->packages[i].cuda || str_eq(f->inv->packages.v[i].name, "numba"));
	if (!alone)
		lower(x, LEVEL_WARNING, "only kernels that numba compiles");
	set_cuda_error(out, x, 222);
	add_remedy(out, x, "pip install pynvjitlink-cu%d, and ENV NUMBA_CUDA_ENABLE_MINOR_VERSION_COMPATIBILITY=1", cuda.major);
}

/* ---- forward compatibility ---- */

static void compat_rescues_rule(const struct facts *f, struct subject s, struct out *out)
{
	const struct package *p = s.package;
	const struct row_minor_version *floor;
	if (!host_counts(f) || !demand_of(f, p)->cuda || !ver2_known(p->gpu.cuda) || host_runs_cuda(f->host, f->m, p->gpu.cuda, &floor) != TRI_NO ||
	    !compat_rescues(f, p->gpu.cuda))
		return;
	struct compat_state c = compat_state(f);
	struct finding *x = emit(out, ANSWER_FAIL, s, "%s runs on this driver only by forward compatibility: %s (CUDA %s), %s", package_text(out, p),
				 c.compat->path ? c.compat->path : "the compat package", ver2_print(c.cuda).s, c.because);
	if (c.row)
		set_source(out, x, "forward_compat", c.row->id, c.row->source);
}

static void compat_gpu_unsupported(const struct facts *f, struct subject s, struct out *out)
{
	struct compat_state c = compat_state(f);
	if (!c.compat || c.use == COMPAT_UNUSED || c.older) /* an older one is told by compat-older-than-driver */
		return;
	if (c.use == COMPAT_USED && !f->host->gpus.n) {
		emit_unknown(out, s, "host.gpus", "the compat libcuda of CUDA %s becomes active (%s): whether the host's GPUs may use it is not known",
			     ver2_print(c.cuda).s, c.because);
		return;
	}
	if (compat_gpus(f) != TRI_NO)
		return;
	const struct gpu_facts *gpu = &f->host->gpus.v[0];
	for (size_t i = 0; i < f->host->gpus.n; i++)
		if (f->host->gpus.v[i].forward_compat == TRI_NO)
			gpu = &f->host->gpus.v[i];
	s.gpu = gpu;
	struct finding *x = emit(out, ANSWER_FAIL, s, "the compat libcuda of CUDA %s becomes active (%s), and %s does not support forward compatibility",
				 ver2_print(c.cuda).s, c.because, gpu->name);
	x->gpu = gpu->name;
	at_path(x, c.compat->path, -1);
	set_cuda_error(out, x, 804);
	if (c.use == COMPAT_MAYBE)
		lower(x, LEVEL_WARNING, "the container runtime is not stated");
	if (c.compat->path)
		remedy_without(f, out, x, c.compat->path);
	remedy_no_compat(f, out, x);
	const struct row_driver_branches *b = matrix_branch_for_cuda(f->m, c.cuda);
	if (b)
		remedy_driver(f, out, x, b->first);
	if (gpu->row)
		set_source(out, x, "gpus", gpu->row->id, gpu->row->source);
}

static void compat_older_than_driver(const struct facts *f, struct subject s, struct out *out)
{
	struct compat_state c = compat_state(f);
	if (!c.compat || c.use != COMPAT_USED || !c.older)
		return;
	struct finding *x = emit(out, ANSWER_FAIL, s, "the loader takes the compat libcuda of CUDA %s%s%s, which is older than the host's driver %s",
				 ver2_print(c.cuda).s, c.compat->version ? ", driver " : "", c.compat->version ? c.compat->version : "",
				 driver_text(out, f->host));
	at_path(x, c.compat->path, -1);
	set_cuda_error(out, x, 803);
	if (c.compat->path)
		remedy_without(f, out, x, c.compat->path);
	remedy_no_compat(f, out, x);
}

/* The oldest driver from a branch that the package lists, if the host is below it; else the first that does without the package. */
static void remedy_listed_branch(const struct facts *f, struct out *out, struct finding *x, const struct compat *c)
{
	const struct row_driver_branches *next = NULL;
	unsigned long have = 0;
	if (f->host->driver_lo)
		version_parts(f->host->driver_lo, &have, 1);
	for (size_t i = 0; i < f->m->driver_branches.n; i++) {
		const struct row_driver_branches *b = &f->m->driver_branches.v[i];
		bool listed = false;
		for (size_t k = 0; k < c->drivers.n; k++)
			listed = listed || c->drivers.v[k] == b->branch;
		if (listed && b->branch > (int)have && b->first[0] && (!next || b->branch < next->branch))
			next = b;
	}
	if (!next)
		next = matrix_branch_for_cuda(f->m, c->cuda);
	if (next)
		remedy_driver(f, out, x, next->first);
}

static void compat_branch_unsupported(const struct facts *f, struct subject s, struct out *out)
{
	struct compat_state c = compat_state(f);
	if (!c.compat || c.use == COMPAT_UNUSED || c.older || c.branch_listed == TRI_YES || compat_gpus(f) == TRI_NO)
		return;
	if (c.branch_listed == TRI_UNKNOWN) {
		/* branches leave the published table when they end: that one is missing there says nothing */
		if (c.use == COMPAT_USED && f->host->driver_known && f->host->system == DRIVER_LINUX)
			emit_unknown(out, s, "matrix.forward_compat", "no table says whether the compat package of CUDA %s supports hosts of driver %s",
				     ver2_print(c.cuda).s, driver_text(out, f->host));
		return;
	}
	struct finding *x = emit(out, ANSWER_FAIL, s, "the compat package of CUDA %s does not support hosts of driver %s", ver2_print(c.cuda).s,
				 driver_text(out, f->host));
	at_path(x, c.compat->path, -1);
	set_cuda_error(out, x, 803);
	if (c.use == COMPAT_MAYBE)
		lower(x, LEVEL_WARNING, "the container runtime is not stated");
	if (c.row)
		set_source(out, x, "forward_compat", c.row->id, c.row->source);
	remedy_listed_branch(f, out, x, c.compat);
	remedy_no_compat(f, out, x);
}

static void libcuda_driver_mismatch(const struct facts *f, struct subject s, struct out *out)
{
	if (!host_counts(f) || !f->host->cuda_stated_differs || f->host->system != DRIVER_LINUX || !f->gpu_software)
		return;
	struct finding *x = emit(out, ANSWER_FAIL, s, "the host states CUDA %s, but driver %s implements %s: a compat libcuda is active there, or the host is half upgraded",
				 ver2_print(f->host->host->cuda).s, f->host->host->driver, ver2_print(f->host->cuda_lo).s);
	set_expected(out, x, ver2_print(f->host->cuda_lo).s, ver2_print(f->host->host->cuda).s);
	set_cuda_error(out, x, compat_gpus(f) == TRI_NO ? 804 : 803);
	if (compat_gpus(f) == TRI_YES)
		lower(x, LEVEL_WARNING, "every GPU of the host may use forward compatibility");
	add_remedy(out, x, "reboot the host, so that the driver that is installed is the one that runs");
	add_remedy(out, x, "on the host: unset LD_LIBRARY_PATH and run nvidia-smi again, if a compat folder stands in it");
	const struct row_driver_branches *b = matrix_branch(f->m, f->host->driver_lo);
	if (b)
		set_source(out, x, "driver_branches", b->id, b->source);
}
