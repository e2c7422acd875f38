#include "parse/collectenv.h"

#include "base/limits.h"

static bool holds(struct span s, const char *t)
{
	return span_find(s, t) < s.n;
}

bool collectenv_is(struct span text)
{
	static const char *const tells[] = {
		"CUDA used to build PyTorch", "GPU models and configuration", "Nvidia driver version", "CUDA Driver Version: ",
		"PyTorch version: ", "[pip3] ", "[conda] ",
	};
	for (size_t i = 0; i < sizeof(tells) / sizeof(*tells); i++)
		if (holds(text, tells[i]))
			return true;
	return false;
}

/* A GPU until its capability, which may stand lines below, is read. `which`: "0" or "0,1,2". */
struct pending { struct span which, name; struct ver2 cc; };

struct reading {
	struct arena *a;
	struct err *err;
	struct collectenv_facts *f;
	LIST(struct pending) gpus;
	struct span os, platform, python;
	bool sglang;   /* package lines are "name: version" */
};

/* The first word, unless the value says that there is none. */
static int keep_word(struct reading *r, struct span value, const char **out)
{
	if (*out || span_says_nothing(value))
		return 0;
	struct span word = span_sub(value, 0, span_chr(value, ' '));
	*out = arena_strn(r->a, word.p, word.n);
	return *out ? 0 : err_nomem(r->err);
}

/* ---- GPUs ---- */

/* Is every number of one list ("0,1") in the other ("0,1,2,3")? */
static bool list_in(struct span part, struct span all)
{
	while (part.n) {
		struct span one = span_trim(span_cut(&part, ',')), rest = all;
		bool found = false;
		while (rest.n && !found) {
			struct span other = span_trim(span_cut(&rest, ','));
			found = one.n == other.n && (!one.n || !memcmp(one.p, other.p, one.n));
		}
		if (!found)
			return false;
	}
	return true;
}

static unsigned list_count(struct span list)
{
	unsigned n = 0;
	while (list.n && n < LIMIT_GPU_COUNT) {
		(void)span_cut(&list, ',');
		n++;
	}
	return n;
}

static int add_pending(struct reading *r, struct span which, struct span name)
{
	if (r->gpus.n >= LIMIT_GPU_KINDS)
		return err_set(r->err, ERR_LIMIT, "more than %u lines of GPUs", LIMIT_GPU_KINDS);
	struct pending g = { which, name, VER2_NONE };
	return list_add(r->a, &r->gpus, g) ? 0 : err_nomem(r->err);
}

/*
 * "GPU 0: NVIDIA H100", sglang: "GPU 0,1: NVIDIA H100" and "GPU 0,1 Compute
 * Capability: 9.0". 1 if the line is one of those, 0 if not.
 */
static int gpu_line(struct reading *r, struct span line)
{
	static const char CC[] = " Compute Capability";
	struct span name = line, which = span_trim(span_cut(&name, ':'));
	if (name.n == 0 || !span_starts(which, "GPU ") || which.n < 5 || which.p[4] < '0' || which.p[4] > '9')
		return 0;
	which = span_from(which, 4);
	name = span_trim(name);
	if (!span_ends(which, CC)) {
		size_t uuid = span_find(name, " (UUID:");
		return add_pending(r, which, span_sub(name, 0, uuid)) < 0 ? -1 : 1;
	}
	which.n -= sizeof(CC) - 1;
	for (size_t i = 0; i < r->gpus.n; i++)
		if (!ver2_known(r->gpus.v[i].cc) && list_in(r->gpus.v[i].which, which))
			r->gpus.v[i].cc = span_ver2(name);
	return 1;
}

/* The value of "GPU models and configuration": nothing, "GPU 0: ...", or under ROCm a bare name. */
static int gpu_value(struct reading *r, struct span value)
{
	if (span_says_nothing(value))
		return 0;
	int got = gpu_line(r, value);
	return got ? (got < 0 ? -1 : 0) : add_pending(r, SPAN_STR("0"), value);
}

/* ---- packages ---- */

static int add_package(struct reading *r, struct span name, struct span version, const char *installer, struct span build)
{
	if (!name.n || !version.n || span_says_nothing(version))
		return 0;
	struct collectenv_package p = { .installer = installer };
	p.name = arena_strn(r->a, name.p, name.n);
	p.version = arena_strn(r->a, version.p, version.n);
	p.build = build.n ? arena_strn(r->a, build.p, build.n) : NULL;
	if (!p.name || !p.version || (build.n && !p.build) || !list_add(r->a, &r->f->packages, p))
		return err_nomem(r->err);
	return 0;
}

static struct span word(struct span *rest)
{
	*rest = span_trim(*rest);
	return span_cut(rest, ' ');
}

