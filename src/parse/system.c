#include "parse/system.h"

#include "base/json.h"

/* Without the quotes that shells allow; backslashes are rare there and stay. */
static struct span unquoted(struct span s)
{
	s = span_trim(s);
	if (s.n >= 2 && (s.p[0] == '"' || s.p[0] == '\'') && s.p[s.n - 1] == s.p[0])
		return span_sub(s, 1, s.n - 2);
	return s;
}

int os_release_parse(struct span text, struct arena *a, struct os_release *out)
{
	struct cur c = cur_of(text);
	struct span line;
	while (cur_line(&c, &line)) {
		struct span value = line, name = span_trim(span_cut(&value, '='));
		const char **to = span_eq(name, "ID") ? &out->id : span_eq(name, "VERSION_ID") ? &out->version_id :
				  span_eq(name, "ID_LIKE") ? &out->id_like : NULL;
		value = unquoted(value);
		if (to && !(*to = arena_strn(a, value.p, value.n)))
			return -1;
	}
	return 0;
}

/* The value of "Key: value"; false for other keys. */
static bool keyed(struct span line, const char *key, struct span *value)
{
	if (!span_starts(line, key))
		return false;
	*value = span_trim(span_from(line, strlen(key)));
	return true;
}

bool dpkg_next(struct cur *c, struct system_package *out)
{
	struct span line, status = { 0 };
	*out = (struct system_package){ 0 };
	bool any = false;
	while (cur_line(c, &line)) {
		if (line.n) {
			any = true;
			(void)(keyed(line, "Package:", &out->name) || keyed(line, "Version:", &out->version) ||
			       keyed(line, "Architecture:", &out->arch) || keyed(line, "Status:", &status));
			continue;
		}
		/* status.d files of distroless images have no Status line */
		if (any && out->name.n && (!status.n || span_ends(status, " installed")))
			return true;
		*out = (struct system_package){ 0 };
		status.n = 0;
		any = false;
	}
	return any && out->name.n && (!status.n || span_ends(status, " installed"));
}

bool apk_next(struct cur *c, struct system_package *out)
{
	struct span line;
	*out = (struct system_package){ 0 };
	while (cur_line(c, &line)) {
		if (line.n) {
			(void)(keyed(line, "P:", &out->name) || keyed(line, "V:", &out->version) || keyed(line, "A:", &out->arch));
			continue;
		}
		if (out->name.n)
			return true;
	}
	return out->name.n > 0;
}

struct span upstream_version(struct span v)
{
	size_t colon = span_chr(v, ':');
	if (colon < v.n)
		v = span_from(v, colon + 1);
	size_t n = 0;
	while (n < v.n && ((v.p[n] >= '0' && v.p[n] <= '9') || v.p[n] == '.'))
		n++;
	while (n && v.p[n - 1] == '.')
		n--;
	return span_sub(v, 0, n);
}

bool ldconf_next(struct cur *c, struct conf_line *out)
{
	struct span line;
	while (cur_line(c, &line)) {
		line = span_trim(span_sub(line, 0, span_chr(line, '#')));
		if (!line.n || span_starts(line, "hwcap"))
			continue;
		out->include = span_starts(line, "include") && line.n > 7 && (line.p[7] == ' ' || line.p[7] == '\t');
		if (out->include)
			line = span_trim(span_from(line, 7));
		/* "/dir=TYPE" was an old way to name a libc; the folder counts */
		out->text = span_trim(span_sub(line, 0, out->include ? line.n : span_chr(line, '=')));
		if (out->text.n)
			return true;
	}
	return false;
}

const char *cuda_version_file(struct span text, struct arena *a)
{
	static const char mark[] = "CUDA Version ";
	size_t at = span_find(text, mark);
	if (at < text.n) {
		struct span v = upstream_version(span_from(text, at + strlen(mark)));
		return v.n ? arena_strn(a, v.p, v.n) : NULL;
	}
	json_t *o = json_parse(text, "version.json", NULL);
	const char *v = json_get_str(json_object_get(o, "cuda"), "version");
	const char *copy = v ? arena_str(a, v) : NULL;
	json_decref(o);
	return copy;
}
