/* report/lines.h: lines of text for eyes, foreign bytes escaped. Only the formats for eyes include it. */
#ifndef REPORT_LINES_H
#define REPORT_LINES_H

#include "base/sm.h"
#include "report/report.h"

struct package;

enum paint { PLAIN, RED, YELLOW, GREEN, BOLD };

/* One line: the text is escaped as a whole, so nothing foreign ends it or colours it. `word` is painted and stands first; NULL: none. */
void say_line(struct report *r, enum paint paint, const char *word, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* What to do, and what trying it said. */
void say_remedy(struct report *r, const char *head, const struct remedy *remedy);
void say_blank(struct report *r);

/* "sm_70-sm_120" or "sm_50 sm_60 sm_90a": the targets of a list, shortened to their ends over `max`. In the arena, never NULL. */
const char *targets_line(struct arena *a, const char *prefix, const struct sm *v, size_t n, size_t max);

/* The packages with GPU code of one environment (NULL: of all), at most eight by name. */
void packages_line(struct buf *b, const struct inventory *inv, const char *environment);
/* "image, linux/amd64, debian 12, glibc 2.36, 3 layers" */
void identity_line(struct buf *b, const struct inventory *inv);
/* "driver >= 525.60.13; native sm_70 sm_80"; empty if nothing is known to be asked for. */
void needs_line(struct buf *b, struct arena *a, const struct inventory *inv);

/* What of the layers is somebody's word, as a sentence without its full stop; NULL: nothing. In the arena. */
const char *claimed_line(struct arena *a, const struct inventory *inv);
const char *tabled_line(struct arena *a, const struct inventory *inv);

/* What is inside: shared by inspect and by a check without hosts. */
void text_identity(struct report *r, const struct inventory *inv);
void text_runs(struct report *r, const struct inventory *inv);
void text_needs(struct report *r, const struct inventory *inv);
void text_tree(struct report *r, const struct inventory *inv); /* what the loader takes, and why */
void text_inspect(struct report *r, const struct inventory *inv);

/* Does the package carry or drive GPU code (nvidia's own parts aside)? */
bool gpu_package(const struct package *p);

#endif
