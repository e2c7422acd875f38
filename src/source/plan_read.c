#include <ctype.h>
#include <inttypes.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/str.h"
#include "source/plan_parts.h"

enum { NEST_MAX = 4 }; /* indexes inside indexes: real ones have two */

json_t *plan_json(struct planner *r, const char *name, struct err *err)
{
	const struct member *m = store_find(r->s, name);
	if (!m) {
		err_set(err, ERR_FORMAT, "'%s' is missing", name);
		return NULL;
	}
	size_t n = 0;
	struct blob *b = store_member(r->s, m, err);
	auto_free char *text = b ? blob_text(b, LIMIT_JSON_SMALL, &n, err) : NULL;
	blob_close(b);
	if (!text) {
		err_in(err, "'%s'", name);
		return NULL;
	}
	return json_parse((struct span){ (const unsigned char *)text, n }, name, err);
}

static struct plan_image *new_image(struct planner *r)
{
	struct plan_image *i = list_push(&r->p->arena, &r->p->images);
	r->nomem |= !i;
	return i;
}

static void add_tag(struct planner *r, struct plan_image *i, const char *tag)
{
	if (!tag || !*tag)
		return;
	for (size_t k = 0; k < i->tags.n; k++)
		if (str_eq(i->tags.v[k], tag))
			return;
	const char *copy = plan_keep(r, tag);
	if (copy && !list_add(&r->p->arena, &i->tags, copy))
		r->nomem = true;
}

/* What remains to be known once layers, tags and config member are there. */
static void finish_image(struct planner *r, struct plan_image *i, const char *config)
{
	if (config)
		plan_config(r, i, config);
	if (i->config.architecture)
		i->architecture = i->config.architecture;
	if (i->config.os)
		i->os = i->config.os;
	const char *id = i->config_digest ? i->config_digest : i->digest;
	i->name = i->tags.n ? i->tags.v[0] : id ? plan_keep(r, id) : "image";
	if (!i->tags.n && id && strlen(id) > 19) /* "sha256:" and 12 digits, as docker shortens */
		i->name = arena_strn(&r->p->arena, id, 19);
	r->nomem |= !i->name;
}

/* ---- docker-archive: manifest.json is an array of { Config, RepoTags, Layers } ---- */

/* "blobs/sha256/HEX", "HEX.json", "sha256:HEX": "sha256:HEX"; NULL where the name tells no digest. */
static const char *digest_of_name(struct planner *r, const char *name)
{
	const char *s = str_starts(name, "blobs/sha256/") ? name + 13 : str_starts(name, "sha256:") ? name + 7 : name;
	size_t n = 0;
	while (isxdigit((unsigned char)s[n]))
		n++;
	if (n != 64 || (s[n] && strcmp(s + n, ".json")))
		return NULL;
	const char *digest = arena_printf(&r->p->arena, "sha256:%.64s", s);
	r->nomem |= !digest;
	return digest;
}

static void docker_layer(struct planner *r, struct plan_image *i, const json_t *name)
{
	struct plan_layer *l = list_push(&r->p->arena, &i->layers);
	if (!l) {
		r->nomem = true;
		return;
	}
	if (!json_is_string(name)) {
		l->gap = "its name in manifest.json is no text";
		return;
	}
	const char *clean = path_join(&r->p->arena, NULL, SPAN_STR(json_string_value(name)));
	const struct member *m = clean ? store_find(r->s, clean) : NULL;
	r->nomem |= !clean;
	if (!m) {
		l->gap = arena_printf(&r->p->arena, "layer %.200s is missing from the archive", clean ? clean : "?");
		return;
	}
	l->member = plan_keep(r, m->name);
	if (str_starts(m->name, "blobs/"))
		l->digest = digest_of_name(r, m->name);
}

static void docker_image(struct planner *r, const json_t *entry, size_t nth)
{
	const json_t *layers = json_object_get(entry, "Layers"), *tags = json_object_get(entry, "RepoTags");
	const char *config = json_get_str(entry, "Config");
	if (!json_is_object(entry) || (layers && !json_is_array(layers) && !json_is_null(layers))) {
		plan_gap(r, NULL, "manifest.json: entry %zu is no image", nth);
		return;
	}
	if (json_array_size(layers) > LIMIT_LAYERS) {
		plan_gap(r, NULL, "manifest.json: entry %zu has %zu layers, the limit is %u", nth, json_array_size(layers), LIMIT_LAYERS);
		return;
	}
	struct plan_image *i = new_image(r);
	if (!i)
		return;
	size_t k;
	const json_t *v;
	json_array_foreach(tags, k, v)
		add_tag(r, i, json_string_value(v));
	json_array_foreach(layers, k, v)
		docker_layer(r, i, v);
	config = config ? path_join(&r->p->arena, NULL, SPAN_STR(config)) : NULL;
	if (config)
		i->config_digest = digest_of_name(r, config);
	else
		plan_gap(r, i, "manifest.json names no config");
	finish_image(r, i, config);
}

