#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/limits.h"
#include "base/str.h"
#include "parse/toml_parts.h"

/* ---- characters ---- */

int toml_check_utf8(struct toml_reader *r)
{
	while (r->c.off < r->c.in.n) {
		size_t n = utf8_length(span_from(r->c.in, r->c.off));
		if (!n)
			return toml_bad(r, "this is no UTF-8");
		r->c.off += n;
	}
	r->c.off = 0;
	return 0;
}

static void add_rune(struct buf *b, uint32_t u)
{
	if (u < 0x80) {
		buf_char(b, (char)u);
		return;
	}
	unsigned more = u < 0x800 ? 1 : u < 0x10000 ? 2 : 3;
	static const unsigned char heads[] = { 0, 0xc0, 0xe0, 0xf0 };
	buf_char(b, (char)(heads[more] | u >> 6 * more));
	while (more--)
		buf_char(b, (char)(0x80 | (u >> 6 * more & 0x3f)));
}

/* ---- strings ---- */

static int hex_of(int c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static int read_unicode(struct toml_reader *r, struct buf *b, unsigned digits)
{
	uint32_t u = 0;
	for (unsigned i = 0; i < digits; i++) {
		int d = hex_of(toml_peek(r));
		if (d < 0)
			return toml_bad(r, "hexadecimal digits are expected behind \\u");
		u = u * 16 + (uint32_t)d;
		r->c.off++;
	}
	if (u > 0x10ffff || (u >= 0xd800 && u < 0xe000))
		return toml_bad(r, "an escape that is no character");
	add_rune(b, u);
	return 0;
}

/* A backslash at a line's end: all blanks and lines up to the next character go. */
static int skip_folded(struct toml_reader *r)
{
	bool line = false;
	for (;; r->c.off++) {
		int c = toml_peek(r);
		if (c == '\n' || (c == '\r' && toml_at(r, "\r\n")))
			line = true;
		else if (c != ' ' && c != '\t' && !(c == '\n' || (c == '\r' && toml_at(r, "\r\n"))))
			break;
	}
	return line ? 0 : toml_bad(r, "an escape that does not exist");
}

static int read_escape(struct toml_reader *r, struct buf *b, bool multi)
{
	static const char from[] = "btnfr\"\\", to[] = "\b\t\n\f\r\"\\";
	r->c.off++;
	int c = toml_peek(r);
	const char *at = c > 0 ? strchr(from, c) : NULL;
	if (multi && (c == ' ' || c == '\t' || c == '\n' || c == '\r'))
		return skip_folded(r);
	r->c.off++;
	if (at) {
		buf_char(b, to[at - from]);
		return 0;
	}
	if (c == 'u' || c == 'U')
		return read_unicode(r, b, c == 'u' ? 4 : 8);
	return toml_bad(r, "an escape that does not exist");
}

/* Of a string on several lines: its end, before which one or two more quotes may stand. */
static bool multi_end(struct toml_reader *r, char quote, struct buf *b)
{
	size_t n = 0;
	while (n < 5 && r->c.off + n < r->c.in.n && r->c.in.p[r->c.off + n] == (unsigned char)quote)
		n++;
	if (n < 3)
		return false;
	for (size_t i = 3; i < n; i++)
		buf_char(b, quote);
	r->c.off += n;
	return true;
}

static int read_body(struct toml_reader *r, char quote, bool multi, struct buf *b)
{
	for (;;) {
		int c = toml_peek(r);
		if (c < 0)
			return toml_bad(r, "a string without end");
		if (c == quote && (!multi || multi_end(r, quote, b))) {
			r->c.off += !multi;
			return 0;
		}
		if (c == '\\' && quote == '"') {
			if (read_escape(r, b, multi) < 0)
				return -1;
			continue;
		}
		bool line = multi && (c == '\n' || toml_at(r, "\r\n"));
		if (((c < 0x20 && c != '\t') || c == 0x7f) && !line)
			return toml_bad(r, "a control character in a string");
		if (c == '\r') /* lines end in one way */
			r->c.off++;
		buf_char(b, (char)toml_peek(r));
		r->c.off++;
	}
}

int toml_read_string(struct toml_reader *r, struct span *out)
{
	auto_buf struct buf b = BUF_INIT(LIMIT_LOCK + 1);
	char quote = (char)toml_peek(r);
	bool multi = toml_at(r, quote == '"' ? "\"\"\"" : "'''");
	r->c.off += multi ? 3 : 1;
	if (multi && (toml_peek(r) == '\n' || toml_at(r, "\r\n")))
		r->c.off += toml_peek(r) == '\n' ? 1 : 2;
	if (read_body(r, quote, multi, &b) < 0)
		return -1;
	out->p = b.bad ? NULL : (const unsigned char *)arena_strn(r->arena, b.p ? b.p : "", b.n);
	out->n = b.n;
	return out->p ? 0 : err_nomem(r->err);
}

/* ---- numbers and dates ---- */

static bool digits(struct span s, size_t at, size_t n, unsigned min, unsigned max, unsigned *out)
{
	unsigned v = 0;
	if (n > s.n || at > s.n - n)
		return false;
	for (size_t i = at; i < at + n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		v = v * 10 + (unsigned)(s.p[i] - '0');
	}
	*out = v;
	return v >= min && v <= max;
}

static bool is_date(struct span s)
{
	static const unsigned char days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	unsigned y, m, d;
	if (s.n != 10 || s.p[4] != '-' || s.p[7] != '-' || !digits(s, 0, 4, 1, 9999, &y) || !digits(s, 5, 2, 1, 12, &m) || !digits(s, 8, 2, 1, 31, &d))
		return false;
	bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
	return d <= days[m - 1] && (m != 2 || d < 29 || leap);
}

/* "07:32:00", "07:32:00.999", and with `zone` "Z" or "+01:00" behind it. */
static bool is_time(struct span s, bool zone)
{
	unsigned v;
	if (s.n < 8 || s.p[2] != ':' || s.p[5] != ':' || !digits(s, 0, 2, 0, 23, &v) || !digits(s, 3, 2, 0, 59, &v) || !digits(s, 6, 2, 0, 59, &v))
		return false;
	s = span_from(s, 8);
	if (s.n && s.p[0] == '.') {
		size_t n = 1;
		while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9')
			n++;
		if (n == 1)
			return false;
		s = span_from(s, n);
	}
	if (!s.n || !zone)
		return !s.n;
	if (s.n == 1)
		return (s.p[0] | 32) == 'z';
	return s.n == 6 && (s.p[0] == '+' || s.p[0] == '-') && s.p[3] == ':' && digits(s, 1, 2, 0, 23, &v) && digits(s, 4, 2, 0, 59, &v);
}

static bool is_moment(struct span s)
{
	if (is_date(s) || is_time(s, false))
		return true;
	if (s.n < 19 || ((s.p[10] | 32) != 't' && s.p[10] != ' '))
		return false;
	return is_date(span_sub(s, 0, 10)) && is_time(span_from(s, 11), true);
}

static bool digit_of(unsigned char c, unsigned base) { int d = hex_of(c); return d >= 0 && (unsigned)d < base; }

/* Digits of a base with '_' between them, as far as they go; copied without '_'. */
static size_t take_digits(struct span s, unsigned base, struct buf *b)
{
	size_t n = 0;
	while (n < s.n && (digit_of(s.p[n], base) || (s.p[n] == '_' && n && s.p[n - 1] != '_' && n + 1 < s.n && digit_of(s.p[n + 1], base)))) {
		if (s.p[n] != '_')
			buf_char(b, (char)s.p[n]);
		n++;
	}
	return n;
}

/* 0xff, 0o17, 0b101: 1, 0 where it is none of them, -1 where it is too large. */
static int read_based(struct toml_reader *r, struct span s, struct buf *b, struct toml_value *v)
{
	static const struct { const char *head; unsigned base; } bases[] = { { "0x", 16 }, { "0o", 8 }, { "0b", 2 } };
	for (size_t i = 0; i < sizeof(bases) / sizeof(*bases); i++) {
		if (!span_starts(s, bases[i].head))
			continue;
		struct span rest = span_from(s, 2);
		if (!rest.n || take_digits(rest, bases[i].base, b) != rest.n)
			return 0;
		errno = 0;
		unsigned long long u = strtoull(buf_text(b), NULL, (int)bases[i].base);
		if (errno || u > INT64_MAX)
			return toml_bad(r, "a number over 64 bits");
		v->kind = TOML_INTEGER;
		v->is.integer = (int64_t)u;
		return 1;
	}
	return 0;
}

/* Decimal: 1, 0 where it is none, -1 where it is too large. */
static int read_decimal(struct toml_reader *r, struct span s, struct buf *b, struct toml_value *v)
{
	bool number = true, real = false;
	struct span rest = s;
	if (rest.n && (rest.p[0] == '+' || rest.p[0] == '-')) {
		buf_char(b, (char)rest.p[0]);
		rest = span_from(rest, 1);
	}
	if (span_eq(rest, "inf") || span_eq(rest, "nan")) {
		v->kind = TOML_FLOAT;
		v->is.number = rest.p[0] == 'i' ? (s.p[0] == '-' ? -(double)INFINITY : (double)INFINITY) : (double)NAN;
		return 1;
	}
	size_t n = take_digits(rest, 10, b);
	if (!n || (rest.p[0] == '0' && n > 1))
		return 0;
	rest = span_from(rest, n);
	if (rest.n && rest.p[0] == '.') {
		buf_char(b, '.');
		n = take_digits(span_from(rest, 1), 10, b);
		number = n > 0;
		rest = span_from(rest, n + 1);
		real = true;
	}
	if (rest.n && (rest.p[0] | 32) == 'e') {
		buf_char(b, 'e');
		rest = span_from(rest, 1);
		if (rest.n && (rest.p[0] == '+' || rest.p[0] == '-')) {
			buf_char(b, (char)rest.p[0]);
			rest = span_from(rest, 1);
		}
		n = take_digits(rest, 10, b);
		number = number && n;
		rest = span_from(rest, n);
		real = true;
	}
	if (!number || rest.n)
		return 0;
	errno = 0;
	v->kind = real ? TOML_FLOAT : TOML_INTEGER;
	if (real)
		v->is.number = strtod(buf_text(b), NULL);
	else
		v->is.integer = strtoll(buf_text(b), NULL, 10);
	return !real && errno ? toml_bad(r, "a number over 64 bits") : 1;
}

/* The bytes of a value without quotes; a blank may stand between date and time. */
static struct span scalar_span(struct toml_reader *r)
{
	struct span s = span_from(r->c.in, r->c.off);
	size_t n = 0;
	while (n < s.n && s.p[n] > ' ' && !strchr(",]}#=[{\"'", s.p[n]) && s.p[n] != 0x7f)
		n++;
	if (n == 10 && is_date(span_sub(s, 0, n)) && n + 3 < s.n && s.p[n] == ' ' && s.p[n + 1] >= '0' && s.p[n + 1] <= '9' && s.p[n + 3] == ':')
		for (n++; n < s.n && s.p[n] > ' ' && !strchr(",]}#", s.p[n]);)
			n++;
	return span_sub(s, 0, n);
}

int toml_read_scalar(struct toml_reader *r, struct toml_value *v)
{
	struct span s = scalar_span(r);
	auto_buf struct buf b = BUF_INIT(LIMIT_LOCK + 1);
	if (!s.n)
		return toml_bad(r, "a value is expected");
	bool truth = span_eq(s, "true");
	int got = 1;
	if (truth || span_eq(s, "false")) {
		v->kind = TOML_BOOLEAN;
		v->is.truth = truth;
	} else if (is_moment(s)) {
		v->kind = TOML_DATE;
		v->text = arena_strn(r->arena, s.p, s.n);
		v->n = s.n;
		if (!v->text)
			return err_nomem(r->err);
	} else if (s.n > 1 && s.p[0] == '0' && strchr("xob", s.p[1])) {
		got = read_based(r, s, &b, v);
	} else {
		got = read_decimal(r, s, &b, v);
	}
	if (b.bad)
		return err_nomem(r->err);
	if (got == 0)
		return toml_bad(r, "this is no value");
	r->c.off += s.n;
	return got < 0 ? -1 : 0;
}
