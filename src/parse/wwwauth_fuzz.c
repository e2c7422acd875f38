#include "parse/wwwauth.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena a = ARENA_INIT;
	struct challenges c;
	volatile size_t sum = 0;
	if (challenges_parse((struct span){ p, n }, &a, &c) == 0)
		for (size_t i = 0; i < c.v.n; i++) {
			const struct challenge *v = &c.v.v[i];
			const char *const all[] = { v->scheme, v->realm, v->service, v->scope, v->error };
			for (size_t k = 0; k < sizeof(all) / sizeof(*all); k++)
				sum += all[k] ? strlen(all[k]) : 0;
		}
	arena_clear(&a);
	return 0;
}
