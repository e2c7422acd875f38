#include "host/local.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/limits.h"
#include "base/str.h"
#include "host/import.h"

enum {
	NVML_TEXT = 96,          /* NVML_DEVICE_NAME_V2_BUFFER_SIZE of nvml.h; versions need less */
	NVML_FUNCTION_NOT_FOUND = 13,
};

static int note(struct host_notes *notes, struct arena *a, struct err *err, const char *fmt, ...) __attribute__((format(printf, 4, 5)));

static int note(struct host_notes *notes, struct arena *a, struct err *err, const char *fmt, ...)
{
	char text[240];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	const char *s = arena_str(a, text);
	return s && list_add(a, &notes->v, s) ? 0 : err_nomem(err);
}

/* nvmlBrandType_t of nvml.h, by the words that nvidia-smi -q prints for it. */
static const char *brand_name(unsigned brand)
{
	static const char *const names[] = { NULL, "Quadro", "Tesla", "NVS", "GRID", "GeForce", "Titan", "NVIDIA vApps", "NVIDIA vPC", "NVIDIA vCS",
					     "NVIDIA vWS", "NVIDIA Cloud Gaming", "Quadro RTX", "NVIDIA RTX", "NVIDIA", "GeForce RTX", "Titan RTX" };
	return brand < sizeof(names) / sizeof(*names) ? names[brand] : NULL;
}

static int nvml_gpu(const struct nvml *nvml, unsigned i, struct machine *m, struct arena *a, struct err *err)
{
	struct nvml_device *device = NULL;
	char name[NVML_TEXT] = "";
	int major = 0, minor = 0;
	unsigned brand = 0;
	if (nvml->device(i, &device) || !nvml->device_name || nvml->device_name(device, name, sizeof(name)))
		return 0;
	name[sizeof(name) - 1] = '\0';
	struct ver2 cc = VER2_NONE;
	if (nvml->device_cc && !nvml->device_cc(device, &major, &minor) && major > 0 && major < 100 && minor >= 0 && minor < 10)
		cc = (struct ver2){ (short)major, (short)minor };
	const char *word = nvml->device_brand && !nvml->device_brand(device, &brand) ? brand_name(brand) : NULL;
	return machine_add_gpu(m, SPAN_STR(name), word ? SPAN_STR(word) : (struct span){ 0 }, cc, 1, a, err);
}

static int nvml_facts(const struct nvml *nvml, struct machine *m, struct host_notes *notes, struct arena *a, struct err *err)
{
	char text[NVML_TEXT] = "";
	int cuda = 0;
	unsigned n = 0;
	if (nvml->driver_version && !nvml->driver_version(text, sizeof(text))) {
		text[sizeof(text) - 1] = '\0';
		if (machine_set_driver(m, SPAN_STR(text), a, err) < 0)
			return -1;
	}
	if (nvml->cuda_version && !nvml->cuda_version(&cuda) && cuda >= 1000 && cuda < 1000000)
		m->cuda = (struct ver2){ (short)(cuda / 1000), (short)(cuda % 1000 / 10) };
	if (!nvml->device_count || !nvml->device || nvml->device_count(&n))
		return note(notes, a, err, "NVML lists no GPUs");
	m->no_gpu = n == 0;
	for (unsigned i = 0; i < n && i < LIMIT_GPU_COUNT; i++)
		if (nvml_gpu(nvml, i, m, a, err) < 0)
			return -1;
	return 0;
}

int local_from_nvml(const struct nvml *nvml, struct machine *m, struct host_notes *notes, struct arena *a, struct err *err)
{
	int code = nvml->init ? nvml->init() : NVML_FUNCTION_NOT_FOUND;
	if (code)
		return note(notes, a, err, "NVML does not start (code %d): the driver is not loaded, or not reachable from here", code);
	int got = nvml_facts(nvml, m, notes, a, err);
	if (nvml->shutdown)
		nvml->shutdown();
	return got;
}

#ifdef ENVCHECK_STATIC

static int ask_nvml(struct machine *m, struct host_notes *notes, struct arena *a, struct err *err)
{
	(void)m;
	return note(notes, a, err, "this envcheck is linked statically and cannot open NVML: what follows is from /proc and /sys");
}

#else

static int ask_nvml(struct machine *m, struct host_notes *notes, struct arena *a, struct err *err)
{
	/* WSL2 puts the driver's libraries where only its own ld.so.conf points */
	static const char *const names[] = { "libnvidia-ml.so.1", "/usr/lib/wsl/lib/libnvidia-ml.so.1" };
	void *library = NULL;
	for (size_t i = 0; !library && i < sizeof(names) / sizeof(*names); i++)
		library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
	if (!library)
		return note(notes, a, err, "libnvidia-ml.so.1 (NVML) is not here");
	struct nvml nvml = { 0 };
	const struct { const char *name; void *slot; } symbols[] = {
		{ "nvmlInit_v2", &nvml.init }, { "nvmlShutdown", &nvml.shutdown }, { "nvmlSystemGetDriverVersion", &nvml.driver_version },
		{ "nvmlSystemGetCudaDriverVersion_v2", &nvml.cuda_version }, { "nvmlDeviceGetCount_v2", &nvml.device_count },
		{ "nvmlDeviceGetHandleByIndex_v2", &nvml.device }, { "nvmlDeviceGetName", &nvml.device_name },
		{ "nvmlDeviceGetBrand", &nvml.device_brand }, { "nvmlDeviceGetCudaComputeCapability", &nvml.device_cc },
	};
	for (size_t i = 0; i < sizeof(symbols) / sizeof(*symbols); i++) {
		void *at = dlsym(library, symbols[i].name);
		memcpy(symbols[i].slot, &at, sizeof(at)); /* ISO C has no cast from object to function; POSIX promises the copy */
	}
	int got = local_from_nvml(&nvml, m, notes, a, err);
	dlclose(library);
	return got;
}

#endif

int host_local(struct host *h, struct host_notes *notes, struct arena *a, struct err *err)
{
	struct machine m = MACHINE_INIT;
	struct utsname u;
	if (ask_nvml(&m, notes, a, err) < 0 || local_from_files("/", &m, notes, a, err) < 0)
		return -1;
	bool named = uname(&u) == 0;
	if (named && !m.arch)
		m.arch = machine_arch(SPAN_STR(u.machine));
	if (host_from_machine(&m, named && u.nodename[0] ? u.nodename : "this machine", h, a, err) < 0)
		return -1;
	return local_runtime("/", h, a, err);
}
