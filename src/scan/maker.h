/* scan/maker.h: a number for the code that makes records; made at build time out of its text. Only cache.c includes it. */
#ifndef SCAN_MAKER_H
#define SCAN_MAKER_H

#include <stdint.h>

extern const uint32_t cache_maker;

#endif
