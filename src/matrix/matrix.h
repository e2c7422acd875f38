/*
 * matrix/matrix.h: typed look-ups over the tables of published facts. Pure.
 * derive, check, report and cmd include it. Rows are borrowed from the matrix.
 */
#ifndef MATRIX_MATRIX_H
#define MATRIX_MATRIX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/mem.h"
#include "matrix/rows.h"

const struct matrix *matrix_builtin(void);

/*
 * Tables from a folder: each file of it replaces the built-in table of its
 * name. All memory is in the arena. NULL on error.
 */
const struct matrix *matrix_load(int dirfd, const char *dir, struct arena *a, struct err *err);

const char *matrix_date(const struct matrix *m); /* "2026-11-21" */

/* ---- drivers ---- */

enum driver_system { DRIVER_LINUX, DRIVER_WINDOWS, DRIVER_JETSON };

/* The floor of a CUDA: an unknown minor is taken as the major's general floor. NULL where the table ends. */
const struct row_minor_version *matrix_floor(const struct matrix *m, struct ver2 cuda);

/* The branch of a Linux driver version or branch number ("535.104.05", "535"); NULL if no such branch is known. */
const struct row_driver_branches *matrix_branch(const struct matrix *m, const char *driver);

/* The newest CUDA that a driver implements; VER2_NONE if not known. `source` gets where it stands (may be NULL). */
struct ver2 matrix_driver_cuda(const struct matrix *m, const char *driver, enum driver_system system, const char **source);

/* The first known release of the first Linux branch that implements a CUDA; NULL if none does. */
const struct row_driver_branches *matrix_branch_for_cuda(const struct matrix *m, struct ver2 cuda);

/* The newest branch of the table. */
const struct row_driver_branches *matrix_newest_branch(const struct matrix *m);

/* ---- GPUs ---- */

const struct row_architectures *matrix_arch(const struct matrix *m, struct ver2 cc);

enum gpu_vendor { GPU_NVIDIA, GPU_AMD, GPU_INTEL, GPU_UNKNOWN };

/* What a name as people write it stands for: "H100", "NVIDIA A100-SXM4-80GB", "a100", "sm_90", "9.0". */
struct gpu_match {
	enum gpu_vendor vendor;
	struct ver2 cc;              /* VER2_NONE: not known */
	const struct row_gpus *row;  /* NULL where a capability was given, or several rows of one capability match */
	const char *suggest[3];      /* of an unknown name, or what an ambiguous one may stand for; NULL-terminated unless full */
	bool ambiguous;              /* several products of that name differ in their capability */
};
struct gpu_match matrix_gpu(const struct matrix *m, const char *name);

/* ---- GPU code ---- */

/* Does binary code of a target run on a GPU of that capability? (CUDA programming guide, "Binary Compatibility"; families: compute_XYf) */
bool matrix_cubin_runs(const struct matrix *m, struct sm code, struct ver2 cc);
/* Can PTX of a target be compiled for that capability, if the driver knows its version? */
bool matrix_ptx_fits(const struct matrix *m, struct sm code, struct ver2 cc);
/* The CUDA release whose drivers first take that PTX; VER2_NONE if not known. */
struct ver2 matrix_ptx_cuda(const struct matrix *m, struct ver2 isa);
/* The newest PTX that a CUDA writes or takes. */
struct ver2 matrix_cuda_ptx(const struct matrix *m, struct ver2 cuda);

/* ---- packages ---- */

/* One torch wheel: version without local part, tag ("cu124", NULL: the default of the platform), platform "linux_x86_64". */
const struct row_torch *matrix_torch(const struct matrix *m, const char *version, const char *tag, const char *platform);
const struct row_companions *matrix_companion(const struct matrix *m, const char *torch);
const struct row_package_cuda *matrix_package_cuda(const struct matrix *m, const char *package, const char *version);
/* GPU code in the published wheels of a package, of a build with that CUDA (VER2_NONE: not known); NULL if not known. */
const struct row_package_code *matrix_package_code(const struct matrix *m, const char *package, const char *version, struct ver2 cuda);
/* A release of NVIDIA's PyTorch images ("24.03", "24.3"). */
const struct row_ngc *matrix_ngc(const struct matrix *m, const char *release);
const struct row_package_floors *matrix_package_floor(const struct matrix *m, const char *package, const char *version);
const struct row_generators *matrix_generator(const struct matrix *m, const char *package, const char *version);
const struct row_roles *matrix_role(const struct matrix *m, const char *package, const char *version, const char *path_in_site);
/*
 * What a package loads by itself: the first row from number *i on, of that kind
 * ("import", "rescue"); *i is then past it. NULL at the end.
 */
const struct row_preloads *matrix_preload(const struct matrix *m, const char *package, const char *version, const char *kind, size_t *i);
/* What a library opens by name while it runs, likewise ("opens"); `package` owns it, or is NULL. */
const struct row_preloads *matrix_opens(const struct matrix *m, const char *package, const char *version, const char *file_name, size_t *i);
const struct row_components *matrix_component(const struct matrix *m, const char *file_name);
/* The GPUs that a release of a library ("cudnn", "nccl") has code for, built with that CUDA (minor and all may be unknown). */
const struct row_library_gpus *matrix_library_gpus(const struct matrix *m, const char *component, const char *version, struct ver2 cuda);
const struct row_forward_compat *matrix_forward_compat(const struct matrix *m, struct ver2 cuda, int branch);
const struct row_errors *matrix_error(const struct matrix *m, int code);
/* A text that programs print ("torch-no-driver"); {} in it stands for what depends on the case. */
const struct row_messages *matrix_message(const struct matrix *m, const char *id);
/* The capability that brings a library from the host ("compute"); NULL if none does. */
const struct row_injected *matrix_injected(const struct matrix *m, const char *soname);

/* ---- listing ---- */

struct matrix_table { const char *name; size_t rows; };
size_t matrix_tables(const struct matrix *m, struct matrix_table *table, size_t max);

/* The fields of a row as text, "key=value" pairs joined by two blanks; id and source apart. false if there is no such row. */
bool matrix_row(const struct matrix *m, const char *table, size_t i, struct arena *a, const char **id, const char **text, const char **source);

#endif
