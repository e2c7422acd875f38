/* parse/nvsmixml.h: the XML of `nvidia-smi -q -x`. host and tests include it. */
#ifndef PARSE_NVSMIXML_H
#define PARSE_NVSMIXML_H

#include "parse/machine.h"

bool nvsmixml_is(struct span text);

/* Adds driver, CUDA and GPUs. -1: memory, XML that is broken or cut off, entities, elements nested too deep. */
int nvsmixml_parse(struct span text, struct arena *a, struct machine *m, struct err *err);

#endif
