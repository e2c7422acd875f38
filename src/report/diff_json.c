/* envcheck.diff/1. */
#include "check/compare.h"
#include "inventory/inventory.h"
#include "report/json.h"

static void begin(struct report *r)
{
	jout_object(&r->j);
	jout_put(&r->j, "schema", "envcheck.diff/1");
	json_put_tool(r);
}

static void put_changes(struct json_out *j, const char *key, const changes *list, bool packages)
{
	jout_key(j, key);
	jout_array(j);
	for (size_t i = 0; i < list->n; i++) {
		const struct change *c = &list->v[i];
		jout_object_line(j);
		jout_put(j, "name", c->name);
		jout_put(j, "old", c->before);
		jout_put(j, "new", c->after);
		if (packages)
			jout_put(j, "environment", c->environment);
		jout_object_end(j);
	}
	jout_array_end(j);
}

static const char *reach_name(enum gpu_reach r)
{
	return r == REACH_NATIVE ? "native" : r == REACH_JIT ? "jit" : NULL;
}

static void put_needs(struct json_out *j, const struct comparison *c)
{
	jout_key(j, "driver");
	jout_object_line(j);
	jout_put(j, "old", c->before->requires.driver);
	jout_put(j, "new", c->after->requires.driver);
	jout_put(j, "change", !c->driver_known ? NULL : c->driver > 0 ? "newer" : c->driver < 0 ? "older" : "same");
	jout_object_end(j);
	jout_key(j, "gpus");
	if (!c->gpus_known) {
		jout_null(j);
		return;
	}
	jout_array(j);
	for (size_t i = 0; i < c->gpus.n; i++) {
		const struct gpu_change *g = &c->gpus.v[i];
		jout_object_line(j);
		jout_put(j, "cc", ver2_print(g->cc).s);
		jout_put(j, "arch", g->arch);
		jout_put(j, "old", reach_name(g->before));
		jout_put(j, "new", reach_name(g->after));
		jout_object_end(j);
	}
	jout_array_end(j);
}

static void put_findings(const struct report *r, struct json_out *j, const char *key, const struct finding *const *v, size_t n)
{
	jout_key(j, key);
	jout_array(j);
	for (size_t i = 0; i < n; i++)
		json_put_finding(r, j, v[i]);
	jout_array_end(j);
}

static void put_results(struct report *r, const struct comparison *c)
{
	struct json_out *j = &r->j;
	jout_key(j, "hosts");
	jout_array(j);
	for (size_t i = 0; i < r->job->hosts_n; i++)
		json_put_host(j, &r->job->hosts[i]);
	jout_array_end(j);
	jout_key(j, "results");
	jout_array(j);
	for (size_t i = 0; i < c->hosts.n; i++) {
		const struct host_change *h = &c->hosts.v[i];
		jout_object(j);
		jout_put(j, "host", r->job->hosts_n ? r->job->hosts[i].name : NULL);
		jout_put(j, "old", verdict_name(h->before->verdict));
		jout_put(j, "new", verdict_name(h->after->verdict));
		put_findings(r, j, "new_findings", h->fresh.v, h->fresh.n);
		put_findings(r, j, "gone_findings", h->gone.v, h->gone.n);
		jout_put_int(j, "same", h->same);
		jout_object_end(j);
	}
	jout_array_end(j);
}

static void put_comparison(struct report *r, const struct comparison *c)
{
	struct json_out *j = &r->j;
	jout_key(j, "old");
	json_put_target(j, c->before);
	jout_key(j, "new");
	json_put_target(j, c->after);
	jout_key(j, "layers");
	jout_object_line(j);
	jout_put_int(j, "old", (int64_t)c->before->layers.n);
	jout_put_int(j, "new", (int64_t)c->after->layers.n);
	jout_put_int(j, "kept", (int64_t)c->layers_kept);
	jout_object_end(j);
	put_needs(j, c);
	put_changes(j, "system", &c->system, false);
	put_changes(j, "packages", &c->packages, true);
	put_changes(j, "libraries", &c->libraries, false);
	put_changes(j, "settings", &c->settings, false);
	put_results(r, c);
}

static void end(struct report *r, const struct report_tail *t)
{
	json_put_errors(&r->j, t);
	jout_object_end(&r->j);
	if (jout_end(&r->j, NULL) < 0)
		r->bad = true;
}

const struct report_format report_diff_json = { "json", REPORT_DIFF, begin, NULL, end, put_comparison, false };
