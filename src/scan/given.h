/* scan/given.h: targets that are texts: saved inventories, declarations, requirements. Inside scan only. */
#ifndef SCAN_GIVEN_H
#define SCAN_GIVEN_H

#include <stdbool.h>

#include "scan/job.h"

struct store;

int scan_json(struct scan_job *job, struct store *s, struct err *err);
int scan_list(struct scan_job *job, struct store *s, struct err *err); /* a requirements file or a lock file */

/* Does an argument that names no file read as requirements ("torch==2.5.1+cu124 torchvision")? */
bool scan_is_requirement(const char *arg, bool bare); /* bare: a name alone ("torch") is one too */
int scan_requirement_line(struct scan_job *job, const char *line, struct err *err);

#endif
