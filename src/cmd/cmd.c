#include "cmd/cmd.h"

#include <stdio.h>

#include "base/str.h"
#include "cmd/options.h"
#include "cmd/outputs.h"

const struct command commands[] = {
	{ "check", " TARGET... [--host FILE]...", "judge targets on hosts (the command if none is named)", CMD_CHECK, check_command },
	{ "inspect", " TARGET...", "what is inside, and what it requires of a host", CMD_INSPECT, inspect_command },
	{ "diff", " OLD NEW [--host FILE]...", "what a rebuild changes: needs, GPUs, versions, findings new and gone", CMD_DIFF, diff_command },
	{ "host", " [FILE...]", "this machine as a host profile, or FILE (nvidia-smi output and the like) as one", CMD_HOST, host_command },
	{ "recommend", " [PROJECT]", "which torch CUDA builds, or wheels of an index, run on a host", CMD_RECOMMEND, recommend_command },
	{ "explain", " [RULE]", "what a rule means and how to fix it; without RULE, the list", CMD_EXPLAIN, explain_command },
	{ "matrix", " [TABLE]", "the tables and where each row comes from", CMD_MATRIX, matrix_command },
	{ "cache", "", "what is kept of layers that were read before", CMD_CACHE, cache_command },
	{ "completions", " bash|zsh|fish", "a script that completes command lines in that shell", CMD_COMPLETIONS, completions_command },
	{ 0 },
};

const struct command *command_find(const char *name)
{
	for (const struct command *c = commands; c->name; c++)
		if (str_eq(c->name, name))
			return c;
	return NULL;
}

static int status_of(const struct err *err)
{
	return err->kind == ERR_USAGE ? EXIT_USAGE : EXIT_TROUBLE;
}

static int run(struct options *o, int argc, char **argv, struct err *err)
{
	if (options_parse(o, argc, argv, err) < 0)
		return status_of(err);
	if (o->help || argc == 1) {
		options_help(argc > 1 && (o->targets.n || o->command->bit != CMD_CHECK || str_eq(argv[1], "check")) ? o->command : NULL,
			     argc == 1 ? stderr : stdout);
		return argc == 1 ? EXIT_USAGE : EXIT_FINE;
	}
	if (o->version)
		return version_print(o, err) < 0 ? EXIT_TROUBLE : EXIT_FINE;
	int status = o->command->run(o, err);
	return status < 0 ? status_of(err) : status;
}

int cmd_main(int argc, char **argv)
{
	struct options o = { 0 };
	struct err err = ERR_INIT;
	int status = run(&o, argc, argv, &err);
	if (err.kind != ERR_NONE)
		say("%s", err.text);
	options_clear(&o);
	if (fflush(stdout) != 0 && status == EXIT_FINE) {
		say("standard output: cannot be written");
		status = EXIT_TROUBLE;
	}
	return status;
}
