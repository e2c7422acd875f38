/*
 * source/registry.h: one repository of a registry: manifests and blobs by digest. source and tests include it.
 * github.com/opencontainers/distribution-spec v1.1 (pull), distribution's token specification (Bearer).
 */
#ifndef SOURCE_REGISTRY_H
#define SOURCE_REGISTRY_H

#include "base/err.h"
#include "parse/imageref.h"
#include "source/blob.h"
#include "source/http.h"

struct registry;

/* Sends nothing yet. `http` is borrowed, the texts of `ref` are copied. NULL when memory runs out. */
struct registry *registry_new(struct http *http, const struct imageref *ref, struct err *err);
void registry_free(struct registry *r); /* NULL is fine */

enum { REGISTRY_DIGEST = 7 + 64 + 1 };

/*
 * The manifest or index that the reference names (mem_free), with the digest
 * of its bytes; verified where the reference or the server states one.
 */
char *registry_manifest(struct registry *r, size_t *n, char digest[REGISTRY_DIGEST], struct err *err);

/* A blob, or a manifest, by "sha256:HEX": a stream that fails at its end where the bytes are others. `size` may be BLOB_UNKNOWN. */
struct blob *registry_blob(struct registry *r, const char *digest, bool manifest, uint64_t size, struct err *err);

/* A blob by digest, readable anywhere by ranges and not verified. NULL without an error where the server serves none. */
struct blob *registry_ranged(struct registry *r, const char *digest, struct err *err);

#endif
