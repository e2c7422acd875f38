/* Fatbins made here, entry by entry: what is counted, in runs of any length, and what hostile sizes do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "parse/fatbin.h"

enum { PTX = 1, CUBIN = 2, LTO = 8 };
#define A 0x100000u
#define F 0x200000u
#define ZSTD 0x8000u

struct entry {
	uint16_t kind;
	uint32_t arch;
	uint64_t flags, payload, unpacked;
	uint16_t major, minor;
};

static void put(struct buf *b, uint64_t v, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		buf_char(b, (char)(v >> 8 * i));
}

static void put_entry(struct buf *b, const struct entry *e, uint32_t header, uint64_t payload)
{
	put(b, e->kind, 2), put(b, 0x101, 2), put(b, header, 4), put(b, payload, 8);
	put(b, e->flags & ZSTD ? e->payload : 0, 4), put(b, 0, 4), put(b, e->minor, 2), put(b, e->major, 2), put(b, e->arch, 4);
	put(b, 0, 8), put(b, e->flags | 1, 8), put(b, 0, 8), put(b, e->unpacked, 8);
	for (uint64_t i = 0; i < e->payload; i++)
		buf_char(b, 0);
}

static void put_container(struct buf *b, const struct entry *e, size_t n)
{
	uint64_t size = 0;
	for (size_t i = 0; i < n; i++)
		size += 64 + e[i].payload;
	put(b, 0xBA55ED50, 4), put(b, 1, 2), put(b, 16, 2), put(b, size, 8);
	for (size_t i = 0; i < n; i++)
		put_entry(b, &e[i], 64, e[i].payload);
}

/* The same bytes in runs of `run`; 0: by hopping over what is not asked for. */
static struct fat_facts *walk(struct arena *a, struct span all, size_t run)
{
	struct fat_walker f = FAT_WALKER_INIT(a);
	fat_begin(&f, 0);
	for (size_t at = 0; at < all.n;) {
		uint64_t hop = run ? 0 : fat_hop(&f);
		if (hop) {
			hop = hop < all.n - at ? hop : all.n - at;
			fat_hopped(&f, hop);
			at += (size_t)hop;
			continue;
		}
		/* a copy of the exact size, so that a sanitizer sees the first byte read past the end */
		struct span piece = span_sub(all, at, run ? run : 72);
		unsigned char *exact = malloc(piece.n);
		memcpy(exact, piece.p, piece.n);
		fat_feed(&f, (struct span){ exact, piece.n });
		free(exact);
		at += piece.n;
	}
	fat_end(&f);
	return fat_sum(&f, NULL, 0, a);
}

static struct span bytes(const struct buf *b)
{
	return (struct span){ (const unsigned char *)b->p, b->n };
}

static void every_run_length_gives_one_answer(void **state)
{
	(void)state;
	static const struct entry first[] = {
		{ CUBIN, 80, 0, 4000, 0, 1, 7 }, { CUBIN, 90, A, 4000, 0, 1, 7 }, { PTX, 90, ZSTD, 120, 900, 8, 4 }, { CUBIN, 75, 0, 1464, 0, 1, 8 },
	};
	static const struct entry second[] = { { CUBIN, 80, 0, 4000, 0, 1, 7 }, { CUBIN, 90, A, 4000, 0, 1, 7 }, { PTX, 90, ZSTD, 120, 900, 8, 4 } };
	static const struct entry third[] = { { CUBIN, 100, F | ZSTD, 2000, 5016, 1, 8 }, { LTO, 90, A, 160, 0, 1, 65 }, { PTX, 75, 0, 56, 0, 9, 0 } };
	struct buf b = BUF_INIT(1 << 20);
	put_container(&b, first, 4);
	put_container(&b, second, 3);
	put(&b, 0, 8), put(&b, 0, 8);                   /* what alignment leaves between containers */
	put(&b, 0xBA55ED50, 4), put(&b, 7, 2), put(&b, 16, 2); /* a version that nobody wrote is no container */
	put_container(&b, third, 3);
	for (size_t run = 0; run < 200; run++) {
		struct arena a = ARENA_INIT;
		struct fat_facts *f = walk(&a, bytes(&b), run);
		assert_non_null(f);
		assert_int_equal(f->containers, 3);
		assert_int_equal(f->entries, 8);
		assert_int_equal(f->empty, 2);
		assert_int_equal(f->cubin.n, 3);
		assert_string_equal(sm_print("sm_", f->cubin.v[0].arch).s, "sm_80");
		assert_string_equal(sm_print("sm_", f->cubin.v[1].arch).s, "sm_90a");
		assert_string_equal(sm_print("sm_", f->cubin.v[2].arch).s, "sm_100f");
		assert_int_equal(f->cubin.v[1].count, 2);
		assert_int_equal(f->ptx.n, 1);
		assert_string_equal(ver2_print(f->ptx.v[0].isa).s, "8.4");
		assert_int_equal(f->lto.n, 1);
		assert_int_equal(f->groups.n, 2);
		assert_int_equal(f->groups.v[0].containers, 2);
		assert_int_equal(f->gaps.n, 0);
		arena_clear(&a);
	}
	buf_clear(&b);
}

