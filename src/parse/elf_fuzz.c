#include <stdint.h>

#include "parse/elf.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* Serves the reader's wants from memory, then touches every fact. */
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena a = ARENA_INIT;
	struct span file = { p, n }, got = { 0 };
	struct elf_reader r = ELF_READER_INIT(&a, n);
	struct want w;
	struct elf_early early;
	uint64_t at = 0;
	enum step s;
	while ((s = elf_step(&r, at, got, &w)) == STEP_WANT) {
		got = w.at < n ? span_sub(file, (size_t)w.at, w.n) : (struct span){ 0 };
		at = w.at;
	}
	volatile size_t sum = elf_early(file, &early) ? early.n : 0;
	for (size_t i = 0; s == STEP_DONE && i < r.facts->undefined.n; i++)
		sum += elf_defines(r.facts, r.facts->undefined.v[i].name, r.facts->undefined.v[i].version);
	for (size_t i = 0; s == STEP_DONE && i < r.facts->sections.n; i++)
		sum += r.facts->sections.v[i].name[0];
	(void)sum;
	elf_reader_clear(&r);
	arena_clear(&a);
	return 0;
}
