#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "base/version.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* Two versions and a specifier, a line each. */
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena arena = ARENA_INIT;
	struct span rest = { p, n }, a = span_cut(&rest, '\n'), b = span_cut(&rest, '\n');
	const char *x = arena_strn(&arena, a.p, a.n), *y = arena_strn(&arena, b.p, b.n), *spec = arena_strn(&arena, rest.p, rest.n);
	if (x && y && spec) {
		volatile int seen = pep440_cmp(x, y) + pep440_cmp(y, x);
		seen += pep440_match(x, spec) + pep440_spec_valid(spec) + pep440_spec_pre(spec) + pep440_spec_pins(spec);
		seen += pep440_valid(x) + pep440_is_pre(y) + (pep440_local(x) != NULL) + version_cmp(x, y) + version_agree(x, y);
		seen += ver2_print(ver2_parse(x)).s[0];
	}
	arena_clear(&arena);
	return 0;
}
