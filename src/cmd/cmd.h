/* cmd/cmd.h: the commands of the program and their exit statuses. main.c and cmd may include it. */
#ifndef CMD_CMD_H
#define CMD_CMD_H

#include "base/err.h"

struct options;

/* DESIGN, section 8. With several reasons the first of TROUBLE, FOUND, UNSURE, FINE. */
enum { EXIT_FINE = 0, EXIT_FOUND = 1, EXIT_USAGE = 2, EXIT_TROUBLE = 3, EXIT_UNSURE = 4 };

/* Bits of the commands, so that an option can say whose it is. CMD_ALL: those that judge or show. */
enum command_bit {
	CMD_CHECK = 1 << 0, CMD_INSPECT = 1 << 1, CMD_HOST = 1 << 2, CMD_RECOMMEND = 1 << 3, CMD_EXPLAIN = 1 << 4, CMD_MATRIX = 1 << 5,
	CMD_DIFF = 1 << 6, CMD_CACHE = 1 << 7, CMD_COMPLETIONS = 1 << 8,
};
enum { CMD_ALL = CMD_CHECK | CMD_INSPECT | CMD_HOST | CMD_RECOMMEND | CMD_EXPLAIN | CMD_MATRIX | CMD_DIFF | CMD_CACHE };

struct command {
	const char *name, *operands, *line;
	enum command_bit bit;
	/* Does the work; an exit status. What went wrong stands in err, or was said on standard error before. */
	int (*run)(const struct options *o, struct err *err);
};

extern const struct command commands[]; /* ends with a NULL name */
const struct command *command_find(const char *name);

int check_command(const struct options *o, struct err *err);
int inspect_command(const struct options *o, struct err *err);
int diff_command(const struct options *o, struct err *err);
int host_command(const struct options *o, struct err *err);
int recommend_command(const struct options *o, struct err *err);
int explain_command(const struct options *o, struct err *err);
int matrix_command(const struct options *o, struct err *err);
int cache_command(const struct options *o, struct err *err);
int completions_command(const struct options *o, struct err *err);

/* The whole program: argv in, an exit status out. */
int cmd_main(int argc, char **argv);

#endif
