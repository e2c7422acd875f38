/* The decoder by zlib: where ISA-L is not to be had, or not as a static library. */
#include <limits.h>
#include <string.h>
#include <zlib.h>

#include "base/mem.h"
#include "source/inflate.h"

enum { WINDOW = 15, OF_GZIP = 16 }; /* zlib.h, inflateInit2: log2 of the window; + 16: a gzip header and trailer */

struct engine {
	z_stream s;
	bool raw;
};

static void *take(void *opaque, unsigned n, unsigned size)
{
	(void)opaque;
	return size && n > SIZE_MAX / size ? NULL : mem_alloc((size_t)n * size);
}

static void give(void *opaque, void *p)
{
	(void)opaque;
	mem_free(p);
}

int inflater_open(struct inflater *z, bool raw)
{
	struct engine *e = mem_alloc(sizeof(*e));
	*z = (struct inflater){ .engine = e };
	if (!e)
		return -1;
	*e = (struct engine){ .s = { .zalloc = take, .zfree = give }, .raw = raw };
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
