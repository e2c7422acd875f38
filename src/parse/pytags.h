/*
 * parse/pytags.h: which wheels a system takes, and which it likes best. scan and tests include it.
 * PEP 425 (tags), 600 (manylinux), 656 (musllinux); the order is that of pip (packaging.tags.sys_tags).
 */
#ifndef PARSE_PYTAGS_H
#define PARSE_PYTAGS_H

#include <stdbool.h>

#include "parse/wheelmeta.h"

/* A CPython 3 on Linux. */
struct pysystem {
	unsigned minor;      /* 11 of "3.11" */
	const char *machine; /* "x86_64" */
	bool musl;
	unsigned libc_minor; /* 36 of glibc 2.36, 2 of musl 1.2; PYTAGS_ANY_LIBC: the newest there may be */
};

enum { PYTAGS_ANY_LIBC = 200 };

/* Minor versions that are tried where none is stated: the newest where no wheel names one. */
enum { PYTAGS_OLDEST = 6, PYTAGS_NEWEST = 14 };

/* "3.11", "3.11.7", "11": the minor version; false for what is none of Python 3. */
bool pysystem_python(const char *text, unsigned *minor);

/* "2.36", "glibc-2.36", "musl-1.2"; false for what is neither. */
bool pysystem_libc(const char *text, struct pysystem *s);

/* The machine of "linux/arm64": "aarch64"; NULL for other systems. NULL stands for linux/amd64. */
const char *pysystem_machine(const char *platform);

/* How far down the best of a wheel's tags stands in the system's list: 0 is best, -1: none is there. */
long pytags_rank(const struct pysystem *s, const struct wheel_name *w);

#endif
