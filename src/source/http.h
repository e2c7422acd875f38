/*
 * source/http.h: bytes over HTTP: the only network code, over libcurl. source, scan, cmd and tests may include it.
 *
 * One session serves a run; it may be used by several threads, each blob of it
 * by one. Nothing is sent before the first request. TLS is verified; plain HTTP
 * goes to this machine, or to others where asked for. Redirects are followed
 * by us: never from https to http, and credentials stay with the origin that
 * they are for. What fails for the moment is tried again, with back-off;
 * what breaks off goes on by range.
 */
#ifndef SOURCE_HTTP_H
#define SOURCE_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "source/blob.h"

struct http_options {
	const char *cacert; /* file of certificates to trust; NULL: the system's */
	bool plain_http;    /* http:// to any host, not to this machine alone */
	bool offline;       /* no request at all */
	unsigned timeout;   /* seconds to connect, and without progress; 0: 30 */
	unsigned retries;   /* of what fails for the moment */
};

struct http;

/* Texts are borrowed. NULL only when memory runs out. */
struct http *http_open(const struct http_options *o, struct err *err);
void http_close(struct http *h); /* NULL is fine */
const struct http_options *http_options_of(const struct http *h);

struct http_traffic { uint64_t requests, bytes; }; /* bytes of bodies that arrived */
struct http_traffic http_traffic(struct http *h);

/*
 * Who brings credentials. Calls come from any thread. `header` is the value of
 * Authorization for the URL's own origin, the caller's (mem_free); NULL: none.
 * `refused` is told of a 401 and what was sent then: 1 where asking again is
 * worth it, 0 where not, -1 with err.
 */
struct http_auth {
	void *self;
	char *(*header)(void *self);
	int (*refused)(void *self, const char *challenge, const char *sent, struct err *err);
};

#define HTTP_ALL UINT64_MAX

struct http_request {
	const char *url;
	const char *accept;
	const char *form;             /* POST of this form; NULL: GET */
	const struct http_auth *auth; /* NULL: none */
	bool once;                    /* no second try */
	bool packed;                  /* http_text: gzip on the way will do */
	bool ranged;                  /* bytes from `at`, `n` of them or HTTP_ALL */
	bool suffix;                  /* the last `n` bytes */
	uint64_t at, n;
	const char *if_range;         /* ETag; NULL */
	bool resumed;                 /* a server that was there: not being reached may pass */
};

struct http_reply {
	int status;
	uint64_t length;             /* Content-Length; BLOB_UNKNOWN */
	uint64_t first, last, total; /* Content-Range; total BLOB_UNKNOWN */
	bool has_range;
	bool not_tls;                /* failed: the other side speaks no TLS, or is not there */
	unsigned retry_after;        /* seconds; 0: not said */
	char type[128], etag[256], digest[160];
	char challenge[2048];        /* all WWW-Authenticate, joined by ", " */
	char location[4096];
	char from[4096];             /* http_text: the URL that answered, after redirects; "" where it is longer */
};

/* A whole small body, at most `limit` bytes, NUL after it (mem_free). Any status but 200 is an error, told by reply->status. */
char *http_text(struct http *h, const struct http_request *q, size_t limit, size_t *n, struct http_reply *reply, struct err *err);

/* A stream of `size` bytes (BLOB_UNKNOWN: as many as come), begun now. Texts of q are copied, auth is borrowed. */
struct blob *http_stream(struct http *h, const struct http_request *q, uint64_t size, struct err *err);

/*
 * Bytes at any place, by ranges: neighbouring reads share a request. Where the
 * server serves none, *whole is the blob as a stream instead and NULL comes
 * back without an error. The end of the file is fetched at once.
 */
struct blob *http_ranged(struct http *h, const struct http_request *q, struct blob **whole, struct err *err);

/* Keeps all from `at` to the end in memory, so that reads there cost nothing. */
int http_ranged_keep(struct blob *b, uint64_t at, struct err *err);

/* The URL without user, password, query and fragment, for messages and names. In the arena. */
char *http_shown(struct arena *a, const char *url);

/* Takes user and password out of a URL; *basic is "user:password" or NULL. In the arena; NULL where it is no http(s) URL. */
char *http_split_user(struct http *h, struct arena *a, const char *url, char **basic, struct err *err);

/* `to` as seen from the page at `base`. In the arena; NULL where that is no http(s) URL. */
char *http_resolve(struct http *h, struct arena *a, const char *base, const char *to, struct err *err);

/* "host" or "host:port" of a URL, lower case. In the arena. */
char *http_host(struct http *h, struct arena *a, const char *url, struct err *err);

/* Is the host (without port) this machine: localhost, 127.0.0.0/8, ::1? */
bool http_is_loopback(const char *host);

#endif