int plan_docker(struct planner *r, struct err *err)
{
	json_auto_t *top = plan_json(r, "manifest.json", err);
	if (!top)
		return -1;
	if (!json_is_array(top))
		return err_set(err, ERR_FORMAT, "manifest.json is no list of images");
	if (json_array_size(top) > LIMIT_MANIFESTS)
		return err_set(err, ERR_LIMIT, "manifest.json has %zu images, the limit is %u", json_array_size(top), LIMIT_MANIFESTS);
	size_t k;
	json_t *v;
	json_array_foreach(top, k, v)
		docker_image(r, v, k + 1);
	return 0;
}

/* ---- OCI image-spec v1.1 (image-index.md, manifest.md, descriptor.md) and docker v2s2, which has the same form ---- */

/* What the descriptors on the way to a manifest said. */
struct via {
	const char *digest;
	const char *names[2]; /* containerd's full name, then the ref name */
	const char *os, *architecture;
};

/* Where the blob of a digest lies; NULL where it is no digest. In the arena. */
static const char *blob_name(struct planner *r, const char *digest, bool manifest)
{
	const char *colon = digest ? strchr(digest, ':') : NULL;
	if (!colon || colon == digest || !colon[1])
		return NULL;
	for (const char *s = digest; *s; s++)
		if (!isalnum((unsigned char)*s) && (s > colon || !strchr(":+._-", *s)))
			return NULL;
	if (*digest == '.')
		return NULL;
	const char *name = r->layout != LAYOUT_DIR
		? arena_printf(&r->p->arena, "%s/%.*s/%s", manifest && r->layout == LAYOUT_REGISTRY ? "manifests" : "blobs",
			       (int)(colon - digest), digest, colon + 1)
		: arena_printf(&r->p->arena, "%s%s", colon + 1, manifest ? ".manifest.json" : "");
	r->nomem |= !name;
	return name;
}

static uint64_t stated_size(const json_t *descriptor)
{
	json_int_t n = json_integer_value(json_object_get(descriptor, "size"));
	return n > 0 ? (uint64_t)n : 0;
}

/*
 * Of a layer with a table of contents, where it is and its digest. eStargz: docs/estargz.md, "TOCDigest". zstd:chunked:
 * pkg/chunked/internal/minimal; until 2022 the names began with io.containers.
 */
static void toc_of(struct planner *r, struct plan_layer *l, const json_t *notes)
{
	static const char *const chunked[][2] = {
		{ "io.github.containers.zstd-chunked.manifest-checksum", "io.github.containers.zstd-chunked.manifest-position" },
		{ "io.containers.zstd-chunked.manifest-checksum", "io.containers.zstd-chunked.manifest-position" },
	};
	for (size_t i = 0; i < 2 && !l->toc_digest; i++) {
		l->toc_position = plan_keep(r, json_get_str(notes, chunked[i][1]));
		l->toc_digest = l->toc_position ? plan_keep(r, json_get_str(notes, chunked[i][0])) : NULL;
	}
	if (l->toc_digest)
		return;
	l->toc_position = NULL;
	l->toc_digest = plan_keep(r, json_get_str(notes, "containerd.io/snapshot/stargz/toc.digest"));
}

static void oci_layer(struct planner *r, struct plan_image *i, const json_t *d)
{
	struct plan_layer *l = list_push(&r->p->arena, &i->layers);
	if (!l) {
		r->nomem = true;
		return;
	}
	size_t nth = i->layers.n;
	const char *type = json_get_str(d, "mediaType");
	l->digest = plan_keep(r, json_get_str(d, "digest"));
	l->media_type = plan_keep(r, type);
	l->size = stated_size(d);
	toc_of(r, l, json_object_get(d, "annotations"));
	const char *name = blob_name(r, l->digest, false);
	bool foreign = type && (strstr(type, "foreign") || strstr(type, "nondistributable"));
	const struct member *m = !name || (foreign && r->layout == LAYOUT_REGISTRY) ? NULL :
				 r->layout == LAYOUT_REGISTRY ? store_expect(r->s, name, l->size) : store_find(r->s, name);
	if (!name)
		l->gap = "its digest in the manifest is no digest";
	else if (!m && foreign)
		l->gap = "a foreign layer, which lies elsewhere";
	else if (!m)
		l->gap = "its blob is missing";
	else if (type && str_ends(type, "+encrypted"))
		l->gap = "it is encrypted";
	else
		l->member = plan_keep(r, m->name);
	if (m && l->size && m->size != l->size)
		plan_gap(r, i, "layer %zu has %" PRIu64 " bytes, the manifest says %" PRIu64, nth, m->size, l->size);
}

