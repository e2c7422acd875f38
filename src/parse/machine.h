/*
 * parse/machine.h: what a text says of one machine: its driver, its GPUs. The
 * parsers of such texts fill it; host turns it into a profile. Only what is
 * stated: nothing follows from anything here. NULL, VER2_NONE: not stated.
 */
#ifndef PARSE_MACHINE_H
#define PARSE_MACHINE_H

#include <stdbool.h>

#include "base/cur.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/version.h"

struct machine_gpu {
	const char *name;
	const char *brand; /* as nvidia-smi -q spells it */
	struct ver2 cc;
	unsigned count;
};

struct machine {
	const char *name;   /* of a node */
	const char *driver; /* "535.104.05"; of Windows and WSL2 the Windows number */
	struct ver2 cuda;   /* what the driver implements, as it says itself */
	const char *os;     /* "linux", "wsl2", "windows" */
	const char *arch;   /* "amd64", "arm64" */
	const char *module; /* "open", "proprietary" */
	LIST(struct machine_gpu) gpus;
	bool no_gpu;
	unsigned nodes;     /* equal ones; 0 counts as 1 */
};
#define MACHINE_INIT { .cuda = { 0, -1 } }

/* Does it state anything that a rule could use? */
static inline bool machine_says(const struct machine *m) { return m->driver || ver2_known(m->cuda) || m->gpus.n || m->no_gpu; }

/* One GPU more, or `count`; equal ones are counted. `brand` may be empty. -1: memory, or too many kinds. */
int machine_add_gpu(struct machine *m, struct span name, struct span brand, struct ver2 cc, unsigned count, struct arena *a, struct err *err);

/* Sets the driver if none is set and the text is a driver's version: digits and dots, "535.104.05". -1: memory. */
int machine_set_driver(struct machine *m, struct span version, struct arena *a, struct err *err);

/* The same for a release of Jetson Linux, which numbers its driver too: "35.3.1". */
int machine_set_l4t(struct machine *m, struct span release, struct arena *a, struct err *err);

/* Sets the CUDA version if none is set and the text begins with one. */
void machine_set_cuda(struct machine *m, struct span version);

/* Takes over from another text what this one leaves out. Lists are shared, not copied. */
void machine_fill(struct machine *m, const struct machine *more);

bool driver_like(struct span s);          /* "535.104.05", "581.57", not "9.0" */
struct ver2 span_ver2(struct span s);     /* "12.4" and what begins so; else VER2_NONE */
const char *machine_arch(struct span s);  /* "amd64" of x86_64, AMD64; "arm64" of aarch64; else NULL */
bool span_says_nothing(struct span s);    /* empty, "N/A", "[N/A]", "Could not collect" and their like */

#endif
