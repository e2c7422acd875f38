#include <sys/stat.h>

#include "base/limits.h"
#include "base/mem.h"
#include "parse/zipdir.h"
#include "source/codec.h"
#include "source/http.h"
#include "source/tree_kinds.h"

struct zip_tree {
	struct blob *b;
	struct arena arena;
	struct zipdir dir;
	size_t next;
	const struct zip_entry *e; /* the current member */
	struct blob *body;         /* stored: a slice; deflated: a stream; NULL until asked for */
	uint64_t body_at;
	unsigned char *buf;        /* BLOB_CHUNK bytes for chunks */
	struct buf path;
};

enum { ENDS = 32 * 1024 }; /* bytes of both ends of a directory: the metadata of every torch wheel lies there */

/* `keep`: the directory is far, so it is fetched in one piece. */
static int read_directory(struct zip_tree *z, bool keep, uint32_t ends, struct err *err)
{
	struct want w;
	unsigned char *p = mem_alloc(LIMIT_WANT);
	if (!p)
		return err_nomem(err);
	z->dir = (struct zipdir){ .arena = &z->arena, .size = z->b->size, .ends = ends };
	struct span got = { 0 };
	enum step s;
	while ((s = zipdir_step(&z->dir, got, &w, err)) == STEP_WANT) {
		if (keep && z->dir.dir_n && !ends && http_ranged_keep(z->b, w.at, err) < 0)
			break;
		ssize_t n = blob_read_at(z->b, w.at, p, w.n, err);
		if (n < 0)
			break;
		got = (struct span){ p, (size_t)n };
	}
	mem_free(p);
	return s == STEP_DONE ? 0 : -1;
}

static void fill_entry(struct zip_tree *z, const struct zip_entry *from, struct tree_entry *e)
{
	struct span name = { (const unsigned char *)from->name, from->name_n };
	blob_close(z->body);
	z->body = NULL;
	z->body_at = 0;
	z->e = from;
	e->path = tree_path(name, &z->path);
	e->type = span_ends(name, "/") ? TREE_DIR : S_ISLNK(from->mode) ? TREE_SYMLINK : TREE_FILE;
	e->mode = from->mode & 07777;
	e->size = from->size;
	e->id = (uint64_t)(from - z->dir.entries.v);
	e->read_at = from->method == ZIP_STORED;
	if (span_chr(name, '\0') < name.n)
		e->gap = "its name holds a NUL";
	else if (from->flags & ZIP_ENCRYPTED)
		e->gap = "it is encrypted";
	else if (from->flags & ZIP_OVERLAP)
		e->gap = "it shares bytes with another member, or lies outside the file";
	else if (from->method != ZIP_STORED && from->method != ZIP_DEFLATE)
		e->gap = "its compression method is neither stored nor deflate";
	else if (from->method == ZIP_STORED && from->packed != from->size)
		e->gap = "its sizes contradict each other";
	else if (e->type == TREE_SYMLINK)
		e->gap = "links in zip files are not followed";
	tree_check_path(e);
}

static int zip_next(void *self, struct tree_entry *e, struct err *err)
{
	struct zip_tree *z = self;
	while (z->next < z->dir.entries.n && z->dir.entries.v[z->next].flags & ZIP_DUPLICATE)
		z->next++;
	if (z->next == z->dir.entries.n)
		return 0;
	fill_entry(z, &z->dir.entries.v[z->next++], e);
	return z->path.bad ? err_nomem(err) : 1;
}

static int zip_seek(void *self, uint64_t id, struct span path, struct tree_entry *e, struct err *err)
{
	struct zip_tree *z = self;
	(void)path;
	if (id >= z->dir.entries.n)
		return err_set(err, ERR_FORMAT, "zip: no such member");
	fill_entry(z, &z->dir.entries.v[id], e);
	return 0;
}

