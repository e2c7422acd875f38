#include <stdint.h>

#include "base/json.h"
#include "parse/k8snodes.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena a = ARENA_INIT;
	struct span text = { p, n };
	struct err err = ERR_INIT;
	struct node_groups g;
	json_t *o = json_parse(text, "nodes", &err);
	size_t touched = 0;
	if (o && k8snodes_is(o) && k8snodes_parse(o, &a, &g, &err) == 0)
		for (size_t i = 0; i < g.v.n; i++)
			touched += strlen(g.v.v[i].name) + g.v.v[i].nodes;
	(void)touched;
	json_decref(o);
	arena_clear(&a);
	return 0;
}
