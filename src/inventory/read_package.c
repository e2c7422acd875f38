#include <string.h>

#include "base/str.h"
#include "inventory/read_parts.h"

static enum vendor vendor(struct reader *r, const char *s)
{
	if (!s)
		return VENDOR_UNKNOWN;
	for (int v = VENDOR_CUDA; v <= VENDOR_NONE; v++)
		if (str_eq(s, vendor_name((enum vendor)v)))
			return (enum vendor)v;
	read_fail(r, "vendor", "cuda, rocm, xpu, cpu or none");
	return VENDOR_UNKNOWN;
}

static enum evidence_from evidence_from(const char *s)
{
	for (int f = FROM_VERSION_PY; f <= FROM_MATRIX; f++)
		if (str_eq(s, evidence_from_name((enum evidence_from)f)))
			return (enum evidence_from)f;
	return FROM_DECLARED;
}

static void read_evidence(struct reader *r, const json_t *o, struct gpu_code *g)
{
	const json_t *list = read_array(r, o, "evidence"), *e;
	for (size_t i = 0; list && i < json_array_size(list) && !r->bad; i++) {
		e = json_array_get(list, i);
		struct evidence *ev = read_push(r, &g->evidence);
		if (!ev)
			return;
		ev->layer = -1;
		ev->from = FROM_DECLARED;
		if (json_is_string(e)) { /* a declaration may give the value alone */
			ev->value = read_copy(r, e);
			continue;
		}
		if (!json_is_object(e)) {
			read_fail(r, "evidence", "a list of objects");
			return;
		}
		ev->value = read_text(r, e, "value");
		ev->from = evidence_from(json_get_str(e, "from"));
		ev->path = read_text(r, e, "path");
		ev->detail = read_text(r, e, "detail");
		ev->layer = read_layer(r, e);
	}
}

static void read_gpu(struct reader *r, const json_t *o, struct package *p)
{
	const json_t *g = read_object(r, o, "gpu"), *list, *e;
	if (!g)
		return;
	p->gpu_known = true;
	p->gpu.vendor = vendor(r, read_text(r, g, "vendor"));
	p->gpu.cuda = read_ver2(r, g, "cuda");
	read_evidence(r, g, &p->gpu);
	for (size_t i = 0; !ver2_known(p->gpu.cuda) && i < p->gpu.evidence.n; i++)
		if (p->gpu.evidence.v[i].value)
			p->gpu.cuda = ver2_parse(p->gpu.evidence.v[i].value);
	if ((list = read_array(r, g, "cubin"))) {
		p->gpu.code_known = true;
		for (size_t i = 0; i < json_array_size(list) && !r->bad; i++) {
			struct sm *s = read_push(r, &p->gpu.cubin);
			if (s)
				*s = read_sm(r, json_array_get(list, i), "cubin");
		}
	}
	if ((list = read_array(r, g, "ptx"))) {
		p->gpu.code_known = true;
		for (size_t i = 0; i < json_array_size(list) && !r->bad; i++) {
			e = json_array_get(list, i);
			struct ptx_target *t = read_push(r, &p->gpu.ptx);
			if (!t)
				return;
			t->arch = read_sm(r, json_is_object(e) ? json_object_get(e, "arch") : e, "ptx");
			t->isa = json_is_object(e) ? read_ver2(r, e, "isa") : VER2_NONE;
		}
	}
	if (read_tri(r, g, "code_complete") == TRI_NO)
		p->gpu.code_known = false; /* what is there, not what is missing */
}

/* "torch==2.1.0+cu121" in the place of an object: its name, and its version where one version is asked for. */
static void read_requirement(struct reader *r, const json_t *s, struct package *p)
{
	struct span line = span_trim(SPAN_STR(json_string_value(s)));
	size_t n = 0;
	while (n < line.n && !strchr(" \t[<>=!~;@(", line.p[n]))
		n++;
	p->name = read_checked(r, pep503_name(&r->inv->arena, span_sub(line, 0, n)));
	struct span rest = span_from(line, n);
	rest = span_sub(rest, 0, span_chr(rest, ';'));
	if (rest.n && rest.p[0] == '[') {
		struct span extras = span_cut(&rest, ']');
		if (!r->bad && inventory_extras(r->inv, p, span_from(extras, 1)) < 0)
			read_fail(r, "packages", "smaller");
	}
	size_t at = span_find(rest, "==");
	if (at < rest.n) {
		struct span version = span_trim(span_from(rest, at + (span_starts(span_from(rest, at), "===") ? 3 : 2)));
		version = span_trim(span_sub(version, 0, span_chr(version, ',')));
		version = span_trim(span_sub(version, 0, span_chr(version, ')')));
		/* what follows a blank is no version: "torch==2.1.0 cu118" names none that can be looked up */
		if (version.n && span_chr(version, '*') == version.n && span_chr(version, ' ') == version.n)
			p->version = read_checked(r, arena_strn(&r->inv->arena, version.p, version.n));
	}
	if (!r->bad && !p->name[0])
		read_fail(r, "packages", "a list of packages; a name is empty");
}

void read_package(struct reader *r, const json_t *o, struct package *p)
{
	p->layer = -1;
	if (json_is_string(o)) {
		read_requirement(r, o, p);
		return;
	}
	if (!json_is_object(o)) {
		read_fail(r, "packages", "a list of objects or requirements");
		return;
	}
	const char *name = read_text(r, o, "name");
	if (!name || !name[0]) {
		read_fail(r, "name", "a package's name");
		return;
	}
	p->name = read_checked(r, pep503_name(&r->inv->arena, SPAN_STR(name)));
	p->version = read_text(r, o, "version");
	p->module_version = read_text(r, o, "module_version");
	p->path = read_text(r, o, "path");
	p->layer = read_layer(r, o);
	p->environment = read_text(r, o, "environment");
	p->site = read_text(r, o, "site");
	p->editable = read_text(r, o, "editable");
	p->installer = read_text(r, o, "installer");
	p->tags_known = read_strings(r, o, "tags", &p->tags);
	p->requires_known = read_strings(r, o, "requires", &p->requires);
	const json_t *abi = read_object(r, o, "abi"), *record = read_object(r, o, "record");
	if (abi) {
		p->abi_torch = read_text(r, abi, "torch");
		p->abi_cxx11 = read_tri(r, abi, "cxx11");
		p->abi_cuda = read_ver2(r, abi, "cuda");
	}
	if (record) {
		p->record_known = true;
		read_strings(r, record, "missing", &p->record_missing);
		read_strings(r, record, "changed", &p->record_changed);
	}
	read_gpu(r, o, p);
}
