#include "parse/wheelmeta.h"

#include "base/str.h"
#include "base/version.h"

/* ---- METADATA: header lines until the first empty one; continuation lines begin with a blank ---- */

static bool header(struct span line, const char *name, struct span *value)
{
	size_t n = strlen(name);
	if (line.n <= n || line.p[n] != ':')
		return false;
	for (size_t i = 0; i < n; i++)
		if ((line.p[i] | 32) != (name[i] | 32))
			return false;
	*value = span_trim(span_from(line, n + 1));
	return true;
}

int metadata_parse(struct span text, struct arena *a, struct metadata *out)
{
	struct cur c = cur_of(text);
	struct span line, value;
	while (cur_line(&c, &line) && line.n) {
		if (!out->name && header(line, "Name", &value)) {
			if (!(out->name = arena_strn(a, value.p, value.n)))
				return -1;
		} else if (!out->version && header(line, "Version", &value)) {
			if (!(out->version = arena_strn(a, value.p, value.n)))
				return -1;
		} else if (header(line, "Requires-Dist", &value)) {
			const char *s = arena_strn(a, value.p, value.n);
			if (!s || !list_add(a, &out->requires, s))
				return -1;
		}
	}
	return 0;
}

int egg_requires_parse(struct span text, struct arena *a, struct metadata *out)
{
	struct cur c = cur_of(text);
	struct span line;
	while (cur_line(&c, &line) && !span_starts(line, "[")) {
		line = span_trim(line);
		const char *s = line.n ? arena_strn(a, line.p, line.n) : NULL;
		if (line.n && (!s || !list_add(a, &out->requires, s)))
			return -1;
	}
	return 0;
}

int wheel_parse(struct span text, struct arena *a, struct wheel_tags *out)
{
	struct cur c = cur_of(text);
	struct span line, value;
	while (cur_line(&c, &line)) {
		if (!header(line, "Tag", &value))
			continue;
		const char *s = arena_strn(a, value.p, value.n);
		if (!s || !list_add(a, &out->tags, s))
			return -1;
	}
	return 0;
}

/* ---- names ---- */

static bool digit(struct span s)
{
	return s.n && s.p[0] >= '0' && s.p[0] <= '9';
}

bool wheel_name_parse(struct span file, struct wheel_name *out)
{
	struct span part[8];
	size_t n = 0;
	if (!span_ends(file, ".whl"))
		return false;
	file.n -= 4;
	while (file.n && n < 8)
		part[n++] = span_cut(&file, '-');
	if (file.n || n < 5 || n > 7)
		return false;
	*out = (struct wheel_name){ .name = part[0], .version = part[1] };
	size_t tags = 2;
	if (n == 7 || (n == 6 && digit(part[2])))
		out->build = part[tags++];
	out->python = part[tags];
	out->abi = part[tags + 1];
	out->platform = part[tags + 2];
	if (tags + 3 < n)
		out->variant = part[tags + 3];
	return out->name.n && out->version.n && out->platform.n;
}

bool info_dir_parse(struct span dir, struct span *name, struct span *version)
{
	if (span_ends(dir, ".dist-info"))
		dir.n -= strlen(".dist-info");
	else if (span_ends(dir, ".egg-info"))
		dir.n -= strlen(".egg-info");
	else
		return false;
	*name = span_cut(&dir, '-');
	*version = span_cut(&dir, '-'); /* what may follow is the "py3.11" of an egg */
	return name->n > 0;
}

/* ---- RECORD ---- */

/* One field: plain, or quoted with "" for a quote. The bytes go to the arena where `copy`. */
static bool field(struct span *line, struct arena *a, bool copy, struct span *out)
{
	if (!line->n || line->p[0] != '"') {
		*out = span_cut(line, ',');
		if (!copy)
			return true;
		char *s = arena_strn(a, out->p, out->n);
		*out = (struct span){ (unsigned char *)s, out->n };
		return s;
	}
	char *s = arena_alloc(a, line->n);
	size_t n = 0, i = 1;
	for (; s && i < line->n; i++) {
		if (line->p[i] == '"') {
			if (i + 1 >= line->n || line->p[i + 1] != '"')
				break;
			i++;
		}
		s[n++] = (char)line->p[i];
	}
	*line = span_from(*line, i + 1);
	if (line->n && line->p[0] == ',')
		*line = span_from(*line, 1);
	*out = (struct span){ (unsigned char *)s, n };
	return s;
}

int record_next(struct cur *c, struct arena *a, struct record_line *out)
{
	struct span line, path, hash, size;
	while (cur_line(c, &line)) {
		if (!line.n)
			continue;
		if (!field(&line, a, true, &path) || !field(&line, a, false, &hash) || !field(&line, a, false, &size))
			return -1;
		uint64_t bytes;
		*out = (struct record_line){ (const char *)path.p, hash, -1 };
		if (span_number(span_trim(size), &bytes) && bytes <= INT64_MAX)
			out->size = (int64_t)bytes;
		if (path.n)
			return 1;
	}
	return 0;
}

/* ---- requirements: PEP 508 ---- */

