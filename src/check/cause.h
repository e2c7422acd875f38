/*
 * check/cause.h: from what rules emitted to findings with one cause each.
 * Inside check only; check_run calls these in this order.
 */
#ifndef CHECK_CAUSE_H
#define CHECK_CAUSE_H

#include "check/rule.h"

/* Findings outside the primary environment say what might matter, not what breaks. */
void cap_by_environment(const struct facts *f, struct result *r);
/* GPUs of several kinds: what fails on some of them only is a warning that names them. */
void join_gpus(const struct facts *f, struct out *out, struct result *r);
/* One finding for each rule and package, with its further paths. */
void join_paths(struct out *out, struct result *r);
/* Layers with their history line; targets without layers have none. */
void place_layers(const struct inventory *inv, struct result *r);
/* What several packages fail by alike (`cause`) is one finding. After ignores, which name packages. */
void join_packages(struct out *out, struct result *r);

/* Of rule, host, environment, package, path and gpu; a rebuild and an upgrade keep it. */
void finding_fingerprint(struct finding *f, const struct host *host);

#endif
