#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "check/rule.h"
#include "derive/derive.h"

#define RULES(R) \
	R("file-owned-twice",        file_owned_twice,        TARGET,      WARNING, "no file belongs to two distributions") \
	R("known-bad-version",       known_bad_version,       PACKAGE,     ERROR,   "the versions are no pair that is known to fail") \
	R("libc-too-old",            libc_too_old,            LIBRARY,     ERROR,   "the C library is as new as the package needs") \
	R("missing-library",         missing_library,         LIBRARY,     ERROR,   "every library that is needed is there") \
	R("missing-symbol-version",  missing_symbol_version,  LIBRARY,     ERROR,   "the symbol versions that are needed are defined") \
	R("mixed-cuda-majors",       mixed_cuda_majors,       PACKAGE,     ERROR,   "one CUDA major serves the packages of an environment") \
	R("pinned-version-mismatch", pinned_version_mismatch, PACKAGE,     ERROR,   "the libraries have the versions that the package pins") \
	R("shadowed-library",        shadowed_library,        LIBRARY,     ERROR,   "the loader takes the package's own libraries") \
	R("undefined-symbol",        undefined_symbol,        LIBRARY,     ERROR,   "every symbol is defined by a library in scope")

#define R(id, fn, scope, lvl, title) static void fn(const struct facts *, struct subject, struct out *);
RULES(R)
#undef R

#define R(id, fn, scope, lvl, title) { { id, "library", title, SCOPE_##scope, LEVEL_##lvl }, fn },
const struct rule rules_library[] = { RULES(R) { { 0 }, NULL } };
#undef R

static const struct package *owner_of(const struct facts *f, const struct library *l)
{
	return l->owner ? inventory_package(f->inv, l->owner, l->environment) : NULL;
}

/* Errors come from core libraries, or from what a declaration names; others lose a feature at most. */
static void cap_by_role(const struct facts *f, struct finding *x, const struct library *l)
{
	if (l->role == LIB_CORE || (l->role == LIB_ALTERNATIVE && l->picked) || f->inv->kind == TARGET_DECLARATION)
		return;
	if (l->role == LIB_OPTIONAL || l->role == LIB_TOOL || (l->role == LIB_ALTERNATIVE && !l->picked))
		lower(x, LEVEL_NOTE, l->feature ? l->feature : "not a core library");
	else
		lower(x, LEVEL_WARNING, "not known to be a core library");
}

/* ---- the C library ---- */

static void libc_too_old(const struct facts *f, struct subject s, struct out *out)
{
	const struct library *l = s.library;
	const char *have = f->inv->os.libc_version, *need = NULL;
	if (!have || !str_eq(f->inv->os.libc, "glibc") || (!l->owner && f->inv->kind != TARGET_DECLARATION))
		return;
	for (size_t i = 0; i < l->version_needs.n; i++)
		for (size_t k = 0; k < l->version_needs.v[i].versions.n; k++) {
			const char *v = l->version_needs.v[i].versions.v[k];
			if (str_starts(v, "GLIBC_2") && version_cmp(v + 6, have) > 0 && (!need || version_cmp(v + 6, need) > 0))
				need = v + 6;
		}
	if (!need)
		return;
	s.package = owner_of(f, l);
	struct finding *x = emit(out, ANSWER_FAIL, s, "%s needs glibc %s, the target has %s", path_base(l->path), need, have);
	set_expected(out, x, need, have);
	set_message_seen(x, arena_printf(out->a, "version `GLIBC_%s' not found (required by %s)", need, path_base(l->path)));
	cap_by_role(f, x, l);
	add_remedy(out, x, false, "use a base image with glibc %s or newer", need);
}

/* Does any library of that soname define the node? true where none of that name is listed with its nodes. */
static bool defined_somewhere(const struct facts *f, const char *soname, const char *node)
{
	bool listed = false;
	for (size_t i = 0; i < f->inv->libraries.n; i++) {
		const struct library *l = &f->inv->libraries.v[i];
		if (!str_eq(l->soname ? l->soname : path_base(l->path), soname) || !l->version_defs.n)
			continue;
		listed = true;
		for (size_t k = 0; k < l->version_defs.n; k++)
			if (str_eq(l->version_defs.v[k], node))
				return true;
	}
	return !listed;
}

