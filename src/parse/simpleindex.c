#include "parse/simpleindex.h"

#include <ctype.h>
#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/str.h"

/* ---- parts of URLs ---- */

static int hex_of(unsigned char c)
{
	return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

char *url_file(struct span url, struct arena *a)
{
	url = span_sub(url, 0, span_chr(url, '#'));
	url = span_sub(url, 0, span_chr(url, '?'));
	for (size_t at; (at = span_chr(url, '/')) < url.n;)
		url = span_from(url, at + 1);
	char *name = arena_alloc(a, url.n + 1), *to = name;
	for (size_t i = 0; name && i < url.n; i++) {
		int high = i + 2 < url.n && url.p[i] == '%' ? hex_of(url.p[i + 1]) : -1, low = high >= 0 ? hex_of(url.p[i + 2]) : -1;
		unsigned char c = low >= 0 ? (unsigned char)(high * 16 + low) : url.p[i];
		*to++ = c && c != '/' ? (char)c : '_';
		i += low >= 0 ? 2 : 0;
	}
	return name;
}

char *sha256_hex(struct span text, struct arena *a)
{
	if (text.n != 64)
		return NULL;
	char *s = arena_strn(a, text.p, text.n);
	for (size_t i = 0; s && i < text.n; i++) {
		if (hex_of(text.p[i]) < 0)
			return NULL;
		s[i] = (char)tolower(text.p[i]);
	}
	return s;
}

/* Of "sha256=HEX", anywhere in a fragment. */
static const char *fragment_sha256(struct span fragment, struct arena *a)
{
	while (fragment.n) {
		struct span one = span_cut(&fragment, '&');
		if (span_starts(one, "sha256="))
			return sha256_hex(span_from(one, 7), a);
	}
	return NULL;
}

static bool set_url(struct index_file *f, struct span url, struct arena *a)
{
	struct span fragment = url;
	url = span_cut(&fragment, '#');
	f->url = arena_strn(a, url.p, url.n);
	f->file = url_file(url, a);
	if (!f->sha256)
		f->sha256 = fragment_sha256(fragment, a);
	return f->url && f->file;
}

/* ---- HTML: anchors and their attributes, whatever stands around them ---- */

static bool blank(unsigned char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }

static void skip_blanks(struct cur *c)
{
	while (cur_left(c) && blank(c->in.p[c->off]))
		c->off++;
}

/* The bytes up to the first that `ends` says ends them. */
static struct span until(struct cur *c, const char *ends, bool blanks)
{
	size_t n = 0, left = cur_left(c);
	while (n < left && !(blanks && blank(c->in.p[c->off + n])) && !strchr(ends, c->in.p[c->off + n] ? c->in.p[c->off + n] : ' '))
		n++;
	return cur_take(c, n);
}

static bool is_word(struct span s, const char *word)
{
	if (s.n != strlen(word))
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (tolower(s.p[i]) != word[i])
			return false;
	return true;
}

static void add_rune(struct buf *b, uint64_t u)
{
	if (u < 0x80) {
		buf_char(b, u ? (char)u : '_');
	} else if (u < 0x800) {
		buf_char(b, (char)(0xc0 | u >> 6));
		buf_char(b, (char)(0x80 | (u & 0x3f)));
	} else if (u < 0x10000) {
		buf_char(b, (char)(0xe0 | u >> 12));
		buf_char(b, (char)(0x80 | (u >> 6 & 0x3f)));
		buf_char(b, (char)(0x80 | (u & 0x3f)));
	} else {
		buf_str(b, "?");
	}
}

/* A character reference behind its '&'; false where it is none of those that indexes write. */
static bool reference(struct span *s, struct buf *b)
{
	static const struct { const char *name; char c; } known[] = {
		{ "amp;", '&' }, { "lt;", '<' }, { "gt;", '>' }, { "quot;", '"' }, { "apos;", '\'' }, { "plus;", '+' }, { "equals;", '=' }, { "excl;", '!' },
	};
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (span_starts(*s, known[i].name)) {
			buf_char(b, known[i].c);
			*s = span_from(*s, strlen(known[i].name));
			return true;
		}
	struct span rest = *s;
	if (!rest.n || rest.p[0] != '#' || span_chr(rest, ';') == rest.n || span_chr(rest, ';') > 8)
		return false;
	struct span number = span_from(span_cut(&rest, ';'), 1);
	uint64_t v = 0;
	bool ok = number.n > 0;
	if (ok && (number.p[0] | 32) == 'x') {
		for (size_t i = 1; i < number.n && (ok = hex_of(number.p[i]) >= 0); i++)
			v = v * 16 + (uint64_t)hex_of(number.p[i]);
		ok = ok && number.n > 1;
	} else {
		ok = ok && span_number(number, &v);
	}
	if (!ok)
		return false;
	add_rune(b, v);
	*s = rest;
	return true;
}

/* The value of an attribute with its references undone, in the arena. */
static char *unescape(struct span s, struct arena *a)
{
	auto_buf struct buf b = BUF_INIT(LIMIT_TEXT);
	if (span_chr(s, '&') == s.n)
		return arena_strn(a, s.p, s.n);
	while (s.n) {
		size_t n = span_chr(s, '&');
		buf_add(&b, s.p, n);
		s = span_from(s, n);
		if (!s.n)
			break;
		s = span_from(s, 1);
		if (!reference(&s, &b))
			buf_char(&b, '&');
	}
	return arena_str(a, buf_text(&b));
}

struct attribute { struct span name, value; bool has_value; };

/* The next attribute of a tag; false at its end, which is passed. HTML 13.2.5.32 and on, as far as it matters. */
static bool next_attribute(struct cur *c, struct attribute *out)
{
	for (;;) {
		skip_blanks(c);
		if (!cur_left(c))
			return false;
		unsigned char at = c->in.p[c->off];
		if (at != '/' && at != '>')
			break;
		c->off++;
		if (at == '>')
			return false;
	}
	*out = (struct attribute){ 0 };
	size_t first = c->in.p[c->off] == '='; /* a name may begin with '=' */
	c->off += first;
	out->name = until(c, "=>/", true);
	skip_blanks(c);
	if (!cur_left(c) || c->in.p[c->off] != '=')
		return true;
	c->off++;
	skip_blanks(c);
	out->has_value = true;
	if (!cur_left(c))
		return true;
	unsigned char quote = c->in.p[c->off];
	if (quote == '"' || quote == '\'') {
		c->off++;
		out->value = until(c, quote == '"' ? "\"" : "'", false);
		cur_skip(c, cur_left(c) > 0);
	} else {
		out->value = until(c, ">", true);
	}
	return true;
}

/* "true" or "sha256=HEX" of data-core-metadata. */
static void set_metadata(struct index_file *f, const char *value, struct arena *a)
{
	f->metadata = true;
	if (!f->metadata_sha256)
		f->metadata_sha256 = fragment_sha256(SPAN_STR(value), a);
}

static int read_anchor(struct cur *c, struct arena *a, struct index_page *out, struct err *err)
{
	struct index_file f = { 0 };
	struct attribute at;
	char *href = NULL;
	while (next_attribute(c, &at)) {
		char *value = unescape(at.value, a);
		if (!value)
			return err_nomem(err);
		if (is_word(at.name, "href") && !href)
			href = value;
		else if (is_word(at.name, "data-requires-python") && *value)
			f.requires_python = value;
		else if (is_word(at.name, "data-yanked"))
			f.yanked = value;
		else if (is_word(at.name, "data-core-metadata") || is_word(at.name, "data-dist-info-metadata"))
			set_metadata(&f, value, a);
	}
	if (!href || !*href)
		return 0;
	if (out->files.n >= LIMIT_INDEX_FILES)
		return err_set(err, ERR_LIMIT, "over %u files on one page", LIMIT_INDEX_FILES);
	return set_url(&f, SPAN_STR(href), a) && list_add(a, &out->files, f) ? 0 : err_nomem(err);
}

static int read_base(struct cur *c, struct arena *a, struct index_page *out, struct err *err)
{
	struct attribute at;
	while (next_attribute(c, &at))
		if (is_word(at.name, "href") && !out->base && !(out->base = unescape(at.value, a)))
			return err_nomem(err);
	return 0;
}

/* Behind the next `end` of what is no markup. */
static void skip_past(struct cur *c, const char *end)
{
	struct span rest = span_from(c->in, c->off);
	size_t at = span_find(rest, end);
	cur_skip(c, at < rest.n ? at + strlen(end) : rest.n);
}

int index_html_parse(struct span text, struct arena *a, struct index_page *out, struct err *err)
{
	struct cur c = cur_of(text);
	struct attribute ignored;
	int rc = 0;
	while (rc == 0 && cur_left(&c)) {
		struct span rest = span_from(c.in, c.off);
		size_t at = span_chr(rest, '<');
		cur_skip(&c, at < rest.n ? at + 1 : at);
		rest = span_from(c.in, c.off);
		if (span_starts(rest, "!--")) {
			skip_past(&c, "-->");
			continue;
		}
		if (!rest.n || !isalpha(rest.p[0]))
			continue;
		struct span tag = until(&c, ">/", true);
		if (is_word(tag, "a"))
			rc = read_anchor(&c, a, out, err);
		else if (is_word(tag, "base"))
			rc = read_base(&c, a, out, err);
		else
			while (next_attribute(&c, &ignored))
				;
		if (is_word(tag, "script"))
			skip_past(&c, "</script");
		else if (is_word(tag, "style"))
			skip_past(&c, "</style");
	}
	return rc;
}

/* ---- JSON ---- */

static const char *hash_of(const json_t *hashes, struct arena *a)
{
	const char *s = json_get_str(hashes, "sha256");
	return s ? sha256_hex(SPAN_STR(s), a) : NULL;
}

/* Either name of PEP 714: true, or the hashes. */
static void json_metadata(struct index_file *f, const json_t *o, const char *key, struct arena *a)
{
	const json_t *m = json_object_get(o, key);
	if (json_is_object(m)) {
		f->metadata = true;
		if (!f->metadata_sha256)
			f->metadata_sha256 = hash_of(m, a);
	}
	f->metadata |= json_is_true(m);
}

static int read_file(const json_t *o, struct arena *a, struct index_page *out, struct err *err)
{
	struct index_file f = { .sha256 = hash_of(json_object_get(o, "hashes"), a) };
	const char *url = json_get_str(o, "url"), *name = json_get_str(o, "filename"), *python = json_get_str(o, "requires-python");
	const json_t *yanked = json_object_get(o, "yanked");
	if (!url || !*url)
		return 0;
	if (python && *python && !(f.requires_python = arena_str(a, python)))
		return err_nomem(err);
	if (json_is_string(yanked) || json_is_true(yanked))
		f.yanked = arena_str(a, json_is_string(yanked) ? json_string_value(yanked) : "");
	json_metadata(&f, o, "core-metadata", a);
	json_metadata(&f, o, "dist-info-metadata", a);
	if (!set_url(&f, SPAN_STR(url), a) || (name && !(f.file = url_file(SPAN_STR(name), a))) || !list_add(a, &out->files, f))
		return err_nomem(err);
	return 0;
}

int index_json_parse(struct span text, struct arena *a, struct index_page *out, struct err *err)
{
	json_auto_t *o = json_parse(text, "index page", err);
	const json_t *files = json_object_get(o, "files");
	if (!o)
		return -1;
	if (!json_is_array(files))
		return err_set(err, ERR_FORMAT, "index page without \"files\"");
	if (json_array_size(files) > LIMIT_INDEX_FILES)
		return err_set(err, ERR_LIMIT, "over %u files on one page", LIMIT_INDEX_FILES);
	for (size_t i = 0; i < json_array_size(files); i++)
		if (read_file(json_array_get(files, i), a, out, err) < 0)
			return -1;
	return 0;
}
