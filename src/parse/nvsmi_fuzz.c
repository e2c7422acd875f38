#include <stdint.h>

#include "parse/nvsmi.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena a = ARENA_INIT;
	struct span text = { p, n };
	struct err err = ERR_INIT;
	struct machine m[4] = { MACHINE_INIT, MACHINE_INIT, MACHINE_INIT, MACHINE_INIT };
	(void)nvsmi_is_table(text), (void)nvsmi_is_list(text), (void)nvsmi_is_query(text), (void)nvsmi_is_csv(text);
	(void)nvsmi_table(text, &a, &m[0], &err);
	(void)nvsmi_list(text, &a, &m[1], &err);
	(void)nvsmi_query(text, &a, &m[2], &err);
	(void)nvsmi_csv(text, &a, &m[3], &err);
	size_t touched = 0;
	for (size_t i = 0; i < 4; i++)
		for (size_t k = 0; k < m[i].gpus.n; k++)
			touched += strlen(m[i].gpus.v[k].name) + m[i].gpus.v[k].count;
	(void)touched;
	arena_clear(&a);
	return 0;
}
