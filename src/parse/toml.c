#include "parse/toml.h"

#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "parse/toml_parts.h"

/* ---- where we are ---- */

int toml_bad(struct toml_reader *r, const char *why)
{
	size_t line = 1;
	for (size_t i = 0; i < r->c.off && i < r->c.in.n; i++)
		line += r->c.in.p[i] == '\n';
	return err_set(r->err, ERR_FORMAT, "line %zu: %s", line, why);
}

static void skip_blanks(struct toml_reader *r)
{
	while (toml_peek(r) == ' ' || toml_peek(r) == '\t')
		r->c.off++;
}

/* A comment up to its line's end; control characters may not stand in it. */
static int skip_comment(struct toml_reader *r)
{
	if (toml_peek(r) != '#')
		return 0;
	while (toml_peek(r) >= 0 && toml_peek(r) != '\n') {
		int c = toml_peek(r);
		if (c == '\r' && toml_at(r, "\r\n"))
			return 0;
		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return toml_bad(r, "a control character in a comment");
		r->c.off++;
	}
	return 0;
}

/* LF or CRLF: 1, 0 where there is none. */
static int newline(struct toml_reader *r)
{
	int n = toml_peek(r) == '\n' ? 1 : toml_at(r, "\r\n") ? 2 : 0;
	r->c.off += (size_t)n;
	return n > 0;
}

static int end_of_line(struct toml_reader *r)
{
	skip_blanks(r);
	if (skip_comment(r) < 0)
		return -1;
	return newline(r) || toml_peek(r) < 0 ? 0 : toml_bad(r, "a line's end is expected");
}

/* Blanks, comments and lines between the elements of an array. */
static int skip_lines(struct toml_reader *r)
{
	do {
		skip_blanks(r);
		if (skip_comment(r) < 0)
			return -1;
	} while (newline(r));
	return 0;
}

/* ---- tables ---- */

static struct toml_value *value_new(struct toml_reader *r, enum toml_kind kind)
{
	if (r->values++ >= LIMIT_TOML_VALUES) {
		err_set(r->err, ERR_LIMIT, "over %u values", LIMIT_TOML_VALUES);
		return NULL;
	}
	struct toml_value *v = arena_alloc(r->arena, sizeof(*v));
	if (v)
		v->kind = kind;
	else
		err_nomem(r->err);
	return v;
}

static size_t hash_of(const struct toml_value *t, struct span key)
{
	uint64_t h = 0xcbf29ce484222325 ^ (uintptr_t)t; /* FNV-1a */
	for (size_t i = 0; i < key.n; i++)
		h = (h ^ key.p[i]) * 0x100000001b3;
	return (size_t)(h ^ h >> 31);
}

static bool key_is(const struct toml_slot *s, const struct toml_value *t, struct span key)
{
	return s->table == t && s->key.n == key.n && (!key.n || !memcmp(s->key.p, key.p, key.n));
}

static struct toml_slot *slot_of(struct toml_reader *r, const struct toml_value *t, struct span key)
{
	size_t i = hash_of(t, key) & (r->slot_n - 1);
	while (r->slots[i].table && !key_is(&r->slots[i], t, key))
		i = (i + 1) & (r->slot_n - 1);
	return &r->slots[i];
}

static int grow_slots(struct toml_reader *r)
{
	if (2 * (r->used + 1) < r->slot_n)
		return 0;
	struct toml_slot *old = r->slots;
	size_t n = r->slot_n;
	r->slot_n = n ? 2 * n : 64;
	r->slots = mem_alloc(r->slot_n * sizeof(*r->slots));
	if (!r->slots) {
		r->slots = old;
		r->slot_n = n;
		return err_nomem(r->err);
	}
	memset(r->slots, 0, r->slot_n * sizeof(*r->slots));
	for (size_t i = 0; i < n; i++)
		if (old[i].table)
			*slot_of(r, old[i].table, old[i].key) = old[i];
	mem_free(old);
	return 0;
}

static struct toml_value *find(struct toml_reader *r, const struct toml_value *t, struct span key)
{
	return r->slot_n ? slot_of(r, t, key)->value : NULL;
}

/* The key must be new. */
static int insert(struct toml_reader *r, struct toml_value *t, struct span key, struct toml_value *v)
{
	struct toml_pair p = { (const char *)key.p, key.n, v };
	if (grow_slots(r) < 0)
		return -1;
	*slot_of(r, t, key) = (struct toml_slot){ t, key, v };
	r->used++;
	return list_add(r->arena, &t->pairs, p) ? 0 : err_nomem(r->err);
}

/* Was it closed by a header, or by dotted keys under another header? */
static bool closed(const struct toml_value *t, unsigned section)
{
	return t->explicit || (t->dotted && t->dotted != section);
}

static struct toml_value *new_table(struct toml_reader *r, struct toml_value *in, struct span key)
{
	struct toml_value *v = value_new(r, TOML_TABLE);
	return v && insert(r, in, key, v) == 0 ? v : NULL;
}

