#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/limits.h"
#include "base/str.h"
#include "parse/tar.h"
#include "parse/wheelmeta.h"
#include "parse/zipdir.h"
#include "source/codec.h"
#include "source/inroot.h"
#include "source/store_parts.h"

/* Members that are indexed before a tar without manifest is called a plain tree: an image of 1,024 layers has 4,100. */
enum { PROBE_MEMBERS = 8192 };

/* ---- images by their names ---- */

/* The first character of a member's text that is no blank; 0 if there is none. Running out of memory sets err. */
static char first_letter(struct store *s, const char *name, struct err *err)
{
	struct err why = ERR_INIT;
	const struct member *m = store_find(s, name);
	struct blob *b = m ? store_member(s, m, &why) : NULL;
	struct span head = { 0 };
	char c = '\0';
	if (b && blob_peek(b, 256, &head, &why) == 0) {
		while (head.n && isspace(head.p[0]))
			head = span_from(head, 1);
		c = head.n ? (char)head.p[0] : '\0';
	}
	blob_close(b);
	if (why.kind == ERR_NOMEM)
		err_nomem(err);
	return c;
}

int store_image_kind(struct store *s, enum source_kind *kind, struct err *err)
{
	struct err why = ERR_INIT;
	char manifest = first_letter(s, "manifest.json", &why);
	char index = first_letter(s, "index.json", &why);
	if (why.kind)
		return err_nomem(err);
	if (manifest == '[')
		*kind = SOURCE_DOCKER;
	else if (index == '{' && store_find(s, "oci-layout"))
		*kind = SOURCE_OCI;
	else if (manifest == '{' && store_find(s, "version"))
		*kind = SOURCE_DIR;
	else
		return 0;
	return 1;
}

static bool is_hex(struct span s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (i >= s.n || !isxdigit(s.p[i]))
			return false;
	return true;
}

enum looks { LOOKS_OPEN, LOOKS_IMAGE, LOOKS_TREE };

/*
 * Is a member of this name part of an image archive? Docker and podman name
 * layers by 64 hexadecimal digits, kaniko and ko put "sha256:" before, OCI
 * layouts have blobs/. Some names prove nothing.
 */
static enum looks looks_like(struct span path)
{
	static const char *const sure[] = { "manifest.json", "oci-layout", "index.json", "repositories", "blobs/sha256" };
	if (!path.n || span_eq(path, "version") || span_eq(path, "blobs") || span_eq(path, "config.json"))
		return LOOKS_OPEN;
	for (size_t i = 0; i < sizeof(sure) / sizeof(sure[0]); i++)
		if (span_eq(path, sure[i]))
			return LOOKS_IMAGE;
	if (span_starts(path, "blobs/sha256/") || span_starts(path, "sha256:"))
		return LOOKS_IMAGE;
	if (is_hex(path, 64) && (path.n == 64 || path.p[64] == '/' || path.p[64] == '.'))
		return LOOKS_IMAGE;
	return LOOKS_TREE;
}

/* A stream is told by the names in its first bytes; nothing of it is taken. */
static int looks_of_stream(struct span head, enum looks *out, struct err *whole)
{
	struct err err = ERR_INIT;
	struct blob *b = blob_memory(head, &err);
	struct tree *t = b ? tree_tar_take(b, &err) : NULL;
	struct tree_entry e;
	enum looks looks = LOOKS_OPEN;
	while (t && looks == LOOKS_OPEN && tree_next(t, &e, &err) > 0)
		looks = looks_like(e.path);
	tree_close(t);
	*out = looks;
	/* that the head is cut off is no error here */
	return err.kind == ERR_NOMEM ? err_nomem(whole) : 0;
}

/* ---- files ---- */

