#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "parse/tar.h"
#include "source/codec.h"
#include "source/tree_kinds.h"

/*
 * One parser, two ways to feed it. Where the blob can be read anywhere, a
 * small window is read at each header and bodies are hopped over; of a stream
 * all is read in large pieces.
 */
enum { WINDOW = 16 * 1024, FIRST_WINDOW = 4 * 1024 };

struct tar_tree {
	struct blob *b;
	struct tar tar;
	struct buf path, link;
	bool done;
	uint32_t piece;     /* of a sparse map, and */
	uint64_t stored_at; /* stored bytes that chunks gave: only where the blob can be read anywhere */
	uint64_t buf_at;    /* where in the blob buf begins */
	size_t buf_n, buf_max;
	unsigned char *buf;
	unsigned char *body; /* BLOB_CHUNK bytes for chunks; read-anywhere only */
};

/* What is in the buffer from where the parser is; reads more if that is nothing. 0 bytes: the end. */
static int bytes_here(struct tar_tree *t, struct span *in, struct err *err)
{
	uint64_t at = t->tar.at;
	if (at < t->buf_at || at - t->buf_at >= t->buf_n) {
		uint64_t ended = t->buf_at + t->buf_n;
		t->buf_n = 0;
		t->buf_at = at;
		/* behind a body it is one header; where the last window ended, many small files */
		size_t n = at == ended ? t->buf_max : FIRST_WINDOW;
		ssize_t got = t->b->can_read_at ? blob_read_at(t->b, at, t->buf, n, err)
						: blob_read(t->b, t->buf, t->buf_max, err);
		if (got < 0)
			return -1;
		t->buf_n = (size_t)got;
	}
	*in = span_from((struct span){ t->buf, t->buf_n }, (size_t)(at - t->buf_at));
	return 0;
}

/* The next step of the parser that is not NEED. */
static int advance(struct tar_tree *t, enum tar_step *step, struct err *err)
{
	for (;;) {
		struct span in;
		if (bytes_here(t, &in, err) < 0)
			return -1;
		*step = in.n ? tar_feed(&t->tar, &in, err) : tar_finish(&t->tar, err);
		if (*step == TAR_BAD)
			return -1;
		if (*step != TAR_NEED)
			return 0;
	}
}

/* Past the rest of the body. A cut-off body is found by the next read: it gives nothing. */
static int skip_body(struct tar_tree *t, struct err *err)
{
	if (t->b->can_read_at) {
		(void)tar_skip(&t->tar, t->tar.at < t->b->size ? t->b->size - t->tar.at : 0);
		return 0;
	}
	for (;;) {
		struct span in;
		if (bytes_here(t, &in, err) < 0)
			return -1;
		uint64_t hop = tar_skip(&t->tar, in.n);
		if (!in.n || hop < in.n)
			return 0;
	}
}

static void fill_entry(struct tar_tree *t, struct tree_entry *e)
{
	static const enum tree_type types[] = {
		[TAR_FILE] = TREE_FILE, [TAR_HARDLINK] = TREE_HARDLINK, [TAR_SYMLINK] = TREE_SYMLINK,
		[TAR_CHAR] = TREE_DEVICE, [TAR_BLOCKDEV] = TREE_DEVICE, [TAR_DIR] = TREE_DIR,
		[TAR_FIFO] = TREE_FIFO, [TAR_OTHER] = TREE_OTHER,
	};
	const struct tar_entry *from = &t->tar.entry;
	e->path = tree_path(from->path, &t->path);
	e->type = types[from->type];
	e->link = e->type == TREE_HARDLINK ? tree_path(from->link, &t->link) : e->type == TREE_SYMLINK ? from->link : (struct span){ 0 };
	e->mode = from->mode;
	e->size = from->size;
	e->id = from->header_at;
	e->read_at = t->b->can_read_at;
	if (e->read_at && !from->map)
		e->body_at = from->body_at;
	if (from->notes & TAR_NOTE_BAD_MAP)
		e->gap = "its sparse map is damaged";
	tree_check_path(e);
	t->piece = 0;
	t->stored_at = 0;
}

static int tar_next(void *self, struct tree_entry *e, struct err *err)
{
	struct tar_tree *t = self;
	enum tar_step step;
	if (t->done)
		return 0;
	if (skip_body(t, err) < 0)
		return -1;
	do
		if (advance(t, &step, err) < 0) {
			t->done = true;
			return -1;
		}
	while (step == TAR_BODY);
	if (step == TAR_END) {
		t->done = true;
		/* behind the end lie padding and the check sums of the stream; and who writes into a pipe wants to finish */
		return t->b->can_read_at ? 0 : blob_drain(t->b, err);
	}
	if (t->tar.entries > LIMIT_ENTRIES) {
		t->done = true;
		return err_set(err, ERR_LIMIT, "tar: over %u entries", LIMIT_ENTRIES);
	}
	fill_entry(t, e);
	if (t->path.bad || t->link.bad)
		return err_nomem(err);
	return 1;
}

static int tar_seek(void *self, uint64_t id, struct span path, struct tree_entry *e, struct err *err)
{
	struct tar_tree *t = self;
	enum tar_step step;
	(void)path;
	tar_clear(&t->tar);
	t->tar.at = id;
	if (advance(t, &step, err) < 0)
		return -1;
	if (step != TAR_ENTRY)
		return err_set(err, ERR_FORMAT, "tar: no entry where one was");
	fill_entry(t, e);
	return 0;
}

/* ---- bodies that can be read anywhere ---- */

/* Where stored byte `stored` of the body is, as a part of the blob; never past its end. */
static ssize_t read_stored(struct tar_tree *t, uint64_t stored, void *p, size_t n, struct err *err)
{
	const struct tar_entry *e = &t->tar.entry;
	ssize_t got = blob_read_at(t->b, e->body_at + stored, p, n, err);
	return !got && n ? err_set(err, ERR_FORMAT, "tar: cut off inside a file") : got;
}

