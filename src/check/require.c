#include "check/require.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

enum op { OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE, OP_NONE };

static const char *const op_text[] = { "=", "!=", "<", "<=", ">", ">=" };

/* A piece of an expression; it points into it. */
struct piece { const char *s; size_t n; };

static bool holds(int c, enum op op)
{
	switch (op) {
	case OP_EQ: return !c;
	case OP_NE: return c;
	case OP_LT: return c < 0;
	case OP_LE: return c <= 0;
	case OP_GT: return c > 0;
	case OP_GE: return c >= 0;
	case OP_NONE: break;
	}
	return false;
}

/* The next piece before `sep`; empty ones are skipped. */
static bool next(const char **at, const char *end, char sep, struct piece *out)
{
	while (*at < end && **at == sep)
		(*at)++;
	if (*at >= end)
		return false;
	const char *stop = memchr(*at, sep, (size_t)(end - *at));
	out->s = *at;
	out->n = (size_t)((stop ? stop : end) - *at);
	*at = stop ? stop + 1 : end;
	return true;
}

static size_t span_of(struct piece p, size_t at, const char *accept, bool in)
{
	size_t n = 0;
	while (at + n < p.n && (strchr(accept, p.s[at + n]) != NULL) == in)
		n++;
	return n;
}

/* Takes the digits at the head of a piece; false: there are none, or they do not fit. */
static bool take_number(struct piece *p, uint64_t *out)
{
	size_t n = 0;
	*out = 0;
	for (; n < p->n && isdigit((unsigned char)p->s[n]); n++) {
		uint64_t digit = (uint64_t)(p->s[n] - '0');
		if (*out > (UINT64_MAX - digit) / 10)
			return false;
		*out = *out * 10 + digit;
	}
	p->s += n;
	p->n -= n;
	return n > 0;
}

/* ---- LC ---- */

enum { LC_EXPR_MAX = 128 }; /* EXPR_MAX of dsl.c: a false factor that does not fit its buffer is an error */

/* Is that left over from a version anything but zeros and dots? */
static bool lc_more(struct piece p)
{
	return span_of(p, 0, ".0", true) < p.n;
}

/* dsl_compare_version: group by group as long as both have one, so what differs early is never read on. */
static enum require_answer lc_version(const char *have, enum op op, struct piece want)
{
	struct piece has = { have, strlen(have) };
	static const char digits[] = "0123456789.";
	if (span_of(has, 0, digits, true) < has.n || span_of(want, 0, digits, true) < want.n)
		return REQUIRE_INVALID;
	while (has.n && want.n) {
		uint64_t x, y;
		if (!take_number(&has, &x) || !take_number(&want, &y) || x == UINT64_MAX || y == UINT64_MAX)
			return REQUIRE_INVALID;
		if (x != y)
			return holds(x < y ? -1 : 1, op) ? REQUIRE_SATISFIED : REQUIRE_UNSATISFIED;
		size_t dots = span_of(has, 0, ".", true);
		has = (struct piece){ has.s + dots, has.n - dots };
		dots = span_of(want, 0, ".", true);
		want = (struct piece){ want.s + dots, want.n - dots };
	}
	return holds((int)lc_more(has) - (int)lc_more(want), op) ? REQUIRE_SATISFIED : REQUIRE_UNSATISFIED;
}

/* The run of operator bytes is looked up as the beginning of a known operator: a lone "!" means "!=". */
static enum op lc_op(const char *s, size_t n)
{
	for (size_t i = 0; n && i < OP_NONE; i++)
		if (strlen(op_text[i]) >= n && !strncmp(op_text[i], s, n))
			return (enum op)i;
	return OP_NONE;
}

