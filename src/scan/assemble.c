#include "scan/assemble.h"

#include <string.h>

#include "base/elffacts.h"
#include "base/str.h"
#include "base/version.h"
#include "inventory/inventory.h"
#include "parse/compatnote.h"
#include "parse/system.h"

int assemble(struct view *v, struct err *err)
{
	v->inv->known |= INV_PACKAGES | INV_LIBRARIES | INV_DRIVER_LIBRARIES | INV_COMPAT | INV_TOOLKITS | INV_COMPILERS |
			 INV_PYTHONS | INV_ENVIRONMENTS | INV_OWNED_TWICE;
	if (assemble_system(v, err) < 0 || assemble_loader(v, err) < 0 || assemble_libraries(v, err) < 0 || assemble_python(v, err) < 0 || assemble_owners(v, err) < 0 ||
	    assemble_evidence(v, err) < 0)
		return -1;
	return assemble_roles(v, err);
}

/* ---- the system ---- */

static int read_os(struct view *v)
{
	struct inventory *inv = v->inv;
	struct os_release os = { 0 };
	struct span text = view_text(v, 0, "/etc/os-release");
	if (!text.p)
		text = view_text(v, 0, "/usr/lib/os-release");
	if (text.p && os_release_parse(text, &inv->arena, &os) < 0)
		return -1;
	inv->os.id = os.id;
	inv->os.version = os.version_id;
	return 0;
}

/* glibc's version is the highest node that libc.so.6 defines (GLIBC_2.36); NULL for files that define none. */
static const char *glibc_version(const struct view *v, uint32_t node)
{
	const struct item *item = node == FS_NONE ? NULL : view_item(v, node);
	const char *best = NULL;
	for (size_t i = 0; item && item->elf && i < item->elf->verdefs.n; i++) {
		const char *d = item->elf->verdefs.v[i];
		if (str_starts(d, "GLIBC_2") && (!best || version_cmp(d + 6, best) > 0))
			best = d + 6;
	}
	return best;
}

/* Compilers bring the C library of the system that they compile for: conda's an old one. */
static bool in_sysroot(const struct view *v, uint32_t node)
{
	for (uint32_t n = fs_node(v->fs, node)->parent; n; n = fs_node(v->fs, n)->parent)
		if (span_eq(fs_name(v->fs, n), "sysroot"))
			return true;
	return false;
}

/* The C library beside the loader; where there is no loader, any. musl says its version by its package alone. */
static int read_libc(struct view *v)
{
	struct inventory *inv = v->inv;
	uint32_t dir = glibc_folder(v, glibc_loader(v));
	const char *glibc = dir == FS_NONE ? NULL : glibc_version(v, fs_find(v->fs, dir, SPAN_STR("libc.so.6"), true));
	if (!glibc && musl_loader(v) != FS_NONE)
		inv->os.libc = "musl";
	for (uint32_t n = 1; !glibc && !inv->os.libc && n < fs_count(v->fs); n++)
		if (!fs_node(v->fs, n)->gone && span_eq(fs_name(v->fs, n), "libc.so.6") && !in_sysroot(v, n))
			glibc = glibc_version(v, n);
	if (glibc) {
		inv->os.libc = "glibc";
		inv->os.libc_version = arena_str(&inv->arena, glibc);
		return inv->os.libc_version ? 0 : -1;
	}
	struct span db = view_text(v, 0, "/lib/apk/db/installed");
	struct cur c = cur_of(db);
	struct system_package p;
	while (str_eq(inv->os.libc, "musl") && apk_next(&c, &p))
		if (span_eq(p.name, "musl")) {
			struct span up = upstream_version(p.version);
			inv->os.libc_version = arena_strn(&inv->arena, up.p, up.n);
		}
	return 0;
}

/* Libraries that belong to a host's driver: the CUDA driver API, NVML, the JIT compiler. */
static bool driver_name(struct span name)
{
	static const char *const heads[] = { "libcuda.so", "libnvidia-ml.so", "libnvidia-ptxjitcompiler.so", "libnvidia-nvvm.so",
					     "libcudadebugger.so" };
	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++)
		if (span_starts(name, heads[i]))
			return true;
	return false;
}

