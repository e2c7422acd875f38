/* cmd/tables.h: the matrices of a run, built in or from --matrices. Only cmd includes it. */
#ifndef CMD_TABLES_H
#define CMD_TABLES_H

#include "base/err.h"
#include "base/mem.h"

struct matrix;
struct options;

struct tables {
	struct arena arena;
	const struct matrix *matrix;
	const char *date;   /* of the newest row; NULL: not known */
	const char *newest; /* what they know last, in words; NULL */
};

int tables_open(struct tables *t, const struct options *o, struct err *err);
void tables_close(struct tables *t);

#endif
