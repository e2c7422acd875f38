#include "report/forge.h"

#include <string.h>

#include "base/auto.h"
#include "base/limits.h"
#include "base/str.h"
#include "inventory/inventory.h"

bool forge_counts(const struct report *r, const struct finding *f)
{
	if (f->answer == ANSWER_PASS)
		return false;
	return r->job->all || (f->answer == ANSWER_FAIL ? f->level > LEVEL_NOTE : f->level == LEVEL_ERROR);
}

const char *forge_sentence(struct report *r, const struct inventory *inv, const struct finding *f, const char *hosts)
{
	auto_buf struct buf b = BUF_INIT(LIMIT_TEXT);
	bool fails = f->answer == ANSWER_FAIL && f->level == LEVEL_ERROR;
	shown_add(&b, report_target_name(inv));
	if (hosts) {
		buf_str(&b, fails ? " will not run on " : " on ");
		shown_add(&b, hosts);
	} else if (fails) {
		buf_str(&b, " fails on every host");
	}
	buf_str(&b, ": ");
	shown_add(&b, f->message ? f->message : f->rule->title);
	if (f->answer == ANSWER_UNKNOWN && f->missing) {
		buf_str(&b, " (not known: ");
		shown_add(&b, f->missing);
		buf_char(&b, ')');
	}
	for (size_t i = 0; i < f->remedies.n; i++) {
		buf_str(&b, i ? "; or: " : "; fix: ");
		shown_add(&b, f->remedies.v[i].text);
	}
	const char *s = arena_str(&r->arena, buf_text(&b));
	r->bad |= b.bad || !s;
	return s ? s : f->rule->title;
}

struct forge_place forge_place(struct report *r, const struct inventory *inv, const struct finding *f)
{
	bool dockerfile = r->job->dockerfile && f->line;
	const char *path = dockerfile ? r->job->dockerfile : f->path ? f->path : path_base(inv->name);
	auto_buf struct buf b = BUF_INIT(LIMIT_TEXT);
	while (*path == '/' || str_starts(path, "./"))
		path += *path == '/' ? 1 : 2;
	shown_add(&b, path);
	const char *shown = *path ? arena_str(&r->arena, buf_text(&b)) : "target";
	r->bad |= b.bad || !shown;
	return (struct forge_place){ shown ? shown : "target", dockerfile ? f->line : 1, dockerfile ? f->last_line : 1, dockerfile };
}
