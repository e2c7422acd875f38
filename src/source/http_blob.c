#include <inttypes.h>
#include <string.h>

#include "base/auto.h"
#include "base/limits.h"
#include "base/str.h"
#include "source/http.h"
#include "source/http_parts.h"

enum {
	BREAKS_MAX = 100,       /* times that one stream may go on by range */
	PROGRESS = 32 * 1024,   /* bytes after which a stream that broke has all its tries again */
	TAIL = 48 * 1024,       /* bytes of the end that are fetched first: a zip's end record, and mostly its directory */
	WINDOW_MIN = 16 * 1024, /* bytes of the first request at a new place */
	WINDOW_MAX = 64 << 20,  /* of one request where reading goes on and on */
	SKIP = 128 * 1024,      /* bytes that are sooner read through than asked for around */
};

int http_status_error(const struct http_reply *r, const char *url, struct err *err)
{
	static const struct { int status; const char *words; } known[] = {
		{ 400, "bad request" }, { 401, "credentials are asked for, or were refused" }, { 403, "forbidden" }, { 404, "not found" },
		{ 410, "gone" }, { 416, "a range that it does not have" }, { 429, "too many requests" }, { 500, "internal error" },
		{ 502, "bad gateway" }, { 503, "unavailable" }, { 504, "gateway timeout" },
	};
	auto_arena struct arena a = ARENA_INIT;
	const char *words = NULL, *shown = http_shown(&a, url);
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (known[i].status == r->status)
			words = known[i].words;
	err_set(err, ERR_IO, "HTTP %d%s%s%s", r->status, words ? " (" : "", words ? words : "", words ? ")" : "");
	if (r->retry_after) {
		size_t n = strlen(err->text);
		snprintf(err->text + n, sizeof(err->text) - n, ", try again in %u seconds", r->retry_after);
	}
	return err_in(err, "%.200s", shown ? shown : "");
}

/* ---- a small body, whole ---- */

static int read_text(struct exchange *x, struct buf *b, size_t limit, struct err *err)
{
	char piece[16 * 1024];
	ssize_t got;
	if (x->reply.length != BLOB_UNKNOWN && x->reply.length > limit)
		return err_set(err, ERR_LIMIT, "%" PRIu64 " bytes, the limit is %zu", x->reply.length, limit);
	while ((got = exchange_read(x, piece, sizeof(piece), err)) > 0) {
		if ((size_t)got > limit - b->n)
			return err_set(err, ERR_LIMIT, "over %zu bytes", limit);
		buf_add(b, piece, (size_t)got);
	}
	return (int)got;
}

char *http_text(struct http *h, const struct http_request *q, size_t limit, size_t *n, struct http_reply *reply, struct err *err)
{
	for (unsigned tried = 0;; tried++) {
		auto_buf struct buf b = BUF_INIT(limit + 1);
		struct exchange x;
		struct err why = ERR_INIT;
		auto_arena struct arena a = ARENA_INIT;
		if (exchange_begin(&x, h, q, err) < 0) {
			*reply = x.reply;
			err_in(err, "%.200s", http_shown(&a, q->url));
			return NULL;
		}
		int rc = x.reply.status == 200 ? read_text(&x, &b, limit, &why) : 0;
		*reply = x.reply;
		bool transient = x.transient;
		exchange_end(&x);
		if (reply->status != 200) {
			http_status_error(reply, q->url, err);
			return NULL;
		}
		if (rc < 0 && transient && why.kind == ERR_IO && http_wait(h, tried, 0))
			continue;
		if (rc < 0) {
			err_set(err, why.kind, "%s", why.text);
			err_in(err, "%.200s", http_shown(&a, q->url));
			return NULL;
		}
		char *text = buf_take(&b, n);
		if (!text)
			err_nomem(err);
		return text;
	}
}

/* ---- a stream that goes on where it broke off ---- */

struct pull {
	struct arena arena;
	struct http *h;
	struct http_request q; /* of the whole */
	struct exchange x;
	bool open;
	uint64_t at, size;     /* size BLOB_UNKNOWN until known */
	uint64_t broke_at;
	unsigned tried, breaks;
	char etag[256];
};

