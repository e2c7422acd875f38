/* source/http_parts.h: URLs, one request and its answer, as http_url.c and http.c give them to http_blob.c. Inside http*.c alone. */
#ifndef SOURCE_HTTP_PARTS_H
#define SOURCE_HTTP_PARTS_H

#include "source/http.h"

struct curl_calls;
struct link;

/* libcurl, loaded by the first who needs it. NULL where there is none. */
const struct curl_calls *http_calls(struct http *h, struct err *err);

/* What decides where credentials go: "https://host:443"; and the host alone. In the arena; NULL where it is no URL. */
char *http_origin(struct http *h, const char *url, struct arena *a);
char *http_name(struct http *h, const char *url, struct arena *a);

/* May a request go there? Plain HTTP only to this machine, or where asked for; never after https. */
int http_allowed(struct http *h, const char *url, bool was_tls, struct arena *a, struct err *err);

/* One request on its way: begun, read, ended. */
struct exchange {
	struct http *h;
	struct link *link;
	struct http_reply reply;
	bool transient; /* what failed may work the next time */
	bool away;      /* the answer is another origin's than was asked */
};

/*
 * Sends a request, follows redirects, asks for credentials where needed and
 * tries again what may pass; until the headers of an answer are there. 0 with
 * any status; exchange_end then. -1: nothing is left open.
 */
int exchange_begin(struct exchange *x, struct http *h, const struct http_request *q, struct err *err);

/* At most n bytes of the body; 0 is its end, -1 an error (x->transient: going on by range may help). */
ssize_t exchange_read(struct exchange *x, void *p, size_t n, struct err *err);

void exchange_end(struct exchange *x);

/* Waits before try number `tried` + 1; false where there are no more. `asked`: the server's Retry-After, seconds. */
bool http_wait(const struct http *h, unsigned tried, unsigned asked);

/* Words for a status that is no success: "HTTP 404 (not found)". */
int http_status_error(const struct http_reply *r, const char *url, struct err *err);

#endif
