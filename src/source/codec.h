/* source/codec.h: decoders by magic, as blobs over blobs. scan, cmd and tests may include it. */
#ifndef SOURCE_CODEC_H
#define SOURCE_CODEC_H

#include "base/cur.h"
#include "base/err.h"
#include "source/blob.h"

/* CODEC_OTHER: what libarchive's filters know (bzip2, lz4, lzip, lzma, compress, ...). */
enum codec_kind { CODEC_NONE, CODEC_GZIP, CODEC_ZSTD, CODEC_XZ, CODEC_BZIP2, CODEC_LZ4, CODEC_OTHER };

enum codec_kind codec_detect(struct span head);
const char *codec_name(enum codec_kind kind); /* "gzip" */

/*
 * Takes off every layer of compression that magic tells (at most 4). What is
 * not compressed comes back as it went in. `in` is taken, even on failure.
 */
struct blob *codec_open_take(struct blob *in, struct err *err);

/* Raw deflate: a member of a zip. Fails where it does not end after `size` bytes with this CRC-32. `in` is taken. */
struct blob *codec_deflate_take(struct blob *in, uint64_t size, uint32_t crc, struct err *err);

/* One decoder, of one kind; what codec_open_take stacks. `in` is taken. */
struct blob *gzip_open_take(struct blob *in, struct err *err);
struct blob *zstd_open_take(struct blob *in, struct err *err);
struct blob *archive_raw_open_take(struct blob *in, const char *name, struct err *err);

/* The rule against bombs: may `out` bytes have come out of `raw`? -1 with ERR_LIMIT if not. */
int codec_ratio(uint64_t out, uint64_t raw, const char *name, struct err *err);

#endif
