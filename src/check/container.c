#include <string.h>

#include "base/str.h"
#include "check/require.h"
#include "check/remedy.h"
#include "check/rule.h"

#define RULES(R) \
	R("driver-capabilities",     driver_capabilities,     ON_HOST, ERROR, "the driver's compute libraries get into the container") \
	R("driver-library-in-image", driver_library_in_image, ON_HOST, ERROR, "the image holds no driver library of its own") \
	R("driver-not-on-path",      driver_not_on_path,      ON_HOST, ERROR, "the loader searches the folder that the host injects") \
	R("no-gpu-runtime",          no_gpu_runtime,          ON_HOST, ERROR, "the host gives a GPU to this target") \
	R("platform-mismatch",       platform_mismatch,       ON_HOST, ERROR, "the target is built for the host's processor") \
	R("require-disabled",        require_disabled,        ON_HOST, NOTE,  "the image's requirements are evaluated") \
	R("require-invalid",         require_invalid,         ON_HOST, ERROR, "the image's requirements can be read") \
	R("require-not-enforced",    require_not_enforced,    ON_HOST, NOTE,  "the runtime enforces the image's requirements") \
	R("require-unsatisfied",     require_unsatisfied,     ON_HOST, ERROR, "the host meets the image's requirements") \
	R("stub-on-path",            stub_on_path,            TARGET, ERROR, "the loader does not take a stub for the driver") \
	R("visible-devices",         visible_devices,         ON_HOST, ERROR, "a GPU is visible in the container")

#define R(id, fn, scope, lvl, title) static void fn(const struct facts *, struct subject, struct out *);
RULES(R)
#undef R

#define R(id, fn, scope, lvl, title) { { id, "container", title, SCOPE_##scope, LEVEL_##lvl }, fn },
const struct rule rules_container[] = { RULES(R) { { 0 }, NULL } };
#undef R

static enum host_runtime runtime(const struct facts *f)
{
	return f->host->host->runtime;
}

/* The container rules answer for images, and for declarations that state an ENV. */
static bool container_counts(const struct facts *f)
{
	return f->host && f->env_known && !f->host->no_gpu && (f->host->any_nvidia || !f->host->gpus.n) &&
	       (f->image || (f->inv->kind == TARGET_DECLARATION && f->inv->describes == TARGET_DECLARATION));
}

/* ---- requirements ---- */

enum { REQUIREMENTS = 33 }; /* LC takes 32 */

struct requirements {
	const char *text[REQUIREMENTS];
	const char *name[REQUIREMENTS];
	size_t n;
	const char *unreadable; /* CUDA_VERSION of an old image that the toolkit cannot parse */
};

/* strconv.ParseBool, as the toolkit reads NVIDIA_DISABLE_REQUIRE; enroot takes any text. */
static bool disabled(const struct facts *f, enum host_runtime r)
{
	static const char *const yes[] = { "1", "t", "T", "TRUE", "true", "True" };
	const char *v = inventory_env(f->inv, "NVIDIA_DISABLE_REQUIRE");
	if (!v || !v[0])
		return false;
	if (r == RUNTIME_ENROOT)
		return true;
	for (size_t i = 0; i < sizeof(yes) / sizeof(*yes); i++)
		if (str_eq(v, yes[i]))
			return true;
	return false;
}

static void collect(const struct facts *f, struct requirements *q, struct out *out)
{
	*q = (struct requirements){ .n = 0 };
	bool enroot = runtime(f) == RUNTIME_ENROOT;
	for (size_t i = 0; i < f->inv->env.n && q->n < REQUIREMENTS; i++) {
		const struct env_var *e = &f->inv->env.v[i];
		if (!str_starts(e->name, "NVIDIA_REQUIRE_") || (!enroot && str_starts(e->name, "NVIDIA_REQUIRE_JETPACK")))
			continue;
		q->name[q->n] = e->name;
		q->text[q->n++] = e->value ? e->value : "";
	}
	const char *cuda = inventory_env(f->inv, "NVIDIA_REQUIRE_CUDA"), *version = inventory_env(f->inv, "CUDA_VERSION");
	if (!enroot && version && version[0] && !(cuda && cuda[0]) && q->n < REQUIREMENTS) {
		unsigned major, minor;
		if (!require_cuda_version(version, &major, &minor)) {
			q->unreadable = version;
			return;
		}
		q->name[q->n] = "CUDA_VERSION";
		q->text[q->n++] = arena_printf(out->a, "cuda>=%u.%u", major, minor);
	}
}

