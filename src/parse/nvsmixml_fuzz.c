#include <stdint.h>

#include "parse/nvsmixml.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena a = ARENA_INIT;
	struct span text = { p, n };
	struct err err = ERR_INIT;
	struct machine m = MACHINE_INIT;
	(void)nvsmixml_is(text);
	size_t touched = nvsmixml_parse(text, &a, &m, &err) < 0 ? strlen(err.text) : 0;
	for (size_t k = 0; k < m.gpus.n; k++)
		touched += strlen(m.gpus.v[k].name);
	(void)touched;
	arena_clear(&a);
	return 0;
}
