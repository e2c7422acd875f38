#include "parse/procdriver.h"

static const char LABEL[] = "NVRM version:";

bool procdriver_is(struct span text)
{
	return span_find(text, LABEL) < text.n;
}

/*
 * NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.104.05  Sat Aug 19 01:15:15 UTC 2023
 * NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  535.104.05  Release Build  (root@host)
 * The words between are told apart by what they are, not by how many blanks part them.
 */
int procdriver_parse(struct span text, struct arena *a, struct machine *m, struct err *err)
{
	struct span rest = span_from(text, span_find(text, LABEL));
	struct cur c = cur_of(rest);
	struct span line;
	struct machine seen = MACHINE_INIT;
	if (!cur_line(&c, &line))
		return 0;
	line = span_from(line, sizeof(LABEL) - 1);
	bool open = false, module = false;
	while (line.n && !seen.driver) {
		struct span word = span_cut(&line, ' ');
		open = open || span_eq(word, "Open");
		module = module || span_eq(word, "Module");
		if (!seen.arch)
			seen.arch = machine_arch(word);
		if (machine_set_driver(&seen, word, a, err) < 0)
			return -1;
	}
	if (!seen.driver)
		return err_set(err, ERR_FORMAT, "the line \"%s\" has no driver version", LABEL);
	if (module)
		seen.module = open ? "open" : "proprietary";
	seen.os = "linux";
	machine_fill(m, &seen);
	return 0;
}
