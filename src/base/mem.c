#include "base/mem.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct arena_block {
	struct arena_block *next;
	max_align_t data[];
};

enum { ARENA_BLOCK = 16 * 1024 };

long mem_fail_at;
static atomic_long allocations;

static bool must_fail(void)
{
	long n = atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed) + 1;
	if (!mem_fail_at || n != mem_fail_at)
		return false;
	errno = ENOMEM;
	return true;
}

long mem_count(void)
{
	return atomic_load(&allocations);
}

void *mem_alloc(size_t n)
{
	return must_fail() ? NULL : malloc(n ? n : 1);
}

void *mem_resize(void *p, size_t n)
{
	return must_fail() ? NULL : realloc(p, n ? n : 1);
}

void mem_free(void *p)
{
	free(p);
}

void *arena_alloc(struct arena *a, size_t n)
{
	if (n > SIZE_MAX / 2)
		return NULL;
	n = (n + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
	if ((size_t)(a->end - a->at) < n) {
		size_t size = n > ARENA_BLOCK / 4 ? n : ARENA_BLOCK;
		struct arena_block *b = mem_alloc(sizeof(*b) + size);
		if (!b)
			return NULL;
		if (size > ARENA_BLOCK / 4 && size == n && a->head) {
			/* a large piece gets its own block, the current one stays in use */
			b->next = a->head->next;
			a->head->next = b;
			a->used += n;
			return memset(b->data, 0, n);
		}
		b->next = a->head;
		a->head = b;
		a->at = (char *)b->data;
		a->end = a->at + size;
	}
	void *p = a->at;
	a->at += n;
	a->used += n;
	return memset(p, 0, n);
}

char *arena_strn(struct arena *a, const void *p, size_t n)
{
	if (n == SIZE_MAX)
		return NULL;
	char *s = arena_alloc(a, n + 1);
	if (s && n)
		memcpy(s, p, n);
	return s;
}

char *arena_str(struct arena *a, const char *s)
{
	return s ? arena_strn(a, s, strlen(s)) : NULL;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap, again;
	va_start(ap, fmt);
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	char *s = n < 0 ? NULL : arena_alloc(a, (size_t)n + 1);
	if (s)
		vsnprintf(s, (size_t)n + 1, fmt, again);
	va_end(again);
	return s;
}

void arena_clear(struct arena *a)
{
	for (struct arena_block *b = a->head; b;) {
		struct arena_block *next = b->next;
		mem_free(b);
		b = next;
	}
	*a = (struct arena)ARENA_INIT;
}

bool arena_grow(struct arena *a, void **v, size_t n, size_t *cap, size_t each)
{
	if (n == *cap) {
		size_t more = n ? 2 * n : 4;
		if (more > SIZE_MAX / 2 / each)
			return false;
		void *p = arena_alloc(a, more * each);
		if (!p)
			return false;
		if (n)
			memcpy(p, *v, n * each);
		*v = p;
		*cap = more;
	}
	memset((char *)*v + n * each, 0, each);
	return true;
}
