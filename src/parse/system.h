/* parse/system.h: texts that say what a root file system is: os-release(5), dpkg's and apk's databases, ld.so.conf. scan and tests include it. */
#ifndef PARSE_SYSTEM_H
#define PARSE_SYSTEM_H

#include "base/cur.h"
#include "base/mem.h"

struct os_release { const char *id, *version_id, *id_like; };
int os_release_parse(struct span text, struct arena *a, struct os_release *out); /* -1: memory */

/* One installed package. Spans point into the text. */
struct system_package { struct span name, version, arch; };

/* The next installed package of /var/lib/dpkg/status or a status.d file; false at the end. */
bool dpkg_next(struct cur *c, struct system_package *out);
/* The same of apk's "installed". */
bool apk_next(struct cur *c, struct system_package *out);

/* The upstream part of a Debian or Alpine version: "2.36" of "1:2.36-9+deb12u4". */
struct span upstream_version(struct span version);

/* The next folder or include pattern of ld.so.conf; false at the end. Comments and hwcap lines are skipped. */
struct conf_line { struct span text; bool include; };
bool ldconf_next(struct cur *c, struct conf_line *out);

/* "version" of CUDA's version.json ({"cuda": {"version": "12.4.1"}}) or of version.txt ("CUDA Version 10.2.89"). NULL if none. */
const char *cuda_version_file(struct span text, struct arena *a);

#endif
