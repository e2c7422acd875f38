/*
 * NVIDIA_REQUIRE_* as libnvidia-container (dsl.c) and the toolkit in csv mode (internal/requirements) answer it.
 * The wanted columns were made by running those evaluators themselves.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "check/require.h"

#define LENGTH(a) (sizeof(a) / sizeof(*(a)))

enum { YES = REQUIRE_SATISFIED, NO = REQUIRE_UNSATISFIED, BAD = REQUIRE_INVALID };

static const struct require_facts a100 = { .cuda = "12.4", .driver = "550.54.15", .arch = "8.0", .brand = "NVIDIA" };

static void expressions(void **state)
{
	(void)state;
	static const struct { const char *text; int lc, tk; } rows[] = {
		{ "cuda>=12.4", YES, YES },
		{ "cuda>=12.4.0", YES, YES },
		{ "cuda>=12.4.1", NO, NO },
		{ "cuda>=12.04", YES, YES },
		{ "cuda>=12.4.00.0", YES, BAD },
		{ "cuda>=012.4", YES, YES },
		{ "cuda=12.4", YES, YES },
		{ "cuda=12", NO, NO },
		{ "cuda>12", YES, YES },
		{ "cuda<12.4.1", YES, YES },
		{ "cuda<=12.4.0", YES, YES },
		{ "cuda!=12.4.0", NO, NO },
		{ "cuda!=12.4.01", YES, YES },
		{ "cuda!12.5", YES, BAD },
		{ "cuda!!=12.5", BAD, BAD },
		{ "cuda=!12.5", BAD, BAD },
		{ "cuda==12.4", BAD, BAD },
		{ "cuda=>12.0", BAD, BAD },
		{ "cuda=<13.0", BAD, BAD },
		{ "cuda<>13.0", BAD, BAD },
		{ "cuda>>12.0", BAD, BAD },
		{ "cuda>=", BAD, BAD },
		{ "cuda", BAD, BAD },
		{ ">=12.0", BAD, YES },
		{ "=", BAD, YES },
		{ "!", BAD, YES },
		{ "cuda>=.", BAD, BAD },
		{ "cuda>=.12", BAD, BAD },
		{ "cuda>=..", BAD, BAD },
		{ "cuda>=12.", YES, BAD },
		{ "cuda>=12..4", YES, BAD },
		{ "cuda>=12...", YES, BAD },
		{ "cuda>=12.x", BAD, BAD },
		{ "cuda>=12.4a", BAD, BAD },
		{ "cuda>=v12.4", BAD, YES },
		{ "cuda>=V12.4", BAD, BAD },
		{ "cuda>=12.4-rc1", BAD, YES },
		{ "cuda>=12.4.0-0", BAD, YES },
		{ "cuda>=12.4.1-0", BAD, NO },
		{ "cuda>=12.4-01", BAD, BAD },
		{ "cuda>=12.4-", BAD, BAD },
		{ "cuda>=12.4-a..b", BAD, BAD },
		{ "cuda>=12.4+build.1", BAD, YES },
		{ "cuda>=12.4+", BAD, BAD },
		{ "cuda>=12.4+b_1", BAD, BAD },
		{ "cuda>=-12", BAD, BAD },
		{ "cuda>=+12", BAD, BAD },
		{ "cuda>=1.2.3.4", YES, BAD },
		{ "cuda>=0", YES, YES },
		{ "cuda>=18446744073709551614", NO, NO },
		{ "cuda>=18446744073709551615", BAD, NO },
		{ "cuda>=99999999999999999999999", BAD, BAD },
		{ "cuda<11.99999999999999999999999", NO, BAD },
		{ "cuda<12.99999999999999999999999", BAD, BAD },
		{ "CUDA>=12.4", YES, YES },
		{ "Cuda>=99", NO, YES },
		{ "cudaa>=1", BAD, YES },
		{ "cud>=1", BAD, YES },
		{ "cuda >=12.0", BAD, BAD },
		{ "cuda>= 12.0", BAD, BAD },
		{ " cuda>=12.0", YES, YES },
		{ "cuda>=12.0 ", YES, YES },
		{ "  cuda>=99   cuda>=12.0  ", YES, YES },
		{ "cuda>=99 cuda>=12.0", YES, YES },
		{ "cuda>=12.0 cuda>=99", YES, YES },
		{ "cuda>=99,cuda>=12.0", NO, NO },
		{ "cuda>=12.0,cuda>=99", NO, NO },
		{ "cuda>=12.0,cuda>=12.2,cuda<13", YES, YES },
		{ ",cuda>=12.0", YES, YES },
		{ "cuda>=12.0,,cuda<13", YES, YES },
		{ "cuda>=99,, cuda>=12.0", YES, YES },
		{ ",", YES, YES },
		{ ",,", YES, YES },
		{ ", cuda>=99", YES, NO },
		{ ",, foo=bar", YES, YES },
		{ "cuda>=99 , cuda>=12.0", NO, YES },
		{ "cuda>=99 ,, cuda>=12.0", NO, YES },
		{ "cuda>=12.0 , cuda>=99", YES, YES },
		{ "driver>=550", YES, NO },
		{ "driver>=550.54.15", YES, NO },
		{ "driver>=550.54.015", YES, NO },
		{ "driver>550.54.15", NO, NO },
		{ "driver<551", YES, NO },
		{ "driver>=535,driver<536", NO, NO },
		{ "driver>=550,driver<551", YES, NO },
		{ "driver=550.54.15", YES, NO },
		{ "driver=550", NO, NO },
		{ "arch>=8.0", YES, YES },
		{ "arch=8", YES, YES },
		{ "arch>8", NO, NO },
		{ "arch<10.0", YES, YES },
		{ "arch=8.0 arch=9.0", YES, YES },
		{ "brand=nvidia", YES, NO },
		{ "brand=NVIDIA", YES, NO },
		{ "brand!=tesla", YES, YES },
		{ "brand!=NVIDIA", NO, YES },
		{ "brand>=nvidia", BAD, NO },
		{ "brand=", BAD, YES },
		{ "brand==nvidia", BAD, NO },
		{ "brand!nvidia", NO, NO },
		{ "brand=nvidia,driver>=550,driver<551", YES, NO },
		{ "brand=tesla,driver>=550,driver<551", NO, NO },
		{ "foo=bar", BAD, YES },
		{ "foo", BAD, BAD },
		{ "foo!1", BAD, YES },
		{ "foo=bar cuda>=12.0", BAD, YES },
		{ "cuda>=12.0 foo=bar", YES, YES },
		{ "cuda>=12.0,foo=bar", BAD, YES },
		{ "cuda>=99,foo=bar", NO, NO },
		{ "cuda>=99 foo", BAD, BAD },
		{ "csv-mounts=all", BAD, YES },
		{ "NVIDIA_REQUIRE_CUDA=cuda>=12.0", BAD, YES },
		{ "cuda>=99;driver>=500", BAD, BAD },
		{ "cuda>=12.0\tcuda>=99", BAD, BAD },
		{ "cuda>=12.0||cuda>=99", BAD, BAD },
		{ "\"cuda>=12.0\"", BAD, YES },
		{ "\t", BAD, YES },
		{ "brand=tesla,\t", NO, NO },
		{ "", YES, YES },
		{ " ", YES, YES },
		{ "   ", YES, YES },
	};
	for (size_t i = 0; i < LENGTH(rows); i++) {
		if ((int)require_lc(rows[i].text, &a100) != rows[i].lc)
			fail_msg("libnvidia-container: \"%s\"", rows[i].text);
		if ((int)require_tk(rows[i].text, &a100) != rows[i].tk)
			fail_msg("toolkit: \"%s\"", rows[i].text);
	}
}

/* What does not fit the buffer of a complaint is an error; what is met is never formatted. */
static void long_values(void **state)
{
	(void)state;
	char text[400] = "cuda>=12.4.";
	memset(text + strlen(text), '0', 130);
	assert_int_equal(require_lc(text, &a100), YES);
	assert_int_equal(require_tk(text, &a100), YES);
	memset(text, 0, sizeof(text));
	memcpy(text, "brand=", 6);
	memset(text + 6, 'x', 114);
	assert_int_equal(require_lc(text, &a100), NO);
	memset(text + 6, 'x', 130);
	assert_int_equal(require_lc(text, &a100), BAD);
	memset(text, 0, sizeof(text));
	memcpy(text, "cuda>=12.4+", 11);
	memset(text + 11, 'y', 200);
	assert_int_equal(require_tk(text, &a100), YES);
	memset(text + 11, 'y', 300);
	assert_int_equal(require_tk(text, &a100), BAD);
}

