#include "source/remote.h"

#include <sys/stat.h>

#include "base/auto.h"
#include "base/limits.h"
#include "base/str.h"
#include "parse/imageref.h"
#include "parse/simpleindex.h"
#include "parse/wheelmeta.h"
#include "source/registry.h"
#include "source/store_parts.h"
#include "source/weblogin.h"

static const char scheme_docker[] = "docker://";

static bool is_url(const char *arg) { return str_starts(arg, "https://") || str_starts(arg, "http://"); }

static bool is_bare_name(const char *arg)
{
	struct stat st;
	struct imageref r;
	if (strstr(arg, "://") || arg[0] == '.' || arg[0] == '/' || stat(arg, &st) == 0)
		return false;
	auto_arena struct arena a = ARENA_INIT;
	return imageref_parse(SPAN_STR(arg), &a, &r) > 0 && r.stated;
}

enum remote_kind remote_kind_of(const char *arg)
{
	if (str_starts(arg, scheme_docker))
		return REMOTE_IMAGE;
	if (is_url(arg))
		return REMOTE_URL;
	return is_bare_name(arg) ? REMOTE_IMAGE : REMOTE_NONE;
}

char *remote_file(const char *arg, struct arena *a)
{
	return is_url(arg) ? url_file(SPAN_STR(arg), a) : arena_str(a, path_base(arg));
}

static struct span image_of(const char *arg)
{
	struct span s = SPAN_STR(arg);
	return span_starts(s, scheme_docker) ? span_from(s, strlen(scheme_docker)) : s;
}

char *remote_name(const char *arg, struct arena *a)
{
	struct imageref r;
	if (is_url(arg))
		return http_shown(a, arg);
	if (remote_kind_of(arg) != REMOTE_IMAGE || imageref_parse(image_of(arg), a, &r) <= 0)
		return str_starts(arg, scheme_docker) ? http_shown(a, arg) : arena_str(a, arg);
	const char *name = imageref_name(&r, a);
	return name ? arena_printf(a, "%s%s", scheme_docker, name) : NULL;
}

static struct store *open_image(struct http *http, struct store *s, const char *arg, struct err *err)
{
	struct imageref ref;
	size_t n;
	char digest[REGISTRY_DIGEST];
	int rc = imageref_parse(image_of(arg), &s->arena, &ref);
	if (rc <= 0) {
		rc < 0 ? err_nomem(err) : err_set(err, ERR_USAGE, "this is no image name: docker://HOST[:PORT]/NAME[:TAG][@DIGEST] is expected");
		return NULL;
	}
	s->kind = SOURCE_REGISTRY;
	s->registry = registry_new(http, &ref, err);
	char *text = s->registry ? registry_manifest(s->registry, &n, digest, err) : NULL;
	if (!text)
		return NULL;
	rc = store_put(s, "manifest", (struct span){ (unsigned char *)text, n }, err);
	mem_free(text);
	s->top.reference = imageref_name(&ref, &s->arena);
	s->top.digest = arena_str(&s->arena, digest);
	return rc == 0 && s->top.reference && s->top.digest ? s : NULL;
}

/* A wheel by ranges where the server has them; what turns out to be no zip, and all else, as one stream. */
static struct store *open_url(struct http *http, struct store *s, const char *arg, bool brief, struct err *err)
{
	struct wheel_name wheel;
	if (!(s->login = weblogin_new(http, arg, err)))
		return NULL;
	const struct http_request q = { .url = weblogin_url(s->login), .auth = weblogin_auth(s->login) };
	struct blob *far = NULL;
	const char *file = remote_file(arg, &s->arena);
	if (file && wheel_name_parse(SPAN_STR(file), &wheel)) {
		far = http_ranged(http, &q, &s->b, err);
		if (!far && !s->b)
			return NULL;
	}
	if (far) {
		s->kind = SOURCE_WHEEL;
		s->brief = brief;
		s->far = tree_zip_far_take(far, brief, err);
		return s->far ? s : NULL;
	}
	if (!s->b && !(s->b = http_stream(http, &q, BLOB_UNKNOWN, err)))
		return NULL;
	return store_probe_blob(s, err) == 0 ? s : NULL;
}

struct store *remote_open(struct http *http, const char *arg, bool brief, struct err *err)
{
	auto_arena struct arena a = ARENA_INIT;
	const char *name = remote_name(arg, &a);
	struct store *s = name ? store_new(name, err) : NULL;
	if (!s) {
		err_nomem(err);
		return NULL;
	}
	if (is_url(arg) ? open_url(http, s, arg, brief, err) : open_image(http, s, arg, err))
		return s;
	if (!err || !str_starts(err->text, s->name))
		err_in(err, "%s", s->name);
	store_close(s);
	return NULL;
}
