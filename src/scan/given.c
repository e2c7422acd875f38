#include "scan/given.h"

#include <string.h>
#include <sys/stat.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/str.h"
#include "parse/pytags.h"
#include "parse/wheelmeta.h"
#include "scan/wish.h"
#include "source/store.h"

static int take_inventory(struct scan_job *job, const json_t *o, struct err *err)
{
	struct inventory *inv = inventory_read(o, err);
	if (!inv)
		return -1;
	struct inventory **v = mem_resize(job->out->v, (job->out->n + 1) * sizeof(*v));
	if (!v) {
		inventory_free(inv);
		return err_nomem(err);
	}
	if (!inv->name)
		inv->name = arena_str(&inv->arena, job->name);
	job->out->v = v;
	job->out->v[job->out->n++] = inv;
	scan_apply_env(job, inv);
	return 0;
}

int scan_json(struct scan_job *job, struct store *s, struct err *err)
{
	size_t n;
	char *text = store_text(s, LIMIT_JSON, &n, err);
	json_t *o = text ? json_parse((struct span){ (unsigned char *)text, n }, job->name, err) : NULL;
	mem_free(text);
	if (!o)
		return -1;
	const char *schema = json_get_str(o, "schema");
	const json_t *targets = json_object_get(o, "targets");
	int got = 0;
	if (str_eq(schema, "envcheck.host/1"))
		got = err_set(err, ERR_USAGE, "%s is a host profile: give it with --host", job->name);
	else if (str_eq(schema, "envcheck.report/1"))
		got = err_set(err, ERR_USAGE, "%s is a report, which no longer holds the evidence: save the output of envcheck inspect --format json", job->name);
	else if (!str_eq(schema, "envcheck.inventory/1"))
		got = err_set(err, ERR_FORMAT, "%s is JSON without \"schema\": \"envcheck.inventory/1\": neither a saved inventory nor a declaration", job->name);
	else if (!json_is_array(targets) || !json_array_size(targets))
		got = err_set(err, ERR_FORMAT, "%s: \"targets\" must be a list with at least one target", job->name);
	for (size_t i = 0; got == 0 && i < json_array_size(targets); i++)
		got = take_inventory(job, json_array_get(targets, i), err);
	json_decref(o);
	return got;
}

/* ---- requirements ---- */

bool scan_is_requirement(const char *arg, bool bare)
{
	struct stat st;
	if (str_eq(arg, "-") || strchr(arg, '/') || stat(arg, &st) == 0 || (!bare && !strpbrk(arg, "=<>~") && !str_ends(arg, "]")))
		return false;
	struct arena a = ARENA_INIT;
	struct requirement r;
	struct span rest = SPAN_STR(arg);
	bool ok = requirement_parse(span_cut(&rest, ' '), NULL, NULL, &a, &r);
	arena_clear(&a);
	return ok;
}

int scan_requirement_line(struct scan_job *job, const char *line, struct err *err)
{
	struct wishes w = { 0 };
	struct span rest = SPAN_STR(line);
	while (rest.n) {
		struct span one = span_trim(span_cut(&rest, ' '));
		int rc = one.n ? wish_add(&w, &job->arena, one, job->options->python_version, pysystem_machine(job->options->platform)) : 0;
		if (rc == -1)
			return err_nomem(err);
		if (rc == -2)
			return err_set(err, ERR_USAGE, "\"%.*s\" is neither a file nor a requirement such as torch==2.5.1+cu124", (int)one.n,
				       (const char *)one.p);
	}
	return wishes_scan(job, &w, err);
}