static struct plan_image *same_manifest(struct planner *r, const char *digest)
{
	for (size_t k = 0; digest && k < r->p->images.n; k++)
		if (str_eq(r->p->images.v[k].digest, digest))
			return &r->p->images.v[k];
	return NULL;
}

/* Signatures, attestations, charts: things in the form of an image that are none. */
static bool is_artifact(const json_t *manifest)
{
	const char *config = json_get_str(json_object_get(manifest, "config"), "mediaType");
	const char *first = json_get_str(json_array_get(json_object_get(manifest, "layers"), 0), "mediaType");
	return json_get_str(manifest, "artifactType") || str_eq(config, "application/vnd.oci.empty.v1+json") ||
	       (config && strstr(config, "helm")) || (first && (strstr(first, "in-toto") || strstr(first, "cosign")));
}

static void oci_manifest(struct planner *r, const json_t *top, const struct via *via)
{
	const json_t *layers = json_object_get(top, "layers");
	struct plan_image *i = same_manifest(r, via->digest);
	if (i) {
		add_tag(r, i, via->names[0]);
		add_tag(r, i, via->names[1]);
		return;
	}
	if (is_artifact(top))
		return;
	if (json_array_size(layers) > LIMIT_LAYERS) {
		plan_gap(r, NULL, "manifest %.80s has %zu layers, the limit is %u", via->digest ? via->digest : "",
			 json_array_size(layers), LIMIT_LAYERS);
		return;
	}
	if (!(i = new_image(r)))
		return;
	i->digest = plan_keep(r, via->digest);
	i->os = plan_keep(r, via->os);
	i->architecture = plan_keep(r, via->architecture);
	add_tag(r, i, via->names[0]);
	add_tag(r, i, via->names[1]);
	size_t k;
	const json_t *v;
	json_array_foreach(layers, k, v)
		oci_layer(r, i, v);
	i->config_digest = plan_keep(r, json_get_str(json_object_get(top, "config"), "digest"));
	const char *config = blob_name(r, i->config_digest, false);
	if (!config)
		plan_gap(r, i, "the manifest names no config");
	finish_image(r, i, config);
}

static void read_blob(struct planner *r, const char *member, const struct via *via, unsigned depth);

static bool is_attestation(const json_t *d, const char *os, const char *arch)
{
	const char *type = json_get_str(json_object_get(d, "annotations"), "vnd.docker.reference.type");
	return str_eq(type, "attestation-manifest") || (str_eq(os, "unknown") && str_eq(arch, "unknown"));
}

/* What docker pull takes where no platform is asked for. */
static const char *own_platform(void)
{
	static const char *const names[][2] = { { "x86_64", "linux/amd64" }, { "aarch64", "linux/arm64" }, { "ppc64le", "linux/ppc64le" },
						{ "s390x", "linux/s390x" }, { "riscv64", "linux/riscv64" } };
	struct utsname u;
	for (size_t i = 0; uname(&u) == 0 && i < sizeof(names) / sizeof(names[0]); i++)
		if (str_eq(u.machine, names[i][0]))
			return names[i][1];
	return "linux/amd64";
}

static bool fits(const json_t *d, const char *platform)
{
	const json_t *p = json_object_get(d, "platform");
	return plan_platform_fits(platform, json_get_str(p, "os"), json_get_str(p, "architecture"), json_get_str(p, "variant"));
}

/* Of a registry's index: is this the manifest to fetch? One that is alone is, where nobody asked for a platform. */
static bool is_wanted(const struct planner *r, const json_t *top, const json_t *d)
{
	size_t k, images = 0;
	const json_t *other;
	if (fits(d, r->platform ? r->platform : own_platform()))
		return true;
	json_array_foreach(json_object_get(top, "manifests"), k, other) {
		const json_t *p = json_object_get(other, "platform");
		images += !is_attestation(other, json_get_str(p, "os"), json_get_str(p, "architecture"));
	}
	return !r->platform && images == 1;
}

