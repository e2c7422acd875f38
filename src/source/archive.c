/* The only file with libarchive: compressions other than gzip and zstd, and archives that are neither tar nor zip. */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cur.h"
#include "base/limits.h"
#include "base/mem.h"
#include "source/codec.h"
#include "source/tree_kinds.h"

struct reader {
	struct archive *a;
	struct blob *in;
	struct err err;   /* what went wrong below libarchive */
	const char *name; /* constant text: what this is */
	uint64_t out;
	int64_t at;       /* where the next read is; only blobs that can be read anywhere */
	bool ended, sized; /* sized: the current entry says its size */
	struct buf path, link;
	unsigned char buf[BLOB_CHUNK];
};

static la_ssize_t feed(struct archive *a, void *self, const void **p)
{
	struct reader *r = self;
	ssize_t got = r->in->can_read_at ? blob_read_at(r->in, (uint64_t)r->at, r->buf, sizeof(r->buf), &r->err)
					 : blob_read(r->in, r->buf, sizeof(r->buf), &r->err);
	if (got < 0)
		archive_set_error(a, EIO, "%s", r->err.text);
	else
		r->at += got;
	*p = r->buf;
	return got;
}

static la_int64_t hop(struct archive *a, void *self, la_int64_t n)
{
	struct reader *r = self;
	(void)a;
	if (n < 0 || (uint64_t)n > r->in->size || (uint64_t)r->at > r->in->size - (uint64_t)n)
		return 0;
	r->at += n;
	return n;
}

static la_int64_t go(struct archive *a, void *self, la_int64_t to, int whence)
{
	struct reader *r = self;
	int64_t from = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? r->at : (int64_t)r->in->size;
	(void)a;
	if (__builtin_add_overflow(from, to, &from) || from < 0)
		return ARCHIVE_FATAL;
	return r->at = from;
}

static int failed(struct reader *r, struct err *err)
{
	const char *why = archive_error_string(r->a);
	if (r->err.kind)
		return err_set(err, r->err.kind, "%s", r->err.text);
	return err_set(err, archive_errno(r->a) == ENOMEM ? ERR_NOMEM : ERR_FORMAT, "%s: %s", r->name, why ? why : "broken");
}

static void reader_close(void *self)
{
	struct reader *r = self;
	archive_read_free(r->a);
	blob_close(r->in);
	buf_clear(&r->path);
	buf_clear(&r->link);
	mem_free(r);
}

static struct reader *reader_new(struct blob *in, const char *name, struct err *err)
{
	struct reader *r = mem_alloc(sizeof(*r));
	struct archive *a = r ? archive_read_new() : NULL;
	if (!a) {
		mem_free(r);
		blob_close(in);
		err_nomem(err);
		return NULL;
	}
	r->a = a;
	r->in = in;
	r->err = (struct err)ERR_INIT;
	r->name = name;
	r->out = 0;
	r->at = 0;
	r->ended = r->sized = false;
	r->path = (struct buf)BUF_INIT(TREE_TEXT);
	r->link = (struct buf)BUF_INIT(TREE_TEXT);
	archive_read_set_read_callback(a, feed);
	archive_read_set_callback_data(a, r);
	if (in->can_read_at) {
		archive_read_set_skip_callback(a, hop);
		archive_read_set_seek_callback(a, go);
	}
	return r;
}

/* ---- a decompressed stream ---- */

static ssize_t raw_read(void *self, void *p, size_t n, struct err *err)
{
	struct reader *r = self;
	if (r->ended)
		return 0;
	la_ssize_t got = archive_read_data(r->a, p, n);
	if (got <= 0)
		r->ended = true;
	if (got < 0)
		return failed(r, err);
	if (!got && !r->in->can_read_at)
		return blob_drain(r->in, err);
	r->out += (uint64_t)got;
	return codec_ratio(r->out, blob_raw(r->in), r->name, err) < 0 ? -1 : (ssize_t)got;
}

static uint64_t reader_raw(const void *self)
{
	const struct reader *r = self;
	return r->in->can_read_at ? (uint64_t)r->at : blob_raw(r->in);
}

static const struct blob_ops raw_ops = { .read = raw_read, .raw = reader_raw, .close = reader_close };

/*
 * The one filter that the magic told: our own decoders and limits see what is
 * inside. A libarchive built without a library would run a program for it, and
 * then says ARCHIVE_WARN.
 */
static int support(struct archive *a, const char *name)
{
	static const struct {
		const char *name;
		int (*support)(struct archive *);
	} filters[] = {
		{ "xz", archive_read_support_filter_xz },       { "lzma", archive_read_support_filter_lzma },
		{ "bzip2", archive_read_support_filter_bzip2 }, { "lz4", archive_read_support_filter_lz4 },
		{ "lzip", archive_read_support_filter_lzip },   { "compress", archive_read_support_filter_compress },
	};
	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++)
		if (!strcmp(filters[i].name, name))
			return filters[i].support(a);
	return ARCHIVE_FAILED;
}

