#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "cmd/options.h"
#include "cmd/outputs.h"

bool terminal(FILE *f)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
	return isatty(fileno(f)) && !(no && *no) && !str_eq(term, "dumb");
}

static const char *const text_and_json[] = { "text", "json", NULL };

static int bad_format(const char *option, const char *word, unsigned of, struct err *err)
{
	const char *names[REPORT_FORMATS_MAX];
	const char *const *words = text_and_json;
	if (of) {
		report_format_names(of, names);
		words = names;
	}
	char list[160] = "";
	for (size_t i = 0; words[i]; i++)
		snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%s", i ? ", " : "", words[i]);
	const char *near = nearest_word(word, words);
	if (near)
		return err_set(err, ERR_USAGE, "%s '%s': no such format, did you mean '%s'?", option, word, near);
	return err_set(err, ERR_USAGE, "%s '%s': no such format; there are %s", option, word, list);
}

static bool is_format(unsigned of, const char *word)
{
	return of ? report_format_find(of, word) != NULL : str_eq(word, "text") || str_eq(word, "json");
}

/* "sarif=x.sarif" -> format and path. A word before '=' that is no format belongs to the path unless it could only be a typo. */
static int split(struct arena *a, const char *arg, unsigned of, const char *fallback, const char **format, const char **path, struct err *err)
{
	const char *eq = strchr(arg, '=');
	*format = fallback;
	*path = arg;
	if (eq && !memchr(arg, '/', (size_t)(eq - arg)) && !memchr(arg, '.', (size_t)(eq - arg))) {
		char *word = arena_strn(a, arg, (size_t)(eq - arg));
		if (!word)
			return err_nomem(err);
		if (!is_format(of, word))
			return bad_format("--output", word, of, err);
		*format = word;
		*path = eq + 1;
	}
	return **path ? 0 : err_set(err, ERR_USAGE, "--output '%s': names no file", arg);
}

static int open_file(struct outputs *u, struct output *out, const char *path, struct err *err)
{
	if (str_eq(path, "-")) {
		out->file = stdout;
		return 0;
	}
	struct stat st;
	out->path = path;
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return err_set(err, ERR_USAGE, "--output '%s': is a folder, a file is expected", path);
	/* a device or a pipe cannot be renamed over */
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		out->file = fopen(path, "we");
		return out->file ? 0 : err_sys(err, errno, "--output '%s'", path);
	}
	char *temp = arena_printf(&u->arena, "%s.XXXXXX", path);
	if (!temp)
		return err_nomem(err);
	int fd = mkostemp(temp, O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, errno, "--output '%s': cannot be created", path);
	mode_t mask = umask(0);
	umask(mask);
	(void)fchmod(fd, 0666 & ~mask);
	out->temp = temp;
	out->file = fdopen(fd, "w");
	if (!out->file)
		close(fd);
	return out->file ? 0 : err_nomem(err);
}

static int add(struct outputs *u, unsigned of, const char *format, const char *path, struct err *err)
{
	struct output *out = list_push(&u->arena, &u->list);
	if (!out)
		return err_nomem(err);
	out->format = of ? report_format_find(of, format) : NULL;
	out->json = !of && str_eq(format, "json");
	return open_file(u, out, path, err);
}

int outputs_open(struct outputs *u, const struct options *o, unsigned of, struct err *err)
{
	*u = (struct outputs){ .named = o->outputs.n > 0 };
	const char *fallback = o->format ? o->format : "text";
	if (!is_format(of, fallback))
		return bad_format("--format", fallback, of, err);
	if (!o->outputs.n)
		return add(u, of, fallback, "-", err);
	for (size_t i = 0; i < o->outputs.n; i++) {
		const char *format, *path;
		if (split(&u->arena, o->outputs.v[i], of, fallback, &format, &path, err) < 0 || add(u, of, format, path, err) < 0)
			return -1;
	}
	return 0;
}

int outputs_close(struct outputs *u, bool ok, struct err *err)
{
	int rc = 0;
	for (size_t i = 0; i < u->list.n; i++) {
		struct output *out = &u->list.v[i];
		if (out->file && out->file != stdout && fclose(out->file) != 0 && ok)
			rc = err_sys(err, errno, "--output '%s'", out->path);
		if (out->temp && (!ok || rc < 0))
			unlink(out->temp);
		else if (out->temp && rename(out->temp, out->path) < 0) {
			rc = err_sys(err, errno, "--output '%s'", out->path);
			unlink(out->temp);
		}
	}
	arena_clear(&u->arena);
	*u = (struct outputs){ 0 };
	return rc;
}
