/*
 * report/report.h: from judged targets to text, JSON and other formats.
 * Targets are streamed: each is written when it comes, what is needed at the
 * end is kept as a few bytes per target. To add a format: one file with a
 * `struct report_format`, one row in report/report.c.
 */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "check/check.h"

struct comparison;
struct inventory;
struct report;
struct tally_row; /* report/tally.h */

/* A host as reports show it: what was stated and what was derived. NULL: not known. */
struct report_gpu { const char *name, *cc; unsigned count; };
struct report_host {
	const char *name, *driver, *cuda, *arch, *runtime;
	unsigned nodes;
	bool no_gpu;
	LIST(struct report_gpu) gpus;
};

/* What is true of the whole run. Borrowed. */
struct report_job {
	const char *version;
	const char *matrices; /* date of the tables; NULL: not known */
	const char *newest;   /* "driver 580.65, torch 2.9.1": what the tables know last; NULL */
	const struct report_host *hosts;
	size_t hosts_n;
	bool inspect;         /* no judgement: envcheck.inventory/1 */
	bool baseline;        /* findings say whether they are new */
	bool all, files, tree, colour;
	const char *tree_package; /* --tree=PACKAGE; NULL: all */
	const char *dockerfile;   /* whose lines findings name; NULL: none was given */
};

struct report_error { const char *name, *text; };

struct report_tail {
	const struct report_error *errors;
	size_t errors_n;
	const struct ignore_rule *unused; /* ignores that matched nothing, or are past their date */
	size_t unused_n;
	enum verdict verdict;
};

enum { REPORT_CHECK = 1, REPORT_INSPECT = 2, REPORT_DIFF = 4 };

struct report_format {
	const char *name;
	unsigned of; /* REPORT_CHECK, REPORT_INSPECT, REPORT_DIFF */
	void (*begin)(struct report *r);
	/* One target with its results, one per host in their order (one with a NULL host if there are none); n is 0 for inspect. */
	void (*target)(struct report *r, const struct inventory *inv, const struct result *const *results, size_t n);
	void (*end)(struct report *r, const struct report_tail *t);
	void (*changes)(struct report *r, const struct comparison *c); /* of REPORT_DIFF, which has no targets */
	bool passes; /* it says what passed, even without --all */
};

/* A report in the making. The members after `out` are the format's. Failures stick in `bad`. */
struct report {
	const struct report_format *format;
	const struct report_job *job;
	FILE *out; /* borrowed */
	struct arena arena; /* a format may clear it after each target */
	struct arena kept;  /* lives as long as the report */
	LIST(struct tally_row) tally;
	struct json_out j;
	struct buf side[4]; /* what is kept for the end: JSON's targets and gaps, the grids of text, HTML and markdown */
	struct json_out aside[2];
	size_t count, seen;
	size_t verdicts[VERDICT_FAIL + 1]; /* results of each */
	size_t said[LEVEL_ERROR + 1], unsaid[LEVEL_ERROR + 1]; /* GitHub: annotations of each level, and those over its limit */
	unsigned char rules[16]; /* HTML: a bit for each rule that was found, in the catalogue's order */
	bool bad;
};

/* NULL if `of` (one of the three) has no format of that name. */
const struct report_format *report_format_find(unsigned of, const char *name);
/* The names of all formats for `of` (NULL ends). `names` has room for REPORT_FORMATS_MAX. */
enum { REPORT_FORMATS_MAX = 16 };
void report_format_names(unsigned of, const char *names[REPORT_FORMATS_MAX]);

void report_begin(struct report *r, const struct report_format *f, const struct report_job *job, FILE *out);
void report_target(struct report *r, const struct inventory *inv, const struct result *const *results, size_t n);
void report_changes(struct report *r, const struct comparison *c);
/* Ends and clears the report; -1 if anything could not be written. */
int report_end(struct report *r, const struct report_tail *t, struct err *err);

extern const struct report_format report_text, report_json, report_inventory, report_sarif, report_junit, report_github, report_gitlab,
	report_markdown, report_html, report_diff_text, report_diff_json, report_diff_markdown;

/* One word for a host as heads of reports say it: "prod-a100 (A100, driver 470.82.01)"; in the arena, never NULL. */
const char *report_host_line(struct arena *a, const struct report_host *h);

/* How many findings of each kind; an unknown counts where it would be an error. */
struct report_counts { unsigned errors, warnings, notes, unknowns, passes; };
struct report_counts report_count(const struct result *res);

/* Do two results say the same of one target? */
bool report_alike(const struct result *a, const struct result *b);

/* For each result the index of the first that says the same; in the arena, NULL without memory. */
const size_t *report_groups(struct arena *a, const struct result *const *results, size_t n);

/* What a verdict means, to stand before " on HOST" or, without a host, after ": ". */
const char *report_verdict_words(const struct result *res, bool host);

/* What trying a remedy said, "checked: runs here"; NULL if it could not be tried. */
const char *report_checked(const struct remedy *r);

/* The name by which a target is shown: its first reference or its name. */
const char *report_target_name(const struct inventory *inv);

/*
 * Bytes of the target for eyes: control characters, C1, bidirectional
 * overrides, what cannot be seen and what is not UTF-8 become \xNN. Appends to b.
 */
void shown_add(struct buf *b, const char *s);

#endif
