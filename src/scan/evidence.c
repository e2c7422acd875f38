#include <string.h>

#include "base/str.h"
#include "inventory/inventory.h"
#include "parse/pyver.h"
#include "parse/wheelmeta.h"
#include "scan/assemble.h"

/* One package's evidence on its way; strongest first is the order of the calls. */
struct evidence_job {
	struct view *v;
	struct package *p;
	uint32_t site; /* its site folder */
};

static int add(struct evidence_job *j, const char *value, enum evidence_from from, const char *path, int layer, const char *detail)
{
	struct gpu_code *g = &j->p->gpu;
	for (size_t i = 0; i < g->evidence.n; i++)
		if (g->evidence.v[i].from == from && str_eq(g->evidence.v[i].value, value) && str_eq(g->evidence.v[i].detail, detail))
			return 0;
	struct evidence *e = list_push(&j->v->inv->arena, &g->evidence);
	if (!e)
		return -1;
	*e = (struct evidence){ value, from, path, layer, detail };
	j->p->gpu_known = true;
	struct ver2 cuda = ver2_parse(value);
	if (!ver2_known(g->cuda) || (!ver2_full(g->cuda) && ver2_full(cuda) && g->cuda.major == cuda.major))
		g->cuda = cuda;
	return 0;
}

static void set_vendor(struct package *p, enum vendor vendor)
{
	p->gpu_known = true;
	if (p->gpu.vendor == VENDOR_UNKNOWN || p->gpu.vendor == VENDOR_NONE)
		p->gpu.vendor = vendor;
}

/* "12.4" of "cu124": the last digit is the minor (wheel names since cu75). NULL if it is no such tag. */
static const char *cuda_of_tag(struct arena *a, const char *tag)
{
	size_t n = strspn(tag + 2, "0123456789");
	if (strncmp(tag, "cu", 2) || n < 2 || n > 3)
		return NULL;
	return arena_printf(a, "%.*s.%c", (int)n - 1, tag + 2, tag[1 + n]);
}

static int from_local_version(struct evidence_job *j)
{
	const char *local = pep440_local(j->p->version ? j->p->version : "");
	if (!local)
		return 0;
	if (str_eq(local, "cpu")) {
		set_vendor(j->p, VENDOR_CPU);
		return 0;
	}
	if (str_starts(local, "rocm") || str_starts(local, "xpu")) {
		set_vendor(j->p, local[0] == 'r' ? VENDOR_ROCM : VENDOR_XPU);
		return 0;
	}
	for (const char *s = local; s; s = strchr(s, '.') ? strchr(s, '.') + 1 : NULL) {
		const char *cuda = cuda_of_tag(&j->v->inv->arena, s);
		if (!cuda)
			continue;
		set_vendor(j->p, VENDOR_CUDA);
		return add(j, cuda, FROM_LOCAL_VERSION, NULL, -1, arena_printf(&j->v->inv->arena, "+%s", local));
	}
	return 0;
}

/* The text of a file below the package's site folder, and where it was. */
static struct span file_in_site(struct evidence_job *j, const char *path, const char **at, int *layer)
{
	uint32_t n = fs_find(j->v->fs, j->site, SPAN_STR(path), true);
	const struct item *item = n == FS_NONE ? NULL : view_item(j->v, n);
	if (!item || item->kind != ITEM_TEXT)
		return (struct span){ 0 };
	*at = view_path(j->v, n);
	*layer = fs_node(j->v->fs, n)->layer;
	return item->text;
}

/* The module's folder: the distribution's name with '_' for '-', but for the few that differ. */
static const char *module_name(struct arena *a, const char *name)
{
	static const struct { const char *dist, *module; } odd[] = {
		{ "tensorflow-cpu", "tensorflow" }, { "onnxruntime-gpu", "onnxruntime" }, { "pytorch-triton", "triton" },
	};
	for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++)
		if (str_eq(name, odd[i].dist))
			return odd[i].module;
	char *s = arena_str(a, name);
	for (char *c = s; c && *c; c++)
		if (*c == '-')
			*c = '_';
	return s;
}