struct blob *archive_raw_open_take(struct blob *in, const char *name, struct err *err)
{
	struct reader *r = reader_new(in, name, err);
	struct archive_entry *e;
	if (!r)
		return NULL;
	if (support(r->a, name) != ARCHIVE_OK) {
		err_set(err, ERR_UNSUPPORTED, "%s compression is not supported", name);
		reader_close(r);
		return NULL;
	}
	archive_read_support_format_raw(r->a);
	archive_read_support_format_empty(r->a);
	if (archive_read_open1(r->a) == ARCHIVE_OK) {
		int rc = archive_read_next_header(r->a, &e);
		r->ended = rc == ARCHIVE_EOF;
		if (r->ended && !in->can_read_at && blob_drain(in, err) < 0) { /* nothing is in it, and anything may follow */
			reader_close(r);
			return NULL;
		}
		if (rc == ARCHIVE_OK || rc == ARCHIVE_EOF)
			return blob_new(&raw_ops, r, BLOB_UNKNOWN, err);
	}
	failed(r, err);
	reader_close(r);
	return NULL;
}

/* ---- other archives ---- */

static struct span text(const char *s)
{
	return s ? SPAN_STR(s) : (struct span){ 0 };
}

static int other_next(void *self, struct tree_entry *to, struct err *err)
{
	struct reader *r = self;
	struct archive_entry *e;
	int rc = r->ended ? ARCHIVE_EOF : archive_read_next_header(r->a, &e);
	if (rc == ARCHIVE_EOF) {
		/* behind the end of a cpio or zip anything may follow: a digest below is right or wrong at the very end alone */
		bool drained = r->ended || r->in->can_read_at;
		r->ended = true;
		return drained ? 0 : blob_drain(r->in, err);
	}
	if (rc < ARCHIVE_WARN || (rc != ARCHIVE_OK && rc != ARCHIVE_WARN)) {
		r->ended = true;
		return failed(r, err);
	}
	if (++r->out > LIMIT_ENTRIES) {
		r->ended = true;
		return err_set(err, ERR_LIMIT, "%s: over %u entries", r->name, LIMIT_ENTRIES);
	}
	r->name = archive_format_name(r->a);
	to->path = tree_path(text(archive_entry_pathname(e)), &r->path);
	to->mode = archive_entry_perm(e);
	r->sized = archive_entry_size_is_set(e);
	to->size = r->sized && archive_entry_size(e) > 0 ? (uint64_t)archive_entry_size(e) : 0;
	switch (archive_entry_filetype(e)) {
	case AE_IFREG: to->type = TREE_FILE; break;
	case AE_IFDIR: to->type = TREE_DIR; break;
	case AE_IFLNK: to->type = TREE_SYMLINK; break;
	case AE_IFIFO: to->type = TREE_FIFO; break;
	case AE_IFCHR: case AE_IFBLK: to->type = TREE_DEVICE; break;
	default: to->type = TREE_OTHER;
	}
	if (to->type == TREE_SYMLINK)
		to->link = text(archive_entry_symlink(e));
	if (archive_entry_hardlink(e)) {
		to->type = TREE_HARDLINK;
		to->link = tree_path(text(archive_entry_hardlink(e)), &r->link);
	}
	if (!to->path.p)
		to->gap = "its name cannot be read";
	tree_check_path(to);
	return r->path.bad || r->link.bad ? err_nomem(err) : 1;
}

static int other_chunk(void *self, struct tree_chunk *c, struct err *err)
{
	struct reader *r = self;
	const void *p;
	size_t n;
	la_int64_t at;
	int rc = archive_read_data_block(r->a, &p, &n, &at);
	if (rc == ARCHIVE_EOF)
		return 0;
	if (rc < ARCHIVE_WARN)
		return failed(r, err);
	r->out += n;
	*c = (struct tree_chunk){ (uint64_t)at, { p, n } };
	return codec_ratio(r->out, reader_raw(r), r->name, err) < 0 ? -1 : 1;
}

static const struct tree_ops other_ops = {
	.next = other_next, .chunk = other_chunk, .raw = reader_raw, .close = reader_close,
};

#ifdef ENVCHECK_STATIC
/* No libcurl, so no such streams; and libarchive's zip reader would bring a library for encryption. */
struct tree *tree_zip_stream_take(struct blob *b, struct err *err)
{
	blob_close(b);
	err_set(err, ERR_UNSUPPORTED, "this build reads no zip from a stream");
	return NULL;
}
#else
/* Permissions, and the sizes of some, stand in the directory, which comes last: mode 0 says that they are not known. */
static int zip_stream_next(void *self, struct tree_entry *to, struct err *err)
{
	struct reader *r = self;
	int more = other_next(self, to, err);
	to->mode = 0;
	if (more > 0 && to->type == TREE_FILE && !r->sized)
		to->gap = "its size stands behind it, and it came as a stream";
	return more;
}

static const struct tree_ops zip_stream_ops = {
	.next = zip_stream_next, .chunk = other_chunk, .raw = reader_raw, .close = reader_close,
};

struct tree *tree_zip_stream_take(struct blob *b, struct err *err)
{
	struct reader *r = reader_new(b, "zip", err);
	if (!r)
		return NULL;
	archive_read_support_format_zip_streamable(r->a);
	if (archive_read_open1(r->a) == ARCHIVE_OK)
		return tree_new(&zip_stream_ops, r, err);
	failed(r, err);
	reader_close(r);
	return NULL;
}
#endif

struct tree *tree_archive_take(struct blob *b, struct err *err)
{
	struct reader *r = reader_new(b, "archive", err);
	if (!r)
		return NULL;
	archive_read_support_format_cpio(r->a);
	archive_read_support_format_ar(r->a);
	archive_read_support_format_7zip(r->a);
	if (archive_read_open1(r->a) == ARCHIVE_OK)
		return tree_new(&other_ops, r, err);
	failed(r, err);
	reader_close(r);
	return NULL;
}
