#include <stdint.h>

#include "parse/condameta.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena a = ARENA_INIT;
	struct conda_meta meta;
	struct err err = ERR_INIT;
	(void)conda_meta_parse((struct span){ p, n }, &a, &meta, &err);
	(void)editable_folder((struct span){ p, n }, &a);
	arena_clear(&a);
	return 0;
}
