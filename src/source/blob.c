#include "source/blob.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

struct blob *blob_new(const struct blob_ops *ops, void *self, uint64_t size, struct err *err)
{
	struct blob *b = mem_alloc(sizeof(*b));
	if (!b) {
		if (ops->close)
			ops->close(self);
		err_nomem(err);
		return NULL;
	}
	*b = (struct blob){ .ops = ops, .self = self, .size = size, .can_read_at = ops->read_at != NULL };
	return b;
}

void blob_close(struct blob *b)
{
	if (!b)
		return;
	if (b->ops->close)
		b->ops->close(b->self);
	mem_free(b->head);
	mem_free(b);
}

static int tell_broken(const struct blob *b, struct err *err)
{
	if (err && err->kind == ERR_NONE)
		*err = b->broke;
	return -1;
}

static ssize_t fill_from_stream(struct blob *b, unsigned char *p, size_t n, struct err *err)
{
	size_t have = 0;
	ssize_t got = 1;
	while (have < n && got > 0 && !b->broke.kind) {
		got = b->ops->read(b->self, p + have, n - have, &b->broke);
		have += got > 0 ? (size_t)got : 0;
		if (got < 0 && !b->broke.kind)
			err_set(&b->broke, ERR_IO, "reading failed");
	}
	return !have && n && b->broke.kind ? tell_broken(b, err) : (ssize_t)have;
}

/* n bytes, fewer only at the end; `at` counts where the blob can be read anywhere. */
static ssize_t fill(struct blob *b, uint64_t at, unsigned char *p, size_t n, struct err *err)
{
	if (!b->can_read_at)
		return fill_from_stream(b, p, n, err);
	if (at >= b->size)
		return 0;
	if (n > b->size - at)
		n = (size_t)(b->size - at);
	size_t have = 0;
	while (have < n) {
		ssize_t got = b->ops->read_at(b->self, at + have, p + have, n - have, err);
		if (got < 0)
			return -1;
		if (!got)
			break;
		have += (size_t)got;
	}
	return (ssize_t)have;
}

ssize_t blob_read(struct blob *b, void *p, size_t n, struct err *err)
{
	size_t ready = b->head_n - b->head_at;
	if (ready > n)
		ready = n;
	if (ready)
		memcpy(p, b->head + b->head_at, ready);
	b->head_at += ready;
	b->at += ready;
	if (ready == n || (ready && b->broke.kind))
		return (ssize_t)ready;
	ssize_t got = fill(b, b->at, (unsigned char *)p + ready, n - ready, err);
	if (got < 0)
		return -1;
	b->at += (uint64_t)got;
	return (ssize_t)ready + got;
}

ssize_t blob_read_at(struct blob *b, uint64_t at, void *p, size_t n, struct err *err)
{
	if (!b->can_read_at)
		return err_set(err, ERR_UNSUPPORTED, "a stream has no byte %" PRIu64 " to go to", at);
	return fill(b, at, p, n, err);
}

int blob_peek(struct blob *b, size_t n, struct span *head, struct err *err)
{
	if (n > BLOB_HEAD)
		n = BLOB_HEAD;
	size_t have = b->head_n - b->head_at;
	if (have < n && !(have && b->broke.kind)) {
		if (!b->head && !(b->head = mem_alloc(BLOB_HEAD)))
			return err_nomem(err);
		memmove(b->head, b->head + b->head_at, b->head_n - b->head_at);
		b->head_n -= b->head_at;
		b->head_at = 0;
		ssize_t got = fill(b, b->at + b->head_n, b->head + b->head_n, n - b->head_n, err);
		if (got < 0)
			return -1;
		b->head_n += (size_t)got;
	}
	have = b->head_n - b->head_at;
	*head = (struct span){ b->head + b->head_at, have < n ? have : n };
	return 0;
}

size_t blob_mark_size(const struct blob *b)
{
	bool here = b->ops->mark_size && !b->broke.kind && b->head_at == b->head_n;
	return here ? b->ops->mark_size(b->self) : 0;
}

