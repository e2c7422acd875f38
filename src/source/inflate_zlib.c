/* The decoder by zlib: where ISA-L is not to be had, or not as a static library. */
#include <limits.h>
#include <string.h>
#include <zlib.h>

#include "base/mem.h"
#include "source/inflate.h"

enum { WINDOW = 15, OF_GZIP = 16 }; /* zlib.h, inflateInit2: log2 of the window; + 16: a gzip header and trailer */

/*
 * All that zlib allocates lies in the engine, so that a copy of it is its whole
 * state. Bytes: zlib takes 7 KB and a window of 32 KB, zlib-ng some more.
 */
enum { ROOM = 160 * 1024, ALIGN = 16 };

struct engine {
	z_stream s;
	bool raw;
	size_t used;
	_Alignas(ALIGN) unsigned char room[ROOM];
};

static void *take(void *opaque, unsigned n, unsigned size)
{
	struct engine *e = opaque;
	size_t at = (e->used + ALIGN - 1) / ALIGN * ALIGN;
	if (at > ROOM || (size && n > (ROOM - at) / size))
		return NULL;
	e->used = at + (size_t)n * size;
	return e->room + at;
}

static void give(void *opaque, void *p)
{
	(void)opaque;
	(void)p;
}

int inflater_open(struct inflater *z, bool raw)
{
	struct engine *e = mem_alloc(sizeof(*e));
	*z = (struct inflater){ .engine = e };
	if (!e)
		return -1;
	e->s = (z_stream){ .zalloc = take, .zfree = give, .opaque = e };
	e->raw = raw;
	e->used = 0;
	if (inflateInit2(&e->s, raw ? -WINDOW : WINDOW + OF_GZIP) == Z_OK)
		return 0;
	mem_free(e);
	z->engine = NULL;
	return -1;
}

void inflater_next(struct inflater *z)
{
	struct engine *e = z->engine;
	inflateReset(&e->s);
	z->crc = 0;
}

/* zlib has one code for all data errors, and tells them apart by text. */
static enum inflated data_error(const char *text)
{
	if (text && (!strcmp(text, "incorrect data check") || !strcmp(text, "incorrect length check")))
		return INFLATED_CHECKSUM;
	return text && !strcmp(text, "unknown compression method") ? INFLATED_METHOD : INFLATED_CORRUPT;
}

enum inflated inflater_run(struct inflater *z)
{
	struct engine *e = z->engine;
	uInt in = z->in_n > UINT_MAX ? UINT_MAX : (uInt)z->in_n, out = z->out_n > UINT_MAX ? UINT_MAX : (uInt)z->out_n;
	e->s.next_in = (unsigned char *)z->in;
	e->s.avail_in = in;
	e->s.next_out = z->out;
	e->s.avail_out = out;
	int code = inflate(&e->s, Z_NO_FLUSH);
	uInt got = out - e->s.avail_out;
	if (e->raw)
		z->crc = (uint32_t)crc32(z->crc, z->out, got);
	z->in += in - e->s.avail_in;
	z->in_n -= in - e->s.avail_in;
	z->out += got;
	z->out_n -= got;
	if (code == Z_STREAM_END)
		return INFLATED_END;
	if (code == Z_MEM_ERROR)
		return INFLATED_NOMEM; /* the window is not allocated before it is needed */
	return code == Z_OK || code == Z_BUF_ERROR ? INFLATED_SOME : data_error(e->s.msg);
}

void inflater_close(struct inflater *z)
{
	struct engine *e = z->engine;
	if (!e)
		return;
	inflateEnd(&e->s);
	mem_free(e);
	z->engine = NULL;
}

const size_t inflater_state_n = sizeof(struct engine);

void inflater_save(const struct inflater *z, void *state)
{
	memcpy(state, z->engine, inflater_state_n);
}

void inflater_load(struct inflater *z, const void *state)
{
	memcpy(z->engine, state, inflater_state_n);
}
