/* envcheck.inventory/1 and envcheck.report/1. */
#include <string.h>

#include "inventory/inventory.h"
#include "report/json.h"

enum { TARGETS, GAPS };

void json_put_tool(struct report *r)
{
	struct json_out *j = &r->j;
	jout_key(j, "tool");
	jout_object_line(j);
	jout_put(j, "name", "envcheck");
	jout_put(j, "version", r->job->version);
	if (!r->job->inspect && r->job->matrices)
		jout_put(j, "matrices", r->job->matrices);
	jout_object_end(j);
}

void json_put_errors(struct json_out *j, const struct report_tail *t)
{
	jout_key(j, "errors");
	jout_array(j);
	for (size_t i = 0; i < t->errors_n; i++) {
		jout_object_line(j);
		jout_put(j, "name", t->errors[i].name);
		jout_put(j, "text", t->errors[i].text);
		jout_object_end(j);
	}
	jout_array_end(j);
}

static void finish(struct report *r)
{
	jout_object_end(&r->j);
	if (jout_end(&r->j, NULL) < 0)
		r->bad = true;
}

/* ---- envcheck.inventory/1 ---- */

static void inventory_begin(struct report *r)
{
	jout_object(&r->j);
	jout_put(&r->j, "schema", "envcheck.inventory/1");
	json_put_tool(r);
	jout_key(&r->j, "targets");
	jout_array(&r->j);
}

static void inventory_target(struct report *r, const struct inventory *inv, const struct result *const *results, size_t n)
{
	(void)results, (void)n;
	inventory_write(inv, r->job->files, &r->j);
}

static void inventory_end(struct report *r, const struct report_tail *t)
{
	jout_array_end(&r->j);
	json_put_errors(&r->j, t);
	finish(r);
}

const struct report_format report_inventory = { "json", REPORT_INSPECT, inventory_begin, inventory_target, inventory_end, NULL, false };

/* ---- envcheck.report/1 ---- */

static void put_known(struct json_out *j, const char *key, const char *s)
{
	if (s)
		jout_put(j, key, s);
}

void json_put_host(struct json_out *j, const struct report_host *h)
{
	jout_object(j);
	jout_put(j, "name", h->name);
	put_known(j, "driver", h->driver);
	put_known(j, "cuda", h->cuda);
	put_known(j, "arch", h->arch);
	if (h->gpus.n) {
		jout_key(j, "gpus");
		jout_array(j);
		for (size_t i = 0; i < h->gpus.n; i++) {
			jout_object_line(j);
			put_known(j, "name", h->gpus.v[i].name);
			put_known(j, "cc", h->gpus.v[i].cc);
			if (h->gpus.v[i].count)
				jout_put_int(j, "count", h->gpus.v[i].count);
			jout_object_end(j);
		}
		jout_array_end(j);
	}
	if (h->no_gpu)
		jout_put_bool(j, "no_gpu", true);
	put_known(j, "runtime", h->runtime);
	jout_put_int(j, "nodes", h->nodes ? h->nodes : 1);
	jout_object_end(j);
}

/* The lists that end the report grow aside while the results stream. */
static void open_aside(struct report *r, int which, const char *key)
{
	struct json_out *j = &r->aside[which];
	j->depth = 1;
	j->any[1] = true;
	jout_key(j, key);
	jout_array(j);
}

static void close_aside(struct report *r, int which)
{
	jout_array_end(&r->aside[which]);
	struct buf *b = &r->side[which];
	if (b->bad || fwrite(b->p, 1, b->n, r->out) != b->n)
		r->bad = true;
}

static void report_json_begin(struct report *r)
{
	struct json_out *j = &r->j;
	jout_object(j);
	jout_put(j, "schema", "envcheck.report/1");
	json_put_tool(r);
	jout_key(j, "hosts");
	jout_array(j);
	for (size_t i = 0; i < r->job->hosts_n; i++)
		json_put_host(j, &r->job->hosts[i]);
	jout_array_end(j);
	jout_key(j, "results");
	jout_array(j);
	open_aside(r, TARGETS, "targets");
	open_aside(r, GAPS, "gaps");
}

static void put_error(struct json_out *j, const struct finding *f)
{
	jout_key(j, "error");
	if (!f->error.text && !f->error.name) {
		jout_null(j);
		return;
	}
	jout_object_line(j);
	if (f->error.code)
		jout_put_int(j, "code", f->error.code);
	put_known(j, "name", f->error.name);
	put_known(j, "text", f->error.text);
	jout_object_end(j);
}

static void put_sources(struct json_out *j, const struct finding *f)
{
	jout_key(j, "remedy");
	jout_array(j);
	for (size_t i = 0; i < f->remedies.n; i++)
		jout_string(j, f->remedies.v[i].text);
	jout_array_end(j);
	jout_key(j, "remedy_checked");
	jout_array(j);
	for (size_t i = 0; i < f->remedies.n; i++)
		if (f->remedies.v[i].checked == REMEDY_UNTRIED)
			jout_null(j);
		else
			jout_string(j, f->remedies.v[i].checked == REMEDY_RUNS ? "runs" : "ends");
	jout_array_end(j);
	jout_key(j, "source");
	jout_array(j);
	for (size_t i = 0; i < f->sources.n; i++) {
		jout_object_line(j);
		jout_put(j, "matrix", f->sources.v[i].matrix);
		jout_put(j, "row", f->sources.v[i].row);
		jout_put(j, "url", f->sources.v[i].url);
		jout_object_end(j);
	}
	jout_array_end(j);
}

