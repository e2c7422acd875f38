#include "scan/cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/limits.h"
#include "base/str.h"
#include "scan/maker.h"
#include "scan/record.h"
#include "scan/recordio.h"
#include "source/blob.h"

/*
 * An entry: the magic, the layout's version, the number of the code that made
 * it, the length of the whole, a sum over all that follows, the key, the
 * record. The sum finds damage, not malice: against that stand the folder's
 * owner and mode, and a reader that believes nothing.
 */
static const char MAGIC[] = "envcheck";
enum { MAGIC_N = 8, LAYOUT = 1, KEY_AT = 32, TRIES = 100, LEFT_OVER = 3600 /* seconds */ };

struct cache {
	int fd;
	uint64_t limit;
	atomic_bool written;
	atomic_uint temps;
};

/* ---- the folder ---- */

/* Makes a folder where it is missing, with its parents as far as they are missing too. */
static int open_folder(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0 || errno != ENOENT)
		return fd;
	auto_arena struct arena a = ARENA_INIT;
	char *parent = path_dir(&a, path);
	if (!parent || !*parent)
		return -1;
	auto_fd int up = open_folder(parent);
	if (up < 0 || (mkdirat(up, path_base(path), 0700) < 0 && errno != EEXIST))
		return -1;
	return openat(up, path_base(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

struct cache *cache_open(const char *path, uint64_t limit, struct err *err)
{
	struct stat st;
	auto_fd int fd = open_folder(path);
	if (fd < 0 || fstat(fd, &st) < 0) {
		err_sys(err, errno, "cache '%s'", path);
		return NULL;
	}
	if (st.st_uid != geteuid() || st.st_mode & 022) {
		err_set(err, ERR_IO, "cache '%s': others may write to it", path);
		return NULL;
	}
	struct cache *c = mem_alloc(sizeof(*c));
	if (!c) {
		err_nomem(err);
		return NULL;
	}
	*c = (struct cache){ .fd = fd, .limit = limit };
	fd = -1;
	return c;
}

/* ---- keys ---- */

bool cache_key_digest(struct cache_key *k, const char *digest, bool quick)
{
	if (!digest || !str_starts(digest, "sha256:") || strlen(digest) != 7 + 64 || strspn(digest + 7, "0123456789abcdef") != 64)
		return false;
	snprintf(k->text, sizeof(k->text), "%s%s", digest, quick ? "-quick" : "");
	return true;
}

bool cache_key_table(struct cache_key *k, const char *digest, bool quick)
{
	struct cache_key of;
	if (!cache_key_digest(&of, digest, quick))
		return false;
	snprintf(k->text, sizeof(k->text), "table:%s", of.text + strlen("sha256:"));
	return true;
}

void cache_key_file(struct cache_key *k, const struct blob_identity *of, enum cache_depth depth)
{
	static const char *const said[] = { "", "-quick", "-brief" };
	snprintf(k->text, sizeof(k->text), "file:%" PRIx64 "-%" PRIx64 "-%" PRIx64 "-%" PRIx64 "-%" PRIx64 "-%" PRIx64 "-%" PRIx64 "%s",
		 of->device, of->inode, of->size, of->mtime, of->ctime, of->at, of->n, said[depth]);
}

/* The file of a key; and the other way round, where a name can be one. */
static void name_of(const struct cache_key *k, char name[sizeof(k->text)])
{
	memcpy(name, k->text, sizeof(k->text));
	*strchr(name, ':') = '-';
}

static bool is_entry_name(const char *name)
{
	return str_starts(name, "sha256-") || str_starts(name, "file-") || str_starts(name, "table-");
}

/* ---- one entry ---- */

static uint64_t mix(uint64_t h, uint64_t w)
{
	h = (h ^ w) * 0xff51afd7ed558ccdu;
	return h ^ h >> 32;
}

/*
 * Four rows of words side by side, since one would wait for itself; every
 * single changed word changes the result, since each step can be turned back.
 */
static uint64_t sum(struct span s)
{
	enum { ROWS = 4 };
	uint64_t h[ROWS] = { 0x9e3779b97f4a7c15u ^ s.n, 1, 2, 3 };
	struct cur c = cur_of(s);
	while (cur_left(&c)) {
		uint64_t w[ROWS] = { 0 };
		struct span piece = cur_take(&c, cur_left(&c) < sizeof(w) ? cur_left(&c) : sizeof(w));
		memcpy(w, piece.p, piece.n);
		for (unsigned i = 0; i < ROWS; i++) {
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
			w[i] = __builtin_bswap64(w[i]);
#endif
			h[i] = mix(h[i], w[i]);
		}
	}
	for (unsigned i = 1; i < ROWS; i++)
		h[0] = mix(h[0], h[i]);
	return h[0];
}

/* What stands before the record: 1 and the cursor behind the key; 0 if this is no entry that we can use. */
static bool read_head(struct cur *c, uint64_t size, uint64_t *want, struct span *key)
{
	struct span magic = cur_take(c, MAGIC_N);
	bool ours = magic.n && !memcmp(magic.p, MAGIC, MAGIC_N);
	ours &= cur_u32(c) == LAYOUT;
	ours &= cur_u32(c) == cache_maker;
	ours &= cur_u64(c) == size;
	*want = cur_u64(c);
	*key = cur_take(c, cur_u16(c));
	return ours && !c->bad;
}

static ssize_t read_all(int fd, char *p, size_t n)
{
	size_t have = 0;
	while (have < n) {
		ssize_t got = pread(fd, p + have, n - have, (off_t)have);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		have += (size_t)got;
	}
	return (ssize_t)have;
}

/* A file that nobody else could have put there. */
static bool is_ours(const struct stat *st)
{
	return S_ISREG(st->st_mode) && st->st_uid == geteuid() && !(st->st_mode & 022);
}

bool cache_get(struct cache *c, const struct cache_key *k, struct record *r)
{
	char name[sizeof(k->text)];
	struct stat st;
	if (!c)
		return false;
	name_of(k, name);
	auto_fd int fd = openat(c->fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0 || !is_ours(&st) || st.st_size > LIMIT_CACHE_ENTRY)
		return false;
	size_t n = (size_t)st.st_size;
	auto_free char *p = mem_alloc(n);
	if (!p || read_all(fd, p, n) != (ssize_t)n)
		return false;
	struct span all = { (const unsigned char *)p, n }, key;
	struct cur cur = cur_of(all);
	uint64_t want;
	if (!read_head(&cur, n, &want, &key) || sum(span_from(all, KEY_AT)) != want || !span_eq(key, k->text))
		return false;
	struct record found;
	if (!record_read(span_from(all, cur.off), &found))
		return false;
	found.bytes = take(&p);
	record_clear(r);
	*r = found;
	(void)futimens(fd, NULL); /* used last: now. Where the folder cannot be written, eviction goes by age alone */
	return true;
}

static void put(char *p, uint64_t v, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		p[i] = (char)(v >> 8 * i);
}

/* The whole entry; NULL where it is too large or memory ran out. */
static char *entry_bytes(const struct cache_key *k, const struct record *r, size_t *n)
{
	struct buf b = BUF_INIT(LIMIT_CACHE_ENTRY);
	char head[KEY_AT + 2] = { 0 };
	buf_add(&b, head, sizeof(head));
	buf_str(&b, k->text);
	record_write(r, &b);
	char *p = buf_take(&b, n);
	buf_clear(&b);
	if (!p)
		return NULL;
	memcpy(p, MAGIC, MAGIC_N);
	put(p + 8, LAYOUT, 4);
	put(p + 12, cache_maker, 4);
	put(p + 16, *n, 8);
	put(p + KEY_AT, strlen(k->text), 2);
	put(p + 24, sum((struct span){ (const unsigned char *)p + KEY_AT, *n - KEY_AT }), 8);
	return p;
}

static bool write_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t did = write(fd, p, n);
		if (did < 0 && errno == EINTR)
			continue;
		if (did <= 0)
			return false;
		p += did;
		n -= (size_t)did;
	}
	return true;
}

