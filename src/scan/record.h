/*
 * scan/record.h: everything read from one layer. Immutable once finished,
 * independent of rules and matrices. Inside scan only (and its tests).
 */
#ifndef SCAN_RECORD_H
#define SCAN_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/fatfacts.h"
#include "base/mem.h"
#include "inventory/fs.h"

struct elf_facts;
struct progress;
struct tree;

/* What a selected file gave. */
enum item_kind { ITEM_TEXT, ITEM_ELF, ITEM_HASH /* nothing but its hash */ };

#define STATIC_CUDART "static cudart" /* item.version_from */

struct item {
	enum item_kind kind;
	uint32_t node; /* in the record's fs */
	struct span text;                /* ITEM_TEXT */
	const struct elf_facts *elf;     /* ITEM_ELF; NULL if it could not be read */
	const struct fat_facts *fat;     /* NULL: has no GPU code */
	bool fat_read;                   /* fat says all there is */
	const char *version, *version_from; /* of the library by its own bytes; of STATIC_CUDART, of the CUDA runtime in it; NULL */
	const char *gap;                 /* what could not be read; NULL if nothing */
	const unsigned char *sha256;     /* 32 bytes; NULL: was not hashed */
};

struct hardlink { uint32_t node; struct span target; };
struct hidden { struct span dir, name; bool opaque; };
struct record_gap { struct span path; const char *reason; bool of_hash; /* of a file that only --verify reads */ };

struct record {
	struct arena arena;
	struct fs *fs;              /* this layer's own entries; parents that it does not name are `implied` */
	LIST(struct item) items;
	LIST(struct hardlink) hardlinks; /* in the order of the archive */
	LIST(struct hidden) hidden;      /* whiteouts */
	LIST(struct record_gap) gaps;
	uint64_t entries;
	bool claimed;               /* came out of the cache because a manifest names its digest */
	bool by_table;              /* read by the layer's own table of contents, which is its writer's word */
	bool broken;                /* the archive's frame broke; `error` says where */
	struct err error;
	char *bytes;                /* of a cached record: what its texts point into; NULL else */
	const char *notice;         /* what is odd about the archive; constant or in the arena */
};

/* Zeroes and opens a record; -1 when memory runs out. record_clear takes a zeroed one. */
int record_open(struct record *r);
void record_clear(struct record *r);

/* Nothing more can be read of it, and why. */
void record_break(struct record *r, const struct err *err);

/* The bytes are not those that are stated of them: nothing that was read counts. -1 when memory runs out. */
int record_refuse(struct record *r, const struct err *why);

/* What a scan looks into beyond names: see select.c. */
struct wanted {
	bool quick;        /* no fatbins, no symbols */
	bool names_only;   /* nothing but names */
	bool hashes;       /* sha256 of what a RECORD may name */
	struct progress *progress; /* NULL: nobody looks */
	bool brief;        /* only what a distribution says of itself: METADATA, WHEEL, version.py and their like */
};

/*
 * Reads all of a layer. A frame that breaks is kept in the record
 * (record.broken), with what came before. -1 only when memory runs out.
 */
int layer_scan(struct tree *t, const struct wanted *wanted, struct record *r, struct err *err);

#endif