static void put_subject(struct json_out *j, const struct finding *f, const char *dockerfile)
{
	jout_put(j, "environment", f->environment);
	jout_put(j, "package", f->package);
	jout_put(j, "version", f->version);
	jout_put(j, "gpu", f->gpu);
	jout_put(j, "path", f->path);
	jout_key(j, "layer");
	if (f->layer >= 0)
		jout_int(j, f->layer);
	else
		jout_null(j);
	jout_put(j, "created_by", f->created_by);
	if (!dockerfile || !f->line)
		return;
	jout_key(j, "dockerfile");
	jout_object_line(j);
	jout_put(j, "path", dockerfile);
	jout_put_int(j, "line", f->line);
	jout_put_int(j, "last_line", f->last_line);
	jout_object_end(j);
}

void json_put_finding(const struct report *r, struct json_out *j, const struct finding *f)
{
	jout_object(j);
	jout_put(j, "rule", f->rule->id);
	jout_put(j, "level", level_name(f->level));
	jout_put(j, "answer", answer_name(f->answer));
	jout_put(j, "lowered", f->lowered);
	jout_put(j, "missing", f->missing);
	if (r->job->baseline)
		jout_put_bool(j, "new", f->is_new);
	jout_put(j, "fingerprint", f->fingerprint);
	jout_key(j, "also");
	jout_array(j);
	for (size_t i = 0; i < f->also.n; i++)
		jout_string(j, f->also.v[i]);
	jout_array_end(j);
	jout_put_int(j, "count", f->count ? f->count : 1);
	jout_key(j, "also_packages");
	jout_array(j);
	for (size_t i = 0; i < f->also_packages.n; i++)
		jout_string(j, f->also_packages.v[i]);
	jout_array_end(j);
	put_subject(j, f, r->job->dockerfile);
	jout_put(j, "message", f->message);
	jout_put(j, "expected", f->expected);
	jout_put(j, "found", f->found);
	put_error(j, f);
	put_sources(j, f);
	jout_object_end(j);
}

static void put_result(struct report *r, const struct inventory *inv, const struct result *res, const char *host)
{
	struct json_out *j = &r->j;
	jout_object(j);
	jout_put(j, "target", inv->name);
	jout_put(j, "host", host);
	jout_put(j, "verdict", verdict_name(res->verdict));
	jout_key(j, "findings");
	jout_array(j);
	for (size_t i = 0; i < res->findings.n; i++)
		if (res->findings.v[i].answer != ANSWER_PASS || r->job->all)
			json_put_finding(r, j, &res->findings.v[i]);
	jout_array_end(j);
	jout_put_int(j, "ignored", res->ignored);
	jout_object_end(j);
}

void json_put_target(struct json_out *j, const struct inventory *inv)
{
	jout_object(j);
	jout_put(j, "name", inv->name);
	jout_put(j, "kind", target_kind_name(inv->kind));
	jout_key(j, "reference");
	jout_array_line(j);
	for (size_t i = 0; i < inv->reference.n; i++)
		jout_string(j, inv->reference.v[i]);
	jout_array_end(j);
	jout_put(j, "digest", inv->digest);
	inventory_write_requires(&inv->requires, j);
	jout_object_end(j);
}

static void put_gaps(struct json_out *j, const struct inventory *inv)
{
	for (size_t i = 0; i < inv->gaps.n; i++) {
		jout_object_line(j);
		jout_put(j, "target", inv->name);
		jout_put(j, "host", NULL);
		if (inv->gaps.v[i].layer >= 0)
			jout_put_int(j, "layer", inv->gaps.v[i].layer);
		jout_put(j, "path", inv->gaps.v[i].path);
		jout_put(j, "reason", inv->gaps.v[i].reason);
		jout_object_end(j);
	}
}

static void report_json_target(struct report *r, const struct inventory *inv, const struct result *const *results, size_t n)
{
	for (size_t i = 0; i < n; i++)
		put_result(r, inv, results[i], r->job->hosts_n ? r->job->hosts[i].name : NULL);
	json_put_target(&r->aside[TARGETS], inv);
	put_gaps(&r->aside[GAPS], inv);
}

static void report_json_end(struct report *r, const struct report_tail *t)
{
	struct json_out *j = &r->j;
	jout_array_end(j);
	close_aside(r, TARGETS);
	close_aside(r, GAPS);
	json_put_errors(j, t);
	jout_key(j, "unused_ignores");
	jout_array(j);
	for (size_t i = 0; i < t->unused_n; i++) {
		const struct ignore_rule *g = &t->unused[i];
		jout_object_line(j);
		put_known(j, "rule", g->rule);
		put_known(j, "package", g->package);
		put_known(j, "path", g->path);
		put_known(j, "host", g->host);
		put_known(j, "reason", g->reason);
		put_known(j, "expires", g->expires);
		jout_put_bool(j, "expired", g->expired);
		jout_object_end(j);
	}
	jout_array_end(j);
	jout_put(j, "verdict", verdict_name(t->verdict));
	finish(r);
}

const struct report_format report_json = { "json", REPORT_CHECK, report_json_begin, report_json_target, report_json_end, NULL, false };
