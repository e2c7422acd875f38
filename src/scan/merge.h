/* scan/merge.h: layers into one tree, as a container would see it. Inside scan only. */
#ifndef SCAN_MERGE_H
#define SCAN_MERGE_H

#include "base/err.h"
#include "inventory/fs.h"
#include "scan/record.h"

/*
 * Puts one layer on top of a tree. Items become numbers: a node's `item` is
 * `first_item` + the index in the record's items + 1. Layers come lowest first.
 */
int merge_layer(struct fs *fs, const struct record *r, uint16_t layer, uint32_t first_item, struct err *err);

#endif
