#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "source/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void touch(const char *s)
{
	volatile size_t n = s ? strlen(s) : 0;
	(void)n;
}

/* A kind (one byte), then members: "NAME\n" and a text up to a NUL. */
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const enum source_kind kinds[] = { SOURCE_DOCKER, SOURCE_OCI, SOURCE_DIR, SOURCE_REGISTRY };
	struct err err = ERR_INIT;
	struct store *s = store_memory(kinds[n ? p[0] % 4 : 0], &err);
	struct span rest = span_from((struct span){ p, n }, 1);
	while (s && rest.n) {
		struct span text = span_cut(&rest, '\0'), name = span_cut(&text, '\n');
		char copy[256] = "";
		memcpy(copy, name.p, name.n < 255 ? name.n : 255);
		if (store_put(s, copy, text, &err) < 0)
			break;
	}
	struct plan *plan = s ? plan_make(s, NULL, &err) : NULL;
	for (size_t i = 0; plan && i < plan->images.n; i++) {
		const struct plan_image *m = &plan->images.v[i];
		touch(m->name);
		touch(m->digest);
		touch(m->config.architecture);
		for (size_t k = 0; k < m->tags.n; k++)
			touch(m->tags.v[k]);
		for (size_t k = 0; k < m->config.env.n; k++)
			touch(m->config.env.v[k]);
		for (size_t k = 0; k < m->config.labels.n; k++)
			touch(m->config.labels.v[k].value);
		for (size_t k = 0; k < m->layers.n; k++) {
			touch(m->layers.v[k].member);
			touch(m->layers.v[k].gap);
			touch(m->layers.v[k].created_by);
			touch(m->layers.v[k].toc_digest);
			touch(m->layers.v[k].toc_position);
		}
		for (size_t k = 0; k < m->gaps.n; k++)
			touch(m->gaps.v[k]);
	}
	plan_free(plan);
	store_close(s);
	return 0;
}
