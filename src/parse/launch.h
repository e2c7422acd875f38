/*
 * parse/launch.h: how a program is reached: pyvenv.cfg, .pth, "#!" lines,
 * simple shell scripts, command lines. scan and tests include it.
 */
#ifndef PARSE_LAUNCH_H
#define PARSE_LAUNCH_H

#include <stdbool.h>

#include "base/cur.h"
#include "base/mem.h"

struct pyvenv { const char *home, *version; bool system_site; };
int pyvenv_parse(struct span text, struct arena *a, struct pyvenv *out); /* -1: memory */

/* The next line of a .pth that names a folder; `import` lines and comments are skipped. */
bool pth_next(struct cur *c, struct span *dir);

/*
 * The program that a "#!" line runs: its path, or the bare name that env looks
 * up in PATH (`by_env`). Also sees through the long-path form that pip writes
 * ("#!/bin/sh", then '''exec' /path/python ...). False if there is no "#!".
 */
bool shebang_parse(struct span text, struct span *program, bool *by_env);

/* Splits a command line as a POSIX shell would: quotes and backslashes, no expansion. -1: memory or an open quote. */
struct words { LIST(const char *) v; };
int words_split(struct span line, struct arena *a, struct words *out);

/* The commands of a simple shell script that could start the program: one line each, in order, as words. */
struct script_line {
	struct words words;
	bool exec;   /* "exec ...": the script ends there */
	bool source; /* ". file" or "source file" */
};
struct script { LIST(struct script_line) lines; };
int script_parse(struct span text, struct arena *a, struct script *out);

#endif