/* "535.129.03" of "libcuda.so.535.129.03"; NULL where the name carries no full version. */
static const char *name_version(struct view *v, struct span name)
{
	size_t at = span_find(name, ".so.");
	struct span version = span_from(name, at < name.n ? at + 4 : name.n);
	if (version.n < 5 || span_chr(version, '.') == version.n)
		return NULL;
	return arena_strn(&v->inv->arena, version.p, version.n);
}

static int add_compat(struct view *v, uint32_t node, const char *version)
{
	struct inventory *inv = v->inv;
	uint32_t dir = fs_node(v->fs, node)->parent;
	const char *path = view_path(v, dir);
	for (size_t i = 0; i < inv->compat.n; i++)
		if (str_eq(inv->compat.v[i].path, path))
			return 0;
	struct compat *c = list_push(&inv->arena, &inv->compat);
	if (!c || !path)
		return -1;
	c->path = path;
	c->version = version;
	const struct item *item = view_item(v, node);
	if (item && item->elf && item->elf->compat_note) {
		struct compat_note note = { 0 };
		if (compat_note_parse(SPAN_STR(item->elf->compat_note), &inv->arena, &note)) {
			c->note_known = true;
			c->cuda = note.cuda;
			for (size_t i = 0; i < note.drivers.n; i++)
				if (!list_add(&inv->arena, &c->drivers, note.drivers.v[i]))
					return -1;
			for (size_t i = 0; i < note.devices.n; i++)
				if (!list_add(&inv->arena, &c->devices, note.devices.v[i]))
					return -1;
		}
	}
	/* the folder "cuda-12.4/compat" says its CUDA where the note does not */
	const char *cuda = strstr(path, "cuda-");
	if (!ver2_known(c->cuda) && cuda)
		c->cuda = ver2_parse(cuda + 5);
	return 0;
}

static int add_driver(struct view *v, uint32_t node)
{
	struct inventory *inv = v->inv;
	struct span name = fs_name(v->fs, node);
	const struct node *n = fs_node(v->fs, node);
	const char *path = view_path(v, node), *version = name_version(v, name);
	if (!path)
		return -1;
	enum driver_kind kind = DRIVER_REAL;
	if (strstr(path, "/stubs/"))
		kind = DRIVER_STUB;
	else if (!n->size)
		kind = DRIVER_PLACEHOLDER;
	else if (strstr(path, "/compat/") || strstr(path, "/compat_orin/"))
		kind = DRIVER_COMPAT;
	if (kind == DRIVER_REAL && !version)
		return 0; /* libcuda.so.1 as a file without a version: not told from a shim */
	struct driver_library *d = list_push(&inv->arena, &inv->driver_libraries);
	if (!d)
		return -1;
	*d = (struct driver_library){ path, version, kind, n->layer };
	return kind == DRIVER_COMPAT && span_starts(name, "libcuda.so") && version ? add_compat(v, node, version) : 0;
}

static int add_toolkit(struct view *v, uint32_t dir)
{
	struct inventory *inv = v->inv;
	struct span text = view_text(v, dir, "version.json");
	if (!text.p)
		text = view_text(v, dir, "version.txt");
	uint32_t nvcc = fs_find(v->fs, dir, SPAN_STR("bin/nvcc"), true);
	bool cudart = fs_find(v->fs, dir, SPAN_STR("lib64"), true) != FS_NONE;
	if (!text.p && nvcc == FS_NONE && !cudart)
		return 0;
	struct toolkit *t = list_push(&inv->arena, &inv->toolkits);
	if (!t)
		return -1;
	t->path = view_path(v, dir);
	t->version = text.p ? cuda_version_file(text, &inv->arena) : NULL;
	struct span name = fs_name(v->fs, dir);
	if (!t->version && span_starts(name, "cuda-"))
		t->version = arena_strn(&inv->arena, name.p + 5, name.n - 5);
	t->nvcc = nvcc != FS_NONE ? TRI_YES : TRI_NO;
	t->layer = fs_node(v->fs, dir)->layer;
	return t->path ? 0 : -1;
}

/* C compilers that Triton and the builders of extensions look for: cc, gcc, clang in a folder of programs. */
static int add_compiler(struct view *v, uint32_t node, const char *tool)
{
	struct compiler *c = list_push(&v->inv->arena, &v->inv->compilers);
	if (!c)
		return -1;
	c->path = view_path(v, node);
	c->tool = tool;
	const struct item *item = view_item(v, node);
	c->version = item && item->kind == ITEM_ELF ? item->version : NULL;
	c->layer = fs_node(v->fs, node)->layer;
	return c->path ? 0 : -1;
}

