#include "source/store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/limits.h"
#include "base/str.h"
#include "parse/tar.h"
#include "source/codec.h"
#include "source/inroot.h"
#include "source/registry.h"
#include "source/store_parts.h"
#include "source/watch.h"
#include "source/weblogin.h"

const char *source_kind_name(enum source_kind kind)
{
	switch (kind) {
	case SOURCE_DOCKER: return "docker-archive";
	case SOURCE_OCI: return "OCI layout";
	case SOURCE_DIR: return "dir: image";
	case SOURCE_ROOTFS_TAR: return "archive";
	case SOURCE_ROOTFS: return "root file system";
	case SOURCE_WHEEL: return "wheel";
	case SOURCE_WHEELS: return "folder of wheels";
	case SOURCE_ENVIRONMENT: return "Python environment";
	case SOURCE_FOLDER: return "folder";
	case SOURCE_JSON: return "JSON";
	case SOURCE_TEXT: return "text";
	case SOURCE_REGISTRY: return "image in a registry";
	case SOURCE_IMAGE_STREAM: return "image stream";
	}
	return "unknown";
}

/* ---- members by name ---- */

static size_t hash_of(const char *s)
{
	uint64_t h = 0xcbf29ce484222325; /* FNV-1a */
	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 0x100000001b3;
	return (size_t)(h ^ h >> 29);
}

/* The slot of a name, or the free one where it belongs. */
static size_t slot_of(const struct store *s, const char *name)
{
	size_t i = hash_of(name) % s->slot_n;
	while (s->slots[i] && strcmp(s->members.v[s->slots[i] - 1]->name, name))
		i = (i + 1) % s->slot_n;
	return i;
}

static bool grow_slots(struct store *s)
{
	if (2 * s->members.n < s->slot_n)
		return true;
	size_t n = s->slot_n ? 4 * s->slot_n : 64;
	size_t *slots = arena_alloc(&s->arena, n * sizeof(*slots));
	if (!slots)
		return false;
	s->slots = slots;
	s->slot_n = n;
	for (size_t i = 0; i < s->members.n; i++)
		s->slots[slot_of(s, s->members.v[i]->name)] = i + 1;
	return true;
}

struct member *store_lookup(const struct store *s, const char *name)
{
	if (!s->slot_n)
		return NULL;
	size_t i = s->slots[slot_of(s, name)];
	return i ? s->members.v[i - 1] : NULL;
}

struct member *store_add(struct store *s, struct span name, struct err *err)
{
	if (s->members.n >= LIMIT_MEMBERS) {
		err_set(err, ERR_LIMIT, "over %u members", LIMIT_MEMBERS);
		return NULL;
	}
	struct member *m = arena_alloc(&s->arena, sizeof(*m));
	if (!m || !(m->name = path_join(&s->arena, NULL, name)) || !list_add(&s->arena, &s->members, m) || !grow_slots(s)) {
		err_nomem(err);
		return NULL;
	}
	m->index = s->members.n - 1;
	s->slots[slot_of(s, m->name)] = s->members.n;
	return m;
}

struct member *store_add_entry(struct store *s, const struct tree_entry *e, struct err *err)
{
	struct member *m = store_add(s, e->path, err);
	if (!m)
		return NULL;
	m->size = e->size;
	m->at = e->body_at;
	m->sparse = e->type == TREE_FILE && e->read_at && e->body_at == TREE_SIZE_UNKNOWN;
	if (e->type == TREE_DIR)
		m->kind = MEMBER_DIR;
	if (e->type == TREE_SYMLINK || e->type == TREE_HARDLINK) {
		const char *dir = e->type == TREE_SYMLINK ? path_dir(&s->arena, m->name) : "";
		m->kind = MEMBER_LINK;
		m->link = dir ? path_join(&s->arena, dir, e->link) : NULL;
		if (!m->link) {
			err_nomem(err);
			return NULL;
		}
	}
	return m;
}

