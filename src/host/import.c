#include "host/import.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "parse/collectenv.h"
#include "parse/k8snodes.h"
#include "parse/nvsmi.h"
#include "parse/nvsmixml.h"
#include "parse/procdriver.h"

struct host *host_add(struct host_list *list, struct arena *a, struct err *err)
{
	if (list->v.n >= LIMIT_HOSTS) {
		err_set(err, ERR_LIMIT, "more than %u hosts", LIMIT_HOSTS);
		return NULL;
	}
	struct host *h = list_push(a, &list->v);
	if (!h)
		err_nomem(err);
	else
		*h = (struct host){ .nodes = 1, .cuda = VER2_NONE };
	return h;
}

int host_from_machine(const struct machine *m, const char *name, struct host *h, struct arena *a, struct err *err)
{
	*h = (struct host){ .nodes = m->nodes ? m->nodes : 1, .cuda = m->cuda, .arch = m->arch, .no_gpu = m->no_gpu && !m->gpus.n };
	h->name = m->name ? m->name : arena_str(a, name);
	h->os = str_eq(m->os, "linux") ? HOST_LINUX : str_eq(m->os, "wsl2") ? HOST_WSL2 : str_eq(m->os, "windows") ? HOST_WINDOWS : HOST_OS_UNKNOWN;
	h->module = str_eq(m->module, "open") ? MODULE_OPEN : str_eq(m->module, "proprietary") ? MODULE_PROPRIETARY : MODULE_UNKNOWN;
	if (!h->name)
		return err_nomem(err);
	for (size_t i = 0; i < m->gpus.n; i++) {
		const struct machine_gpu *g = &m->gpus.v[i];
		struct host_gpu gpu = { .name = g->name, .cc = g->cc, .brand = g->brand, .count = g->count };
		if (!list_add(a, &h->gpus, gpu))
			return err_nomem(err);
	}
	return m->driver ? host_set_driver(h, m->driver, a, err) : 0;
}

/*
 * A paste may hold several of these. The first that states a fact wins: XML
 * and -q have whole names, a table cuts them off.
 */
static int read_all(struct span text, struct machine *m, struct arena *a, struct err *err)
{
	if (nvsmixml_is(text))
		return nvsmixml_parse(text, a, m, err);
	if (collectenv_is(text)) {
		struct collectenv_facts f;
		if (collectenv_parse(text, a, &f, err) < 0)
			return -1;
		machine_fill(m, &f.machine);
	}
	if (nvsmi_is_query(text) && nvsmi_query(text, a, m, err) < 0)
		return -1;
	if (nvsmi_is_list(text) && nvsmi_list(text, a, m, err) < 0)
		return -1;
	if (nvsmi_is_table(text) && nvsmi_table(text, a, m, err) < 0)
		return -1;
	if (procdriver_is(text) && procdriver_parse(text, a, m, err) < 0)
		return -1;
	return !machine_says(m) && nvsmi_is_csv(text) ? nvsmi_csv(text, a, m, err) : 0;
}

/* Why a text from these tools states nothing, where it says so itself. */
static int says_nothing(struct span text, struct err *err)
{
	static const struct { const char *says, *means; } known[] = {
		{ "NVIDIA-SMI has failed", "nvidia-smi found no driver that runs: it states nothing of the host" },
		{ "Driver/library version mismatch", "the driver was upgraded and the host not rebooted: nvidia-smi states nothing of it" },
		{ "Failed to initialize NVML", "nvidia-smi could not reach the driver: it states nothing of the host" },
		{ "No devices were found", "nvidia-smi saw no GPU: state \"no_gpu\": true in a profile if there is none" },
		{ "command not found", "it is a shell's complaint, not what nvidia-smi prints" },
	};
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (span_find(text, known[i].says) < text.n)
			return err_set(err, ERR_FORMAT, "%s", known[i].means);
	if (collectenv_is(text) || nvsmi_is_table(text) || nvsmi_is_query(text) || nvsmixml_is(text) || nvsmi_is_csv(text))
		return err_set(err, ERR_FORMAT, "it states neither driver nor CUDA nor GPU");
	return err_set(err, ERR_FORMAT, "it is in none of the accepted forms: a profile (JSON), nvidia-smi (its table, -L, -q, -q -x, "
		       "--query-gpu=name,driver_version,compute_cap --format=csv), /proc/driver/nvidia/version, modinfo nvidia, torch.utils.collect_env, "
		       "kubectl get nodes -o json, or driver=535.104.05,gpu=H100x8");
}

