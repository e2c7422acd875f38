/*
 * Which environment the target's own program runs in: ENTRYPOINT and CMD,
 * PATH, "#!" lines and simple shell scripts are followed, as far as bytes
 * alone can say, to a Python interpreter.
 */
#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "inventory/inventory.h"
#include "parse/launch.h"
#include "scan/assemble.h"

enum { STEPS = 12 }; /* programs that start programs */

struct chase {
	struct view *v;
	struct arena *a;
	const char *path;  /* PATH, as changed by `activate` scripts on the way */
	struct buf because;
	uint32_t prefix;   /* found: the environment's prefix */
	unsigned steps;
};

struct argv { const char *const *v; size_t n; };

static bool run(struct chase *c, struct argv argv);

static bool python_name(const char *name)
{
	if (!str_starts(name, "python") && !str_starts(name, "pypy"))
		return false;
	const char *rest = name + (name[1] == 'y' && name[2] == 't' ? 6 : 4);
	return strspn(rest, "0123456789.") == strlen(rest);
}

/* The interpreter's prefix: a venv's by pyvenv.cfg above the program as named, else the folder above the real file's bin. */
static bool found_python(struct chase *c, uint32_t dir, struct span name)
{
	const struct fs *fs = c->v->fs;
	for (unsigned links = 0; links < LIMIT_LINKS; links++) {
		uint32_t above = fs_node(fs, dir)->parent;
		if (fs_child(fs, above, SPAN_STR("pyvenv.cfg")) != FS_NONE) {
			c->prefix = above;
			return true;
		}
		uint32_t n = fs_child(fs, dir, name);
		if (n == FS_NONE)
			return false;
		if (fs_node(fs, n)->type != NODE_SYMLINK) {
			c->prefix = above;
			return true;
		}
		struct span link = fs_link(fs, n);
		size_t slash = link.n;
		while (slash && link.p[slash - 1] != '/')
			slash--;
		dir = fs_find(fs, dir, span_sub(link, 0, slash), true);
		name = span_from(link, slash);
		if (dir == FS_NONE)
			return false;
	}
	return false;
}

/* Where a program is: as a path, from the working folder, or by PATH. Its folder and name. */
static bool locate(struct chase *c, const char *program, uint32_t *dir, struct span *name)
{
	const struct fs *fs = c->v->fs;
	size_t slash = strlen(program);
	while (slash && program[slash - 1] != '/')
		slash--;
	*name = SPAN_STR(program + slash);
	if (slash) {
		uint32_t cwd = c->v->inv->workdir ? fs_find(fs, 0, SPAN_STR(c->v->inv->workdir), true) : 0;
		*dir = fs_find(fs, cwd == FS_NONE ? 0 : cwd, (struct span){ (const unsigned char *)program, slash }, true);
		return *dir != FS_NONE && fs_child(fs, *dir, *name) != FS_NONE;
	}
	struct span rest = SPAN_STR(c->path);
	while (rest.n) {
		struct span one = span_cut(&rest, ':');
		*dir = fs_find(fs, 0, one, true);
		if (*dir != FS_NONE && fs_node(fs, *dir)->type == NODE_DIR && fs_find(fs, *dir, *name, true) != FS_NONE)
			return true;
	}
	return false;
}

/* Programs that run the rest of their arguments; `values` are options that take one. */
static const struct { const char *name; const char *values; unsigned leading; } wrappers[] = {
	{ "tini", "-p -w", 0 }, { "dumb-init", "-r --rewrite", 0 }, { "catatonit", "", 0 }, { "gosu", "", 1 }, { "su-exec", "", 1 },
	{ "env", "-u -C", 0 }, { "nice", "-n", 0 }, { "ionice", "-c -n", 0 }, { "stdbuf", "-i -o -e", 0 }, { "timeout", "-k -s", 1 },
	{ "exec", "", 0 }, { "nohup", "", 0 }, { "setsid", "", 0 }, { "numactl", "", 0 }, { "nvidia_entrypoint.sh", "", 0 },
};