static void missing_symbol_version(const struct facts *f, struct subject s, struct out *out)
{
	const struct library *l = s.library;
	if (!l->owner && f->inv->kind != TARGET_DECLARATION)
		return;
	for (size_t i = 0; i < l->version_needs.n; i++) {
		const struct lib_need *n = &l->version_needs.v[i];
		for (size_t k = 0; k < n->versions.n; k++) {
			const char *v = n->versions.v[k];
			if (str_starts(v, "GLIBC_") || defined_somewhere(f, n->soname, v))
				continue;
			s.package = owner_of(f, l);
			struct finding *x = emit(out, ANSWER_FAIL, s, "%s needs %s of %s, which no copy in the target defines", path_base(l->path), v, n->soname);
			set_expected(out, x, v, NULL);
			set_message_seen(x, arena_printf(out->a, "version `%s' not found (required by %s)", v, path_base(l->path)));
			cap_by_role(f, x, l);
			add_remedy(out, x, false, "install a newer %s", n->soname);
			return;
		}
	}
}

static void undefined_symbol(const struct facts *f, struct subject s, struct out *out)
{
	const struct library *l = s.library;
	if (!l->undefined.n)
		return;
	s.package = owner_of(f, l);
	struct finding *x = emit(out, ANSWER_FAIL, s, "%s: undefined symbol %s%s", l->path[0] ? path_base(l->path) : l->owner ? l->owner : "a library",
				 l->undefined.v[0], l->undefined.n > 1 ? " and others" : "");
	set_message_seen(x, arena_printf(out->a, "%s: undefined symbol: %s", path_base(l->path), l->undefined.v[0]));
	cap_by_role(f, x, l);
	const char *symbol = l->undefined.v[0];
	if (str_starts(symbol, "__nvJitLink"))
		add_remedy(out, x, false, "install the nvidia-nvjitlink that the package pins, and take older copies out of LD_LIBRARY_PATH");
	else if (str_starts(symbol, "nccl"))
		add_remedy(out, x, false, "install the nvidia-nccl that torch pins, and take older copies out of LD_LIBRARY_PATH");
	else if (str_starts(symbol, "_ZN"))
		add_remedy(out, x, false, "install a build of %s for the torch that is installed", l->owner ? l->owner : "the extension");
}

/* ---- what is there ---- */

static bool present(const struct facts *f, const char *soname)
{
	for (size_t i = 0; i < f->inv->libraries.n; i++) {
		const struct library *l = &f->inv->libraries.v[i];
		if (str_eq(l->soname, soname) || str_eq(path_base(l->path), soname))
			return true;
	}
	return false;
}

/* A library of a package's own folder that its loader opens by name is not found there by others. */
static bool found_by_name(const struct facts *f, const char *soname)
{
	for (size_t i = 0; i < f->inv->libraries.n; i++) {
		const struct library *l = &f->inv->libraries.v[i];
		bool same = str_eq(l->soname, soname) || str_eq(path_base(l->path), soname);
		if (!same)
			continue;
		const char *list = inventory_env(f->inv, "LD_LIBRARY_PATH");
		const char *dir = strrchr(l->path, '/');
		if (!strstr(l->path, "nvidia/") || (list && dir && memmem(list, strlen(list), l->path, (size_t)(dir - l->path))))
			return true;
	}
	return false;
}

static void miss(const struct facts *f, struct subject s, struct out *out, const char *soname, bool by_name)
{
	const struct library *l = s.library;
	s.package = owner_of(f, l);
	const char *user = l->path[0] ? path_base(l->path) : l->owner ? l->owner : "a library";
	bool elsewhere = by_name && present(f, soname);
	struct finding *x = emit(out, ANSWER_FAIL, s, "%s %s %s, which %s", user, by_name ? "opens" : "needs", soname,
				 elsewhere ? "lies where its loader does not look" : "is not in the target");
	set_expected(out, x, soname, NULL);
	set_message_seen(x, arena_printf(out->a, "%s: cannot open shared object file: No such file or directory", soname));
	cap_by_role(f, x, l);
	const struct row_roles *r = s.package ? matrix_role(f->m, s.package->name, s.package->version, library_path_in_site(l, s.package)) : NULL;
	if (r && str_eq(r->on_failure, "cpu-fallback") && f->options->expect != EXPECT_GPU)
		lower(x, LEVEL_WARNING, "it then runs on the CPU");
	if (f->inv->kind == TARGET_ENVIRONMENT)
		lower(x, LEVEL_WARNING, "the system below the environment may bring it");
	const struct row_components *c = matrix_component(f->m, soname);
	const char *so = strstr(soname, ".so.");
	if (elsewhere)
		add_remedy(out, x, false, "add its folder to LD_LIBRARY_PATH");
	else if (c && so)
		add_remedy(out, x, false, "install the %s wheel of CUDA %s (%s)", c->component,
			   s.package && ver2_known(s.package->gpu.cuda) ? ver2_print(s.package->gpu.cuda).s : so + 4, c->dist);
}

