/* scan/filehash.h: sha256 of files as they pass, for RECORD under --verify. Inside scan only. */
#ifndef SCAN_FILEHASH_H
#define SCAN_FILEHASH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cur.h"
#include "base/err.h"

struct evp_md_ctx_st; /* EVP_MD_CTX of libcrypto */

struct filehash {
	struct evp_md_ctx_st *ctx; /* made at the first use */
	bool on;                   /* the current file is hashed */
};

enum { FILEHASH_BYTES = 32 };

/* Is a file one that a RECORD may name: anything in a folder of Python packages? */
bool filehash_wanted(struct span path);

int filehash_begin(struct filehash *h, struct err *err);
int filehash_feed(struct filehash *h, struct span bytes, struct err *err);
int filehash_zeros(struct filehash *h, uint64_t n, struct err *err); /* a hole */
int filehash_end(struct filehash *h, unsigned char out[FILEHASH_BYTES], struct err *err); /* `on` is false after it */
void filehash_clear(struct filehash *h);

/* Does a hash equal what RECORD states ("sha256=" and base64url without padding)? true for other algorithms: nothing to compare. */
bool filehash_equals(const unsigned char sum[FILEHASH_BYTES], struct span recorded);

#endif
