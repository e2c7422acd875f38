#include "inventory/read_parts.h"

#include "base/str.h"

void read_fail(struct reader *r, const char *key, const char *expected)
{
	if (!r->bad)
		err_set(r->err, ERR_FORMAT, "%s: \"%s\" must be %s", r->at, key, expected);
	r->bad = true;
}

void *read_checked(struct reader *r, void *p)
{
	if (!p && !r->bad) {
		err_nomem(r->err);
		r->bad = true;
	}
	return p;
}

const char *read_copy(struct reader *r, const json_t *s)
{
	return read_checked(r, arena_strn(&r->inv->arena, json_string_value(s), json_string_length(s)));
}

const char *read_text(struct reader *r, const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);
	if (r->bad || !v || json_is_null(v))
		return NULL;
	if (!json_is_string(v)) {
		read_fail(r, key, "a string");
		return NULL;
	}
	return read_copy(r, v);
}

enum tri read_tri(struct reader *r, const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);
	if (!v || json_is_null(v))
		return TRI_UNKNOWN;
	if (!json_is_boolean(v))
		read_fail(r, key, "true or false");
	return json_is_true(v) ? TRI_YES : TRI_NO;
}

int64_t read_number(struct reader *r, const json_t *o, const char *key, int64_t without)
{
	const json_t *v = json_object_get(o, key);
	if (!v || json_is_null(v))
		return without;
	if (!json_is_integer(v) || json_integer_value(v) < 0) {
		read_fail(r, key, "a whole number");
		return without;
	}
	return json_integer_value(v);
}

int read_layer(struct reader *r, const json_t *o)
{
	int64_t n = read_number(r, o, "layer", -1);
	return n > 1 << 20 ? -1 : (int)n;
}

struct ver2 read_ver2(struct reader *r, const json_t *o, const char *key)
{
	const char *s = read_text(r, o, key);
	struct ver2 v = s ? ver2_parse(s) : VER2_NONE;
	if (s && !ver2_known(v))
		read_fail(r, key, "a version such as \"12.4\"");
	return v;
}

const json_t *read_array(struct reader *r, const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);
	if (r->bad || !v || json_is_null(v))
		return NULL;
	if (!json_is_array(v)) {
		read_fail(r, key, "a list");
		return NULL;
	}
	return v;
}

const json_t *read_object(struct reader *r, const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);
	if (r->bad || !v || json_is_null(v))
		return NULL;
	if (!json_is_object(v)) {
		read_fail(r, key, "an object");
		return NULL;
	}
	return v;
}

const json_t *read_item(struct reader *r, const json_t *list, const char *key, size_t *i)
{
	if (r->bad || !list || *i >= json_array_size(list))
		return NULL;
	const json_t *e = json_array_get(list, (*i)++);
	if (json_is_object(e))
		return e;
	read_fail(r, key, "a list of objects");
	return NULL;
}

bool read_texts(struct reader *r, const json_t *o, const char *key, const char ***v, size_t *n, size_t *cap)
{
	const json_t *list = read_array(r, o, key);
	for (size_t i = 0; list && i < json_array_size(list) && !r->bad; i++) {
		const json_t *s = json_array_get(list, i);
		if (!json_is_string(s)) {
			read_fail(r, key, "a list of strings");
			break;
		}
		const char *text = read_copy(r, s);
		if (!text || !read_checked(r, arena_grow(&r->inv->arena, (void **)v, *n, cap, sizeof(**v)) ? *v : NULL))
			break;
		(*v)[(*n)++] = text;
	}
	return list != NULL;
}

struct sm read_sm(struct reader *r, const json_t *s, const char *key)
{
	struct sm v = sm_parse(json_string_value(s));
	if (!v.number)
		read_fail(r, key, "a list of targets such as \"sm_90\" or \"compute_90\"");
	return v;
}