/* The limits between an image with code and one without, for cubins below and from sm_100 on, and for PTX. */
static void images_without_code_are_not_counted(void **state)
{
	(void)state;
	static const struct { struct entry e; unsigned entries; } rows[] = {
		{ { CUBIN, 75, 0, 1464, 0, 1, 8 }, 0 }, { { CUBIN, 90, 0, 2856, 0, 1, 8 }, 1 },  { { CUBIN, 100, 0, 2568, 0, 1, 8 }, 0 },
		{ { CUBIN, 120, 0, 5016, 0, 1, 8 }, 1 }, { { CUBIN, 90, ZSTD, 400, 1736, 1, 8 }, 0 }, { { CUBIN, 90, ZSTD, 400, 3432, 1, 8 }, 1 },
		{ { PTX, 75, 0, 56, 0, 9, 0 }, 0 },      { { PTX, 75, ZSTD, 96, 600, 9, 0 }, 1 },   { { 0x40, 90, 0, 4000, 0, 1, 0 }, 0 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct arena a = ARENA_INIT;
		struct buf b = BUF_INIT(1 << 20);
		put_container(&b, &rows[i].e, 1);
		struct fat_facts *f = walk(&a, bytes(&b), 0);
		assert_non_null(f);
		if (f->entries != rows[i].entries)
			fail_msg("row %zu: %u entries", i, f->entries);
		buf_clear(&b);
		arena_clear(&a);
	}
}

static void hostile_sizes_end_with_a_gap(void **state)
{
	(void)state;
	static const struct entry e = { CUBIN, 80, 0, 4000, 0, 1, 7 };
	static const struct { uint32_t header; uint64_t payload; } rows[] = {
		{ 0, 4000 }, { 63, 4000 }, { UINT32_MAX - 1, 4000 }, { 64, UINT64_MAX - 7 }, { 64, UINT64_MAX - 63 }, { 64, 4001 }, { 64, 1u << 30 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (size_t run = 0; run < 3; run++) {
			struct arena a = ARENA_INIT;
			struct buf b = BUF_INIT(1 << 20);
			put(&b, 0xBA55ED50, 4), put(&b, 1, 2), put(&b, 16, 2), put(&b, 4064, 8);
			put_entry(&b, &e, rows[i].header, rows[i].payload);
			put_container(&b, &e, 1); /* what follows is found all the same */
			struct fat_facts *f = walk(&a, bytes(&b), run * 50);
			assert_non_null(f);
			assert_true(f->gaps.n > 0);
			assert_int_equal(f->entries, 1);
			buf_clear(&b);
			arena_clear(&a);
		}
}

static void every_prefix_ends(void **state)
{
	(void)state;
	static const struct entry e[] = { { CUBIN, 80, 0, 200, 0, 1, 7 }, { PTX, 80, 0, 200, 0, 8, 0 } };
	struct buf b = BUF_INIT(1 << 20);
	put_container(&b, e, 2);
	for (size_t n = 0; n < b.n; n++)
		for (size_t run = 0; run < 40; run += 13) {
			struct arena a = ARENA_INIT;
			struct fat_facts *f = walk(&a, span_sub(bytes(&b), 0, n), run);
			assert_non_null(f);
			assert_true(f->entries <= 1); /* the cubin is too small to hold code, the PTX comes last */
			assert_true(n < 16 || f->entries || f->gaps.n);
			arena_clear(&a);
		}
	buf_clear(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_run_length_gives_one_answer), cmocka_unit_test(images_without_code_are_not_counted),
		cmocka_unit_test(hostile_sizes_end_with_a_gap), cmocka_unit_test(every_prefix_ends),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
