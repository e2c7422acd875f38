/*
 * base/cur.h: foreign bytes go through here and nowhere else. Everybody may include it.
 * No pointer arithmetic, no struct cast and no strlen on foreign bytes outside this file.
 */
#ifndef BASE_CUR_H
#define BASE_CUR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A borrowed run of bytes. Never owns; valid while its source is open. */
struct span {
	const unsigned char *p;
	size_t n;
};

#define SPAN_STR(s) ((struct span){ (const unsigned char *)(s), strlen(s) })

/*
 * A bounded reader. The first read past the end sets `bad` for good; from
 * then on every read yields zero. Read a whole record, then look at `bad`
 * once. `be`: big endian; `wide`: words are 8 bytes, else 4.
 */
struct cur {
	struct span in;
	size_t off;
	bool be, wide, bad;
};

static inline struct cur cur_of(struct span s) { return (struct cur){ .in = s }; }
static inline size_t cur_left(const struct cur *c) { return c->bad ? 0 : c->in.n - c->off; }

static inline struct span cur_take(struct cur *c, uint64_t n)
{
	if (c->bad || n > cur_left(c)) {
		c->bad = true;
		return (struct span){ 0 };
	}
	struct span s = { c->in.p + c->off, (size_t)n };
	c->off += (size_t)n;
	return s;
}

static inline void cur_skip(struct cur *c, uint64_t n) { (void)cur_take(c, n); }

static inline void cur_seek(struct cur *c, uint64_t off)
{
	if (c->bad || off > c->in.n)
		c->bad = true;
	else
		c->off = (size_t)off;
}

static inline uint64_t cur_uint(struct cur *c, unsigned bytes)
{
	struct span s = cur_take(c, bytes);
	uint64_t v = 0;
	for (size_t i = 0; i < s.n; i++)
		v = v << 8 | s.p[c->be ? i : s.n - 1 - i];
	return v;
}

static inline uint8_t cur_u8(struct cur *c) { return (uint8_t)cur_uint(c, 1); }
static inline uint16_t cur_u16(struct cur *c) { return (uint16_t)cur_uint(c, 2); }
static inline uint32_t cur_u32(struct cur *c) { return (uint32_t)cur_uint(c, 4); }
static inline uint64_t cur_u64(struct cur *c) { return cur_uint(c, 8); }
static inline uint64_t cur_word(struct cur *c) { return cur_uint(c, c->wide ? 8 : 4); }

/* A reader over [off, off + n) of the same bytes; bad if that is not inside. */
static inline struct cur cur_window(const struct cur *c, uint64_t off, uint64_t n)
{
	struct cur w = { .be = c->be, .wide = c->wide, .bad = true };
	if (!c->bad && off <= c->in.n && n <= c->in.n - off) {
		w.bad = false;
		w.in = (struct span){ c->in.p + off, (size_t)n };
	}
	return w;
}

/* Are there `count` records of `each` bytes left? Ask before any allocation. */
static inline bool cur_has(const struct cur *c, uint64_t count, uint64_t each)
{
	return each && count <= cur_left(c) / each;
}

/* The bytes of the string at `off`, without its NUL; an empty span with p NULL if its NUL is not inside. */
static inline struct span cur_cstr(const struct cur *c, uint64_t off)
{
	if (c->bad || off >= c->in.n)
		return (struct span){ 0 };
	const unsigned char *p = c->in.p + off;
	const unsigned char *e = memchr(p, 0, c->in.n - (size_t)off);
	return e ? (struct span){ p, (size_t)(e - p) } : (struct span){ 0 };
}

/* The next line without its end (LF or CRLF); false when nothing is left. */
static inline bool cur_line(struct cur *c, struct span *line)
{
	if (!cur_left(c))
		return false;
	const unsigned char *p = c->in.p + c->off;
	const unsigned char *e = memchr(p, '\n', cur_left(c));
	size_t n = e ? (size_t)(e - p) : cur_left(c);
	c->off += n + (e != NULL);
	while (n && p[n - 1] == '\r')
		n--;
	*line = (struct span){ p, n };
	return true;
}

/* ---- spans as text ---- */

static inline bool span_eq(struct span s, const char *t) { return s.n == strlen(t) && !memcmp(s.p, t, s.n); }

static inline bool span_starts(struct span s, const char *t)
{
	size_t n = strlen(t);
	return s.n >= n && (!n || !memcmp(s.p, t, n));
}

static inline bool span_ends(struct span s, const char *t)
{
	size_t n = strlen(t);
	return s.n >= n && (!n || !memcmp(s.p + s.n - n, t, n));
}

/* The part from `at` on, at most `n` bytes: clamped, never outside. */
static inline struct span span_sub(struct span s, size_t at, size_t n)
{
	if (at > s.n)
		at = s.n;
	if (n > s.n - at)
		n = s.n - at;
	return (struct span){ s.p ? s.p + at : NULL, n };
}

static inline struct span span_from(struct span s, size_t at) { return span_sub(s, at, SIZE_MAX); }

/* Where the first `c` is; s.n if nowhere. */
static inline size_t span_chr(struct span s, char c)
{
	const unsigned char *p = s.n ? memchr(s.p, c, s.n) : NULL;
	return p ? (size_t)(p - s.p) : s.n;
}

static inline size_t span_find(struct span s, const char *t)
{
	size_t n = strlen(t);
	const unsigned char *p = s.n ? memmem(s.p, s.n, t, n) : NULL;
	return p ? (size_t)(p - s.p) : s.n;
}

/* Without blanks, tabs and CR at both ends. */
static inline struct span span_trim(struct span s)
{
	while (s.n && (s.p[0] == ' ' || s.p[0] == '\t' || s.p[0] == '\r'))
		s = span_from(s, 1);
	while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t' || s.p[s.n - 1] == '\r'))
		s.n--;
	return s;
}

/* Cuts off and returns what stands before the first `c`; the rest (after `c`) stays in *s. */
static inline struct span span_cut(struct span *s, char c)
{
	size_t at = span_chr(*s, c);
	struct span head = span_sub(*s, 0, at);
	*s = span_from(*s, at < s->n ? at + 1 : at);
	return head;
}

/* Reads a decimal number that fills the whole span; false if it does not, or is over 2^63. */
static inline bool span_number(struct span s, uint64_t *out)
{
	uint64_t v = 0;
	if (!s.n || s.n > 18)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(s.p[i] - '0');
	}
	*out = v;
	return true;
}

#endif
