/* source/digest.h: sha256 of blobs, for --verify. The only file with libcrypto here. scan, cmd and tests may include it. */
#ifndef SOURCE_DIGEST_H
#define SOURCE_DIGEST_H

#include <stdbool.h>

#include "base/err.h"
#include "source/blob.h"

/* A sha256 in the making, of libcrypto: the caller's, for EVP_MD_CTX_free. NULL when memory ran out. `old`: NULL, or one to use again. */
struct evp_md_ctx_st *sha256_begin(struct evp_md_ctx_st *old);

/* "sha256:HEX" of bytes in memory. */
int digest_of(struct span bytes, char out[7 + 64 + 1], struct err *err);

enum { DIGEST_TEXT = 7 + 64 + 1 }; /* bytes of "sha256:HEX" and its NUL */

/* A stream of the same bytes, which is taken; *sum (the caller's, DIGEST_TEXT bytes) becomes their digest once the end came, and is "" before. */
struct blob *digest_sum_take(struct blob *in, char *sum, struct err *err);

/* Reads all of a blob; -1 (ERR_REFUSED) if it is not what "sha256:HEX" says, ERR_UNSUPPORTED for other algorithms. */
int digest_check(struct blob *b, const char *digest, struct err *err);

/*
 * A stream that hashes what passes through; `in` is taken. Where its end is
 * reached and the hash is not `digest`, the read that found the end fails.
 * Decoders and trees over it read to that end, so an error there is theirs. `held`
 * (may be NULL) becomes true when the end came and the hash is the digest.
 */
struct blob *digest_open_take(struct blob *in, const char *digest, bool *held, struct err *err);

#endif
