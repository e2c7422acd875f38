/*
 * GitHub's workflow commands. Of each kind ten annotations of a step are
 * shown, so one stands for all hosts of a target that a finding is about; if
 * there are more of a level, one for each rule.
 */
#include <string.h>

#include "base/auto.h"
#include "base/limits.h"
#include "base/str.h"
#include "inventory/inventory.h"
#include "report/forge.h"
#include "report/tally.h"

enum { SHOWN = 9, HOSTS_NAMED = 5 };

static void nothing_yet(struct report *r)
{
	(void)r;
}

/* Workflow commands escape % and line ends in a message, in a property also : and , */
static void add_escaped(struct buf *b, const char *s, bool property)
{
	for (; *s; s++)
		if (*s == '%' || *s == '\r' || *s == '\n' || (property && (*s == ':' || *s == ',')))
			buf_printf(b, "%%%02X", (unsigned char)*s);
		else
			buf_char(b, *s);
}

static const char *command(enum level l)
{
	return l == LEVEL_NOTE ? "notice" : level_name(l);
}

static bool same(const struct finding *a, const struct finding *b)
{
	return a->rule == b->rule && tally_level(a) == tally_level(b) && str_eq(a->package, b->package) && str_eq(a->path, b->path);
}

static bool among(const struct result *res, const struct finding *f)
{
	for (size_t i = 0; i < res->findings.n; i++)
		if (res->findings.v[i].answer != ANSWER_PASS && same(&res->findings.v[i], f))
			return true;
	return false;
}

/* The hosts from number i on that have the same finding. */
static const char *hosts_of(struct report *r, const struct result *const *results, size_t n, size_t i, const struct finding *f)
{
	auto_buf struct buf b = BUF_INIT(LIMIT_TEXT);
	size_t seen = 0;
	if (!r->job->hosts_n)
		return NULL;
	for (size_t k = i; k < n; k++)
		if (among(results[k], f) && ++seen <= HOSTS_NAMED)
			buf_printf(&b, "%s%s", seen > 1 ? ", " : "", r->job->hosts[k].name ? r->job->hosts[k].name : "host");
	if (seen > HOSTS_NAMED)
		buf_printf(&b, " and %zu more", seen - HOSTS_NAMED);
	return arena_str(&r->arena, buf_text(&b));
}

/* Kept until it is known whether all of its level are few enough. */
static void keep_annotation(struct report *r, const struct inventory *inv, const struct finding *f, const char *hosts)
{
	enum level kind = tally_level(f);
	struct buf *b = &r->side[kind];
	if (r->said[kind] == SHOWN) {
		r->unsaid[kind]++;
		return;
	}
	r->said[kind]++;
	/* a path inside the image is no file of the repository */
	const struct forge_place place = forge_place(r, inv, f);
	buf_printf(b, "::%s ", command(kind));
	if (place.dockerfile) {
		buf_str(b, "file=");
		add_escaped(b, place.path, true);
		buf_printf(b, ",line=%u,endLine=%u,", place.first, place.last);
	}
	buf_printf(b, "title=envcheck %s::", f->rule->id);
	add_escaped(b, forge_sentence(r, inv, f, hosts), false);
	buf_char(b, '\n');
}

static void github_target(struct report *r, const struct inventory *inv, const struct result *const *results, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < results[i]->findings.n; k++) {
			const struct finding *f = &results[i]->findings.v[k];
			bool told = false;
			for (size_t before = 0; before < i && !told; before++)
				told = among(results[before], f);
			if (!told && forge_counts(r, f))
				keep_annotation(r, inv, f, hosts_of(r, results, n, i, f));
			arena_clear(&r->arena);
		}
	tally_add(r, inv, results, n);
	arena_clear(&r->arena);
}

/* Targets and hosts that could not be read come first: of many the first and a count. */
static size_t put_errors(struct report *r, const struct report_tail *t, size_t room)
{
	size_t shown = t->errors_n <= room ? t->errors_n : t->errors_n ? 1 : 0;
	for (size_t i = 0; i < shown; i++) {
		auto_buf struct buf b = BUF_INIT(LIMIT_TEXT), line = BUF_INIT(4 * LIMIT_TEXT);
		shown_add(&b, t->errors[i].text);
		add_escaped(&line, buf_text(&b), false);
		fprintf(r->out, "::error title=envcheck::%s", buf_text(&line));
		fprintf(r->out, shown < t->errors_n ? ", and %zu more could not be read\n" : "\n", t->errors_n - 1);
		r->bad |= b.bad || line.bad;
	}
	return shown;
}

/* Over ten of a level: one for each rule that strikes, the most frequent first. */
static void put_tally(struct report *r, enum level level, size_t room)
{
	size_t said = 0, left = 0;
	for (size_t i = 0; i < r->tally.n; i++) {
		const struct tally_row *t = &r->tally.v[i];
		if (t->level != level)
			continue;
		if (said == room) {
			left++;
			continue;
		}
		said++;
		auto_buf struct buf b = BUF_INIT(LIMIT_TEXT);
		buf_printf(&b, "%zu of %zu targets", t->targets, r->count);
		if (r->job->hosts_n > 1)
			buf_printf(&b, ", %zu times over their hosts", t->cells);
		buf_printf(&b, "; first %s: %s%s%s", t->where, t->message, t->fix ? "; fix: " : "", t->fix ? t->fix : "");
		auto_buf struct buf line = BUF_INIT(4 * LIMIT_TEXT);
		add_escaped(&line, buf_text(&b), false);
		fprintf(r->out, "::%s title=envcheck %s::%s\n", command(level), t->rule->id, buf_text(&line));
		r->bad |= b.bad || line.bad;
	}
	if (left)
		fprintf(r->out, "::%s title=envcheck::%zu more rules: GitHub shows ten of a kind, the other formats have all\n", command(level), left);
}

static void github_end(struct report *r, const struct report_tail *t)
{
	tally_sort(r);
	for (int l = LEVEL_ERROR; l >= LEVEL_NOTE; l--) {
		size_t room = r->unsaid[l] ? 3 : SHOWN + 1 - r->said[l];
		size_t errors = l == LEVEL_ERROR ? put_errors(r, t, room) : 0;
		const struct buf *b = &r->side[l];
		if (r->unsaid[l])
			put_tally(r, (enum level)l, SHOWN - errors);
		else if (b->n && fwrite(b->p, 1, b->n, r->out) != b->n)
			r->bad = true;
	}
}

const struct report_format report_github = { "github", REPORT_CHECK, nothing_yet, github_target, github_end, NULL, false };
