/* What the tables know of packages that carry no evidence of their own. What is stated or was read wins. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "derive/derive.h"
#include "inventory/inventory.h"
#include "matrix/matrix.h"

static int add_evidence(struct inventory *inv, struct package *p, const char *value, enum evidence_from from, const char *detail)
{
	struct evidence *e = list_push(&inv->arena, &p->gpu.evidence);
	if (!e)
		return -1;
	*e = (struct evidence){ value, from, NULL, -1, detail };
	p->gpu_known = true;
	if (!ver2_known(p->gpu.cuda))
		p->gpu.cuda = ver2_parse(value);
	return 0;
}

/* "12.4" of "cu124", "pt24cu124" and "cuda12.cudnn89" (there "12"); NULL if the local version names no CUDA. */
static const char *cuda_of_local(struct arena *a, const char *local)
{
	for (const char *s = strcasestr(local, "cu"); s; s = strcasestr(s + 2, "cu")) {
		/* at the head of a part, or behind the number of another */
		if (s > local && s[-1] != '.' && s[-1] != '-' && s[-1] != '_' && !(s[-1] >= '0' && s[-1] <= '9'))
			continue;
		const char *number = s + (strncasecmp(s, "cuda", 4) ? 2 : 4);
		size_t n = strspn(number, "0123456789");
		if (n == 2 && number[0] == '1')
			return arena_printf(a, "%.2s", number); /* flash-attn's cu12: the major alone */
		if (n >= 2 && n <= 3)
			return arena_printf(a, "%.*s.%c", (int)n - 1, number, number[n - 1]);
	}
	return NULL;
}

static int from_local(struct inventory *inv, struct package *p)
{
	const char *local = p->version ? pep440_local(p->version) : NULL;
	if (!local || ver2_known(p->gpu.cuda))
		return 0;
	/* written in small letters where it is made, and in others where it is told */
	enum vendor vendor = !strncasecmp(local, "cpu", 3) ? VENDOR_CPU : !strncasecmp(local, "rocm", 4) ? VENDOR_ROCM :
			     !strncasecmp(local, "xpu", 3) ? VENDOR_XPU : VENDOR_UNKNOWN;
	if (vendor != VENDOR_UNKNOWN) {
		if (p->gpu.vendor == VENDOR_UNKNOWN)
			p->gpu.vendor = vendor;
		p->gpu_known = true;
		return 0;
	}
	const char *cuda = cuda_of_local(&inv->arena, local);
	if (!cuda)
		return 0;
	if (p->gpu.vendor == VENDOR_UNKNOWN)
		p->gpu.vendor = VENDOR_CUDA;
	return add_evidence(inv, p, cuda, FROM_LOCAL_VERSION, arena_printf(&inv->arena, "+%s", local));
}

/* "+cu123torch2.4cxx11abiTRUE": what flash-attn's and its like's wheels say of the torch that they were built for. */
static void abi_from_local(struct inventory *inv, struct package *p)
{
	const char *local = p->version ? pep440_local(p->version) : NULL;
	const char *torch = local ? strstr(local, "torch") : NULL, *abi = local ? strstr(local, "cxx11abi") : NULL;
	if (torch && !p->abi_torch) {
		size_t n = strspn(torch + 5, "0123456789.");
		p->abi_torch = n ? arena_strn(&inv->arena, torch + 5, n) : NULL;
	}
	/* PyG's wheels: pt24cu124, pt113cu117 */
	if (local && !torch && !p->abi_torch && str_starts(local, "pt")) {
		size_t n = strspn(local + 2, "0123456789");
		if (n >= 2 && n <= 3)
			p->abi_torch = arena_printf(&inv->arena, "%c.%.*s", local[2], (int)n - 1, local + 3);
	}
	if (abi && p->abi_cxx11 == TRI_UNKNOWN)
		p->abi_cxx11 = str_starts(abi + 8, "TRUE") || str_starts(abi + 8, "true") ? TRI_YES : TRI_NO;
}

