#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "check/remedy.h"
#include "check/rule.h"
#include "derive/derive.h"

#define RULES(R) \
	R("file-owned-twice",        file_owned_twice,        TARGET,      WARNING, "no file belongs to two distributions") \
	R("known-bad-version",       known_bad_version,       PACKAGE_ON_HOST, ERROR,   "the versions are no pair that is known to fail") \
	R("mixed-cuda-majors",       mixed_cuda_majors,       PACKAGE,     ERROR,   "one CUDA major serves the packages of an environment") \
	R("pinned-version-mismatch", pinned_version_mismatch, PACKAGE,     ERROR,   "the libraries have the versions that the package pins")

#define R(id, fn, scope, lvl, title) static void fn(const struct facts *, struct subject, struct out *);
RULES(R)
#undef R

#define R(id, fn, scope, lvl, title) { { id, "library", title, SCOPE_##scope, LEVEL_##lvl }, fn },
const struct rule rules_library[] = { RULES(R) { { 0 }, NULL } };
#undef R

bool requirement_pin(struct arena *a, const char *line, const char **name, const char **version)
{
	struct span all = SPAN_STR(line), rest = all;
	struct span spec = span_trim(span_cut(&rest, ';'));
	if (span_find(rest, "extra") < rest.n || span_find(rest, "Windows") < rest.n || span_find(rest, "win32") < rest.n ||
	    span_find(rest, "aarch64") < rest.n)
		return false;
	size_t n = 0;
	while (n < spec.n && !strchr(" ([<>=!~", spec.p[n]))
		n++;
	size_t at = span_find(spec, "==");
	if (!n || at >= spec.n)
		return false;
	struct span v = span_from(spec, at + 2);
	size_t k = 0;
	while (k < v.n && !strchr(" ),*", v.p[k]))
		k++;
	*name = pep503_name(a, span_sub(spec, 0, n));
	*version = arena_strn(a, v.p, k);
	return *name && *version && k && (k == v.n || v.p[k] != '*');
}

static void pinned_version_mismatch(const struct facts *f, struct subject s, struct out *out)
{
	const struct package *p = s.package;
	for (size_t i = 0; i < p->requires.n; i++) {
		const char *name, *want;
		if (!requirement_pin(out->a, p->requires.v[i], &name, &want) || !str_starts(name, "nvidia-"))
			continue;
		const struct package *have = inventory_package(f->inv, name, p->environment);
		if (!have || !have->version || version_cmp(have->version, want) >= 0)
			continue; /* newer ones are asked for by others, and serve */
		s.library = NULL;
		struct finding *x = emit(out, ANSWER_FAIL, s, "%s pins %s==%s, %s is installed", package_text(out, p), name, want, have->version);
		set_expected(out, x, want, have->version);
		struct ver2 a = ver2_parse(want), b = ver2_parse(have->version);
		bool checked = (str_starts(name, "nvidia-cudnn") || str_starts(name, "nvidia-nvjitlink")) && ver2_cmp(b, a) < 0;
		if (str_starts(name, "nvidia-cudnn"))
			set_message(out, x, "torch-cudnn", tuple_text(out, want), tuple_text(out, have->version), NULL);
		if (str_starts(name, "nvidia-nvjitlink"))
			set_message(out, x, "torch-nvjitlink", arena_printf(out->a, "%d", a.major), arena_printf(out->a, "%d", a.minor),
				    arena_printf(out->a, "%d", a.major), NULL);
		if (!checked)
			lower(x, LEVEL_WARNING, "an older copy, not checked by its users");
		remedy_package(f, out, x, name, p->environment, want);
	}
}

/* ---- CUDA majors ---- */

static bool brings_cudart(const struct facts *f, short major)
{
	char soname[32], wheel[48];
	snprintf(soname, sizeof(soname), "libcudart.so.%d", major);
	snprintf(wheel, sizeof(wheel), "nvidia-cuda-runtime-cu%d", major);
	if (major == 11)
		snprintf(soname, sizeof(soname), "libcudart.so.11.0");
	if (library_present(f, soname) || inventory_package(f->inv, wheel, NULL))
		return true;
	const struct package *plain = inventory_package(f->inv, "nvidia-cuda-runtime", NULL);
	if (plain && plain->version && ver2_parse(plain->version).major == major)
		return true;
	for (size_t i = 0; i < f->inv->toolkits.n; i++)
		if (f->inv->toolkits.v[i].version && ver2_parse(f->inv->toolkits.v[i].version).major == major)
			return true;
	return false;
}

/* The major that a package links; 0 where it links several (alternatives), none, or that is not known. */
static short linked_major(const struct package *p)
{
	short major = 0;
	for (size_t i = 0; i < p->gpu.evidence.n; i++) {
		const struct evidence *e = &p->gpu.evidence.v[i];
		struct ver2 v = ver2_parse(e->value ? e->value : "");
		if (!ver2_known(v) || (e->from != FROM_NEEDED && e->from != FROM_DECLARED))
			continue;
		if (major && major != v.major)
			return 0;
		major = v.major;
	}
	return major ? major : p->gpu.cuda.major;
}

/* Does the loader find the runtime that a package is linked against: a copy of its own, or one that the target has? */
static bool finds_its_runtime(const struct facts *f, const struct package *p)
{
	for (size_t i = 0; i < p->gpu.evidence.n; i++) {
		const struct evidence *e = &p->gpu.evidence.v[i];
		if (e->from != FROM_NEEDED || !e->path || !e->detail)
			continue;
		struct choices c = inventory_choices(f->inv, e->path);
		for (size_t k = 0; k < c.n; k++)
			if (str_eq(c.v[k].soname, e->detail) && c.v[k].path)
				return true;
	}
	return false;
}