/* A folder's file becomes a member when somebody asks for it. */
static const struct member *find_in_folder(struct store *s, const char *name)
{
	struct stat st;
	int fd = open_in_root(s->fd, name, O_PATH);
	if (fd < 0)
		return NULL;
	int rc = fstat(fd, &st);
	close(fd);
	if (rc < 0 || !S_ISREG(st.st_mode))
		return NULL;
	struct member *m = store_add(s, SPAN_STR(name), NULL);
	if (m)
		m->size = (uint64_t)st.st_size;
	return m;
}

const struct member *store_expect(struct store *s, const char *name, uint64_t size)
{
	const struct member *known = store_lookup(s, name);
	if (known)
		return known;
	struct member *m = store_add(s, SPAN_STR(name), NULL);
	if (m)
		m->size = size;
	return m;
}

const struct member *store_find(struct store *s, const char *name)
{
	const struct member *m = store_lookup(s, name);
	for (unsigned links = 0; m && m->kind == MEMBER_LINK; links++) {
		if (links == LIMIT_LINKS)
			return NULL;
		m = store_lookup(s, m->link);
	}
	if (!m && s->fd >= 0)
		return find_in_folder(s, name);
	if (!m && s->registry)
		return store_expect(s, name, 0);
	return m && m->kind != MEMBER_DIR ? m : NULL;
}

/* A blob of its own over the store's file: no shared place, so any thread may. */
static struct blob *part_of(const struct store *s, uint64_t at, uint64_t size, struct err *err)
{
	/* a header that names more than the file has is found by whoever reads to the end */
	uint64_t left = at < s->b->size ? s->b->size - at : 0;
	return blob_slice(s->b, at, size < left ? size : left, err);
}

/* "sha256:HEX" of "blobs/sha256/HEX" or "manifests/sha256/HEX". In the arena. */
static const char *digest_of_member(const struct member *m, struct arena *a, bool *manifest, struct err *err)
{
	struct span rest = SPAN_STR(m->name), room = span_cut(&rest, '/'), algorithm = span_cut(&rest, '/');
	const char *digest = arena_printf(a, "%.*s:%.*s", (int)algorithm.n, (const char *)algorithm.p, (int)rest.n, (const char *)rest.p);
	*manifest = span_eq(room, "manifests");
	if (!digest)
		err_nomem(err);
	return digest;
}

static struct blob *from_registry(const struct store *s, const struct member *m, struct err *err)
{
	auto_arena struct arena a = ARENA_INIT;
	bool manifest;
	const char *digest = digest_of_member(m, &a, &manifest, err);
	return digest ? registry_blob(s->registry, digest, manifest, m->size ? m->size : BLOB_UNKNOWN, err) : NULL;
}

struct tree *store_member_toc(const struct store *s, const struct member *m, const char *position, const char *digest, struct err *err)
{
	auto_arena struct arena a = ARENA_INIT;
	bool manifest;
	const char *name = s->registry ? digest_of_member(m, &a, &manifest, err) : NULL;
	struct blob *b = name ? registry_ranged(s->registry, name, err) : NULL;
	if (b && m->size && b->size != m->size) {
		err_set(err, ERR_FORMAT, "the server has %" PRIu64 " bytes, %" PRIu64 " are stated", b->size, m->size);
		blob_close(b);
		return NULL;
	}
	return b ? tree_toc_take(b, position, digest, err) : NULL;
}

struct blob *store_member(const struct store *s, const struct member *m, struct err *err)
{
	if (m->kept.p)
		return blob_memory(m->kept, err);
	if (s->registry)
		return from_registry(s, m, err);
	if (s->fd >= 0) {
		int fd = store_openat(s, m->name, err);
		return fd < 0 ? NULL : blob_file_take(fd, err);
	}
	if (!s->b || !s->b->can_read_at || m->at == TREE_SIZE_UNKNOWN) {
		err_set(err, ERR_UNSUPPORTED, m->sparse ? "'%s' is stored as a sparse file" : "'%s' was in a stream that has passed",
			m->name);
		return NULL;
	}
	return part_of(s, m->at, m->size, err);
}

