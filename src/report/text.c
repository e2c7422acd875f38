/* The report for eyes: the verdict first, then what causes it, then what to do. */
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "derive/hostfacts.h"
#include "inventory/inventory.h"
#include "report/lines.h"

enum { GRID };
enum { COLUMNS = 8, FLEET_NAMED = 5, WIDEST = 60 }; /* over eight hosts the grid names those that decide */

static void nothing_yet(struct report *r)
{
	(void)r;
}

static void say_head(struct report *r, const struct inventory *inv, const struct result *res, const char *host)
{
	const char *name = report_target_name(inv);
	struct report_counts c = report_count(res);
	char pass[48];
	snprintf(pass, sizeof(pass), c.warnings ? "PASS (%u warning%s)" : "PASS", c.warnings, c.warnings == 1 ? "" : "s");
	switch (res->verdict) {
	case VERDICT_FAIL:
		say_line(r, RED, "FAIL", host ? "  %s will not run on %s" : "  %s fails on every host%s", name, host ? host : "");
		return;
	case VERDICT_UNKNOWN:
		say_line(r, YELLOW, "UNKNOWN", host ? "  %s may not run on %s: too little is known to tell" : "  %s: too little is known to tell%s", name, host ? host : "");
		return;
	case VERDICT_WARN:
	case VERDICT_PASS:
		if (host && res->host_facts && !res->host_facts->states_any) {
			say_line(r, YELLOW, pass, "  %s has no fault of its own, and was not judged on %s", name, host);
			return;
		}
		say_line(r, c.warnings ? YELLOW : GREEN, pass, host ? "  %s runs on %s" : "  %s: no fault of its own%s", name,
			 host ? host : "");
		return;
	case VERDICT_NOTHING:
		say_line(r, PLAIN, "NOTHING", "  %s: no GPU software, nothing to judge", name);
	}
}

static void say_user_sees(struct report *r, const struct finding *f)
{
	if (!f->error.text && !f->error.name)
		return;
	char code[24] = "";
	if (f->error.code)
		snprintf(code, sizeof(code), "error %d%s", f->error.code, f->error.name ? ", " : "");
	say_line(r, PLAIN, NULL, "      user sees   %s%s%s%s%s%s", code, f->error.name ? f->error.name : "",
		 (f->error.name || *code) && f->error.text ? ": " : "", f->error.text ? "\"" : "", f->error.text ? f->error.text : "",
		 f->error.text ? "\"" : "");
}

static void say_from(struct report *r, const struct finding *f)
{
	char line[32] = "";
	if (r->job->dockerfile && f->line)
		snprintf(line, sizeof(line), ":%u, ", f->line);
	if (f->layer >= 0)
		say_line(r, PLAIN, NULL, "      from        %s%slayer %d%s%s", *line ? r->job->dockerfile : "", line, f->layer, f->created_by ? ": " : "",
			 f->created_by ? f->created_by : "");
	if (f->path)
		say_line(r, PLAIN, NULL, "      in          %s", f->path);
	if (f->also_packages.n) {
		auto_buf struct buf b = BUF_INIT(4096);
		for (size_t i = 0; i < f->also_packages.n; i++)
			buf_printf(&b, "%s%s", i ? ", " : "", f->also_packages.v[i]);
		say_line(r, PLAIN, NULL, "      also        %s", buf_text(&b));
		if (!r->job->all)
			return;
	}
	size_t shown = r->job->all ? f->also.n : f->also.n < 2 ? f->also.n : 2;
	for (size_t i = 0; i < shown; i++)
		say_line(r, PLAIN, NULL, "                  %s", f->also.v[i]);
	if (shown < f->also.n)
		say_line(r, PLAIN, NULL, "                  and %zu more", f->also.n - shown);
}

static void say_remedies(struct report *r, const struct finding *f)
{
	for (size_t i = 0; i < f->remedies.n; i++)
		say_remedy(r, i ? "             or " : "      fix       ", &f->remedies.v[i]);
}

