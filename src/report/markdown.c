/*
 * Markdown for a comment on a pull request or a job's summary: the verdict,
 * the grid, and what was found, folded. It stays below GitHub's limit of
 * 65,536 characters for a comment: what does not fit is counted.
 */
#include "report/markdown.h"

#include <string.h>

#include "base/auto.h"
#include "base/limits.h"
#include "base/str.h"
#include "inventory/inventory.h"
#include "report/tally.h"

enum { BAD_ROWS, GOOD_ROWS, DETAILS, LEAD };
enum { BAD_ROWS_MAX = 12 << 10, GOOD_ROWS_MAX = 6 << 10, DETAILS_MAX = 30 << 10, ONE_MAX = 2 << 10, HOST_COLUMNS = 6, HOSTS_NAMED = 6 };
enum { CAUSES = 8, CAUSES_MAX = 10 << 10 };

void markdown_add(struct buf *b, const char *s)
{
	auto_buf struct buf shown = BUF_INIT(LIMIT_TEXT);
	shown_add(&shown, s ? s : "");
	b->bad |= shown.bad;
	for (const char *p = buf_text(&shown); *p; p++) {
		if (*p == '<')
			buf_str(b, "&lt;");
		else if (*p == '&')
			buf_str(b, "&amp;");
		else if (*p == ':' && !strncmp(p, "://", 3))
			buf_str(b, "&#58;");
		else if (*p == '.' && p - buf_text(&shown) >= 3 && !strncasecmp(p - 3, "www", 3)) /* GitHub makes links of these, too */
			buf_str(b, "&#46;");
		else if (*p == '@')
			buf_str(b, "@<!-- -->");
		else if (*p == '#')
			buf_str(b, "\\#<!-- -->");
		else if (strchr("|\\`*_[]>~$!", *p))
			buf_printf(b, "\\%c", *p);
		else
			buf_char(b, *p);
	}
}

/* CommonMark 6.1: the span ends at a run of as many backticks as began it. */
void markdown_add_code(struct buf *b, const char *s)
{
	auto_buf struct buf shown = BUF_INIT(LIMIT_TEXT);
	shown_add(&shown, s ? s : "");
	b->bad |= shown.bad;
	const char *text = buf_text(&shown);
	size_t longest = 0, run = 0;
	for (const char *p = text; *p; p++) {
		run = *p == '`' ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}
	for (size_t i = 0; i <= longest; i++)
		buf_char(b, '`');
	buf_printf(b, longest ? " %s " : "%s", *text ? text : " ");
	for (size_t i = 0; i <= longest; i++)
		buf_char(b, '`');
}

static void put(struct report *r, const struct buf *b)
{
	if (b->bad || (b->n && fwrite(b->p, 1, b->n, r->out) != b->n))
		r->bad = true;
}

void markdown_text(struct report *r, const char *s)
{
	auto_buf struct buf b = BUF_INIT(LIMIT_TEXT);
	markdown_add(&b, s);
	put(r, &b);
}

void markdown_code(struct report *r, const char *s)
{
	auto_buf struct buf b = BUF_INIT(LIMIT_TEXT);
	markdown_add_code(&b, s);
	put(r, &b);
}

static void nothing_yet(struct report *r)
{
	(void)r;
}

static bool counts(const struct report *r, const struct finding *f)
{
	return f->answer == ANSWER_FAIL ? r->job->all || f->level > LEVEL_NOTE : f->answer == ANSWER_UNKNOWN && (r->job->all || f->level == LEVEL_ERROR);
}

/* "fail" stands out. */
static void add_verdict(struct buf *b, enum verdict v)
{
	buf_printf(b, v >= VERDICT_UNKNOWN ? "**%s**" : "%s", verdict_name(v));
}

/* The hosts of one verdict, by name as far as they are few. */
static void add_hosts(struct buf *b, const struct report *r, const struct result *const *results, size_t n, enum verdict v)
{
	size_t seen = 0;
	for (size_t i = 0; i < n; i++) {
		if (results[i]->verdict != v || ++seen > HOSTS_NAMED)
			continue;
		buf_str(b, seen > 1 ? ", " : "");
		markdown_add(b, r->job->hosts[i].name);
	}
	if (seen > HOSTS_NAMED)
		buf_printf(b, " and %zu more", seen - HOSTS_NAMED);
}

