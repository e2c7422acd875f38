/* Versions of libraries by their own bytes: banners over every seam, code, data; and what is not one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

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
		{ "libcudnn_graph.so.9", "cudnn_version_9_10_2_21_36061468|", "9.10.2.21" },
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
		/* mov dword [r12], 603; mov qword [rbp-56], 0, whose displacement would read as 200 */
		{ "libcusparseLt.so.0", "\x41\xc7\x04\x24\x5b\x02\x00\x00\x48\xc7\x45\xc8\x00\x00\x00\x00", 16, "0.6.3" },
		{ "libcusparseLt.so.0", "\xba\x2c\x01\x00\x00", 5, NULL },
		{ "libcusparseLt.so.0", "\xc7\x84\x24\x10\x00\x00\x00\xbd\x02\x00\x00", 11, "0.7.1" },
		{ "libcupti.so.12", "\xc7\x07\x16\x00\x00\x00\x31\xc0\xc3", 9, "12.4" },
		{ "libcupti.so.12", "\xc7\x07\x12\x00\x00\x00\x31\xc0\xc3", 9, NULL }, /* 11.8 to 12.1 */
		{ "libcupti.so.13", "\xc7\x07\xd1\xfb\x01\x00\x31\xc0\xc3", 9, "13.0" },
		{ "libnvinfer.so.10", "\xb8\xa1\x86\x01\x00\xc3", 6, "10.0.1" },
		{ "libnvinfer.so.8", "\xb8\x99\x21\x00\x00\xc3", 6, "8.6.1" },
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
	static const struct { const char *name, *want; } rows[] = {
		{ "libcudart.so.12.4.127", "12.4.127" }, { "libcublas.so.12.4.5.8", "12.4.5.8" }, { "libcudart.so.11.0", NULL },
		{ "libnvrtc-builtins.so.12.4", "12.4" }, { "libnvToolsExt.so.1.0.0", NULL }, { "libcupti.so.2024.1.0", NULL },
		{ "libcudnn.so.9", NULL }, { "libcudnn.so.9.1.0", "9.1.0" }, { "libcudart.so", NULL }, { "libcudart.so.12..4", NULL },
		{ "libcudart.so.12.4.", NULL }, { "libcudart.so.12.4.x", NULL }, { "libcudart.so.1.2.3.4.5", NULL },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct arena a = ARENA_INIT;
		const char *got = libversion_of_name(SPAN_STR(rows[i].name), &a);
		assert_true(got ? rows[i].want && !strcmp(got, rows[i].want) : !rows[i].want);
		arena_clear(&a);
	}
	assert_true(libversion_nvidia(SPAN_STR("libcudnn_engines_precompiled.so.9")));
	assert_false(libversion_nvidia(SPAN_STR("libcudf.so")));
}

#define LEAF(b0, b1) "\x48\x85\xff\x74\x0a\xc7\x07" b0 b1 "\x00\x00\x31\xc0\xc3"

static void runtimes(void **state)
{
	(void)state;
	static const struct { const char *code; size_t n; const char *want; } rows[] = {
		{ "\x90\x90" LEAF("\x08", "\x2f") "\x90", 17, "12.4" },
		{ LEAF("\xc8", "\x32") LEAF("\xc8", "\x32"), 28, "13.0" },
		{ LEAF("\x48", "\x2b") "\x48\x85" LEAF("\x01", "\x00"), 30, "11.8" }, /* other getters return small numbers */
		{ LEAF("\x48", "\x2b") LEAF("\x08", "\x2f"), 28, NULL },
		{ LEAF("\xc1", "\x2b"), 14, NULL }, /* 11201: cuFFT's own number */
		{ LEAF("\x08", "\x2f"), 13, NULL },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (size_t step = 1; step < 32; step++) {
			struct arena a = ARENA_INIT;
			struct cudart_search s = { 0 };
			struct span rest = { (const unsigned char *)rows[i].code, rows[i].n };
			for (; rest.n; rest = span_from(rest, step)) {
				struct span run = span_sub(rest, 0, step);
				unsigned char *exact = malloc(run.n);
				memcpy(exact, run.p, run.n);
				cudart_feed(&s, (struct span){ exact, run.n });
				free(exact);
			}
			const char *got = cudart_found(&s, &a);
			assert_true(got ? rows[i].want && !strcmp(got, rows[i].want) : !rows[i].want);
			arena_clear(&a);
		}
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(banners), cmocka_unit_test(symbols), cmocka_unit_test(names), cmocka_unit_test(runtimes) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
