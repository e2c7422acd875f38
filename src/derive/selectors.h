/*
 * derive/selectors.h: which of several alternative libraries a package takes.
 * Each selector of matrices/roles.json is imitated from the program that picks.
 * Pure. derive, check and tests include it.
 */
#ifndef DERIVE_SELECTORS_H
#define DERIVE_SELECTORS_H

#include <stdbool.h>

#include "base/version.h"
#include "inventory/inventory.h"

/*
 * Marks what is picked whatever the host: bitsandbytes by torch's CUDA, DGL by
 * torch's version, the CUDA build where one lies beside a CPU build. -1 when
 * memory runs out.
 */
int selectors_pick(struct inventory *inv);

/* After the loader was followed: of libraries for several FFmpegs the newest that finds all it needs, else the newest. */
void selectors_pick_loaded(struct inventory *inv);

/* What a choice depends on beside the target. */
struct selector_host {
	struct ver2 cc;     /* of the GPU */
	int branch;         /* of the driver: 550; 0: not known */
	bool tegra;
};

/* Is an alternative the one that its package loads on that GPU? */
bool selector_takes(const struct inventory *inv, const struct library *l, struct selector_host h);

#endif
