#include "check/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "check/remedy.h"
#include "check/rule.h"

const struct rule *const rule_families[] = {
	rules_driver, rules_ptxas, rules_gpu, rules_container, rules_library, rules_loading, rules_missing, rules_python, rules_distribution, NULL,
};
enum { RULES_MAX = 128 };

/* ---- the catalogue ---- */

static int by_id(const void *a, const void *b)
{
	return strcmp((*(const struct rule_info *const *)a)->id, (*(const struct rule_info *const *)b)->id);
}

static size_t collect(const struct rule_info *list[RULES_MAX])
{
	size_t n = 0;
	for (size_t i = 0; rule_families[i]; i++)
		for (const struct rule *r = rule_families[i]; r->info.id && n < RULES_MAX; r++)
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
	for (size_t i = 0; rule_families[i]; i++)
		for (const struct rule *r = rule_families[i]; r->info.id; r++)
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
	char text[1024] = "";
	va_list ap;
	va_start(ap, fmt);
	if (!out->silent)
		vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	f->rule = &out->rule->info;
	f->answer = answer;
	f->level = out->rule->info.level;
	f->layer = -1;
	f->count = 1;
	f->message = *text ? arena_str(out->a, text) : "";
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
	if (!out->silent && !out->f->options->no_passes)
		emit(out, ANSWER_PASS, s, "%s", out->rule->info.title);
}

/* How one learns what is missing. Of packages the rules know more. */
static void find_out(struct out *out, struct finding *f, const char *missing)
{
	static const struct { const char *missing, *option, *query; } facts[] = {
		{ "host.driver", "--driver", "driver_version" }, { "host.gpus", "--gpu", "name" }, { "gpu.cc", "--gpu", "compute_cap" },
	};
	for (size_t i = 0; i < sizeof(facts) / sizeof(*facts); i++)
		if (str_eq(missing, facts[i].missing))
			add_remedy(out, f, "on the host: nvidia-smi --query-gpu=%s --format=csv,noheader, then %s with what it prints", facts[i].query,
				   facts[i].option);
	if (str_eq(missing, "host.cuda") || str_eq(missing, "gpu.brand"))
		add_remedy(out, f, "on the host: nvidia-smi -q -x >host.xml, then --host host.xml");
	if (str_starts(missing, "matrix."))
		add_remedy(out, f, "envcheck matrix %s shows the table; --matrices DIR takes one with a row for it", missing + strlen("matrix."));
}

struct finding *emit_unknown(struct out *out, struct subject s, const char *missing, const char *fmt, ...)
{
	char text[1024] = "";
	va_list ap;
	va_start(ap, fmt);
	if (!out->silent)
		vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	struct finding *f = emit(out, ANSWER_UNKNOWN, s, "%s", text);
	f->missing = arena_str(out->a, missing);
	if (!out->f->options->no_remedies)
		find_out(out, f, missing);
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
	const struct row_errors *e = out->silent ? NULL : matrix_error(out->f->m, code);
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
	const struct row_messages *r = out->silent ? NULL : matrix_message(out->f->m, id);
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
	if (!out->silent && !list_add(out->a, &f->sources, s))
		out->bad = true;
}

static void keep_remedy(struct out *out, struct finding *f, enum remedy_check said, const char *fmt, va_list ap)
{
	char text[1024];
	if (out->silent)
		return;
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
	if (out->silent)
		return "";
	const char *cuda = ver2_known(h->cuda_lo) ? arena_printf(out->a, " (CUDA %s)", ver2_print(h->cuda_lo).s) : "";
	const char *s = h->host->driver ? arena_printf(out->a, "%s%s", h->host->driver, cuda ? cuda : "") :
			ver2_known(h->cuda_lo) ? arena_printf(out->a, "a driver of CUDA %s", ver2_print(h->cuda_lo).s) : "no stated driver";
	return s ? s : "";
}
