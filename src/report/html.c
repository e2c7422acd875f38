/*
 * One self-contained page: a grid of targets and hosts, then what was found in
 * each cell. Targets are written as they come; the grid (some bytes a cell)
 * is kept for the end of the file and stands first by its style. Nothing is
 * fetched, and the page's policy allows no more than its own style and script.
 */
#include "report/html.h"

#include <stdarg.h>
#include <string.h>

#include "base/auto.h"
#include "base/limits.h"
#include "base/str.h"
#include "check/pages.h"
#include "inventory/inventory.h"
#include "report/tally.h"

enum { GRID, LEAD };
enum { MANY_CELLS = 50 };
enum { WIDE = 6 }; /* from more hosts on the grid is drawn tighter */

void html_add(struct buf *b, const char *s)
{
	auto_buf struct buf shown = BUF_INIT(b->max);
	shown_add(&shown, s ? s : "");
	b->bad |= shown.bad;
	for (const char *p = buf_text(&shown); *p; p++) {
		switch (*p) {
		case '<': buf_str(b, "&lt;"); break;
		case '>': buf_str(b, "&gt;"); break;
		case '&': buf_str(b, "&amp;"); break;
		case '"': buf_str(b, "&quot;"); break;
		case '\'': buf_str(b, "&#39;"); break;
		default: buf_char(b, *p);
		}
	}
}

void html_text(struct report *r, const char *s)
{
	auto_buf struct buf b = BUF_INIT(LIMIT_TEXT);
	html_add(&b, s);
	if (b.bad || (b.n && fwrite(b.p, 1, b.n, r->out) != b.n))
		r->bad = true;
}

void html_put(struct report *r, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	if (vfprintf(r->out, fmt, ap) < 0)
		r->bad = true;
	va_end(ap);
}

/* ---- the head ---- */

static void put_hosts(struct report *r)
{
	const struct report_job *job = r->job;
	if (!job->hosts_n)
		return;
	html_put(r, "<section id=\"hosts\" aria-labelledby=\"hosts-name\">\n<h2 id=\"hosts-name\">Hosts</h2>\n"
		    "<section class=\"scroll\" tabindex=\"0\" aria-label=\"Hosts, a table that scrolls\">\n<table>\n"
		    "<thead><tr><th scope=\"col\">host</th><th scope=\"col\">GPUs</th><th scope=\"col\">driver</th><th scope=\"col\">CUDA</th>"
		    "<th scope=\"col\">arch</th><th scope=\"col\">runtime</th><th scope=\"col\">nodes</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < job->hosts_n; i++) {
		const struct report_host *h = &job->hosts[i];
		html_put(r, "<tr id=\"h%zu\"><th scope=\"row\">", i + 1);
		html_text(r, h->name);
		html_put(r, "</th><td>");
		for (size_t k = 0; k < h->gpus.n; k++) {
			html_put(r, k ? ", " : "");
			if (h->gpus.v[k].count > 1)
				html_put(r, "%ux ", h->gpus.v[k].count);
			html_text(r, h->gpus.v[k].name ? h->gpus.v[k].name : "GPU");
			if (h->gpus.v[k].cc) {
				html_put(r, " (");
				html_text(r, h->gpus.v[k].cc);
				html_put(r, ")");
			}
		}
		html_put(r, "%s", h->no_gpu ? "none" : "");
		const char *const rest[] = { h->driver, h->cuda, h->arch, h->runtime };
		for (size_t k = 0; k < sizeof(rest) / sizeof(*rest); k++) {
			html_put(r, "</td><td>");
			html_text(r, rest[k] ? rest[k] : "not known");
		}
		html_put(r, "</td><td>%u</td></tr>\n", h->nodes ? h->nodes : 1);
	}
	html_put(r, "</tbody>\n</table>\n</section>\n</section>\n");
}

