/* scan/layertask.h: one layer of an image, read or found in the cache. Inside scan only. */
#ifndef SCAN_LAYERTASK_H
#define SCAN_LAYERTASK_H

#include <stdint.h>

#include "base/err.h"

struct member;
struct record;
struct scan_job;
struct store;

struct layer_task {
	const struct member *member;
	const char *digest, *diff_id; /* as stated, of the blob and of the plain tar; NULL */
	const char *toc_digest, *toc_position; /* as plan_layer has them */
	uint64_t stated;    /* bytes of the blob; 0: not stated */
	struct record *record;
	struct err err; /* memory alone */
};

/* Fills the record; one that could not be read says so (record.broken). Several at once, each in a thread of its own. */
void layer_task_run(struct scan_job *job, struct store *s, struct layer_task *t);

#endif
