#include "parse/pytags.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

/*
 * packaging.tags: for a CPython 3.11
 *   cp311-cp311-*, cp311-abi3-*, cp311-none-*, cp310-abi3-* ... cp32-abi3-*,
 *   py311-none-*, py3-none-*, py310-none-* ... py30-none-*, cp311-none-any, py311-none-any, py3-none-any ... py30-none-any
 * where * runs over the platforms, newest C library first.
 */
enum { GROUP = 1000 }; /* more than there are platforms */

bool pysystem_python(const char *text, unsigned *minor)
{
	struct span rest = SPAN_STR(text), first = span_cut(&rest, '.'), second = span_cut(&rest, '.');
	uint64_t major, n;
	if (!second.n && first.n > 1 && first.p[0] == '3') { /* "311" */
		second = span_from(first, 1);
		first.n = 1;
	}
	if (!span_number(first, &major) || !span_number(second, &n) || major != 3 || n > 99)
		return false;
	*minor = (unsigned)n;
	return true;
}

bool pysystem_libc(const char *text, struct pysystem *s)
{
	struct span rest = SPAN_STR(text);
	bool musl = span_starts(rest, "musl"), glibc = span_starts(rest, "glibc");
	rest = span_from(rest, musl ? 4 : glibc ? 5 : 0);
	if (rest.n && (rest.p[0] == '-' || rest.p[0] == ' '))
		rest = span_from(rest, 1);
	struct span first = span_cut(&rest, '.'), second = span_cut(&rest, '.');
	uint64_t major, minor = PYTAGS_ANY_LIBC;
	if ((first.n || !(musl || glibc)) && (!span_number(first, &major) || !span_number(second, &minor) || minor > PYTAGS_ANY_LIBC || major != (musl ? 1 : 2)))
		return false;
	s->musl = musl;
	s->libc_minor = (unsigned)minor;
	return true;
}

const char *pysystem_machine(const char *platform)
{
	static const char *const names[][2] = {
		{ "amd64", "x86_64" }, { "x86_64", "x86_64" }, { "arm64", "aarch64" }, { "aarch64", "aarch64" }, { "386", "i686" },
		{ "ppc64le", "ppc64le" }, { "s390x", "s390x" }, { "riscv64", "riscv64" },
	};
	if (!platform)
		return "x86_64";
	if (!str_starts(platform, "linux/"))
		return NULL;
	struct span rest = SPAN_STR(platform + 6), arch = span_cut(&rest, '/');
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (span_eq(arch, names[i][0]))
			return names[i][1];
	return NULL;
}

/* "_x86_64" behind what was read so far. */
static bool machine_is(struct span s, const char *machine)
{
	return s.n > 1 && s.p[0] == '_' && span_eq(span_from(s, 1), machine);
}

/* Reads a number and moves behind it. */
static bool digits(struct span *s, uint64_t *v)
{
	size_t n = 0;
	while (n < s->n && s->p[n] >= '0' && s->p[n] <= '9')
		n++;
	bool ok = span_number(span_sub(*s, 0, n), v);
	*s = span_from(*s, n);
	return ok;
}

/* The oldest glibc that manylinux knows: CentOS 5 on x86, CentOS 7 elsewhere. */
static unsigned oldest_glibc(const char *machine)
{
	return str_eq(machine, "x86_64") || str_eq(machine, "i686") ? 5 : 17;
}

/* Where a platform tag stands among the system's; -1: nowhere. "any" is asked about elsewhere. */
static long platform_rank(const struct pysystem *s, struct span tag)
{
	static const struct { const char *name; unsigned minor; } old[] = { { "manylinux2014", 17 }, { "manylinux2010", 12 }, { "manylinux1", 5 } };
	uint64_t major, minor;
	if (span_starts(tag, "linux_"))
		return machine_is(span_from(tag, 5), s->machine) ? GROUP - 1 : -1;
	if (span_starts(tag, "musllinux_") || span_starts(tag, "manylinux_")) {
		bool musl = tag.p[1] == 'u';
		tag = span_from(tag, strlen("manylinux_"));
		if (!digits(&tag, &major) || !tag.n || tag.p[0] != '_')
			return -1;
		tag = span_from(tag, 1);
		if (!digits(&tag, &minor) || musl != s->musl || major != (musl ? 1 : 2) || minor > s->libc_minor || !machine_is(tag, s->machine))
			return -1;
		return !musl && minor < oldest_glibc(s->machine) ? -1 : 2 * (long)(s->libc_minor - minor);
	}
	for (size_t i = 0; i < sizeof(old) / sizeof(*old); i++)
		if (span_starts(tag, old[i].name) && machine_is(span_from(tag, strlen(old[i].name)), s->machine))
			return !s->musl && old[i].minor <= s->libc_minor && old[i].minor >= oldest_glibc(s->machine) ?
			       2 * (long)(s->libc_minor - old[i].minor) + 1 : -1;
	return -1;
}

static bool is_tag(struct span tag, const char *head, unsigned minor)
{
	char want[16];
	snprintf(want, sizeof(want), "%s%u", head, minor);
	return span_eq(tag, want);
}

/* Of "cp311" or "py311" the minor version; false for what is none of `head` and 3. */
static bool minor_of(struct span tag, const char *head, uint64_t *minor)
{
	return span_starts(tag, head) && span_number(span_from(tag, strlen(head)), minor);
}

/* Where "py311" stands among the tags of pure Python: itself, "py3", then the older ones. */
static long pure_rank(const struct pysystem *s, struct span tag)
{
	uint64_t minor;
	if (is_tag(tag, "py3", s->minor))
		return 0;
	if (span_eq(tag, "py3"))
		return 1;
	return minor_of(tag, "py3", &minor) && minor < s->minor ? 1 + (long)(s->minor - minor) : -1;
}

/* One triple. */
static long rank_of(const struct pysystem *s, struct span python, struct span abi, struct span platform)
{
	uint64_t minor;
	bool own = is_tag(python, "cp3", s->minor), none = span_eq(abi, "none");
	const long pure = 3 + (long)s->minor; /* groups before: own abi, abi3 of each version, none */
	long p = platform_rank(s, platform), py = pure_rank(s, python);
	if (span_eq(platform, "any"))
		return !none ? -1 : own ? (pure + 200) * GROUP : py >= 0 ? (pure + 201 + py) * GROUP : -1;
	if (p < 0)
		return -1;
	if (own && s->minor < 8 && abi.n && abi.p[abi.n - 1] == 'm')
		return is_tag(span_sub(abi, 0, abi.n - 1), "cp3", s->minor) ? p : -1;
	if (own && is_tag(abi, "cp3", s->minor))
		return s->minor < 8 ? -1 : p;
	if (span_eq(abi, "abi3") && minor_of(python, "cp3", &minor) && minor >= 2 && minor <= s->minor)
		return (own ? 1 : 2 + (long)(s->minor - minor)) * GROUP + p;
	if (own && none)
		return 2 * GROUP + p;
	return none && py >= 0 ? (pure + py) * GROUP + p : -1;
}

long pytags_rank(const struct pysystem *s, const struct wheel_name *w)
{
	long best = -1;
	struct span pythons = w->python;
	while (pythons.n) {
		struct span python = span_cut(&pythons, '.'), abis = w->abi;
		while (abis.n) {
			struct span abi = span_cut(&abis, '.'), platforms = w->platform;
			while (platforms.n) {
				long r = rank_of(s, python, abi, span_cut(&platforms, '.'));
				best = r >= 0 && (best < 0 || r < best) ? r : best;
			}
		}
	}
	return best;
}
