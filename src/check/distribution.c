#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "check/remedy.h"
#include "check/rule.h"

#define RULES(R) \
	R("companion-cuda-mismatch",  companion_cuda_mismatch,  PACKAGE, ERROR,   "torch's companions are built for torch's CUDA") \
	R("duplicate-distribution",   duplicate_distribution,   PACKAGE, WARNING, "a distribution is installed once") \
	R("extension-torch-mismatch", extension_torch_mismatch, PACKAGE, ERROR,   "the extension is built for the torch that is installed") \
	R("record-mismatch",          record_mismatch,          PACKAGE, NOTE,    "the files of a distribution are as it recorded them") \
	R("runtime-compiler-missing", runtime_compiler_missing, PACKAGE, WARNING, "the compiler that the package calls at run time is there") \
	R("wheel-tag-mismatch",       wheel_tag_mismatch,       PACKAGE_ON_HOST, ERROR,   "the wheel is for this interpreter and processor")

#define R(id, fn, scope, lvl, title) static void fn(const struct facts *, struct subject, struct out *);
RULES(R)
#undef R

#define R(id, fn, scope, lvl, title) { { id, "python", title, SCOPE_##scope, LEVEL_##lvl }, fn },
const struct rule rules_distribution[] = { RULES(R) { { 0 }, NULL } };
#undef R

/* Of a package's alternatives of one choice: are there any, and is none of them picked? `first` and `last` get two of their names. */
static bool none_picked(const struct facts *f, const struct package *p, const char *group, const char *of, const char **first, const char **last)
{
	*first = *last = NULL;
	for (size_t i = 0; i < f->inv->libraries.n; i++) {
		const struct library *l = &f->inv->libraries.v[i];
		if (!str_eq(l->group, group) || !str_eq(l->owner, p->name) || !str_eq(l->environment, p->environment) || !strstr(l->path, of))
			continue;
		if (l->picked)
			return false;
		*last = path_base(l->path);
		*first = *first ? *first : *last;
	}
	return *first != NULL;
}

static bool library_group_listed(const struct facts *f, const struct package *p, const char *group)
{
	for (size_t i = 0; i < f->inv->libraries.n; i++)
		if (str_eq(f->inv->libraries.v[i].group, group) && str_eq(f->inv->libraries.v[i].owner, p->name))
			return true;
	return false;
}

static const char *range_text(struct out *out, const char *first, const char *last)
{
	const char *s = str_eq(first, last) ? first : arena_printf(out->a, "%s to %s", first, last);
	return s ? s : first;
}

/* The CUDA releases that the published wheels of a version have a library for; false: no table says. */
static bool published_for(const struct facts *f, const struct package *p, struct ver2 cuda, bool *has, struct ver2 *first, struct ver2 *last)
{
	bool any = false;
	*has = false;
	*first = *last = VER2_NONE;
	for (size_t i = 0; p->version && i < f->m->package_code.n; i++) {
		const struct row_package_code *r = &f->m->package_code.v[i];
		if (!str_eq(r->package, p->name) || !ver2_known(r->cuda_min) || !pep440_match(p->version, r->versions))
			continue;
		any = true;
		*has = *has || (ver2_cmp(cuda, r->cuda_min) >= 0 && ver2_cmp(cuda, r->cuda_max) <= 0);
		*first = ver2_known(*first) && ver2_cmp(*first, r->cuda_min) < 0 ? *first : r->cuda_min;
		*last = ver2_cmp(*last, r->cuda_max) > 0 ? *last : r->cuda_max;
	}
	return any;
}

