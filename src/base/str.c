#include "base/str.h"

#include <fnmatch.h>
#include <string.h>
#include <strings.h>

bool str_eq(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

bool str_ieq(const char *a, const char *b)
{
	return a && b ? !strcasecmp(a, b) : a == b;
}

bool str_starts(const char *s, const char *head)
{
	return !strncmp(s, head, strlen(head));
}

bool str_ends(const char *s, const char *tail)
{
	size_t n = strlen(s), t = strlen(tail);
	return n >= t && !memcmp(s + n - t, tail, t);
}

int str_cmp(const char *a, const char *b)
{
	if (!a || !b)
		return (a != NULL) - (b != NULL);
	return strcmp(a, b);
}

int str_ptr_cmp(const void *a, const void *b)
{
	return str_cmp(*(char *const *)a, *(char *const *)b);
}

/* '*' and '?' against one name; '[' is left to fnmatch. Both are without '/'. */
static bool name_match(struct span p, struct span s)
{
	size_t i = 0, k = 0, star = SIZE_MAX, from = 0;
	while (k < s.n) {
		if (i < p.n && p.p[i] == '*') {
			star = i++;
			from = k;
		} else if (i < p.n && (p.p[i] == '?' || p.p[i] == s.p[k])) {
			i++;
			k++;
		} else if (star != SIZE_MAX) {
			i = star + 1;
			k = ++from;
		} else {
			return false;
		}
	}
	while (i < p.n && p.p[i] == '*')
		i++;
	return i == p.n;
}

/* One pattern segment against one path segment; both end at '/' or NUL. */
static bool segment_match(const char *p, size_t pn, const char *s, size_t sn)
{
	char pat[256], seg[1024];
	if (pn >= sizeof(pat) || sn >= sizeof(seg))
		return false;
	if (!memchr(p, '[', pn))
		return name_match((struct span){ (const unsigned char *)p, pn }, (struct span){ (const unsigned char *)s, sn });
	memcpy(pat, p, pn);
	pat[pn] = '\0';
	memcpy(seg, s, sn);
	seg[sn] = '\0';
	return !fnmatch(pat, seg, FNM_NOESCAPE);
}

static size_t segment_length(const char *s)
{
	const char *slash = strchr(s, '/');
	return slash ? (size_t)(slash - s) : strlen(s);
}

bool glob_match(const char *p, const char *s)
{
	for (;;) {
		if (*p && *p != *s && *p != '*' && *p != '?' && *p != '[') /* most names differ at once */
			return false;
		size_t pn = segment_length(p);
		if (pn == 2 && !memcmp(p, "**", 2)) {
			if (!p[2])
				return true;
			for (const char *at = s;;) {
				if (glob_match(p + 3, at))
					return true;
				at += segment_length(at);
				if (!*at++)
					return false;
			}
		}
		size_t sn = segment_length(s);
		if (!segment_match(p, pn, s, sn))
			return false;
		p += pn;
		s += sn;
		if (!*p || !*s)
			return !*p && !*s;
		p++;
		s++;
	}
}

char *pep503_name(struct arena *a, struct span name)
{
	char *out = arena_alloc(a, name.n + 1);
	if (!out)
		return NULL;
	size_t n = 0;
	for (size_t i = 0; i < name.n; i++) {
		unsigned char c = name.p[i];
		if (c == '-' || c == '_' || c == '.') {
			if (n && out[n - 1] != '-')
				out[n++] = '-';
			continue;
		}
		out[n++] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
	}
	while (n && out[n - 1] == '-')
		n--;
	out[n] = '\0';
	return out;
}

char *path_join(struct arena *a, const char *dir, struct span path)
{
	if (!dir || (path.n && path.p[0] == '/'))
		dir = "";
	size_t dn = strlen(dir), n = 0;
	char *out = arena_alloc(a, dn + path.n + 2);
	if (!out)
		return NULL;
	struct span parts[2] = { { (const unsigned char *)dir, dn }, path };
	for (int i = 0; i < 2; i++) {
		struct span rest = parts[i];
		while (rest.n) {
			struct span name = span_cut(&rest, '/');
			if (!name.n || span_eq(name, "."))
				continue;
			if (span_eq(name, "..")) {
				while (n && out[n - 1] != '/')
					n--;
				n -= n > 0;
				continue;
			}
			if (n)
				out[n++] = '/';
			memcpy(out + n, name.p, name.n);
			n += name.n;
		}
	}
	out[n] = '\0';
	return out;
}

const char *path_base(const char *path)
{
	const char *s = strrchr(path, '/');
	return s ? s + 1 : path;
}

char *path_dir(struct arena *a, const char *path)
{
	const char *s = strrchr(path, '/');
	return arena_strn(a, path, s ? (size_t)(s - path) : 0);
}

unsigned str_distance(const char *a, const char *b)
{
	enum { MAX = 96 };
	size_t n = strlen(a), m = strlen(b);
	if (n > MAX || m > MAX)
		return 99;
	unsigned row[MAX + 1];
	for (size_t j = 0; j <= m; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= n; i++) {
		unsigned diag = row[0];
		row[0] = (unsigned)i;
		for (size_t j = 1; j <= m; j++) {
			unsigned up = row[j];
			unsigned best = diag + (strncasecmp(a + i - 1, b + j - 1, 1) != 0);
			if (up + 1 < best)
				best = up + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
			diag = up;
		}
	}
	return row[m];
}

size_t utf8_length(struct span s)
{
	unsigned char c = s.p[0];
	size_t n = c < 0x80 ? 1 : c >= 0xc2 && c < 0xe0 ? 2 : c >= 0xe0 && c < 0xf0 ? 3 : c >= 0xf0 && c < 0xf5 ? 4 : 0;
	if (!n || n > s.n)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((s.p[i] & 0xc0) != 0x80)
			return 0;
	/* overlong forms, surrogates and what is over U+10FFFF */
	if ((c == 0xe0 && s.p[1] < 0xa0) || (c == 0xed && s.p[1] > 0x9f) || (c == 0xf0 && s.p[1] < 0x90) ||
	    (c == 0xf4 && s.p[1] > 0x8f))
		return 0;
	return n;
}
