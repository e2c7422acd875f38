#include "base/version.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Reads one number; saturates. *s moves behind it. */
static unsigned long number(const char **s)
{
	unsigned long v = 0;
	while (isdigit((unsigned char)**s)) {
		v = v > (ULONG_MAX - 9) / 10 ? ULONG_MAX : v * 10 + (unsigned long)(**s - '0');
		(*s)++;
	}
	return v;
}

unsigned version_parts(const char *s, unsigned long *part, unsigned max)
{
	unsigned n = 0;
	while (s && n < max && isdigit((unsigned char)*s)) {
		part[n++] = number(&s);
		if (*s != '.')
			break;
		s++;
	}
	return n;
}

struct ver2 ver2_parse(const char *s)
{
	unsigned long part[2];
	unsigned n = version_parts(s, part, 2);
	if (!n || !part[0] || part[0] > SHRT_MAX || (n > 1 && part[1] > SHRT_MAX))
		return VER2_NONE;
	return (struct ver2){ (short)part[0], n > 1 ? (short)part[1] : -1 };
}

int ver2_cmp(struct ver2 a, struct ver2 b)
{
	if (a.major != b.major)
		return a.major < b.major ? -1 : 1;
	short x = a.minor < 0 ? 0 : a.minor, y = b.minor < 0 ? 0 : b.minor;
	return (x > y) - (x < y);
}

struct ver2_text ver2_print(struct ver2 v)
{
	struct ver2_text t = { "" };
	if (v.major > 0 && v.minor >= 0)
		snprintf(t.s, sizeof(t.s), "%d.%d", v.major, v.minor);
	else if (v.major > 0)
		snprintf(t.s, sizeof(t.s), "%d", v.major);
	return t;
}

bool version_agree(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b), k = n < m ? n : m;
	return !strncmp(a, b, k) && (n == m || (n < m ? b : a)[k] == '.');
}

int version_cmp(const char *a, const char *b)
{
	enum { GROUPS = 16 };
	unsigned long x[GROUPS] = { 0 }, y[GROUPS] = { 0 };
	version_parts(a, x, GROUPS);
	version_parts(b, y, GROUPS);
	for (int i = 0; i < GROUPS; i++)
		if (x[i] != y[i])
			return x[i] < y[i] ? -1 : 1;
	return 0;
}

/* ---- PEP 440 ---- */

enum { RELEASE_MAX = 16, LOCAL_MAX = 64 };

/* A version in the order of PEP 440's sort key; pre 0 = a, 1 = b, 2 = rc, 3 = none (or -1: dev alone). */
struct pep440 {
	unsigned long epoch, release[RELEASE_MAX], pre_n, post_n, dev_n;
	unsigned release_n;
	int pre;
	bool post, dev, ok;
	char local[LOCAL_MAX];
};

static bool is_sep(char c) { return c == '.' || c == '-' || c == '_'; }

/* Between a letter and its number, or what follows; at the end there is none. */
static void skip_sep(const char **s)
{
	char next = is_sep(**s) ? (*s)[1] : '\0';
	if (next && next != '+' && !isspace((unsigned char)next))
		(*s)++;
}

static bool word(const char **s, const char *w)
{
	const char *p = *s;
	if (is_sep(*p))
		p++;
	for (; *w; w++, p++)
		if (tolower((unsigned char)*p) != *w)
			return false;
	*s = p;
	return true;
}

/* "+cu124.1": runs of letters and digits between separators. False where it is none, or too long. */
static bool read_local(const char **s, char local[LOCAL_MAX])
{
	size_t n = 0;
	do {
		(*s)++;
		if (!isalnum((unsigned char)**s))
			return false;
		for (; isalnum((unsigned char)**s) && n + 2 < LOCAL_MAX; (*s)++)
			local[n++] = (char)tolower((unsigned char)**s);
		if (is_sep(**s))
			local[n++] = '.';
	} while (is_sep(**s));
	return !isalnum((unsigned char)**s);
}

