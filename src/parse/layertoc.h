/*
 * parse/layertoc.h: the table of contents that some layers carry, so that files can be read without the layer. source and tests include it.
 * eStargz: github.com/containerd/stargz-snapshotter, docs/estargz.md. zstd:chunked: github.com/containers/storage, pkg/chunked.
 *
 * A table is its writer's word: who unpacks the layer does not look at it.
 * What is believed of it: nothing that reaches outside of the blob, pieces
 * that give each file exactly, and a sha256 of every piece.
 */
#ifndef PARSE_LAYERTOC_H
#define PARSE_LAYERTOC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cur.h"
#include "base/err.h"
#include "base/mem.h"

enum toc_kind { TOC_NONE, TOC_STARGZ, TOC_CHUNKED };

/* Where in a blob the table lies, compressed. */
struct toc_place {
	enum toc_kind kind;
	uint64_t at, n; /* bytes */
};

enum { TOC_FOOTER = 51 }; /* bytes of eStargz's footer */

/* eStargz, by the last TOC_FOOTER bytes of a blob of `size`. False if it has no table. */
bool toc_stargz_place(struct span footer, uint64_t size, struct toc_place *out);

/* zstd:chunked, by the annotation "AT:N:BYTES:1". False if that names no place in a blob of `size` (BLOB_UNKNOWN's value: any). */
bool toc_chunked_place(struct span position, uint64_t size, struct toc_place *out);

enum toc_type { TOC_FILE, TOC_DIR, TOC_SYMLINK, TOC_HARDLINK, TOC_DEVICE, TOC_FIFO, TOC_OTHER };

/* A run of a file: `size` bytes after the first `skip` of what is decoded from [at, end). at == end: all zero. */
struct toc_piece {
	uint64_t at, end;
	uint64_t skip;
	uint64_t file_at, size;
	unsigned char sha256[32];
};

struct toc_entry {
	struct span path, link; /* as written, in the arena */
	enum toc_type type;
	uint32_t mode;          /* permission bits */
	uint64_t size;
	size_t piece, pieces;   /* in toc.pieces: in order, without gaps, `size` bytes together */
};

struct toc {
	LIST(struct toc_entry) entries; /* in the order of the archive */
	LIST(struct toc_piece) pieces;
};

/*
 * The table's JSON; all in the arena. `data_end`: where in the blob the data of
 * files end. -1: it contradicts itself or the blob; it is then of no use at all.
 */
int toc_parse(struct span json, enum toc_kind kind, uint64_t data_end, struct arena *a, struct toc *out, struct err *err);

#endif
