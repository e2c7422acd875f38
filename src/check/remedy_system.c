/* What would help below Python: another base image, a package of the distribution. */
#include <ctype.h>
#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "check/remedy.h"

/* ID of os-release(5), and those that are built from Red Hat's sources. */
static const char *distribution(const struct facts *f)
{
	static const char *const like_rhel[] = { "rhel", "centos", "rocky", "almalinux", "ol" };
	for (size_t i = 0; i < sizeof(like_rhel) / sizeof(*like_rhel); i++)
		if (str_eq(f->inv->os.id, like_rhel[i]))
			return "rhel";
	return f->inv->os.id;
}

/* The oldest base that has both; of the target's own distribution, if there is one. */
static const struct row_bases *base_with(const struct facts *f, const char *glibc, const char *glibcxx)
{
	const struct row_bases *found = NULL;
	for (size_t i = 0; i < f->m->bases.n; i++) {
		const struct row_bases *r = &f->m->bases.v[i];
		if ((glibc && version_cmp(r->glibc, glibc) < 0) || (glibcxx && version_cmp(r->glibcxx, glibcxx) < 0))
			continue;
		if (str_eq(r->os, distribution(f)))
			return r;
		found = found ? found : r;
	}
	return found;
}

void remedy_base(const struct facts *f, struct out *out, struct finding *x, const char *glibc, const char *glibcxx)
{
	const struct row_bases *r = base_with(f, glibc, glibcxx);
	struct trial t;
	if (!r || !trial_begin(f, &t))
		return;
	t.inv.os.libc_version = r->glibc;
	t.untold = glibcxx != NULL; /* what a library would define was read of the one that is there */
	add_tried(out, x, trial_end(&t, out, x), "FROM %s or newer (glibc %s)", r->image, r->glibc);
	set_source(out, x, "bases", r->id, r->source);
}

/*
 * Debian Policy 8.1: a library's package is called after its soname, in small
 * letters: libfoo.so.1 is in libfoo1, libfoo2.so.1 in libfoo2-1.
 */
static const char *debian_package(const struct facts *f, struct out *out, const char *soname)
{
	for (size_t i = 0; i < f->m->debian_packages.n; i++)
		if (str_eq(f->m->debian_packages.v[i].soname, soname))
			return f->m->debian_packages.v[i].package;
	const char *so = strstr(soname, ".so.");
	char *name = so && so > soname ? arena_printf(out->a, "%.*s%s%s", (int)(so - soname), soname, isdigit((unsigned char)so[-1]) ? "-" : "", so + 4) : NULL;
	for (char *p = name; p && *p; p++)
		*p = *p == '_' ? '-' : (char)tolower((unsigned char)*p);
	return name;
}

void remedy_system_library(const struct facts *f, struct out *out, struct finding *x, const char *soname)
{
	static const char *const by_soname[] = { "rhel", "fedora", "amzn", "opensuse-leap", "sles" };
	const char *os = distribution(f);
	const char *package = str_eq(os, "debian") || str_eq(os, "ubuntu") ? debian_package(f, out, soname) : NULL;
	if (package)
		add_remedy(out, x, "apt-get install -y %s", shell_word(out, package));
	else if (str_eq(os, "alpine"))
		add_remedy(out, x, "apk add so:%s", shell_word(out, soname));
	for (size_t i = 0; i < sizeof(by_soname) / sizeof(*by_soname); i++)
		if (str_eq(os, by_soname[i]))
			add_remedy(out, x, "%s install -y %s", i < 3 ? "dnf" : "zypper", shell_word(out, arena_printf(out->a, "%s()(64bit)", soname)));
}
