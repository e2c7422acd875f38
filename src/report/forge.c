/* What code forges read: GitHub's workflow commands, GitLab's code quality, and markdown for a summary. */
#include <string.h>

#include "base/str.h"
#include "inventory/inventory.h"
#include "report/report.h"

static void nothing(struct report *r)
{
	(void)r;
}

static const char *host_name(const struct report *r, size_t i)
{
	return r->job->hosts_n ? r->job->hosts[i].name : NULL;
}

/* "app:1 on prod: torch needs ...", foreign bytes escaped; in the report's arena. */
static const char *sentence(struct report *r, const struct inventory *inv, const struct finding *f, const char *host)
{
	struct buf b = BUF_INIT(1 << 20);
	shown_add(&b, report_target_name(inv));
	if (host) {
		buf_str(&b, " on ");
		shown_add(&b, host);
	}
	buf_str(&b, ": ");
	shown_add(&b, f->message ? f->message : f->rule->title);
	if (f->remedies.n) {
		buf_str(&b, "; fix: ");
		shown_add(&b, f->remedies.v[0].text);
	}
	const char *s = arena_str(&r->arena, buf_text(&b));
	r->bad |= b.bad;
	buf_clear(&b);
	return s ? s : f->rule->title;
}

static bool counts(const struct report *r, const struct finding *f)
{
	return f->answer != ANSWER_PASS && (r->job->all || f->level > LEVEL_NOTE);
}

/* ---- GitHub ---- */

/* Workflow commands escape % and line ends in a message; shown_add left no line ends. */
static void put_github(struct report *r, const char *s)
{
	for (; *s; s++)
		if (*s == '%')
			fputs("%25", r->out);
		else
			putc(*s, r->out);
}

static void github_target(struct report *r, const struct inventory *inv, const struct result *const *results, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < results[i]->findings.n; k++) {
			const struct finding *f = &results[i]->findings.v[k];
			if (!counts(r, f))
				continue;
			const char *level = f->answer == ANSWER_UNKNOWN ? "warning" : f->level == LEVEL_NOTE ? "notice" : level_name(f->level);
			fprintf(r->out, "::%s title=envcheck %s::", level, f->rule->id);
			put_github(r, sentence(r, inv, f, host_name(r, i)));
			putc('\n', r->out);
			arena_clear(&r->arena);
		}
}

static void github_end(struct report *r, const struct report_tail *t)
{
	for (size_t i = 0; i < t->errors_n; i++) {
		struct buf b = BUF_INIT(1 << 16);
		shown_add(&b, t->errors[i].text);
		fputs("::error title=envcheck::", r->out);
		put_github(r, buf_text(&b));
		putc('\n', r->out);
		r->bad |= b.bad;
	buf_clear(&b);
	}
}

const struct report_format report_github = { "github", REPORT_CHECK, nothing, github_target, github_end };

/* ---- GitLab ---- */

static void gitlab_begin(struct report *r)
{
	jout_array(&r->j);
}

static void gitlab_target(struct report *r, const struct inventory *inv, const struct result *const *results, size_t n)
{
	struct json_out *j = &r->j;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < results[i]->findings.n; k++) {
			const struct finding *f = &results[i]->findings.v[k];
			if (!counts(r, f))
				continue;
			jout_object(j);
			jout_put(j, "description", sentence(r, inv, f, host_name(r, i)));
			jout_put(j, "check_name", f->rule->id);
			/* must be unique in the file: one finding may stand in several targets */
			jout_put(j, "fingerprint", arena_printf(&r->arena, "%s-%zu", f->fingerprint, r->count));
			jout_put(j, "severity", f->level == LEVEL_NOTE ? "info" : f->level == LEVEL_WARNING || f->answer == ANSWER_UNKNOWN ? "minor" : "critical");
			jout_key(j, "location");
			jout_object(j);
			jout_put(j, "path", f->path ? f->path + strspn(f->path, "/") : path_base(inv->name));
			jout_key(j, "lines");
			jout_object_line(j);
			jout_put_int(j, "begin", 1);
			jout_object_end(j);
			jout_object_end(j);
			jout_object_end(j);
			arena_clear(&r->arena);
		}
}

static void gitlab_end(struct report *r, const struct report_tail *t)
{
	(void)t;
	jout_array_end(&r->j);
	if (jout_end(&r->j, NULL) < 0)
		r->bad = true;
}

const struct report_format report_gitlab = { "gitlab", REPORT_CHECK, gitlab_begin, gitlab_target, gitlab_end };

/* ---- markdown ---- */

/* Cells hold no bar, and nothing of the target becomes markup. */
static void put_cell(struct report *r, const char *s)
{
	struct buf b = BUF_INIT(1 << 20);
	shown_add(&b, s);
	for (const char *p = buf_text(&b); *p; p++) {
		if (*p == '<')
			fputs("&lt;", r->out);
		else if (strchr("|\\`*_[]#>", *p))
			fprintf(r->out, "\\%c", *p);
		else
			putc(*p, r->out);
	}
	r->bad |= b.bad;
	buf_clear(&b);
}

static void markdown_begin(struct report *r)
{
	fputs("| verdict | target | host | finding | fix |\n|---|---|---|---|---|\n", r->out);
}

static void markdown_row(struct report *r, const struct inventory *inv, const char *verdict, const char *host, const struct finding *f)
{
	fprintf(r->out, "| %s | ", verdict);
	put_cell(r, report_target_name(inv));
	fputs(" | ", r->out);
	put_cell(r, host ? host : "any");
	fputs(" | ", r->out);
	if (f) {
		fprintf(r->out, "%s: ", f->answer == ANSWER_UNKNOWN ? "unknown" : level_name(f->level));
		put_cell(r, f->message ? f->message : f->rule->title);
		fprintf(r->out, " (`%s`)", f->rule->id);
	}
	fputs(" | ", r->out);
	for (size_t i = 0; f && i < f->remedies.n; i++) {
		fputs(i ? " *or* " : "", r->out);
		put_cell(r, f->remedies.v[i].text);
	}
	fputs(" |\n", r->out);
}

static void markdown_target(struct report *r, const struct inventory *inv, const struct result *const *results, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *verdict = verdict_name(results[i]->verdict);
		bool any = false;
		for (size_t k = 0; k < results[i]->findings.n; k++)
			if (counts(r, &results[i]->findings.v[k])) {
				markdown_row(r, inv, any ? "" : verdict, host_name(r, i), &results[i]->findings.v[k]);
				any = true;
			}
		if (!any)
			markdown_row(r, inv, verdict, host_name(r, i), NULL);
	}
}

static void markdown_end(struct report *r, const struct report_tail *t)
{
	for (size_t i = 0; i < t->errors_n; i++) {
		fputs("\nNot read: ", r->out);
		put_cell(r, t->errors[i].text);
		putc('\n', r->out);
	}
	if (r->job->matrices)
		fprintf(r->out, "\nTables %s.\n", r->job->matrices);
}

const struct report_format report_markdown = { "markdown", REPORT_CHECK, markdown_begin, markdown_target, markdown_end };
