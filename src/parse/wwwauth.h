/*
 * parse/wwwauth.h: WWW-Authenticate: which credentials a server wants. source and tests include it.
 * RFC 9110 11.6.1 (challenges), RFC 6750 3 and distribution's token specification (Bearer).
 */
#ifndef PARSE_WWWAUTH_H
#define PARSE_WWWAUTH_H

#include "base/cur.h"
#include "base/mem.h"

/* Texts are in the arena; NULL where not stated. */
struct challenge { const char *scheme, *realm, *service, *scope, *error; };
struct challenges { LIST(struct challenge) v; };

/* The value of the header; several headers joined by commas. What cannot be read is left out. -1 only when memory runs out. */
int challenges_parse(struct span value, struct arena *a, struct challenges *out);

#endif
