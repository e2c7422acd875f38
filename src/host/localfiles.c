/* What /proc, /sys and /etc say of this machine, under any root. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/limits.h"
#include "base/str.h"
#include "host/local.h"
#include "parse/machine.h"
#include "parse/procdriver.h"

enum { SMALL = 64 << 10 }; /* bytes read of a file of /proc, /sys or /etc */

/* The text of a file under the root; n 0 where it cannot be read. -1: memory. */
static int read_text(const char *root, const char *path, struct span *out, struct arena *a, struct err *err)
{
	char at[LIMIT_PATH];
	*out = (struct span){ 0 };
	if (snprintf(at, sizeof(at), "%s/%s", root, path) >= (int)sizeof(at))
		return 0;
	auto_fd int fd = open(at, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char *text = fd < 0 ? NULL : arena_alloc(a, SMALL);
	if (fd < 0)
		return 0;
	if (!text)
		return err_nomem(err);
	size_t n = 0;
	for (ssize_t got; n < SMALL && (got = read(fd, text + n, SMALL - n)) > 0;)
		n += (size_t)got;
	*out = (struct span){ (unsigned char *)text, n };
	return 0;
}

static int note(struct host_notes *notes, struct arena *a, struct err *err, const char *text)
{
	const char *s = arena_str(a, text);
	return s && list_add(a, &notes->v, s) ? 0 : err_nomem(err);
}

/* "Model: \t\t NVIDIA H100 80GB HBM3" of /proc/driver/nvidia/gpus/BUS/information */
static int proc_gpu(struct span text, struct machine *m, struct arena *a, struct err *err)
{
	struct cur c = cur_of(text);
	for (struct span line; cur_line(&c, &line);)
		if (span_starts(line, "Model:"))
			return machine_add_gpu(m, span_trim(span_from(line, 6)), (struct span){ 0 }, VER2_NONE, 1, a, err);
	return 0;
}

static int proc_gpus(const char *root, struct machine *m, struct arena *a, struct err *err)
{
	char path[LIMIT_PATH];
	LIST(const char *) names = { 0 };
	if (snprintf(path, sizeof(path), "%s/proc/driver/nvidia/gpus", root) >= (int)sizeof(path))
		return 0;
	DIR *d = opendir(path);
	if (!d)
		return 0;
	int got = 0;
	for (struct dirent *e; got == 0 && names.n < LIMIT_GPU_KINDS && (e = readdir(d));)
		if (e->d_name[0] != '.' && !list_add(a, &names, arena_str(a, e->d_name)))
			got = err_nomem(err);
	closedir(d);
	list_sort(&names, str_ptr_cmp);
	for (size_t i = 0; got == 0 && i < names.n; i++) {
		struct span text;
		snprintf(path, sizeof(path), "proc/driver/nvidia/gpus/%s/information", names.v[i] ? names.v[i] : "");
		got = read_text(root, path, &text, a, err);
		if (got == 0)
			got = proc_gpu(text, m, a, err);
	}
	return got;
}

/* Without the end of line, or the NUL that ends a text of the device tree. */
static struct span one_line(struct span s)
{
	s = span_sub(s, 0, span_chr(s, '\n'));
	return span_trim(span_sub(s, 0, span_chr(s, '\0')));
}

static int driver_of(const char *root, struct machine *m, struct arena *a, struct err *err)
{
	struct span text;
	struct machine seen = MACHINE_INIT;
	struct err skip = ERR_INIT;
	if (read_text(root, "proc/driver/nvidia/version", &text, a, err) < 0)
		return -1;
	/* a line that does not read leaves the next source to say it */
	if (text.n && procdriver_is(text) && procdriver_parse(text, a, &seen, &skip) < 0 && skip.kind == ERR_NOMEM)
		return err_nomem(err);
	machine_fill(m, &seen);
	if (read_text(root, "sys/module/nvidia/version", &text, a, err) < 0)
		return -1;
	return machine_set_driver(m, one_line(text), a, err);
}

int local_from_files(const char *root, struct machine *m, struct host_notes *notes, struct arena *a, struct err *err)
{
	struct span kernel, tegra, model;
	if (driver_of(root, m, a, err) < 0 || (!m->gpus.n && proc_gpus(root, m, a, err) < 0))
		return -1;
	if (read_text(root, "proc/version", &kernel, a, err) < 0 || read_text(root, "etc/nv_tegra_release", &tegra, a, err) < 0 ||
	    read_text(root, "proc/device-tree/model", &model, a, err) < 0)
		return -1;
	bool wsl = span_find(kernel, "microsoft") < kernel.n || span_find(kernel, "Microsoft") < kernel.n;
	m->os = wsl ? "wsl2" : "linux";
	if (procdriver_is(tegra) && procdriver_parse(tegra, a, m, err) < 0)
		return -1;
	model = one_line(model);
	bool jetson = tegra.n || span_find(model, "Jetson") < model.n;
	if (jetson && !m->gpus.n && model.n && machine_add_gpu(m, model, (struct span){ 0 }, VER2_NONE, 1, a, err) < 0)
		return -1;
	if (jetson && note(notes, a, err, "this is a Jetson: its driver belongs to the L4T release, not to a branch for data centers") < 0)
		return -1;
	if (m->gpus.n)
		m->no_gpu = false;
	if (!m->driver && !m->gpus.n && !m->no_gpu)
		return note(notes, a, err, "neither NVML nor /proc/driver/nvidia nor /sys/module/nvidia is here: driver and GPUs are not known");
	return 0;
}

/* mode = "cdi" under [nvidia-container-runtime]; "auto" depends on the version and is no statement. */
int local_runtime(const char *root, struct host *h, struct arena *a, struct err *err)
{
	struct span text;
	bool here = false;
	if (read_text(root, "etc/nvidia-container-runtime/config.toml", &text, a, err) < 0)
		return -1;
	struct cur c = cur_of(text);
	for (struct span line; cur_line(&c, &line);) {
		struct span value = span_trim(line), key = span_trim(span_cut(&value, '='));
		if (span_starts(key, "["))
			here = span_eq(key, "[nvidia-container-runtime]");
		if (!here || !span_eq(key, "mode"))
			continue;
		(void)span_cut(&value, '"');
		value = span_cut(&value, '"');
		h->runtime = span_eq(value, "legacy") ? RUNTIME_LEGACY : span_eq(value, "csv") ? RUNTIME_CSV :
			     span_eq(value, "cdi") || span_eq(value, "jit-cdi") ? RUNTIME_CDI : h->runtime;
	}
	return 0;
}
