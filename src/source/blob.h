/*
 * source/blob.h: bytes that can be read: a file, a part of one, memory, or a
 * stream out of a decoder. scan, cmd and tests may include it.
 *
 * A blob belongs to one thread; each worker opens its own. Slices of one blob
 * are independent: they read by pread and share no place.
 */
#ifndef SOURCE_BLOB_H
#define SOURCE_BLOB_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/cur.h"
#include "base/err.h"

#define BLOB_UNKNOWN UINT64_MAX /* size of a stream */

enum {
	BLOB_HEAD = 64 * 1024,    /* the most that blob_peek gives */
	BLOB_CHUNK = 256 * 1024,  /* good size of a read from a stream */
};

struct blob;

/* `read` (streams) or `read_at`, never both. They may give less than asked; 0 is the end, -1 an error. */
struct blob_ops {
	ssize_t (*read)(void *self, void *p, size_t n, struct err *err);
	ssize_t (*read_at)(void *self, uint64_t at, void *p, size_t n, struct err *err);
	uint64_t (*raw)(const void *self); /* streams: bytes taken from the outermost file so far */
	void (*close)(void *self);         /* may be NULL */
	void (*expect)(void *self, uint64_t sure, uint64_t most); /* as blob_expect; may be NULL */
	/* streams that can go back; NULL: never */
	size_t (*mark_size)(const void *self); /* bytes of a mark at this moment; 0: not here */
	void (*mark)(void *self, void *state); /* writes as many */
	int (*back)(void *self, const void *state, struct err *err);
};

struct blob {
	const struct blob_ops *ops;
	void *self;
	uint64_t size;       /* BLOB_UNKNOWN if not known */
	bool can_read_at;    /* cheap reading anywhere; else a stream, once */
	uint64_t at;         /* where blob_read goes on */
	unsigned char *head; /* what blob_peek read ahead of `at` */
	size_t head_n, head_at;
	struct err broke;    /* streams: what ended it; told once the bytes before it were given */
};

struct blob *blob_new(const struct blob_ops *ops, void *self_take, uint64_t size, struct err *err);

/* `size` bytes from `at` of fd. The fd is borrowed and must outlive the blob. */
struct blob *blob_file(int fd, uint64_t at, uint64_t size, struct err *err);

/* A whole regular file, or a pipe as a stream. The fd is the blob's, even if this fails. */
struct blob *blob_file_take(int fd, struct err *err);

/* Bytes that are borrowed and must outlive the blob. */
struct blob *blob_memory(struct span bytes, struct err *err);

/* A part of a blob that can be read at any place; `from` is borrowed. */
struct blob *blob_slice(struct blob *from, uint64_t at, uint64_t size, struct err *err);

/* The file beneath a plain file blob, to ask fstat; -1 for all others. Still the blob's. */
int blob_fd(const struct blob *b);

/*
 * What tells a run of bytes in a local file from any other for as long as
 * nobody writes to the file: where it is stored and when it changed (ns).
 */
struct blob_identity { uint64_t device, inode, size, mtime, ctime, at, n; };

/*
 * Of a file or a part of one; ask before reading. false for all others, and for
 * a file that changed so lately that another change might not move its clock.
 */
bool blob_identity(const struct blob *b, struct blob_identity *of);

void blob_close(struct blob *b); /* NULL is fine */

/* Fills p with n bytes; fewer only at the end. -1 on error. */
ssize_t blob_read(struct blob *b, void *p, size_t n, struct err *err);
ssize_t blob_read_at(struct blob *b, uint64_t at, void *p, size_t n, struct err *err);

/* The next n (at most BLOB_HEAD) bytes without taking them; fewer only at the end. Borrowed until the next call. */
int blob_peek(struct blob *b, size_t n, struct span *head, struct err *err);

/*
 * A place in a stream to which it can go back: the state of its decoder.
 * Streams have such places where what lies below them can be read anywhere.
 * A mark may be set again and again; blob_mark_clear frees it.
 */
struct blob_mark {
	uint64_t at; /* bytes that were read before it */
	void *state;
	size_t n, cap;
};
#define BLOB_MARK_INIT { 0 }

size_t blob_mark_size(const struct blob *b); /* bytes that a mark would take here; 0: there can be none */
int blob_mark(struct blob *b, struct blob_mark *m, struct err *err); /* 1; 0 where there can be none; -1 memory */
int blob_back(struct blob *b, const struct blob_mark *m, struct err *err);
void blob_mark_clear(struct blob_mark *m);

/* Goes to byte `at`, for decoders over it: only blobs that can be read anywhere. */
void blob_go(struct blob *b, uint64_t at);

/*
 * Says, where each request costs, what the next reads will be: on to byte
 * `sure` for certain, and perhaps on to `most`, but not beyond.
 */
void blob_expect(struct blob *b, uint64_t sure, uint64_t most);

/* Bytes taken from the outermost file so far: where in a compressed file we are. */
uint64_t blob_raw(const struct blob *b);

/* Reads to the end, for the checks that stand there (CRC, digest). */
int blob_drain(struct blob *b, struct err *err);

/* All bytes, at most `limit`, in memory of the caller's (mem_free). NULL on error. */
char *blob_text(struct blob *b, size_t limit, size_t *n, struct err *err);

#endif
