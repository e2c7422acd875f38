/*
 * What gets loaded, and from where: for each environment its interpreter and
 * then its packages' modules, each as `import` would load it; for programs
 * of the system the files that they need.
 */
#include <stdio.h>
#include <string.h>

#include "base/elffacts.h"
#include "base/limits.h"
#include "base/str.h"
#include "derive/derive.h"
#include "derive/loader.h"
#include "inventory/inventory.h"
#include "matrix/matrix.h"

/* All processes of one target. */
struct work {
	struct loader_run run;
	struct arena arena;     /* an environment's processes */
	struct arena brief;     /* the process of one library */
	struct arena *now;      /* that of the two which grows */
	bool *done;             /* by index of inv->libraries: its choices stand in the inventory */
	struct process base;    /* an environment's interpreter with what it needs */
	struct process torch;   /* the same after `import torch`; empty where there is none */
};

/* What one load brought: indexes in the process, breadth first. */
typedef LIST(int) load_list;

static size_t index_of(const struct work *w, const struct library *l)
{
	return (size_t)(l - w->run.inv->libraries.v);
}

static struct object *add_object(struct work *w, struct process *p, uint32_t node, uint32_t dir, int asked_by, const char *as)
{
	struct object *o = list_push(w->now, &p->objects);
	if (o)
		*o = (struct object){ .lib = node == FS_NONE ? NULL : loader_library(&w->run, node), .node = node, .dir = dir, .asked_by = asked_by, .as = as };
	return o;
}

static int copy_process(struct work *w, const struct process *from, struct process *to)
{
	*to = (struct process){ 0 };
	w->run.steps += (from->objects.n + from->aliases.n) / 64;
	for (size_t i = 0; i < from->objects.n; i++)
		if (!list_add(w->now, &to->objects, from->objects.v[i]))
			return -1;
	for (size_t i = 0; i < from->aliases.n; i++)
		if (!list_add(w->now, &to->aliases, from->aliases.v[i]))
			return -1;
	return 0;
}

/* Writes one choice into the inventory. */
static int keep_choice(struct work *w, const struct process *p, const struct library *user, const char *soname, const struct choice *c, int object)
{
	struct inventory *inv = w->run.inv;
	struct resolved *r = list_push(&inv->arena, &inv->resolved);
	if (!r)
		return -1;
	*r = (struct resolved){ .user = user->path, .soname = soname, .because = c->because };
	const struct library *l = object >= 0 ? p->objects.v[object].lib : NULL;
	if (l)
		r->path = l->path;
	else if (c->node != FS_NONE)
		r->path = fs_path(inv->fs, c->node, &inv->arena);
	return r->path || c->node == FS_NONE ? 0 : -1;
}

/*
 * A name that the loader does not find, in a package that has such a file:
 * its own code opens that by path before (torchaudio, numpy's relatives).
 */
static struct library *own_library(struct work *w, const struct library *user, const char *name)
{
	const struct inventory *inv = w->run.inv;
	w->run.steps += user->owner ? inv->libraries.n / 64 : 0;
	for (size_t i = 0; user->owner && i < inv->libraries.n; i++) {
		struct library *l = &inv->libraries.v[i];
		if (str_eq(l->owner, user->owner) && str_eq(l->environment, user->environment) && str_eq(l->machine, user->machine) &&
		    (str_eq(l->soname, name) || str_eq(path_base(l->path), name)))
			return l;
	}
	return NULL;
}

/*
 * A search by a new name led to a file that is there already. glibc keeps the
 * name: who asks for it later gets that file, wherever he would look. musl
 * does so for files that came by their path.
 */
static int keep_name(struct work *w, struct process *p, int object, const char *name)
{
	struct object *o = &p->objects.v[object];
	struct alias more = { name, object };
	if (strchr(name, '/'))
		return 0;
	if (!o->as)
		o->as = name;
	else if (!w->run.musl && !list_add(w->now, &p->aliases, more))
		return -1;
	return 0;
}

