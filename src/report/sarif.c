/* SARIF 2.1.0 (OASIS): one run; a result per finding and host. */
#include <string.h>

#include "base/str.h"
#include "inventory/inventory.h"
#include "report/report.h"

static const char *sarif_level(enum level l)
{
	switch (l) {
	case LEVEL_ERROR: return "error";
	case LEVEL_WARNING: return "warning";
	case LEVEL_NOTE: break;
	}
	return "note";
}

static void put_text(struct json_out *j, const char *key, const char *text)
{
	jout_key(j, key);
	jout_object_line(j);
	jout_put(j, "text", text);
	jout_object_end(j);
}

static void put_rules(struct json_out *j)
{
	size_t n;
	const struct rule_info *const *rules = rules_all(&n);
	jout_key(j, "rules");
	jout_array(j);
	for (size_t i = 0; i < n; i++) {
		jout_object(j);
		jout_put(j, "id", rules[i]->id);
		put_text(j, "shortDescription", rules[i]->title);
		jout_key(j, "defaultConfiguration");
		jout_object_line(j);
		jout_put(j, "level", sarif_level(rules[i]->level));
		jout_object_end(j);
		jout_object_end(j);
	}
	jout_array_end(j);
}

static void sarif_begin(struct report *r)
{
	struct json_out *j = &r->j;
	jout_object(j);
	jout_put(j, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
	jout_put(j, "version", "2.1.0");
	jout_key(j, "runs");
	jout_array(j);
	jout_object(j);
	jout_key(j, "tool");
	jout_object(j);
	jout_key(j, "driver");
	jout_object(j);
	jout_put(j, "name", "envcheck");
	jout_put(j, "version", r->job->version);
	put_rules(j);
	jout_object_end(j);
	jout_object_end(j);
	jout_key(j, "results");
	jout_array(j);
}

/* RFC 3986: what may not stand in a relative reference is escaped; the leading '/' goes, since places are inside the target. */
static void put_uri(struct report *r, const char *path)
{
	struct buf b = BUF_INIT(1 << 16);
	for (path += strspn(path, "/"); *path; path++) {
		bool plain = (*path >= 'a' && *path <= 'z') || (*path >= 'A' && *path <= 'Z') || (*path >= '0' && *path <= '9') || strchr("-._~/+", *path);
		if (plain)
			buf_char(&b, *path);
		else
			buf_printf(&b, "%%%02X", (unsigned char)*path);
	}
	jout_put(&r->j, "uri", b.n ? buf_text(&b) : "target");
	r->bad |= b.bad;
	buf_clear(&b);
}

static void put_location(struct report *r, const struct finding *f, const struct inventory *inv)
{
	struct json_out *j = &r->j;
	jout_key(j, "locations");
	jout_array(j);
	jout_object(j);
	jout_key(j, "physicalLocation");
	jout_object(j);
	jout_key(j, "artifactLocation");
	jout_object_line(j);
	put_uri(r, f->path ? f->path : path_base(inv->name));
	jout_object_end(j);
	jout_key(j, "region");
	jout_object_line(j);
	jout_put_int(j, "startLine", 1);
	jout_object_end(j);
	jout_object_end(j);
	jout_object_end(j);
	jout_array_end(j);
}

static void put_result(struct report *r, const struct inventory *inv, const struct finding *f, const char *host)
{
	struct json_out *j = &r->j;
	const char *text = f->message ? f->message : f->rule->title;
	text = arena_printf(&r->arena, "%s%s%s: %s%s%s%s", report_target_name(inv), host ? " on " : "", host ? host : "", text,
			    f->answer == ANSWER_UNKNOWN ? " (not known)" : "", f->remedies.n ? "; " : "", f->remedies.n ? f->remedies.v[0].text : "");
	jout_object(j);
	jout_put(j, "ruleId", f->rule->id);
	jout_put(j, "level", sarif_level(f->level));
	put_text(j, "message", text ? text : f->rule->title);
	put_location(r, f, inv);
	jout_key(j, "partialFingerprints");
	jout_object_line(j);
	jout_put(j, "envcheck/v1", f->fingerprint);
	jout_object_end(j);
	if (r->job->baseline)
		jout_put(j, "baselineState", f->is_new ? "new" : "unchanged");
	jout_object_end(j);
	arena_clear(&r->arena);
}

static void sarif_target(struct report *r, const struct inventory *inv, const struct result *const *results, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < results[i]->findings.n; k++)
			if (results[i]->findings.v[k].answer != ANSWER_PASS)
				put_result(r, inv, &results[i]->findings.v[k], r->job->hosts_n ? r->job->hosts[i].name : NULL);
}

static void sarif_end(struct report *r, const struct report_tail *t)
{
	struct json_out *j = &r->j;
	jout_array_end(j);
	jout_key(j, "invocations");
	jout_array(j);
	jout_object(j);
	jout_put_bool(j, "executionSuccessful", !t->errors_n);
	jout_key(j, "toolExecutionNotifications");
	jout_array(j);
	for (size_t i = 0; i < t->errors_n; i++) {
		jout_object(j);
		jout_put(j, "level", "error");
		put_text(j, "message", t->errors[i].text);
		jout_object_end(j);
	}
	jout_array_end(j);
	jout_object_end(j);
	jout_array_end(j);
	jout_object_end(j);
	jout_array_end(j);
	jout_object_end(j);
	if (jout_end(j, NULL) < 0)
		r->bad = true;
}

const struct report_format report_sarif = { "sarif", REPORT_CHECK, sarif_begin, sarif_target, sarif_end, NULL };
