#include "parse/zipdir.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

/* APPNOTE.TXT 6.3.10; signatures are read little endian. */
enum {
	SIG_LOCAL = 0x04034b50, SIG_ENTRY = 0x02014b50, SIG_END = 0x06054b50,
	SIG_END64 = 0x06064b50, SIG_LOCATOR = 0x07064b50,
	END_SIZE = 22, LOCATOR_SIZE = 20, END64_SIZE = 56, ENTRY_SIZE = 46,
	COMMENT_MAX = 0xffff,
	TAIL_ALL = END_SIZE + LOCATOR_SIZE + COMMENT_MAX,
	TAIL_FIRST = 32 * 1024, /* bytes of the end that are looked at first: few zips have a comment */
	EXTRA_ZIP64 = 1,
	MADE_BY_UNIX = 3,
	GP_ENCRYPTED = 1,
};

enum { ST_BEGIN, ST_TAIL, ST_END64, ST_DIR, ST_HEAD, ST_FOOT, ST_DONE };

static enum step want_range(struct zipdir *z, int state, uint64_t at, uint64_t n, struct want *w)
{
	z->state = state;
	w->at = at;
	w->n = (uint32_t)n;
	return STEP_WANT;
}

static enum step bad(struct err *err, const char *why)
{
	err_set(err, ERR_FORMAT, "zip: %s", why);
	return STEP_BAD;
}

/* The next piece of the directory: `done` bytes of it are read. */
static enum step want_dir(struct zipdir *z, uint64_t done, struct want *w)
{
	uint64_t left = z->dir_n - done;
	z->tail_at = done;
	return want_range(z, ST_DIR, z->dir_at + done, left < LIMIT_WANT ? left : LIMIT_WANT, w);
}

/* Everything known: where the directory is, how many bytes and entries. `end`: offset of the end record that told. */
static enum step begin_dir(struct zipdir *z, uint64_t end, struct want *w, struct err *err)
{
	if (z->dir_n > end)
		return bad(err, "the directory is larger than what lies before it");
	if (z->dir_n > LIMIT_ZIP_DIR) {
		err_set(err, ERR_LIMIT, "zip: the directory has %" PRIu64 " bytes, the limit is %u", z->dir_n, LIMIT_ZIP_DIR);
		return STEP_BAD;
	}
	/* the directory ends where the end record begins; offsets count from the first byte of the zip, which may follow others */
	uint64_t stated = z->dir_at;
	z->dir_at = end - z->dir_n;
	if (stated > z->dir_at)
		return bad(err, "the directory does not end at the end record");
	z->base = z->dir_at - stated;
	if (!z->dir_n) {
		z->state = ST_DONE;
		return STEP_DONE;
	}
	if (z->ends && z->ends <= LIMIT_WANT && z->dir_n / 2 > z->ends)
		return want_range(z, ST_HEAD, z->dir_at, z->ends, w);
	return want_dir(z, 0, w);
}

static enum step want_tail(struct zipdir *z, uint32_t n, struct want *w)
{
	z->tail_n = (uint32_t)(z->size < n ? z->size : n);
	z->tail_at = z->size - z->tail_n;
	return want_range(z, ST_TAIL, z->tail_at, z->tail_n, w);
}

/* 4.3.16: the last signature whose comment reaches exactly to the end of the file. */
static enum step read_tail(struct zipdir *z, struct span got, struct want *w, struct err *err)
{
	struct cur c = cur_of(got);
	if (got.n != z->tail_n || got.n < END_SIZE)
		return bad(err, "the file is shorter than it was");
	size_t at = got.n - END_SIZE;
	bool more = z->tail_n == TAIL_FIRST && z->tail_n < z->size;
	for (;; at--) {
		cur_seek(&c, at);
		if (cur_u32(&c) == SIG_END) {
			struct cur end = cur_window(&c, at, END_SIZE);
			cur_seek(&end, 20);
			if (cur_u16(&end) == got.n - at - END_SIZE)
				break;
		}
		if (!at && more)
			return want_tail(z, TAIL_ALL, w);
		if (!at)
			return bad(err, "no end record: it is cut off, fetch it again, or it is no zip");
	}
	if (at < LOCATOR_SIZE && more)
		return want_tail(z, TAIL_ALL, w);
	cur_seek(&c, at + 4);
	uint16_t disk = cur_u16(&c), dir_disk = cur_u16(&c);
	cur_skip(&c, 2 + 2);
	z->dir_n = cur_u32(&c);
	z->dir_at = cur_u32(&c);
	z->end_at = z->tail_at + at;