/* The runtimes' own answers where the host has no such fact, and whether an answer depends on it. */
static void missing_facts(void **state)
{
	(void)state;
	static const struct { const char *text; int own, if_true, if_false; } rows[] = {
		{ "cuda>=99", YES, YES, NO },                 { "brand=tesla", YES, YES, NO },
		{ "arch>=9.0", YES, YES, NO },                { "driver>=550", YES, YES, YES },
		{ "driver>=550 brand=tesla", YES, YES, YES }, { "driver>=560,brand=tesla", NO, NO, NO },
		{ "driver>=560 brand=tesla", YES, YES, NO },  { "driver>=550,brand=tesla", YES, YES, NO },
		{ "cuda>=oops", YES, YES, NO },               { "driver>=560 cuda>=99 foo=1", YES, YES, BAD },
	};
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct require_facts f = { .driver = "550.54.15" };
		static const enum require_missing kinds[] = { REQUIRE_ITS_OWN, REQUIRE_TRUE, REQUIRE_FALSE };
		const int want[] = { rows[i].own, rows[i].if_true, rows[i].if_false };
		for (size_t k = 0; k < 3; k++) {
			f.missing = kinds[k];
			if ((int)require_lc(rows[i].text, &f) != want[k])
				fail_msg("\"%s\", %zu", rows[i].text, k);
		}
	}
	struct require_facts none = { .missing = REQUIRE_ITS_OWN };
	assert_int_equal(require_tk("cuda>=12.0", &none), NO);
	assert_int_equal(require_tk("cuda>=oops", &none), BAD);
	none.missing = REQUIRE_TRUE;
	assert_int_equal(require_tk("cuda>=12.0", &none), YES);
}

