#include "source/codec.h"

#include <inttypes.h>
#include <string.h>

#include "base/limits.h"

static const struct {
	enum codec_kind kind;
	const char *name;
	struct { const char *p; size_t n; } magic;
} codecs[] = {
	{ CODEC_GZIP, "gzip", { "\x1f\x8b\x08", 3 } },         /* RFC 1952 2.3.1 */
	{ CODEC_ZSTD, "zstd", { "\x28\xb5\x2f\xfd", 4 } },     /* RFC 8878 3.1.1 */
	{ CODEC_XZ, "xz", { "\xfd" "7zXZ\0", 6 } },
	{ CODEC_BZIP2, "bzip2", { "BZh", 3 } },
	{ CODEC_LZ4, "lz4", { "\x04\x22\x4d\x18", 4 } },
	{ CODEC_OTHER, "lzip", { "LZIP", 4 } },
	{ CODEC_OTHER, "lzop", { "\x89LZO\0\r\n\x1a\n", 9 } },
	{ CODEC_OTHER, "compress", { "\x1f\x9d", 2 } },
	{ CODEC_OTHER, "lzma", { "\x5d\0\0", 3 } },
};
enum { CODECS = sizeof(codecs) / sizeof(codecs[0]) };

/* BZh is three letters: the level and the block magic (or the magic of the end) must follow. */
static bool is_bzip2(struct span s)
{
	return s.n >= 10 && s.p[3] >= '1' && s.p[3] <= '9' &&
	       (!memcmp(s.p + 4, "\x31\x41\x59\x26\x53\x59", 6) || !memcmp(s.p + 4, "\x17\x72\x45\x38\x50\x90", 6));
}

/* An lzma header has no magic: 5D, a dictionary size of 2^n, a 64-bit size that is -1 or sane. */
static bool is_lzma(struct span s)
{
	struct cur c = cur_of(s);
	cur_skip(&c, 1);
	uint32_t dict = cur_u32(&c);
	uint64_t size = cur_u64(&c);
	return !c.bad && dict && !(dict & (dict - 1)) && (size == UINT64_MAX || size < 1ull << 40);
}

static size_t codec_row(struct span head)
{
	struct cur c = cur_of(head);
	uint32_t first = cur_u32(&c);
	for (size_t i = 0; i < CODECS; i++) {
		if (head.n < codecs[i].magic.n || memcmp(head.p, codecs[i].magic.p, codecs[i].magic.n))
			continue;
		if (codecs[i].kind == CODEC_BZIP2 && !is_bzip2(head))
			continue;
		if (!strcmp(codecs[i].name, "lzma") && !is_lzma(head))
			continue;
		return i;
	}
	/* RFC 8878 3.1.2: a zstd stream may begin with a skippable frame */
	if (!c.bad && (first & 0xfffffff0) == 0x184d2a50)
		return 1;
	return CODECS;
}

enum codec_kind codec_detect(struct span head)
{
	size_t i = codec_row(head);
	return i < CODECS ? codecs[i].kind : CODEC_NONE;
}

const char *codec_name(enum codec_kind kind)
{
	for (size_t i = 0; i < CODECS; i++)
		if (codecs[i].kind == kind)
			return kind == CODEC_OTHER ? "other" : codecs[i].name;
	return "none";
}

int codec_ratio(uint64_t out, uint64_t raw, const char *name, struct err *err)
{
	if (out < LIMIT_EXPANSION_FREE || out / LIMIT_EXPANSION < raw)
		return 0;
	return err_set(err, ERR_LIMIT, "%s: %" PRIu64 " bytes came out of %" PRIu64 ", over %u times as many", name, out, raw,
		       LIMIT_EXPANSION);
}

struct blob *codec_open_take(struct blob *in, struct err *err)
{
	for (unsigned depth = 0;; depth++) {
		struct span head;
		if (blob_peek(in, 64, &head, err) < 0)
			break;
		size_t row = codec_row(head);
		if (row == CODECS)
			return in;
		if (depth == LIMIT_CODECS) {
			err_set(err, ERR_LIMIT, "compressed more than %u times", LIMIT_CODECS);
			break;
		}
		struct blob *out = codecs[row].kind == CODEC_GZIP ? gzip_open_take(in, err)
				 : codecs[row].kind == CODEC_ZSTD ? zstd_open_take(in, err)
				 : archive_raw_open_take(in, codecs[row].name, err);
		if (!out)
			return NULL;
		in = out;
	}
	blob_close(in);
	return NULL;
}
