#include "parse/reqfile.h"

#include <ctype.h>
#include <string.h>

#include "base/auto.h"
#include "base/limits.h"
#include "parse/simpleindex.h"

/* What stands before a comment: "#" at the front or behind a blank. */
static struct span without_comment(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '#' && (!i || s.p[i - 1] == ' ' || s.p[i - 1] == '\t'))
			return span_sub(s, 0, i);
	return s;
}

/* One logical line: what ends in a backslash goes on, unless it is a comment. False at the end of the file. */
static bool join_lines(struct cur *c, size_t *number, struct buf *b)
{
	struct span line;
	bool any = false;
	buf_reset(b);
	while (cur_line(c, &line)) {
		any = true;
		++*number;
		struct span left = without_comment(line);
		bool more = left.n == line.n && line.n && line.p[line.n - 1] == '\\';
		if (more)
			left.n--;
		buf_add(b, left.p, left.n);
		if (!more)
			break;
	}
	return any;
}

/* The value of "-x VALUE", "--xx VALUE" or "--xx=VALUE"; false where it is another option. */
static bool option_is(struct span s, const char *name, struct span *value)
{
	size_t n = strlen(name);
	if (!span_starts(s, name))
		return false;
	struct span rest = span_from(s, n);
	if (rest.n && rest.p[0] != '=' && rest.p[0] != ' ' && rest.p[0] != '\t' && n != 2)
		return false;
	*value = span_trim(rest);
	if (value->n && value->p[0] == '=')
		*value = span_trim(span_from(*value, 1));
	if (value->n > 1 && (value->p[0] == '"' || value->p[0] == '\'') && value->p[value->n - 1] == value->p[0])
		*value = span_sub(*value, 1, value->n - 2);
	return true;
}

static enum req_kind option_kind(struct span s, struct span *value)
{
	static const struct { const char *name; enum req_kind kind; } options[] = {
		{ "-r", REQ_FILE }, { "--requirement", REQ_FILE }, { "-c", REQ_CONSTRAINTS }, { "--constraint", REQ_CONSTRAINTS },
		{ "-i", REQ_INDEX }, { "--index-url", REQ_INDEX }, { "--pypi-url", REQ_INDEX }, { "--extra-index-url", REQ_EXTRA_INDEX },
		{ "-f", REQ_FIND_LINKS }, { "--find-links", REQ_FIND_LINKS },
		{ "--no-index", REQ_NO_INDEX }, { "-e", REQ_PATH }, { "--editable", REQ_PATH },
	};
	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		if (option_is(s, options[i].name, value))
			return options[i].kind;
	*value = s;
	return REQ_OTHER;
}

static bool is_url(struct span s)
{
	size_t at = span_find(s, "://");
	for (size_t i = 0; i < at && at < s.n; i++)
		if (!isalpha(s.p[i]) && s.p[i] != '+')
			return false;
	return at && at < s.n;
}

static bool is_path(struct span s)
{
	return s.n && (s.p[0] == '.' || s.p[0] == '/' || span_ends(s, ".whl") || span_ends(s, ".tar.gz") || span_ends(s, ".zip"));
}

/* " --hash=sha256:HEX" behind a requirement. */
static int read_hashes(struct span options, struct arena *a, struct req_line *out)
{
	while (options.n) {
		struct span word = span_trim(options), rest = word;
		word = span_cut(&rest, ' ');
		options = rest;
		if (span_eq(word, "--hash")) {
			options = span_trim(options);
			word = span_cut(&options, ' ');
		} else if (span_starts(word, "--hash=")) {
			word = span_from(word, strlen("--hash="));
		}
		if (!span_starts(word, "sha256:"))
			continue;
		const char *hex = sha256_hex(span_from(word, strlen("sha256:")), a);
		if (hex && !list_add(a, &out->sha256, hex))
			return -1;
	}
	return 0;
}

int req_next(struct cur *c, size_t *number, struct arena *a, struct req_line *out)
{
	auto_buf struct buf b = BUF_INIT(LIMIT_TEXT);
	for (;;) {
		*out = (struct req_line){ .number = *number + 1 };
		if (!join_lines(c, number, &b))
			return 0;
		struct span s = span_trim(SPAN_STR(buf_text(&b))), value = s;
		if (!s.n && !b.bad)
			continue;
		if (b.bad)
			return -1;
		size_t options = span_find(s, " --");
		if (s.p[0] == '-') {
			out->kind = option_kind(s, &value);
		} else {
			value = span_trim(span_sub(s, 0, options));
			if (read_hashes(span_from(s, options), a, out) < 0)
				return -1;
			out->kind = is_url(value) ? REQ_URL : is_path(value) ? REQ_PATH : REQ_PACKAGE;
		}
		out->text = arena_strn(a, value.p, value.n);
		return out->text ? 1 : -1;
	}
}
