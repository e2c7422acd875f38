/* base/sm.h: the name of a GPU code target: sm_90a, compute_80, lto_90. Everybody may include it. */
#ifndef BASE_SM_H
#define BASE_SM_H

#include <stdbool.h>

#include "base/version.h"

/* 90 and 'a' of sm_90a; suffix 0, 'a' (this architecture alone) or 'f' (its family). number 0 = none. */
struct sm {
	short number;
	char suffix;
};

/* Reads "sm_90a", "compute_90", "lto_90", "90a" or "9.0a"; number 0 if it is none of these. */
struct sm sm_parse(const char *s);
int sm_cmp(struct sm a, struct sm b); /* by number, then suffix */

struct sm_text { char s[20]; };
struct sm_text sm_print(const char *prefix, struct sm sm); /* sm_print("sm_", x).s */

/* The compute capability that the number stands for: 90 -> 9.0, 103 -> 10.3. */
struct ver2 sm_cc(struct sm sm);

#endif
