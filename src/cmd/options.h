/* cmd/options.h: the command line as a struct. One table says what options there are: parsing and help follow from it. */
#ifndef CMD_OPTIONS_H
#define CMD_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "base/mem.h"
#include "check/check.h"
#include "source/http.h"

struct command;

typedef LIST(const char *) texts;

/* Everything that a command line can say. Texts are argv's own; lists live in the arena. */
struct options {
	struct arena arena;
	const struct command *command;
	texts targets; /* operands */
	bool help, version;
	/* target */
	const char *image, *platform, *requirements, *python, *command_line;
	texts set_env;
	bool verify, quick;
	const char *jobs;
	bool no_cache, prune;
	const char *cache_limit;
	/* remote targets */
	const char *cacert, *timeout, *retries;
	bool plain_http, offline;
	/* requirements */
	texts indexes;
	const char *python_version, *libc;
	bool fetch;
	/* host */
	texts hosts, gpus;
	const char *driver, *arch, *runtime;
	/* judgement */
	const char *expect, *fail_on, *baseline, *config, *env;
	bool allow_unknown, exit_zero;
	/* output */
	const char *format;
	texts outputs;
	bool all, files, tree;
	const char *tree_package;
	const char *dockerfile;
	const char *matrices;
};

/*
 * Reads argv[1..]. The first operand may name a command; without one it is
 * `check`. -1 with ERR_USAGE and the nearest valid word. options_clear always.
 */
int options_parse(struct options *o, int argc, char **argv, struct err *err);
void options_clear(struct options *o);

/* The number behind --jobs; 0: as many as cores. */
unsigned options_jobs(const struct options *o);

/* The bytes behind --cache-limit, or LIMIT_CACHE. */
uint64_t options_cache_limit(const struct options *o);

/* How remote targets are reached. */
struct http_options options_http(const struct options *o);

/* The level behind --fail-on, or `fallback` (a configuration's); NULL stands for error. */
enum level options_fail_on(const struct options *o, const char *fallback);
enum expect options_expect(const struct options *o, const char *fallback);

/* The word of `words` (NULL ends) that is nearest to `word`, if near enough; NULL else. */
const char *nearest_word(const char *word, const char *const *words);

/* The table's rows, for what else is made from it. `optional`: --name or --name=VALUE. false past the end. */
struct option_row {
	char letter; /* 0: none */
	const char *name, *value, *line; /* value: NULL if it takes none */
	unsigned of; /* enum command_bit */
	bool optional, many;
	const char *const *words; /* the values; NULL: any */
};
bool option_row(size_t i, struct option_row *row);

/* Help of one command, or of all (NULL). */
void options_help(const struct command *c, FILE *out);

#endif
