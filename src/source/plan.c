#include "source/plan.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/str.h"
#include "source/plan_parts.h"

const char *plan_keep(struct planner *r, const char *s)
{
	const char *copy = arena_str(&r->p->arena, s);
	if (s && !copy)
		r->nomem = true;
	return copy;
}

void plan_gap(struct planner *r, struct plan_image *image, const char *fmt, ...)
{
	char text[512];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	const char *line = plan_keep(r, text);
	size_t n = image ? image->gaps.n : r->p->gaps.n;
	if (!line || n >= LIMIT_GAPS)
		return;
	bool ok = image ? list_add(&r->p->arena, &image->gaps, line) : list_add(&r->p->arena, &r->p->gaps, line);
	r->nomem |= !ok;
}

/* ---- selection ---- */

static bool is_id(const char *id, const char *name)
{
	if (!id)
		return false;
	if (str_starts(name, "sha256:"))
		name += 7;
	if (str_starts(id, "sha256:"))
		id += 7;
	return strlen(name) >= 6 && str_starts(id, name);
}

/* "app" names "app:latest", "docker.io/library/app:latest" and the ref name "app". */
static bool is_tag(const char *tag, const char *name)
{
	size_t t = strlen(tag), n = strlen(name);
	const char *last = strrchr(name, '/');
	bool has_version = strchr(last ? last : name, ':') != NULL;
	if (!has_version && t > 7 && str_ends(tag, ":latest"))
		t -= 7;
	return t == n ? !memcmp(tag, name, n) : t > n && tag[t - n - 1] == '/' && !memcmp(tag + t - n, name, n);
}

static bool has_name(const struct plan_image *i, const char *name)
{
	for (size_t k = 0; k < i->tags.n; k++)
		if (is_tag(i->tags.v[k], name) || str_eq(i->tags.v[k], name))
			return true;
	return is_id(i->digest, name) || is_id(i->config_digest, name);
}

static bool same_arch(const char *want, size_t n, const char *have)
{
	static const char *const also[][2] = { { "x86_64", "amd64" }, { "aarch64", "arm64" } };
	for (size_t i = 0; i < 2; i++)
		if (n == strlen(also[i][0]) && !memcmp(want, also[i][0], n))
			return str_eq(have, also[i][1]);
	return have && strlen(have) == n && !memcmp(want, have, n);
}

/* "OS/ARCH", "OS/ARCH/VARIANT" or "ARCH". */
static bool has_platform(const struct plan_image *i, const char *platform)
{
	const char *slash = strchr(platform, '/'), *arch = platform;
	if (slash) {
		size_t n = (size_t)(slash - platform);
		if (!i->os || strlen(i->os) != n || memcmp(i->os, platform, n))
			return false;
		arch = slash + 1;
	}
	const char *variant = strchr(arch, '/');
	size_t n = variant ? (size_t)(variant - arch) : strlen(arch);
	return same_arch(arch, n, i->architecture) && (!variant || str_eq(variant + 1, i->config.variant));
}

bool plan_platform_fits(const char *platform, const char *os, const char *architecture, const char *variant)
{
	const char *slash = strchr(platform, '/'), *arch = slash ? slash + 1 : platform;
	const char *v = strchr(arch, '/');
	if (slash && os && (strlen(os) != (size_t)(slash - platform) || memcmp(os, platform, strlen(os))))
		return false;
	return (!architecture || same_arch(arch, v ? (size_t)(v - arch) : strlen(arch), architecture)) &&
	       (!v || !variant || str_eq(v + 1, variant));
}

static int none_left(const struct plan *p, const struct plan_options *o, struct err *err)
{
	struct buf list = BUF_INIT(300);
	for (size_t i = 0; i < p->images.n; i++) {
		const struct plan_image *m = &p->images.v[i];
		buf_printf(&list, "%s%s (%s/%s)", i ? ", " : "", m->name, m->os ? m->os : "?", m->architecture ? m->architecture : "?");
	}
	err_set(err, ERR_USAGE, "no image%s%s%s%s; there is: %s", o->image ? " named " : "", o->image ? o->image : "",
		o->platform ? " for " : "", o->platform ? o->platform : "", list.bad ? "too many to list" : buf_text(&list));
	buf_clear(&list);
	return -1;
}

static int choose(struct plan *p, const struct plan_options *o, struct err *err)
{
	size_t n = 0;
	for (size_t i = 0; i < p->images.n; i++)
		n += (!o->image || has_name(&p->images.v[i], o->image)) &&
		     (!o->platform || has_platform(&p->images.v[i], o->platform));
	if (!n)
		return none_left(p, o, err);
	n = 0;
	for (size_t i = 0; i < p->images.n; i++)
		if ((!o->image || has_name(&p->images.v[i], o->image)) &&
		    (!o->platform || has_platform(&p->images.v[i], o->platform)))
			p->images.v[n++] = p->images.v[i];
	p->images.n = n;
	return 0;
}

/* ---- the whole ---- */

static int read_manifests(struct planner *r, const struct plan_options *o, struct err *err)
{
	switch (store_kind(r->s)) {
	case SOURCE_DOCKER:
		/* manifest.json names this host's platform alone, the index beside it all */
		if (o->platform && store_find(r->s, "index.json") && store_find(r->s, "oci-layout"))
			return plan_oci(r, "index.json", err);
		return plan_docker(r, err);
	case SOURCE_OCI:
		return plan_oci(r, "index.json", err);
	case SOURCE_DIR:
		r->layout = LAYOUT_DIR;
		return plan_oci(r, "manifest.json", err);
	case SOURCE_REGISTRY:
		r->layout = LAYOUT_REGISTRY;
		r->platform = o->platform;
		return plan_registry(r, err);
	case SOURCE_IMAGE_STREAM:
		return err_set(err, ERR_FORMAT, "neither manifest.json nor index.json came in this archive");
	case SOURCE_ROOTFS_TAR: case SOURCE_ROOTFS: case SOURCE_WHEEL: case SOURCE_WHEELS: case SOURCE_ENVIRONMENT:
	case SOURCE_FOLDER: case SOURCE_JSON: case SOURCE_TEXT:
		break;
	}
	return err_set(err, ERR_UNSUPPORTED, "a %s is no image", source_kind_name(store_kind(r->s)));
}

struct plan *plan_make(struct store *s, const struct plan_options *options, struct err *err)
{
	static const struct plan_options all = { 0 };
	const struct plan_options *o = options ? options : &all;
	struct plan *p = mem_alloc(sizeof(*p));
	if (!p) {
		err_nomem(err);
		return NULL;
	}
	*p = (struct plan){ .arena = ARENA_INIT };
	struct planner r = { .s = s, .p = p };
	int rc = read_manifests(&r, o, err);
	if (r.nomem)
		rc = err_nomem(err);
	if (!rc && !p->images.n)
		rc = err_set(err, ERR_FORMAT, "no image in it: %s", p->gaps.n ? p->gaps.v[0] : "its manifest names none");
	if (!rc)
		rc = choose(p, o, err);
	if (!rc)
		return p;
	err_in(err, "%s", store_name(s));
	plan_free(p);
	return NULL;
}

void plan_free(struct plan *p)
{
	if (!p)
		return;
	arena_clear(&p->arena);
	mem_free(p);
}
