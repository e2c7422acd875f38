/*
 * source/credentials.h: user and password for a host, from where users keep them. source and tests include it.
 * In this order: ENVCHECK_AUTH, docker's config (credHelpers, credsStore, auths; podman's auth.json has the same form), netrc.
 * Nothing here is ever printed.
 */
#ifndef SOURCE_CREDENTIALS_H
#define SOURCE_CREDENTIALS_H

#include "base/err.h"
#include "base/mem.h"

struct credentials {
	char *basic;    /* "user:password"; or */
	char *identity; /* a refresh token of a registry */
};

/*
 * For "host" or "host:port"; texts in the arena, both NULL where there are
 * none. `repo`, of a registry: docker's config counts too, and its helpers are
 * run; NULL: no registry. -1: a file or helper that is named could not be used
 * (err says which).
 */
int credentials_find(const char *host, const char *repo, struct arena *a, struct credentials *out, struct err *err);

/* "Basic BASE64" (mem_free); NULL when memory runs out. */
char *credentials_header(const char *basic);

#endif
