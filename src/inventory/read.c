#include <string.h>

#include "base/str.h"
#include "inventory/inventory.h"

/*
 * One reader: the first error sticks, later calls do nothing, and the caller
 * looks once. `at` names the object that is being read, for messages.
 */
struct reader {
	struct inventory *inv;
	struct err *err;
	const char *at;
	bool bad;
};

static void fail(struct reader *r, const char *key, const char *expected)
{
	if (!r->bad)
		err_set(r->err, ERR_FORMAT, "%s: \"%s\" must be %s", r->at, key, expected);
	r->bad = true;
}

static void *checked(struct reader *r, void *p)
{
	if (!p && !r->bad) {
		err_nomem(r->err);
		r->bad = true;
	}
	return p;
}

/* A new element of a list, or NULL with the reader bad. */
#define push(r, l) checked((r), (r)->bad ? NULL : (void *)list_push(&(r)->inv->arena, (l)))

static const char *copy(struct reader *r, const json_t *s)
{
	return checked(r, arena_strn(&r->inv->arena, json_string_value(s), json_string_length(s)));
}

/* A string; NULL where the key is absent or null. */
static const char *text(struct reader *r, const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);
	if (r->bad || !v || json_is_null(v))
		return NULL;
	if (!json_is_string(v)) {
		fail(r, key, "a string");
		return NULL;
	}
	return copy(r, v);
}

static enum tri tri(struct reader *r, const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);
	if (!v || json_is_null(v))
		return TRI_UNKNOWN;
	if (!json_is_boolean(v))
		fail(r, key, "true or false");
	return json_is_true(v) ? TRI_YES : TRI_NO;
}

static int64_t number(struct reader *r, const json_t *o, const char *key, int64_t without)
{
	const json_t *v = json_object_get(o, key);
	if (!v || json_is_null(v))
		return without;
	if (!json_is_integer(v) || json_integer_value(v) < 0) {
		fail(r, key, "a whole number");
		return without;
	}
	return json_integer_value(v);
}

static int layer(struct reader *r, const json_t *o)
{
	int64_t n = number(r, o, "layer", -1);
	return n > 1 << 20 ? -1 : (int)n;
}

static struct ver2 ver2(struct reader *r, const json_t *o, const char *key)
{
	const char *s = text(r, o, key);
	struct ver2 v = s ? ver2_parse(s) : VER2_NONE;
	if (s && !ver2_known(v))
		fail(r, key, "a version such as \"12.4\"");
	return v;
}

/* The array under a key; NULL where it is absent or null. */
static const json_t *array(struct reader *r, const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);
	if (r->bad || !v || json_is_null(v))
		return NULL;
	if (!json_is_array(v)) {
		fail(r, key, "a list");
		return NULL;
	}
	return v;
}

static const json_t *object(struct reader *r, const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);
	if (r->bad || !v || json_is_null(v))
		return NULL;
	if (!json_is_object(v)) {
		fail(r, key, "an object");
		return NULL;
	}
	return v;
}

/* Walks the objects of the array under a key: for (size_t i = 0; (e = item(r, list, key, &i));) */
static const json_t *item(struct reader *r, const json_t *list, const char *key, size_t *i)
{
	if (r->bad || !list || *i >= json_array_size(list))
		return NULL;
	const json_t *e = json_array_get(list, (*i)++);
	if (json_is_object(e))
		return e;
	fail(r, key, "a list of objects");
	return NULL;
}

#define LIST_OF_STRINGS "a list of strings"

/* Fills a LIST(const char *); true if the key is there. */
#define read_strings(r, o, key, l)                                                                             \
	__extension__({                                                                                        \
		const json_t *list_ = array((r), (o), (key));                                                  \
		for (size_t i_ = 0; list_ && i_ < json_array_size(list_) && !(r)->bad; i_++) {                \
			const json_t *s_ = json_array_get(list_, i_);                                          \
			if (!json_is_string(s_)) {                                                             \
				fail((r), (key), LIST_OF_STRINGS);                                             \
				break;                                                                         \
			}                                                                                      \
			const char *copy_ = copy((r), s_);                                                     \
			if (copy_ && !list_add(&(r)->inv->arena, (l), copy_))                                  \
				checked((r), NULL);                                                            \
		}                                                                                              \
		list_ != NULL;                                                                                 \
	})

