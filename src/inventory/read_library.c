#include "base/str.h"
#include "inventory/read_parts.h"

static uint32_t count(struct reader *r, const json_t *o, const char *key)
{
	int64_t n = read_number(r, o, key, 0);
	return n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

static void read_targets(struct reader *r, const json_t *o, const char *key, struct fat_facts *f, struct fat_target **v,
			 size_t *n, size_t *cap)
{
	const json_t *list = read_array(r, o, key);
	for (size_t i = 0; list && i < json_array_size(list) && !r->bad; i++) {
		const json_t *e = json_array_get(list, i);
		if (!arena_grow(&r->inv->arena, (void **)v, *n, cap, sizeof(**v))) {
			read_checked(r, NULL);
			return;
		}
		struct fat_target *t = &(*v)[(*n)++];
		t->arch = read_sm(r, json_is_object(e) ? json_object_get(e, "arch") : e, key);
		t->isa = json_is_object(e) ? read_ver2(r, e, "isa") : VER2_NONE;
		t->count = json_is_object(e) && json_object_get(e, "count") ? count(r, e, "count") : 1;
		if (!json_object_get(o, "entries"))
			f->entries += t->count;
	}
}

static void read_fat(struct reader *r, const json_t *o, struct library *l)
{
	const json_t *v = json_object_get(o, "fatbin");
	if (!v || r->bad)
		return;
	l->fat_known = true;
	if (json_is_null(v))
		return;
	if (!json_is_object(v)) {
		read_fail(r, "fatbin", "an object or null");
		return;
	}
	struct fat_facts *f = read_checked(r, arena_alloc(&r->inv->arena, sizeof(*f)));
	if (!f)
		return;
	l->fat = f;
	f->containers = count(r, v, "containers");
	f->entries = count(r, v, "entries");
	f->empty = count(r, v, "empty");
	read_targets(r, v, "cubin", f, &f->cubin.v, &f->cubin.n, &f->cubin.cap);
	read_targets(r, v, "ptx", f, &f->ptx.v, &f->ptx.n, &f->ptx.cap);
	read_targets(r, v, "lto", f, &f->lto.v, &f->lto.n, &f->lto.cap);
	const json_t *groups = read_array(r, v, "groups"), *e;
	for (size_t i = 0; (e = read_item(r, groups, "groups", &i));) {
		struct fat_group *g = read_push(r, &f->groups);
		if (!g)
			return;
		g->containers = count(r, e, "containers");
		const json_t *targets = read_array(r, e, "targets");
		for (size_t k = 0; targets && k < json_array_size(targets) && !r->bad; k++) {
			const json_t *s = json_array_get(targets, k);
			bool ptx = json_is_string(s) && str_starts(json_string_value(s), "compute_");
			struct sm *to = ptx ? read_push(r, &g->ptx) : read_push(r, &g->cubin);
			if (to)
				*to = read_sm(r, s, "targets");
		}
	}
}

void read_library(struct reader *r, const json_t *o, struct library *l)
{
	l->path = read_text(r, o, "path");
	l->layer = read_layer(r, o);
	l->owner = read_text(r, o, "owner");
	l->environment = read_text(r, o, "environment");
	l->soname = read_text(r, o, "soname");
	l->component = read_text(r, o, "component");
	l->version = read_text(r, o, "version");
	l->version_from = read_text(r, o, "version_from");
	l->cudart = read_text(r, o, "cudart");
	l->machine = read_text(r, o, "machine");
	l->needs_known = read_strings(r, o, "needed", &l->needed);
	read_strings(r, o, "rpath", &l->rpath);
	read_strings(r, o, "runpath", &l->runpath);
	const json_t *needs = read_object(r, o, "version_needs");
	l->needs_known = l->needs_known || needs || json_object_get(o, "rpath") || json_object_get(o, "runpath") || json_object_get(o, "version_defs");
	const char *soname;
	json_t *versions;
	json_object_foreach((json_t *)needs, soname, versions) {
		struct lib_need *n = read_push(r, &l->version_needs);
		if (!n)
			return;
		n->soname = read_checked(r, arena_str(&r->inv->arena, soname));
		read_strings(r, needs, soname, &n->versions);
	}
	read_strings(r, o, "version_defs", &l->version_defs);
	read_strings(r, o, "undefined", &l->undefined);
	read_strings(r, o, "dlopen", &l->dlopen);
	l->feature = read_text(r, o, "feature");
	l->group = read_text(r, o, "group");
	l->picked = read_tri(r, o, "picked") == TRI_YES;
	l->reached = read_tri(r, o, "reached") == TRI_YES;
	const char *role = json_get_str(o, "role");
	for (int k = LIB_UNLISTED; role && k <= LIB_TOOL; k++)
		if (str_eq(role, lib_role_name((enum lib_role)k)))
			l->role = (enum lib_role)k;
	read_fat(r, o, l);
	if (!l->path) /* a declaration may know no more than a name */
		l->path = l->soname ? l->soname : "";
}
