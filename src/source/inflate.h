/*
 * source/inflate.h: the deflate decoder behind codec_gzip.c, from the library
 * that the build names: INFLATE=isal (fast) or zlib (everywhere). Only
 * codec_gzip.c and the two inflate_*.c include it.
 */
#ifndef SOURCE_INFLATE_H
#define SOURCE_INFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum inflated { INFLATED_SOME, INFLATED_END, INFLATED_CHECKSUM, INFLATED_METHOD, INFLATED_CORRUPT, INFLATED_NOMEM };

/* The caller sets in and out before each round; the round moves them on. */
struct inflater {
	const unsigned char *in;
	size_t in_n;
	unsigned char *out;
	size_t out_n;
	uint32_t crc; /* raw: CRC-32 of what came out so far; gzip members check their own */
	void *engine; /* the library's state */
};

/* raw: deflate alone; else gzip members (RFC 1952). -1 when memory ran out. */
int inflater_open(struct inflater *z, bool raw);
void inflater_next(struct inflater *z); /* a member begins */
enum inflated inflater_run(struct inflater *z); /* one round, until `in` is used up, `out` is full, or the member ended */
void inflater_close(struct inflater *z);

/* The whole state between two rounds, to come back to: copies of so many bytes. in, in_n, out, out_n are the caller's to keep. */
extern const size_t inflater_state_n;
void inflater_save(const struct inflater *z, void *state);
void inflater_load(struct inflater *z, const void *state);

#endif
