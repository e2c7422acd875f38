/* cmd/caches.h: the user's cache of layers. Only cmd includes it. */
#ifndef CMD_CACHES_H
#define CMD_CACHES_H

#include "base/err.h"
#include "base/mem.h"

struct cache;
struct options;

/*
 * Its folder: $XDG_CACHE_HOME/envcheck, or ~/.cache/envcheck; NULL where there
 * is neither (a relative path is none, as the XDG Base Directory Specification says).
 */
char *cache_path(struct arena *a);

/* Opens it; NULL where it cannot be used, which is said only if XDG_CACHE_HOME was set for it. */
struct cache *cache_of_user(const struct options *o);

#endif
