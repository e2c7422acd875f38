#include "parse/layertoc.h"

#include <ctype.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/str.h"

/* ---- where the table lies ---- */

/*
 * docs/estargz.md, "Footer": an empty gzip member of 51 bytes whose extra field
 * has one subfield "SG" of 22 bytes: the table's place in 16 hexadecimal digits,
 * and "STARGZ". (RFC 1952 2.3.1 and 2.3.1.1.)
 */
bool toc_stargz_place(struct span footer, uint64_t size, struct toc_place *out)
{
	struct cur c = cur_of(footer);
	uint64_t at = 0;
	struct span head = cur_take(&c, 3);
	uint8_t flags = cur_u8(&c);
	cur_skip(&c, 6);
	uint16_t extra = cur_u16(&c);
	struct span id = cur_take(&c, 2);
	uint16_t n = cur_u16(&c);
	struct span digits = cur_take(&c, 16), name = cur_take(&c, 6);
	if (c.bad || footer.n != TOC_FOOTER || !span_eq(head, "\x1f\x8b\x08") || !(flags & 4) || extra != 26 || n != 22 || !span_eq(id, "SG") ||
	    !span_eq(name, "STARGZ"))
		return false;
	for (size_t i = 0; i < digits.n; i++) {
		unsigned char d = digits.p[i];
		if (!isxdigit(d))
			return false;
		at = at << 4 | (isdigit(d) ? (uint64_t)(d - '0') : (uint64_t)(tolower(d) - 'a' + 10));
	}
	if (size < TOC_FOOTER || at >= size - TOC_FOOTER)
		return false;
	*out = (struct toc_place){ TOC_STARGZ, at, size - TOC_FOOTER - at };
	return true;
}

bool toc_chunked_place(struct span position, uint64_t size, struct toc_place *out)
{
	enum { TYPE_CRFS = 1 }; /* internal/minimal: ManifestTypeCRFS, the same JSON as eStargz */
	uint64_t v[4];
	for (size_t i = 0; i < 4; i++)
		if (!span_number(span_cut(&position, ':'), &v[i]))
			return false;
	if (position.n || v[3] != TYPE_CRFS || !v[1] || v[0] >= size || v[1] > size - v[0])
		return false;
	*out = (struct toc_place){ TOC_CHUNKED, v[0], v[1] };
	return true;
}

/* ---- the table: {"version": 1, "entries": [{...}, ...]} ---- */

struct reading {
	struct cur c;
	struct arena *a;
	struct toc *out;
	enum toc_kind kind;
	uint64_t data_end, decoded; /* decoded: bytes that all pieces together want decoded */
	struct toc_entry *file;     /* the last one, whose further pieces may follow */
	struct err *err;
};

static int bad(struct reading *r, const char *what)
{
	return err_set(r->err, ERR_FORMAT, "its table of contents %s", what);
}

static void blanks(struct cur *c)
{
	while (cur_left(c) && strchr(" \t\r\n", c->in.p[c->off]) && c->in.p[c->off])
		cur_skip(c, 1);
}

/* The next character that is no blank, taken if it is that one. */
static bool is_next(struct cur *c, char what)
{
	blanks(c);
	if (!cur_left(c) || c->in.p[c->off] != what)
		return false;
	cur_skip(c, 1);
	return true;
}

/* One value, of at most LIMIT_PAX bytes, so that a table of a million files is never a tree of objects. NULL if it is none. */
static json_t *next_value(struct cur *c)
{
	json_error_t e;
	blanks(c);
	struct span rest = span_sub(c->in, c->off, LIMIT_PAX);
	json_t *v = json_loadb((const char *)rest.p, rest.n, JSON_DISABLE_EOF_CHECK | JSON_DECODE_ANY, &e);
	if (v && e.position > 0)
		cur_skip(c, (uint64_t)e.position);
	return v;
}

static bool whole_number(const json_t *o, const char *key, uint64_t *out)
{
	const json_t *v = json_object_get(o, key);
	json_int_t n = json_integer_value(v);
	*out = n > 0 ? (uint64_t)n : 0;
	return (!v || json_is_integer(v)) && n >= 0;
}