/*
 * One name that an object needs: found, put into the process, noted. `index`
 * gets its place; -1 where it is missing. A result of -1 is a lack of memory.
 */
static int need(struct work *w, struct process *p, int user, const char *name, bool keep, int *index)
{
	struct inventory *inv = w->run.inv;
	struct choice c;
	const struct library *lib = p->objects.v[user].lib;
	*index = -1;
	if (loader_search(&w->run, p, user, name, &c, NULL) < 0)
		return -1;
	bool injected = str_eq(c.because, "injected");
	struct library *own = c.node == FS_NONE && c.loaded < 0 && !injected && lib ? own_library(w, lib, name) : NULL;
	if (own) {
		c.node = fs_find(inv->fs, 0, SPAN_STR(own->path), true);
		c.dir = c.node == FS_NONE ? FS_NONE : fs_node(inv->fs, c.node)->parent;
		c.because = "preload";
	}
	if (c.loaded >= 0) {
		*index = c.loaded;
		if (!str_eq(c.because, "loaded") && keep_name(w, p, c.loaded, name) < 0)
			return -1;
	} else if (c.node != FS_NONE || injected) {
		if (!add_object(w, p, c.node, c.dir, user, name))
			return -1;
		*index = (int)p->objects.n - 1;
	}
	bool miss = *index < 0;
	/* without the system around it, a miss only says that this target does not bring it: NVIDIA's libraries are what counts then */
	bool told = inv->loader.known || (inv->kind == TARGET_ENVIRONMENT && matrix_component(w->run.m, name));
	if (!keep || !lib || (miss && !told))
		return 0;
	if (keep_choice(w, p, lib, name, &c, *index) < 0)
		return -1;
	if (!miss)
		return 0;
	tried_list tried = { 0 };
	if (loader_search(&w->run, p, user, name, &c, &tried) < 0)
		return -1;
	struct resolved *r = &inv->resolved.v[inv->resolved.n - 1];
	r->tried.v = tried.v;
	r->tried.n = tried.n;
	r->tried.cap = tried.cap;
	return 0;
}

static bool listed(const load_list *l, int index)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i] == index)
			return true;
	return false;
}

/* Adds to a list all that its objects need, breadth first, as dlopen and the start of a program load it. `whole`: nothing is missing or unread. */
static int load(struct work *w, struct process *p, load_list *list, bool *whole)
{
	for (size_t i = 0; i < list->n; i++) {
		int user = list->v[i];
		struct library *lib = p->objects.v[user].lib;
		if (!lib || !lib->elf || !lib->elf->symbols_known) {
			*whole = *whole && p->objects.v[user].node == FS_NONE; /* an injected one is dealt with by its names */
			if (!lib)
				continue;
		}
		bool keep = !w->done[index_of(w, lib)];
		for (size_t k = 0; k < lib->needed.n; k++) {
			int index;
			if (w->run.steps > LIMIT_LOADS) {
				*whole = false;
				return 0;
			}
			if (need(w, p, user, lib->needed.v[k], keep, &index) < 0)
				return -1;
			if (index < 0)
				*whole = false;
			else if (!listed(list, index) && !list_add(w->now, list, index))
				return -1;
		}
	}
	return 0;
}

static int settle(struct work *w, struct process *p, const load_list *list, bool whole, bool core);

/* From whom an opened library inherits run paths: glibc forgets who called dlopen, for musl it is the program. */
static int opener(const struct work *w, const struct process *p)
{
	return w->run.musl && p->objects.n && p->objects.v[0].program ? 0 : -1;
}

