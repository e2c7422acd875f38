/*
 * A reader of Dockerfiles as docs.docker.com/reference/dockerfile states them:
 * parser directives, line continuation, comments between continued lines,
 * here-documents of RUN, COPY and ADD, the JSON form, flags.
 */
#include "parse/dockerfile.h"

#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/str.h"
#include "parse/docker_parts.h"

enum { DOCUMENTS = 16 };

struct reader {
	struct cur c;
	unsigned line; /* of the line that was read last */
	char escape;
	struct arena *a;
};

static bool next_line(struct reader *r, struct span *line)
{
	if (!cur_line(&r->c, line))
		return false;
	r->line++;
	return true;
}

/* "# escape=`" in the comments that begin the file. */
static void read_directives(struct reader *r)
{
	struct cur was = r->c;
	struct span line;
	if (span_starts(r->c.in, "\xef\xbb\xbf"))
		cur_skip(&r->c, 3);
	for (was = r->c; cur_line(&r->c, &line); was = r->c) {
		struct span value = span_trim(line);
		if (!span_starts(value, "#"))
			break;
		value = span_trim(span_from(value, 1));
		struct span key = span_trim(span_cut(&value, '='));
		if (span_eq(key, "escape") && span_eq(span_trim(value), "`"))
			r->escape = '`';
		r->line++;
	}
	r->c = was;
}

/* One logical line into b: continuations joined without anything between, comments and empty lines among them left out. */
static bool read_logical(struct reader *r, struct buf *b, unsigned *first)
{
	struct span line;
	buf_reset(b);
	while (next_line(r, &line)) {
		struct span bare = span_trim(line);
		if (!bare.n || span_starts(bare, "#"))
			continue;
		if (!b->n)
			*first = r->line;
		size_t n = line.n;
		while (n && (line.p[n - 1] == ' ' || line.p[n - 1] == '\t'))
			n--;
		bool more = n && (char)line.p[n - 1] == r->escape;
		buf_add(b, line.p, more ? n - 1 : line.n);
		if (!more)
			return true;
	}
	return b->n > 0;
}

void docker_squeeze(struct buf *b, struct span s)
{
	bool blank = true;
	for (size_t i = 0; i < s.n; i++) {
		char c = (char)s.p[i];
		bool is = c == ' ' || c == '\t' || c == '\n' || c == '\r';
		if (!is)
			buf_char(b, c ? c : ' ');
		else if (!blank)
			buf_char(b, ' ');
		blank = is;
	}
	while (b->n && b->p[b->n - 1] == ' ')
		b->n--;
}

/* ---- here-documents ---- */

struct document { struct span name; bool tabs; };

/* Only a word of its own opens a document, maybe behind the number of a descriptor: $((1<<2)) does not. */
static bool word_begins(struct span text, size_t at)
{
	while (at && text.p[at - 1] >= '0' && text.p[at - 1] <= '9')
		at--;
	return !at || text.p[at - 1] == ' ' || text.p[at - 1] == '\t';
}

/* The names of "<<EOF", "<<-EOF", "<<'EOF'" in a line. */
static size_t find_documents(struct span text, struct document out[DOCUMENTS])
{
	size_t n = 0;
	for (size_t i = 0; i + 2 < text.n && n < DOCUMENTS; i++) {
		if (text.p[i] != '<' || text.p[i + 1] != '<' || !word_begins(text, i))
			continue;
		struct document d = { 0 };
		i += 2;
		if (text.p[i] == '<') /* a here-string */
			continue;
		if (text.p[i] == '-') {
			d.tabs = true;
			i++;
		}
		char quote = i < text.n && (text.p[i] == '"' || text.p[i] == '\'') ? (char)text.p[i] : 0;
		i += quote != 0;
		size_t from = i;
		while (i < text.n && (quote ? (char)text.p[i] != quote : !strchr(" \t;&|<>()'\"", text.p[i])))
			i++;
		d.name = span_sub(text, from, i - from);
		if (d.name.n)
			out[n++] = d;
	}
	return n;
}

/* Reads one document up to its name; without an end it is none, and nothing is read. */
static bool read_document(struct reader *r, const struct document *d, struct buf *b)
{
	struct reader was = *r;
	struct span line;
	buf_reset(b);
	while (next_line(r, &line)) {
		struct span end = line;
		while (d->tabs && end.n && end.p[0] == '\t')
			end = span_from(end, 1);
		if (end.n == d->name.n && !memcmp(end.p, d->name.p, end.n))
			return true;
		buf_add(b, line.p, line.n);
		buf_char(b, '\n');
	}
	*r = was;
	return false;
}

/* ---- instructions ---- */

/* "--mount=type=cache,target=/x" and the like. */
static struct span skip_flags(struct span s)
{
	for (s = span_trim(s); span_starts(s, "--"); s = span_trim(s))
		while (s.n && s.p[0] != ' ' && s.p[0] != '\t')
			s = span_from(s, 1);
	return s;
}

/* ["pip", "install"] stands in the history as its words; false if it is no such list. */
static bool add_list(struct buf *b, struct span s)
{
	if (!span_starts(s, "["))
		return false;
	json_auto_t *list = json_parse(s, "list", NULL);
	size_t n = json_is_array(list) ? json_array_size(list) : 0;
	for (size_t i = 0; i < n; i++) {
		const char *word = json_string_value(json_array_get(list, i));
		if (!word)
			return false;
		buf_printf(b, "%s%s", i ? " " : "", word);
	}
	return n > 0;
}

