/* base/version.h: version numbers, always compared as numbers. Everybody may include it. */
#ifndef BASE_VERSION_H
#define BASE_VERSION_H

#include <stdbool.h>

#include "base/cur.h"

/* A CUDA version or compute capability: major 0 = not known; minor -1 = only the major is known. */
struct ver2 {
	short major, minor;
};
#define VER2_NONE ((struct ver2){ 0, -1 })

/* Reads "12", "12.4", "12.4.1" (the rest is dropped); VER2_NONE if it does not begin with a number. */
struct ver2 ver2_parse(const char *s);
int ver2_cmp(struct ver2 a, struct ver2 b); /* an unknown minor counts as 0 */
static inline bool ver2_known(struct ver2 v) { return v.major > 0; }
/* Between two ends, of which an unknown one is open. */
static inline bool ver2_between(struct ver2 v, struct ver2 min, struct ver2 max)
{
	return (!ver2_known(min) || (ver2_known(v) && ver2_cmp(v, min) >= 0)) && (!ver2_known(max) || (ver2_known(v) && ver2_cmp(v, max) <= 0));
}
static inline bool ver2_full(struct ver2 v) { return v.major > 0 && v.minor >= 0; }

/* Text of a ver2 ("12.4", "12", "") in a buffer of the caller's; returns it. */
struct ver2_text { char s[16]; };
struct ver2_text ver2_print(struct ver2 v);

/*
 * Compares dotted numbers group by group (410.129 > 410.48; 535.104.05 = 535.104.5;
 * 12 < 12.0.1, 12 = 12.0). Text after the numbers is ignored.
 */
int version_cmp(const char *a, const char *b);
/* Do two versions agree as far as both go: "9.1.0" and "9.1.0.70"? */
bool version_agree(const char *a, const char *b);

/* How many leading dotted groups are numbers; fills at most `max` of them. */
unsigned version_parts(const char *s, unsigned long *part, unsigned max);

/*
 * Compares versions of Python packages (PEP 440: epoch, release, a/b/rc, post,
 * dev, local). What does not parse sorts before what does, then by text.
 */
int pep440_cmp(const char *a, const char *b);

/* Does `version` satisfy `spec` ("==2.5.1", ">=1.0,<2", "~=1.4", "==2.*", "!=1.5")? An empty spec is satisfied.
   A local part (+cu124) of `version` is ignored where the spec has none. */
bool pep440_match(const char *version, const char *spec);

bool pep440_valid(const char *version);
bool pep440_is_pre(const char *version);      /* a, b, rc or dev */
bool pep440_spec_valid(const char *spec);
bool pep440_spec_pre(const char *spec);       /* does it name a pre-release, and so ask for them? */
bool pep440_spec_pins(const char *spec);      /* "==2.5.1" or "===..." without wildcard */

/* The local part of a version ("cu124" of "2.5.1+cu124"); NULL if none. Points into `version`. */
const char *pep440_local(const char *version);

#endif
