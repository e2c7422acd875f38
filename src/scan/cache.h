/*
 * scan/cache.h: records of layers that were read before, in a folder of the
 * user's. What is there may be damaged, old or hostile: it is checked when
 * read, and else as if it were not there. cmd and tests may include it.
 *
 * An entry stands under what is known of the bytes it was made of: their
 * sha256, if it was computed ("sha256:HEX", good for any image that names it),
 * else where they lie ("file:...", good for that very file until it changes),
 * or the sha256 of the table by which they were read ("table:HEX").
 * Nothing is ever written under a digest that somebody merely states.
 */
#ifndef SCAN_CACHE_H
#define SCAN_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"

struct blob_identity;
struct record;

struct cache; /* may be used by several threads at once */

/*
 * Opens the folder, and makes it where it is missing (its parent too). Refused
 * where it is not ours alone to write to. `limit` in bytes. NULL on error.
 */
struct cache *cache_open(const char *path, uint64_t limit, struct err *err);

/* Where something was written and the limit is passed, entries go, those used longest ago first. NULL is fine. */
void cache_close(struct cache *c);

/* ---- for scan; a NULL cache holds nothing and takes nothing ---- */

struct cache_key { char text[192]; };

/*
 * false: no key can be made (it is no sha256 as manifests write it). `quick`:
 * records of --quick are others. A table's digest stands for all that it names,
 * since it holds their digests.
 */
bool cache_key_digest(struct cache_key *k, const char *digest, bool quick);
bool cache_key_table(struct cache_key *k, const char *digest, bool quick);
/* How much of a file a record tells: all, no GPU code (--quick), or a wheel's metadata alone. */
enum cache_depth { CACHE_DEEP, CACHE_QUICK, CACHE_BRIEF };
void cache_key_file(struct cache_key *k, const struct blob_identity *of, enum cache_depth depth);

/* Fills a clear record; false, and it is clear, if there is none that can be used. */
bool cache_get(struct cache *c, const struct cache_key *k, struct record *r);

/* Keeps a whole record. Does nothing where that cannot be done. */
void cache_put(struct cache *c, const struct cache_key *k, const struct record *r);

/* ---- to look at it ---- */

enum cache_kind { CACHE_DIGEST, CACHE_FILE, CACHE_TABLE, CACHE_UNUSABLE /* damaged, of another version, or left over */ };

struct cache_entry {
	const char *name; /* of its file */
	const char *key;  /* NULL: unusable */
	enum cache_kind kind;
	uint64_t size;    /* bytes */
	int64_t used;     /* last, in ns since 1970 */
};

struct cache_list {
	struct arena arena;
	LIST(struct cache_entry) v; /* the one used longest ago first */
	uint64_t size; /* of all, bytes */
};

int cache_look(struct cache *c, struct cache_list *list, struct err *err);
void cache_list_clear(struct cache_list *list);

/* Takes away what is unusable, then the oldest over the limit; *gone says how many. */
int cache_prune(struct cache *c, size_t *gone, struct err *err);

const char *cache_kind_name(enum cache_kind k);

#endif
