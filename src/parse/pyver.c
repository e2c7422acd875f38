#include "parse/pyver.h"

/* The text in quotes at the head of s; p NULL if there is none. */
static struct span quoted(struct span s)
{
	s = span_trim(s);
	if (s.n < 2 || (s.p[0] != '"' && s.p[0] != '\''))
		return (struct span){ 0 };
	char quote = (char)s.p[0];
	struct span rest = span_from(s, 1);
	size_t n = span_chr(rest, quote);
	return n < rest.n ? span_sub(rest, 0, n) : (struct span){ 0 };
}

static int set(struct arena *a, const char **to, struct span value)
{
	if (*to || !value.p || value.n > 128)
		return 0;
	*to = arena_strn(a, value.p, value.n);
	return *to ? 0 : -1;
}

static int assign(struct arena *a, struct pyver *out, struct span name, struct span value)
{
	struct span text = quoted(value);
	bool none = span_starts(span_trim(value), "None");
	if (span_eq(name, "__version__") || span_eq(name, "version"))
		return set(a, &out->version, text);
	if (span_eq(name, "cuda") || span_eq(name, "cuda_version")) {
		out->cuda_none |= none;
		return set(a, &out->cuda, text);
	}
	if (span_eq(name, "hip"))
		return set(a, &out->hip, text);
	if (span_eq(name, "rocm"))
		return set(a, &out->rocm, text);
	if (span_eq(name, "xpu"))
		return set(a, &out->xpu, text);
	if (span_eq(name, "git_version"))
		return set(a, &out->git, text);
	if (span_eq(name, "cudnn_version"))
		return set(a, &out->cudnn, text);
	return 0;
}

/* "name": value, anywhere in the line: TensorFlow's build_info is one ordered dictionary. */
static int entries(struct arena *a, struct pyver *out, struct span line)
{
	while (line.n) {
		size_t at = 0;
		while (at < line.n && line.p[at] != '"' && line.p[at] != '\'')
			at++;
		line = span_from(line, at);
		struct span name = quoted(line);
		if (!name.p)
			return 0;
		line = span_trim(span_from(line, name.n + 2));
		/* ("name", value) as pairs, or "name": value */
		if (!line.n || (line.p[0] != ':' && line.p[0] != ','))
			continue;
		struct span value = span_from(line, 1);
		if (quoted(value).p && assign(a, out, name, value) < 0)
			return -1;
	}
	return 0;
}

int pyver_parse(struct span text, struct arena *a, struct pyver *out)
{
	struct cur c = cur_of(text);
	struct span line;
	while (cur_line(&c, &line)) {
		size_t eq = span_chr(line, '=');
		struct span name = span_sub(line, 0, eq);
		bool plain = eq < line.n && line.n && line.p[0] != ' ' && line.p[0] != '#' && line.p[0] != '"';
		if (!plain) {
			if (entries(a, out, line) < 0)
				return -1;
			continue;
		}
		name = span_trim(span_sub(name, 0, span_chr(name, ':'))); /* without its annotation */
		if (assign(a, out, name, span_from(line, eq + 1)) < 0)
			return -1;
		if (span_find(line, "Dict(") < line.n && entries(a, out, span_from(line, eq + 1)) < 0)
			return -1;
	}
	return 0;
}
