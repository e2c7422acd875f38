#include "check/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "check/cause.h"
#include "check/remedy.h"
#include "check/rule.h"

static const struct rule *const families[] = { rules_driver, rules_ptxas, rules_gpu, rules_container, rules_library, rules_loading, rules_python, rules_distribution };
enum { FAMILIES = sizeof(families) / sizeof(*families), RULES_MAX = 128 };

/* ---- the catalogue ---- */

static int by_id(const void *a, const void *b)
{
	return strcmp((*(const struct rule_info *const *)a)->id, (*(const struct rule_info *const *)b)->id);
}

static size_t collect(const struct rule_info *list[RULES_MAX])
{
	size_t n = 0;
	for (size_t i = 0; i < FAMILIES; i++)
		for (const struct rule *r = families[i]; r->info.id && n < RULES_MAX; r++)
			list[n++] = &r->info;
	qsort(list, n, sizeof(*list), by_id);
	return n;
}

const struct rule_info *const *rules_all(size_t *n)
{
	static const struct rule_info *list[RULES_MAX];
	*n = collect(list);
	return list;
}

const struct rule_info *rule_find(const char *id)
{
	for (size_t i = 0; i < FAMILIES; i++)
		for (const struct rule *r = families[i]; r->info.id; r++)
			if (str_eq(r->info.id, id))
				return &r->info;
	return NULL;
}

const char *level_name(enum level l)
{
	return l == LEVEL_ERROR ? "error" : l == LEVEL_WARNING ? "warning" : "note";
}

const char *answer_name(enum answer a)
{
	return a == ANSWER_FAIL ? "fail" : a == ANSWER_UNKNOWN ? "unknown" : "pass";
}

const char *verdict_name(enum verdict v)
{
	static const char *const names[] = { "nothing", "pass", "warn", "unknown", "fail" };
	return names[v];
}

/* ---- facts ---- */

/* Does this package make the target one with GPU software? torch's CPU build does. */
static bool gpu_package(const struct package *p)
{
	return (p->gpu_known && p->gpu.vendor != VENDOR_NONE && p->gpu.vendor != VENDOR_UNKNOWN) || str_eq(p->name, "torch");
}

static struct facts facts_of(const struct inventory *inv, const struct host_facts *host, const struct matrix *m, const struct check_options *o)
{
	struct facts f = { .inv = inv, .host = host, .m = m, .options = o };
	bool cuda = false;
	for (size_t i = 0; i < inv->packages.n; i++) {
		f.gpu_software = f.gpu_software || gpu_package(&inv->packages.v[i]);
		cuda = cuda || inv->packages.v[i].gpu.vendor == VENDOR_CUDA;
	}
	for (size_t i = 0; i < inv->libraries.n; i++) {
		const struct library *l = &inv->libraries.v[i];
		bool own = (l->fat && l->fat->entries) || l->component;
		f.gpu_software = f.gpu_software || own;
		cuda = cuda || own;
	}
	f.gpu_intent = cuda || inv->toolkits.n || inv->compat.n || o->expect == EXPECT_GPU;
	for (size_t i = 0; i < inv->env.n; i++)
		f.gpu_intent = f.gpu_intent || str_starts(inv->env.v[i].name, "NVIDIA_");
	f.image = inv->kind == TARGET_IMAGE || inv->describes == TARGET_IMAGE;
	f.env_known = inv->known & INV_ENV;
	return f;
}

/* ---- emitting ---- */

static struct finding dummy;

struct finding *emit(struct out *out, enum answer answer, struct subject s, const char *fmt, ...)
{
	struct finding *f = list_push(out->a, &out->result->findings);
	if (!f) {
		out->bad = true;
		dummy = (struct finding){ .layer = -1 };
		return &dummy;
	}
	char text[1024];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	f->rule = &out->rule->info;
	f->answer = answer;
	f->level = out->rule->info.level;
	f->layer = -1;
	f->count = 1;
	f->message = arena_str(out->a, text);
	if (s.environment)
		f->environment = s.environment->path;
	if (s.package) {
		f->environment = s.package->environment;
		f->package = s.package->name;
		f->version = s.package->version;
		f->path = s.package->path;
		f->layer = s.package->layer;
	}
	if (s.library)
		at_path(f, s.library->path, s.library->layer);
	if (s.gpu)
		f->gpu = s.gpu->name;
	out->bad = out->bad || !f->message;
	return f;
}

