/*
 * source/webindex.h: package indexes over HTTP. scan, cmd and tests include it.
 * packaging.python.org, "Simple repository API": both forms are asked for, the answer's type decides.
 */
#ifndef SOURCE_WEBINDEX_H
#define SOURCE_WEBINDEX_H

#include <stddef.h>

#include "base/err.h"
#include "base/mem.h"
#include "parse/simpleindex.h"
#include "source/http.h"

struct webindex;

/* An index by its URL ("https://HOST/simple"); may be used by several threads. `http` is borrowed. NULL on error. */
struct webindex *webindex_new(struct http *http, const char *url, struct err *err);
void webindex_free(struct webindex *x); /* NULL is fine */

/*
 * The page of a project (its PEP 503 name), added to *out: 1, 0 where the index
 * has no such project, -1. URLs become absolute; files on the index's own host
 * keep its user and password, so they are for http_shown before anybody sees them.
 */
int webindex_page(struct webindex *x, const char *project, struct arena *a, struct index_page *out, struct err *err);

/* The METADATA that the index has beside a wheel, held to its hash (mem_free). */
char *webindex_metadata(struct http *http, const struct index_file *f, size_t *n, struct err *err);

#endif
