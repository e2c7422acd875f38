#include "source/http.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/auto.h"
#include "base/limits.h"
#include "base/str.h"
#include "source/http_curl.h"
#include "source/http_parts.h"

enum {
	BUFFER = 256 * 1024,       /* bytes that wait for the reader; then the server is held up */
	HEADERS_MAX = 64 * 1024,   /* bytes of all headers of one answer */
	REDIRECTS_MAX = 10,
	REFUSALS_MAX = 2,          /* a token that ran out, then the new one */
	LEFT_MAX = 64 * 1024,      /* bytes of an unread body that are read so that the connection can be kept */
	TIMEOUT = 30,              /* seconds */
	SLOW_BYTES = 1000,         /* fewer bytes a second than this over the whole time limit is as good as none */
	RETRY_AFTER_MAX = 120,     /* seconds that a server may make us wait */
};

/* A connection of its own (curl keeps it in the multi handle), idle or in use by one exchange. */
struct link {
	struct link *next;
	CURL *easy;
	CURLM *multi;
	struct curl_slist *headers;
	bool added, headed, done, paused, overflow;
	CURLcode result;
	size_t header_bytes;
	unsigned char *buf;
	size_t at, n; /* of buf */
	struct http_reply *reply; /* while headers come */
	const struct curl_calls *curl;
	char why[CURL_ERROR_SIZE];
	uint64_t waited_ms, waited_bytes;
};

struct http {
	struct http_options options;
	const struct curl_calls *curl;
	pthread_mutex_t lock;
	struct link *idle;
	struct http_traffic traffic;
};

struct http *http_open(const struct http_options *o, struct err *err)
{
	struct http *h = mem_alloc(sizeof(*h));
	if (!h) {
		err_nomem(err);
		return NULL;
	}
	*h = (struct http){ .options = *o };
	if (!h->options.timeout)
		h->options.timeout = TIMEOUT;
	pthread_mutex_init(&h->lock, NULL);
	return h;
}

const struct http_options *http_options_of(const struct http *h) { return &h->options; }

const struct curl_calls *http_calls(struct http *h, struct err *err)
{
	pthread_mutex_lock(&h->lock);
	if (!h->curl)
		h->curl = http_curl(err);
	pthread_mutex_unlock(&h->lock);
	return h->curl;
}

static void link_free(struct link *l)
{
	if (l->easy && l->added)
		l->curl->multi_remove_handle(l->multi, l->easy);
	if (l->easy)
		l->curl->easy_cleanup(l->easy);
	if (l->multi)
		l->curl->multi_cleanup(l->multi);
	l->curl->slist_free_all(l->headers);
	mem_free(l->buf);
	mem_free(l);
}

void http_close(struct http *h)
{
	if (!h)
		return;
	while (h->idle) {
		struct link *l = h->idle;
		h->idle = l->next;
		link_free(l);
	}
	pthread_mutex_destroy(&h->lock);
	mem_free(h);
}

struct http_traffic http_traffic(struct http *h)
{
	pthread_mutex_lock(&h->lock);
	struct http_traffic t = h->traffic;
	pthread_mutex_unlock(&h->lock);
	return t;
}

/* ---- what curl calls ---- */

static size_t on_body(char *p, size_t each, size_t count, void *self)
{
	struct link *l = self;
	size_t n = each * count;
	if (n > BUFFER)
		return 0;
	if (n > BUFFER - l->n) {
		if (n > BUFFER - (l->n - l->at)) {
			l->paused = true;
			return CURL_WRITEFUNC_PAUSE;
		}
		memmove(l->buf, l->buf + l->at, l->n - l->at);
		l->n -= l->at;
		l->at = 0;
	}
	memcpy(l->buf + l->n, p, n);
	l->n += n;
	return n;
}

static void copy_text(char *to, size_t cap, struct span s)
{
	s = span_sub(s, 0, cap - 1);
	if (s.n)
		memcpy(to, s.p, s.n);
	to[s.n] = '\0';
}

