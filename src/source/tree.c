#include "source/tree.h"

#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "parse/tar.h"
#include "parse/zipdir.h"
#include "source/codec.h"
#include "source/tree_kinds.h"

struct tree *tree_new(const struct tree_ops *ops, void *self, struct err *err)
{
	struct tree *t = mem_alloc(sizeof(*t));
	if (!t) {
		ops->close(self);
		err_nomem(err);
		return NULL;
	}
	*t = (struct tree){ .ops = ops, .self = self };
	return t;
}

void tree_close(struct tree *t)
{
	if (!t)
		return;
	t->ops->close(t->self);
	mem_free(t->buf);
	mem_free(t);
}

struct tree *tree_open_take(struct blob *b, struct err *err)
{
	struct span head;
	b = codec_open_take(b, err);
	if (!b)
		return NULL;
	if (blob_peek(b, 2 * TAR_BLOCK, &head, err) < 0) {
		blob_close(b);
		return NULL;
	}
	if (!head.n || tar_bid(head))
		return tree_tar_take(b, err);
	if (zip_bid(head))
		return b->can_read_at ? tree_zip_take(b, err) : tree_zip_stream_take(b, err);
	return tree_archive_take(b, err);
}

static void begin_body(struct tree *t, const struct tree_entry *e)
{
	t->entry = *e;
	t->at = t->chunk_end = 0;
	t->chunk = (struct tree_chunk){ 0 };
}

int tree_next(struct tree *t, struct tree_entry *e, struct err *err)
{
	*e = (struct tree_entry){ .body_at = TREE_SIZE_UNKNOWN };
	int more = t->ops->next(t->self, e, err);
	begin_body(t, e);
	return more;
}

bool tree_can_seek(const struct tree *t)
{
	return t->ops->seek != NULL;
}

int tree_seek(struct tree *t, uint64_t id, struct span path, struct tree_entry *e, struct err *err)
{
	if (!t->ops->seek)
		return err_set(err, ERR_UNSUPPORTED, "a stream cannot go back to an entry");
	*e = (struct tree_entry){ .body_at = TREE_SIZE_UNKNOWN };
	int rc = t->ops->seek(t->self, id, path, e, err);
	begin_body(t, e);
	return rc;
}

int tree_stat(struct tree *t, struct tree_entry *e, struct err *err)
{
	int rc = t->ops->stat ? t->ops->stat(t->self, e, err) : 0;
	if (!rc)
		t->entry.size = e->size;
	return rc;
}

const char *tree_notice(const struct tree *t)
{
	return t->ops->notice ? t->ops->notice(t->self) : NULL;
}

uint64_t tree_raw(const struct tree *t)
{
	return t->ops->raw ? t->ops->raw(t->self) : 0;
}

/* ---- bodies ---- */

ssize_t tree_body_read_at(struct tree *t, uint64_t at, void *p, size_t n, struct err *err)
{
	if (t->entry.type != TREE_FILE || !t->ops->read_at || !t->entry.read_at)
		return err_set(err, ERR_UNSUPPORTED, "this body cannot be read from the middle");
	size_t have = 0;
	while (have < n) {
		ssize_t got = t->ops->read_at(t->self, at + have, (unsigned char *)p + have, n - have, err);
		if (got < 0)
			return -1;
		if (!got)
			break;
		have += (size_t)got;
	}
	return (ssize_t)have;
}

int tree_body_next(struct tree *t, struct tree_chunk *c, struct err *err)
{
	if (t->entry.type != TREE_FILE)
		return 0;
	if (t->ops->chunk)
		return t->ops->chunk(t->self, c, err);
	if (!t->buf && !(t->buf = mem_alloc(BLOB_CHUNK)))
		return err_nomem(err);
	ssize_t got = t->ops->read_at(t->self, t->chunk_end, t->buf, BLOB_CHUNK, err);
	if (got <= 0)
		return (int)got;
	*c = (struct tree_chunk){ t->chunk_end, { t->buf, (size_t)got } };
	t->chunk_end += (uint64_t)got;
	return 1;
}