/* What a library is known to open by name while it runs: each is a load of its own, searched for as for a need of the library. */
static int open_by_name(struct work *w, struct process *p, int user, bool core)
{
	struct library *lib = p->objects.v[user].lib;
	const struct package *owner = lib->owner ? inventory_package(w->run.inv, lib->owner, lib->environment) : NULL;
	const struct row_preloads *row;
	for (size_t i = 0; (row = matrix_opens(w->run.m, owner ? owner->name : NULL, owner ? owner->version : NULL, path_base(lib->path), &i));) {
		int index;
		load_list list = { 0 };
		bool whole = true;
		size_t before = p->objects.n;
		if (!list_add(&w->run.inv->arena, &lib->dlopen, row->library) || need(w, p, user, row->library, true, &index) < 0)
			return -1;
		if (p->objects.n > before)
			p->objects.v[before].asked_by = opener(w, p);
		if (index < 0 || !p->objects.v[index].lib || w->done[index_of(w, p->objects.v[index].lib)])
			continue;
		if (!list_add(w->now, &list, index) || load(w, p, &list, &whole) < 0 || settle(w, p, &list, whole, core) < 0)
			return -1;
	}
	return 0;
}

/* After a load: names that stay undefined, what is reached, and that these libraries are done. */
static int settle(struct work *w, struct process *p, const load_list *list, bool whole, bool core)
{
	struct inventory *inv = w->run.inv;
	for (size_t i = 0; i < list->n; i++) {
		struct library *lib = p->objects.v[list->v[i]].lib;
		if (!lib)
			continue;
		size_t at = index_of(w, lib);
		lib->reached = lib->reached || core;
		if (w->done[at])
			continue;
		w->done[at] = true;
		if (open_by_name(w, p, list->v[i], core) < 0)
			return -1;
		/* an interpreter brings names of its own: without it nobody knows them all */
		bool all = whole && inv->loader.known && p->objects.v[0].program;
		if (loader_symbols(&w->run, p, list->v, list->n, all, lib) < 0)
			return -1;
	}
	return 0;
}

/* Loads a library by its path: as a module, by ctypes, or by name from a table. */
static int open_library(struct work *w, struct process *p, struct library *lib, bool global, bool core)
{
	const struct inventory *inv = w->run.inv;
	uint32_t node = fs_find(inv->fs, 0, SPAN_STR(lib->path), true);
	if (node == FS_NONE)
		return 0;
	int at = -1;
	for (size_t i = 0; at < 0 && i < p->objects.n; i++)
		if (p->objects.v[i].node == node)
			at = (int)i;
	if (at < 0) {
		if (!add_object(w, p, node, fs_node(inv->fs, node)->parent, opener(w, p), NULL))
			return -1;
		at = (int)p->objects.n - 1;
	}
	load_list list = { 0 };
	bool whole = true;
	if (!list_add(w->now, &list, at) || load(w, p, &list, &whole) < 0)
		return -1;
	for (size_t i = 0; global && i < list.n; i++)
		p->objects.v[list.v[i]].global = true;
	return settle(w, p, &list, whole, core);
}

/* ---- programs ---- */

/* LD_PRELOAD and ld.so.preload: names or paths, loaded after the program and before what it needs. */
static int preload(struct work *w, struct process *p, load_list *list)
{
	struct inventory *inv = w->run.inv;
	const char *env = inventory_env(inv, "LD_PRELOAD");
	LIST(const char *) names = { 0 };
	struct span rest = SPAN_STR(env ? env : "");
	while (rest.n) {
		size_t n = 0;
		while (n < rest.n && rest.p[n] != ' ' && rest.p[n] != ':')
			n++;
		const char *name = arena_strn(&inv->arena, rest.p, n);
		if (!name || (n && !list_add(w->now, &names, name)))
			return -1;
		rest = span_from(rest, n + 1);
	}
	for (size_t i = 0; i < inv->loader.preload.n; i++)
		if (!list_add(w->now, &names, inv->loader.preload.v[i]))
			return -1;
	for (size_t i = 0; i < names.n; i++) {
		int index;
		if (need(w, p, 0, names.v[i], false, &index) < 0 || (index > 0 && !listed(list, index) && !list_add(w->now, list, index)))
			return -1;
	}
	return 0;
}

