#include "base/str.h"
#include "inventory/read_parts.h"

static void read_vars(struct reader *r, const json_t *o, const char *key, struct env_var **v, size_t *n, size_t *cap)
{
	const char *name;
	json_t *value;
	json_object_foreach((json_t *)o, name, value) {
		if (r->bad)
			return;
		if (!json_is_string(value)) {
			read_fail(r, key, "an object of strings");
			return;
		}
		if (!arena_grow(&r->inv->arena, (void **)v, *n, cap, sizeof(**v))) {
			read_checked(r, NULL);
			return;
		}
		struct env_var *e = &(*v)[(*n)++];
		e->name = read_checked(r, arena_str(&r->inv->arena, name));
		e->value = read_copy(r, value);
	}
}
static void read_numbers(struct reader *r, const json_t *o, const char *key, int **v, size_t *n, size_t *cap)
{
	const json_t *list = read_array(r, o, key);
	for (size_t i = 0; list && i < json_array_size(list) && !r->bad; i++) {
		const json_t *e = json_array_get(list, i);
		if (!json_is_integer(e)) {
			read_fail(r, key, "a list of whole numbers");
			return;
		}
		if (!arena_grow(&r->inv->arena, (void **)v, *n, cap, sizeof(**v))) {
			read_checked(r, NULL);
			return;
		}
		(*v)[(*n)++] = (int)json_integer_value(e);
	}
}

static void read_compat(struct reader *r, const json_t *o, struct compat *c)
{
	c->path = read_text(r, o, "path");
	c->version = read_text(r, o, "version");
	c->cuda = read_ver2(r, o, "cuda");
	c->note_known = json_is_array(json_object_get(o, "drivers"));
	read_numbers(r, o, "drivers", &c->drivers.v, &c->drivers.n, &c->drivers.cap);
	read_numbers(r, o, "devices", &c->devices.v, &c->devices.n, &c->devices.cap);
	c->active = read_tri(r, o, "active");
	read_strings(r, o, "activation", &c->activation);
}

static void read_identity(struct reader *r, const json_t *o)
{
	struct inventory *inv = r->inv;
	const char *kind = read_text(r, o, "kind"), *describes = read_text(r, o, "describes");
	if (kind && !target_kind_parse(kind, &inv->kind))
		read_fail(r, "kind", "image, rootfs, wheel, wheelhouse, environment, requirement or declaration");
	if (describes && !target_kind_parse(describes, &inv->describes))
		read_fail(r, "describes", "image, environment or wheel");
	inv->saved = inv->kind != TARGET_DECLARATION;
	inv->complete = read_tri(r, o, "complete") == TRI_YES;
	read_strings(r, o, "reference", &inv->reference);
	inv->digest = read_text(r, o, "digest");
	const json_t *platform = read_object(r, o, "platform"), *os = read_object(r, o, "os");
	if (platform) {
		inv->os_name = read_text(r, platform, "os");
		inv->arch = read_text(r, platform, "arch");
	}
	if (os) {
		inv->os.id = read_text(r, os, "id");
		inv->os.version = read_text(r, os, "version");
		inv->os.libc = read_text(r, os, "libc");
		inv->os.libc_version = read_text(r, os, "libc_version");
	}
	const json_t *env = read_object(r, o, "env"), *labels = read_object(r, o, "labels");
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
	inv->workdir = read_text(r, o, "workdir");
}

static void read_layers(struct reader *r, const json_t *o)
{
	const json_t *list = read_array(r, o, "layers"), *e;
	r->inv->known |= list ? INV_LAYERS : 0;
	for (size_t i = 0; (e = read_item(r, list, "layers", &i));) {
		struct layer *l = read_push(r, &r->inv->layers);
		if (!l)
			return;
		l->digest = read_text(r, e, "digest");
		l->diff_id = read_text(r, e, "diff_id");
		l->created_by = read_text(r, e, "created_by");
		l->size = (uint64_t)read_number(r, e, "size", 0);
		l->entries = (uint64_t)read_number(r, e, "entries", 0);
		l->verified = read_tri(r, e, "verified") == TRI_YES;
		l->by_table = read_tri(r, e, "by_table") == TRI_YES;
	}
}

static void read_pythons(struct reader *r, const json_t *o)
{
	struct inventory *inv = r->inv;
	const json_t *list = read_array(r, o, "environments"), *e;
	inv->known |= list ? INV_ENVIRONMENTS : 0;
	for (size_t i = 0; (e = read_item(r, list, "environments", &i));) {
		struct environment *env = read_push(r, &inv->environments);
		if (!env)
			return;
		env->path = read_text(r, e, "path");
		if (!env->path)
			read_fail(r, "path", "a text: where the environment is");
		env->python = read_text(r, e, "python");
		env->because = read_text(r, e, "because");
		const char *role = json_get_str(e, "role");
		env->role = str_eq(role, "secondary") ? ENV_SECONDARY : str_eq(role, "unreached") ? ENV_UNREACHED : ENV_PRIMARY;
		read_strings(r, e, "site_packages", &env->site_packages);
	}
	list = read_array(r, o, "pythons");
	inv->known |= list ? INV_PYTHONS : 0;
	for (size_t i = 0; (e = read_item(r, list, "pythons", &i));) {
		struct python *p = read_push(r, &inv->pythons);
		if (!p)
			return;
		p->version = read_text(r, e, "version");
		p->path = read_text(r, e, "path");
		read_strings(r, e, "site_packages", &p->site_packages);
	}
}

