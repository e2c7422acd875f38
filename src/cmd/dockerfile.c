#include "cmd/dockerfile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/limits.h"
#include "base/str.h"
#include "inventory/inventory.h"

static int read_text(const char *path, struct buf *b, struct err *err)
{
	auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_set(err, ERR_USAGE, "--dockerfile '%s': %s", path, errno == ENOENT ? "no such file" : "cannot be opened");
	char piece[1 << 14];
	ssize_t got;
	while ((got = read(fd, piece, sizeof(piece))) > 0 && !b->bad)
		buf_add(b, piece, (size_t)got);
	if (got < 0)
		return err_set(err, ERR_USAGE, "--dockerfile '%s': cannot be read", path);
	return b->bad ? err_set(err, ERR_USAGE, "--dockerfile '%s': has more than %u bytes", path, LIMIT_TEXT) : 0;
}

/* Forges want it relative to the repository, which is where they run. */
static const char *shown_path(struct arena *a, const char *path)
{
	char here[LIMIT_PATH];
	size_t n = getcwd(here, sizeof(here)) ? strlen(here) : 0;
	if (n > 1 && str_starts(path, here) && path[n] == '/')
		path += n + 1;
	while (str_starts(path, "./"))
		path += 2;
	return arena_str(a, path);
}

int docker_lines_open(struct docker_lines *d, const char *path, struct err *err)
{
	*d = (struct docker_lines){ 0 };
	if (!path)
		return 0;
	auto_buf struct buf b = BUF_INIT(LIMIT_TEXT);
	struct err why = ERR_INIT;
	if (read_text(path, &b, err) < 0)
		return -1;
	if (dockerfile_parse((struct span){ (const unsigned char *)b.p, b.n }, &d->arena, &d->file, &why) < 0)
		return why.kind == ERR_NOMEM ? err_nomem(err) : err_set(err, ERR_USAGE, "--dockerfile '%s': %s", path, why.text);
	d->path = shown_path(&d->arena, path);
	if (!d->path)
		return err_nomem(err);
	return 0;
}

int docker_lines_mark(const struct docker_lines *d, struct inventory *inv, struct err *err)
{
	size_t n = inv->layers.n;
	if (!d->path || !n || n > LIMIT_LAYERS)
		return 0;
	auto_arena struct arena a = ARENA_INIT;
	const char **made = arena_alloc(&a, n * sizeof(*made));
	struct docker_place *places = arena_alloc(&a, n * sizeof(*places));
	if (!made || !places)
		return err_nomem(err);
	for (size_t i = 0; i < n; i++)
		made[i] = inv->layers.v[i].created_by;
	if (dockerfile_match(&d->file, made, n, places, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		inv->layers.v[i].line = places[i].first;
		inv->layers.v[i].last_line = places[i].last;
	}
	return 0;
}

void docker_lines_close(struct docker_lines *d)
{
	arena_clear(&d->arena);
	*d = (struct docker_lines){ 0 };
}