void cache_put(struct cache *c, const struct cache_key *k, const struct record *r)
{
	char name[sizeof(k->text)], temp[64];
	size_t n;
	if (!c || r->broken)
		return;
	auto_free char *p = entry_bytes(k, r, &n);
	if (!p || n > c->limit)
		return;
	int fd = -1;
	for (unsigned i = 0; fd < 0 && i < TRIES; i++) {
		snprintf(temp, sizeof(temp), ".new-%ld-%u", (long)getpid(), atomic_fetch_add(&c->temps, 1));
		fd = openat(c->fd, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd < 0 && errno != EEXIST)
			return;
	}
	if (fd < 0)
		return;
	name_of(k, name);
	bool ok = write_all(fd, p, n);
	ok &= close(fd) == 0;
	if (ok && renameat(c->fd, temp, c->fd, name) == 0)
		atomic_store(&c->written, true);
	else
		(void)unlinkat(c->fd, temp, 0);
}

/* ---- all entries ---- */

/* The key of an entry by its first bytes; NULL where it cannot be used. */
static const char *key_of(struct cache *c, const char *name, uint64_t size, struct arena *a)
{
	char head[KEY_AT + 2 + sizeof(((struct cache_key *)0)->text)];
	auto_fd int fd = openat(c->fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read_all(fd, head, sizeof(head));
	struct cur cur = cur_of((struct span){ (const unsigned char *)head, (size_t)n });
	uint64_t want;
	struct span key;
	struct cache_key k = { 0 };
	if (!read_head(&cur, size, &want, &key) || key.n >= sizeof(k.text) || span_chr(key, ':') == key.n || span_chr(key, '\0') < key.n)
		return NULL;
	memcpy(k.text, key.p, key.n);
	char own[sizeof(k.text)];
	name_of(&k, own);
	return str_eq(own, name) ? arena_str(a, k.text) : NULL;
}

/* Years that no clock of ours comes to are the last one that it can tell. */
static int64_t nanoseconds(struct timespec t)
{
	int64_t ns;
	if (__builtin_mul_overflow((int64_t)t.tv_sec, INT64_C(1000000000), &ns) || __builtin_add_overflow(ns, (int64_t)t.tv_nsec, &ns))
		return t.tv_sec < 0 ? INT64_MIN : INT64_MAX;
	return ns;
}

static int by_use(const void *a, const void *b)
{
	const struct cache_entry *x = a, *y = b;
	return x->used != y->used ? (x->used > y->used) - (x->used < y->used) : str_cmp(x->name, y->name);
}

/* Lists what is ours in the folder; `keys`: opens each to see what it is. */
static int list_all(struct cache *c, struct cache_list *list, bool keys, struct err *err)
{
	*list = (struct cache_list){ .arena = ARENA_INIT };
	struct timespec now = { 0 };
	clock_gettime(CLOCK_REALTIME, &now);
	int fd = openat(c->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (!d) {
		if (fd >= 0)
			close(fd);
		return err_sys(err, errno, "the cache");
	}
	int rc = 0;
	for (struct dirent *e; rc == 0 && (e = readdir(d));) {
		struct stat st;
		bool temp = str_starts(e->d_name, ".new-");
		if ((!temp && !is_entry_name(e->d_name)) || fstatat(c->fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (temp && now.tv_sec - st.st_mtim.tv_sec < LEFT_OVER)
			continue; /* somebody is writing it */
		struct cache_entry *x = list_push(&list->arena, &list->v);
		if (!x || !(x->name = arena_str(&list->arena, e->d_name))) {
			rc = err_nomem(err);
			break;
		}
		x->size = (uint64_t)st.st_size;
		x->used = nanoseconds(st.st_mtim);
		x->key = keys && !temp && is_ours(&st) ? key_of(c, x->name, x->size, &list->arena) : NULL;
		x->kind = temp || (keys && !x->key) ? CACHE_UNUSABLE : str_starts(x->name, "sha256-") ? CACHE_DIGEST :
			  str_starts(x->name, "table-") ? CACHE_TABLE : CACHE_FILE;
		list->size += x->size;
	}
	closedir(d);
	list_sort(&list->v, by_use);
	return rc;
}

int cache_look(struct cache *c, struct cache_list *list, struct err *err)
{
	return list_all(c, list, true, err);
}

void cache_list_clear(struct cache_list *list)
{
	arena_clear(&list->arena);
	*list = (struct cache_list){ .arena = ARENA_INIT };
}

static size_t take_away(struct cache *c, const struct cache_list *list)
{
	uint64_t size = list->size;
	size_t gone = 0;
	for (size_t pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < list->v.n; i++) {
			const struct cache_entry *x = &list->v.v[i];
			if (pass ? x->kind == CACHE_UNUSABLE || size <= c->limit : x->kind != CACHE_UNUSABLE)
				continue;
			size -= x->size;
			gone += unlinkat(c->fd, x->name, 0) == 0;
		}
	return gone;
}

int cache_prune(struct cache *c, size_t *gone, struct err *err)
{
	struct cache_list list;
	int rc = list_all(c, &list, true, err);
	*gone = rc < 0 ? 0 : take_away(c, &list);
	cache_list_clear(&list);
	return rc;
}

void cache_close(struct cache *c)
{
	struct cache_list list;
	if (!c)
		return;
	if (atomic_load(&c->written)) {
		if (list_all(c, &list, false, NULL) == 0)
			(void)take_away(c, &list);
		cache_list_clear(&list);
	}
	close(c->fd);
	mem_free(c);
}

const char *cache_kind_name(enum cache_kind k)
{
	switch (k) {
	case CACHE_DIGEST: return "digest";
	case CACHE_FILE: return "file";
	case CACHE_TABLE: return "table";
	case CACHE_UNUSABLE: break;
	}
	return "unusable";
}
