#include "base/str.h"
#include "parse/imageref.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena a = ARENA_INIT;
	struct imageref r, again;
	if (imageref_parse((struct span){ p, n }, &a, &r) > 0) {
		const char *name = imageref_name(&r, &a);
		/* a completed name is a name, and of the same */
		if (!name || imageref_parse(SPAN_STR(name), &a, &again) != 1 || !str_eq(r.host, again.host) || !str_eq(r.repo, again.repo))
			__builtin_trap();
	}
	arena_clear(&a);
	return 0;
}