int blob_mark(struct blob *b, struct blob_mark *m, struct err *err)
{
	size_t n = blob_mark_size(b);
	if (!n)
		return 0;
	if (n > m->cap) {
		void *state = mem_alloc(n);
		if (!state)
			return err_nomem(err);
		mem_free(m->state);
		m->state = state;
		m->cap = n;
	}
	b->ops->mark(b->self, m->state);
	m->at = b->at;
	m->n = n;
	return 1;
}

int blob_back(struct blob *b, const struct blob_mark *m, struct err *err)
{
	if (!m->n || b->ops->back(b->self, m->state, err) < 0)
		return -1;
	b->at = m->at;
	b->head_n = b->head_at = 0;
	b->broke = (struct err)ERR_INIT;
	return 0;
}

void blob_mark_clear(struct blob_mark *m)
{
	mem_free(m->state);
	*m = (struct blob_mark)BLOB_MARK_INIT;
}

void blob_go(struct blob *b, uint64_t at)
{
	b->at = at;
	b->head_n = b->head_at = 0;
}

void blob_expect(struct blob *b, uint64_t sure, uint64_t most)
{
	if (b->ops->expect)
		b->ops->expect(b->self, sure, most);
}

uint64_t blob_raw(const struct blob *b)
{
	return b->ops->raw ? b->ops->raw(b->self) : b->at;
}

int blob_drain(struct blob *b, struct err *err)
{
	unsigned char *p = mem_alloc(BLOB_CHUNK);
	ssize_t got = p ? 1 : err_nomem(err);
	while (got > 0)
		got = blob_read(b, p, BLOB_CHUNK, err);
	mem_free(p);
	return got < 0 ? -1 : 0;
}

char *blob_text(struct blob *b, size_t limit, size_t *n, struct err *err)
{
	struct buf text = BUF_INIT(limit + 1); /* and the NUL of buf_take */
	char piece[16 * 1024];
	ssize_t got;
	while ((got = blob_read(b, piece, sizeof(piece), err)) > 0) {
		if ((size_t)got > limit - text.n) {
			err_set(err, ERR_LIMIT, "larger than %zu bytes", limit);
			got = -1;
			break;
		}
		buf_add(&text, piece, (size_t)got);
	}
	char *s = got < 0 ? NULL : buf_take(&text, n);
	if (got >= 0 && !s)
		err_nomem(err);
	buf_clear(&text);
	return s;
}

/* ---- files ---- */

struct file {
	int fd;
	bool own;
	uint64_t at, read; /* where the blob begins in the file; pipes: bytes read */
};

static ssize_t file_read_at(void *self, uint64_t at, void *p, size_t n, struct err *err)
{
	struct file *f = self;
	ssize_t got;
	if (at > INT64_MAX - f->at)
		return 0;
	do
		got = pread(f->fd, p, n, (off_t)(f->at + at));
	while (got < 0 && errno == EINTR);
	return got < 0 ? err_sys(err, errno, "reading byte %" PRIu64, f->at + at) : got;
}

static ssize_t file_read(void *self, void *p, size_t n, struct err *err)
{
	struct file *f = self;
	ssize_t got;
	do
		got = read(f->fd, p, n);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return err_sys(err, errno, "reading byte %" PRIu64, f->read);
	f->read += (uint64_t)got;
	return got;
}

static uint64_t file_raw(const void *self)
{
	return ((const struct file *)self)->read;
}

static void file_close(void *self)
{
	struct file *f = self;
	if (f->own)
		close(f->fd);
	mem_free(f);
}

static const struct blob_ops file_ops = { .read_at = file_read_at, .close = file_close };
static const struct blob_ops pipe_ops = { .read = file_read, .raw = file_raw, .close = file_close };

int blob_fd(const struct blob *b)
{
	return b->ops == &file_ops ? ((const struct file *)b->self)->fd : -1;
}

static struct blob *file_new(const struct blob_ops *ops, struct file init, uint64_t size, struct err *err)
{
	struct file *f = mem_alloc(sizeof(*f));
	if (!f) {
		if (init.own)
			close(init.fd);
		err_nomem(err);
		return NULL;
	}
	*f = init;
	return blob_new(ops, f, size, err);
}

