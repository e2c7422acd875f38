/* What names remote targets and credentials: image references, challenges, netrc. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/str.h"
#include "parse/imageref.h"
#include "parse/netrc.h"
#include "parse/wwwauth.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void image_names(void **state)
{
	(void)state;
	static const struct { const char *text, *want; bool stated; } rows[] = {
		{ "ubuntu", "docker.io/library/ubuntu:latest", false },
		{ "ubuntu:22.04", "docker.io/library/ubuntu:22.04", true },
		{ "pytorch/pytorch:2.5.1-cuda12.4-cudnn9-runtime", "docker.io/pytorch/pytorch:2.5.1-cuda12.4-cudnn9-runtime", true },
		{ "nvcr.io/nvidia/pytorch:24.10-py3", "nvcr.io/nvidia/pytorch:24.10-py3", true },
		{ "index.docker.io/library/ubuntu", "docker.io/library/ubuntu:latest", false },
		{ "localhost/x", "localhost/x:latest", false },
		{ "localhost:5000/a/b/c", "localhost:5000/a/b/c:latest", false },
		{ "[::1]:5000/x:1", "[::1]:5000/x:1", true },
		{ "Host/x", "Host/x:latest", false },
		{ "Host.example/x", "host.example/x:latest", false },
		{ "HOST:5000/x", "host:5000/x:latest", false },
		{ "x@sha256:" HEX, "docker.io/library/x@sha256:" HEX, true },
		{ "x:1@sha256:" HEX, "docker.io/library/x:1@sha256:" HEX, true },
		{ "a__b/c--d.e_f", "docker.io/a__b/c--d.e_f:latest", false },
		{ "", NULL, false }, { "/x", NULL, false }, { "x/", NULL, false }, { "a//b", NULL, false }, { "UPPER", NULL, false },
		{ "x:", NULL, false }, { "x:a:b", NULL, false }, { "x@sha256:12", NULL, false }, { "x@md5:" HEX, NULL, false },
		{ "a___b", NULL, false }, { "a._b", NULL, false }, { ".a", NULL, false }, { "a..b", NULL, false },
		{ "../etc/passwd", NULL, false }, { "host:0/x", NULL, false }, { "host:99999/x", NULL, false }, { "x y", NULL, false },
		{ "h\xc3\xa9.io/x", NULL, false }, { "user:pw@host/x", NULL, false },
		{ "[abcd]/x", NULL, false }, { "[::1/x", NULL, false }, { "[::1]x/x", NULL, false },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct arena a = ARENA_INIT;
		struct imageref r;
		int got = imageref_parse(SPAN_STR(rows[i].text), &a, &r);
		assert_int_equal(got, rows[i].want != NULL);
		if (got) {
			assert_string_equal(imageref_name(&r, &a), rows[i].want);
			assert_int_equal(r.stated, rows[i].stated);
		}
		arena_clear(&a);
	}
}

static void challenges(void **state)
{
	(void)state;
	static const struct { const char *text; size_t n; struct challenge last; } rows[] = {
		{ "Basic realm=\"r\"", 1, { "Basic", "r", NULL, NULL, NULL } },
		{ "Bearer realm=\"https://auth.docker.io/token\",service=\"registry.docker.io\",scope=\"repository:library/x:pull\"", 1,
		  { "Bearer", "https://auth.docker.io/token", "registry.docker.io", "repository:library/x:pull", NULL } },
		{ "Bearer realm=\"a, \\\"b\\\"\" , error=invalid_token", 1, { "Bearer", "a, \"b\"", NULL, NULL, "invalid_token" } },
		{ "Negotiate, Basic realm=x", 2, { "Basic", "x", NULL, NULL, NULL } },
		{ "Negotiate YII==, Bearer REALM=\"x\"", 2, { "Bearer", "x", NULL, NULL, NULL } },
		{ "Basic realm=\"open", 1, { "Basic", "open", NULL, NULL, NULL } },
		{ "realm=\"no scheme\"", 0, { 0 } }, { "", 0, { 0 } }, { "\"\",=,", 0, { 0 } },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct arena a = ARENA_INIT;
		struct challenges c;
		assert_int_equal(challenges_parse(SPAN_STR(rows[i].text), &a, &c), 0);
		assert_int_equal(c.v.n, rows[i].n);
		for (size_t k = 0; c.v.n && k < 1; k++) {
			const struct challenge *got = &c.v.v[c.v.n - 1], *want = &rows[i].last;
			assert_true(str_eq(got->scheme, want->scheme) && str_eq(got->realm, want->realm) && str_eq(got->service, want->service));
			assert_true(str_eq(got->scope, want->scope) && str_eq(got->error, want->error));
		}
		/* every prefix is read to its end */
		for (size_t n = 0; n < strlen(rows[i].text); n++) {
			unsigned char *exact = malloc(n + !n);
			memcpy(exact, rows[i].text, n);
			assert_int_equal(challenges_parse((struct span){ exact, n }, &a, &c), 0);
			free(exact);
		}
		arena_clear(&a);
	}
}

static void netrc(void **state)
{
	(void)state;
	static const char text[] = "# machine a login no password no\nmachine a login u password p\n"
				   "machine b\n\taccount x\n\tpassword \"p q\"\n\tlogin v\nmacdef init\nmachine c login n password n\n\n"
				   "machine half login u\nmachine c login w password z default login d password e";
	static const struct { const char *host, *want; } rows[] = {
		{ "a", "u:p" }, { "A", "u:p" }, { "b", "v:p q" }, { "c", "w:z" }, { "other", "d:e" }, { "half", "d:e" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct arena a = ARENA_INIT;
		char *basic = NULL;
		assert_int_equal(netrc_find(SPAN_STR(text), rows[i].host, &a, &basic), 1);
		assert_string_equal(basic, rows[i].want);
		assert_int_equal(netrc_find(SPAN_STR("machine a login u\npassword"), rows[i].host, &a, &basic), 0);
		for (size_t n = 0; n < sizeof(text); n++) {
			unsigned char *exact = malloc(n + !n);
			memcpy(exact, text, n);
			assert_true(netrc_find((struct span){ exact, n }, rows[i].host, &a, &basic) >= 0);
			free(exact);
		}
		arena_clear(&a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(image_names), cmocka_unit_test(challenges), cmocka_unit_test(netrc) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
