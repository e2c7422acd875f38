/* check/pages.h: docs/rules.md by rule; made at build time by tools/pages.awk. check, report and cmd include it. */
#ifndef CHECK_PAGES_H
#define CHECK_PAGES_H

struct page { const char *id, *says, *text; };
extern const struct page rule_pages[]; /* ends with a NULL id */

const char *rule_page(const char *id); /* NULL if there is none */
const char *rule_says(const char *id); /* what a finding of it means, in a few words; "" if there is none */

#endif
