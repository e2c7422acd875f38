/* base/mem.h: arenas, lists inside arenas, and allocation that a test can make fail. Everybody may include it. */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

/*
 * All heap memory of envcheck comes from these three, so that a test can fail
 * allocation number n: set mem_fail_at to n (counted from 1; 0 = never).
 * mem_resize(NULL, n) allocates; NULL on failure, errno as malloc.
 */
void *mem_alloc(size_t n);
void *mem_resize(void *p, size_t n);
void mem_free(void *p);
extern long mem_fail_at;
long mem_count(void); /* allocations asked for since the program began */

/*
 * An arena: many small pieces, freed at once. Zeroed memory, aligned for any
 * type. Not shared between threads. ARENA_INIT allocates nothing.
 */
struct arena_block;
struct arena {
	struct arena_block *head;
	char *at, *end;
	size_t used;
};
#define ARENA_INIT { 0 }

void *arena_alloc(struct arena *a, size_t n);              /* NULL when memory runs out */
char *arena_strn(struct arena *a, const void *p, size_t n); /* a NUL-terminated copy; NUL bytes inside stay */
char *arena_str(struct arena *a, const char *s);            /* NULL gives NULL */
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void arena_clear(struct arena *a);                          /* frees all; usable again */

/* A list that lives in an arena: LIST(struct lib) libs; its element type is seen by the compiler. */
#define LIST(T) struct { T *v; size_t n, cap; }

/* Appends one zeroed element; its address, or NULL when memory runs out. The address holds until the next push. */
#define list_push(a, l) \
	(arena_grow((a), (void **)&(l)->v, (l)->n, &(l)->cap, sizeof(*(l)->v)) ? &(l)->v[(l)->n++] : NULL)

/* Appends a copy of one value; false when memory runs out. */
#define list_add(a, l, value) \
	(arena_grow((a), (void **)&(l)->v, (l)->n, &(l)->cap, sizeof(*(l)->v)) ? ((l)->v[(l)->n++] = (value), true) : false)

/* Sorts a list of at least two by `cmp`. */
#define list_sort(l, cmp) ((l)->n > 1 ? qsort((l)->v, (l)->n, sizeof(*(l)->v), (cmp)) : (void)0)

/* Makes room for element number n; what list_push calls. */
bool arena_grow(struct arena *a, void **v, size_t n, size_t *cap, size_t each);

#endif
