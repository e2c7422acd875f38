#include "parse/paste.h"

enum { PREFIXES = 4 }; /* a log of a container in a log of a runner in a mail */

/* PowerShell's > writes UTF-16: what is not ASCII there becomes '?', which no fact of ours holds. */
static int narrow(struct span *text, struct arena *a, struct err *err)
{
	struct cur c = cur_of(*text);
	uint16_t mark = cur_u16(&c);
	c.be = mark == 0xfffe;
	if (mark != 0xfeff && mark != 0xfffe)
		return 0;
	char *out = arena_alloc(a, cur_left(&c) / 2 + 1);
	if (!out)
		return err_nomem(err);
	size_t n = 0;
	while (cur_has(&c, 1, 2)) {
		uint16_t unit = cur_u16(&c);
		out[n++] = unit < 0x80 ? (char)unit : '?';
	}
	*text = (struct span){ (unsigned char *)out, n };
	return 0;
}

/* ---- inside lines ---- */

/* ESC [ parameters letter (ECMA-48, 5.4): its length, or that of the lone ESC. */
static size_t escape(struct span s)
{
	size_t n = 2;
	if (s.n < 2 || s.p[1] != '[')
		return 1;
	while (n < s.n && s.p[n] >= 0x20 && s.p[n] < 0x40)
		n++;
	return n < s.n && s.p[n] >= 0x40 && s.p[n] < 0x7f ? n + 1 : n;
}

static int plain(struct span *text, struct arena *a, struct err *err)
{
	if (span_chr(*text, '\033') == text->n && span_find(*text, "\xc2\xa0") == text->n)
		return 0;
	char *out = arena_alloc(a, text->n + 1);
	if (!out)
		return err_nomem(err);
	size_t n = 0;
	for (struct span s = *text; s.n;) {
		size_t skip = s.p[0] == '\033' ? escape(s) : span_starts(s, "\xc2\xa0") ? 2 : 0;
		if (s.p[0] != '\033')
			out[n++] = skip ? ' ' : (char)s.p[0];
		s = span_from(s, skip ? skip : 1);
	}
	*text = (struct span){ (unsigned char *)out, n };
	return 0;
}

/* ---- before lines ---- */

/* How much of a line is made of these letters. */
static size_t run(struct span s, const char *letters)
{
	size_t n = 0;
	while (n < s.n && s.p[n] && strchr(letters, s.p[n]))
		n++;
	return n;
}

/* 2024-05-01T12:00:00.0000000Z and a blank (RFC 3339): GitHub's runners, kubectl logs --timestamps. */
static size_t time_prefix(struct span line)
{
	static const char form[] = "0000-00-00T00:00:00";
	size_t n = 0;
	for (; form[n]; n++)
		if (n >= line.n || (form[n] == '0' ? line.p[n] < '0' || line.p[n] > '9' : line.p[n] != (unsigned char)form[n]))
			return 0;
	n += run(span_from(line, n), ".0123456789");
	n += run(span_from(line, n), "Z+-:0123456789");
	return n == line.n ? n : line.p[n] == ' ' ? n + 1 : 0;
}

/* "app-1  | ": docker compose. Tables begin with the bar itself. */
static size_t name_prefix(struct span line)
{
	size_t n = run(line, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-");
	size_t blanks = run(span_from(line, n), " ");
	if (!n || !blanks || n + blanks >= line.n || line.p[n + blanks] != '|')
		return 0;
	n += blanks + 1;
	return n < line.n && line.p[n] == ' ' ? n + 1 : n;
}

static size_t quote_prefix(struct span line)
{
	return !span_starts(line, ">") ? 0 : span_starts(line, "> ") ? 2 : 1;
}

/* A prefix that every line has which is not empty. */
static int without_prefix(struct span *text, bool *any, struct arena *a, struct err *err)
{
	enum { KINDS = 3 };
	size_t lines = 0, have[KINDS] = { 0 };
	struct cur c = cur_of(*text);
	*any = false;
	for (struct span line; cur_line(&c, &line);) {
		if (!span_trim(line).n)
			continue;
		lines++;
		have[0] += time_prefix(line) > 0;
		have[1] += name_prefix(line) > 0;
		have[2] += quote_prefix(line) > 0;
		if (have[0] < lines && have[1] < lines && have[2] < lines)
			return 0;
	}
	if (!lines)
		return 0;
	char *out = arena_alloc(a, text->n + 1);
	if (!out)
		return err_nomem(err);
	size_t n = 0;
	c = cur_of(*text);
	for (struct span line; cur_line(&c, &line);) {
		size_t skip = have[0] == lines ? time_prefix(line) : have[1] == lines ? name_prefix(line) : quote_prefix(line);
		struct span rest = span_from(line, skip);
		if (rest.n)
			memcpy(out + n, rest.p, rest.n);
		n += rest.n;
		out[n++] = '\n';
	}
	*any = true;
	*text = (struct span){ (unsigned char *)out, n };
	return 0;
}

int paste_clean(struct span *text, struct arena *a, struct err *err)
{
	bool any = true;
	if (narrow(text, a, err) < 0)
		return -1;
	if (span_starts(*text, "\xef\xbb\xbf"))
		*text = span_from(*text, 3);
	if (plain(text, a, err) < 0)
		return -1;
	for (int i = 0; any && i < PREFIXES; i++)
		if (without_prefix(text, &any, a, err) < 0)
			return -1;
	return 0;
}
