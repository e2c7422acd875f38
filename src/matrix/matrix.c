#include "matrix/matrix.h"

#include <ctype.h>
#include <string.h>

#include "base/str.h"
#include "matrix/builtin.h"

const struct matrix *matrix_builtin(void)
{
	return &matrix_embedded;
}

const char *matrix_date(const struct matrix *m)
{
	for (size_t i = 0; i < m->about.n; i++)
		if (str_eq(m->about.v[i].id, "date"))
			return m->about.v[i].value;
	return "";
}

/* ---- drivers ---- */

const struct row_minor_version *matrix_floor(const struct matrix *m, struct ver2 cuda)
{
	const struct row_minor_version *best = NULL;
	for (size_t i = 0; i < m->minor_version.n; i++) {
		const struct row_minor_version *r = &m->minor_version.v[i];
		if (!ver2_full(cuda)) {
			/* the major alone: the lowest floor of it, so that nothing is claimed that may be false */
			if (r->from.major == cuda.major && (!best || version_cmp(r->driver, best->driver) < 0))
				best = r;
		} else if (ver2_cmp(cuda, r->from) >= 0 && ver2_cmp(cuda, r->to) <= 0) {
			return r;
		}
	}
	return best;
}

const struct row_driver_branches *matrix_branch(const struct matrix *m, const char *driver)
{
	unsigned long branch;
	if (!driver || !version_parts(driver, &branch, 1))
		return NULL;
	for (size_t i = 0; i < m->driver_branches.n; i++)
		if ((unsigned long)m->driver_branches.v[i].branch == branch)
			return &m->driver_branches.v[i];
	return NULL;
}

struct ver2 matrix_driver_cuda(const struct matrix *m, const char *driver, enum driver_system system, const char **source)
{
	unsigned long major;
	const char *none;
	if (!source)
		source = &none;
	*source = NULL;
	if (!driver || !version_parts(driver, &major, 1))
		return VER2_NONE;
	for (size_t i = 0; i < m->driver_numbers.n; i++) {
		const struct row_driver_numbers *r = &m->driver_numbers.v[i];
		bool windows = str_eq(r->system, "windows");
		if (windows != (system == DRIVER_WINDOWS) || (system == DRIVER_LINUX && windows))
			continue;
		if (major >= (unsigned long)r->from && major <= (unsigned long)r->to && (!r->since[0] || version_cmp(driver, r->since) >= 0)) {
			*source = r->source;
			return r->cuda;
		}
	}
	if (system == DRIVER_WINDOWS)
		return VER2_NONE;
	const struct row_driver_branches *b = matrix_branch(m, driver);
	if (!b)
		return VER2_NONE;
	*source = b->source;
	return b->cuda;
}

const struct row_driver_branches *matrix_branch_for_cuda(const struct matrix *m, struct ver2 cuda)
{
	const struct row_driver_branches *best = NULL;
	for (size_t i = 0; i < m->driver_branches.n; i++) {
		const struct row_driver_branches *r = &m->driver_branches.v[i];
		if (ver2_cmp(r->cuda, cuda) >= 0 && (!best || r->branch < best->branch))
			best = r;
	}
	return best;
}

const struct row_driver_branches *matrix_newest_branch(const struct matrix *m)
{
	const struct row_driver_branches *best = NULL;
	for (size_t i = 0; i < m->driver_branches.n; i++)
		if (!best || m->driver_branches.v[i].branch > best->branch)
			best = &m->driver_branches.v[i];
	return best;
}

/* ---- GPU code ---- */

const struct row_architectures *matrix_arch(const struct matrix *m, struct ver2 cc)
{
	for (size_t i = 0; i < m->architectures.n; i++)
		if (!ver2_cmp(m->architectures.v[i].cc, cc))
			return &m->architectures.v[i];
	return NULL;
}

/* sm_101 is the name that CUDA 12.8 and 12.9 gave to what 13.0 calls sm_110 (LLVM, NVPTX.td). */
static struct ver2 code_cc(struct sm code)
{
	return code.number == 101 ? (struct ver2){ 11, 0 } : sm_cc(code);
}

static bool tegra(const struct matrix *m, struct ver2 cc)
{
	const struct row_architectures *a = matrix_arch(m, cc);
	return a && a->tegra;
}