/* Brands as NVML spells them, from what the table knows of a name: GeForce RTX cards say "GeForce" to the old spelling. */
static const char *brand_of(const struct gpu_facts *g)
{
	if (g->stated->brand)
		return g->stated->brand;
	if (strcasestr(g->name, "geforce"))
		return "GeForce";
	if (strcasestr(g->name, "titan"))
		return "TITAN";
	if (strcasestr(g->name, "quadro"))
		return "Quadro";
	if (strcasestr(g->name, "tesla"))
		return "Tesla";
	if (strcasestr(g->name, "grid"))
		return "GRID";
	if (!g->row)
		return NULL;
	return str_eq(g->row->class, "geforce") ? "GeForce" : str_eq(g->row->class, "workstation") ? "NvidiaRTX" : "NVIDIA";
}

struct verdict_of { enum require_answer answer; const char *missing, *name, *text; const struct gpu_facts *gpu; };

/* What the evaluators know of this host: of a driver that is stated as an interval, its `end` (0 or 1). */
static struct require_facts facts_at(const struct host_facts *h, int end, struct out *out)
{
	struct ver2 cuda = ver2_known(h->host->cuda) ? h->host->cuda : end ? h->cuda_hi : h->cuda_lo;
	struct require_facts r = { 0 };
	if (h->host->driver_is != DRIVER_UNSTATED)
		r.driver = end ? h->driver_hi : h->driver_lo;
	if (ver2_known(cuda))
		r.cuda = arena_printf(out->a, "%d.%d", cuda.major, cuda.minor < 0 ? 0 : cuda.minor);
	return r;
}

/* The fact that an expression asks for and the host does not state. */
static const char *missing_fact(const char *text, const struct require_facts *r, const struct host_facts *h)
{
	if (!r->cuda && strcasestr(text, "cuda"))
		return "host.cuda";
	if (strcasestr(text, "driver") && h->host->driver_is != DRIVER_EXACT)
		return "host.driver";
	return !h->gpus.n ? "host.gpus" : !r->arch && strcasestr(text, "arch") ? "gpu.cc" : "gpu.brand";
}

/* One requirement on one GPU: the same answer whatever the missing facts are, and at both ends of an interval, or none. */
static struct verdict_of evaluate_one(const struct facts *f, const char *text, const struct gpu_facts *gpu, bool tk, struct out *out)
{
	struct verdict_of v = { .text = text, .gpu = gpu };
	/* in an interval a single release may differ from both of its ends */
	bool single = strcasestr(text, "driver=") || strcasestr(text, "driver!"), inside = single && f->host->host->driver_is != DRIVER_EXACT;
	for (int i = 0; i < 4; i++) {
		struct require_facts r = facts_at(f->host, i / 2, out);
		r.driver = inside ? NULL : r.driver;
		r.arch = gpu && ver2_full(gpu->cc) ? arena_printf(out->a, "%d.%d", gpu->cc.major, gpu->cc.minor) : NULL;
		r.brand = gpu ? brand_of(gpu) : NULL;
		/* csv mode asks the first device: where there is none, the runtime's own answer holds */
		r.missing = tk && !gpu && r.cuda ? REQUIRE_ITS_OWN : i % 2 ? REQUIRE_FALSE : REQUIRE_TRUE;
		enum require_answer a = tk ? require_tk(text, &r) : require_lc(text, &r);
		if (i && a != v.answer)
			v.missing = missing_fact(text, &r, f->host);
		v.answer = a;
	}
	return v;
}

