#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "base/limits.h"
#include "base/str.h"
#include "host/import.h"
#include "host/local.h"
#include "parse/k8snodes.h"
#include "parse/paste.h"

static int add_json(const json_t *o, const char *name, struct host_list *list, struct arena *a, struct err *err)
{
	struct host *h = host_add(list, a, err);
	if (!h)
		return -1;
	if (host_read_json(o, name, h, a, err) == 0)
		return 0;
	list->v.n--; /* half a profile would be judged as a host that states little */
	return -1;
}

/* Of several failures the first is told, and how many more there are; -1 if there was one. Memory ends it. */
struct failures { struct err first; size_t n; };

static bool goes_on(struct failures *f, const struct err *why)
{
	if (!f->n++)
		f->first = *why;
	return why->kind != ERR_NOMEM && why->kind != ERR_LIMIT;
}

static int told(const struct failures *f, struct err *err)
{
	if (!f->n)
		return 0;
	return f->n == 1 ? err_set(err, f->first.kind, "%s", f->first.text) :
			   err_set(err, f->first.kind, "%s (and %zu more)", f->first.text, f->n - 1);
}

/* What was added before a text failed goes away again: half of it would be judged. */
static int whole(int rc, struct host_list *list, size_t before)
{
	if (rc < 0)
		list->v.n = before;
	return rc;
}

static int read_json(const json_t *o, const char *name, struct host_list *list, struct arena *a, struct err *err)
{
	const char *schema = json_get_str(o, "schema");
	if (str_eq(schema, "envcheck.inventory/1") || str_eq(schema, "envcheck.report/1"))
		return err_set(err, ERR_FORMAT, "it is an %s of envcheck, not a host profile", str_eq(schema, "envcheck.report/1") ? "output (a report)" : "inventory");
	size_t before = list->v.n;
	if (k8snodes_is(o))
		return whole(host_import_nodes(o, list, a, err), list, before);
	const json_t *hosts = json_is_array(o) ? o : json_object_get(o, "hosts");
	if (!json_is_array(hosts))
		return add_json(o, name, list, a, err);
	struct failures f = { .n = 0 };
	bool on = true;
	for (size_t i = 0; on && i < json_array_size(hosts); i++) {
		struct err why = ERR_INIT;
		const char *numbered = arena_printf(a, "%s-%zu", name, i + 1);
		if (!numbered)
			return err_nomem(err);
		if (add_json(json_array_get(hosts, i), numbered, list, a, &why) < 0) {
			err_in(&why, "host %zu", i + 1);
			on = goes_on(&f, &why);
		}
	}
	return told(&f, err);
}

int host_read(struct span text, const char *name, struct host_list *list, struct arena *a, struct err *err)
{
	size_t before = list->v.n;
	if (paste_clean(&text, a, err) < 0)
		return -1;
	struct span head = text;
	while (head.n && (head.p[0] == '\n' || span_trim(span_sub(head, 0, 1)).n == 0))
		head = span_from(head, 1);
	if (!head.n)
		return err_set(err, ERR_FORMAT, "it is empty");
	if (host_is_inline(head))
		return whole(host_read_inline(head, name, list, a, err), list, before);
	/* a list of packages may begin with '[' as well: "[pip3] torch==2.5.1" */
	if (head.p[0] != '{' && (head.p[0] != '[' || span_starts(head, "[pip") || span_starts(head, "[conda")))
		return whole(host_import(head, name, list, a, err), list, before);
	json_t *o = json_parse(head, name, err);
	int got = o ? read_json(o, name, list, a, err) : -1;
	json_decref(o);
	return got;
}

/* The file's name without folder and ending. */
static const char *stem(const char *path, struct arena *a)
{
	const char *base = path_base(path), *dot = strrchr(base, '.');
	return arena_strn(a, base, dot && dot != base ? (size_t)(dot - base) : strlen(base));
}

static int read_fd(int fd, const char *path, struct host_list *list, struct arena *a, struct err *err)
{
	auto_buf struct buf text = BUF_INIT(LIMIT_JSON);
	char piece[65536];
	ssize_t n;
	while ((n = read(fd, piece, sizeof(piece))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, errno, "cannot read host %s", path);
		buf_add(&text, piece, (size_t)n);
		if (text.bad)
			return err_set(err, ERR_LIMIT, "host %s is larger than %u MB", path, LIMIT_JSON >> 20);
	}
	const char *name = str_eq(path, "-") ? "standard input" : stem(path, a);
	if (!name)
		return err_nomem(err);
	if (host_read((struct span){ (unsigned char *)text.p, text.n }, name, list, a, err) < 0)
		return err_in(err, "host %s", path);
	return 0;
}

static int read_folder(int fd, const char *path, struct host_list *list, struct arena *a, struct err *err)
{
	DIR *d = fdopendir(fd);
	if (!d) {
		close(fd);
		return err_sys(err, errno, "cannot read host folder %s", path);
	}
	LIST(const char *) names = { 0 };
	int got = 0;
	for (struct dirent *e; got == 0 && (e = readdir(d));)
		if (e->d_name[0] != '.' && !list_add(a, &names, arena_str(a, e->d_name)))
			got = err_nomem(err);
	list_sort(&names, str_ptr_cmp);
	size_t before = list->v.n;
	struct failures f = { .n = 0 };
	bool on = true;
	for (size_t i = 0; got == 0 && on && i < names.n; i++) {
		struct stat st;
		struct err why = ERR_INIT;
		int rc = 0;
		auto_fd int file = openat(dirfd(d), names.v[i], O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		if (file < 0 || fstat(file, &st) < 0)
			rc = err_sys(&why, errno, "cannot read host %s/%s", path, names.v[i]);
		else if (S_ISREG(st.st_mode))
			rc = read_fd(file, names.v[i], list, a, &why);
		on = rc == 0 || goes_on(&f, &why);
	}
	closedir(d);
	if (got == 0 && !f.n && list->v.n == before)
		return err_set(err, ERR_FORMAT, "host folder %s holds no profiles", path);
	return got < 0 ? got : told(&f, err);
}

static int add_local(struct host_list *list, struct arena *a, struct err *err)
{
	struct host_notes notes = { 0 };
	struct host *h = host_add(list, a, err);
	return h ? host_local(h, &notes, a, err) : -1;
}

bool host_in_words(const char *s)
{
	return str_eq(s, "local") || host_is_inline(SPAN_STR(s));
}

int host_read_path(const char *path, struct host_list *list, struct arena *a, struct err *err)
{
	if (str_eq(path, "-"))
		return read_fd(STDIN_FILENO, path, list, a, err);
	struct stat st;
	size_t before = list->v.n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT && str_eq(path, "local"))
		return whole(add_local(list, a, err), list, before);
	if (fd < 0 && errno == ENOENT && host_is_inline(SPAN_STR(path)))
		return whole(host_read_inline(SPAN_STR(path), path, list, a, err), list, before);
	if (fd < 0 || fstat(fd, &st) < 0) {
		int sys = errno;
		if (fd >= 0)
			close(fd);
		return err_sys(err, sys, "cannot open host %s", path);
	}
	if (S_ISDIR(st.st_mode))
		return read_folder(fd, path, list, a, err);
	int got = read_fd(fd, path, list, a, err);
	close(fd);
	return got;
}