/* One step of a header's path: the table under the key, the last one of an array of tables, or a new one. */
static struct toml_value *step_into(struct toml_reader *r, struct toml_value *t, struct span key)
{
	struct toml_value *v = find(r, t, key);
	if (!v)
		return new_table(r, t, key);
	if (v->kind == TOML_ARRAY && !v->frozen && v->items.n)
		v = v->items.v[v->items.n - 1];
	if (v->kind == TOML_TABLE && !v->frozen)
		return v;
	toml_bad(r, "this is a value already, not a table");
	return NULL;
}

/* Puts a value under a dotted key into a table. `section`: what dotted keys may be added to at this moment. */
static int put(struct toml_reader *r, struct toml_value *t, const struct toml_key *k, struct toml_value *v, unsigned section)
{
	for (size_t i = 0; i + 1 < k->part.n; i++) {
		struct toml_value *next = find(r, t, k->part.v[i]);
		if (!next && !(next = new_table(r, t, k->part.v[i])))
			return -1;
		if (next->kind != TOML_TABLE || next->frozen || closed(next, section))
			return toml_bad(r, "a dotted key into what is complete already");
		next->dotted = section;
		t = next;
	}
	struct span last = k->part.v[k->part.n - 1];
	if (find(r, t, last))
		return toml_bad(r, "a key for the second time");
	v->frozen = true;
	return insert(r, t, last, v);
}

/* ---- keys ---- */

