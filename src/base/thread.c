#include "base/thread.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

enum { MAX_THREADS = 256 };

struct pool {
	atomic_size_t next;
	size_t n;
	void (*work)(void *context, size_t i);
	void *context;
};

static void *run(void *arg)
{
	struct pool *p = arg;
	for (size_t i; (i = atomic_fetch_add(&p->next, 1)) < p->n;)
		p->work(p->context, i);
	return NULL;
}

unsigned thread_cores(void)
{
	cpu_set_t set;
	int n = sched_getaffinity(0, sizeof(set), &set) ? 1 : CPU_COUNT(&set);
	return n < 1 ? 1 : (unsigned)n;
}

void thread_each(unsigned jobs, size_t n, void (*work)(void *context, size_t i), void *context)
{
	struct pool p = { .n = n, .work = work, .context = context };
	pthread_t ids[MAX_THREADS];
	unsigned started = 0;
	if (!jobs)
		jobs = thread_cores();
	if (jobs > MAX_THREADS)
		jobs = MAX_THREADS;
	while (started + 1 < jobs && started + 1 < n && !pthread_create(&ids[started], NULL, run, &p))
		started++;
	run(&p);
	for (unsigned i = 0; i < started; i++)
		pthread_join(ids[i], NULL);
}