/* Is it for another processor than the target's loader? Packages carry some for machines where they will never be. */
static bool foreign_machine(const struct work *w, const struct library *l)
{
	const struct loader *t = &w->run.inv->loader;
	return t->known && l->elf && (l->elf->machine != t->machine || l->elf->wide != t->wide);
}

/* A program that another loader runs: of another machine, or of the other C library in an image that has both. */
static bool foreign(const struct work *w, const struct library *program)
{
	const char *interp = program->elf ? program->elf->interp : NULL;
	return foreign_machine(w, program) || (w->run.inv->loader.known && interp && w->run.musl != (strstr(interp, "ld-musl-") != NULL));
}

/* A program as the kernel starts it: itself, what is preloaded, what it needs. All of it is in everybody's scope. */
static int start_program(struct work *w, struct process *p, struct library *lib, bool core)
{
	const struct inventory *inv = w->run.inv;
	uint32_t node = fs_find(inv->fs, 0, SPAN_STR(lib->path), true);
	*p = (struct process){ 0 };
	if (node == FS_NONE || !add_object(w, p, node, fs_node(inv->fs, node)->parent, -1, NULL))
		return node == FS_NONE ? 0 : -1;
	p->objects.v[0].program = true;
	load_list list = { 0 };
	bool whole = true;
	if (!list_add(w->now, &list, 0) || preload(w, p, &list) < 0 || load(w, p, &list, &whole) < 0)
		return -1;
	for (size_t i = 0; i < p->objects.n; i++)
		p->objects.v[i].global = true;
	return settle(w, p, &list, whole, core);
}

/* ---- environments ---- */

static bool below(const char *path, const char *dir)
{
	size_t n = strlen(dir);
	if (str_eq(dir, "."))
		return true;
	return !strncmp(path, dir, n) && path[n] == '/';
}

static bool in_environment(const struct library *l, const struct environment *e)
{
	if (l->environment)
		return str_eq(l->environment, e->path);
	for (size_t i = 0; i < e->site_packages.n; i++)
		if (below(l->path, e->site_packages.v[i]))
			return true;
	return false;
}

/* The interpreter of an environment: bin/python, links followed. */
static struct library *interpreter(const struct work *w, const struct environment *e)
{
	const struct inventory *inv = w->run.inv;
	char major[16] = "";
	if (e->python)
		snprintf(major, sizeof(major), "%d.%d", ver2_parse(e->python).major, ver2_parse(e->python).minor);
	for (int i = 0; i < 3; i++) {
		char path[LIMIT_PATH];
		snprintf(path, sizeof(path), "%s/bin/python%s", e->path, i == 0 ? major : i == 1 ? "3" : "");
		uint32_t n = fs_find(inv->fs, 0, SPAN_STR(path), true);
		struct library *l = n == FS_NONE ? NULL : loader_library(&w->run, n);
		if (l)
			return l;
	}
	return NULL;
}

bool library_is_module(const struct library *l)
{
	const char *name = path_base(l->path);
	return strstr(name, ".cpython-") || str_ends(name, ".abi3.so") || (str_ends(name, ".so") && !str_starts(name, "lib") && !l->soname);
}

static bool needs_torch(const struct library *l)
{
	for (size_t i = 0; i < l->needed.n; i++)
		if (str_starts(l->needed.v[i], "libtorch") || str_starts(l->needed.v[i], "libc10"))
			return true;
	return false;
}

/* Does a package name torch among what it requires? Then it is imported first. */
static bool requires_torch(const struct work *w, const struct library *l)
{
	const struct package *p = l->owner ? inventory_package(w->run.inv, l->owner, l->environment) : NULL;
	for (size_t i = 0; p && i < p->requires.n; i++) {
		const char *r = p->requires.v[i];
		if (str_starts(r, "torch") && (!r[5] || strchr(" ([<>=!~;", r[5])) && !strstr(r, "extra"))
			return true;
	}
	return false;
}

