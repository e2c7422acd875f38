#include "parse/nvsmi.h"

enum { FIELDS = 64 };
enum column { OTHER, NAME, DRIVER, CC };

static enum column titled(struct span s)
{
	if (span_eq(s, "name") || span_eq(s, "gpu_name"))
		return NAME;
	return span_eq(s, "driver_version") ? DRIVER : span_eq(s, "compute_cap") ? CC : OTHER;
}

/* A field that is no fact of ours, but tells that the line is a header. */
static bool is_title(struct span s)
{
	static const char *const titles[] = { "index", "uuid", "count", "pci.bus_id", "memory.total [MiB]", "memory.used [MiB]", "timestamp", "serial" };
	for (size_t i = 0; i < sizeof(titles) / sizeof(*titles); i++)
		if (span_eq(s, titles[i]))
			return true;
	return titled(s) != OTHER;
}

/* How nvidia-smi has begun the names of GPUs so far. */
static bool branded(struct span s)
{
	static const char *const brands[] = { "NVIDIA ", "Tesla ", "GeForce ", "Quadro ", "TITAN ", "GRID ", "A100-", "A30-", "Orin ", "Thor " };
	for (size_t i = 0; i < sizeof(brands) / sizeof(*brands); i++)
		if (span_starts(s, brands[i]))
			return true;
	return false;
}

/* "9.0", "12.1" */
static bool capability(struct span s)
{
	struct span minor = s, major = span_cut(&minor, '.');
	uint64_t n;
	return major.n >= 1 && major.n <= 2 && minor.n == 1 && span_number(major, &n) && span_number(minor, &n);
}

static enum column guessed(struct span s)
{
	return driver_like(s) ? DRIVER : capability(s) ? CC : branded(s) ? NAME : OTHER;
}

static size_t split(struct span line, struct span field[FIELDS])
{
	size_t n = 0;
	while (line.n && n < FIELDS) {
		field[n] = span_trim(span_cut(&line, ','));
		if (field[n].n >= 2 && field[n].p[0] == '"' && span_ends(field[n], "\""))
			field[n] = span_sub(field[n], 1, field[n].n - 2);
		n++;
	}
	return n;
}

static bool is_header(const struct span *field, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (is_title(field[i]))
			return true;
	return false;
}

/* The first line that is not empty: does it look like one of a query's? */
static bool first_line(struct span text, struct cur *c, struct span *line)
{
	*c = cur_of(text);
	while (cur_line(c, line))
		if (span_trim(*line).n)
			return true;
	return false;
}

bool nvsmi_is_csv(struct span text)
{
	struct cur c;
	struct span line, field[FIELDS];
	if (!first_line(text, &c, &line))
		return false;
	size_t n = split(line, field);
	for (size_t i = 0; i < n; i++)
		if (titled(field[i]) != OTHER || guessed(field[i]) == DRIVER || guessed(field[i]) == NAME)
			return true;
	return false;
}

static int csv_row(const struct span *field, size_t n, const enum column *column, size_t columns, struct machine *m, struct arena *a, struct err *err)
{
	struct span name = { 0 };
	struct ver2 cc = VER2_NONE;
	for (size_t i = 0; i < n; i++) {
		enum column what = columns ? (i < columns ? column[i] : OTHER) : guessed(field[i]);
		if (what == DRIVER && machine_set_driver(m, field[i], a, err) < 0)
			return -1;
		if (what == NAME && !name.n)
			name = field[i];
		if (what == CC && capability(field[i]))
			cc = span_ver2(field[i]);
	}
	return machine_add_gpu(m, name, (struct span){ 0 }, cc, 1, a, err);
}

int nvsmi_csv(struct span text, struct arena *a, struct machine *m, struct err *err)
{
	struct machine seen = MACHINE_INIT;
	struct cur c;
	struct span line, field[FIELDS];
	enum column column[FIELDS];
	size_t columns = 0;
	for (bool any = first_line(text, &c, &line); any; any = cur_line(&c, &line)) {
		size_t n = split(line, field);
		if (is_header(field, n)) {
			columns = n;
			for (size_t i = 0; i < n; i++)
				column[i] = titled(field[i]);
		} else if (csv_row(field, n, column, columns, &seen, a, err) < 0) {
			return -1;
		}
	}
	machine_fill(m, &seen);
	return 0;
}