bool matrix_cubin_runs(const struct matrix *m, struct sm code, struct ver2 cc)
{
	struct ver2 of = code_cc(code);
	if (code.suffix == 'a')
		return !ver2_cmp(of, cc);
	if (of.major != cc.major || of.minor > cc.minor)
		return false;
	/* a family is a major version; Tegra code and desktop code never run on each other's devices */
	return !ver2_cmp(of, cc) || (!tegra(m, of) && !tegra(m, cc));
}

bool matrix_ptx_fits(const struct matrix *m, struct sm code, struct ver2 cc)
{
	(void)m;
	struct ver2 of = code_cc(code);
	if (code.suffix == 'a')
		return !ver2_cmp(of, cc);
	if (code.suffix == 'f')
		return of.major == cc.major && of.minor <= cc.minor;
	return ver2_cmp(of, cc) <= 0;
}

struct ver2 matrix_ptx_cuda(const struct matrix *m, struct ver2 isa)
{
	for (size_t i = 0; i < m->ptx.n; i++)
		if (!ver2_cmp(m->ptx.v[i].isa, isa))
			return m->ptx.v[i].cuda;
	return VER2_NONE;
}

struct ver2 matrix_cuda_ptx(const struct matrix *m, struct ver2 cuda)
{
	struct ver2 best = VER2_NONE;
	for (size_t i = 0; i < m->ptx.n; i++)
		if (ver2_cmp(m->ptx.v[i].cuda, cuda) <= 0 && ver2_cmp(m->ptx.v[i].isa, best) > 0)
			best = m->ptx.v[i].isa;
	return best;
}

/* ---- packages ---- */

/* Is that the package of a row, in a version of the row? The name may end in a star: nvidia-cufile*. */
static bool fits(const char *package, const char *versions, const char *name, const char *version)
{
	if (!glob_match(package, name))
		return false;
	return !versions[0] || (version && pep440_match(version, versions));
}

/* Is that the release of a row, whatever its local part and its trailing zeros: 2.4 and v2.4.0+cu121 are 2.4.0? */
static bool same_release(const char *version, const char *row)
{
	char own[32];
	size_t n = strcspn(version, "+");
	if (n >= sizeof(own))
		return false;
	memcpy(own, version, n);
	own[n] = '\0';
	size_t digits = strspn(own + (own[0] == 'v'), "0123456789.");
	return own[digits + (own[0] == 'v')] ? str_eq(own, row) : digits && pep440_cmp(own + (own[0] == 'v'), row) == 0;
}

const struct row_torch *matrix_torch(const struct matrix *m, const char *version, const char *tag, const char *platform)
{
	for (size_t i = 0; i < m->torch.n; i++) {
		const struct row_torch *r = &m->torch.v[i];
		if (same_release(version, r->torch) && str_eq(r->platform, platform) &&
		    (tag ? str_eq(r->tag, tag) : r->is_default))
			return r;
	}
	return NULL;
}

const struct row_companions *matrix_companion(const struct matrix *m, const char *torch)
{
	size_t n = strcspn(torch, "+");
	for (size_t i = 0; i < m->companions.n; i++)
		if (strlen(m->companions.v[i].torch) == n && !strncmp(m->companions.v[i].torch, torch, n))
			return &m->companions.v[i];
	return NULL;
}

/* The first row of a table whose package and versions fit. */
#define FIRST_FIT(table)                                                                                          \
	for (size_t i = 0; i < m->table.n; i++)                                                                   \
		if (fits(m->table.v[i].package, m->table.v[i].versions, package, version))                        \
			return &m->table.v[i];                                                                    \
	return NULL

const struct row_package_cuda *matrix_package_cuda(const struct matrix *m, const char *package, const char *version)
{
	FIRST_FIT(package_cuda);
}

const struct row_package_code *matrix_package_code(const struct matrix *m, const char *package, const char *version, struct ver2 cuda)
{
	for (size_t i = 0; i < m->package_code.n; i++) {
		const struct row_package_code *r = &m->package_code.v[i];
		bool any = !ver2_known(r->cuda_min) && !ver2_known(r->cuda_max);
		if (!fits(r->package, r->versions, package, version) || (!any && !ver2_known(cuda)))
			continue;
		if ((!ver2_known(r->cuda_min) || ver2_cmp(cuda, r->cuda_min) >= 0) && (!ver2_known(r->cuda_max) || ver2_cmp(cuda, r->cuda_max) <= 0))
			return r;
	}
	return NULL;
}

