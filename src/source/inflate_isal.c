/* The decoder by ISA-L. Its counters have 32 bits. */
#include <isa-l/igzip_lib.h>
#include <string.h>

#include "base/mem.h"
#include "source/inflate.h"

int inflater_open(struct inflater *z, bool raw)
{
	struct inflate_state *s = mem_alloc(sizeof(*s));
	*z = (struct inflater){ .engine = s };
	if (!s)
		return -1;
	isal_inflate_init(s);
	s->crc_flag = raw ? ISAL_GZIP_NO_HDR : ISAL_GZIP; /* without a header the CRC is counted, not checked */
	return 0;
}

void inflater_next(struct inflater *z)
{
	struct inflate_state *s = z->engine;
	uint32_t flag = s->crc_flag;
	isal_inflate_reset(s);
	s->crc_flag = flag;
}

static uint32_t at_most(size_t n)
{
	return n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

enum inflated inflater_run(struct inflater *z)
{
	struct inflate_state *s = z->engine;
	uint32_t in = at_most(z->in_n), out = at_most(z->out_n);
	s->next_in = (unsigned char *)z->in;
	s->avail_in = in;
	s->next_out = z->out;
	s->avail_out = out;
	int code = isal_inflate(s);
	z->in += in - s->avail_in;
	z->in_n -= in - s->avail_in;
	z->out += out - s->avail_out;
	z->out_n -= out - s->avail_out;
	z->crc = s->crc;
	if (code == ISAL_INCORRECT_CHECKSUM)
		return INFLATED_CHECKSUM;
	if (code == ISAL_UNSUPPORTED_METHOD)
		return INFLATED_METHOD;
	if (code < 0)
		return INFLATED_CORRUPT;
	return s->block_state == ISAL_BLOCK_FINISH ? INFLATED_END : INFLATED_SOME;
}

void inflater_close(struct inflater *z)
{
	mem_free(z->engine);
	z->engine = NULL;
}

/* Plain data but for pointers to in and out, which each round sets. */
const size_t inflater_state_n = sizeof(struct inflate_state);

void inflater_save(const struct inflater *z, void *state)
{
	memcpy(state, z->engine, inflater_state_n);
}

void inflater_load(struct inflater *z, const void *state)
{
	memcpy(z->engine, state, inflater_state_n);
}
