/* HTML: one target, its cells and their findings. */
#include <string.h>

#include "base/auto.h"
#include "base/limits.h"
#include "base/str.h"
#include "inventory/inventory.h"
#include "report/html.h"
#include "report/lines.h"

enum { ALSO_MAX = 500, GAPS_MAX = 100 };

/* The rule's bit, so that the end of the page has its help. */
static void note_rule(struct report *r, const struct rule_info *rule)
{
	size_t n;
	const struct rule_info *const *rules = rules_all(&n);
	for (size_t i = 0; i < n && i / 8 < sizeof(r->rules); i++)
		if (str_eq(rules[i]->id, rule->id))
			r->rules[i / 8] |= (unsigned char)(1 << i % 8);
}

static void put_row(struct report *r, const char *name, const char *text)
{
	if (!text || !*text)
		return;
	html_put(r, "<dt>%s</dt><dd><span class=\"said\">", name);
	html_text(r, text);
	html_put(r, "</span></dd>\n");
}

static void put_code(struct report *r, const char *text)
{
	html_put(r, "<code>");
	html_text(r, text);
	html_put(r, "</code>");
}

static void put_places(struct report *r, const struct finding *f)
{
	if (f->layer >= 0) {
		html_put(r, "<dt>from</dt><dd>");
		if (r->job->dockerfile && f->line) {
			html_text(r, r->job->dockerfile);
			html_put(r, ":%u, ", f->line);
		}
		html_put(r, "layer %d%s", f->layer, f->created_by ? ": " : "");
		if (f->created_by)
			put_code(r, f->created_by);
		html_put(r, "</dd>\n");
	}
	if (f->path) {
		html_put(r, "<dt>in</dt><dd>");
		put_code(r, f->path);
		html_put(r, "</dd>\n");
	}
	if (!f->also.n)
		return;
	html_put(r, "<dt>also in</dt><dd>");
	if (f->also.n > 3)
		html_put(r, "<details><summary>%zu further paths</summary>", f->also.n);
	html_put(r, "<ul>");
	for (size_t i = 0; i < f->also.n && i < ALSO_MAX; i++) {
		html_put(r, "<li>");
		put_code(r, f->also.v[i]);
		html_put(r, "</li>");
	}
	if (f->also.n > ALSO_MAX)
		html_put(r, "<li>and %zu more</li>", f->also.n - ALSO_MAX);
	html_put(r, "</ul>%s</dd>\n", f->also.n > 3 ? "</details>" : "");
}

static void put_remedies(struct report *r, const struct finding *f)
{
	if (!f->remedies.n)
		return;
	html_put(r, "<dt>fix</dt><dd class=\"fix\">");
	for (size_t i = 0; i < f->remedies.n; i++) {
		html_put(r, i ? "<br>or " : "");
		put_code(r, f->remedies.v[i].text);
		const char *said = report_checked(&f->remedies.v[i]);
		if (said)
			html_put(r, " <em>%s</em>", said);
	}
	html_put(r, "</dd>\n");
}

static void put_sources(struct report *r, const struct finding *f)
{
	for (size_t i = 0; i < f->sources.n; i++) {
		const struct finding_source *s = &f->sources.v[i];
		html_put(r, "<dt>%s</dt><dd>table ", i ? "and" : "known by");
		put_code(r, s->matrix);
		html_put(r, ", row ");
		put_code(r, s->row);
		if (s->url && str_starts(s->url, "https://") && !strpbrk(s->url, " \"<>")) {
			html_put(r, ": <a href=\"");
			html_text(r, s->url);
			html_put(r, "\" rel=\"noreferrer\">");
			html_text(r, s->url);
			html_put(r, "</a>");
		} else if (s->url) {
			html_put(r, ": ");
			html_text(r, s->url);
		}
		html_put(r, "</dd>\n");
	}
}

static const char *kind_of(const struct finding *f)
{
	return f->answer == ANSWER_PASS ? "pass" : f->answer == ANSWER_UNKNOWN ? "unknown" : level_name(f->level);
}

static void put_details(struct report *r, const struct finding *f)
{
	auto_buf struct buf b = BUF_INIT(LIMIT_TEXT);
	html_put(r, "<dl>\n");
	put_row(r, "not known", f->answer == ANSWER_UNKNOWN ? f->missing : NULL);
	if (f->error.code)
		buf_printf(&b, "error %d%s", f->error.code, f->error.name || f->error.text ? ", " : "");
	if (f->error.name)
		buf_printf(&b, "%s%s", f->error.name, f->error.text ? ": " : "");
	if (f->error.text)
		buf_printf(&b, "\"%s\"", f->error.text);
	put_remedies(r, f);
	put_row(r, "user sees", buf_text(&b));
	buf_reset(&b);
	for (size_t i = 0; i < f->also_packages.n; i++)
		buf_printf(&b, "%s%s", i ? ", " : "", f->also_packages.v[i]);
	put_row(r, "also", b.n ? buf_text(&b) : NULL);
	put_row(r, "GPU", f->gpu);
	put_row(r, "wanted", f->expected);
	put_row(r, "found", f->found);
	put_row(r, "lowered", f->lowered);
	put_places(r, f);
	put_row(r, "runs in", f->environment);
	put_sources(r, f);
	html_put(r, "<dt>rule</dt><dd><a href=\"#rule-%s\">what %s means</a></dd>\n</dl>\n", f->rule->id, f->rule->id);
	r->bad |= b.bad;
}

