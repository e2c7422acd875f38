/* Triton brings an assembler of its own, whose release need not be torch's: what it makes has to suit the GPU and the driver. */
#include <string.h>

#include "base/str.h"
#include "check/remedy.h"
#include "check/rule.h"

#define RULES(R) \
	R("bundled-ptxas-too-new", bundled_ptxas_too_new, PACKAGE_GPU, WARNING, "what Triton's ptxas makes runs on the driver") \
	R("bundled-ptxas-too-old", bundled_ptxas_too_old, PACKAGE_GPU, WARNING, "Triton's ptxas knows the GPU")

#define R(id, fn, scope, lvl, title) static void fn(const struct facts *, struct subject, struct out *);
RULES(R)
#undef R

#define R(id, fn, scope, lvl, title) { { id, "driver", title, SCOPE_##scope, LEVEL_##lvl }, fn },
const struct rule rules_ptxas[] = { RULES(R) { { 0 }, NULL } };
#undef R

/*
 * The assembler that Triton runs for a GPU: ptxas-blackwell from capability
 * 10.0 on, where there is one (triton/backends/nvidia/compiler.py, get_ptxas).
 * NULL where somebody chose another, or its version is not known.
 */
static const struct compiler *ptxas_of(const struct facts *f, const struct package *p, const struct gpu_facts *gpu)
{
	const struct compiler *found = NULL;
	bool blackwell = gpu && ver2_cmp(gpu->cc, (struct ver2){ 10, 0 }) >= 0;
	if (!str_eq(p->name, "triton") && !str_eq(p->name, "pytorch-triton"))
		return NULL;
	if (inventory_env(f->inv, blackwell ? "TRITON_PTXAS_BLACKWELL_PATH" : "TRITON_PTXAS_PATH"))
		return NULL;
	for (size_t i = 0; i < f->inv->compilers.n; i++) {
		const struct compiler *c = &f->inv->compilers.v[i];
		bool own = str_eq(c->owner, p->name) && (!p->site || !c->path || str_eq(p->site, ".") || str_starts(c->path, p->site));
		bool special = c->path && str_eq(path_base(c->path), "ptxas-blackwell");
		if (!own || !str_eq(c->tool, "ptxas") || (special && !blackwell))
			continue;
		if (!found || special)
			found = c;
	}
	return found && found->version && ver2_full(ver2_parse(found->version)) ? found : NULL;
}

/* A toolkit in the target whose ptxas would do. */
static const struct toolkit *toolkit_from(const struct facts *f, struct ver2 first)
{
	for (size_t i = 0; i < f->inv->toolkits.n; i++) {
		const struct toolkit *t = &f->inv->toolkits.v[i];
		if (t->nvcc == TRI_YES && t->path && t->version && ver2_cmp(ver2_parse(t->version), first) >= 0)
			return t;
	}
	return NULL;
}

/* Triton takes another assembler from a variable; `wheel` brings it, or is NULL. */
static void remedy_ptxas(const struct facts *f, struct out *out, struct finding *x, struct subject s, const char *path, const char *wheel)
{
	bool blackwell = s.gpu && ver2_cmp(s.gpu->cc, (struct ver2){ 10, 0 }) >= 0;
	const char *name = blackwell ? "TRITON_PTXAS_BLACKWELL_PATH" : "TRITON_PTXAS_PATH";
	struct trial t;
	if (!path || !trial_begin(f, &t))
		return;
	trial_env(&t, name, path);
	add_tried(out, x, trial_end(&t, out, x), "%s%s%sENV %s=%s", wheel ? "RUN pip install " : "", wheel ? wheel : "", wheel ? " and " : "", name, path);
}

/* NVIDIA's wheel of a CUDA's compiler lays its ptxas beside the packages. */
static void remedy_ptxas_wheel(const struct facts *f, struct out *out, struct finding *x, struct subject s, struct ver2 cuda)
{
	const char *site = s.package->site;
	if (!ver2_full(cuda) || cuda.major < 11 || cuda.major > 12 || !site || site[0] != '/')
		return;
	remedy_ptxas(f, out, x, s, arena_printf(out->a, "%s/nvidia/cuda_nvcc/bin/ptxas", site),
		     arena_printf(out->a, "'nvidia-cuda-nvcc-cu%d==%d.%d.*'", cuda.major, cuda.major, cuda.minor));
}