static void put_filter(struct report *r)
{
	static const char *const levels[] = { "error", "unknown", "warning", "note", "pass" };
	html_put(r, "<section id=\"filter\" aria-label=\"Filter\" hidden>\n<fieldset><legend>show</legend>\n");
	for (size_t i = 0; i < sizeof(levels) / sizeof(*levels) - !r->job->all; i++)
		html_put(r, "<label><input type=\"checkbox\" name=\"level\" value=\"%s\" checked> %s</label>\n", levels[i], levels[i]);
	html_put(r, "</fieldset>\n<label>rule <select id=\"rule\"><option value=\"\">all</option></select></label>\n"
		    "<label>text <input type=\"search\" id=\"text\" size=\"12\"></label>\n"
		    "<button type=\"button\">all again</button>\n<output id=\"shown\"></output>\n</section>\n");
}

static void html_begin(struct report *r)
{
	html_put(r, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src '%s'; script-src '%s'; img-src data:; "
		    "base-uri 'none'; form-action 'none'\">\n", html_css_hash, html_js_hash);
	html_put(r, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"referrer\" content=\"no-referrer\">\n"
		    "<meta name=\"color-scheme\" content=\"light dark\">\n<link rel=\"icon\" href=\"data:,\">\n<title>envcheck report</title>\n");
	html_put(r, "<style>%s</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#grid\">To the verdict</a>\n<h1>envcheck</h1>\n<main>\n", html_css);
	put_filter(r);
	html_put(r, "<div id=\"targets\">\n");
}

/* ---- the grid ---- */

static void add_counts(struct buf *b, const struct report_counts *c)
{
	const struct { unsigned n; const char *one, *many; } parts[] = {
		{ c->errors, "error", "errors" }, { c->unknowns, "not known", "not known" }, { c->warnings, "warning", "warnings" },
	};
	const char *comma = "";
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if (parts[i].n) {
			buf_printf(b, "%s%u %s", comma, parts[i].n, parts[i].n == 1 ? parts[i].one : parts[i].many);
			comma = ", ";
		}
	if (!*comma && c->notes)
		buf_printf(b, "%u %s", c->notes, c->notes == 1 ? "note" : "notes");
	else if (!*comma)
		buf_str(b, "clean");
}

static void keep_row(struct report *r, const struct html_row *row)
{
	const struct result *const *results = row->results;
	struct buf *b = &r->side[GRID];
	buf_printf(b, "<tr><th scope=\"row\"><a href=\"#t%zu\">", row->number);
	html_add(b, report_target_name(row->inv));
	buf_str(b, "</a></th>");
	for (size_t i = 0; i < row->n; i++) {
		struct report_counts c = report_count(results[i]);
		const char *word = verdict_name(results[i]->verdict);
		buf_printf(b, "<td class=\"%s\"><a href=\"#t%zuh%zu\"><b>%s</b><span>", word, row->number, row->alike[i] + 1, word);
		add_counts(b, &c);
		buf_str(b, "</span></a></td>");
	}
	buf_str(b, "</tr>\n");
}

/* The sentence of a single cell; of several a count is said at the end. */
static void keep_lead(struct report *r, const struct inventory *inv, const struct result *res)
{
	struct buf *b = &r->side[LEAD];
	html_add(b, report_target_name(inv));
	buf_printf(b, "%s %s", r->job->hosts_n ? "" : ":", report_verdict_words(res, r->job->hosts_n));
	if (r->job->hosts_n) {
		buf_str(b, " on ");
		html_add(b, report_host_line(&r->arena, &r->job->hosts[0]));
	}
}

static void html_target(struct report *r, const struct inventory *inv, const struct result *const *results, size_t n)
{
	const struct html_row row = { inv, results, report_groups(&r->arena, results, n), n, r->count + 1 };
	if (row.alike) {
		if (!r->count && n)
			keep_lead(r, inv, results[0]);
		html_put_target(r, &row);
		keep_row(r, &row);
		tally_add(r, inv, results, n);
	} else {
		r->bad = true;
	}
	arena_clear(&r->arena);
}

