/*
 * parse/procdriver.h: what a kernel says of its driver: /proc/driver/nvidia/version,
 * /etc/nv_tegra_release of a Jetson, `modinfo nvidia`. host and tests include it.
 */
#ifndef PARSE_PROCDRIVER_H
#define PARSE_PROCDRIVER_H

#include "parse/machine.h"

bool procdriver_is(struct span text);

/* Adds driver, architecture and kind of kernel module. -1: memory, or a line without version. */
int procdriver_parse(struct span text, struct arena *a, struct machine *m, struct err *err);

#endif
