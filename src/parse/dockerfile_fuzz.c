#include <stdint.h>

#include "base/auto.h"
#include "parse/dockerfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* The text is a Dockerfile, and its own lines are the history of an image. */
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	enum { LAYERS = 16 };
	auto_arena struct arena a = ARENA_INIT;
	struct dockerfile d;
	struct err err = ERR_INIT;
	const char *history[LAYERS] = { NULL };
	struct docker_place places[LAYERS];
	struct cur c = cur_of((struct span){ p, n });
	struct span line;
	size_t layers = 0;
	while (layers < LAYERS && cur_line(&c, &line))
		history[layers++] = arena_strn(&a, line.p, line.n);
	if (dockerfile_parse((struct span){ p, n }, &a, &d, &err) < 0 || dockerfile_match(&d, history, layers, places, &err) < 0)
		return 0;
	for (size_t i = 0; i < layers; i++)
		if (places[i].first > places[i].last)
			__builtin_trap();
	return 0;
}