/* RFC 9110 13.1.5: If-Range takes strong tags alone. */
static bool is_strong(const char *etag) { return etag[0] == '"'; }

static void pull_close(void *self)
{
	struct pull *p = self;
	if (p->open)
		exchange_end(&p->x);
	arena_clear(&p->arena);
	mem_free(p);
}

/* Is the answer the bytes from p->at on? Reads over what came too early. */
static int accept_answer(struct pull *p, struct err *err)
{
	const struct http_reply *r = &p->x.reply;
	if (r->status == 206 && p->at) {
		if (!r->has_range || r->first != p->at || (r->total != BLOB_UNKNOWN && p->size != BLOB_UNKNOWN && r->total != p->size))
			return err_set(err, ERR_FORMAT, "the server answers with another range than was asked for");
		return 0;
	}
	if (r->status != 200)
		return http_status_error(r, p->q.url, err);
	if (p->size != BLOB_UNKNOWN && r->length != BLOB_UNKNOWN && r->length != p->size)
		return err_set(err, ERR_FORMAT, "the server sends %" PRIu64 " bytes, %" PRIu64 " are stated", r->length, p->size);
	if (p->at && p->etag[0] && r->etag[0] && !str_eq(p->etag, r->etag))
		return err_set(err, ERR_FORMAT, "it changed on the server while it was read");
	/* a server that ignores ranges sends all of it again */
	char piece[16 * 1024];
	for (uint64_t skip = p->at; skip;) {
		ssize_t got = exchange_read(&p->x, piece, skip < sizeof(piece) ? (size_t)skip : sizeof(piece), err);
		if (got <= 0)
			return got < 0 ? -1 : err_set(err, ERR_FORMAT, "it became shorter while it was read");
		skip -= (uint64_t)got;
	}
	return 0;
}

static int pull_open(struct pull *p, struct err *err)
{
	struct http_request q = p->q;
	if (p->at) {
		q.ranged = q.resumed = true;
		q.at = p->at;
		q.n = HTTP_ALL;
		q.if_range = is_strong(p->etag) ? p->etag : NULL;
	}
	if (exchange_begin(&p->x, p->h, &q, err) < 0)
		return -1;
	p->open = true;
	if (accept_answer(p, err) < 0) {
		exchange_end(&p->x);
		p->open = false;
		return -1;
	}
	if (!p->at) {
		strcpy(p->etag, p->x.reply.etag);
		if (p->size == BLOB_UNKNOWN)
			p->size = p->x.reply.length;
	}
	return 0;
}

/* The connection broke: may it be tried again? Waits. */
static bool goes_on(struct pull *p)
{
	exchange_end(&p->x);
	p->open = false;
	if (p->at - p->broke_at >= PROGRESS)
		p->tried = 0;
	p->broke_at = p->at;
	return ++p->breaks < BREAKS_MAX && http_wait(p->h, p->tried++, 0);
}

static ssize_t pull_read(void *self, void *to, size_t n, struct err *err)
{
	struct pull *p = self;
	for (;;) {
		struct err why = ERR_INIT;
		if (!p->open && pull_open(p, err) < 0)
			return err_in(err, "at byte %" PRIu64, p->at);
		ssize_t got = exchange_read(&p->x, to, n, &why);
		if (got > 0) {
			if (p->size != BLOB_UNKNOWN && (uint64_t)got > p->size - p->at)
				return err_set(err, ERR_LIMIT, "more bytes come than the %" PRIu64 " that are stated", p->size);
			p->at += (uint64_t)got;
			return got;
		}
		if (got == 0 && (p->size == BLOB_UNKNOWN || p->at == p->size))
			return 0;
		if (got == 0)
			err_set(&why, ERR_IO, "the server ends after %" PRIu64 " of %" PRIu64 " bytes", p->at, p->size);
		bool transient = got == 0 || p->x.transient;
		if (transient && goes_on(p))
			continue;
		err_set(err, why.kind, "%s", why.text);
		return err_in(err, "at byte %" PRIu64, p->at);
	}
}