static void say_finding(struct report *r, const struct finding *f)
{
	bool pass = f->answer == ANSWER_PASS, unknown = f->answer == ANSWER_UNKNOWN;
	const char *mark = pass ? "  ok" : unknown ? "  ?" : f->level == LEVEL_ERROR ? "  x" : f->level == LEVEL_WARNING ? "  !" : "  -";
	enum paint paint = pass ? GREEN : unknown ? YELLOW : f->level == LEVEL_ERROR ? RED : f->level == LEVEL_WARNING ? YELLOW : PLAIN;
	char missing[160] = "";
	if (unknown && f->missing)
		snprintf(missing, sizeof(missing), " (not known: %s)", f->missing);
	say_line(r, paint, mark, " %s%s  [%s]", f->message ? f->message : f->rule->title, missing, f->rule->id);
	if (pass)
		return;
	if (f->lowered)
		say_line(r, PLAIN, NULL, "      lowered     %s", f->lowered);
	say_user_sees(r, f);
	say_from(r, f);
	say_remedies(r, f);
	if (r->job->all)
		for (size_t i = 0; i < f->sources.n; i++)
			say_line(r, PLAIN, NULL, "      source      table %s, row %s: %s", f->sources.v[i].matrix, f->sources.v[i].row,
				 f->sources.v[i].url ? f->sources.v[i].url : "");
}

/* Notes, unknowns that decide nothing and passes are folded unless --all. */
static bool shows(const struct report *r, const struct finding *f)
{
	if (r->job->all)
		return true;
	if (f->answer == ANSWER_PASS)
		return false;
	return f->answer == ANSWER_UNKNOWN ? f->level == LEVEL_ERROR : f->level >= LEVEL_WARNING;
}

static void say_counts(struct report *r, const struct inventory *inv, const struct result *res)
{
	struct report_counts c = report_count(res);
	auto_buf struct buf b = BUF_INIT(4096);
	buf_printf(&b, "%u error%s, %u warning%s", c.errors, c.errors == 1 ? "" : "s", c.warnings, c.warnings == 1 ? "" : "s");
	if (c.unknowns)
		buf_printf(&b, ", %u not known", c.unknowns);
	if (c.notes)
		buf_printf(&b, ", %u note%s%s", c.notes, c.notes == 1 ? "" : "s", r->job->all ? "" : " (--all)");
	if (res->ignored)
		buf_printf(&b, ", %u ignored", res->ignored);
	buf_str(&b, ".");
	size_t other = 0;
	for (size_t i = 0; i < inv->environments.n; i++)
		if (inv->environments.v[i].role == ENV_UNREACHED && ++other <= 3)
			buf_printf(&b, "%s %s", other == 1 ? " Not judged:" : ",", inv->environments.v[i].path);
	if (other)
		buf_str(&b, other > 3 ? ", ..." : ".");
	if (inv->gaps.n)
		buf_printf(&b, " %zu gap%s.", inv->gaps.n + inv->gaps_lost, inv->gaps.n == 1 ? "" : "s");
	const char *claimed = claimed_line(&r->arena, inv), *tabled = tabled_line(&r->arena, inv);
	if (claimed)
		buf_printf(&b, " %s.", claimed);
	if (tabled)
		buf_printf(&b, " %s.", tabled);
	if (r->job->matrices)
		buf_printf(&b, " Tables %s.", r->job->matrices);
	say_line(r, PLAIN, NULL, "  %s", buf_text(&b));
}

static void say_result(struct report *r, const struct inventory *inv, const struct result *res, const char *host)
{
	if (r->seen++)
		say_blank(r);
	say_head(r, inv, res, host);
	if (!host)
		text_identity(r, inv);
	text_runs(r, inv);
	if (res->works_by && res->verdict <= VERDICT_WARN)
		say_line(r, PLAIN, NULL, "      by  %s", res->works_by);
	bool any = false;
	for (size_t i = 0; i < res->findings.n; i++)
		if (shows(r, &res->findings.v[i])) {
			if (!any && res->verdict > VERDICT_WARN)
				say_blank(r);
			any = true;
			say_finding(r, &res->findings.v[i]);
		}
	if (any && res->verdict > VERDICT_WARN)
		say_blank(r);
	if (!host || res->verdict > VERDICT_WARN)
		text_needs(r, inv);
	if (!host && res->verdict != VERDICT_NOTHING)
		say_line(r, PLAIN, NULL, "  No host was given: --host FILE, or --driver V --gpu NAME, judges it on one.");
	say_counts(r, inv, res);
}