static void put_finding(struct report *r, const struct finding *f)
{
	const char *kind = kind_of(f);
	bool open = f->answer == ANSWER_FAIL && f->level == LEVEL_ERROR;
	note_rule(r, f->rule);
	html_put(r, "<details class=\"finding %s\" data-rule=\"%s\" data-level=\"%s\"%s><summary><span class=\"word\">%s</span> <span class=\"said\">", kind,
		 f->rule->id, kind, open ? " open" : "", kind);
	html_text(r, f->message ? f->message : f->rule->title);
	html_put(r, "</span> <code class=\"rule\">%s</code>%s</summary>\n", f->rule->id, r->job->baseline && f->is_new ? " <strong>new</strong>" : "");
	put_details(r, f);
	html_put(r, "</details>\n");
}

static void put_cell(struct report *r, const struct html_row *row, size_t i)
{
	const struct result *res = row->results[i];
	const struct report_job *job = r->job;
	const char *word = verdict_name(res->verdict);
	html_put(r, "<details class=\"cell %s\" data-cell=\"t%zuh%zu\"%s>\n<summary><h3><span class=\"word\">%s</span> <span class=\"said\">", word,
		 row->number, i + 1, row->number == 1 || row->n == 1 ? " open" : "", word);
	html_text(r, job->hosts_n ? report_host_line(&r->arena, &job->hosts[i]) : "on any host");
	size_t more = 0;
	for (size_t k = i + 1; k < row->n; k++)
		if (row->alike[k] == i) {
			html_put(r, more++ ? ", " : "; alike: ");
			html_text(r, job->hosts[k].name);
		}
	html_put(r, "</span></h3></summary>\n<div id=\"t%zuh%zu\">\n", row->number, i + 1);
	if (res->works_by && res->verdict <= VERDICT_WARN) {
		html_put(r, "<p>By <span class=\"said\">");
		html_text(r, res->works_by);
		html_put(r, "</span>.</p>\n");
	}
	size_t shown = 0;
	for (size_t k = 0; k < res->findings.n; k++)
		if (res->findings.v[k].answer != ANSWER_PASS || job->all) {
			put_finding(r, &res->findings.v[k]);
			shown++;
		}
	if (!shown)
		html_put(r, "<p class=\"dim\">Nothing was found.</p>\n");
	if (res->ignored)
		html_put(r, "<p class=\"dim\">%u ignored by configuration.</p>\n", res->ignored);
	html_put(r, "</div>\n</details>\n");
}

static void put_gaps(struct report *r, const struct inventory *inv)
{
	if (!inv->gaps.n)
		return;
	html_put(r, "<details><summary>%zu could not be read</summary>\n<ul>\n", inv->gaps.n + inv->gaps_lost);
	for (size_t i = 0; i < inv->gaps.n && i < GAPS_MAX; i++) {
		html_put(r, "<li>");
		if (inv->gaps.v[i].path)
			put_code(r, inv->gaps.v[i].path);
		html_put(r, "%s", inv->gaps.v[i].path ? ": " : "");
		html_text(r, inv->gaps.v[i].reason);
		html_put(r, "</li>\n");
	}
	if (inv->gaps.n > GAPS_MAX)
		html_put(r, "<li>and %zu more</li>\n", inv->gaps.n + inv->gaps_lost - GAPS_MAX);
	html_put(r, "</ul></details>\n");
}

static void put_runs(struct report *r, const struct inventory *inv)
{
	auto_buf struct buf b = BUF_INIT(LIMIT_TEXT);
	size_t shown = 0;
	for (size_t i = 0; i < inv->environments.n; i++) {
		const struct environment *e = &inv->environments.v[i];
		if (e->role != ENV_PRIMARY)
			continue;
		buf_reset(&b);
		buf_printf(&b, "%s%s%s%s: ", e->path, e->because ? " (" : "", e->because ? e->because : "", e->because ? ")" : "");
		packages_line(&b, inv, e->path);
		put_row(r, shown++ ? "and" : "runs", buf_text(&b));
	}
	if (shown)
		return;
	packages_line(&b, inv, NULL);
	put_row(r, inv->environments.n ? "in all environments" : "holds", buf_text(&b));
}

void html_put_target(struct report *r, const struct html_row *row)
{
	auto_buf struct buf b = BUF_INIT(LIMIT_TEXT);
	const struct inventory *inv = row->inv;
	html_put(r, "<section class=\"target\" id=\"t%zu\" aria-labelledby=\"t%zun\">\n<h2 id=\"t%zun\">", row->number, row->number, row->number);
	html_text(r, report_target_name(inv));
	html_put(r, "</h2>\n<dl>\n");
	put_runs(r, inv);
	html_put(r, "</dl>\n");
	for (size_t i = 0; i < row->n; i++)
		if (row->alike[i] == i)
			put_cell(r, row, i);
	put_gaps(r, inv);
	html_put(r, "<dl>\n");
	needs_line(&b, &r->arena, inv);
	put_row(r, "needs", buf_text(&b));
	buf_reset(&b);
	identity_line(&b, inv);
	put_row(r, "is", buf_text(&b));
	put_row(r, "digest", inv->digest);
	html_put(r, "</dl>\n");
	html_put(r, "</section>\n");
	r->bad |= b.bad;
}