/* Builders expand variables of all but RUN: what they become is not known here. */
static char *with_wildcards(struct arena *a, const char *s)
{
	char *out = arena_alloc(a, strlen(s) + 1), *to = out;
	while (out && *s) {
		if (*s != '$' || !(s[1] == '{' || s[1] == '_' || (s[1] >= 'A' && s[1] <= 'Z') || (s[1] >= 'a' && s[1] <= 'z'))) {
			*to++ = *s++;
			continue;
		}
		*to++ = DOCKER_WILDCARD;
		if (s[1] == '{') {
			s += strcspn(s, "}");
			s += *s == '}';
			continue;
		}
		for (s++; *s == '_' || (*s >= 'A' && *s <= 'Z') || (*s >= 'a' && *s <= 'z') || (*s >= '0' && *s <= '9'); s++)
			;
	}
	return out;
}

static int add_instruction(struct reader *r, struct dockerfile *out, enum docker_kind kind, struct span args, unsigned first, struct err *err)
{
	auto_buf struct buf text = BUF_INIT(LIMIT_TEXT), document = BUF_INIT(LIMIT_TEXT), flat = BUF_INIT(LIMIT_TEXT);
	struct document documents[DOCUMENTS];
	size_t n = kind == DOCKER_WORKDIR ? 0 : find_documents(args, documents);
	args = skip_flags(args);
	if (!add_list(&text, args)) {
		buf_reset(&text);
		buf_add(&text, args.p, args.n);
	}
	struct docker_instruction *d = list_push(r->a, &out->v);
	if (!d)
		return err_nomem(err);
	*d = (struct docker_instruction){ .kind = kind, .first = first, .stage = (unsigned)out->stages.n - 1 };
	bool bare = n == 1 && span_starts(args, "<<") && span_chr(args, ' ') == args.n;
	for (size_t i = 0; i < n; i++) {
		if (!read_document(r, &documents[i], &document)) {
			bare = false;
			break;
		}
		if (bare)
			docker_squeeze(&flat, (struct span){ (const unsigned char *)document.p, document.n });
		buf_char(&text, '\n');
		buf_add(&text, document.p, document.n);
		buf_add(&text, documents[i].name.p, documents[i].name.n);
	}
	d->last = r->line;
	d->alone = bare ? arena_str(r->a, buf_text(&flat)) : NULL;
	buf_reset(&document);
	docker_squeeze(&document, (struct span){ (const unsigned char *)text.p, text.n });
	d->text = kind == DOCKER_RUN ? arena_str(r->a, buf_text(&document)) : with_wildcards(r->a, buf_text(&document));
	if (text.bad || document.bad || flat.bad)
		return err_set(err, ERR_LIMIT, "line %u: an instruction of more than %u bytes", first, LIMIT_TEXT);
	return d->text && (!bare || d->alone) ? 0 : err_nomem(err);
}

static int add_stage(struct reader *r, struct dockerfile *out, struct span args, unsigned line, struct err *err)
{
	auto_buf struct buf b = BUF_INIT(LIMIT_TEXT);
	docker_squeeze(&b, skip_flags(args));
	struct span rest = { (const unsigned char *)b.p, b.n }, base = span_cut(&rest, ' '), as = span_cut(&rest, ' ');
	struct docker_stage s = { .line = line, .parent = -1, .base = arena_strn(r->a, base.p, base.n) };
	const char *word = arena_strn(r->a, as.p, as.n);
	if (str_ieq(word, "as"))
		s.name = arena_strn(r->a, rest.p, rest.n);
	if (!s.base || !word)
		return err_nomem(err);
	for (size_t i = 0; i < out->stages.n; i++)
		if (out->stages.v[i].name && str_ieq(out->stages.v[i].name, s.base))
			s.parent = (int)i;
	return list_add(r->a, &out->stages, s) ? 0 : err_nomem(err);
}

static int add_line(struct reader *r, struct dockerfile *out, struct span line, unsigned first, struct err *err)
{
	static const struct { const char *word; enum docker_kind kind; } kinds[] = {
		{ "RUN", DOCKER_RUN }, { "COPY", DOCKER_COPY }, { "ADD", DOCKER_ADD }, { "WORKDIR", DOCKER_WORKDIR },
	};
	line = span_trim(line);
	size_t n = 0;
	while (n < line.n && line.p[n] != ' ' && line.p[n] != '\t')
		n++;
	const char *word = arena_strn(r->a, line.p, n);
	if (!word)
		return err_nomem(err);
	if (str_ieq(word, "FROM"))
		return add_stage(r, out, span_from(line, n), first, err);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds) && out->stages.n; i++)
		if (str_ieq(word, kinds[i].word))
			return add_instruction(r, out, kinds[i].kind, span_from(line, n), first, err);
	return 0;
}

int dockerfile_parse(struct span text, struct arena *a, struct dockerfile *out, struct err *err)
{
	struct reader r = { .c = cur_of(text), .escape = '\\', .a = a };
	auto_buf struct buf b = BUF_INIT(LIMIT_TEXT);
	unsigned first = 0;
	*out = (struct dockerfile){ 0 };
	read_directives(&r);
	while (read_logical(&r, &b, &first)) {
		if (b.bad)
			return err_set(err, ERR_LIMIT, "line %u: an instruction of more than %u bytes", first, LIMIT_TEXT);
		if (add_line(&r, out, (struct span){ (const unsigned char *)b.p, b.n }, first, err) < 0)
			return -1;
		if (out->v.n > LIMIT_DOCKER || out->stages.n > LIMIT_DOCKER)
			return err_set(err, ERR_LIMIT, "more than %u instructions", LIMIT_DOCKER);
	}
	return out->stages.n ? 0 : err_set(err, ERR_FORMAT, "holds no FROM: a Dockerfile is expected");
}
