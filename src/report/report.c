#include "report/report.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "derive/hostfacts.h"
#include "inventory/inventory.h"

/* The formats; a row each. The inventory's JSON and the report's are both called json: `of` tells them. */
static const struct report_format *const formats[] = {
	&report_text, &report_json, &report_inventory, &report_sarif, &report_junit, &report_github, &report_gitlab, &report_markdown,
	&report_html, &report_diff_text, &report_diff_json, &report_diff_markdown,
};
enum { FORMATS_N = sizeof(formats) / sizeof(*formats) };

const struct report_format *report_format_find(unsigned of, const char *name)
{
	for (size_t i = 0; i < FORMATS_N; i++)
		if ((formats[i]->of & of) && str_eq(formats[i]->name, name))
			return formats[i];
	return NULL;
}

void report_format_names(unsigned of, const char *names[REPORT_FORMATS_MAX])
{
	size_t n = 0;
	for (size_t i = 0; i < FORMATS_N && n + 1 < REPORT_FORMATS_MAX; i++)
		if (formats[i]->of & of)
			names[n++] = formats[i]->name;
	names[n] = NULL;
}

void report_begin(struct report *r, const struct report_format *f, const struct report_job *job, FILE *out)
{
	*r = (struct report){ .format = f, .job = job, .out = out, .j = { .file = out } };
	for (size_t i = 0; i < sizeof(r->side) / sizeof(*r->side); i++)
		r->side[i] = (struct buf)BUF_INIT(LIMIT_JSON);
	for (size_t i = 0; i < sizeof(r->aside) / sizeof(*r->aside); i++)
		r->aside[i].buf = &r->side[i];
	f->begin(r);
}

void report_target(struct report *r, const struct inventory *inv, const struct result *const *results, size_t n)
{
	for (size_t i = 0; i < n; i++)
		r->verdicts[results[i]->verdict]++;
	r->format->target(r, inv, results, n);
	r->count++;
	if (fflush(r->out) != 0)
		r->bad = true;
}

void report_changes(struct report *r, const struct comparison *c)
{
	r->format->changes(r, c);
}

int report_end(struct report *r, const struct report_tail *t, struct err *err)
{
	r->format->end(r, t);
	bool bad = r->bad || fflush(r->out) != 0 || ferror(r->out);
	for (size_t i = 0; i < sizeof(r->side) / sizeof(*r->side); i++) {
		bad |= r->side[i].bad;
		buf_clear(&r->side[i]);
	}
	arena_clear(&r->arena);
	arena_clear(&r->kept);
	return bad ? err_set(err, ERR_IO, "the report could not be written in full") : 0;
}

const char *report_checked(const struct remedy *r)
{
	return r->checked == REMEDY_RUNS ? "checked: runs here" : r->checked == REMEDY_HELPS ? "checked: ends this" : NULL;
}

const char *report_target_name(const struct inventory *inv)
{
	bool one = inv->reference.n && (inv->kind != TARGET_WHEELHOUSE || inv->reference.n == 1); /* several wheels have the name of their list */
	return one ? inv->reference.v[0] : inv->name ? inv->name : "target";
}

const char *report_host_line(struct arena *a, const struct report_host *h)
{
	struct buf b = BUF_INIT(4096);
	const char *comma = "";
	for (size_t i = 0; i < h->gpus.n && i < 4; i++) {
		buf_str(&b, comma);
		if (h->gpus.v[i].count > 1)
			buf_printf(&b, "%ux ", h->gpus.v[i].count);
		buf_str(&b, h->gpus.v[i].name ? h->gpus.v[i].name : h->gpus.v[i].cc ? h->gpus.v[i].cc : "GPU");
		comma = ", ";
	}
	if (h->no_gpu) {
		buf_str(&b, "no GPU");
		comma = ", ";
	}
	if (h->driver) {
		buf_printf(&b, "%sdriver %s", comma, h->driver);
		comma = ", ";
	}
	if (h->cuda)
		buf_printf(&b, "%sCUDA %s", comma, h->cuda);
	const char *inside = buf_text(&b);
	const char *name = h->name ? h->name : "the host";
	char *line = arena_printf(a, "%s (%s)", name, *inside ? inside : "which states neither driver nor GPU");
	buf_clear(&b);
	return line ? line : name;
}

