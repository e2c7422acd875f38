/* report/diff.h: a comparison in words; the text and the markdown say the same. Only they include it. */
#ifndef REPORT_DIFF_H
#define REPORT_DIFF_H

#include "report/report.h"

/* "WORSE", "BETTER", "CHANGED" or "SAME", and the sentence for it. In the report's arena; never NULL. */
struct diff_head { const char *word, *sentence; bool bad; };
struct diff_head diff_head(struct report *r, const struct comparison *c);

/* One line of what changed: "needs driver" and "525.60.13 -> 570.26". */
struct diff_line { const char *what, *text; };
typedef LIST(struct diff_line) diff_lines;
/* All of them, most telling first; without `all` those of nvidia-* and of packages without GPU code are counted. */
void diff_collect(struct report *r, const struct comparison *c, bool all, diff_lines *out);

/* "x" for what stops it, "!" for a part, "?" for what is not known, "-" else. */
const char *diff_mark(const struct finding *f);
/* Notes count only with --all. */
bool diff_shows(const struct report *r, const struct finding *f);

#endif
