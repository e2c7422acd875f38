#include "source/registry.h"

#include <ctype.h>
#include <pthread.h>
#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/str.h"
#include "parse/wwwauth.h"
#include "source/credentials.h"
#include "source/digest.h"

/* Without these a registry converts to schema 1, which names no layers' sizes and no config. */
static const char manifest_types[] =
	"application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, "
	"application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json";

struct registry {
	struct arena arena;
	struct http *http;
	struct http_auth auth;
	struct imageref ref;
	const char *api;         /* "https://registry-1.docker.io" */
	bool loopback, settled;  /* settled: an answer came, the scheme is right */
	pthread_mutex_t lock;    /* of what follows */
	char *header;            /* value of Authorization; NULL: none yet */
	struct credentials credentials;
	bool looked;             /* for credentials */
};

/* ---- tokens ---- */

static bool url_text(struct buf *b, const char *s)
{
	for (; *s; s++)
		if (isalnum((unsigned char)*s) || strchr("-._~", *s))
			buf_char(b, *s);
		else
			buf_printf(b, "%%%02X", (unsigned char)*s);
	return !b->bad;
}

static void set_header(struct registry *r, char *header)
{
	if (r->header)
		explicit_bzero(r->header, strlen(r->header));
	mem_free(r->header);
	r->header = header;
}

static char *basic_of(void *self) { return credentials_header(self); }
static int never_again(void *self, const char *challenge, const char *sent, struct err *err)
{
	(void)self, (void)challenge, (void)sent, (void)err;
	return 0;
}

/* The token out of the answer; the words of a parser could quote it, so they are not shown. */
static int take_token(struct registry *r, char *text, size_t n, struct err *err)
{
	json_auto_t *o = json_parse((struct span){ (unsigned char *)text, n }, "token", NULL);
	const char *token = json_get_str(o, "token");
	if (!token)
		token = json_get_str(o, "access_token");
	if (!token || !*token || strpbrk(token, "\r\n"))
		return err_set(err, ERR_FORMAT, "the answer holds no token");
	auto_buf struct buf b = BUF_INIT(LIMIT_TEXT);
	buf_printf(&b, "Bearer %s", token);
	char *header = buf_take(&b, NULL);
	if (!header)
		return err_nomem(err);
	set_header(r, header);
	return 0;
}

/* Asks where the challenge says: by GET with a password or anonymously, by POST with a refresh token. */
static int fetch_token(struct registry *r, const struct challenge *c, struct err *err)
{
	const struct credentials *who = &r->credentials;
	struct http_auth basic = { who->basic, basic_of, never_again };
	auto_buf struct buf query = BUF_INIT(64 * 1024), url = BUF_INIT(64 * 1024);
	struct http_reply reply;
	size_t n;
	if (!c->realm)
		return err_set(err, ERR_FORMAT, "the registry asks for a token and does not say where");
	if (str_starts(r->api, "https:") && !str_starts(c->realm, "https:"))
		return err_set(err, ERR_FORMAT, "the registry asks for a token from a server without TLS");
	buf_str(&query, "scope=repository%3A");
	url_text(&query, r->ref.repo);
	buf_str(&query, "%3Apull");
	if (c->service) {
		buf_str(&query, "&service=");
		url_text(&query, c->service);
	}
	if (who->identity) {
		buf_str(&query, "&grant_type=refresh_token&client_id=envcheck&refresh_token=");
		url_text(&query, who->identity);
	}
	buf_str(&url, c->realm);
	if (!who->identity)
		buf_printf(&url, "%c%s", strchr(c->realm, '?') ? '&' : '?', buf_text(&query));
	if (query.bad || url.bad)
		return err_set(err, ERR_LIMIT, "the registry's challenge is too long");
	struct http_request q = { .url = buf_text(&url), .form = who->identity ? buf_text(&query) : NULL,
				  .auth = who->basic ? &basic : NULL };
	char *text = http_text(r->http, &q, LIMIT_TEXT, &n, &reply, err);
	int rc = text ? take_token(r, text, n, err) : -1;
	if (text)
		explicit_bzero(text, n);
	mem_free(text);
	return rc < 0 ? err_in(err, "token for %.100s", r->ref.host) : 1;
}

/* Under the lock. */
static int answer_challenge(struct registry *r, const char *value, const char *sent, struct err *err)
{
	auto_arena struct arena a = ARENA_INIT;
	struct challenges all;
	const struct challenge *bearer = NULL, *basic = NULL;
	/* somebody else brought a new one meanwhile */
	if (r->header && !str_eq(r->header, sent))
		return 1;
	if (challenges_parse(SPAN_STR(value), &a, &all) < 0)
		return err_nomem(err);
	for (size_t i = 0; i < all.v.n; i++) {
		const char *scheme = all.v.v[i].scheme;
		if (!bearer && str_ieq(scheme, "bearer"))
			bearer = &all.v.v[i];
		if (!basic && str_ieq(scheme, "basic"))
			basic = &all.v.v[i];
	}
	if (!r->looked && credentials_find(r->ref.host, r->ref.repo, &r->arena, &r->credentials, err) < 0)
		return -1;
	r->looked = true;
	if (bearer)
		return fetch_token(r, bearer, err);
	if (!basic || !r->credentials.basic || sent)
		return 0;
	char *header = credentials_header(r->credentials.basic);
	if (!header)
		return err_nomem(err);
	set_header(r, header);
	return 1;
}

