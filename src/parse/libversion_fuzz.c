#include <stdint.h>

#include "parse/libversion.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* The first byte chooses a library and how the rest is cut into runs. */
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const char *const names[] = { "libnvrtc.so.12", "libnccl.so.2", "libcudnn_graph.so.9", "libcublasLt.so.12", "libcufft.so.11", "ptxas", "libcudnn_ops.so.9",
					     "libcupti.so.12", "libcusparseLt.so.0", "libnvinfer.so.10" };
	if (!n)
		return 0;
	struct arena a = ARENA_INIT;
	struct span name = SPAN_STR(names[p[0] % (sizeof(names) / sizeof(*names))]), rest = { p + 1, n - 1 };
	struct libversion_search s = { .l = libversion_of(name) };
	if (s.l->symbol)
		(void)libversion_at_symbol(s.l, rest, name, &a);
	size_t step = 1u + p[0] / 16u;
	while (s.l->banner && rest.n && !libversion_feed(&s, span_sub(rest, 0, step), &a))
		rest = span_from(rest, step);
	struct cudart_search runtime = { 0 };
	for (rest = (struct span){ p + 1, n - 1 }; rest.n; rest = span_from(rest, step))
		cudart_feed(&runtime, span_sub(rest, 0, step));
	(void)cudart_found(&runtime, &a);
	(void)libversion_of_name((struct span){ p, n }, &a);
	arena_clear(&a);
	return 0;
}