/* Of a requirement or a declaration that lists no library of it. */
static void bitsandbytes_published(const struct facts *f, struct subject s, struct out *out, const struct package *torch)
{
	const struct package *p = s.package;
	struct ver2 cuda = torch->gpu.cuda, first, last;
	bool has;
	if (!published_for(f, p, cuda, &has, &first, &last) || has) {
		emit_pass(out, s);
		return;
	}
	const char *name = arena_printf(out->a, "libbitsandbytes_cuda%d%d.so", cuda.major, cuda.minor);
	struct finding *x = emit(out, ANSWER_FAIL, s, "%s has no library for CUDA %s of %s: its wheels have those of %s to %s", package_text(out, p),
				 ver2_print(cuda).s, package_text(out, torch), ver2_print(first).s, ver2_print(last).s);
	set_expected(out, x, ver2_print(cuda).s, ver2_print(last).s);
	set_message(out, x, "bitsandbytes-library", name, NULL);
	add_remedy(out, x, "pip install -U 'bitsandbytes>=0.50'");
}

/* bitsandbytes brings a library for each CUDA and takes torch's; without it its functions raise when they are called. */
static void bitsandbytes_mismatch(const struct facts *f, struct subject s, struct out *out, const struct package *torch)
{
	const struct package *p = s.package;
	const char *forced = inventory_env(f->inv, "BNB_CUDA_VERSION"), *first, *last;
	struct ver2 cuda = torch->gpu.cuda;
	if ((!ver2_full(cuda) && !forced) || torch->gpu.vendor != VENDOR_CUDA)
		return;
	if (!none_picked(f, p, "bnb-cuda", "_cuda", &first, &last)) {
		bool described = f->inv->kind == TARGET_DECLARATION || f->inv->kind == TARGET_REQUIREMENT;
		if (described && !library_group_listed(f, p, "bnb-cuda") && ver2_full(cuda) && !forced)
			bitsandbytes_published(f, s, out, torch);
		else
			emit_pass(out, s);
		return;
	}
	char name[64];
	if (forced && forced[0])
		snprintf(name, sizeof(name), "libbitsandbytes_cuda%.16s.so", forced);
	else
		snprintf(name, sizeof(name), "libbitsandbytes_cuda%d%d.so", cuda.major, cuda.minor);
	struct finding *x = emit(out, ANSWER_FAIL, s, "%s has no %s, which it takes for %s: it brings %s", package_text(out, p), name,
				 forced && forced[0] ? "BNB_CUDA_VERSION" : package_text(out, torch), range_text(out, first, last));
	set_expected(out, x, name, last);
	set_message(out, x, "bitsandbytes-library", name, NULL);
	if (forced && forced[0])
		add_remedy(out, x, "env -u BNB_CUDA_VERSION, or take it out of the Dockerfile");
	else
		add_remedy(out, x, "pip install -U 'bitsandbytes>=0.50'");
}

/*
 * torchvision and torchaudio compare at import (extension.py, _extension):
 * torchaudio and torchvision before 0.24 by major.minor, later torchvision by major.
 */
