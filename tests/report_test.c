/* The formats on a hand-made result: words of the text, well-formed JSON, nothing foreign reaches a terminal. */
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "inventory/inventory.h"
#include "report/markdown.h"
#include "report/report.h"

static const struct rule_info too_old = { "driver-too-old", "driver", "the host driver is older than this CUDA needs", SCOPE_PACKAGE, LEVEL_ERROR };
static const struct rule_info jit = { "ptx-jit-only", "gpu", "only PTX fits this GPU", SCOPE_LIBRARY_GPU, LEVEL_WARNING };
static const struct rule_info compat = { "minor-version-compat", "driver", "runs by minor-version compatibility", SCOPE_PACKAGE, LEVEL_NOTE };

static void fill(struct inventory *inv, struct result *res)
{
	inv->name = "image.tar";
	inv->kind = TARGET_IMAGE;
	inv->complete = true;
	*list_push(&inv->arena, &inv->reference) = "app:1\033[31m\n::error::x";
	inventory_gap(inv, 2, "usr/lib/libfoo.so", "ELF header is cut off at 40 bytes");
	*res = (struct result){ .target = inv, .verdict = VERDICT_FAIL };
	struct finding *f = list_push(&inv->arena, &res->findings);
	*f = (struct finding){ .rule = &too_old, .answer = ANSWER_FAIL, .level = LEVEL_ERROR, .fingerprint = "00ff", .count = 1, .package = "torch",
			       .version = "2.5.1+cu124", .layer = 7, .created_by = "RUN pip install \342\200\256torch", .is_new = true,
			       .message = "torch 2.5.1+cu124 needs driver 525.60.13 or newer | 100%", .expected = "525.60.13", .found = "470.82.01",
			       .error = { 35, "cudaErrorInsufficientDriver", "CUDA driver version is insufficient" } };
	struct remedy fix = { "upgrade the driver to >= 525.60.13", REMEDY_RUNS }, other = { "pip install torch==2.5.1+cu118", REMEDY_UNTRIED };
	list_add(&inv->arena, &f->remedies, fix);
	list_add(&inv->arena, &f->remedies, other);
	f = list_push(&inv->arena, &res->findings);
	*f = (struct finding){ .rule = &jit, .answer = ANSWER_UNKNOWN, .level = LEVEL_ERROR, .missing = "host.gpu", .layer = -1, .message = "which GPU?" };
	f = list_push(&inv->arena, &res->findings);
	*f = (struct finding){ .rule = &jit, .answer = ANSWER_FAIL, .level = LEVEL_WARNING, .layer = -1, .path = "/opt/a <b>&\"c.so", .message = "JIT" };
	f = list_push(&inv->arena, &res->findings);
	*f = (struct finding){ .rule = &compat, .answer = ANSWER_FAIL, .level = LEVEL_NOTE, .layer = -1, .message = "a folded note" };
	f = list_push(&inv->arena, &res->findings);
	*f = (struct finding){ .rule = &compat, .answer = ANSWER_PASS, .level = LEVEL_NOTE, .layer = -1, .message = "a pass" };
}

/* The whole report in a format; the caller frees. */
static char *render(const char *format, bool all, bool colour)
{
	struct inventory *inv = inventory_new();
	struct result res;
	fill(inv, &res);
	struct arena a = ARENA_INIT;
	struct report_host host = { .name = "prod-a100", .driver = "470.82.01", .cuda = "11.4", .arch = "amd64", .nodes = 1 };
	struct report_gpu gpu = { "NVIDIA A100-SXM4-80GB", "8.0", 4 };
	list_add(&a, &host.gpus, gpu);
	struct report_job job = { .version = "0", .matrices = "2026-11-20", .hosts = &host, .hosts_n = 1, .all = all, .colour = colour };
	char *text = NULL;
	size_t n;
	FILE *f = open_memstream(&text, &n);
	const struct report_format *fmt = report_format_find(REPORT_CHECK, format);
	assert_non_null(fmt);
	struct report r;
	const struct result *results[] = { &res };
	const struct report_error error = { "b.tar", "b.tar: is cut off\nat 5 bytes" };
	const struct report_tail tail = { &error, 1, NULL, 0, VERDICT_FAIL };
	struct err err = ERR_INIT;
	report_begin(&r, fmt, &job, f);
	report_target(&r, inv, results, 1);
	assert_int_equal(report_end(&r, &tail, &err), 0);
	fclose(f);
	arena_clear(&a);
	result_clear(&res);
	inventory_free(inv);
	return text;
}

static void text_says_what_matters(void **state)
{
	(void)state;
	static const char *const wanted[] = {
		"FAIL  app:1", "will not run on prod-a100 (4x NVIDIA A100-SXM4-80GB, driver 470.82.01, CUDA 11.4)", "  x torch 2.5.1+cu124 needs driver",
		"user sees   error 35, cudaErrorInsufficientDriver: \"CUDA", "layer 7: RUN pip install", "fix         upgrade the driver to >= 525.60.13   (checked: runs here)",
		"or   pip install torch==2.5.1+cu118\n", "  ? which GPU? (not known: host.gpu)", "1 error, 1 warning, 1 not known, 1 note (--all).",
		"Tables 2026-11-20.",
	};
	char *t = render("text", false, false);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
		if (!strstr(t, wanted[i]))
			fail_msg("\"%s\" is not in:\n%s", wanted[i], t);
	assert_null(strstr(t, "a folded note"));
	free(t);
	t = render("text", true, false);
	assert_non_null(strstr(t, "a folded note"));
	assert_non_null(strstr(t, "a pass"));
	free(t);
}