	struct cur l = cur_window(&c, at < LOCATOR_SIZE ? 0 : at - LOCATOR_SIZE, LOCATOR_SIZE);
	if (at >= LOCATOR_SIZE && cur_u32(&l) == SIG_LOCATOR) {
		cur_skip(&l, 4);
		uint64_t end64 = cur_u64(&l), here = z->end_at - LOCATOR_SIZE;
		/* with foreign bytes before the zip its offset is off: the record is looked for right before the locator, as Python does */
		if (here < END64_SIZE || end64 > here - END64_SIZE)
			return bad(err, "the zip64 end record lies outside the file");
		z->end_at = here - END64_SIZE;
		return want_range(z, ST_END64, z->end_at, END64_SIZE, w);
	}
	if (disk || dir_disk)
		return bad(err, "one of several volumes");
	return begin_dir(z, z->end_at, w, err);
}

static enum step read_end64(struct zipdir *z, struct span got, struct want *w, struct err *err)
{
	struct cur c = cur_of(got);
	if (cur_u32(&c) != SIG_END64)
		return bad(err, "no zip64 end record where its locator says");
	cur_skip(&c, 8 + 2 + 2);
	uint32_t disk = cur_u32(&c), dir_disk = cur_u32(&c);
	cur_skip(&c, 8 + 8);
	z->dir_n = cur_u64(&c);
	z->dir_at = cur_u64(&c);
	if (c.bad)
		return bad(err, "the zip64 end record is cut off");
	if (disk || dir_disk)
		return bad(err, "one of several volumes");
	return begin_dir(z, z->end_at, w, err);
}

/* 4.5.3: only the fields that were all ones are there, in this order. */
static void read_zip64(struct zip_entry *e, struct cur extra)
{
	while (cur_left(&extra) >= 4) {
		uint16_t id = cur_u16(&extra), n = cur_u16(&extra);
		struct cur f = cur_window(&extra, extra.off, n);
		cur_skip(&extra, n);
		if (id != EXTRA_ZIP64 || extra.bad)
			continue;
		bool bad_field = false;
		if (e->size == UINT32_MAX)
			e->size = cur_u64(&f), bad_field |= f.bad;
		if (e->packed == UINT32_MAX)
			e->packed = cur_u64(&f), bad_field |= f.bad;
		if (e->local == UINT32_MAX)
			e->local = cur_u64(&f), bad_field |= f.bad;
		if (bad_field)
			e->flags |= ZIP_OVERLAP;
		return;
	}
}

/* 4.3.12. True if one whole entry was there. */
static bool read_entry(struct zipdir *z, struct cur *c, struct zip_entry *e, bool *is_entry, bool *nomem)
{
	if (cur_left(c) < ENTRY_SIZE)
		return false;
	struct cur head = *c;
	*is_entry = cur_u32(&head) == SIG_ENTRY;
	if (!*is_entry)
		return false;
	*e = (struct zip_entry){ 0 };
	unsigned made_by = cur_u16(&head) >> 8;
	cur_skip(&head, 2);
	if (cur_u16(&head) & GP_ENCRYPTED)
		e->flags |= ZIP_ENCRYPTED;
	e->method = cur_u16(&head);
	cur_skip(&head, 4);
	e->crc = cur_u32(&head);
	e->packed = cur_u32(&head);
	e->size = cur_u32(&head);
	e->name_n = cur_u16(&head);
	uint16_t extra_n = cur_u16(&head), comment_n = cur_u16(&head);
	cur_skip(&head, 2 + 2);
	uint32_t attributes = cur_u32(&head);
	e->mode = made_by == MADE_BY_UNIX ? attributes >> 16 : 0;
	e->local = cur_u32(&head);
	struct span name = cur_take(&head, e->name_n);
	struct cur extra = cur_window(&head, head.off, extra_n);
	cur_skip(&head, (uint64_t)extra_n + comment_n);
	if (head.bad)
		return false;
	read_zip64(e, extra);
	if (e->local > z->dir_at - z->base || z->dir_at - z->base - e->local < ZIP_LOCAL ||
	    e->packed > z->dir_at - z->base - e->local - ZIP_LOCAL)
		e->flags |= ZIP_OVERLAP;
	else
		e->local += z->base;
	e->name = arena_strn(z->arena, name.p, name.n);
	*nomem = !e->name;
	*c = head;
	return true;
}