static int from_version_py(struct evidence_job *j)
{
	static const char *const files[] = { "version.py", "python/platform/build_info.py", "capi/build_and_package_info.py" };
	struct arena *a = &j->v->inv->arena;
	const char *module = module_name(a, j->p->name);
	if (!module)
		return -1;
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		const char *path = arena_printf(a, "%s/%s", module, files[i]), *at = NULL;
		int layer = -1;
		struct span text = path ? file_in_site(j, path, &at, &layer) : (struct span){ 0 };
		struct pyver v = { 0 };
		if (!text.p)
			continue;
		if (pyver_parse(text, a, &v) < 0)
			return -1;
		bool torch = str_eq(j->p->name, "torch");
		if (v.cuda && ver2_known(ver2_parse(v.cuda))) {
			set_vendor(j->p, VENDOR_CUDA);
			if (add(j, v.cuda, FROM_VERSION_PY, at, layer, NULL) < 0)
				return -1;
		} else if (torch && (v.hip || v.rocm)) {
			set_vendor(j->p, VENDOR_ROCM);
		} else if (torch && v.xpu) {
			set_vendor(j->p, VENDOR_XPU);
		} else if (torch && v.cuda_none) {
			set_vendor(j->p, VENDOR_CPU);
		}
		/* only files that a build generated say a version as it is; others compute it */
		bool generated = v.git || v.cuda || v.cuda_none || v.hip || v.xpu;
		if (generated && v.version && v.version[0] >= '0' && v.version[0] <= '9' && j->p->version && strcmp(v.version, j->p->version))
			j->p->module_version = v.version;
	}
	return 0;
}

/* Sonames that tell the CUDA major: not cufft, curand, cusolver, whose numbers run on their own. */
static const char *cuda_of_soname(struct arena *a, const char *soname)
{
	static const char *const heads[] = { "libcudart", "libcublas", "libcublasLt", "libnvrtc", "libnvJitLink" };
	const char *so = strstr(soname, ".so.");
	if (!so || !ver2_known(ver2_parse(so + 4)))
		return NULL;
	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++) {
		size_t n = strlen(heads[i]);
		/* torch's own build renames to libcudart-9335f6a2.so.12 */
		if (strncmp(soname, heads[i], n) || (soname + n != so && soname[n] != '-'))
			continue;
		struct ver2 v = ver2_parse(so + 4);
		/* 10.x sonames carry the minor; libcudart.so.11.0 and libnvrtc.so.11.2 stand for all of 11.x */
		return v.major == 10 && ver2_full(v) ? arena_str(a, ver2_print(v).s) : arena_printf(a, "%d", v.major);
	}
	return NULL;
}

static int sm_add(struct evidence_job *j, struct sm sm)
{
	struct gpu_code *g = &j->p->gpu;
	for (size_t i = 0; i < g->cubin.n; i++)
		if (!sm_cmp(g->cubin.v[i], sm))
			return 0;
	return list_add(&j->v->inv->arena, &g->cubin, sm) ? 0 : -1;
}

static int ptx_add(struct evidence_job *j, const struct fat_target *t)
{
	struct gpu_code *g = &j->p->gpu;
	for (size_t i = 0; i < g->ptx.n; i++)
		if (!sm_cmp(g->ptx.v[i].arch, t->arch) && !ver2_cmp(g->ptx.v[i].isa, t->isa))
			return 0;
	struct ptx_target p = { t->arch, t->isa };
	return list_add(&j->v->inv->arena, &g->ptx, p) ? 0 : -1;
}

static int cmp_sm(const void *a, const void *b)
{
	return sm_cmp(*(const struct sm *)a, *(const struct sm *)b);
}

static int cmp_ptx(const void *a, const void *b)
{
	const struct ptx_target *x = a, *y = b;
	int c = sm_cmp(x->arch, y->arch);
	return c ? c : ver2_cmp(x->isa, y->isa);
}

static int from_library(struct evidence_job *j, const struct library *l)
{
	struct arena *a = &j->v->inv->arena;
	for (size_t i = 0; i < l->needed.n; i++) {
		const char *need = l->needed.v[i], *cuda = cuda_of_soname(a, need);
		if (cuda) {
			set_vendor(j->p, VENDOR_CUDA);
			if (add(j, cuda, FROM_NEEDED, l->path, l->layer, need) < 0)
				return -1;
		}
		if (str_starts(need, "libamdhip64") || str_starts(need, "libhipblas"))
			set_vendor(j->p, VENDOR_ROCM);
		if (str_starts(need, "libcuda.so"))
			set_vendor(j->p, VENDOR_CUDA);
	}
	if (!l->fat || !l->fat->entries)
		return 0;
	set_vendor(j->p, VENDOR_CUDA);
	if (l->cudart && add(j, l->cudart, FROM_STRING, l->path, l->layer, "the CUDA runtime linked into it") < 0)
		return -1;
	for (size_t i = 0; i < l->fat->cubin.n; i++)
		if (sm_add(j, l->fat->cubin.v[i].arch) < 0)
			return -1;
	for (size_t i = 0; i < l->fat->ptx.n; i++)
		if (ptx_add(j, &l->fat->ptx.v[i]) < 0)
			return -1;
	return 0;
}

