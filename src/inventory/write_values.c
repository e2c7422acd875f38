#include "inventory/write_parts.h"

void put_texts(struct json_out *j, const char *key, const char *const *v, size_t n)
{
	jout_key(j, key);
	jout_array_line(j);
	for (size_t i = 0; i < n; i++)
		jout_string(j, v[i]);
	jout_array_end(j);
}

void put_known(struct json_out *j, const char *key, const char *s)
{
	if (s)
		jout_put(j, key, s);
}

void put_layer(struct json_out *j, int layer)
{
	if (layer >= 0)
		jout_put_int(j, "layer", layer);
}

void put_ver2(struct json_out *j, const char *key, struct ver2 v)
{
	jout_key(j, key);
	if (ver2_known(v))
		jout_string(j, ver2_print(v).s);
	else
		jout_null(j);
}

void put_sms(struct json_out *j, const char *key, const char *prefix, const struct sm *v, size_t n)
{
	jout_key(j, key);
	jout_array_line(j);
	for (size_t i = 0; i < n; i++)
		jout_string(j, sm_print(prefix, v[i]).s);
	jout_array_end(j);
}
