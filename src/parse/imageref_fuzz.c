#include "parse/imageref.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena a = ARENA_INIT;
	struct imageref r, again;
	if (imageref_parse((struct span){ p, n }, &a, &r) > 0) {
		const char *name = imageref_name(&r, &a);
		if (!name || imageref_parse(SPAN_STR(name), &a, &again) != 1) /* a completed name is a name */
			__builtin_trap();
	}
	arena_clear(&a);
	return 0;
}
