/*
 * parse/tar.h: the push parser for tar. source and tests include it.
 *
 * One code for streams and for hopping: feed bytes, look at what comes out,
 * and either feed the body too or jump over it.
 *
 *     struct tar tar = TAR_INIT;
 *     for (;;) switch (tar_feed(&tar, &bytes, &err)) {      // takes what it used off the front of `bytes`
 *     case TAR_NEED:  read more into `bytes`; at the end of the input: tar_finish()
 *     case TAR_ENTRY: look at tar.entry; to leave the body out: hop = tar_skip(&tar, bytes there are)
 *     case TAR_BODY:  tar.body are bytes of the entry, from byte tar.body_at of the file
 *     case TAR_END:   the archive ended
 *     case TAR_BAD:   err says what and at which byte
 *     }
 *
 * Reads v7, ustar, star, pax, GNU (long names, base-256, sparse in the old
 * form and pax forms 0.0, 0.1, 1.0). Where tools differ it does as Go's
 * archive/tar, which docker, podman and umoci unpack with: global pax headers
 * change nothing, links and folders have no body whatever their size says.
 */
#ifndef PARSE_TAR_H
#define PARSE_TAR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cur.h"
#include "base/err.h"
#include "base/limits.h"

enum { TAR_BLOCK = 512 };

enum tar_step { TAR_NEED, TAR_ENTRY, TAR_BODY, TAR_END, TAR_BAD };

enum tar_type { TAR_FILE, TAR_HARDLINK, TAR_SYMLINK, TAR_CHAR, TAR_BLOCKDEV, TAR_DIR, TAR_FIFO, TAR_OTHER };

/* What is worth a warning; tar.notes gathers those of the archive. */
enum tar_note {
	TAR_NOTE_GNU_SPARSE = 1, /* typeflag 'S': docker, podman and umoci refuse such a layer */
	TAR_NOTE_NO_END = 2,     /* no end-of-archive blocks, or the last file is not padded */
	TAR_NOTE_LONE_ZERO = 4,  /* one zero block where two belong */
	TAR_NOTE_ODD_TYPE = 8,   /* a typeflag that no format defines */
	TAR_NOTE_BAD_MAP = 16,   /* a sparse map that does not fit the stored bytes */
};

/* `n` stored bytes that belong at `at` of the file; `before`: stored bytes of the pieces before it. */
struct tar_piece {
	uint64_t at, n, before;
};

/* Spans are raw bytes as the archive spells them, borrowed until the tar_feed that begins the next header. */
struct tar_entry {
	struct span path, link;
	enum tar_type type;
	uint32_t mode;
	uint64_t uid, gid;
	uint64_t size;       /* bytes of the file */
	uint64_t stored;     /* bytes of its body in the archive, without padding and sparse map; 0 for all but files */
	uint64_t header_at;  /* where its first header (extended ones too) begins: feed from here to get it again */
	uint64_t body_at;    /* where its stored body begins */
	const struct tar_piece *map; /* sparse files: in order, without overlap, `stored` bytes together; else NULL */
	uint32_t pieces;
	unsigned notes;
};

/* Fields without a comment are the parser's own. */
struct tar {
	struct tar_entry entry; /* after TAR_ENTRY */
	struct span body;       /* after TAR_BODY */
	uint64_t body_at;       /* offset in the file of body */
	uint64_t at;            /* bytes of the archive used so far */
	uint64_t entries;       /* how many so far */
	unsigned notes;

	int state;
	unsigned char block[TAR_BLOCK];
	uint32_t have;          /* bytes in block */
	uint64_t left, pad;     /* of the body or extended header being read */
	uint64_t stored_at;     /* stored bytes of the body used */
	uint64_t header_at;
	char ext_type;          /* x, g, L or K: what `ext` gathers */
	bool pending;           /* an extended header waits for its entry */
	struct buf ext, path, link;
	struct tar_pax {
		unsigned has;
		uint64_t size, real_size, uid, gid, major, minor;
	} pax;
	struct tar_piece *map;
	uint32_t map_n, map_cap;
	uint32_t piece;         /* of the map, while the body is read */
	uint64_t piece_at;      /* stored bytes used of that piece */
	uint64_t number;        /* sparse 1.0: the number being read, */
	uint32_t digits;        /* its digits so far, */
	uint64_t numbers, wanted; /* how many are read, how many there must be */
};
enum { TAR_TEXT = LIMIT_PAX + TAR_BLOCK };
#define TAR_INIT { .ext = BUF_INIT(TAR_TEXT), .path = BUF_INIT(TAR_TEXT), .link = BUF_INIT(TAR_TEXT) }

enum tar_step tar_feed(struct tar *t, struct span *in, struct err *err);

/*
 * Leaves out what remains of the body (and its padding), of which `avail`
 * bytes exist in the input. Returns how many bytes to jump over, at most
 * `avail`. After less than all of it, only tar_finish makes sense.
 */
uint64_t tar_skip(struct tar *t, uint64_t avail);

/* The input is over: TAR_END, or TAR_BAD where it broke off inside an entry. */
enum tar_step tar_finish(struct tar *t, struct err *err);

void tar_clear(struct tar *t);

/* Bits of magic recognised in the first 512 bytes: 0 is no tar; a v7 header is known by its checksum alone. */
unsigned tar_bid(struct span head);

#endif