/* "[pip3] torch==2.5.1", "[conda] pytorch  1.3.0  py3.7_cuda10.1_0  pytorch". 1 if the line is one. */
static int package_line(struct reading *r, struct span line)
{
	if (span_starts(line, "[conda]")) {
		struct span rest = span_from(line, 7), name = word(&rest), version = word(&rest), build = word(&rest);
		bool none = span_eq(name, "Could") && span_eq(version, "not");
		return none ? 1 : add_package(r, name, version, "conda", build) < 0 ? -1 : 1;
	}
	if (!span_starts(line, "[pip"))
		return 0;
	struct span rest = line;
	(void)span_cut(&rest, ']');
	struct span name = word(&rest);
	size_t eq = span_find(name, "==");
	if (eq == name.n)
		return 1;
	return add_package(r, span_sub(name, 0, eq), span_from(name, eq + 2), "pip", (struct span){ 0 }) < 0 ? -1 : 1;
}

/* sglang's "flashinfer_python: 0.5.3" */
static int sglang_package(struct reading *r, struct span key, struct span value)
{
	if (!r->sglang || !value.n || value.p[0] < '0' || value.p[0] > '9' || span_chr(value, ' ') < value.n || span_chr(key, ' ') < key.n)
		return 0;
	return add_package(r, key, value, NULL, (struct span){ 0 });
}

/* ---- lines ---- */

static int yes_no(struct span value)
{
	return span_eq(value, "True") || span_eq(value, "Yes") ? 1 : span_eq(value, "False") || span_eq(value, "No") ? 0 : -1;
}

static int key_line(struct reading *r, struct span key, struct span value)
{
	struct collectenv_facts *f = r->f;
	if (span_eq(key, "PyTorch version"))
		return keep_word(r, value, &f->torch);
	if (span_eq(key, "PyTorch")) {
		r->sglang = true;
		return keep_word(r, value, &f->torch);
	}
	if (span_eq(key, "CUDA used to build PyTorch"))
		return keep_word(r, value, &f->cuda_built);
	if (span_eq(key, "ROCM used to build PyTorch"))
		return keep_word(r, value, &f->rocm_built);
	if (span_eq(key, "CUDA runtime version"))
		return keep_word(r, value, &f->cuda_runtime);
	if (span_eq(key, "Libc version"))
		return keep_word(r, value, &f->libc);
	if (span_eq(key, "Python version") || span_eq(key, "Python")) {
		r->python = value;
		return keep_word(r, value, &f->python);
	}
	if (span_eq(key, "Is CUDA available") || span_eq(key, "CUDA available"))
		f->cuda_available = yes_no(value);
	else if (span_eq(key, "OS"))
		r->os = value;
	else if (span_eq(key, "Python platform"))
		r->platform = value;
	else if (span_eq(key, "Architecture") && !f->machine.arch)
		f->machine.arch = machine_arch(value);
	else if (span_eq(key, "Nvidia driver version") || span_eq(key, "CUDA Driver Version"))
		return machine_set_driver(&f->machine, span_sub(value, 0, span_chr(value, ' ')), r->a, r->err);
	else if (span_eq(key, "GPU models and configuration"))
		return gpu_value(r, value);
	else
		return sglang_package(r, key, value);
	return 0;
}

static int read_line(struct reading *r, struct span line)
{
	line = span_trim(line);
	while (span_starts(line, ">")) /* quoted in a thread */
		line = span_trim(span_from(line, 1));
	int got = package_line(r, line);
	if (got == 0)
		got = gpu_line(r, line);
	if (got)
		return got < 0 ? -1 : 0;
	struct span value = line, key = span_trim(span_cut(&value, ':'));
	return value.n || span_ends(line, ":") ? key_line(r, key, span_trim(value)) : 0;
}

/* "Ubuntu 22.04.3 LTS (x86_64)" and "Linux-5.15.153.1-microsoft-standard-WSL2-x86_64-with-glibc2.35" */
static void system_of(const struct reading *r, struct machine *m)
{
	static const char *const arches[] = { "x86_64", "aarch64", "AMD64", "ARM64" };
	if (holds(r->os, "Windows") || span_starts(r->platform, "Windows-"))
		m->os = "windows";
	else if (holds(r->platform, "microsoft") || holds(r->platform, "WSL2"))
		m->os = "wsl2";
	else if ((r->os.n && !span_says_nothing(r->os) && !holds(r->os, "mac")) || span_starts(r->platform, "Linux-"))
		m->os = "linux";
	for (size_t i = 0; !m->arch && i < sizeof(arches) / sizeof(*arches); i++)
		if (holds(r->os, arches[i]) || holds(r->platform, arches[i]) || holds(r->python, arches[i]))
			m->arch = machine_arch(SPAN_STR(arches[i]));
}

int collectenv_parse(struct span text, struct arena *a, struct collectenv_facts *out, struct err *err)
{
	*out = (struct collectenv_facts){ .machine = MACHINE_INIT, .cuda_available = -1 };
	struct reading r = { .a = a, .err = err, .f = out };
	struct cur c = cur_of(text);
	for (struct span line; cur_line(&c, &line);)
		if (read_line(&r, line) < 0)
			return -1;
	system_of(&r, &out->machine);
	for (size_t i = 0; i < r.gpus.n; i++)
		if (machine_add_gpu(&out->machine, r.gpus.v[i].name, (struct span){ 0 }, r.gpus.v[i].cc, list_count(r.gpus.v[i].which), a, err) < 0)
			return -1;
	return 0;
}