static uint64_t pull_raw(const void *self) { return ((const struct pull *)self)->at; }

static const struct blob_ops pull_ops = { .read = pull_read, .raw = pull_raw, .close = pull_close };

static struct pull *pull_new(struct http *h, const struct http_request *q, uint64_t size, struct err *err)
{
	struct pull *p = mem_alloc(sizeof(*p));
	if (!p) {
		err_nomem(err);
		return NULL;
	}
	*p = (struct pull){ .h = h, .q = { .auth = q->auth }, .size = size };
	p->q.url = arena_str(&p->arena, q->url);
	p->q.accept = arena_str(&p->arena, q->accept);
	if (p->q.url && (p->q.accept || !q->accept))
		return p;
	pull_close(p);
	err_nomem(err);
	return NULL;
}

struct blob *http_stream(struct http *h, const struct http_request *q, uint64_t size, struct err *err)
{
	struct pull *p = pull_new(h, q, size, err);
	if (!p)
		return NULL;
	if (pull_open(p, err) == 0)
		return blob_new(&pull_ops, p, p->size, err);
	pull_close(p);
	return NULL;
}

/* ---- bytes at any place ---- */

struct ranged {
	struct arena arena;
	struct http *h;
	struct http_request q;
	const char *direct;  /* where a redirect led; NULL: nowhere */
	struct exchange x;
	bool open;
	uint64_t at, end;    /* of the open request: where it is, where it ends */
	uint64_t window;     /* bytes of the last request */
	uint64_t sure, most; /* as blob_expect was told; 0: nothing */
	uint64_t size, kept_at;
	unsigned char *kept; /* [kept_at, size) */
	char etag[256];
};

static void stop_reading(struct ranged *r)
{
	if (r->open)
		exchange_end(&r->x);
	r->open = false;
}

static void ranged_close(void *self)
{
	struct ranged *r = self;
	stop_reading(r);
	mem_free(r->kept);
	arena_clear(&r->arena);
	mem_free(r);
}

/* Is the open answer the bytes [at, at + n)? */
static int check_range(struct ranged *r, uint64_t at, uint64_t n, struct err *err)
{
	const struct http_reply *p = &r->x.reply;
	if (p->status == 200 || (p->status == 206 && p->total != BLOB_UNKNOWN && p->total != r->size))
		return err_set(err, ERR_FORMAT, "it changed on the server while it was read");
	if (p->status != 206)
		return http_status_error(p, r->q.url, err);
	if (!p->has_range || p->first != at || p->last - p->first + 1 != n)
		return err_set(err, ERR_FORMAT, "the server answers with another range than was asked for");
	return 0;
}

/*
 * Where a redirect to another host led is asked first, without credentials:
 * registries redirect every request to a blob store, whose URLs are good for
 * some minutes. Whatever it says but the range leads back to who redirected.
 */
static bool ask_direct(struct ranged *r, struct http_request q, uint64_t at, uint64_t n)
{
	struct err none = ERR_INIT;
	q.url = r->direct;
	q.auth = NULL;
	q.once = true;
	bool ok = r->direct && exchange_begin(&r->x, r->h, &q, &none) == 0;
	if (ok && check_range(r, at, n, &none) == 0)
		return true;
	if (ok)
		exchange_end(&r->x);
	r->direct = NULL;
	return false;
}

/* For requests after this one. */
static void remember(struct ranged *r)
{
	if (r->x.away && r->x.reply.from[0])
		r->direct = arena_str(&r->arena, r->x.reply.from);
}

/* Asks for [at, at + n). */
static int ask(struct ranged *r, uint64_t at, uint64_t n, bool again, struct err *err)
{
	struct http_request q = r->q;
	stop_reading(r);
	q.ranged = true;
	q.resumed = again;
	q.at = at;
	q.n = n;
	q.if_range = is_strong(r->etag) ? r->etag : NULL;
	if (!ask_direct(r, q, at, n)) {
		if (exchange_begin(&r->x, r->h, &q, err) < 0)
			return -1;
		if (check_range(r, at, n, err) < 0) {
			exchange_end(&r->x);
			return -1;
		}
		remember(r);
	}
	r->open = true;
	r->at = at;
	r->end = at + n;
	return 0;
}