static struct pep440 pep440_parse(const char *s)
{
	struct pep440 v = { .pre = 3 };
	while (isspace((unsigned char)*s))
		s++;
	if (*s == 'v' || *s == 'V')
		s++;
	if (!isdigit((unsigned char)*s))
		return v;
	const char *bang = s;
	unsigned long first = number(&bang);
	if (*bang == '!') {
		v.epoch = first;
		s = bang + 1;
	}
	while (isdigit((unsigned char)*s)) {
		unsigned long n = number(&s);
		if (v.release_n < RELEASE_MAX)
			v.release[v.release_n++] = n;
		if (*s != '.' || !isdigit((unsigned char)s[1]))
			break;
		s++;
	}
	static const struct { const char *w; int pre; } pres[] = {
		{ "alpha", 0 }, { "beta", 1 }, { "preview", 2 }, { "pre", 2 }, { "rc", 2 }, { "a", 0 }, { "b", 1 }, { "c", 2 },
	};
	for (size_t i = 0; i < sizeof(pres) / sizeof(*pres); i++) {
		const char *p = s;
		if (word(&p, pres[i].w)) {
			s = p;
			v.pre = pres[i].pre;
			skip_sep(&s);
			v.pre_n = number(&s);
			break;
		}
	}
	if (word(&s, "post") || word(&s, "rev") || word(&s, "r") || (*s == '-' && isdigit((unsigned char)s[1]) && s++)) {
		v.post = true;
		skip_sep(&s);
		v.post_n = number(&s);
	}
	if (word(&s, "dev")) {
		v.dev = true;
		skip_sep(&s);
		v.dev_n = number(&s);
	}
	if (v.dev && v.pre == 3 && !v.post)
		v.pre = -1;
	if (*s == '+' && !read_local(&s, v.local))
		return v;
	while (isspace((unsigned char)*s))
		s++;
	v.ok = v.release_n && !*s;
	return v;
}

static int cmp_ul(unsigned long a, unsigned long b)
{
	return (a > b) - (a < b);
}

/* Local segments: numbers are greater than words; a longer one wins. */
static int cmp_local(const char *a, const char *b)
{
	while (*a && *b) {
		size_t an = strcspn(a, "."), bn = strcspn(b, ".");
		bool ad = strspn(a, "0123456789") == an, bd = strspn(b, "0123456789") == bn;
		int c;
		if (ad && bd)
			c = cmp_ul(strtoul(a, NULL, 10), strtoul(b, NULL, 10));
		else if (ad != bd)
			c = ad ? 1 : -1;
		else {
			c = strncmp(a, b, an < bn ? an : bn);
			c = c ? c : (an > bn) - (an < bn);
		}
		if (c)
			return c;
		a += an + (a[an] == '.');
		b += bn + (b[bn] == '.');
	}
	return (*a != 0) - (*b != 0);
}

/* Epoch and release alone. */
static int pep440_base(const struct pep440 *a, const struct pep440 *b)
{
	int c = cmp_ul(a->epoch, b->epoch);
	for (unsigned i = 0; !c && i < RELEASE_MAX; i++)
		c = cmp_ul(a->release[i], b->release[i]);
	return c;
}

static bool is_pre(const struct pep440 *v) { return v->dev || v->pre < 3; }

static int pep440_order(const struct pep440 *a, const struct pep440 *b, bool local)
{
	int c = pep440_base(a, b);
	if (!c)
		c = (a->pre > b->pre) - (a->pre < b->pre);
	if (!c)
		c = cmp_ul(a->pre_n, b->pre_n);
	if (!c)
		c = a->post != b->post ? (a->post ? 1 : -1) : cmp_ul(a->post_n, b->post_n);
	if (!c)
		c = a->dev != b->dev ? (a->dev ? -1 : 1) : cmp_ul(a->dev_n, b->dev_n);
	return c || !local ? c : cmp_local(a->local, b->local);
}

int pep440_cmp(const char *a, const char *b)
{
	struct pep440 x = pep440_parse(a), y = pep440_parse(b);
	if (!x.ok || !y.ok)
		return x.ok != y.ok ? (x.ok ? 1 : -1) : strcmp(a, b);
	return pep440_order(&x, &y, true);
}

