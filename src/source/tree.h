/*
 * source/tree.h: one ordered file tree, read entry by entry: a layer, a folder, a wheel.
 * scan, cmd and tests may include it.
 *
 *     while ((more = tree_next(tree, &e, &err)) > 0)
 *             ...  tree_body_read_at() if e.read_at, else tree_body_next() or tree_body_read() in order
 *
 * A body that is not read is skipped: for free where the source can hop, by
 * decoding it where it is a stream. Every tree belongs to one thread and holds
 * its own place; trees over one file are independent.
 */
#ifndef SOURCE_TREE_H
#define SOURCE_TREE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/cur.h"
#include "base/err.h"
#include "source/blob.h"

enum tree_type { TREE_FILE, TREE_DIR, TREE_SYMLINK, TREE_HARDLINK, TREE_DEVICE, TREE_FIFO, TREE_OTHER };

#define TREE_SIZE_UNKNOWN UINT64_MAX /* folders: nobody asked; tree_stat tells */

/* Spans are borrowed until the next call of tree_next or tree_seek. */
struct tree_entry {
	struct span path; /* clean and relative: no leading "/" or "./", no "//", "." or ".."; "" is the root itself */
	struct span link; /* symlink: its target as written; hardlink: clean path of the file it names */
	enum tree_type type;
	uint32_t mode;    /* permission bits; 0 in folders until tree_stat */
	uint64_t size;    /* bytes of the body */
	uint64_t id;      /* for tree_seek */
	uint64_t body_at; /* tars that can be read anywhere: where the body lies in the blob, whole; else TREE_SIZE_UNKNOWN */
	bool read_at;     /* tree_body_read_at is cheap; else the body is a stream, once */
	const char *gap;  /* why its body or name cannot be used; NULL if it can. Constant text */
};

struct tree;

/* A tar, compressed or not, told by magic. The blob is taken, even on failure. */
struct tree *tree_tar_take(struct blob *b, struct err *err);

/* A folder. The fd is taken. `root`: it is a root file system, so /proc and /sys are left out; other devices always are. */
struct tree *tree_folder_take(int fd, bool root, struct err *err);

/* A zip. The blob (which must be readable anywhere) is taken. */
struct tree *tree_zip_take(struct blob *b, struct err *err);

/*
 * A zip that is elsewhere (http_ranged): its directory comes in one piece.
 * `brief`: of a large directory both ends alone, if a wheel's metadata is
 * there; the tree then has those members only. The blob is taken.
 */
struct tree *tree_zip_far_take(struct blob *b, bool brief, struct err *err);
bool tree_zip_is_wheel(const struct tree *t); /* does it have a *.dist-info? */

/* Texts in memory as files; all borrowed. */
struct tree_text { const char *path; struct span text; };
struct tree *tree_texts(const struct tree_text *v, size_t n, struct err *err);

/* A zip as a stream, front to back; what has no size before its body is a gap. The blob is taken. */
struct tree *tree_zip_stream_take(struct blob *b, struct err *err);

/* Whatever else libarchive reads (cpio, 7z, ar, ...). The blob is taken. */
struct tree *tree_archive_take(struct blob *b, struct err *err);

/*
 * A layer by its own table of contents (parse/layertoc.h), out of a blob that
 * can be read anywhere: no more is read than the table and what is asked for.
 * The table and every piece are held to their sha256, so that what comes out
 * is what its writer states; whether the layer unpacks to the same, nobody
 * has seen. `position`: zstd:chunked, the annotation; NULL: eStargz. `digest`
 * is the table's. The blob is taken.
 */
struct tree *tree_toc_take(struct blob *b, const char *position, const char *digest, struct err *err);

/* One of the above by magic, after any decompression. An empty blob is an empty tree. */
struct tree *tree_open_take(struct blob *b, struct err *err);

void tree_close(struct tree *t); /* NULL is fine */

/* 1 and an entry, 0 at the end, -1 on error (what came before stands). */
int tree_next(struct tree *t, struct tree_entry *e, struct err *err);

/*
 * Makes an earlier entry current again (round 2): by `id` in tars and zips, by
 * path in folders. ERR_UNSUPPORTED for streams: open a fresh tree instead.
 * Do not go on with tree_next afterwards.
 */
int tree_seek(struct tree *t, uint64_t id, struct span path, struct tree_entry *e, struct err *err);
bool tree_can_seek(const struct tree *t);

/* Folders: fills mode and size of the current entry. Others: they are known already. */
int tree_stat(struct tree *t, struct tree_entry *e, struct err *err);

/* ---- the body of the current entry (files alone; others have none) ---- */

/* Fewer than n bytes only at the end of the body. */
ssize_t tree_body_read_at(struct tree *t, uint64_t at, void *p, size_t n, struct err *err);
ssize_t tree_body_read(struct tree *t, void *p, size_t n, struct err *err);

/* The next run of bytes without copying; from the end of the last one to `at` all is zero (a hole). */
struct tree_chunk {
	uint64_t at;
	struct span bytes; /* borrowed until the next call */
};
int tree_body_next(struct tree *t, struct tree_chunk *c, struct err *err); /* 1, 0, -1 */

/*
 * The stream that the current body comes from, and in *at the byte of the body
 * that it gives next (past its end: the body is over). NULL where there is no
 * such stream, or the body is not one run of it. For blob_mark and blob_back:
 * who goes back puts it where it was before the tree goes on.
 */
struct blob *tree_beneath(struct tree *t, uint64_t *at);

/* What is odd about the whole (no end blocks, GNU sparse), one line for the report; NULL if nothing. Ask at the end. */
const char *tree_notice(const struct tree *t);

/* Bytes taken from the outermost file so far: for progress. */
uint64_t tree_raw(const struct tree *t);

/* ---- whiteouts: image-spec, layer.md "Whiteouts" ---- */

enum whiteout_kind {
	WHITEOUT_NONE,
	WHITEOUT_FILE,   /* hides `name` in `dir` of the layers below */
	WHITEOUT_OPAQUE, /* hides all in `dir` of the layers below */
	WHITEOUT_AUFS,   /* other .wh..wh. names: AUFS's own, no file of the image */
};
struct whiteout {
	enum whiteout_kind kind;
	struct span dir, name; /* parts of the path asked about */
};
struct whiteout tree_whiteout(struct span path);

#endif
