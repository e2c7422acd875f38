#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "parse/pytags.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* The first byte says which system; the rest is a Python, a C library, a platform and a wheel's name, by lines. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena a = ARENA_INIT;
	struct pysystem s = { .minor = 11, .machine = "x86_64", .libc_minor = PYTAGS_ANY_LIBC };
	char *text = n ? arena_strn(&a, data + 1, n - 1) : NULL;
	if (text) {
		s.musl = data[0] & 1;
		char *rest = text;
		char *python = strsep(&rest, "\n"), *libc = strsep(&rest, "\n"), *platform = strsep(&rest, "\n");
		pysystem_python(python, &s.minor);
		if (libc)
			pysystem_libc(libc, &s);
		const char *machine = platform ? pysystem_machine(platform) : NULL;
		s.machine = machine ? machine : s.machine;
		struct wheel_name w;
		if (rest && wheel_name_parse(SPAN_STR(rest), &w))
			pytags_rank(&s, &w);
	}
	arena_clear(&a);
	return 0;
}