/* Notes all members of a tar that can be read anywhere. 1: too many for an image. */
static int index_members(struct store *s, struct err *err)
{
	struct tree_entry e;
	enum looks looks = LOOKS_OPEN;
	int more = -1;
	struct blob *b = blob_slice(s->b, 0, s->b->size, err);
	struct tree *t = b ? tree_tar_take(b, err) : NULL;
	while (t && (more = tree_next(t, &e, err)) > 0) {
		if (looks == LOOKS_OPEN)
			looks = looks_like(e.path);
		if (looks != LOOKS_IMAGE && s->members.n >= PROBE_MEMBERS)
			break;
		if (!store_add_entry(s, &e, err)) {
			more = -1;
			break;
		}
	}
	if (t)
		s->notice = tree_notice(t);
	tree_close(t);
	return more;
}

static int probe_tar(struct store *s, struct err *err)
{
	struct err broken = ERR_INIT;
	if (!s->b->can_read_at) {
		struct span head;
		enum looks looks;
		if (blob_peek(s->b, BLOB_HEAD, &head, err) < 0 || looks_of_stream(head, &looks, err) < 0)
			return -1;
		s->stream = true;
		s->kind = SOURCE_ROOTFS_TAR;
		if (looks != LOOKS_IMAGE)
			return 0;
		s->kind = SOURCE_IMAGE_STREAM;
		s->outer = tree_tar_take(take(&s->b), err);
		return s->outer ? 0 : -1;
	}
	int rc = index_members(s, &broken);
	if (rc < 0 && (broken.kind == ERR_NOMEM || broken.kind == ERR_LIMIT))
		return err_set(err, broken.kind, "%s", broken.text);
	/* a broken outer tar: what was named before it broke may still be whole; else reading the tree tells */
	int image = rc <= 0 ? store_image_kind(s, &s->kind, err) : 0;
	if (image < 0)
		return -1;
	if (image) {
		if (rc < 0)
			s->notice = arena_str(&s->arena, broken.text);
		return 0;
	}
	s->kind = SOURCE_ROOTFS_TAR;
	s->notice = NULL;
	for (size_t i = 0; rc < 0 && i < s->members.n; i++)
		if (looks_like(SPAN_STR(s->members.v[i]->name)) == LOOKS_IMAGE)
			return err_set(err, broken.kind, "image archive without manifest: %s", broken.text);
	return 0;
}

static int probe_zip(struct store *s, struct err *err)
{
	struct wheel_name name;
	if (!s->b->can_read_at && !wheel_name_parse(SPAN_STR(path_base(s->name)), &name))
		return err_set(err, ERR_UNSUPPORTED, "a zip (wheel) cannot be read from a stream: give the file");
	if (!s->b->can_read_at) {
		s->kind = SOURCE_WHEEL;
		s->stream = true;
		return 0;
	}
	struct blob *b = blob_slice(s->b, 0, s->b->size, err);
	struct tree *t = b ? tree_zip_take(b, err) : NULL;
	if (!t)
		return -1;
	s->kind = tree_zip_is_wheel(t) ? SOURCE_WHEEL : SOURCE_ROOTFS_TAR;
	tree_close(t);
	return 0;
}

static bool is_text(struct span head)
{
	for (size_t i = 0; i < head.n; i++)
		if (head.p[i] < 0x20 && !strchr("\t\n\r\f\033", head.p[i]))
			return false;
	return true;
}

/* What people try and we do not read: a clear word instead of "unknown". */
static const char *known_but_unread(struct span head)
{
	static const struct { size_t at; const char *magic; size_t n; const char *what; } kinds[] = {
		{ 32, "SIF_MAGIC", 9, "a Singularity/Apptainer image (SIF); not supported yet: give a sandbox folder "
		      "(apptainer build --sandbox DIR FILE)" },
		{ 0, "hsqs", 4, "a squashfs image; not supported yet: unpack it (unsquashfs) and give the folder" },
		{ 0, "\177ELF", 4, "one ELF file: give the wheel, environment or folder that it belongs to" },
		{ 0, "QFI\xfb", 4, "a disk image: mount it and give the folder" },
	};
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct span at = span_sub(head, kinds[i].at, kinds[i].n);
		if (at.n == kinds[i].n && !memcmp(at.p, kinds[i].magic, at.n))
			return kinds[i].what;
	}
	return NULL;
}