static bool is_core(const struct library *l)
{
	return l->role == LIB_CORE || (l->role == LIB_ALTERNATIVE && l->picked);
}

/* The files that a package opens when it is imported, or when its own libraries do not load: out of each folder of packages, in the table's order. */
static int open_preloads(struct work *w, struct process *p, const struct environment *e, const struct package *package, const char *kind)
{
	struct inventory *inv = w->run.inv;
	const struct row_preloads *row;
	for (size_t i = 0; (row = matrix_preload(w->run.m, package->name, package->version, kind, &i)) && w->run.steps <= LIMIT_LOADS;) {
		struct library *found = NULL;
		w->run.steps += e->site_packages.n * inv->libraries.n / 64;
		for (size_t s = 0; s < e->site_packages.n && !found; s++) {
			const char *site = e->site_packages.v[s];
			size_t n = str_eq(site, ".") ? 0 : strlen(site) + 1;
			for (size_t k = 0; k < inv->libraries.n && !found; k++)
				if (below(inv->libraries.v[k].path, site) && glob_match(row->library, inv->libraries.v[k].path + n))
					found = &inv->libraries.v[k];
		}
		if (found && open_library(w, p, found, false, str_eq(package->name, "torch")) < 0)
			return -1;
	}
	return 0;
}

/* Takes a library's choices back, so that it is searched for again. */
static void forget(struct work *w, const struct library *l)
{
	struct inventory *inv = w->run.inv;
	size_t kept = 0;
	for (size_t i = 0; i < inv->resolved.n; i++)
		if (!str_eq(inv->resolved.v[i].user, l->path))
			inv->resolved.v[kept++] = inv->resolved.v[i];
	inv->resolved.n = kept;
	w->done[index_of(w, l)] = false;
}

/* Is something that a library needs missing? */
static bool misses(const struct work *w, const struct library *l)
{
	for (size_t i = 0; i < w->run.inv->resolved.n; i++) {
		const struct resolved *r = &w->run.inv->resolved.v[i];
		if (str_eq(r->user, l->path) && !r->path && !r->because)
			return true;
	}
	return false;
}

/* `import torch`: torch/__init__.py loads libtorch_global_deps.so for everybody to see, then the module torch._C. */
static int import_torch(struct work *w, const struct environment *e)
{
	struct inventory *inv = w->run.inv;
	struct library *deps = NULL, *module = NULL;
	for (size_t i = 0; i < inv->libraries.n; i++) {
		struct library *l = &inv->libraries.v[i];
		if (!in_environment(l, e))
			continue;
		if (str_ends(l->path, "torch/lib/libtorch_global_deps.so"))
			deps = l;
		const char *name = strstr(l->path, "torch/_C.");
		if (name && !strchr(name + strlen("torch/_C."), '/') && (name == l->path || name[-1] == '/'))
			module = l;
	}
	if (!module)
		return 0;
	if (copy_process(w, &w->base, &w->torch) < 0 || (deps && open_library(w, &w->torch, deps, true, true) < 0))
		return -1;
	const struct package *torch = module->owner ? inventory_package(inv, module->owner, e->path) : NULL;
	if (torch && deps && misses(w, deps)) {
		forget(w, deps);
		if (copy_process(w, &w->base, &w->torch) < 0 || open_preloads(w, &w->torch, e, torch, "rescue") < 0 ||
		    open_library(w, &w->torch, deps, true, true) < 0)
			return -1;
	}
	if (torch && open_preloads(w, &w->torch, e, torch, "import") < 0)
		return -1;
	return open_library(w, &w->torch, module, false, true);
}