int host_import(struct span text, const char *name, struct host_list *list, struct arena *a, struct err *err)
{
	struct machine m = MACHINE_INIT;
	if (read_all(text, &m, a, err) < 0)
		return -1;
	if (!machine_says(&m))
		return says_nothing(text, err);
	struct host *h = host_add(list, a, err);
	return h ? host_from_machine(&m, name, h, a, err) : -1;
}

int host_import_nodes(const json_t *o, struct host_list *list, struct arena *a, struct err *err)
{
	struct node_groups groups;
	if (k8snodes_parse(o, a, &groups, err) < 0)
		return -1;
	if (!groups.v.n)
		return err_set(err, ERR_FORMAT, "none of its %u nodes says anything of GPUs (labels of GPU feature discovery: nvidia.com/gpu.product)", groups.silent);
	list->silent_nodes += groups.silent;
	for (size_t i = 0; i < groups.v.n; i++) {
		struct host *h = host_add(list, a, err);
		if (!h || host_from_machine(&groups.v.v[i], groups.v.v[i].name, h, a, err) < 0)
			return -1;
	}
	return 0;
}

/* ---- driver=535.104.05,gpu=H100x8 ---- */

enum { KEY_NONE, KEY_NAME, KEY_DRIVER, KEY_CUDA, KEY_GPU, KEY_ARCH, KEY_OS, KEY_RUNTIME };

static int key_of(struct span s)
{
	static const char *const keys[] = { "", "name", "driver", "cuda", "gpu", "arch", "os", "runtime" };
	for (int i = KEY_NAME; i <= KEY_RUNTIME; i++)
		if (span_eq(s, keys[i]))
			return i;
	return KEY_NONE;
}

bool host_is_inline(struct span text)
{
	struct span key = span_sub(text, 0, span_chr(text, '='));
	return key.n < text.n && key_of(span_trim(key)) != KEY_NONE;
}

/* "H100x8": eight of them. */
static int inline_gpu(struct host *h, struct span s, struct arena *a, struct err *err)
{
	struct host_gpu g = { .cc = VER2_NONE, .count = 1 };
	uint64_t count;
	size_t x = s.n;
	while (x && s.p[x - 1] >= '0' && s.p[x - 1] <= '9')
		x--;
	if (x > 1 && s.p[x - 1] == 'x' && span_number(span_from(s, x), &count) && count >= 1 && count <= LIMIT_GPU_COUNT) {
		g.count = (unsigned)count;
		s = span_trim(span_sub(s, 0, x - 1));
	}
	g.name = arena_strn(a, s.p, s.n);
	return g.name && list_add(a, &h->gpus, g) ? 0 : err_nomem(err);
}

static int inline_field(struct host *h, int key, struct span value, struct arena *a, struct err *err)
{
	const char *s = arena_strn(a, value.p, value.n);
	if (!s)
		return err_nomem(err);
	switch (key) {
	case KEY_NAME:
		h->name = s;
		return 0;
	case KEY_DRIVER:
		return host_set_driver(h, s, a, err);
	case KEY_CUDA:
		h->cuda = ver2_parse(s);
		return ver2_known(h->cuda) ? 0 : err_set(err, ERR_USAGE, "cuda=%s: a version such as 12.4 is expected", s);
	case KEY_GPU:
		return inline_gpu(h, value, a, err);
	case KEY_ARCH:
		return host_set_arch(h, s, a, err);
	case KEY_RUNTIME:
		return host_set_runtime(h, s, err);
	default:
		return host_set_os(h, s, err);
	}
}

int host_read_inline(struct span text, const char *name, struct host_list *list, struct arena *a, struct err *err)
{
	struct host *h = host_add(list, a, err);
	if (!h)
		return -1;
	while (text.n && text.p[text.n - 1] == '\n')
		text = span_trim(span_sub(text, 0, text.n - 1));
	while (text.n) {
		struct span value = span_cut(&text, ','), key = span_trim(span_cut(&value, '='));
		value = span_trim(value);
		int which = key_of(key);
		if (which == KEY_NONE || !value.n || span_chr(value, '\n') < value.n || memchr(value.p, 0, value.n))
			return err_set(err, ERR_USAGE, "\"%.*s\": NAME=VALUE is expected, with a name of driver, cuda, gpu, arch, os, runtime, name",
				       (int)(key.n < 40 ? key.n : 40), (const char *)key.p);
		if (inline_field(h, which, value, a, err) < 0)
			return -1;
	}
	if (!h->name)
		h->name = arena_str(a, name);
	return h->name ? 0 : err_nomem(err);
}
