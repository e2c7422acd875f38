#include "cmd/hosts.h"

#include "cmd/options.h"
#include "cmd/outputs.h"
#include "host/host.h"
#include "matrix/matrix.h"

/* --driver, --gpu, --arch and --runtime override what every profile states. */
static int override(struct hosts *h, struct host *host, const struct options *o, struct err *err)
{
	if (o->driver && host_set_driver(host, o->driver, &h->arena, err) < 0)
		return err_in(err, "--driver '%s'", o->driver);
	if (o->driver)
		host->cuda = VER2_NONE; /* it was the old driver's */
	if (o->arch && host_set_arch(host, o->arch, &h->arena, err) < 0)
		return err_in(err, "--arch '%s'", o->arch);
	if (o->runtime && host_set_runtime(host, o->runtime, err) < 0)
		return err_in(err, "--runtime '%s'", o->runtime);
	if (!o->gpus.n)
		return 0;
	host->gpus.v = NULL;
	host->gpus.n = host->gpus.cap = 0;
	host->no_gpu = false;
	for (size_t i = 0; i < o->gpus.n; i++) {
		struct host_gpu g = { .name = o->gpus.v[i], .cc = VER2_NONE, .count = 1 };
		if (!list_add(&h->arena, &host->gpus, g))
			return err_nomem(err);
	}
	return 0;
}

/* A name that nobody knows is most likely a slip, so the command line is refused with the nearest names. */
static int check_gpus(const struct options *o, const struct matrix *m, struct err *err)
{
	for (size_t i = 0; i < o->gpus.n; i++) {
		struct gpu_match g = matrix_gpu(m, o->gpus.v[i]);
		if (g.vendor != GPU_UNKNOWN && !g.ambiguous)
			continue;
		if (!g.suggest[0])
			return err_set(err, ERR_USAGE, "--gpu '%s': no such GPU is known; a name as H100, or a capability as sm_90 or 9.0, is expected",
				       o->gpus.v[i]);
		return err_set(err, ERR_USAGE, "--gpu '%s': %s: did you mean '%s'%s%s%s?", o->gpus.v[i],
			       g.ambiguous ? "several GPUs have that name" : "no such GPU is known", g.suggest[0],
			       g.suggest[1] ? " or '" : "", g.suggest[1] ? g.suggest[1] : "", g.suggest[1] ? "'" : "");
	}
	return 0;
}

static const char *ver2_keep(struct arena *a, struct ver2 v)
{
	return ver2_known(v) ? arena_str(a, ver2_print(v).s) : NULL;
}

/* The host as reports show it: what is stated, and what follows from that. */
static int show(struct hosts *h, const struct host *host, const struct matrix *m, struct err *err)
{
	struct report_host *r = list_push(&h->arena, &h->shown);
	if (!r)
		return err_nomem(err);
	struct ver2 cuda = host->cuda;
	if (!ver2_known(cuda) && host->driver_lo)
		cuda = matrix_driver_cuda(m, host->driver_lo, host->os == HOST_WSL2 || host->os == HOST_WINDOWS ? DRIVER_WINDOWS : DRIVER_LINUX, NULL);
	*r = (struct report_host){ .name = host->name, .driver = host->driver, .cuda = ver2_keep(&h->arena, cuda), .arch = host->arch,
				   .runtime = host_runtime_name(host->runtime), .nodes = host->nodes, .no_gpu = host->no_gpu };
	for (size_t i = 0; i < host->gpus.n; i++) {
		const struct host_gpu *g = &host->gpus.v[i];
		struct ver2 cc = ver2_known(g->cc) || !g->name ? g->cc : matrix_gpu(m, g->name).cc;
		struct report_gpu shown = { .name = g->name, .cc = ver2_keep(&h->arena, cc), .count = g->count };
		if (!list_add(&h->arena, &r->gpus, shown))
			return err_nomem(err);
	}
	return 0;
}

static int read_files(struct hosts *h, struct host_list *list, const char *const *files, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		struct err why = ERR_INIT;
		size_t before = list->v.n;
		if (host_read_path(files[i], list, &h->arena, &why) == 0 && list->v.n > before)
			continue;
		if (!why.text[0])
			err_set(&why, ERR_FORMAT, "it holds no host");
		if (why.kind == ERR_NOMEM)
			return err_nomem(err);
		say("--host '%s': %s", files[i], why.text);
		struct report_error e = { .name = arena_str(&h->arena, files[i]), .text = arena_str(&h->arena, why.text) };
		if (!e.name || !e.text || !list_add(&h->arena, &h->errors, e))
			return err_nomem(err);
	}
	return 0;
}

/* The name of a host that the command line describes: what was said of it. */
static const char *given_name(struct arena *a, const struct options *o)
{
	if (o->gpus.n == 1)
		return arena_printf(a, "%s%s%s", o->gpus.v[0], o->driver ? "/" : "", o->driver ? o->driver : "");
	return o->driver ? o->driver : "command line";
}

int hosts_open(struct hosts *h, const struct options *o, const char *const *files, size_t files_n, const struct matrix *m, struct err *err)
{
	*h = (struct hosts){ 0 };
	struct host_list *list = arena_alloc(&h->arena, sizeof(*list));
	if (!list)
		return err_nomem(err);
	if (check_gpus(o, m, err) < 0 || read_files(h, list, files, files_n, err) < 0)
		return -1;
	if (!files_n && (o->driver || o->gpus.n || o->arch || o->runtime)) {
		struct host one = { .name = given_name(&h->arena, o), .os = HOST_LINUX, .cuda = VER2_NONE, .nodes = 1 };
		if (!one.name || !list_add(&h->arena, &list->v, one))
			return err_nomem(err);
	}
	for (size_t i = 0; i < list->v.n; i++) {
		struct host *host = &list->v.v[i];
		if (override(h, host, o, err) < 0 || show(h, host, m, err) < 0)
			return -1;
		if (!list_add(&h->arena, &h->v, (const struct host *)host))
			return err_nomem(err);
	}
	return 0;
}

void hosts_close(struct hosts *h)
{
	arena_clear(&h->arena);
	*h = (struct hosts){ 0 };
}