/* Some bytes at r->at, out of the open request; one that breaks off is asked for again. */
static ssize_t read_open(struct ranged *r, void *p, size_t n, struct err *err)
{
	if (n > r->end - r->at)
		n = (size_t)(r->end - r->at);
	for (unsigned tried = 0;; tried++) {
		struct err why = ERR_INIT;
		ssize_t got = exchange_read(&r->x, p, n, &why);
		if (got > 0) {
			r->at += (uint64_t)got;
			return got;
		}
		if (got == 0)
			err_set(&why, ERR_IO, "the server ends a range early");
		if ((got == 0 || r->x.transient) && http_wait(r->h, tried, 0)) {
			if (ask(r, r->at, r->end - r->at, true, err) < 0)
				return -1;
			continue;
		}
		stop_reading(r);
		err_set(err, why.kind, "%s", why.text);
		return err_in(err, "at byte %" PRIu64, r->at);
	}
}

static int skip_to(struct ranged *r, uint64_t at, struct err *err)
{
	char piece[16 * 1024];
	while (r->at < at) {
		ssize_t got = read_open(r, piece, at - r->at < sizeof(piece) ? (size_t)(at - r->at) : sizeof(piece), err);
		if (got < 0)
			return -1;
	}
	return 0;
}

/* Neighbouring reads share a request, which grows as reading goes on. */
static int move_to(struct ranged *r, uint64_t at, size_t n, struct err *err)
{
	if (r->open && at >= r->at && at < r->end && at - r->at <= SKIP)
		return skip_to(r, at, err);
	bool onward = at >= r->end && at - r->end <= SKIP && r->window;
	r->window = onward ? 2 * r->window : WINDOW_MIN;
	uint64_t least = r->sure > at ? r->sure - at : 0, neighbours = onward ? SKIP : WINDOW_MIN;
	if (r->most > at && r->window > r->most - at)
		r->window = r->most - at > neighbours ? r->most - at : neighbours;
	if (r->window < least)
		r->window = least;
	if (r->window < n)
		r->window = n;
	if (r->window > WINDOW_MAX)
		r->window = WINDOW_MAX;
	return ask(r, at, r->window < r->kept_at - at ? r->window : r->kept_at - at, false, err);
}

static ssize_t ranged_read_at(void *self, uint64_t at, void *p, size_t n, struct err *err)
{
	struct ranged *r = self;
	if (at >= r->size || !n)
		return 0;
	if (at >= r->kept_at) {
		if (n > r->size - at)
			n = (size_t)(r->size - at);
		memcpy(p, r->kept + (at - r->kept_at), n);
		return (ssize_t)n;
	}
	if (n > r->kept_at - at)
		n = (size_t)(r->kept_at - at);
	return move_to(r, at, n, err) < 0 ? -1 : read_open(r, p, n, err);
}

static void ranged_expect(void *self, uint64_t sure, uint64_t most)
{
	struct ranged *r = self;
	r->sure = sure;
	r->most = most;
}

static const struct blob_ops ranged_ops = { .read_at = ranged_read_at, .close = ranged_close, .expect = ranged_expect };

int http_ranged_keep(struct blob *b, uint64_t at, struct err *err)
{
	if (b->ops != &ranged_ops)
		return 0;
	struct ranged *r = b->self;
	if (at >= r->kept_at)
		return 0;
	uint64_t more = r->kept_at - at, old = r->size - r->kept_at;
	if (more > LIMIT_REMOTE_KEPT || old > LIMIT_REMOTE_KEPT - more)
		return err_set(err, ERR_LIMIT, "the end of the file that is needed has over %u bytes", LIMIT_REMOTE_KEPT);
	unsigned char *kept = mem_alloc((size_t)(more + old));
	if (!kept)
		return err_nomem(err);
	memcpy(kept + more, r->kept, (size_t)old);
	int rc = ask(r, at, more, false, err);
	for (uint64_t have = 0; rc == 0 && have < more;) {
		ssize_t got = read_open(r, kept + have, (size_t)(more - have), err);
		if (got < 0)
			rc = -1;
		have += got > 0 ? (uint64_t)got : 0;
	}
	r->window = 0;
	if (rc < 0) {
		mem_free(kept);
		return -1;
	}
	mem_free(r->kept);
	r->kept = kept;
	r->kept_at = at;
	return 0;
}

