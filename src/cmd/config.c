#include "cmd/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/str.h"
#include "cmd/options.h"
#include "host/host.h"

static const char config_name[] = ".envcheck.json";

static int wrong(const struct config *c, struct err *err, const char *what, const char *expected)
{
	return err_set(err, ERR_USAGE, "%s: \"%s\": %s is expected", c->path, what, expected);
}

/* The nearest file of that name, from the working folder upwards; -1 and no error if there is none. */
static int find_config(struct config *c, struct err *err)
{
	char *path = arena_str(&c->arena, config_name);
	for (unsigned up = 0; path && up < 64; up++) {
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd >= 0) {
			c->path = path;
			return fd;
		}
		if (errno != ENOENT && errno != ENAMETOOLONG) {
			err_set(err, ERR_USAGE, "%s: %s", path, strerror(errno));
			return -1;
		}
		path = arena_printf(&c->arena, "../%s", path);
	}
	return path ? -1 : err_nomem(err);
}

/* A file relative to the folder of the configuration, or words where there is none. */
static const char *host_of(struct config *c, const char *dir, const char *s)
{
	if (*s == '/' || !dir || !*dir)
		return arena_str(&c->arena, s);
	const char *path = arena_printf(&c->arena, "%s/%s", dir, s);
	return path && host_in_words(s) && access(path, F_OK) < 0 ? arena_str(&c->arena, s) : path;
}

static int read_hosts(struct config *c, const json_t *o, struct err *err)
{
	const json_t *list = json_object_get(o, "hosts");
	if (!list)
		return 0;
	if (!json_is_array(list))
		return wrong(c, err, "hosts", "a list of files");
	char *dir = path_dir(&c->arena, c->path);
	size_t i;
	json_t *v;
	c->hosts.n = 0;
	json_array_foreach(list, i, v) {
		const char *s = json_string_value(v);
		if (!s)
			return wrong(c, err, "hosts", "a list of files");
		const char *path = host_of(c, dir, s);
		if (!path || !list_add(&c->arena, &c->hosts, path))
			return err_nomem(err);
	}
	return 0;
}

static int read_word(struct config *c, const json_t *o, const char *key, const char *const *words, const char **to, struct err *err)
{
	const json_t *v = json_object_get(o, key);
	const char *s = json_string_value(v);
	if (!v)
		return 0;
	for (size_t i = 0; words[i]; i++)
		if (str_eq(words[i], s))
			return (*to = arena_str(&c->arena, s)) ? 0 : err_nomem(err);
	return wrong(c, err, key, str_eq(key, "expect") ? "gpu or cpu" : "error, warning or note");
}

/* Either the file's top or one of its named environments. */
static int read_place(struct config *c, const json_t *o, struct err *err)
{
	static const char *const expect[] = { "gpu", "cpu", NULL }, *const levels[] = { "error", "warning", "note", NULL };
	if (read_hosts(c, o, err) < 0 || read_word(c, o, "expect", expect, &c->expect, err) < 0)
		return -1;
	return read_word(c, o, "fail_on", levels, &c->fail_on, err);
}

static int read_levels(struct config *c, const json_t *levels, struct err *err)
{
	const char *rule;
	json_t *v;
	if (levels && !json_is_object(levels))
		return wrong(c, err, "levels", "an object of rules");
	json_object_foreach((json_t *)levels, rule, v) {
		const char *s = json_string_value(v);
		struct level_override l = { .off = str_eq(s, "off"), .level = LEVEL_ERROR };
		if (!rule_find(rule))
			return err_set(err, ERR_USAGE, "%s: levels: there is no rule '%s'", c->path, rule);
		if (str_eq(s, "note"))
			l.level = LEVEL_NOTE;
		else if (str_eq(s, "warning"))
			l.level = LEVEL_WARNING;
		else if (!l.off && !str_eq(s, "error"))
			return wrong(c, err, rule, "error, warning, note or off");
		l.rule = arena_str(&c->arena, rule);
		if (!l.rule || !list_add(&c->arena, &c->levels, l))
			return err_nomem(err);
	}
	return 0;
}

