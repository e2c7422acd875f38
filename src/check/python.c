#include <string.h>

#include "base/str.h"
#include "check/remedy.h"
#include "check/rule.h"

#define RULES(R) \
	R("build-toolkit-mismatch", build_toolkit_mismatch, TARGET,  WARNING, "the toolkit in the target matches torch's CUDA") \
	R("cpu-only-build",         cpu_only_build,         ON_HOST, ERROR,   "the package is a GPU build") \
	R("mixed-install",          mixed_install,          PACKAGE, WARNING, "version.py, metadata and libraries of a package agree") \
	R("wrong-vendor",           wrong_vendor,           PACKAGE_ON_HOST, ERROR,   "the package is built for the vendor of the host's GPUs")

#define R(id, fn, scope, lvl, title) static void fn(const struct facts *, struct subject, struct out *);
RULES(R)
#undef R

#define R(id, fn, scope, lvl, title) { { id, "python", title, SCOPE_##scope, LEVEL_##lvl }, fn },
const struct rule rules_python[] = { RULES(R) { { 0 }, NULL } };
#undef R

/* Signs that somebody meant a GPU to be used: beside a CPU build of torch, CUDA packages or NVIDIA_* in ENV. */
static bool meant_for_gpu(const struct facts *f, const struct package *cpu)
{
	if (f->options->expect == EXPECT_GPU)
		return true;
	for (size_t i = 0; i < f->inv->env.n; i++)
		if (str_starts(f->inv->env.v[i].name, "NVIDIA_") || str_eq(f->inv->env.v[i].name, "CUDA_VERSION"))
			return true;
	for (size_t i = 0; i < f->inv->packages.n; i++) {
		const struct package *p = &f->inv->packages.v[i];
		if (p != cpu && p->gpu.vendor == VENDOR_CUDA && (!p->environment || str_eq(p->environment, cpu->environment)))
			return true;
	}
	return f->inv->toolkits.n > 0;
}

static void cpu_build(const struct facts *f, struct subject s, struct out *out)
{
	const struct package *p = s.package;
	bool framework = str_eq(p->name, "torch") || str_eq(p->name, "tensorflow-cpu") || str_eq(p->name, "tensorflow");
	if (!framework || p->gpu.vendor != VENDOR_CPU)
		return;
	bool meant = meant_for_gpu(f, p);
	if (!meant && !f->host)
		return;
	struct finding *x = emit(out, ANSWER_FAIL, s, "%s is a CPU build: it uses no GPU", package_text(out, p));
	set_message(out, x, "torch-cpu-build", NULL);
	if (!meant)
		lower(x, LEVEL_WARNING, "nothing else says that the target means to use a GPU");
	remedy_torch(f, out, x, p);
	if (!x->remedies.n)
		remedy_cuda_torch(f, out, x, p, 0);
}

/* --expect gpu, and nothing is there that could use one. Of packages that are only named the tables may not know all. */
static void nothing_for_gpu(const struct facts *f, struct subject s, struct out *out)
{
	if (inventory_live(f->inv))
		emit(out, ANSWER_FAIL, s, "a GPU is expected to be used, and the target holds no GPU software at all");
	else
		emit_unknown(out, s, "package.cuda", "a GPU is expected to be used, and none of the packages is known to do so");
}

static void cpu_only_build(const struct facts *f, struct subject s, struct out *out)
{
	if (f->options->expect == EXPECT_CPU || (f->host && f->host->no_gpu && f->options->expect != EXPECT_GPU))
		return;
	for (size_t i = 0; i < f->inv->packages.n; i++)
		cpu_build(f, (struct subject){ .package = &f->inv->packages.v[i] }, out);
	if (f->options->expect == EXPECT_GPU && !f->gpu_software)
		nothing_for_gpu(f, s, out);
}

static void remedy_vendor(struct out *out, struct finding *x, const struct package *p, bool amd)
{
	if (str_eq(p->name, "torch"))
		add_remedy(out, x, amd ? "pip install torch --index-url https://download.pytorch.org/whl/rocmX.Y, X.Y the host's ROCm" :
					 "pip install torch --index-url https://download.pytorch.org/whl/xpu");
	else
		add_remedy(out, x, "run it on a host with an NVIDIA GPU");
}

/* A GPU of one vendor, a build for another. */
static void wrong_vendor(const struct facts *f, struct subject s, struct out *out)
{
	const struct package *p = s.package;
	if (!f->host || !f->host->gpus.n || f->host->no_gpu)
		return;
	enum gpu_vendor want = p->gpu.vendor == VENDOR_CUDA ? GPU_NVIDIA : p->gpu.vendor == VENDOR_ROCM ? GPU_AMD :
			       p->gpu.vendor == VENDOR_XPU ? GPU_INTEL : GPU_UNKNOWN;
	if (want == GPU_UNKNOWN || str_starts(p->name, "nvidia-"))
		return;
	const struct gpu_facts *other = NULL;
	for (size_t i = 0; i < f->host->gpus.n; i++) {
		enum gpu_vendor have = f->host->gpus.v[i].vendor;
		if (have == want || have == GPU_UNKNOWN)
			return;
		other = &f->host->gpus.v[i];
	}
	static const char *const names[] = { "NVIDIA", "AMD", "Intel", "" };
	struct finding *x = emit(out, ANSWER_FAIL, s, "%s is built for %s GPUs, the host has %s (%s)", package_text(out, p), names[want], other->name,
				 names[other->vendor]);
	x->gpu = other->name;
	set_message(out, x, want == GPU_NVIDIA ? "torch-no-driver" : want == GPU_AMD ? "torch-no-hip" : "", NULL);
	if (other->vendor == GPU_NVIDIA)
		remedy_torch(f, out, x, p);
	else
		remedy_vendor(out, x, p, other->vendor == GPU_AMD);
}

