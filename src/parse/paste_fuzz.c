#include <stdint.h>

#include "parse/paste.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena a = ARENA_INIT;
	struct span text = { p, n };
	struct err err = ERR_INIT;
	size_t sum = 0;
	if (paste_clean(&text, &a, &err) == 0)
		for (size_t i = 0; i < text.n; i++)
			sum += text.p[i];
	(void)sum;
	arena_clear(&a);
	return 0;
}
