/* ELF facts against readelf, on the machine's own libraries and on objects compiled here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/str.h"
#include "parse/elf.h"

/* A copy of the exact size, so that a sanitizer sees the first byte read past the end. */
static unsigned char *load(const char *path, size_t *n)
{
	FILE *f = fopen(path, "rb");
	if (!f)
		return NULL;
	fseek(f, 0, SEEK_END);
	*n = (size_t)ftell(f);
	rewind(f);
	unsigned char *p = malloc(*n ? *n : 1);
	if (!p || fread(p, 1, *n, f) != *n)
		abort();
	fclose(f);
	return p;
}

/* Serves at most `most` bytes a want (never fewer than it needs): the answer must not depend on that. */
static struct elf_facts *read_elf(struct arena *a, const unsigned char *p, size_t n, size_t most)
{
	struct elf_reader r = ELF_READER_INIT(a, n);
	struct want w;
	struct span got = { 0 };
	uint64_t at = 0;
	enum step s;
	while ((s = elf_step(&r, at, got, &w)) == STEP_WANT) {
		size_t serve = w.n < most ? w.n : most;
		serve = serve < w.least ? w.least : serve;
		got = w.at < n ? span_sub((struct span){ p, n }, (size_t)w.at, serve) : (struct span){ 0 };
		at = w.at;
	}
	struct elf_facts *f = s == STEP_DONE ? r.facts : NULL;
	elf_reader_clear(&r);
	return f;
}

/* The lines that a command prints, sorted by it. */
static char *output(const char *fmt, const char *path)
{
	char command[1024];
	snprintf(command, sizeof(command), fmt, path);
	FILE *f = popen(command, "r");
	char *text = NULL;
	size_t n = 0;
	FILE *m = open_memstream(&text, &n);
	for (int c; (c = fgetc(f)) != EOF;)
		fputc(c, m);
	fclose(m);
	pclose(f);
	return text;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static char *joined(const char **v, size_t n)
{
	char *text = NULL;
	size_t size = 0;
	FILE *m = open_memstream(&text, &size);
	if (n > 1)
		qsort(v, n, sizeof(*v), by_text);
	for (size_t i = 0; i < n; i++)
		fprintf(m, "%s\n", v[i]);
	fclose(m);
	return text;
}

static void check_against_readelf(const char *path)
{
	struct arena a = ARENA_INIT;
	size_t n;
	unsigned char *p = load(path, &n);
	assert_non_null(p);
	struct elf_facts *f = read_elf(&a, p, n, SIZE_MAX);
	assert_non_null(f);

	char *want = output("readelf -dW '%s' 2>/dev/null | sed -n 's/.*(NEEDED).*\\[\\(.*\\)\\]/\\1/p' | LC_ALL=C sort", path);
	char *got = joined(f->needed.v, f->needed.n);
	assert_string_equal(got, want);
	free(want), free(got);

	want = output("readelf -dW '%s' 2>/dev/null | sed -n 's/.*(SONAME).*\\[\\(.*\\)\\]/\\1/p'", path);
	want[strcspn(want, "\n")] = '\0';
	assert_string_equal(f->soname ? f->soname : "", want);
	free(want);

	const char **names = calloc(f->undefined.n + 1, sizeof(*names));
	for (size_t i = 0; i < f->undefined.n; i++)
		names[i] = f->undefined.v[i].name;
	got = joined(names, f->undefined.n);
	want = output("readelf -W --dyn-syms '%s' 2>/dev/null | awk '$7 == \"UND\" && $8 != \"\" { sub(/@.*/, \"\", $8); print $8 }' | LC_ALL=C sort", path);
	assert_string_equal(got, want);
	free(want), free(got), free(names);

	/* each defined symbol is found by its name and version, and an invented one is not */
	want = output("readelf -W --dyn-syms '%s' 2>/dev/null | awk '$7 != \"UND\" && $1 ~ /^[0-9]+:$/ && $5 != \"LOCAL\" && $8 != \"\" { print $8 }' | head -400", path);
	for (char *line = strtok(want, "\n"); line; line = strtok(NULL, "\n")) {
		char *at = strchr(line, '@'), *version = NULL;
		if (at) {
			version = at + 1 + (at[1] == '@');
			*at = '\0';
		}
		assert_true(elf_defines(f, line, version && !str_eq(version, "Base") ? version : NULL));
	}
	assert_false(elf_defines(f, "no_such_symbol_is_defined_anywhere", NULL));
	free(want);

	struct elf_facts *small = read_elf(&a, p, n, 100);
	assert_non_null(small);
	assert_int_equal(small->undefined.n, f->undefined.n);
	assert_int_equal(small->defined_n, f->defined_n);
	assert_int_equal(small->sections.n, f->sections.n);
	assert_int_equal(small->verneeds.n, f->verneeds.n);
	free(p);
	arena_clear(&a);
}

static void system_libraries_as_readelf(void **state)
{
	(void)state;
	static const char *const paths[] = {
		"/lib/x86_64-linux-gnu/libc.so.6", "/lib/x86_64-linux-gnu/libm.so.6", "/usr/lib/x86_64-linux-gnu/libcrypto.so.3",
		"/usr/lib/x86_64-linux-gnu/libstdc++.so.6", "/usr/lib/x86_64-linux-gnu/libarchive.so.13", "/bin/ls",
		"/lib/aarch64-linux-gnu/libc.so.6",
	};
	size_t seen = 0;
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		if (access(paths[i], R_OK) == 0) {
			check_against_readelf(paths[i]);
			seen++;
		}
	assert_true(seen > 0);
}

static void compile(const char *flags, char *path, size_t cap)
{
	static int number;
	char command[1024];
	snprintf(path, cap, "/tmp/elf_test_%d_%d.so", (int)getpid(), number++);
	snprintf(command, sizeof(command),
		 "printf 'extern int g(int);int data=3;int f(void){return g(data);}__attribute__((weak)) extern int w(void);int h(void){return w?w():0;}' | "
		 "cc -x c -shared -fPIC -nostdlib %s -o %s -", flags, path);
	assert_int_equal(system(command), 0);
}

static void compiled_objects_as_readelf(void **state)
{
	(void)state;
	static const char *const flags[] = {
		"-Wl,--hash-style=gnu", "-Wl,--hash-style=sysv", "-Wl,--hash-style=both -Wl,-soname,libx.so.1",
		"-Wl,-rpath,'$ORIGIN/../lib:/opt/x' -Wl,--disable-new-dtags", "-Wl,-rpath,'$ORIGIN' -Wl,--enable-new-dtags", "-s",
	};
	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
		char path[128];
		compile(flags[i], path, sizeof(path));
		check_against_readelf(path);
		unlink(path);
	}
}

