/* base/buf.h: a growing run of bytes with a ceiling. No ceiling, no buffer. Everybody may include it. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

/* `bad` is set for good when memory ran out or the ceiling `max` (bytes) was reached. `p` is not NUL-terminated. */
struct buf {
	char *p;
	size_t n, cap, max;
	bool bad;
};
#define BUF_INIT(limit) { .max = (limit) }

void buf_add(struct buf *b, const void *p, size_t n);
void buf_str(struct buf *b, const char *s);
void buf_char(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The bytes, NUL-terminated, now the caller's (mem_free); NULL if anything failed. `n` may be NULL. */
char *buf_take(struct buf *b, size_t *n);

/* The text so far, NUL-terminated and still the buffer's; "" when bad. */
const char *buf_text(struct buf *b);
void buf_reset(struct buf *b); /* empty again, memory kept */
void buf_clear(struct buf *b); /* frees; usable again with the same ceiling */

#endif
