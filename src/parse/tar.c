#include "parse/tar.h"

#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "parse/tar_fields.h"

enum { ST_HEADER, ST_EXT, ST_OLD_MAP, ST_MAP, ST_BODY, ST_PAD, ST_LONE_ZERO, ST_END, ST_BAD };

static enum tar_step bad(struct tar *t)
{
	t->state = ST_BAD;
	return TAR_BAD;
}

static uint64_t pad_of(uint64_t n)
{
	return (TAR_BLOCK - n % TAR_BLOCK) % TAR_BLOCK;
}

/* Gathers up to `n` bytes of t->block; true when they are there. */
static bool gather(struct tar *t, struct span *in, uint32_t n)
{
	size_t more = n - t->have < in->n ? n - t->have : in->n;
	if (more)
		memcpy(t->block + t->have, in->p, more);
	t->have += (uint32_t)more;
	t->at += more;
	*in = span_from(*in, more);
	if (t->have < n)
		return false;
	t->have = 0;
	return true;
}

static void forget_extended(struct tar *t)
{
	buf_reset(&t->path);
	buf_reset(&t->link);
	t->pax.has = 0;
	t->map_n = 0;
	t->pending = false;
}

/* ---- headers ---- */

static int begin_extended(struct tar *t, const struct tar_header *h, struct err *err)
{
	if (h->type != 'g' && h->size > LIMIT_PAX)
		return err_set(err, ERR_LIMIT, "tar: extended header at byte %" PRIu64 " has %" PRIu64 " bytes, the limit is %u",
			       t->at - TAR_BLOCK, h->size, LIMIT_PAX);
	t->ext_type = h->type;
	t->pending = t->pending || h->type != 'g';
	t->left = h->size;
	t->pad = pad_of(h->size);
	buf_reset(&t->ext);
	t->state = ST_EXT;
	return 0;
}

static int end_extended(struct tar *t, struct err *err)
{
	struct span text = { (const unsigned char *)buf_text(&t->ext), t->ext.n };
	if (t->ext.bad)
		return err_nomem(err);
	if (t->ext_type == 'x')
		return tar_pax_read(t, text, err);
	if (t->ext_type == 'g')
		return 0;
	struct buf *to = t->ext_type == 'L' ? &t->path : &t->link;
	buf_reset(to);
	buf_add(to, text.p, span_chr(text, '\0'));
	/* a GNU long name beats the pax record, whichever comes first */
	t->pax.has |= t->ext_type == 'L' ? TAR_PAX_LONG_NAME : TAR_PAX_LONG_LINK;
	return to->bad ? err_nomem(err) : 0;
}

static enum tar_type type_of(const struct tar_header *h, struct span path)
{
	switch (h->type) {
	case '\0': /* before ustar, a name that ends in '/' was a folder */
		return span_ends(path, "/") ? TAR_DIR : TAR_FILE;
	case '0': case '7': case 'S': return TAR_FILE;
	case '1': return TAR_HARDLINK;
	case '2': return TAR_SYMLINK;
	case '3': return TAR_CHAR;
	case '4': return TAR_BLOCKDEV;
	case '5': return TAR_DIR;
	case '6': return TAR_FIFO;
	default: return TAR_OTHER;
	}
}

static void entry_names(struct tar *t, const struct tar_header *h)
{
	struct tar_entry *e = &t->entry;
	if (t->path.n) {
		e->path = (struct span){ (const unsigned char *)t->path.p, t->path.n };
	} else if (h->prefix.n) {
		buf_add(&t->path, h->prefix.p, h->prefix.n);
		buf_char(&t->path, '/');
		buf_add(&t->path, h->name.p, h->name.n);
		e->path = (struct span){ (const unsigned char *)t->path.p, t->path.n };
	} else {
		e->path = h->name;
	}
	e->link = t->link.n ? (struct span){ (const unsigned char *)t->link.p, t->link.n } : h->link;
}

/* Does the map name `stored` bytes, in order, inside the file? If not it is cut to what does. */
static void check_map(struct tar *t)
{
	struct tar_entry *e = &t->entry;
	uint64_t sum = 0, end = 0;
	uint32_t n = 0;
	bool good = true;
	for (; n < t->map_n; n++) {
		struct tar_piece *p = &t->map[n];
		good = p->at >= end && p->at <= e->size && p->n <= e->size - p->at && p->n <= e->stored - sum;
		if (!good)
			break;
		p->before = sum;
		end = p->at + p->n;
		sum += p->n;
	}
	if (!good || sum != e->stored)
		e->notes |= TAR_NOTE_BAD_MAP;
	t->pad += e->stored - sum; /* what a bad map does not name belongs nowhere */
	t->left = e->stored = sum;
	t->notes |= e->notes;
	e->map = t->map;
	e->pieces = n;
}

static enum tar_step give_entry(struct tar *t)
{
	struct tar_entry *e = &t->entry;
	e->body_at = t->at;
	t->left = e->stored;
	t->pad = pad_of(e->stored);
	t->stored_at = t->piece_at = 0;
	t->piece = 0;
	if (e->map)
		check_map(t);
	t->state = t->left ? ST_BODY : t->pad ? ST_PAD : ST_HEADER;
	t->pending = false;
	t->entries++;
	return TAR_ENTRY;
}

