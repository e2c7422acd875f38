/*
 * parse/simpleindex.h: a project's page on a package index. source, scan and tests include it.
 * packaging.python.org, "Simple repository API": HTML (PEP 503, 592, 658, 714) and JSON (PEP 691).
 */
#ifndef PARSE_SIMPLEINDEX_H
#define PARSE_SIMPLEINDEX_H

#include <stdbool.h>

#include "base/cur.h"
#include "base/err.h"
#include "base/mem.h"

struct index_file {
	const char *url;             /* as written, perhaps relative, without its fragment */
	const char *file;            /* its name, percent-decoded */
	const char *sha256;          /* hex, lower case; NULL */
	const char *requires_python; /* NULL */
	const char *yanked;          /* NULL: it is not; "" or the reason */
	bool metadata;               /* its METADATA stands at URL.metadata */
	const char *metadata_sha256; /* of that; NULL */
};

struct index_page {
	const char *base; /* of <base href>; NULL */
	LIST(struct index_file) files;
};

/* Texts in the arena. HTML is read as far as it goes; -1 when memory runs out or there are too many files. */
int index_html_parse(struct span text, struct arena *a, struct index_page *out, struct err *err);
int index_json_parse(struct span text, struct arena *a, struct index_page *out, struct err *err);

/* The last part of a path or URL, percent-decoded; NULL when memory runs out. */
char *url_file(struct span url, struct arena *a);

/* 64 hexadecimal digits in lower case, in the arena; NULL where the text is none. */
char *sha256_hex(struct span text, struct arena *a);

#endif
