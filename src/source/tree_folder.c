#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/mem.h"
#include "source/inroot.h"
#include "source/tree_kinds.h"

/*
 * Each folder is read whole and sorted, so that two runs see one order; its fd
 * stays open while its children are visited, so that no name is looked up from
 * the root again and no link swapped in on the way can lead outside.
 */
struct name {
	const char *s;
	unsigned char type; /* DT_* */
};

struct level {
	int fd;
	struct arena arena;
	LIST(struct name) names;
	size_t next;
	size_t path_n; /* of this folder in `path` */
};

struct folder {
	struct level *levels; /* LIMIT_DEPTH of them */
	unsigned depth;
	int root;             /* the fd of the whole, kept for tree_seek */
	dev_t device;
	bool is_root, begun;
	int enter;            /* an open folder to go into at the next call, or -1 */
	int body;             /* the open body of the current entry, or -1 */
	struct buf path;
	const char *current;  /* the current entry's name in its folder; NULL after a seek */
	char link[LIMIT_PATH + 1];
};

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct name *)a)->s, ((const struct name *)b)->s);
}

/* Goes into a folder whose fd becomes ours. */
static int push(struct folder *f, int fd, struct err *err)
{
	struct level *l = &f->levels[f->depth];
	*l = (struct level){ .fd = fd, .path_n = f->path.n };
	f->depth++;
	int own = dup(fd); /* readdir closes what it gets */
	DIR *d = own < 0 ? NULL : fdopendir(own);
	if (!d) {
		int sys = errno;
		if (own >= 0)
			close(own);
		return err_sys(err, sys, "opening folder '%s'", buf_text(&f->path));
	}
	int rc = 0;
	struct dirent *e;
	while (!rc && (errno = 0, e = readdir(d))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		struct name n = { arena_str(&l->arena, e->d_name), e->d_type };
		if (l->names.n >= LIMIT_ENTRIES)
			rc = err_set(err, ERR_LIMIT, "folder '%s' has over %u entries", buf_text(&f->path), LIMIT_ENTRIES);
		else if (!n.s || !list_add(&l->arena, &l->names, n))
			rc = err_nomem(err);
	}
	if (!rc && errno)
		rc = err_sys(err, errno, "reading folder '%s'", buf_text(&f->path));
	closedir(d);
	if (l->names.n)
		qsort(l->names.v, l->names.n, sizeof(struct name), by_name);
	return rc;
}

static void pop(struct folder *f)
{
	struct level *l = &f->levels[--f->depth];
	close(l->fd);
	arena_clear(&l->arena);
}

static void drop_body(struct folder *f)
{
	if (f->body >= 0)
		close(f->body);
	f->body = -1;
}

static unsigned char stat_type(mode_t mode)
{
	return S_ISREG(mode) ? DT_REG : S_ISDIR(mode) ? DT_DIR : S_ISLNK(mode) ? DT_LNK : S_ISFIFO(mode) ? DT_FIFO
	     : S_ISCHR(mode) ? DT_CHR : S_ISBLK(mode) ? DT_BLK : DT_SOCK;
}

static enum tree_type tree_type_of(unsigned char d_type)
{
	switch (d_type) {
	case DT_REG: return TREE_FILE;
	case DT_DIR: return TREE_DIR;
	case DT_LNK: return TREE_SYMLINK;
	case DT_CHR: case DT_BLK: return TREE_DEVICE;
	case DT_FIFO: return TREE_FIFO;
	}
	return TREE_OTHER;
}

/* The kernel's own file systems of a running root: nothing of the target is in there. */
static bool is_kernels(const struct folder *f, const char *name)
{
	return f->is_root && f->depth == 1 && (!strcmp(name, "proc") || !strcmp(name, "sys"));
}

/* Opens a child folder, to be entered at the next call; a gap where that is not possible. */
static void prepare_dir(struct folder *f, int dir, struct tree_entry *e)
{
	struct stat st;
	if (is_kernels(f, f->current))
		return;
	int fd = openat(dir, f->current, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		e->gap = errno == EACCES || errno == EPERM ? "no permission to read this folder" : "this folder cannot be opened";
		return;
	}
	if (fstat(fd, &st) < 0 || st.st_dev != f->device) {
		close(fd);
		return;
	}
	if (f->depth == LIMIT_DEPTH) {
		close(fd);
		e->gap = "too many folders inside each other";
		return;
	}
	f->enter = fd;
}