static void companion_cuda_mismatch(const struct facts *f, struct subject s, struct out *out)
{
	const struct package *p = s.package, *torch = inventory_package(f->inv, "torch", p->environment);
	bool vision = str_eq(p->name, "torchvision"), audio = str_eq(p->name, "torchaudio");
	if (torch && str_eq(p->name, "bitsandbytes"))
		bitsandbytes_mismatch(f, s, out, torch);
	if (!torch || (!vision && !audio))
		return;
	const char *name = package_text(out, p), *of = package_text(out, torch);
	struct finding *x;
	if (torch->gpu.vendor == VENDOR_CUDA && p->gpu.vendor == VENDOR_CPU) {
		x = emit(out, ANSWER_FAIL, s, "%s is a CPU build beside %s, a CUDA build: its operators do not run on the GPU", name, of);
		if (vision)
			set_message(out, x, "torchvision-nms", NULL);
	} else if (torch->gpu.vendor == VENDOR_CPU && p->gpu.vendor == VENDOR_CUDA) {
		x = emit(out, ANSWER_FAIL, s, "%s is a CUDA build beside %s, a CPU build", name, of);
		if (vision)
			set_message(out, x, "torchvision-nms", NULL);
	} else {
		struct ver2 a = torch->gpu.cuda, b = p->gpu.cuda;
		bool by_major = vision && p->version && pep440_match(p->version, ">=0.24");
		if (!ver2_known(a) || !ver2_known(b))
			return;
		bool differ = a.major != b.major || (!by_major && ver2_full(a) && ver2_full(b) && a.minor != b.minor);
		if (!differ) {
			emit_pass(out, s);
			return;
		}
		x = emit(out, ANSWER_FAIL, s, "%s is built for CUDA %s, %s for CUDA %s: it refuses to be imported", name, ver2_print(b).s, of, ver2_print(a).s);
		set_expected(out, x, ver2_print(a).s, ver2_print(b).s);
		set_message(out, x, vision ? "torchvision-cuda" : "torchaudio-cuda", NULL);
	}
	const struct row_companions *c = torch->version ? matrix_companion(f->m, torch->version) : NULL;
	const char *want = c ? (vision ? c->torchvision : c->torchaudio) : "";
	const char *local = torch->version ? pep440_local(torch->version) : NULL;
	const char *version = want;
	if (want[0] && local)
		version = arena_printf(out->a, "%s+%s", want, local);
	else if (want[0] && ver2_full(torch->gpu.cuda))
		version = arena_printf(out->a, "%s+cu%d%d", want, torch->gpu.cuda.major, torch->gpu.cuda.minor);
	if (want[0] && version)
		remedy_package(f, out, x, p->name, p->environment, version);
	else
		add_remedy(out, x, "pip install --force-reinstall %s %s", pip_name(out, p->name, NULL), pip_name(out, "torch", torch->version));
	if (c)
		set_source(out, x, "companions", c->id, c->source);
}

/* Pip's torch wheels for x86_64: the old C++ ABI up to 2.5, the new one from 2.7 on, 2.6 by its CUDA (PyTorch release notes). */
static enum tri torch_abi(const struct facts *f, const struct package *torch)
{
	if (torch->abi_cxx11 != TRI_UNKNOWN || !torch->version)
		return torch->abi_cxx11;
	if (f->inv->arch && str_eq(f->inv->arch, "arm64"))
		return TRI_YES;
	if (strstr(torch->version, "+git") || strstr(torch->version, ".nv") || strstr(torch->version, "a0"))
		return TRI_UNKNOWN;
	if (pep440_match(torch->version, "<2.6"))
		return TRI_NO;
	return pep440_match(torch->version, ">=2.7") ? TRI_YES : TRI_UNKNOWN;
}

/* 0.20.1 and 0.20.0: the first two numbers agree. (A major of 0 is a number here, not "unknown".) */
static bool same_minor(const char *a, const char *b)
{
	unsigned long x[2] = { 0 }, y[2] = { 0 };
	version_parts(a, x, 2);
	version_parts(b, y, 2);
	return x[0] == y[0] && x[1] == y[1];
}

/* Without the local version, which names the torch that it was built for. */
static const char *public_name(struct out *out, const struct package *p)
{
	return pip_name(out, p->name, p->version ? arena_strn(out->a, p->version, strcspn(p->version, "+")) : NULL);
}

/* The release that belongs to the torch that is there, from a table or from the project's index; else one that is built for it on the spot. */
static void remedy_extension(const struct facts *f, struct out *out, struct finding *x, const struct package *p, const struct package *torch)
{
	const struct row_companions *c = matrix_companion(f->m, torch->version);
	struct ver2 v = ver2_parse(torch->version);
	if (str_eq(p->name, "xformers") && c && c->xformers[0])
		remedy_package(f, out, x, p->name, p->environment, c->xformers);
	else if (str_eq(p->name, "dgl") && ver2_full(torch->gpu.cuda))
		add_remedy(out, x, "pip install dgl -f https://data.dgl.ai/wheels/torch-%d.%d/cu%d%d/repo.html", v.major, v.minor, torch->gpu.cuda.major,
			   torch->gpu.cuda.minor);
	else
		add_remedy(out, x, "pip install --force-reinstall --no-deps --no-build-isolation --no-cache-dir %s", public_name(out, p));
}

