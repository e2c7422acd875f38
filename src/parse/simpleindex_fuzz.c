#include <stddef.h>
#include <stdint.h>

#include "parse/pytags.h"
#include "parse/simpleindex.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const struct pysystem sys = { .minor = 11, .machine = "x86_64", .libc_minor = 36 };
	for (int json = 0; json < 2; json++) {
		struct arena a = ARENA_INIT;
		struct err err = ERR_INIT;
		struct index_page page = { 0 };
		struct span text = { p, n };
		volatile size_t seen = 0;
		int rc = json ? index_json_parse(text, &a, &page, &err) : index_html_parse(text, &a, &page, &err);
		for (size_t i = 0; rc == 0 && i < page.files.n; i++) {
			const struct index_file *f = &page.files.v[i];
			struct wheel_name w;
			seen += strlen(f->url) + strlen(f->file) + (f->sha256 ? strlen(f->sha256) : 0) + (f->yanked ? strlen(f->yanked) : 0);
			seen += (f->requires_python ? strlen(f->requires_python) : 0) + (f->metadata_sha256 ? strlen(f->metadata_sha256) : 0);
			if (wheel_name_parse(SPAN_STR(f->file), &w))
				seen += (size_t)pytags_rank(&sys, &w);
		}
		arena_clear(&a);
	}
	return 0;
}
