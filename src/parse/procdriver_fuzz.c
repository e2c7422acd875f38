#include <stdint.h>

#include "parse/procdriver.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena a = ARENA_INIT;
	struct span text = { p, n };
	struct err err = ERR_INIT;
	struct machine m = MACHINE_INIT;
	(void)procdriver_is(text);
	size_t touched = procdriver_parse(text, &a, &m, &err) == 0 && m.driver ? strlen(m.driver) : 0;
	(void)touched;
	arena_clear(&a);
	return 0;
}
