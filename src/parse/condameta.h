/*
 * parse/condameta.h: one file of conda-meta/: which package of conda brought which files.
 * docs.conda.io, "Conda package metadata" (PrefixRecord). scan and tests include it.
 */
#ifndef PARSE_CONDAMETA_H
#define PARSE_CONDAMETA_H

#include "base/cur.h"
#include "base/err.h"
#include "base/mem.h"

struct conda_meta {
	const char *name, *version, *build; /* each may be NULL */
	LIST(const char *) libraries;       /* of its files those that read as shared objects, relative to the prefix */
};

/* All texts are in the arena. -1: it is no JSON object, or memory ran out. */
int conda_meta_parse(struct span text, struct arena *a, struct conda_meta *out, struct err *err);

/* The folder of an editable install, out of direct_url.json (PEP 610): "/app/src"; NULL if it is none. In the arena. */
const char *editable_folder(struct span text, struct arena *a);

#endif