static struct argv rest_of(struct argv a, size_t n)
{
	return n >= a.n ? (struct argv){ 0 } : (struct argv){ a.v + n, a.n - n };
}

static bool run_wrapped(struct chase *c, struct argv argv, const char *name, bool *is)
{
	for (size_t i = 0; i < sizeof(wrappers) / sizeof(*wrappers); i++) {
		if (!str_eq(name, wrappers[i].name))
			continue;
		*is = true;
		size_t at = 1;
		while (at < argv.n && (argv.v[at][0] == '-' || (strchr(argv.v[at], '=') && str_eq(name, "env")))) {
			bool end = str_eq(argv.v[at], "--");
			at += strstr(wrappers[i].values, argv.v[at]) && !end ? 2 : 1;
			if (end)
				break;
		}
		return run(c, rest_of(argv, at + wrappers[i].leading));
	}
	return false;
}

/* One shell command line: the commands between && ; || | in turn. */
static bool run_line(struct chase *c, const char *line)
{
	struct words w = { 0 };
	if (words_split(SPAN_STR(line), c->a, &w) < 0)
		return false;
	size_t from = 0;
	for (size_t i = 0; i <= w.v.n; i++) {
		bool end = i == w.v.n || str_eq(w.v.v[i], "&&") || str_eq(w.v.v[i], "||") || str_eq(w.v.v[i], "|") || str_eq(w.v.v[i], ";");
		if (!end && i < w.v.n && !str_ends(w.v.v[i], ";"))
			continue;
		size_t at = from;
		while (at < i && strchr(w.v.v[at], '=') && w.v.v[at][0] != '-')
			at++;
		if (run(c, (struct argv){ w.v.v + at, i - at + (i < w.v.n && !end) }))
			return true;
		from = i + 1;
	}
	return false;
}

/* `. /opt/venv/bin/activate` puts that folder first in PATH. */
static void activate(struct chase *c, const char *file)
{
	if (!str_ends(file, "/activate"))
		return;
	const char *path = arena_printf(c->a, "%.*s:%s", (int)(strlen(file) - strlen("/activate")), file, c->path);
	if (path)
		c->path = path;
}

static bool run_script(struct chase *c, struct span text, struct argv argv)
{
	struct script s = { 0 };
	if (script_parse(text, c->a, &s) < 0)
		return false;
	const char *before = c->path;
	for (size_t i = 0; i < s.lines.n; i++) {
		const struct script_line *l = &s.lines.v[i];
		if (!l->words.v.n)
			continue;
		if (l->source) {
			activate(c, l->words.v.v[0]);
			continue;
		}
		if (str_eq(l->words.v.v[0], "$@") || str_eq(l->words.v.v[0], "${@}")) {
			if (run(c, rest_of(argv, 1)))
				return true;
			continue;
		}
		if (run(c, (struct argv){ l->words.v.v, l->words.v.n }))
			return true;
	}
	c->path = before;
	return false;
}

static bool shell(const char *name)
{
	return str_eq(name, "sh") || str_eq(name, "bash") || str_eq(name, "dash") || str_eq(name, "ash");
}

static bool run_shell(struct chase *c, struct argv argv)
{
	for (size_t i = 1; i < argv.n; i++) {
		const char *a = argv.v[i];
		if (a[0] == '-' && a[1] != '-' && strchr(a, 'c'))
			return i + 1 < argv.n && run_line(c, argv.v[i + 1]);
		if (a[0] == '-')
			continue;
		return run(c, rest_of(argv, i)); /* sh script.sh args */
	}
	return false;
}

