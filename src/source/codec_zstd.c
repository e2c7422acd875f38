/* zstd streams. The decoder lives in memory of ours, so that its window is known before it is there and a mark is a copy. */
#define ZSTD_STATIC_LINKING_ONLY /* ZSTD_initStaticDStream and ZSTD_getFrameHeader: exported since 1.3 */
#include "source/codec.h"

#include <inttypes.h>
#include <pthread.h>
#include <string.h>
#include <zstd.h>

#include "base/limits.h"
#include "base/mem.h"

/*
 * Windows up to SMALL are what builders of images and levels up to 19 use;
 * larger ones are decoded one at a time in the whole process, and no copies of
 * them, which marks are, are made.
 */
enum { LEAST_WINDOW = 64 << 10, SMALL_WINDOW = 8 << 20 };

static pthread_mutex_t large = PTHREAD_MUTEX_INITIALIZER;
static _Thread_local unsigned large_here; /* decoders of this thread that hold it: they lie over each other */

struct unzstd {
	ZSTD_DStream *ctx; /* in `room`; NULL until the first frame */
	void *room;
	size_t room_n;
	uint64_t window;   /* of the frame that room was made for */
	struct blob *in;
	ZSTD_inBuffer have;
	uint64_t out, taken;
	size_t hint;       /* 0: between frames */
	bool ended, is_large;
	unsigned char buf[BLOB_CHUNK];
};

static uint64_t unzstd_at(const struct unzstd *z)
{
	return z->taken - (z->have.size - z->have.pos);
}

static void large_take(struct unzstd *z)
{
	if (!z->is_large && !large_here++)
		pthread_mutex_lock(&large);
	z->is_large = true;
}

static void large_leave(struct unzstd *z)
{
	if (z->is_large && !--large_here)
		pthread_mutex_unlock(&large);
	z->is_large = false;
}

static void drop_room(struct unzstd *z)
{
	mem_free(z->room);
	z->room = z->ctx = NULL;
	z->room_n = 0;
	z->window = 0;
	large_leave(z);
}

/* Room for the decoder of one frame; what the frame before it had is used again where it suffices. */
static int make_room(struct unzstd *z, uint64_t window, struct err *err)
{
	if (window > 1ull << LIMIT_ZSTD_WINDOW)
		return err_set(err, ERR_LIMIT, "zstd: a window of %" PRIu64 " MB at compressed byte %" PRIu64 ", the limit is %u MB",
			       window >> 20, unzstd_at(z), 1u << (LIMIT_ZSTD_WINDOW - 20));
	if (z->ctx && window <= z->window)
		return 0;
	if (window < LEAST_WINDOW)
		window = LEAST_WINDOW;
	drop_room(z);
	if (window > SMALL_WINDOW)
		large_take(z);
	size_t n = ZSTD_estimateDStreamSize((size_t)window);
	if (ZSTD_isError(n) || !(z->room = mem_alloc(n)) || !(z->ctx = ZSTD_initStaticDStream(z->room, n))) {
		drop_room(z);
		return err_nomem(err);
	}
	z->room_n = n;
	z->window = window;
	size_t rc = ZSTD_DCtx_setParameter(z->ctx, ZSTD_d_windowLogMax, LIMIT_ZSTD_WINDOW);
	return ZSTD_isError(rc) ? err_nomem(err) : 0;
}

/* More compressed bytes behind those that are left; 0 at the end of the input. */
static ssize_t refill(struct unzstd *z, struct err *err)
{
	size_t left = z->have.size - z->have.pos;
	memmove(z->buf, z->buf + z->have.pos, left);
	z->have = (ZSTD_inBuffer){ z->buf, left, 0 };
	ssize_t got = blob_read(z->in, z->buf + left, sizeof(z->buf) - left, err);
	if (got > 0) {
		z->taken += (uint64_t)got;
		z->have.size += (size_t)got;
	}
	return got;
}

static int broken(struct unzstd *z, size_t code, struct err *err)
{
	z->ended = true;
	return err_set(err, ERR_FORMAT, "zstd: %s, before compressed byte %" PRIu64, ZSTD_getErrorName(code), unzstd_at(z));
}

