#include "source/watch.h"

#include "base/mem.h"

struct watch {
	struct blob *b;
	struct progress *p;
	uint64_t at; /* what it has counted so far */
};

static void reached(struct watch *w, uint64_t at)
{
	progress_move(w->p, w->at, at);
	w->at = at;
}

static ssize_t watch_read(void *self, void *p, size_t n, struct err *err)
{
	struct watch *w = self;
	ssize_t got = blob_read(w->b, p, n, err);
	if (got > 0)
		reached(w, w->at + (uint64_t)got);
	return got;
}

static ssize_t watch_read_at(void *self, uint64_t at, void *p, size_t n, struct err *err)
{
	struct watch *w = self;
	ssize_t got = blob_read_at(w->b, at, p, n, err);
	if (got > 0)
		reached(w, at + (uint64_t)got);
	return got;
}

static uint64_t watch_raw(const void *self)
{
	return blob_raw(((const struct watch *)self)->b);
}

static void watch_close(void *self)
{
	struct watch *w = self;
	if (w->b->size != BLOB_UNKNOWN)
		reached(w, w->b->size);
	progress_end(w->p);
	blob_close(w->b);
	mem_free(w);
}

static const struct blob_ops anywhere_ops = { .read_at = watch_read_at, .close = watch_close };
static const struct blob_ops stream_ops = { .read = watch_read, .raw = watch_raw, .close = watch_close };

struct blob *watch_take(struct blob *b, struct progress *p, struct err *err)
{
	if (!b || !p)
		return b;
	struct watch *w = mem_alloc(sizeof(*w));
	if (!w) {
		blob_close(b);
		err_nomem(err);
		return NULL;
	}
	*w = (struct watch){ .b = b, .p = p };
	return blob_new(b->can_read_at ? &anywhere_ops : &stream_ops, w, b->size, err);
}
