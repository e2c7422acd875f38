/* What changed, for eyes: text, and markdown for a pull request. */
#include <string.h>

#include "base/auto.h"
#include "base/limits.h"
#include "base/str.h"
#include "check/compare.h"
#include "inventory/inventory.h"
#include "report/diff.h"
#include "report/lines.h"
#include "report/markdown.h"

static void nothing_yet(struct report *r)
{
	(void)r;
}

/* ---- text ---- */

static void say_change(struct report *r, const struct finding *f, bool fresh)
{
	const char *message = f->message ? f->message : f->rule->title;
	if (!fresh) {
		say_line(r, GREEN, "  gone", "  %s %s  [%s]", diff_mark(f), message, f->rule->id);
		return;
	}
	say_line(r, f->level == LEVEL_ERROR && f->answer == ANSWER_FAIL ? RED : YELLOW, "  new ", "  %s %s  [%s]", diff_mark(f), message, f->rule->id);
	for (size_t i = 0; i < f->remedies.n; i++)
		say_remedy(r, i ? "         or" : "        fix", &f->remedies.v[i]);
}

static void say_host(struct report *r, const struct comparison *c, size_t i)
{
	const struct host_change *h = &c->hosts.v[i];
	const char *host = r->job->hosts_n ? report_host_line(&r->arena, &r->job->hosts[i]) : "any host";
	bool moved = h->before->verdict != h->after->verdict;
	size_t shown = 0;
	for (size_t k = 0; k < h->fresh.n; k++)
		shown += diff_shows(r, h->fresh.v[k]);
	for (size_t k = 0; k < h->gone.n; k++)
		shown += diff_shows(r, h->gone.v[k]);
	if (!shown && !moved && !r->job->hosts_n)
		return;
	say_blank(r);
	if (moved)
		say_line(r, BOLD, "", "  on %s: %s -> %s", host, verdict_name(h->before->verdict), verdict_name(h->after->verdict));
	else
		say_line(r, BOLD, "", "  on %s: %s as before", host, verdict_name(h->after->verdict));
	for (size_t k = 0; k < h->fresh.n; k++)
		if (diff_shows(r, h->fresh.v[k]))
			say_change(r, h->fresh.v[k], true);
	for (size_t k = 0; k < h->gone.n; k++)
		if (diff_shows(r, h->gone.v[k]))
			say_change(r, h->gone.v[k], false);
}

static void say_changes(struct report *r, const struct comparison *c)
{
	struct diff_head head = diff_head(r, c);
	diff_lines lines = { 0 };
	say_line(r, head.bad ? RED : str_eq(head.word, "CHANGED") ? YELLOW : GREEN, head.word, "  %s", head.sentence);
	say_line(r, PLAIN, NULL, "      old: %s   new: %s", report_target_name(c->before), report_target_name(c->after));
	diff_collect(r, c, r->job->all, &lines);
	const char *last = NULL;
	for (size_t i = 0; i < lines.n; i++) {
		say_line(r, PLAIN, NULL, "  %-14s%s", str_eq(last, lines.v[i].what) ? "" : lines.v[i].what, lines.v[i].text);
		last = lines.v[i].what;
	}
	for (size_t i = 0; i < c->hosts.n; i++)
		say_host(r, c, i);
}

static void text_end(struct report *r, const struct report_tail *t)
{
	(void)t;
	if (r->job->matrices)
		say_line(r, PLAIN, NULL, "  Tables %s.", r->job->matrices);
}

const struct report_format report_diff_text = { "text", REPORT_DIFF, nothing_yet, NULL, text_end, say_changes, false };

/* ---- markdown ---- */

static void mark_findings(struct report *r, const struct finding *const *v, size_t n, const char *word)
{
	for (size_t i = 0; i < n; i++) {
		if (!diff_shows(r, v[i]))
			continue;
		fprintf(r->out, "- %s %s: ", word, v[i]->answer == ANSWER_UNKNOWN ? "unknown" : level_name(v[i]->level));
		markdown_text(r, v[i]->message ? v[i]->message : v[i]->rule->title);
		fprintf(r->out, " (`%s`)\n", v[i]->rule->id);
		for (size_t k = 0; k < v[i]->remedies.n && str_eq(word, "new"); k++) {
			fputs(k ? "  - or " : "  - fix: ", r->out);
			markdown_code(r, v[i]->remedies.v[k].text);
			const char *said = report_checked(&v[i]->remedies.v[k]);
			fprintf(r->out, "%s%s%s\n", said ? " (" : "", said ? said : "", said ? ")" : "");
		}
	}
}

static void mark_changes(struct report *r, const struct comparison *c)
{
	struct diff_head head = diff_head(r, c);
	diff_lines lines = { 0 };
	fprintf(r->out, "### %s: ", head.word);
	markdown_text(r, head.sentence);
	fputs("\n\n| | |\n|---|---|\n| old | ", r->out);
	markdown_text(r, report_target_name(c->before));
	fputs(" |\n| new | ", r->out);
	markdown_text(r, report_target_name(c->after));
	fputs(" |\n", r->out);
	diff_collect(r, c, r->job->all, &lines);
	for (size_t i = 0; i < lines.n; i++) {
		fprintf(r->out, "| %s | ", lines.v[i].what);
		markdown_text(r, lines.v[i].text);
		fputs(" |\n", r->out);
	}
	for (size_t i = 0; i < c->hosts.n; i++) {
		const struct host_change *h = &c->hosts.v[i];
		fprintf(r->out, "\n**%s** ", verdict_name(h->after->verdict));
		if (h->before->verdict != h->after->verdict)
			fprintf(r->out, "(was %s) ", verdict_name(h->before->verdict));
		fputs("on ", r->out);
		markdown_text(r, r->job->hosts_n ? report_host_line(&r->arena, &r->job->hosts[i]) : "any host");
		fputs("\n\n", r->out);
		mark_findings(r, h->fresh.v, h->fresh.n, "new");
		mark_findings(r, h->gone.v, h->gone.n, "gone");
	}
}

static void mark_end(struct report *r, const struct report_tail *t)
{
	(void)t;
	if (r->job->matrices)
		fprintf(r->out, "\nenvcheck, tables %s\n", r->job->matrices);
}

const struct report_format report_diff_markdown = { "markdown", REPORT_DIFF, nothing_yet, NULL, mark_end, mark_changes, false };
