#include <stdint.h>

#include "parse/fatbin.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* The first byte says how long the runs are; then the same bytes by hopping. */
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena a = ARENA_INIT;
	struct span all = { p, n };
	size_t run = n ? 1u + p[0] : 1;
	struct fat_walker f = FAT_WALKER_INIT(&a), g = FAT_WALKER_INIT(&a);
	for (size_t at = 0; at < n; at += run)
		fat_feed(&f, span_sub(all, at, run));
	fat_end(&f);
	fat_begin(&g, 0);
	for (uint64_t at = 0; at < n;) {
		uint64_t hop = fat_hop(&g);
		if (hop) {
			hop = hop < n - at ? hop : n - at;
			fat_hopped(&g, hop);
			at += hop;
			continue;
		}
		struct span got = span_sub(all, (size_t)at, 64);
		fat_feed(&g, got);
		at += got.n;
	}
	fat_end(&g);
	struct fat_facts *x = fat_sum(&f, NULL, 0, &a), *y = fat_sum(&g, NULL, 0, &a);
	if (x && y && (x->entries != y->entries || x->containers != y->containers || x->empty != y->empty))
		__builtin_trap(); /* one file, two answers */
	arena_clear(&a);
	return 0;
}
