/*
 * parse/lockfile.h: lock files in TOML: pylock.toml (PEP 751), uv.lock, poetry.lock. scan and tests include it.
 */
#ifndef PARSE_LOCKFILE_H
#define PARSE_LOCKFILE_H

#include <stdbool.h>

#include "base/cur.h"
#include "base/err.h"
#include "base/mem.h"
#include "parse/simpleindex.h"

struct locked {
	const char *name;    /* PEP 503 */
	const char *version; /* NULL: it states none */
	const char *index;   /* URL of the index that it is from; NULL */
	const char *url;     /* of the one file that it is; NULL */
	struct index_page files; /* its wheels and source archives; a URL may be "" */
};

struct lock {
	const char *kind;   /* "uv.lock" */
	const char *python; /* versions of Python that it is for; NULL */
	LIST(struct locked) packages; /* that are installed there, without extras and groups that must be asked for */
};

/* Does the text look like one of them? */
bool lock_bid(struct span text);

/* For a system: `python` "3.11" or NULL (the newest that it is for), `machine` "x86_64". Texts in the arena. */
int lock_parse(struct span text, const char *python, const char *machine, struct arena *a, struct lock *out, struct err *err);

#endif