static int from_name(struct inventory *inv, const struct matrix *m, struct package *p)
{
	const struct row_package_cuda *r = matrix_package_cuda(m, p->name, p->version);
	if (!r || (p->gpu.vendor != VENDOR_UNKNOWN && (p->gpu.vendor != VENDOR_CUDA || ver2_known(p->gpu.cuda))))
		return 0;
	p->gpu_known = true;
	p->gpu.vendor = str_eq(r->vendor, "cpu") ? VENDOR_CPU : str_eq(r->vendor, "none") ? VENDOR_NONE : VENDOR_CUDA;
	if (!ver2_known(r->cuda) || ver2_known(p->gpu.cuda))
		return 0;
	return add_evidence(inv, p, arena_str(&inv->arena, ver2_print(r->cuda).s), FROM_MATRIX, r->id);
}

/* The wheel that a torch version stands for: by its tag, its stated CUDA, or as pip takes it without an index. */
static const struct row_torch *torch_wheel(const struct inventory *inv, const struct matrix *m, const struct package *p)
{
	const char *platform = inv->os_name && str_eq(inv->os_name, "windows") ? "windows_x86_64" :
			       inv->arch && str_eq(inv->arch, "arm64") ? "linux_aarch64" : "linux_x86_64";
	char tag[16];
	if (!p->version)
		return NULL;
	if (ver2_full(p->gpu.cuda)) {
		snprintf(tag, sizeof(tag), "cu%d%d", p->gpu.cuda.major, p->gpu.cuda.minor);
		return matrix_torch(m, p->version, tag, platform);
	}
	if (pep440_local(p->version) || p->gpu_known)
		return NULL;
	return matrix_torch(m, p->version, NULL, platform);
}

/* The targets of a row; a doubtful one says what is there, not what is missing. */
static int take_code(struct inventory *inv, struct package *p, const struct sm_list *sm, const struct sm_list *ptx, bool uncertain)
{
	p->gpu.code_known = !uncertain;
	for (size_t i = 0; i < sm->n; i++)
		if (!list_add(&inv->arena, &p->gpu.cubin, sm->v[i]))
			return -1;
	for (size_t i = 0; i < ptx->n; i++) {
		struct ptx_target t = { ptx->v[i], VER2_NONE };
		if (!list_add(&inv->arena, &p->gpu.ptx, t))
			return -1;
	}
	return 0;
}

/*
 * Up to 2.10 pip's own wheel for arm64 was a CPU build (METADATA: NVIDIA's wheels for x86_64 alone): a release without a
 * default for arm64 in the table, which a requirement names and nothing says more of.
 */
static bool cpu_on_arm(const struct inventory *inv, const struct matrix *m, const struct package *p)
{
	return str_eq(p->name, "torch") && str_eq(inv->arch, "arm64") && !inventory_live(inv) && p->version && !pep440_local(p->version) &&
	       p->gpu.vendor == VENDOR_UNKNOWN && !p->gpu_known && !ver2_known(p->gpu.cuda) && matrix_torch(m, p->version, NULL, "linux_x86_64");
}

static int from_torch_table(struct inventory *inv, const struct matrix *m, struct package *p)
{
	struct arena *a = &inv->arena;
	const struct row_torch *r = str_eq(p->name, "torch") && p->gpu.vendor != VENDOR_CPU ? torch_wheel(inv, m, p) : NULL;
	if (!r && cpu_on_arm(inv, m, p)) {
		p->gpu.vendor = VENDOR_CPU;
		p->gpu_known = true;
	}
	if (!r)
		return 0;
	if (p->gpu.vendor == VENDOR_UNKNOWN)
		p->gpu.vendor = VENDOR_CUDA;
	if (!ver2_known(p->gpu.cuda) && add_evidence(inv, p, arena_str(a, ver2_print(r->cuda).s), FROM_MATRIX, r->id) < 0)
		return -1;
	if (!p->gpu.code_known && !p->gpu.cubin.n && take_code(inv, p, &r->sm, &r->ptx, r->uncertain) < 0)
		return -1;
	struct span pins = SPAN_STR(r->pins);
	while (!p->requires_known && pins.n) {
		struct span one = span_cut(&pins, ' ');
		if (one.n && !list_add(a, &p->requires, arena_strn(a, one.p, one.n)))
			return -1;
	}
	p->requires_known = p->requires_known || p->requires.n;
	return 0;
}