static enum require_answer lc_factor(struct piece f, const struct require_facts *facts)
{
	size_t at = span_of(f, 0, "<>=!", false), ops = span_of(f, at, "<>=!", true);
	enum op op = lc_op(f.s + at, ops);
	struct piece value = { f.s + at + ops, f.n - at - ops };
	if (!at || op == OP_NONE || !value.n)
		return REQUIRE_INVALID;
	static const char *const names[] = { "cuda", "driver", "arch", "brand" };
	const char *have[] = { facts->cuda, facts->driver, facts->arch, facts->brand };
	for (size_t i = 0; i < 4; i++) {
		if (strlen(names[i]) != at || strncasecmp(names[i], f.s, at))
			continue;
		if (!have[i]) /* before the value is looked at */
			return facts->missing == REQUIRE_FALSE ? REQUIRE_UNSATISFIED : REQUIRE_SATISFIED;
		enum require_answer a;
		bool equal = strlen(have[i]) == value.n && !strncasecmp(have[i], value.s, value.n);
		if (i < 3)
			a = lc_version(have[i], op, value);
		else if (op != OP_EQ && op != OP_NE)
			a = REQUIRE_INVALID;
		else
			a = equal == (op == OP_EQ) ? REQUIRE_SATISFIED : REQUIRE_UNSATISFIED;
		bool fits = at + 1 + strlen(op_text[op]) + 1 + value.n < LC_EXPR_MAX;
		return a == REQUIRE_UNSATISFIED && !fits ? REQUIRE_INVALID : a;
	}
	return REQUIRE_INVALID;
}

enum require_answer require_lc(const char *expression, const struct require_facts *facts)
{
	const char *at = expression, *end = expression + strlen(expression);
	struct piece term, factor;
	enum require_answer last = REQUIRE_SATISFIED;
	/*
	 * Left to right and lazily. A term ends the search where no factor of it was false: so does one
	 * without factors (a lone comma), which leaves the answer of the term before it.
	 */
	while (next(&at, end, ' ', &term)) {
		const char *in = term.s, *stop = term.s + term.n;
		bool one_false = false;
		while (!one_false && next(&in, stop, ',', &factor)) {
			last = lc_factor(factor, facts);
			if (last == REQUIRE_INVALID)
				return last;
			one_false = last == REQUIRE_UNSATISFIED;
		}
		if (!one_false)
			break;
	}
	return last;
}

/* ---- TK ---- */

enum { SEMVER_MAX = 256 }; /* MaxVersionLen of Masterminds/semver */

/* A version as Masterminds' semver coerces it: optional v, one to three groups, then prerelease and metadata. */
struct semver { uint64_t part[3]; bool pre; bool ok; };

/* Takes "a.b-c.1": identifiers of letters, digits and dashes; in a prerelease numbers have no leading zero. */
static bool take_identifiers(struct piece *p, bool pre)
{
	static const char allowed[] = "0123456789-abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	for (;;) {
		size_t n = span_of(*p, 0, allowed, true);
		bool number = span_of((struct piece){ p->s, n }, 0, "0123456789", true) == n;
		if (!n || (pre && number && n > 1 && p->s[0] == '0'))
			return false;
		*p = (struct piece){ p->s + n, p->n - n };
		if (!p->n || p->s[0] != '.')
			return true;
		*p = (struct piece){ p->s + 1, p->n - 1 };
	}
}

static struct semver semver(struct piece p)
{
	struct semver v = { { 0 }, false, false };
	if (p.n > SEMVER_MAX)
		return v;
	if (p.n && p.s[0] == 'v')
		p = (struct piece){ p.s + 1, p.n - 1 };
	for (size_t i = 0; i < 3; i++) {
		if (i && (!p.n || p.s[0] != '.'))
			break;
		p = (struct piece){ p.s + (i > 0), p.n - (i > 0) };
		if (!take_number(&p, &v.part[i]))
			return v;
	}
	if (p.n && p.s[0] == '-') {
		p = (struct piece){ p.s + 1, p.n - 1 };
		v.pre = true;
		if (!take_identifiers(&p, true))
			return v;
	}
	if (p.n && p.s[0] == '+') {
		p = (struct piece){ p.s + 1, p.n - 1 };
		if (!take_identifiers(&p, false))
			return v;
	}
	v.ok = !p.n;
	return v;
}

