#include <stddef.h>
#include <stdint.h>

#include "parse/tar.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* The first byte chooses how the input is cut and whether bodies are skipped. */
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct span all = { p, n };
	size_t most = n ? (size_t)p[0] % 64 * 16 + 1 : 1, at = 0;
	struct tar tar = TAR_INIT;
	struct err err = ERR_INIT;
	enum tar_step step = TAR_NEED;
	volatile uint64_t seen = tar_bid(all);
	all = span_from(all, n ? 1 : 0);
	while (step != TAR_END && step != TAR_BAD) {
		struct span in = span_sub(all, at, most);
		size_t had = in.n;
		step = had ? tar_feed(&tar, &in, &err) : tar_finish(&tar, &err);
		at += had - in.n;
		if (step == TAR_BODY && tar.body.n)
			seen += tar.body.p[0] + tar.body.p[tar.body.n - 1] + tar.body_at;
		if (step == TAR_ENTRY) {
			const struct tar_entry *e = &tar.entry;
			seen += span_chr(e->path, '\1') + span_chr(e->link, '\1') + e->size + e->stored + e->body_at;
			for (uint32_t i = 0; i < e->pieces; i++)
				seen += e->map[i].at + e->map[i].n;
			if (n && p[0] & 1)
				at += tar_skip(&tar, all.n - at);
		}
	}
	tar_clear(&tar);
	return 0;
}
