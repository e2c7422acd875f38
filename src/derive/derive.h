/* derive/derive.h: what follows from an inventory. Pure: no I/O, no parsing of foreign bytes. */
#ifndef DERIVE_DERIVE_H
#define DERIVE_DERIVE_H

#include <stdbool.h>

#include "base/err.h"

struct inventory;
struct library;
struct matrix;
struct package;

/* What the user said beside the target. All may be NULL or empty. */
struct derive_options {
	const char *python;         /* --python PATH: the primary environment's interpreter or prefix */
};

/*
 * Completes an inventory in place: environments and their roles, owners,
 * library roles and the loader's choices, what the matrices know of packages
 * that carry no evidence of their own, and what the target requires.
 * A saved inventory keeps what it holds and gets only `requires` anew.
 */
int derive_target(struct inventory *inv, const struct matrix *m, const struct derive_options *o, struct err *err);

/*
 * What if: a copy of an inventory whose ENV, packages, libraries, driver
 * libraries, compat packages and compilers may be changed; all else is
 * borrowed. The caller clears its arena.
 */
int inventory_borrow(const struct inventory *from, struct inventory *copy, struct err *err);
/* The loader's choices of such a copy of a target that was just read (it has a tree), under the ENV that the copy has now. */
int loader_again(struct inventory *copy, const struct matrix *m, struct err *err);

/* The path of a library below its owner's site folder: what the tables' globs are written against. */
const char *library_path_in_site(const struct library *l, const struct package *owner);

/* Is it a module that `import` opens, by its name (importlib's EXTENSION_SUFFIXES)? */
bool library_is_module(const struct library *l);

/* The steps of derive_target, in its order; each in a file of its own. */
int environments_find(struct inventory *inv, const struct matrix *m, const struct derive_options *o, struct err *err);
int complete_from_matrix(struct inventory *inv, const struct matrix *m, struct err *err);
int roles_assign(struct inventory *inv, const struct matrix *m, struct err *err);
int loader_resolve(struct inventory *inv, const struct matrix *m, struct err *err);
int requires_build(struct inventory *inv, const struct matrix *m, struct err *err);

#endif
