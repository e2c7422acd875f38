/* Layers by their table of contents. tests/data/toc: one small tar, by the writers of eStargz and zstd:chunked themselves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "parse/layertoc.h"
#include "source/blob.h"
#include "source/tree.h"

static const struct layer { const char *file, *position, *digest; } layers[] = {
	{ "stargz", NULL, "sha256:942fa00daa77eb4e3cdba4c571dd6dfdfc566dbdc0b7fce1e2a04dccf85fc38e" },
	{ "stargz-together", NULL, "sha256:a609386c88e188d9de2ecebf5fae1b6cb40b3481b7cb2a2be068b68b5c9d47a0" },
	{ "chunked", "2450:436:1186:1", "sha256:98e91daed0a3118366a3e410a92d04c6b4f419e145bbd18ac7a78a64b5d29cdc" },
};
enum { LAYERS = sizeof(layers) / sizeof(layers[0]), SPACE = 64 * 1024 };

static unsigned char *load(const char *name, size_t *n)
{
	char path[64];
	snprintf(path, sizeof(path), "tests/data/toc/%s", name);
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	unsigned char *p = malloc(SPACE);
	*n = fread(p, 1, SPACE, f);
	fclose(f);
	unsigned char *exact = malloc(*n ? *n : 1); /* so that a sanitizer sees the first byte read past the end */
	memcpy(exact, p, *n);
	free(p);
	return exact;
}

/* Everything that a tree gives, as a text; the table itself is left out. False where it broke. */
static bool tell(struct tree *t, bool by_pieces, struct buf *b)
{
	struct tree_entry e;
	struct err err = ERR_INIT;
	char piece[512];
	int more;
	while ((more = tree_next(t, &e, &err)) > 0) {
		if (span_eq(e.path, "stargz.index.json"))
			continue;
		buf_printf(b, "%.*s %d %o %llu %.*s\n", (int)e.path.n, (const char *)e.path.p, (int)e.type, e.mode, (unsigned long long)e.size, (int)e.link.n,
			   (const char *)e.link.p);
		ssize_t got = 0;
		if (e.type == TREE_FILE && by_pieces && e.read_at) { /* backwards, in odd steps */
			for (uint64_t at = e.size; at && got >= 0;) {
				size_t n = at < 511 ? (size_t)at : 511;
				at -= n;
				got = tree_body_read_at(t, at, piece, n, &err);
				if (got < 0)
					return false;
				assert_int_equal(got, n);
			}
		}
		if (e.type == TREE_FILE)
			while ((got = tree_body_read(t, piece, sizeof(piece), &err)) > 0)
				buf_add(b, piece, (size_t)got);
		if (got < 0)
			return false;
	}
	return more == 0;
}

static bool tell_table(const struct layer *l, unsigned char *p, size_t n, bool by_pieces, struct buf *b)
{
	struct err err = ERR_INIT;
	struct blob *blob = blob_memory((struct span){ p, n }, &err);
	struct tree *t = tree_toc_take(blob, l->position, l->digest, &err);
	bool whole = t && tell(t, by_pieces, b);
	assert_true(t || err.kind != ERR_NONE);
	tree_close(t);
	return whole;
}

static void the_same_as_the_archive(void **state)
{
	(void)state;
	for (size_t i = 0; i < LAYERS; i++) {
		size_t n;
		unsigned char *p = load(layers[i].file, &n);
		struct err err = ERR_INIT;
		struct buf want = BUF_INIT(SPACE);
		struct tree *plain = tree_open_take(blob_memory((struct span){ p, n }, &err), &err);
		assert_non_null(plain);
		assert_true(tell(plain, false, &want));
		tree_close(plain);
		assert_true(want.n > 5000);
		for (int by_pieces = 0; by_pieces < 2; by_pieces++) {
			struct buf got = BUF_INIT(SPACE);
			assert_true(tell_table(&layers[i], p, n, by_pieces, &got));
			assert_string_equal(buf_text(&got), buf_text(&want));
			buf_clear(&got);
		}
		buf_clear(&want);
		free(p);
	}
}

