#include "check/compare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/limits.h"
#include "base/str.h"
#include "inventory/inventory.h"
#include "matrix/matrix.h"

/* One version of one name on one side; the sides are sorted and walked together. */
struct item {
	const char *name, *value, *environment;
	int group; /* the role of its environment, so that a renamed environment is no change */
	bool gpu;
};
typedef LIST(struct item) items;

static int item_cmp(const void *x, const void *y)
{
	const struct item *a = x, *b = y;
	int c = str_cmp(a->name, b->name);
	c = c ? c : a->group - b->group;
	return c ? c : str_cmp(a->value, b->value);
}

static int same_name(const struct item *a, const struct item *b)
{
	int c = str_cmp(a->name, b->name);
	return c ? c : a->group - b->group;
}

static int add_change(struct arena *a, changes *list, const struct item *before, const struct item *after)
{
	const struct item *any = after ? after : before;
	struct change c = { .name = any->name, .before = before ? before->value : NULL, .after = after ? after->value : NULL,
			    .environment = any->environment, .gpu = any->gpu };
	return list_add(a, list, c) ? 0 : -1;
}

/* What one name has on both sides goes away; of the rest the first goes with the first. */
static int pair(struct arena *a, changes *list, const struct item *b, size_t bn, const struct item *f, size_t fn)
{
	LIST(const struct item *) left = { 0 };
	bool *used = arena_alloc(a, fn + 1);
	if (!used)
		return -1;
	for (size_t i = 0; i < bn; i++) {
		size_t k = 0;
		while (k < fn && (used[k] || !str_eq(b[i].value, f[k].value)))
			k++;
		if (k < fn)
			used[k] = true;
		else if (!list_add(a, &left, &b[i]))
			return -1;
	}
	size_t next = 0;
	for (size_t k = 0; k < fn; k++)
		if (!used[k] && add_change(a, list, next < left.n ? left.v[next++] : NULL, &f[k]) < 0)
			return -1;
	for (; next < left.n; next++)
		if (add_change(a, list, left.v[next], NULL) < 0)
			return -1;
	return 0;
}

static int compare_items(struct arena *a, changes *list, items *before, items *after)
{
	list_sort(before, item_cmp);
	list_sort(after, item_cmp);
	for (size_t i = 0, k = 0; i < before->n || k < after->n;) {
		int c = i == before->n ? 1 : k == after->n ? -1 : same_name(&before->v[i], &after->v[k]);
		size_t bn = 0, fn = 0;
		while (c <= 0 && i + bn < before->n && !same_name(&before->v[i], &before->v[i + bn]))
			bn++;
		while (c >= 0 && k + fn < after->n && !same_name(&after->v[k], &after->v[k + fn]))
			fn++;
		if (pair(a, list, before->v + i, bn, after->v + k, fn) < 0)
			return -1;
		i += bn;
		k += fn;
	}
	return 0;
}

/* ---- what is compared ---- */

static int package_items(const struct inventory *inv, struct arena *a, items *list)
{
	for (size_t i = 0; i < inv->packages.n; i++) {
		const struct package *p = &inv->packages.v[i];
		const char *value = p->version ? p->version : "(version not known)";
		/* torch 2.5.1+cu124 says its CUDA in its version; others do not */
		if (p->gpu_known && ver2_known(p->gpu.cuda) && !(p->version && strchr(p->version, '+')))
			value = arena_printf(a, "%s (CUDA %s)", value, ver2_print(p->gpu.cuda).s);
		bool gpu = p->gpu_known && p->gpu.vendor != VENDOR_NONE && p->gpu.vendor != VENDOR_UNKNOWN && !str_starts(p->name, "nvidia-");
		struct item it = { p->name, value, p->environment, (int)inventory_env_role(inv, p->environment), gpu };
		if (!value || !list_add(a, list, it))
			return -1;
	}
	return 0;
}

