#include "parse/condameta.h"

#include <jansson.h>

#include "base/json.h"
#include "base/str.h"

static const char *copy(struct arena *a, const json_t *o, const char *key)
{
	return arena_str(a, json_string_value(json_object_get(o, key)));
}

static int keep_library(struct conda_meta *out, struct arena *a, const char *path)
{
	const char *name = path ? path_base(path) : "";
	const char *so = strstr(name, ".so");
	if (!so || (so[3] && so[3] != '.'))
		return 0;
	const char *own = arena_str(a, path);
	return own && list_add(a, &out->libraries, own) ? 0 : -1;
}

int conda_meta_parse(struct span text, struct arena *a, struct conda_meta *out, struct err *err)
{
	json_auto_t *o = json_parse(text, "a file of conda-meta", err);
	*out = (struct conda_meta){ 0 };
	if (!o)
		return -1;
	if (!json_is_object(o))
		return err_set(err, ERR_FORMAT, "a file of conda-meta is no JSON object");
	out->name = copy(a, o, "name");
	out->version = copy(a, o, "version");
	out->build = copy(a, o, "build");
	const json_t *files = json_object_get(o, "files");
	for (size_t i = 0; i < json_array_size(files); i++)
		if (keep_library(out, a, json_string_value(json_array_get(files, i))) < 0)
			return err_nomem(err);
	return 0;
}

static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The path of a file URL, "%20" undone (RFC 8089). NULL if it is none. */
static const char *url_path(struct arena *a, const char *url)
{
	if (!url || !str_starts(url, "file:///"))
		return NULL;
	char *path = arena_str(a, url + strlen("file://"));
	char *to = path;
	for (const char *from = path; from && *from; from++) {
		bool coded = from[0] == '%' && hex(from[1]) >= 0 && hex(from[2]) >= 0;
		*to++ = coded ? (char)(hex(from[1]) * 16 + hex(from[2])) : *from;
		from += coded ? 2 : 0;
	}
	if (to)
		*to = '\0';
	return path;
}

const char *editable_folder(struct span text, struct arena *a)
{
	json_auto_t *o = json_parse(text, "direct_url.json", NULL);
	const json_t *info = json_object_get(o, "dir_info");
	if (!json_is_true(json_object_get(info, "editable")))
		return NULL;
	return url_path(a, json_string_value(json_object_get(o, "url")));
}