static bool bare(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

static int read_key_part(struct toml_reader *r, struct toml_key *k)
{
	struct span s = { 0 };
	int c = toml_peek(r);
	if (c == '"' || c == '\'') {
		if (toml_at(r, "\"\"\"") || toml_at(r, "'''"))
			return toml_bad(r, "a key on several lines");
		if (toml_read_string(r, &s) < 0)
			return -1;
	} else {
		size_t from = r->c.off;
		while (bare(toml_peek(r)))
			r->c.off++;
		if (r->c.off == from)
			return toml_bad(r, "a key is expected");
		s = span_sub(r->c.in, from, r->c.off - from);
		s.p = (const unsigned char *)arena_strn(r->arena, s.p, s.n);
	}
	return s.p && list_add(r->arena, &k->part, s) ? 0 : err_nomem(r->err);
}

/* a . "b" . c */
static int read_key(struct toml_reader *r, struct toml_key *k)
{
	*k = (struct toml_key){ 0 };
	for (;;) {
		if (read_key_part(r, k) < 0)
			return -1;
		if (k->part.n > LIMIT_TOML_DEPTH)
			return toml_bad(r, "a key of too many parts");
		skip_blanks(r);
		if (toml_peek(r) != '.')
			return 0;
		r->c.off++;
		skip_blanks(r);
	}
}

static struct toml_value *read_value(struct toml_reader *r, unsigned depth);

static int read_pair(struct toml_reader *r, struct toml_value *t, unsigned section, unsigned depth)
{
	struct toml_key k;
	if (read_key(r, &k) < 0)
		return -1;
	if (toml_peek(r) != '=')
		return toml_bad(r, "'=' is expected behind a key");
	r->c.off++;
	skip_blanks(r);
	struct toml_value *v = read_value(r, depth);
	return v ? put(r, t, &k, v, section) : -1;
}

/* ---- values ---- */

static int read_array(struct toml_reader *r, struct toml_value *v, unsigned depth)
{
	for (r->c.off++;; r->c.off++) {
		if (skip_lines(r) < 0)
			return -1;
		if (toml_peek(r) == ']')
			break;
		struct toml_value *item = read_value(r, depth + 1);
		if (!item)
			return -1;
		item->frozen = true;
		if (!list_add(r->arena, &v->items, item))
			return err_nomem(r->err);
		if (skip_lines(r) < 0)
			return -1;
		if (toml_peek(r) == ']')
			break;
		if (toml_peek(r) != ',')
			return toml_bad(r, "',' or ']' is expected in an array");
	}
	r->c.off++;
	return 0;
}

static int read_inline(struct toml_reader *r, struct toml_value *v, unsigned depth)
{
	unsigned section = ++r->sections;
	r->c.off++;
	skip_blanks(r);
	while (toml_peek(r) != '}') {
		if (read_pair(r, v, section, depth + 1) < 0)
			return -1;
		skip_blanks(r);
		if (toml_peek(r) == '}')
			break;
		if (toml_peek(r) != ',')
			return toml_bad(r, "',' or '}' is expected in an inline table");
		r->c.off++;
		skip_blanks(r);
		if (toml_peek(r) == '}')
			return toml_bad(r, "an inline table ends with ','");
	}
	r->c.off++;
	return 0;
}

static struct toml_value *read_value(struct toml_reader *r, unsigned depth)
{
	int c = toml_peek(r), rc;
	enum toml_kind kind = c == '[' ? TOML_ARRAY : c == '{' ? TOML_TABLE : TOML_STRING;
	if (depth > LIMIT_TOML_DEPTH) {
		err_set(r->err, ERR_LIMIT, "over %u arrays and tables inside each other", LIMIT_TOML_DEPTH);
		return NULL;
	}
	struct toml_value *v = value_new(r, kind);
	if (!v)
		return NULL;
	if (c == '[') {
		rc = read_array(r, v, depth);
	} else if (c == '{') {
		rc = read_inline(r, v, depth);
	} else if (c == '"' || c == '\'') {
		struct span s;
		rc = toml_read_string(r, &s);
		v->text = rc == 0 ? (const char *)s.p : "";
		v->n = rc == 0 ? s.n : 0;
	} else {
		rc = toml_read_scalar(r, v);
	}
	return rc == 0 ? v : NULL;
}

/* ---- the file ---- */

/* [a.b] or [[a.b]]: the table that the lines below it fill. */
static struct toml_value *read_header(struct toml_reader *r)
{
	bool many = toml_at(r, "[[");
	struct toml_key k;
	struct toml_value *t = r->root;
	r->c.off += many ? 2 : 1;
	r->line_section = ++r->sections;
	skip_blanks(r);
	if (read_key(r, &k) < 0)
		return NULL;
	if (!toml_at(r, many ? "]]" : "]")) {
		toml_bad(r, many ? "']]' is expected" : "']' is expected");
		return NULL;
	}
	r->c.off += many ? 2 : 1;
	for (size_t i = 0; t && i + 1 < k.part.n; i++)
		t = step_into(r, t, k.part.v[i]);
	if (!t)
		return NULL;
	struct span last = k.part.v[k.part.n - 1];
	struct toml_value *v = find(r, t, last);
	if (!many) {
		if (v && (v->kind != TOML_TABLE || v->frozen || closed(v, 0))) {
			toml_bad(r, "a table for the second time");
			return NULL;
		}
		v = v ? v : new_table(r, t, last);
		if (v)
			v->explicit = true;
		return v;
	}
	if (v && (v->kind != TOML_ARRAY || v->frozen)) {
		toml_bad(r, "this is something else than an array of tables");
		return NULL;
	}
	if (!v && (!(v = value_new(r, TOML_ARRAY)) || insert(r, t, last, v) < 0))
		return NULL;
	struct toml_value *item = value_new(r, TOML_TABLE);
	if (!item)
		return NULL;
	item->explicit = true;
	if (list_add(r->arena, &v->items, item))
		return item;
	err_nomem(r->err);
	return NULL;
}

static int read_file(struct toml_reader *r)
{
	struct toml_value *at = r->root;
	r->line_section = ++r->sections;
	while (toml_peek(r) >= 0) {
		skip_blanks(r);
		int c = toml_peek(r);
		if (c == '[') {
			if (!(at = read_header(r)))
				return -1;
		} else if (c >= 0 && c != '#' && c != '\n' && c != '\r' && read_pair(r, at, r->line_section, 0) < 0) {
			return -1;
		}
		if (end_of_line(r) < 0)
			return -1;
	}
	return 0;
}

const struct toml_value *toml_parse(struct span text, struct arena *a, struct err *err)
{
	struct err own = ERR_INIT;
	struct toml_reader r = { .c = cur_of(text), .arena = a, .err = err ? err : &own };
	if (text.n > LIMIT_LOCK) {
		err_set(err, ERR_LIMIT, "over %u bytes", LIMIT_LOCK);
		return NULL;
	}
	int rc = toml_check_utf8(&r);
	if (rc == 0 && (r.root = value_new(&r, TOML_TABLE)))
		rc = read_file(&r);
	mem_free(r.slots);
	return rc == 0 ? r.root : NULL;
}

/* ---- questions ---- */

const struct toml_value *toml_get(const struct toml_value *t, const char *key)
{
	for (size_t i = 0; t && t->kind == TOML_TABLE && i < t->pairs.n; i++)
		if (t->pairs.v[i].key_n == strlen(key) && !memcmp(t->pairs.v[i].key, key, t->pairs.v[i].key_n))
			return t->pairs.v[i].value;
	return NULL;
}

const char *toml_str(const struct toml_value *t, const char *key)
{
	const struct toml_value *v = toml_get(t, key);
	return v && v->kind == TOML_STRING && strlen(v->text) == v->n ? v->text : NULL;
}

const struct toml_value *toml_array(const struct toml_value *t, const char *key)
{
	const struct toml_value *v = toml_get(t, key);
	return v && v->kind == TOML_ARRAY ? v : NULL;
}

const struct toml_value *toml_table(const struct toml_value *t, const char *key)
{
	const struct toml_value *v = toml_get(t, key);
	return v && v->kind == TOML_TABLE ? v : NULL;
}
