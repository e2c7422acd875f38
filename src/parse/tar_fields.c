#include "parse/tar_fields.h"

#include <inttypes.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"

bool tar_block_is_zero(struct span block)
{
	return !block.n || (!block.p[0] && !memcmp(block.p, block.p + 1, block.n - 1));
}

/* A numeric field: octal text between blanks and NULs, or base-256 (GNU). False if it is neither, negative or over 2^63. */
static bool field_number(struct span f, uint64_t *out)
{
	uint64_t v = 0;
	if (f.n && f.p[0] & 0x80) {
		if (f.p[0] & 0x40)
			return false;
		v = f.p[0] & 0x3f;
		for (size_t i = 1; i < f.n; i++) {
			if (v > INT64_MAX >> 8)
				return false;
			v = v << 8 | f.p[i];
		}
		*out = v;
		return true;
	}
	size_t i = 0;
	while (i < f.n && (f.p[i] == ' ' || !f.p[i]))
		i++;
	for (; i < f.n && f.p[i] >= '0' && f.p[i] <= '7'; i++)
		v = v << 3 | (uint64_t)(f.p[i] - '0'); /* at most 12 digits */
	*out = v;
	return i == f.n || f.p[i] == ' ' || !f.p[i];
}

static struct span field_text(struct cur *c, unsigned n)
{
	struct span s = cur_take(c, n);
	return span_sub(s, 0, span_chr(s, '\0'));
}

/* The sum of all bytes with the checksum field (148-155) as blanks; some old tars added them as signed. */
static bool checksum_fits(struct span block, uint64_t want)
{
	uint32_t sum = 8 * ' ', high = 0;
	if (block.n != TAR_BLOCK)
		return false;
	for (size_t i = 0; i < TAR_BLOCK; i++) /* of a known length, it is done many bytes at once */
		sum += block.p[i];
	for (size_t i = 148; i < 156; i++)
		sum -= block.p[i];
	if (sum == want)
		return true;
	for (size_t i = 0; i < block.n; i++)
		high += i >= 148 && i < 156 ? 0 : block.p[i] >> 7;
	return (int64_t)sum - 256 * (int64_t)high == (int64_t)want;
}

enum { BID_NOT, BID_V7, BID_USTAR, BID_GNU };

/* POSIX.1-2017 pax, "ustar Interchange Format"; GNU tar manual, "Basic Tar Format". */
static int header_fields(struct span block, struct tar_header *h)
{
	struct cur c = cur_of(block);
	uint64_t mode = 0, sum = 0;
	bool good = true;
	h->name = field_text(&c, 100);                  /*   0-99  */
	if (!field_number(cur_take(&c, 8), &mode))      /* 100-107 */
		mode = 0;
	if (!field_number(cur_take(&c, 8), &h->uid))    /* 108-115 */
		h->uid = 0;
	if (!field_number(cur_take(&c, 8), &h->gid))    /* 116-123 */
		h->gid = 0;
	good = field_number(cur_take(&c, 12), &h->size);/* 124-135 */
	cur_skip(&c, 12);                               /* 136-147 mtime */
	struct span checksum = cur_take(&c, 8);         /* 148-155 */
	bool summed = span_trim(span_sub(checksum, 0, span_chr(checksum, '\0'))).n && field_number(checksum, &sum);
	h->type = (char)cur_u8(&c);                     /* 156 */
	h->link = field_text(&c, 100);                  /* 157-256 */
	struct span magic = cur_take(&c, 8);            /* 257-264 */
	cur_skip(&c, 32 + 32 + 8 + 8);                  /* 265-344 names of owner and group, device */
	struct span prefix = field_text(&c, 155);       /* 345-499 */
	h->mode = (uint32_t)mode & 07777;
	h->gnu = !memcmp(magic.p, "ustar  \0", 8);
	bool posix = !memcmp(magic.p, "ustar\0", 6);
	if (posix) {
		c = cur_of(block);
		cur_seek(&c, 508);
		if (span_eq(span_sub(cur_take(&c, 4), 0, 3), "tar")) /* star has times at 476 */
			prefix = span_sub(prefix, 0, 131);
		h->prefix = prefix;
	}
	if (h->gnu) {
		c = cur_of(block);
		cur_seek(&c, 483);
		if (!field_number(cur_take(&c, 12), &h->real_size)) /* 483-494 */
			h->real_size = 0;
	}
	if (!summed || !checksum_fits(block, sum))
		return BID_NOT;
	if (!good)
		return -1;
	return h->gnu ? BID_GNU : posix ? BID_USTAR : BID_V7;
}