/* ---- streams ---- */

static ssize_t body_read(void *self, void *p, size_t n, struct err *err)
{
	return tree_body_read(self, p, n, err);
}

static uint64_t body_raw(const void *self)
{
	return tree_raw(self);
}

static const struct blob_ops body_ops = { .read = body_read, .raw = body_raw };

static bool is_json(struct span head)
{
	while (head.n && strchr(" \t\r\n", head.p[0]) && head.p[0])
		head = span_from(head, 1);
	return head.n && (head.p[0] == '{' || head.p[0] == '[');
}

/* Tells a member of a stream by its first bytes, and keeps it where it is a small JSON text. */
static int look_at(struct store *s, struct member *m, struct err *err)
{
	struct span head;
	s->body = blob_new(&body_ops, s->outer, m->size, err);
	if (!s->body || blob_peek(s->body, 2 * TAR_BLOCK, &head, err) < 0)
		return -1;
	if (codec_detect(head) != CODEC_NONE || tar_bid(head)) {
		m->kind = MEMBER_LAYER;
		return 0;
	}
	if (!is_json(head) || m->size > LIMIT_JSON_SMALL || m->size > LIMIT_JSON - s->kept)
		return 0;
	size_t n = 0;
	char *text = blob_text(s->body, LIMIT_JSON_SMALL, &n, err);
	char *copy = text ? arena_strn(&s->arena, text, n) : NULL;
	mem_free(text);
	if (!copy)
		return text ? err_nomem(err) : -1;
	s->kept += n;
	m->kind = MEMBER_JSON;
	m->kept = (struct span){ (const unsigned char *)copy, n };
	return 0;
}

int store_next(struct store *s, const struct member **out, struct err *err)
{
	struct tree_entry e;
	blob_close(s->body);
	s->body = NULL;
	if (!s->outer || s->ended)
		return 0;
	int more = tree_next(s->outer, &e, err);
	if (more <= 0) {
		s->ended = true;
		s->notice = tree_notice(s->outer);
		return store_image_kind(s, &s->kind, err) < 0 ? -1 : more;
	}
	struct member *m = store_add_entry(s, &e, err);
	if (!m || (e.type == TREE_FILE && look_at(s, m, err) < 0)) {
		s->ended = true;
		return -1;
	}
	*out = m;
	return 1;
}

struct blob *store_member_body(struct store *s, struct err *err)
{
	if (!s->body)
		err_set(err, ERR_UNSUPPORTED, "the body of this member was handed out already");
	return take(&s->body);
}

/* ---- opening and closing ---- */

struct store *store_new(const char *name, struct err *err)
{
	struct store *s = mem_alloc(sizeof(*s));
	if (s) {
		*s = (struct store){ .fd = -1 };
		s->name = arena_str(&s->arena, name);
	}
	if (s && s->name)
		return s;
	mem_free(s);
	err_nomem(err);
	return NULL;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	blob_close(s->body);
	tree_close(s->outer);
	tree_close(s->far);
	blob_close(s->b);
	registry_free(s->registry);
	weblogin_free(s->login);
	if (s->fd >= 0)
		close(s->fd);
	arena_clear(&s->arena);
	mem_free(s);
}

static struct store *probed(struct store *s, int rc, struct err *err)
{
	if (rc == 0)
		return s;
	err_in(err, "%s", s->name);
	store_close(s);
	return NULL;
}

struct store *store_blob_take(struct blob *b, const char *name, struct err *err)
{
	struct store *s = store_new(name, err);
	if (!s) {
		blob_close(b);
		return NULL;
	}
	s->b = b;
	return probed(s, store_probe_blob(s, err), err);
}

/* What a name is made of that may well be a package's, and no file's. */
#define NAME_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"

