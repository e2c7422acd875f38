#include "derive/selectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "derive/derive.h"

static bool same_choice(const struct library *a, const struct library *b)
{
	return str_eq(a->group, b->group) && str_eq(a->owner, b->owner) && str_eq(a->environment, b->environment);
}

/* Has a package an alternative of the same choice whose path holds a text? */
static bool has_variant(const struct inventory *inv, const struct library *like, const char *text)
{
	for (size_t i = 0; i < inv->libraries.n; i++)
		if (same_choice(&inv->libraries.v[i], like) && strstr(inv->libraries.v[i].path, text))
			return true;
	return false;
}

static bool of(const struct library *l, const struct package *p, const char *group)
{
	return str_eq(l->group, group) && str_eq(l->owner, p->name) && str_eq(l->environment, p->environment);
}

/* ---- bitsandbytes/cextension.py ---- */

/* "12.4" of libbitsandbytes_cuda124.so; VER2_NONE for other names. */
static struct ver2 bnb_cuda(const char *path)
{
	const char *s = strstr(path, "libbitsandbytes_cuda");
	if (!s)
		return VER2_NONE;
	s += strlen("libbitsandbytes_cuda");
	size_t n = strspn(s, "0123456789");
	if (n < 2 || n > 3 || (!str_starts(s + n, ".so") && !str_starts(s + n, "_nocublaslt.so")))
		return VER2_NONE;
	return (struct ver2){ (short)(n == 3 ? (s[0] - '0') * 10 + s[1] - '0' : s[0] - '0'), (short)(s[n - 1] - '0') };
}

/* The CUDA of torch, or what BNB_CUDA_VERSION says; from 0.50 on the nearest of its major, lower ones first. */
static int pick_bitsandbytes(struct inventory *inv, const struct package *p)
{
	const struct package *torch = inventory_package(inv, "torch", p->environment);
	const char *forced = inventory_env(inv, "BNB_CUDA_VERSION");
	bool cuda = torch && ver2_full(torch->gpu.cuda), cpu = torch && torch->gpu.vendor == VENDOR_CPU && !forced;
	if (!cuda && !cpu && !forced)
		return 0;
	struct ver2 want = cuda ? torch->gpu.cuda : VER2_NONE;
	if (forced && forced[0]) {
		const char *name = arena_printf(&inv->arena, "libbitsandbytes_cuda%s.so", forced);
		if (!name)
			return -1;
		want = bnb_cuda(name);
	}
	bool nearest = !forced && p->version && pep440_match(p->version, ">=0.50");
	struct ver2 best = VER2_NONE;
	for (size_t i = 0; i < inv->libraries.n; i++) {
		const struct library *l = &inv->libraries.v[i];
		struct ver2 v = of(l, p, "bnb-cuda") ? bnb_cuda(l->path) : VER2_NONE;
		if (!ver2_known(v) || v.major != want.major || (!nearest && v.minor != want.minor))
			continue;
		bool lower = v.minor <= want.minor, best_lower = ver2_known(best) && best.minor <= want.minor;
		if (!ver2_known(best) || (lower && (!best_lower || v.minor > best.minor)) || (!lower && !best_lower && v.minor < best.minor))
			best = v;
	}
	for (size_t i = 0; i < inv->libraries.n; i++) {
		struct library *l = &inv->libraries.v[i];
		if (!of(l, p, "bnb-cuda"))
			continue;
		struct ver2 v = bnb_cuda(l->path);
		l->picked = ver2_known(v) ? ver2_known(best) && !ver2_cmp(v, best) : cpu && strstr(l->path, "_cpu.so");
	}
	return 0;
}

/* ---- dgl/_ffi/libinfo.py, graphbolt/__init__.py ---- */

/* The file whose name ends in _VERSION.so for torch's version, without its local part. */
static int pick_dgl(struct inventory *inv, const struct package *p)
{
	const struct package *torch = inventory_package(inv, "torch", p->environment);
	if (!torch || !torch->version)
		return 0;
	const char *end = arena_printf(&inv->arena, "_%.*s.so", (int)strcspn(torch->version, "+"), torch->version);
	for (size_t i = 0; end && i < inv->libraries.n; i++)
		if (of(&inv->libraries.v[i], p, "dgl-torch"))
			inv->libraries.v[i].picked = str_ends(inv->libraries.v[i].path, end);
	return end ? 0 : -1;
}

