#include <stddef.h>
#include <stdint.h>

#include "parse/lockfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const char *const pythons[] = { NULL, "3.11" };
	for (size_t i = 0; i < 2; i++) {
		struct arena a = ARENA_INIT;
		struct err err = ERR_INIT;
		struct lock lock;
		volatile size_t seen = lock_bid((struct span){ p, n });
		int rc = lock_parse((struct span){ p, n }, pythons[i], "x86_64", &a, &lock, &err);
		for (size_t k = 0; rc == 0 && k < lock.packages.n; k++) {
			const struct locked *l = &lock.packages.v[k];
			seen += strlen(l->name) + (l->version ? strlen(l->version) : 0) + (l->index ? strlen(l->index) : 0) + (l->url ? strlen(l->url) : 0);
			for (size_t f = 0; f < l->files.files.n; f++)
				seen += strlen(l->files.files.v[f].url) + strlen(l->files.files.v[f].file);
		}
		arena_clear(&a);
	}
	return 0;
}
