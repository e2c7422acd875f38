/*
 * parse/libversion.h: the version of one of NVIDIA's libraries or tools by its
 * own bytes: a banner among its constants, a version that it exports as data,
 * or the number that its *GetVersion function returns. scan and tests include it.
 */
#ifndef PARSE_LIBVERSION_H
#define PARSE_LIBVERSION_H

#include <stdbool.h>

#include "base/cur.h"
#include "base/mem.h"

/* How one kind of file tells its version. */
struct libversion {
	const char *head;   /* the file's name begins so, and goes on with ".so", '.' or nothing */
	const char *banner; /* text before the version; NULL: none */
	const char *symbol; /* exported function or data; NULL: none */
	enum { LIBVERSION_1000_100, LIBVERSION_10000_100, LIBVERSION_DATA } scheme; /* of the number behind the symbol */
};

/* By the name of a file ("libcublasLt.so.12"); NULL where nothing is known to tell. */
const struct libversion *libversion_of(struct span file_name);

enum { LIBVERSION_CODE = 1024 }; /* bytes wanted at the symbol */

/*
 * The version out of the bytes at the symbol. Code is x86-64 alone, and says a
 * version only if its major is that of the soname. NULL: nothing that can be
 * trusted, or no memory.
 */
const char *libversion_at_symbol(const struct libversion *l, struct span bytes, struct span file_name, struct arena *a);

/* Looks for a banner in bytes that pass once, in runs of any length. */
struct libversion_search {
	const struct libversion *l; /* with a banner */
	char kept[160]; /* the end of the last run */
	size_t kept_n;
	const char *found; /* in the arena */
};
/* Feeds the next run; true once `found` is set. */
bool libversion_feed(struct libversion_search *s, struct span bytes, struct arena *a);

#endif
