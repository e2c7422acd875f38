#include <stdint.h>

#include "parse/system.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena a = ARENA_INIT;
	struct span text = { p, n };
	struct os_release os = { 0 };
	struct system_package pkg;
	struct conf_line line;
	(void)os_release_parse(text, &a, &os);
	struct cur c = cur_of(text);
	while (dpkg_next(&c, &pkg))
		(void)upstream_version(pkg.version);
	c = cur_of(text);
	while (apk_next(&c, &pkg))
		(void)upstream_version(pkg.version);
	c = cur_of(text);
	while (ldconf_next(&c, &line))
		;
	(void)cuda_version_file(text, &a);
	arena_clear(&a);
	return 0;
}