static void read_vars(struct reader *r, const json_t *o, const char *key, struct env_var **v, size_t *n, size_t *cap)
{
	const char *name;
	json_t *value;
	json_object_foreach((json_t *)o, name, value) {
		if (r->bad)
			return;
		if (!json_is_string(value)) {
			fail(r, key, "an object of strings");
			return;
		}
		if (!arena_grow(&r->inv->arena, (void **)v, *n, cap, sizeof(**v))) {
			checked(r, NULL);
			return;
		}
		struct env_var *e = &(*v)[(*n)++];
		e->name = checked(r, arena_str(&r->inv->arena, name));
		e->value = copy(r, value);
	}
}

static struct sm sm(struct reader *r, const json_t *s, const char *key)
{
	struct sm v = sm_parse(json_string_value(s));
	if (!v.number)
		fail(r, key, "a list of targets such as \"sm_90\" or \"compute_90\"");
	return v;
}

static enum vendor vendor(struct reader *r, const char *s)
{
	if (!s)
		return VENDOR_UNKNOWN;
	for (int v = VENDOR_CUDA; v <= VENDOR_NONE; v++)
		if (str_eq(s, vendor_name((enum vendor)v)))
			return (enum vendor)v;
	fail(r, "vendor", "cuda, rocm, xpu, cpu or none");
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
	const json_t *list = array(r, o, "evidence"), *e;
	for (size_t i = 0; list && i < json_array_size(list) && !r->bad; i++) {
		e = json_array_get(list, i);
		struct evidence *ev = push(r, &g->evidence);
		if (!ev)
			return;
		ev->layer = -1;
		ev->from = FROM_DECLARED;
		if (json_is_string(e)) { /* a declaration may give the value alone */
			ev->value = copy(r, e);
			continue;
		}
		if (!json_is_object(e)) {
			fail(r, "evidence", "a list of objects");
			return;
		}
		ev->value = text(r, e, "value");
		ev->from = evidence_from(json_get_str(e, "from"));
		ev->path = text(r, e, "path");
		ev->detail = text(r, e, "detail");
		ev->layer = layer(r, e);
	}
}

static void read_gpu(struct reader *r, const json_t *o, struct package *p)
{
	const json_t *g = object(r, o, "gpu"), *list, *e;
	if (!g)
		return;
	p->gpu_known = true;
	p->gpu.vendor = vendor(r, text(r, g, "vendor"));
	p->gpu.cuda = ver2(r, g, "cuda");
	read_evidence(r, g, &p->gpu);
	for (size_t i = 0; !ver2_known(p->gpu.cuda) && i < p->gpu.evidence.n; i++)
		if (p->gpu.evidence.v[i].value)
			p->gpu.cuda = ver2_parse(p->gpu.evidence.v[i].value);
	if ((list = array(r, g, "cubin"))) {
		p->gpu.code_known = true;
		for (size_t i = 0; i < json_array_size(list) && !r->bad; i++) {
			struct sm *s = push(r, &p->gpu.cubin);
			if (s)
				*s = sm(r, json_array_get(list, i), "cubin");
		}
	}
	if ((list = array(r, g, "ptx"))) {
		p->gpu.code_known = true;
		for (size_t i = 0; i < json_array_size(list) && !r->bad; i++) {
			e = json_array_get(list, i);
			struct ptx_target *t = push(r, &p->gpu.ptx);
			if (!t)
				return;
			t->arch = sm(r, json_is_object(e) ? json_object_get(e, "arch") : e, "ptx");
			t->isa = json_is_object(e) ? ver2(r, e, "isa") : VER2_NONE;
		}
	}
	if (tri(r, g, "code_complete") == TRI_NO)
		p->gpu.code_known = false; /* what is there, not what is missing */
}