/* The first piece that ends behind `at`; NULL where all behind it is a hole. */
static const struct tar_piece *piece_behind(const struct tar_entry *e, uint64_t at)
{
	uint32_t low = 0, high = e->pieces;
	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		if (e->map[mid].at + e->map[mid].n > at)
			high = mid;
		else
			low = mid + 1;
	}
	return low < e->pieces ? &e->map[low] : NULL;
}

static ssize_t sparse_read_at(struct tar_tree *t, uint64_t at, void *p, size_t n, struct err *err)
{
	const struct tar_piece *piece = piece_behind(&t->tar.entry, at);
	if (!piece || at < piece->at) {
		if (piece && n > piece->at - at)
			n = (size_t)(piece->at - at);
		memset(p, 0, n);
		return (ssize_t)n;
	}
	if (n > piece->n - (at - piece->at))
		n = (size_t)(piece->n - (at - piece->at));
	return read_stored(t, piece->before + (at - piece->at), p, n, err);
}

static ssize_t tar_read_at(void *self, uint64_t at, void *p, size_t n, struct err *err)
{
	struct tar_tree *t = self;
	const struct tar_entry *e = &t->tar.entry;
	if (at >= e->size)
		return 0;
	if (n > e->size - at)
		n = (size_t)(e->size - at);
	return e->map ? sparse_read_at(t, at, p, n, err) : read_stored(t, at, p, n, err);
}

static int chunk_by_hops(struct tar_tree *t, struct tree_chunk *c, struct err *err)
{
	const struct tar_entry *e = &t->tar.entry;
	uint64_t left = e->stored - t->stored_at, at = t->stored_at;
	if (!left)
		return 0;
	if (e->map) { /* stored_at counts over all pieces */
		while (at - e->map[t->piece].before >= e->map[t->piece].n)
			t->piece++;
		const struct tar_piece *piece = &e->map[t->piece];
		left = piece->n - (at - piece->before);
		at = piece->at + (at - piece->before);
	}
	if (!t->body && !(t->body = mem_alloc(BLOB_CHUNK)))
		return err_nomem(err);
	ssize_t got = read_stored(t, t->stored_at, t->body, left < BLOB_CHUNK ? (size_t)left : BLOB_CHUNK, err);
	if (got < 0)
		return -1;
	t->stored_at += (uint64_t)got;
	*c = (struct tree_chunk){ at, { t->body, (size_t)got } };
	return 1;
}

static int tar_chunk(void *self, struct tree_chunk *c, struct err *err)
{
	struct tar_tree *t = self;
	enum tar_step step = TAR_BODY;
	if (t->b->can_read_at)
		return chunk_by_hops(t, c, err);
	if (t->tar.stored_at >= t->tar.entry.stored)
		return 0;
	if (advance(t, &step, err) < 0)
		return -1;
	if (step != TAR_BODY)
		return 0;
	*c = (struct tree_chunk){ t->tar.body_at, t->tar.body };
	return 1;
}

/* All that the blob gave lies in the buffer, from where the parser is. */
static struct blob *tar_beneath(void *self, uint64_t *at)
{
	struct tar_tree *t = self;
	if (t->tar.entry.map)
		return NULL;
	*at = t->tar.stored_at + (t->buf_at + t->buf_n - t->tar.at);
	return t->b;
}

static const char *tar_notice(const void *self)
{
	const struct tar_tree *t = self;
	unsigned notes = t->tar.notes;
	if (notes & TAR_NOTE_GNU_SPARSE)
		return "holds a GNU sparse file (type S): docker, podman and umoci refuse such a layer";
	if (notes & TAR_NOTE_NO_END)
		return "has no end-of-archive blocks: cut off, or written by `umoci insert`";
	if (notes & TAR_NOTE_LONE_ZERO)
		return "ends with one zero block where two belong";
	if (notes & TAR_NOTE_ODD_TYPE)
		return "holds an entry of a type that no format defines";
	return NULL;
}

static uint64_t tar_raw(const void *self)
{
	return blob_raw(((const struct tar_tree *)self)->b);
}

static void tar_close(void *self)
{
	struct tar_tree *t = self;
	tar_clear(&t->tar);
	buf_clear(&t->path);
	buf_clear(&t->link);
	blob_close(t->b);
	mem_free(t->body);
	mem_free(t->buf);
	mem_free(t);
}

static const struct tree_ops hop_ops = {
	.next = tar_next, .seek = tar_seek, .read_at = tar_read_at, .chunk = tar_chunk,
	.notice = tar_notice, .raw = tar_raw, .close = tar_close,
};
static const struct tree_ops stream_ops = {
	.next = tar_next, .chunk = tar_chunk, .beneath = tar_beneath, .notice = tar_notice, .raw = tar_raw, .close = tar_close,
};

struct tree *tree_tar_take(struct blob *b, struct err *err)
{
	b = codec_open_take(b, err);
	if (!b)
		return NULL;
	struct tar_tree *t = mem_alloc(sizeof(*t));
	size_t max = b->can_read_at ? WINDOW : BLOB_CHUNK;
	unsigned char *buf = t ? mem_alloc(max) : NULL;
	if (!buf) {
		mem_free(t);
		blob_close(b);
		err_nomem(err);
		return NULL;
	}
	*t = (struct tar_tree){
		.b = b, .tar = TAR_INIT, .buf = buf, .buf_max = max,
		.path = BUF_INIT(TAR_TEXT), .link = BUF_INIT(TAR_TEXT),
	};
	return tree_new(b->can_read_at ? &hop_ops : &stream_ops, t, err);
}