/* "0.0.29" of "0.0.29.post2". */
static size_t base_length(const char *version)
{
	const char *post = strstr(version, ".post");
	return post ? (size_t)(post - version) : strcspn(version, "+");
}

/*
 * The torch that a release of xformers was made for, if it is another one than `have`: releases come in rows
 * with torch's, and a post release belongs to the rows of its base. NULL: no row says, or one fits.
 */
static const struct row_companions *xformers_of_other_torch(const struct matrix *m, const char *version, struct ver2 have)
{
	const struct row_companions *other = NULL;
	size_t n = base_length(version);
	for (size_t i = 0; i < m->companions.n; i++) {
		const struct row_companions *r = &m->companions.v[i];
		if (!r->xformers[0] || base_length(r->xformers) != n || strncmp(r->xformers, version, n))
			continue;
		if (!ver2_cmp(ver2_parse(r->torch), have))
			return NULL;
		other = r;
	}
	return other;
}

static void extension_torch_mismatch(const struct facts *f, struct subject s, struct out *out)
{
	const struct package *p = s.package, *torch = inventory_package(f->inv, "torch", p->environment);
	if (!torch || torch == p || !torch->version)
		return;
	const char *name = package_text(out, p), *of = package_text(out, torch);
	struct finding *x = NULL;
	struct ver2 have = ver2_parse(torch->version), want = p->abi_torch ? ver2_parse(p->abi_torch) : VER2_NONE;
	const struct row_companions *c = matrix_companion(f->m, torch->version);
	bool vision = str_eq(p->name, "torchvision"), audio = str_eq(p->name, "torchaudio");
	const char *paired = c && vision ? c->torchvision : c && audio ? c->torchaudio : "";
	if (ver2_full(want) && ver2_cmp(want, have)) {
		x = emit(out, ANSWER_FAIL, s, "%s is built for torch %s, %s is installed", name, p->abi_torch, torch->version);
		set_expected(out, x, p->abi_torch, torch->version);
	} else if (p->abi_cxx11 != TRI_UNKNOWN && torch_abi(f, torch) != TRI_UNKNOWN && p->abi_cxx11 != torch_abi(f, torch)) {
		x = emit(out, ANSWER_FAIL, s, "%s is built for the %s C++ ABI, %s uses the other", name, p->abi_cxx11 == TRI_YES ? "new" : "old", of);
	} else if (paired[0] && p->version && !same_minor(paired, p->version)) {
		x = emit(out, ANSWER_FAIL, s, "%s belongs to another torch: %s %s was released for %s", name, p->name, paired, of);
		set_expected(out, x, paired, p->version);
		set_source(out, x, "companions", c->id, c->source);
		remedy_package(f, out, x, p->name, p->environment, paired);
	}
	/* what is there to be read is judged by its symbols */
	bool described = f->inv->kind == TARGET_DECLARATION || f->inv->kind == TARGET_REQUIREMENT;
	const struct row_companions *other = !x && described && p->version && str_eq(p->name, "xformers") && !ver2_full(want) && ver2_full(have) ?
					     xformers_of_other_torch(f->m, p->version, have) : NULL;
	if (other) {
		x = emit(out, ANSWER_FAIL, s, "%s was released for torch %s, %s is installed", name, other->torch, torch->version);
		set_expected(out, x, other->torch, torch->version);
		set_source(out, x, "companions", other->id, other->source);
		if (c && c->xformers[0])
			remedy_package(f, out, x, p->name, p->environment, c->xformers);
	}
	const char *first, *last;
	bool graphbolt = !x && none_picked(f, p, "dgl-torch", "graphbolt", &first, &last);
	if (graphbolt) {
		x = emit(out, ANSWER_FAIL, s, "%s has no library for torch %s: it brings %s", name, torch->version, range_text(out, first, last));
		set_expected(out, x, torch->version, last);
	}
	if (!x)
		return;
	set_message(out, x, graphbolt ? "dgl-graphbolt" : vision ? "torchvision-nms" : "torch-extension", NULL);
	if (!x->remedies.n)
		remedy_extension(f, out, x, p, torch);
}

