/*
 * embed: the tables in matrices/ as C, on standard output: static rows of the
 * structs of matrix/rows.h. Run by make; every argument is one table.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "matrix/rows.h"

enum kind { STR, INT, BOOL, VER2, SMS };
struct field { const char *name; enum kind kind; };

#define FIELD(kind, name) { #name, kind },
#define FIELDS(table) static const struct field fields_##table[] = { TABLE_##table(FIELD) { NULL, STR } };
TABLES(FIELDS)

static const struct { const char *name; const struct field *fields; } tables[] = {
#define ENTRY(table) { #table, fields_##table },
	TABLES(ENTRY)
};
enum { TABLES_N = sizeof(tables) / sizeof(*tables) };

static void die(const char *file, const char *row, const char *what)
{
	fprintf(stderr, "embed: %s: row %s: %s\n", file, row ? row : "?", what);
	exit(1);
}

static void put_string(const char *s)
{
	putchar('"');
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;
		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c < 0x20 || c == '?')
			printf("\\%03o", c);
		else
			putchar(c);
	}
	putchar('"');
}

static void put_sms(const char *s)
{
	char text[2048];
	size_t n = 0;
	if (strlen(s) >= sizeof(text))
		exit(1);
	strcpy(text, s);
	fputs("{ (const struct sm[]){ ", stdout);
	for (char *t = strtok(text, " "); t; t = strtok(NULL, " "), n++) {
		struct sm sm = sm_parse(t);
		if (!sm.number)
			exit(1);
		printf("{ %d, %d }, ", sm.number, sm.suffix);
	}
	printf("{ 0, 0 } }, %zu }", n);
}

static void put_field(const char *file, const char *id, const struct field *f, const json_t *v)
{
	switch (f->kind) {
	case STR:
		if (v && !json_is_string(v))
			die(file, id, f->name);
		put_string(v ? json_string_value(v) : "");
		break;
	case INT:
		if (v && !json_is_integer(v))
			die(file, id, f->name);
		printf("%lld", (long long)json_integer_value(v));
		break;
	case BOOL:
		if (v && !json_is_boolean(v))
			die(file, id, f->name);
		fputs(json_is_true(v) ? "true" : "false", stdout);
		break;
	case VER2: {
		if (v && !json_is_string(v))
			die(file, id, f->name);
		struct ver2 x = v && json_string_length(v) ? ver2_parse(json_string_value(v)) : VER2_NONE;
		printf("{ %d, %d }", x.major, x.minor);
		break;
	}
	case SMS:
		if (v && !json_is_string(v))
			die(file, id, f->name);
		put_sms(v ? json_string_value(v) : "");
		break;
	}
}

static void put_table(const char *file)
{
	json_error_t e;
	json_t *o = json_load_file(file, JSON_REJECT_DUPLICATES, &e);
	const char *name = json_string_value(json_object_get(o, "table"));
	size_t t = 0;
	if (!o)
		die(file, "?", e.text);
	while (t < TABLES_N && (!name || strcmp(name, tables[t].name)))
		t++;
	if (t == TABLES_N)
		die(file, "?", "no table of that name in matrix/rows.h");
	if (!json_array_size(json_object_get(o, "rows")))
		die(file, "?", "\"rows\" is no list, or empty");
	printf("static const struct row_%s rows_%s[] = {\n", name, name);
	size_t i;
	json_t *row;
	json_array_foreach(json_object_get(o, "rows"), i, row) {
		const char *id = json_string_value(json_object_get(row, "id")), *source = json_string_value(json_object_get(row, "source"));
		if (!id || !source)
			die(file, id, "it needs \"id\" and \"source\"");
		fputs("\t{ ", stdout);
		put_string(id);
		fputs(", ", stdout);
		put_string(source);
		for (const struct field *f = tables[t].fields; f->name; f++) {
			fputs(", ", stdout);
			put_field(file, id, f, json_object_get(row, f->name));
		}
		fputs(" },\n", stdout);
	}
	fputs("};\n\n", stdout);
	json_decref(o);
}

int main(int argc, char **argv)
{
	puts("/* Made by tools/embed from matrices/. */\n#include \"matrix/builtin.h\"\n");
	for (int i = 1; i < argc; i++)
		put_table(argv[i]);
	puts("const struct matrix matrix_embedded = {");
	for (size_t t = 0; t < TABLES_N; t++)
		printf("\t.%s = { rows_%s, sizeof(rows_%s) / sizeof(*rows_%s) },\n", tables[t].name, tables[t].name, tables[t].name, tables[t].name);
	puts("};");
	return 0;
}