/* "torch==2.1.0+cu121" in the place of an object: its name, and its version where one version is asked for. */
static void read_requirement(struct reader *r, const json_t *s, struct package *p)
{
	struct span line = span_trim(SPAN_STR(json_string_value(s)));
	size_t n = 0;
	while (n < line.n && !strchr(" \t[<>=!~;@(", line.p[n]))
		n++;
	p->name = checked(r, pep503_name(&r->inv->arena, span_sub(line, 0, n)));
	struct span rest = span_from(line, n);
	rest = span_sub(rest, 0, span_chr(rest, ';'));
	size_t at = span_find(rest, "==");
	if (at < rest.n) {
		struct span version = span_trim(span_from(rest, at + (span_starts(span_from(rest, at), "===") ? 3 : 2)));
		version = span_trim(span_sub(version, 0, span_chr(version, ',')));
		version = span_sub(version, 0, span_chr(version, ')'));
		if (version.n && span_chr(version, '*') == version.n)
			p->version = checked(r, arena_strn(&r->inv->arena, version.p, version.n));
	}
	if (!r->bad && !p->name[0])
		fail(r, "packages", "a list of packages; a name is empty");
}

static void read_package(struct reader *r, const json_t *o, struct package *p)
{
	p->layer = -1;
	if (json_is_string(o)) {
		read_requirement(r, o, p);
		return;
	}
	if (!json_is_object(o)) {
		fail(r, "packages", "a list of objects or requirements");
		return;
	}
	const char *name = text(r, o, "name");
	if (!name || !name[0]) {
		fail(r, "name", "a package's name");
		return;
	}
	p->name = checked(r, pep503_name(&r->inv->arena, SPAN_STR(name)));
	p->version = text(r, o, "version");
	p->module_version = text(r, o, "module_version");
	p->path = text(r, o, "path");
	p->layer = layer(r, o);
	p->environment = text(r, o, "environment");
	p->site = text(r, o, "site");
	p->editable = text(r, o, "editable");
	p->installer = text(r, o, "installer");
	p->tags_known = read_strings(r, o, "tags", &p->tags);
	p->requires_known = read_strings(r, o, "requires", &p->requires);
	const json_t *abi = object(r, o, "abi"), *record = object(r, o, "record");
	if (abi) {
		p->abi_torch = text(r, abi, "torch");
		p->abi_cxx11 = tri(r, abi, "cxx11");
		p->abi_cuda = ver2(r, abi, "cuda");
	}
	if (record) {
		p->record_known = true;
		read_strings(r, record, "missing", &p->record_missing);
		read_strings(r, record, "changed", &p->record_changed);
	}
	read_gpu(r, o, p);
}

