/* SARIF 2.1.0 (OASIS): one run; a result per finding and host. */
#include <string.h>

#include "base/auto.h"
#include "base/limits.h"
#include "base/str.h"
#include "check/pages.h"
#include "inventory/inventory.h"
#include "report/forge.h"

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

/* GitHub shows 1,024 characters of a description; a page begins with what its rule is about. */
static const char *first_paragraph(struct arena *a, const struct rule_info *rule)
{
	const char *page = rule_page(rule->id), *end = page ? strstr(page, "\n\n") : NULL;
	char *s = page ? arena_strn(a, page, end ? (size_t)(end - page) : strlen(page)) : NULL;
	for (char *p = s; p && (p = strchr(p, '\n')); p++)
		*p = ' ';
	return s ? s : rule->title;
}

/* "driver-too-old" -> "DriverTooOld", as SARIF likes names. In the arena. */
static const char *pascal(struct arena *a, const char *id)
{
	char *name = arena_str(a, id), *to = name;
	bool up = true;
	for (const char *p = id; name && *p; p++) {
		if (*p != '-')
			*to++ = up && *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p;
		up = *p == '-';
	}
	if (name)
		*to = '\0';
	return name;
}

static void put_help(struct report *r, const struct rule_info *rule)
{
	struct json_out *j = &r->j;
	const char *page = rule_page(rule->id);
	jout_key(j, "help");
	jout_object(j);
	jout_put(j, "text", page ? page : rule->title);
	jout_put(j, "markdown", page ? arena_printf(&r->arena, "**%s**: %s\n\n%s", rule->id, rule_says(rule->id), page) : rule->title);
	jout_object_end(j);
}

/* "The host driver is older than this CUDA needs." */
static const char *sentence(struct arena *a, const char *words)
{
	char *s = arena_printf(a, "%s.", words);
	if (s && *s >= 'a' && *s <= 'z')
		*s = (char)(*s - 'a' + 'A');
	return s;
}