static int add_item(struct arena *a, items *list, const char *name, const char *value)
{
	struct item it = { .name = name, .value = value };
	for (size_t i = 0; i < list->n; i++)
		if (str_eq(list->v[i].name, name) && str_eq(list->v[i].value, value))
			return 0;
	return !name || !value || list_add(a, list, it) ? 0 : -1;
}

static int library_items(const struct inventory *inv, struct arena *a, items *list)
{
	int rc = 0;
	for (size_t i = 0; i < inv->libraries.n; i++)
		rc |= add_item(a, list, inv->libraries.v[i].component, inv->libraries.v[i].version);
	for (size_t i = 0; i < inv->toolkits.n; i++)
		rc |= add_item(a, list, "CUDA toolkit", inv->toolkits.v[i].version);
	for (size_t i = 0; i < inv->compat.n; i++)
		rc |= add_item(a, list, "forward-compat driver", inv->compat.v[i].version);
	for (size_t i = 0; i < inv->compilers.n; i++)
		rc |= add_item(a, list, inv->compilers.v[i].tool, inv->compilers.v[i].version);
	for (size_t i = 0; i < inv->driver_libraries.n; i++)
		if (inv->driver_libraries.v[i].kind == DRIVER_REAL)
			rc |= add_item(a, list, "driver library", inv->driver_libraries.v[i].version);
	return rc;
}

static const char *two(struct arena *a, const char *x, const char *y)
{
	return x ? arena_printf(a, "%s%s%s", x, y ? " " : "", y ? y : "") : NULL;
}

static int system_items(const struct inventory *inv, struct arena *a, items *list)
{
	int rc = add_item(a, list, "platform", inv->arch ? arena_printf(a, "%s/%s", inv->os_name ? inv->os_name : "?", inv->arch) : NULL);
	rc |= add_item(a, list, "OS", two(a, inv->os.id, inv->os.version));
	rc |= add_item(a, list, "C library", two(a, inv->os.libc, inv->os.libc_version));
	for (size_t i = 0; i < inv->environments.n; i++)
		if (inv->environments.v[i].role == ENV_PRIMARY) {
			rc |= add_item(a, list, "environment", inv->environments.v[i].path);
			rc |= add_item(a, list, "Python", inv->environments.v[i].python);
		}
	return rc;
}

/* Variables that decide about GPUs, loading or what is started; others may hold secrets and are nobody's business. */
static bool tells(const char *name)
{
	static const char *const heads[] = { "NVIDIA_", "CUDA_", "NCCL_", "TORCH_", "PYTORCH_", "TRITON_", "XLA_", "ROCR_", "HIP_" };
	static const char *const names[] = { "PATH", "LD_LIBRARY_PATH", "LD_PRELOAD", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV" };
	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++)
		if (str_starts(name, heads[i]))
			return true;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (str_eq(name, names[i]))
			return true;
	return false;
}

static const char *words(struct arena *a, const char *const *v, size_t n)
{
	auto_buf struct buf b = BUF_INIT(LIMIT_TEXT);
	for (size_t i = 0; i < n; i++)
		buf_printf(&b, "%s%s", i ? " " : "", v[i]);
	return arena_str(a, buf_text(&b));
}

static int setting_items(const struct inventory *inv, struct arena *a, items *list)
{
	int rc = 0;
	for (size_t i = 0; i < inv->env.n; i++)
		if (tells(inv->env.v[i].name))
			rc |= add_item(a, list, inv->env.v[i].name, inv->env.v[i].value ? inv->env.v[i].value : "");
	if (inv->entrypoint.n)
		rc |= add_item(a, list, "ENTRYPOINT", words(a, inv->entrypoint.v, inv->entrypoint.n));
	if (inv->command.n)
		rc |= add_item(a, list, "CMD", words(a, inv->command.v, inv->command.n));
	return rc;
}

enum { SYSTEM, PACKAGES, LIBRARIES, SETTINGS, KINDS };