/* The head of the next frame: 1 and the decoder is ready for it, 0 at the end of the stream. */
static int next_frame(struct unzstd *z, struct err *err)
{
	for (;;) {
		ZSTD_frameHeader head = { 0 };
		size_t left = z->have.size - z->have.pos, more = 1;
		if (left)
			more = ZSTD_getFrameHeader(&head, z->buf + z->have.pos, left);
		if (ZSTD_isError(more))
			return broken(z, more, err);
		if (!more)
			return make_room(z, head.frameType == ZSTD_skippableFrame ? 0 : head.windowSize, err) < 0 ? -1 : 1;
		ssize_t got = refill(z, err);
		if (got < 0)
			return -1;
		if (!got && left)
			return err_set(err, ERR_FORMAT, "zstd: cut off at compressed byte %" PRIu64, z->taken);
		if (!got)
			return 0;
	}
}

/* 0 only at the end of the stream. */
static ssize_t unzstd_read(void *self, void *p, size_t n, struct err *err)
{
	struct unzstd *z = self;
	ZSTD_outBuffer out = { p, n, 0 };
	while (!out.pos && n && !z->ended) {
		int more = z->hint ? 1 : next_frame(z, err);
		if (more <= 0) {
			z->ended = true;
			return more;
		}
		if (z->have.pos == z->have.size) {
			ssize_t got = refill(z, err);
			z->ended = got <= 0;
			if (got < 0)
				return -1;
			if (!got)
				return err_set(err, ERR_FORMAT, "zstd: cut off at compressed byte %" PRIu64, z->taken);
		}
		z->hint = ZSTD_decompressStream(z->ctx, &out, &z->have);
		if (ZSTD_isError(z->hint))
			return broken(z, z->hint, err);
	}
	z->out += out.pos;
	return codec_ratio(z->out, blob_raw(z->in), "zstd", err) < 0 ? -1 : (ssize_t)out.pos;
}

static uint64_t unzstd_raw(const void *self)
{
	return blob_raw(((const struct unzstd *)self)->in);
}

static void unzstd_close(void *self)
{
	struct unzstd *z = self;
	drop_room(z);
	blob_close(z->in);
	mem_free(z);
}

/* ---- places to go back to: the room is copied, and copied back to where it was, since it points into itself ---- */

struct unzstd_mark {
	uint64_t in_at, out, window;
	size_t hint, room_n;
	bool ended;
};

static size_t unzstd_mark_size(const void *self)
{
	const struct unzstd *z = self;
	return z->in->can_read_at && z->ctx && z->window <= SMALL_WINDOW ? sizeof(struct unzstd_mark) + z->room_n : 0;
}

static void unzstd_mark(void *self, void *state)
{
	const struct unzstd *z = self;
	struct unzstd_mark m = { .in_at = unzstd_at(z), .out = z->out, .window = z->window, .hint = z->hint, .room_n = z->room_n,
				 .ended = z->ended };
	memcpy(state, &m, sizeof(m));
	memcpy((char *)state + sizeof(m), z->room, z->room_n);
}

static int unzstd_back(void *self, const void *state, struct err *err)
{
	struct unzstd *z = self;
	struct unzstd_mark m;
	memcpy(&m, state, sizeof(m));
	if (m.room_n != z->room_n) /* a later frame took another room */
		return err_set(err, ERR_UNSUPPORTED, "zstd: no way back over frames of different windows");
	memcpy(z->room, (const char *)state + sizeof(m), m.room_n);
	z->taken = m.in_at;
	z->out = m.out;
	z->window = m.window;
	z->hint = m.hint;
	z->ended = m.ended;
	z->have = (ZSTD_inBuffer){ z->buf, 0, 0 };
	blob_go(z->in, m.in_at);
	return 0;
}

static const struct blob_ops unzstd_ops = {
	.read = unzstd_read, .raw = unzstd_raw, .close = unzstd_close,
	.mark_size = unzstd_mark_size, .mark = unzstd_mark, .back = unzstd_back,
};

struct blob *zstd_open_take(struct blob *in, struct err *err)
{
	struct unzstd *z = mem_alloc(sizeof(*z));
	if (!z) {
		blob_close(in);
		err_nomem(err);
		return NULL;
	}
	z->in = in;
	z->ctx = z->room = NULL;
	z->room_n = z->hint = 0;
	z->have = (ZSTD_inBuffer){ 0 };
	z->out = z->taken = z->window = 0;
	z->ended = z->is_large = false;
	return blob_new(&unzstd_ops, z, BLOB_UNKNOWN, err);
}
