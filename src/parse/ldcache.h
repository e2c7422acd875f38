/*
 * parse/ldcache.h: /etc/ld.so.cache, as ldconfig(8) writes it. Formats: glibc's
 * sysdeps/generic/dl-cache.h ("ld.so-1.7.0", "glibc-ld.so.cache1.1", and the
 * former with the latter behind it). scan and tests include it.
 */
#ifndef PARSE_LDCACHE_H
#define PARSE_LDCACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cur.h"
#include "base/err.h"

struct ldcache {
	struct cur entries;   /* the next entry stands here */
	struct cur strings;   /* what key and value count from */
	uint32_t left;        /* entries to come */
	bool old;             /* entries of the old format: no hwcap */
	struct cur hwcaps;    /* offsets of the names of glibc-hwcaps folders; bad where there are none */
};

/* One entry. Spans point into the file. */
struct ldcache_entry {
	struct span soname, path;
	struct span hwcap;    /* "x86-64-v3"; p NULL: none */
	bool legacy_hwcap;    /* asks for hardware in the way of glibc before 2.33 */
	uint32_t flags;       /* FLAG_* of dl-cache.h: kind of libc in the low byte, ABI above */
};

/* Opens a cache; -1 if it is none, or its frame is cut off. */
int ldcache_open(struct span file, struct ldcache *c, struct err *err);
/* The next entry in the order of the file, which is the order the loader prefers; false at the end. Bad ones are skipped. */
bool ldcache_next(struct ldcache *c, struct ldcache_entry *e);

/* Is an entry for glibc programs of that ELF machine (EM_*) and class? As _dl_cache_check_flags and each port's dl-cache.h. */
bool ldcache_fits(uint32_t flags, uint16_t machine, bool wide);

#endif
