#include "scan/filehash.h"

#include <openssl/evp.h>
#include <string.h>

#include "source/digest.h"

bool filehash_wanted(struct span path)
{
	return span_find(path, "-packages/") < path.n || span_find(path, ".dist-info/") < path.n;
}

int filehash_begin(struct filehash *h, struct err *err)
{
	h->ctx = sha256_begin(h->ctx);
	if (!h->ctx)
		return err_nomem(err);
	h->on = true;
	return 0;
}

int filehash_feed(struct filehash *h, struct span bytes, struct err *err)
{
	if (h->on && bytes.n && !EVP_DigestUpdate(h->ctx, bytes.p, bytes.n))
		return err_set(err, ERR_IO, "sha256 failed");
	return 0;
}

int filehash_zeros(struct filehash *h, uint64_t n, struct err *err)
{
	static const unsigned char zero[4096];
	while (h->on && n) {
		size_t some = n < sizeof(zero) ? (size_t)n : sizeof(zero);
		if (filehash_feed(h, (struct span){ zero, some }, err) < 0)
			return -1;
		n -= some;
	}
	return 0;
}

int filehash_end(struct filehash *h, unsigned char out[FILEHASH_BYTES], struct err *err)
{
	unsigned n = 0;
	h->on = false;
	if (!EVP_DigestFinal_ex(h->ctx, out, &n) || n != FILEHASH_BYTES)
		return err_set(err, ERR_IO, "sha256 failed");
	return 0;
}

void filehash_clear(struct filehash *h)
{
	EVP_MD_CTX_free(h->ctx);
	*h = (struct filehash){ 0 };
}

bool filehash_equals(const unsigned char sum[FILEHASH_BYTES], struct span recorded)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	enum { TEXT = (FILEHASH_BYTES * 8 + 5) / 6 };
	char own[TEXT];
	if (!span_starts(recorded, "sha256="))
		return true;
	recorded = span_from(recorded, strlen("sha256="));
	for (unsigned i = 0; i < TEXT; i++) {
		unsigned bit = 6 * i, byte = bit / 8;
		unsigned two = (unsigned)sum[byte] << 8 | (byte + 1 < FILEHASH_BYTES ? sum[byte + 1] : 0u);
		own[i] = digits[two >> (10 - bit % 8) & 63];
	}
	while (recorded.n && recorded.p[recorded.n - 1] == '=') /* some writers pad */
		recorded.n--;
	return recorded.n == TEXT && !memcmp(recorded.p, own, TEXT);
}
