/*
 * inventory/inventory.h: everything that is known of one target, with where it
 * was read. Filled by scan (from bytes) or by inventory_read (from JSON),
 * completed by derive, judged by check, printed by report.
 *
 * One arena per inventory owns every string and list. A NULL string, a clear
 * `known` bit or a *_known flag that is false means: not known (or not read).
 */
#ifndef INVENTORY_INVENTORY_H
#define INVENTORY_INVENTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/fatfacts.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/sm.h"
#include "base/version.h"

struct fs;        /* inventory/fs.h: the merged file tree */
struct elf_facts; /* base/elffacts.h */

enum target_kind { TARGET_IMAGE, TARGET_ROOTFS, TARGET_WHEEL, TARGET_WHEELHOUSE, TARGET_ENVIRONMENT, TARGET_REQUIREMENT, TARGET_DECLARATION };
enum vendor { VENDOR_UNKNOWN, VENDOR_CUDA, VENDOR_ROCM, VENDOR_XPU, VENDOR_CPU, VENDOR_NONE };
enum tri { TRI_UNKNOWN, TRI_NO, TRI_YES };

/* How a fact is known, strongest first. */
enum evidence_from { FROM_VERSION_PY, FROM_LOCAL_VERSION, FROM_NEEDED, FROM_PIN, FROM_STRING, FROM_METADATA, FROM_DECLARED, FROM_MATRIX };

struct evidence {
	const char *value; /* "12.4"; "12" where only the major is known */
	enum evidence_from from;
	const char *path;   /* where it was read; NULL for declared and matrix */
	int layer;          /* -1: none */
	const char *detail; /* "libcudart.so.12"; may be NULL */
};

struct ptx_target {
	struct sm arch;
	struct ver2 isa; /* VER2_NONE: not known */
};

struct gpu_code {
	enum vendor vendor;
	struct ver2 cuda; /* minor -1: only the major is known */
	LIST(struct evidence) evidence;
	bool code_known; /* the lists below say all there is */
	LIST(struct sm) cubin;
	LIST(struct ptx_target) ptx;
};

enum env_role { ENV_PRIMARY, ENV_SECONDARY, ENV_UNREACHED };

struct environment {
	const char *path;   /* prefix: "/opt/venv", "/usr" */
	const char *python; /* version; may be NULL */
	enum env_role role;
	const char *because;
	LIST(const char *) site_packages; /* in sys.path order */
};

struct python {
	const char *version, *path;
	LIST(const char *) site_packages;
};

struct package {
	const char *name;    /* PEP 503 */
	const char *version; /* may be NULL */
	const char *path;    /* of its top folder or dist-info; NULL when declared */
	int layer;           /* -1: none */
	const char *environment; /* path of its environment; NULL: not known */
	const char *site;        /* the site-packages folder that holds it; NULL when declared */
	const char *installer;
	const char *editable;    /* of an editable install: the folder of its code; NULL else */
	bool requires_known, tags_known, record_known;
	LIST(const char *) tags;
	LIST(const char *) requires; /* Requires-Dist lines as written */
	const char *abi_torch;       /* torch "2.4" that an extension was built for */
	enum tri abi_cxx11;
	struct ver2 abi_cuda;        /* CUDA that an extension was built for, where it says so */
	LIST(const char *) record_missing;
	LIST(const char *) record_changed;
	bool gpu_known; /* gpu says something */
	struct gpu_code gpu;
	const char *module_version; /* __version__ of the module where it differs from the metadata; NULL else */
};

enum lib_role { LIB_UNLISTED, LIB_CORE, LIB_ALTERNATIVE, LIB_OPTIONAL, LIB_TOOL };

struct lib_need { /* a version need: which nodes of which library */
	const char *soname;
	LIST(const char *) versions;
};

struct library {
	const char *path;
	int layer;
	const char *owner; /* package name; NULL: nobody or not known */
	const char *environment; /* of its owner; NULL else */
	const char *soname, *component, *version, *version_from; /* version_from: the method */
	const char *cudart;  /* "12.4": the CUDA runtime that was linked into it; NULL: none seen */
	const char *machine; /* "x86_64", "aarch64", "i386", ... */
	bool needs_known;    /* the five lists below were read */
	LIST(const char *) needed;
	LIST(const char *) rpath;
	LIST(const char *) runpath;
	LIST(struct lib_need) version_needs;
	LIST(const char *) version_defs;
	LIST(const char *) undefined; /* that nothing in its load scope defines */
	LIST(const char *) dlopen;
	enum lib_role role;
	const char *feature;   /* of an optional library: what is lost without it */
	const char *group;     /* of an alternative: its selector's id */
	bool picked;           /* of an alternative: the selector took it */
	bool reached;          /* in the closure of a core module */
	bool fat_known;        /* fat was read: NULL then means it has none */
	const struct fat_facts *fat;
	const struct elf_facts *elf; /* NULL when loaded from JSON */
	uint64_t size;
};

