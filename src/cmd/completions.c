/* envcheck completions: what the tables know, for the shells. */
#include "cmd/completions.h"

#include <string.h>

#include "base/str.h"
#include "check/check.h"
#include "matrix/matrix.h"
#include "report/report.h"

static const char *const shells[] = { "bash", "zsh", "fish", NULL };

static int take(struct completions *c, words *list, const char *word)
{
	return list_add(&c->arena, list, word) ? 0 : -1;
}

/* Two rows may differ by the "NVIDIA " before a name alone. */
static void drop_repeated(words *sorted)
{
	size_t kept = 0;
	for (size_t i = 0; i < sorted->n; i++)
		if (!kept || !str_eq(sorted->v[kept - 1], sorted->v[i]))
			sorted->v[kept++] = sorted->v[i];
	sorted->n = kept;
}

static int gather(struct completions *c)
{
	const struct matrix *m = matrix_builtin();
	for (size_t i = 0; i < m->gpus.n; i++) {
		const char *id = m->gpus.v[i].id;
		if (take(c, &c->gpus, str_starts(id, "NVIDIA ") ? id + strlen("NVIDIA ") : id) < 0)
			return -1;
	}
	list_sort(&c->gpus, str_ptr_cmp);
	drop_repeated(&c->gpus);
	for (size_t i = m->driver_branches.n; i-- > 0;)
		if (m->driver_branches.v[i].last && take(c, &c->drivers, m->driver_branches.v[i].last) < 0)
			return -1;
	size_t n;
	const struct rule_info *const *rules = rules_all(&n);
	for (size_t i = 0; i < n; i++)
		if (take(c, &c->rules, rules[i]->id) < 0)
			return -1;
	struct matrix_table tables[64];
	n = matrix_tables(m, tables, sizeof(tables) / sizeof(*tables));
	for (size_t i = 0; i < n; i++)
		if (take(c, &c->tables, tables[i].name) < 0)
			return -1;
	return 0;
}

/* A list over words that end with NULL; nothing is added to it. */
static words of_array(const char *const *array)
{
	words w = { .v = (const char **)array };
	while (array && array[w.n])
		w.n++;
	return w;
}

words fill_formats(struct completions *c, const struct command *of)
{
	static const char *const plain[] = { "text", "json", NULL };
	unsigned report = of->bit == CMD_CHECK ? REPORT_CHECK : of->bit == CMD_INSPECT ? REPORT_INSPECT : of->bit == CMD_DIFF ? REPORT_DIFF : 0;
	if (!report)
		return of_array(plain);
	const char *names[REPORT_FORMATS_MAX];
	report_format_names(report, names);
	words w = { 0 };
	for (size_t i = 0; names[i]; i++)
		if (take(c, &w, names[i]) < 0)
			break;
	return w;
}

enum fill fill_value(struct completions *c, const struct option_row *row, const struct command *of, words *list)
{
	static const char *const archs[] = { "amd64", "arm64", NULL };
	if (row->words || str_eq(row->name, "arch")) {
		*list = of_array(row->words ? row->words : archs);
		return FILL_WORDS;
	}
	if (str_eq(row->name, "gpu"))
		return FILL_GPUS;
	if (str_eq(row->name, "driver")) {
		*list = c->drivers;
		return FILL_WORDS;
	}
	if (str_eq(row->name, "format")) {
		*list = fill_formats(c, of);
		return FILL_WORDS;
	}
	if (str_eq(row->name, "output"))
		return FILL_OUTPUT;
	return str_eq(row->value, "DIR") ? FILL_FOLDERS : str_eq(row->value, "FILE") || str_eq(row->value, "PATH") ? FILL_FILES : FILL_NOTHING;
}

enum fill fill_operand(struct completions *c, const struct command *of, words *list)
{
	switch (of->bit) {
	case CMD_CHECK:
	case CMD_INSPECT:
	case CMD_DIFF:
	case CMD_HOST:
		return FILL_FILES;
	case CMD_EXPLAIN:
		*list = c->rules;
		return FILL_WORDS;
	case CMD_MATRIX:
		*list = c->tables;
		return FILL_WORDS;
	case CMD_COMPLETIONS:
		*list = of_array(shells);
		return FILL_WORDS;
	case CMD_RECOMMEND:
	case CMD_CACHE:
		return FILL_NOTHING;
	}
	return FILL_NOTHING;
}

int completions_command(const struct options *o, struct err *err)
{
	const char *shell = o->targets.n ? o->targets.v[0] : NULL;
	if (o->targets.n != 1)
		return err_set(err, ERR_USAGE, "completions takes one shell: bash, zsh or fish");
	struct completions c = { .arena = ARENA_INIT };
	int status = EXIT_FINE;
	if (gather(&c) < 0)
		status = err_nomem(err);
	else if (str_eq(shell, "bash"))
		completions_bash(&c, stdout);
	else if (str_eq(shell, "zsh"))
		completions_zsh(&c, stdout);
	else if (str_eq(shell, "fish"))
		completions_fish(&c, stdout);
	else
		status = err_set(err, ERR_USAGE, "completions '%s': is none of bash, zsh, fish", shell);
	arena_clear(&c.arena);
	return status;
}
