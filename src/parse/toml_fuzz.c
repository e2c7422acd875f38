#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "parse/toml.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static size_t touch(const struct toml_value *v, unsigned depth)
{
	size_t seen = v->kind + v->n + (v->text ? strlen(v->text) : 0);
	for (size_t i = 0; i < v->items.n && depth < 1000; i++)
		seen += touch(v->items.v[i], depth + 1);
	for (size_t i = 0; i < v->pairs.n && depth < 1000; i++)
		seen += touch(v->pairs.v[i].value, depth + 1) + strlen(v->pairs.v[i].key);
	return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena a = ARENA_INIT;
	struct err err = ERR_INIT;
	struct span text = { p, n };
	const struct toml_value *t = toml_parse(text, &a, &err);
	volatile size_t seen = t ? touch(t, 0) : strlen(err.text);
	if (t)
		seen += toml_get(t, "a") != NULL;
	arena_clear(&a);
	return 0;
}
