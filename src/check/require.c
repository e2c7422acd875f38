#include "check/require.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

enum op { OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE, OP_NONE };

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

/* A factor cut into its parts; they point into the expression. */
struct factor { const char *s; size_t n; };

/* The next piece before `sep`; empty ones are skipped. */
static bool next(const char **at, const char *end, char sep, struct factor *out)
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

/* ---- LC ---- */

/* Digits and dots, at least one digit. */
static bool lc_version(const char *s, size_t n)
{
	bool digit = false;
	for (size_t i = 0; i < n; i++) {
		if (!isdigit((unsigned char)s[i]) && s[i] != '.')
			return false;
		digit = digit || s[i] != '.';
	}
	return digit;
}

/* Group by group; runs of dots are one, a missing group is 0. */
static int lc_compare(const char *a, const char *b, size_t bn)
{
	size_t an = strlen(a), i = 0, k = 0;
	while (i < an || k < bn) {
		unsigned long x = 0, y = 0;
		while (i < an && a[i] == '.')
			i++;
		while (k < bn && b[k] == '.')
			k++;
		for (; i < an && isdigit((unsigned char)a[i]); i++)
			x = x > 100000000 ? x : x * 10 + (unsigned long)(a[i] - '0');
		for (; k < bn && isdigit((unsigned char)b[k]); k++)
			y = y > 100000000 ? y : y * 10 + (unsigned long)(b[k] - '0');
		if (x != y)
			return x < y ? -1 : 1;
		if (i < an && a[i] != '.')
			break;
		if (k < bn && b[k] != '.')
			break;
	}
	return 0;
}

/* The run of operator bytes is looked up as the beginning of a known operator: a lone "!" means "!=". */
static enum op lc_op(const char *s, size_t n)
{
	static const struct { const char *text; enum op op; } ops[] = {
		{ "=", OP_EQ }, { "<", OP_LT }, { ">", OP_GT }, { "!=", OP_NE }, { "<=", OP_LE }, { ">=", OP_GE },
	};
	for (size_t i = 0; i < sizeof(ops) / sizeof(*ops); i++)
		if (strlen(ops[i].text) >= n && !strncmp(ops[i].text, s, n))
			return ops[i].op;
	return OP_NONE;
}

static enum require_answer lc_factor(struct factor f, const struct require_facts *facts)
{
	size_t at = 0, ops = 0;
	while (at < f.n && !strchr("<>=!", f.s[at]))
		at++;
	while (at + ops < f.n && strchr("<>=!", f.s[at + ops]))
		ops++;
	enum op op = ops ? lc_op(f.s + at, ops) : OP_NONE;
	const char *value = f.s + at + ops;
	size_t n = f.n - at - ops;
	if (!at || op == OP_NONE || !n)
		return REQUIRE_INVALID;
	static const char *const names[] = { "cuda", "driver", "arch", "brand" };
	const char *have[] = { facts->cuda, facts->driver, facts->arch, facts->brand };
	for (size_t i = 0; i < 4; i++) {
		if (strlen(names[i]) != at || strncasecmp(names[i], f.s, at))
			continue;
		if (i == 3) {
			if (op != OP_EQ && op != OP_NE)
				return REQUIRE_INVALID;
			bool equal = have[i] && strlen(have[i]) == n && !strncasecmp(have[i], value, n);
			return !have[i] || equal == (op == OP_EQ) ? REQUIRE_SATISFIED : REQUIRE_UNSATISFIED;
		}
		if (!lc_version(value, n))
			return REQUIRE_INVALID;
		return !have[i] || holds(lc_compare(have[i], value, n), op) ? REQUIRE_SATISFIED : REQUIRE_UNSATISFIED;
	}
	return REQUIRE_INVALID;
}

