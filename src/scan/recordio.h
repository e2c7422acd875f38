/* scan/recordio.h: a record as bytes and back: what the cache keeps of a layer. Inside scan only (and its tests). */
#ifndef SCAN_RECORDIO_H
#define SCAN_RECORDIO_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/cur.h"
#include "scan/record.h"

/*
 * Appends a record to a buffer (which may become bad): the same bytes on
 * every machine. What only --verify reads (hashes) is left out, so that one
 * record serves all.
 */
void record_write(const struct record *r, struct buf *b);

/*
 * Reads what record_write wrote; everything else is refused. The texts of the
 * record point into `bytes`, which must live as long. false: it is none, or
 * memory ran out; then the record is clear.
 */
bool record_read(struct span bytes, struct record *r);

#endif