enum driver_kind { DRIVER_REAL, DRIVER_STUB, DRIVER_COMPAT, DRIVER_PLACEHOLDER };

struct driver_library {
	const char *path, *version;
	enum driver_kind kind;
	int layer;
};

struct compat {
	const char *path, *version; /* folder; version of its libcuda; either may be NULL */
	struct ver2 cuda;
	bool note_known; /* drivers and devices come from an ELF note */
	LIST(int) drivers;
	LIST(int) devices;
	enum tri active; /* does the loader of this target take it by itself */
	LIST(const char *) activation; /* loader | runtime-hook | entrypoint | env:NAME */
};

struct toolkit {
	const char *path, *version;
	enum tri nvcc;
	int layer;
};

struct compiler {
	const char *path, *tool, *version, *owner; /* tool: ptxas | cc */
	int layer;
};

struct owned_twice {
	const char *path;
	LIST(const char *) owners;
};

struct resolved { /* what the loader would take */
	const char *user, *soname;
	const char *path;    /* NULL: a miss, then `tried` */
	const char *because; /* rpath | LD_LIBRARY_PATH | runpath | cache | default | preload | loaded | injected */
	LIST(const char *) tried;
};

struct cached_library { /* an entry of ld.so.cache that the target's programs may take */
	const char *soname, *path;
	const char *hwcap; /* glibc-hwcaps folder; NULL: none */
};

/* How the target's own loader is set up; only of targets that were just read. */
struct loader {
	bool known;
	bool wide;        /* 64-bit */
	uint16_t machine; /* EM_* of its programs */
	bool has_cache;
	LIST(const char *) configured; /* folders of ld.so.conf, or of musl's path file */
	LIST(const char *) defaults;   /* folders built into the loader */
	LIST(const char *) preload;    /* ld.so.preload */
	LIST(struct cached_library) cache; /* in the order of the file */
};

struct env_var { const char *name, *value; };

struct layer {
	const char *digest, *diff_id, *created_by; /* each may be NULL */
	uint64_t size;    /* of the blob as stored, bytes */
	uint64_t entries;
	bool verified;    /* its bytes were hashed and equal the digest */
	bool by_table;    /* read by its own table of contents, which is its writer's word */
	unsigned line, last_line; /* of the Dockerfile that made it, where one was given; 0: not known */
};

struct chosen { /* the file of an index that a requirement stands for */
	const char *requirement; /* as written */
	const char *file, *url;  /* NULL: none; the URL without user and query */
	const char *because;
};

struct gap { int layer; const char *path, *reason; };

struct package_need { /* what one package asks of a host */
	const char *name, *version, *environment;
	const char *driver; /* oldest Linux driver; NULL: none or not known */
	LIST(struct sm) native;
	LIST(struct sm) jit;
};

struct requires {
	bool known;
	const char *driver, *because;
	bool gpu_known;
	LIST(struct sm) native; /* what every core package of the primary environment covers */
	LIST(struct sm) jit;
	LIST(struct package_need) packages;
};

/* Bits of inventory.known: the list under that key was read or stated. */
enum inventory_list {
	INV_ENV = 1 << 0, INV_PACKAGES = 1 << 1, INV_LIBRARIES = 1 << 2, INV_DRIVER_LIBRARIES = 1 << 3, INV_COMPAT = 1 << 4,
	INV_TOOLKITS = 1 << 5, INV_COMPILERS = 1 << 6, INV_PYTHONS = 1 << 7, INV_ENVIRONMENTS = 1 << 8, INV_LAYERS = 1 << 9,
	INV_ENTRYPOINT = 1 << 10, INV_COMMAND = 1 << 11, INV_LABELS = 1 << 12, INV_LOADER = 1 << 13, INV_OWNED_TWICE = 1 << 14,
	INV_GAPS = 1 << 15,
};