static int fill_entry(struct folder *f, int dir, unsigned char type, struct tree_entry *e, struct err *err)
{
	if (type == DT_UNKNOWN) {
		struct stat st;
		if (fstatat(dir, f->current, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return err_sys(err, errno, "'%s'", buf_text(&f->path));
		type = stat_type(st.st_mode);
	}
	e->path = (struct span){ (const unsigned char *)buf_text(&f->path), f->path.n };
	e->type = tree_type_of(type);
	e->size = e->type == TREE_FILE ? TREE_SIZE_UNKNOWN : 0;
	e->read_at = true;
	if (e->type == TREE_SYMLINK) {
		ssize_t n = readlinkat(dir, f->current, f->link, sizeof(f->link));
		if (n < 0)
			e->gap = "this link cannot be read";
		else
			e->link = (struct span){ (const unsigned char *)f->link, (size_t)n };
	}
	return 0;
}

static int folder_next(void *self, struct tree_entry *e, struct err *err)
{
	struct folder *f = self;
	drop_body(f);
	if (!f->begun) {
		f->begun = true;
		int fd = dup(f->root);
		if (fd < 0)
			return err_sys(err, errno, "opening the folder");
		f->enter = fd;
	}
	if (f->enter >= 0) {
		int fd = f->enter;
		f->enter = -1;
		if (push(f, fd, err) < 0)
			return -1;
	}
	while (f->depth && f->levels[f->depth - 1].next == f->levels[f->depth - 1].names.n)
		pop(f);
	if (!f->depth)
		return 0;

	struct level *l = &f->levels[f->depth - 1];
	const struct name *name = &l->names.v[l->next++];
	f->current = name->s;
	f->path.n = l->path_n;
	if (f->path.n)
		buf_char(&f->path, '/');
	buf_str(&f->path, name->s);
	if (f->path.bad)
		return err_nomem(err);
	if (fill_entry(f, l->fd, name->type, e, err) < 0)
		return -1;
	tree_check_path(e);
	if (e->type == TREE_DIR && !e->gap)
		prepare_dir(f, l->fd, e);
	return 1;
}

static int folder_seek(void *self, uint64_t id, struct span path, struct tree_entry *e, struct err *err)
{
	struct folder *f = self;
	struct stat st;
	(void)id;
	drop_body(f);
	buf_reset(&f->path);
	buf_add(&f->path, path.p, path.n);
	f->current = NULL;
	if (f->path.bad || memchr(buf_text(&f->path), 0, path.n))
		return err_set(err, ERR_FORMAT, "this is no path");
	/* O_PATH first: what lies there now may be a device or a pipe, and those are not opened */
	f->body = open_in_root(f->root, buf_text(&f->path), O_PATH | O_NOFOLLOW);
	if (f->body < 0 || fstat(f->body, &st) < 0)
		return err_sys(err, errno, "'%s'", buf_text(&f->path));
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_FORMAT, "'%s' is no file any more", buf_text(&f->path));
	drop_body(f);
	e->path = (struct span){ (const unsigned char *)buf_text(&f->path), f->path.n };
	e->type = TREE_FILE;
	e->read_at = true;
	e->size = (uint64_t)st.st_size;
	e->mode = st.st_mode & 07777;
	return 0;
}

static int open_body(struct folder *f, struct err *err)
{
	struct stat st;
	const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	if (f->body >= 0)
		return 0;
	f->body = f->current ? openat(f->levels[f->depth - 1].fd, f->current, flags)
			     : open_in_root(f->root, buf_text(&f->path), flags);
	if (f->body < 0)
		return err_sys(err, errno, "opening '%s'", buf_text(&f->path));
	if (fstat(f->body, &st) < 0)
		return err_sys(err, errno, "'%s'", buf_text(&f->path));
	if (!S_ISREG(st.st_mode)) {
		drop_body(f);
		return err_set(err, ERR_FORMAT, "'%s' is no file any more", buf_text(&f->path));
	}
	return 0;
}

static int folder_stat(void *self, struct tree_entry *e, struct err *err)
{
	struct folder *f = self;
	struct stat st;
	if (!f->current)
		return 0;
	if (fstatat(f->levels[f->depth - 1].fd, f->current, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, errno, "'%s'", buf_text(&f->path));
	e->mode = st.st_mode & 07777;
	e->size = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
	return 0;
}

static ssize_t folder_read_at(void *self, uint64_t at, void *p, size_t n, struct err *err)
{
	struct folder *f = self;
	if (open_body(f, err) < 0)
		return -1;
	ssize_t got;
	do
		got = at > INT64_MAX ? 0 : pread(f->body, p, n, (off_t)at);
	while (got < 0 && errno == EINTR);
	return got < 0 ? err_sys(err, errno, "reading '%s'", buf_text(&f->path)) : got;
}

static void folder_close(void *self)
{
	struct folder *f = self;
	drop_body(f);
	while (f->depth)
		pop(f);
	if (f->enter >= 0)
		close(f->enter);
	close(f->root);
	buf_clear(&f->path);
	mem_free(f->levels);
	mem_free(f);
}

static const struct tree_ops folder_ops = {
	.next = folder_next, .seek = folder_seek, .stat = folder_stat, .read_at = folder_read_at, .close = folder_close,
};

struct tree *tree_folder_take(int fd, bool root, struct err *err)
{
	struct stat st;
	struct folder *f = mem_alloc(sizeof(*f));
	struct level *levels = f ? mem_alloc(LIMIT_DEPTH * sizeof(*levels)) : NULL;
	if (!levels || fstat(fd, &st) < 0) {
		if (!levels)
			err_nomem(err);
		else
			err_sys(err, errno, "fstat");
		mem_free(f);
		mem_free(levels);
		close(fd);
		return NULL;
	}
	*f = (struct folder){
		.levels = levels, .root = fd, .device = st.st_dev, .is_root = root, .enter = -1, .body = -1,
		.path = BUF_INIT(2 * LIMIT_PATH),
	};
	return tree_new(&folder_ops, f, err);
}
