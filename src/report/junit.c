/* JUnit XML: a suite per target and host, a case per finding; unknown is skipped, and a clean result is one passed case. */
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

static void put_case(struct report *r, const struct finding *f)
{
	fputs("    <testcase", r->out);
	put_attribute(r, "classname", f->rule->family);
	const char *what = f->package ? f->package : f->path;
	const char *name = what ? arena_printf(&r->arena, "%s: %s", f->rule->id, what) : f->rule->id;
	put_attribute(r, "name", name ? name : f->rule->id);
	if (f->answer == ANSWER_UNKNOWN) {
		fputs("><skipped", r->out);
		put_attribute(r, "message", f->message);
		fputs("/></testcase>\n", r->out);
	} else if (f->answer == ANSWER_FAIL && f->level == LEVEL_ERROR) {
		fputs("><failure", r->out);
		put_attribute(r, "type", f->rule->id);
		put_attribute(r, "message", f->message);
		putc('>', r->out);
		for (size_t i = 0; i < f->remedies.n; i++) {
			put_xml(r, f->remedies.v[i].text);
			putc('\n', r->out);
		}
		fputs("</failure></testcase>\n", r->out);
	} else if (f->answer == ANSWER_FAIL) {
		fputs("><system-out>", r->out);
		put_xml(r, level_name(f->level));
		fputs(": ", r->out);
		put_xml(r, f->message);
		fputs("</system-out></testcase>\n", r->out);
	} else {
		fputs("/>\n", r->out);
	}
	arena_clear(&r->arena);
}

static void put_suite(struct report *r, const struct inventory *inv, const struct result *res, const char *host)
{
	unsigned failures = 0, skipped = 0;
	for (size_t i = 0; i < res->findings.n; i++) {
		const struct finding *f = &res->findings.v[i];
		failures += f->answer == ANSWER_FAIL && f->level == LEVEL_ERROR;
		skipped += f->answer == ANSWER_UNKNOWN;
	}
	const char *name = host ? arena_printf(&r->arena, "%s on %s", report_target_name(inv), host) : report_target_name(inv);
	fputs("  <testsuite", r->out);
	put_attribute(r, "name", name ? name : "target");
	fprintf(r->out, " tests=\"%zu\" failures=\"%u\" errors=\"0\" skipped=\"%u\">\n", res->findings.n ? res->findings.n : 1, failures, skipped);
	for (size_t i = 0; i < res->findings.n; i++)
		put_case(r, &res->findings.v[i]);
	if (!res->findings.n)
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

const struct report_format report_junit = { "junit", REPORT_CHECK, junit_begin, junit_target, junit_end, NULL };
