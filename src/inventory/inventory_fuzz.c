#include <stdint.h>

#include "base/json.h"
#include "inventory/inventory.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* A saved inventory as an attacker would write it, read and written again. */
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	json_t *o = json_parse((struct span){ p, n }, "input", NULL);
	struct inventory *inv = o ? inventory_read(o, NULL) : NULL;
	if (inv) {
		struct buf text = BUF_INIT(1 << 20);
		struct json_out j = { .buf = &text };
		inventory_write(inv, true, &j);
		buf_clear(&text);
	}
	inventory_free(inv);
	json_decref(o);
	return 0;
}
