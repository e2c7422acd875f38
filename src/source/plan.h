/*
 * source/plan.h: which members of a store form which image: manifest logic, once. scan, cmd and tests may include it.
 * Reads docker-archive's manifest.json, the manifest of dir:, OCI and docker v2s2 indexes and manifests.
 * Media types are not believed: magic decides how a layer is read.
 */
#ifndef SOURCE_PLAN_H
#define SOURCE_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "source/store.h"

/* Strings are in the plan's arena; NULL = not stated. */
struct plan_layer {
	const char *member;     /* name in the store (store_find); NULL where there is a gap */
	const char *digest;     /* as the manifest states it: of the blob */
	const char *diff_id;    /* as the config states it: of the plain tar */
	const char *media_type; /* stated; only for the report */
	const char *created_by; /* the history line of this layer */
	uint64_t size;          /* of the blob, stated; 0 = not stated */
	const char *gap;        /* why it cannot be read */
	const char *toc_digest; /* of its table of contents (tree_toc_take); NULL: it states none */
	const char *toc_position; /* zstd:chunked; NULL: eStargz */
};

struct plan_texts { const char **v; size_t n, cap; }; /* a LIST with a name */
struct plan_label { const char *key, *value; };

struct image_config {
	bool known;             /* the config was read */
	const char *architecture, *variant, *os, *os_version;
	const char *created, *user, *working_dir;
	struct plan_texts env; /* "K=V" */
	struct plan_texts entrypoint, cmd, shell;
	LIST(struct plan_label) labels; /* sorted by key */
};

struct plan_image {
	const char *name;       /* first tag, ref name or digest: for headlines */
	LIST(const char *) tags;
	const char *digest;     /* of the manifest, where it has one */
	const char *config_digest; /* "sha256:…" of the config, where its name tells */
	const char *architecture, *os; /* of the config, else of the index */
	struct image_config config;
	LIST(struct plan_layer) layers; /* lowest first */
	LIST(const char *) gaps;
};

struct plan {
	struct arena arena;
	LIST(struct plan_image) images;
	LIST(const char *) gaps; /* manifests that could not be read */
};

/*
 * NULL: all images; all platforms (of a registry's index: linux on this
 * machine's architecture, as docker pulls). `platform` is "OS/ARCH" or "OS/ARCH/VARIANT".
 */
struct plan_options {
	const char *image;    /* a tag ("app:1.42"), ref name, or (the start of) an ID */
	const char *platform;
};

/* NULL on error: nothing that could be an image, or no image of that name or platform (the message lists what there is). */
struct plan *plan_make(struct store *s, const struct plan_options *options, struct err *err);
void plan_free(struct plan *p);

#endif