int tar_header_read(struct span block, uint64_t at, struct tar_header *h, struct err *err)
{
	*h = (struct tar_header){ 0 };
	int kind = header_fields(block, h);
	if (kind == BID_NOT)
		return err_set(err, ERR_FORMAT, "tar: no header at byte %" PRIu64 ": its checksum does not fit", at);
	if (kind < 0)
		return err_set(err, ERR_FORMAT, "tar: the header at byte %" PRIu64 " has no valid size", at);
	return 0;
}

unsigned tar_bid(struct span head)
{
	struct tar_header h = { 0 };
	if (head.n < TAR_BLOCK)
		return 0;
	struct span block = span_sub(head, 0, TAR_BLOCK);
	if (tar_block_is_zero(block)) /* an empty archive: two zero blocks */
		return tar_block_is_zero(span_sub(head, 0, 2 * TAR_BLOCK)) ? 8 : 0;
	switch (header_fields(block, &h)) {
	case BID_V7: return 48;
	case BID_USTAR: return 48 + 48;
	case BID_GNU: return 48 + 64;
	}
	return 0;
}

/* ---- pax records: "LENGTH KEY=VALUE\n" ---- */

static bool pax_number(struct span v, uint64_t *out)
{
	return span_number(v, out) && *out <= INT64_MAX;
}

/* uid and gid may have a fraction or a sign in the wild; they decide nothing here. */
static void pax_owner(struct tar *t, struct span v, uint64_t *to, unsigned bit)
{
	if (pax_number(v, to))
		t->pax.has |= bit;
}

static int pax_name(struct tar *t, struct buf *to, unsigned beaten_by, struct span v, uint64_t at, struct err *err)
{
	if (!v.n || t->pax.has & beaten_by)
		return 0;
	if (span_chr(v, '\0') < v.n)
		return err_set(err, ERR_FORMAT, "tar: a name in the extended header before byte %" PRIu64 " holds a NUL", at);
	buf_reset(to);
	buf_add(to, v.p, v.n);
	return to->bad ? err_nomem(err) : 0;
}

static int pax_map_number(struct tar *t, uint64_t n, bool is_offset, struct err *err)
{
	if (is_offset) {
		if (tar_map_room(t, t->map_n, err) < 0)
			return -1;
		t->map[t->map_n] = (struct tar_piece){ .at = n, .n = UINT64_MAX };
	} else {
		t->map[t->map_n++].n = n;
		if (t->map_n < t->map_cap)
			t->map[t->map_n].n = 0;
	}
	return 0;
}

/* GNU tar manual, "Storing Sparse Files": 0.0 repeats offset and numbytes, 0.1 has one list. */
static int pax_sparse_map(struct tar *t, struct span v, struct err *err)
{
	bool is_offset = true;
	t->map_n = 0;
	t->pax.has |= TAR_PAX_MAP;
	while (v.n) {
		uint64_t n;
		if (!pax_number(span_cut(&v, ','), &n) || pax_map_number(t, n, is_offset, err) < 0)
			return err_set(err, ERR_FORMAT, "tar: the sparse map before byte %" PRIu64 " is no list of numbers", t->at);
		is_offset = !is_offset;
	}
	if (!is_offset)
		return err_set(err, ERR_FORMAT, "tar: the sparse map before byte %" PRIu64 " ends after an offset", t->at);
	return 0;
}

