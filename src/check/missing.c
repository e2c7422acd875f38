/* Libraries that nobody finds: one, several of a package's modules, all builds of an alternative. */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "check/loading.h"
#include "check/remedy.h"
#include "derive/derive.h"

#define RULES(R) \
	R("missing-library",         missing_library,         LIBRARY,     ERROR,   "every library that is needed is there")

#define R(id, fn, scope, lvl, title) static void fn(const struct facts *, struct subject, struct out *);
RULES(R)
#undef R

#define R(id, fn, scope, lvl, title) { { id, "library", title, SCOPE_##scope, LEVEL_##lvl }, fn },
const struct rule rules_missing[] = { RULES(R) { { 0 }, NULL } };
#undef R

/* The wheel that brings a library: NAME-cu12, and from CUDA 13 on plain NAME for those that are of the toolkit itself. NULL: of which CUDA is not known. */
static const char *wheel_of(struct out *out, const struct package *p, const struct row_components *c, const char *soname)
{
	static const char *const numbered[] = { "cudnn", "nccl", "nvshmem", "cusparselt" };
	static const char *const like_cuda[] = { "cublas", "cublaslt", "cudart", "nvrtc", "nvjitlink", "cupti" };
	bool own_number = false, tells = false;
	for (size_t i = 0; i < sizeof(numbered) / sizeof(*numbered); i++)
		own_number = own_number || str_eq(c->component, numbered[i]);
	for (size_t i = 0; i < sizeof(like_cuda) / sizeof(*like_cuda); i++)
		tells = tells || str_eq(c->component, like_cuda[i]);
	const char *so = strstr(soname, ".so.");
	short major = tells ? (so ? ver2_parse(so + 4).major : 0) : p && ver2_known(p->gpu.cuda) ? p->gpu.cuda.major : 0;
	if (major <= 0)
		return NULL;
	return major >= 13 && !own_number ? arena_printf(out->a, "'%s==%d.*'", c->dist, major) : arena_printf(out->a, "%s-cu%d", c->dist, major);
}

static void remedy_wheel(struct out *out, struct finding *x, const struct package *p, const struct row_components *c, const char *soname)
{
	const char *wheel = wheel_of(out, p, c, soname);
	if (wheel)
		add_remedy(out, x, "pip install %s", wheel);
	else
		add_remedy(out, x, "pip install '%s-cuN', N the CUDA major of the package", c->dist);
}

bool library_present(const struct facts *f, const char *soname)
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

/* The way to get what a package pins and nobody installed. false where it pins nothing of that kind. */
static bool remedy_pins(const struct facts *f, struct out *out, struct finding *x, const struct package *p, const struct row_components *c)
{
	const char *one = NULL, *name, *version;
	size_t absent = 0;
	for (size_t i = 0; p && i < p->requires.n; i++) {
		if (!requirement_pin(out->a, p->requires.v[i], &name, &version) || !str_starts(name, "nvidia-"))
			continue;
		bool brings = str_starts(name, c->dist);
		absent += !inventory_package(f->inv, name, p->environment);
		if (brings)
			one = arena_printf(out->a, "%s==%s", name, version);
	}
	if (absent > 1)
		add_remedy(out, x, "pip install %s   (%zu packages that it requires are not installed)", pip_name(out, p->name, p->version), absent);
	else if (one)
		add_remedy(out, x, "pip install --force-reinstall %s", shell_word(out, one));
	return absent > 1 || one;
}

/* A file of just that name, not one that a package keeps for itself under another. */
static const struct library *elsewhere(const struct facts *f, const char *soname)
{
	for (size_t i = 0; i < f->inv->libraries.n; i++)
		if (str_eq(path_base(f->inv->libraries.v[i].path), soname))
			return &f->inv->libraries.v[i];
	return NULL;
}

/* The folders that would have to be searched for all that one file misses: "a:b". */
static const char *folders_of_misses(const struct facts *f, struct out *out, const struct library *user, const struct library *first)
{
	struct choices c = inventory_choices(f->inv, user->path);
	const char *all = folder_of(out, first->path);
	for (size_t i = 0; i < c.n; i++) {
		const struct library *l = c.v[i].path || c.v[i].because ? NULL : elsewhere(f, c.v[i].soname);
		const char *dir = l ? folder_of(out, l->path) : NULL;
		size_t n = dir ? strlen(dir) : 0;
		bool there = false;
		for (const char *at = all; dir && at && !there; at = strchr(at, ':'), at = at ? at + 1 : NULL)
			there = !strncmp(at, dir, n) && (!at[n] || at[n] == ':');
		if (dir && !there)
			all = arena_printf(out->a, "%s:%s", all, dir);
	}
	return all;
}