/* Of a version of the host, which has no prerelease, and one that is asked for. */
static int semver_compare(struct semver have, struct semver want)
{
	for (int i = 0; i < 3; i++)
		if (have.part[i] != want.part[i])
			return have.part[i] < want.part[i] ? -1 : 1;
	return want.pre;
}

bool require_cuda_version(const char *version, unsigned *major, unsigned *minor)
{
	struct semver v = semver((struct piece){ version, strlen(version) });
	if (!v.ok || v.part[0] > UINT32_MAX || v.part[1] > UINT32_MAX)
		return false;
	*major = (unsigned)v.part[0];
	*minor = (unsigned)v.part[1];
	return true;
}

/* *skip: the property is not known, or nothing is there: the factor says nothing. */
static enum require_answer tk_factor(struct piece f, const struct require_facts *facts, bool *skip)
{
	static const enum op order[] = { OP_NE, OP_LE, OP_GE, OP_EQ, OP_LT, OP_GT };
	size_t at = span_of(f, 0, "<>=!", false);
	*skip = span_of(f, 0, " \t\n\v\f\r", true) == f.n;
	if (*skip)
		return REQUIRE_SATISFIED;
	if (at == f.n)
		return REQUIRE_INVALID;
	bool cuda = at == 4 && !strncmp(f.s, "cuda", 4), arch = at == 4 && !strncmp(f.s, "arch", 4);
	bool brand = at == 5 && !strncmp(f.s, "brand", 5), driver = at == 6 && !strncmp(f.s, "driver", 6);
	*skip = !cuda && !arch && !brand && !driver;
	if (*skip)
		return REQUIRE_SATISFIED;
	struct piece rest = { f.s + at, f.n - at };
	enum op op = OP_NONE;
	size_t n = 0;
	for (size_t i = 0; op == OP_NONE && i < OP_NONE; i++) {
		n = strlen(op_text[order[i]]);
		if (rest.n >= n && !strncmp(rest.s, op_text[order[i]], n))
			op = order[i];
	}
	/* a lone "!" is no operator: it stays with the value, which no version begins with, and no brand is compared by */
	struct piece value = op == OP_NONE ? rest : (struct piece){ rest.s + n, rest.n - n };
	if (brand) /* csv mode never knows the brand: "" is compared byte by byte */
		return holds(value.n ? -1 : 0, op) ? REQUIRE_SATISFIED : REQUIRE_UNSATISFIED;
	struct semver want = semver(value);
	if (!want.ok)
		return REQUIRE_INVALID;
	const char *text = cuda ? facts->cuda : arch ? facts->arch : NULL;
	if (!text && !driver && facts->missing == REQUIRE_TRUE)
		return REQUIRE_SATISFIED;
	struct semver have = semver((struct piece){ text ? text : "", text ? strlen(text) : 0 });
	return have.ok && holds(semver_compare(have, want), op) ? REQUIRE_SATISFIED : REQUIRE_UNSATISFIED;
}

enum require_answer require_tk(const char *expression, const struct require_facts *facts)
{
	const char *at = expression, *end = expression + strlen(expression);
	struct piece term, factor;
	bool any = false, one = false, invalid = false;
	/* all is parsed before anything is evaluated: one bad factor anywhere is an error */
	while (next(&at, end, ' ', &term)) {
		const char *in = term.s, *stop = term.s + term.n;
		bool all = true, factors = false, skip;
		while (next(&in, stop, ',', &factor)) {
			enum require_answer a = tk_factor(factor, facts, &skip);
			invalid = invalid || a == REQUIRE_INVALID;
			factors = factors || !skip;
			all = all && a == REQUIRE_SATISFIED;
		}
		any = any || factors;
		one = one || (factors && all);
	}
	if (invalid)
		return REQUIRE_INVALID;
	return one || !any ? REQUIRE_SATISFIED : REQUIRE_UNSATISFIED;
}
