#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "parse/layertoc.h"
#include "source/codec.h"
#include "source/digest.h"
#include "source/tree_kinds.h"

/*
 * A layer by its table of contents. Every piece is decoded on its own and held
 * to its sha256. Files of small pieces can be read anywhere, those of larger
 * ones are streams. The last pieces are kept: an ELF file is read here and
 * there and here again, and who fetches a piece twice pays twice.
 */
enum { KEPT = 512, KEPT_BYTES = 2 * LIMIT_TOC_PIECE, HEAD = 4096 };

struct kept { size_t piece; uint64_t used; unsigned char *p; size_t n; }; /* p NULL: free */

struct toc_tree {
	struct blob *b;
	struct arena arena;
	struct toc_place place;
	uint64_t table_n;   /* bytes of the JSON, and */
	unsigned char head[HEAD]; /* its first */
	struct toc toc;
	size_t next;
	const struct toc_entry *e;
	struct buf path, link;
	struct kept kept[KEPT];
	size_t kept_n;      /* bytes of all of them */
	uint64_t clock;     /* counts uses */
	struct blob *run;   /* what is decoded from run_at on; run_n bytes were taken. eStargz may put several pieces into one */
	uint64_t run_at, run_n;
	size_t chunk;       /* of the current file: the piece that tree_chunk gives next, or is giving */
	struct blob *part;  /* streams: that piece, hashed; NULL between pieces */
	uint64_t part_at;
	unsigned char *buf; /* BLOB_CHUNK bytes of it */
};

/* ---- one piece ---- */

/* At most `left` bytes of another blob, which is borrowed: the hash over it must not close it. */
struct bounded { struct toc_tree *t; uint64_t left; };

static ssize_t bounded_read(void *self, void *p, size_t n, struct err *err)
{
	struct bounded *b = self;
	if (n > b->left)
		n = (size_t)b->left;
	ssize_t got = n ? blob_read(b->t->run, p, n, err) : 0;
	if (!got && n)
		return err_set(err, ERR_FORMAT, "a piece of a file ends early");
	b->left -= got > 0 ? (uint64_t)got : 0;
	b->t->run_n += got > 0 ? (uint64_t)got : 0;
	return got;
}

static const struct blob_ops bounded_ops = { .read = bounded_read, .close = mem_free };

static void run_end(struct toc_tree *t)
{
	blob_close(t->run);
	t->run = NULL;
}

/* Where the last piece of the current file ends, if it lies behind this one. */
static uint64_t end_of_file(const struct toc_tree *t, const struct toc_piece *p)
{
	uint64_t end = t->e->pieces ? t->toc.pieces.v[t->e->piece + t->e->pieces - 1].end : 0;
	return end > p->end ? end : p->end;
}

/* Makes the decoder stand at the first byte of a piece. */
static int run_to(struct toc_tree *t, const struct toc_piece *p, struct err *err)
{
	unsigned char skipped[16 * 1024];
	if (!t->run || t->run_at != p->at || t->run_n > p->skip) {
		run_end(t);
		blob_expect(t->b, p->end, end_of_file(t, p));
		struct blob *part = blob_slice(t->b, p->at, p->end - p->at, err);
		t->run = part ? t->place.kind == TOC_STARGZ ? gzip_open_take(part, err) : zstd_open_take(part, err) : NULL;
		if (!t->run)
			return -1;
		t->run_at = p->at;
		t->run_n = 0;
	}
	while (t->run_n < p->skip) {
		uint64_t left = p->skip - t->run_n;
		ssize_t got = blob_read(t->run, skipped, left < sizeof(skipped) ? (size_t)left : sizeof(skipped), err);
		if (got <= 0)
			return got < 0 ? -1 : err_set(err, ERR_FORMAT, "a piece of a file lies behind what it is in");
		t->run_n += (uint64_t)got;
	}
	return 0;
}

/* The bytes of a piece, as a stream that fails at its end where their sha256 is another. */
static struct blob *open_piece(struct toc_tree *t, const struct toc_piece *p, struct err *err)
{
	char digest[7 + 64 + 1] = "sha256:";
	for (unsigned i = 0; i < 32; i++) {
		digest[7 + 2 * i] = "0123456789abcdef"[p->sha256[i] >> 4];
		digest[8 + 2 * i] = "0123456789abcdef"[p->sha256[i] & 15];
	}
	struct bounded *b = run_to(t, p, err) < 0 ? NULL : mem_alloc(sizeof(*b));
	if (!b) {
		err_nomem(err); /* unless another cause stands there */
		return NULL;
	}
	*b = (struct bounded){ t, p->size };
	struct blob *part = blob_new(&bounded_ops, b, p->size, err);
	return part ? digest_open_take(part, digest, NULL, err) : NULL;
}