static uint32_t count(struct reader *r, const json_t *o, const char *key)
{
	int64_t n = number(r, o, key, 0);
	return n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

static void read_targets(struct reader *r, const json_t *o, const char *key, struct fat_facts *f, struct fat_target **v,
			 size_t *n, size_t *cap)
{
	const json_t *list = array(r, o, key);
	for (size_t i = 0; list && i < json_array_size(list) && !r->bad; i++) {
		const json_t *e = json_array_get(list, i);
		if (!arena_grow(&r->inv->arena, (void **)v, *n, cap, sizeof(**v))) {
			checked(r, NULL);
			return;
		}
		struct fat_target *t = &(*v)[(*n)++];
		t->arch = sm(r, json_is_object(e) ? json_object_get(e, "arch") : e, key);
		t->isa = json_is_object(e) ? ver2(r, e, "isa") : VER2_NONE;
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
		fail(r, "fatbin", "an object or null");
		return;
	}
	struct fat_facts *f = checked(r, arena_alloc(&r->inv->arena, sizeof(*f)));
	if (!f)
		return;
	l->fat = f;
	f->containers = count(r, v, "containers");
	f->entries = count(r, v, "entries");
	f->empty = count(r, v, "empty");
	read_targets(r, v, "cubin", f, &f->cubin.v, &f->cubin.n, &f->cubin.cap);
	read_targets(r, v, "ptx", f, &f->ptx.v, &f->ptx.n, &f->ptx.cap);
	read_targets(r, v, "lto", f, &f->lto.v, &f->lto.n, &f->lto.cap);
	const json_t *groups = array(r, v, "groups"), *e;
	for (size_t i = 0; (e = item(r, groups, "groups", &i));) {
		struct fat_group *g = push(r, &f->groups);
		if (!g)
			return;
		g->containers = count(r, e, "containers");
		const json_t *targets = array(r, e, "targets");
		for (size_t k = 0; targets && k < json_array_size(targets) && !r->bad; k++) {
			const json_t *s = json_array_get(targets, k);
			bool ptx = json_is_string(s) && str_starts(json_string_value(s), "compute_");
			struct sm *to = ptx ? push(r, &g->ptx) : push(r, &g->cubin);
			if (to)
				*to = sm(r, s, "targets");
		}
	}
}

static void read_library(struct reader *r, const json_t *o, struct library *l)
{
	l->path = text(r, o, "path");
	l->layer = layer(r, o);
	l->owner = text(r, o, "owner");
	l->environment = text(r, o, "environment");
	l->soname = text(r, o, "soname");
	l->component = text(r, o, "component");
	l->version = text(r, o, "version");
	l->version_from = text(r, o, "version_from");
	l->cudart = text(r, o, "cudart");
	l->machine = text(r, o, "machine");
	l->needs_known = read_strings(r, o, "needed", &l->needed);
	read_strings(r, o, "rpath", &l->rpath);
	read_strings(r, o, "runpath", &l->runpath);
	const json_t *needs = object(r, o, "version_needs");
	l->needs_known = l->needs_known || needs || json_object_get(o, "rpath") || json_object_get(o, "runpath") || json_object_get(o, "version_defs");
	const char *soname;
	json_t *versions;
	json_object_foreach((json_t *)needs, soname, versions) {
		struct lib_need *n = push(r, &l->version_needs);
		if (!n)
			return;
		n->soname = checked(r, arena_str(&r->inv->arena, soname));
		read_strings(r, needs, soname, &n->versions);
	}
	read_strings(r, o, "version_defs", &l->version_defs);
	read_strings(r, o, "undefined", &l->undefined);
	read_strings(r, o, "dlopen", &l->dlopen);
	l->feature = text(r, o, "feature");
	l->group = text(r, o, "group");
	l->picked = tri(r, o, "picked") == TRI_YES;
	l->reached = tri(r, o, "reached") == TRI_YES;
	const char *role = json_get_str(o, "role");
	for (int k = LIB_UNLISTED; role && k <= LIB_TOOL; k++)
		if (str_eq(role, lib_role_name((enum lib_role)k)))
			l->role = (enum lib_role)k;
	read_fat(r, o, l);
	if (!l->path) /* a declaration may know no more than a name */
		l->path = l->soname ? l->soname : "";
}

static void read_numbers(struct reader *r, const json_t *o, const char *key, int **v, size_t *n, size_t *cap)
{
	const json_t *list = array(r, o, key);
	for (size_t i = 0; list && i < json_array_size(list) && !r->bad; i++) {
		const json_t *e = json_array_get(list, i);
		if (!json_is_integer(e)) {
			fail(r, key, "a list of whole numbers");
			return;
		}
		if (!arena_grow(&r->inv->arena, (void **)v, *n, cap, sizeof(**v))) {
			checked(r, NULL);
			return;
		}
		(*v)[(*n)++] = (int)json_integer_value(e);
	}
}

static void read_compat(struct reader *r, const json_t *o, struct compat *c)
{
	c->path = text(r, o, "path");
	c->version = text(r, o, "version");
	c->cuda = ver2(r, o, "cuda");
	c->note_known = json_is_array(json_object_get(o, "drivers"));
	read_numbers(r, o, "drivers", &c->drivers.v, &c->drivers.n, &c->drivers.cap);
	read_numbers(r, o, "devices", &c->devices.v, &c->devices.n, &c->devices.cap);
	c->active = tri(r, o, "active");
	read_strings(r, o, "activation", &c->activation);
}

static void read_identity(struct reader *r, const json_t *o)
{
	struct inventory *inv = r->inv;
	const char *kind = text(r, o, "kind"), *describes = text(r, o, "describes");
	if (kind && !target_kind_parse(kind, &inv->kind))
		fail(r, "kind", "image, rootfs, wheel, wheelhouse, environment, requirement or declaration");
	if (describes && !target_kind_parse(describes, &inv->describes))
		fail(r, "describes", "image, environment or wheel");
	inv->saved = inv->kind != TARGET_DECLARATION;
	inv->complete = tri(r, o, "complete") == TRI_YES;
	read_strings(r, o, "reference", &inv->reference);
	inv->digest = text(r, o, "digest");
	const json_t *platform = object(r, o, "platform"), *os = object(r, o, "os");
	if (platform) {
		inv->os_name = text(r, platform, "os");
		inv->arch = text(r, platform, "arch");
	}
	if (os) {
		inv->os.id = text(r, os, "id");
		inv->os.version = text(r, os, "version");
		inv->os.libc = text(r, os, "libc");
		inv->os.libc_version = text(r, os, "libc_version");
	}
	const json_t *env = object(r, o, "env"), *labels = object(r, o, "labels");
	if (env) {
		inv->known |= INV_ENV;
		read_vars(r, env, "env", &inv->env.v, &inv->env.n, &inv->env.cap);
	}
	if (labels) {
		inv->known |= INV_LABELS;
		read_vars(r, labels, "labels", &inv->labels.v, &inv->labels.n, &inv->labels.cap);
	}
	if (read_strings(r, o, "entrypoint", &inv->entrypoint))
		inv->known |= INV_ENTRYPOINT;
	if (read_strings(r, o, "command", &inv->command))
		inv->known |= INV_COMMAND;
	inv->workdir = text(r, o, "workdir");
}

static void read_layers(struct reader *r, const json_t *o)
{
	const json_t *list = array(r, o, "layers"), *e;
	r->inv->known |= list ? INV_LAYERS : 0;
	for (size_t i = 0; (e = item(r, list, "layers", &i));) {
		struct layer *l = push(r, &r->inv->layers);
		if (!l)
			return;
		l->digest = text(r, e, "digest");
		l->diff_id = text(r, e, "diff_id");
		l->created_by = text(r, e, "created_by");
		l->size = (uint64_t)number(r, e, "size", 0);
		l->entries = (uint64_t)number(r, e, "entries", 0);
		l->verified = tri(r, e, "verified") == TRI_YES;
	}
}

static void read_pythons(struct reader *r, const json_t *o)
{
	struct inventory *inv = r->inv;
	const json_t *list = array(r, o, "environments"), *e;
	inv->known |= list ? INV_ENVIRONMENTS : 0;
	for (size_t i = 0; (e = item(r, list, "environments", &i));) {
		struct environment *env = push(r, &inv->environments);
		if (!env)
			return;
		env->path = text(r, e, "path");
		env->python = text(r, e, "python");
		env->because = text(r, e, "because");
		const char *role = json_get_str(e, "role");
		env->role = str_eq(role, "secondary") ? ENV_SECONDARY : str_eq(role, "unreached") ? ENV_UNREACHED : ENV_PRIMARY;
		read_strings(r, e, "site_packages", &env->site_packages);
	}
	list = array(r, o, "pythons");
	inv->known |= list ? INV_PYTHONS : 0;
	for (size_t i = 0; (e = item(r, list, "pythons", &i));) {
		struct python *p = push(r, &inv->pythons);
		if (!p)
			return;
		p->version = text(r, e, "version");
		p->path = text(r, e, "path");
		read_strings(r, e, "site_packages", &p->site_packages);
	}
}

static void read_system(struct reader *r, const json_t *o)
{
	struct inventory *inv = r->inv;
	const json_t *list = array(r, o, "driver_libraries"), *e;
	inv->known |= list ? INV_DRIVER_LIBRARIES : 0;
	for (size_t i = 0; (e = item(r, list, "driver_libraries", &i));) {
		struct driver_library *d = push(r, &inv->driver_libraries);
		if (!d)
			return;
		d->path = text(r, e, "path");
		d->version = text(r, e, "version");
		d->layer = layer(r, e);
		const char *kind = json_get_str(e, "kind");
		for (int k = DRIVER_REAL; kind && k <= DRIVER_PLACEHOLDER; k++)
			if (str_eq(kind, driver_kind_name((enum driver_kind)k)))
				d->kind = (enum driver_kind)k;
	}
	list = array(r, o, "compat");
	inv->known |= list ? INV_COMPAT : 0;
	for (size_t i = 0; (e = item(r, list, "compat", &i));) {
		struct compat *c = push(r, &inv->compat);
		if (c)
			read_compat(r, e, c);
	}
	list = array(r, o, "toolkits");
	inv->known |= list ? INV_TOOLKITS : 0;
	for (size_t i = 0; (e = item(r, list, "toolkits", &i));) {
		struct toolkit *t = push(r, &inv->toolkits);
		if (!t)
			return;
		t->path = text(r, e, "path");
		t->version = text(r, e, "version");
		t->nvcc = tri(r, e, "nvcc");
		t->layer = layer(r, e);
	}
	list = array(r, o, "compilers");
	inv->known |= list ? INV_COMPILERS : 0;
	for (size_t i = 0; (e = item(r, list, "compilers", &i));) {
		struct compiler *c = push(r, &inv->compilers);
		if (!c)
			return;
		c->path = text(r, e, "path");
		c->tool = text(r, e, "tool");
		c->version = text(r, e, "version");
		c->owner = text(r, e, "owner");
		c->layer = layer(r, e);
	}
	list = array(r, o, "owned_twice");
	inv->known |= list ? INV_OWNED_TWICE : 0;
	for (size_t i = 0; (e = item(r, list, "owned_twice", &i));) {
		struct owned_twice *t = push(r, &inv->owned_twice);
		if (!t)
			return;
		t->path = text(r, e, "path");
		read_strings(r, e, "owners", &t->owners);
	}
}

static void read_loader(struct reader *r, const json_t *o)
{
	const json_t *loader = object(r, o, "loader"), *list, *e;
	if (!loader)
		return;
	r->inv->known |= json_object_get(loader, "dirs") ? INV_LOADER : 0;
	read_strings(r, loader, "dirs", &r->inv->loader_dirs);
	list = array(r, loader, "resolved");
	for (size_t i = 0; (e = item(r, list, "resolved", &i));) {
		struct resolved *v = push(r, &r->inv->resolved);
		if (!v)
			return;
		v->user = text(r, e, "for");
		v->soname = text(r, e, "soname");
		v->path = text(r, e, "path");
		v->because = text(r, e, "because");
		read_strings(r, e, "tried", &v->tried);
	}
	list_sort(&r->inv->resolved, resolved_cmp);
}

static void read_gaps(struct reader *r, const json_t *o)
{
	const json_t *list = array(r, o, "gaps"), *e;
	r->inv->known |= list ? INV_GAPS : 0;
	for (size_t i = 0; (e = item(r, list, "gaps", &i));) {
		struct gap *g = push(r, &r->inv->gaps);
		if (!g)
			return;
		g->layer = layer(r, e);
		g->path = text(r, e, "path");
		g->reason = text(r, e, "reason");
	}
	r->inv->gaps_lost = (size_t)number(r, o, "gaps_lost", 0);
}

struct inventory *inventory_read(const json_t *o, struct err *err)
{
	if (!json_is_object(o)) {
		err_set(err, ERR_FORMAT, "an element of \"targets\" must be an object");
		return NULL;
	}
	struct inventory *inv = inventory_new();
	if (!inv) {
		err_nomem(err);
		return NULL;
	}
	struct reader r = { .inv = inv, .err = err, .at = "target" };
	inv->name = text(&r, o, "name");
	if (inv->name)
		r.at = inv->name;
	read_identity(&r, o);
	read_layers(&r, o);
	read_pythons(&r, o);
	const json_t *list = array(&r, o, "packages"), *e;
	inv->known |= list ? INV_PACKAGES : 0;
	for (size_t i = 0; list && i < json_array_size(list) && !r.bad; i++) {
		struct package *p = push(&r, &inv->packages);
		if (p)
			read_package(&r, json_array_get(list, i), p);
	}
	list = array(&r, o, "libraries");
	inv->known |= list ? INV_LIBRARIES : 0;
	for (size_t i = 0; (e = item(&r, list, "libraries", &i));) {
		struct library *l = push(&r, &inv->libraries);
		if (l)
			read_library(&r, e, l);
	}
	read_system(&r, o);
	read_loader(&r, o);
	read_gaps(&r, o);
	if (!r.bad)
		return inv;
	inventory_free(inv);
	return NULL;
}