static int refused(void *self, const char *challenge, const char *sent, struct err *err)
{
	struct registry *r = self;
	pthread_mutex_lock(&r->lock);
	int rc = answer_challenge(r, challenge, sent, err);
	pthread_mutex_unlock(&r->lock);
	return rc;
}

static char *header_of(void *self)
{
	struct registry *r = self;
	pthread_mutex_lock(&r->lock);
	size_t n = r->header ? strlen(r->header) + 1 : 0;
	char *copy = n ? mem_alloc(n) : NULL;
	if (copy)
		memcpy(copy, r->header, n);
	pthread_mutex_unlock(&r->lock);
	return copy;
}

/* ---- requests ---- */

static const char *api_of(struct registry *r, bool tls)
{
	const char *host = str_eq(r->ref.host, "docker.io") ? "registry-1.docker.io" : r->ref.host;
	return arena_printf(&r->arena, "%s://%s", tls ? "https" : "http", host);
}

struct registry *registry_new(struct http *http, const struct imageref *ref, struct err *err)
{
	struct registry *r = mem_alloc(sizeof(*r));
	if (!r) {
		err_nomem(err);
		return NULL;
	}
	*r = (struct registry){ .http = http };
	pthread_mutex_init(&r->lock, NULL);
	r->auth = (struct http_auth){ r, header_of, refused };
	struct arena *a = &r->arena;
	r->ref = (struct imageref){ arena_str(a, ref->host), arena_str(a, ref->repo), arena_str(a, ref->tag), arena_str(a, ref->digest), ref->stated };
	const char *host = r->ref.host ? arena_strn(a, r->ref.host, *r->ref.host == '[' ? strcspn(r->ref.host, "]") + 1 : strcspn(r->ref.host, ":")) : NULL;
	r->loopback = host && http_is_loopback(host);
	bool plain = http_options_of(http)->plain_http;
	r->settled = plain || !r->loopback;
	r->api = host ? api_of(r, !plain) : NULL;
	if (r->api && r->ref.repo && (r->ref.tag || !ref->tag) && (r->ref.digest || !ref->digest))
		return r;
	registry_free(r);
	err_nomem(err);
	return NULL;
}

void registry_free(struct registry *r)
{
	if (!r)
		return;
	set_header(r, NULL);
	if (r->credentials.basic)
		explicit_bzero(r->credentials.basic, strlen(r->credentials.basic));
	if (r->credentials.identity)
		explicit_bzero(r->credentials.identity, strlen(r->credentials.identity));
	pthread_mutex_destroy(&r->lock);
	arena_clear(&r->arena);
	mem_free(r);
}

static char *fetch_manifest(struct registry *r, struct arena *a, size_t *n, struct http_reply *reply, struct err *err)
{
	const char *which = r->ref.digest ? r->ref.digest : r->ref.tag;
	struct http_request q = { .url = arena_printf(a, "%s/v2/%s/manifests/%s", r->api, r->ref.repo, which), .accept = manifest_types,
				  .auth = &r->auth, .once = !r->settled };
	if (!q.url) {
		err_nomem(err);
		return NULL;
	}
	return http_text(r->http, &q, LIMIT_JSON_SMALL, n, reply, err);
}

char *registry_manifest(struct registry *r, size_t *n, char digest[REGISTRY_DIGEST], struct err *err)
{
	auto_arena struct arena a = ARENA_INIT;
	struct http_reply reply;
	struct err why = ERR_INIT;
	char *text = fetch_manifest(r, &a, n, &reply, &why);
	/* a registry on this machine may be without TLS, as docker allows */
	if (!text && !r->settled && reply.not_tls) {
		r->settled = true;
		r->api = api_of(r, false);
		why = (struct err)ERR_INIT;
		text = r->api ? fetch_manifest(r, &a, n, &reply, &why) : NULL;
	}
	r->settled = true;
	if (!text) {
		err_set(err, why.kind, "%s", why.text);
		return NULL;
	}
	const char *stated = r->ref.digest ? r->ref.digest : str_starts(reply.digest, "sha256:") ? reply.digest : NULL;
	if (digest_of((struct span){ (unsigned char *)text, *n }, digest, err) == 0 && (!stated || str_ieq(stated, digest)))
		return text;
	err_set(err, ERR_REFUSED, "the manifest's digest is %.19s..., stated was %.19s...", digest, stated);
	mem_free(text);
	return NULL;
}

struct blob *registry_ranged(struct registry *r, const char *digest, struct err *err)
{
	auto_arena struct arena a = ARENA_INIT;
	struct http_request q = { .url = arena_printf(&a, "%s/v2/%s/blobs/%s", r->api, r->ref.repo, digest), .auth = &r->auth };
	struct blob *whole = NULL;
	if (!q.url) {
		err_nomem(err);
		return NULL;
	}
	struct blob *b = http_ranged(r->http, &q, &whole, err);
	blob_close(whole);
	return b;
}

struct blob *registry_blob(struct registry *r, const char *digest, bool manifest, uint64_t size, struct err *err)
{
	auto_arena struct arena a = ARENA_INIT;
	struct http_request q = { .url = arena_printf(&a, "%s/v2/%s/%s/%s", r->api, r->ref.repo, manifest ? "manifests" : "blobs", digest),
				  .accept = manifest ? manifest_types : NULL, .auth = &r->auth };
	if (!q.url) {
		err_nomem(err);
		return NULL;
	}
	struct blob *b = http_stream(r->http, &q, size, err);
	return b ? digest_open_take(b, digest, NULL, err) : NULL;
}
