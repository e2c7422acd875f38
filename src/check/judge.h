/*
 * check/judge.h: what a judge keeps between results: of a host, of a target, of
 * a target on equal hosts, and of the torch wheels that remedies try. Inside check only.
 */
#ifndef CHECK_JUDGE_H
#define CHECK_JUDGE_H

#include "check/rule.h"

/* A host and what follows from it. Equal hosts share a kind, and what `kept` has of it. */
struct supply {
	const struct host *host;
	struct host_facts facts;
	size_t kind;          /* from 1 on; 0 stands for no host */
	size_t rest;          /* from 1 on; alike for hosts that differ in their drivers alone */
	unsigned char *wheels; /* one for each row of the table of torch: its verdict here, from 1 on; 0: not tried; shared by a kind */
	struct supply *next;  /* in its bucket */
};

/* One row of the table of torch as a target of its own. */
struct wheel { struct inventory *inv; struct demand demand; };

/* The target with another torch, as remedies try it. */
struct variant {
	const struct package *torch;
	const char *version;
	struct inventory inv; /* borrows the target's; what it adds lives in its arena and in `alone` */
	struct arena alone;
	struct demand demand;
	bool untold;
	struct variant *next;
};

/* The target under another LD_LIBRARY_PATH: the loader is asked once, whatever the host. */
struct path_variant {
	const char *value;
	struct inventory inv; /* borrows the target's */
	bool untold;
	struct path_variant *next;
};

/* The rows of torch for one platform and interpreter, nearest to a version first. */
struct nearest { const char *version, *platform, *python; size_t *rows, n; };

/* What becomes of the target on a host with another driver, once for all that differ in theirs alone. */
struct driven { const char *version; struct result result; };
struct drivers { LIST(struct driven) v; };

/* What was found on a kind of host, before the user's options. */
struct kept {
	bool done;
	LIST(struct finding) findings;
	const char *works_by;
};

enum { JUDGE_BUCKETS = 4096 };

struct judge {
	const struct matrix *m;
	const struct check_options *options;
	struct arena hosts;  /* of supplies and wheels */
	struct arena target; /* of demand and results */
	struct supply *bucket[JUDGE_BUCKETS];
	size_t kinds, rests;
	struct wheel *wheels; /* one for each row of torch, made when first tried */
	const struct inventory *inv;
	struct demand demand;
	struct kept *kept;
	size_t kept_n;
	LIST(struct nearest) nearest; /* of the target's versions of torch */
	struct variant *variants;
	struct path_variant *paths;
	struct drivers *driven;       /* one for each `rest`, when the first is tried */
};

struct judge *judge_new(const struct matrix *m, const struct check_options *options);
void judge_free(struct judge *j);
/* A host as this judge knows it. */
const struct supply *judge_host(struct judge *j, const struct host *h, struct err *err);
/* Begins a target. The results of the one before are gone. */
int judge_target(struct judge *j, const struct inventory *inv, struct err *err);
/* The target at hand on a host, or on none (NULL). The result lives until the next target. */
int judge_run(struct judge *j, const struct supply *s, struct result *r, struct err *err);

/* A number below JUDGE_BUCKETS; hosts that are equal but for their drivers have one. */
unsigned judge_bucket(const struct host *h);

/* A target on a supply, or on none (NULL), with neither remedies nor words: findings and verdict, in the arena. -1 when memory runs out. */
int judge_silently(struct judge *j, const struct inventory *inv, const struct demand *d, const struct supply *s, const struct check_options *o,
		   struct result *r, struct arena *a);

/* What of a target holds on every host, into its demand: without remedies and words. */
int judge_anywhere(struct judge *j, const struct inventory *inv, struct demand *d, const struct check_options *o, struct arena *a);

/* Frees what remedies made: for all targets, and for the one at hand. */
void wheels_free(struct judge *j);
void variants_free(struct judge *j);
void paths_free(struct judge *j);

#endif