/* n bytes and then the end, where the hash is looked at. */
static int read_whole(struct blob *b, unsigned char *p, size_t n, struct err *err)
{
	unsigned char past;
	ssize_t got = blob_read(b, p, n, err);
	if (got < 0 || blob_read(b, &past, 1, err) != 0 || got != (ssize_t)n)
		return err_set(err, ERR_FORMAT, "a piece of a file ends early");
	return 0;
}

static void drop_piece(struct toc_tree *t, struct kept *k)
{
	t->kept_n -= k->n;
	mem_free(k->p);
	*k = (struct kept){ 0 };
}

/* A free place, with room for n bytes: what was used longest ago goes. */
static struct kept *make_room(struct toc_tree *t, size_t n)
{
	for (;;) {
		struct kept *oldest = &t->kept[0], *empty = NULL;
		for (size_t k = 0; k < KEPT; k++) {
			struct kept *x = &t->kept[k];
			if (!x->p)
				empty = x;
			else if (!oldest->p || x->used < oldest->used)
				oldest = x;
		}
		if (empty && (!t->kept_n || t->kept_n + n <= KEPT_BYTES))
			return empty;
		drop_piece(t, oldest);
	}
}

static int decode_piece(struct toc_tree *t, const struct toc_piece *p, unsigned char *to, struct err *err)
{
	if (!p->end) {
		memset(to, 0, (size_t)p->size);
		return 0;
	}
	struct blob *part = open_piece(t, p, err);
	int rc = part ? read_whole(part, to, (size_t)p->size, err) : -1;
	blob_close(part);
	return rc;
}

/* The kept piece, decoded and held to its hash where it is not there yet. */
static struct kept *keep_piece(struct toc_tree *t, size_t i, struct err *err)
{
	const struct toc_piece *p = &t->toc.pieces.v[i];
	for (size_t k = 0; k < KEPT; k++)
		if (t->kept[k].p && t->kept[k].piece == i) {
			t->kept[k].used = ++t->clock;
			return &t->kept[k];
		}
	struct kept *to = make_room(t, (size_t)p->size);
	unsigned char *bytes = mem_alloc((size_t)p->size);
	if (!bytes || decode_piece(t, p, bytes, err) < 0) {
		mem_free(bytes);
		err_nomem(err); /* unless another cause stands there */
		return NULL;
	}
	*to = (struct kept){ i, ++t->clock, bytes, (size_t)p->size };
	t->kept_n += to->n;
	return to;
}

/* ---- entries ---- */

static bool is_kept_whole(const struct toc_tree *t, const struct toc_entry *e)
{
	for (size_t i = 0; i < e->pieces; i++)
		if (t->toc.pieces.v[e->piece + i].size > LIMIT_TOC_PIECE)
			return false;
	return true;
}

static void end_part(struct toc_tree *t)
{
	blob_close(t->part);
	t->part = NULL;
}

/* The piece that is passing, to its end and its hash: what was given of it counts only if that holds. */
static int settle(struct toc_tree *t, struct err *err)
{
	int rc = t->part ? blob_drain(t->part, err) : 0;
	end_part(t);
	return rc;
}

static void fill_entry(struct toc_tree *t, const struct toc_entry *from, struct tree_entry *e)
{
	static const enum tree_type types[] = {
		[TOC_FILE] = TREE_FILE, [TOC_DIR] = TREE_DIR, [TOC_SYMLINK] = TREE_SYMLINK, [TOC_HARDLINK] = TREE_HARDLINK,
		[TOC_DEVICE] = TREE_DEVICE, [TOC_FIFO] = TREE_FIFO, [TOC_OTHER] = TREE_OTHER,
	};
	t->e = from;
	t->chunk = 0;
	e->path = tree_path(from->path, &t->path);
	e->type = types[from->type];
	e->link = e->type == TREE_HARDLINK ? tree_path(from->link, &t->link) : e->type == TREE_SYMLINK ? from->link : (struct span){ 0 };
	e->mode = from->mode;
	e->size = from->size;
	e->id = (uint64_t)(from - t->toc.entries.v);
	e->read_at = e->type == TREE_FILE && is_kept_whole(t, from);
	tree_check_path(e);
}

