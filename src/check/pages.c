#include "check/pages.h"

#include <stddef.h>

#include "base/str.h"

const char *rule_page(const char *id)
{
	for (const struct page *p = rule_pages; p->id; p++)
		if (str_eq(p->id, id))
			return p->text;
	return NULL;
}

const char *rule_says(const char *id)
{
	for (const struct page *p = rule_pages; p->id; p++)
		if (str_eq(p->id, id))
			return p->says;
	return "";
}