struct blob *tree_beneath(struct tree *t, uint64_t *at)
{
	bool streams = t->entry.type == TREE_FILE && !t->entry.read_at && t->ops->beneath;
	return streams ? t->ops->beneath(t->self, at) : NULL;
}

/* Zeros up to `end`, at most n. */
static size_t read_hole(struct tree *t, void *p, size_t n, uint64_t end)
{
	if (n > end - t->at)
		n = (size_t)(end - t->at);
	memset(p, 0, n);
	return n;
}

ssize_t tree_body_read(struct tree *t, void *p, size_t n, struct err *err)
{
	unsigned char *to = p;
	size_t have = 0;
	while (have < n) {
		size_t got;
		if (!t->chunk.bytes.n) {
			int more = tree_body_next(t, &t->chunk, err);
			if (more < 0)
				return -1;
			if (!more) { /* a file may end in a hole */
				if (t->entry.type == TREE_FILE && t->entry.size != TREE_SIZE_UNKNOWN && t->at < t->entry.size) {
					got = read_hole(t, to + have, n - have, t->entry.size);
					t->at += got;
					have += got;
				}
				break;
			}
		}
		if (t->at < t->chunk.at) {
			got = read_hole(t, to + have, n - have, t->chunk.at);
		} else {
			got = t->chunk.bytes.n < n - have ? t->chunk.bytes.n : n - have;
			memcpy(to + have, t->chunk.bytes.p, got);
			t->chunk.bytes = span_from(t->chunk.bytes, got);
			t->chunk.at += got;
		}
		t->at += got;
		have += got;
	}
	return (ssize_t)have;
}

/* ---- paths ---- */

/* Is it clean but for slashes at the end? Most are. */
static bool is_clean(struct span s)
{
	size_t begin = 0;
	for (size_t i = 0; i <= s.n; i++) {
		if (i < s.n && s.p[i] != '/')
			continue;
		size_t n = i - begin;
		if (!n || (n == 1 && s.p[begin] == '.') || (n == 2 && s.p[begin] == '.' && s.p[begin + 1] == '.'))
			return false;
		begin = i + 1;
	}
	return true;
}

struct span tree_path(struct span raw, struct buf *store)
{
	while (raw.n && raw.p[raw.n - 1] == '/')
		raw.n--;
	if (!raw.n || is_clean(raw))
		return raw;
	buf_reset(store);
	for (struct span rest = raw; rest.n;) {
		struct span name = span_cut(&rest, '/');
		if (!name.n || span_eq(name, "."))
			continue;
		if (span_eq(name, "..")) {
			while (store->n && store->p[--store->n] != '/')
				;
			continue;
		}
		if (store->n)
			buf_char(store, '/');
		buf_add(store, name.p, name.n);
	}
	return (struct span){ (const unsigned char *)buf_text(store), store->n };
}

void tree_check_path(struct tree_entry *e)
{
	if (e->path.n < LIMIT_PATH && e->link.n < LIMIT_PATH)
		return;
	e->gap = "its name is longer than 4095 bytes";
	e->path = span_sub(e->path, 0, LIMIT_PATH - 1);
	e->link = span_sub(e->link, 0, LIMIT_PATH - 1);
}

struct whiteout tree_whiteout(struct span path)
{
	size_t begin = path.n;
	while (begin && path.p[begin - 1] != '/')
		begin--;
	struct whiteout w = { .dir = span_sub(path, 0, begin ? begin - 1 : 0), .name = span_from(path, begin) };
	if (!span_starts(w.name, ".wh."))
		return w;
	if (span_eq(w.name, ".wh..wh..opq")) {
		w.kind = WHITEOUT_OPAQUE;
		w.name.n = 0;
	} else if (span_starts(w.name, ".wh..wh.")) {
		w.kind = WHITEOUT_AUFS;
	} else {
		w.name = span_from(w.name, 4);
		w.kind = w.name.n ? WHITEOUT_FILE : WHITEOUT_AUFS;
	}
	return w;
}
