#include "source/digest.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

struct hashing {
	struct blob *in;
	EVP_MD_CTX *ctx;
	char want[65]; /* "": whatever it is */
	bool checked;
	bool *held;    /* NULL, or the caller's */
	char *sum;     /* NULL, or the caller's */
};

/* "sha256:" and 64 hexadecimal digits; the digits alone. */
static int wanted(const char *digest, char want[65], struct err *err)
{
	if (!digest || !str_starts(digest, "sha256:"))
		return err_set(err, ERR_UNSUPPORTED, "digest '%.20s' is no sha256", digest ? digest : "");
	if (strlen(digest) != 7 + 64)
		return err_set(err, ERR_FORMAT, "digest '%.80s' has not 64 digits", digest);
	memcpy(want, digest + 7, 65);
	return 0;
}

static void to_hex(const unsigned char md[32], char hex[65])
{
	for (unsigned i = 0; i < 32; i++) {
		hex[2 * i] = "0123456789abcdef"[md[i] >> 4];
		hex[2 * i + 1] = "0123456789abcdef"[md[i] & 15];
	}
	hex[64] = '\0';
}

static int finish(struct hashing *h, struct err *err)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	char hex[65];
	h->checked = true;
	if (!EVP_DigestFinal_ex(h->ctx, md, &n) || n != 32)
		return err_set(err, ERR_IO, "sha256 failed");
	to_hex(md, hex);
	if (h->sum)
		snprintf(h->sum, DIGEST_TEXT, "sha256:%s", hex);
	if (h->want[0] && !str_ieq(hex, h->want))
		return err_set(err, ERR_REFUSED, "digest is sha256:%.12s..., stated was sha256:%.12s...", hex, h->want);
	if (h->held)
		*h->held = true;
	return 0;
}

static ssize_t hashing_read(void *self, void *p, size_t n, struct err *err)
{
	struct hashing *h = self;
	ssize_t got = blob_read(h->in, p, n, err);
	if (got < 0 || h->checked || !n)
		return got;
	if (!got)
		return finish(h, err);
	if (!EVP_DigestUpdate(h->ctx, p, (size_t)got))
		return err_set(err, ERR_IO, "sha256 failed");
	return got;
}

static uint64_t hashing_raw(const void *self)
{
	return blob_raw(((const struct hashing *)self)->in);
}

static void hashing_close(void *self)
{
	struct hashing *h = self;
	EVP_MD_CTX_free(h->ctx);
	blob_close(h->in);
	mem_free(h);
}

static const struct blob_ops hashing_ops = { .read = hashing_read, .raw = hashing_raw, .close = hashing_close };

/* openssl.cnf may name modules to load, and may be the target's: a gate in a build runs inside of what it judges. */
struct evp_md_ctx_st *sha256_begin(struct evp_md_ctx_st *old)
{
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	EVP_MD_CTX *ctx = old ? old : EVP_MD_CTX_new();
	if (ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL))
		return ctx;
	EVP_MD_CTX_free(ctx);
	return NULL;
}

int digest_of(struct span bytes, char out[7 + 64 + 1], struct err *err)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	EVP_MD_CTX *ctx = sha256_begin(NULL);
	bool ok = ctx && EVP_DigestUpdate(ctx, bytes.p, bytes.n) && EVP_DigestFinal_ex(ctx, md, &n) && n == 32;
	EVP_MD_CTX_free(ctx);
	if (!ok)
		return err_set(err, ERR_IO, "sha256 failed");
	memcpy(out, "sha256:", 7);
	to_hex(md, out + 7);
	return 0;
}

/* `want`: digits, or "". */
static struct blob *hashing_new(struct blob *in, const char *want, bool *held, char *sum, struct err *err)
{
	uint64_t size = in->size;
	struct hashing *h = mem_alloc(sizeof(*h));
	EVP_MD_CTX *ctx = h ? sha256_begin(NULL) : NULL;
	if (!ctx) {
		mem_free(h);
		blob_close(in);
		err_nomem(err);
		return NULL;
	}
	*h = (struct hashing){ .in = in, .ctx = ctx, .held = held, .sum = sum };
	snprintf(h->want, sizeof(h->want), "%s", want);
	return blob_new(&hashing_ops, h, size, err);
}

struct blob *digest_open_take(struct blob *in, const char *digest, bool *held, struct err *err)
{
	char want[65];
	if (wanted(digest, want, err) == 0)
		return hashing_new(in, want, held, NULL, err);
	blob_close(in);
	return NULL;
}

struct blob *digest_sum_take(struct blob *in, char *sum, struct err *err)
{
	*sum = '\0';
	return hashing_new(in, "", NULL, sum, err);
}

/* The blob as a stream of its own place, for a hash that must not close it. */
static ssize_t lend_read(void *self, void *p, size_t n, struct err *err)
{
	return blob_read(self, p, n, err);
}
static const struct blob_ops lend_ops = { .read = lend_read };

int digest_check(struct blob *b, const char *digest, struct err *err)
{
	struct blob *lent = blob_new(&lend_ops, b, b->size, err);
	struct blob *h = lent ? digest_open_take(lent, digest, NULL, err) : NULL;
	int rc = h ? blob_drain(h, err) : -1;
	blob_close(h);
	return rc;
}
