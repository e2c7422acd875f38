/*
 * report/markdown.h: text of the target in markdown. Only the markdown
 * formats include it. Nothing becomes markup, a mention or a reference: forges
 * look for those in the finished page, so an empty comment stands between.
 */
#ifndef REPORT_MARKDOWN_H
#define REPORT_MARKDOWN_H

#include "report/report.h"

void markdown_add(struct buf *b, const char *s);
void markdown_add_code(struct buf *b, const char *s); /* a code span; not inside tables */
void markdown_text(struct report *r, const char *s);
void markdown_code(struct report *r, const char *s);

#endif
