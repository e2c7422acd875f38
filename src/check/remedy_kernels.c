/* What would help where a package has no code for a GPU: a release that has, or a build that makes it. */
#include <string.h>

#include "base/str.h"
#include "check/remedy.h"

/* Native code of the same major and no newer minor; "a" targets are for their own capability alone. */
static bool has_code(const struct sm_list *list, struct ver2 cc)
{
	for (size_t i = 0; i < list->n; i++) {
		int major = list->v[i].number / 10, minor = list->v[i].number % 10;
		if (major == cc.major && (list->v[i].suffix ? minor == cc.minor : minor <= cc.minor))
			return true;
	}
	return false;
}

/* A published release with code for the GPU, the newest that the tables know. */
static const struct row_package_code *release_for(const struct facts *f, const struct package *p, struct ver2 cc)
{
	const struct row_package_code *found = NULL;
	for (size_t i = 0; i < f->m->package_code.n; i++) {
		const struct row_package_code *r = &f->m->package_code.v[i];
		bool here = p->version && (!r->versions[0] || pep440_match(p->version, r->versions));
		if (str_eq(r->package, p->name) && !here && r->versions[0] && !r->uncertain && has_code(&r->sm, cc))
			found = r;
	}
	return found;
}

/* Is it compiled against torch, so that torch's own build tools make it? */
static bool extension(const struct package *p)
{
	bool yes = p->abi_torch != NULL;
	for (size_t i = 0; i < p->requires.n; i++)
		yes = yes || (str_starts(p->requires.v[i], "torch") && (!p->requires.v[i][5] || strchr(" ([<>=!~;", p->requires.v[i][5])));
	return yes;
}

bool torch_family(const struct package *p)
{
	return str_eq(p->name, "torch") || str_eq(p->name, "torchvision") || str_eq(p->name, "torchaudio");
}

void remedy_kernels(const struct facts *f, struct out *out, struct finding *x, const struct package *p, const struct gpu_facts *gpu)
{
	const struct row_package_floors *floor = matrix_package_floor(f->m, p->name, p->version);
	struct ver2 cc = gpu->cc;
	const struct package *torch = torch_family(p) ? inventory_package(f->inv, "torch", p->environment) : NULL;
	if (torch)
		remedy_torch(f, out, x, torch);
	if (torch || f->options->no_remedies || !ver2_full(cc))
		return;
	const struct row_package_code *r = release_for(f, p, cc);
	if (r) {
		add_remedy(out, x, "pip install '%s%s'", p->name, r->versions);
		set_source(out, x, "package_code", r->id, r->source);
	} else if (floor && ver2_cmp(cc, floor->cc) < 0) {
		return; /* no build helps */
	} else if (extension(p)) {
		add_remedy(out, x, "TORCH_CUDA_ARCH_LIST=%d.%d pip install --force-reinstall --no-deps --no-build-isolation --no-binary %s %s", cc.major,
			   cc.minor, shell_word(out, p->name), pip_name(out, p->name, p->version));
	} else {
		add_remedy(out, x, "nvcc -gencode arch=compute_%d%d,code=sm_%d%d ..., where %s is built", cc.major, cc.minor, cc.major, cc.minor, p->name);
	}
}
