/* Versions of libraries by their own bytes: banners over every seam, code, data; and what is not one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "parse/libversion.h"

static void banners(void **state)
{
	(void)state;
	static const struct { const char *file, *text, *want; } rows[] = {
		{ "libnvrtc.so.12", "..Cuda compilation tools, release 12.8, V12.8.93\nBuild", "12.8.93" },
		{ "libnvJitLink.so.12.4.127", "Cuda compilation tools, release 12.4, V12.4.127 ", "12.4.127" },
		{ "ptxas", "Cuda compilation tools, release 13.0, V13.0.88\n", "13.0.88" },
		{ "ptxas-blackwell", "Cuda compilation tools, release 12.9, V12.9.86\n", "12.9.86" },
		{ "libnccl.so.2", "NCCL version %d.%d|NCCL version 2.28.9+cuda13.0|", "2.28.9" },
		{ "libcudnn_graph.so.9", "cudnn_version_9_19_0_56_|", "9.19.0.56" },
		{ "libnvrtc.so.12", "Cuda compilation tools, release \nnothing here, V1", NULL },
		{ "libnccl.so.2", "NCCL version 2", NULL },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (size_t step = 1; step < 80; step++) {
			struct arena a = ARENA_INIT;
			struct libversion_search s = { .l = libversion_of(SPAN_STR(rows[i].file)) };
			assert_non_null(s.l);
			struct span rest = SPAN_STR(rows[i].text);
			while (rest.n) {
				struct span run = span_sub(rest, 0, step);
				unsigned char *exact = malloc(run.n);
				memcpy(exact, run.p, run.n);
				libversion_feed(&s, (struct span){ exact, run.n }, &a);
				free(exact);
				rest = span_from(rest, step);
			}
			if (rows[i].want)
				assert_string_equal(s.found, rows[i].want);
			else
				assert_null(s.found);
			arena_clear(&a);
		}
}

static void symbols(void **state)
{
	(void)state;
	static const struct { const char *file; const char *bytes; size_t n; const char *want; } rows[] = {
		/* mov eax, 120405; ret */
		{ "libcublasLt.so.12", "\xb8\x55\xd6\x01\x00\xc3", 6, "12.4.5" },
		/* mov dword [rdi], 11201; xor eax, eax; ret */
		{ "libcufft.so.11", "\xc7\x07\xc1\x2b\x00\x00\x31\xc0\xc3", 9, "11.2.1" },
		/* mov dword [rbp-8], 10305 */
		{ "libcurand.so.10", "\xc7\x45\xf8\x41\x28\x00\x00", 7, "10.3.5" },
		{ "libcudnn_ops.so.9", "\x00\x01\x09\x00", 4, "9.1.0" },
		/* of another major than the soname: a constant like any other */
		{ "libcublasLt.so.13", "\xb8\x55\xd6\x01\x00\xc3", 6, NULL },
		/* two that differ */
		{ "libcublasLt.so.12", "\xb8\x55\xd6\x01\x00\xb8\x56\xd6\x01\x00", 10, NULL },
		{ "libcublasLt.so.12", "\xb8\x55\xd6", 3, NULL },
		{ "libcudnn_ops.so.9", "\x00\x01\x08\x00", 4, NULL },
		{ "libcudnn_ops.so.9", "\x00\x01", 2, NULL },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct arena a = ARENA_INIT;
		struct span name = SPAN_STR(rows[i].file);
		unsigned char *exact = malloc(rows[i].n);
		memcpy(exact, rows[i].bytes, rows[i].n);
		const char *got = libversion_at_symbol(libversion_of(name), (struct span){ exact, rows[i].n }, name, &a);
		if (rows[i].want)
			assert_string_equal(got, rows[i].want);
		else
			assert_null(got);
		free(exact);
		arena_clear(&a);
	}
}

static void names(void **state)
{
	(void)state;
	assert_non_null(libversion_of(SPAN_STR("libcublasLt.so.12.4.5.8")));
	assert_non_null(libversion_of(SPAN_STR("libcublasLt-f97bfc2c.so.12")));
	assert_null(libversion_of(SPAN_STR("libcublas.so.12")));
	assert_null(libversion_of(SPAN_STR("libcufftw.so.11")));
	assert_null(libversion_of(SPAN_STR("libnvrtc-builtins")));
	assert_string_equal(libversion_of(SPAN_STR("ptxas"))->head, "ptxas");
	assert_null(libversion_of(SPAN_STR("ptxas2")));
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(banners), cmocka_unit_test(symbols), cmocka_unit_test(names) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
