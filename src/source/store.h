/*
 * source/store.h: what one argument of the command line names, opened: told by
 * content, never by its name. scan, cmd and tests may include it.
 *
 * Images come from a store: names to blobs. A store that can be read at any
 * place knows all its members at once (store_find, then plan_make). A stream
 * (standard input, a compressed tar) hands them out as they come, once:
 *
 *     while ((more = store_next(s, &m, &err)) > 0)       // only if store_is_stream(s)
 *             if (m->kind == MEMBER_LAYER)
 *                     tree = tree_open_take(store_member_body(s, &err), &err) ... keep the result under m->index
 *     plan = plan_make(s, ...);                          // small JSON members were kept by the store
 *     ... plan layer -> store_find(s, layer->member)->index
 */
#ifndef SOURCE_STORE_H
#define SOURCE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cur.h"
#include "base/err.h"
#include "source/blob.h"
#include "source/tree.h"

enum source_kind {
	SOURCE_DOCKER,      /* docker-archive, also with an OCI layout inside */
	SOURCE_OCI,         /* OCI layout */
	SOURCE_DIR,         /* skopeo dir: */
	SOURCE_ROOTFS_TAR,  /* a flat tar or other archive that is no image: one tree */
	SOURCE_ROOTFS,      /* folder that is a root file system */
	SOURCE_WHEEL,       /* zip with a *.dist-info */
	SOURCE_WHEELS,      /* folder of wheels */
	SOURCE_ENVIRONMENT, /* venv, or site-packages folder */
	SOURCE_FOLDER,      /* any other folder: one tree */
	SOURCE_JSON,        /* inventory, declaration or host profile: the caller tells */
	SOURCE_TEXT,        /* text: perhaps requirements */
	SOURCE_REGISTRY,    /* an image in a registry: blobs by digest, each a verified stream */
	SOURCE_IMAGE_STREAM,/* a stream that begins like an image: docker or OCI, known after the last store_next */
};
const char *source_kind_name(enum source_kind kind);

enum member_kind { MEMBER_OTHER, MEMBER_LAYER, MEMBER_JSON, MEMBER_LINK, MEMBER_DIR };

struct member {
	const char *name;   /* clean, relative */
	const char *link;   /* MEMBER_LINK: clean path of what it names; else NULL */
	enum member_kind kind; /* streams: by content; else MEMBER_OTHER for every file */
	uint64_t size;      /* bytes stored */
	size_t index;       /* its number in this store */
	uint64_t at;        /* where its body begins in the file; the store's own */
	struct span kept;   /* the text of a small JSON member of a stream */
	bool sparse;        /* stored with holes: cannot be a blob */
};

struct progress;
struct store;

/* Opens a path, or "-": standard input. */
struct store *store_open(const char *path, struct err *err);

/* As above over bytes; for tests, and for what was fetched. The blob is taken. */
struct store *store_blob_take(struct blob *b, const char *name, struct err *err);

/* An empty store to put members into; for tests. The bytes are copied. */
struct store *store_memory(enum source_kind kind, struct err *err);
int store_put(struct store *s, const char *name, struct span bytes, struct err *err);

void store_close(struct store *s); /* NULL is fine */

enum source_kind store_kind(const struct store *s);
const char *store_name(const struct store *s);      /* as on the command line */
const char *store_compression(const struct store *s); /* of the whole: "gzip"; NULL if none */
bool store_is_stream(const struct store *s);        /* use store_next before plan_make */

/* A remote wheel of which metadata alone was asked for (remote_open). */
bool store_is_brief(const struct store *s);

/* What identifies the file that was opened, compressed or not, as blob_identity; false for folders, pipes and standard input. */
bool store_identity(const struct store *s, struct blob_identity *of);

/* Streams: the next member; 1, 0, -1. Valid until store_close; its body until the next call. */
int store_next(struct store *s, const struct member **m, struct err *err);
struct blob *store_member_body(struct store *s, struct err *err); /* of the current one; close it before the next */

/* SOURCE_REGISTRY: what was asked for and what it is: "docker.io/library/app:1", "sha256:HEX" of the member "manifest". */
struct store_top { const char *reference, *digest; };
struct store_top store_top(const struct store *s);

/* SOURCE_REGISTRY: a blob or manifest that a manifest names, with its stated size (0: none). */
const struct member *store_expect(struct store *s, const char *name, uint64_t size);

/* A member by clean name, links between members followed; NULL if there is none. */
const struct member *store_find(struct store *s, const char *name);

/* Opens a member for reading; safe from several threads at once. NULL for streams, but for kept JSON. */
struct blob *store_member(const struct store *s, const struct member *m, struct err *err);

/* What store_tree opens from now on is counted there; borrowed. */
void store_watch(struct store *s, struct progress *p);

/*
 * SOURCE_REGISTRY: a layer by its table of contents, fetching no more than the
 * table and what is asked for (tree_toc_take). NULL without an error where the
 * server serves no ranges.
 */
struct tree *store_member_toc(const struct store *s, const struct member *m, const char *position, const char *digest, struct err *err);

/* Kinds that are one tree (rootfs, folders, wheel): opens it; for streams only once. */
struct tree *store_tree(struct store *s, struct err *err);

/* SOURCE_JSON, SOURCE_TEXT: the whole text, at most `limit`; mem_free. SOURCE_WHEELS: names by tree. */
char *store_text(struct store *s, size_t limit, size_t *n, struct err *err);

/* A file below a folder target, links followed inside it (RESOLVE_IN_ROOT); an fd or -1. */
int store_openat(const struct store *s, const char *path, struct err *err);

/* What is odd about the outer archive, for the report; NULL if nothing. */
const char *store_notice(const struct store *s);

#endif