/* The newest CUDA whose code the host's driver runs, and which still knows the GPU. */
static struct ver2 newest_fit(const struct facts *f, const struct row_architectures *arch)
{
	struct ver2 best = VER2_NONE;
	const struct row_minor_version *floor;
	for (size_t i = 0; i < f->m->toolkits.n; i++) {
		struct ver2 v = f->m->toolkits.v[i].cuda;
		if (ver2_cmp(v, best) > 0 && host_runs_cuda(f->host, f->m, v, &floor) == TRI_YES && (!arch || !ver2_known(arch->last_cuda) || ver2_cmp(v, arch->last_cuda) <= 0))
			best = v;
	}
	return best;
}

static void bundled_ptxas_too_old(const struct facts *f, struct subject s, struct out *out)
{
	const struct compiler *c = s.gpu ? ptxas_of(f, s.package, s.gpu) : NULL;
	const struct row_architectures *arch = c && ver2_known(s.gpu->cc) ? matrix_arch(f->m, s.gpu->cc) : NULL;
	if (!arch || !ver2_full(arch->first_cuda))
		return;
	if (ver2_cmp(ver2_parse(c->version), arch->first_cuda) >= 0) {
		emit_pass(out, s);
		return;
	}
	struct sm_text target = sm_print("sm_", (struct sm){ .number = (short)(s.gpu->cc.major * 10 + s.gpu->cc.minor) });
	struct finding *x = emit(out, ANSWER_FAIL, s, "%s assembles with its own ptxas %s, which does not know %s (%s): torch.compile and Triton kernels fail",
				 package_text(out, s.package), c->version, s.gpu->name, target.s);
	at_path(x, c->path, c->layer);
	set_expected(out, x, ver2_print(arch->first_cuda).s, c->version);
	set_message(out, x, "ptxas-target", target.s, NULL);
	set_source(out, x, "architectures", arch->id, arch->source);
	const struct toolkit *t = toolkit_from(f, arch->first_cuda);
	if (t)
		remedy_ptxas(f, out, x, s, arena_printf(out->a, "%s/bin/ptxas", t->path), NULL);
	else
		remedy_ptxas_wheel(f, out, x, s, arch->first_cuda);
}

static void bundled_ptxas_too_new(const struct facts *f, struct subject s, struct out *out)
{
	const struct compiler *c = host_counts(f) ? ptxas_of(f, s.package, s.gpu) : NULL;
	if (!c)
		return;
	struct ver2 cuda = ver2_parse(c->version);
	const struct row_architectures *arch = s.gpu && ver2_known(s.gpu->cc) ? matrix_arch(f->m, s.gpu->cc) : NULL;
	const struct row_minor_version *floor = NULL;
	struct finding *x = NULL;
	if (arch && ver2_known(arch->last_cuda) && ver2_cmp(cuda, arch->last_cuda) > 0) {
		x = emit(out, ANSWER_FAIL, s, "%s assembles with its own ptxas %s, which no longer knows %s: torch.compile and Triton kernels fail",
			 package_text(out, s.package), c->version, s.gpu->name);
		set_expected(out, x, ver2_print(arch->last_cuda).s, c->version);
		set_source(out, x, "architectures", arch->id, arch->source);
	} else if (host_runs_cuda(f->host, f->m, cuda, &floor) == TRI_NO && !compat_rescues(f, cuda)) {
		x = emit(out, ANSWER_FAIL, s, "%s assembles with its own ptxas %s; code of CUDA %d runs from driver %s on, the host has %s", package_text(out, s.package),
			 c->version, cuda.major, host_floor_text(f->host, floor), driver_text(out, f->host));
		set_expected(out, x, host_floor_text(f->host, floor), f->host->host->driver);
		set_source(out, x, "minor_version", floor->id, floor->source);
		remedy_driver(f, out, x, host_floor_text(f->host, floor));
	} else {
		emit_pass(out, s);
		return;
	}
	at_path(x, c->path, c->layer);
	remedy_ptxas_wheel(f, out, x, s, newest_fit(f, arch));
}