void remedy_once(struct out *out, struct finding *x, const char *name, const char *version)
{
	add_remedy(out, x, "pip uninstall -y %s; pip uninstall -y %s; pip install %s", shell_word(out, name), shell_word(out, name), pip_name(out, name, version));
}

static void duplicate_distribution(const struct facts *f, struct subject s, struct out *out)
{
	const struct package *p = s.package;
	for (size_t i = 0; i < f->inv->packages.n; i++) {
		const struct package *o = &f->inv->packages.v[i];
		/* each pair is told once, by the later of the two; folders of one environment may shadow each other on purpose */
		if (o >= p || !str_eq(o->name, p->name) || !str_eq(o->environment, p->environment) || !str_eq(o->site, p->site))
			continue;
		struct finding *x = emit(out, ANSWER_FAIL, s, "%s is installed twice: %s and %s", p->name, o->version ? o->version : "?", p->version ? p->version : "?");
		set_expected(out, x, o->version, p->version);
		remedy_once(out, x, p->name, p->version && o->version && version_cmp(p->version, o->version) < 0 ? o->version : p->version);
		return;
	}
}

static void record_mismatch(const struct facts *f, struct subject s, struct out *out)
{
	const struct package *p = s.package;
	(void)f;
	if (!p->record_missing.n && !p->record_changed.n)
		return;
	bool missing = p->record_missing.n > 0;
	const char *path = missing ? p->record_missing.v[0] : p->record_changed.v[0];
	size_t n = missing ? p->record_missing.n : p->record_changed.n;
	struct finding *x = emit(out, ANSWER_FAIL, s, "%zu file%s of %s %s %s%s%s", n, n == 1 ? "" : "s", package_text(out, p), n == 1 ? "is" : "are",
				 missing ? "missing" : "not as recorded", n == 1 ? ": " : ", first ", path);
	add_remedy(out, x, "pip install --force-reinstall --no-deps %s", pip_name(out, p->name, p->version));
}

static void remedy_compiler(const struct facts *f, struct out *out, struct finding *x)
{
	static const struct { const char *os, *command; } ways[] = {
		{ "debian", "apt-get install -y gcc libc6-dev python3-dev" }, { "ubuntu", "apt-get install -y gcc libc6-dev python3-dev" },
		{ "alpine", "apk add gcc musl-dev python3-dev" }, { "rhel", "dnf install -y gcc python3-devel" }, { "rocky", "dnf install -y gcc python3-devel" },
		{ "almalinux", "dnf install -y gcc python3-devel" }, { "fedora", "dnf install -y gcc python3-devel" },
	};
	const char *command = "apt-get install -y gcc libc6-dev python3-dev";
	struct trial t;
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++)
		command = str_eq(f->inv->os.id, ways[i].os) ? ways[i].command : command;
	if (!trial_begin(f, &t))
		return;
	struct compiler *cc = list_push(&t.inv.arena, &t.inv.compilers);
	if (cc)
		*cc = (struct compiler){ .path = "/usr/bin/cc", .tool = "cc", .layer = -1 };
	add_tried(out, x, trial_end(&t, out, x), "%s", command);
}

/* Triton compiles its launcher with a C compiler at the first kernel. */
static void runtime_compiler_missing(const struct facts *f, struct subject s, struct out *out)
{
	const struct package *p = s.package;
	bool system = f->inv->kind == TARGET_IMAGE || f->inv->kind == TARGET_ROOTFS;
	if (!system || !str_eq(p->name, "triton") || !(f->inv->known & INV_COMPILERS) || !f->inv->complete)
		return;
	if (inventory_env(f->inv, "CC"))
		return;
	for (size_t i = 0; i < f->inv->compilers.n; i++)
		if (str_eq(f->inv->compilers.v[i].tool, "cc"))
			return;
	struct finding *x = emit(out, ANSWER_FAIL, s, "torch.compile and Triton kernels need a C compiler, and the image has none");
	set_message(out, x, "triton-no-compiler", NULL);
	remedy_compiler(f, out, x);
}

