#include <stdint.h>

#include "parse/pyver.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena a = ARENA_INIT;
	struct pyver v = { 0 };
	(void)pyver_parse((struct span){ p, n }, &a, &v);
	arena_clear(&a);
	return 0;
}
