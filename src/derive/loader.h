/*
 * derive/loader.h: the dynamic loaders of glibc and musl, imitated over a
 * merged tree. Inside derive only.
 */
#ifndef DERIVE_LOADER_H
#define DERIVE_LOADER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/mem.h"
#include "inventory/fs.h"

struct inventory;
struct library;
struct matrix;

/* One file in a process, in the order of loading. */
struct object {
	struct library *lib;  /* NULL: a file that was not read as ELF, or that the host injects */
	uint32_t node;        /* FS_NONE: injected */
	uint32_t dir;         /* the folder it was found in: its $ORIGIN; FS_NONE */
	int asked_by;         /* index in the process; -1: nobody */
	const char *as;       /* the name it was asked for; NULL: by its path */
	bool global;          /* in the scope of every other */
	bool program;         /* what the process was started with */
};

/* A further name of an object: glibc keeps each name that led to it. */
struct alias { const char *name; int object; };

struct process {
	LIST(struct object) objects; /* [0] is the program, where there is one */
	LIST(struct alias) aliases;
};

/* Where a name led. */
struct choice {
	uint32_t node, dir;  /* FS_NONE: nowhere */
	int loaded;          /* an object that is there already; -1 */
	const char *because; /* as in struct resolved; a constant */
};

/* A library's place in the tree. */
struct placed { uint32_t node; struct library *lib; };

struct loader_run {
	struct inventory *inv;
	const struct matrix *m;
	struct arena *a;                   /* scratch: processes */
	bool musl;
	bool legacy_hwcaps, hwcaps;        /* which folders of that kind this glibc looks into */
	LIST(struct placed) placed;        /* sorted by node */
	LIST(const struct cached_library *) cache; /* sorted by soname, then in the order of the file */
	const char *library_path;          /* LD_LIBRARY_PATH; NULL */
	uint64_t steps;                    /* names looked for, against LIMIT_LOADS */
	uint64_t lookups;                  /* libraries asked for a name, against LIMIT_LOOKUPS */
	char text[LIMIT_PATH];             /* the path that a search puts together now */
	uint64_t noted;                    /* bytes of folders that were noted for misses */
};

/* Prepares the look-ups over an inventory; -1 when memory runs out. */
int loader_open(struct loader_run *r, struct inventory *inv, const struct matrix *m, struct arena *a);

/* The library at a node; NULL if none was read there. */
struct library *loader_library(const struct loader_run *r, uint32_t node);

typedef LIST(const char *) tried_list;

/*
 * Which file the loader takes for a name that `user` (an index in the process)
 * needs or opens. With `tried`, the folders that were looked into are added,
 * in order. -1 when memory runs out; a miss is 0 with node FS_NONE.
 */
int loader_search(struct loader_run *r, const struct process *p, int user, const char *name, struct choice *out, tried_list *tried);

/*
 * The names that `lib` leaves undefined in a process whose scope for it is
 * the global objects and then `scope` (indexes). Fills lib->undefined; -1
 * when memory runs out. `whole`: nothing that the process loads is unknown.
 */
int loader_symbols(struct loader_run *r, const struct process *p, const int *scope, size_t scope_n, bool whole, struct library *lib);

#endif
