/* The script for bash (4.4 or newer): words are found by prefix, those with blanks are quoted. */
#include "cmd/completions.h"

static void put_words(FILE *out, const words *list)
{
	for (size_t i = 0; i < list->n; i++)
		fprintf(out, "%s%s", i ? " " : "", list->v[i]);
}

/* A pattern of case: --name|-n */
static void put_pattern(FILE *out, const struct option_row *row)
{
	fprintf(out, "\t--%s", row->name);
	if (row->letter)
		fprintf(out, "|-%c", row->letter);
	fputs(") ", out);
}

static void put_fill(FILE *out, enum fill fill, const words *list)
{
	switch (fill) {
	case FILL_NOTHING:
		fputs(":", out);
		break;
	case FILL_WORDS:
		fputs("_envcheck_words \"$cur\" ", out);
		put_words(out, list);
		break;
	case FILL_GPUS:
		fputs("_envcheck_words \"$cur\" \"${_envcheck_gpus[@]}\"", out);
		break;
	case FILL_FILES:
		fputs("_envcheck_files \"$cur\"", out);
		break;
	case FILL_FOLDERS:
		fputs("_envcheck_files \"$cur\" -d", out);
		break;
	case FILL_OUTPUT:
		fputs("_envcheck_output \"$cur\" ", out);
		put_words(out, list);
		break;
	}
}

static void put_command(struct completions *c, const struct command *of, FILE *out)
{
	struct option_row row;
	words list = { 0 };
	fprintf(out, "_envcheck_%s_value() {\n\tcase $1 in\n", of->name);
	for (size_t i = 0; option_row(i, &row); i++) {
		if (!(row.of & of->bit) || !row.value || row.optional)
			continue;
		enum fill fill = fill_value(c, &row, of, &list);
		if (fill == FILL_OUTPUT)
			list = fill_formats(c, of);
		put_pattern(out, &row);
		put_fill(out, fill, &list);
		fputs(" ;;\n", out);
	}
	fprintf(out, "\t*) return 1 ;;\n\tesac\n\treturn 0\n}\n_envcheck_%s_words() {\n\tcase $cur in\n\t-*) _envcheck_words \"$cur\"", of->name);
	for (size_t i = 0; option_row(i, &row); i++)
		if (row.of & of->bit)
			fprintf(out, " --%s", row.name);
	fputs(" ;;\n\t*) ", out);
	enum fill fill = fill_operand(c, of, &list);
	put_fill(out, fill, &list);
	fputs(" ;;\n\tesac\n}\n", out);
}

static const char helpers[] =
	"# What begins with $1, whatever its case, of the words after it. Where a quote is open, readline closes it.\n"
	"_envcheck_words() {\n"
	"\tlocal cur=${1//\\\\/} word open=\n"
	"\tcase $cur in [\\'\\\"]*) open=1 cur=${cur:1} ;; esac\n"
	"\tshift\n"
	"\tfor word; do\n"
	"\t\t[[ ${word,,} == \"${cur,,}\"* ]] || continue\n"
	"\t\t[[ $open ]] || printf -v word %q \"$word\"\n"
	"\t\tCOMPREPLY+=(\"$word\")\n"
	"\tdone\n"
	"}\n"
	"_envcheck_files() {\n"
	"\tlocal found\n"
	"\tcompopt -o filenames 2>/dev/null\n"
	"\twhile IFS= read -r found; do COMPREPLY+=(\"$found\"); done < <(compgen \"${2:--f}\" -- \"$1\")\n"
	"}\n"
	"# FORMAT=FILE or FILE; the format comes without a blank after it.\n"
	"_envcheck_output() {\n"
	"\tlocal cur=$1\n"
	"\tshift\n"
	"\tif ((after_equals)); then _envcheck_files \"$cur\"; return; fi\n"
	"\t_envcheck_words \"$cur\" \"${@/%/=}\"\n"
	"\tif ((${#COMPREPLY[@]})); then COMPREPLY=(\"${COMPREPLY[@]//\\\\/}\"); compopt -o nospace 2>/dev/null; else _envcheck_files \"$cur\"; fi\n"
	"}\n";

/* readline breaks words at '=': --gpu=H is the three words --gpu, =, H, and -o json=x the four -o, json, =, x. */
static const char body[] =
	"_envcheck() {\n"
	"\tlocal cur=${COMP_WORDS[COMP_CWORD]} command=check at=$((COMP_CWORD - 1)) after_equals=0 i\n"
	"\tCOMPREPLY=()\n"
	"\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	"\t\tif [[ \" ${_envcheck_names[*]} \" == *\" ${COMP_WORDS[i]} \"* ]]; then command=${COMP_WORDS[i]}; break; fi\n"
	"\tdone\n"
	"\tif [[ $cur == = ]]; then cur=; at=$COMP_CWORD; fi\n"
	"\tif [[ ${COMP_WORDS[at]} == = ]]; then\n"
	"\t\tat=$((at - 1))\n"
	"\t\tcase ${COMP_WORDS[at]} in -*) ;; *) after_equals=1 at=$((at - 1)) ;; esac\n"
	"\t\tif [[ ${COMP_WORDS[at]} == = ]]; then at=$((at - 1)); fi\n"
	"\tfi\n"
	"\tif \"_envcheck_${command}_value\" \"${COMP_WORDS[at]}\"; then return; fi\n"
	"\tif ((COMP_CWORD == 1)) && [[ $cur != -* ]]; then _envcheck_words \"$cur\" \"${_envcheck_names[@]}\"; fi\n"
	"\t\"_envcheck_${command}_words\"\n"
	"}\n"
	"complete -F _envcheck envcheck\n";

void completions_bash(struct completions *c, FILE *out)
{
	fputs("# bash completion of envcheck, written by `envcheck completions bash`\n", out);
	fputs("_envcheck_gpus=(", out);
	for (size_t i = 0; i < c->gpus.n; i++)
		fprintf(out, "\n\t\"%s\"", c->gpus.v[i]);
	fputs("\n)\n_envcheck_names=(", out);
	for (const struct command *v = commands; v->name; v++)
		fprintf(out, "%s%s", v == commands ? "" : " ", v->name);
	fputs(")\n", out);
	fputs(helpers, out);
	for (const struct command *v = commands; v->name; v++)
		put_command(c, v, out);
	fputs(body, out);
}
