/* envcheck check: targets judged on hosts. */
#include <string.h>
#include <time.h>

#include "base/auto.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/config.h"
#include "cmd/dockerfile.h"
#include "cmd/hosts.h"
#include "cmd/options.h"
#include "cmd/outputs.h"
#include "cmd/tables.h"
#include "cmd/targets.h"
#include "inventory/inventory.h"

struct run {
	const struct options *options;
	struct tables tables;
	struct config config;
	struct baseline baseline;
	struct docker_lines dockerfile;
	struct hosts hosts;
	struct targets targets;
	struct outputs outputs;
	struct report_job job;
	struct check_options judging;
	struct panel *panel;
	enum level fail_on;
	enum verdict worst;
	bool found, unsure; /* a finding that counts; an unknown verdict */
};

static int open_all(struct run *s, struct err *err)
{
	const struct options *o = s->options;
	char today[16];
	struct tm tm;
	time_t now = time(NULL);
	strftime(today, sizeof(today), "%Y-%m-%d", gmtime_r(&now, &tm));
	if (tables_open(&s->tables, o, err) < 0 || config_open(&s->config, o, today, err) < 0)
		return -1;
	if (o->baseline && baseline_open(&s->baseline, o->baseline, err) < 0)
		return -1;
	if (docker_lines_open(&s->dockerfile, o->dockerfile, err) < 0)
		return -1;
	const char *const *files = o->hosts.n ? o->hosts.v : s->config.hosts.v;
	size_t files_n = o->hosts.n ? o->hosts.n : s->config.hosts.n;
	if (targets_open(&s->targets, o, s->tables.matrix, err) < 0 || hosts_open(&s->hosts, o, files, files_n, s->tables.matrix, err) < 0)
		return -1;
	s->fail_on = options_fail_on(o, s->config.fail_on);
	s->judging = (struct check_options){
		.expect = options_expect(o, s->config.expect), .ignores = s->config.ignores.v, .ignores_n = s->config.ignores.n,
		.levels = s->config.levels.v, .levels_n = s->config.levels.n,
	};
	return outputs_open(&s->outputs, o, REPORT_CHECK, err);
}

/* Nobody may ask for what passed: then it is not collected. */
static bool wants_passes(const struct run *s)
{
	for (size_t k = 0; k < s->outputs.list.n; k++)
		if (s->outputs.list.v[k].format->passes)
			return true;
	return s->options->all;
}

static int open_panel(struct run *s, struct err *err)
{
	s->judging.no_passes = !wants_passes(s);
	s->panel = panel_new(s->tables.matrix, &s->judging, s->hosts.v.v, s->hosts.v.n, options_jobs(s->options), err);
	return s->panel ? 0 : -1;
}

static void begin_reports(struct run *s)
{
	const struct options *o = s->options;
	s->job = (struct report_job){
		.version = ENVCHECK_VERSION, .matrices = s->tables.date, .newest = s->tables.newest, .hosts = s->hosts.shown.v,
		.hosts_n = s->hosts.shown.n, .baseline = o->baseline != NULL, .all = o->all, .colour = !s->outputs.named && terminal(stdout),
		.dockerfile = s->dockerfile.path,
	};
	for (size_t k = 0; k < s->outputs.list.n; k++)
		report_begin(&s->outputs.list.v[k].report, s->outputs.list.v[k].format, &s->job, s->outputs.list.v[k].file);
}

/* What a result does to the exit status: of findings those that the baseline does not hold. */
static void weigh(struct run *s, struct result *res)
{
	bool known = false, fresh = false; /* of what makes a verdict unknown */
	for (size_t i = 0; i < res->findings.n; i++) {
		struct finding *f = &res->findings.v[i];
		f->is_new = !s->options->baseline || !baseline_has(&s->baseline, f->fingerprint);
		if (f->answer == ANSWER_FAIL && f->level >= s->fail_on && f->is_new && res->verdict != VERDICT_NOTHING)
			s->found = true;
		if (f->answer == ANSWER_UNKNOWN && f->level == LEVEL_ERROR) {
			known = known || !f->is_new;
			fresh = fresh || f->is_new;
		}
	}
	s->unsure |= res->verdict == VERDICT_UNKNOWN && (fresh || !known);
	if (res->verdict > s->worst)
		s->worst = res->verdict;
}

