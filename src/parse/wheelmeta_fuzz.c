#include <stdint.h>

#include "parse/wheelmeta.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena a = ARENA_INIT;
	struct span text = { p, n }, name, version;
	struct metadata meta = { 0 };
	struct wheel_tags tags = { 0 };
	struct wheel_name wheel;
	struct record_line line;
	struct requirement r;
	(void)metadata_parse(text, &a, &meta);
	(void)egg_requires_parse(text, &a, &meta);
	(void)wheel_parse(text, &a, &tags);
	(void)wheel_name_parse(text, &wheel);
	(void)info_dir_parse(text, &name, &version);
	(void)requirement_parse(text, "3.11", "x86_64", &a, &r);
	struct cur c = cur_of(text);
	while (record_next(&c, &a, &line) > 0)
		;
	arena_clear(&a);
	return 0;
}