/* A release of the package, or its sister by name, that is built for a CUDA major. */
static void remedy_major(const struct facts *f, struct out *out, struct finding *x, const struct package *p, const struct package *other)
{
	short major = linked_major(other);
	size_t stem = strcspn(p->name, "0123456789");
	bool named = stem > 2 && (!strncmp(p->name + stem - 2, "cu", 2) || (stem > 4 && !strncmp(p->name + stem - 4, "cuda", 4)));
	for (size_t i = 0; i < f->m->package_cuda.n; i++) {
		const struct row_package_cuda *r = &f->m->package_cuda.v[i];
		bool sister = named && !strncmp(r->package, p->name, stem) && strcspn(r->package, "0123456789") == stem;
		if (r->cuda.major != major || (!str_eq(r->package, p->name) && !sister))
			continue;
		add_remedy(out, x, "%s%s%spip install '%s%s'", sister ? "pip uninstall -y " : "", sister ? p->name : "", sister ? " && " : "", r->package, r->versions);
		set_source(out, x, "package_cuda", r->id, r->source);
		return;
	}
	if (str_eq(other->name, "torch"))
		remedy_cuda_torch(f, out, x, other, linked_major(p));
}

static void mixed_cuda_majors(const struct facts *f, struct subject s, struct out *out)
{
	const struct package *p = s.package, *other = inventory_package(f->inv, "torch", p->environment);
	bool needs = false;
	for (size_t i = 0; i < p->gpu.evidence.n; i++)
		needs = needs || p->gpu.evidence.v[i].from == FROM_NEEDED;
	if (!uses_cuda(p) || str_eq(p->name, "torch") || !needs || !linked_major(p) || f->inv->kind == TARGET_WHEEL)
		return;
	for (size_t i = 0; !other && i < f->inv->packages.n; i++)
		if (&f->inv->packages.v[i] != p && uses_cuda(&f->inv->packages.v[i]) && ver2_known(f->inv->packages.v[i].gpu.cuda))
			other = &f->inv->packages.v[i];
	short own = linked_major(p), theirs = other ? linked_major(other) : 0;
	if (!theirs || own == theirs || finds_its_runtime(f, p))
		return;
	struct finding *x = emit(out, ANSWER_FAIL, s, "%s is linked against CUDA %d, %s against CUDA %d", package_text(out, p), own, package_text(out, other), theirs);
	set_message(out, x, "loader-missing", arena_printf(out->a, "libcudart.so.%d%s", own, own == 11 ? ".0" : ""), NULL);
	if (brings_cudart(f, own))
		lower(x, LEVEL_WARNING, "both majors are installed");
	remedy_major(f, out, x, p, other);
}

/* ---- tables and files ---- */

static void tell_bad(const struct row_known_bad *r, struct subject s, struct out *out)
{
	struct finding *x = emit(out, ANSWER_FAIL, s, "%s%s%s%s%s: %s", package_text(out, s.package), r->other[0] ? " with " : "", r->other,
				 s.gpu ? " on " : "", s.gpu ? s.gpu->name : "", r->effect);
	if (!str_eq(r->level, "error"))
		lower(x, str_eq(r->level, "note") ? LEVEL_NOTE : LEVEL_WARNING, "as published");
	set_source(out, x, "known_bad", r->id, r->source);
	if (r->fix[0])
		add_remedy(out, x, "%s", r->fix);
}

static void known_bad_version(const struct facts *f, struct subject s, struct out *out)
{
	const struct package_demand *d = demand_of(f, s.package);
	for (size_t i = 0; i < d->known_bad.n; i++) {
		const struct row_known_bad *r = d->known_bad.v[i];
		bool any = !ver2_known(r->cc_min) && !ver2_known(r->cc_max);
		s.gpu = NULL;
		if (any)
			tell_bad(r, s, out);
		for (size_t g = 0; !any && f->host && g < f->host->gpus.n; g++) {
			s.gpu = &f->host->gpus.v[g];
			if (ver2_between(s.gpu->cc, r->cc_min, r->cc_max))
				tell_bad(r, s, out);
		}
	}
}

/* Both go and the one stays that another package pins, else the one that came last. */
static void remedy_one_of(const struct facts *f, struct out *out, struct finding *x, const struct owned_twice *t)
{
	const char *keep = t->owners.v[t->owners.n - 1], *name, *version;
	for (size_t i = 0; i < f->inv->packages.n; i++)
		for (size_t k = 0; k < f->inv->packages.v[i].requires.n; k++)
			for (size_t o = 0; o < t->owners.n; o++)
				if (requirement_pin(out->a, f->inv->packages.v[i].requires.v[k], &name, &version) && str_eq(name, t->owners.v[o]))
					keep = t->owners.v[o];
	const struct package *p = inventory_package(f->inv, keep, NULL);
	add_remedy(out, x, "pip uninstall -y %s %s && pip install %s", shell_word(out, t->owners.v[0]), shell_word(out, t->owners.v[1]), pip_name(out, keep, p ? p->version : NULL));
}

static void file_owned_twice(const struct facts *f, struct subject s, struct out *out)
{
	for (size_t i = 0; i < f->inv->owned_twice.n; i++) {
		const struct owned_twice *t = &f->inv->owned_twice.v[i];
		if (t->owners.n < 2 || !strstr(t->path, ".so"))
			continue;
		const struct package *p = inventory_package(f->inv, t->owners.v[t->owners.n - 1], NULL);
		s.package = p;
		struct finding *x = emit(out, ANSWER_FAIL, s, "%s belongs to %s and to %s: the later install overwrote the other's", t->path, t->owners.v[0],
					 t->owners.v[1]);
		at_path(x, t->path, p ? p->layer : -1);
		remedy_one_of(f, out, x, t);
	}
}
