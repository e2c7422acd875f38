#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

static bool room(struct buf *b, size_t n)
{
	if (b->bad)
		return false;
	if (n >= b->max - b->n || b->n >= b->max) {
		b->bad = true;
		return false;
	}
	if (b->cap - b->n <= n) {
		size_t cap = b->cap ? b->cap : 64;
		while (cap - b->n <= n)
			cap = cap > b->max / 2 ? b->max + 1 : cap * 2;
		char *p = mem_resize(b->p, cap);
		if (!p) {
			b->bad = true;
			return false;
		}
		b->p = p;
		b->cap = cap;
	}
	return true;
}

void buf_add(struct buf *b, const void *p, size_t n)
{
	if (!n || !room(b, n))
		return;
	memcpy(b->p + b->n, p, n);
	b->n += n;
}

void buf_str(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_char(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap, again;
	va_start(ap, fmt);
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		b->bad = true;
	else if (room(b, (size_t)n)) {
		vsnprintf(b->p + b->n, (size_t)n + 1, fmt, again);
		b->n += (size_t)n;
	}
	va_end(again);
}

const char *buf_text(struct buf *b)
{
	if (b->bad || !b->n)
		return "";
	b->p[b->n] = '\0';
	return b->p;
}

char *buf_take(struct buf *b, size_t *n)
{
	char *p = NULL;
	if (!b->bad && (b->p || (p = mem_alloc(1)))) {
		if (b->p)
			p = b->p;
		p[b->n] = '\0';
		if (n)
			*n = b->n;
		b->p = NULL;
	}
	buf_clear(b);
	return p;
}

void buf_reset(struct buf *b)
{
	b->n = 0;
	b->bad = false;
}

void buf_clear(struct buf *b)
{
	mem_free(b->p);
	*b = (struct buf)BUF_INIT(b->max);
}