/* Folders before those that LD_LIBRARY_PATH has. */
static void remedy_searched(const struct facts *f, struct out *out, struct finding *x, const char *dirs)
{
	const char *was = inventory_env(f->inv, "LD_LIBRARY_PATH");
	const char *all = was && *was && dirs ? arena_printf(out->a, "%s:%s", dirs, was) : dirs;
	if (all && all[0] != '/') /* of a declaration, whose paths begin where packages lie */
		all = arena_printf(out->a, "SITE_PACKAGES/%s", all);
	if (all)
		remedy_env(f, out, x, "LD_LIBRARY_PATH", all);
}

static void miss(const struct facts *f, struct subject s, struct out *out, const char *soname, bool by_name, size_t further)
{
	const struct library *l = s.library;
	s.package = owner_of(f, l);
	const struct library *lies = elsewhere(f, soname);
	const char *more = further ? arena_printf(out->a, " (and %zu more)", further) : "";
	struct finding *x = emit(out, ANSWER_FAIL, s, "%s %s %s%s, which %s", user_name(l), by_name ? "opens" : "needs", soname, more ? more : "",
				 lies ? "lies where its loader does not look" : "is not in the target");
	x->cause = soname;
	set_expected(out, x, soname, NULL);
	set_message(out, x, "loader-missing", soname, NULL);
	cap_by_use(f, x, l);
	if (f->inv->kind == TARGET_ENVIRONMENT)
		lower(x, LEVEL_WARNING, "the system below the environment may bring it");
	const struct row_components *c = matrix_component(f->m, soname);
	if (lies && by_name && f->inv->kind != TARGET_DECLARATION)
		lower(x, LEVEL_WARNING, "a program may set LD_LIBRARY_PATH or load it before");
	if (lies && !f->env_known && f->inv->kind != TARGET_DECLARATION)
		lower(x, LEVEL_WARNING, "the target's ENV is not known");
	size_t row = 0;
	const struct row_preloads *way = lies && s.package ? matrix_preload(f->m, s.package->name, s.package->version, "remedy", &row) : NULL;
	if (way)
		add_remedy(out, x, "%s", way->library);
	if (lies)
		remedy_searched(f, out, x, folders_of_misses(f, out, l, lies));
	else if (c && !remedy_pins(f, out, x, s.package, c))
		remedy_wheel(out, x, s.package, c, soname);
	else if (!c)
		remedy_system_library(f, out, x, soname);
}

/* Of libraries for several versions of something (FFmpeg), is there one that finds all it needs? Then that is taken. */
static bool other_loads(const struct facts *f, const struct library *l)
{
	for (size_t i = 0; l->group && i < f->inv->libraries.n; i++) {
		const struct library *o = &f->inv->libraries.v[i];
		if (o == l || !str_eq(o->group, l->group) || !str_eq(o->owner, l->owner) || !str_eq(o->environment, l->environment))
			continue;
		struct choices c = inventory_choices(f->inv, o->path);
		size_t found = 0;
		for (size_t k = 0; k < c.n; k++)
			found += c.v[k].path || c.v[k].because;
		if (found == c.n)
			return true;
	}
	return false;
}

/* None of several builds finds all that it needs: one finding for all of them, and a feature that is lost. */
static void no_variant_loads(const struct facts *f, struct subject s, struct out *out, const char *soname)
{
	const struct library *l = s.library;
	s.package = owner_of(f, l);
	struct finding *x = emit(out, ANSWER_FAIL, s, "none of the builds of %s in %s finds all that it needs, such as %s", user_name(l),
				 s.package ? package_text(out, s.package) : folder_of(out, l->path), soname);
	x->cause = l->group ? l->group : soname;
	set_expected(out, x, soname, NULL);
	set_message_seen(x, arena_printf(out->a, "%s: cannot open shared object file: No such file or directory", soname));
	lower(x, LEVEL_WARNING, l->feature ? l->feature : "one of several builds");
	cap_by_use(f, x, l);
	size_t row = 0;
	const struct row_preloads *way = s.package ? matrix_preload(f->m, s.package->name, s.package->version, "remedy", &row) : NULL;
	if (way)
		add_remedy(out, x, "%s", way->library);
	else
		remedy_system_library(f, out, x, soname);
}

/* NVIDIA's libraries that modules of a package miss, each name once. */
struct missed {
	LIST(const char *) sonames;
	LIST(const char *) wheels;
};

