/* scan/errand.h: wishes on their way through package indexes, for wish_fetch.c and versions.c alone. */
#ifndef SCAN_ERRAND_H
#define SCAN_ERRAND_H

#include "scan/pick.h"
#include "scan/wish.h"

struct webindex;

enum { AT_ONCE = 8 }; /* requests to indexes */

/* One wish on its way. Each has an arena of its own: workers share none. */
struct errand {
	const struct wish *wish;
	struct arena arena;
	struct index_page page;
	struct pick pick;
	struct err err;
	struct record *record; /* NULL: nothing was read */
};

struct errands {
	struct scan_job *job;
	LIST(const char *) urls; /* of indexes; those from `general` on are for the packages that name them */
	struct webindex **indexes;
	size_t indexes_n, general;
	struct errand *v;
	size_t n;
	bool brief;
};

/* For the platform of the options. -1: they name none of Linux. */
int errands_system(const struct scan_options *o, struct pysystem *sys, struct err *err);

/* An errand for each wish, and the indexes that they are looked up in. errands_close also where this fails. */
int errands_open(struct errands *all, struct scan_job *job, const struct wish *wishes, size_t n, struct err *err);
int errands_indexes(struct errands *all, const struct wishes *w, struct err *err);
void errands_close(struct errands *all);

/* The files that there are for wish i; what went wrong stands in its err. For thread_each. */
void errand_pages(void *context, size_t i);

/* Chooses a Python where none is stated, and a file for each wish. -1 memory. */
int errands_choose(struct errands *all, const struct wishes *w, struct pysystem *sys);

/* Reads the wheel of wish i into its record, if it has one. For thread_each. */
void errand_read(void *context, size_t i);

/* One inventory of all. */
int errands_inventory(struct errands *all, struct err *err);

#endif