static int by_place(const void *a, const void *b)
{
	const struct zip_entry *x = *(struct zip_entry *const *)a, *y = *(struct zip_entry *const *)b;
	return x->local != y->local ? (x->local > y->local ? 1 : -1) : (x > y) - (x < y);
}

static int by_name(const void *a, const void *b)
{
	const struct zip_entry *x = *(struct zip_entry *const *)a, *y = *(struct zip_entry *const *)b;
	size_t n = x->name_n < y->name_n ? x->name_n : y->name_n;
	int d = memcmp(x->name, y->name, n);
	return d ? d : x->name_n != y->name_n ? x->name_n - y->name_n : (x > y) - (x < y);
}

/* Marks members that share bytes or names. */
static enum step finish(struct zipdir *z, struct err *err)
{
	size_t n = z->entries.n, in_file = 0;
	struct zip_entry **v = arena_alloc(z->arena, (n + 1) * sizeof(struct zip_entry *));
	if (!v) {
		err_nomem(err);
		return STEP_BAD;
	}
	for (size_t i = 0; i < n; i++)
		if (!(z->entries.v[i].flags & ZIP_OVERLAP))
			v[in_file++] = &z->entries.v[i];
	qsort(v, in_file, sizeof(struct zip_entry *), by_place);
	uint64_t end = 0;
	struct zip_entry *before = NULL;
	for (size_t i = 0; i < in_file; i++) {
		if (before && v[i]->local < end) {
			v[i]->flags |= ZIP_OVERLAP;
			before->flags |= ZIP_OVERLAP;
		}
		uint64_t mine = v[i]->local + ZIP_LOCAL + v[i]->name_n + v[i]->packed;
		if (mine > end) {
			end = mine;
			before = v[i];
		}
	}
	for (size_t i = 0; i < n; i++)
		v[i] = &z->entries.v[i];
	qsort(v, n, sizeof(struct zip_entry *), by_name);
	for (size_t i = 0; i + 1 < n; i++)
		if (v[i]->name_n == v[i + 1]->name_n && !memcmp(v[i]->name, v[i + 1]->name, v[i]->name_n))
			v[i]->flags |= ZIP_DUPLICATE;
	z->state = ST_DONE;
	return STEP_DONE;
}

/* All whole entries from c on; -1 when memory runs out or there are too many. */
static int take_entries(struct zipdir *z, struct cur *c, bool *is_entry, struct err *err)
{
	struct zip_entry e;
	bool nomem = false;
	while (read_entry(z, c, &e, is_entry, &nomem)) {
		if (z->entries.n >= LIMIT_ENTRIES)
			return err_set(err, ERR_LIMIT, "zip: over %u members", LIMIT_ENTRIES);
		if (nomem || !list_add(z->arena, &z->entries, e))
			return err_nomem(err);
	}
	return 0;
}