struct blob *blob_file(int fd, uint64_t at, uint64_t size, struct err *err)
{
	return file_new(&file_ops, (struct file){ .fd = fd, .at = at }, size, err);
}

struct blob *blob_file_take(int fd, struct err *err)
{
	struct stat st;
	if (fstat(fd, &st) < 0) {
		err_sys(err, errno, "fstat");
		close(fd);
		return NULL;
	}
	struct file f = { .fd = fd, .own = true };
	if (S_ISREG(st.st_mode)) {
		/* standard input may be a file that somebody read a part of */
		off_t at = lseek(fd, 0, SEEK_CUR);
		f.at = at > 0 && at <= st.st_size ? (uint64_t)at : 0;
		return file_new(&file_ops, f, (uint64_t)st.st_size - f.at, err);
	}
	return file_new(&pipe_ops, f, BLOB_UNKNOWN, err);
}

/* ---- memory and parts ---- */

struct part {
	struct span bytes; /* memory, or */
	struct blob *from; /* borrowed */
	uint64_t at;
};

static ssize_t memory_read_at(void *self, uint64_t at, void *p, size_t n, struct err *err)
{
	(void)err;
	const struct part *m = self;
	struct span s = at < m->bytes.n ? span_sub(m->bytes, (size_t)at, n) : (struct span){ 0 };
	if (s.n)
		memcpy(p, s.p, s.n);
	return (ssize_t)s.n;
}

static ssize_t slice_read_at(void *self, uint64_t at, void *p, size_t n, struct err *err)
{
	const struct part *m = self;
	return at > UINT64_MAX - m->at ? 0 : blob_read_at(m->from, m->at + at, p, n, err);
}

static const struct blob_ops memory_ops = { .read_at = memory_read_at, .close = mem_free };
static const struct blob_ops slice_ops = { .read_at = slice_read_at, .close = mem_free };

static struct blob *part_new(const struct blob_ops *ops, struct part init, uint64_t size, struct err *err)
{
	struct part *m = mem_alloc(sizeof(*m));
	if (!m) {
		err_nomem(err);
		return NULL;
	}
	*m = init;
	return blob_new(ops, m, size, err);
}

struct blob *blob_memory(struct span bytes, struct err *err)
{
	return part_new(&memory_ops, (struct part){ .bytes = bytes }, bytes.n, err);
}

struct blob *blob_slice(struct blob *from, uint64_t at, uint64_t size, struct err *err)
{
	if (!from->can_read_at) {
		err_set(err, ERR_UNSUPPORTED, "a part of a stream cannot be opened");
		return NULL;
	}
	return part_new(&slice_ops, (struct part){ .from = from, .at = at }, size, err);
}

/* ---- identity ---- */

/* Clocks of file systems tick every 1 to 10 ms, of some (no fraction at all) every second or two. */
enum { TICK = 50 * 1000 * 1000 };
static const uint64_t SLOW_TICK = 3000000000u, SECOND = 1000000000u;

static uint64_t nanoseconds(struct timespec t)
{
	return (uint64_t)t.tv_sec * SECOND + (uint64_t)t.tv_nsec;
}

static bool file_identity(int fd, struct blob_identity *of)
{
	struct stat st;
	struct timespec now;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || clock_gettime(CLOCK_REALTIME, &now) < 0)
		return false;
	of->device = (uint64_t)st.st_dev;
	of->inode = (uint64_t)st.st_ino;
	of->size = (uint64_t)st.st_size;
	of->mtime = nanoseconds(st.st_mtim);
	of->ctime = nanoseconds(st.st_ctim);
	uint64_t last = of->ctime > of->mtime ? of->ctime : of->mtime, age = nanoseconds(now) - last;
	return nanoseconds(now) > last && age > (last % SECOND ? (uint64_t)TICK : SLOW_TICK);
}

bool blob_identity(const struct blob *b, struct blob_identity *of)
{
	uint64_t at = 0, n = b->size;
	while (b->ops == &slice_ops) {
		const struct part *p = b->self;
		at += p->at;
		b = p->from;
	}
	if (b->ops != &file_ops)
		return false;
	const struct file *f = b->self;
	of->at = at + f->at;
	of->n = n;
	return file_identity(f->fd, of);
}
