/* base/str.h: text that is ours: comparing, matching, paths. Everybody may include it. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cur.h"
#include "base/mem.h"

bool str_eq(const char *a, const char *b);       /* NULL equals only NULL */
bool str_ieq(const char *a, const char *b);      /* ASCII case ignored */
bool str_starts(const char *s, const char *head);
bool str_ends(const char *s, const char *tail);
int str_cmp(const char *a, const char *b);       /* as strcmp; NULL sorts first */
int str_ptr_cmp(const void *a, const void *b);   /* str_cmp for qsort over char * */

/* Glob over a path: * and ? stop at '/', ** does not, [..] as in fnmatch. */
bool glob_match(const char *pattern, const char *path);

/* PEP 503: lower case, runs of -_. become one '-'. In the arena; NULL when memory runs out. */
char *pep503_name(struct arena *a, struct span name);

/*
 * Joins and cleans a path by its text alone (no links): "./" and "//" vanish,
 * ".." takes one name away and never leaves the root. The result is relative
 * ("" is the root), in the arena. `dir` may be "" or NULL; a `path` that
 * begins with '/' forgets `dir`.
 */
char *path_join(struct arena *a, const char *dir, struct span path);
const char *path_base(const char *path);         /* what stands after the last '/' */
char *path_dir(struct arena *a, const char *path); /* what stands before it; "" if nothing */

/* How far apart two words are (Levenshtein, case ignored, capped at 99): for "did you mean". */
unsigned str_distance(const char *a, const char *b);

/* Length of the well-formed UTF-8 sequence at the head of s, which is not empty (RFC 3629); 0 if there is none. */
size_t utf8_length(struct span s);

#endif
