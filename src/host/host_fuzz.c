#include <stdint.h>

#include "host/host.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena a = ARENA_INIT;
	struct span text = { p, n };
	struct err err = ERR_INIT;
	struct host_list list = { 0 };
	struct buf b = BUF_INIT(1 << 20);
	struct json_out j = { .buf = &b };
	if (host_read(text, "host", &list, &a, &err) == 0) {
		jout_array(&j);
		for (size_t i = 0; i < list.v.n; i++)
			host_write(&list.v.v[i], &j);
		jout_array_end(&j);
	}
	buf_clear(&b);
	arena_clear(&a);
	return 0;
}
