/* scan/layerstream.h: the layers of an image that comes as a stream, whose manifest may come last. Inside scan only. */
#ifndef SCAN_LAYERSTREAM_H
#define SCAN_LAYERSTREAM_H

#include "base/err.h"

struct plan;
struct scan_job;
struct store;

/* Reads whatever looks like a layer, as it passes. -1 only when memory runs out. */
int layers_of_stream(struct scan_job *job, struct store *s, struct err *err);

/* Under --verify: refuses the records of layers whose bytes were not those that the plan names. -1 only when memory runs out. */
int layers_hold(struct scan_job *job, struct store *s, const struct plan *plan, struct err *err);

#endif
