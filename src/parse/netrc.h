/* parse/netrc.h: user and password of one machine in a .netrc file (ftp(1), "The .netrc file"). source and tests include it. */
#ifndef PARSE_NETRC_H
#define PARSE_NETRC_H

#include "base/cur.h"
#include "base/mem.h"

/* 1: "user:password" of `host` (its own entry, else `default`) in *basic, in the arena; 0: none; -1: memory ran out. */
int netrc_find(struct span text, const char *host, struct arena *a, char **basic);

#endif