static const struct toc_entry the_table = { .type = TOC_FILE };

static int toc_next(void *self, struct tree_entry *e, struct err *err)
{
	struct toc_tree *t = self;
	if (settle(t, err) < 0)
		return -1;
	if (t->next < t->toc.entries.n) {
		fill_entry(t, &t->toc.entries.v[t->next++], e);
		return t->path.bad || t->link.bad ? err_nomem(err) : 1;
	}
	/* the table itself is eStargz's last file, which it does not name */
	if (t->place.kind != TOC_STARGZ || t->next++ > t->toc.entries.n)
		return 0;
	t->e = &the_table;
	e->path = SPAN_STR("stargz.index.json");
	e->read_at = true;
	e->size = t->table_n;
	e->id = t->toc.entries.n;
	return 1;
}

static int toc_seek(void *self, uint64_t id, struct span path, struct tree_entry *e, struct err *err)
{
	struct toc_tree *t = self;
	(void)path;
	if (id >= t->toc.entries.n)
		return err_set(err, ERR_FORMAT, "the table of contents has no such entry");
	if (settle(t, err) < 0)
		return -1;
	fill_entry(t, &t->toc.entries.v[id], e);
	return t->path.bad || t->link.bad ? err_nomem(err) : 0;
}

static ssize_t copy_out(struct span from, uint64_t at, void *p, size_t n)
{
	struct span got = span_sub(from, (size_t)at, n);
	memcpy(p, got.p, got.n);
	return (ssize_t)got.n;
}

static ssize_t toc_read_at(void *self, uint64_t at, void *p, size_t n, struct err *err)
{
	struct toc_tree *t = self;
	size_t low = 0, high = t->e->pieces;
	if (t->e == &the_table) /* enough to see that it is no program */
		return at < t->table_n && at < HEAD ? copy_out((struct span){ t->head, t->table_n < HEAD ? (size_t)t->table_n : HEAD }, at, p, n) : 0;
	if (at >= t->e->size || !high)
		return 0;
	while (high - low > 1) { /* the last that begins at or before `at` */
		size_t mid = low + (high - low) / 2;
		if (t->toc.pieces.v[t->e->piece + mid].file_at <= at)
			low = mid;
		else
			high = mid;
	}
	struct kept *k = keep_piece(t, t->e->piece + low, err);
	if (!k)
		return -1;
	return copy_out((struct span){ k->p, k->n }, at - t->toc.pieces.v[t->e->piece + low].file_at, p, n);
}

/* A piece that is too large to be kept passes as a stream. */
static int stream_piece(struct toc_tree *t, const struct toc_piece *p, struct tree_chunk *c, struct err *err)
{
	if (!t->part) {
		t->part_at = p->file_at;
		if (!(t->part = open_piece(t, p, err)))
			return -1;
	}
	if (!t->buf && !(t->buf = mem_alloc(BLOB_CHUNK)))
		return err_nomem(err);
	ssize_t got = blob_read(t->part, t->buf, BLOB_CHUNK, err);
	if (got <= 0)
		return (int)got;
	*c = (struct tree_chunk){ t->part_at, { t->buf, (size_t)got } };
	t->part_at += (uint64_t)got;
	/* whoever has the last bytes asks for no more: the hash is looked at before they are given */
	return t->part_at - p->file_at < p->size || settle(t, err) == 0 ? 1 : -1;
}

static int toc_chunk(void *self, struct tree_chunk *c, struct err *err)
{
	struct toc_tree *t = self;
	for (; t->chunk < t->e->pieces; t->chunk++) {
		const struct toc_piece *p = &t->toc.pieces.v[t->e->piece + t->chunk];
		if (!p->end)
			continue; /* a hole */
		if (p->size > LIMIT_TOC_PIECE) {
			int more = stream_piece(t, p, c, err);
			t->chunk += more > 0 && !t->part;
			return more ? more : err_set(err, ERR_FORMAT, "a piece of a file ends early");
		}
		struct kept *k = keep_piece(t, t->e->piece + t->chunk, err);
		if (!k)
			return -1;
		*c = (struct tree_chunk){ p->file_at, { k->p, k->n } };
		t->chunk++;
		return 1;
	}
	return 0;
}

static void toc_close(void *self)
{
	struct toc_tree *t = self;
	end_part(t);
	run_end(t);
	for (size_t i = 0; i < KEPT; i++)
		mem_free(t->kept[i].p);
	blob_close(t->b);
	buf_clear(&t->path);
	buf_clear(&t->link);
	arena_clear(&t->arena);
	mem_free(t->buf);
	mem_free(t);
}

