/* source/store_parts.h: the inside of a store, for store.c and store_probe.c alone. */
#ifndef SOURCE_STORE_PARTS_H
#define SOURCE_STORE_PARTS_H

#include "base/mem.h"
#include "source/store.h"

struct store {
	enum source_kind kind;
	struct arena arena;
	const char *name, *compression, *notice;
	int fd;              /* folder, or -1 */
	struct blob *b;      /* file or stream, until a tree takes the stream; NULL for folders and memory */
	struct tree *outer;  /* image streams: the outer tar */
	struct blob *body;   /* image streams: the current member, until it is handed out */
	bool stream, ended;
	bool identified;
	struct blob_identity identity; /* of the file, if identified */
	LIST(struct member *) members;
	size_t *slots, slot_n; /* open addressing: number of the member + 1; 0 is free */
	size_t kept;           /* bytes of kept texts */
	struct registry *registry; /* SOURCE_REGISTRY */
	struct weblogin *login;    /* of a file at a URL */
	struct tree *far;          /* a remote zip, until store_tree hands it out */
	bool brief;                /* of which metadata alone is to be read */
	struct store_top top;
	struct progress *progress; /* of trees; NULL */
};

/* An empty store that store_close takes. NULL when memory ran out. */
struct store *store_new(const char *name, struct err *err);

/* Adds a member; the later of two with one name counts. NULL when memory ran out or there are too many. */
struct member *store_add(struct store *s, struct span name, struct err *err);
struct member *store_lookup(const struct store *s, const char *name);

/* What the content is: sets kind, indexes a tar that can be read anywhere, starts a stream. */
int store_probe_blob(struct store *s, struct err *err);
int store_probe_folder(struct store *s, struct err *err);

/* An image's kind by its members: 1, or 0 if they are none of an image; -1 when memory ran out. */
int store_image_kind(struct store *s, enum source_kind *kind, struct err *err);

/* Notes one entry of the outer tar. NULL on error. */
struct member *store_add_entry(struct store *s, const struct tree_entry *e, struct err *err);

#endif
