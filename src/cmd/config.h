/* cmd/config.h: .envcheck.json (named environments, levels, ignores) and --baseline. Only cmd includes it. */
#ifndef CMD_CONFIG_H
#define CMD_CONFIG_H

#include <stdbool.h>

#include "base/err.h"
#include "base/mem.h"
#include "check/check.h"

struct options;

/*
 * {"environments": {"prod": {"hosts": ["a.json"], "expect": "gpu", "fail_on": "warning"}},
 *  "hosts": [...], "expect": "...", "fail_on": "...",              when no --env is given
 *  "levels": {"ptx-jit-only": "note"},                             error, warning, note or off
 *  "ignores": [{"rule": "...", "package": "...", "path": "...", "host": "...", "reason": "...", "expires": "2027-01-31"}]}
 * Host files stand relative to the configuration. An ignore needs a rule and a reason.
 */
struct config {
	struct arena arena;
	const char *path; /* NULL: there is none */
	LIST(const char *) hosts;
	const char *expect, *fail_on;
	LIST(struct level_override) levels;
	LIST(struct ignore_rule) ignores;
};

/* Finds (nearest parent folder, or --config; 'none': no file) and reads it. A wrong file is ERR_USAGE. `today`: "YYYY-MM-DD". */
int config_open(struct config *c, const struct options *o, const char *today, struct err *err);
void config_close(struct config *c);

/* The fingerprints of a JSON report, sorted. */
struct baseline {
	struct arena arena;
	LIST(const char *) fingerprints;
};
int baseline_open(struct baseline *b, const char *path, struct err *err); /* a wrong file is ERR_USAGE */
bool baseline_has(const struct baseline *b, const char *fingerprint);
void baseline_close(struct baseline *b);

#endif