static void put_rules(struct report *r)
{
	struct json_out *j = &r->j;
	size_t n;
	const struct rule_info *const *rules = rules_all(&n);
	jout_key(j, "rules");
	jout_array(j);
	for (size_t i = 0; i < n; i++) {
		jout_object(j);
		jout_put(j, "id", rules[i]->id);
		jout_put(j, "name", pascal(&r->arena, rules[i]->id));
		put_text(j, "shortDescription", sentence(&r->arena, rule_says(rules[i]->id)));
		put_text(j, "fullDescription", first_paragraph(&r->arena, rules[i]));
		put_help(r, rules[i]);
		jout_key(j, "defaultConfiguration");
		jout_object_line(j);
		jout_put(j, "level", sarif_level(rules[i]->level));
		jout_object_end(j);
		jout_key(j, "properties");
		jout_object_line(j);
		jout_key(j, "tags");
		jout_array_line(j);
		jout_string(j, "compatibility");
		jout_string(j, rules[i]->family);
		jout_array_end(j);
		jout_put(j, "precision", "high");
		jout_put(j, "problem.severity", rules[i]->level == LEVEL_NOTE ? "recommendation" : level_name(rules[i]->level));
		jout_object_end(j);
		jout_object_end(j);
		arena_clear(&r->arena);
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
	jout_put(j, "semanticVersion", r->job->version);
	put_rules(r);
	jout_object_end(j);
	jout_object_end(j);
	jout_key(j, "results");
	jout_array(j);
}

/* RFC 3986: what may not stand in a relative reference is escaped. */
static void put_uri(struct report *r, const char *path)
{
	auto_buf struct buf b = BUF_INIT(LIMIT_TEXT);
	for (; *path; path++) {
		bool plain = (*path >= 'a' && *path <= 'z') || (*path >= 'A' && *path <= 'Z') || (*path >= '0' && *path <= '9') || strchr("-._~/+", *path);
		if (plain)
			buf_char(&b, *path);
		else
			buf_printf(&b, "%%%02X", (unsigned char)*path);
	}
	jout_put(&r->j, "uri", buf_text(&b));
	r->bad |= b.bad;
}

/* The file that a forge can show, and the place inside the target by its name. */
static void put_location(struct report *r, const struct finding *f, const struct inventory *inv)
{
	struct json_out *j = &r->j;
	const struct forge_place place = forge_place(r, inv, f);
	jout_key(j, "locations");
	jout_array(j);
	jout_object(j);
	jout_key(j, "physicalLocation");
	jout_object(j);
	jout_key(j, "artifactLocation");
	jout_object_line(j);
	put_uri(r, place.path);
	jout_object_end(j);
	jout_key(j, "region");
	jout_object_line(j);
	jout_put_int(j, "startLine", place.first);
	if (place.last > place.first)
		jout_put_int(j, "endLine", place.last);
	jout_object_end(j);
	jout_object_end(j);
	if (f->path) {
		jout_key(j, "logicalLocations");
		jout_array(j);
		jout_object_line(j);
		jout_put(j, "fullyQualifiedName", arena_printf(&r->arena, "%s:%s", report_target_name(inv), f->path));
		jout_put(j, "kind", "resource");
		jout_object_end(j);
		jout_array_end(j);
	}
	jout_object_end(j);
	jout_array_end(j);
}

static size_t index_of(const struct rule_info *rule)
{
	size_t n, i = 0;
	const struct rule_info *const *rules = rules_all(&n);
	while (i < n && !str_eq(rules[i]->id, rule->id))
		i++;
	return i;
}

static void put_result(struct report *r, const struct inventory *inv, const struct finding *f, const char *host)
{
	struct json_out *j = &r->j;
	bool unknown = f->answer == ANSWER_UNKNOWN;
	jout_object(j);
	jout_put(j, "ruleId", f->rule->id);
	jout_put_int(j, "ruleIndex", (int64_t)index_of(f->rule));
	jout_put(j, "level", unknown && f->level == LEVEL_ERROR ? "warning" : sarif_level(f->level));
	put_text(j, "message", arena_printf(&r->arena, "%s.", forge_sentence(r, inv, f, host)));
	put_location(r, f, inv);
	jout_key(j, "partialFingerprints");
	jout_object_line(j);
	/* the first is the one that GitHub goes by; one finding may stand in several targets */
	jout_put(j, "primaryLocationLineHash", arena_printf(&r->arena, "%s:%zu", f->fingerprint, r->count + 1));
	jout_put(j, "envcheck/v1", f->fingerprint);
	jout_object_end(j);
	if (r->job->baseline)
		jout_put(j, "baselineState", f->is_new ? "new" : "unchanged");
	jout_object_end(j);
	arena_clear(&r->arena);
}

/* GitHub refuses a run of more results. */
enum { RESULTS_MAX = 25000 };

static void sarif_target(struct report *r, const struct inventory *inv, const struct result *const *results, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < results[i]->findings.n; k++)
			if (results[i]->findings.v[k].answer != ANSWER_PASS && r->seen++ < RESULTS_MAX)
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
	if (r->seen > RESULTS_MAX) {
		jout_object(j);
		jout_put(j, "level", "warning");
		put_text(j, "message", arena_printf(&r->arena, "%zu more results are not in this file.", r->seen - RESULTS_MAX));
		jout_object_end(j);
	}
	jout_array_end(j);
	jout_object_end(j);
	jout_array_end(j);
	jout_put(j, "columnKind", "utf16CodeUnits");
	jout_object_end(j);
	jout_array_end(j);
	jout_object_end(j);
	if (jout_end(j, NULL) < 0)
		r->bad = true;
}

const struct report_format report_sarif = { "sarif", REPORT_CHECK, sarif_begin, sarif_target, sarif_end, NULL, false };