void emit_pass(struct out *out, struct subject s)
{
	emit(out, ANSWER_PASS, s, "%s", out->rule->info.title);
}

struct finding *emit_unknown(struct out *out, struct subject s, const char *missing, const char *fmt, ...)
{
	char text[1024];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	struct finding *f = emit(out, ANSWER_UNKNOWN, s, "%s", text);
	f->missing = arena_str(out->a, missing);
	return f;
}

void lower(struct finding *f, enum level level, const char *why)
{
	if (level >= f->level)
		return;
	f->level = level;
	f->lowered = why;
}

void set_expected(struct out *out, struct finding *f, const char *expected, const char *found)
{
	f->expected = arena_str(out->a, expected);
	f->found = arena_str(out->a, found);
}

void set_cuda_error(struct out *out, struct finding *f, int code)
{
	const struct row_errors *e = matrix_error(out->f->m, code);
	if (!e)
		return;
	f->error.code = code;
	f->error.name = e->name;
	f->error.text = e->text;
}

void set_message_seen(struct finding *f, const char *text)
{
	f->error.text = text;
}

void set_message(struct out *out, struct finding *f, const char *id, ...)
{
	const struct row_messages *r = matrix_message(out->f->m, id);
	if (!r)
		return;
	struct buf b = BUF_INIT(1 << 16);
	const char *at = r->text;
	va_list ap;
	va_start(ap, id);
	for (const char *mark = strstr(at, "{}"), *arg; mark && (arg = va_arg(ap, const char *)); mark = strstr(at, "{}")) {
		buf_add(&b, at, (size_t)(mark - at));
		buf_str(&b, arg);
		at = mark + 2;
	}
	va_end(ap);
	buf_str(&b, at);
	f->error.text = b.bad ? NULL : arena_str(out->a, buf_text(&b));
	out->bad = out->bad || !f->error.text;
	buf_clear(&b);
}

void set_source(struct out *out, struct finding *f, const char *matrix, const char *row, const char *url)
{
	struct finding_source s = { matrix, row, url };
	if (!list_add(out->a, &f->sources, s))
		out->bad = true;
}

static void keep_remedy(struct out *out, struct finding *f, enum remedy_check said, const char *fmt, va_list ap)
{
	char text[1024];
	vsnprintf(text, sizeof(text), fmt, ap);
	for (size_t i = 0; i < f->remedies.n; i++)
		if (str_eq(f->remedies.v[i].text, text))
			return;
	struct remedy r = { arena_str(out->a, text), said };
	if (!r.text || !list_add(out->a, &f->remedies, r)) {
		out->bad = true;
		return;
	}
	/* what makes it run stands before what only helps */
	for (size_t i = f->remedies.n - 1; said == REMEDY_RUNS && i && f->remedies.v[i - 1].checked != REMEDY_RUNS; i--) {
		f->remedies.v[i] = f->remedies.v[i - 1];
		f->remedies.v[i - 1] = r;
	}
}

void add_remedy(struct out *out, struct finding *f, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	keep_remedy(out, f, REMEDY_UNTRIED, fmt, ap);
	va_end(ap);
}

void add_tried(struct out *out, struct finding *f, enum remedy_check said, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	if (said != REMEDY_FAILS)
		keep_remedy(out, f, said, fmt, ap);
	va_end(ap);
}

void at_path(struct finding *f, const char *path, int layer)
{
	f->path = path;
	f->layer = layer;
}

const char *package_text(struct out *out, const struct package *p)
{
	const char *s = p->version ? arena_printf(out->a, "%s %s", p->name, p->version) : p->name;
	return s ? s : p->name;
}

const char *tuple_text(struct out *out, const char *version)
{
	unsigned long v[3] = { 0 };
	if (!version || !version_parts(version, v, 3))
		return "an unknown one";
	const char *s = arena_printf(out->a, "(%lu, %lu, %lu)", v[0], v[1], v[2]);
	return s ? s : "";
}

const char *driver_text(struct out *out, const struct host_facts *h)
{
	const char *cuda = ver2_known(h->cuda_lo) ? arena_printf(out->a, " (CUDA %s)", ver2_print(h->cuda_lo).s) : "";
	const char *s = h->host->driver ? arena_printf(out->a, "%s%s", h->host->driver, cuda ? cuda : "") :
			ver2_known(h->cuda_lo) ? arena_printf(out->a, "a driver of CUDA %s", ver2_print(h->cuda_lo).s) : "no stated driver";
	return s ? s : "";
}