int assemble_system(struct view *v, struct err *err)
{
	if (read_os(v) < 0 || read_libc(v) < 0)
		return err_nomem(err);
	uint32_t local = fs_find(v->fs, 0, SPAN_STR("/usr/local"), true);
	for (uint32_t n = 1; n < fs_count(v->fs); n++) {
		const struct node *node = fs_node(v->fs, n);
		struct span name = fs_name(v->fs, n);
		if (node->gone)
			continue;
		int got = 0;
		if (node->type == NODE_FILE && driver_name(name))
			got = add_driver(v, n);
		else if (node->type == NODE_DIR && node->parent == local && span_starts(name, "cuda"))
			got = add_toolkit(v, n);
		else if (node->type == NODE_FILE && (span_eq(name, "ptxas") || span_eq(name, "ptxas-blackwell")))
			got = add_compiler(v, n, "ptxas");
		else if (node->type != NODE_DIR && (span_eq(name, "gcc") || span_eq(name, "clang") || span_eq(name, "cc")) &&
			 span_eq(fs_name(v->fs, node->parent), "bin"))
			got = add_compiler(v, n, "cc");
		if (got < 0)
			return err_nomem(err);
	}
	return 0;
}

/* ---- libraries ---- */

static bool copy_needs(struct inventory *inv, struct library *l, const struct elf_facts *elf)
{
	struct arena *a = &inv->arena;
	bool ok = true;
	for (size_t i = 0; ok && i < elf->needed.n; i++)
		ok = list_add(a, &l->needed, elf->needed.v[i]);
	for (size_t i = 0; ok && i < elf->rpath.n; i++)
		ok = list_add(a, &l->rpath, elf->rpath.v[i]);
	for (size_t i = 0; ok && i < elf->runpath.n; i++)
		ok = list_add(a, &l->runpath, elf->runpath.v[i]);
	for (size_t i = 0; ok && i < elf->verdefs.n; i++)
		ok = list_add(a, &l->version_defs, elf->verdefs.v[i]);
	for (size_t i = 0; ok && i < elf->verneeds.n; i++) {
		struct lib_need *n = list_push(a, &l->version_needs);
		ok = n != NULL;
		if (ok)
			n->soname = elf->verneeds.v[i].file;
		for (size_t k = 0; ok && k < elf->verneeds.v[i].versions.n; k++)
			ok = list_add(a, &n->versions, elf->verneeds.v[i].versions.v[k]);
	}
	return ok;
}

static int library_cmp(const void *a, const void *b)
{
	return str_cmp(((const struct library *)a)->path, ((const struct library *)b)->path);
}

int assemble_libraries(struct view *v, struct err *err)
{
	struct inventory *inv = v->inv;
	for (uint32_t n = 1; n < fs_count(v->fs); n++) {
		const struct node *node = fs_node(v->fs, n);
		const struct item *item = node->gone || node->type != NODE_FILE ? NULL : view_item(v, n);
		if (!item || item->kind != ITEM_ELF)
			continue;
		struct library *l = list_push(&inv->arena, &inv->libraries);
		if (!l)
			return err_nomem(err);
		l->path = view_path(v, n);
		l->layer = node->layer;
		l->size = node->size;
		l->elf = item->elf;
		l->fat = item->fat;
		l->fat_known = item->fat_read;
		if (str_eq(item->version_from, STATIC_CUDART)) {
			l->cudart = item->version;
		} else {
			l->version = item->version;
			l->version_from = item->version_from;
		}
		if (!l->path)
			return err_nomem(err);
		for (size_t i = 0; item->elf && i < item->elf->gaps.n; i++)
			if (inventory_gap(inv, node->layer, l->path, "%s", item->elf->gaps.v[i]) < 0)
				return err_nomem(err);
		for (size_t i = 0; item->fat && i < item->fat->gaps.n; i++)
			if (inventory_gap(inv, node->layer, l->path, "%s", item->fat->gaps.v[i]) < 0)
				return err_nomem(err);
		if (!item->elf)
			continue;
		l->soname = item->elf->soname;
		l->machine = elf_machine_name(item->elf->machine);
		l->needs_known = !item->elf->needs_lost;
		if (!copy_needs(inv, l, item->elf))
			return err_nomem(err);
	}
	list_sort(&inv->libraries, library_cmp);
	return 0;
}