enum require_answer require_lc(const char *expression, const struct require_facts *facts)
{
	const char *at = expression, *end = expression + strlen(expression);
	struct factor term, factor;
	bool any = false;
	/* left to right and lazily: text behind the first true term is never looked at */
	while (next(&at, end, ' ', &term)) {
		const char *in = term.s, *stop = term.s + term.n;
		enum require_answer all = REQUIRE_SATISFIED;
		bool factors = false;
		while (all == REQUIRE_SATISFIED && next(&in, stop, ',', &factor)) {
			factors = true;
			all = lc_factor(factor, facts);
		}
		if (all == REQUIRE_INVALID)
			return REQUIRE_INVALID;
		if (factors && all == REQUIRE_SATISFIED)
			return REQUIRE_SATISFIED;
		any = any || factors;
	}
	return any ? REQUIRE_UNSATISFIED : REQUIRE_SATISFIED;
}

/* ---- TK ---- */

/* A version as Masterminds' semver coerces it: optional v, one to three groups, then prerelease and metadata. */
struct semver { unsigned long part[3]; bool pre; bool ok; };

static struct semver semver(const char *s, size_t n)
{
	struct semver v = { { 0 }, false, false };
	size_t i = n && (s[0] == 'v' || s[0] == 'V');
	unsigned groups = 0;
	while (groups < 3 && i < n && isdigit((unsigned char)s[i])) {
		for (; i < n && isdigit((unsigned char)s[i]); i++)
			v.part[groups] = v.part[groups] > 100000000 ? v.part[groups] : v.part[groups] * 10 + (unsigned long)(s[i] - '0');
		groups++;
		if (i < n && s[i] == '.' && groups < 3) {
			i++;
			if (i >= n || !isdigit((unsigned char)s[i]))
				return v;
		}
	}
	v.pre = i < n && s[i] == '-';
	v.ok = groups && (i == n || ((s[i] == '-' || s[i] == '+') && i + 1 < n));
	return v;
}

static int semver_compare(struct semver a, struct semver b)
{
	for (int i = 0; i < 3; i++)
		if (a.part[i] != b.part[i])
			return a.part[i] < b.part[i] ? -1 : 1;
	return a.pre == b.pre ? 0 : a.pre ? -1 : 1;
}

/* *skip: the property is not known, so the factor says nothing. */
static enum require_answer tk_factor(struct factor f, const struct require_facts *facts, bool *skip)
{
	static const struct { const char *text; enum op op; } ops[] = {
		{ "!=", OP_NE }, { "<=", OP_LE }, { ">=", OP_GE }, { "=", OP_EQ }, { "<", OP_LT }, { ">", OP_GT },
	};
	*skip = false;
	for (size_t i = 0; i < sizeof(ops) / sizeof(*ops); i++) {
		size_t on = strlen(ops[i].text), at = 0;
		while (at + on <= f.n && strncmp(f.s + at, ops[i].text, on))
			at++;
		if (at + on > f.n)
			continue;
		const char *value = f.s + at + on;
		size_t n = f.n - at - on;
		bool cuda = at == 4 && !strncmp(f.s, "cuda", 4), arch = at == 4 && !strncmp(f.s, "arch", 4);
		if (at == 5 && !strncmp(f.s, "brand", 5)) /* csv mode never knows the brand: "" is compared byte by byte */
			return holds(n ? -1 : 0, ops[i].op) ? REQUIRE_SATISFIED : REQUIRE_UNSATISFIED;
		if (!cuda && !arch && !(at == 6 && !strncmp(f.s, "driver", 6))) {
			*skip = true;
			return REQUIRE_SATISFIED;
		}
		struct semver want = semver(value, n);
		const char *text = cuda ? facts->cuda : arch ? facts->arch : NULL;
		if (!want.ok)
			return REQUIRE_INVALID;
		struct semver have = text ? semver(text, strlen(text)) : want;
		return text && have.ok && holds(semver_compare(have, want), ops[i].op) ? REQUIRE_SATISFIED : REQUIRE_UNSATISFIED;
	}
	return REQUIRE_INVALID;
}

enum require_answer require_tk(const char *expression, const struct require_facts *facts)
{
	const char *at = expression, *end = expression + strlen(expression);
	struct factor term, factor;
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