static bool run(struct chase *c, struct argv argv)
{
	if (!argv.n || !argv.v[0][0] || c->steps++ >= STEPS)
		return false;
	uint32_t dir;
	struct span name;
	const char *base = path_base(argv.v[0]);
	bool wrapped = false;
	if (run_wrapped(c, argv, base, &wrapped) || wrapped)
		return c->prefix != FS_NONE;
	if (shell(base))
		return run_shell(c, argv);
	if (!locate(c, argv.v[0], &dir, &name))
		return false;
	buf_printf(&c->because, "%s%s", c->because.n ? " -> " : "", argv.v[0]);
	if (python_name(base))
		return found_python(c, dir, name);
	uint32_t n = fs_find(c->v->fs, dir, name, true);
	const struct item *item = n == FS_NONE ? NULL : view_item(c->v, n);
	struct span program;
	bool by_env;
	if (!item || item->kind != ITEM_TEXT || !shebang_parse(item->text, &program, &by_env))
		return false;
	const char *interpreter = arena_strn(c->a, program.p, program.n);
	if (!interpreter)
		return false;
	if (shell(path_base(interpreter)))
		return run_script(c, item->text, argv);
	return run(c, (struct argv){ &interpreter, 1 });
}

/* What starts the target: ENTRYPOINT then CMD, as the runtime joins them. */
static struct argv start_of(const struct inventory *inv, struct arena *a)
{
	size_t n = inv->entrypoint.n + inv->command.n, k = 0;
	const char **v = arena_alloc(a, (n + 1) * sizeof(*v));
	for (size_t i = 0; v && i < inv->entrypoint.n; i++)
		v[k++] = inv->entrypoint.v[i];
	for (size_t i = 0; v && i < inv->command.n; i++)
		v[k++] = inv->command.v[i];
	return (struct argv){ v, k };
}

static struct environment *environment_of(struct inventory *inv, const char *prefix)
{
	for (size_t i = 0; i < inv->environments.n; i++)
		if (str_eq(inv->environments.v[i].path, prefix))
			return &inv->environments.v[i];
	/* /usr/local's interpreter may be a link into /usr, and the reverse */
	return NULL;
}

static void all_primary(struct inventory *inv, const char *because)
{
	for (size_t i = 0; i < inv->environments.n; i++) {
		struct environment *e = &inv->environments.v[i];
		if (e->role == ENV_UNREACHED)
			e->because = "a package cache";
		else
			e->because = because;
	}
}

int assemble_roles(struct view *v, struct err *err)
{
	struct inventory *inv = v->inv;
	static const char usual[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	struct arena scratch = ARENA_INIT;
	struct chase c = { .v = v, .a = &scratch, .path = inventory_env(inv, "PATH"), .because = BUF_INIT(2048), .prefix = FS_NONE };
	if (!c.path)
		c.path = usual;
	struct argv start = start_of(inv, &scratch);
	size_t judged = 0;
	for (size_t i = 0; i < inv->environments.n; i++)
		judged += inv->environments.v[i].role != ENV_UNREACHED;
	struct environment *found = NULL;
	if (start.n && run(&c, start) && c.prefix != FS_NONE) {
		const char *prefix = view_path(v, c.prefix);
		found = prefix ? environment_of(inv, prefix) : NULL;
	}
	if (found) {
		for (size_t i = 0; i < inv->environments.n; i++) {
			struct environment *e = &inv->environments.v[i];
			if (e == found || e->role == ENV_UNREACHED)
				continue;
			e->role = ENV_SECONDARY;
			e->because = "the entrypoint does not reach it";
		}
		found->because = arena_printf(&inv->arena, "%s -> %s", inv->entrypoint.n ? "ENTRYPOINT" : "CMD", buf_text(&c.because));
	} else if (judged == 1) {
		all_primary(inv, "the only environment");
	} else {
		all_primary(inv, start.n ? "what starts could not be followed to a Python: all are judged" : "nothing says what starts: all are judged");
	}
	buf_clear(&c.because);
	arena_clear(&scratch);
	(void)err;
	return 0;
}