static enum step read_dir(struct zipdir *z, struct span got, struct want *w, struct err *err)
{
	struct cur c = cur_of(got);
	bool is_entry = true;
	if (take_entries(z, &c, &is_entry, err) < 0)
		return STEP_BAD;
	uint64_t done = z->tail_at + c.off;
	if (!is_entry || (!c.off && got.n < LIMIT_WANT) || !got.n)
		return done == z->dir_n ? finish(z, err) : bad(err, "the directory is damaged");
	if (done < z->dir_n) {
		/* an entry is at most 46 + 3 * 65535 bytes: a whole range without one is no directory */
		if (!c.off || got.n < (z->dir_n - z->tail_at < LIMIT_WANT ? z->dir_n - z->tail_at : LIMIT_WANT))
			return bad(err, "the directory is damaged");
		return want_dir(z, done, w);
	}
	return finish(z, err);
}

/* The first part of a directory of which both ends alone are read. */
static enum step read_head(struct zipdir *z, struct span got, struct want *w, struct err *err)
{
	struct cur c = cur_of(got);
	bool is_entry = true;
	if (take_entries(z, &c, &is_entry, err) < 0)
		return STEP_BAD;
	if (!c.off)
		return bad(err, "the directory is damaged");
	z->partial = true;
	return want_range(z, ST_FOOT, z->dir_at + z->dir_n - z->ends, z->ends, w);
}

/* Does a chain of entries lead from there to the very end? */
static bool chain_ends(struct cur c)
{
	while (cur_left(&c)) {
		uint32_t sig = cur_u32(&c);
		cur_skip(&c, ENTRY_SIZE - 4 - 18);
		uint64_t n = cur_u16(&c);
		n += cur_u16(&c);
		n += cur_u16(&c);
		cur_skip(&c, 12 + n);
		if (sig != SIG_ENTRY || c.bad)
			return false;
	}
	return true;
}

/* Its last part, from the first entry that is whole. */
static enum step read_foot(struct zipdir *z, struct span got, struct err *err)
{
	bool is_entry = true;
	for (size_t at = 0; at < got.n; at++) {
		struct cur sig = cur_of(span_from(got, at)), c = sig;
		if (cur_u32(&sig) != SIG_ENTRY || !chain_ends(c))
			continue;
		return take_entries(z, &c, &is_entry, err) < 0 ? STEP_BAD : finish(z, err);
	}
	return bad(err, "the directory is damaged");
}

enum step zipdir_step(struct zipdir *z, struct span got, struct want *w, struct err *err)
{
	switch (z->state) {
	case ST_BEGIN:
		if (z->size < END_SIZE)
			return bad(err, "the file is too short");
		return want_tail(z, TAIL_FIRST, w);
	case ST_TAIL:
		return read_tail(z, got, w, err);
	case ST_END64:
		return read_end64(z, got, w, err);
	case ST_DIR:
		return read_dir(z, got, w, err);
	case ST_HEAD:
		return read_head(z, got, w, err);
	case ST_FOOT:
		return read_foot(z, got, err);
	}
	return STEP_DONE;
}

int zip_data_at(const struct zipdir *z, const struct zip_entry *e, struct span local, uint64_t *at, struct err *err)
{
	struct cur c = cur_of(local);
	if (cur_u32(&c) != SIG_LOCAL || local.n < ZIP_LOCAL)
		return err_set(err, ERR_FORMAT, "zip: no local header at byte %" PRIu64, e->local);
	cur_seek(&c, 8);
	uint16_t method = cur_u16(&c);
	cur_seek(&c, 26);
	uint64_t skip = (uint64_t)ZIP_LOCAL + cur_u16(&c);
	skip += cur_u16(&c);
	if (method != e->method)
		return err_set(err, ERR_FORMAT, "zip: the local header at byte %" PRIu64 " is of another member", e->local);
	if (e->local > z->dir_at || skip > z->dir_at - e->local || e->packed > z->dir_at - e->local - skip)
		return err_set(err, ERR_FORMAT, "zip: the member at byte %" PRIu64 " reaches into the directory", e->local);
	*at = e->local + skip;
	return 0;
}

unsigned zip_bid(struct span head)
{
	struct cur c = cur_of(head);
	uint32_t sig = cur_u32(&c);
	return sig == SIG_LOCAL || sig == SIG_END ? 32 : 0;
}
