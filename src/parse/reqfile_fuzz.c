#include <stddef.h>
#include <stdint.h>

#include "parse/reqfile.h"
#include "parse/wheelmeta.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena a = ARENA_INIT;
	struct cur c = cur_of((struct span){ p, n });
	struct req_line line;
	struct requirement r;
	size_t number = 0;
	volatile size_t seen = 0;
	while (req_next(&c, &number, &a, &line) > 0) {
		seen += strlen(line.text) + line.number + line.sha256.n;
		if (line.kind == REQ_PACKAGE)
			seen += requirement_parse(SPAN_STR(line.text), "3.11", "x86_64", &a, &r);
	}
	arena_clear(&a);
	return 0;
}