/* With -o the verdicts are told on standard error, one line each. */
static void tell(const struct run *s, const struct inventory *inv, const struct result *res, size_t host)
{
	if (!s->outputs.named)
		return;
	const char *name = host < s->hosts.shown.n ? s->hosts.shown.v[host].name : NULL;
	say("%s%s%s: %s", report_target_name(inv), name ? " on " : "", name ? name : "", verdict_name(res->verdict));
}

static int judge_one(struct run *s, const struct inventory *inv, struct result *results, size_t n, struct err *err)
{
	auto_arena struct arena a = ARENA_INIT;
	const struct result **borrowed = arena_alloc(&a, n * sizeof(*borrowed));
	if (!borrowed)
		return err_nomem(err);
	if (panel_judge(s->panel, inv, results, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		weigh(s, &results[i]);
		tell(s, inv, &results[i], i);
		borrowed[i] = &results[i];
	}
	for (size_t k = 0; k < s->outputs.list.n; k++)
		report_target(&s->outputs.list.v[k].report, inv, borrowed, n);
	return 0;
}

static int judge_on_all(struct run *s, const struct inventory *inv, struct err *err)
{
	size_t n = s->hosts.v.n ? s->hosts.v.n : 1;
	auto_free struct result *results = mem_alloc(n * sizeof(*results));
	if (!results)
		return err_nomem(err);
	return judge_one(s, inv, results, n, err);
}

static int judge_all(struct run *s, struct err *err)
{
	int more;
	/* hosts were asked for and none could be read: what holds on no host in particular would answer another question */
	if (s->hosts.errors.n && !s->hosts.v.n)
		return 0;
	while ((more = targets_next(&s->targets, err)) > 0)
		for (size_t i = 0; i < s->targets.now.n; i++)
			if (docker_lines_mark(&s->dockerfile, s->targets.now.v[i], err) < 0 || judge_on_all(s, s->targets.now.v[i], err) < 0)
				return -1;
	return more;
}

/* Errors of targets and hosts, in this order; ignores that did nothing. */
static int end_reports(struct run *s, struct err *err)
{
	auto_arena struct arena a = ARENA_INIT;
	LIST(struct report_error) errors = { 0 };
	LIST(struct ignore_rule) unused = { 0 };
	for (size_t i = 0; i < s->targets.errors.n; i++)
		if (!list_add(&a, &errors, s->targets.errors.v[i]))
			return err_nomem(err);
	for (size_t i = 0; i < s->hosts.errors.n; i++)
		if (!list_add(&a, &errors, s->hosts.errors.v[i]))
			return err_nomem(err);
	for (size_t i = 0; i < s->config.ignores.n; i++)
		if ((!s->config.ignores.v[i].used || s->config.ignores.v[i].expired) && !list_add(&a, &unused, s->config.ignores.v[i]))
			return err_nomem(err);
	/* what could not be read at all may hide anything */
	if (errors.n && s->worst < VERDICT_UNKNOWN)
		s->worst = VERDICT_UNKNOWN;
	const struct report_tail tail = { errors.v, errors.n, unused.v, unused.n, s->worst };
	int rc = 0;
	for (size_t k = 0; k < s->outputs.list.n; k++)
		if (report_end(&s->outputs.list.v[k].report, &tail, err) < 0)
			rc = -1;
	return rc;
}

static int status(const struct run *s)
{
	const struct options *o = s->options;
	if (s->targets.errors.n || s->hosts.errors.n)
		return EXIT_TROUBLE;
	if (o->exit_zero)
		return EXIT_FINE;
	return s->found ? EXIT_FOUND : s->unsure && !o->allow_unknown ? EXIT_UNSURE : EXIT_FINE;
}

int check_command(const struct options *o, struct err *err)
{
	struct run s = { .options = o };
	int rc = open_all(&s, err) < 0 ? -1 : open_panel(&s, err);
	if (rc == 0) {
		begin_reports(&s);
		rc = judge_all(&s, err);
		if (end_reports(&s, err) < 0)
			rc = -1;
	}
	int done = status(&s);
	if (outputs_close(&s.outputs, rc == 0, err) < 0)
		rc = -1;
	panel_free(s.panel);
	targets_close(&s.targets);
	hosts_close(&s.hosts);
	baseline_close(&s.baseline);
	docker_lines_close(&s.dockerfile);
	config_close(&s.config);
	tables_close(&s.tables);
	return rc < 0 ? -1 : done;
}
