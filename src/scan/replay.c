#include "scan/replay.h"

#include <string.h>

#include "base/mem.h"
#include "source/tree.h"

/*
 * What a state may take, and how far two lie apart at first: 8 MB of gzip are
 * 15 ms. Larger states (zstd's hold its window) are saved where a place asks
 * for it alone: zstd goes over what lies between four times as fast.
 */
enum { STEP = 8 << 20, CHEAP = 256 << 10, PLACES = 2 };

/* A body is decoded again so many times in all, and a small one so many bytes: who asks for more asks in circles. */
enum { TIMES = 16, ALWAYS = 256 << 20 };

void replay_begin(struct replay *r, struct tree *t, uint64_t size)
{
	uint64_t at;
	struct blob *b = tree_beneath(t, &at);
	r->t = b && blob_mark_size(b) ? t : NULL;
	r->size = size;
	r->n = 0;
	r->step = STEP;
	r->spent = 0;
	r->away = false;
	r->home.n = 0;
}

/* Every second mark goes; what is left lies twice as far apart. */
static void thin_out(struct replay *r)
{
	size_t n = 0;
	for (size_t i = 0; i < r->n; i++) {
		if (i % 2 && !r->v[i].kept)
			continue;
		struct replay_mark m = r->v[n];
		r->v[n++] = r->v[i];
		r->v[i] = m;
	}
	r->n = n;
	r->step *= 2;
}

int replay_pass(struct replay *r, const uint64_t *places, size_t n, struct err *err)
{
	uint64_t at;
	struct blob *b = r->t ? tree_beneath(r->t, &at) : NULL;
	if (!b || at >= r->size)
		return 0;
	size_t cost = blob_mark_size(b);
	bool kept = !r->n;
	for (size_t i = 0; i < n; i++)
		kept = kept || (places[i] >= at && places[i] - at < BLOB_CHUNK);
	bool due = cost <= CHEAP && (!r->n || at - r->v[r->n - 1].at >= r->step);
	if (!cost || (!kept && !due) || (cost > CHEAP && r->n >= PLACES))
		return 0;
	if (r->n == REPLAY_MARKS)
		thin_out(r);
	if (r->n == REPLAY_MARKS)
		return 0;
	struct replay_mark *m = &r->v[r->n];
	m->at = at;
	m->kept = kept;
	int made = blob_mark(b, &m->mark, err);
	r->n += made > 0;
	return made < 0 ? -1 : 0;
}

/* Leaves out what comes before `at`. */
static int pass_over(struct replay *r, struct blob *b, uint64_t at, struct err *err)
{
	unsigned char *p = r->at < at ? mem_alloc(BLOB_CHUNK) : NULL;
	ssize_t got = r->at < at && !p ? err_nomem(err) : 1;
	while (got > 0 && r->at < at) {
		got = blob_read(b, p, at - r->at < BLOB_CHUNK ? (size_t)(at - r->at) : BLOB_CHUNK, err);
		r->at += got > 0 ? (uint64_t)got : 0;
		r->spent += got > 0 ? (uint64_t)got : 0;
	}
	mem_free(p);
	return got < 0 ? -1 : 0;
}

/* To the last mark before `at`, or on from here if none lies between. 1, 0 if there is no way, -1. */
static int go_back(struct replay *r, struct blob *b, uint64_t at, struct err *err)
{
	struct replay_mark *from = NULL;
	struct err why = ERR_INIT;
	for (size_t i = 0; i < r->n && r->v[i].at <= at; i++)
		from = &r->v[i];
	if (r->away && r->at <= at && (!from || from->at <= r->at))
		return 1;
	if (!from)
		return 0;
	if (!r->away && blob_mark(b, &r->home, err) < 0)
		return -1;
	if (blob_back(b, &from->mark, &why) < 0)
		return 0;
	r->away = true;
	r->at = from->at;
	return 1;
}

ssize_t replay_read(struct replay *r, uint64_t at, void *p, size_t n, struct err *err)
{
	uint64_t here;
	struct blob *b = r->t ? tree_beneath(r->t, &here) : NULL;
	if (!b || at >= r->size || !blob_mark_size(b) || (r->spent > ALWAYS && r->spent / TIMES > r->size))
		return 0;
	if (n > r->size - at)
		n = (size_t)(r->size - at);
	if (!r->away)
		r->home_at = here;
	int way = go_back(r, b, at, err);
	if (way <= 0)
		return way;
	if (pass_over(r, b, at, err) < 0)
		return -1;
	ssize_t got = r->at == at ? blob_read(b, p, n, err) : 0;
	r->at += got > 0 ? (uint64_t)got : 0;
	return got;
}

int replay_end(struct replay *r, struct err *err)
{
	uint64_t here;
	struct blob *b = r->away ? tree_beneath(r->t, &here) : NULL;
	if (!b)
		return 0;
	int got = 1;
	if (r->home.n)
		got = blob_back(b, &r->home, err) < 0 ? -1 : 1;
	else if ((got = go_back(r, b, r->home_at, err)) > 0)
		got = pass_over(r, b, r->home_at, err) < 0 ? -1 : 1;
	r->away = false;
	r->home.n = 0;
	return got > 0 ? 0 : got < 0 ? -1 : err_set(err, ERR_IO, "a stream that was decoded before cannot be decoded again");
}

void replay_clear(struct replay *r)
{
	for (size_t i = 0; i < REPLAY_MARKS; i++)
		blob_mark_clear(&r->v[i].mark);
	blob_mark_clear(&r->home);
	*r = (struct replay)REPLAY_INIT;
}
