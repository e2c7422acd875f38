#include <stdint.h>

#include "parse/compatnote.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena a = ARENA_INIT;
	struct compat_note note = { 0 };
	(void)compat_note_parse((struct span){ p, n }, &a, &note);
	arena_clear(&a);
	return 0;
}
