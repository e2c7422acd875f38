#include <stddef.h>
#include <stdint.h>

#include "parse/zipdir.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void read_zip(const uint8_t *p, size_t n, uint32_t ends)
{
	struct span all = { p, n }, got = { 0 };
	struct arena arena = ARENA_INIT;
	struct zipdir z = { .arena = &arena, .size = n, .ends = ends };
	struct err err = ERR_INIT;
	struct want w;
	enum step s;
	volatile uint64_t seen = zip_bid(all);
	while ((s = zipdir_step(&z, got, &w, &err)) == STEP_WANT)
		got = w.at <= n ? span_sub(all, (size_t)w.at, w.n) : (struct span){ 0 };
	for (size_t i = 0; s == STEP_DONE && i < z.entries.n; i++) {
		const struct zip_entry *e = &z.entries.v[i];
		uint64_t at = 0;
		struct err none = ERR_INIT;
		struct span local = e->local <= n ? span_sub(all, (size_t)e->local, ZIP_LOCAL) : (struct span){ 0 };
		seen += (unsigned char)e->name[e->name_n] + e->size;
		if (zip_data_at(&z, e, local, &at, &none) == 0)
			seen += span_sub(all, (size_t)at, (size_t)e->packed).n;
	}
	arena_clear(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	read_zip(p, n, 0);
	read_zip(p, n, 60);
	return 0;
}
