/* What a comparison says, in words. */
#include "report/diff.h"

#include <string.h>

#include "base/auto.h"
#include "base/limits.h"
#include "base/str.h"
#include "check/compare.h"
#include "inventory/inventory.h"

static const char *kept(struct report *r, struct buf *b)
{
	const char *s = arena_str(&r->arena, buf_text(b));
	r->bad |= b->bad || !s;
	return s ? s : "";
}

static const char *host_name(const struct report *r, size_t i)
{
	return r->job->hosts_n && r->job->hosts[i].name ? r->job->hosts[i].name : "every host";
}

/* Does the verdict move between running and not? */
static bool runs(enum verdict v)
{
	return v != VERDICT_FAIL && v != VERDICT_UNKNOWN;
}

enum move { LOST, UNSURE, WON, MOVES };

static enum move move_of(const struct host_change *h)
{
	if (h->after->verdict == VERDICT_FAIL && h->before->verdict != VERDICT_FAIL)
		return LOST;
	if (h->after->verdict == VERDICT_UNKNOWN && runs(h->before->verdict))
		return UNSURE;
	return !runs(h->before->verdict) && runs(h->after->verdict) ? WON : MOVES;
}

/* "does not run on prod-a100, lab any more" */
static void add_hosts(struct report *r, struct buf *b, const struct comparison *c, enum move what, const char *head, const char *tail)
{
	size_t n = 0;
	for (size_t i = 0; i < c->hosts.n; i++)
		if (move_of(&c->hosts.v[i]) == what && ++n <= 5)
			buf_printf(b, "%s%s", n == 1 ? head : ", ", host_name(r, i));
	if (n > 5)
		buf_printf(b, " and %zu more", n - 5);
	if (n)
		buf_str(b, tail);
}

static size_t lost_gpus(const struct comparison *c)
{
	size_t n = 0;
	for (size_t i = 0; i < c->gpus.n; i++)
		n += c->gpus.v[i].after == REACH_NONE;
	return n;
}

/* "Maxwell, Pascal": the architectures of GPUs that are lost, each once. */
static void add_lost(struct buf *b, const struct comparison *c)
{
	const char *last = NULL;
	for (size_t i = 0; i < c->gpus.n; i++) {
		if (c->gpus.v[i].after != REACH_NONE || str_eq(last, c->gpus.v[i].arch))
			continue;
		buf_printf(b, "%s%s", last ? ", " : "", c->gpus.v[i].arch);
		last = c->gpus.v[i].arch;
	}
}

struct diff_head diff_head(struct report *r, const struct comparison *c)
{
	size_t moves[MOVES + 1] = { 0 }, fresh = 0, gone = 0;
	for (size_t i = 0; i < c->hosts.n; i++) {
		moves[move_of(&c->hosts.v[i])]++;
		fresh += c->hosts.v[i].fresh.n;
		gone += c->hosts.v[i].gone.n;
	}
	auto_buf struct buf b = BUF_INIT(LIMIT_TEXT);
	buf_printf(&b, "%s", report_target_name(c->after));
	size_t start = b.n;
	add_hosts(r, &b, c, LOST, " will not run any more on ", "");
	add_hosts(r, &b, c, UNSURE, b.n > start ? "; too little is known on " : ": too little is known on ", "");
	add_hosts(r, &b, c, WON, b.n > start ? "; now runs on " : " now runs on ", "");
	bool needs = c->driver > 0 || lost_gpus(c);
	bool any = c->system.n || c->packages.n || c->libraries.n || c->settings.n || c->gpus.n || c->driver || fresh || gone;
	const char *word = moves[LOST] || moves[UNSURE] ? "WORSE" : moves[WON] ? "BETTER" : any ? "CHANGED" : "SAME";
	if (b.n == start && r->job->hosts_n) {
		size_t fine = 0;
		for (size_t i = 0; i < c->hosts.n; i++)
			fine += runs(c->hosts.v[i].after->verdict);
		buf_str(&b, fine == c->hosts.n ? " runs wherever it ran before" : fine ? " runs, and fails, where it did before" :
			" still runs on none of these hosts");
	} else if (b.n == start && needs) {
		buf_printf(&b, " asks for more:%s%s", c->driver > 0 ? " driver >= " : "", c->driver > 0 ? c->after->requires.driver : "");
		if (lost_gpus(c)) {
			buf_str(&b, c->driver > 0 ? ", and it does without " : " it does without ");
			add_lost(&b, c);
		}
	} else if (b.n == start) {
		buf_str(&b, any ? " asks for no more of a host than before" : " is as before");
	}
	return (struct diff_head){ word, kept(r, &b), moves[LOST] || moves[UNSURE] };
}

static void add_line(struct report *r, diff_lines *out, const char *what, struct buf *b)
{
	struct diff_line line = { what, kept(r, b) };
	if (b->n && !list_add(&r->arena, out, line))
		r->bad = true;
	buf_reset(b);
}

enum { NONE = 1 << REACH_NONE, JIT = 1 << REACH_JIT, NATIVE = 1 << REACH_NATIVE };

