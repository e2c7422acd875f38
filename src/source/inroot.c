#include "source/inroot.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/limits.h"

/*
 * The same by hand, for kernels before 5.6 and sandboxes without openat2: one
 * name after the other, the folders passed kept open so that ".." needs no
 * trust in the disk.
 */
struct walk {
	int fd[LIMIT_DEPTH];
	unsigned depth, links;
	char todo[2 * LIMIT_PATH]; /* path still to go; links are put in front */
};

static void walk_up(struct walk *w, unsigned depth)
{
	while (w->depth > depth)
		close(w->fd[--w->depth]);
}

static int walk_link(struct walk *w, int dir, const char *name, const char *rest)
{
	char to[LIMIT_PATH + 1], both[2 * LIMIT_PATH];
	ssize_t n = readlinkat(dir, name, to, sizeof(to) - 1);
	size_t m = strlen(rest);
	if (n < 0)
		return -1;
	if (++w->links > LIMIT_LINKS || (size_t)n + 1 + m >= sizeof(both)) {
		errno = w->links > LIMIT_LINKS ? ELOOP : ENAMETOOLONG;
		return -1;
	}
	memcpy(both, to, (size_t)n);
	both[n] = '/';
	memcpy(both + n + 1, rest, m + 1);
	memcpy(w->todo, both, (size_t)n + 1 + m + 1);
	if (to[0] == '/')
		walk_up(w, 0);
	return 0;
}

/* Takes the first name off `todo`; an fd when it was the last, -2 to go on, -1 with errno. */
static int walk_name(struct walk *w, int root, int flags)
{
	char *name = w->todo + strspn(w->todo, "/");
	size_t n = strcspn(name, "/");
	int dir = w->depth ? w->fd[w->depth - 1] : root;
	if (!n)
		return openat(dir, ".", flags | O_CLOEXEC);
	char *rest = name + n + strspn(name + n, "/");
	char one[256];
	if (n >= sizeof(one)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(one, name, n);
	one[n] = '\0';
	int last = !*rest;
	if (!strcmp(one, ".") || !strcmp(one, "..")) {
		if (one[1])
			walk_up(w, w->depth ? w->depth - 1 : 0);
		memmove(w->todo, rest, strlen(rest) + 1);
		return -2;
	}
	int how = last ? flags : O_PATH | O_DIRECTORY;
	int fd = openat(dir, one, how | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	if (fd >= 0 && last && flags & O_PATH && !(flags & O_NOFOLLOW) && fstat(fd, &st) == 0 && S_ISLNK(st.st_mode)) {
		/* O_PATH opens the link itself */
		close(fd);
		fd = -1;
		errno = ELOOP;
	}
	if (fd < 0) {
		if ((errno != ELOOP && errno != ENOTDIR) || (last && flags & O_NOFOLLOW))
			return -1;
		int why = errno;
		if (walk_link(w, dir, one, rest) < 0) {
			errno = errno == EINVAL ? why : errno;
			return -1;
		}
		return -2;
	}
	if (last)
		return fd;
	if (w->depth == LIMIT_DEPTH) {
		close(fd);
		errno = ENAMETOOLONG;
		return -1;
	}
	w->fd[w->depth++] = fd;
	memmove(w->todo, rest, strlen(rest) + 1);
	return -2;
}

static int open_by_walk(int root, const char *path, int flags)
{
	struct walk w = { .depth = 0 };
	if (strlen(path) >= LIMIT_PATH) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(w.todo, path);
	int fd;
	do
		fd = walk_name(&w, root, flags);
	while (fd == -2);
	int why = errno;
	walk_up(&w, 0);
	errno = why;
	return fd;
}

int open_in_root(int root, const char *path, int flags)
{
	struct open_how how = {
		.flags = (unsigned)(flags | O_CLOEXEC),
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	long fd;
	do /* EAGAIN: a rename went on beside us */
		fd = syscall(SYS_openat2, root, *path ? path : ".", &how, sizeof(how));
	while (fd < 0 && (errno == EAGAIN || errno == EINTR));
	if (fd >= 0 || (errno != ENOSYS && errno != EPERM))
		return (int)fd;
	return open_by_walk(root, path, flags);
}
