#include "base/sm.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

struct sm sm_parse(const char *s)
{
	static const char *const heads[] = { "sm_", "compute_", "lto_" };
	struct sm none = { 0 };
	if (!s)
		return none;
	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++)
		if (!strncmp(s, heads[i], strlen(heads[i]))) {
			s += strlen(heads[i]);
			break;
		}
	unsigned long n = 0;
	if (!isdigit((unsigned char)*s))
		return none;
	for (; isdigit((unsigned char)*s) && n < 3000; s++)
		n = n * 10 + (unsigned long)(*s - '0');
	if (*s == '.' && isdigit((unsigned char)s[1])) {
		n = n * 10 + (unsigned long)(s[1] - '0');
		s += 2;
	}
	char suffix = *s == 'a' || *s == 'f' ? *s++ : 0;
	if (*s || !n || n > 9999)
		return none;
	return (struct sm){ (short)n, suffix };
}

int sm_cmp(struct sm a, struct sm b)
{
	return a.number != b.number ? a.number - b.number : a.suffix - b.suffix;
}

struct sm_text sm_print(const char *prefix, struct sm sm)
{
	struct sm_text t;
	snprintf(t.s, sizeof(t.s), "%.9s%d%.1s", prefix, sm.number, sm.suffix ? (char[]){ sm.suffix, 0 } : "");
	return t;
}

struct ver2 sm_cc(struct sm sm)
{
	if (sm.number <= 0)
		return VER2_NONE;
	return (struct ver2){ sm.number / 10, sm.number % 10 };
}