/* The release part alone: a wheel of the public index carries its local tag in version.py, not in its metadata. */
static bool same_release(const char *a, const char *b)
{
	size_t n = strcspn(a, "+"), m = strcspn(b, "+");
	if (n != m || strncmp(a, b, n))
		return false;
	return !a[n] || !b[m] || str_eq(a + n, b + m);
}

/* A library of an NVIDIA wheel that says another version of itself than the wheel does. */
static void mixed_libraries(const struct facts *f, struct subject s, struct out *out)
{
	const struct package *p = s.package;
	for (size_t i = 0; i < f->inv->libraries.n; i++) {
		const struct library *l = &f->inv->libraries.v[i];
		const struct row_components *c = str_eq(l->owner, p->name) && str_eq(l->environment, p->environment) ? matrix_component(f->m, path_base(l->path)) : NULL;
		if (!c || !l->version || !p->version || !str_starts(p->name, c->dist) || version_agree(l->version, p->version))
			continue;
		s.library = l;
		struct finding *x = emit(out, ANSWER_FAIL, s, "%s says that it is %s, its package is %s", path_base(l->path), l->version, package_text(out, p));
		set_expected(out, x, p->version, l->version);
		add_remedy(out, x, "pip install --force-reinstall --no-deps %s", pip_name(out, p->name, p->version));
		return;
	}
}

static void mixed_install(const struct facts *f, struct subject s, struct out *out)
{
	const struct package *p = s.package;
	struct finding *x;
	if (p->module_version && p->version && !same_release(p->module_version, p->version)) {
		x = emit(out, ANSWER_FAIL, s, "%s is installed twice over: its metadata says %s, its code says %s", p->name, p->version, p->module_version);
		set_expected(out, x, p->version, p->module_version);
		remedy_once(out, x, p->name, p->version);
		return;
	}
	if (str_starts(p->name, "nvidia-"))
		mixed_libraries(f, s, out);
	if (!str_eq(p->name, "torch"))
		return;
	/* alternatives of other packages are linked against several majors on purpose; torch is linked against one */
	for (size_t i = 0; i < p->gpu.evidence.n; i++) {
		struct ver2 own = ver2_parse(p->gpu.evidence.v[i].value ? p->gpu.evidence.v[i].value : "");
		if (!ver2_known(own) || !ver2_known(p->gpu.cuda) || own.major == p->gpu.cuda.major)
			continue;
		x = emit(out, ANSWER_FAIL, s, "%s says CUDA %s, but %s says %s", package_text(out, p), ver2_print(p->gpu.cuda).s,
			 p->gpu.evidence.v[i].path ? p->gpu.evidence.v[i].path : evidence_from_name(p->gpu.evidence.v[i].from),
			 p->gpu.evidence.v[i].detail ? p->gpu.evidence.v[i].detail : p->gpu.evidence.v[i].value);
		remedy_once(out, x, p->name, p->version);
		return;
	}
}

static void build_toolkit_mismatch(const struct facts *f, struct subject s, struct out *out)
{
	const struct package *torch = NULL;
	for (size_t i = 0; i < f->inv->packages.n; i++)
		if (str_eq(f->inv->packages.v[i].name, "torch") && ver2_full(f->inv->packages.v[i].gpu.cuda) &&
		    inventory_env_role(f->inv, f->inv->packages.v[i].environment) == ENV_PRIMARY)
			torch = &f->inv->packages.v[i];
	const struct toolkit *with = NULL;
	bool match = false;
	for (size_t i = 0; torch && i < f->inv->toolkits.n; i++) {
		const struct toolkit *t = &f->inv->toolkits.v[i];
		struct ver2 v = t->version ? ver2_parse(t->version) : VER2_NONE;
		if (t->nvcc == TRI_NO || !ver2_full(v))
			continue;
		match = match || !ver2_cmp(v, torch->gpu.cuda);
		with = t;
	}
	if (!with || match)
		return;
	s.package = torch;
	struct finding *x = emit(out, ANSWER_FAIL, s, "the target's nvcc is of CUDA %s, %s was built with %s: extensions that it compiles may not build",
				 with->version, package_text(out, torch), ver2_print(torch->gpu.cuda).s);
	at_path(x, with->path, with->layer);
	set_expected(out, x, ver2_print(torch->gpu.cuda).s, with->version);
	set_message(out, x, "torch-nvcc", ver2_print(ver2_parse(with->version)).s, ver2_print(torch->gpu.cuda).s, NULL);
	if (ver2_parse(with->version).major == torch->gpu.cuda.major)
		lower(x, LEVEL_NOTE, "the same CUDA major: builds go on with a warning");
	add_remedy(out, x, "FROM nvidia/cuda:%s.0-devel-ubuntu22.04", ver2_print(torch->gpu.cuda).s);
	if (str_eq(torch->name, "torch") && torch->version)
		remedy_cuda_torch(f, out, x, torch, ver2_parse(with->version).major);
}