static bool name_byte(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

/* What a marker is asked about. */
struct system { const char *python, *machine; };

/* Three answers, so that "not known" does not decide. */
enum holds { NO, YES, PERHAPS };

static const char *variable(struct span name, const struct system *sys, bool *known)
{
	*known = true;
	if (span_eq(name, "platform_system"))
		return "Linux";
	if (span_eq(name, "sys_platform"))
		return "linux";
	if (span_eq(name, "os_name"))
		return "posix";
	if (span_eq(name, "platform_python_implementation") || span_eq(name, "implementation_name"))
		return span_eq(name, "implementation_name") ? "cpython" : "CPython";
	if (span_eq(name, "extra") || span_eq(name, "extras") || span_eq(name, "dependency_groups")) /* none is asked for */
		return "";
	const char *v = span_eq(name, "platform_machine") ? sys->machine :
			span_eq(name, "python_version") || span_eq(name, "python_full_version") ? sys->python : NULL;
	*known = v != NULL;
	return v;
}

struct marker { struct span in; const struct system *sys; unsigned depth; };

static void blanks(struct marker *m)
{
	while (m->in.n && (m->in.p[0] == ' ' || m->in.p[0] == '\t'))
		m->in = span_from(m->in, 1);
}

static bool word(struct marker *m, const char *w)
{
	blanks(m);
	size_t n = strlen(w);
	if (!span_starts(m->in, w) || (m->in.n > n && name_byte((unsigned char)w[0]) && name_byte(m->in.p[n])))
		return false;
	m->in = span_from(m->in, n);
	return true;
}

/* A value: a quoted text, or a variable's name. */
static struct span value(struct marker *m, bool *literal)
{
	blanks(m);
	*literal = m->in.n && (m->in.p[0] == '"' || m->in.p[0] == '\'');
	if (*literal) {
		char quote = (char)m->in.p[0];
		m->in = span_from(m->in, 1);
		return span_cut(&m->in, quote);
	}
	size_t n = 0;
	while (n < m->in.n && name_byte(m->in.p[n]))
		n++;
	struct span s = span_sub(m->in, 0, n);
	m->in = span_from(m->in, n);
	return s;
}

static enum holds marker_or(struct marker *m);

static enum holds compare(struct marker *m)
{
	static const char *const ops[] = { "===", "==", "!=", "<=", ">=", "~=", "<", ">", "not in", "in" };
	bool left_literal, right_literal, known;
	struct span left = value(m, &left_literal);
	size_t op = 0;
	while (op < sizeof(ops) / sizeof(*ops) && !word(m, ops[op]))
		op++;
	struct span right = value(m, &right_literal);
	if (op == sizeof(ops) / sizeof(*ops) || left_literal == right_literal)
		return PERHAPS;
	const char *have = variable(left_literal ? right : left, m->sys, &known);
	struct span text = left_literal ? left : right;
	char want[128], spec[136];
	if (!known || text.n >= sizeof(want))
		return PERHAPS;
	memcpy(want, text.p, text.n);
	want[text.n] = '\0';
	bool version = have[0] >= '0' && have[0] <= '9';
	if (op >= 8) {
		bool found = left_literal ? strstr(have, want) != NULL : strstr(want, have) != NULL;
		return found == (op == 9) ? YES : NO;
	}
	if (!version)
		return !strcmp(have, want) == (op != 2) && (op <= 2) ? YES : NO;
	memcpy(spec, ops[op], strlen(ops[op]) + 1);
	memcpy(spec + strlen(ops[op]), want, text.n + 1);
	return pep440_match(have, spec) ? YES : NO;
}

static enum holds marker_term(struct marker *m)
{
	if (!word(m, "("))
		return compare(m);
	if (++m->depth > 16)
		return PERHAPS;
	enum holds h = marker_or(m);
	m->depth--;
	(void)word(m, ")");
	return h;
}

static enum holds marker_and(struct marker *m)
{
	enum holds h = marker_term(m);
	while (word(m, "and")) {
		enum holds more = marker_term(m);
		h = h == NO || more == NO ? NO : h == YES && more == YES ? YES : PERHAPS;
	}
	return h;
}

static enum holds marker_or(struct marker *m)
{
	enum holds h = marker_and(m);
	while (word(m, "or")) {
		enum holds more = marker_and(m);
		h = h == YES || more == YES ? YES : h == NO && more == NO ? NO : PERHAPS;
	}
	return h;
}

bool marker_applies(struct span marker, const char *python, const char *machine)
{
	struct system sys = { python, machine };
	struct marker m = { .in = span_trim(marker), .sys = &sys };
	return !m.in.n || marker_or(&m) != NO;
}

bool requirement_parse(struct span line, const char *python, const char *machine, struct arena *a, struct requirement *out)
{
	line = span_trim(line);
	size_t n = 0;
	while (n < line.n && name_byte(line.p[n]))
		n++;
	if (!n || line.p[0] == '-' || line.p[0] == '.')
		return false;
	*out = (struct requirement){ .name = pep503_name(a, span_sub(line, 0, n)), .spec = "", .extras = "", .applies = true };
	struct span rest = span_trim(span_from(line, n));
	if (rest.n && rest.p[0] == '[') {
		struct span extras = span_cut(&rest, ']');
		out->extras = arena_strn(a, extras.p + 1, extras.n - 1);
		rest = span_trim(rest);
	}
	struct span marker = rest;
	struct span spec = span_trim(span_cut(&marker, ';'));
	if (spec.n && spec.p[0] == '@') {
		spec = span_trim(span_from(spec, 1));
		out->url = arena_strn(a, spec.p, spec.n);
		spec.n = 0;
	}
	if (spec.n && spec.p[0] == '(' && spec.p[spec.n - 1] == ')')
		spec = span_trim(span_sub(spec, 1, spec.n - 2));
	if (spec.n && !strchr("=<>!~", spec.p[0]))
		return false;
	if (spec.n)
		out->spec = arena_strn(a, spec.p, spec.n);
	out->applies = marker_applies(marker, python, machine);
	return out->name && out->name[0] && out->spec && out->extras;
}
