#include "source/webindex.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/auto.h"
#include "base/limits.h"
#include "base/str.h"
#include "source/blob.h"
#include "source/digest.h"
#include "source/weblogin.h"

static const char page_types[] = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1";

struct webindex {
	struct http *http;
	struct arena arena;
	struct weblogin *login;
	const char *url;    /* without user, without '/' at its end */
	const char *origin; /* "https://host:port" */
	struct span user;   /* "user:password" as written in the URL; empty */
};

static const char *origin_of(struct http *http, struct arena *a, const char *url, struct err *err)
{
	const char *host = http_host(http, a, url, err);
	return host ? arena_printf(a, "%s://%s", str_starts(url, "https:") ? "https" : "http", host) : NULL;
}

/* What stands before the '@' of a URL. */
static struct span user_of(const char *url)
{
	struct span rest = SPAN_STR(url);
	size_t at = span_find(rest, "://");
	rest = span_from(rest, at < rest.n ? at + 3 : rest.n);
	rest = span_sub(rest, 0, strcspn((const char *)rest.p, "/?#"));
	const unsigned char *mark = rest.n ? memrchr(rest.p, '@', rest.n) : NULL;
	return mark ? span_sub(rest, 0, (size_t)(mark - rest.p)) : (struct span){ 0 };
}

struct webindex *webindex_new(struct http *http, const char *url, struct err *err)
{
	struct webindex *x = mem_alloc(sizeof(*x));
	if (!x) {
		err_nomem(err);
		return NULL;
	}
	*x = (struct webindex){ .http = http };
	const char *copy = arena_str(&x->arena, url);
	if (copy && (x->login = weblogin_new(http, copy, err))) {
		struct span bare = SPAN_STR(weblogin_url(x->login));
		while (bare.n && bare.p[bare.n - 1] == '/')
			bare.n--;
		x->url = arena_strn(&x->arena, bare.p, bare.n);
		x->origin = x->url ? origin_of(http, &x->arena, x->url, err) : NULL;
		x->user = user_of(copy);
	}
	if (x->origin)
		return x;
	if (!err || err->kind == ERR_NONE)
		err_nomem(err);
	webindex_free(x);
	return NULL;
}

void webindex_free(struct webindex *x)
{
	if (!x)
		return;
	weblogin_free(x->login);
	arena_clear(&x->arena);
	mem_free(x);
}

/* Absolute, and with the index's own user where it is the index's own host. */
static int settle_url(struct webindex *x, const char *base, struct arena *a, struct index_file *f, struct err *err)
{
	char *url = http_resolve(x->http, a, base, f->url, err);
	const char *origin = url ? origin_of(x->http, a, url, err) : NULL;
	if (!origin)
		return -1;
	f->url = url;
	if (!x->user.n || !str_eq(origin, x->origin) || user_of(url).n)
		return 0;
	const char *host = strstr(url, "://") + 3;
	f->url = arena_printf(a, "%.*s%.*s@%s", (int)(host - url), url, (int)x->user.n, (const char *)x->user.p, host);
	return f->url ? 0 : err_nomem(err);
}

static int read_page(struct webindex *x, struct span text, const struct http_reply *r, const char *asked, struct arena *a, struct index_page *out,
		     struct err *err)
{
	struct index_page page = { 0 };
	struct span rest = SPAN_STR(r->type), type = span_trim(span_cut(&rest, ';'));
	bool json = span_ends(type, "json");
	if ((json ? index_json_parse(text, a, &page, err) : index_html_parse(text, a, &page, err)) < 0)
		return -1;
	const char *base = r->from[0] ? r->from : asked;
	if (page.base && !(base = http_resolve(x->http, a, base, page.base, err)))
		return -1;
	for (size_t i = 0; i < page.files.n; i++) {
		struct err none = ERR_INIT;
		struct index_file *f = &page.files.v[i];
		if (settle_url(x, base, a, f, &none) < 0) {
			if (none.kind == ERR_NOMEM)
				return err_nomem(err);
			continue; /* file:, data: and what is no URL */
		}
		if (!list_add(a, &out->files, *f))
			return err_nomem(err);
	}
	return 1;
}

int webindex_page(struct webindex *x, const char *project, struct arena *a, struct index_page *out, struct err *err)
{
	char *url = arena_printf(a, "%s/%s/", x->url, project);
	if (!url)
		return err_nomem(err);
	const struct http_request q = { .url = url, .accept = page_types, .auth = weblogin_auth(x->login), .packed = true };
	struct http_reply reply;
	struct err why = ERR_INIT;
	size_t n = 0;
	char *text = http_text(x->http, &q, LIMIT_INDEX, &n, &reply, &why);
	if (!text && reply.status == 404)
		return 0;
	if (!text)
		return err_set(err, why.kind, "%s", why.text);
	int rc = read_page(x, (struct span){ (unsigned char *)text, n }, &reply, url, a, out, err);
	mem_free(text);
	return rc < 0 ? err_in(err, "%.200s", http_shown(a, url)) : rc;
}

/* Is that what the index says it is? */
static int check_hash(struct span text, const char *sha256, struct err *err)
{
	char digest[7 + 64 + 1];
	if (!sha256)
		return 0;
	if (digest_of(text, digest, err) < 0)
		return -1;
	return str_eq(digest + 7, sha256) ? 0 : err_set(err, ERR_REFUSED, "the metadata is not what the index says: its sha256 is another");
}

char *webindex_metadata(struct http *http, const struct index_file *f, size_t *n, struct err *err)
{
	auto_arena struct arena a = ARENA_INIT;
	struct weblogin *login = weblogin_new(http, f->url, err);
	const char *bare = login ? weblogin_url(login) : NULL, *query = bare ? strpbrk(bare, "?#") : NULL;
	size_t path = bare ? query ? (size_t)(query - bare) : strlen(bare) : 0;
	char *url = bare ? arena_printf(&a, "%.*s.metadata%s", (int)path, bare, query ? query : "") : NULL, *text = NULL;
	struct http_reply reply;
	if (url) {
		const struct http_request q = { .url = url, .auth = weblogin_auth(login), .packed = true };
		text = http_text(http, &q, LIMIT_TEXT, n, &reply, err);
	}
	if (text && check_hash((struct span){ (unsigned char *)text, *n }, f->metadata_sha256, err) < 0) {
		err_in(err, "%.200s", http_shown(&a, url));
		mem_free(text);
		text = NULL;
	}
	if (!text && login && !url)
		err_nomem(err);
	weblogin_free(login);
	return text;
}
