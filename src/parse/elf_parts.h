/* parse/elf_parts.h: what the files of the ELF reader share: elf.c (frame, dynamic section, sections, notes) and elf_symbols.c. */
#ifndef PARSE_ELF_PARTS_H
#define PARSE_ELF_PARTS_H

#include "parse/elf.h"

enum { HEAD = 64 * 1024, WINDOW = 256 * 1024, NAMES = 64 * 1024 }; /* bytes asked for at once */

struct note_range { uint64_t at, n; };

/* A version index (of .gnu.version) and its name; `def` counts definitions from 1, 0 is a need. */
struct version_name {
	uint16_t index, def;
	uint32_t name;
};

struct version_file {
	uint32_t name;
	LIST(uint32_t) nodes;
};

/* A dynamic symbol that is not local. */
struct named {
	uint32_t name, at; /* offset in the string table; number in the symbol table */
	uint32_t hash;     /* of a definition, with the lowest bit set; 0: by its name */
	uint16_t version;  /* index in .gnu.version */
	bool defined, weak;
};

/* A string that is asked for, for its hash or (`keep`) for its text. */
struct asked {
	uint32_t at;
	uint32_t hash; /* 0: was not found */
	bool keep;
	const char *text;
};

/* What lies between the stages. */
struct elf_work {
	uint64_t phoff, shoff;
	uint32_t phnum, shnum, shstrndx;
	uint16_t phentsize, shentsize;
	uint64_t dyn_at, dyn_n, interp_at, interp_n;
	uint64_t strtab, strsz, symtab, gnu_hash, sysv_hash, versym, verneed, verdef;
	uint32_t verneed_n, verdef_n;
	uint32_t soname, runpath, rpath;
	bool has_soname, has_rpath, has_runpath;
	LIST(uint32_t) needed;
	LIST(struct note_range) notes;
	uint32_t symbols;           /* how many in the dynamic symbol table */
	uint64_t names_at, names_n; /* .shstrtab */
	LIST(struct version_name) versions;
	LIST(struct version_file) files;
	struct named *named; /* named_n of them, grown by mem_resize */
	uint32_t named_n, named_cap;
	uint32_t hashed_from, hashed_n; /* symbols that .gnu.hash holds, and where it has their words */
	uint64_t hashes_at;
	uint32_t at_symbol; /* progress of the symbol stages */
	uint64_t text;       /* bytes of the strings that were read */
	struct asked *asked; /* sorted by `at` */
	size_t asked_n, asked_done;
};

enum outcome { NEXT, AGAIN, DONE, BAD };

/* ---- ranges ---- */

/* n bytes at `at`; an empty span if they must be asked for first (r->missing) or lie outside the file. */
struct span elf_get(struct elf_reader *r, uint64_t at, uint64_t n);
/* The same as a reader of the file's byte order and size; bad where there are none. */
struct cur elf_get_cur(struct elf_reader *r, uint64_t at, uint64_t n);
void elf_gap(struct elf_reader *r, const char *text);
enum outcome elf_bad(struct elf_reader *r, const char *why); /* BAD */
/* The place in the file of a virtual address; UINT64_MAX if no segment holds it. */
uint64_t elf_offset(const struct elf_reader *r, uint64_t addr);
/* How many bytes of the file follow an offset inside its segment. */
uint64_t elf_segment_left(const struct elf_reader *r, uint64_t off);

/* ---- the stages of elf_symbols.c, in their order ---- */

enum outcome elf_stage_verneed(struct elf_reader *r);
enum outcome elf_stage_verdef(struct elf_reader *r);
enum outcome elf_stage_symbol_count(struct elf_reader *r);
enum outcome elf_stage_hash_table(struct elf_reader *r);
enum outcome elf_stage_symbols(struct elf_reader *r);
enum outcome elf_stage_versions(struct elf_reader *r);
enum outcome elf_stage_hashes(struct elf_reader *r);
enum outcome elf_stage_plan(struct elf_reader *r);
enum outcome elf_stage_strings(struct elf_reader *r);
enum outcome elf_stage_finish(struct elf_reader *r);
enum outcome elf_stage_symbol_place(struct elf_reader *r);

#endif
