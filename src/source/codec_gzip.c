#include "source/codec.h"

#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "source/inflate.h"

/* gzip (RFC 1952, several members) and raw deflate (a zip's member). */
struct inflate {
	struct inflater dec;
	struct blob *in;
	uint64_t out, taken;     /* bytes out, bytes read from `in` */
	uint64_t size;           /* raw: what must come out, with */
	uint32_t crc;            /* this CRC-32 */
	bool raw, ended, begun;  /* begun: inside a member */
	unsigned char buf[BLOB_CHUNK];
};

static uint64_t inflate_at(const struct inflate *z)
{
	return z->taken - z->dec.in_n;
}

static int inflate_error(struct inflate *z, enum inflated code, struct err *err)
{
	const char *name = z->raw ? "deflate" : "gzip";
	if (code == INFLATED_NOMEM)
		return err_nomem(err);
	if (code == INFLATED_CHECKSUM)
		return err_set(err, ERR_FORMAT, "%s: wrong CRC-32 or length before compressed byte %" PRIu64, name, inflate_at(z));
	if (code == INFLATED_METHOD)
		return err_set(err, ERR_FORMAT, "%s: unknown method before compressed byte %" PRIu64, name, inflate_at(z));
	return err_set(err, ERR_FORMAT, "%s: corrupt data before compressed byte %" PRIu64, name, inflate_at(z));
}

static int cut_off(struct inflate *z, struct err *err)
{
	return err_set(err, ERR_FORMAT, "%s: cut off at compressed byte %" PRIu64, z->raw ? "deflate" : "gzip", inflate_at(z));
}

/* More compressed bytes in front of the decoder; 0 at the end of the input. */
static ssize_t refill(struct inflate *z, struct err *err)
{
	if (z->dec.in_n)
		memmove(z->buf, z->dec.in, z->dec.in_n);
	z->dec.in = z->buf;
	ssize_t got = blob_read(z->in, z->buf + z->dec.in_n, sizeof(z->buf) - z->dec.in_n, err);
	if (got > 0) {
		z->dec.in_n += (size_t)got;
		z->taken += (uint64_t)got;
	}
	return got;
}

/* Between members: 1 if another begins, 0 if the stream is over. What is no gzip header is left alone, as gzip does. */
static int next_member(struct inflate *z, struct err *err)
{
	while (z->dec.in_n < 2) {
		ssize_t got = refill(z, err);
		if (got < 0)
			return -1;
		if (!got)
			return 0;
	}
	if (z->dec.in[0] != 0x1f || z->dec.in[1] != 0x8b)
		return blob_drain(z->in, err); /* a digest may stand below */
	inflater_next(&z->dec);
	z->begun = true;
	return 1;
}

static int finish_raw(struct inflate *z, struct err *err)
{
	if (z->out != z->size)
		return err_set(err, ERR_FORMAT, "deflate: %" PRIu64 " bytes came out, the directory says %" PRIu64, z->out, z->size);
	if (z->dec.crc != z->crc)
		return inflate_error(z, INFLATED_CHECKSUM, err);
	return 0;
}

/* One round of the decoder into p; the bytes that came out, with z->begun false where the member ended. */
static ssize_t decode(struct inflate *z, unsigned char *p, size_t n, struct err *err)
{
	z->dec.out = p;
	z->dec.out_n = n;
	enum inflated code = inflater_run(&z->dec);
	size_t got = n - z->dec.out_n;
	z->out += got;
	if (code != INFLATED_SOME && code != INFLATED_END)
		return inflate_error(z, code, err);
	if (codec_ratio(z->out, blob_raw(z->in), z->raw ? "deflate" : "gzip", err) < 0)
		return -1;
	if (z->raw && z->out > z->size)
		return finish_raw(z, err);
	if (code == INFLATED_END)
		z->begun = false;
	return (ssize_t)got;
}