struct report_counts report_count(const struct result *res)
{
	struct report_counts c = { 0 };
	for (size_t i = 0; i < res->findings.n; i++) {
		const struct finding *f = &res->findings.v[i];
		if (f->answer == ANSWER_PASS)
			c.passes++;
		else if (f->answer == ANSWER_UNKNOWN)
			c.unknowns += f->level == LEVEL_ERROR;
		else if (f->level == LEVEL_ERROR)
			c.errors++;
		else if (f->level == LEVEL_WARNING)
			c.warnings++;
		else
			c.notes++;
	}
	return c;
}

bool report_alike(const struct result *a, const struct result *b)
{
	if (a->verdict != b->verdict || a->findings.n != b->findings.n || !str_eq(a->works_by, b->works_by))
		return false;
	for (size_t i = 0; i < a->findings.n; i++) {
		const struct finding *x = &a->findings.v[i], *y = &b->findings.v[i];
		if (x->rule != y->rule || x->level != y->level || x->answer != y->answer || !str_eq(x->message, y->message) ||
		    !str_eq(x->path, y->path))
			return false;
	}
	return true;
}

/* Each result is compared with the first of each kind alone: hosts of a fleet are mostly alike. */
const size_t *report_groups(struct arena *a, const struct result *const *results, size_t n)
{
	size_t *alike = arena_alloc(a, (n + 1) * sizeof(*alike)), *firsts = arena_alloc(a, (n + 1) * sizeof(*firsts)), kinds = 0;
	for (size_t i = 0; alike && firsts && i < n; i++) {
		size_t k = 0;
		while (k < kinds && !report_alike(results[firsts[k]], results[i]))
			k++;
		if (k == kinds)
			firsts[kinds++] = i;
		alike[i] = firsts[k];
	}
	return firsts ? alike : NULL;
}

const char *report_verdict_words(const struct result *res, bool host)
{
	enum verdict v = res->verdict;
	if (host && (v == VERDICT_PASS || v == VERDICT_WARN) && res->host_facts && !res->host_facts->states_any)
		return "has no fault of its own, and was not judged";
	static const char *const on[] = { "has no GPU software to judge", "runs", "runs, with warnings,", "is not known to run", "will not run" };
	static const char *const anywhere[] = { "no GPU software, nothing to judge", "no fault of its own",
						"no fault of its own, with warnings", "too little is known to tell", "fails on every host" };
	return host ? on[v] : anywhere[v];
}

/* Length of a well-formed UTF-8 sequence that may be shown; 0 if it is none (RFC 3629). */
static size_t printable(const unsigned char *s)
{
	unsigned char c = s[0];
	size_t n = utf8_length((struct span){ s, strnlen((const char *)s, 4) });
	uint32_t u = n == 1 ? c : n ? c & (0x7fu >> n) : 0;
	for (size_t i = 1; i < n; i++)
		u = u << 6 | (s[i] & 0x3f);
	if (u < 0x20 || (u >= 0x7f && u < 0xa0))
		return 0;
	/* what turns the direction, what is not seen, and what is no character in XML 1.0 (2.2) or HTML */
	bool turns = u == 0x61c || (u >= 0x2028 && u <= 0x202e) || (u >= 0x2066 && u <= 0x2069);
	bool hidden = (u >= 0x200b && u <= 0x200f) || (u >= 0x2060 && u <= 0x2065) || u == 0xfeff || u == 0xad || u == 0x180e ||
		      (u >= 0xfff9 && u <= 0xfffb) || (u >= 0xe0000 && u <= 0xe007f);
	bool none = (u & 0xfffe) == 0xfffe || (u >= 0xfdd0 && u <= 0xfdef);
	return turns || hidden || none ? 0 : n;
}

void shown_add(struct buf *b, const char *s)
{
	const unsigned char *p = (const unsigned char *)s;
	while (*p) {
		size_t n = printable(p);
		if (n)
			buf_add(b, p, n);
		else
			buf_printf(b, "\\x%02x", *p);
		p += n ? n : 1;
	}
}
