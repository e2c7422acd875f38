/*
 * parse/zipdir.h: the directory of a zip file, read from its end by ranges. source and tests include it.
 * APPNOTE.TXT 6.3.10: end record 4.3.16, zip64 4.3.14 and 4.3.15, central directory 4.3.12, local header 4.3.7.
 */
#ifndef PARSE_ZIPDIR_H
#define PARSE_ZIPDIR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cur.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/step.h"

enum { ZIP_STORED = 0, ZIP_DEFLATE = 8 };

enum zip_flag {
	ZIP_ENCRYPTED = 1,
	ZIP_DUPLICATE = 2, /* a later member has the same name; that one counts, as in Python's zipfile */
	ZIP_OVERLAP = 4,   /* shares bytes with another member, or lies outside the file: not to be read */
};

/* Names are in the arena; `name` has `name_n` bytes and a NUL after them. */
struct zip_entry {
	const char *name;
	uint64_t packed, size; /* bytes in the file, bytes of the member: as stated, not to be believed */
	uint64_t local;        /* offset of its local header */
	uint32_t crc, mode;    /* mode: st_mode if a Unix tool wrote it, else 0 */
	uint16_t name_n, method;
	unsigned flags;
};

struct zipdir {
	struct arena *arena; /* borrowed */
	uint64_t size;       /* of the whole file */
	uint32_t ends;       /* of a larger directory, so many bytes of both its ends alone are read; 0: all */
	bool partial;        /* that was so */
	LIST(struct zip_entry) entries; /* in the order of the directory */
	int state;
	uint64_t end_at, dir_at, dir_n, base;
	uint64_t tail_at;
	uint32_t tail_n;
};

/* As in base/step.h. `got` holds the bytes last wanted. STEP_BAD: err says why. */
enum step zipdir_step(struct zipdir *z, struct span got, struct want *want, struct err *err);

/*
 * Where the data of a member begins, from the ZIP_LOCAL bytes at its `local`.
 * -1 if they are no local header of this member.
 */
enum { ZIP_LOCAL = 30 };
int zip_data_at(const struct zipdir *z, const struct zip_entry *e, struct span local, uint64_t *at, struct err *err);

/* Does the file begin as a zip does? Bits of magic. */
unsigned zip_bid(struct span head);

#endif