static int pax_sparse(struct tar *t, struct span key, struct span v, struct err *err)
{
	uint64_t n = 0;
	if (span_eq(key, "map"))
		return pax_sparse_map(t, v, err);
	if (span_eq(key, "name")) {
		if (v.n)
			t->pax.has |= TAR_PAX_SPARSE_NAME;
		return pax_name(t, &t->path, TAR_PAX_LONG_NAME, v, t->at, err);
	}
	if (!pax_number(v, &n))
		return err_set(err, ERR_FORMAT, "tar: GNU.sparse.%.*s before byte %" PRIu64 " is no number",
			       key.n < 20 ? (int)key.n : 20, (const char *)key.p, t->at);
	if (span_eq(key, "major")) {
		t->pax.major = n;
		t->pax.has |= TAR_PAX_MAJOR;
	} else if (span_eq(key, "minor")) {
		t->pax.minor = n;
		t->pax.has |= TAR_PAX_MINOR;
	} else if (span_eq(key, "size") || span_eq(key, "realsize")) {
		t->pax.real_size = n;
		t->pax.has |= TAR_PAX_REAL_SIZE;
	} else if (span_eq(key, "offset")) {
		t->pax.has |= TAR_PAX_MAP;
		return pax_map_number(t, n, true, err);
	} else if (span_eq(key, "numbytes")) {
		/* must follow its offset, which marked its length as not known */
		if (t->map_n >= t->map_cap || t->map[t->map_n].n != UINT64_MAX)
			return err_set(err, ERR_FORMAT, "tar: GNU.sparse.numbytes without offset before byte %" PRIu64, t->at);
		return pax_map_number(t, n, false, err);
	}
	return 0;
}

static int pax_record(struct tar *t, struct span key, struct span v, struct err *err)
{
	if (span_eq(key, "path"))
		return pax_name(t, &t->path, TAR_PAX_LONG_NAME | TAR_PAX_SPARSE_NAME, v, t->at, err);
	if (span_eq(key, "linkpath"))
		return pax_name(t, &t->link, TAR_PAX_LONG_LINK, v, t->at, err);
	if (span_eq(key, "size") && v.n) {
		if (!pax_number(v, &t->pax.size))
			return err_set(err, ERR_FORMAT, "tar: the pax size before byte %" PRIu64 " is no number", t->at);
		t->pax.has |= TAR_PAX_SIZE;
	} else if (span_eq(key, "uid")) {
		pax_owner(t, v, &t->pax.uid, TAR_PAX_UID);
	} else if (span_eq(key, "gid")) {
		pax_owner(t, v, &t->pax.gid, TAR_PAX_GID);
	} else if (span_starts(key, "GNU.sparse.")) {
		return pax_sparse(t, span_from(key, strlen("GNU.sparse.")), v, err);
	}
	return 0;
}

int tar_pax_read(struct tar *t, struct span text, struct err *err)
{
	struct cur c = cur_of(text);
	/* a second pax header replaces the first */
	t->pax.has &= TAR_PAX_LONG_NAME | TAR_PAX_LONG_LINK;
	if (!(t->pax.has & TAR_PAX_LONG_NAME))
		buf_reset(&t->path);
	if (!(t->pax.has & TAR_PAX_LONG_LINK))
		buf_reset(&t->link);
	t->map_n = 0;
	if (t->map_cap)
		t->map[0].n = 0;
	while (cur_left(&c)) {
		struct span rest = span_from(text, c.off), line = rest;
		struct span digits = span_cut(&line, ' ');
		uint64_t n;
		if (!span_number(digits, &n) || n <= digits.n + 1 || n > rest.n)
			return err_set(err, ERR_FORMAT, "tar: the extended header before byte %" PRIu64 " has a record without a valid length",
				       t->at);
		struct span record = span_sub(rest, digits.n + 1, (size_t)n - digits.n - 1);
		size_t eq = span_chr(record, '=');
		if (!span_ends(record, "\n") || eq == record.n)
			return err_set(err, ERR_FORMAT, "tar: the extended header before byte %" PRIu64 " has a record without '=' or line end",
				       t->at);
		struct span value = span_sub(record, eq + 1, record.n - eq - 2);
		if (pax_record(t, span_sub(record, 0, eq), value, err) < 0)
			return -1;
		cur_skip(&c, n);
	}
	return 0;
}