/* Nothing of the index was wanted: what there is. */
static void none_wanted(struct planner *r, const json_t *top)
{
	auto_buf struct buf list = BUF_INIT(300);
	size_t k;
	const json_t *d;
	json_array_foreach(json_object_get(top, "manifests"), k, d) {
		const json_t *p = json_object_get(d, "platform");
		const char *os = json_get_str(p, "os"), *arch = json_get_str(p, "architecture");
		if (!is_attestation(d, os, arch))
			buf_printf(&list, "%s%s/%s", list.n ? ", " : "", os ? os : "?", arch ? arch : "?");
	}
	plan_gap(r, NULL, "it has none for %s; there is: %s", r->platform ? r->platform : own_platform(),
		 list.bad ? "too many to list" : buf_text(&list));
}

static void oci_index(struct planner *r, const json_t *top, const struct via *outer, unsigned depth)
{
	size_t k, wanted = 0;
	const json_t *d;
	json_array_foreach(json_object_get(top, "manifests"), k, d) {
		const json_t *notes = json_object_get(d, "annotations"), *platform = json_object_get(d, "platform");
		struct via via = *outer;
		const char *full = json_get_str(notes, "io.containerd.image.name");
		const char *ref = json_get_str(notes, "org.opencontainers.image.ref.name");
		via.digest = json_get_str(d, "digest");
		/* a full name makes the bare tag beside it worthless */
		if (full || ref) {
			via.names[0] = full ? full : ref;
			via.names[1] = NULL;
		}
		if (platform) {
			via.os = json_get_str(platform, "os");
			via.architecture = json_get_str(platform, "architecture");
		}
		if (is_attestation(d, via.os, via.architecture) || (r->layout == LAYOUT_REGISTRY && !is_wanted(r, top, d)))
			continue;
		wanted++;
		if (r->manifests++ >= LIMIT_MANIFESTS) {
			plan_gap(r, NULL, "over %u manifests", LIMIT_MANIFESTS);
			return;
		}
		const char *name = blob_name(r, via.digest, true);
		if (!name)
			plan_gap(r, NULL, "descriptor %zu of an index has no digest", k + 1);
		else if (!store_find(r->s, name))
			plan_gap(r, NULL, "manifest %.80s%s%s%s%s is missing", via.digest, via.os ? " for " : "", via.os ? via.os : "",
				 via.architecture ? "/" : "", via.architecture ? via.architecture : "");
		else
			read_blob(r, name, &via, depth);
	}
	if (!wanted && r->layout == LAYOUT_REGISTRY)
		none_wanted(r, top);
}

/* Told by what is in it, not by the media type of who named it. */
static void read_top(struct planner *r, const json_t *top, const char *member, const struct via *via, unsigned depth)
{
	if (json_is_array(json_object_get(top, "manifests"))) {
		if (depth == NEST_MAX)
			plan_gap(r, NULL, "%s: more than %d indexes inside each other", member, NEST_MAX);
		else
			oci_index(r, top, via, depth + 1);
	} else if (json_is_array(json_object_get(top, "layers")) || json_is_object(json_object_get(top, "config"))) {
		oci_manifest(r, top, via);
	} else if (json_object_get(top, "fsLayers")) {
		plan_gap(r, NULL, "%s: a manifest of schema 1, which is too old", member);
	} else {
		plan_gap(r, NULL, "%s: neither an index nor a manifest", member);
	}
}

static void read_blob(struct planner *r, const char *member, const struct via *via, unsigned depth)
{
	struct err err = ERR_INIT;
	json_auto_t *top = plan_json(r, member, &err);
	if (top)
		read_top(r, top, member, via, depth);
	else
		plan_gap(r, NULL, "%s", err.text);
	r->nomem |= err.kind == ERR_NOMEM;
}

int plan_oci(struct planner *r, const char *member, struct err *err)
{
	struct via via = { 0 };
	json_auto_t *top = plan_json(r, member, err);
	if (!top)
		return -1;
	read_top(r, top, member, &via, 0);
	return 0;
}

int plan_registry(struct planner *r, struct err *err)
{
	struct store_top of = store_top(r->s);
	struct via via = { .digest = of.digest, .names = { of.reference } };
	json_auto_t *top = plan_json(r, "manifest", err);
	if (!top)
		return -1;
	read_top(r, top, "manifest", &via, 0);
	return 0;
}