static void put_side(struct report *r, int which)
{
	struct buf *b = &r->side[which];
	if (b->bad || (b->n && fwrite(b->p, 1, b->n, r->out) != b->n))
		r->bad = true;
}

static void put_lead(struct report *r, const struct report_tail *t)
{
	static const char *const said[] = { "without GPU software", "run", "run with warnings", "not known", "will not run" };
	html_put(r, "<p class=\"lead %s\"><strong class=\"word\">%s</strong> ", verdict_name(t->verdict), verdict_name(t->verdict));
	size_t cells = 0;
	for (size_t i = 0; i <= VERDICT_FAIL; i++)
		cells += r->verdicts[i];
	const char *comma = "";
	if (cells == 1)
		put_side(r, LEAD);
	for (size_t i = VERDICT_FAIL + 1; cells > 1 && i-- > 0;)
		if (r->verdicts[i]) {
			html_put(r, "%s%zu %s", comma, r->verdicts[i], said[i]);
			comma = ", ";
		}
	if (!cells)
		html_put(r, "no target could be read");
	html_put(r, "</p>\n");
}

static void put_grid(struct report *r, const struct report_tail *t)
{
	const struct report_job *job = r->job;
	html_put(r, "<section id=\"grid\" aria-label=\"Verdict\">\n");
	put_lead(r, t);
	size_t cells = r->count * (job->hosts_n ? job->hosts_n : 1);
	if (r->side[GRID].n && cells > 1) { /* of one cell the line above says it all */
		html_put(r, "<section class=\"scroll\" tabindex=\"0\" aria-label=\"Targets and hosts, a table that scrolls\">\n<table%s>\n"
			    "<caption>Each cell leads to what was found.</caption>\n<thead><tr><th scope=\"col\">target</th>", job->hosts_n > WIDE ? " class=\"wide\"" : "");
		for (size_t i = 0; i < job->hosts_n; i++) {
			html_put(r, "<th scope=\"col\"><a href=\"#h%zu\">", i + 1);
			html_text(r, job->hosts[i].name ? job->hosts[i].name : "the host");
			html_put(r, "</a><small>");
			html_text(r, job->hosts[i].driver ? job->hosts[i].driver : "");
			html_put(r, "</small></th>");
		}
		html_put(r, "%s</tr></thead>\n<tbody>\n", job->hosts_n ? "" : "<th scope=\"col\">on any host</th>");
		put_side(r, GRID);
		html_put(r, "</tbody>\n</table>\n</section>\n");
	}
	html_put(r, "</section>\n");
}

/* ---- the end ---- */

static void put_errors(struct report *r, const struct report_tail *t)
{
	if (!t->errors_n && !t->unused_n)
		return;
	html_put(r, "<section id=\"errors\" aria-labelledby=\"errors-name\">\n<h2 id=\"errors-name\">Not done</h2>\n<ul>\n");
	for (size_t i = 0; i < t->errors_n; i++) {
		html_put(r, "<li><span class=\"said\">");
		html_text(r, t->errors[i].text);
		html_put(r, "</span></li>\n");
	}
	for (size_t i = 0; i < t->unused_n; i++) {
		html_put(r, "<li>ignore of <code>");
		html_text(r, t->unused[i].rule ? t->unused[i].rule : "*");
		html_put(r, "</code>%s</li>\n", t->unused[i].expired ? ": its date is past" : " matches nothing");
	}
	html_put(r, "</ul>\n</section>\n");
}

