/*
 * JUnit XML: a suite per target and host, in it a case for each rule that had something to look at. It fails where a
 * finding is an error; what is not known is skipped; what is less stands in its output.
 */
#include "base/str.h"
#include "inventory/inventory.h"
#include "report/report.h"

/* XML 1.0, section 2.2: control characters may not stand in a document at all; shown_add has made them text. */
static void put_xml(struct report *r, const char *s)
{
	struct buf b = BUF_INIT(1 << 20);
	shown_add(&b, s ? s : "");
	for (const char *p = buf_text(&b); *p; p++) {
		switch (*p) {
		case '<': fputs("&lt;", r->out); break;
		case '>': fputs("&gt;", r->out); break;
		case '&': fputs("&amp;", r->out); break;
		case '"': fputs("&quot;", r->out); break;
		default: putc(*p, r->out);
		}
	}
	r->bad |= b.bad;
	buf_clear(&b);
}

static void put_attribute(struct report *r, const char *name, const char *value)
{
	fprintf(r->out, " %s=\"", name);
	put_xml(r, value);
	putc('"', r->out);
}

static void junit_begin(struct report *r)
{
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"envcheck\">\n", r->out);
}

/* What one rule answered of a target on a host. */
struct answers { unsigned errors, unknowns, rest, passes; };

static struct answers count(const struct result *res, const struct rule_info *rule)
{
	struct answers c = { 0 };
	for (size_t i = 0; i < res->findings.n; i++) {
		const struct finding *f = &res->findings.v[i];
		if (!str_eq(f->rule->id, rule->id))
			continue;
		if (f->answer == ANSWER_PASS)
			c.passes++;
		else if (f->answer == ANSWER_UNKNOWN)
			c.unknowns++;
		else if (f->level == LEVEL_ERROR)
			c.errors++;
		else
			c.rest++;
	}
	return c;
}

/* The messages of a rule with their ways out, a line each. */
static void put_messages(struct report *r, const struct result *res, const struct rule_info *rule)
{
	for (size_t i = 0; i < res->findings.n; i++) {
		const struct finding *f = &res->findings.v[i];
		if (!str_eq(f->rule->id, rule->id) || f->answer == ANSWER_PASS)
			continue;
		put_xml(r, f->answer == ANSWER_UNKNOWN ? "unknown" : level_name(f->level));
		fputs(": ", r->out);
		put_xml(r, f->message);
		putc('\n', r->out);
		if (f->path) {
			fputs("  in ", r->out);
			put_xml(r, f->path);
			putc('\n', r->out);
		}
		for (size_t k = 0; k < f->remedies.n; k++) {
			fputs(k ? "  or: " : "  fix: ", r->out);
			put_xml(r, f->remedies.v[k].text);
			putc('\n', r->out);
		}
	}
}

static const struct finding *first(const struct result *res, const struct rule_info *rule, enum answer answer)
{
	for (size_t i = 0; i < res->findings.n; i++)
		if (str_eq(res->findings.v[i].rule->id, rule->id) && res->findings.v[i].answer == answer)
			return &res->findings.v[i];
	return NULL;
}

static void put_case(struct report *r, const struct result *res, const struct rule_info *rule, const char *suite)
{
	struct answers c = count(res, rule);
	fputs("    <testcase", r->out);
	put_attribute(r, "classname", suite);
	put_attribute(r, "name", rule->id);
	if (c.errors) {
		fputs("><failure", r->out);
		put_attribute(r, "type", rule->id);
		put_attribute(r, "message", first(res, rule, ANSWER_FAIL)->message);
		putc('>', r->out);
		put_messages(r, res, rule);
		fputs("</failure></testcase>\n", r->out);
	} else if (c.unknowns) {
		fputs("><skipped", r->out);
		put_attribute(r, "message", first(res, rule, ANSWER_UNKNOWN)->message);
		fputs("/><system-out>", r->out);
		put_messages(r, res, rule);
		fputs("</system-out></testcase>\n", r->out);
	} else if (c.rest) {
		fputs("><system-out>", r->out);
		put_messages(r, res, rule);
		fputs("</system-out></testcase>\n", r->out);
	} else {
		fputs("/>\n", r->out);
	}
}

static void put_suite(struct report *r, const struct inventory *inv, const struct result *res, const char *host)
{
	size_t n, cases = 0, failures = 0, skipped = 0;
	const struct rule_info *const *rules = rules_all(&n);
	for (size_t i = 0; i < n; i++) {
		struct answers c = count(res, rules[i]);
		cases += c.errors || c.unknowns || c.rest || c.passes;
		failures += c.errors > 0;
		skipped += !c.errors && c.unknowns;
	}
	const char *name = host ? arena_printf(&r->arena, "%s on %s", report_target_name(inv), host) : report_target_name(inv);
	name = name ? name : "target";
	fputs("  <testsuite", r->out);
	put_attribute(r, "name", name);
	fprintf(r->out, " tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\">\n", cases ? cases : 1, failures, skipped);
	for (size_t i = 0; i < n; i++) {
		struct answers c = count(res, rules[i]);
		if (c.errors || c.unknowns || c.rest || c.passes)
			put_case(r, res, rules[i], name);
	}
	if (!cases)
		fprintf(r->out, "    <testcase classname=\"envcheck\" name=\"verdict: %s\"/>\n", verdict_name(res->verdict));
	fputs("  </testsuite>\n", r->out);
	arena_clear(&r->arena);
}

static void junit_target(struct report *r, const struct inventory *inv, const struct result *const *results, size_t n)
{
	for (size_t i = 0; i < n; i++)
		put_suite(r, inv, results[i], r->job->hosts_n ? r->job->hosts[i].name : NULL);
}

static void junit_end(struct report *r, const struct report_tail *t)
{
	if (t->errors_n) {
		fprintf(r->out, "  <testsuite name=\"envcheck\" tests=\"%zu\" failures=\"0\" errors=\"%zu\" skipped=\"0\">\n", t->errors_n, t->errors_n);
		for (size_t i = 0; i < t->errors_n; i++) {
			fputs("    <testcase classname=\"envcheck\"", r->out);
			put_attribute(r, "name", t->errors[i].name);
			fputs("><error", r->out);
			put_attribute(r, "message", t->errors[i].text);
			fputs("/></testcase>\n", r->out);
		}
		fputs("  </testsuite>\n", r->out);
	}
	fputs("</testsuites>\n", r->out);
}

const struct report_format report_junit = { "junit", REPORT_CHECK, junit_begin, junit_target, junit_end, NULL, true };
