/*
 * check/rule.h: how rules are written. Inside check only.
 *
 * A family is one file: the list of its rules on top, a function for each
 * below. A function looks at one subject and emits PASS, FAIL or UNKNOWN, or
 * nothing where it does not apply.
 */
#ifndef CHECK_RULE_H
#define CHECK_RULE_H

#include "check/check.h"
#include "check/demand.h"
#include "derive/hostfacts.h"
#include "host/host.h"
#include "inventory/inventory.h"
#include "matrix/matrix.h"

struct facts {
	const struct inventory *inv;
	const struct host_facts *host; /* NULL: no host was given */
	const struct matrix *m;
	const struct check_options *options;
	const struct demand *demand;
	const struct supply *supply;   /* whose host it is; NULL with host */
	struct judge *judge;           /* for remedies, which are tried on what it knows */
	bool gpu_software, gpu_intent, image, env_known; /* as in demand */
};

struct subject {
	const struct environment *environment;
	const struct package *package;
	const struct library *library;
	const struct gpu_facts *gpu;
};

struct out {
	const struct facts *f;
	const struct rule *rule;
	struct arena *a;
	struct result *result;
	struct result *base; /* without remedies; made when the first is tried */
	bool silent;         /* only what fails is asked for, and no words about it */
	bool bad;            /* out of memory */
};

struct rule {
	struct rule_info info;
	void (*look)(const struct facts *f, struct subject s, struct out *out);
};

/* The families; each ends with a rule without id, the list of them with NULL. */
extern const struct rule *const rule_families[];
extern const struct rule rules_driver[], rules_ptxas[], rules_gpu[], rules_container[], rules_library[], rules_loading[], rules_missing[], rules_python[], rules_distribution[];

/* A finding at the rule's own level, about the subject. Never NULL: without memory it is a dummy, and out->bad is set. */
struct finding *emit(struct out *out, enum answer answer, struct subject s, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void emit_pass(struct out *out, struct subject s);
/* `missing` names the fact: "host.driver", "package.cuda". */
struct finding *emit_unknown(struct out *out, struct subject s, const char *missing, const char *fmt, ...) __attribute__((format(printf, 4, 5)));

void lower(struct finding *f, enum level level, const char *why); /* never raises */
void set_expected(struct out *out, struct finding *f, const char *expected, const char *found);
void set_cuda_error(struct out *out, struct finding *f, int code);
void set_message_seen(struct finding *f, const char *text); /* what a program prints, where there is no CUDA code */
/* The same by its row in the table of messages; each {} in it is replaced by one of the texts, which NULL ends. */
__attribute__((sentinel)) void set_message(struct out *out, struct finding *f, const char *id, ...);
void set_source(struct out *out, struct finding *f, const char *matrix, const char *row, const char *url);
/* One that was not tried; for those that are, check/remedy.h. */
void add_remedy(struct out *out, struct finding *f, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void at_path(struct finding *f, const char *path, int layer);

/* "torch 2.5.1+cu124" */
const char *package_text(struct out *out, const struct package *p);
/* "(9, 1, 0)" of "9.1.0.70", as Python programs print versions. */
const char *tuple_text(struct out *out, const char *version);
/* "535.104.05 (CUDA 12.2)" of a host. */
const char *driver_text(struct out *out, const struct host_facts *h);

/* ---- what several families ask ---- */

/* A package whose GPU code is its own: no carrier of NVIDIA's libraries. */
bool uses_cuda(const struct package *p);

/* Of a package of the target. */
const struct package_demand *demand_of(const struct facts *f, const struct package *p);

/* Do the driver rules apply: a host with NVIDIA GPUs (or unknown ones) that states something. */
bool host_counts(const struct facts *f);

/* What a package pins to one version, in a line of its requirements, where that applies on Linux; false for all other lines. */
bool requirement_pin(struct arena *a, const char *line, const char **name, const char **version);

/* Is a file of that soname anywhere in the target? */
bool library_present(const struct facts *f, const char *soname);

/* How a package's code meets a GPU of the host. */
struct coverage coverage_of(const struct facts *f, const struct package *p, const struct gpu_facts *gpu);

/* A forward-compat package and what becomes of it on this host. */
enum compat_use { COMPAT_UNUSED, COMPAT_USED, COMPAT_MAYBE };
struct compat_state {
	const struct compat *compat;
	enum compat_use use;
	const char *because;    /* "LD_LIBRARY_PATH", "the legacy runtime", ... */
	bool older;             /* its driver is older than the host's */
	struct ver2 cuda;
	int branch;             /* of its driver; 0: not known */
	enum tri branch_listed; /* may this host's branch use it */
	const struct row_forward_compat *row;
};
/* The one that counts: used first, else the newest. compat NULL: the target has none. */
struct compat_state compat_state(const struct facts *f);
/* Do the host's GPUs take forward compatibility: all, none, or not known of some. */
enum tri compat_gpus(const struct facts *f);
/* Does a used compat package let this CUDA run? */
bool compat_rescues(const struct facts *f, struct ver2 cuda);

#endif