/* ---- a CUDA build beside a CPU build ---- */

/* The same path with `from` put in place of `to`: what lies beside it, if it is there. */
static bool has_twin(const struct inventory *inv, const struct library *l, const char *from, const char *to)
{
	char path[4096];
	const char *at = strstr(l->path, from);
	if (!at)
		return false;
	int n = snprintf(path, sizeof(path), "%.*s%s%s", (int)(at - l->path), l->path, to, at + strlen(from));
	return n > 0 && (size_t)n < sizeof(path) && inventory_library(inv, path);
}

/* torch_scatter/__init__.py and its relatives: _x_cuda.so, else _x_cpu.so. Open3D: cuda/pybind, else cpu/pybind. */
static void pick_cuda_first(struct inventory *inv)
{
	for (size_t i = 0; i < inv->libraries.n; i++) {
		struct library *l = &inv->libraries.v[i];
		if (str_eq(l->group, "pyg-cuda-cpu") && has_twin(inv, l, "_cpu.", "_cuda."))
			l->picked = false;
		if (str_eq(l->group, "open3d") && strstr(l->path, "/cpu/") && has_variant(inv, l, "/cuda/"))
			l->picked = false;
	}
}

int selectors_pick(struct inventory *inv)
{
	for (size_t i = 0; i < inv->packages.n; i++) {
		const struct package *p = &inv->packages.v[i];
		if ((str_eq(p->name, "bitsandbytes") && pick_bitsandbytes(inv, p) < 0) || (str_eq(p->name, "dgl") && pick_dgl(inv, p) < 0))
			return -1;
	}
	pick_cuda_first(inv);
	return 0;
}

/* ---- torio/_extension/utils.py, torchcodec/_core/ops.py ---- */

/* The FFmpeg major that a library is for, the number before ".so"; 0: any. */
static int ffmpeg_of(const struct library *l)
{
	const char *so = strstr(path_base(l->path), ".so");
	return so && so > path_base(l->path) && so[-1] >= '4' && so[-1] <= '9' ? so[-1] - '0' : 0;
}

static bool loads(const struct inventory *inv, const struct library *l)
{
	struct choices c = inventory_choices(inv, l->path);
	for (size_t i = 0; i < c.n; i++)
		if (!c.v[i].path && !c.v[i].because)
			return false;
	return true;
}

/* Do all libraries of a choice that are for one FFmpeg find what they need? */
static bool all_load(const struct inventory *inv, const struct library *like, int ffmpeg)
{
	for (size_t i = 0; i < inv->libraries.n; i++) {
		const struct library *l = &inv->libraries.v[i];
		if (same_choice(l, like) && ffmpeg_of(l) == ffmpeg && !loads(inv, l))
			return false;
	}
	return true;
}

void selectors_pick_loaded(struct inventory *inv)
{
	const char *forced = inventory_env(inv, "TORIO_USE_FFMPEG_VERSION");
	for (size_t i = 0; i < inv->libraries.n; i++) {
		struct library *l = &inv->libraries.v[i];
		bool torio = str_eq(l->group, "torio-ffmpeg");
		if (!torio && !str_eq(l->group, "torchcodec-ffmpeg"))
			continue;
		int newest = 0, best = 0;
		for (size_t k = 0; k < inv->libraries.n; k++) {
			const struct library *o = &inv->libraries.v[k];
			int n = same_choice(o, l) ? ffmpeg_of(o) : 0;
			newest = n > newest ? n : newest;
			if (n > best && all_load(inv, o, n))
				best = n;
		}
		if (torio && forced && forced[0] >= '4' && forced[0] <= '9')
			best = forced[0] - '0';
		l->picked = ffmpeg_of(l) == (best ? best : newest);
	}
}

/* ---- what the GPU decides ---- */