/* ---- wheel tags: packaging.python.org, "Platform compatibility tags" ---- */

static bool platform_fits(struct span platform, const char *arch)
{
	if (span_eq(platform, "any") || !arch)
		return true;
	bool x86 = span_ends(platform, "x86_64") || span_ends(platform, "amd64"), arm = span_ends(platform, "aarch64") || span_ends(platform, "arm64");
	if (!x86 && !arm)
		return true;
	return x86 == str_eq(arch, "amd64");
}

/* The glibc that a platform tag asks for (PEP 600 and its old names); VER2_NONE: it asks for none. */
static struct ver2 tag_glibc(struct span tag)
{
	static const struct { const char *name; struct ver2 glibc; } old[] = {
		{ "manylinux1_", { 2, 5 } }, { "manylinux2010_", { 2, 12 } }, { "manylinux2014_", { 2, 17 } },
	};
	for (size_t i = 0; i < sizeof(old) / sizeof(*old); i++)
		if (span_starts(tag, old[i].name))
			return old[i].glibc;
	uint64_t major, minor;
	struct span rest = tag;
	if (!span_starts(tag, "manylinux_"))
		return VER2_NONE;
	rest = span_from(rest, strlen("manylinux_"));
	if (!span_number(span_cut(&rest, '_'), &major) || !span_number(span_cut(&rest, '_'), &minor) || major > 99 || minor > 999)
		return VER2_NONE;
	return (struct ver2){ (short)major, (short)minor };
}

/* Does a C library take a wheel by one of its dotted platform tags? Where files can be read, their own needs decide. */
static bool libc_fits(struct span platform, const char *libc, const char *version)
{
	struct ver2 have = version ? ver2_parse(version) : VER2_NONE;
	bool musl = str_eq(libc, "musl"), glibc = str_eq(libc, "glibc");
	if (!musl && !glibc)
		return true;
	while (platform.n) {
		struct span tag = span_cut(&platform, '.');
		struct ver2 need = tag_glibc(tag);
		bool for_musl = span_starts(tag, "musllinux_");
		if (ver2_known(need) ? glibc && (!ver2_full(have) || ver2_cmp(have, need) >= 0) : !for_musl || musl)
			return true;
	}
	return false;
}

/* The oldest glibc that one of dotted platform tags takes; VER2_NONE: none asks for one. */
static struct ver2 least_glibc(struct span platform)
{
	struct ver2 least = VER2_NONE;
	while (platform.n) {
		struct ver2 need = tag_glibc(span_cut(&platform, '.'));
		if (ver2_known(need) && (!ver2_known(least) || ver2_cmp(need, least) < 0))
			least = need;
	}
	return least;
}

/* "cp310" against 3.11; abi3 serves all later ones; py3 serves all. */
static bool python_fits(struct span python, struct span abi, const char *version)
{
	struct ver2 v = version ? ver2_parse(version) : VER2_NONE;
	if (!ver2_full(v) || !span_starts(python, "cp"))
		return true;
	uint64_t minor;
	struct span digits = span_from(python, 3);
	if (python.n < 4 || python.p[2] != '0' + v.major || !span_number(digits, &minor))
		return python.n < 4;
	return (int)minor == v.minor || ((span_eq(abi, "abi3") || span_eq(abi, "none")) && (int)minor <= v.minor);
}

