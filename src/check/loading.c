/* What the dynamic loader makes of the target: libraries that are missing, copies that come first, versions and names that are not defined. */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "check/loading.h"
#include "check/remedy.h"
#include "derive/derive.h"

#define RULES(R) \
	R("libc-too-old",            libc_too_old,            LIBRARY,     ERROR,   "the C library is as new as the package needs") \
	R("missing-symbol-version",  missing_symbol_version,  LIBRARY,     ERROR,   "the symbol versions that are needed are defined") \
	R("shadowed-library",        shadowed_library,        LIBRARY,     ERROR,   "the loader takes the package's own libraries") \
	R("undefined-symbol",        undefined_symbol,        LIBRARY,     ERROR,   "every symbol is defined by a library in scope")

#define R(id, fn, scope, lvl, title) static void fn(const struct facts *, struct subject, struct out *);
RULES(R)
#undef R

#define R(id, fn, scope, lvl, title) { { id, "library", title, SCOPE_##scope, LEVEL_##lvl }, fn },
const struct rule rules_loading[] = { RULES(R) { { 0 }, NULL } };
#undef R

const struct package *owner_of(const struct facts *f, const struct library *l)
{
	return l->owner ? inventory_package(f->inv, l->owner, l->environment) : NULL;
}

static const struct row_roles *role_row(const struct facts *f, const struct library *l, const struct package *p)
{
	return p ? matrix_role(f->m, p->name, p->version, library_path_in_site(l, p)) : NULL;
}

/* A module of a package with GPU code that nothing is known of: who uses it fails, others may not. */
bool unknown_module(const struct facts *f, const struct library *l, const struct package *p)
{
	return !l->reached && l->role == LIB_UNLISTED && f->inv->kind != TARGET_DECLARATION && p && p->gpu.vendor == VENDOR_CUDA && library_is_module(l);
}

/*
 * Errors come from what a core module loads, or from what a declaration
 * names; of the rest, modules of GPU packages lose a part, and others are
 * good to know. The table of roles says what a package makes of a failure.
 */
void cap_by_use(const struct facts *f, struct finding *x, const struct library *l)
{
	const struct package *p = owner_of(f, l);
	const struct row_roles *r = role_row(f, l, p);
	bool declared = f->inv->kind == TARGET_DECLARATION;
	if (r && !declared && (str_eq(r->on_failure, "feature-lost") || str_eq(r->on_failure, "warning")))
		lower(x, LEVEL_NOTE, l->feature ? l->feature : "the package does without it");
	if (r && str_eq(r->on_failure, "cpu-fallback") && f->options->expect != EXPECT_GPU)
		lower(x, LEVEL_WARNING, "it then runs on the CPU");
	if (l->reached || l->role == LIB_CORE || (l->role == LIB_ALTERNATIVE && l->picked) || declared)
		return;
	if (l->role != LIB_UNLISTED)
		lower(x, LEVEL_NOTE, l->feature ? l->feature : "not a core library");
	else if (unknown_module(f, l, p))
		lower(x, LEVEL_WARNING, "not known to be a core library");
	else
		lower(x, LEVEL_NOTE, "not known to be a core library");
}

const char *user_name(const struct library *l)
{
	return l->path[0] ? path_base(l->path) : l->owner ? l->owner : "a library";
}

/* One of several alternatives, and not the one that its package loads: nobody sees what it lacks. */
bool left_out(const struct library *l)
{
	return l->role == LIB_ALTERNATIVE && !l->picked;
}

/* ---- the loader's choices ---- */

/* Did the search run for this target, so that a file without misses has all that it needs? */
bool searched(const struct facts *f)
{
	return f->inv->resolved.n > 0;
}

bool opened_by_name(const struct library *l, const char *soname)
{
	for (size_t i = 0; i < l->dlopen.n; i++)
		if (str_eq(l->dlopen.v[i], soname))
			return true;
	return false;
}

/* ---- versions ---- */

/* musl has none of glibc's symbol versions. In a target that is read, the search finds that there is no libc.so.6. */
static void glibc_on_musl(const struct facts *f, struct subject s, struct out *out)
{
	const struct library *l = s.library;
	const char *node = NULL;
	for (size_t i = 0; i < l->version_needs.n; i++)
		for (size_t k = 0; k < l->version_needs.v[i].versions.n; k++)
			node = str_starts(l->version_needs.v[i].versions.v[k], "GLIBC_") ? l->version_needs.v[i].versions.v[k] : node;
	if (!node || f->inv->kind != TARGET_DECLARATION || library_present(f, "libc.so.6"))
		return;
	s.package = owner_of(f, l);
	struct finding *x = emit(out, ANSWER_FAIL, s, "%s is built for glibc, the target has musl", path_base(l->path));
	set_expected(out, x, node, "musl");
	set_message(out, x, "loader-missing", "libc.so.6", NULL);
	cap_by_use(f, x, l);
}

