#include <ctype.h>
#include <string.h>

#include "base/str.h"
#include "source/http_curl.h"
#include "source/http_parts.h"

/* "host:x" where no port can be: perhaps "user:password", with a character in it that should have been escaped. */
static bool is_port_odd(const char *host, size_t n)
{
	const char *colon = memrchr(host, ':', n);
	if (!colon || memchr(colon, ']', n - (size_t)(colon - host)))
		return false;
	size_t digits = strspn(colon + 1, "0123456789");
	return colon + 1 + digits != host + n;
}

char *http_shown(struct arena *a, const char *url)
{
	size_t n = strcspn(url, "?#");
	const char *scheme = strstr(url, "://");
	const char *host = scheme && scheme < url + n ? scheme + 3 : url;
	size_t authority = strcspn(host, "/?#");
	const char *at = memrchr(host, '@', authority);
	if (!at && is_port_odd(host, authority))
		at = strrchr(host, '@');
	if (!at)
		return arena_strn(a, url, n);
	return arena_printf(a, "%.*s%.*s", (int)(host - url), url, (int)strcspn(at + 1, "?#"), at + 1);
}

bool http_is_loopback(const char *host)
{
	if (str_ieq(host, "localhost") || str_eq(host, "::1") || str_eq(host, "[::1]"))
		return true;
	unsigned dots = 0;
	for (const char *s = host; *s; s++) {
		if (!isdigit((unsigned char)*s) && *s != '.')
			return false;
		dots += *s == '.';
	}
	return dots == 3 && str_starts(host, "127.");
}

/* A parsed URL; NULL where it is none. */
static CURLU *url_parse(const struct curl_calls *c, const char *base, const char *url, struct err *err)
{
	CURLU *u = c->url();
	CURLUcode rc = u ? CURLUE_OK : CURLUE_OUT_OF_MEMORY;
	if (!rc && base)
		rc = c->url_set(u, CURLUPART_URL, base, 0);
	if (!rc)
		rc = c->url_set(u, CURLUPART_URL, url, 0);
	if (!rc)
		return u;
	c->url_cleanup(u);
	if (rc == CURLUE_OUT_OF_MEMORY)
		err_nomem(err);
	else
		err_set(err, ERR_FORMAT, "this is no URL");
	return NULL;
}

/* A part of a URL, in the arena; NULL where it has none. */
static char *url_part(const struct curl_calls *c, CURLU *u, CURLUPart what, struct arena *a, unsigned flags)
{
	char *s = NULL;
	char *copy = c->url_get(u, what, &s, flags) == CURLUE_OK ? arena_str(a, s) : NULL;
	c->free(s);
	return copy;
}

char *http_origin(struct http *h, const char *url, struct arena *a)
{
	const struct curl_calls *c = http_calls(h, NULL);
	CURLU *u = c ? url_parse(c, NULL, url, NULL) : NULL;
	if (!u)
		return NULL;
	char *scheme = u ? url_part(c, u, CURLUPART_SCHEME, a, 0) : NULL;
	char *host = u ? url_part(c, u, CURLUPART_HOST, a, 0) : NULL;
	char *port = u ? url_part(c, u, CURLUPART_PORT, a, CURLU_DEFAULT_PORT) : NULL;
	c->url_cleanup(u);
	char *origin = scheme && host && port ? arena_printf(a, "%s://%s:%s", scheme, host, port) : NULL;
	for (char *s = origin; s && *s; s++)
		*s = (char)tolower((unsigned char)*s);
	return origin;
}

static bool is_web(const char *scheme) { return str_eq(scheme, "https") || str_eq(scheme, "http"); }

char *http_resolve(struct http *h, struct arena *a, const char *base, const char *to, struct err *err)
{
	const struct curl_calls *c = http_calls(h, err);
	CURLU *u = c ? url_parse(c, base, to, err) : NULL;
	if (!u)
		return NULL;
	char *scheme = url_part(c, u, CURLUPART_SCHEME, a, 0), *url = NULL;
	if (!is_web(scheme))
		err_set(err, ERR_FORMAT, "'%.100s' is no http(s) URL", http_shown(a, to));
	else if (!(url = url_part(c, u, CURLUPART_URL, a, 0)))
		err_nomem(err);
	c->url_cleanup(u);
	return url;
}

char *http_split_user(struct http *h, struct arena *a, const char *url, char **basic, struct err *err)
{
	const struct curl_calls *c = http_calls(h, err);
	CURLU *u = c ? url_parse(c, NULL, url, err) : NULL;
	if (!u)
		return NULL;
	char *user = url_part(c, u, CURLUPART_USER, a, CURLU_URLDECODE), *password = url_part(c, u, CURLUPART_PASSWORD, a, CURLU_URLDECODE);
	*basic = user ? arena_printf(a, "%s:%s", user, password ? password : "") : NULL;
	c->url_set(u, CURLUPART_USER, NULL, 0);
	c->url_set(u, CURLUPART_PASSWORD, NULL, 0);
	char *bare = url_part(c, u, CURLUPART_URL, a, 0);
	c->url_cleanup(u);
	if (!bare || (user && !*basic))
		err_nomem(err);
	return bare;
}

char *http_host(struct http *h, struct arena *a, const char *url, struct err *err)
{
	const struct curl_calls *c = http_calls(h, err);
	CURLU *u = c ? url_parse(c, NULL, url, err) : NULL;
	char *host = u ? url_part(c, u, CURLUPART_HOST, a, 0) : NULL, *port = u ? url_part(c, u, CURLUPART_PORT, a, 0) : NULL;
	if (u)
		c->url_cleanup(u);
	for (char *s = host; s && *s; s++)
		*s = (char)tolower((unsigned char)*s);
	return host && port ? arena_printf(a, "%s:%s", host, port) : host;
}

char *http_name(struct http *h, const char *url, struct arena *a)
{
	const struct curl_calls *c = http_calls(h, NULL);
	CURLU *u = c ? url_parse(c, NULL, url, NULL) : NULL;
	char *host = u ? url_part(c, u, CURLUPART_HOST, a, 0) : NULL;
	if (u)
		c->url_cleanup(u);
	return host;
}

int http_allowed(struct http *h, const char *url, bool was_tls, struct arena *a, struct err *err)
{
	const struct curl_calls *c = http_calls(h, err);
	CURLU *u = c ? url_parse(c, NULL, url, err) : NULL;
	if (!u)
		return -1;
	char *scheme = url_part(c, u, CURLUPART_SCHEME, a, 0), *host = url_part(c, u, CURLUPART_HOST, a, 0);
	c->url_cleanup(u);
	if (!scheme || !host || !is_web(scheme))
		return err_set(err, ERR_UNSUPPORTED, "only http and https are followed");
	if (str_eq(scheme, "https"))
		return 0;
	if (was_tls)
		return err_set(err, ERR_FORMAT, "redirected from https to http, which is not followed");
	if (http_options_of(h)->plain_http || http_is_loopback(host))
		return 0;
	return err_set(err, ERR_UNSUPPORTED, "plain HTTP to %.200s: not without --plain-http", host);
}
