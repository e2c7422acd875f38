/*
 * report/html.h: what the files of the HTML report share. Only they include
 * it. Text of the target gets into a page through html_text and html_add
 * alone: shown_add first, so no control or bidirectional character is left,
 * then the five characters that HTML knows.
 */
#ifndef REPORT_HTML_H
#define REPORT_HTML_H

#include "report/report.h"

/* The style sheet and the script with their hashes, from html.css and html.js: made at build time by tools/sheet.c. */
extern const char html_css[], html_css_hash[], html_js[], html_js_hash[];

void html_text(struct report *r, const char *s);
void html_add(struct buf *b, const char *s);
/* Markup of ours; the arguments are numbers and words of ours. */
void html_put(struct report *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* One target: its results, and for each the first one that says the same; `number` counts targets from 1. */
struct html_row {
	const struct inventory *inv;
	const struct result *const *results;
	const size_t *alike;
	size_t n, number;
};

/* What stands below the grid. */
void html_put_target(struct report *r, const struct html_row *row);

#endif