/* Is an extension module of a package built for another Python ("_C.cpython-310-x86_64-linux-gnu.so" under 3.11)? */
static bool other_python(const struct library *l, const char *python)
{
	const char *tag = strstr(path_base(l->path), ".cpython-");
	struct ver2 v = python ? ver2_parse(python) : VER2_NONE;
	char own[16];
	if (!tag || !ver2_full(v))
		return false;
	tag += strlen(".cpython-");
	snprintf(own, sizeof(own), "%d%d", v.major, v.minor);
	size_t n = strspn(tag, "0123456789");
	return n != strlen(own) || strncmp(tag, own, n) != 0;
}

/* Whether a package that is unpacked already has a file that cannot be loaded here: WHEEL is what its builder wrote, and some wrote wrong tags. */
static bool unfit_files(const struct facts *f, const struct package *p, const char *python, const char *arch)
{
	const char *machine = str_eq(arch, "amd64") ? "x86_64" : str_eq(arch, "arm64") ? "aarch64" : NULL;
	bool fit = false, unfit = false;
	for (size_t i = 0; i < f->inv->libraries.n; i++) {
		const struct library *l = &f->inv->libraries.v[i];
		if (!str_eq(l->owner, p->name) || !str_eq(l->environment, p->environment))
			continue;
		bool wrong = other_python(l, python) || (machine && l->machine && strcmp(l->machine, machine) != 0);
		unfit = unfit || wrong;
		fit = fit || (strstr(l->path, ".cpython-") && !wrong);
	}
	return unfit && !fit;
}

/* Are the symbol versions known that its libraries need? */
static bool needs_are_read(const struct facts *f, const struct package *p)
{
	for (size_t i = 0; i < f->inv->libraries.n; i++)
		if (str_eq(f->inv->libraries.v[i].owner, p->name) && f->inv->libraries.v[i].version_needs.n)
			return true;
	return false;
}

static void wheel_tag_mismatch(const struct facts *f, struct subject s, struct out *out)
{
	const struct package *p = s.package;
	if (!p->tags.n)
		return;
	const struct environment *e = inventory_environment(f->inv, p->environment);
	const char *python = e && e->python ? e->python : f->inv->pythons.n == 1 ? f->inv->pythons.v[0].version : NULL;
	const char *arch = f->inv->arch ? f->inv->arch : f->host ? f->host->host->arch : NULL;
	bool unpacked = f->inv->kind == TARGET_IMAGE || f->inv->kind == TARGET_ROOTFS || f->inv->kind == TARGET_ENVIRONMENT;
	const char *libc = unpacked || needs_are_read(f, p) ? NULL : f->inv->os.libc;
	bool fits = false; /* but for the C library */
	struct ver2 glibc = VER2_NONE;
	for (size_t i = 0; i < p->tags.n; i++) {
		struct span rest = SPAN_STR(p->tags.v[i]), py = span_cut(&rest, '-'), abi = span_cut(&rest, '-');
		if (!python_fits(py, abi, python) || !platform_fits(rest, arch))
			continue;
		if (libc_fits(rest, libc, f->inv->os.libc_version))
			return;
		fits = true;
		glibc = least_glibc(rest);
	}
	struct finding *x = emit(out, ANSWER_FAIL, s, "%s is a wheel for %s; the target runs%s%s%s%s%s%s%s", package_text(out, p), p->tags.v[0],
				 python ? " Python " : "", python ? python : "", arch ? " on " : "", arch ? arch : "", libc ? ", " : "", libc ? libc : "",
				 libc && f->inv->os.libc_version ? arena_printf(out->a, " %s", f->inv->os.libc_version) : "");
	set_expected(out, x, python, p->tags.v[0]);
	set_message(out, x, "pip-platform", NULL);
	if (unpacked && !unfit_files(f, p, python, arch))
		lower(x, LEVEL_NOTE, "what is installed of it fits");
	if (fits && ver2_known(glibc))
		remedy_base(f, out, x, arena_printf(out->a, "%d.%d", glibc.major, glibc.minor), NULL);
	else if (!fits)
		add_remedy(out, x, "pip install --force-reinstall --no-deps %s", pip_name(out, p->name, p->version));
}
