#include "source/codec.h"

#include <inttypes.h>
#include <zstd.h>

#include "base/limits.h"
#include "base/mem.h"

struct unzstd {
	ZSTD_DCtx *ctx;
	struct blob *in;
	ZSTD_inBuffer have;
	uint64_t out, taken;
	size_t hint;   /* 0: between frames */
	bool ended;
	unsigned char buf[BLOB_CHUNK];
};

static uint64_t unzstd_at(const struct unzstd *z)
{
	return z->taken - (z->have.size - z->have.pos);
}

/* One call of the decoder; 0 only with no progress possible, at the end of the stream. */
static ssize_t unzstd_read(void *self, void *p, size_t n, struct err *err)
{
	struct unzstd *z = self;
	ZSTD_outBuffer out = { p, n, 0 };
	while (!out.pos && n && !z->ended) {
		if (z->have.pos == z->have.size) {
			ssize_t got = blob_read(z->in, z->buf, sizeof(z->buf), err);
			if (got < 0)
				return -1;
			z->taken += (uint64_t)got;
			z->have = (ZSTD_inBuffer){ z->buf, (size_t)got, 0 };
			if (!got) {
				z->ended = true;
				if (z->hint)
					return err_set(err, ERR_FORMAT, "zstd: cut off at compressed byte %" PRIu64, z->taken);
				break;
			}
		}
		z->hint = ZSTD_decompressStream(z->ctx, &out, &z->have);
		if (ZSTD_isError(z->hint)) {
			const char *why = ZSTD_getErrorName(z->hint);
			z->ended = true;
			return err_set(err, ERR_FORMAT, "zstd: %s, before compressed byte %" PRIu64, why, unzstd_at(z));
		}
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
	ZSTD_freeDCtx(z->ctx);
	blob_close(z->in);
	mem_free(z);
}

static const struct blob_ops unzstd_ops = { .read = unzstd_read, .raw = unzstd_raw, .close = unzstd_close };

struct blob *zstd_open_take(struct blob *in, struct err *err)
{
	struct unzstd *z = mem_alloc(sizeof(*z));
	ZSTD_DCtx *ctx = z ? ZSTD_createDCtx() : NULL;
	if (!ctx || ZSTD_isError(ZSTD_DCtx_setParameter(ctx, ZSTD_d_windowLogMax, LIMIT_ZSTD_WINDOW))) {
		ZSTD_freeDCtx(ctx);
		mem_free(z);
		blob_close(in);
		err_nomem(err);
		return NULL;
	}
	z->ctx = ctx;
	z->in = in;
	z->have = (ZSTD_inBuffer){ 0 };
	z->out = z->taken = z->hint = 0;
	z->ended = false;
	return blob_new(&unzstd_ops, z, BLOB_UNKNOWN, err);
}
