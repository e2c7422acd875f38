/*
 * cmd/completions.h: scripts that complete a command line in bash, zsh and
 * fish, out of the tables that parsing and --help are made from. Only cmd includes it.
 */
#ifndef CMD_COMPLETIONS_H
#define CMD_COMPLETIONS_H

#include <stdio.h>

#include "base/mem.h"
#include "cmd/cmd.h"
#include "cmd/options.h"

typedef LIST(const char *) words;

/* What may stand where a value or an operand is expected. */
enum fill { FILL_NOTHING, FILL_WORDS, FILL_GPUS, FILL_FILES, FILL_FOLDERS, FILL_OUTPUT /* FORMAT=FILE or FILE */ };

struct completions {
	struct arena arena;
	words gpus, drivers, rules, tables;
};

/* Of an option's value; `of` is one command. FILL_WORDS: *list gets the words. */
enum fill fill_value(struct completions *c, const struct option_row *row, const struct command *of, words *list);
/* Of a command's operands, likewise. */
enum fill fill_operand(struct completions *c, const struct command *of, words *list);
/* The formats that a command writes. */
words fill_formats(struct completions *c, const struct command *of);

/* One script each. */
void completions_bash(struct completions *c, FILE *out);
void completions_zsh(struct completions *c, FILE *out);
void completions_fish(struct completions *c, FILE *out);

#endif