/* A page of docs/rules.md: paragraphs between empty lines. */
static void put_page(struct report *r, const char *text)
{
	while (text && *text) {
		const char *end = strstr(text, "\n\n");
		size_t n = end ? (size_t)(end - text) : strlen(text);
		const char *paragraph = arena_strn(&r->arena, text, n);
		html_put(r, "<p>");
		for (size_t line; paragraph && *paragraph; paragraph += line) {
			line = strcspn(paragraph, "\n");
			html_text(r, arena_strn(&r->arena, paragraph, line));
			line += paragraph[line] == '\n';
			html_put(r, paragraph[line] ? "\n" : "");
		}
		html_put(r, "</p>\n");
		text = end ? end + 2 : NULL;
	}
}

static void put_rules(struct report *r)
{
	size_t n;
	const struct rule_info *const *rules = rules_all(&n);
	bool any = false;
	for (size_t i = 0; i < n; i++) {
		if (!(r->rules[i / 8] & 1 << i % 8))
			continue;
		html_put(r, "%s", any ? "" : "<section id=\"rules\" aria-labelledby=\"rules-name\">\n<h2 id=\"rules-name\">Rules</h2>\n");
		any = true;
		html_put(r, "<details class=\"page\"><summary><code>%s</code> (%s)</summary>\n<div id=\"rule-%s\">\n<p>", rules[i]->id,
			 level_name(rules[i]->level), rules[i]->id);
		html_text(r, rule_says(rules[i]->id));
		html_put(r, "</p>\n");
		put_page(r, rule_page(rules[i]->id));
		html_put(r, "</div></details>\n");
		arena_clear(&r->arena);
	}
	html_put(r, "%s", any ? "</section>\n" : "");
}

/* Over a grid that nobody reads cell by cell: what strikes most, and what to do in the first of them. */
static void put_most(struct report *r)
{
	size_t cells = r->count * r->job->hosts_n;
	if (cells < MANY_CELLS || !r->tally.n)
		return;
	tally_sort(r);
	html_put(r, "<section id=\"most\" aria-labelledby=\"most-name\">\n<h2 id=\"most-name\">What strikes most</h2>\n"
		    "<section class=\"scroll\" tabindex=\"0\" aria-label=\"What strikes most, a table that scrolls\">\n<table>\n<thead><tr>"
		    "<th scope=\"col\">level</th><th scope=\"col\">rule</th><th scope=\"col\">targets</th><th scope=\"col\">cells</th>"
		    "<th scope=\"col\">first</th><th scope=\"col\">fix there</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < r->tally.n; i++) {
		const struct tally_row *m = &r->tally.v[i];
		html_put(r, "<tr class=\"%s\"><td><span class=\"word\">%s</span></td><td><a href=\"#rule-%s\">%s</a></td><td>%zu</td><td>%zu</td><td class=\"said\">",
			 m->level == LEVEL_ERROR ? "fail" : m->level == LEVEL_WARNING ? "warn" : "nothing", level_name(m->level), m->rule->id, m->rule->id,
			 m->targets, m->cells);
		html_text(r, m->where);
		html_put(r, ": ");
		html_text(r, m->message);
		html_put(r, "</td><td class=\"fix\">");
		if (m->fix) {
			html_put(r, "<code>");
			html_text(r, m->fix);
			html_put(r, "</code>");
		}
		html_put(r, "</td></tr>\n");
	}
	html_put(r, "</tbody>\n</table>\n</section>\n</section>\n");
}

static void html_end(struct report *r, const struct report_tail *t)
{
	html_put(r, "</div>\n");
	put_most(r);
	put_errors(r, t);
	put_hosts(r);
	put_rules(r);
	put_grid(r, t);
	html_put(r, "</main>\n<footer>envcheck ");
	html_text(r, r->job->version);
	if (r->job->matrices) {
		html_put(r, ", tables of ");
		html_text(r, r->job->matrices);
	}
	if (r->job->newest) {
		html_put(r, " (up to ");
		html_text(r, r->job->newest);
		html_put(r, ")");
	}
	html_put(r, "</footer>\n<script>%s</script>\n</body>\n</html>\n", html_js);
}

const struct report_format report_html = { "html", REPORT_CHECK, html_begin, html_target, html_end, NULL, false };