static void cuda_versions(void **state)
{
	(void)state;
	static const struct { const char *text; int major, minor; } rows[] = {
		{ "12.4.1", 12, 4 }, { "12.4", 12, 4 },  { "12", 12, 0 },   { "v11.8", 11, 8 },   { "9.0.176", 9, 0 },
		{ "8.0.61", 8, 0 },  { "010.2", 10, 2 }, { "12.4-rc1", 12, 4 }, { "12.4.1+x", 12, 4 },
		{ "", -1, 0 },       { "11.8.0.1", -1, 0 }, { "12.x", -1, 0 }, { "cuda>=12", -1, 0 }, { "12.", -1, 0 }, { "V12", -1, 0 },
		{ "4294967296.0", -1, 0 },
	};
	for (size_t i = 0; i < LENGTH(rows); i++) {
		unsigned major = 0, minor = 0;
		bool ok = require_cuda_version(rows[i].text, &major, &minor);
		if (ok != (rows[i].major >= 0) || (ok && ((int)major != rows[i].major || (int)minor != rows[i].minor)))
			fail_msg("%s: %d, %u.%u", rows[i].text, ok, major, minor);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(expressions), cmocka_unit_test(long_values), cmocka_unit_test(missing_facts), cmocka_unit_test(cuda_versions),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
