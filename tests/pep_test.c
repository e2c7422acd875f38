/* Versions, specifiers and wheel tags as Python's own packaging library takes them: tests/pep_oracle.py asks it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/version.h"
#include "parse/pytags.h"

static long last_rank, last_place;
static char last_system[64];

/* Tags come in packaging's order, so ours must grow. */
static bool tag_agrees(char *const *w)
{
	struct pysystem s = { .minor = (unsigned)atoi(w[1]), .machine = w[2], .libc_minor = (unsigned)atoi(w[3]) };
	char file[256], system[64];
	struct wheel_name name;
	snprintf(file, sizeof(file), "x-1-%s.whl", w[4]);
	snprintf(system, sizeof(system), "%s %s %s", w[1], w[2], w[3]);
	if (strcmp(system, last_system)) {
		last_rank = last_place = -1;
		strcpy(last_system, system);
	}
	long rank = wheel_name_parse(SPAN_STR(file), &name) ? pytags_rank(&s, &name) : -2, place = atol(w[5]);
	bool ok = place < 0 ? rank == -1 : rank > last_rank;
	if (place >= 0)
		last_rank = rank;
	last_place = place;
	return ok;
}

static bool agrees(char *const *w, size_t n)
{
	if (!strcmp(w[0], "cmp") && n == 4)
		return pep440_cmp(w[1], w[2]) == atoi(w[3]);
	if (!strcmp(w[0], "pre") && n == 3)
		return pep440_is_pre(w[1]) == (w[2][0] == '1');
	if (!strcmp(w[0], "match") && n == 4)
		return pep440_spec_valid(w[2]) && pep440_match(w[1], w[2]) == (w[3][0] == '1');
	if (!strcmp(w[0], "invalid") && n == 2)
		return !pep440_spec_valid(w[1]);
	if (!strcmp(w[0], "valid") && n == 3)
		return pep440_valid(w[1]) == (w[2][0] == '1');
	return !strcmp(w[0], "tag") && n == 6 && tag_agrees(w);
}

static void oracle(void **state)
{
	(void)state;
	FILE *f = popen("python3 tests/pep_oracle.py", "r");
	char line[1024], shown[1024];
	size_t lines = 0, wrong = 0;
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		char *w[8];
		size_t n = 0;
		line[strcspn(line, "\n")] = '\0';
		strcpy(shown, line);
		for (char *rest = line; rest && n < 8; n++)
			w[n] = strsep(&rest, "\t");
		lines++;
		if (!agrees(w, n) && ++wrong < 20)
			print_error("packaging says: %s\n", shown);
	}
	pclose(f);
	if (!lines)
		skip();
	assert_int_equal(wrong, 0);
}

static void systems(void **state)
{
	(void)state;
	struct pysystem s = { 0 };
	unsigned minor;
	assert_true(pysystem_python("3.11", &minor) && minor == 11);
	assert_true(pysystem_python("3.9.18", &minor) && minor == 9);
	assert_true(pysystem_python("312", &minor) && minor == 12);
	assert_false(pysystem_python("2.7", &minor));
	assert_false(pysystem_python("3", &minor));
	assert_true(pysystem_libc("2.28", &s) && !s.musl && s.libc_minor == 28);
	assert_true(pysystem_libc("musl-1.2", &s) && s.musl && s.libc_minor == 2);
	assert_true(pysystem_libc("musl", &s) && s.musl && s.libc_minor == PYTAGS_ANY_LIBC);
	assert_false(pysystem_libc("1.2", &s));
	assert_false(pysystem_libc("msvc", &s));
	assert_string_equal(pysystem_machine("linux/arm64/v8"), "aarch64");
	assert_null(pysystem_machine("windows/amd64"));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(oracle), cmocka_unit_test(systems) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