static const struct tree_ops toc_ops = {
	.next = toc_next, .seek = toc_seek, .read_at = toc_read_at, .chunk = toc_chunk, .close = toc_close,
};

/* ---- the table ---- */

static int find_table(struct toc_tree *t, const char *position, struct err *err)
{
	unsigned char footer[TOC_FOOTER];
	bool found;
	if (position) {
		found = toc_chunked_place(SPAN_STR(position), t->b->size, &t->place);
	} else {
		uint64_t at = t->b->size > TOC_FOOTER ? t->b->size - TOC_FOOTER : 0;
		ssize_t n = blob_read_at(t->b, at, footer, sizeof(footer), err);
		if (n < 0)
			return -1;
		found = toc_stargz_place((struct span){ footer, (size_t)n }, t->b->size, &t->place);
	}
	return found ? 0 : err_set(err, ERR_FORMAT, "the layer has no table of contents where one is stated");
}

/* zstd:chunked: hashed as it is stored. */
static char *read_chunked(struct blob *part, const char *digest, size_t *n, struct err *err)
{
	size_t stored;
	struct blob *hashed = digest_open_take(part, digest, NULL, err);
	char *raw = hashed ? blob_text(hashed, LIMIT_TOC, &stored, err) : NULL;
	blob_close(hashed);
	struct blob *memory = raw ? blob_memory((struct span){ (unsigned char *)raw, stored }, err) : NULL;
	struct blob *out = memory ? codec_open_take(memory, err) : NULL;
	char *text = out ? blob_text(out, LIMIT_TOC, n, err) : NULL;
	blob_close(out);
	mem_free(raw);
	return text;
}

/* eStargz: a tar of one file, whose bytes are hashed. */
static char *read_stargz(struct blob *part, const char *digest, size_t *n, struct err *err)
{
	struct tree_entry e;
	char sum[7 + 64 + 1];
	struct tree *tar = tree_tar_take(part, err);
	int more = tar ? tree_next(tar, &e, err) : -1;
	char *text = NULL;
	if (more == 0 || (more > 0 && (!span_eq(e.path, "stargz.index.json") || e.type != TREE_FILE)))
		err_set(err, ERR_FORMAT, "the layer's table of contents is none");
	else if (more > 0 && e.size > LIMIT_TOC)
		err_set(err, ERR_LIMIT, "the layer's table of contents has over %u bytes", LIMIT_TOC);
	else if (more > 0 && !(text = mem_alloc((size_t)e.size + 1)))
		err_nomem(err);
	ssize_t got = text ? tree_body_read(tar, text, (size_t)e.size, err) : -1;
	tree_close(tar);
	if (got >= 0 && digest_of((struct span){ (unsigned char *)text, (size_t)got }, sum, err) == 0 && !strcmp(sum, digest)) {
		*n = (size_t)got;
		return text;
	}
	err_set(err, ERR_REFUSED, "the layer's table of contents is not the one that is stated");
	mem_free(text);
	return NULL;
}

static int read_table(struct toc_tree *t, const char *digest, struct err *err)
{
	size_t n = 0;
	blob_expect(t->b, t->place.at + t->place.n, t->place.at + t->place.n);
	struct blob *part = blob_slice(t->b, t->place.at, t->place.n, err);
	char *text = !part ? NULL : t->place.kind == TOC_STARGZ ? read_stargz(part, digest, &n, err) : read_chunked(part, digest, &n, err);
	t->table_n = n;
	if (text)
		memcpy(t->head, text, n < HEAD ? n : HEAD);
	int rc = text ? toc_parse((struct span){ (unsigned char *)text, n }, t->place.kind, t->place.at, &t->arena, &t->toc, err) : -1;
	mem_free(text);
	return rc;
}

struct tree *tree_toc_take(struct blob *b, const char *position, const char *digest, struct err *err)
{
	struct toc_tree *t = mem_alloc(sizeof(*t));
	if (!t) {
		blob_close(b);
		err_nomem(err);
		return NULL;
	}
	*t = (struct toc_tree){ .b = b, .arena = ARENA_INIT, .path = BUF_INIT(TREE_TEXT), .link = BUF_INIT(TREE_TEXT) };
	if (find_table(t, position, err) == 0 && read_table(t, digest, err) == 0)
		return tree_new(&toc_ops, t, err);
	toc_close(t);
	return NULL;
}
