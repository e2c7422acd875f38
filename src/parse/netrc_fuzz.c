#include "parse/netrc.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena a = ARENA_INIT;
	char *basic = NULL;
	if (netrc_find((struct span){ p, n }, "example.com", &a, &basic) > 0 && !strchr(basic, ':'))
		__builtin_trap();
	arena_clear(&a);
	return 0;
}