/* ---- running the rules ---- */

static void run_rule(const struct rule *r, const struct facts *f, struct out *out)
{
	const struct inventory *inv = f->inv;
	size_t gpus = f->host ? f->host->gpus.n : 0;
	out->rule = r;
	switch (r->info.scope) {
	case SCOPE_TARGET:
		r->look(f, (struct subject){ 0 }, out);
		break;
	case SCOPE_ENVIRONMENT:
		for (size_t i = 0; i < inv->environments.n; i++)
			r->look(f, (struct subject){ .environment = &inv->environments.v[i] }, out);
		if (!inv->environments.n)
			r->look(f, (struct subject){ 0 }, out);
		break;
	case SCOPE_PACKAGE:
		for (size_t i = 0; i < inv->packages.n; i++)
			r->look(f, (struct subject){ .package = &inv->packages.v[i] }, out);
		break;
	case SCOPE_LIBRARY:
		for (size_t i = 0; i < inv->libraries.n; i++)
			r->look(f, (struct subject){ .library = &inv->libraries.v[i] }, out);
		break;
	case SCOPE_GPU:
		for (size_t i = 0; i < gpus; i++)
			r->look(f, (struct subject){ .gpu = &f->host->gpus.v[i] }, out);
		break;
	case SCOPE_PACKAGE_GPU:
		for (size_t k = 0; k < inv->packages.n; k++)
			for (size_t i = 0; i < gpus; i++)
				r->look(f, (struct subject){ .package = &inv->packages.v[k], .gpu = &f->host->gpus.v[i] }, out);
		/* a host that states no GPU is asked about one all the same: the rule says what is missing */
		for (size_t k = 0; !gpus && k < inv->packages.n; k++)
			r->look(f, (struct subject){ .package = &inv->packages.v[k] }, out);
		break;
	case SCOPE_LIBRARY_GPU:
		for (size_t k = 0; k < inv->libraries.n; k++)
			for (size_t i = 0; i < gpus; i++)
				r->look(f, (struct subject){ .library = &inv->libraries.v[k], .gpu = &f->host->gpus.v[i] }, out);
		break;
	}
}

/* ---- ignores, levels ---- */

static bool glob_or_all(const char *glob, const char *s)
{
	return !glob || (s && glob_match(glob, s));
}

static bool ignored(const struct check_options *o, const struct finding *f, const struct host *host)
{
	for (size_t i = 0; i < o->ignores_n; i++) {
		struct ignore_rule *g = &o->ignores[i];
		if (g->expired || !glob_or_all(g->rule, f->rule->id) || !glob_or_all(g->package, f->package) || !glob_or_all(g->path, f->path) ||
		    !glob_or_all(g->host, host ? host->name : NULL))
			continue;
		g->used = true;
		return true;
	}
	return false;
}

static void apply_options(const struct check_options *o, struct result *r)
{
	size_t kept = 0;
	for (size_t i = 0; i < r->findings.n; i++) {
		struct finding *f = &r->findings.v[i];
		bool off = false;
		finding_fingerprint(f, r->host);
		for (size_t k = 0; k < o->levels_n; k++)
			if (str_eq(o->levels[k].rule, f->rule->id)) {
				off = o->levels[k].off;
				lower(f, o->levels[k].level, "configuration");
			}
		if (f->answer != ANSWER_PASS && ignored(o, f, r->host)) {
			r->ignored++;
			continue;
		}
		if (!off)
			r->findings.v[kept++] = *f;
	}
	r->findings.n = kept;
}

static int finding_cmp(const void *x, const void *y)
{
	const struct finding *a = x, *b = y;
	/* failures by level, then what is unknown, then what passed */
	if (a->answer != b->answer)
		return a->answer > b->answer ? -1 : 1;
	if (a->level != b->level)
		return a->level > b->level ? -1 : 1;
	int c = strcmp(a->rule->id, b->rule->id);
	c = c ? c : str_cmp(a->environment, b->environment);
	c = c ? c : str_cmp(a->package, b->package);
	c = c ? c : str_cmp(a->path, b->path);
	return c ? c : str_cmp(a->gpu, b->gpu);
}

/* ---- the verdict ---- */

