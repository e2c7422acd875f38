/* scan/select.h: which files of a target are looked into. Inside scan only. */
#ifndef SCAN_SELECT_H
#define SCAN_SELECT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cur.h"

enum select_how {
	SELECT_NOT,
	SELECT_TEXT,   /* keep the whole text, at most `limit` bytes; larger is a gap */
	SELECT_SCRIPT, /* keep it if it begins with "#!" */
	SELECT_ELF,    /* read it if it begins as an ELF file or a fatbin */
};

struct select {
	enum select_how how;
	uint32_t limit; /* bytes */
};

/* By the path (clean, relative), permission bits and size of a file; mode 0 and size UINT64_MAX are not known. */
struct select select_entry(struct span path, uint32_t mode, uint64_t size);

/* Is that what a distribution says of itself in few bytes? No RECORD; version.py only of top packages. */
bool select_brief(struct span path, struct select s);

#endif