/* The answer to the first request: its bytes are the end of the file. */
static int take_tail(struct ranged *r, struct err *err)
{
	const struct http_reply *p = &r->x.reply;
	uint64_t n = p->last - p->first + 1;
	if (!p->has_range || p->total == BLOB_UNKNOWN || p->last + 1 != p->total || n > TAIL)
		return err_set(err, ERR_FORMAT, "the server answers with another range than was asked for");
	strcpy(r->etag, p->etag);
	remember(r);
	r->size = p->total;
	r->at = r->kept_at = p->first;
	r->end = p->total;
	if (!(r->kept = mem_alloc((size_t)n)))
		return err_nomem(err);
	while (r->at < r->end) {
		ssize_t got = read_open(r, r->kept + (r->at - r->kept_at), (size_t)(r->end - r->at), err);
		if (got < 0)
			return -1;
	}
	stop_reading(r);
	r->end = 0;
	return 0;
}

/* The server gave the whole: the stream of it. */
static struct blob *whole_of(struct ranged *r, struct err *err)
{
	struct pull *p = pull_new(r->h, &r->q, BLOB_UNKNOWN, err);
	if (!p)
		return NULL;
	p->x = r->x;
	r->open = false;
	p->open = true;
	p->size = p->x.reply.length;
	strcpy(p->etag, p->x.reply.etag);
	return blob_new(&pull_ops, p, p->size, err);
}

/* Sends the first request. Servers that know no suffix are asked for the first byte, which tells the size. */
static int first_answer(struct ranged *r, struct err *err)
{
	struct http_request q = r->q;
	q.suffix = true;
	q.n = TAIL;
	if (exchange_begin(&r->x, r->h, &q, err) < 0)
		return -1;
	r->open = true;
	int status = r->x.reply.status;
	if (status == 200 || status == 206)
		return 0;
	if (status != 400 && status != 416 && status != 501)
		return http_status_error(&r->x.reply, q.url, err);
	q.suffix = false;
	q.ranged = true;
	q.n = 1;
	stop_reading(r);
	if (exchange_begin(&r->x, r->h, &q, err) < 0)
		return -1;
	r->open = true;
	if (r->x.reply.status == 200)
		return 0;
	uint64_t total = r->x.reply.total;
	if (r->x.reply.status != 206 || total == BLOB_UNKNOWN || !total)
		return http_status_error(&r->x.reply, q.url, err);
	q.at = total > TAIL ? total - TAIL : 0;
	q.n = total - q.at;
	stop_reading(r);
	if (exchange_begin(&r->x, r->h, &q, err) < 0)
		return -1;
	r->open = true;
	return r->x.reply.status == 206 || r->x.reply.status == 200 ? 0 : http_status_error(&r->x.reply, q.url, err);
}

struct blob *http_ranged(struct http *h, const struct http_request *q, struct blob **whole, struct err *err)
{
	struct ranged *r = mem_alloc(sizeof(*r));
	*whole = NULL;
	if (!r) {
		err_nomem(err);
		return NULL;
	}
	*r = (struct ranged){ .h = h, .q = { .auth = q->auth }, .size = BLOB_UNKNOWN };
	r->q.url = arena_str(&r->arena, q->url);
	int rc = r->q.url ? first_answer(r, err) : err_nomem(err);
	if (rc == 0 && r->x.reply.status == 200)
		*whole = whole_of(r, err);
	else if (rc == 0 && take_tail(r, err) == 0)
		return blob_new(&ranged_ops, r, r->size, err);
	ranged_close(r);
	return NULL;
}
