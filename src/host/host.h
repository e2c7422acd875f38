/*
 * host/host.h: what is stated of one kind of host, and its JSON
 * (envcheck.host/1). What follows from it is derive's. All strings are in the
 * caller's arena; NULL, 0 and the *_UNKNOWN values mean: not stated.
 */
#ifndef HOST_HOST_H
#define HOST_HOST_H

#include <stdbool.h>

#include "base/cur.h"
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/version.h"

enum host_os { HOST_OS_UNKNOWN, HOST_LINUX, HOST_WSL2, HOST_WINDOWS };
enum host_runtime { RUNTIME_UNKNOWN, RUNTIME_LEGACY, RUNTIME_CDI, RUNTIME_CSV, RUNTIME_ENROOT, RUNTIME_SINGULARITY, RUNTIME_NONE };
enum kernel_module { MODULE_UNKNOWN, MODULE_OPEN, MODULE_PROPRIETARY };

/* A driver as stated: one version, a whole branch ("535"), or a range. */
enum driver_statement { DRIVER_UNSTATED, DRIVER_EXACT, DRIVER_BRANCH, DRIVER_RANGE };

struct host_gpu {
	const char *name;  /* as stated */
	struct ver2 cc;    /* stated; VER2_NONE */
	const char *brand; /* stated; NULL */
	unsigned count;    /* at least 1 */
};

struct host {
	const char *name;
	enum host_os os;
	const char *arch;   /* "amd64", "arm64"; NULL */
	enum driver_statement driver_is;
	const char *driver; /* as stated; NULL */
	const char *driver_lo, *driver_hi; /* of a range; of an exact version both are it; of a branch both are the branch */
	struct ver2 cuda;   /* stated */
	LIST(struct host_gpu) gpus;
	bool no_gpu;
	enum host_runtime runtime;
	const char *runtime_version;
	const char *driver_dir;
	enum kernel_module module;
	unsigned nodes;     /* at least 1 */
};

struct host_list {
	LIST(struct host) v;
	unsigned silent_nodes; /* of Kubernetes lists: nodes left out, for they say nothing of GPUs */
};

/* "535", "535.104.05" or "535.104.05-535.183.01" into a host. -1 with the accepted forms in the message. */
int host_set_driver(struct host *h, const char *driver, struct arena *a, struct err *err);
int host_set_runtime(struct host *h, const char *runtime, struct err *err);
int host_set_os(struct host *h, const char *os, struct err *err); /* linux | wsl2 | windows */
int host_set_arch(struct host *h, const char *arch, struct arena *a, struct err *err); /* amd64 | x86_64 | arm64 | aarch64 */

/* One profile. `name` stands in where it has none. */
int host_read_json(const json_t *o, const char *name, struct host *h, struct arena *a, struct err *err);

/*
 * A text in any of the accepted forms, told by content: profiles as JSON (one,
 * a list), all that nvidia-smi prints, torch's collect_env and its relatives,
 * /proc/driver/nvidia/version, `kubectl get nodes -o json`, and
 * "driver=535.104.05,gpu=H100x8". Appends to the list.
 */
int host_read(struct span text, const char *name, struct host_list *list, struct arena *a, struct err *err);

/* A file, "-" for standard input, a folder of files; where there is none, "local" is this machine, and "driver=...,gpu=..." reads as it stands. */
int host_read_path(const char *path, struct host_list *list, struct arena *a, struct err *err);

/* Does it read as it stands, where no file has that name? */
bool host_in_words(const char *s);

void host_write(const struct host *h, struct json_out *j);

const char *host_os_name(enum host_os os);           /* NULL: unknown */
const char *host_runtime_name(enum host_runtime r);  /* NULL: unknown */

#endif