/* All requirements on every GPU (TK: on the first): the first that is not met, else the first that cannot be told. */
static struct verdict_of evaluate(const struct facts *f, const struct requirements *q, bool tk, struct out *out)
{
	struct verdict_of v = { .answer = REQUIRE_SATISFIED };
	size_t gpus = f->host->gpus.n;
	if (q->unreadable)
		return (struct verdict_of){ REQUIRE_INVALID, NULL, "CUDA_VERSION", q->unreadable, NULL };
	for (size_t i = 0; i < q->n; i++) {
		for (size_t g = 0; g < (gpus ? gpus : 1); g++) {
			struct verdict_of one = evaluate_one(f, q->text[i], gpus ? &f->host->gpus.v[g] : NULL, tk, out);
			bool worse = one.missing ? v.answer == REQUIRE_SATISFIED && !v.missing : one.answer > (v.missing ? REQUIRE_SATISFIED : v.answer);
			if (worse) {
				v = one;
				v.name = q->name[i];
			}
			if (tk)
				break;
		}
	}
	return v;
}

/* Requirements are looked at only where GPUs are asked for. */
static bool requirements_count(const struct facts *f)
{
	const char *visible = inventory_env(f->inv, "NVIDIA_VISIBLE_DEVICES");
	return container_counts(f) && f->host->states_any && !(visible && (!visible[0] || str_eq(visible, "void"))) &&
	       runtime(f) != RUNTIME_NONE && runtime(f) != RUNTIME_SINGULARITY;
}

/* The first word of an expression: what nvidia-container-cli names in its complaint. */
static const char *first_word(struct out *out, const char *text)
{
	return arena_strn(out->a, text, strcspn(text, " "));
}

/* Starting it all the same, where the software itself runs on that driver. */
static void remedy_disable(const struct facts *f, struct out *out, struct finding *x)
{
	struct trial t;
	if (!trial_begin(f, &t))
		return;
	trial_env(&t, "NVIDIA_DISABLE_REQUIRE", "1");
	enum remedy_check said = trial_end(&t, out, x);
	if (said == REMEDY_RUNS)
		add_tried(out, x, said, "docker run -e NVIDIA_DISABLE_REQUIRE=1 ...");
}

static void require_unsatisfied(const struct facts *f, struct subject s, struct out *out)
{
	struct requirements q;
	if (!requirements_count(f) || disabled(f, runtime(f)) || runtime(f) == RUNTIME_CDI)
		return;
	collect(f, &q, out);
	if (!q.n)
		return;
	struct verdict_of v = evaluate(f, &q, runtime(f) == RUNTIME_CSV, out);
	if (v.missing) {
		struct finding *u = emit_unknown(out, s, v.missing, "%s=%s asks for a fact that the host does not state", v.name, v.text);
		if (runtime(f) == RUNTIME_UNKNOWN)
			lower(u, LEVEL_WARNING, "the container runtime is not stated");
		return;
	}
	if (v.answer == REQUIRE_INVALID)
		return;
	if (v.answer == REQUIRE_SATISFIED) {
		emit_pass(out, s);
		return;
	}
	struct finding *x = emit(out, ANSWER_FAIL, s, "the container does not start: %s=%s is not met by %s%s%s", v.name, v.text, driver_text(out, f->host),
				 v.gpu ? ", " : "", v.gpu ? v.gpu->name : "");
	set_expected(out, x, v.text, f->host->host->driver);
	set_message(out, x, "require-unsatisfied", first_word(out, v.text), NULL);
	if (runtime(f) == RUNTIME_UNKNOWN)
		lower(x, LEVEL_WARNING, "only the legacy, csv and enroot runtimes enforce it, and the host states none");
	struct ver2 want = str_starts(v.text, "cuda>=") ? ver2_parse(v.text + 6) : VER2_NONE;
	const struct row_driver_branches *b = ver2_full(want) ? matrix_branch_for_cuda(f->m, want) : NULL;
	if (b)
		remedy_driver(f, out, x, b->first);
	remedy_disable(f, out, x);
}

