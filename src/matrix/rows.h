/*
 * matrix/rows.h: the tables, described once: from this follow the structs, the
 * embedded C (tools/embed), the loader of --matrices and the listing of
 * `envcheck matrix`. A new table is one line in TABLES and one TABLE_ macro;
 * a new CUDA release is rows in matrices/ and no C.
 */
#ifndef MATRIX_ROWS_H
#define MATRIX_ROWS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/sm.h"
#include "base/version.h"

struct sm_list { const struct sm *v; size_t n; };

/* Kinds of fields: C type, and how JSON spells it. */
#define KIND_STR  const char *    /* text; "" for none */
#define KIND_INT  int
#define KIND_BOOL bool
#define KIND_VER2 struct ver2     /* "12.4", "12"; "" for none */
#define KIND_SMS  struct sm_list  /* "sm_80 sm_90a compute_90" */

#define TABLES(T) \
	T(about) T(architectures) T(bases) T(companions) T(components) T(debian_packages) T(driver_branches) T(driver_numbers) T(errors) \
	T(forward_compat) T(generators) T(gpus) T(injected) T(known_bad) T(library_gpus) T(messages) T(minor_version) T(ngc) T(package_code) T(package_cuda) \
	T(package_floors) T(preloads) T(ptx) T(roles) T(toolkits) T(torch)

#define TABLE_about(F) F(STR, value)
#define TABLE_architectures(F) F(VER2, cc) F(STR, arch) F(INT, first_branch) F(INT, last_branch) F(VER2, first_cuda) F(VER2, last_cuda) \
	F(BOOL, tegra) F(STR, modules)
#define TABLE_bases(F) F(STR, os) F(STR, image) F(STR, glibc) F(STR, glibcxx)
#define TABLE_companions(F) F(STR, torch) F(STR, torchvision) F(STR, torchaudio) F(STR, triton) F(STR, xformers)
#define TABLE_components(F) F(STR, name) F(STR, component) F(STR, dist)
#define TABLE_debian_packages(F) F(STR, soname) F(STR, package)
#define TABLE_driver_branches(F) F(INT, branch) F(VER2, cuda) F(STR, first) F(STR, last) F(STR, type) F(STR, eol)
#define TABLE_driver_numbers(F) F(STR, system) F(INT, from) F(INT, to) F(STR, since) F(VER2, cuda)
#define TABLE_errors(F) F(INT, code) F(STR, name) F(STR, driver_name) F(STR, text)
#define TABLE_forward_compat(F) F(VER2, cuda) F(INT, branch) F(STR, cell)
#define TABLE_generators(F) F(STR, package) F(STR, versions) F(STR, what)
#define TABLE_gpus(F) F(VER2, cc) F(STR, class) F(STR, forward_compat)
#define TABLE_injected(F) F(STR, name) F(STR, capability)
#define TABLE_known_bad(F) F(STR, package) F(STR, versions) F(STR, other) F(STR, other_versions) F(VER2, cc_min) F(VER2, cc_max) \
	F(VER2, cuda_min) F(VER2, cuda_max) F(STR, level) F(STR, effect) F(STR, fix)
#define TABLE_library_gpus(F) F(STR, component) F(STR, versions) F(VER2, cuda) F(VER2, cc_min) F(VER2, cc_max)
#define TABLE_messages(F) F(STR, program) F(STR, text)
#define TABLE_minor_version(F) F(VER2, from) F(VER2, to) F(STR, driver) F(STR, windows_driver) F(BOOL, minor_compatible)
#define TABLE_ngc(F) F(STR, release) F(VER2, cuda)
#define TABLE_package_code(F) F(STR, package) F(STR, versions) F(VER2, cuda_min) F(VER2, cuda_max) F(SMS, sm) F(SMS, ptx) F(BOOL, uncertain)
#define TABLE_package_cuda(F) F(STR, package) F(STR, versions) F(STR, vendor) F(VER2, cuda)
#define TABLE_package_floors(F) F(STR, package) F(STR, versions) F(VER2, cc) F(STR, text)
#define TABLE_preloads(F) F(STR, package) F(STR, versions) F(STR, kind) F(STR, user) F(STR, library) F(STR, on_failure)
#define TABLE_ptx(F) F(VER2, isa) F(VER2, cuda)
#define TABLE_roles(F) F(STR, package) F(STR, versions) F(STR, glob) F(STR, role) F(STR, selector) F(STR, feature) F(STR, on_failure)
#define TABLE_toolkits(F) F(VER2, cuda) F(STR, driver) F(STR, windows_driver) F(VER2, ptx) F(SMS, sm)
#define TABLE_torch(F) F(STR, torch) F(STR, tag) F(STR, platform) F(VER2, cuda) F(STR, cudnn) F(STR, nccl) F(SMS, sm) F(SMS, ptx) \
	F(BOOL, is_default) F(STR, python_min) F(STR, python_max) F(BOOL, uncertain) F(STR, pins)

/* struct row_NAME: id and source (a URL or document), then the table's own fields. */
#define FIELD(kind, name) KIND_##kind name;
#define ROW(table) struct row_##table { const char *id, *source; TABLE_##table(FIELD) };
TABLES(ROW)
#undef ROW
#undef FIELD

#define SLOT(table) struct { const struct row_##table *v; size_t n; } table;
struct matrix { TABLES(SLOT) };
#undef SLOT

#endif