struct store *store_open(const char *path, struct err *err)
{
	struct stat st;
	bool is_stdin = !strcmp(path, "-");
	int fd = is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) < 0) {
		bool package = fd < 0 && errno == ENOENT && path[strspn(path, NAME_LETTERS)] == '\0';
		if (package)
			err_set(err, ERR_IO, "%s: there is no such file; a package is named with its version, as in %s==1.0", path, path);
		else
			err_sys(err, errno, "%s", is_stdin ? "standard input" : path);
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	if (!S_ISDIR(st.st_mode)) {
		struct blob *b = blob_file_take(fd, err);
		struct blob_identity of;
		bool identified = b && !is_stdin && blob_identity(b, &of);
		struct store *s = b ? store_blob_take(b, is_stdin ? "standard input" : path, err) : NULL;
		if (s && (s->identified = identified))
			s->identity = of;
		return s;
	}
	struct store *s = store_new(path, err);
	if (!s) {
		close(fd);
		return NULL;
	}
	s->fd = fd;
	return probed(s, store_probe_folder(s, err), err);
}

struct store *store_memory(enum source_kind kind, struct err *err)
{
	struct store *s = store_new("memory", err);
	if (s)
		s->kind = kind;
	return s;
}

int store_put(struct store *s, const char *name, struct span bytes, struct err *err)
{
	struct member *m = store_add(s, SPAN_STR(name), err);
	char *copy = m ? arena_strn(&s->arena, bytes.p, bytes.n) : NULL;
	if (!copy)
		return err_nomem(err);
	m->size = bytes.n;
	m->kept = (struct span){ (const unsigned char *)copy, bytes.n };
	return 0;
}

/* ---- questions ---- */

enum source_kind store_kind(const struct store *s) { return s->kind; }
const char *store_name(const struct store *s) { return s->name; }
const char *store_compression(const struct store *s) { return s->compression; }
bool store_is_stream(const struct store *s) { return s->stream; }
bool store_is_brief(const struct store *s) { return s->brief; }
struct store_top store_top(const struct store *s) { return s->top; }
const char *store_notice(const struct store *s) { return s->notice; }

bool store_identity(const struct store *s, struct blob_identity *of)
{
	*of = s->identity;
	return s->identified;
}

void store_watch(struct store *s, struct progress *p)
{
	s->progress = p;
}

struct tree *store_tree(struct store *s, struct err *err)
{
	if (s->fd >= 0) {
		int fd = openat(s->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd >= 0)
			return tree_folder_take(fd, s->kind == SOURCE_ROOTFS, err);
		err_sys(err, errno, "%s", s->name);
		return NULL;
	}
	if (s->far)
		return take(&s->far);
	if (!s->b) {
		err_set(err, ERR_UNSUPPORTED, "%s: the stream was read already", s->name);
		return NULL;
	}
	struct blob *b = s->b->can_read_at ? blob_slice(s->b, 0, s->b->size, err) : take(&s->b);
	if (b && b->size != BLOB_UNKNOWN)
		progress_expect(s->progress, b->size);
	b = b ? watch_take(b, s->progress, err) : NULL;
	return b ? tree_open_take(b, err) : NULL;
}

char *store_text(struct store *s, size_t limit, size_t *n, struct err *err)
{
	if (!s->b) {
		err_set(err, ERR_UNSUPPORTED, "%s is no text", s->name);
		return NULL;
	}
	struct blob *b = s->b->can_read_at ? blob_slice(s->b, 0, s->b->size, err) : take(&s->b);
	char *text = b ? blob_text(b, limit, n, err) : NULL;
	blob_close(b);
	if (!text)
		err_in(err, "%s", s->name);
	return text;
}

int store_openat(const struct store *s, const char *path, struct err *err)
{
	/* O_NONBLOCK: a pipe that lies there must not hold us up; blob_file_take then reads nothing from it */
	int fd = s->fd < 0 ? (errno = ENOTDIR, -1) : open_in_root(s->fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	return fd < 0 ? err_sys(err, errno, "'%s'", path) : fd;
}