/* NVIDIA's libraries that are nowhere in a target which is completely known; the host's own come with the runtime. */
static void missing_library(const struct facts *f, struct subject s, struct out *out)
{
	const struct library *l = s.library;
	bool whole = f->inv->complete && f->inv->kind != TARGET_WHEEL && f->inv->kind != TARGET_WHEELHOUSE;
	if (!whole || (f->inv->kind != TARGET_DECLARATION && l->role != LIB_CORE))
		return;
	for (size_t i = 0; i < l->needed.n; i++) {
		const char *soname = l->needed.v[i];
		if (matrix_injected(f->m, soname) || !matrix_component(f->m, soname) || present(f, soname))
			continue;
		miss(f, s, out, soname, false);
		return;
	}
	for (size_t i = 0; f->inv->kind == TARGET_DECLARATION && i < l->dlopen.n; i++) {
		const char *soname = l->dlopen.v[i];
		if (matrix_injected(f->m, soname) || found_by_name(f, soname))
			continue;
		miss(f, s, out, soname, true);
		return;
	}
}

/* ---- which copy ---- */

static bool in_list(const char *list, const char *path)
{
	const char *slash = strrchr(path, '/');
	struct span rest = SPAN_STR(list ? list : "");
	while (slash && rest.n) {
		struct span one = span_cut(&rest, ':');
		while (one.n > 1 && one.p[one.n - 1] == '/')
			one.n--;
		if (one.n == (size_t)(slash - path) && !memcmp(one.p, path, one.n))
			return true;
	}
	return false;
}

/* Who would have taken a copy of its own: a wheel's library of that name, or an NVIDIA wheel's that needs it. */
static const struct library *victim(const struct facts *f, const struct library *l)
{
	const char *soname = l->soname ? l->soname : path_base(l->path);
	for (size_t i = 0; i < f->inv->libraries.n; i++) {
		const struct library *o = &f->inv->libraries.v[i];
		if (o == l || !o->owner)
			continue;
		if (str_eq(o->soname, soname) && inventory_env_role(f->inv, o->environment) == ENV_PRIMARY)
			return o;
	}
	for (size_t i = 0; f->inv->kind == TARGET_DECLARATION && i < f->inv->libraries.n; i++) {
		const struct library *o = &f->inv->libraries.v[i];
		for (size_t k = 0; o != l && o->owner && k < o->needed.n; k++)
			if (str_eq(o->needed.v[k], soname))
				return o;
	}
	return NULL;
}

/*
 * A copy in LD_LIBRARY_PATH goes before DT_RUNPATH, the cache and what wheels
 * lay beside each other; DT_RPATH, which torch's wheels use, goes before it.
 */
static void shadowed_library(const struct facts *f, struct subject s, struct out *out)
{
	const struct library *l = s.library;
	if (l->owner || !in_list(inventory_env(f->inv, "LD_LIBRARY_PATH"), l->path) || !matrix_component(f->m, path_base(l->path)))
		return;
	const struct library *v = victim(f, l);
	if (!v)
		return;
	const char *component = matrix_component(f->m, path_base(l->path))->component;
	bool own = str_eq(v->soname, l->soname ? l->soname : path_base(l->path));
	/* a copy that cannot be told apart is no finding */
	if (own && l->version && v->version && !version_cmp(l->version, v->version))
		return;
	s.package = owner_of(f, v);
	struct finding *x = emit(out, ANSWER_FAIL, s, "LD_LIBRARY_PATH puts %s before %s%s", l->path, own ? v->path : "the copy that ", own ? "" : path_base(v->path));
	set_expected(out, x, v->version, l->version);
	bool older = l->version && v->version && version_cmp(l->version, v->version) < 0;
	if (str_eq(component, "cudnn"))
		set_message_seen(x, "cuDNN version incompatibility: PyTorch was compiled against another version than the runtime found");
	if (!(older && (str_eq(component, "cudnn") || str_eq(component, "nvjitlink"))))
		lower(x, LEVEL_WARNING, older ? "an older copy, not checked by its users" : "not known to be older");
	add_remedy(out, x, false, "take its folder out of LD_LIBRARY_PATH");
}

