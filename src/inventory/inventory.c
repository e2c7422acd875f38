#include "inventory/inventory.h"

#include <stdarg.h>
#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "inventory/fs.h"

struct inventory *inventory_new(void)
{
	struct inventory *inv = mem_alloc(sizeof(*inv));
	if (inv) {
		memset(inv, 0, sizeof(*inv));
		inv->kind = TARGET_DECLARATION;
		inv->describes = TARGET_DECLARATION;
	}
	return inv;
}

void inventory_free(struct inventory *inv)
{
	if (!inv)
		return;
	fs_free(inv->fs);
	arena_clear(&inv->arena);
	mem_free(inv);
}

int inventory_gap(struct inventory *inv, int layer, const char *path, const char *fmt, ...)
{
	inv->known |= INV_GAPS;
	if (inv->gaps.n >= LIMIT_GAPS) {
		inv->gaps_lost++;
		return 0;
	}
	char text[512];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	struct gap *g = list_push(&inv->arena, &inv->gaps);
	if (!g)
		return -1;
	g->layer = layer;
	g->path = arena_str(&inv->arena, path);
	g->reason = arena_str(&inv->arena, text);
	return g->reason && (g->path || !path) ? 0 : -1;
}

int inventory_extras(struct inventory *inv, struct package *p, struct span extras)
{
	while (str_eq(p->name, "jax") && extras.n) {
		struct span one = span_trim(span_cut(&extras, ',')), number = span_from(one, 4);
		size_t n = 0;
		while (span_starts(one, "cuda") && n < number.n && number.p[n] >= '0' && number.p[n] <= '9')
			n++;
		if (n != 2)
			continue;
		struct evidence *e = list_push(&inv->arena, &p->gpu.evidence);
		const char *major = arena_strn(&inv->arena, number.p, n), *detail = arena_printf(&inv->arena, "[%.*s]", (int)one.n, (const char *)one.p);
		if (!e || !major || !detail)
			return -1;
		*e = (struct evidence){ major, FROM_DECLARED, NULL, -1, detail };
		p->gpu.vendor = VENDOR_CUDA;
		p->gpu.cuda = ver2_parse(major);
		p->gpu_known = true;
	}
	return 0;
}

int resolved_cmp(const void *a, const void *b)
{
	const struct resolved *x = a, *y = b;
	int c = str_cmp(x->user, y->user);
	return c ? c : str_cmp(x->soname, y->soname);
}

const char *inventory_env(const struct inventory *inv, const char *name)
{
	for (size_t i = 0; i < inv->env.n; i++)
		if (str_eq(inv->env.v[i].name, name))
			return inv->env.v[i].value;
	return NULL;
}

const struct package *inventory_package(const struct inventory *inv, const char *name, const char *environment)
{
	for (size_t i = 0; i < inv->packages.n; i++) {
		const struct package *p = &inv->packages.v[i];
		if (str_eq(p->name, name) && (!environment || !p->environment || str_eq(p->environment, environment)))
			return p;
	}
	return NULL;
}

const struct library *inventory_library(const struct inventory *inv, const char *path)
{
	size_t lo = 0, hi = inv->libraries.n;
	/* sorted by path, but for those that somebody wrote down */
	for (size_t i = 0; inv->kind == TARGET_DECLARATION && i < hi; i++)
		if (str_eq(inv->libraries.v[i].path, path))
			return &inv->libraries.v[i];
	while (path && lo < hi) {
		size_t mid = (lo + hi) / 2;
		int c = str_cmp(inv->libraries.v[mid].path, path);
		if (!c)
			return &inv->libraries.v[mid];
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

struct choices inventory_choices(const struct inventory *inv, const char *user)
{
	size_t lo = 0, hi = inv->resolved.n;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		if (str_cmp(inv->resolved.v[mid].user, user) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	size_t end = lo;
	while (end < inv->resolved.n && str_eq(inv->resolved.v[end].user, user))
		end++;
	return (struct choices){ inv->resolved.v + lo, end - lo };
}

const struct environment *inventory_environment(const struct inventory *inv, const char *path)
{
	for (size_t i = 0; path && i < inv->environments.n; i++)
		if (str_eq(inv->environments.v[i].path, path))
			return &inv->environments.v[i];
	return NULL;
}

enum env_role inventory_env_role(const struct inventory *inv, const char *environment)
{
	const struct environment *e = inventory_environment(inv, environment);
	return e ? e->role : ENV_PRIMARY;
}

const char *inventory_created_by(const struct inventory *inv, int layer)
{
	return layer >= 0 && (size_t)layer < inv->layers.n ? inv->layers.v[layer].created_by : NULL;
}

static const char *const kinds[] = {
	[TARGET_IMAGE] = "image", [TARGET_ROOTFS] = "rootfs", [TARGET_WHEEL] = "wheel", [TARGET_WHEELHOUSE] = "wheelhouse",
	[TARGET_ENVIRONMENT] = "environment", [TARGET_REQUIREMENT] = "requirement", [TARGET_DECLARATION] = "declaration",
};

const char *target_kind_name(enum target_kind k)
{
	return kinds[k];
}

bool target_kind_parse(const char *s, enum target_kind *k)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (str_eq(s, kinds[i])) {
			*k = (enum target_kind)i;
			return true;
		}
	return false;
}

const char *vendor_name(enum vendor v)
{
	static const char *const names[] = { NULL, "cuda", "rocm", "xpu", "cpu", "none" };
	return names[v];
}

const char *evidence_from_name(enum evidence_from f)
{
	static const char *const names[] = { "version.py", "local-version", "needed", "pin", "string", "metadata", "declared", "matrix" };
	return names[f];
}

const char *lib_role_name(enum lib_role r)
{
	static const char *const names[] = { "unlisted", "core", "alternative", "optional", "tool" };
	return names[r];
}

const char *env_role_name(enum env_role r)
{
	static const char *const names[] = { "primary", "secondary", "unreached" };
	return names[r];
}

const char *driver_kind_name(enum driver_kind k)
{
	static const char *const names[] = { "driver", "stub", "compat", "placeholder" };
	return names[k];
}
