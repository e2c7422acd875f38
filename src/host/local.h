/*
 * host/local.h: this machine as a host: what its driver says through NVML
 * (opened at run time, never linked), else what /proc and /sys say. host,
 * cmd and tests include it.
 */
#ifndef HOST_LOCAL_H
#define HOST_LOCAL_H

#include "host/host.h"

/* What else a user may want to know: where a fact is from, why one is missing. In the arena. */
struct host_notes { LIST(const char *) v; };

/* -1: memory only. What cannot be read is left out. */
int host_local(struct host *h, struct host_notes *notes, struct arena *a, struct err *err);

/* The functions of NVML that are used, by the names and types of its nvml.h; a NULL one is a driver's that has it not. */
struct nvml_device;
struct nvml {
	int (*init)(void);                                          /* nvmlInit_v2; 0 is success in all */
	int (*shutdown)(void);
	int (*driver_version)(char *text, unsigned n);              /* nvmlSystemGetDriverVersion */
	int (*cuda_version)(int *version);                          /* nvmlSystemGetCudaDriverVersion_v2: 12040 */
	int (*device_count)(unsigned *n);                           /* nvmlDeviceGetCount_v2 */
	int (*device)(unsigned i, struct nvml_device **device);     /* nvmlDeviceGetHandleByIndex_v2 */
	int (*device_name)(struct nvml_device *device, char *text, unsigned n);
	int (*device_brand)(struct nvml_device *device, unsigned *brand);
	int (*device_cc)(struct nvml_device *device, int *major, int *minor);
};

/* Parts of host_local, for its tests. `root` is "/" but there. */
struct machine;
int local_from_nvml(const struct nvml *nvml, struct machine *m, struct host_notes *notes, struct arena *a, struct err *err);
int local_from_files(const char *root, struct machine *m, struct host_notes *notes, struct arena *a, struct err *err);
int local_runtime(const char *root, struct host *h, struct arena *a, struct err *err);

#endif
