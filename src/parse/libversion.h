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
	enum { LIBVERSION_NUMBER, LIBVERSION_DATA, LIBVERSION_CUPTI, LIBVERSION_CUDART } how; /* what stands at the symbol */
	unsigned wide_from; /* LIBVERSION_NUMBER: 120405 is 12.4.5 from that major on, 11203 is 11.2.3 before; 0: always the latter */
};

/* By the name of a file ("libcublasLt.so.12"); NULL where nothing is known to tell. */
const struct libversion *libversion_of(struct span file_name);

/* Does the name read as one of NVIDIA's own libraries? */
bool libversion_nvidia(struct span file_name);

enum { LIBVERSION_CODE = 1024 }; /* bytes wanted at the symbol */

/*
 * The version out of the bytes at the symbol. Code is x86-64 alone, and says a
 * version only if its major is that of the soname. NULL: nothing that can be
 * trusted, or no memory.
 */
const char *libversion_at_symbol(const struct libversion *l, struct span bytes, struct span file_name, struct arena *a);

/*
 * The version that a toolkit's file carries in its name: "12.4.127" of
 * "libcudart.so.12.4.127"; of libnvrtc-builtins two numbers are enough. NULL
 * where the name says a soname's numbers alone, or a number of another kind.
 */
const char *libversion_of_name(struct span file_name, struct arena *a);

/* A CUDA runtime inside other code, shared or linked statically: found by the function that returns its number. x86-64. */
struct cudart_search {
	unsigned char kept[16]; /* the end of the last run */
	size_t kept_n;
	uint32_t found; /* 12040 for 12.4; 0: none yet */
	bool differ;    /* several numbers: none can be trusted */
};
/* Feeds the next run of machine code. */
void cudart_feed(struct cudart_search *s, struct span code);
/* "12.4"; NULL: none, several, or no memory. */
const char *cudart_found(const struct cudart_search *s, struct arena *a);

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
