/* envcheck inspect: what is inside, and what it requires of a host. */
#include "cmd/cmd.h"
#include "cmd/options.h"
#include "cmd/outputs.h"
#include "cmd/tables.h"
#include "cmd/targets.h"

struct inspection {
	struct tables tables;
	struct targets targets;
	struct outputs outputs;
	struct report_job job;
};

static int show_all(struct inspection *s, struct err *err)
{
	int more;
	while ((more = targets_next(&s->targets, err)) > 0)
		for (size_t i = 0; i < s->targets.now.n; i++)
			for (size_t k = 0; k < s->outputs.list.n; k++)
				report_target(&s->outputs.list.v[k].report, s->targets.now.v[i], NULL, 0);
	return more;
}

static int run(struct inspection *s, const struct options *o, struct err *err)
{
	if (tables_open(&s->tables, o, err) < 0 || targets_open(&s->targets, o, s->tables.matrix, err) < 0 ||
	    outputs_open(&s->outputs, o, REPORT_INSPECT, err) < 0)
		return -1;
	s->job = (struct report_job){ .version = ENVCHECK_VERSION, .matrices = s->tables.date, .newest = s->tables.newest, .inspect = true,
				      .files = o->files, .tree = o->tree, .tree_package = o->tree_package,
				      .colour = !s->outputs.named && terminal(stdout) };
	for (size_t k = 0; k < s->outputs.list.n; k++)
		report_begin(&s->outputs.list.v[k].report, s->outputs.list.v[k].format, &s->job, s->outputs.list.v[k].file);
	int rc = show_all(s, err);
	const struct report_tail tail = { .errors = s->targets.errors.v, .errors_n = s->targets.errors.n };
	for (size_t k = 0; k < s->outputs.list.n; k++)
		if (report_end(&s->outputs.list.v[k].report, &tail, err) < 0)
			rc = -1;
	return rc;
}

int inspect_command(const struct options *o, struct err *err)
{
	struct inspection s = { 0 };
	int rc = run(&s, o, err);
	bool trouble = s.targets.errors.n > 0;
	if (outputs_close(&s.outputs, rc == 0, err) < 0)
		rc = -1;
	targets_close(&s.targets);
	tables_close(&s.tables);
	return rc < 0 ? -1 : trouble ? EXIT_TROUBLE : EXIT_FINE;
}