/* Names that lie in the header block move out of it before another block is read. */
static bool keep_names(struct tar *t)
{
	struct tar_entry *e = &t->entry;
	if (!t->path.n)
		buf_add(&t->path, e->path.p, e->path.n);
	if (!t->link.n)
		buf_add(&t->link, e->link.p, e->link.n);
	e->path = (struct span){ (const unsigned char *)t->path.p, t->path.n };
	e->link = (struct span){ (const unsigned char *)t->link.p, t->link.n };
	return !t->path.bad && !t->link.bad;
}

/* What an entry with all its headers read has for size and map. TAR_NEED: the map comes first. */
static enum tar_step begin_body(struct tar *t, const struct tar_header *h, struct err *err)
{
	struct tar_entry *e = &t->entry;
	e->size = e->stored = t->pax.has & TAR_PAX_SIZE ? t->pax.size : h->size;
	if (e->type != TAR_FILE && e->type != TAR_OTHER) {
		e->size = e->stored = 0;
		return give_entry(t);
	}
	enum tar_sparse form = e->type == TAR_FILE ? tar_sparse_form(t, h) : TAR_NOT_SPARSE;
	if (form == TAR_NOT_SPARSE)
		return give_entry(t);
	if (tar_map_room(t, 0, err) < 0)
		return bad(t);
	e->map = t->map;
	if (form == TAR_SPARSE_OLD) {
		e->notes |= TAR_NOTE_GNU_SPARSE;
		e->size = h->real_size;
		t->map_n = 0;
		bool more;
		if (tar_map_old(t, (struct span){ t->block, TAR_BLOCK }, true, &more, err) < 0)
			return bad(t);
		if (!more)
			return give_entry(t);
		t->state = ST_OLD_MAP;
		return keep_names(t) ? TAR_NEED : (err_nomem(err), bad(t));
	}
	if (t->pax.has & TAR_PAX_REAL_SIZE)
		e->size = t->pax.real_size;
	if (form == TAR_SPARSE_RECORDS)
		return give_entry(t);
	t->left = e->stored;
	t->map_n = t->digits = 0;
	t->number = t->numbers = 0;
	t->wanted = 1;
	t->state = ST_MAP;
	return keep_names(t) ? TAR_NEED : (err_nomem(err), bad(t));
}

static enum tar_step header(struct tar *t, struct err *err)
{
	uint64_t at = t->at - TAR_BLOCK;
	struct span block = { t->block, TAR_BLOCK };
	if (tar_block_is_zero(block)) {
		if (t->pending) {
			err_set(err, ERR_FORMAT, "tar: the extended header before byte %" PRIu64 " has no entry", at);
			return bad(t);
		}
		t->state = ST_LONE_ZERO;
		return TAR_NEED;
	}
	struct tar_header h;
	if (tar_header_read(block, at, &h, err) < 0)
		return bad(t);
	if (!t->pending) {
		t->header_at = at;
		forget_extended(t);
	}
	if (h.type == 'x' || h.type == 'g' || h.type == 'L' || h.type == 'K')
		return begin_extended(t, &h, err) < 0 ? bad(t) : TAR_NEED;

	t->entry = (struct tar_entry){ .header_at = t->header_at, .mode = h.mode, .uid = h.uid, .gid = h.gid };
	entry_names(t, &h);
	if (t->path.bad || t->link.bad) {
		err_nomem(err);
		return bad(t);
	}
	t->entry.type = type_of(&h, t->entry.path);
	if (t->entry.type == TAR_OTHER)
		t->entry.notes |= TAR_NOTE_ODD_TYPE;
	t->notes |= t->entry.notes;
	if (t->pax.has & TAR_PAX_UID)
		t->entry.uid = t->pax.uid;
	if (t->pax.has & TAR_PAX_GID)
		t->entry.gid = t->pax.gid;
	return begin_body(t, &h, err);
}

/* ---- what lies between headers ---- */

/* Takes at most *left bytes off the input. */
static struct span take_some(struct tar *t, struct span *in, uint64_t *left)
{
	struct span s = span_sub(*in, 0, *left < in->n ? (size_t)*left : in->n);
	*in = span_from(*in, s.n);
	*left -= s.n;
	t->at += s.n;
	return s;
}

static enum tar_step extended(struct tar *t, struct span *in, struct err *err)
{
	struct span s = take_some(t, in, &t->left);
	if (t->ext_type != 'g')
		buf_add(&t->ext, s.p, s.n);
	if (t->left)
		return TAR_NEED;
	take_some(t, in, &t->pad);
	if (t->pad)
		return TAR_NEED;
	if (end_extended(t, err) < 0)
		return bad(t);
	t->state = ST_HEADER;
	return TAR_NEED;
}

static enum tar_step old_map(struct tar *t, struct span *in, struct err *err)
{
	bool more;
	if (!gather(t, in, TAR_BLOCK))
		return TAR_NEED;
	if (tar_map_old(t, (struct span){ t->block, TAR_BLOCK }, false, &more, err) < 0)
		return bad(t);
	return more ? TAR_NEED : give_entry(t);
}