static int collect(const struct inventory *inv, struct arena *a, items list[KINDS])
{
	int rc = system_items(inv, a, &list[SYSTEM]);
	rc |= package_items(inv, a, &list[PACKAGES]);
	rc |= library_items(inv, a, &list[LIBRARIES]);
	return rc | setting_items(inv, a, &list[SETTINGS]);
}

static int compare_lists(struct arena *a, struct comparison *c)
{
	items before[KINDS] = { 0 }, after[KINDS] = { 0 };
	if (collect(c->before, a, before) < 0 || collect(c->after, a, after) < 0)
		return -1;
	int rc = compare_items(a, &c->system, &before[SYSTEM], &after[SYSTEM]);
	rc |= compare_items(a, &c->packages, &before[PACKAGES], &after[PACKAGES]);
	rc |= compare_items(a, &c->libraries, &before[LIBRARIES], &after[LIBRARIES]);
	return rc | compare_items(a, &c->settings, &before[SETTINGS], &after[SETTINGS]);
}

/* ---- GPUs ---- */

static enum gpu_reach reach(const struct matrix *m, const struct requires *q, struct ver2 cc)
{
	for (size_t i = 0; i < q->native.n; i++)
		if (matrix_cubin_runs(m, q->native.v[i], cc))
			return REACH_NATIVE;
	for (size_t i = 0; i < q->jit.n; i++)
		if (matrix_ptx_fits(m, q->jit.v[i], cc))
			return REACH_JIT;
	return REACH_NONE;
}

/* How well a name is known: H100 by its number, then those of gamers, short ones first. */
static int fame(const struct row_gpus *g, const char *name)
{
	size_t digits = strspn(name + (name[0] != '\0'), "0123456789");
	long number = digits && digits < 5 && !name[1 + digits] ? strtol(name + 1, NULL, 10) : 0;
	if (str_eq(g->class, "datacenter") && number && number != 800) /* A800 and H800 are the same for export */
		return 1000 + (int)number;
	return (str_eq(g->class, "geforce") ? 500 : 200) - (int)(strlen(name) < 100 ? strlen(name) : 100);
}

/* A name that people know, without its maker. */
static const char *example(const struct matrix *m, struct ver2 cc, struct arena *a)
{
	static const char *const makers[] = { "NVIDIA ", "GeForce ", "Tesla " };
	const char *best = NULL;
	int known = -1;
	for (size_t i = 0; i < m->gpus.n; i++) {
		const char *name = m->gpus.v[i].id;
		if (ver2_cmp(m->gpus.v[i].cc, cc))
			continue;
		for (size_t k = 0; k < sizeof(makers) / sizeof(*makers); k++)
			if (str_starts(name, makers[k]))
				name += strlen(makers[k]);
		int own = fame(&m->gpus.v[i], name);
		best = own > known ? name : best;
		known = own > known ? own : known;
	}
	size_t n = best ? strcspn(best, "(/") : 0;
	while (n && best[n - 1] == ' ')
		n--;
	return best ? arena_strn(a, best, n) : NULL;
}

static int compare_gpus(const struct matrix *m, struct arena *a, struct comparison *c)
{
	const struct requires *old = &c->before->requires, *new = &c->after->requires;
	bool arm = str_eq(c->after->arch, "arm64");
	c->gpus_known = old->known && new->known && old->gpu_known && new->gpu_known;
	for (size_t i = 0; c->gpus_known && i < m->architectures.n; i++) {
		const struct row_architectures *r = &m->architectures.v[i];
		if (r->tegra && !arm)
			continue;
		struct gpu_change g = { .cc = r->cc, .arch = r->arch, .before = reach(m, old, r->cc), .after = reach(m, new, r->cc) };
		g.such_as = example(m, r->cc, a);
		if (g.before != g.after && !list_add(a, &c->gpus, g))
			return -1;
	}
	return 0;
}

/* ---- findings ---- */

