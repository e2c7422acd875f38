#include "cmd/targets.h"

#include "base/auto.h"
#include "base/str.h"
#include "cmd/caches.h"
#include "cmd/options.h"
#include "cmd/outputs.h"
#include "derive/derive.h"
#include "inventory/inventory.h"
#include "scan/cache.h"
#include "scan/given.h"
#include "source/http.h"
#include "source/remote.h"

int targets_open(struct targets *t, const struct options *o, const struct matrix *m, struct err *err)
{
	*t = (struct targets){ .options = o, .matrix = m };
	t->scan = (struct scan_options){
		.image = o->image, .platform = o->platform, .command = o->command_line, .set_env = o->set_env.v, .set_env_n = o->set_env.n,
		.jobs = options_jobs(o), .quick = o->quick, .verify = o->verify,
		.indexes = o->indexes.v, .indexes_n = o->indexes.n, .python_version = o->python_version, .libc = o->libc, .fetch = o->fetch,
	};
	const struct http_options h = options_http(o);
	if (!(t->scan.http = http_open(&h, err)))
		return -1;
	if (!o->targets.n && !o->requirements)
		return err_set(err, ERR_USAGE, "no target is given: an image, folder, wheel or requirement is expected");
	t->cache = o->no_cache ? NULL : cache_of_user(o);
	t->scan.cache = t->cache;
	if ((t->display.wanted = display_wanted(o)))
		t->scan.progress = &t->display.progress;
	return 0;
}

/* The thing first: the text begins with the target's name. */
static int add_error(struct targets *t, const char *name, struct err *why, struct err *err)
{
	struct report_error *e = list_push(&t->arena, &t->errors);
	if (!(name = remote_name(name, &t->arena)))
		return err_nomem(err);
	if (!str_eq(name, "-") && !str_starts(why->text, name))
		err_in(why, "%s", name);
	if (!e || !(e->name = arena_str(&t->arena, name)) || !(e->text = arena_str(&t->arena, why->text)))
		return err_nomem(err);
	say("%s", why->text);
	return 0;
}

/* Requirements that follow each other make one environment. */
static const char *next_argument(struct targets *t, struct err *err)
{
	const struct options *o = t->options;
	if (t->next == o->targets.n) {
		t->next++;
		return o->requirements;
	}
	if (t->next > o->targets.n)
		return NULL;
	const char *arg = o->targets.v[t->next++];
	if (!scan_is_requirement(arg, o->indexes.n > 0))
		return arg;
	while (arg && !t->apart && t->next < o->targets.n && scan_is_requirement(o->targets.v[t->next], o->indexes.n > 0))
		arg = arena_printf(&t->arena, "%s %s", arg, o->targets.v[t->next++]);
	if (!arg)
		err_nomem(err);
	return arg;
}

static int derive_all(struct targets *t, struct err *err)
{
	const struct derive_options d = { .python = t->options->python };
	for (size_t i = 0; i < t->now.n; i++)
		if (derive_target(t->now.v[i], t->matrix, &d, err) < 0)
			return -1;
	return 0;
}

int targets_next(struct targets *t, struct err *err)
{
	for (;;) {
		struct err why = ERR_INIT;
		scan_result_clear(&t->now);
		const char *arg = next_argument(t, err);
		if (!arg)
			return err->kind == ERR_NONE ? 0 : -1;
		const char *name = remote_name(arg, &t->arena);
		if (!name)
			return err_nomem(err);
		display_start(&t->display, str_eq(name, "-") ? "standard input" : name);
		int got = scan_target(arg, &t->scan, &t->now, &why);
		display_stop(&t->display);
		if (got < 0) {
			if (why.kind == ERR_NOMEM || why.kind == ERR_USAGE) {
				*err = why;
				return -1;
			}
			if (add_error(t, arg, &why, err) < 0)
				return -1;
			continue;
		}
		if (t->now.partial && add_error(t, arg, &t->now.trouble, err) < 0)
			return -1;
		return derive_all(t, err) < 0 ? -1 : 1;
	}
}

void targets_close(struct targets *t)
{
	scan_result_clear(&t->now);
	cache_close(t->cache);
	http_close(t->scan.http);
	arena_clear(&t->arena);
	*t = (struct targets){ 0 };
}