static void require_invalid(const struct facts *f, struct subject s, struct out *out)
{
	struct requirements q;
	if (!requirements_count(f) || disabled(f, runtime(f)) || runtime(f) == RUNTIME_CDI)
		return;
	collect(f, &q, out);
	struct verdict_of v = evaluate(f, &q, runtime(f) == RUNTIME_CSV, out);
	if (v.missing || v.answer != REQUIRE_INVALID)
		return;
	struct finding *x = emit(out, ANSWER_FAIL, s, "the container does not start: %s=%s cannot be read as a requirement", v.name, v.text);
	set_message(out, x, "require-invalid", NULL);
	if (runtime(f) == RUNTIME_UNKNOWN)
		lower(x, LEVEL_WARNING, "only the legacy, csv and enroot runtimes evaluate it, and the host states none");
	remedy_disable(f, out, x);
}

static void require_not_enforced(const struct facts *f, struct subject s, struct out *out)
{
	struct requirements q;
	if (!requirements_count(f) || runtime(f) != RUNTIME_CDI)
		return;
	collect(f, &q, out);
	struct verdict_of v = evaluate(f, &q, false, out);
	if (v.missing || v.answer == REQUIRE_SATISFIED)
		return;
	emit(out, ANSWER_FAIL, s, "the host does not meet the image's NVIDIA_REQUIRE_*, but the cdi runtime starts the container all the same");
}

static void require_disabled(const struct facts *f, struct subject s, struct out *out)
{
	if (!container_counts(f))
		return;
	if (disabled(f, runtime(f)))
		emit(out, ANSWER_FAIL, s, "NVIDIA_DISABLE_REQUIRE is set in the image: its requirements are not evaluated");
	else if (inventory_env(f->inv, "NVIDIA_DISABLE_REQUIRES"))
		emit(out, ANSWER_FAIL, s, "NVIDIA_DISABLE_REQUIRES has no effect: the variable is NVIDIA_DISABLE_REQUIRE");
}

/* ---- what gets in ---- */

/* "0,1,2,3" of a host with four GPUs. */
static const char *all_devices(const struct facts *f, struct out *out)
{
	unsigned n = 0;
	for (size_t i = 0; i < f->host->gpus.n; i++)
		n += f->host->gpus.v[i].stated->count;
	const char *list = "0";
	for (unsigned i = 1; list && i < n && i < 64; i++)
		list = arena_printf(out->a, "%s,%u", list, i);
	return list ? list : "0";
}

/* With devices alone enroot brings utility, and no libcuda. */
static void remedy_enroot(const struct facts *f, struct out *out, struct finding *x)
{
	struct trial t;
	const char *was = inventory_env(f->inv, "NVIDIA_DRIVER_CAPABILITIES");
	if (was && was[0]) {
		remedy_env(f, out, x, "NVIDIA_VISIBLE_DEVICES", "all");
		return;
	}
	if (!trial_begin(f, &t))
		return;
	trial_env(&t, "NVIDIA_VISIBLE_DEVICES", "all");
	trial_env(&t, "NVIDIA_DRIVER_CAPABILITIES", "compute,utility");
	add_tried(out, x, trial_end(&t, out, x), "ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility");
}