/* Sparse 1.0: the map is decimal lines at the beginning of the body, up to a block boundary. */
static enum tar_step body_map(struct tar *t, struct span *in, struct err *err)
{
	if (t->left < TAR_BLOCK) {
		err_set(err, ERR_FORMAT, "tar: the sparse map before byte %" PRIu64 " does not end inside its file", t->at);
		return bad(t);
	}
	if (!gather(t, in, TAR_BLOCK))
		return TAR_NEED;
	t->left -= TAR_BLOCK;
	t->entry.stored -= TAR_BLOCK;
	if (tar_map_lines(t, (struct span){ t->block, TAR_BLOCK }, err) < 0)
		return bad(t);
	return t->numbers < t->wanted ? TAR_NEED : give_entry(t);
}

static enum tar_step body(struct tar *t, struct span *in)
{
	struct tar_entry *e = &t->entry;
	while (e->map && t->piece_at == e->map[t->piece].n) { /* `left` says that a piece follows */
		t->piece++;
		t->piece_at = 0;
	}
	uint64_t most = t->left;
	t->body_at = t->stored_at;
	if (e->map) {
		most = e->map[t->piece].n - t->piece_at;
		t->body_at = e->map[t->piece].at + t->piece_at;
	}
	uint64_t left = most;
	struct span s = take_some(t, in, &left);
	t->left -= s.n;
	t->stored_at += s.n;
	t->piece_at += s.n;
	if (!t->left)
		t->state = t->pad ? ST_PAD : ST_HEADER;
	if (!s.n)
		return TAR_NEED;
	t->body = s;
	return TAR_BODY;
}

static enum tar_step one_step(struct tar *t, struct span *in, struct err *err)
{
	switch (t->state) {
	case ST_HEADER:
		return gather(t, in, TAR_BLOCK) ? header(t, err) : TAR_NEED;
	case ST_EXT:
		return extended(t, in, err);
	case ST_OLD_MAP:
		return old_map(t, in, err);
	case ST_MAP:
		return body_map(t, in, err);
	case ST_BODY:
		return body(t, in);
	case ST_PAD:
		take_some(t, in, &t->pad);
		if (!t->pad)
			t->state = ST_HEADER;
		return TAR_NEED;
	case ST_LONE_ZERO:
		if (!gather(t, in, TAR_BLOCK))
			return TAR_NEED;
		if (!tar_block_is_zero((struct span){ t->block, TAR_BLOCK }))
			t->notes |= TAR_NOTE_LONE_ZERO;
		t->state = ST_END;
		return TAR_END;
	case ST_END:
		return TAR_END;
	}
	err_set(err, ERR_FORMAT, "tar: broken at byte %" PRIu64, t->at);
	return TAR_BAD;
}

enum tar_step tar_feed(struct tar *t, struct span *in, struct err *err)
{
	for (;;) {
		int state = t->state;
		size_t n = in->n;
		enum tar_step step = one_step(t, in, err);
		/* some states end without taking a byte (an empty extended header) */
		if (step != TAR_NEED || (n == in->n && state == t->state))
			return step;
	}
}

uint64_t tar_skip(struct tar *t, uint64_t avail)
{
	if (t->state != ST_BODY && t->state != ST_PAD)
		return 0;
	uint64_t hop = t->left < avail ? t->left : avail;
	t->left -= hop;
	uint64_t pad = t->left ? 0 : t->pad < avail - hop ? t->pad : avail - hop;
	t->pad -= pad;
	t->stored_at += hop;
	t->at += hop + pad;
	t->state = t->left ? ST_BODY : t->pad ? ST_PAD : ST_HEADER;
	return hop + pad;
}

enum tar_step tar_finish(struct tar *t, struct err *err)
{
	switch (t->state) {
	case ST_END:
		return TAR_END;
	case ST_LONE_ZERO:
		t->notes |= TAR_NOTE_LONE_ZERO;
		t->state = ST_END;
		return TAR_END;
	case ST_HEADER:
		if (t->pending || !tar_block_is_zero((struct span){ t->block, t->have }))
			break;
		/* fall through */
	case ST_PAD: /* as `umoci insert` leaves it: everything was there */
		t->notes |= TAR_NOTE_NO_END;
		t->state = ST_END;
		return TAR_END;
	case ST_BAD:
		err_set(err, ERR_FORMAT, "tar: broken at byte %" PRIu64, t->at);
		return TAR_BAD;
	case ST_BODY:
		err_set(err, ERR_FORMAT, "tar: cut off at byte %" PRIu64 ", %" PRIu64 " bytes before the end of a file",
			t->at, t->left);
		return bad(t);
	}
	err_set(err, ERR_FORMAT, "tar: cut off at byte %" PRIu64 ", inside a header", t->at);
	return bad(t);
}

void tar_clear(struct tar *t)
{
	buf_clear(&t->ext);
	buf_clear(&t->path);
	buf_clear(&t->link);
	mem_free(t->map);
	*t = (struct tar)TAR_INIT;
}