/* "21 run, 3 fail: lab-a, lab-b": of many hosts those that decide are named. */
static void add_fleet(struct report *r, struct buf *b, const struct result *const *results, size_t n)
{
	static const struct { enum verdict v; const char *said; } kinds[] = { { VERDICT_FAIL, "fail" }, { VERDICT_UNKNOWN, "not known" } };
	size_t fine = 0;
	for (size_t i = 0; i < n; i++)
		fine += results[i]->verdict < VERDICT_UNKNOWN;
	buf_printf(b, "%zu of %zu run", fine, n);
	for (size_t k = 0; k < sizeof(kinds) / sizeof(*kinds); k++) {
		size_t seen = 0, all = 0;
		for (size_t i = 0; i < n; i++)
			all += results[i]->verdict == kinds[k].v;
		if (all)
			buf_printf(b, "; %zu %s: ", all, kinds[k].said);
		for (size_t i = 0; i < n && seen < FLEET_NAMED; i++) {
			if (results[i]->verdict != kinds[k].v)
				continue;
			buf_str(b, seen++ ? ", " : "");
			shown_add(b, r->job->hosts[i].name ? r->job->hosts[i].name : "host");
		}
		if (seen < all)
			buf_printf(b, " and %zu more", all - seen);
	}
}

/* One row of the grid, kept for the end: its name, a tab, its cells. */
static void keep_row(struct report *r, const struct inventory *inv, const struct result *const *results, size_t n)
{
	struct buf *b = &r->side[GRID];
	shown_add(b, report_target_name(inv));
	buf_char(b, '\t');
	if (n > COLUMNS)
		add_fleet(r, b, results, n);
	for (size_t i = 0; i < n && n <= COLUMNS; i++)
		buf_printf(b, i + 1 < n ? "  %-8s" : "  %s", verdict_name(results[i]->verdict));
	buf_char(b, '\n');
}

static void text_target(struct report *r, const struct inventory *inv, const struct result *const *results, size_t n)
{
	const struct report_job *job = r->job;
	if (job->inspect) {
		if (r->seen++)
			say_blank(r);
		text_inspect(r, inv);
		return;
	}
	const size_t *alike = report_groups(&r->arena, results, n);
	r->bad |= !alike;
	for (size_t i = 0; alike && i < n; i++) {
		size_t after = 0;
		for (size_t k = i + 1; k < n; k++)
			after += alike[k] == i;
		if (alike[i] != i)
			continue;
		const char *host = job->hosts_n ? report_host_line(&r->arena, &job->hosts[i]) : NULL;
		if (after)
			host = arena_printf(&r->arena, "%s and %zu more like it", host, after);
		say_result(r, inv, results[i], host);
	}
	if (job->hosts_n)
		keep_row(r, inv, results, n);
	arena_clear(&r->arena);
}

static void say_grid(struct report *r)
{
	const struct report_job *job = r->job;
	struct buf *b = &r->side[GRID];
	r->bad |= b->bad;
	if (!job->hosts_n || r->count * job->hosts_n < 2 || b->bad)
		return;
	size_t width = 28;
	for (const char *p = buf_text(b); *p; p += strcspn(p, "\n") + 1) {
		size_t name = strcspn(p, "\t");
		width = name > width && name <= WIDEST ? name : width;
	}
	say_blank(r);
	for (size_t i = 0; i < job->hosts_n && job->hosts_n <= COLUMNS; i++)
		say_line(r, PLAIN, NULL, "  host %zu: %s", i + 1, report_host_line(&r->arena, &job->hosts[i]));
	if (job->hosts_n <= COLUMNS) {
		fprintf(r->out, "  %-*s", (int)width, "");
		for (size_t i = 0; i < job->hosts_n; i++)
			fprintf(r->out, i + 1 < job->hosts_n ? "  host %-3zu" : "  host %zu", i + 1);
		fputc('\n', r->out);
	}
	for (const char *p = buf_text(b); *p;) {
		size_t name = strcspn(p, "\t"), all = strcspn(p, "\n");
		fprintf(r->out, "  %-*.*s%s%.*s\n", (int)width, (int)name, p, job->hosts_n > COLUMNS ? "  " : "", (int)(all - name - 1), p + name + 1);
		p += all + 1;
	}
}

static void text_end(struct report *r, const struct report_tail *t)
{
	if (!r->job->inspect)
		say_grid(r);
	for (size_t i = 0; i < t->unused_n; i++) {
		const struct ignore_rule *g = &t->unused[i];
		say_line(r, YELLOW, "  ignore", " %s%s%s: %s", g->rule ? g->rule : "*", g->package ? " of " : "", g->package ? g->package : "",
			 g->expired ? "its date is past" : "matches nothing");
	}
	if (!r->job->inspect && r->count && r->job->newest)
		say_line(r, PLAIN, NULL, "  The tables know up to %s.", r->job->newest);
}

const struct report_format report_text = { "text", REPORT_CHECK | REPORT_INSPECT, nothing_yet, text_target, text_end, NULL, false };
