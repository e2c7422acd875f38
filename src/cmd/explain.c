/* envcheck explain: the page of a rule, or the list. The pages are docs/rules.md, built in. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "check/check.h"
#include "cmd/cmd.h"
#include "cmd/options.h"
#include "check/pages.h"

static void list_rules(void)
{
	size_t n;
	const struct rule_info *const *rules = rules_all(&n);
	for (size_t i = 0; i < n; i++)
		printf("%-28s %-8s %s\n", rules[i]->id, level_name(rules[i]->level), rule_says(rules[i]->id));
	puts("\nenvcheck explain RULE tells what a rule means and how to fix what it finds.");
}

static int no_such_rule(const char *id, struct err *err)
{
	size_t n;
	const struct rule_info *const *rules = rules_all(&n);
	const char *best = NULL;
	unsigned limit = 5;
	for (size_t i = 0; i < n; i++) {
		unsigned d = strstr(rules[i]->id, id) ? 4 : str_distance(id, rules[i]->id);
		if (d < limit) {
			limit = d;
			best = rules[i]->id;
		}
	}
	if (best)
		return err_set(err, ERR_USAGE, "there is no rule '%s': did you mean '%s'?", id, best);
	return err_set(err, ERR_USAGE, "there is no rule '%s': 'envcheck explain' lists them", id);
}

int explain_command(const struct options *o, struct err *err)
{
	if (!o->targets.n) {
		list_rules();
		return EXIT_FINE;
	}
	for (size_t i = 0; i < o->targets.n; i++) {
		const struct rule_info *r = rule_find(o->targets.v[i]);
		if (!r)
			return no_such_rule(o->targets.v[i], err);
		const char *page = rule_page(r->id);
		printf("%s%s (%s, %s)\n\n%s\n", i ? "\n" : "", r->id, r->family, level_name(r->level), rule_says(r->id));
		if (page)
			printf("\n%s", page);
	}
	return EXIT_FINE;
}