static void libc_too_old(const struct facts *f, struct subject s, struct out *out)
{
	const struct library *l = s.library;
	const char *have = f->inv->os.libc_version, *need = NULL;
	if (str_eq(f->inv->os.libc, "musl")) {
		glibc_on_musl(f, s, out);
		return;
	}
	if (!have || !str_eq(f->inv->os.libc, "glibc") || (!l->owner && f->inv->kind != TARGET_DECLARATION) || left_out(l))
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
	set_message(out, x, "loader-glibc", need, path_base(l->path), NULL);
	cap_by_use(f, x, l);
	remedy_base(f, out, x, need, NULL);
}

static bool defines_node(const struct library *l, const char *node)
{
	for (size_t k = 0; k < l->version_defs.n; k++)
		if (str_eq(l->version_defs.v[k], node))
			return true;
	return false;
}

/* The copy that lacks a node: the one that the loader takes; where nobody searched, any, unless another copy has it. NULL: none lacks it. */
static const struct library *lacking(const struct facts *f, const struct library *user, const char *soname, const char *node)
{
	const struct library *found = NULL;
	if (searched(f)) {
		struct choices c = inventory_choices(f->inv, user->path);
		for (size_t i = 0; i < c.n; i++)
			if (str_eq(c.v[i].soname, soname))
				found = inventory_library(f->inv, c.v[i].path);
		/* without any node it serves every need: "no version information available" is all that the loader says */
		return found && found->version_defs.n && !defines_node(found, node) ? found : NULL;
	}
	for (size_t i = 0; i < f->inv->libraries.n; i++) {
		const struct library *l = &f->inv->libraries.v[i];
		if (!str_eq(l->soname ? l->soname : path_base(l->path), soname) || !l->version_defs.n)
			continue;
		if (defines_node(l, node))
			return NULL;
		found = l;
	}
	return found;
}

const char *folder_of(struct out *out, const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? arena_strn(out->a, path, (size_t)(slash - path)) : path;
}

/* The system's copy is too old: a newer system; another copy before it: out of the way. */
static void remedy_newer_copy(const struct facts *f, struct out *out, struct finding *x, const struct library *copy, const char *soname, const char *node)
{
	remedy_without(f, out, x, folder_of(out, copy->path));
	if (x->remedies.n)
		return;
	if (str_starts(node, "GLIBCXX_"))
		remedy_base(f, out, x, NULL, node + strlen("GLIBCXX_"));
	else
		remedy_system_library(f, out, x, soname);
}

static void missing_symbol_version(const struct facts *f, struct subject s, struct out *out)
{
	const struct library *l = s.library;
	if (str_eq(f->inv->os.libc, "musl") || (!l->owner && !l->reached && f->inv->kind != TARGET_DECLARATION) || left_out(l))
		return; /* musl knows no versions */
	for (size_t i = 0; i < l->version_needs.n; i++) {
		const struct lib_need *n = &l->version_needs.v[i];
		for (size_t k = 0; k < n->versions.n; k++) {
			const char *v = n->versions.v[k];
			const struct library *copy = str_starts(v, "GLIBC_") ? NULL : lacking(f, l, n->soname, v);
			if (!copy)
				continue;
			s.package = owner_of(f, l);
			struct finding *x = emit(out, ANSWER_FAIL, s, "%s needs %s of %s, which %s does not define", path_base(l->path), v, n->soname, copy->path);
			set_expected(out, x, v, copy->version_defs.v[copy->version_defs.n - 1]);
			set_message(out, x, "loader-version", copy->path, v, path_base(l->path), NULL);
			cap_by_use(f, x, l);
			if (copy->owner)
				add_remedy(out, x, "pip install -U %s", shell_word(out, copy->owner));
			else
				remedy_newer_copy(f, out, x, copy, n->soname, v);
			return;
		}
	}
}

/* ---- names ---- */

/* Names that begin so are of libraries that are called so. */
static const struct { const char *names, *soname; } families[] = {
	{ "__nvJitLink", "libnvJitLink" }, { "nccl", "libnccl" }, { "cublasLt", "libcublasLt" }, { "cublas", "libcublas" },
	{ "cudnn", "libcudnn" }, { "cusparseLt", "libcusparseLt" }, { "cusparse", "libcusparse" }, { "cusolver", "libcusolver" },
	{ "nvrtc", "libnvrtc" }, { "cupti", "libcupti" }, { "cufft", "libcufft" }, { "nvshmem", "libnvshmem" },
};