/* One clause: operator and version. */
static bool clause_match(const struct pep440 *v, const char *raw, const char *op, char *arg)
{
	if (!strcmp(op, "==="))
		return !strcasecmp(raw, arg);
	size_t n = strlen(arg);
	bool star = n > 2 && !strcmp(arg + n - 2, ".*");
	if (star)
		arg[n - 2] = '\0';
	struct pep440 w = pep440_parse(arg);
	if (!w.ok || !v->ok)
		return !strcmp(raw, arg) == (op[0] != '!');
	if (star || !strcmp(op, "~=")) {
		unsigned keep = star ? w.release_n : w.release_n - (w.release_n > 1);
		bool prefix = v->epoch == w.epoch;
		for (unsigned i = 0; i < keep; i++)
			prefix = prefix && v->release[i] == w.release[i];
		if (!strcmp(op, "~="))
			return prefix && pep440_order(v, &w, false) >= 0;
		return prefix == (op[0] != '!');
	}
	int c = pep440_order(v, &w, w.local[0] != '\0' && (op[0] == '=' || op[0] == '!'));
	if (!strcmp(op, "=="))
		return !c;
	if (!strcmp(op, "!="))
		return c;
	if (!strcmp(op, "<="))
		return c <= 0;
	if (!strcmp(op, ">="))
		return c >= 0;
	/* neither <1.0 takes 1.0rc1, nor >1.0 takes 1.0.post1 or 1.0+cu124 */
	bool same = !pep440_base(v, &w);
	if (op[0] == '<')
		return c < 0 && !(same && is_pre(v) && !is_pre(&w));
	return c > 0 && !(same && ((v->post && !w.post) || v->local[0]));
}

struct clause { char op[4], arg[128]; };

/* The next clause of a specifier: 1, 0 at the end, -1 where it is none. *spec moves behind it. */
static int clause_next(const char **spec, struct clause *c)
{
	*spec += strspn(*spec, " \t,()");
	size_t on = strspn(*spec, "=!<>~");
	if (!**spec)
		return 0;
	*c = (struct clause){ 0 };
	if (!on || on >= sizeof(c->op))
		return -1;
	memcpy(c->op, *spec, on);
	*spec += on;
	*spec += strspn(*spec, " \t");
	size_t an = strcspn(*spec, ", \t)");
	if (!an || an >= sizeof(c->arg))
		return -1;
	memcpy(c->arg, *spec, an);
	*spec += an;
	return 1;
}

bool pep440_match(const char *version, const char *spec)
{
	struct pep440 v = pep440_parse(version);
	struct clause c;
	int more = 0;
	while (spec && (more = clause_next(&spec, &c)) > 0)
		if (!clause_match(&v, version, c.op, c.arg))
			return false;
	return more == 0;
}

bool pep440_valid(const char *version) { return pep440_parse(version).ok; }

bool pep440_is_pre(const char *version)
{
	struct pep440 v = pep440_parse(version);
	return v.ok && is_pre(&v);
}

/* PEP 440, "Version specifiers": what may stand behind each operator. */
static bool clause_valid(const struct clause *c)
{
	static const char *const ops[] = { "==", "!=", "<=", ">=", "<", ">", "~=" };
	char arg[sizeof(c->arg)];
	if (!strcmp(c->op, "==="))
		return true;
	size_t op = 0, n = strlen(c->arg);
	while (op < sizeof(ops) / sizeof(*ops) && strcmp(c->op, ops[op]))
		op++;
	memcpy(arg, c->arg, n + 1);
	bool star = n > 2 && !strcmp(arg + n - 2, ".*");
	if (star)
		arg[n - 2] = '\0';
	struct pep440 w = pep440_parse(arg);
	return op < sizeof(ops) / sizeof(*ops) && w.ok && (!star || (op < 2 && !w.dev && !w.local[0])) && (!w.local[0] || op < 2) &&
	       (op < 6 || w.release_n > 1);
}

bool pep440_spec_valid(const char *spec)
{
	struct clause c;
	int more;
	while ((more = clause_next(&spec, &c)) > 0)
		if (!clause_valid(&c))
			return false;
	return more == 0;
}

bool pep440_spec_pre(const char *spec)
{
	struct clause c;
	while (clause_next(&spec, &c) > 0)
		if (strcmp(c.op, "!=") && pep440_is_pre(c.arg))
			return true;
	return false;
}

bool pep440_spec_pins(const char *spec)
{
	struct clause c;
	while (clause_next(&spec, &c) > 0) {
		size_t n = strlen(c.arg);
		if (!strcmp(c.op, "===") || (!strcmp(c.op, "==") && !(n > 2 && !strcmp(c.arg + n - 2, ".*"))))
			return true;
	}
	return false;
}

const char *pep440_local(const char *version)
{
	const char *plus = version ? strchr(version, '+') : NULL;
	return plus && plus[1] ? plus + 1 : NULL;
}
