#include <stdint.h>

#include "parse/ldcache.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct ldcache c;
	struct ldcache_entry e;
	struct err err = ERR_INIT;
	volatile unsigned char sink = 0;
	if (ldcache_open((struct span){ p, n }, &c, &err) < 0)
		return 0;
	while (ldcache_next(&c, &e)) {
		sink ^= e.soname.p[e.soname.n - 1] ^ e.path.p[e.path.n - 1];
		if (e.hwcap.n)
			sink ^= e.hwcap.p[0];
		sink ^= ldcache_fits(e.flags, 62, true);
	}
	(void)sink;
	return 0;
}