static bool is_date(const char *s)
{
	static const char form[] = "dddd-dd-dd";
	if (strlen(s) != sizeof(form) - 1)
		return false;
	for (size_t i = 0; form[i]; i++)
		if (form[i] == 'd' ? s[i] < '0' || s[i] > '9' : s[i] != form[i])
			return false;
	int month = atoi(s + 5), day = atoi(s + 8);
	return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

/* A key that nobody reads is most likely a slip, and an ignore without its end for ever. */
static int known_keys(const struct config *c, const json_t *o, const char *where, const char *const *keys, struct err *err)
{
	const char *key;
	json_t *v;
	json_object_foreach((json_t *)o, key, v) {
		const char *const *k = keys;
		while (*k && !str_eq(*k, key))
			k++;
		const char *near = *k ? NULL : nearest_word(key, keys);
		if (!*k)
			return err_set(err, ERR_USAGE, "%s: %s%sunknown key \"%s\"%s%s%s", c->path, where, *where ? ": " : "", key,
				       near ? ": did you mean \"" : "", near ? near : "", near ? "\"?" : "");
	}
	return 0;
}

/* Does a pattern stand for any rule? */
static bool some_rule(const char *pattern)
{
	size_t n;
	const struct rule_info *const *all = rules_all(&n);
	for (size_t i = 0; i < n; i++)
		if (glob_match(pattern, all[i]->id))
			return true;
	return false;
}

static int read_ignore(struct config *c, const json_t *o, const char *today, struct err *err)
{
	static const char *const keys[] = { "rule", "package", "path", "host", "reason", "expires", NULL };
	const char *v[6];
	if (!json_is_object(o))
		return wrong(c, err, "ignores", "a list of objects");
	if (known_keys(c, o, "ignores", keys, err) < 0)
		return -1;
	for (size_t i = 0; i < 6; i++) {
		const json_t *x = json_object_get(o, keys[i]);
		if (x && !json_is_string(x))
			return wrong(c, err, keys[i], "a text");
		v[i] = arena_str(&c->arena, json_string_value(x));
		if (x && !v[i])
			return err_nomem(err);
	}
	if (!v[0] || !v[4] || !*v[4])
		return err_set(err, ERR_USAGE, "%s: ignores: each needs a \"rule\" and a \"reason\"", c->path);
	if (!some_rule(v[0]))
		return err_set(err, ERR_USAGE, "%s: ignores: there is no rule '%s'", c->path, v[0]);
	if (v[5] && !is_date(v[5]))
		return wrong(c, err, "expires", "a date as 2027-01-31");
	struct ignore_rule g = { .rule = v[0], .package = v[1], .path = v[2], .host = v[3], .reason = v[4], .expires = v[5],
				 .expired = v[5] && strcmp(v[5], today) < 0 };
	return list_add(&c->arena, &c->ignores, g) ? 0 : err_nomem(err);
}

/* All of them are looked at, so that a slip shows before the day on which one is taken. */
static int read_environments(const struct config *c, const json_t *o, struct err *err)
{
	static const char *const keys[] = { "hosts", "expect", "fail_on", NULL };
	struct config scratch = { .path = c->path };
	const char *name;
	json_t *v;
	int rc = 0;
	if (o && !json_is_object(o))
		return wrong(c, err, "environments", "an object of objects");
	json_object_foreach((json_t *)o, name, v) {
		if (rc == 0 && !json_is_object(v))
			rc = wrong(c, err, name, "an object");
		if (rc == 0)
			rc = known_keys(c, v, name, keys, err) < 0 ? -1 : read_place(&scratch, v, err);
	}
	arena_clear(&scratch.arena);
	return rc;
}

static int read_config(struct config *c, const json_t *o, const char *env, const char *today, struct err *err)
{
	static const char *const keys[] = { "$schema", "environments", "hosts", "expect", "fail_on", "levels", "ignores", NULL };
	json_t *v;
	size_t i;
	if (!json_is_object(o))
		return err_set(err, ERR_USAGE, "%s: an object is expected", c->path);
	if (known_keys(c, o, "", keys, err) < 0 || read_environments(c, json_object_get(o, "environments"), err) < 0 || read_place(c, o, err) < 0 || read_levels(c, json_object_get(o, "levels"), err) < 0)
		return -1;
	const json_t *ignores = json_object_get(o, "ignores");
	if (ignores && !json_is_array(ignores))
		return wrong(c, err, "ignores", "a list of objects");
	json_array_foreach((json_t *)ignores, i, v)
		if (read_ignore(c, v, today, err) < 0)
			return -1;
	const json_t *place = env ? json_object_get(json_object_get(o, "environments"), env) : NULL;
	if (env && !json_is_object(place))
		return err_set(err, ERR_USAGE, "--env '%s': %s has no environment of that name", env, c->path);
	return place ? read_place(c, place, err) : 0;
}

int config_open(struct config *c, const struct options *o, const char *today, struct err *err)
{
	*c = (struct config){ 0 };
	auto_fd int fd = -1;
	if (str_eq(o->config, "none"))
		return o->env ? err_set(err, ERR_USAGE, "--env '%s': --config none leaves no environments", o->env) : 0;
	if (o->config) {
		c->path = o->config;
		fd = open(o->config, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return err_set(err, ERR_USAGE, "--config '%s': %s", o->config, strerror(errno));
	} else {
		fd = find_config(c, err);
	}
	if (err->kind != ERR_NONE)
		return -1;
	if (fd < 0)
		return o->env ? err_set(err, ERR_USAGE, "--env '%s': no %s was found here or in a parent folder", o->env, config_name) : 0;
	json_auto_t *root = json_read(fd, LIMIT_JSON_SMALL, c->path, err);
	if (!root) {
		err->kind = err->kind == ERR_NOMEM ? ERR_NOMEM : ERR_USAGE;
		return -1;
	}
	return read_config(c, root, o->env, today, err);
}

void config_close(struct config *c)
{
	arena_clear(&c->arena);
	*c = (struct config){ 0 };
}

/* ---- --baseline ---- */

static int read_results(struct baseline *b, const json_t *results, struct err *err)
{
	size_t i, k;
	json_t *res, *f;
	json_array_foreach((json_t *)results, i, res)
		json_array_foreach(json_object_get(res, "findings"), k, f) {
			const char *s = json_get_str(f, "fingerprint");
			if (!s)
				continue;
			s = arena_str(&b->arena, s);
			if (!s || !list_add(&b->arena, &b->fingerprints, s))
				return err_nomem(err);
		}
	list_sort(&b->fingerprints, str_ptr_cmp);
	return 0;
}

int baseline_open(struct baseline *b, const char *path, struct err *err)
{
	*b = (struct baseline){ 0 };
	auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_set(err, ERR_USAGE, "--baseline '%s': %s", path, strerror(errno));
	json_auto_t *root = json_read(fd, LIMIT_JSON, path, err);
	if (!root) {
		err->kind = err->kind == ERR_NOMEM ? ERR_NOMEM : ERR_USAGE;
		return -1;
	}
	if (!str_eq(json_get_str(root, "schema"), "envcheck.report/1"))
		return err_set(err, ERR_USAGE, "--baseline '%s': is no report that --format json wrote (envcheck.report/1)", path);
	return read_results(b, json_object_get(root, "results"), err);
}

bool baseline_has(const struct baseline *b, const char *fingerprint)
{
	return b->fingerprints.n && bsearch(&fingerprint, b->fingerprints.v, b->fingerprints.n, sizeof(*b->fingerprints.v), str_ptr_cmp);
}

void baseline_close(struct baseline *b)
{
	arena_clear(&b->arena);
	*b = (struct baseline){ 0 };
}