static int from_libraries(struct evidence_job *j)
{
	const struct inventory *inv = j->v->inv;
	for (size_t i = 0; i < inv->libraries.n; i++) {
		const struct library *l = &inv->libraries.v[i];
		if (str_eq(l->owner, j->p->name) && str_eq(l->environment, j->p->environment) && from_library(j, l) < 0)
			return -1;
	}
	j->p->gpu.code_known = j->v->inv->complete;
	list_sort(&j->p->gpu.cubin, cmp_sm);
	list_sort(&j->p->gpu.ptx, cmp_ptx);
	return 0;
}

/*
 * Pins of the toolkit's own libraries: nvidia-cuda-runtime-cu12==12.4.127 and
 * cuda-toolkit[...]==13.0.2 carry the toolkit's version in their first two
 * numbers. Other nvidia-* libraries have numbers of their own.
 */
static int from_pins(struct evidence_job *j)
{
	struct arena *a = &j->v->inv->arena;
	for (size_t i = 0; i < j->p->requires.n; i++) {
		struct requirement r;
		if (!requirement_parse(SPAN_STR(j->p->requires.v[i]), NULL, NULL, a, &r) || !r.applies || !str_starts(r.spec, "=="))
			continue;
		if (str_starts(r.name, "nvidia-cuda-runtime") || str_starts(r.name, "nvidia-cuda-nvrtc") || str_eq(r.name, "cuda-toolkit")) {
			struct ver2 cuda = ver2_parse(r.spec + 2);
			if (!ver2_full(cuda))
				continue;
			set_vendor(j->p, VENDOR_CUDA);
			if (add(j, arena_str(a, ver2_print(cuda).s), FROM_PIN, j->p->path, j->p->layer,
				arena_printf(a, "%s%s", r.name, r.spec)) < 0)
				return -1;
		}
	}
	return 0;
}

/* The toolkit's own wheels say their CUDA by their version, and by the -cuNN of their name. */
static int from_name(struct evidence_job *j)
{
	struct arena *a = &j->v->inv->arena;
	const char *name = j->p->name, *cu = strstr(name, "-cu");
	if (str_starts(name, "nvidia-cuda-") && j->p->version && ver2_full(ver2_parse(j->p->version)) && ver2_parse(j->p->version).major >= 10) {
		set_vendor(j->p, VENDOR_CUDA);
		return add(j, arena_str(a, ver2_print(ver2_parse(j->p->version)).s), FROM_METADATA, j->p->path, j->p->layer, name);
	}
	if (str_starts(name, "nvidia-") && cu && ver2_known(ver2_parse(cu + 3))) {
		set_vendor(j->p, VENDOR_CUDA);
		return add(j, arena_str(a, cu + 3), FROM_METADATA, j->p->path, j->p->layer, name);
	}
	return 0;
}

int assemble_evidence(struct view *v, struct err *err)
{
	struct inventory *inv = v->inv;
	for (size_t i = 0; i < inv->packages.n; i++) {
		struct package *p = &inv->packages.v[i];
		struct evidence_job j = { .v = v, .p = p };
		j.site = p->site ? fs_find(v->fs, 0, SPAN_STR(str_eq(p->site, ".") ? "" : p->site), true) : FS_NONE;
		if (j.site == FS_NONE)
			continue;
		if (from_version_py(&j) < 0 || from_local_version(&j) < 0 || from_libraries(&j) < 0 || from_pins(&j) < 0 || from_name(&j) < 0)
			return err_nomem(err);
		if (!p->gpu_known) {
			p->gpu_known = true;
			p->gpu.vendor = VENDOR_NONE;
		}
		if (p->gpu.vendor == VENDOR_NONE || p->gpu.vendor == VENDOR_UNKNOWN)
			p->gpu.vendor = VENDOR_NONE;
	}
	return 0;
}