static void visible_devices(const struct facts *f, struct subject s, struct out *out)
{
	if (!container_counts(f) || !(f->gpu_software || f->gpu_intent) || f->options->expect == EXPECT_CPU)
		return;
	const char *cuda = inventory_env(f->inv, "CUDA_VISIBLE_DEVICES");
	struct finding *x;
	if (cuda && (!cuda[0] || cuda[0] == '-' || str_eq(cuda, "NoDevFiles") || str_ieq(cuda, "none"))) {
		x = emit(out, ANSWER_FAIL, s, "CUDA_VISIBLE_DEVICES=\"%s\" in the image hides every GPU", cuda);
		set_cuda_error(out, x, 100);
		set_expected(out, x, "CUDA_VISIBLE_DEVICES", cuda);
		remedy_env(f, out, x, "CUDA_VISIBLE_DEVICES", all_devices(f, out));
	}
	if (runtime(f) == RUNTIME_NONE || runtime(f) == RUNTIME_SINGULARITY)
		return;
	const char *v = inventory_env(f->inv, "NVIDIA_VISIBLE_DEVICES"), *version = inventory_env(f->inv, "CUDA_VERSION");
	const char *require = inventory_env(f->inv, "NVIDIA_REQUIRE_CUDA");
	bool legacy_image = version && version[0] && !(require && require[0]);
	if (v && (str_eq(v, "none") || str_eq(v, "void") || !v[0])) {
		x = emit(out, ANSWER_FAIL, s, "NVIDIA_VISIBLE_DEVICES=\"%s\" in the image lets no GPU in", v);
		set_expected(out, x, "NVIDIA_VISIBLE_DEVICES", v);
		set_message(out, x, "torch-no-driver", NULL);
		remedy_env(f, out, x, "NVIDIA_VISIBLE_DEVICES", "all");
	} else if (!v && runtime(f) == RUNTIME_ENROOT) {
		x = emit(out, ANSWER_FAIL, s, "NVIDIA_VISIBLE_DEVICES is not set in the image: enroot then brings no GPU");
		set_message(out, x, "torch-no-driver", NULL);
		remedy_enroot(f, out, x);
	} else if (!v && !legacy_image && runtime(f) == RUNTIME_UNKNOWN) {
		x = emit(out, ANSWER_FAIL, s, "NVIDIA_VISIBLE_DEVICES is not set in the image: docker needs --gpus, enroot brings no GPU");
		lower(x, LEVEL_WARNING, "the container runtime is not stated");
		remedy_env(f, out, x, "NVIDIA_VISIBLE_DEVICES", "all");
		add_remedy(out, x, "docker run --gpus all ..., and tell envcheck --runtime legacy");
	}
}

static bool word_in(const char *list, const char *word)
{
	struct span rest = SPAN_STR(list);
	while (rest.n) {
		struct span one = span_trim(span_cut(&rest, ','));
		if (span_eq(one, word) || span_eq(one, "all"))
			return true;
	}
	return false;
}

static void driver_capabilities(const struct facts *f, struct subject s, struct out *out)
{
	if (!container_counts(f) || !(f->gpu_software || f->gpu_intent) || f->options->expect == EXPECT_CPU || runtime(f) == RUNTIME_NONE ||
	    runtime(f) == RUNTIME_SINGULARITY || runtime(f) == RUNTIME_CDI || runtime(f) == RUNTIME_CSV)
		return;
	const char *v = inventory_env(f->inv, "NVIDIA_DRIVER_CAPABILITIES");
	struct finding *x;
	if (!v || !v[0]) {
		const char *visible = inventory_env(f->inv, "NVIDIA_VISIBLE_DEVICES");
		if (runtime(f) != RUNTIME_ENROOT || !visible)
			return;
		x = emit(out, ANSWER_FAIL, s, "NVIDIA_DRIVER_CAPABILITIES is not set in the image: enroot then brings utility alone, no libcuda");
	} else if (word_in(v, "compute")) {
		emit_pass(out, s);
		return;
	} else {
		x = emit(out, ANSWER_FAIL, s, "NVIDIA_DRIVER_CAPABILITIES=\"%s\" lacks compute: libcuda does not get into the container", v);
	}
	set_message(out, x, "torch-no-driver", NULL);
	remedy_env(f, out, x, "NVIDIA_DRIVER_CAPABILITIES", "compute,utility");
}

