/* cmd/dockerfile.h: --dockerfile: its lines beside the layers that they made. Only cmd includes it. */
#ifndef CMD_DOCKERFILE_H
#define CMD_DOCKERFILE_H

#include "base/err.h"
#include "base/mem.h"
#include "parse/dockerfile.h"

struct inventory;

struct docker_lines {
	struct arena arena;
	const char *path; /* as reports show it; NULL: none was given */
	struct dockerfile file;
};

/* `path` NULL gives lines that mark nothing. A file that cannot be read is ERR_USAGE. */
int docker_lines_open(struct docker_lines *d, const char *path, struct err *err);
/* Marks the layers of an image that the file made. -1 when memory runs out. */
int docker_lines_mark(const struct docker_lines *d, struct inventory *inv, struct err *err);
void docker_lines_close(struct docker_lines *d);

#endif
