/* source/watch.h: a blob that tells how far it was read. scan, cmd and tests may include it. */
#ifndef SOURCE_WATCH_H
#define SOURCE_WATCH_H

#include "base/err.h"
#include "base/progress.h"
#include "source/blob.h"

/*
 * The same bytes, and where the last ones lay counts as done; all of them once
 * it is closed, and the part as ended. `b` is taken, even on failure, and comes
 * back as it is where p is NULL. Ask blob_identity before: this one has none.
 */
struct blob *watch_take(struct blob *b, struct progress *p, struct err *err);

#endif
