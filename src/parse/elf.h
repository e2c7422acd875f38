/*
 * parse/elf.h: the dynamic side of an ELF file, read by ranges. scan and tests
 * include it. System V ABI chapters 4 and 5; symbol versioning as in the LSB
 * core specification 10.7; .gnu.hash as glibc reads it.
 *
 * Both sizes and byte orders. Works without a section table. Wants go mostly
 * forward: file header, program headers, then (at the end of the file) dynamic
 * section and section table, then back to symbols and strings.
 */
#ifndef PARSE_ELF_H
#define PARSE_ELF_H

#include "base/elffacts.h"
#include "base/step.h"

struct elf_reader {
	struct arena *arena;     /* borrowed: the facts are made there */
	uint64_t file_size;
	const char *symbol;      /* set before the first step: an exported name whose place is asked for; NULL */
	bool no_symbols;         /* set before the first step: symbols are not read, unless that place is asked for */
	uint64_t symbol_at;      /* after STEP_DONE: its offset in the file; 0: not there */
	struct elf_facts *facts; /* after STEP_DONE */
	const char *bad;         /* after STEP_BAD: why; constant or in the arena */

	/* the reader's own */
	int stage;
	unsigned char *window; /* copy of the range last served */
	uint64_t window_at;
	uint32_t window_n, window_cap;
	struct want want;
	uint64_t refused_at, refused_end;
	bool missing; /* a stage needs a range that is not there */
	bool lost;    /* a range could not be had */
	struct arena scratch;
	struct elf_work *work;
};

/* `size` is the file's. Nothing is allocated yet. */
#define ELF_READER_INIT(a, size) { .arena = (a), .file_size = (size) }

/* `bytes` begin at `at` and answer the last want; fewer than want.least: the rest cannot be had. First call: no bytes. */
enum step elf_step(struct elf_reader *r, uint64_t at, struct span bytes, struct want *want);
void elf_reader_clear(struct elf_reader *r);

/*
 * What the head of a file alone tells of where the rest lies, for a driver
 * that sees the bytes once: the ranges of the dynamic section and of the
 * section table with the names before it, and where the first PT_LOAD behind
 * the one with .bss begins (patchelf appends what it moves), or the last one.
 * false: the head does not reach that far yet, or is of no ELF file.
 */
struct elf_early {
	struct want range[2];
	size_t n;
	uint64_t added_at; /* file offset; 0: no PT_LOAD */
};
bool elf_early(struct span head, struct elf_early *e);

/* Bits of magic in the head of a file: 0 is no ELF. */
unsigned elf_bid(struct span head);

#endif