static void add_missed(const struct facts *f, struct out *out, const struct package *p, const struct library *l, struct missed *m)
{
	struct choices c = inventory_choices(f->inv, l->path);
	for (size_t i = 0; i < c.n; i++) {
		const char *soname = c.v[i].soname;
		const struct row_components *row = c.v[i].path || c.v[i].because ? NULL : matrix_component(f->m, soname);
		const char *wheel = row && !elsewhere(f, soname) ? wheel_of(out, p, row, soname) : NULL;
		bool there = false;
		for (size_t k = 0; k < m->sonames.n; k++)
			there = there || str_eq(m->sonames.v[k], soname);
		if (!wheel || there)
			continue;
		if (!list_add(out->a, &m->sonames, soname) || !list_add(out->a, &m->wheels, wheel))
			out->bad = true;
	}
}

/* Several modules of one package, each without another of NVIDIA's libraries: one finding. false: there are not several. */
static bool modules_miss(const struct facts *f, struct subject s, struct out *out)
{
	struct missed m = { 0 };
	const struct library *l = s.library;
	s.package = owner_of(f, l);
	if (!unknown_module(f, l, s.package))
		return false;
	add_missed(f, out, s.package, l, &m);
	if (!m.sonames.n)
		return false;
	for (size_t i = 0; i < f->inv->libraries.n; i++) {
		const struct library *o = &f->inv->libraries.v[i];
		if (o != l && str_eq(o->owner, l->owner) && str_eq(o->environment, l->environment) && unknown_module(f, o, s.package))
			add_missed(f, out, s.package, o, &m);
	}
	if (m.sonames.n < 2)
		return false;
	struct finding *x = emit(out, ANSWER_FAIL, s, "modules of %s need %s (and %zu more), which are not in the target", package_text(out, s.package), m.sonames.v[0],
				 m.sonames.n - 1);
	x->cause = "modules";
	set_expected(out, x, m.sonames.v[0], NULL);
	set_message(out, x, "loader-missing", m.sonames.v[0], NULL);
	cap_by_use(f, x, l);
	if (f->inv->kind == TARGET_ENVIRONMENT)
		lower(x, LEVEL_WARNING, "the system below the environment may bring it");
	if (remedy_pins(f, out, x, s.package, matrix_component(f->m, m.sonames.v[0])))
		return true;
	list_sort(&m.wheels, str_ptr_cmp);
	struct buf b = BUF_INIT(LIMIT_TEXT);
	for (size_t i = 0; i < m.wheels.n; i++)
		if (!i || !str_eq(m.wheels.v[i], m.wheels.v[i - 1]))
			buf_printf(&b, " %s", m.wheels.v[i]);
	add_remedy(out, x, "pip install%s", buf_text(&b));
	buf_clear(&b);
	return true;
}

/* What the search missed for one file; the host's own libraries come with the runtime. */
static void missed_in_search(const struct facts *f, struct subject s, struct out *out)
{
	const struct library *l = s.library;
	struct choices c = inventory_choices(f->inv, l->path);
	const struct resolved *first = NULL;
	size_t further = 0;
	if ((!l->owner && !l->reached) || left_out(l) || (l->role == LIB_ALTERNATIVE && other_loads(f, l)))
		return;
	for (size_t i = 0; i < c.n; i++) {
		if (c.v[i].path || c.v[i].because || matrix_injected(f->m, c.v[i].soname))
			continue;
		further += first != NULL;
		first = first ? first : &c.v[i];
	}
	if (first && l->role == LIB_ALTERNATIVE)
		no_variant_loads(f, s, out, first->soname);
	else if (first && !modules_miss(f, s, out))
		miss(f, s, out, first->soname, opened_by_name(l, first->soname), further);
}

/* Where nobody searched: NVIDIA's libraries that are nowhere in a target which is completely known. */
static void missing_library(const struct facts *f, struct subject s, struct out *out)
{
	const struct library *l = s.library;
	bool whole = f->inv->complete && f->inv->kind != TARGET_WHEEL && f->inv->kind != TARGET_WHEELHOUSE;
	if (searched(f)) {
		missed_in_search(f, s, out);
		return;
	}
	if (!whole || (f->inv->kind != TARGET_DECLARATION && l->role != LIB_CORE))
		return;
	for (size_t i = 0; i < l->needed.n; i++) {
		const char *soname = l->needed.v[i];
		if (matrix_injected(f->m, soname) || !matrix_component(f->m, soname) || library_present(f, soname))
			continue;
		miss(f, s, out, soname, false, 0);
		return;
	}
	for (size_t i = 0; f->inv->kind == TARGET_DECLARATION && i < l->dlopen.n; i++) {
		const char *soname = l->dlopen.v[i];
		if (matrix_injected(f->m, soname) || found_by_name(f, soname))
			continue;
		miss(f, s, out, soname, true, 0);
		return;
	}
}
