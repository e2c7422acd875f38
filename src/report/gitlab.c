/* GitLab's code quality report: a JSON array, an entry per finding and host. */
#include "inventory/inventory.h"
#include "report/forge.h"

static void gitlab_begin(struct report *r)
{
	jout_array(&r->j);
}

static const char *severity(const struct finding *f)
{
	if (f->answer == ANSWER_UNKNOWN)
		return "minor";
	return f->level == LEVEL_NOTE ? "info" : f->level == LEVEL_WARNING ? "minor" : "critical";
}

static void put_entry(struct report *r, const struct inventory *inv, const struct finding *f, const char *host, size_t number)
{
	struct json_out *j = &r->j;
	jout_object(j);
	jout_put(j, "description", forge_sentence(r, inv, f, host));
	jout_put(j, "check_name", f->rule->id);
	/* must be unique in the file: one finding may stand in several targets, and a name of a host twice */
	jout_put(j, "fingerprint", arena_printf(&r->arena, "%s-%zu-%zu", f->fingerprint, r->count, number));
	jout_put(j, "severity", severity(f));
	jout_key(j, "location");
	jout_object(j);
	const struct forge_place place = forge_place(r, inv, f);
	jout_put(j, "path", place.path);
	jout_key(j, "lines");
	jout_object_line(j);
	jout_put_int(j, "begin", place.first);
	if (place.last > place.first)
		jout_put_int(j, "end", place.last);
	jout_object_end(j);
	jout_object_end(j);
	jout_object_end(j);
	arena_clear(&r->arena);
}

static void gitlab_target(struct report *r, const struct inventory *inv, const struct result *const *results, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < results[i]->findings.n; k++)
			if (forge_counts(r, &results[i]->findings.v[k]))
				put_entry(r, inv, &results[i]->findings.v[k], r->job->hosts_n ? r->job->hosts[i].name : NULL, i);
}

static void gitlab_end(struct report *r, const struct report_tail *t)
{
	(void)t;
	jout_array_end(&r->j);
	if (jout_end(&r->j, NULL) < 0)
		r->bad = true;
}

const struct report_format report_gitlab = { "gitlab", REPORT_CHECK, gitlab_begin, gitlab_target, gitlab_end, NULL, false };
