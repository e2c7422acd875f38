/* scan/assemble.h: from a merged tree to an inventory. Inside scan only. */
#ifndef SCAN_ASSEMBLE_H
#define SCAN_ASSEMBLE_H

#include "base/err.h"
#include "scan/view.h"

/* Fills the inventory of the view from its tree and what was read: the steps below, in this order. -1: memory. */
int assemble(struct view *v, struct err *err);

int assemble_system(struct view *v, struct err *err);     /* OS, libc, driver libraries, compat, toolkits, compilers */
int assemble_loader(struct view *v, struct err *err);     /* where the target's loader looks */
int assemble_libraries(struct view *v, struct err *err);  /* every ELF file that was read */
int assemble_python(struct view *v, struct err *err);     /* environments, interpreters, distributions */
int assemble_owners(struct view *v, struct err *err);     /* RECORD against the tree: owners, missing, changed, owned twice */
int assemble_evidence(struct view *v, struct err *err);   /* GPU code of packages and how it is known */
int assemble_roles(struct view *v, struct err *err);      /* which environment the target's own program reaches */

/* The target's own loader: of its architecture where there are several; FS_NONE. glibc_folder: where its C library lies. */
uint32_t glibc_loader(const struct view *v);
uint32_t musl_loader(const struct view *v);
uint32_t glibc_folder(const struct view *v, uint32_t loader);

#endif
