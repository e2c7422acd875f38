#include "parse/nvsmi.h"

static bool holds(struct span s, const char *t)
{
	return span_find(s, t) < s.n;
}

/* The word behind a label on one line: up to a blank or a '|'. */
static struct span behind(struct span line, const char *label)
{
	size_t at = span_find(line, label);
	if (at == line.n)
		return (struct span){ 0 };
	struct span s = span_trim(span_from(line, at + strlen(label)));
	s = span_sub(s, 0, span_chr(s, '|'));
	return span_sub(s, 0, span_chr(s, ' '));
}

/* ---- the table ---- */

static bool is_banner(struct span line)
{
	return holds(line, "NVIDIA-SMI ") && (holds(line, "Driver Version:") || holds(line, "KMD Version:"));
}

bool nvsmi_is_table(struct span text)
{
	struct cur c = cur_of(text);
	for (struct span line; cur_line(&c, &line);)
		if (is_banner(line))
			return true;
	return false;
}

/*
 * | NVIDIA-SMI 535.104.05   Driver Version: 535.104.05   CUDA Version: 12.2 |
 * Under WSL2 the program is the Linux one and has another version than the
 * Windows driver that it names; everywhere else both come from one driver.
 */
static int banner(struct span line, struct arena *a, struct machine *m, struct err *err)
{
	struct span program = behind(line, "NVIDIA-SMI "), driver = behind(line, "Driver Version:");
	if (driver_like(driver) && driver_like(program) && !m->os &&
	    (program.n != driver.n || memcmp(program.p, driver.p, driver.n)))
		m->os = "wsl2";
	if (!driver.n)
		driver = behind(line, "KMD Version:");
	struct span cuda = behind(line, "CUDA Version:");
	machine_set_cuda(m, cuda.n ? cuda : behind(line, "CUDA UMD Version:"));
	return machine_set_driver(m, driver, a, err);
}

/* Takes the last word away if it is what stands right of the name: persistence, or the driver model of Windows. */
static struct span without_mode(struct span s)
{
	static const char *const modes[] = { " On", " Off", " N/A", " WDDM", " TCC", " MCDM", " Enabled", " Disabled", " ERR!" };
	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++)
		if (span_ends(s, modes[i]))
			return span_trim(span_sub(s, 0, s.n - strlen(modes[i])));
	return s;
}

/* |   0  NVIDIA A100-SXM...  On   | 00000000:07:00.0 Off |        0 |    where Tegra has "N/A" for the bus */
static int table_row(struct span line, struct arena *a, struct machine *m, struct err *err)
{
	(void)span_cut(&line, '|');
	struct span cell = span_trim(span_cut(&line, '|')), bus = span_trim(span_cut(&line, '|'));
	struct span index = span_cut(&cell, ' ');
	uint64_t number;
	if (!span_number(index, &number) || (!holds(bus, ":") && !span_starts(bus, "N/A")))
		return 0;
	return machine_add_gpu(m, without_mode(span_trim(cell)), (struct span){ 0 }, VER2_NONE, 1, a, err);
}

int nvsmi_table(struct span text, struct arena *a, struct machine *m, struct err *err)
{
	enum { OUTSIDE, HEAD, ROWS } where = OUTSIDE;
	struct machine seen = MACHINE_INIT;
	struct cur c = cur_of(text);
	for (struct span line; cur_line(&c, &line);) {
		if (is_banner(line)) {
			if (where != OUTSIDE)
				break; /* a second run in the same log, of the same GPUs */
			where = HEAD;
			if (banner(line, a, &seen, err) < 0)
				return -1;
		} else if (where == HEAD && (holds(line, "TCC/WDDM") || holds(line, "Driver-Model"))) {
			seen.os = "windows";
		} else if (where == HEAD && holds(line, "|===")) {
			where = ROWS;
		} else if (where == ROWS && (holds(line, "MIG devices:") || holds(line, "Processes:"))) {
			break;
		} else if (where == ROWS && table_row(line, a, &seen, err) < 0) {
			return -1;
		}
	}
	machine_fill(m, &seen);
	return 0;
}

/* ---- nvidia-smi -L ---- */

/* GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-...) */
static bool list_line(struct span line, struct span *name)
{
	line = span_trim(line);
	size_t end = span_find(line, " (UUID: GPU-");
	uint64_t number;
	if (!span_starts(line, "GPU ") || end == line.n)
		return false;
	line = span_sub(line, 4, end - 4);
	if (!span_number(span_cut(&line, ':'), &number))
		return false;
	*name = span_trim(line);
	return true;
}

bool nvsmi_is_list(struct span text)
{
	struct cur c = cur_of(text);
	for (struct span line, name; cur_line(&c, &line);)
		if (list_line(line, &name))
			return true;
	return false;
}

int nvsmi_list(struct span text, struct arena *a, struct machine *m, struct err *err)
{
	struct machine seen = MACHINE_INIT;
	struct cur c = cur_of(text);
	for (struct span line, name; cur_line(&c, &line);)
		if (list_line(line, &name) && machine_add_gpu(&seen, name, (struct span){ 0 }, VER2_NONE, 1, a, err) < 0)
			return -1;
	machine_fill(m, &seen);
	return 0;
}

/* ---- nvidia-smi -q ---- */

bool nvsmi_is_query(struct span text)
{
	return holds(text, "NVSMI LOG") || (holds(text, "Attached GPUs ") && holds(text, "Product Name ")) || holds(text, "NVIDIA-SMI version ");
}

int nvsmi_query(struct span text, struct arena *a, struct machine *m, struct err *err)
{
	struct machine seen = MACHINE_INIT;
	struct span name = { 0 }, brand = { 0 };
	struct cur c = cur_of(text);
	bool log = false;
	for (struct span line; cur_line(&c, &line);) {
		struct span value = line, key = span_trim(span_cut(&value, ':'));
		value = span_trim(value);
		if (holds(line, "NVSMI LOG") && log && name.n)
			break; /* a second run in the same text, of the same GPUs */
		log = log || holds(line, "NVSMI LOG");
		if (span_eq(key, "Driver Version") || span_eq(key, "KMD Version") || span_eq(key, "DRIVER version")) {
			if (machine_set_driver(&seen, value, a, err) < 0)
				return -1;
		} else if (span_eq(key, "CUDA Version") || span_eq(key, "CUDA UMD Version")) {
			machine_set_cuda(&seen, value);
		} else if (span_eq(key, "Product Name")) {
			if (machine_add_gpu(&seen, name, brand, VER2_NONE, 1, a, err) < 0)
				return -1;
			name = value;
			brand.n = 0;
		} else if (span_eq(key, "Product Brand")) {
			brand = value;
		} else if (span_eq(key, "Current") && (span_eq(value, "WDDM") || span_eq(value, "TCC") || span_eq(value, "MCDM"))) {
			seen.os = "windows";
		}
	}
	if (machine_add_gpu(&seen, name, brand, VER2_NONE, 1, a, err) < 0)
		return -1;
	machine_fill(m, &seen);
	return 0;
}
