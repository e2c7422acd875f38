#include "derive/hostfacts.h"

#include <string.h>

#include "base/str.h"

/* "535" as an interval: every release of the branch. */
static const char *branch_end(const char *branch, struct arena *a)
{
	return arena_printf(a, "%s.999", branch);
}

/* A stated CUDA bounds the driver: from the driver that this CUDA came with to the end of the last branch that has it. */
static int driver_of_cuda(struct host_facts *out, const struct matrix *m, struct ver2 cuda, struct arena *a, struct err *err)
{
	const struct row_driver_branches *last = NULL;
	for (size_t i = 0; i < m->driver_branches.n; i++)
		if (!ver2_cmp(m->driver_branches.v[i].cuda, cuda)) {
			last = &m->driver_branches.v[i];
			if (!out->driver_lo || version_cmp(last->first, out->driver_lo) < 0)
				out->driver_lo = last->first;
		}
	if (!last)
		return 0;
	for (size_t i = 0; i < m->toolkits.n; i++)
		if (!ver2_cmp(m->toolkits.v[i].cuda, cuda) && m->toolkits.v[i].driver[0])
			out->driver_lo = m->toolkits.v[i].driver;
	out->driver_hi = arena_printf(a, "%d.999", last->branch);
	out->driver_known = out->driver_hi != NULL;
	return out->driver_hi ? 0 : err_nomem(err);
}

static int derive_driver(const struct host *h, const struct matrix *m, struct host_facts *out, struct arena *a, struct err *err)
{
	if (h->driver_is != DRIVER_UNSTATED) {
		out->driver_known = true;
		out->driver_lo = h->driver_lo;
		out->driver_hi = h->driver_is == DRIVER_BRANCH ? branch_end(h->driver_hi, a) : h->driver_hi;
		if (!out->driver_hi)
			return err_nomem(err);
		out->cuda_lo = matrix_driver_cuda(m, out->driver_lo, out->system, &out->cuda_source);
		out->cuda_hi = matrix_driver_cuda(m, out->driver_hi, out->system, NULL);
		if (!ver2_known(out->cuda_lo) || !ver2_known(out->cuda_hi))
			out->cuda_lo = out->cuda_hi = VER2_NONE;
	}
	if (!ver2_known(h->cuda))
		return 0;
	if (ver2_known(out->cuda_lo)) {
		out->cuda_stated_differs = ver2_cmp(h->cuda, out->cuda_lo) < 0 || ver2_cmp(h->cuda, out->cuda_hi) > 0;
		return 0;
	}
	out->cuda_lo = out->cuda_hi = h->cuda;
	if (!out->driver_known && out->system == DRIVER_LINUX)
		return driver_of_cuda(out, m, h->cuda, a, err);
	return 0;
}

static void derive_gpu(const struct host_gpu *g, const struct matrix *m, struct gpu_facts *out)
{
	struct gpu_match match = matrix_gpu(m, g->name);
	*out = (struct gpu_facts){ .stated = g, .name = g->name, .cc = ver2_known(g->cc) ? g->cc : match.cc, .vendor = match.vendor,
				   .row = match.row, .suggest = match.suggest[0] };
	if (ver2_known(g->cc))
		out->vendor = GPU_NVIDIA;
	out->arch = ver2_known(out->cc) ? matrix_arch(m, out->cc) : NULL;
	if (match.row)
		out->forward_compat = str_eq(match.row->forward_compat, "yes") ? TRI_YES :
				      str_eq(match.row->forward_compat, "no") ? TRI_NO : TRI_UNKNOWN;
	else if (strcasestr(g->name, "geforce") || strcasestr(g->name, "titan"))
		out->forward_compat = TRI_NO;
}

/* Jetsons had drivers of their own numbers, those of the whole release, R21 to R38: 35.3.1. */
static bool l4t_release(const char *driver)
{
	unsigned long major;
	return version_parts(driver, &major, 1) && major >= 21 && major < 40;
}

int host_derive(const struct host *h, const struct matrix *m, struct host_facts *out, struct arena *a, struct err *err)
{
	*out = (struct host_facts){ .host = h, .cuda_lo = VER2_NONE, .cuda_hi = VER2_NONE, .no_gpu = h->no_gpu };
	out->gpus_known = h->gpus.n > 0 || h->no_gpu;
	for (size_t i = 0; i < h->gpus.n; i++) {
		struct gpu_facts *g = list_push(a, &out->gpus);
		if (!g)
			return err_nomem(err);
		derive_gpu(&h->gpus.v[i], m, g);
		out->any_nvidia = out->any_nvidia || g->vendor == GPU_NVIDIA || g->vendor == GPU_UNKNOWN;
		if (g->arch && g->arch->tegra)
			out->system = DRIVER_JETSON;
	}
	if (h->driver_is != DRIVER_UNSTATED && l4t_release(h->driver_lo))
		out->system = DRIVER_JETSON;
	if (h->os == HOST_WSL2 || h->os == HOST_WINDOWS)
		out->system = DRIVER_WINDOWS;
	out->states_any = h->driver_is != DRIVER_UNSTATED || ver2_known(h->cuda) || out->gpus_known;
	return derive_driver(h, m, out, a, err);
}

int host_derive_driver(const struct host_facts *was, const struct host *now, const struct matrix *m, struct host_facts *out, struct arena *a,
		       struct err *err)
{
	*out = *was;
	out->host = now;
	out->driver_known = out->cuda_stated_differs = false;
	out->driver_lo = out->driver_hi = out->cuda_source = NULL;
	out->cuda_lo = out->cuda_hi = VER2_NONE;
	out->states_any = now->driver_is != DRIVER_UNSTATED || ver2_known(now->cuda) || out->gpus_known;
	return derive_driver(now, m, out, a, err);
}

enum tri host_driver_reaches(const struct host_facts *h, const char *version)
{
	if (!h->driver_known)
		return TRI_UNKNOWN;
	if (version_cmp(h->driver_lo, version) >= 0)
		return TRI_YES;
	return version_cmp(h->driver_hi, version) < 0 ? TRI_NO : TRI_UNKNOWN;
}

enum tri host_cuda_reaches(const struct host_facts *h, struct ver2 cuda)
{
	if (!ver2_known(h->cuda_lo))
		return TRI_UNKNOWN;
	if (ver2_cmp(h->cuda_lo, cuda) >= 0)
		return TRI_YES;
	return ver2_cmp(h->cuda_hi, cuda) < 0 ? TRI_NO : TRI_UNKNOWN;
}

const char *host_floor_text(const struct host_facts *h, const struct row_minor_version *floor)
{
	return h && h->system == DRIVER_WINDOWS ? floor->windows_driver : floor->driver;
}

enum tri host_runs_cuda(const struct host_facts *h, const struct matrix *m, struct ver2 cuda, const struct row_minor_version **floor)
{
	*floor = matrix_floor(m, cuda);
	if (!*floor)
		return TRI_UNKNOWN;
	/* a driver that implements this CUDA or a newer one runs it, whatever its number (Jetson's are not Linux branches) */
	enum tri implements = ver2_full(cuda) ? host_cuda_reaches(h, cuda) : TRI_UNKNOWN;
	if (implements == TRI_YES)
		return TRI_YES;
	if (h->system == DRIVER_JETSON || !h->driver_known) {
		if (!ver2_known(h->cuda_lo))
			return TRI_UNKNOWN;
		struct ver2 first = (*floor)->minor_compatible || !ver2_full(cuda) ? (struct ver2){ cuda.major, 0 } : cuda;
		return host_cuda_reaches(h, first);
	}
	return host_driver_reaches(h, host_floor_text(h, *floor));
}