static enum verdict verdict_of(const struct facts *f, const struct result *r)
{
	enum verdict v = f->gpu_software || f->gpu_intent ? VERDICT_PASS : VERDICT_NOTHING;
	bool live = inventory_live(f->inv);
	for (size_t i = 0; i < r->findings.n; i++) {
		const struct finding *x = &r->findings.v[i];
		enum verdict own = VERDICT_NOTHING;
		if (x->answer == ANSWER_FAIL)
			own = x->level == LEVEL_ERROR ? VERDICT_FAIL : x->level == LEVEL_WARNING ? VERDICT_WARN : VERDICT_NOTHING;
		else if (x->answer == ANSWER_UNKNOWN && x->level == LEVEL_ERROR)
			own = VERDICT_UNKNOWN;
		v = own > v ? own : v;
	}
	/* a target read in part never gets a clean bill */
	if (live && !f->inv->complete && v < VERDICT_UNKNOWN)
		v = VERDICT_UNKNOWN;
	return v;
}

/* What makes a pass a pass: the compatibility that it rests on, and how the kernels get there. */
static const char *works_by(const struct facts *f, struct out *out)
{
	struct buf b = BUF_INIT(1024);
	const struct package *main_package = NULL;
	for (size_t i = 0; f->host && host_counts(f) && i < f->inv->packages.n; i++) {
		const struct package *p = &f->inv->packages.v[i];
		if (uses_cuda(p) && ver2_known(p->gpu.cuda) && inventory_env_role(f->inv, p->environment) == ENV_PRIMARY &&
		    (!main_package || str_eq(p->name, "torch")))
			main_package = p;
	}
	if (!main_package)
		return NULL;
	struct ver2 cuda = main_package->gpu.cuda;
	const struct row_minor_version *floor;
	if (host_runs_cuda(f->host, f->m, cuda, &floor) != TRI_YES)
		return NULL; /* it works by something else, or an ignored finding says that it does not */
	if (ver2_full(cuda) && host_cuda_reaches(f->host, cuda) == TRI_NO)
		buf_printf(&b, "minor-version compatibility (%s on a %s driver)", ver2_print(cuda).s, ver2_print(f->host->cuda_lo).s);
	for (size_t i = 0; i < f->host->gpus.n; i++) {
		struct coverage c = coverage_of(f, main_package, &f->host->gpus.v[i]);
		if (c.cover == COVER_NATIVE)
			buf_printf(&b, "%snative %s code", b.n ? "; " : "", sm_print("sm_", c.native).s);
		else if (c.cover == COVER_JIT)
			buf_printf(&b, "%sJIT from %s PTX", b.n ? "; " : "", sm_print("compute_", c.ptx.arch).s);
		break;
	}
	const char *text = b.n ? arena_str(out->a, buf_text(&b)) : NULL;
	buf_clear(&b);
	return text;
}

int check_run(const struct inventory *inv, const struct host *host, const struct matrix *m, const struct check_options *options,
	      struct result *r, struct err *err)
{
	struct arena a = ARENA_INIT;
	struct host_facts *hf = host ? arena_alloc(&a, sizeof(*hf)) : NULL;
	if (host && (!hf || host_derive(host, m, hf, &a, err) < 0)) {
		arena_clear(&a);
		return err_nomem(err);
	}
	return check_derived(inv, hf, m, options, a, r, err);
}

int check_derived(const struct inventory *inv, const struct host_facts *hf, const struct matrix *m, const struct check_options *options,
		  struct arena a, struct result *r, struct err *err)
{
	*r = (struct result){ .arena = a, .target = inv, .host = hf ? hf->host : NULL, .host_facts = hf };
	struct facts f = facts_of(inv, hf, m, options);
	struct out out = { .f = &f, .a = &r->arena, .result = r };
	r->gpu_software = f.gpu_software;
	for (size_t i = 0; i < FAMILIES; i++)
		for (const struct rule *rule = families[i]; rule->info.id; rule++)
			run_rule(rule, &f, &out);
	cap_by_environment(&f, r);
	join_gpus(&f, &out, r);
	join_paths(&out, r);
	place_layers(inv, r);
	apply_options(options, r);
	join_packages(&out, r);
	list_sort(&r->findings, finding_cmp);
	r->verdict = verdict_of(&f, r);
	if (r->verdict == VERDICT_PASS || r->verdict == VERDICT_WARN)
		r->works_by = works_by(&f, &out);
	if (out.base)
		result_clear(out.base);
	if (!out.bad)
		return 0;
	result_clear(r);
	return err_nomem(err);
}

void result_clear(struct result *r)
{
	arena_clear(&r->arena);
	*r = (struct result){ .arena = ARENA_INIT };
}
