#include <stdint.h>

#include "base/mem.h"
#include "check/require.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena a = ARENA_INIT;
	struct require_facts f = { .cuda = "12.4", .driver = "550.54.15", .arch = "8.0", .brand = "Tesla" };
	char *s = arena_strn(&a, p, n);
	if (s) {
		(void)require_lc(s, &f);
		(void)require_tk(s, &f);
	}
	arena_clear(&a);
	return 0;
}
