/* Weak stand-ins for rooms that are not in the tree yet; each goes when its room comes. */
#include "base/err.h"
#include "check/check.h"
#include "derive/derive.h"
#include "inventory/inventory.h"

#define WEAK __attribute__((weak))

WEAK int derive_target(struct inventory *inv, const struct matrix *m, const struct derive_options *o, struct err *err)
{
	(void)inv, (void)m, (void)o, (void)err;
	return 0;
}

WEAK int check_run(const struct inventory *inv, const struct host *host, const struct matrix *m, const struct check_options *options,
		   struct result *out, struct err *err)
{
	(void)m, (void)options, (void)err;
	*out = (struct result){ .target = inv, .host = host, .verdict = VERDICT_UNKNOWN };
	return 0;
}

WEAK void result_clear(struct result *r) { arena_clear(&r->arena); }
WEAK const struct rule_info *const *rules_all(size_t *n) { *n = 0; return NULL; }
WEAK const struct rule_info *rule_find(const char *id) { (void)id; return NULL; }
WEAK const char *level_name(enum level l) { return l == LEVEL_ERROR ? "error" : l == LEVEL_WARNING ? "warning" : "note"; }
WEAK const char *answer_name(enum answer a) { return a == ANSWER_FAIL ? "fail" : a == ANSWER_UNKNOWN ? "unknown" : "pass"; }
WEAK const char *verdict_name(enum verdict v)
{
	static const char *const names[] = { "nothing", "pass", "warn", "unknown", "fail" };
	return names[v];
}
