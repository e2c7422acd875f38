#include "base/mem.h"
#include "source/tree_kinds.h"

struct text_tree {
	const struct tree_text *v;
	size_t n, next;
};

static int texts_next(void *self, struct tree_entry *e, struct err *err)
{
	struct text_tree *t = self;
	(void)err;
	if (t->next == t->n)
		return 0;
	const struct tree_text *x = &t->v[t->next++];
	e->path = SPAN_STR(x->path);
	e->mode = 0644;
	e->size = x->text.n;
	e->id = t->next - 1;
	e->read_at = true;
	return 1;
}

static ssize_t texts_read_at(void *self, uint64_t at, void *p, size_t n, struct err *err)
{
	const struct text_tree *t = self;
	struct span s = t->v[t->next - 1].text;
	(void)err;
	s = at < s.n ? span_sub(s, (size_t)at, n) : (struct span){ 0 };
	if (s.n)
		memcpy(p, s.p, s.n);
	return (ssize_t)s.n;
}

static const struct tree_ops texts_ops = { .next = texts_next, .read_at = texts_read_at, .close = mem_free };

struct tree *tree_texts(const struct tree_text *v, size_t n, struct err *err)
{
	struct text_tree *t = mem_alloc(sizeof(*t));
	if (!t) {
		err_nomem(err);
		return NULL;
	}
	*t = (struct text_tree){ .v = v, .n = n };
	return tree_new(&texts_ops, t, err);
}
