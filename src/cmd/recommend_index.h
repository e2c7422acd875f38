/* cmd/recommend_index.h: envcheck recommend --index: which wheels of an index run on a host. Inside cmd only. */
#ifndef CMD_RECOMMEND_INDEX_H
#define CMD_RECOMMEND_INDEX_H

#include "base/err.h"

struct options;

int recommend_index_command(const struct options *o, struct err *err);

#endif
