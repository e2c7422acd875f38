/*
 * GitHub's workflow commands. Of each kind ten annotations of a step are
 * shown, so one stands for all hosts of a target that a finding is about, and
 * the tenth counts the rest.
 */
#include <string.h>

#include "base/auto.h"
#include "base/limits.h"
#include "base/str.h"
#include "inventory/inventory.h"
#include "report/forge.h"

enum { SHOWN = 9, HOSTS_NAMED = 5 };

static void nothing_yet(struct report *r)
{
	(void)r;
}

/* Workflow commands escape % and line ends in a message, in a property also : and , */
static void put_escaped(struct report *r, const char *s, bool property)
{
	for (; *s; s++)
		if (*s == '%' || *s == '\r' || *s == '\n' || (property && (*s == ':' || *s == ',')))
			fprintf(r->out, "%%%02X", (unsigned char)*s);
		else
			putc(*s, r->out);
}

static enum level kind_of(const struct finding *f)
{
	return f->answer == ANSWER_UNKNOWN && f->level == LEVEL_ERROR ? LEVEL_WARNING : f->answer == ANSWER_UNKNOWN ? LEVEL_NOTE : f->level;
}

static const char *command(enum level l)
{
	return l == LEVEL_NOTE ? "notice" : level_name(l);
}

static bool same(const struct finding *a, const struct finding *b)
{
	return a->rule == b->rule && kind_of(a) == kind_of(b) && str_eq(a->package, b->package) && str_eq(a->path, b->path);
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

static void put_annotation(struct report *r, const struct inventory *inv, const struct finding *f, const char *hosts)
{
	enum level kind = kind_of(f);
	if (r->said[kind] == SHOWN) {
		r->unsaid[kind]++;
		return;
	}
	r->said[kind]++;
	/* a path inside the image is no file of the repository */
	const struct forge_place place = forge_place(r, inv, f);
	fprintf(r->out, "::%s ", command(kind));
	if (place.dockerfile) {
		fputs("file=", r->out);
		put_escaped(r, place.path, true);
		fprintf(r->out, ",line=%u,endLine=%u,", place.first, place.last);
	}
	fprintf(r->out, "title=envcheck %s::", f->rule->id);
	put_escaped(r, forge_sentence(r, inv, f, hosts), false);
	putc('\n', r->out);
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
				put_annotation(r, inv, f, hosts_of(r, results, n, i, f));
			arena_clear(&r->arena);
		}
}

static void github_end(struct report *r, const struct report_tail *t)
{
	for (size_t i = 0; i < t->errors_n; i++) {
		auto_buf struct buf b = BUF_INIT(LIMIT_TEXT);
		shown_add(&b, t->errors[i].text);
		if (r->said[LEVEL_ERROR]++ >= SHOWN) {
			r->unsaid[LEVEL_ERROR]++;
			continue;
		}
		fputs("::error title=envcheck::", r->out);
		put_escaped(r, buf_text(&b), false);
		putc('\n', r->out);
		r->bad |= b.bad;
	}
	for (int l = LEVEL_ERROR; l >= LEVEL_NOTE; l--)
		if (r->unsaid[l])
			fprintf(r->out, "::%s title=envcheck::%zu more: GitHub shows ten of a kind, the other formats have all\n", command((enum level)l), r->unsaid[l]);
}

const struct report_format report_github = { "github", REPORT_CHECK, nothing_yet, github_target, github_end, NULL };