static void nothing_foreign_reaches_a_terminal(void **state)
{
	(void)state;
	static const char *const formats[] = { "text", "junit", "github", "markdown", "html" };
	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
		char *t = render(formats[i], true, false);
		assert_null(strchr(t, '\033'));
		assert_null(strstr(t, "\n::error::x"));
		assert_null(strstr(t, "\342\200\256"));
		free(t);
	}
	char *t = render("text", false, true);
	assert_non_null(strstr(t, "\033[31mFAIL\033[0m"));
	assert_null(strstr(t, "app:1\033"));
	free(t);
}

static void html_is_one_page(void **state)
{
	(void)state;
	char *t = render("html", true, false);
	static const char *const wanted[] = {
		"<strong class=\"word\">fail</strong> app:1\\x1b[31m\\x0a::error::x will not run on prod-a100", "/opt/a &lt;b&gt;&amp;&quot;c.so",
		"id=\"rule-driver-too-old\"",
		"layer 7: <code>RUN pip install \\xe2\\x80\\xaetorch</code>", "<code>upgrade the driver to &gt;= 525.60.13</code> <em>checked",
		"1 could not be read", "default-src 'none'",
	};
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
		if (!strstr(t, wanted[i]))
			fail_msg("\"%s\" is not in:\n%s", wanted[i], strstr(t, "<body>"));
	assert_null(strstr(t, "src=\""));
	assert_null(strstr(t, "<b>&"));
	free(t);
}

static void json_formats_parse(void **state)
{
	(void)state;
	static const char *const formats[] = { "json", "sarif", "gitlab" };
	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
		char *t = render(formats[i], false, false);
		json_error_t e;
		json_t *o = json_loads(t, JSON_REJECT_DUPLICATES, &e);
		if (!o)
			fail_msg("%s: %s\n%s", formats[i], e.text, t);
		json_decref(o);
		free(t);
	}
}

static void json_is_the_contract(void **state)
{
	(void)state;
	char *t = render("json", false, false);
	json_t *o = json_loads(t, 0, NULL), *res = json_array_get(json_object_get(o, "results"), 0);
	assert_string_equal(json_string_value(json_object_get(o, "verdict")), "fail");
	assert_string_equal(json_string_value(json_object_get(res, "host")), "prod-a100");
	assert_int_equal(json_array_size(json_object_get(res, "findings")), 4);
	json_t *f = json_array_get(json_object_get(res, "findings"), 0);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(f, "error"), "code")), 35);
	assert_null(json_object_get(f, "new"));
	assert_int_equal(json_array_size(json_object_get(f, "remedy")), 2);
	assert_int_equal(json_array_size(json_object_get(o, "gaps")), 1);
	assert_int_equal(json_array_size(json_object_get(o, "targets")), 1);
	assert_int_equal(json_array_size(json_object_get(o, "errors")), 1);
	json_decref(o);
	free(t);
}

static void bytes_are_shown(void **state)
{
	(void)state;
	static const struct { const char *in, *want; } rows[] = {
		{ "plain \303\244", "plain \303\244" }, { "\033[1m", "\\x1b[1m" }, { "a\nb", "a\\x0ab" }, { "\302\233x", "\\xc2\\x9bx" },
		{ "\342\200\256x", "\\xe2\\x80\\xaex" }, { "\377", "\\xff" }, { "\303", "\\xc3" }, { "\355\240\200", "\\xed\\xa0\\x80" },
		{ "\360\237\232\200", "\360\237\232\200" }, { "\177", "\\x7f" }, { "to\302\255rch", "to\\xc2\\xadrch" },
		{ "\357\277\271", "\\xef\\xbf\\xb9" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct buf b = BUF_INIT(100);
		shown_add(&b, rows[i].in);
		assert_string_equal(buf_text(&b), rows[i].want);
		buf_clear(&b);
	}
}

static void markdown_makes_no_links(void **state)
{
	(void)state;
	struct buf b = BUF_INIT(200);
	markdown_add(&b, "www.x.org WWW.y.org http://z a.b @me #1 [l](u) <b>");
	assert_string_equal(buf_text(&b), "www&#46;x.org WWW&#46;y.org http&#58;//z a.b @<!-- -->me \\#<!-- -->1 \\[l\\](u) &lt;b\\>");
	buf_clear(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_says_what_matters), cmocka_unit_test(nothing_foreign_reaches_a_terminal),
		cmocka_unit_test(html_is_one_page),
		cmocka_unit_test(json_formats_parse), cmocka_unit_test(json_is_the_contract), cmocka_unit_test(bytes_are_shown), cmocka_unit_test(markdown_makes_no_links),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