static int open_all(struct work *w, const struct environment *e, bool modules)
{
	struct inventory *inv = w->run.inv;
	for (size_t i = 0; i < inv->libraries.n && w->run.steps <= LIMIT_LOADS; i++) {
		struct library *l = &inv->libraries.v[i];
		if (!l->elf || !l->elf->dynamic || w->done[i] || foreign_machine(w, l) || !in_environment(l, e) || library_is_module(l) != modules)
			continue;
		arena_clear(&w->brief);
		if (l->elf->interp && !l->soname) {
			struct process own;
			if (!foreign(w, l) && start_program(w, &own, l, false) < 0)
				return -1;
			continue;
		}
		bool after_torch = w->torch.objects.n && (needs_torch(l) || requires_torch(w, l));
		const struct package *owner = l->owner ? inventory_package(inv, l->owner, l->environment) : NULL;
		struct process p;
		if (copy_process(w, after_torch ? &w->torch : &w->base, &p) < 0)
			return -1;
		if (owner && !str_eq(owner->name, "torch") && open_preloads(w, &p, e, owner, "import") < 0)
			return -1;
		if (open_library(w, &p, l, false, is_core(l)) < 0)
			return -1;
	}
	return 0;
}

static int run_environment(struct work *w, const struct environment *e)
{
	struct library *python = interpreter(w, e);
	w->base = w->torch = (struct process){ 0 };
	if (python && foreign(w, python))
		return inventory_gap(w->run.inv, python->layer, python->path, "another loader than the target's runs it: what it loads is not followed");
	w->now = &w->arena;
	if (python && start_program(w, &w->base, python, e->role == ENV_PRIMARY) < 0)
		return -1;
	if (import_torch(w, e) < 0)
		return -1;
	w->now = &w->brief;
	return open_all(w, e, true) < 0 ? -1 : open_all(w, e, false);
}

/* Programs outside of environments that carry or use NVIDIA's libraries. */
static int run_programs(struct work *w)
{
	struct inventory *inv = w->run.inv;
	for (size_t i = 0; i < inv->libraries.n && w->run.steps <= LIMIT_LOADS; i++) {
		struct library *l = &inv->libraries.v[i];
		struct process p;
		arena_clear(&w->brief);
		if (!w->done[i] && l->elf && l->elf->interp && l->elf->dynamic && l->elf->needed.n && !foreign(w, l) && start_program(w, &p, l, false) < 0)
			return -1;
	}
	return 0;
}

static int run_all(struct work *w)
{
	struct inventory *inv = w->run.inv;
	for (size_t i = 0; i < inv->environments.n; i++)
		if (inv->environments.v[i].role == ENV_PRIMARY && run_environment(w, &inv->environments.v[i]) < 0)
			return -1;
	for (size_t i = 0; i < inv->environments.n; i++)
		if (inv->environments.v[i].role == ENV_SECONDARY && run_environment(w, &inv->environments.v[i]) < 0)
			return -1;
	w->now = &w->brief;
	if (run_programs(w) < 0)
		return -1;
	if (w->run.lookups > LIMIT_LOOKUPS && inventory_gap(inv, -1, NULL, "undefined names are looked up in %u libraries and no further", LIMIT_LOOKUPS) < 0)
		return -1;
	if (w->run.steps > LIMIT_LOADS && inventory_gap(inv, -1, NULL, "what the loader does is followed for %u names and no further", LIMIT_LOADS) < 0)
		return -1;
	list_sort(&inv->resolved, resolved_cmp);
	return 0;
}

int loader_resolve(struct inventory *inv, const struct matrix *m, struct err *err)
{
	struct work w = { .arena = ARENA_INIT, .brief = ARENA_INIT };
	if (!inv->fs || !inv->libraries.n)
		return 0;
	w.done = arena_alloc(&w.arena, inv->libraries.n * sizeof(*w.done));
	int got = w.done ? loader_open(&w.run, inv, m, &w.arena) : -1;
	if (got == 0)
		got = run_all(&w);
	arena_clear(&w.arena);
	arena_clear(&w.brief);
	return got < 0 ? err_nomem(err) : 0;
}