/* RFC 9110 14.4: "bytes 0-99/1234"; a total that is not known is '*'. */
static void read_content_range(struct http_reply *r, struct span s)
{
	uint64_t total;
	if (!span_starts(s, "bytes "))
		return;
	s = span_trim(span_from(s, 6));
	struct span range = span_cut(&s, '/'), first = span_cut(&range, '-');
	if (span_number(span_trim(s), &total))
		r->total = total;
	r->has_range = span_number(span_trim(first), &r->first) && span_number(span_trim(range), &r->last) && r->first <= r->last;
}

static void read_header(struct link *l, struct span line)
{
	struct http_reply *r = l->reply;
	struct span name = span_cut(&line, ':'), value = span_trim(line);
	char key[32];
	uint64_t v;
	if (name.n >= sizeof(key))
		return;
	copy_text(key, sizeof(key), name);
	if (str_ieq(key, "content-length") && span_number(value, &v)) {
		r->length = v;
	} else if (str_ieq(key, "content-range")) {
		read_content_range(r, value);
	} else if (str_ieq(key, "content-type")) {
		copy_text(r->type, sizeof(r->type), value);
	} else if (str_ieq(key, "etag")) {
		copy_text(r->etag, sizeof(r->etag), value.n < sizeof(r->etag) ? value : (struct span){ 0 });
	} else if (str_ieq(key, "docker-content-digest")) {
		copy_text(r->digest, sizeof(r->digest), value);
	} else if (str_ieq(key, "location")) {
		copy_text(r->location, sizeof(r->location), value.n < sizeof(r->location) ? value : (struct span){ 0 });
	} else if (str_ieq(key, "www-authenticate")) {
		size_t n = strlen(r->challenge);
		if (n && n + 2 < sizeof(r->challenge))
			strcpy(r->challenge + n, ", "), n += 2;
		copy_text(r->challenge + n, sizeof(r->challenge) - n, value);
	} else if (str_ieq(key, "retry-after")) {
		char text[64];
		copy_text(text, sizeof(text), value);
		time_t date = span_number(value, &v) ? time(NULL) + (time_t)(v < 1u << 30 ? v : 1u << 30) : l->curl->getdate(text, NULL);
		time_t now = time(NULL);
		r->retry_after = date > now ? (unsigned)(date - now) : 0;
	}
}

static void reply_reset(struct http_reply *r)
{
	*r = (struct http_reply){ .length = BLOB_UNKNOWN, .total = BLOB_UNKNOWN };
}

static size_t on_header(char *p, size_t each, size_t count, void *self)
{
	struct link *l = self;
	size_t n = each * count;
	struct span line = { (const unsigned char *)p, n };
	l->header_bytes += n;
	if (l->header_bytes > HEADERS_MAX) {
		l->overflow = true;
		return 0;
	}
	while (line.n && (line.p[line.n - 1] == '\n' || line.p[line.n - 1] == '\r'))
		line.n--;
	if (l->headed) /* trailers */
		return n;
	if (span_starts(line, "HTTP/")) {
		struct span rest = line;
		uint64_t status = 0;
		reply_reset(l->reply);
		span_cut(&rest, ' ');
		rest = span_trim(rest);
		span_number(span_cut(&rest, ' '), &status);
		l->reply->status = (int)status;
	} else if (!line.n) {
		l->headed = l->reply->status >= 200; /* 1xx go before the answer */
	} else {
		read_header(l, line);
	}
	return n;
}

/* ---- links ---- */

static struct link *link_take(struct http *h)
{
	pthread_mutex_lock(&h->lock);
	struct link *l = h->idle;
	if (l)
		h->idle = l->next;
	pthread_mutex_unlock(&h->lock);
	if (l)
		return l;
	if (!(l = mem_alloc(sizeof(*l))))
		return NULL;
	*l = (struct link){ .curl = h->curl };
	l->easy = h->curl->easy_init();
	l->multi = h->curl->multi_init();
	l->buf = mem_alloc(BUFFER);
	if (l->easy && l->multi && l->buf)
		return l;
	link_free(l);
	return NULL;
}

