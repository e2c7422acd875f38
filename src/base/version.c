#include "base/version.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

enum { RELEASE_MAX = 8, LOCAL_MAX = 64 };

/* A version in the order of PEP 440's sort key; pre 0 = a, 1 = b, 2 = rc, 3 = none (or -1: dev alone). */
struct pep440 {
	unsigned long epoch, release[RELEASE_MAX], pre_n, post_n, dev_n;
	unsigned release_n;
	int pre;
	bool post, dev, ok;
	char local[LOCAL_MAX];
};

static void skip_sep(const char **s)
{
	if (**s == '.' || **s == '-' || **s == '_')
		(*s)++;
}

static bool word(const char **s, const char *w)
{
	const char *p = *s;
	if (*p == '.' || *p == '-' || *p == '_')
		p++;
	for (; *w; w++, p++)
		if (tolower((unsigned char)*p) != *w)
			return false;
	*s = p;
	return true;
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
	if (word(&s, "post") || word(&s, "rev") || (*s == '-' && isdigit((unsigned char)s[1]) && s++)) {
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
	if (*s == '+') {
		size_t n = 0;
		for (s++; *s && !isspace((unsigned char)*s) && n + 1 < LOCAL_MAX; s++)
			v.local[n++] = (char)(*s == '-' || *s == '_' ? '.' : tolower((unsigned char)*s));
	}
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

static int pep440_order(const struct pep440 *a, const struct pep440 *b, bool local)
{
	int c = cmp_ul(a->epoch, b->epoch);
	for (unsigned i = 0; !c && i < RELEASE_MAX; i++)
		c = cmp_ul(a->release[i], b->release[i]);
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
		return !strcmp(raw, arg);
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
	return op[0] == '<' ? c < 0 : c > 0;
}

bool pep440_match(const char *version, const char *spec)
{
	struct pep440 v = pep440_parse(version);
	while (spec && *spec) {
		spec += strspn(spec, " \t,()");
		size_t on = strspn(spec, "=!<>~");
		if (!*spec)
			break;
		char op[4] = "", arg[128] = "";
		if (!on || on > 3)
			return false;
		memcpy(op, spec, on);
		spec += on;
		spec += strspn(spec, " \t");
		size_t an = strcspn(spec, ", \t)");
		if (!an || an >= sizeof(arg))
			return false;
		memcpy(arg, spec, an);
		spec += an;
		if (!clause_match(&v, version, op, arg))
			return false;
	}
	return true;
}

const char *pep440_local(const char *version)
{
	const char *plus = version ? strchr(version, '+') : NULL;
	return plus && plus[1] ? plus + 1 : NULL;
}
