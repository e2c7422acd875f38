/* base/elffacts.h: what was read of one ELF file; plain data in the reader's arena. Everybody may include it. */
#ifndef BASE_ELFFACTS_H
#define BASE_ELFFACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"

/* A version need: `versions` are the nodes that are asked of the library `file`. */
struct elf_verneed {
	const char *file;
	LIST(const char *) versions;
};

struct elf_symbol { /* an undefined dynamic symbol */
	const char *name;
	const char *version; /* NULL: none */
	bool weak;
};

/* A defined dynamic symbol: GNU hash of its name with the lowest bit set (.gnu.hash keeps 31), and 1 + index in verdefs (0: none). */
struct elf_defined {
	uint32_t hash;
	uint16_t version;
};

struct elf_section {
	const char *name;
	uint32_t type; /* SHT_* */
	uint64_t flags, addr, at, size;
};

struct elf_segment { /* PT_LOAD */
	uint64_t at, addr, size; /* file offset, virtual address, bytes in the file */
};

struct elf_facts {
	bool wide, be;    /* 64-bit, big endian */
	uint16_t type;    /* ET_* */
	uint16_t machine; /* EM_* */
	bool dynamic;     /* has a dynamic section */
	bool sections_known; /* false: the section table is stripped or broken */
	const char *interp, *soname;
	LIST(const char *) needed;
	LIST(const char *) rpath;   /* split at ':' */
	LIST(const char *) runpath;
	bool has_runpath;           /* also of an empty one, which makes a DT_RPATH void */
	bool nodeflib;
	LIST(struct elf_verneed) verneeds;
	LIST(const char *) verdefs; /* without the base version; index + 1 is elf_defined.version */
	bool needs_lost; /* what it needs could not be read: the lists above are not all */
	bool symbols_known; /* the two lists below are complete */
	LIST(struct elf_symbol) undefined;
	struct elf_defined *defined; /* sorted by hash */
	uint32_t defined_n;
	const uint64_t *filter;      /* what no name in `defined` can be, as .gnu.hash has it; NULL: none */
	uint32_t filter_mask;        /* words of it - 1 */
	LIST(struct elf_section) sections;
	LIST(struct elf_segment) segments;
	const char *build_id; /* hex */
	const char *compat_note; /* JSON of .note.cuda.fwd_compatibility */
	LIST(const char *) gaps;
};

/* GNU hash of a name (the System V ABI's GNU extension, as glibc's dl_new_hash). */
uint32_t elf_gnu_hash(const char *name);

/* Makes the filter over `defined`: most look-ups are for names that a file does not define. false when memory runs out. */
bool elf_filter(struct elf_facts *f, struct arena *a);

/* Does the file define the name, in that version if one is given? Names are compared by hash alone. */
bool elf_defines(const struct elf_facts *f, const char *name, const char *version);
/* The same for a hash that is there already. */
bool elf_defines_hash(const struct elf_facts *f, uint32_t hash, const char *version);

/* "x86_64", "aarch64", "i386", ...; NULL for machines without a name here. */
const char *elf_machine_name(uint16_t machine);

#endif
