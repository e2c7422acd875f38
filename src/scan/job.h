/* scan/job.h: one run of scan_target. Inside scan only. */
#ifndef SCAN_JOB_H
#define SCAN_JOB_H

#include "base/mem.h"
#include "inventory/inventory.h"
#include "scan/record.h"
#include "scan/scan.h"

struct layer_sums;
struct scan_record {
	size_t member;
	struct record *record;
	struct layer_sums *sums; /* streams under --verify; else NULL */
};

/* Owned by the scan_result; its arena and records live as long as the inventories that borrow them. */
struct scan_job {
	const struct scan_options *options;
	struct scan_result *out;
	const char *name; /* of the target, as given */
	struct wanted wanted;
	struct arena arena;
	LIST(struct scan_record) records;
};

/* Begins a run for one argument; it belongs to *out. NULL when memory runs out. */
struct scan_job *scan_job_new(const char *arg, const struct scan_options *options, struct scan_result *out, struct err *err);

/* A new record of the job's, for a member's number or job->records.n. NULL when memory runs out. */
struct record *scan_record_new(struct scan_job *job, size_t member);
/* The one that is there; NULL. Until the next is made. */
struct scan_record *scan_record_find(const struct scan_job *job, size_t member);

/* Of what was not looked at nothing is known; the tables may know it. */
int scan_brief(struct inventory *inv, const char *why, struct err *err);

/* A new inventory in the result. NULL when memory runs out. */
struct inventory *scan_new_inventory(struct scan_job *job, const char *name, enum target_kind kind, struct err *err);

/* --set-env on top of the target's own ENV, and the whole sorted by name. */
void scan_apply_env(const struct scan_job *job, struct inventory *inv);

/* Merges records (NULL: a layer that is missing) and fills the inventory from what they hold. */
int scan_merge(struct scan_job *job, struct inventory *inv, struct record *const *records, size_t n, const char *base, struct err *err);

#endif
