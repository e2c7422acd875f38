/* envcheck cache: what is kept of layers that were read before. */
#include "scan/cache.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "base/auto.h"
#include "base/json.h"
#include "cmd/caches.h"
#include "cmd/cmd.h"
#include "cmd/options.h"
#include "cmd/outputs.h"

char *cache_path(struct arena *a)
{
	const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	if (xdg && *xdg == '/')
		return arena_printf(a, "%s/envcheck", xdg);
	return home && *home == '/' ? arena_printf(a, "%s/.cache/envcheck", home) : NULL;
}

struct cache *cache_of_user(const struct options *o)
{
	auto_arena struct arena a = ARENA_INIT;
	struct err err = ERR_INIT;
	const char *path = cache_path(&a), *xdg = getenv("XDG_CACHE_HOME");
	struct cache *c = path ? cache_open(path, options_cache_limit(o), &err) : NULL;
	if (!c && path && xdg && *xdg == '/')
		say("%s: going on without it", err.text);
	return c;
}

struct size_text { char s[24]; };

static struct size_text size_text(uint64_t n)
{
	struct size_text t;
	static const char units[] = "KMGT";
	if (n < 1024) {
		snprintf(t.s, sizeof(t.s), "%" PRIu64 " bytes", n);
		return t;
	}
	double v = (double)n / 1024;
	unsigned u = 0;
	while (v >= 1000 && u < 3) {
		v /= 1024;
		u++;
	}
	snprintf(t.s, sizeof(t.s), "%.1f %cB", v, units[u]);
	return t;
}

static void list_text(const struct cache_list *l, const char *path, uint64_t limit, FILE *out)
{
	fprintf(out, "%s: %zu %s, %s of %s\n", path, l->v.n, l->v.n == 1 ? "entry" : "entries", size_text(l->size).s, size_text(limit).s);
	for (unsigned k = CACHE_DIGEST; k <= CACHE_UNUSABLE; k++) {
		size_t n = 0;
		uint64_t size = 0;
		for (size_t i = 0; i < l->v.n; i++)
			if (l->v.v[i].kind == k) {
				n++;
				size += l->v.v[i].size;
			}
		static const char *const what[] = { "layers by their verified digest", "layers and wheels by their file", "layers by their table of contents", "of no use (--prune)" };
		if (n)
			fprintf(out, "%6zu  %-10s  %s\n", n, size_text(size).s, what[k]);
	}
}

static int list_json(const struct cache_list *l, const char *path, uint64_t limit, FILE *out, struct err *err)
{
	struct json_out j = { .file = out };
	jout_object(&j);
	jout_put(&j, "schema", "envcheck.cache/1");
	jout_put(&j, "path", path);
	jout_put_int(&j, "limit", (int64_t)limit);
	jout_put_int(&j, "size", (int64_t)l->size);
	jout_key(&j, "entries");
	jout_array(&j);
	for (size_t i = 0; i < l->v.n; i++) {
		const struct cache_entry *e = &l->v.v[i];
		struct tm tm;
		char used[32];
		time_t at = (time_t)(e->used / 1000000000);
		strftime(used, sizeof(used), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&at, &tm));
		jout_object_line(&j);
		jout_put(&j, "kind", cache_kind_name(e->kind));
		jout_put(&j, "key", e->key ? e->key : e->name);
		jout_put_int(&j, "size", (int64_t)e->size);
		jout_put(&j, "used", used);
		jout_object_end(&j);
	}
	jout_array_end(&j);
	jout_object_end(&j);
	return jout_end(&j, err);
}

static int show(struct cache *c, const char *path, const struct options *o, struct outputs *u, struct err *err)
{
	struct cache_list list = { .arena = ARENA_INIT };
	size_t gone = 0;
	int rc = o->prune ? cache_prune(c, &gone, err) : 0;
	if (o->prune && rc == 0)
		say("%zu %s taken out of the cache", gone, gone == 1 ? "entry" : "entries");
	if (rc == 0)
		rc = cache_look(c, &list, err);
	for (size_t i = 0; rc == 0 && i < u->list.n; i++)
		if (u->list.v[i].json)
			rc = list_json(&list, path, options_cache_limit(o), u->list.v[i].file, err);
		else
			list_text(&list, path, options_cache_limit(o), u->list.v[i].file);
	cache_list_clear(&list);
	return rc;
}

int cache_command(const struct options *o, struct err *err)
{
	auto_arena struct arena a = ARENA_INIT;
	struct outputs u = { 0 };
	if (o->targets.n)
		return err_set(err, ERR_USAGE, "cache takes no operand, '%s' is one", o->targets.v[0]);
	const char *path = cache_path(&a);
	if (!path)
		return err_set(err, ERR_IO, "there is no cache: neither XDG_CACHE_HOME nor HOME is set");
	struct cache *c = cache_open(path, options_cache_limit(o), err);
	int rc = c ? outputs_open(&u, o, 0, err) : -1;
	if (rc == 0)
		rc = show(c, path, o, &u, err);
	if (outputs_close(&u, rc == 0, err) < 0)
		rc = -1;
	cache_close(c);
	return rc < 0 ? -1 : EXIT_FINE;
}