static bool keep_text(struct reading *r, const json_t *o, const char *key, struct span *out)
{
	const json_t *v = json_object_get(o, key);
	size_t n = json_string_length(v);
	char *copy = json_is_string(v) ? arena_strn(r->a, json_string_value(v), n) : NULL;
	*out = (struct span){ (const unsigned char *)copy, copy ? n : 0 };
	return copy || !v;
}

static bool read_sha256(const char *digest, unsigned char out[32])
{
	if (!digest || !str_starts(digest, "sha256:") || strlen(digest) != 7 + 64)
		return false;
	for (size_t i = 0; i < 64; i++) {
		int d = tolower((unsigned char)digest[7 + i]);
		if (!isxdigit(d))
			return false;
		unsigned v = (unsigned)(isdigit(d) ? d - '0' : d - 'a' + 10);
		out[i / 2] = (unsigned char)(i % 2 ? out[i / 2] << 4 | v : v);
	}
	return true;
}

/* A run of the file that is being read: of its own entry or of one of type "chunk". A size of 0: up to the end. */
static int add_piece(struct reading *r, const json_t *o)
{
	struct toc_entry *f = r->file;
	struct toc_piece p = { 0 };
	uint64_t inner, stated;
	bool numbers = whole_number(o, "offset", &p.at) && whole_number(o, "chunkOffset", &p.file_at) && whole_number(o, "chunkSize", &stated) &&
		       whole_number(o, "innerOffset", &inner);
	bool zeros = str_eq(json_get_str(o, "chunkType"), "zeros");
	const char *digest = json_get_str(o, "chunkDigest");
	uint64_t have = f->pieces ? r->out->pieces.v[r->out->pieces.n - 1].file_at + r->out->pieces.v[r->out->pieces.n - 1].size : 0;
	if (!numbers || p.file_at != have || have >= f->size)
		return bad(r, "has pieces that make no file");
	p.size = stated ? stated : f->size - have;
	if (p.size > f->size - have)
		return bad(r, "has pieces that are larger than their file");
	if (!digest && p.size == f->size)
		digest = json_get_str(o, "digest");
	p.skip = r->kind == TOC_STARGZ ? inner : 0;
	if (!zeros && p.at >= r->data_end)
		return bad(r, "points behind the layer's data");
	if (!zeros && !read_sha256(digest, p.sha256))
		return bad(r, "states no sha256 of a piece");
	if (p.skip > UINT64_MAX - p.size || p.skip + p.size > UINT64_MAX - r->decoded)
		return bad(r, "states sizes that cannot be");
	r->decoded += p.skip + p.size;
	p.end = zeros ? p.at = 0 : p.at + 1; /* the end is known once all pieces are */
	f->pieces++;
	return list_add(r->a, &r->out->pieces, p) ? 0 : err_nomem(r->err);
}

/* The file before is done: do its pieces give all of it? */
static int end_file(struct reading *r)
{
	struct toc_entry *f = r->file;
	r->file = NULL;
	if (!f || !f->size)
		return 0;
	const struct toc_piece *last = f->pieces ? &r->out->pieces.v[r->out->pieces.n - 1] : NULL;
	return last && last->file_at + last->size == f->size ? 0 : bad(r, "has a file with a part missing");
}

static enum toc_type type_of(const char *s)
{
	static const struct { const char *name; enum toc_type type; } known[] = {
		{ "reg", TOC_FILE }, { "dir", TOC_DIR }, { "symlink", TOC_SYMLINK }, { "hardlink", TOC_HARDLINK },
		{ "char", TOC_DEVICE }, { "block", TOC_DEVICE }, { "fifo", TOC_FIFO },
	};
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (str_eq(s, known[i].name))
			return known[i].type;
	return TOC_OTHER;
}

