/*
 * parse/reqfile.h: the lines of a requirements file. scan and tests include it.
 * pip.pypa.io, "Requirements File Format". Variables (${NAME}) are not replaced.
 */
#ifndef PARSE_REQFILE_H
#define PARSE_REQFILE_H

#include "base/cur.h"
#include "base/mem.h"

enum req_kind {
	REQ_PACKAGE,     /* text: a PEP 508 requirement */
	REQ_URL,         /* text: a URL on its own */
	REQ_PATH,        /* text: a path of a wheel, archive or folder; also of --editable */
	REQ_FILE,        /* text: the file of -r */
	REQ_CONSTRAINTS, /* text: the file of -c */
	REQ_INDEX,       /* text: the URL of --index-url */
	REQ_EXTRA_INDEX, /* text: the URL of --extra-index-url */
	REQ_FIND_LINKS,  /* text: the page or folder of --find-links */
	REQ_NO_INDEX,
	REQ_OTHER,       /* text: an option that says nothing of what is installed, or that we do not follow */
};

struct req_line {
	enum req_kind kind;
	size_t number;    /* of its first line */
	const char *text; /* in the arena */
	LIST(const char *) sha256; /* of --hash=sha256:...; lower case */
};

/* 1, 0 at the end, -1 when memory runs out. *number: lines so far, 0 at first. */
int req_next(struct cur *c, size_t *number, struct arena *a, struct req_line *out);

#endif
