/*
 * parse/imageref.h: names of images in registries, completed as docker does. source, scan and tests include it.
 * github.com/distribution/reference: reference.go (grammar), normalize.go (docker.io, library/).
 */
#ifndef PARSE_IMAGEREF_H
#define PARSE_IMAGEREF_H

#include <stdbool.h>

#include "base/cur.h"
#include "base/mem.h"

struct imageref {
	const char *host;   /* "docker.io", "localhost:5000" */
	const char *repo;   /* "library/ubuntu" */
	const char *tag;    /* "latest" where neither tag nor digest was given; NULL beside a digest alone */
	const char *digest; /* "sha256:HEX"; NULL */
	bool stated;        /* a tag or digest was written */
};

/* Texts are in the arena. 1; 0 if it is no such name; -1 when memory runs out. */
int imageref_parse(struct span text, struct arena *a, struct imageref *out);

/* The whole name: "docker.io/library/ubuntu:22.04". In the arena. */
char *imageref_name(const struct imageref *r, struct arena *a);

#endif
