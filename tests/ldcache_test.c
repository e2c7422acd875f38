/* ld.so.cache: every format, cut at every byte, and ldconfig itself as the oracle where it can be run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <elf.h>

#include "base/buf.h"
#include "parse/ldcache.h"

static struct span slurp(const char *path)
{
	FILE *f = fopen(path, "rb");
	if (!f)
		return (struct span){ 0 };
	unsigned char *p = malloc(1 << 22);
	size_t n = fread(p, 1, 1 << 22, f);
	fclose(f);
	return (struct span){ p, n };
}

static struct span corpus(const char *name)
{
	char path[512];
	const char *top = getenv("TOP");
	snprintf(path, sizeof(path), "%s/tests/corpus/ldcache/%s", top ? top : ".", name);
	struct span s = slurp(path);
	assert_non_null(s.p);
	return s;
}

struct want { const char *soname, *path, *hwcap; uint32_t flags; };

static void says(const char *name, const struct want *want, size_t n)
{
	struct span file = corpus(name);
	struct ldcache c;
	struct ldcache_entry e;
	struct err err = ERR_INIT;
	assert_int_equal(ldcache_open(file, &c, &err), 0);
	for (size_t i = 0; i < n; i++) {
		assert_true(ldcache_next(&c, &e));
		assert_true(span_eq(e.soname, want[i].soname));
		assert_true(span_eq(e.path, want[i].path));
		assert_true(want[i].hwcap ? span_eq(e.hwcap, want[i].hwcap) : !e.hwcap.p);
		assert_int_equal(e.flags, want[i].flags);
	}
	assert_false(ldcache_next(&c, &e));
	free((void *)file.p);
}

static void formats(void **state)
{
	(void)state;
	static const struct want all[] = {
		{ "libz.so.1", "/usr/lib/libz.so.1", NULL, 0x303 },
		{ "libfoo.so.1", "/usr/lib/glibc-hwcaps/x86-64-v3/libfoo.so.1", "x86-64-v3", 0x303 },
		{ "libfoo.so.1", "/usr/lib/libfoo.so.1", NULL, 0x303 },
		{ "libfoo.so.1", "/usr/lib32/libfoo.so.1", NULL, 3 },
	};
	static const struct want old[] = { { "libz.so.1", "/lib/libz.so.1", NULL, 3 }, { "libc.so.6", "/lib/libc.so.6", NULL, 3 } };
	static const struct want big[] = { { "libz.so.1", "/usr/lib/libz.so.1", NULL, 0x503 } };
	says("new", all, 4);
	says("new_plain", all, 1);
	says("old", old, 2);
	says("big_endian", big, 1);
	/* its hwcaps entry has no table of names there: it is skipped, not guessed */
	static const struct want behind[] = {
		{ "libz.so.1", "/usr/lib/libz.so.1", NULL, 0x303 }, { "libfoo.so.1", "/usr/lib/libfoo.so.1", NULL, 0x303 },
		{ "libfoo.so.1", "/usr/lib32/libfoo.so.1", NULL, 3 },
	};
	says("old_and_new", behind, 3);
}

static void fits(void **state)
{
	(void)state;
	assert_true(ldcache_fits(0x303, EM_X86_64, true));
	assert_false(ldcache_fits(0x003, EM_X86_64, true));
	assert_true(ldcache_fits(0x003, EM_386, false));
	assert_false(ldcache_fits(0x303, EM_386, false));
	assert_false(ldcache_fits(0x803, EM_X86_64, true)); /* x32 */
	assert_true(ldcache_fits(0xa03, EM_AARCH64, true));
	assert_false(ldcache_fits(0x302, EM_X86_64, true)); /* libc5 */
}

static void cut_off(void **state)
{
	(void)state;
	static const char *const names[] = { "new", "old", "old_and_new", "big_endian", "many", "loop_ext" };
	for (size_t k = 0; k < sizeof(names) / sizeof(*names); k++) {
		struct span file = corpus(names[k]);
		for (size_t n = 0; n <= file.n; n++) {
			unsigned char *exact = malloc(n ? n : 1);
			memcpy(exact, file.p, n);
			struct ldcache c;
			struct ldcache_entry e;
			struct err err = ERR_INIT;
			if (ldcache_open((struct span){ exact, n }, &c, &err) < 0)
				assert_int_equal(err.kind, ERR_FORMAT);
			else
				while (ldcache_next(&c, &e))
					assert_true(e.soname.n && e.path.n);
			free(exact);
		}
		free((void *)file.p);
	}
}

/* This machine's own cache, if it has one, entry by entry as `ldconfig -p` prints it. */
static void as_ldconfig(void **state)
{
	(void)state;
	FILE *f = popen("/sbin/ldconfig -p 2>/dev/null", "r");
	struct span file = slurp("/etc/ld.so.cache");
	if (!f || !file.p)
		skip();
	struct ldcache c;
	struct ldcache_entry e;
	struct err err = ERR_INIT;
	assert_int_equal(ldcache_open(file, &c, &err), 0);
	char line[4096], own[4096];
	size_t n = 0;
	while (fgets(line, sizeof(line), f)) {
		char *arrow = strstr(line, " => ");
		if (line[0] != '\t' || !arrow)
			continue;
		assert_true(ldcache_next(&c, &e));
		snprintf(own, sizeof(own), "%.*s", (int)e.path.n, (const char *)e.path.p);
		arrow[strcspn(arrow, "\n")] = '\0';
		assert_string_equal(arrow + 4, own);
		n++;
	}
	pclose(f);
	if (n)
		assert_false(ldcache_next(&c, &e));
	free((void *)file.p);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(formats), cmocka_unit_test(fits), cmocka_unit_test(cut_off), cmocka_unit_test(as_ldconfig),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
