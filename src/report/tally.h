/*
 * report/tally.h: of a large fleet what fails most: for each rule how many
 * targets and cells it strikes, the first of them, and what to do there. For
 * formats that cannot hold everything. Inside report only.
 */
#ifndef REPORT_TALLY_H
#define REPORT_TALLY_H

#include "report/report.h"

struct tally_row {
	const struct rule_info *rule;
	enum level level;
	size_t cells, targets;
	size_t last;         /* number of the last target that was counted */
	const char *where;   /* the first: "app:1 on prod-h100" */
	const char *message, *fix; /* fix: its first remedy, or NULL */
};

/* What a finding counts as: unknowns that decide are warnings. */
enum level tally_level(const struct finding *f);
/* Counts one target's findings for which forge_counts holds. */
void tally_add(struct report *r, const struct inventory *inv, const struct result *const *results, size_t n);
/* Sorts the rows: errors first, then what strikes most cells. */
void tally_sort(struct report *r);

#endif
