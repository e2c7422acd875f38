/* derive/hostfacts.h: what follows from a host's profile. Pure. check, report and cmd include it. */
#ifndef DERIVE_HOSTFACTS_H
#define DERIVE_HOSTFACTS_H

#include "host/host.h"
#include "inventory/inventory.h"
#include "matrix/matrix.h"

struct gpu_facts {
	const struct host_gpu *stated;
	const char *name;               /* as stated */
	struct ver2 cc;                 /* stated, else of the name; VER2_NONE: not known */
	enum gpu_vendor vendor;
	const struct row_gpus *row;     /* NULL: the name is not in the table */
	const struct row_architectures *arch;
	enum tri forward_compat;        /* may cuda-compat be used on it */
	const char *suggest;            /* of an unknown name; NULL */
};

struct host_facts {
	const struct host *host;
	enum driver_system system;
	bool states_any;                /* driver, CUDA or GPUs: else the rules that need them stay silent */
	bool driver_known;              /* lo and hi bound the driver's version */
	const char *driver_lo, *driver_hi;
	struct ver2 cuda_lo, cuda_hi;   /* the newest CUDA that it implements; VER2_NONE: not known */
	const char *cuda_source;
	bool cuda_stated_differs;       /* the stated CUDA is not that of the driver */
	bool gpus_known, no_gpu;
	bool any_nvidia;
	LIST(struct gpu_facts) gpus;
};

int host_derive(const struct host *h, const struct matrix *m, struct host_facts *out, struct arena *a, struct err *err);

/* The same host with another driver, as `now` states it; GPUs are shared. */
int host_derive_driver(const struct host_facts *was, const struct host *now, const struct matrix *m, struct host_facts *out, struct arena *a,
		       struct err *err);

/* Does the driver reach a version? Unknown where an interval's ends disagree, or nothing is stated. */
enum tri host_driver_reaches(const struct host_facts *h, const char *version);

/* Does the driver implement that CUDA? */
enum tri host_cuda_reaches(const struct host_facts *h, struct ver2 cuda);

/* May programs of that CUDA runtime start: the floor of its major (or release) is reached. `floor` gets the row. */
enum tri host_runs_cuda(const struct host_facts *h, const struct matrix *m, struct ver2 cuda, const struct row_minor_version **floor);

/* The floor as this host counts drivers: Windows numbers under wsl2 and windows. */
const char *host_floor_text(const struct host_facts *h, const struct row_minor_version *floor);

#endif