static int add_entry(struct reading *r, const json_t *o)
{
	const char *type = json_get_str(o, "type");
	uint64_t mode;
	if (!json_is_object(o) || !type)
		return bad(r, "has an entry that is none");
	if (str_eq(type, "chunk"))
		return r->file && r->file->pieces ? add_piece(r, o) : bad(r, "has a piece of no file");
	if (end_file(r) < 0)
		return -1;
	if (r->out->entries.n >= LIMIT_ENTRIES)
		return err_set(r->err, ERR_LIMIT, "its table of contents has over %u entries", LIMIT_ENTRIES);
	struct toc_entry *e = list_push(r->a, &r->out->entries);
	if (!e)
		return err_nomem(r->err);
	e->type = type_of(type);
	if (!keep_text(r, o, "name", &e->path) || !keep_text(r, o, "linkName", &e->link) || !e->path.p)
		return bad(r, "has an entry without a name");
	if (!whole_number(o, "size", &e->size) || !whole_number(o, "mode", &mode))
		return bad(r, "states sizes that cannot be");
	e->mode = (uint32_t)(mode & 07777);
	e->piece = r->out->pieces.n;
	if (e->type != TOC_FILE) {
		e->size = 0;
		return 0;
	}
	r->file = e;
	return e->size ? add_piece(r, o) : 0;
}

static int read_entries(struct reading *r)
{
	if (!is_next(&r->c, '['))
		return bad(r, "is no table");
	if (is_next(&r->c, ']'))
		return 0;
	do {
		json_auto_t *o = next_value(&r->c);
		if (!o)
			return bad(r, "is no JSON");
		if (add_entry(r, o) < 0)
			return -1;
	} while (is_next(&r->c, ','));
	if (!is_next(&r->c, ']'))
		return bad(r, "is no JSON");
	return end_file(r);
}

static int read_top(struct reading *r)
{
	bool found = false;
	uint64_t version = 0;
	if (!is_next(&r->c, '{'))
		return bad(r, "is no JSON");
	do {
		json_auto_t *key = next_value(&r->c);
		if (!json_is_string(key) || !is_next(&r->c, ':'))
			return bad(r, "is no JSON");
		if (str_eq(json_string_value(key), "entries")) {
			if (found || read_entries(r) < 0)
				return bad(r, "has two lists of entries");
			found = true;
			continue;
		}
		json_auto_t *value = next_value(&r->c);
		if (!value)
			return bad(r, "is no JSON");
		if (str_eq(json_string_value(key), "version"))
			version = (uint64_t)json_integer_value(value);
	} while (is_next(&r->c, ','));
	if (!is_next(&r->c, '}') || !found || version != 1)
		return bad(r, "is of another version, or no table");
	return 0;
}

/* ---- where pieces end: where the next one begins ---- */

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

static int set_ends(struct reading *r)
{
	struct toc *t = r->out;
	LIST(uint64_t) at = { 0 };
	for (size_t i = 0; i < t->pieces.n; i++)
		if (t->pieces.v[i].end && !list_add(r->a, &at, t->pieces.v[i].at))
			return err_nomem(r->err);
	list_sort(&at, by_number);
	for (size_t i = 0; i < t->pieces.n; i++) {
		struct toc_piece *p = &t->pieces.v[i];
		size_t low = 0, high = at.n;
		while (p->end && low < high) { /* the first that begins behind this one */
			size_t mid = low + (high - low) / 2;
			if (at.v[mid] > p->at)
				high = mid;
			else
				low = mid + 1;
		}
		if (p->end)
			p->end = low < at.n ? at.v[low] : r->data_end;
	}
	return 0;
}

int toc_parse(struct span json, enum toc_kind kind, uint64_t data_end, struct arena *a, struct toc *out, struct err *err)
{
	struct reading r = { .c = cur_of(json), .a = a, .out = out, .kind = kind, .data_end = data_end, .err = err };
	*out = (struct toc){ 0 };
	if (read_top(&r) < 0)
		return -1;
	if (r.decoded >= LIMIT_EXPANSION_FREE && r.decoded / LIMIT_EXPANSION >= data_end)
		return err_set(err, ERR_LIMIT, "its table of contents wants %" PRIu64 " bytes out of %" PRIu64, r.decoded, data_end);
	return set_ends(&r);
}
