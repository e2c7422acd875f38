/* envcheck diff: what changed between two targets, and what that does on hosts. */
#include <time.h>

#include "base/auto.h"
#include "check/compare.h"
#include "cmd/cmd.h"
#include "cmd/config.h"
#include "cmd/dockerfile.h"
#include "cmd/hosts.h"
#include "cmd/options.h"
#include "cmd/outputs.h"
#include "cmd/tables.h"
#include "cmd/targets.h"
#include "inventory/inventory.h"

struct diff {
	const struct options *options;
	struct tables tables;
	struct config config;
	struct docker_lines dockerfile; /* of NEW */
	struct hosts hosts;
	struct targets targets;
	struct scan_result before, after;
	struct outputs outputs;
	struct report_job job;
	struct check_options judge;
	struct arena arena;
	bool compared;
	bool found; /* a new finding that counts */
};

static int open_all(struct diff *s, struct err *err)
{
	const struct options *o = s->options;
	char today[16];
	struct tm tm;
	time_t now = time(NULL);
	strftime(today, sizeof(today), "%Y-%m-%d", gmtime_r(&now, &tm));
	if (o->targets.n + (o->requirements != NULL) != 2)
		return err_set(err, ERR_USAGE, "diff: two targets are expected, OLD and NEW");
	if (tables_open(&s->tables, o, err) < 0 || config_open(&s->config, o, today, err) < 0 ||
	    docker_lines_open(&s->dockerfile, o->dockerfile, err) < 0)
		return -1;
	const char *const *files = o->hosts.n ? o->hosts.v : s->config.hosts.v;
	size_t files_n = o->hosts.n ? o->hosts.n : s->config.hosts.n;
	if (targets_open(&s->targets, o, s->tables.matrix, err) < 0 || hosts_open(&s->hosts, o, files, files_n, s->tables.matrix, err) < 0)
		return -1;
	s->targets.apart = true;
	s->judge = (struct check_options){
		.expect = options_expect(o, s->config.expect), .ignores = s->config.ignores.v, .ignores_n = s->config.ignores.n,
		.levels = s->config.levels.v, .levels_n = s->config.levels.n,
	};
	return outputs_open(&s->outputs, o, REPORT_DIFF, err);
}

/* One side: 1; 0 if it could not be read. */
static int read_side(struct diff *s, struct scan_result *out, struct err *err)
{
	size_t errors = s->targets.errors.n;
	int got = targets_next(&s->targets, err);
	/* targets_next goes on to the next argument where one cannot be read: that is the other side */
	if (got <= 0 || (s->targets.errors.n > errors && !s->targets.now.partial))
		return got < 0 ? -1 : 0;
	*out = s->targets.now;
	s->targets.now = (struct scan_result){ 0 };
	if (out->n == 1)
		return 1;
	return err_set(err, ERR_USAGE, "%s: holds %zu images; --image or --platform chooses one", out->v[0]->name, out->n);
}

static int judge(struct diff *s, const struct inventory *inv, struct result *results, const struct result **borrowed, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		if (check_run(inv, s->hosts.v.n ? s->hosts.v.v[i] : NULL, s->tables.matrix, &s->judge, &results[i], err) < 0)
			return -1;
		borrowed[i] = &results[i];
	}
	return 0;
}

static void weigh(struct diff *s, const struct comparison *c)
{
	enum level limit = options_fail_on(s->options, s->config.fail_on);
	for (size_t i = 0; i < c->hosts.n; i++)
		for (size_t k = 0; k < c->hosts.v[i].fresh.n; k++)
			s->found |= c->hosts.v[i].fresh.v[k]->answer == ANSWER_FAIL && c->hosts.v[i].fresh.v[k]->level >= limit;
}

/* Judges both sides on all hosts, compares, and writes what changed. */
static int compare(struct diff *s, struct err *err)
{
	size_t n = s->hosts.v.n ? s->hosts.v.n : 1;
	struct result *results = arena_alloc(&s->arena, 2 * n * sizeof(*results));
	const struct result **borrowed = arena_alloc(&s->arena, 2 * n * sizeof(*borrowed));
	const struct inventory *before = s->before.v[0], *after = s->after.v[0];
	struct comparison c;
	if (!results || !borrowed)
		return err_nomem(err);
	int rc = judge(s, before, results, borrowed, n, err);
	if (rc == 0)
		rc = judge(s, after, results + n, borrowed + n, n, err);
	if (rc == 0)
		rc = compare_targets(before, after, borrowed, borrowed + n, n, s->tables.matrix, &s->arena, &c, err);
	if (rc == 0) {
		s->compared = true;
		weigh(s, &c);
		for (size_t k = 0; k < s->outputs.list.n; k++)
			report_changes(&s->outputs.list.v[k].report, &c);
	}
	for (size_t i = 0; i < 2 * n; i++)
		result_clear(&results[i]);
	return rc;
}

static int run(struct diff *s, struct err *err)
{
	int got = read_side(s, &s->before, err);
	if (got > 0)
		got = read_side(s, &s->after, err);
	if (got <= 0)
		return got;
	if (docker_lines_mark(&s->dockerfile, s->after.v[0], err) < 0)
		return -1;
	const struct options *o = s->options;
	s->job = (struct report_job){
		.version = ENVCHECK_VERSION, .matrices = s->tables.date, .newest = s->tables.newest, .hosts = s->hosts.shown.v,
		.hosts_n = s->hosts.shown.n, .all = o->all, .colour = !s->outputs.named && terminal(stdout),
		.dockerfile = s->dockerfile.path,
	};
	for (size_t k = 0; k < s->outputs.list.n; k++)
		report_begin(&s->outputs.list.v[k].report, s->outputs.list.v[k].format, &s->job, s->outputs.list.v[k].file);
	int rc = compare(s, err);
	const struct report_tail tail = { .errors = s->targets.errors.v, .errors_n = s->targets.errors.n };
	for (size_t k = 0; k < s->outputs.list.n; k++)
		if (report_end(&s->outputs.list.v[k].report, &tail, err) < 0)
			rc = -1;
	return rc;
}

int diff_command(const struct options *o, struct err *err)
{
	struct diff s = { .options = o };
	int rc = open_all(&s, err);
	/* what cannot be read is compared with nothing */
	if (rc == 0 && !s.hosts.errors.n)
		rc = run(&s, err);
	bool trouble = s.targets.errors.n || s.hosts.errors.n;
	if (outputs_close(&s.outputs, rc == 0 && s.compared, err) < 0)
		rc = -1;
	scan_result_clear(&s.before);
	scan_result_clear(&s.after);
	targets_close(&s.targets);
	hosts_close(&s.hosts);
	config_close(&s.config);
	docker_lines_close(&s.dockerfile);
	tables_close(&s.tables);
	arena_clear(&s.arena);
	if (rc < 0)
		return -1;
	return trouble ? EXIT_TROUBLE : o->fail_on && s.found && !o->exit_zero ? EXIT_FOUND : EXIT_FINE;
}
