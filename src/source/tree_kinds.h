/* source/tree_kinds.h: what each kind of tree brings to tree.c. Inside source alone. */
#ifndef SOURCE_TREE_KINDS_H
#define SOURCE_TREE_KINDS_H

#include "base/buf.h"
#include "base/limits.h"
#include "source/tree.h"

struct tree_ops {
	int (*next)(void *self, struct tree_entry *e, struct err *err);
	int (*seek)(void *self, uint64_t id, struct span path, struct tree_entry *e, struct err *err); /* NULL: a stream */
	int (*stat)(void *self, struct tree_entry *e, struct err *err);                                /* NULL: all is known */
	ssize_t (*read_at)(void *self, uint64_t at, void *p, size_t n, struct err *err); /* may give less, 0 at the end */
	int (*chunk)(void *self, struct tree_chunk *c, struct err *err);                 /* NULL: by read_at */
	struct blob *(*beneath)(void *self, uint64_t *at);                               /* NULL: no stream */
	const char *(*notice)(const void *self);                                         /* may be NULL */
	uint64_t (*raw)(const void *self);                                               /* may be NULL */
	void (*close)(void *self);
};

struct tree {
	const struct tree_ops *ops;
	void *self;
	struct tree_entry entry;  /* the current one */
	uint64_t at;              /* where tree_body_read is */
	uint64_t chunk_end;       /* where tree_body_next is, by read_at */
	struct tree_chunk chunk;  /* what tree_body_read has of the last chunk */
	unsigned char *buf;       /* BLOB_CHUNK bytes, once needed */
};

/* Takes self, even on failure. */
struct tree *tree_new(const struct tree_ops *ops, void *self, struct err *err);

enum { TREE_TEXT = LIMIT_PAX + 1024 }; /* ceiling of a path before it is cut to LIMIT_PATH */

/* The bytes of a path as tree_entry has them; `store` holds them where they differ from `raw`. */
struct span tree_path(struct span raw, struct buf *store);

/* Sets e->gap where the path is too long to be used. */
void tree_check_path(struct tree_entry *e);

#endif