static void read_system(struct reader *r, const json_t *o)
{
	struct inventory *inv = r->inv;
	const json_t *list = read_array(r, o, "driver_libraries"), *e;
	inv->known |= list ? INV_DRIVER_LIBRARIES : 0;
	for (size_t i = 0; (e = read_item(r, list, "driver_libraries", &i));) {
		struct driver_library *d = read_push(r, &inv->driver_libraries);
		if (!d)
			return;
		d->path = read_text(r, e, "path");
		d->version = read_text(r, e, "version");
		d->layer = read_layer(r, e);
		const char *kind = json_get_str(e, "kind");
		for (int k = DRIVER_REAL; kind && k <= DRIVER_PLACEHOLDER; k++)
			if (str_eq(kind, driver_kind_name((enum driver_kind)k)))
				d->kind = (enum driver_kind)k;
	}
	list = read_array(r, o, "compat");
	inv->known |= list ? INV_COMPAT : 0;
	for (size_t i = 0; (e = read_item(r, list, "compat", &i));) {
		struct compat *c = read_push(r, &inv->compat);
		if (c)
			read_compat(r, e, c);
	}
	list = read_array(r, o, "toolkits");
	inv->known |= list ? INV_TOOLKITS : 0;
	for (size_t i = 0; (e = read_item(r, list, "toolkits", &i));) {
		struct toolkit *t = read_push(r, &inv->toolkits);
		if (!t)
			return;
		t->path = read_text(r, e, "path");
		t->version = read_text(r, e, "version");
		t->nvcc = read_tri(r, e, "nvcc");
		t->layer = read_layer(r, e);
	}
	list = read_array(r, o, "compilers");
	inv->known |= list ? INV_COMPILERS : 0;
	for (size_t i = 0; (e = read_item(r, list, "compilers", &i));) {
		struct compiler *c = read_push(r, &inv->compilers);
		if (!c)
			return;
		c->path = read_text(r, e, "path");
		c->tool = read_text(r, e, "tool");
		c->version = read_text(r, e, "version");
		c->owner = read_text(r, e, "owner");
		c->layer = read_layer(r, e);
	}
	list = read_array(r, o, "owned_twice");
	inv->known |= list ? INV_OWNED_TWICE : 0;
	for (size_t i = 0; (e = read_item(r, list, "owned_twice", &i));) {
		struct owned_twice *t = read_push(r, &inv->owned_twice);
		if (!t)
			return;
		t->path = read_text(r, e, "path");
		read_strings(r, e, "owners", &t->owners);
	}
}

static void read_loader(struct reader *r, const json_t *o)
{
	const json_t *loader = read_object(r, o, "loader"), *list, *e;
	if (!loader)
		return;
	r->inv->known |= json_object_get(loader, "dirs") ? INV_LOADER : 0;
	read_strings(r, loader, "dirs", &r->inv->loader_dirs);
	list = read_array(r, loader, "resolved");
	for (size_t i = 0; (e = read_item(r, list, "resolved", &i));) {
		struct resolved *v = read_push(r, &r->inv->resolved);
		if (!v)
			return;
		v->user = read_text(r, e, "for");
		v->soname = read_text(r, e, "soname");
		v->path = read_text(r, e, "path");
		v->because = read_text(r, e, "because");
		read_strings(r, e, "tried", &v->tried);
	}
	list_sort(&r->inv->resolved, resolved_cmp);
}

static void read_gaps(struct reader *r, const json_t *o)
{
	const json_t *list = read_array(r, o, "gaps"), *e;
	r->inv->known |= list ? INV_GAPS : 0;
	for (size_t i = 0; (e = read_item(r, list, "gaps", &i));) {
		struct gap *g = read_push(r, &r->inv->gaps);
		if (!g)
			return;
		g->layer = read_layer(r, e);
		g->path = read_text(r, e, "path");
		g->reason = read_text(r, e, "reason");
	}
	r->inv->gaps_lost = (size_t)read_number(r, o, "gaps_lost", 0);
}

static void read_chosen(struct reader *r, const json_t *o)
{
	const json_t *list = read_array(r, o, "chosen"), *e;
	for (size_t i = 0; (e = read_item(r, list, "chosen", &i));) {
		struct chosen *c = read_push(r, &r->inv->chosen);
		if (!c)
			return;
		c->requirement = read_text(r, e, "requirement");
		c->file = read_text(r, e, "file");
		c->url = read_text(r, e, "url");
		c->because = read_text(r, e, "because");
	}
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
	inv->name = read_text(&r, o, "name");
	if (inv->name)
		r.at = inv->name;
	read_identity(&r, o);
	read_layers(&r, o);
	read_pythons(&r, o);
	const json_t *list = read_array(&r, o, "packages"), *e;
	inv->known |= list ? INV_PACKAGES : 0;
	for (size_t i = 0; list && i < json_array_size(list) && !r.bad; i++) {
		struct package *p = read_push(&r, &inv->packages);
		if (p)
			read_package(&r, json_array_get(list, i), p);
	}
	list = read_array(&r, o, "libraries");
	inv->known |= list ? INV_LIBRARIES : 0;
	for (size_t i = 0; (e = read_item(&r, list, "libraries", &i));) {
		struct library *l = read_push(&r, &inv->libraries);
		if (l)
			read_library(&r, e, l);
	}
	read_system(&r, o);
	read_loader(&r, o);
	read_chosen(&r, o);
	read_gaps(&r, o);
	if (!r.bad)
		return inv;
	inventory_free(inv);
	return NULL;
}
