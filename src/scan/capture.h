/* scan/capture.h: looks into one selected file, from any place or from a stream that passes once. Inside scan only. */
#ifndef SCAN_CAPTURE_H
#define SCAN_CAPTURE_H

#include "base/buf.h"
#include "base/err.h"
#include "scan/filehash.h"
#include "scan/record.h"
#include "scan/replay.h"
#include "scan/select.h"

struct tree;
struct tree_entry;

/* Buffers that are used again from file to file. */
struct capture {
	unsigned char *bytes, *tail; /* one want, or the head of a stream; its tail */
	size_t cap, tail_cap;
	unsigned char *early[2]; /* the ranges of elf_early */
	size_t early_cap[2];
	unsigned char *again; /* one want, decoded once more */
	size_t again_cap;
	struct replay replay;
	struct filehash hash; /* on: all of the next file is hashed as it is read */
};
#define CAPTURE_INIT { 0 }
void capture_clear(struct capture *c);

/*
 * 1: `item` was filled (all in the arena); 0: the file is not what its name
 * promised, or it could not be read (then *gap says why); -1: the archive
 * itself broke, or memory ran out.
 */
int capture_file(struct capture *c, struct tree *t, const struct tree_entry *e, struct select s, const struct wanted *wanted,
		 struct arena *a, struct item *item, const char **gap, struct err *err);

/* A file that is only hashed (c->hash is on). */
int capture_hash(struct capture *c, struct tree *t, const struct tree_entry *e, struct err *err);

#endif