/* Decodes until there are bytes, or the member ended; 0 only then. */
static ssize_t decode_some(struct inflate *z, unsigned char *p, size_t n, struct err *err)
{
	for (;;) {
		ssize_t got = decode(z, p, n, err);
		if (got || !z->begun)
			return got < 0 || !z->raw || z->begun || !finish_raw(z, err) ? got : -1;
		ssize_t more = refill(z, err);
		if (more < 0)
			return -1;
		if (!more)
			return cut_off(z, err);
	}
}

static ssize_t inflate_read(void *self, void *p, size_t n, struct err *err)
{
	struct inflate *z = self;
	ssize_t got = 0;
	while (!got && n && !z->ended) {
		int more = z->begun ? 1 : z->raw ? 0 : next_member(z, err);
		z->ended = more <= 0;
		if (more > 0)
			got = decode_some(z, p, n, err);
		else if (more < 0)
			got = -1;
	}
	/* who reads just the stated size must hear of a wrong CRC, too */
	unsigned char beyond;
	if (got > 0 && z->raw && z->begun && z->out == z->size && decode_some(z, &beyond, 1, err) < 0)
		got = -1;
	if (got < 0)
		z->ended = true;
	return got;
}

static uint64_t inflate_raw(const void *self)
{
	return blob_raw(((const struct inflate *)self)->in);
}

static void inflate_close(void *self)
{
	struct inflate *z = self;
	blob_close(z->in);
	inflater_close(&z->dec);
	mem_free(z);
}

/* ---- places to go back to: these, and behind them the decoder's state ---- */

struct inflate_mark {
	uint64_t in_at, out; /* where the next compressed byte is; bytes out */
	uint32_t crc;
	bool begun, ended;
};

static size_t inflate_mark_size(const void *self)
{
	const struct inflate *z = self;
	return z->in->can_read_at ? sizeof(struct inflate_mark) + inflater_state_n : 0;
}

static void inflate_mark(void *self, void *state)
{
	const struct inflate *z = self;
	struct inflate_mark m = { inflate_at(z), z->out, z->dec.crc, z->begun, z->ended };
	memcpy(state, &m, sizeof(m));
	inflater_save(&z->dec, (char *)state + sizeof(m));
}

static int inflate_back(void *self, const void *state, struct err *err)
{
	struct inflate *z = self;
	struct inflate_mark m;
	(void)err;
	memcpy(&m, state, sizeof(m));
	inflater_load(&z->dec, (const char *)state + sizeof(m));
	z->dec.in = z->buf;
	z->dec.in_n = 0;
	z->dec.crc = m.crc;
	z->taken = m.in_at;
	z->out = m.out;
	z->begun = m.begun;
	z->ended = m.ended;
	blob_go(z->in, m.in_at);
	return 0;
}

static const struct blob_ops inflate_ops = {
	.read = inflate_read, .raw = inflate_raw, .close = inflate_close,
	.mark_size = inflate_mark_size, .mark = inflate_mark, .back = inflate_back,
};

static struct inflate *inflate_new(struct blob *in, bool raw, struct err *err)
{
	struct inflate *z = mem_alloc(sizeof(*z));
	if (!z || inflater_open(&z->dec, raw) < 0) {
		mem_free(z);
		blob_close(in);
		err_nomem(err);
		return NULL;
	}
	z->in = in;
	z->out = z->taken = z->size = 0;
	z->crc = 0;
	z->ended = false;
	z->raw = z->begun = raw;
	return z;
}

struct blob *gzip_open_take(struct blob *in, struct err *err)
{
	struct inflate *z = inflate_new(in, false, err);
	return z ? blob_new(&inflate_ops, z, BLOB_UNKNOWN, err) : NULL;
}

struct blob *codec_deflate_take(struct blob *in, uint64_t size, uint32_t crc, struct err *err)
{
	struct inflate *z = inflate_new(in, true, err);
	if (!z)
		return NULL;
	z->size = size;
	z->crc = crc;
	return blob_new(&inflate_ops, z, size, err);
}
