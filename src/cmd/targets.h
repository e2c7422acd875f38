/* cmd/targets.h: from operands to derived inventories, one argument at a time. Only cmd includes it. */
#ifndef CMD_TARGETS_H
#define CMD_TARGETS_H

#include "base/err.h"
#include "base/mem.h"
#include "cmd/display.h"
#include "report/report.h"
#include "scan/scan.h"

struct matrix;
struct options;

/*
 * Operands are taken one by one; requirements on one line make one target
 * (so an operand of several joins them before), and -r FILE is the last.
 */
struct targets {
	struct arena arena;
	const struct options *options;
	const struct matrix *matrix;
	struct scan_options scan;
	bool apart; /* requirements that follow each other are targets of their own */
	struct cache *cache; /* NULL: none */
	struct display display;
	size_t next;
	struct scan_result now;
	LIST(struct report_error) errors; /* could not be read, or only in part: exit 3 */
};

int targets_open(struct targets *t, const struct options *o, const struct matrix *m, struct err *err);
/* The next argument's inventories, derived, in t->now: 1; 0 at the end; -1 when memory ran out or the command line is wrong. */
int targets_next(struct targets *t, struct err *err);
void targets_close(struct targets *t);

#endif
