#include "parse/launch.h"

#include "base/str.h"

int pyvenv_parse(struct span text, struct arena *a, struct pyvenv *out)
{
	struct cur c = cur_of(text);
	struct span line;
	while (cur_line(&c, &line)) {
		struct span value = line, name = span_trim(span_cut(&value, '='));
		value = span_trim(value);
		if (span_eq(name, "include-system-site-packages"))
			out->system_site = span_eq(value, "true") || span_eq(value, "True");
		const char **to = span_eq(name, "home") ? &out->home :
				  span_eq(name, "version") || span_eq(name, "version_info") ? &out->version : NULL;
		if (to && !(*to = arena_strn(a, value.p, value.n)))
			return -1;
	}
	return 0;
}

bool pth_next(struct cur *c, struct span *dir)
{
	/* site.py, addpackage: blank lines and comments are skipped, "import" runs code */
	while (cur_line(c, dir)) {
		*dir = span_trim(*dir);
		if (dir->n && dir->p[0] != '#' && !span_starts(*dir, "import ") && !span_starts(*dir, "import\t"))
			return true;
	}
	return false;
}

bool shebang_parse(struct span text, struct span *program, bool *by_env)
{
	struct cur c = cur_of(text);
	struct span line;
	if (!span_starts(text, "#!") || !cur_line(&c, &line))
		return false;
	line = span_trim(span_from(line, 2));
	struct span word = span_cut(&line, ' ');
	*by_env = span_ends(word, "/env");
	*program = word;
	while (*by_env && line.n) { /* env -S, -i, NAME=value come before the program */
		*program = span_cut(&line, ' ');
		if (program->n && program->p[0] != '-' && span_chr(*program, '=') == program->n)
			break;
	}
	if (span_eq(word, "/bin/sh") && cur_line(&c, &line) && span_starts(line, "'''exec' ")) {
		line = span_from(line, strlen("'''exec' "));
		if (line.n && line.p[0] == '"')
			line = span_from(line, 1);
		size_t n = 0;
		while (n < line.n && line.p[n] != '"' && line.p[n] != ' ')
			n++;
		*program = span_sub(line, 0, n);
	}
	return program->n > 0;
}

int words_split(struct span line, struct arena *a, struct words *out)
{
	for (size_t i = 0; i < line.n;) {
		while (i < line.n && (line.p[i] == ' ' || line.p[i] == '\t' || line.p[i] == '\n'))
			i++;
		if (i >= line.n)
			break;
		char *word = arena_alloc(a, line.n - i + 1), quote = 0;
		size_t n = 0;
		if (!word)
			return -1;
		for (; i < line.n; i++) {
			char ch = (char)line.p[i];
			if (!quote && (ch == ' ' || ch == '\t' || ch == '\n'))
				break;
			if (quote ? ch == quote : ch == '"' || ch == '\'') {
				quote = quote ? 0 : ch;
				continue;
			}
			if (ch == '\\' && quote != '\'' && i + 1 < line.n)
				ch = (char)line.p[++i];
			word[n++] = ch;
		}
		if (quote || !list_add(a, &out->v, (const char *)word))
			return -1;
	}
	return 0;
}

/* Words that open or close blocks, and commands that only set things up: what follows them may not run, or does not matter. */
static bool plumbing(const char *w)
{
	static const char *const words[] = { "if", "then", "else", "elif", "fi", "for", "while", "do", "done", "case", "esac", "{", "}",
					     "set", "export", "echo", "cd", "umask", "ulimit", "trap", "shift", "mkdir", "chown", "chmod",
					     "test", "[", "[[", "return", "local", "unset", "sleep", "printf", "true", "false", ":" };
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(w, words[i]))
			return true;
	return false;
}

int script_parse(struct span text, struct arena *a, struct script *out)
{
	struct cur c = cur_of(text);
	struct span line;
	enum { LINES = 512 };
	while (cur_line(&c, &line) && out->lines.n < LINES) {
		line = span_trim(line);
		/* a line that goes on: joined up to the text's own end */
		while (line.n && line.p[line.n - 1] == '\\' && cur_left(&c)) {
			struct span more;
			if (!cur_line(&c, &more))
				break;
			char *joined = arena_printf(a, "%.*s %.*s", (int)(line.n - 1), (const char *)line.p, (int)more.n, (const char *)more.p);
			if (!joined)
				return -1;
			line = span_trim(SPAN_STR(joined));
		}
		if (!line.n || line.p[0] == '#')
			continue;
		struct words w = { 0 };
		if (words_split(line, a, &w) < 0)
			continue;
		size_t skip = 0;
		while (skip < w.v.n && strchr(w.v.v[skip], '=') && w.v.v[skip][0] != '=')
			skip++; /* NAME=value before the command */
		if (skip >= w.v.n || plumbing(w.v.v[skip]))
			continue;
		struct script_line *l = list_push(a, &out->lines);
		if (!l)
			return -1;
		l->source = !strcmp(w.v.v[skip], ".") || !strcmp(w.v.v[skip], "source");
		l->exec = !strcmp(w.v.v[skip], "exec");
		for (size_t i = skip + (l->source || l->exec); i < w.v.n; i++)
			if (!list_add(a, &l->words.v, w.v.v[i]))
				return -1;
	}
	return 0;
}
