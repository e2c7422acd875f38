#include "inventory/write_parts.h"

static void put_targets(struct json_out *j, const char *key, const char *prefix, const struct fat_target *v, size_t n)
{
	jout_key(j, key);
	jout_array(j);
	for (size_t i = 0; i < n; i++) {
		jout_object_line(j);
		jout_put(j, "arch", sm_print(prefix, v[i].arch).s);
		if (ver2_known(v[i].isa))
			jout_put(j, "isa", ver2_print(v[i].isa).s);
		jout_put_int(j, "count", v[i].count);
		jout_object_end(j);
	}
	jout_array_end(j);
}

static void put_fat(struct json_out *j, const struct fat_facts *f)
{
	jout_key(j, "fatbin");
	if (!f) {
		jout_null(j);
		return;
	}
	jout_object(j);
	jout_put_int(j, "containers", f->containers);
	jout_put_int(j, "entries", f->entries);
	jout_put_int(j, "empty", f->empty);
	put_targets(j, "cubin", "sm_", f->cubin.v, f->cubin.n);
	put_targets(j, "ptx", "compute_", f->ptx.v, f->ptx.n);
	put_targets(j, "lto", "lto_", f->lto.v, f->lto.n);
	jout_key(j, "groups");
	jout_array(j);
	for (size_t i = 0; i < f->groups.n; i++) {
		const struct fat_group *g = &f->groups.v[i];
		jout_object_line(j);
		jout_key(j, "targets");
		jout_array_line(j);
		for (size_t k = 0; k < g->cubin.n; k++)
			jout_string(j, sm_print("sm_", g->cubin.v[k]).s);
		for (size_t k = 0; k < g->ptx.n; k++)
			jout_string(j, sm_print("compute_", g->ptx.v[k]).s);
		jout_array_end(j);
		jout_put_int(j, "containers", g->containers);
		jout_object_end(j);
	}
	jout_array_end(j);
	jout_object_end(j);
}

void put_library(struct json_out *j, const struct library *l)
{
	jout_object(j);
	jout_put(j, "path", l->path);
	put_layer(j, l->layer);
	jout_put(j, "owner", l->owner);
	put_known(j, "environment", l->environment);
	put_known(j, "soname", l->soname);
	jout_put(j, "component", l->component);
	jout_put(j, "version", l->version);
	put_known(j, "version_from", l->version_from);
	put_known(j, "cudart", l->cudart);
	put_known(j, "machine", l->machine);
	if (l->needs_known) {
		put_strings(j, "needed", &l->needed);
		put_strings(j, "rpath", &l->rpath);
		put_strings(j, "runpath", &l->runpath);
		jout_key(j, "version_needs");
		jout_object(j);
		for (size_t i = 0; i < l->version_needs.n; i++)
			put_strings(j, l->version_needs.v[i].soname, &l->version_needs.v[i].versions);
		jout_object_end(j);
		put_strings(j, "version_defs", &l->version_defs);
	}
	put_strings(j, "undefined", &l->undefined);
	put_strings(j, "dlopen", &l->dlopen);
	jout_put(j, "role", lib_role_name(l->role));
	put_known(j, "feature", l->feature);
	put_known(j, "group", l->group);
	if (l->role == LIB_ALTERNATIVE)
		jout_put_bool(j, "picked", l->picked);
	if (l->reached)
		jout_put_bool(j, "reached", true);
	if (l->fat_known)
		put_fat(j, l->fat);
	jout_object_end(j);
}
