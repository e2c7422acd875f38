/*
 * parse/fatbin.h: which GPU code a file carries, from the headers of its
 * fatbins alone. scan and tests include it.
 *
 * The format is not documented; the layout was verified by experiment with
 * the CUDA 12 and 13 tools: a container is 16 bytes (magic 0xBA55ED50, version
 * 1, header size, bytes that follow), an entry 64 bytes and more (kind,
 * header size, payload size, ..., arch, flags, unpacked size). Kernels are
 * never unpacked.
 *
 * One machine for both ways of reading: it is fed runs of bytes in order and
 * may be told that bytes were left out. fat_hop says how many it does not need.
 */
#ifndef PARSE_FATBIN_H
#define PARSE_FATBIN_H

#include "base/elffacts.h"
#include "base/fatfacts.h"
#include "base/step.h"

/* One entry as its header says. */
struct fat_entry {
	uint64_t container; /* file offset of its container */
	uint16_t kind;      /* 1 PTX, 2 cubin, 8 LTO-IR, others: not counted */
	struct sm arch;
	struct ver2 isa;    /* of PTX */
	bool empty;         /* without code: by its unpacked size */
};

struct fat_walker {
	struct arena *arena; /* borrowed */
	LIST(struct fat_entry) entries;
	LIST(const char *) gaps;
	bool full;           /* LIMIT_FAT_ENTRIES was reached */

	/* the walker's own */
	int state;
	uint64_t at;         /* file offset of the next byte */
	uint64_t container, left; /* offset of the container; bytes of it that follow `at` */
	uint64_t skip;       /* bytes to leave out */
	unsigned char head[64];
	uint32_t have;
};
#define FAT_WALKER_INIT(a) { .arena = (a) }

/* Begins anew at a file offset (a section, a segment, the file): what was found stays. */
void fat_begin(struct fat_walker *f, uint64_t at);

/* The next bytes. */
void fat_feed(struct fat_walker *f, struct span bytes);

/* How many bytes from here on are not looked at: a driver that can hop may leave them out, and then says so. */
uint64_t fat_hop(const struct fat_walker *f);
void fat_hopped(struct fat_walker *f, uint64_t n);

/* The range ended (a section's or the file's end): notes what was cut off. */
void fat_end(struct fat_walker *f);

/*
 * Which ranges of a file count: the named sections, and all others where those
 * hold no code. NULL facts: the file is a bare fatbin, all counts.
 */
struct fat_range { uint64_t at, n; };
enum { FAT_RANGES = 64 };
size_t fat_named_ranges(const struct elf_facts *elf, struct fat_range *range, size_t max);
size_t fat_other_ranges(const struct elf_facts *elf, struct fat_range *range, size_t max);

/* Does something in the file speak of GPU code, so that a search outside the named sections is worth its bytes? */
bool fat_hinted(const struct elf_facts *elf);

/* Sums up the entries whose container lies in one of the ranges (n 0: all). NULL when memory runs out. */
struct fat_facts *fat_sum(const struct fat_walker *f, const struct fat_range *range, size_t n, struct arena *a);

/* Is there an entry with code in one of the ranges? */
bool fat_has_code(const struct fat_walker *f, const struct fat_range *range, size_t n);

unsigned fat_bid(struct span head);

#endif
