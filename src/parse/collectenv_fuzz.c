#include <stdint.h>

#include "parse/collectenv.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena a = ARENA_INIT;
	struct span text = { p, n };
	struct err err = ERR_INIT;
	struct collectenv_facts f;
	size_t touched = collectenv_is(text);
	if (collectenv_parse(text, &a, &f, &err) == 0)
		for (size_t i = 0; i < f.packages.n; i++)
			touched += strlen(f.packages.v[i].name) + strlen(f.packages.v[i].version);
	(void)touched;
	arena_clear(&a);
	return 0;
}
