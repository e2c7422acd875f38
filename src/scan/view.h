/* scan/view.h: a merged tree with what was read of its files; what assembling looks at. Inside scan only. */
#ifndef SCAN_VIEW_H
#define SCAN_VIEW_H

#include <stdint.h>

#include "base/cur.h"
#include "inventory/fs.h"
#include "scan/record.h"

struct inventory;

struct view {
	struct inventory *inv;
	const struct fs *fs;
	const struct item *const *items; /* by node.item - 1 */
	const char *base;                /* where the tree stands on the target: "/", or "" for wheels and environments */
};

/* What was read of a node; NULL if it was not selected. */
const struct item *view_item(const struct view *v, uint32_t node);

/* The captured text of a file, links followed; an empty span with p NULL if there is none. */
struct span view_text(const struct view *v, uint32_t from, const char *path);

/* A node's path as the report shows it, in the inventory's arena; NULL when memory runs out. */
const char *view_path(const struct view *v, uint32_t node);

#endif
