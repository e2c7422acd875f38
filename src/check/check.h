/*
 * check/check.h: the judgement of one target on one host. No I/O, no parsing.
 * What comes out borrows inventory, host and matrix, and lives in the arena
 * of the result.
 */
#ifndef CHECK_CHECK_H
#define CHECK_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/mem.h"

struct inventory;
struct host;
struct matrix;
struct host_facts; /* derive/hostfacts.h: what follows from a host's profile */
struct judge;

enum level { LEVEL_NOTE, LEVEL_WARNING, LEVEL_ERROR };
enum answer { ANSWER_PASS, ANSWER_UNKNOWN, ANSWER_FAIL };
enum verdict { VERDICT_NOTHING, VERDICT_PASS, VERDICT_WARN, VERDICT_UNKNOWN, VERDICT_FAIL }; /* worst last */
enum expect { EXPECT_NOTHING, EXPECT_GPU, EXPECT_CPU };

/* What a rule looks at. Those without a host in them answer alike for every host, and see none. */
enum rule_scope {
	SCOPE_TARGET, SCOPE_ENVIRONMENT, SCOPE_PACKAGE, SCOPE_LIBRARY,
	SCOPE_ON_HOST, SCOPE_PACKAGE_ON_HOST, SCOPE_GPU, SCOPE_PACKAGE_GPU, SCOPE_LIBRARY_GPU,
};

/* What everybody may know of a rule; the row in its family's file. */
struct rule_info {
	const char *id, *family, *title;
	enum rule_scope scope;
	enum level level; /* the highest that it gives */
};

/* The catalogue, sorted by id. `n` is written. */
const struct rule_info *const *rules_all(size_t *n);
const struct rule_info *rule_find(const char *id); /* NULL if there is none */

struct finding_source { const char *matrix, *row, *url; };

/* What the same rules said with this one change applied; one that fails is never given. */
enum remedy_check { REMEDY_UNTRIED, REMEDY_FAILS, REMEDY_HELPS, REMEDY_RUNS };
struct remedy {
	const char *text; /* a command or a version: "upgrade the host driver to 525.60.13 or newer" */
	enum remedy_check checked; /* RUNS: the target then runs; HELPS: this finding is gone, others are not */
};

struct finding {
	const struct rule_info *rule;
	enum answer answer;
	enum level level;
	const char *lowered; /* why the level is below the rule's; NULL */
	const char *missing; /* of an UNKNOWN: the fact, "host.driver", "package.cuda" or a gap's path */
	bool is_new;         /* not in the baseline */
	char fingerprint[33]; /* hex; of rule, host, environment, package, path and gpu */
	const char *cause;   /* what several packages fail by alike, "libcudart.so.12"; NULL: each for itself */
	LIST(const char *) also; /* further paths with the same cause */
	LIST(const char *) also_packages; /* "torchvision 0.20.1": further packages with the same cause */
	unsigned count;
	const char *environment, *package, *version;
	const char *gpu;     /* its name in the host; several: "A, B" */
	const char *path;
	int layer;           /* -1: none */
	const char *created_by;
	unsigned line, last_line; /* of the Dockerfile that made the layer; 0: not known */
	const char *message, *expected, *found; /* one line each; expected and found may be NULL */
	struct { int code; const char *name, *text; } error; /* what the user would see; code 0 with a text: a message of a program */
	LIST(struct remedy) remedies;
	LIST(struct finding_source) sources;
};

/* One line of a configuration's "ignore" or "levels", already matched to what it names by the caller's file. */
struct ignore_rule {
	const char *rule, *package, *path, *host; /* globs; NULL matches all */
	const char *reason, *expires;             /* expires: "YYYY-MM-DD" or NULL */
	bool expired;                             /* the caller compared it with today */
	bool used;                                /* written by check_run */
};

struct level_override { const char *rule; bool off; enum level level; };

struct check_options {
	enum expect expect;
	bool no_remedies; /* skip their computation: when only the verdict counts */
	bool no_passes;   /* leave out what passed: when nobody asks for it */
	struct ignore_rule *ignores;
	size_t ignores_n;
	const struct level_override *levels;
	size_t levels_n;
};

/* The judgement of one target on one host (or on none). */
struct result {
	struct judge *own; /* check_run's; NULL: it lives in a panel */
	const struct inventory *target;
	const struct host *host;             /* NULL: no host was given */
	const struct host_facts *host_facts; /* NULL with host */
	enum verdict verdict;
	LIST(struct finding) findings; /* sorted by answer and level (worst first), rule, package, path, gpu; passes last */
	unsigned ignored;
	const char *works_by; /* of a pass: "minor-version compatibility (12.8 on a 12.2 driver); native sm_90 code"; may be NULL */
	bool gpu_software;    /* the target has any */
};

/*
 * A panel: for many targets on many hosts. What follows from a host is found
 * once a host, what a target asks for and where it fails on any host once a
 * target, equal hosts are judged once, and judges share the hosts, each on a
 * thread of its own (`jobs`: at most; 0: as many as cores). Matrix, options,
 * hosts and the target at hand are borrowed. All fail only without memory.
 */
struct panel;
struct panel *panel_new(const struct matrix *m, const struct check_options *options, const struct host *const *hosts, size_t n, unsigned jobs,
			struct err *err);
void panel_free(struct panel *p);
/* A target (derive_target was run on it) on all hosts, in their order; on none where there are none: one result. They live until the next target. */
int panel_judge(struct panel *p, const struct inventory *inv, struct result *results, struct err *err);

/*
 * One target on one host. `host` may be NULL.
 * Fails only without memory. The caller clears with result_clear.
 */
int check_run(const struct inventory *inv, const struct host *host, const struct matrix *m,
	      const struct check_options *options, struct result *out, struct err *err);
void result_clear(struct result *r);

const char *level_name(enum level l);
const char *answer_name(enum answer a);
const char *verdict_name(enum verdict v);

#endif
