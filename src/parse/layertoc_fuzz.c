#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "parse/layertoc.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

enum { DATA_END = 1 << 20 };

/* What the header promises of every table that is not refused. */
static void hold(const struct toc *t)
{
	for (size_t i = 0; i < t->entries.n; i++) {
		const struct toc_entry *e = &t->entries.v[i];
		uint64_t at = 0;
		if (!e->path.p || e->piece > t->pieces.n || e->pieces > t->pieces.n - e->piece)
			abort();
		for (size_t k = 0; k < e->pieces; k++) {
			const struct toc_piece *piece = &t->pieces.v[e->piece + k];
			if (piece->file_at != at || !piece->size || piece->end > DATA_END || piece->end < piece->at)
				abort();
			at += piece->size;
		}
		if (at != e->size)
			abort();
	}
}

/* 's' or 'c' and a table of that kind; else a footer, and a position. */
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct span all = { p, n };
	struct arena a = ARENA_INIT;
	struct err err = ERR_INIT;
	struct toc toc;
	struct toc_place place;
	if (n && (p[0] == 's' || p[0] == 'c')) {
		if (toc_parse(span_from(all, 1), p[0] == 's' ? TOC_STARGZ : TOC_CHUNKED, DATA_END, &a, &toc, &err) == 0)
			hold(&toc);
	} else {
		if (toc_stargz_place(all, DATA_END, &place) && (place.at >= DATA_END || place.n > DATA_END - place.at))
			abort();
		if (toc_chunked_place(all, DATA_END, &place) && (place.at >= DATA_END || place.n > DATA_END - place.at))
			abort();
	}
	arena_clear(&a);
	return 0;
}
