/* The script for zsh: one _arguments call a command. */
#include "cmd/completions.h"

#include <string.h>

/* Text inside '...' of an _arguments specification: the brackets and colons of its grammar are escaped. */
static void put_text(FILE *out, const char *s)
{
	for (; *s; s++) {
		if (*s == '\'') {
			fputs("'\\''", out);
			continue;
		}
		if (strchr("[]:\\", *s))
			putc('\\', out);
		putc(*s, out);
	}
}

static void put_words(FILE *out, const words *list)
{
	putc('(', out);
	for (size_t i = 0; i < list->n; i++)
		fprintf(out, "%s%s", i ? " " : "", list->v[i]);
	putc(')', out);
}

static void put_fill(FILE *out, enum fill fill, const words *list)
{
	switch (fill) {
	case FILL_NOTHING:
		putc(' ', out);
		break;
	case FILL_WORDS:
		put_words(out, list);
		break;
	case FILL_GPUS:
		fputs("_envcheck_gpus", out);
		break;
	case FILL_FILES:
		fputs("_files", out);
		break;
	case FILL_FOLDERS:
		fputs("_files -/", out);
		break;
	case FILL_OUTPUT:
		fputs("_envcheck_output ", out);
		for (size_t i = 0; i < list->n; i++)
			fprintf(out, "%s%s", i ? " " : "", list->v[i]);
		break;
	}
}

static void put_option(struct completions *c, const struct command *of, const struct option_row *row, FILE *out)
{
	words list = { 0 };
	enum fill fill = row->value ? fill_value(c, row, of, &list) : FILL_NOTHING;
	if (fill == FILL_OUTPUT)
		list = fill_formats(c, of);
	for (int letter = 0; letter < (row->letter ? 2 : 1); letter++) {
		fputs(" \\\n\t\t'", out);
		if (row->many)
			putc('*', out);
		if (letter)
			fprintf(out, "-%c%s", row->letter, row->value ? "+" : "");
		else
			fprintf(out, "--%s%s", row->name, row->optional ? "=-" : row->value ? "=" : "");
		putc('[', out);
		put_text(out, row->line);
		putc(']', out);
		if (row->value) {
			fputs(row->optional ? "::" : ":", out);
			put_text(out, row->value);
			putc(':', out);
			put_fill(out, fill, &list);
		}
		putc('\'', out);
	}
}

static void put_command(struct completions *c, const struct command *of, FILE *out)
{
	struct option_row row;
	words list = { 0 };
	fprintf(out, "\t%s)\n\t\t_arguments -s -S", of->name);
	for (size_t i = 0; option_row(i, &row); i++)
		if (row.of & of->bit)
			put_option(c, of, &row, out);
	enum fill fill = fill_operand(c, of, &list);
	fputs(" \\\n\t\t'1: :_envcheck_first' '*:operand:", out);
	put_fill(out, fill, &list);
	fputs("' ;;\n", out);
}

void completions_zsh(struct completions *c, FILE *out)
{
	fputs("#compdef envcheck\n# zsh completion of envcheck, written by `envcheck completions zsh`\n\n_envcheck_gpus() {\n\tlocal -a gpus=(", out);
	for (size_t i = 0; i < c->gpus.n; i++) {
		fputs("\n\t\t'", out);
		fputs(c->gpus.v[i], out);
		putc('\'', out);
	}
	fputs("\n\t)\n\tcompadd -M 'm:{a-zA-Z}={A-Za-z}' -a gpus\n}\n\n"
	      "_envcheck_output() {\n\tif compset -P '*='; then _files; else compadd -S = -- \"$@\"; _files; fi\n}\n\n"
	      "# The first operand: a command, or a target of check.\n_envcheck_first() {\n\tlocal -a names=(", out);
	for (const struct command *v = commands; v->name; v++) {
		fprintf(out, "\n\t\t'%s:", v->name);
		put_text(out, v->line);
		putc('\'', out);
	}
	fputs("\n\t)\n\t_describe command names\n\t_files\n}\n\n_envcheck() {\n\tlocal command=check word\n"
	      "\tfor word in ${words[2,CURRENT-1]}; do\n\t\tcase $word in\n\t\t(", out);
	for (const struct command *v = commands; v->name; v++)
		fprintf(out, "%s%s", v == commands ? "" : "|", v->name);
	fputs(") command=$word; break ;;\n\t\tesac\n\tdone\n\tcase $command in\n", out);
	for (const struct command *v = commands; v->name; v++)
		put_command(c, v, out);
	fputs("\tesac\n}\n\nif [ \"$funcstack[1]\" = _envcheck ]; then _envcheck \"$@\"; else compdef _envcheck envcheck; fi\n", out);
}
