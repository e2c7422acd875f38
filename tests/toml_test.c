/* TOML against Python's tomllib: tests/toml_oracle.py writes documents and what tomllib makes of them. Every truncation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "parse/toml.h"

/* The same form as tests/toml_oracle.py's: every value with its kind. */
static void write_value(struct json_out *j, const struct toml_value *v)
{
	char text[64];
	switch (v->kind) {
	case TOML_STRING:
		jout_span(j, (struct span){ (const unsigned char *)v->text, v->n });
		return;
	case TOML_INTEGER:
		jout_int(j, v->is.integer);
		return;
	case TOML_BOOLEAN:
		jout_bool(j, v->is.truth);
		return;
	case TOML_FLOAT:
		snprintf(text, sizeof(text), "float %a", v->is.number);
		jout_array_line(j);
		jout_string(j, v->is.number != v->is.number ? "float nan" : text);
		jout_array_end(j);
		return;
	case TOML_DATE:
		jout_array_line(j);
		jout_string(j, "date");
		jout_array_end(j);
		return;
	case TOML_ARRAY:
		jout_array(j);
		jout_string(j, "list");
		for (size_t i = 0; i < v->items.n; i++)
			write_value(j, v->items.v[i]);
		jout_array_end(j);
		return;
	case TOML_TABLE:
		jout_object(j);
		for (size_t i = 0; i < v->pairs.n; i++) {
			struct buf key = BUF_INIT(1 << 16);
			buf_add(&key, v->pairs.v[i].key, v->pairs.v[i].key_n);
			jout_key(j, buf_text(&key));
			buf_clear(&key);
			write_value(j, v->pairs.v[i].value);
		}
		jout_object_end(j);
		return;
	}
}

/* "" where it is no TOML. */
static char *as_json(struct span text)
{
	struct arena a = ARENA_INIT;
	struct err err = ERR_INIT;
	struct buf b = BUF_INIT(1 << 24);
	struct json_out j = { .buf = &b };
	unsigned char *exact = malloc(text.n ? text.n : 1); /* so that a sanitizer sees what is read beyond it */
	memcpy(exact, text.p, text.n);
	const struct toml_value *t = toml_parse((struct span){ exact, text.n }, &a, &err);
	if (t) {
		write_value(&j, t);
		assert_int_equal(jout_end(&j, &err), 0);
	} else {
		assert_true(strncmp(err.text, "line ", 5) == 0 || strncmp(err.text, "over ", 5) == 0);
	}
	char *out = strdup(buf_text(&b));
	free(exact);
	buf_clear(&b);
	arena_clear(&a);
	return out;
}

static bool same_json(const char *x, const char *y)
{
	json_t *a = json_loads(x, JSON_DECODE_ANY, NULL), *b = json_loads(y, JSON_DECODE_ANY, NULL);
	bool same = a && b && json_equal(a, b);
	json_decref(a);
	json_decref(b);
	return same;
}

/* A length in decimal, a newline, so many bytes. */
static char *read_block(FILE *f, size_t *n)
{
	char *p = NULL;
	if (fscanf(f, "%zu", n) != 1 || fgetc(f) != '\n' || !(p = malloc(*n + 1)))
		return NULL;
	assert_int_equal(fread(p, 1, *n, f), *n);
	p[*n] = '\0';
	return p;
}

static void oracle(void **state)
{
	(void)state;
	FILE *f = popen("python3 tests/toml_oracle.py", "r");
	size_t n, want_n, seen = 0, wrong = 0;
	char *text;
	assert_non_null(f);
	while ((text = read_block(f, &n))) {
		char *want = read_block(f, &want_n);
		char *have = as_json((struct span){ (unsigned char *)text, n });
		assert_non_null(want);
		seen++;
		if ((!*want || !*have ? *want != *have : !same_json(want, have)) && ++wrong < 20)
			print_error("tomllib: %.300s\nhere:    %.300s\nof:\n%.600s\n\n", *want ? want : "refuses it", *have ? have : "refused", text);
		for (size_t i = 0; n < 400 && i < n; i++)
			free(as_json((struct span){ (unsigned char *)text, i }));
		free(text);
		free(want);
		free(have);
	}
	pclose(f);
	if (!seen)
		skip();
	assert_int_equal(wrong, 0);
}

static void bounds(void **state)
{
	(void)state;
	char deep[2000];
	memset(deep, '[', sizeof(deep));
	memcpy(deep, "a=", 2);
	char *out = as_json((struct span){ (unsigned char *)deep, sizeof(deep) });
	assert_string_equal(out, "");
	free(out);
	for (size_t i = 0; i < sizeof(deep); i++)
		deep[i] = i % 2 ? '.' : 'a';
	out = as_json((struct span){ (unsigned char *)deep, sizeof(deep) });
	assert_string_equal(out, "");
	free(out);
	out = as_json(SPAN_STR("a = 9223372036854775808\n"));
	assert_string_equal(out, "");
	free(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(oracle), cmocka_unit_test(bounds) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
