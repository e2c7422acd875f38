/* parse/paste.h: a text as it was, out of what copying and logging make of it. Pure. */
#ifndef PARSE_PASTE_H
#define PARSE_PASTE_H

#include "base/cur.h"
#include "base/err.h"
#include "base/mem.h"

/*
 * UTF-16 (PowerShell's >) becomes ASCII, with '?' for the rest; a byte order
 * mark, escape sequences of terminals and what stands before each line alike
 * (a time, a container's name and a bar, a mail's "> ") go away; a blank that does
 * not break is a blank. The text is as given, or in the arena.
 */
int paste_clean(struct span *text, struct arena *a, struct err *err);

#endif