static int open_body(struct zip_tree *z, struct err *err)
{
	unsigned char head[ZIP_LOCAL];
	uint64_t at;
	if (z->body)
		return 0;
	if (z->e->flags & (ZIP_ENCRYPTED | ZIP_OVERLAP) || (z->e->method != ZIP_STORED && z->e->method != ZIP_DEFLATE))
		return err_set(err, ERR_UNSUPPORTED, "zip: this member cannot be read");
	ssize_t n = blob_read_at(z->b, z->e->local, head, sizeof(head), err);
	if (n < 0 || zip_data_at(&z->dir, z->e, (struct span){ head, (size_t)n }, &at, err) < 0)
		return -1;
	struct blob *part = blob_slice(z->b, at, z->e->packed, err);
	z->body = part && z->e->method == ZIP_DEFLATE ? codec_deflate_take(part, z->e->size, z->e->crc, err) : part;
	return z->body ? 0 : -1;
}

static ssize_t zip_read_at(void *self, uint64_t at, void *p, size_t n, struct err *err)
{
	struct zip_tree *z = self;
	return open_body(z, err) < 0 ? -1 : blob_read_at(z->body, at, p, n, err);
}

static int zip_chunk(void *self, struct tree_chunk *c, struct err *err)
{
	struct zip_tree *z = self;
	if (open_body(z, err) < 0)
		return -1;
	if (!z->buf && !(z->buf = mem_alloc(BLOB_CHUNK)))
		return err_nomem(err);
	ssize_t got = blob_read(z->body, z->buf, BLOB_CHUNK, err);
	if (got <= 0)
		return (int)got;
	*c = (struct tree_chunk){ z->body_at, { z->buf, (size_t)got } };
	z->body_at += (uint64_t)got;
	return 1;
}

static struct blob *zip_beneath(void *self, uint64_t *at)
{
	struct zip_tree *z = self;
	struct err again = ERR_INIT; /* whoever asks for the body is told */
	*at = z->body_at;
	return open_body(z, &again) < 0 ? NULL : z->body;
}

static void zip_close(void *self)
{
	struct zip_tree *z = self;
	blob_close(z->body);
	blob_close(z->b);
	mem_free(z->buf);
	buf_clear(&z->path);
	arena_clear(&z->arena);
	mem_free(z);
}

static const struct tree_ops zip_ops = {
	.next = zip_next, .seek = zip_seek, .read_at = zip_read_at, .chunk = zip_chunk, .beneath = zip_beneath,
	.close = zip_close,
};

/* Is there a NAME.dist-info/METADATA? */
static bool has_metadata(const struct zip_tree *z)
{
	for (size_t i = 0; i < z->dir.entries.n; i++) {
		struct span name = { (const unsigned char *)z->dir.entries.v[i].name, z->dir.entries.v[i].name_n }, dir = span_cut(&name, '/');
		if (span_ends(dir, ".dist-info") && span_eq(name, "METADATA"))
			return true;
	}
	return false;
}

bool tree_zip_is_wheel(const struct tree *t)
{
	const struct zip_tree *z = t->self;
	if (t->ops != &zip_ops)
		return false;
	for (size_t i = 0; i < z->dir.entries.n; i++) {
		struct span name = { (const unsigned char *)z->dir.entries.v[i].name, z->dir.entries.v[i].name_n };
		if (span_ends(span_cut(&name, '/'), ".dist-info"))
			return true;
	}
	return false;
}

static struct zip_tree *zip_new(struct blob *b, struct err *err)
{
	struct zip_tree *z = mem_alloc(sizeof(*z));
	if (!z) {
		blob_close(b);
		err_nomem(err);
		return NULL;
	}
	*z = (struct zip_tree){ .b = b, .arena = ARENA_INIT, .path = BUF_INIT(TREE_TEXT) };
	return z;
}

struct tree *tree_zip_take(struct blob *b, struct err *err)
{
	struct zip_tree *z = zip_new(b, err);
	if (z && read_directory(z, false, 0, err) == 0)
		return tree_new(&zip_ops, z, err);
	if (z)
		zip_close(z);
	return NULL;
}

struct tree *tree_zip_far_take(struct blob *b, bool brief, struct err *err)
{
	struct zip_tree *z = zip_new(b, err);
	if (!z)
		return NULL;
	int rc = read_directory(z, true, brief ? ENDS : 0, err);
	if (rc == 0 && z->dir.partial && !has_metadata(z))
		rc = read_directory(z, true, 0, err);
	if (rc == 0)
		return tree_new(&zip_ops, z, err);
	zip_close(z);
	return NULL;
}