const struct row_ngc *matrix_ngc(const struct matrix *m, const char *release)
{
	struct ver2 want = ver2_parse(release), have;
	for (size_t i = 0; ver2_full(want) && i < m->ngc.n; i++) {
		have = ver2_parse(m->ngc.v[i].release);
		if (!ver2_cmp(have, want))
			return &m->ngc.v[i];
	}
	return NULL;
}

const struct row_package_floors *matrix_package_floor(const struct matrix *m, const char *package, const char *version)
{
	FIRST_FIT(package_floors);
}

const struct row_generators *matrix_generator(const struct matrix *m, const char *package, const char *version)
{
	FIRST_FIT(generators);
}

const struct row_roles *matrix_role(const struct matrix *m, const char *package, const char *version, const char *path_in_site)
{
	for (size_t i = 0; i < m->roles.n; i++) {
		const struct row_roles *r = &m->roles.v[i];
		if (fits(r->package, r->versions, package, version) && glob_match(r->glob, path_in_site))
			return r;
	}
	return NULL;
}

const struct row_preloads *matrix_preload(const struct matrix *m, const char *package, const char *version, const char *kind, size_t *i)
{
	while (*i < m->preloads.n) {
		const struct row_preloads *r = &m->preloads.v[(*i)++];
		if (str_eq(r->kind, kind) && fits(r->package, r->versions, package, version))
			return r;
	}
	return NULL;
}

const struct row_preloads *matrix_opens(const struct matrix *m, const char *package, const char *version, const char *file_name, size_t *i)
{
	while (*i < m->preloads.n) {
		const struct row_preloads *r = &m->preloads.v[(*i)++];
		bool whose = !r->package[0] || (package && fits(r->package, r->versions, package, version));
		if (str_eq(r->kind, "opens") && whose && glob_match(r->user, file_name))
			return r;
	}
	return NULL;
}

const struct row_components *matrix_component(const struct matrix *m, const char *file_name)
{
	for (size_t i = 0; i < m->components.n; i++) {
		size_t n = strlen(m->components.v[i].name);
		/* libcudart.so.12, and torch's own libcudart-9335f6a2.so.12 and auditwheel's libcudart.41118559.so.12 */
		if (!strncmp(file_name, m->components.v[i].name, n) && (file_name[n] == '.' || file_name[n] == '-' || file_name[n] == '_') &&
		    strstr(file_name, ".so"))
			return &m->components.v[i];
	}
	return NULL;
}

const struct row_library_gpus *matrix_library_gpus(const struct matrix *m, const char *component, const char *version, struct ver2 cuda)
{
	for (size_t i = 0; i < m->library_gpus.n; i++) {
		const struct row_library_gpus *r = &m->library_gpus.v[i];
		if (fits(r->component, r->versions, component, version) && (!ver2_known(r->cuda) || r->cuda.major == cuda.major))
			return r;
	}
	return NULL;
}

const struct row_forward_compat *matrix_forward_compat(const struct matrix *m, struct ver2 cuda, int branch)
{
	for (size_t i = 0; i < m->forward_compat.n; i++)
		if (!ver2_cmp(m->forward_compat.v[i].cuda, cuda) && m->forward_compat.v[i].branch == branch)
			return &m->forward_compat.v[i];
	return NULL;
}

const struct row_errors *matrix_error(const struct matrix *m, int code)
{
	for (size_t i = 0; i < m->errors.n; i++)
		if (m->errors.v[i].code == code)
			return &m->errors.v[i];
	return NULL;
}

const struct row_messages *matrix_message(const struct matrix *m, const char *id)
{
	for (size_t i = 0; i < m->messages.n; i++)
		if (str_eq(m->messages.v[i].id, id))
			return &m->messages.v[i];
	return NULL;
}

const struct row_injected *matrix_injected(const struct matrix *m, const char *soname)
{
	for (size_t i = 0; i < m->injected.n; i++) {
		size_t n = strlen(m->injected.v[i].name);
		if (!strncmp(soname, m->injected.v[i].name, n) && (!soname[n] || soname[n] == '.'))
			return &m->injected.v[i];
	}
	return NULL;
}
