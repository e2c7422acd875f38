#include "inventory/write_parts.h"

static void put_gpu(struct json_out *j, const struct gpu_code *g)
{
	jout_key(j, "gpu");
	jout_object(j);
	if (g->vendor != VENDOR_UNKNOWN)
		jout_put(j, "vendor", vendor_name(g->vendor));
	jout_key(j, "cuda");
	if (ver2_full(g->cuda))
		jout_string(j, ver2_print(g->cuda).s);
	else
		jout_null(j);
	jout_key(j, "evidence");
	jout_array(j);
	for (size_t i = 0; i < g->evidence.n; i++) {
		const struct evidence *e = &g->evidence.v[i];
		jout_object_line(j);
		jout_put(j, "value", e->value);
		jout_put(j, "from", evidence_from_name(e->from));
		put_known(j, "path", e->path);
		put_layer(j, e->layer);
		put_known(j, "detail", e->detail);
		jout_object_end(j);
	}
	jout_array_end(j);
	if (!g->code_known && g->cubin.n)
		jout_put_bool(j, "code_complete", false);
	if (g->code_known || g->cubin.n) {
		put_sms(j, "cubin", "sm_", g->cubin.v, g->cubin.n);
		jout_key(j, "ptx");
		jout_array_line(j);
		for (size_t i = 0; i < g->ptx.n; i++) {
			jout_object_line(j);
			jout_put(j, "arch", sm_print("compute_", g->ptx.v[i].arch).s);
			if (ver2_known(g->ptx.v[i].isa))
				jout_put(j, "isa", ver2_print(g->ptx.v[i].isa).s);
			jout_object_end(j);
		}
		jout_array_end(j);
	}
	jout_object_end(j);
}

void put_package(struct json_out *j, const struct package *p)
{
	jout_object(j);
	jout_put(j, "name", p->name);
	put_known(j, "version", p->version);
	put_known(j, "module_version", p->module_version);
	put_known(j, "path", p->path);
	put_layer(j, p->layer);
	put_known(j, "environment", p->environment);
	put_known(j, "site", p->site);
	put_known(j, "editable", p->editable);
	put_known(j, "installer", p->installer);
	if (p->tags_known)
		put_strings(j, "tags", &p->tags);
	if (p->requires_known)
		put_strings(j, "requires", &p->requires);
	if (p->abi_torch || p->abi_cxx11 != TRI_UNKNOWN || ver2_known(p->abi_cuda)) {
		jout_key(j, "abi");
		jout_object_line(j);
		put_known(j, "torch", p->abi_torch);
		if (p->abi_cxx11 != TRI_UNKNOWN)
			jout_put_bool(j, "cxx11", p->abi_cxx11 == TRI_YES);
		if (ver2_known(p->abi_cuda))
			put_ver2(j, "cuda", p->abi_cuda);
		jout_object_end(j);
	}
	if (p->record_known) {
		jout_key(j, "record");
		jout_object(j);
		put_strings(j, "missing", &p->record_missing);
		put_strings(j, "changed", &p->record_changed);
		jout_object_end(j);
	}
	if (p->gpu_known)
		put_gpu(j, &p->gpu);
	jout_object_end(j);
}
