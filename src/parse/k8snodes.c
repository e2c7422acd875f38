#include "parse/k8snodes.h"

#include "base/json.h"
#include "base/limits.h"
#include "base/str.h"

/* One node, and what equal ones have in common. */
struct node { const char *key; size_t at; struct machine m; };

static bool is_node(const json_t *o)
{
	return str_eq(json_get_str(o, "kind"), "Node");
}

bool k8snodes_is(const json_t *o)
{
	const char *kind = json_get_str(o, "kind");
	if (is_node(o) || str_eq(kind, "NodeList"))
		return true;
	const json_t *items = json_object_get(o, "items");
	return str_eq(kind, "List") && (!json_array_size(items) || is_node(json_array_get(items, 0)));
}

static struct span label(const json_t *labels, const char *key)
{
	const char *s = json_get_str(labels, key);
	return s ? SPAN_STR(s) : (struct span){ 0 };
}

/* A version from labels that hold its parts: PREFIX.major, .minor and, of a driver, .revision or (before 2024) .rev. */
static const char *joined(const json_t *labels, const char *prefix, const char *last, struct arena *a, struct err *err)
{
	char key[64];
	struct span part[3];
	static const char *const names[] = { "major", "minor" };
	for (size_t i = 0; i < 3; i++) {
		snprintf(key, sizeof(key), "nvidia.com/%s.%s", prefix, i < 2 ? names[i] : last);
		part[i] = label(labels, key);
	}
	if (!part[0].n)
		return "";
	const char *s = arena_printf(a, "%s%s%s%s%s", (const char *)part[0].p, part[1].n ? "." : "", part[1].n ? (const char *)part[1].p : "",
				     part[1].n && part[2].n ? "." : "", part[1].n && part[2].n ? (const char *)part[2].p : "");
	if (!s)
		err_nomem(err);
	return s;
}

/* GPU feature discovery: docs of k8s-device-plugin, "Generated Labels"; the forms with -version replace the older ones. */
static int versions(const json_t *labels, struct machine *m, struct arena *a, struct err *err)
{
	if (machine_set_driver(m, label(labels, "nvidia.com/cuda.driver-version.full"), a, err) < 0)
		return -1;
	machine_set_cuda(m, label(labels, "nvidia.com/cuda.runtime-version.full"));
	static const struct { const char *prefix, *last; bool driver; } forms[] = {
		{ "cuda.driver-version", "revision", true }, { "cuda.driver", "rev", true },
		{ "cuda.runtime-version", "-", false }, { "cuda.runtime", "-", false },
	};
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		const char *s = joined(labels, forms[i].prefix, forms[i].last, a, err);
		if (!s)
			return -1;
		if (!forms[i].driver)
			machine_set_cuda(m, SPAN_STR(s));
		else if (machine_set_driver(m, SPAN_STR(s), a, err) < 0)
			return -1;
	}
	return 0;
}

/* How many of a resource a node has ("nvidia.com/gpu": "8"); 0: none are stated. */
static unsigned capacity(const json_t *o, const char *resource)
{
	const char *s = json_get_str(json_object_get(json_object_get(o, "status"), "capacity"), resource);
	uint64_t n;
	return s && span_number(SPAN_STR(s), &n) && n < LIMIT_GPU_COUNT ? (unsigned)n : 0;
}

/*
 * Where GPU feature discovery did not run, and for other makers' GPUs: labels
 * of clouds and of the makers' own plugins; a label's value has no blanks.
 */
static int other_gpus(const json_t *o, const json_t *labels, struct machine *m, struct arena *a, struct err *err)
{
	static const struct { const char *name, *count, *resource, *maker; } forms[] = {
		{ "cloud.google.com/gke-accelerator", "cloud.google.com/gke-accelerator-count", "nvidia.com/gpu", "" },
		{ "karpenter.k8s.aws/instance-gpu-name", "karpenter.k8s.aws/instance-gpu-count", "nvidia.com/gpu", "" },
		{ "amd.com/gpu.product-name", NULL, "amd.com/gpu", "AMD" },
		{ "beta.amd.com/gpu.product-name", NULL, "amd.com/gpu", "AMD" },
		{ "gpu.intel.com/product", "gpu.intel.com/device.count", "gpu.intel.com/i915", "Intel" },
	};
	static const struct { const char *resource, *name; } bare[] = { { "amd.com/gpu", "AMD GPU" }, { "gpu.intel.com/i915", "Intel GPU" } };
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		struct span name = label(labels, forms[i].name);
		uint64_t count = 0;
		if (!name.n)
			continue;
		if (!forms[i].count || !span_number(label(labels, forms[i].count), &count) || !count || count > LIMIT_GPU_COUNT)
			count = capacity(o, forms[i].resource);
		bool named = span_starts(name, forms[i].maker);
		char *text = arena_printf(a, "%s%s%s", named ? "" : forms[i].maker, named ? "" : " ", (const char *)name.p);
		for (char *p = text; p && *p; p++)
			*p = *p == '_' ? ' ' : *p;
		if (!text)
			return err_nomem(err);
		return machine_add_gpu(m, SPAN_STR(text), (struct span){ 0 }, VER2_NONE, count ? (unsigned)count : 1, a, err);
	}
	for (size_t i = 0; i < sizeof(bare) / sizeof(*bare); i++) {
		unsigned n = capacity(o, bare[i].resource);
		if (n)
			return machine_add_gpu(m, SPAN_STR(bare[i].name), (struct span){ 0 }, VER2_NONE, n, a, err);
	}
	return 0;
}

