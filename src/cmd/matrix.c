/* envcheck matrix: the tables, and where each row comes from. */
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/options.h"
#include "cmd/outputs.h"
#include "cmd/tables.h"
#include "matrix/matrix.h"

enum { TABLES_MAX = 64 };

struct listing {
	const struct matrix *matrix;
	const char *date;
	struct matrix_table tables[TABLES_MAX];
	size_t n;
	const struct options *options;
};

static int find_table(const struct listing *l, const char *name, struct err *err)
{
	const char *names[TABLES_MAX + 1];
	for (size_t i = 0; i < l->n; i++)
		names[i] = l->tables[i].name;
	names[l->n] = NULL;
	for (size_t i = 0; i < l->n; i++)
		if (str_eq(names[i], name))
			return (int)i;
	const char *near = nearest_word(name, names);
	return err_set(err, ERR_USAGE, near ? "there is no table '%s': did you mean '%s'?" : "there is no table '%s': 'envcheck matrix' lists them%s",
		       name, near ? near : "");
}

static int text_table(const struct listing *l, size_t which, FILE *out, struct err *err)
{
	struct arena a = ARENA_INIT;
	const char *id, *text, *source;
	int rc = 0;
	for (size_t i = 0; i < l->tables[which].rows && rc == 0; i++) {
		if (!matrix_row(l->matrix, l->tables[which].name, i, &a, &id, &text, &source))
			rc = err_nomem(err);
		else
			fprintf(out, "%-24s %s\n%-24s from %s\n", id, text, "", source ? source : "");
		arena_clear(&a);
	}
	return rc;
}

static int json_table(const struct listing *l, size_t which, struct json_out *j, struct err *err)
{
	struct arena a = ARENA_INIT;
	const char *id, *text, *source;
	int rc = 0;
	jout_object(j);
	jout_put(j, "name", l->tables[which].name);
	jout_key(j, "rows");
	jout_array(j);
	for (size_t i = 0; i < l->tables[which].rows && rc == 0; i++) {
		if (!matrix_row(l->matrix, l->tables[which].name, i, &a, &id, &text, &source)) {
			rc = err_nomem(err);
		} else {
			jout_object_line(j);
			jout_put(j, "id", id);
			jout_put(j, "text", text);
			jout_put(j, "source", source);
			jout_object_end(j);
		}
		arena_clear(&a);
	}
	jout_array_end(j);
	jout_object_end(j);
	return rc;
}

static int list_json(const struct listing *l, FILE *out, struct err *err)
{
	struct json_out j = { .file = out };
	int rc = 0;
	jout_object(&j);
	jout_put(&j, "schema", "envcheck.matrix/1");
	jout_put(&j, "date", l->date);
	jout_key(&j, "tables");
	jout_array(&j);
	for (size_t i = 0; i < l->n && rc == 0; i++)
		if (!l->options->targets.n || str_eq(l->options->targets.v[0], l->tables[i].name))
			rc = json_table(l, i, &j, err);
	jout_array_end(&j);
	jout_object_end(&j);
	return jout_end(&j, err) < 0 ? -1 : rc;
}

static int list_text(const struct listing *l, FILE *out, struct err *err)
{
	if (l->options->targets.n)
		return text_table(l, (size_t)find_table(l, l->options->targets.v[0], err), out, err);
	for (size_t i = 0; i < l->n; i++)
		fprintf(out, "%-20s %zu rows\n", l->tables[i].name, l->tables[i].rows);
	fprintf(out, "\nTables of %s; envcheck matrix TABLE shows the rows with their sources.\n", l->date ? l->date : "unknown date");
	return 0;
}

static int run(struct listing *l, struct outputs *u, struct err *err)
{
	const texts *names = &l->options->targets;
	if (names->n > 1)
		return err_set(err, ERR_USAGE, "matrix takes one table, '%s' is one more", names->v[1]);
	if (names->n && find_table(l, names->v[0], err) < 0)
		return -1;
	if (outputs_open(u, l->options, 0, err) < 0)
		return -1;
	for (size_t i = 0; i < u->list.n; i++)
		if ((u->list.v[i].json ? list_json : list_text)(l, u->list.v[i].file, err) < 0)
			return -1;
	return 0;
}

int matrix_command(const struct options *o, struct err *err)
{
	struct tables t;
	struct outputs u = { 0 };
	if (tables_open(&t, o, err) < 0)
		return -1;
	struct listing l = { .matrix = t.matrix, .date = t.date, .options = o };
	l.n = matrix_tables(t.matrix, l.tables, TABLES_MAX);
	int rc = run(&l, &u, err);
	if (outputs_close(&u, rc == 0, err) < 0)
		rc = -1;
	tables_close(&t);
	return rc < 0 ? -1 : EXIT_FINE;
}
