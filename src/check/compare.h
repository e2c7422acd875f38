/*
 * check/compare.h: what changed between two targets and their results, such
 * as an image and its rebuild. No I/O. Borrows both inventories, the results
 * and the matrix; its own memory is in the arena of the caller.
 */
#ifndef CHECK_COMPARE_H
#define CHECK_COMPARE_H

#include "base/sm.h"
#include "check/check.h"

/* One thing under one name: an added one has no `before`, a removed one no `after`. */
struct change {
	const char *name, *before, *after;
	const char *environment; /* of a package; NULL else */
	bool gpu;                /* a package with GPU code of its own */
};
typedef LIST(struct change) changes;

/* A capability of GPUs whose treatment changed. */
enum gpu_reach { REACH_NONE, REACH_JIT, REACH_NATIVE };
struct gpu_change {
	struct ver2 cc;
	const char *arch, *such_as; /* "Hopper", "H100"; such_as may be NULL */
	enum gpu_reach before, after;
};

/* One host, or none; the results are borrowed, findings point into them. */
struct host_change {
	const struct result *before, *after;
	LIST(const struct finding *) fresh; /* only after, or worse than before */
	LIST(const struct finding *) gone;
	unsigned same;
};

struct comparison {
	const struct inventory *before, *after;
	size_t layers_kept;     /* from the bottom on, by their content */
	int driver;             /* the oldest driver: 1 newer, -1 older, 0 as before or not known */
	bool driver_known;      /* of both */
	bool gpus_known;
	LIST(struct gpu_change) gpus; /* by capability */
	changes system, packages, libraries, settings;
	LIST(struct host_change) hosts;
};

/* `before` and `after` are derived, their results in the order of the hosts. -1 when memory runs out. */
int compare_targets(const struct inventory *before, const struct inventory *after, const struct result *const *old_results,
		    const struct result *const *new_results, size_t n, const struct matrix *m, struct arena *a, struct comparison *out, struct err *err);

#endif