static int gpus(const json_t *o, const json_t *labels, struct machine *m, struct arena *a, struct err *err)
{
	struct span product = label(labels, "nvidia.com/gpu.product");
	struct span major = label(labels, "nvidia.com/gpu.compute.major"), minor = label(labels, "nvidia.com/gpu.compute.minor");
	uint64_t count = 1, x = 0, y = 0;
	struct ver2 cc = VER2_NONE;
	if (span_number(label(labels, "nvidia.com/gpu.count"), &count) && !count)
		return 0;
	if (span_number(major, &x) && span_number(minor, &y) && x && x < 100 && y < 10)
		cc = (struct ver2){ (short)x, (short)y };
	if (!product.n)
		return other_gpus(o, labels, m, a, err);
	return machine_add_gpu(m, product, (struct span){ 0 }, cc, count < LIMIT_GPU_COUNT ? (unsigned)count : LIMIT_GPU_COUNT, a, err);
}

/* 1: it says something of GPUs, 0: nothing. */
static int read_node(const json_t *o, struct machine *m, struct arena *a, struct err *err)
{
	const json_t *metadata = json_object_get(o, "metadata"), *labels = json_object_get(metadata, "labels");
	const json_t *info = json_object_get(json_object_get(o, "status"), "nodeInfo");
	const char *os = json_get_str(info, "operatingSystem"), *arch = json_get_str(info, "architecture");
	const char *kernel = json_get_str(info, "kernelVersion"), *name = json_get_str(metadata, "name");
	*m = (struct machine)MACHINE_INIT;
	if (!is_node(o))
		return err_set(err, ERR_FORMAT, "it is no Node");
	m->name = arena_str(a, name ? name : "node");
	if (!m->name)
		return err_nomem(err);
	if (!arch)
		arch = json_get_str(labels, "kubernetes.io/arch");
	if (!os)
		os = json_get_str(labels, "kubernetes.io/os");
	m->arch = arch ? machine_arch(SPAN_STR(arch)) : NULL;
	bool wsl = kernel && strstr(kernel, "microsoft");
	m->os = str_eq(os, "windows") ? "windows" : wsl ? "wsl2" : str_eq(os, "linux") ? "linux" : NULL;
	if (versions(labels, m, a, err) < 0 || gpus(o, labels, m, a, err) < 0)
		return -1;
	m->no_gpu = !machine_says(m) && span_eq(label(labels, "nvidia.com/gpu.present"), "false");
	return machine_says(m) || span_eq(label(labels, "nvidia.com/gpu.present"), "true") || capacity(o, "nvidia.com/gpu");
}

static const char *key_of(const struct machine *m, struct arena *a)
{
	const struct machine_gpu none = { 0 }, *g = m->gpus.n ? m->gpus.v : &none;
	return arena_printf(a, "%s|%d.%d|%s|%s|%d|%s|%d.%d|%u", m->driver ? m->driver : "", m->cuda.major, m->cuda.minor, m->os ? m->os : "",
			    m->arch ? m->arch : "", m->no_gpu, g->name ? g->name : "", g->cc.major, g->cc.minor, g->count);
}

static int by_key(const void *a, const void *b)
{
	const struct node *x = a, *y = b;
	int order = strcmp(x->key, y->key);
	return order ? order : (x->at > y->at) - (x->at < y->at);
}

static int by_place(const void *a, const void *b)
{
	const struct node *x = a, *y = b;
	return (x->at > y->at) - (x->at < y->at);
}

int k8snodes_parse(const json_t *o, struct arena *a, struct node_groups *out, struct err *err)
{
	*out = (struct node_groups){ 0 };
	const json_t *items = json_object_get(o, "items");
	size_t n = is_node(o) ? 1 : json_array_size(items), kept = 0;
	LIST(struct node) nodes = { 0 };
	for (size_t i = 0; i < n; i++) {
		struct machine m;
		int says = read_node(is_node(o) ? o : json_array_get(items, i), &m, a, err);
		if (says < 0)
			return err_in(err, "node %zu", i + 1);
		out->silent += !says;
		if (!says)
			continue;
		struct node node = { key_of(&m, a), i, m };
		if (!node.key || !list_add(a, &nodes, node))
			return err_nomem(err);
	}
	list_sort(&nodes, by_key);
	for (size_t i = 0; i < nodes.n; i++) {
		if (kept && !strcmp(nodes.v[kept - 1].key, nodes.v[i].key))
			nodes.v[kept - 1].m.nodes++;
		else
			nodes.v[kept++] = nodes.v[i];
		if (nodes.v[kept - 1].m.nodes == 0)
			nodes.v[kept - 1].m.nodes = 1;
	}
	nodes.n = kept;
	list_sort(&nodes, by_place);
	for (size_t i = 0; i < nodes.n; i++)
		if (!list_add(a, &out->v, nodes.v[i].m))
			return err_nomem(err);
	return 0;
}