static void add_row(struct buf *b, const struct report *r, const struct inventory *inv, const struct result *const *results, size_t n)
{
	buf_str(b, "| ");
	markdown_add(b, report_target_name(inv));
	if (n <= HOST_COLUMNS) {
		for (size_t i = 0; i < n; i++) {
			buf_str(b, " | ");
			add_verdict(b, results[i]->verdict);
		}
	} else {
		static const enum verdict shown[] = { VERDICT_FAIL, VERDICT_UNKNOWN };
		size_t fine = 0;
		for (size_t i = 0; i < sizeof(shown) / sizeof(*shown); i++) {
			buf_str(b, " | ");
			add_hosts(b, r, results, n, shown[i]);
		}
		for (size_t i = 0; i < n; i++)
			fine += results[i]->verdict < VERDICT_UNKNOWN;
		buf_printf(b, " | %zu of %zu", fine, n);
	}
	buf_str(b, " |\n");
}

static void add_finding(struct buf *b, const struct report *r, const struct finding *f)
{
	buf_printf(b, "- **%s**%s ", f->answer == ANSWER_UNKNOWN ? "unknown" : level_name(f->level), r->job->baseline && f->is_new ? " (new)" : "");
	markdown_add(b, f->message ? f->message : f->rule->title);
	buf_printf(b, " (`%s`)\n", f->rule->id);
	for (size_t i = 0; i < f->remedies.n; i++) {
		buf_str(b, i ? "  - or " : "  - fix: ");
		markdown_add_code(b, f->remedies.v[i].text);
		const char *said = report_checked(&f->remedies.v[i]);
		buf_printf(b, "%s%s%s\n", said ? " (" : "", said ? said : "", said ? ")" : "");
	}
	if (f->error.text || f->error.name) {
		buf_str(b, "  - user sees: ");
		markdown_add_code(b, f->error.text ? f->error.text : f->error.name);
		buf_char(b, '\n');
	}
	if (f->layer >= 0 && f->created_by) {
		buf_str(b, "  - from ");
		if (r->job->dockerfile && f->line) {
			markdown_add_code(b, r->job->dockerfile);
			buf_printf(b, " line %u, ", f->line);
		}
		buf_printf(b, "layer %d: ", f->layer);
		markdown_add_code(b, f->created_by);
		buf_char(b, '\n');
	}
	if (f->path) {
		buf_str(b, "  - in ");
		markdown_add_code(b, f->path);
		if (f->also.n)
			buf_printf(b, " and %zu more", f->also.n);
		buf_char(b, '\n');
	}
}

/* Adds `one` if there is room; what has none is counted. */
static void keep(struct report *r, int side, size_t max, const struct buf *one)
{
	struct buf *b = &r->side[side];
	if (one->bad || one->n > max - (b->n < max ? b->n : max))
		r->seen++;
	else
		buf_add(b, one->p, one->n);
}

static void keep_details(struct report *r, const struct inventory *inv, const struct result *res, const char *host, size_t more)
{
	auto_buf struct buf cell = BUF_INIT(LIMIT_TEXT), one = BUF_INIT(LIMIT_TEXT);
	size_t found = 0, left = 0;
	for (size_t i = 0; i < res->findings.n; i++) {
		if (!counts(r, &res->findings.v[i]))
			continue;
		found++;
		buf_reset(&one);
		add_finding(&one, r, &res->findings.v[i]);
		if (cell.n + one.n < DETAILS_MAX / 4)
			buf_add(&cell, one.p, one.n);
		else
			left++;
	}
	if (!found)
		return;
	if (left)
		buf_printf(&cell, "- and %zu more\n", left);
	buf_reset(&one);
	buf_printf(&one, "\n<details%s><summary><b>%s</b> ", r->side[DETAILS].n ? "" : " open", verdict_name(res->verdict));
	markdown_add(&one, report_target_name(inv));
	if (host) {
		buf_str(&one, " on ");
		markdown_add(&one, host);
	}
	if (more)
		buf_printf(&one, " and %zu alike", more);
	buf_str(&one, "</summary>\n\n");
	buf_add(&one, cell.p, cell.n);
	buf_str(&one, "\n</details>\n");
	keep(r, DETAILS, DETAILS_MAX, &one);
}

/* The sentence of a single result; of several a count is said. */
static void keep_lead(struct report *r, const struct inventory *inv, const struct result *res)
{
	struct buf *b = &r->side[LEAD];
	markdown_add(b, report_target_name(inv));
	buf_printf(b, "%s %s", r->job->hosts_n ? "" : ":", report_verdict_words(res, r->job->hosts_n));
	if (r->job->hosts_n) {
		buf_str(b, " on ");
		markdown_add(b, report_host_line(&r->arena, &r->job->hosts[0]));
	}
}

