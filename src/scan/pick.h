/*
 * scan/pick.h: which file of an index a requirement stands for, as pip picks it. scan and tests include it.
 * PEP 425, 440, 503, 592 (yanked); pip's order: version, then tags, then build tag.
 */
#ifndef SCAN_PICK_H
#define SCAN_PICK_H

#include <stdbool.h>

#include "base/mem.h"
#include "parse/pytags.h"
#include "parse/simpleindex.h"

struct pick_want {
	const char *name; /* PEP 503 */
	const char *spec; /* "" for any */
	const char *const *sha256; /* of files that are allowed; */
	size_t sha256_n;           /* 0: all are */
};

struct pick {
	const struct index_file *file; /* NULL: none */
	const char *version;
	bool source;         /* a source distribution: pip would build it */
	const char *because; /* why this one, or why none */
};

/* Texts in the arena. -1 only when memory runs out. */
int pick_file(const struct index_page *page, const struct pick_want *want, const struct pysystem *sys, struct arena *a, struct pick *out);

/* The best wheel of each version that the requirement takes, newest first; `because` is NULL. -1 only when memory runs out. */
typedef LIST(struct pick) pick_list;
int pick_versions(const struct index_page *page, const struct pick_want *want, const struct pysystem *sys, struct arena *a, pick_list *out);

/* The newest CPython 3 that wheels of the page name ("cp313": 13); 0 where none does. */
unsigned pick_newest_python(const struct index_page *page);

#endif