struct inventory {
	struct arena arena;
	const char *name;
	enum target_kind kind;
	enum target_kind describes; /* of a declaration; TARGET_DECLARATION: it does not say */
	bool complete;
	bool saved; /* loaded from a saved inspection: derive leaves what is there */
	LIST(const char *) reference;
	const char *digest;
	const char *os_name, *arch; /* platform: "linux", "amd64" */
	struct { const char *id, *version, *libc, *libc_version; } os;
	const char *workdir;
	unsigned known;
	LIST(struct layer) layers;
	LIST(struct env_var) env;
	LIST(const char *) entrypoint;
	LIST(const char *) command;
	LIST(struct env_var) labels;
	LIST(struct environment) environments;
	LIST(struct python) pythons;
	LIST(struct package) packages;
	LIST(struct library) libraries;
	LIST(struct driver_library) driver_libraries;
	LIST(struct compat) compat;
	LIST(struct toolkit) toolkits;
	LIST(struct compiler) compilers;
	LIST(struct owned_twice) owned_twice;
	LIST(const char *) loader_dirs; /* LD_LIBRARY_PATH, then what `loader` says, as far as they are there */
	struct loader loader;
	LIST(struct resolved) resolved;
	struct requires requires;
	LIST(struct chosen) chosen;
	LIST(struct gap) gaps;
	size_t claimed_layers; /* known by the digest that the manifest states, from an earlier look at those bytes; not in JSON */
	size_t gaps_lost; /* gaps over LIMIT_GAPS, counted alone */
	struct fs *fs; /* NULL when loaded from JSON or declared; lives in the arena */
};

/* A new, empty inventory; NULL when memory runs out. inventory_free takes NULL. */
struct inventory *inventory_new(void);
void inventory_free(struct inventory *inv);

/* Were its files looked at? If not (a declaration, a requirement, a wheel's metadata alone) the tables say what they know. */
static inline bool inventory_live(const struct inventory *inv)
{
	return inv->kind != TARGET_DECLARATION && inv->kind != TARGET_REQUIREMENT && inv->known & INV_LIBRARIES;
}

/* Adds a gap (copies the texts; path may be NULL). Over LIMIT_GAPS it is only counted. -1 when memory runs out. */
/* What the extras of a requirement ("cuda12,k8s") say of its GPU code: jax names the CUDA major of its plug-in so. */
int inventory_extras(struct inventory *inv, struct package *p, struct span extras);

int inventory_gap(struct inventory *inv, int layer, const char *path, const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* The order of `resolved`: by user, then soname; for qsort. */
int resolved_cmp(const void *a, const void *b);

/* The value of a variable of the target's ENV; NULL if unset or ENV not known. */
const char *inventory_env(const struct inventory *inv, const char *name);
const struct package *inventory_package(const struct inventory *inv, const char *name, const char *environment);
const struct environment *inventory_environment(const struct inventory *inv, const char *path);
/* The library at a path; NULL if none is listed there. */
const struct library *inventory_library(const struct inventory *inv, const char *path);

/* What the loader took, or missed, for one file. */
struct choices { const struct resolved *v; size_t n; };
struct choices inventory_choices(const struct inventory *inv, const char *user);
/*
 * Writes loader_dirs from ENV and the loader's set-up, and which compat folders
 * the loader takes by itself because they are among them. -1 when memory runs out.
 */
int inventory_list_loader_dirs(struct inventory *inv);
/* The role of an environment path; ENV_PRIMARY for NULL (a target without environments is one primary environment). */
enum env_role inventory_env_role(const struct inventory *inv, const char *environment);
/* The history line of a layer; NULL if none. */
const char *inventory_created_by(const struct inventory *inv, int layer);

/* Names as OUTPUTS writes them, and back (false if the word is none of them). */
const char *target_kind_name(enum target_kind k);
bool target_kind_parse(const char *s, enum target_kind *k);
const char *vendor_name(enum vendor v);
const char *evidence_from_name(enum evidence_from f);
const char *lib_role_name(enum lib_role r);
const char *env_role_name(enum env_role r);
const char *driver_kind_name(enum driver_kind k);

/* ---- JSON: envcheck.inventory/1 ---- */

/* Writes one target (an object of "targets"). `files`: with the merged tree under "files". */
void inventory_write(const struct inventory *inv, bool files, struct json_out *j);
/* The key "requires" of an object that is open. */
void inventory_write_requires(const struct requires *r, struct json_out *j);

/*
 * Reads one element of "targets": a saved inspection or a declaration.
 * Unknown keys are skipped; a wrong type is an error that names the key.
 * NULL on error; the caller frees.
 */
struct inventory *inventory_read(const json_t *target, struct err *err);

#endif
