#include "host/host.h"

#include <string.h>

#include "base/str.h"

static const char *const os_names[] = { NULL, "linux", "wsl2", "windows" };
static const char *const runtime_names[] = { NULL, "legacy", "cdi", "csv", "enroot", "singularity", "none" };

const char *host_os_name(enum host_os os)
{
	return os_names[os];
}

const char *host_runtime_name(enum host_runtime r)
{
	return runtime_names[r];
}

/* Digits and dots, at least one digit first; three digits since 2008, but for releases of Jetson Linux. What is shorter is a CUDA version. */
static bool version_like(const char *s)
{
	size_t n = strspn(s, "0123456789.");
	unsigned long v[4];
	if (!n || s[n] || s[0] == '.' || s[n - 1] == '.')
		return false;
	unsigned parts = version_parts(s, v, 4);
	return parts && (v[0] >= 100 || (v[0] >= 21 && v[0] < 40 && parts < 4));
}

/*
 * Windows' device manager counts otherwise: of 31.0.15.5222 the last five
 * digits are the driver's, 552.22. NULL: it is no such number.
 */
static const char *windows_number(const char *s, struct arena *a)
{
	unsigned long v[4];
	size_t dots = 0;
	for (const char *p = s; *p; p++)
		dots += *p == '.';
	if (dots != 3 || version_parts(s, v, 4) != 4 || v[0] < 6 || v[0] > 99 || v[2] > 99 || v[3] > 9999)
		return NULL;
	return arena_printf(a, "%lu.%02lu", v[2] % 10 * 100 + v[3] / 100, v[3] % 100);
}

int host_set_driver(struct host *h, const char *driver, struct arena *a, struct err *err)
{
	const char *dash = strchr(driver, '-'), *windows = dash ? NULL : windows_number(driver, a);
	if (windows && h->os != HOST_WSL2)
		h->os = HOST_WINDOWS;
	if (windows)
		driver = windows;
	h->driver = arena_str(a, driver);
	if (!h->driver)
		return err_nomem(err);
	h->driver_lo = dash ? arena_strn(a, driver, (size_t)(dash - driver)) : h->driver;
	h->driver_hi = dash ? h->driver + (dash - driver) + 1 : h->driver;
	if (!h->driver_lo)
		return err_nomem(err);
	if (!version_like(h->driver_lo) || !version_like(h->driver_hi) || version_cmp(h->driver_lo, h->driver_hi) > 0)
		return err_set(err, ERR_USAGE, "\"%s\" is no driver version: give one such as 535.104.05, a branch such as 535, or a range such as 535.104.05-535.183.01", driver);
	h->driver_is = dash ? DRIVER_RANGE : strchr(driver, '.') ? DRIVER_EXACT : DRIVER_BRANCH;
	return 0;
}

int host_set_runtime(struct host *h, const char *runtime, struct err *err)
{
	for (size_t i = 1; i < sizeof(runtime_names) / sizeof(*runtime_names); i++)
		if (str_eq(runtime, runtime_names[i])) {
			h->runtime = (enum host_runtime)i;
			return 0;
		}
	return err_set(err, ERR_USAGE, "\"%s\" is no runtime: give legacy, cdi, csv, enroot, singularity or none", runtime);
}

int host_set_os(struct host *h, const char *os, struct err *err)
{
	for (size_t i = 1; i < sizeof(os_names) / sizeof(*os_names); i++)
		if (str_eq(os, os_names[i])) {
			h->os = (enum host_os)i;
			return 0;
		}
	return err_set(err, ERR_FORMAT, "\"os\" must be linux, wsl2 or windows, not \"%s\"", os);
}

int host_set_arch(struct host *h, const char *arch, struct arena *a, struct err *err)
{
	h->arch = str_eq(arch, "x86_64") ? "amd64" : str_eq(arch, "aarch64") ? "arm64" : arena_str(a, arch);
	return h->arch ? 0 : err_nomem(err);
}

/* ---- JSON ---- */

/* A string under a key: 1, 0 where it is absent or null, -1 where it is something else. */
static int text(const json_t *o, const char *key, const char **out, struct arena *a, struct err *err)
{
	const json_t *v = json_object_get(o, key);
	if (!v || json_is_null(v))
		return 0;
	if (!json_is_string(v))
		return err_set(err, ERR_FORMAT, "\"%s\" must be a string", key);
	*out = arena_str(a, json_string_value(v));
	return *out ? 1 : err_nomem(err);
}

static int number(const json_t *o, const char *key, unsigned *out, struct err *err)
{
	const json_t *v = json_object_get(o, key);
	if (!v || json_is_null(v))
		return 0;
	if (!json_is_integer(v) || json_integer_value(v) < 1 || json_integer_value(v) > 100000000)
		return err_set(err, ERR_FORMAT, "\"%s\" must be a whole number from 1 on", key);
	*out = (unsigned)json_integer_value(v);
	return 1;
}

static int version(const json_t *o, const char *key, struct ver2 *out, struct arena *a, struct err *err)
{
	const char *s = NULL;
	int got = text(o, key, &s, a, err);
	if (got <= 0)
		return got;
	*out = ver2_parse(s);
	return ver2_known(*out) ? 1 : err_set(err, ERR_FORMAT, "\"%s\" must be a version such as \"12.4\", not \"%s\"", key, s);
}

