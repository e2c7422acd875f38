/* The loader's choices as a tree: who needs what, where it was found and why, and where a missing one was looked for. */
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "inventory/inventory.h"
#include "report/lines.h"

enum { DEPTH = 24, LINE = 4096 };

/* One tree on its way: what stands left of a line, and whose needs stand above already. */
struct tree {
	struct report *r;
	const struct inventory *inv;
	struct buf left;
	bool *shown; /* by index of inv->libraries */
	bool *found; /* somebody's choice: no root */
};

static size_t index_of(const struct tree *t, const struct library *l)
{
	return (size_t)(l - t->inv->libraries.v);
}

static void say_miss(struct tree *t, const struct resolved *v, const char *bend)
{
	if (v->because) {
		say_line(t->r, PLAIN, NULL, "%s%s%s  (the host brings it)", buf_text(&t->left), bend, v->soname);
		return;
	}
	auto_buf struct buf tried = BUF_INIT(LINE);
	for (size_t i = 0; i < v->tried.n; i++)
		buf_printf(&tried, "%s%s", i ? ", " : "", v->tried.v[i]);
	say_line(t->r, RED, NULL, "%s%s%s  NOT FOUND; looked in: %s", buf_text(&t->left), bend, v->soname, tried.n ? buf_text(&tried) : "no folder");
}

static void say_needs(struct tree *t, const char *user, unsigned depth)
{
	struct choices c = inventory_choices(t->inv, user);
	for (size_t i = 0; i < c.n; i++) {
		const struct resolved *v = &c.v[i];
		bool last = i + 1 == c.n;
		const char *bend = last ? "`-- " : "|-- ";
		if (!v->path) {
			say_miss(t, v, bend);
			continue;
		}
		const struct library *l = inventory_library(t->inv, v->path);
		bool above = l && t->shown[index_of(t, l)];
		bool more = l && inventory_choices(t->inv, l->path).n;
		say_line(t->r, PLAIN, NULL, "%s%s%s => %s  (%s)%s", buf_text(&t->left), bend, v->soname, v->path, v->because ? v->because : "",
			 above && more ? "  needs: see above" : "");
		if (!l || above || depth == DEPTH)
			continue;
		t->shown[index_of(t, l)] = true;
		size_t was = t->left.n;
		buf_str(&t->left, last ? "    " : "|   ");
		say_needs(t, l->path, depth + 1);
		t->left.n = was;
	}
	const struct library *own = inventory_library(t->inv, user);
	for (size_t i = 0; own && i < own->undefined.n; i++)
		say_line(t->r, RED, NULL, "%sundefined symbol: %s", buf_text(&t->left), own->undefined.v[i]);
}

/* A file that was asked for by the name of its package or by its path; with no name, whatever nobody else takes. */
static bool is_root(const struct tree *t, const struct library *l)
{
	const char *asked = t->r->job->tree_package;
	struct choices c = inventory_choices(t->inv, l->path);
	if (asked)
		return str_eq(l->path, asked) || (str_eq(l->owner, asked) && c.n && !t->found[index_of(t, l)]);
	return c.n && !t->found[index_of(t, l)];
}

static void say_roots(struct tree *t)
{
	for (size_t i = 0; i < t->inv->resolved.n; i++) {
		const struct library *l = inventory_library(t->inv, t->inv->resolved.v[i].path);
		if (l)
			t->found[index_of(t, l)] = true;
	}
	size_t roots = 0;
	for (size_t i = 0; i < t->inv->libraries.n; i++) {
		const struct library *l = &t->inv->libraries.v[i];
		if (!is_root(t, l))
			continue;
		if (!roots++)
			say_line(t->r, BOLD, "  What the loader takes", "%s", "");
		say_line(t->r, PLAIN, NULL, "    %s", l->path);
		t->shown[i] = true;
		buf_reset(&t->left);
		buf_str(&t->left, "    ");
		say_needs(t, l->path, 0);
	}
	if (!roots && t->r->job->tree_package)
		say_line(t->r, PLAIN, NULL, "  --tree: %s is neither a package with native libraries nor the path of one", t->r->job->tree_package);
}

void text_tree(struct report *r, const struct inventory *inv)
{
	struct arena a = ARENA_INIT;
	struct tree t = { .r = r, .inv = inv, .left = BUF_INIT(LINE) };
	t.shown = arena_alloc(&a, inv->libraries.n + 1);
	t.found = arena_alloc(&a, inv->libraries.n + 1);
	if (t.shown && t.found)
		say_roots(&t);
	else
		r->bad = true;
	buf_clear(&t.left);
	arena_clear(&a);
}
