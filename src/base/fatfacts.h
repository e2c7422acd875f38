/* base/fatfacts.h: what was read of the GPU code in one file; plain data in the reader's arena. Everybody may include it. */
#ifndef BASE_FATFACTS_H
#define BASE_FATFACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"
#include "base/sm.h"

/* Entries with code for one target. `isa` is the PTX version, VER2_NONE for cubins and LTO. */
struct fat_target {
	struct sm arch;
	struct ver2 isa;
	uint32_t count;
};

/* Containers whose entries with code have one and the same set of targets. */
struct fat_group {
	LIST(struct sm) cubin; /* sorted */
	LIST(struct sm) ptx;
	uint32_t containers;
};

struct fat_facts {
	uint32_t containers, entries; /* entries: with code alone */
	uint32_t empty;               /* entries without code, not in the lists */
	LIST(struct fat_target) cubin; /* each list sorted by arch, then isa */
	LIST(struct fat_target) ptx;
	LIST(struct fat_target) lto;
	LIST(struct fat_group) groups; /* most containers first */
	LIST(const char *) gaps;       /* what could not be read, one line each */
};

#endif