static int read_gpus(const json_t *o, struct host *h, struct arena *a, struct err *err)
{
	const json_t *list = json_object_get(o, "gpus");
	if (!list || json_is_null(list))
		return 0;
	if (!json_is_array(list))
		return err_set(err, ERR_FORMAT, "\"gpus\" must be a list");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *e = json_array_get(list, i);
		struct host_gpu *g = list_push(a, &h->gpus);
		if (!g)
			return err_nomem(err);
		g->count = 1;
		g->cc = VER2_NONE;
		if (json_is_string(e)) {
			g->name = arena_str(a, json_string_value(e));
			continue;
		}
		if (!json_is_object(e))
			return err_set(err, ERR_FORMAT, "\"gpus\" must be a list of objects with a \"name\"");
		if (text(e, "name", &g->name, a, err) < 0 || text(e, "brand", &g->brand, a, err) < 0 || version(e, "cc", &g->cc, a, err) < 0 ||
		    number(e, "count", &g->count, err) < 0)
			return err_in(err, "gpus, element %zu", i + 1);
		if (!g->name && ver2_full(g->cc))
			g->name = arena_printf(a, "sm_%d%d", g->cc.major, g->cc.minor);
		if (!g->name)
			return err_set(err, ERR_FORMAT, "gpus, element %zu: \"name\" is missing", i + 1);
	}
	return 0;
}

static int read_words(const json_t *o, struct host *h, struct arena *a, struct err *err)
{
	const char *os = NULL, *arch = NULL, *runtime = NULL, *module = NULL, *driver = NULL;
	if (text(o, "os", &os, a, err) < 0 || text(o, "arch", &arch, a, err) < 0 || text(o, "runtime", &runtime, a, err) < 0 ||
	    text(o, "kernel_module", &module, a, err) < 0 || text(o, "driver", &driver, a, err) < 0)
		return -1;
	if (os && host_set_os(h, os, err) < 0)
		return -1;
	if (module)
		h->module = str_eq(module, "open") ? MODULE_OPEN : str_eq(module, "proprietary") ? MODULE_PROPRIETARY : MODULE_UNKNOWN;
	if (module && h->module == MODULE_UNKNOWN)
		return err_set(err, ERR_FORMAT, "\"kernel_module\" must be open or proprietary, not \"%s\"", module);
	if (runtime && host_set_runtime(h, runtime, err) < 0)
		return -1;
	if (arch && host_set_arch(h, arch, a, err) < 0)
		return -1;
	return driver ? host_set_driver(h, driver, a, err) : 0;
}

int host_read_json(const json_t *o, const char *name, struct host *h, struct arena *a, struct err *err)
{
	*h = (struct host){ .nodes = 1, .cuda = VER2_NONE };
	if (!json_is_object(o))
		return err_set(err, ERR_FORMAT, "a host profile must be an object");
	if (text(o, "name", &h->name, a, err) < 0 || read_words(o, h, a, err) < 0 || version(o, "cuda", &h->cuda, a, err) < 0 ||
	    read_gpus(o, h, a, err) < 0 || text(o, "runtime_version", &h->runtime_version, a, err) < 0 ||
	    text(o, "driver_dir", &h->driver_dir, a, err) < 0 || number(o, "nodes", &h->nodes, err) < 0)
		return -1;
	if (!h->name)
		h->name = arena_str(a, name);
	const json_t *none = json_object_get(o, "no_gpu");
	if (none && !json_is_boolean(none) && !json_is_null(none))
		return err_set(err, ERR_FORMAT, "\"no_gpu\" must be true or false");
	h->no_gpu = json_is_true(none);
	if (h->no_gpu && h->gpus.n)
		return err_set(err, ERR_FORMAT, "\"no_gpu\" is true, but \"gpus\" names some");
	return h->name ? 0 : err_nomem(err);
}

static void put(struct json_out *j, const char *key, const char *s)
{
	if (s)
		jout_put(j, key, s);
}

void host_write(const struct host *h, struct json_out *j)
{
	jout_object(j);
	jout_put(j, "schema", "envcheck.host/1");
	put(j, "name", h->name);
	put(j, "os", os_names[h->os]);
	put(j, "arch", h->arch);
	put(j, "driver", h->driver);
	if (ver2_known(h->cuda))
		put(j, "cuda", ver2_print(h->cuda).s);
	if (h->no_gpu)
		jout_put_bool(j, "no_gpu", true);
	if (h->gpus.n) {
		jout_key(j, "gpus");
		jout_array(j);
		for (size_t i = 0; i < h->gpus.n; i++) {
			const struct host_gpu *g = &h->gpus.v[i];
			jout_object_line(j);
			put(j, "name", g->name);
			if (ver2_known(g->cc))
				put(j, "cc", ver2_print(g->cc).s);
			put(j, "brand", g->brand);
			jout_put_int(j, "count", g->count);
			jout_object_end(j);
		}
		jout_array_end(j);
	}
	put(j, "runtime", runtime_names[h->runtime]);
	put(j, "runtime_version", h->runtime_version);
	put(j, "driver_dir", h->driver_dir);
	if (h->module != MODULE_UNKNOWN)
		put(j, "kernel_module", h->module == MODULE_OPEN ? "open" : "proprietary");
	if (h->nodes > 1)
		jout_put_int(j, "nodes", h->nodes);
	jout_object_end(j);
}