/* Every byte that is looked at is held to a hash: what comes out whole is what went in. */
static void a_changed_byte_is_found_or_not_needed(void **state)
{
	(void)state;
	for (size_t i = 0; i < LAYERS; i++) {
		size_t n, whole = 0;
		unsigned char *p = load(layers[i].file, &n);
		struct buf want = BUF_INIT(SPACE);
		assert_true(tell_table(&layers[i], p, n, true, &want));
		for (size_t k = 0; k < n; k++) {
			struct buf got = BUF_INIT(SPACE);
			p[k] ^= 0x55;
			if (tell_table(&layers[i], p, n, true, &got)) {
				assert_string_equal(buf_text(&got), buf_text(&want));
				whole++;
			}
			p[k] ^= 0x55;
			buf_clear(&got);
		}
		assert_true(whole < n / 2);
		buf_clear(&want);
		free(p);
	}
}

static void a_cut_layer_has_no_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < LAYERS; i++) {
		size_t n;
		unsigned char *p = load(layers[i].file, &n);
		for (size_t k = 0; k < n; k += layers[i].position && k < n / 2 ? 7 : 1) {
			unsigned char *cut = malloc(k ? k : 1);
			struct buf got = BUF_INIT(SPACE);
			memcpy(cut, p, k);
			bool whole = tell_table(&layers[i], cut, k, false, &got);
			assert_false(whole && !layers[i].position); /* zstd:chunked has its place from outside */
			buf_clear(&got);
			free(cut);
		}
		free(p);
	}
}

/* Each allocation fails in turn, until none is left to fail. */
static void memory_runs_out(void **state)
{
	(void)state;
	for (size_t i = 0; i < LAYERS; i++) {
		size_t n;
		unsigned char *p = load(layers[i].file, &n);
		long failed = 0;
		bool all = false;
		while (!all) {
			struct err err = ERR_INIT;
			struct buf got = BUF_INIT(SPACE);
			struct blob *blob = blob_memory((struct span){ p, n }, &err);
			long before = mem_count();
			mem_fail_at = before + ++failed;
			struct tree *t = tree_toc_take(blob, layers[i].position, layers[i].digest, &err);
			assert_true(t || err.kind != ERR_NONE);
			bool whole = t && tell(t, true, &got);
			tree_close(t);
			mem_fail_at = 0;
			all = mem_count() - before < failed;
			assert_true(whole || !all);
			assert_true(!whole || all || got.bad); /* bad: it was the text's own */
			buf_clear(&got);
		}
		assert_true(failed > 20);
		free(p);
	}
}

static void positions(void **state)
{
	(void)state;
	static const struct { const char *text; bool good; uint64_t at, n; } rows[] = {
		{ "100:50:500:1", true, 100, 50 }, { "0:1:1:1", true, 0, 1 }, { "999:1:1:1", true, 999, 1 },
		{ "999:2:1:1", false, 0, 0 }, { "1000:1:1:1", false, 0, 0 }, { "100:0:1:1", false, 0, 0 }, { "100:50:500:2", false, 0, 0 },
		{ "18446744073709551615:18446744073709551615:1:1", false, 0, 0 }, { "18446744073709551616:1:1:1", false, 0, 0 },
		{ "-1:50:500:1", false, 0, 0 }, { "100:50:500", false, 0, 0 }, { "100:50:500:1:1", false, 0, 0 }, { "", false, 0, 0 }, { "a:b:c:d", false, 0, 0 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct toc_place place = { 0 };
		assert_int_equal(toc_chunked_place(SPAN_STR(rows[i].text), 1000, &place), rows[i].good);
		assert_int_equal(place.at, rows[i].at);
		assert_int_equal(place.n, rows[i].n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_as_the_archive),
		cmocka_unit_test(a_changed_byte_is_found_or_not_needed),
		cmocka_unit_test(a_cut_layer_has_no_table),
		cmocka_unit_test(memory_runs_out),
		cmocka_unit_test(positions),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