static void rpath_is_split_and_told_from_runpath(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	char path[128];
	size_t n;
	compile("-Wl,-rpath,'$ORIGIN/../lib:/opt/x' -Wl,--disable-new-dtags", path, sizeof(path));
	unsigned char *p = load(path, &n);
	struct elf_facts *f = read_elf(&a, p, n, SIZE_MAX);
	assert_non_null(f);
	assert_int_equal(f->rpath.n, 2);
	assert_string_equal(f->rpath.v[0], "$ORIGIN/../lib");
	assert_string_equal(f->rpath.v[1], "/opt/x");
	assert_int_equal(f->runpath.n, 0);
	bool weak = false, strong = false;
	for (size_t i = 0; i < f->undefined.n; i++) {
		weak = weak || (str_eq(f->undefined.v[i].name, "w") && f->undefined.v[i].weak);
		strong = strong || (str_eq(f->undefined.v[i].name, "g") && !f->undefined.v[i].weak);
	}
	assert_true(weak && strong);
	free(p);
	unlink(path);
	arena_clear(&a);
}

/* What the loader reads does not need the section table. */
static void no_section_table_changes_nothing(void **state)
{
	(void)state;
	struct arena a = ARENA_INIT;
	char path[128];
	size_t n;
	compile("-Wl,--hash-style=gnu", path, sizeof(path));
	unsigned char *p = load(path, &n);
	struct elf_facts *with = read_elf(&a, p, n, SIZE_MAX);
	memset(p + 40, 0, 8);  /* e_shoff */
	memset(p + 60, 0, 4);  /* e_shnum, e_shstrndx */
	struct elf_facts *without = read_elf(&a, p, n, SIZE_MAX);
	assert_non_null(with);
	assert_non_null(without);
	assert_true(with->sections_known);
	assert_false(without->sections_known);
	assert_int_equal(with->undefined.n, without->undefined.n);
	assert_int_equal(with->defined_n, without->defined_n);
	free(p);
	unlink(path);
	arena_clear(&a);
}

/* Every prefix of a good file gives facts with gaps or a refusal, never a crash or an endless want. */
static void every_prefix_ends(void **state)
{
	(void)state;
	char path[128];
	size_t n;
	compile("", path, sizeof(path));
	unsigned char *p = load(path, &n);
	size_t refused = 0;
	for (size_t k = 0; k < n; k += k < 4096 ? 1 : 61) {
		struct arena a = ARENA_INIT;
		unsigned char *cut = malloc(k ? k : 1);
		memcpy(cut, p, k);
		refused += read_elf(&a, cut, k, SIZE_MAX) == NULL;
		free(cut);
		arena_clear(&a);
	}
	assert_true(refused >= 64); /* at least every prefix of the file header */
	free(p);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(system_libraries_as_readelf), cmocka_unit_test(compiled_objects_as_readelf),
		cmocka_unit_test(rpath_is_split_and_told_from_runpath), cmocka_unit_test(no_section_table_changes_nothing),
		cmocka_unit_test(every_prefix_ends),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