static void no_gpu_runtime(const struct facts *f, struct subject s, struct out *out)
{
	if (!f->host || !(f->gpu_software || f->gpu_intent) || f->options->expect == EXPECT_CPU)
		return;
	bool cpu_only = true;
	for (size_t i = 0; i < f->inv->packages.n; i++)
		cpu_only = cpu_only && f->inv->packages.v[i].gpu.vendor != VENDOR_CUDA && f->inv->packages.v[i].gpu.vendor != VENDOR_ROCM;
	struct finding *x = NULL;
	if (f->host->no_gpu && !(cpu_only && f->gpu_software && f->options->expect != EXPECT_GPU)) {
		x = emit(out, ANSWER_FAIL, s, "the target wants a GPU and the host has none");
		set_cuda_error(out, x, 100);
		add_remedy(out, x, "run it on a host with a GPU");
		add_remedy(out, x, "envcheck --expect cpu, if it is meant to run without");
	} else if (runtime(f) == RUNTIME_NONE && f->image) {
		x = emit(out, ANSWER_FAIL, s, "the host's container runtime injects no driver: the container sees no GPU");
		remedy_runtime(f, out, x, "on the host: apt-get install nvidia-container-toolkit && nvidia-ctk runtime configure && systemctl restart docker");
	}
	if (x)
		set_message(out, x, "torch-no-driver", NULL);
}

static bool path_has(const char *list, const char *dir)
{
	struct span rest = SPAN_STR(list ? list : "");
	while (rest.n)
		if (span_eq(span_cut(&rest, ':'), dir))
			return true;
	return false;
}

static void driver_not_on_path(const struct facts *f, struct subject s, struct out *out)
{
	const char *dir = f->host ? f->host->host->driver_dir : NULL;
	static const char *const usual[] = { "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib", "/lib64", "/lib" };
	if (!dir || !f->env_known || !(f->gpu_software || f->gpu_intent))
		return;
	for (size_t i = 0; i < sizeof(usual) / sizeof(*usual); i++)
		if (str_eq(dir, usual[i]))
			return;
	bool found = path_has(inventory_env(f->inv, "LD_LIBRARY_PATH"), dir);
	for (size_t i = 0; i < f->inv->loader_dirs.n; i++)
		found = found || str_eq(f->inv->loader_dirs.v[i], dir);
	if (found) {
		emit_pass(out, s);
		return;
	}
	struct finding *x = emit(out, ANSWER_FAIL, s, "the host brings its driver libraries into %s, which the image's loader does not search", dir);
	set_message(out, x, "torch-no-driver", NULL);
	const char *was = inventory_env(f->inv, "LD_LIBRARY_PATH");
	const char *value = arena_printf(out->a, "%s%s%s", dir, was && *was ? ":" : "", was ? was : "");
	if (value)
		remedy_env(f, out, x, "LD_LIBRARY_PATH", value);
}

static void platform_mismatch(const struct facts *f, struct subject s, struct out *out)
{
	const char *have = f->inv->arch, *host = f->host ? f->host->host->arch : NULL;
	if (!have || !host)
		return;
	if (str_eq(have, "x86_64"))
		have = "amd64";
	if (str_eq(have, "aarch64"))
		have = "arm64";
	if (str_eq(have, host)) {
		emit_pass(out, s);
		return;
	}
	struct finding *x = emit(out, ANSWER_FAIL, s, "the target is built for %s, the host is %s", have, host);
	set_expected(out, x, host, have);
	set_message(out, x, "exec-format", NULL);
	if (f->inv->reference.n && f->image)
		add_remedy(out, x, "docker pull --platform linux/%s %s", host, shell_word(out, f->inv->reference.v[0]));
	if (f->image)
		add_remedy(out, x, "docker buildx build --platform linux/%s .", host);
	else if (f->inv->kind == TARGET_WHEEL && f->inv->packages.n)
		add_remedy(out, x, "pip download --no-deps --only-binary=:all: --platform manylinux_2_28_%s %s", str_eq(host, "arm64") ? "aarch64" : "x86_64",
			   pip_name(out, f->inv->packages.v[0].name, f->inv->packages.v[0].version));
	else
		add_remedy(out, x, "build it on a linux/%s machine", host);
}

/* ---- driver pieces inside the image ---- */