static uint64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Lets curl work until bytes, headers or the end are there. What ended it is in l->result. */
static void pump(const struct http *h, struct link *l, bool for_headers)
{
	uint64_t limit = (uint64_t)h->options.timeout * 1000;
	while (!l->done && !(for_headers ? l->headed : l->at < l->n)) {
		int running, left;
		size_t before = l->n - l->at;
		uint64_t start = now_ms();
		if (l->paused && l->at == l->n) {
			l->paused = false;
			l->at = l->n = 0;
			l->curl->easy_pause(l->easy, CURLPAUSE_CONT);
		}
		CURLMcode rc = l->curl->multi_perform(l->multi, &running);
		for (const CURLMsg *m; (m = l->curl->multi_info_read(l->multi, &left));)
			if (m->msg == CURLMSG_DONE) {
				l->done = true;
				l->result = m->data.result;
			}
		if (rc != CURLM_OK && !l->done) {
			l->done = true;
			l->result = CURLE_RECV_ERROR;
		}
		if (l->done || (for_headers ? l->headed : l->at < l->n)) {
			l->waited_bytes += l->n - l->at - before;
			break;
		}
		l->curl->multi_poll(l->multi, NULL, 0, limit < 500 ? (int)limit : 500, NULL);
		/* time counts while we wait, so a slow reader is no slow server */
		l->waited_ms += now_ms() - start;
		l->waited_bytes += l->n - l->at - before;
		if (l->waited_ms < limit)
			continue;
		if (l->waited_bytes < SLOW_BYTES * (limit / 1000)) {
			l->done = true;
			l->result = CURLE_OPERATION_TIMEDOUT;
			snprintf(l->why, sizeof(l->why), "%s for %u seconds", l->waited_bytes ? "hardly a byte" : "no byte", h->options.timeout);
		}
		l->waited_ms = l->waited_bytes = 0;
	}
}

static bool may_pass(CURLcode c, bool resumed)
{
	switch (c) {
	case CURLE_COULDNT_CONNECT:
	case CURLE_COULDNT_RESOLVE_HOST:
		return resumed;
	case CURLE_PARTIAL_FILE: case CURLE_OPERATION_TIMEDOUT: case CURLE_GOT_NOTHING: case CURLE_SEND_ERROR: case CURLE_RECV_ERROR:
	case CURLE_HTTP2: case CURLE_HTTP2_STREAM: case CURLE_SSL_CONNECT_ERROR:
		return true;
	default:
		return false;
	}
}

static int transport_error(const struct exchange *x, struct err *err)
{
	const struct link *l = x->link;
	if (l->result == CURLE_OUT_OF_MEMORY)
		return err_nomem(err);
	if (l->overflow)
		return err_set(err, ERR_LIMIT, "over %d bytes of headers", HEADERS_MAX);
	bool untrusted = l->result == CURLE_PEER_FAILED_VERIFICATION;
	return err_set(err, ERR_IO, "%s%s", l->why[0] ? l->why : l->curl->easy_strerror(l->result),
		       untrusted ? " (--cacert FILE names certificates to trust)" : "");
}

/* ---- one hop ---- */

static bool add_header(struct link *l, struct arena *a, const char *name, const char *value)
{
	char *line = arena_printf(a, "%s: %s", name, value);
	struct curl_slist *more = line ? l->curl->slist_append(l->headers, line) : NULL;
	if (more)
		l->headers = more;
	return more != NULL;
}

static bool add_range(struct link *l, struct arena *a, const struct http_request *q)
{
	char range[64];
	if (q->suffix)
		snprintf(range, sizeof(range), "bytes=-%" PRIu64, q->n);
	else if (q->n == HTTP_ALL)
		snprintf(range, sizeof(range), "bytes=%" PRIu64 "-", q->at);
	else
		snprintf(range, sizeof(range), "bytes=%" PRIu64 "-%" PRIu64, q->at, q->at + q->n - 1);
	return add_header(l, a, "Range", range) && (!q->if_range || add_header(l, a, "If-Range", q->if_range));
}

