/*
 * parse/wheelmeta.h: what a Python distribution says of itself. scan and tests
 * include it. Texts come whole; what is kept is copied into the arena.
 * packaging.python.org: "Core metadata", "Binary distribution format",
 * "Recording installed projects".
 */
#ifndef PARSE_WHEELMETA_H
#define PARSE_WHEELMETA_H

#include <stdbool.h>

#include "base/cur.h"
#include "base/mem.h"

struct metadata { /* METADATA or PKG-INFO */
	const char *name, *version; /* NULL: not there */
	LIST(const char *) requires; /* Requires-Dist as written; also the lines of an egg's requires.txt */
};

/* -1 only when memory runs out. */
int metadata_parse(struct span text, struct arena *a, struct metadata *out);

/* An egg's requires.txt: lines before the first [extra]. */
int egg_requires_parse(struct span text, struct arena *a, struct metadata *out);

/* The Tag lines of a WHEEL file. */
struct wheel_tags { LIST(const char *) tags; };
int wheel_parse(struct span text, struct arena *a, struct wheel_tags *out);

/* name-version(-build)?-python-abi-platform(-variant)?.whl; false if it is no such name. */
struct wheel_name {
	struct span name, version, build, python, abi, platform, variant;
};
bool wheel_name_parse(struct span file, struct wheel_name *out);

/* name-version.dist-info or name-version(-pyX.Y)?.egg-info; the name may still need pep503_name. */
bool info_dir_parse(struct span dir, struct span *name, struct span *version);

/* One line of RECORD (CSV, RFC 4180 quoting). `hash` is "sha256=...", empty where not recorded; size -1 likewise. */
struct record_line {
	const char *path; /* in the arena: quoting undone */
	struct span hash;
	int64_t size;
};
/* 1, 0 at the end, -1 when memory runs out. Lines that cannot be read are skipped. */
int record_next(struct cur *c, struct arena *a, struct record_line *out);

/* The name, extras and specifier of a PEP 508 requirement; and whether its marker holds for Linux on `machine`. */
struct requirement {
	const char *name;   /* PEP 503 */
	const char *spec;   /* "==2.5.1", ">=1,<2"; "" for any */
	const char *extras; /* "a,b"; "" for none */
	const char *url;    /* of "name @ url"; NULL */
	bool applies;       /* false: its marker is for other systems or an extra */
};
/* Can a PEP 508 marker hold there? What is not known (python or machine NULL) may. No extra and no group is asked for. */
bool marker_applies(struct span marker, const char *python, const char *machine);

/* false if it is no requirement. `python` is "3.11" or NULL, `machine` "x86_64" or NULL: unknown parts count as true. */
bool requirement_parse(struct span line, const char *python, const char *machine, struct arena *a, struct requirement *out);

#endif
