#include "parse/procdriver.h"

#include <string.h>

#include "base/str.h"

static const char LABEL[] = "NVRM version:";

static const char MODINFO[] = "nvidia.ko";

static bool tegra_is(struct span text)
{
	return span_starts(text, "# R") && span_find(text, "(release), REVISION:") < text.n;
}

/* The value behind a key at the beginning of a line; empty if there is none. */
static struct span field(struct span text, const char *key)
{
	struct cur c = cur_of(text);
	for (struct span line; cur_line(&c, &line);)
		if (span_starts(line, key))
			return span_trim(span_from(line, strlen(key)));
	return (struct span){ 0 };
}

static bool modinfo_is(struct span text)
{
	return span_find(text, MODINFO) < text.n && field(text, "filename:").n && field(text, "version:").n;
}

bool procdriver_is(struct span text)
{
	return span_find(text, LABEL) < text.n || tegra_is(text) || modinfo_is(text);
}

/* # R36 (release), REVISION: 4.3, GCID: 38968081, BOARD: generic, EABI: aarch64, ... */
static int tegra_parse(struct span text, struct arena *a, struct machine *m, struct err *err)
{
	static const char LABEL_R[] = "REVISION:";
	struct span line = span_sub(text, 0, span_chr(text, '\n'));
	struct span release = span_from(line, 3), revision = span_trim(span_from(line, span_find(line, LABEL_R) + sizeof(LABEL_R) - 1));
	struct machine seen = MACHINE_INIT;
	release = span_cut(&release, ' ');
	revision = span_cut(&revision, ',');
	const char *both = arena_printf(a, "%.*s.%.*s", (int)(release.n < 8 ? release.n : 8), (const char *)release.p, (int)(revision.n < 16 ? revision.n : 16),
					(const char *)revision.p);
	if (!both)
		return err_nomem(err);
	if (machine_set_l4t(&seen, SPAN_STR(both), a, err) < 0)
		return -1;
	seen.os = "linux";
	seen.arch = "arm64";
	machine_fill(m, &seen);
	return 0;
}

static int modinfo_parse(struct span text, struct arena *a, struct machine *m, struct err *err)
{
	struct machine seen = { .cuda = VER2_NONE, .os = "linux" };
	struct span licence = field(text, "license:");
	if (machine_set_driver(&seen, field(text, "version:"), a, err) < 0)
		return -1;
	/* kernel-open/nvidia/nv.c: MODULE_LICENSE("Dual MIT/GPL") */
	seen.module = span_eq(licence, "NVIDIA") ? "proprietary" : span_eq(licence, "Dual MIT/GPL") ? "open" : NULL;
	machine_fill(m, &seen);
	return 0;
}

/*
 * NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.104.05  Sat Aug 19 01:15:15 UTC 2023
 * NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  535.104.05  Release Build  (root@host)
 * The words between are told apart by what they are, not by how many blanks part them.
 */
int procdriver_parse(struct span text, struct arena *a, struct machine *m, struct err *err)
{
	if (span_find(text, LABEL) == text.n)
		return tegra_is(text) ? tegra_parse(text, a, m, err) : modinfo_is(text) ? modinfo_parse(text, a, m, err) : 0;
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
		/* Jetsons up to JetPack 5 number their driver as the whole release */
		if (machine_set_driver(&seen, word, a, err) < 0 || (str_eq(seen.arch, "arm64") && machine_set_l4t(&seen, word, a, err) < 0))
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
