/* source/inroot.h: opening below a folder, links followed inside it and never out. scan, cmd and tests may include it. */
#ifndef SOURCE_INROOT_H
#define SOURCE_INROOT_H

#include "base/err.h"

/*
 * Opens `path` as if `root` were "/": absolute links and ".." stay inside. An
 * fd of the caller's, or -1 with errno. `flags` as for open, O_CLOEXEC added;
 * nothing is created.
 */
int open_in_root(int root, const char *path, int flags);

#endif