/* The copy that should have defined a name, as the loader took it; NULL if that cannot be told. */
static const struct resolved *server_of(const struct facts *f, const struct library *l, const char *symbol)
{
	struct choices c = inventory_choices(f->inv, l->path);
	for (size_t i = 0; i < sizeof(families) / sizeof(*families); i++) {
		if (!str_starts(symbol, families[i].names))
			continue;
		for (size_t k = 0; k < c.n; k++)
			if (c.v[k].path && str_starts(c.v[k].soname, families[i].soname))
				return &c.v[k];
		return NULL;
	}
	return NULL;
}

static void remedy_symbol(const struct facts *f, struct out *out, struct finding *x, const struct library *l, const char *symbol, const struct resolved *from)
{
	const struct library *copy = from ? inventory_library(f->inv, from->path) : NULL;
	const struct package *torch = inventory_package(f->inv, "torch", l->environment);
	const char *name, *version;
	if (copy && !copy->owner)
		remedy_without(f, out, x, folder_of(out, copy->path));
	for (size_t i = 0; copy && copy->owner && torch && i < torch->requires.n; i++)
		if (requirement_pin(out->a, torch->requires.v[i], &name, &version) && str_eq(name, copy->owner))
			remedy_package(f, out, x, name, torch->environment, version);
	if (x->remedies.n)
		return;
	if (torch && (str_starts(symbol, "__nvJitLink") || str_starts(symbol, "nccl")))
		add_remedy(out, x, "pip install --force-reinstall %s", pip_name(out, "torch", torch->version));
	else if (str_starts(symbol, "_Z") && l->owner)
		add_remedy(out, x, "pip install --force-reinstall --no-deps --no-build-isolation --no-cache-dir %s", shell_word(out, l->owner));
}

static void undefined_symbol(const struct facts *f, struct subject s, struct out *out)
{
	const struct library *l = s.library;
	/* plug-ins get names from whoever loads them: only modules, and what they load, must have all of theirs */
	bool counts = l->reached || l->role == LIB_CORE || library_is_module(l) || f->inv->kind == TARGET_DECLARATION;
	if (!l->undefined.n || !counts || left_out(l) || (!l->owner && !l->reached && f->inv->kind != TARGET_DECLARATION))
		return;
	s.package = owner_of(f, l);
	const char *symbol = l->undefined.v[0];
	const struct resolved *from = server_of(f, l, symbol);
	const char *lacks = from ? arena_printf(out->a, ", which %s (taken by %s) does not define", from->path, from->because ? from->because : "the loader") : "";
	struct finding *x = emit(out, ANSWER_FAIL, s, "%s: undefined symbol %s%s%s", user_name(l), symbol,
				 l->undefined.n > 1 ? arena_printf(out->a, " and %zu more", l->undefined.n - 1) : "", lacks ? lacks : "");
	set_message(out, x, "loader-symbol", path_base(l->path), symbol, NULL);
	cap_by_use(f, x, l);
	remedy_symbol(f, out, x, l, symbol, from);
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

/* Does a package's file get this copy by LD_LIBRARY_PATH? true where nobody searched: then it is what LD_LIBRARY_PATH means. */
static bool taken_by_path(const struct facts *f, const struct library *l)
{
	if (!searched(f))
		return true;
	for (size_t i = 0; i < f->inv->resolved.n; i++) {
		const struct resolved *r = &f->inv->resolved.v[i];
		const struct library *user = str_eq(r->path, l->path) && str_eq(r->because, "LD_LIBRARY_PATH") ? inventory_library(f->inv, r->user) : NULL;
		if (user && user->owner && inventory_env_role(f->inv, user->environment) == ENV_PRIMARY)
			return true;
	}
	return false;
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
	if (!v || !taken_by_path(f, l))
		return;
	const char *component = matrix_component(f->m, path_base(l->path))->component;
	bool own = str_eq(v->soname, l->soname ? l->soname : path_base(l->path));
	/* a copy that cannot be told apart is no finding */
	if (own && l->version && v->version && version_agree(l->version, v->version))
		return;
	s.package = owner_of(f, v);
	struct finding *x = emit(out, ANSWER_FAIL, s, "LD_LIBRARY_PATH puts %s before %s%s%s", l->path, own ? v->path : "the copy that ", own ? "" : path_base(v->path),
				 own ? "" : " needs");
	set_expected(out, x, v->version, l->version);
	bool older = l->version && v->version && version_cmp(l->version, v->version) < 0;
	if (str_eq(component, "cudnn"))
		set_message(out, x, "torch-cudnn", tuple_text(out, v->version), tuple_text(out, l->version), NULL);
	if (!(older && (str_eq(component, "cudnn") || str_eq(component, "nvjitlink"))))
		lower(x, LEVEL_WARNING, older ? "an older copy, not checked by its users" : "not known to be older");
	remedy_without(f, out, x, folder_of(out, l->path));
}
