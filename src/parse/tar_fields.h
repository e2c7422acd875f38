/* parse/tar_fields.h: the fields of tar headers, pax records and sparse maps. parse/tar.c alone includes it. */
#ifndef PARSE_TAR_FIELDS_H
#define PARSE_TAR_FIELDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cur.h"
#include "base/err.h"
#include "parse/tar.h"

/* One header block. Spans point into it. */
struct tar_header {
	struct span name, link, prefix;
	uint32_t mode;
	uint64_t uid, gid, size;
	uint64_t real_size; /* of old GNU sparse files */
	char type;
	bool gnu;           /* magic of GNU tar */
};

/* What pax records (and GNU long names) said of the next entry: bits of tar_pax.has. */
enum {
	TAR_PAX_SIZE = 1,
	TAR_PAX_REAL_SIZE = 2,
	TAR_PAX_UID = 4,
	TAR_PAX_GID = 8,
	TAR_PAX_MAJOR = 16,
	TAR_PAX_MINOR = 32,
	TAR_PAX_MAP = 64,         /* offsets and lengths were in the records: sparse 0.0 and 0.1 */
	TAR_PAX_SPARSE_NAME = 128,
	TAR_PAX_LONG_NAME = 256,
	TAR_PAX_LONG_LINK = 512,
};

enum tar_sparse { TAR_NOT_SPARSE, TAR_SPARSE_OLD, TAR_SPARSE_RECORDS, TAR_SPARSE_BODY };

bool tar_block_is_zero(struct span block);

/* -1 if the checksum or the size is no number or the checksum is wrong; `at` is for the message. */
int tar_header_read(struct span block, uint64_t at, struct tar_header *h, struct err *err);

/* The records of one pax header into t->pax, t->path, t->link and t->map. */
int tar_pax_read(struct tar *t, struct span text, struct err *err);

enum tar_sparse tar_sparse_form(const struct tar *t, const struct tar_header *h);

/* Makes room for piece number n. */
int tar_map_room(struct tar *t, uint32_t n, struct err *err);

/* Adds the pieces of a header or extension block of the old form; *more: another block follows. */
int tar_map_old(struct tar *t, struct span block, bool is_header, bool *more, struct err *err);

/* Adds what one block of a sparse 1.0 map says; t->numbers reaches t->wanted when it is whole. */
int tar_map_lines(struct tar *t, struct span block, struct err *err);

#endif