/* Packages of the distribution, or else the file: the runtime brings the host's. */
static void remedy_no_driver(const struct facts *f, struct out *out, struct finding *x, const struct driver_library *worst)
{
	struct trial t;
	if (!trial_begin(f, &t))
		return;
	size_t kept = 0;
	for (size_t i = 0; i < t.inv.driver_libraries.n; i++)
		if (t.inv.driver_libraries.v[i].kind != DRIVER_REAL)
			t.inv.driver_libraries.v[kept++] = t.inv.driver_libraries.v[i];
	t.inv.driver_libraries.n = kept;
	enum remedy_check said = trial_end(&t, out, x);
	if (str_eq(f->inv->os.id, "debian") || str_eq(f->inv->os.id, "ubuntu"))
		add_tried(out, x, said, "RUN apt-get purge -y libcuda1 'libnvidia-*' 'nvidia-driver-*'");
	else if (worst->path && worst->path[0] == '/')
		add_tried(out, x, said, "RUN rm -f %s", worst->path);
	else
		add_tried(out, x, said, "RUN find / -xdev -name 'libcuda.so.[1-9]*' -delete");
}

static void driver_library_in_image(const struct facts *f, struct subject s, struct out *out)
{
	const struct driver_library *worst = NULL;
	bool exact = f->host && f->host->host->driver_is == DRIVER_EXACT;
	size_t n = 0;
	for (size_t i = 0; i < f->inv->driver_libraries.n; i++) {
		const struct driver_library *d = &f->inv->driver_libraries.v[i];
		if (d->kind != DRIVER_REAL)
			continue;
		n++;
		if (!worst || (exact && d->version && version_cmp(d->version, f->host->driver_lo)))
			worst = d;
	}
	if (!worst || !f->host)
		return;
	bool differs = exact && worst->version && version_cmp(worst->version, f->host->driver_lo);
	struct finding *x = emit(out, ANSWER_FAIL, s, "the image holds a driver library of its own: %s%s%s", worst->path ? worst->path : "libcuda.so",
				 differs ? "; the host's driver is " : "", differs ? f->host->host->driver : "");
	at_path(x, worst->path, worst->layer);
	x->count = (unsigned)n;
	set_expected(out, x, f->host->host->driver, worst->version);
	set_cuda_error(out, x, 803);
	if (!exact)
		lower(x, LEVEL_WARNING, "the host's driver is not known exactly");
	else if (worst->version && !differs)
		lower(x, LEVEL_WARNING, "it is the host's own version");
	remedy_no_driver(f, out, x, worst);
}

static void stub_on_path(const struct facts *f, struct subject s, struct out *out)
{
	const char *list = inventory_env(f->inv, "LD_LIBRARY_PATH");
	for (size_t i = 0; i < f->inv->driver_libraries.n; i++) {
		const struct driver_library *d = &f->inv->driver_libraries.v[i];
		if (d->kind != DRIVER_STUB || !d->path)
			continue;
		const char *dir = path_dir(out->a, d->path);
		/* a stub outside a folder of stubs stands where the driver's own library belongs */
		bool taken = (dir && path_has(list, dir)) || !strstr(d->path, "stubs/");
		for (size_t k = 0; dir && k < f->inv->loader_dirs.n; k++)
			taken = taken || str_eq(f->inv->loader_dirs.v[k], dir);
		/* /usr/local/cuda is a link to the folder of its version */
		if (list && strstr(d->path, "/stubs/") && strstr(list, "/lib64/stubs"))
			taken = true;
		if (!taken)
			continue;
		struct finding *x = emit(out, ANSWER_FAIL, s, "the loader finds the link-time stub %s before the driver's own", d->path);
		at_path(x, d->path, d->layer);
		set_cuda_error(out, x, 34);
		remedy_without(f, out, x, dir);
		if (!x->remedies.n && d->path[0] == '/')
			add_remedy(out, x, "RUN rm -f %s", shell_word(out, d->path));
		return;
	}
	if (list && strstr(list, "/stubs") && !f->inv->driver_libraries.n && f->inv->kind == TARGET_DECLARATION && f->gpu_software) {
		struct finding *x = emit(out, ANSWER_FAIL, s, "LD_LIBRARY_PATH names a folder of stubs: the loader takes its libcuda for the driver's");
		set_cuda_error(out, x, 34);
		remedy_without(f, out, x, "stubs");
	}
}