/* Name and version of a Requires-Dist line that pins one version for Linux; false for all others. */
static bool pin_of(struct arena *a, const char *line, const char **name, const char **version)
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
		if (!pin_of(out->a, p->requires.v[i], &name, &want) || !str_starts(name, "nvidia-"))
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
			set_message_seen(x, "cuDNN version incompatibility: PyTorch was compiled against a newer version than the runtime found");
		if (str_starts(name, "nvidia-nvjitlink"))
			set_message_seen(x, arena_printf(out->a, "undefined symbol: __nvJitLinkComplete_%d_%d, version libnvJitLink.so.%d", a.major, a.minor, a.major));
		if (!checked)
			lower(x, LEVEL_WARNING, "an older copy, not checked by its users");
		add_remedy(out, x, false, "pip install %s==%s", name, want);
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
	if (present(f, soname) || inventory_package(f->inv, wheel, NULL))
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
	if (!theirs || own == theirs)
		return;
	struct finding *x = emit(out, ANSWER_FAIL, s, "%s is linked against CUDA %d, %s against CUDA %d", package_text(out, p), own, package_text(out, other), theirs);
	set_message_seen(x, arena_printf(out->a, "libcudart.so.%d%s: cannot open shared object file: No such file or directory", own, own == 11 ? ".0" : ""));
	if (brings_cudart(f, own))
		lower(x, LEVEL_WARNING, "both majors are installed");
	add_remedy(out, x, false, "install a build of %s for CUDA %d", p->name, theirs);
}

/* ---- tables and files ---- */

static bool in_range(struct ver2 v, struct ver2 min, struct ver2 max)
{
	return (!ver2_known(min) || (ver2_known(v) && ver2_cmp(v, min) >= 0)) && (!ver2_known(max) || (ver2_known(v) && ver2_cmp(v, max) <= 0));
}

static void known_bad_version(const struct facts *f, struct subject s, struct out *out)
{
	const struct package *p = s.package;
	for (size_t i = 0; i < f->m->known_bad.n; i++) {
		const struct row_known_bad *r = &f->m->known_bad.v[i];
		if (!str_eq(r->package, p->name) || !p->version || (r->versions[0] && !pep440_match(p->version, r->versions)) ||
		    !in_range(p->gpu.cuda, r->cuda_min, r->cuda_max))
			continue;
		if (r->other[0]) {
			const struct package *o = inventory_package(f->inv, r->other, p->environment);
			if (!o || !o->version || (r->other_versions[0] && !pep440_match(o->version, r->other_versions)))
				continue;
		}
		if (ver2_known(r->cc_min) || ver2_known(r->cc_max)) {
			const struct gpu_facts *hit = NULL;
			for (size_t k = 0; f->host && k < f->host->gpus.n; k++)
				if (in_range(f->host->gpus.v[k].cc, r->cc_min, r->cc_max))
					hit = &f->host->gpus.v[k];
			if (!hit)
				continue;
			s.gpu = hit;
		}
		struct finding *x = emit(out, ANSWER_FAIL, s, "%s%s%s%s: %s", package_text(out, p), r->other[0] ? " with " : "", r->other,
					 s.gpu ? arena_printf(out->a, " on %s", s.gpu->name) : "", r->effect);
		if (!str_eq(r->level, "error"))
			lower(x, str_eq(r->level, "note") ? LEVEL_NOTE : LEVEL_WARNING, "as published");
		set_source(out, x, "known_bad", r->id, r->source);
		if (r->fix[0])
			add_remedy(out, x, false, "%s", r->fix);
	}
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
		add_remedy(out, x, false, "pip uninstall %s %s, then install the one that is needed", t->owners.v[0], t->owners.v[1]);
	}
}