static int probe_rest(struct store *s, struct span head, struct err *err)
{
	const char *what = known_but_unread(head);
	if (what)
		return err_set(err, ERR_UNSUPPORTED, "this is %s", what);
	struct span text = head;
	while (text.n && isspace(text.p[0]))
		text = span_from(text, 1);
	if (is_text(head)) {
		bool json = text.n && (text.p[0] == '{' || text.p[0] == '[') && !span_starts(text, "[["); /* a table of TOML */
		s->kind = json ? SOURCE_JSON : SOURCE_TEXT;
		return 0;
	}
	if (s->b->can_read_at) {
		struct err none = ERR_INIT;
		struct tree_entry e;
		struct blob *b = blob_slice(s->b, 0, s->b->size, err);
		struct tree *t = b ? tree_archive_take(b, &none) : NULL;
		int more = t ? tree_next(t, &e, &none) : -1;
		tree_close(t);
		if (more > 0) {
			s->kind = SOURCE_ROOTFS_TAR;
			return 0;
		}
	}
	return err_set(err, ERR_UNSUPPORTED, "this is no image, archive, wheel, environment, JSON or requirement text");
}

int store_probe_blob(struct store *s, struct err *err)
{
	struct span head;
	if (blob_peek(s->b, 64, &head, err) < 0)
		return -1;
	enum codec_kind codec = codec_detect(head);
	if (codec != CODEC_NONE) {
		s->compression = codec_name(codec);
		if (!(s->b = codec_open_take(s->b, err)))
			return -1;
		s->stream = true;
	}
	if (blob_peek(s->b, BLOB_HEAD, &head, err) < 0)
		return -1;
	if (!head.n)
		return err_set(err, ERR_FORMAT, "this is empty");
	if (tar_bid(head))
		return probe_tar(s, err);
	if (zip_bid(head))
		return probe_zip(s, err);
	return probe_rest(s, head, err);
}

/* ---- folders ---- */

static bool has(const struct store *s, const char *path, mode_t type)
{
	struct stat st;
	int fd = open_in_root(s->fd, path, O_PATH);
	bool yes = fd >= 0 && fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == type;
	if (fd >= 0)
		close(fd);
	return yes;
}

/* What lies directly in the folder: wheels, metadata of installed distributions. */
static int count_names(const struct store *s, size_t *wheels, size_t *installed, struct err *err)
{
	int fd = openat(s->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (!d) {
		int sys = errno;
		if (fd >= 0)
			close(fd);
		return err_sys(err, sys, "opening the folder");
	}
	for (struct dirent *e; (e = readdir(d));) {
		*wheels += str_ends(e->d_name, ".whl") && e->d_type != DT_DIR;
		*installed += str_ends(e->d_name, ".dist-info") || str_ends(e->d_name, ".egg-info");
	}
	closedir(d);
	return 0;
}

int store_probe_folder(struct store *s, struct err *err)
{
	size_t wheels = 0, installed = 0;
	int image = store_image_kind(s, &s->kind, err);
	if (image)
		return image < 0 ? -1 : 0;
	if (count_names(s, &wheels, &installed, err) < 0)
		return -1;
	if (has(s, "pyvenv.cfg", S_IFREG) || installed)
		s->kind = SOURCE_ENVIRONMENT;
	else if (wheels)
		s->kind = SOURCE_WHEELS;
	else if (has(s, "etc/os-release", S_IFREG) || has(s, "usr/lib/os-release", S_IFREG) ||
		 (has(s, "usr", S_IFDIR) && (has(s, "etc", S_IFDIR) || has(s, "bin", S_IFDIR))))
		s->kind = SOURCE_ROOTFS;
	else
		s->kind = SOURCE_FOLDER;
	return 0;
}