/* torch of NVIDIA's images names their release: 2.3.0a0+40ec155e58.nv24.03. */
static int from_ngc(struct inventory *inv, const struct matrix *m, struct package *p)
{
	if (!str_eq(p->name, "torch") || ver2_known(p->gpu.cuda) || p->gpu.vendor == VENDOR_CPU)
		return 0;
	const char *local = p->version ? pep440_local(p->version) : NULL, *mark = local ? strstr(local, "nv2") : NULL;
	const struct row_ngc *r = mark ? matrix_ngc(m, mark + 2) : NULL;
	if (!r)
		return 0;
	if (p->gpu.vendor == VENDOR_UNKNOWN)
		p->gpu.vendor = VENDOR_CUDA;
	return add_evidence(inv, p, arena_str(&inv->arena, ver2_print(r->cuda).s), FROM_MATRIX, r->id);
}

/* What is published of the GPU code of other packages. */
static int from_code_table(struct inventory *inv, const struct matrix *m, struct package *p)
{
	if (p->gpu.code_known || p->gpu.cubin.n || p->gpu.ptx.n || (p->gpu.vendor != VENDOR_UNKNOWN && p->gpu.vendor != VENDOR_CUDA))
		return 0;
	const struct row_package_code *r = matrix_package_code(m, p->name, p->version, p->gpu.cuda);
	if (!r)
		return 0;
	p->gpu.vendor = VENDOR_CUDA;
	p->gpu_known = true;
	return take_code(inv, p, &r->sm, &r->ptx, r->uncertain);
}

/* The same for the libraries of a declaration, whose facts are copied before they are completed. */
static int declared_ptx(struct inventory *inv, const struct matrix *m)
{
	for (size_t i = 0; inv->kind == TARGET_DECLARATION && i < inv->libraries.n; i++) {
		struct library *l = &inv->libraries.v[i];
		const struct package *p = l->owner ? inventory_package(inv, l->owner, l->environment) : NULL;
		if (!l->fat || !p || !ver2_full(p->gpu.cuda))
			continue;
		struct fat_facts *fat = arena_alloc(&inv->arena, sizeof(*fat));
		struct fat_target *ptx = arena_alloc(&inv->arena, (l->fat->ptx.n + 1) * sizeof(*ptx));
		if (!fat || !ptx)
			return -1;
		*fat = *l->fat;
		for (size_t k = 0; k < fat->ptx.n; k++) {
			ptx[k] = fat->ptx.v[k];
			if (!ver2_known(ptx[k].isa))
				ptx[k].isa = matrix_cuda_ptx(m, p->gpu.cuda);
		}
		fat->ptx.v = ptx;
		fat->ptx.cap = fat->ptx.n;
		l->fat = fat;
	}
	return 0;
}

/*
 * conda's name of torch. What is told of a package of that name is told of torch; the build
 * is another than that of the public index, so without its CUDA it stays unknown.
 */
static void rename_pytorch(struct package *p)
{
	if (!str_eq(p->name, "pytorch"))
		return;
	p->name = "torch";
	p->gpu_known = true;
}

int complete_from_matrix(struct inventory *inv, const struct matrix *m, struct err *err)
{
	bool live = inventory_live(inv);
	for (size_t i = 0; i < inv->packages.n; i++) {
		struct package *p = &inv->packages.v[i];
		if (!live)
			rename_pytorch(p);
		if (live && p->gpu_known && p->gpu.vendor == VENDOR_NONE)
			p->gpu.vendor = VENDOR_UNKNOWN;
		if (from_local(inv, p) < 0 || from_ngc(inv, m, p) < 0 || from_name(inv, m, p) < 0 ||
		    (!live && (from_torch_table(inv, m, p) < 0 || from_code_table(inv, m, p) < 0)))
			return err_nomem(err);
		if (live && p->gpu_known && p->gpu.vendor == VENDOR_UNKNOWN)
			p->gpu.vendor = VENDOR_NONE;
		abi_from_local(inv, p);
		/* PTX whose version nobody stated has that of the CUDA which wrote it */
		for (size_t k = 0; k < p->gpu.ptx.n && ver2_full(p->gpu.cuda); k++)
			if (!ver2_known(p->gpu.ptx.v[k].isa))
				p->gpu.ptx.v[k].isa = matrix_cuda_ptx(m, p->gpu.cuda);
	}
	return declared_ptx(inv, m) < 0 ? err_nomem(err) : 0;
}