/* How bad: a known failure is worse than an open question of its level. */
static int rank(const struct finding *f)
{
	return f->answer == ANSWER_PASS ? 0 : 2 * (int)f->level + (f->answer == ANSWER_FAIL) + 1;
}

static const struct finding *find(const struct result *r, const char *fingerprint)
{
	const struct finding *best = NULL;
	for (size_t i = 0; i < r->findings.n; i++) {
		const struct finding *f = &r->findings.v[i];
		if (f->answer != ANSWER_PASS && str_eq(f->fingerprint, fingerprint) && (!best || rank(f) > rank(best)))
			best = f;
	}
	return best;
}

/* An environment that moved takes its findings along, under other fingerprints. */
static void pair_moved(struct host_change *h)
{
	for (size_t i = 0; i < h->fresh.n; i++)
		for (size_t k = 0; k < h->gone.n; k++) {
			const struct finding *f = h->fresh.v[i], *g = h->gone.v[k];
			if (f->rule != g->rule || !f->package || !str_eq(f->package, g->package) || !str_eq(f->gpu, g->gpu) || rank(f) != rank(g))
				continue;
			memmove(&h->fresh.v[i], &h->fresh.v[i + 1], (h->fresh.n - i - 1) * sizeof(*h->fresh.v));
			memmove(&h->gone.v[k], &h->gone.v[k + 1], (h->gone.n - k - 1) * sizeof(*h->gone.v));
			h->fresh.n--;
			h->gone.n--;
			h->same++;
			i--;
			break;
		}
}

static int compare_findings(struct arena *a, struct host_change *h)
{
	for (size_t i = 0; i < h->after->findings.n; i++) {
		const struct finding *f = &h->after->findings.v[i], *old = find(h->before, f->fingerprint);
		if (f->answer == ANSWER_PASS)
			continue;
		h->same += old && rank(old) >= rank(f);
		if ((!old || rank(old) < rank(f)) && !list_add(a, &h->fresh, f))
			return -1;
	}
	for (size_t i = 0; i < h->before->findings.n; i++) {
		const struct finding *f = &h->before->findings.v[i];
		if (f->answer != ANSWER_PASS && !find(h->after, f->fingerprint) && !list_add(a, &h->gone, f))
			return -1;
	}
	pair_moved(h);
	return 0;
}

static void compare_layers(struct comparison *c)
{
	const struct inventory *x = c->before, *y = c->after;
	size_t n = x->layers.n < y->layers.n ? x->layers.n : y->layers.n;
	while (c->layers_kept < n && x->layers.v[c->layers_kept].diff_id &&
	       str_eq(x->layers.v[c->layers_kept].diff_id, y->layers.v[c->layers_kept].diff_id))
		c->layers_kept++;
}

static void compare_driver(struct comparison *c)
{
	const struct requires *old = &c->before->requires, *new = &c->after->requires;
	c->driver_known = old->known && new->known;
	if (!c->driver_known)
		return;
	int order = !old->driver ? !!new->driver : !new->driver ? -1 : version_cmp(new->driver, old->driver);
	c->driver = order > 0 ? 1 : order < 0 ? -1 : 0;
}

int compare_targets(const struct inventory *before, const struct inventory *after, const struct result *const *old_results,
		    const struct result *const *new_results, size_t n, const struct matrix *m, struct arena *a, struct comparison *out, struct err *err)
{
	*out = (struct comparison){ .before = before, .after = after };
	compare_layers(out);
	compare_driver(out);
	if (compare_lists(a, out) < 0 || compare_gpus(m, a, out) < 0)
		return err_nomem(err);
	for (size_t i = 0; i < n; i++) {
		struct host_change *h = list_push(a, &out->hosts);
		if (!h)
			return err_nomem(err);
		h->before = old_results[i];
		h->after = new_results[i];
		if (compare_findings(a, h) < 0)
			return err_nomem(err);
	}
	return 0;
}