static void markdown_target(struct report *r, const struct inventory *inv, const struct result *const *results, size_t n)
{
	auto_buf struct buf row = BUF_INIT(LIMIT_TEXT);
	const size_t *alike = report_groups(&r->arena, results, n);
	bool bad = false;
	r->bad |= !alike;
	for (size_t i = 0; alike && i < n; i++) {
		size_t after = 0;
		bad |= results[i]->verdict >= VERDICT_UNKNOWN;
		for (size_t k = i + 1; k < n; k++)
			after += alike[k] == i;
		if (alike[i] == i)
			keep_details(r, inv, results[i], r->job->hosts_n ? report_host_line(&r->arena, &r->job->hosts[i]) : NULL, after);
	}
	if (!r->count && n)
		keep_lead(r, inv, results[0]);
	tally_add(r, inv, results, n);
	add_row(&row, r, inv, results, n);
	keep(r, bad ? BAD_ROWS : GOOD_ROWS, bad ? BAD_ROWS_MAX : GOOD_ROWS_MAX, &row);
	arena_clear(&r->arena);
}

static void put_head(struct report *r, const struct report_tail *t)
{
	static const char *const said[] = { "without GPU software", "run", "run with warnings", "not known", "will not run" };
	char word[16];
	size_t n = 0;
	for (const char *p = verdict_name(t->verdict); *p && n + 1 < sizeof(word); p++)
		word[n++] = (char)(*p - 'a' + 'A');
	fprintf(r->out, "### envcheck: %.*s", (int)n, word);
	const char *comma = ": ";
	size_t cells = 0;
	for (size_t i = 0; i <= VERDICT_FAIL; i++)
		cells += r->verdicts[i];
	if (cells == 1) {
		fputs(comma, r->out);
		put(r, &r->side[LEAD]);
	}
	for (size_t i = VERDICT_FAIL + 1; cells > 1 && i-- > 0;)
		if (r->verdicts[i]) {
			fprintf(r->out, "%s%zu %s", comma, r->verdicts[i], said[i]);
			comma = ", ";
		}
	fputs("\n\n", r->out);
}

static void put_columns(struct report *r)
{
	const struct report_job *job = r->job;
	size_t columns = job->hosts_n ? job->hosts_n : 1;
	fputs("| target", r->out);
	if (columns > HOST_COLUMNS) {
		fputs(" | fails on | not known on | runs on |\n|---|---|---|---|\n", r->out);
		return;
	}
	for (size_t i = 0; i < columns; i++) {
		fputs(" | ", r->out);
		markdown_text(r, job->hosts_n ? job->hosts[i].name : "on any host");
	}
	fputs(" |\n|---", r->out);
	for (size_t i = 0; i < columns; i++)
		fputs("|---", r->out);
	fputs("|\n", r->out);
}

/* Where not everything fits: what strikes most, and what to do there. */
static void put_causes(struct report *r)
{
	auto_buf struct buf b = BUF_INIT(LIMIT_TEXT), one = BUF_INIT(LIMIT_TEXT);
	tally_sort(r);
	buf_str(&b, "\n**What strikes most**\n\n| | rule | targets | cells | first | fix there |\n|---|---|---|---|---|---|\n");
	for (size_t i = 0; i < r->tally.n && i < CAUSES; i++) {
		const struct tally_row *t = &r->tally.v[i];
		buf_reset(&one);
		buf_printf(&one, "| %s | `%s` | %zu | %zu | ", level_name(t->level), t->rule->id, t->targets, t->cells);
		markdown_add(&one, t->where);
		buf_str(&one, ": ");
		markdown_add(&one, t->message);
		buf_str(&one, " | ");
		markdown_add(&one, t->fix ? t->fix : "");
		buf_str(&one, " |\n");
		if (b.n + one.n < CAUSES_MAX)
			buf_add(&b, one.p, one.n);
	}
	put(r, &b);
}

static void markdown_end(struct report *r, const struct report_tail *t)
{
	put_head(r, t);
	if (r->count) {
		put_columns(r);
		put(r, &r->side[BAD_ROWS]);
		put(r, &r->side[GOOD_ROWS]);
		if (r->seen)
			put_causes(r);
		put(r, &r->side[DETAILS]);
	}
	for (size_t i = 0; i < t->errors_n && i < 10; i++) {
		fputs(i ? "- not read: " : "\n- not read: ", r->out);
		markdown_text(r, arena_strn(&r->arena, t->errors[i].text, strnlen(t->errors[i].text, ONE_MAX / 4)));
		fputc('\n', r->out);
	}
	if (t->errors_n > 10)
		fprintf(r->out, "- not read: %zu more\n", t->errors_n - 10);
	if (r->seen)
		fprintf(r->out, "\n%zu more rows and details did not fit here: the JSON and HTML reports have all.\n", r->seen);
	if (r->job->matrices)
		fprintf(r->out, "\nTables %s.\n", r->job->matrices);
}

const struct report_format report_markdown = { "markdown", REPORT_CHECK, nothing_yet, markdown_target, markdown_end, NULL, false };
