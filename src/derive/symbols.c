/* Which undefined names nothing in a library's scope defines: glibc's elf/dl-lookup.c; musl's do_relocs, which knows no versions. */
#include <stdlib.h>
#include <string.h>

#include "base/elffacts.h"
#include "base/limits.h"
#include "base/str.h"
#include "derive/loader.h"
#include "inventory/inventory.h"
#include "matrix/matrix.h"

enum { NAMES_KEPT = 32 }; /* of one library: a report names one, and says how many more */

/* Where names are looked up, in order. */
struct scope {
	struct loader_run *r;
	const struct process *p;
	const int *own;
	size_t own_n;
	bool injected; /* a library of the host's is in it: what that defines is not known */
	bool python;   /* an interpreter is in it */
	bool torch;    /* torch's own libraries are in it, all of them read */
};

static const struct elf_facts *facts_of(const struct object *o)
{
	return o->lib && o->lib->elf && o->lib->elf->symbols_known ? o->lib->elf : NULL;
}

static bool defines(const struct scope *s, const struct elf_facts *f, const struct elf_symbol *u, uint32_t hash)
{
	return elf_defines_hash(f, hash, s->r->musl ? NULL : u->version);
}

static bool defined(const struct scope *s, const struct library *self, const struct elf_symbol *u)
{
	uint32_t hash = elf_gnu_hash(u->name);
	s->r->lookups += s->p->objects.n + s->own_n;
	for (size_t i = 0; i < s->p->objects.n; i++) {
		const struct object *o = &s->p->objects.v[i];
		const struct elf_facts *f = o->global ? facts_of(o) : NULL;
		if (f && defines(s, f, u, hash))
			return true;
	}
	for (size_t i = 0; i < s->own_n; i++) {
		const struct elf_facts *f = facts_of(&s->p->objects.v[s->own[i]]);
		if (f && defines(s, f, u, hash))
			return true;
	}
	return self->elf && defines(s, self->elf, u, hash);
}

/* Names in the namespaces of torch's C++ libraries, which nothing else defines. */
static bool torch_name(const char *name)
{
	static const char *const heads[] = { "N3c10", "N2at", "N5torch", "N6caffe2", "RKN3c10", "RKN2at" };
	if (!str_starts(name, "_Z"))
		return false;
	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++) {
		const char *at = strstr(name, heads[i]);
		if (at && at - name <= 6)
			return true;
	}
	return false;
}

static bool python_name(const char *name)
{
	return str_starts(name, "Py") || str_starts(name, "_Py");
}

/* Names of the driver API and NVML, as the host's libraries define them. */
static bool driver_name(const char *name)
{
	return str_starts(name, "cu") || str_starts(name, "nvml") || str_starts(name, "nv");
}

/* The object of the scope that serves a soname; NULL if none, or it was not read. */
static const struct elf_facts *provider(const struct scope *s, const char *soname)
{
	for (size_t i = 0; i < s->p->objects.n; i++) {
		const struct object *o = &s->p->objects.v[i];
		if (facts_of(o) && (str_eq(o->as, soname) || str_eq(o->lib->soname, soname)))
			return o->lib->elf;
	}
	return NULL;
}

/* The file that a version is asked of, by the version needs of the library. */
static const char *file_of_version(const struct elf_facts *f, const char *version)
{
	for (size_t i = 0; version && i < f->verneeds.n; i++)
		for (size_t k = 0; k < f->verneeds.v[i].versions.n; k++)
			if (str_eq(f->verneeds.v[i].versions.v[k], version))
				return f->verneeds.v[i].file;
	return NULL;
}

/* Can it be said that a name is nowhere, where parts of the process are not known? */
static bool certain(const struct scope *s, const struct elf_facts *f, const struct elf_symbol *u, bool whole)
{
	if (python_name(u->name) && !s->python)
		return false;
	if (whole)
		return !(s->injected && driver_name(u->name));
	const char *file = file_of_version(f, u->version);
	if (file)
		return provider(s, file) != NULL;
	return s->torch && torch_name(u->name);
}

static void look_at(struct scope *s, const struct object *o)
{
	s->injected = s->injected || o->node == FS_NONE;
	const char *base = o->lib ? path_base(o->lib->path) : "";
	s->python = s->python || o->program || str_starts(base, "libpython");
	s->torch = s->torch || (facts_of(o) && str_starts(base, "libtorch_cpu.so"));
}

int loader_symbols(struct loader_run *r, const struct process *p, const int *scope, size_t scope_n, bool whole, struct library *lib)
{
	const struct elf_facts *f = lib->elf;
	struct scope s = { .r = r, .p = p, .own = scope, .own_n = scope_n };
	if (!f || !f->symbols_known)
		return 0;
	for (size_t i = 0; i < p->objects.n; i++)
		if (p->objects.v[i].global)
			look_at(&s, &p->objects.v[i]);
	for (size_t i = 0; i < scope_n; i++)
		look_at(&s, &p->objects.v[scope[i]]);
	size_t kept = 0;
	for (size_t i = 0; i < f->undefined.n && kept < NAMES_KEPT && r->lookups <= LIMIT_LOOKUPS; i++) {
		const struct elf_symbol *u = &f->undefined.v[i];
		if (u->weak || defined(&s, lib, u) || !certain(&s, f, u, whole))
			continue;
		if (!list_add(&r->inv->arena, &lib->undefined, u->name))
			return -1;
		kept++;
	}
	list_sort(&lib->undefined, str_ptr_cmp);
	return 0;
}