static int prepare(struct exchange *x, const struct http_request *q, const char *url, const char *authorization, struct arena *a, struct err *err)
{
	struct link *l = x->link;
	const struct curl_calls *c = l->curl;
	const struct http_options *o = &x->h->options;
	CURL *e = l->easy;
	c->easy_reset(e);
	c->slist_free_all(l->headers);
	l->headers = NULL;
	bool ok = (!q->accept || add_header(l, a, "Accept", q->accept)) && (!authorization || add_header(l, a, "Authorization", authorization)) &&
		  ((!q->ranged && !q->suffix) || add_range(l, a, q));
	if (!ok)
		return err_nomem(err);
	l->headed = l->done = l->paused = l->overflow = false;
	l->result = CURLE_OK;
	l->header_bytes = l->at = l->n = 0;
	l->waited_ms = l->waited_bytes = 0;
	l->why[0] = '\0';
	l->reply = &x->reply;
	reply_reset(&x->reply);
	c->easy_setopt(e, CURLOPT_URL, url);
	c->easy_setopt(e, CURLOPT_HTTPHEADER, l->headers);
	c->easy_setopt(e, CURLOPT_USERAGENT, "envcheck");
	c->easy_setopt(e, CURLOPT_PROTOCOLS_STR, "https,http");
	c->easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	c->easy_setopt(e, CURLOPT_CONNECTTIMEOUT, (long)o->timeout);
	c->easy_setopt(e, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	c->easy_setopt(e, CURLOPT_ERRORBUFFER, l->why);
	c->easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
	c->easy_setopt(e, CURLOPT_WRITEDATA, l);
	c->easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
	c->easy_setopt(e, CURLOPT_HEADERDATA, l);
	if (o->cacert)
		c->easy_setopt(e, CURLOPT_CAINFO, o->cacert);
	if (q->form)
		c->easy_setopt(e, CURLOPT_POSTFIELDS, q->form);
	if (q->packed)
		c->easy_setopt(e, CURLOPT_ACCEPT_ENCODING, "gzip");
	const char *host = http_name(x->h, url, a);
	if (host && http_is_loopback(host)) /* a proxy is for what is elsewhere */
		c->easy_setopt(e, CURLOPT_NOPROXY, "*");
	return 0;
}

static void link_rest(struct link *l)
{
	if (l->added)
		l->curl->multi_remove_handle(l->multi, l->easy);
	l->added = false;
}

/* Sends one request and waits for its headers. */
static int hop(struct exchange *x, const struct http_request *q, const char *url, const char *authorization, struct arena *a, struct err *err)
{
	struct link *l = x->link;
	link_rest(l);
	if (prepare(x, q, url, authorization, a, err) < 0)
		return -1;
	if (l->curl->multi_add_handle(l->multi, l->easy) != CURLM_OK)
		return err_nomem(err);
	l->added = true;
	pthread_mutex_lock(&x->h->lock);
	x->h->traffic.requests++;
	pthread_mutex_unlock(&x->h->lock);
	pump(x->h, l, true);
	if (l->headed)
		return 0;
	if (l->result == CURLE_OK)
		l->result = CURLE_GOT_NOTHING;
	x->transient = may_pass(l->result, q->resumed);
	x->reply.not_tls = l->result == CURLE_SSL_CONNECT_ERROR || l->result == CURLE_COULDNT_CONNECT;
	return transport_error(x, err);
}

/* ---- the whole way to an answer ---- */

static bool is_redirect(int status) { return status == 301 || status == 302 || status == 303 || status == 307 || status == 308; }

/* Reads what is left of a small body, so that the connection can serve again. */
static void skip_body(struct exchange *x)
{
	char piece[4096];
	struct err none = ERR_INIT;
	ssize_t got = 1;
	for (size_t left = LEFT_MAX; left && got > 0; left -= (size_t)got)
		got = exchange_read(x, piece, left < sizeof(piece) ? left : sizeof(piece), &none);
}

/* From hop to hop. `authorization` stays with the first origin, and is gone for good once that was left. */
static int follow(struct exchange *x, const struct http_request *q, const char *authorization, struct err *err)
{
	auto_arena struct arena a = ARENA_INIT;
	const char *url = q->url, *home = http_origin(x->h, url, &a);
	bool tls = false;
	x->away = false;
	for (unsigned hops = 0;; hops++) {
		if (http_allowed(x->h, url, tls, &a, err) < 0 || hop(x, q, url, authorization, &a, err) < 0)
			break;
		tls = str_starts(url, "https:");
		if (!is_redirect(x->reply.status)) {
			copy_text(x->reply.from, sizeof(x->reply.from), SPAN_STR(strlen(url) < sizeof(x->reply.from) ? url : ""));
			return 0;
		}
		if (q->form)
			return err_set(err, ERR_FORMAT, "a redirect of what carries credentials is not followed");
		if (hops == REDIRECTS_MAX)
			return err_set(err, ERR_LIMIT, "redirected more than %d times", REDIRECTS_MAX);
		if (!x->reply.location[0])
			return err_set(err, ERR_FORMAT, "a redirect to nowhere, or to a URL over %zu bytes", sizeof(x->reply.location) - 1);
		char to[sizeof(x->reply.location)];
		strcpy(to, x->reply.location);
		skip_body(x);
		char *basic, *next = http_resolve(x->h, &a, url, to, err);
		url = next ? http_split_user(x->h, &a, next, &basic, err) : NULL;
		if (!url)
			break;
		x->away = !home || !str_eq(http_origin(x->h, url, &a), home);
		if (x->away)
			authorization = NULL;
	}
	if (url && !str_eq(url, q->url))
		err_in(err, "redirected to %.200s", http_shown(&a, url));
	return -1;
}

/* One try, with credentials; a refusal may bring new ones. */
static int try_once(struct exchange *x, const struct http_request *q, struct err *err)
{
	for (unsigned refusals = 0;; refusals++) {
		char *sent = q->auth ? q->auth->header(q->auth->self) : NULL;
		int rc = follow(x, q, sent, err);
		int again = 0;
		/* who is not asked for credentials cannot say where to take them */
		if (rc == 0 && x->reply.status == 401 && q->auth && !x->away && refusals < REFUSALS_MAX) {
			char challenge[sizeof(x->reply.challenge)];
			strcpy(challenge, x->reply.challenge);
			skip_body(x);
			again = q->auth->refused(q->auth->self, challenge, sent, err);
		}
		if (sent)
			explicit_bzero(sent, strlen(sent));
		mem_free(sent);
		if (rc < 0 || again < 0)
			return -1;
		if (!again)
			return 0;
	}
}

static bool passes(int status)
{
	return status == 408 || status == 429 || status == 500 || status == 502 || status == 503 || status == 504;
}

bool http_wait(const struct http *h, unsigned tried, unsigned asked)
{
	if (tried >= h->options.retries || asked > RETRY_AFTER_MAX)
		return false;
	unsigned ms = asked ? asked * 1000 : 250u << (tried < 6 ? tried : 6);
	struct timespec t = { (time_t)(ms / 1000), (long)(ms % 1000) * 1000000 };
	nanosleep(&t, NULL);
	return true;
}

int exchange_begin(struct exchange *x, struct http *h, const struct http_request *q, struct err *err)
{
	*x = (struct exchange){ .h = h };
	reply_reset(&x->reply);
	if (h->options.offline)
		return err_set(err, ERR_UNSUPPORTED, "--offline forbids the network");
	if (!http_calls(h, err))
		return -1;
	if (!(x->link = link_take(h)))
		return err_nomem(err);
	for (unsigned tried = 0;; tried++) {
		struct err why = ERR_INIT;
		x->transient = false;
		int rc = try_once(x, q, &why);
		bool again = !q->once && (rc < 0 ? x->transient : passes(x->reply.status));
		if (again && http_wait(h, tried, rc < 0 ? 0 : x->reply.retry_after))
			continue;
		if (rc == 0)
			return 0;
		exchange_end(x);
		return err_set(err, why.kind, tried ? "%s (tried %u times)" : "%s", why.text, tried + 1);
	}
}

ssize_t exchange_read(struct exchange *x, void *p, size_t n, struct err *err)
{
	struct link *l = x->link;
	pump(x->h, l, false);
	size_t have = l->n - l->at;
	if (have) {
		if (have > n)
			have = n;
		memcpy(p, l->buf + l->at, have);
		l->at += have;
		pthread_mutex_lock(&x->h->lock);
		x->h->traffic.bytes += have;
		pthread_mutex_unlock(&x->h->lock);
		return (ssize_t)have;
	}
	if (l->result == CURLE_OK)
		return 0;
	x->transient = may_pass(l->result, true);
	return transport_error(x, err);
}

void exchange_end(struct exchange *x)
{
	struct link *l = x->link;
	if (!l)
		return;
	link_rest(l);
	x->link = NULL;
	pthread_mutex_lock(&x->h->lock);
	l->next = x->h->idle;
	x->h->idle = l;
	pthread_mutex_unlock(&x->h->lock);
}
