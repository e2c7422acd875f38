/* The script for fish: one `complete` a command and option. */
#include "cmd/completions.h"

#include <string.h>

/* 'text' as fish reads it: backslash and quote are escaped. */
static void put_text(FILE *out, const char *s)
{
	putc('\'', out);
	for (; *s; s++) {
		if (*s == '\'' || *s == '\\')
			putc('\\', out);
		putc(*s, out);
	}
	putc('\'', out);
}

static void put_words(FILE *out, const words *list, const char *after)
{
	fputs(" -a '", out);
	for (size_t i = 0; i < list->n; i++)
		fprintf(out, "%s%s%s", i ? " " : "", list->v[i], after);
	putc('\'', out);
}

static void put_fill(FILE *out, enum fill fill, const words *list)
{
	switch (fill) {
	case FILL_NOTHING:
		fputs(" -x", out);
		break;
	case FILL_WORDS:
		fputs(" -x", out);
		put_words(out, list, "");
		break;
	case FILL_GPUS:
		fputs(" -x -a '(__envcheck_gpus)'", out);
		break;
	case FILL_FILES:
		fputs(" -r -F", out);
		break;
	case FILL_FOLDERS:
		fputs(" -x -a '(__fish_complete_directories)'", out);
		break;
	case FILL_OUTPUT:
		fputs(" -r -F", out);
		put_words(out, list, "=");
		break;
	}
}

static void put_head(const struct command *of, FILE *out)
{
	fprintf(out, "complete -c envcheck -n '__envcheck_is %s'", of->name);
}

static void put_command(struct completions *c, const struct command *of, FILE *out)
{
	struct option_row row;
	words list = { 0 };
	for (size_t i = 0; option_row(i, &row); i++) {
		if (!(row.of & of->bit))
			continue;
		put_head(of, out);
		fprintf(out, " -l %s", row.name);
		if (row.letter)
			fprintf(out, " -s %c", row.letter);
		if (row.value && !row.optional) {
			enum fill fill = fill_value(c, &row, of, &list);
			if (fill == FILL_OUTPUT)
				list = fill_formats(c, of);
			put_fill(out, fill, &list);
		}
		fputs(" -d ", out);
		put_text(out, row.line);
		putc('\n', out);
	}
	if (fill_operand(c, of, &list) == FILL_WORDS) {
		put_head(of, out);
		fputs(" -f", out);
		put_words(out, &list, "");
		putc('\n', out);
	}
}

void completions_fish(struct completions *c, FILE *out)
{
	fputs("# fish completion of envcheck, written by `envcheck completions fish`\n\n"
	      "# The command of the line: the first word that names one, else check.\n"
	      "function __envcheck_is\n\tset -l words (commandline -opc)\n\tset -e words[1]\n\tfor word in $words\n\t\tif contains -- $word", out);
	for (const struct command *v = commands; v->name; v++)
		fprintf(out, " %s", v->name);
	fputs("\n\t\t\ttest $word = $argv[1]\n\t\t\treturn\n\t\tend\n\tend\n\ttest $argv[1] = check\nend\n\n"
	      "function __envcheck_gpus\n\tprintf '%s\\n'", out);
	for (size_t i = 0; i < c->gpus.n; i++) {
		fputs(" \\\n\t\t", out);
		put_text(out, c->gpus.v[i]);
	}
	fputs("\nend\n\n", out);
	for (const struct command *v = commands; v->name; v++) {
		fprintf(out, "complete -c envcheck -n __fish_is_first_arg -a %s -d ", v->name);
		put_text(out, v->line);
		putc('\n', out);
	}
	for (const struct command *v = commands; v->name; v++)
		put_command(c, v, out);
}
