/* report/forge.h: what the formats for code forges share. Only they include it. */
#ifndef REPORT_FORGE_H
#define REPORT_FORGE_H

#include "report/report.h"

/* Notes and what is not known but decides nothing are for --all. */
bool forge_counts(const struct report *r, const struct finding *f);

/* "app:1 on prod, lab: torch needs ...; fix: ...", foreign bytes escaped; in the report's arena. `hosts` may be NULL. */
const char *forge_sentence(struct report *r, const struct inventory *inv, const struct finding *f, const char *hosts);

/* Where a finding is shown: a line of the Dockerfile, else the path inside the target. Relative; in the arena. */
struct forge_place { const char *path; unsigned first, last; bool dockerfile; };
struct forge_place forge_place(struct report *r, const struct inventory *inv, const struct finding *f);

#endif