/* ---- sparse maps ---- */

enum tar_sparse tar_sparse_form(const struct tar *t, const struct tar_header *h)
{
	const struct tar_pax *p = &t->pax;
	if (h->type == 'S')
		return h->gnu ? TAR_SPARSE_OLD : TAR_NOT_SPARSE;
	if (p->has & (TAR_PAX_MAJOR | TAR_PAX_MINOR)) {
		if (p->major == 1 && p->minor == 0 && p->has & TAR_PAX_MAJOR && p->has & TAR_PAX_MINOR)
			return TAR_SPARSE_BODY;
		if (p->major == 0 && p->minor <= 1 && p->has & TAR_PAX_MAP)
			return TAR_SPARSE_RECORDS;
		return TAR_NOT_SPARSE;
	}
	/* 0.0 and 0.1 need not state their version */
	return p->has & TAR_PAX_MAP ? TAR_SPARSE_RECORDS : TAR_NOT_SPARSE;
}

int tar_map_room(struct tar *t, uint32_t n, struct err *err)
{
	if (n < t->map_cap)
		return 0;
	if (n >= LIMIT_SPARSE)
		return err_set(err, ERR_LIMIT, "tar: a sparse file before byte %" PRIu64 " has over %u pieces", t->at, LIMIT_SPARSE);
	uint32_t cap = t->map_cap ? 2 * t->map_cap : 16;
	struct tar_piece *map = mem_resize(t->map, cap * sizeof(*map));
	if (!map)
		return err_nomem(err);
	memset(map + t->map_cap, 0, (cap - t->map_cap) * sizeof(*map));
	t->map = map;
	t->map_cap = cap;
	t->entry.map = t->entry.map ? map : NULL;
	return 0;
}

int tar_map_old(struct tar *t, struct span block, bool is_header, bool *more, struct err *err)
{
	struct cur c = cur_of(block);
	cur_seek(&c, is_header ? 386 : 0);
	for (unsigned i = 0; i < (is_header ? 4u : 21u); i++) {
		struct tar_piece p = { 0 };
		struct span at = cur_take(&c, 12), n = cur_take(&c, 12);
		if (!at.p[0])
			break; /* an unused slot ends the list */
		if (!field_number(at, &p.at) || !field_number(n, &p.n))
			return err_set(err, ERR_FORMAT, "tar: the sparse map before byte %" PRIu64 " is no list of numbers", t->at);
		if (tar_map_room(t, t->map_n, err) < 0)
			return -1;
		t->map[t->map_n++] = p;
	}
	cur_seek(&c, is_header ? 482 : 504);
	*more = cur_u8(&c) != 0;
	return 0;
}

static int map_number(struct tar *t, struct err *err)
{
	if (!t->numbers++) {
		if (t->number > LIMIT_SPARSE)
			return err_set(err, ERR_LIMIT, "tar: a sparse file before byte %" PRIu64 " has over %u pieces", t->at, LIMIT_SPARSE);
		t->wanted = 1 + 2 * t->number;
		return 0;
	}
	if (t->numbers % 2 == 0)
		return tar_map_room(t, t->map_n, err) < 0 ? -1 : (t->map[t->map_n].at = t->number, 0);
	t->map[t->map_n++].n = t->number;
	return 0;
}

int tar_map_lines(struct tar *t, struct span block, struct err *err)
{
	for (size_t i = 0; i < block.n && t->numbers < t->wanted; i++) {
		unsigned char b = block.p[i];
		if (b == '\n' && t->digits) {
			if (map_number(t, err) < 0)
				return -1;
			t->number = t->digits = 0;
		} else if (b >= '0' && b <= '9' && t->digits < 18) {
			t->number = t->number * 10 + (uint64_t)(b - '0');
			t->digits++;
		} else {
			return err_set(err, ERR_FORMAT, "tar: the sparse map before byte %" PRIu64 " is no list of numbers", t->at);
		}
	}
	return 0;
}
