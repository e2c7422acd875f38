/* scan/scan.h: from an argument of the command line to inventories. cmd and tests may include it. */
#ifndef SCAN_SCAN_H
#define SCAN_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/mem.h"

struct cache;
struct http;
struct inventory;
struct progress;
struct scan_job;

struct scan_options {
	const char *image, *platform; /* --image, --platform; NULL: all */
	const char *command;          /* --command: stands for ENTRYPOINT and CMD; NULL */
	const char *requirements;     /* -r FILE; NULL */
	const char *const *set_env;   /* --set-env: "K=V" (or "K=" to empty, "K" to unset) */
	size_t set_env_n;
	unsigned jobs;                /* 0: one a core */
	bool quick;                   /* no fatbins, no symbols */
	struct cache *cache;          /* of records; NULL: none */
	bool verify;                  /* digests and RECORD hashes */
	struct http *http;            /* for remote targets; borrowed */
	struct progress *progress;    /* NULL: nobody looks */
	const char *const *indexes;   /* --index: package indexes that requirements are picked from */
	size_t indexes_n;
	const char *python_version;   /* --python-version: "3.11"; NULL: the newest that there are wheels for */
	const char *libc;             /* --libc: "2.36", "musl-1.2"; NULL: the newest glibc */
	bool fetch;                   /* read the wheels that a lock or requirements file names */
};

/*
 * What one argument gave: an inventory per image (or one). `partial` is set
 * where a stream or layer broke off: what was read stands in the inventories,
 * and the text says where.
 */
struct scan_result {
	struct inventory **v;
	size_t n;
	bool partial;
	struct err trouble; /* of partial */
	struct scan_job *job; /* scan's own */
};

/*
 * Reads a target: image, root file system, wheel, folder, saved inventory,
 * declaration or requirement, or "-". On -1 nothing could be read and err
 * says why. The inventories are not derived yet (derive_target).
 */
int scan_target(const char *arg, const struct scan_options *options, struct scan_result *out, struct err *err);
void scan_result_clear(struct scan_result *r);

/*
 * The newest 64 versions of a project that the indexes of the options have for
 * their system, as the metadata of the wheels says: an inventory each, newest
 * first. `requirement` may leave some out ("torch>=2.5").
 */
int scan_versions(const char *requirement, const struct scan_options *options, struct scan_result *out, struct err *err);

#endif
