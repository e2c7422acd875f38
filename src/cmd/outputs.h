/* cmd/outputs.h: what commands write to: standard error for complaints, and outputs that are written atomically. Only cmd includes it. */
#ifndef CMD_OUTPUTS_H
#define CMD_OUTPUTS_H

#include <stdbool.h>
#include <stdio.h>

#include "base/err.h"
#include "report/report.h"

struct options;

#define ENVCHECK_VERSION "0.1.0"

/* One complaint on standard error: "envcheck: ...", foreign bytes escaped. */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

int version_print(const struct options *o, struct err *err);

/* ---- outputs: standard output, or what -o names ---- */

struct output {
	const char *path;  /* NULL: standard output */
	const char *temp;  /* beside path; renamed to it when all is written */
	FILE *file;
	const struct report_format *format; /* of reports; NULL for others */
	bool json;         /* of others */
	struct report report;
};

struct outputs {
	struct arena arena;
	LIST(struct output) list;
	bool named; /* -o was given: then only what it names is written */
};

/*
 * Opens what --format and -o ask for; `of` is REPORT_CHECK or REPORT_INSPECT,
 * or 0 for a command that writes text or JSON itself (`json` says which).
 * outputs_close always: with ok false the temporary files go away and the
 * named files are as they were.
 */
int outputs_open(struct outputs *u, const struct options *o, unsigned of, struct err *err);
int outputs_close(struct outputs *u, bool ok, struct err *err);

bool terminal(FILE *f); /* may it be coloured: a terminal, NO_COLOR unset, TERM not dumb */

#endif
