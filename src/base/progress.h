/*
 * base/progress.h: how far a long job is, counted by its workers and shown by
 * somebody else meanwhile. Everybody may include it. NULL counts nothing.
 */
#ifndef BASE_PROGRESS_H
#define BASE_PROGRESS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct progress {
	_Atomic uint64_t total, done;  /* bytes of the parts that are known, and of them behind us */
	_Atomic unsigned parts, ended; /* layers, or other files that are read as a whole */
	_Atomic uint64_t entries;      /* of all trees so far */
};

/* One more part of so many bytes is to be read. */
static inline void progress_expect(struct progress *p, uint64_t bytes)
{
	if (!p)
		return;
	atomic_fetch_add_explicit(&p->total, bytes, memory_order_relaxed);
	atomic_fetch_add_explicit(&p->parts, 1, memory_order_relaxed);
}

/* Bytes further; back, where `to` is less than `from`. */
static inline void progress_move(struct progress *p, uint64_t from, uint64_t to)
{
	if (p)
		atomic_fetch_add_explicit(&p->done, to - from, memory_order_relaxed);
}

/* A part is over. */
static inline void progress_end(struct progress *p)
{
	if (p)
		atomic_fetch_add_explicit(&p->ended, 1, memory_order_relaxed);
}

static inline void progress_entry(struct progress *p)
{
	if (p)
		atomic_fetch_add_explicit(&p->entries, 1, memory_order_relaxed);
}

#endif