/* Which GPUs, where before and after are among the given ones; "sm_100 Blackwell (B200)". */
static void gpu_line(struct report *r, const struct comparison *c, diff_lines *out, const char *what, unsigned before, unsigned after)
{
	auto_buf struct buf b = BUF_INIT(LIMIT_TEXT);
	for (size_t i = 0; i < c->gpus.n; i++) {
		const struct gpu_change *g = &c->gpus.v[i];
		if (!(1u << g->before & before) || !(1u << g->after & after))
			continue;
		buf_printf(&b, "%ssm_%d%d %s", b.n ? ", " : "", g->cc.major, g->cc.minor, g->arch);
		if (g->such_as)
			buf_printf(&b, " (%s)", g->such_as);
	}
	add_line(r, out, what, &b);
}

/* Settings can be long: what differs is found by eye in their head, all of it stands in JSON. */
enum { VALUE_SHOWN = 100 };

static void add_change(struct buf *b, const struct change *c)
{
	const char *old = c->before, *new = c->after;
	int cut = VALUE_SHOWN;
	if (old && new)
		buf_printf(b, "%s %.*s%s -> %.*s%s", c->name, cut, old, strlen(old) > VALUE_SHOWN ? "..." : "", cut, new,
			   strlen(new) > VALUE_SHOWN ? "..." : "");
	else if (new)
		buf_printf(b, "%s %.*s%s (added)", c->name, cut, new, strlen(new) > VALUE_SHOWN ? "..." : "");
	else
		buf_printf(b, "%s %.*s%s (removed)", c->name, cut, old, strlen(old) > VALUE_SHOWN ? "..." : "");
}

static void plain_lines(struct report *r, diff_lines *out, const char *what, const changes *list)
{
	auto_buf struct buf b = BUF_INIT(LIMIT_TEXT);
	for (size_t i = 0; i < list->n; i++) {
		add_change(&b, &list->v[i]);
		add_line(r, out, what, &b);
	}
}

static void joined_line(struct report *r, diff_lines *out, const char *what, const changes *list)
{
	auto_buf struct buf b = BUF_INIT(LIMIT_TEXT);
	for (size_t i = 0; i < list->n; i++) {
		if (i)
			buf_str(&b, ", ");
		add_change(&b, &list->v[i]);
	}
	add_line(r, out, what, &b);
}

static void package_lines(struct report *r, const struct comparison *c, bool all, diff_lines *out)
{
	auto_buf struct buf b = BUF_INIT(LIMIT_TEXT);
	size_t changed = 0, added = 0, removed = 0;
	for (size_t i = 0; i < c->packages.n; i++) {
		const struct change *p = &c->packages.v[i];
		/* where no library was read, the packages of NVIDIA's libraries are all that is known of them */
		bool telling = all || p->gpu || (!strncmp(p->name, "nvidia-", strlen("nvidia-")) && !c->libraries.n);
		changed += !telling && p->before && p->after;
		added += !telling && !p->before;
		removed += !telling && !p->after;
		if (!telling)
			continue;
		add_change(&b, p);
		add_line(r, out, "package", &b);
	}
	if (changed)
		buf_printf(&b, "%zu more changed", changed);
	if (added)
		buf_printf(&b, "%s%zu more added", b.n ? ", " : "", added);
	if (removed)
		buf_printf(&b, "%s%zu more removed", b.n ? ", " : "", removed);
	if (b.n)
		buf_str(&b, " (--all)");
	add_line(r, out, "package", &b);
}

void diff_collect(struct report *r, const struct comparison *c, bool all, diff_lines *out)
{
	auto_buf struct buf b = BUF_INIT(LIMIT_TEXT);
	const struct requires *old = &c->before->requires, *new = &c->after->requires;
	if (c->driver)
		buf_printf(&b, "%s -> %s", old->driver ? old->driver : "none", new->driver ? new->driver : "none");
	if (c->driver && new->because)
		buf_printf(&b, "   (%s)", new->because);
	add_line(r, out, "needs driver", &b);
	gpu_line(r, c, out, "GPUs lost", JIT | NATIVE, NONE);
	gpu_line(r, c, out, "GPUs gained", NONE, JIT | NATIVE);
	gpu_line(r, c, out, "now by JIT", NATIVE, JIT);
	gpu_line(r, c, out, "now native", JIT, NATIVE);
	joined_line(r, out, "system", &c->system);
	package_lines(r, c, all, out);
	joined_line(r, out, "libraries", &c->libraries);
	plain_lines(r, out, "setting", &c->settings);
	size_t n = c->after->layers.n;
	if (n && c->before->layers.n && c->layers_kept < n)
		buf_printf(&b, "%zu of %zu are new", n - c->layers_kept, n);
	add_line(r, out, "layers", &b);
}

const char *diff_mark(const struct finding *f)
{
	return f->answer == ANSWER_UNKNOWN ? "?" : f->level == LEVEL_ERROR ? "x" : f->level == LEVEL_WARNING ? "!" : "-";
}

bool diff_shows(const struct report *r, const struct finding *f)
{
	return r->job->all || (f->answer == ANSWER_UNKNOWN ? f->level == LEVEL_ERROR : f->level > LEVEL_NOTE);
}
