/* base/thread.h: workers for independent pieces. Everybody may include it. */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H

#include <stddef.h>

/*
 * Runs work(context, i) for every i in [0, n), each once, in the order of i,
 * on at most `jobs` threads (0: as many as cores). Returns when all are done.
 * Where a thread cannot be started the others do its share.
 */
void thread_each(unsigned jobs, size_t n, void (*work)(void *context, size_t i), void *context);

/* Cores that this process may use: at least 1. */
unsigned thread_cores(void);

#endif
