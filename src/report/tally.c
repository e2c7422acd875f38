#include "report/tally.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/limits.h"
#include "base/str.h"
#include "inventory/inventory.h"
#include "report/forge.h"

enum { SHOWN_MAX = 600 }; /* bytes of a message that are kept */

enum level tally_level(const struct finding *f)
{
	return f->answer == ANSWER_UNKNOWN && f->level == LEVEL_ERROR ? LEVEL_WARNING : f->answer == ANSWER_UNKNOWN ? LEVEL_NOTE : f->level;
}

/* Bytes of the target made fit for eyes, and cut to a bound. */
static const char *keep(struct report *r, const char *s)
{
	auto_buf struct buf b = BUF_INIT(LIMIT_TEXT);
	shown_add(&b, s ? s : "");
	const char *text = buf_text(&b);
	const char *kept = arena_strn(&r->kept, text, strnlen(text, SHOWN_MAX));
	r->bad |= b.bad || !kept;
	return kept ? kept : "";
}

static struct tally_row *row_of(struct report *r, const struct rule_info *rule, enum level level)
{
	for (size_t i = 0; i < r->tally.n; i++)
		if (r->tally.v[i].rule == rule && r->tally.v[i].level == level)
			return &r->tally.v[i];
	struct tally_row *row = list_push(&r->kept, &r->tally);
	if (row)
		*row = (struct tally_row){ .rule = rule, .level = level, .last = SIZE_MAX };
	r->bad |= !row;
	return row;
}

/* Once for each cell, however many packages the rule strikes there. */
static bool first_of_rule(const struct result *res, size_t k)
{
	const struct finding *f = &res->findings.v[k];
	for (size_t i = 0; i < k; i++)
		if (res->findings.v[i].rule == f->rule && tally_level(&res->findings.v[i]) == tally_level(f))
			return false;
	return true;
}

static void count(struct report *r, const struct inventory *inv, const struct result *res, const char *host, size_t k)
{
	const struct finding *f = &res->findings.v[k];
	struct tally_row *row = row_of(r, f->rule, tally_level(f));
	if (!row)
		return;
	if (!row->cells++) {
		const char *name = report_target_name(inv);
		row->where = keep(r, host ? arena_printf(&r->arena, "%s on %s", name, host) : name);
		row->message = keep(r, f->message ? f->message : f->rule->title);
		row->fix = f->remedies.n ? keep(r, f->remedies.v[0].text) : NULL;
	}
	row->targets += row->last != r->count;
	row->last = r->count;
}

void tally_add(struct report *r, const struct inventory *inv, const struct result *const *results, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < results[i]->findings.n; k++)
			if (forge_counts(r, &results[i]->findings.v[k]) && first_of_rule(results[i], k))
				count(r, inv, results[i], r->job->hosts_n ? r->job->hosts[i].name : NULL, k);
}

static int tally_cmp(const void *x, const void *y)
{
	const struct tally_row *a = x, *b = y;
	if (a->level != b->level)
		return a->level > b->level ? -1 : 1;
	if (a->cells != b->cells)
		return a->cells > b->cells ? -1 : 1;
	return strcmp(a->rule->id, b->rule->id);
}

void tally_sort(struct report *r)
{
	list_sort(&r->tally, tally_cmp);
}
