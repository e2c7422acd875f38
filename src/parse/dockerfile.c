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

struct docker_env { unsigned stage; const char *name, *value; };

struct reader {
	struct cur c;
	unsigned line; /* of the line that was read last */
	char escape;
	struct arena *a;
	LIST(struct docker_env) env;
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

/* ---- variables: builders expand them in all but RUN ---- */

static bool name_char(char c, bool first)
{
	return c == '_' || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (!first && c >= '0' && c <= '9');
}

/* What ENV last set for the stage or those it is built on; NULL if the file does not say. */
static const char *value_of(const struct reader *r, const struct dockerfile *d, struct span name)
{
	for (int stage = (int)d->stages.n - 1; stage >= 0; stage = d->stages.v[stage].parent)
		for (size_t i = r->env.n; i-- > 0;)
			if (r->env.v[i].stage == (unsigned)stage && span_eq(name, r->env.v[i].name))
				return r->env.v[i].value;
	return NULL;
}

static void expand(const struct reader *r, const struct dockerfile *d, struct span s, struct buf *b)
{
	for (size_t i = 0; i < s.n;) {
		bool braced = i + 2 < s.n && s.p[i] == '$' && s.p[i + 1] == '{';
		size_t from = i + 1 + braced, to = from;
		while (s.p[i] == '$' && to < s.n && name_char((char)s.p[to], to == from))
			to++;
		if (s.p[i] != '$' || to == from) {
			buf_char(b, (char)s.p[i++]);
			continue;
		}
		/* "${NAME:-x}" hangs on more than the file says */
		bool plain = !braced || (to < s.n && s.p[to] == '}');
		const char *value = plain ? value_of(r, d, span_sub(s, from, to - from)) : NULL;
		if (value)
			buf_str(b, value);
		else
			buf_char(b, DOCKER_WILDCARD);
		i = to;
		while (braced && i < s.n && s.p[i++] != '}')
			;
	}
}

/* "ENV A=b C=d" or "ENV A b c". What is quoted is left out: then the value is not known. */
static int add_env(struct reader *r, struct dockerfile *out, struct span args, struct err *err)
{
	auto_buf struct buf flat = BUF_INIT(LIMIT_TEXT), value = BUF_INIT(LIMIT_TEXT);
	docker_squeeze(&flat, args);
	struct span rest = { (const unsigned char *)flat.p, flat.n };
	bool pairs = span_chr(rest, '=') < span_chr(rest, ' ');
	while (rest.n) {
		struct span word = pairs ? span_cut(&rest, ' ') : rest, name = span_cut(&word, pairs ? '=' : ' ');
		struct docker_env e = { .stage = (unsigned)out->stages.n - 1 };
		if (!pairs)
			rest = (struct span){ 0 };
		buf_reset(&value);
		expand(r, out, word, &value);
		bool quoted = span_chr(word, '"') < word.n || span_chr(word, '\'') < word.n || span_chr(word, '\\') < word.n;
		static const char unknown[] = { DOCKER_WILDCARD, '\0' };
		e.name = arena_strn(r->a, name.p, name.n);
		e.value = quoted ? unknown : arena_str(r->a, buf_text(&value));
		if (!e.name || !e.value || !list_add(r->a, &r->env, e))
			return err_nomem(err);
	}
	return 0;
}

/* The here-documents that follow a line: all of them behind the text, one that stands alone also by itself. */
static void add_documents(struct reader *r, const struct document *v, size_t n, bool bare, struct buf *text, struct buf *alone)
{
	auto_buf struct buf body = BUF_INIT(LIMIT_TEXT);
	for (size_t i = 0; i < n && read_document(r, &v[i], &body); i++) {
		if (bare)
			docker_squeeze(alone, (struct span){ (const unsigned char *)body.p, body.n });
		buf_char(text, '\n');
		buf_add(text, body.p, body.n);
		buf_add(text, v[i].name.p, v[i].name.n);
	}
	text->bad |= body.bad;
}

static const char *squeezed(struct arena *a, const struct buf *b)
{
	auto_buf struct buf flat = BUF_INIT(LIMIT_TEXT);
	docker_squeeze(&flat, (struct span){ (const unsigned char *)b->p, b->n });
	return arena_str(a, buf_text(&flat));
}

static int add_instruction(struct reader *r, struct dockerfile *out, enum docker_kind kind, struct span args, unsigned first, struct err *err)
{
	auto_buf struct buf text = BUF_INIT(LIMIT_TEXT), full = BUF_INIT(LIMIT_TEXT), raw = BUF_INIT(LIMIT_TEXT), alone = BUF_INIT(LIMIT_TEXT);
	struct document documents[DOCUMENTS];
	size_t n = kind == DOCKER_WORKDIR ? 0 : find_documents(args, documents);
	struct docker_instruction *d = list_push(r->a, &out->v);
	if (!d)
		return err_nomem(err);
	args = skip_flags(args);
	buf_add(&raw, args.p, args.n);
	if (!add_list(&text, args)) {
		buf_reset(&text);
		buf_add(&text, args.p, args.n);
	}
	add_documents(r, documents, n, n == 1 && kind == DOCKER_RUN && span_starts(args, "<<") && span_chr(args, ' ') == args.n, &text, &alone);
	*d = (struct docker_instruction){ .kind = kind, .first = first, .last = r->line, .stage = (unsigned)out->stages.n - 1 };
	if (kind == DOCKER_RUN)
		buf_add(&full, text.p, text.n);
	else
		expand(r, out, (struct span){ (const unsigned char *)text.p, text.n }, &full);
	if (text.bad || full.bad || raw.bad || alone.bad)
		return err_set(err, ERR_LIMIT, "line %u: an instruction of more than %u bytes", first, LIMIT_TEXT);
	d->forms[0] = squeezed(r->a, &full);
	d->forms[1] = squeezed(r->a, &raw);
	d->forms[2] = alone.n ? squeezed(r->a, &alone) : NULL;
	if (str_eq(d->forms[0], d->forms[1]))
		d->forms[1] = NULL;
	return d->forms[0] ? 0 : err_nomem(err);
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
	if (str_ieq(word, "ENV") && out->stages.n)
		return add_env(r, out, span_from(line, n), err);
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
		if (out->v.n > LIMIT_DOCKER || out->stages.n > LIMIT_DOCKER || r.env.n > LIMIT_DOCKER)
			return err_set(err, ERR_LIMIT, "more than %u instructions", LIMIT_DOCKER);
	}
	return out->stages.n ? 0 : err_set(err, ERR_FORMAT, "holds no FROM: a Dockerfile is expected");
}
