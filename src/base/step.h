/*
 * base/step.h: how a parser asks for bytes. A parser never sees a whole large
 * file: it names a range, a driver (pread, stream, memory, HTTP) serves it.
 *
 *     struct want w;
 *     enum step s = elf_step(&elf, 0, (struct span){ 0 }, &w);
 *     while (s == STEP_WANT)
 *             s = elf_step(&elf, w.at, bytes_of(w), &w);   // fewer than w.n bytes: the file ends there
 */
#ifndef BASE_STEP_H
#define BASE_STEP_H

#include <stdint.h>

#include "base/cur.h"

enum step { STEP_WANT, STEP_DONE, STEP_BAD };

/* `n` bytes from offset `at` of the file, at most LIMIT_WANT; with `least` of them the parser can go on. */
struct want {
	uint64_t at;
	uint32_t n, least;
};

#endif
