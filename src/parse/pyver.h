/* parse/pyver.h: assignments of texts in Python files that builds generate: torch/version.py and its like. scan and tests include it. */
#ifndef PARSE_PYVER_H
#define PARSE_PYVER_H

#include <stdbool.h>

#include "base/cur.h"
#include "base/mem.h"

/* NULL: no such line; the text "None" never appears, see the flags. */
struct pyver {
	const char *version; /* __version__ */
	const char *cuda, *hip, *rocm, *xpu, *git;
	bool cuda_none;      /* cuda = None: built without */
	const char *cudnn;   /* cudnn_version */
};

/*
 * Reads `name = 'text'`, `name: Optional[str] = "text"`, `name = None` and
 * dictionary entries `"name": "text"` of one line. -1 when memory runs out.
 */
int pyver_parse(struct span text, struct arena *a, struct pyver *out);

#endif