/* sgl_kernel/load_utils.py: sm90/ for 9.0 alone, else sm100/, else the top folder. */
static bool takes_sgl(const struct inventory *inv, const struct library *l, struct ver2 cc)
{
	const char *folder = cc.major == 9 && cc.minor == 0 ? "/sm90/" : "/sm100/";
	bool own = strstr(l->path, "/sm90/") || strstr(l->path, "/sm100/");
	return has_variant(inv, l, folder) ? strstr(l->path, folder) != NULL : !own;
}

/* vllm/v1/attention/backends/fa_utils.py: FlashAttention 3 on 9.x, 2 from 8.0 on, another back end below. */
static bool takes_vllm(const struct inventory *inv, const struct library *l, struct ver2 cc)
{
	bool third = cc.major == 9 && has_variant(inv, l, "_vllm_fa3_C");
	return strstr(l->path, "_vllm_fa3_C") ? third : !third && cc.major >= 8;
}

/* 0.43 and 0.44: below 7.5 the build without cublasLt. */
static bool takes_bnb(const struct inventory *inv, const struct library *l, struct ver2 cc)
{
	bool without = strstr(l->path, "_nocublaslt.so") != NULL;
	bool low = ver2_cmp(cc, (struct ver2){ 7, 5 }) < 0 && has_variant(inv, l, "_nocublaslt.so");
	return l->picked && (bnb_cuda(l->path).major <= 0 || without == low);
}

/* libnvinfer_builder_resource_sm86.so.10.8.0: the GPU's own, 8.6's for 8.7, else the next lower of its major. */
static bool takes_builder(const struct inventory *inv, const struct library *l, struct ver2 cc)
{
	const char *at = strstr(l->path, "_resource_sm");
	int want = cc.major * 10 + cc.minor, best = 0;
	for (size_t i = 0; i < inv->libraries.n; i++) {
		const struct library *o = &inv->libraries.v[i];
		const char *s = same_choice(o, l) ? strstr(o->path, "_resource_sm") : NULL;
		int n = s ? atoi(s + strlen("_resource_sm")) : 0;
		if (n / 10 == cc.major && n <= want && n > best)
			best = n;
	}
	return at && best && atoi(at + strlen("_resource_sm")) == best;
}

/*
 * ollama's discover/runner.go and docs/gpu.mdx: on a Jetson its own folder; else
 * the newest folder that serves the GPU. cuda_v13 needs capability 7.5 and
 * driver 580; cuda_v12 driver 570 for GPUs below 7.0.
 */
static bool serves_ollama(const char *path, struct selector_host h)
{
	if (strstr(path, "/cuda_jetpack"))
		return h.tegra;
	if (strstr(path, "/cuda_v13/"))
		return ver2_cmp(h.cc, (struct ver2){ 7, 5 }) >= 0 && (!h.branch || h.branch >= 580);
	if (strstr(path, "/cuda_v12/"))
		return h.cc.major >= 7 || !h.branch || h.branch >= 570;
	return true;
}

static bool takes_ollama(const struct inventory *inv, const struct library *l, struct selector_host h)
{
	static const char *const newest_first[] = { "/cuda_jetpack6/", "/cuda_jetpack5/", "/cuda_v13/", "/cuda_v12/", "/cuda_v11/" };
	for (size_t i = 0; i < sizeof(newest_first) / sizeof(*newest_first); i++)
		if (serves_ollama(newest_first[i], h) && has_variant(inv, l, newest_first[i]))
			return strstr(l->path, newest_first[i]) != NULL;
	return false;
}

bool selector_takes(const struct inventory *inv, const struct library *l, struct selector_host h)
{
	if (str_eq(l->group, "sgl-common-ops"))
		return takes_sgl(inv, l, h.cc);
	if (str_eq(l->group, "vllm-flash-attn"))
		return takes_vllm(inv, l, h.cc);
	if (str_eq(l->group, "bnb-cuda"))
		return takes_bnb(inv, l, h.cc);
	if (str_eq(l->group, "trt-builder-resource"))
		return takes_builder(inv, l, h.cc);
	if (str_eq(l->group, "ollama-cuda"))
		return takes_ollama(inv, l, h);
	return l->picked;
}
