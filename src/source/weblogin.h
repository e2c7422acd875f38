/*
 * source/weblogin.h: user and password for one URL: out of the URL itself, sent at once; else, where the server
 * asks, from where users keep them (credentials.h). source and tests include it.
 */
#ifndef SOURCE_WEBLOGIN_H
#define SOURCE_WEBLOGIN_H

#include "base/err.h"
#include "source/http.h"

struct weblogin;

/* `http` is borrowed. NULL where that is no http(s) URL. */
struct weblogin *weblogin_new(struct http *http, const char *url, struct err *err);
void weblogin_free(struct weblogin *w); /* NULL is fine */

/* The URL without user and password; and who answers for them. Both live as long as w. */
const char *weblogin_url(const struct weblogin *w);
const struct http_auth *weblogin_auth(const struct weblogin *w);

#endif
