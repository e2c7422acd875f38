/*
 * check/loading.h: what the rules on the loader's choices share. Inside check only.
 */
#ifndef CHECK_LOADING_H
#define CHECK_LOADING_H

#include "check/rule.h"

/* The package whose file it is; NULL: nobody's. */
const struct package *owner_of(const struct facts *f, const struct library *l);

/* A module of a package with GPU code that nothing is known of: who uses it fails, others may not. */
bool unknown_module(const struct facts *f, const struct library *l, const struct package *p);

/* Lowers a finding on a library that is no core module's. */
void cap_by_use(const struct facts *f, struct finding *x, const struct library *l);

/* How a message calls a library. */
const char *user_name(const struct library *l);

/* One of several alternatives, and not the one that its package loads: nobody sees what it lacks. */
bool left_out(const struct library *l);

/* Did the search run for this target, so that a file without misses has all that it needs? */
bool searched(const struct facts *f);

/* Does it open that name by itself, beyond what it needs? */
bool opened_by_name(const struct library *l, const char *soname);

/* The folder of a path, in the arena. */
const char *folder_of(struct out *out, const char *path);

#endif
