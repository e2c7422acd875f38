#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/str.h"
#include "source/plan_parts.h"

enum { CONFIG_LINES = 65536 }; /* strings of one list of a config: environments have dozens */

static bool add_text(struct planner *r, struct plan_texts *to, const char *s)
{
	const char *copy = plan_keep(r, s);
	if (copy && !list_add(&r->p->arena, to, copy))
		r->nomem = true;
	return copy != NULL;
}

/* An array of strings, or (in very old configs) one string. */
static void read_texts(struct planner *r, struct plan_image *i, const json_t *from, const char *key, struct plan_texts *to)
{
	const json_t *list = json_object_get(from, key), *v;
	size_t k;
	if (json_is_string(list))
		add_text(r, to, json_string_value(list));
	json_array_foreach(list, k, v) {
		if (k < CONFIG_LINES && add_text(r, to, json_string_value(v)))
			continue;
		plan_gap(r, i, "config: %s has %s", key, k < CONFIG_LINES ? "something that is no text" : "too many lines");
		return;
	}
}

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct plan_label *)a)->key, ((const struct plan_label *)b)->key);
}

static void read_labels(struct planner *r, struct image_config *c, json_t *labels)
{
	const char *key;
	json_t *v;
	if (!json_is_object(labels))
		return;
	json_object_foreach(labels, key, v) {
		struct plan_label l = { plan_keep(r, key), plan_keep(r, json_string_value(v)) };
		if (l.key && l.value && !list_add(&r->p->arena, &c->labels, l))
			r->nomem = true;
	}
	if (c->labels.n)
		qsort(c->labels.v, c->labels.n, sizeof(struct plan_label), by_key);
}

/* History lines that made a layer, in order; joined only where their number fits, else nobody knows which is whose. */
static void join_history(struct planner *r, struct plan_image *i, const json_t *history)
{
	size_t k, with_layer = 0, at = 0;
	const json_t *v;
	json_array_foreach(history, k, v)
		with_layer += !json_is_true(json_object_get(v, "empty_layer"));
	if (with_layer != i->layers.n)
		return;
	json_array_foreach(history, k, v)
		if (!json_is_true(json_object_get(v, "empty_layer")))
			i->layers.v[at++].created_by = plan_keep(r, json_get_str(v, "created_by"));
}

static void join_diff_ids(struct planner *r, struct plan_image *i, const json_t *ids)
{
	size_t k;
	const json_t *v;
	if (json_array_size(ids) != i->layers.n) {
		plan_gap(r, i, "config: %zu diff_ids for %zu layers", json_array_size(ids), i->layers.n);
		return;
	}
	json_array_foreach(ids, k, v)
		i->layers.v[k].diff_id = plan_keep(r, json_string_value(v));
}

void plan_config(struct planner *r, struct plan_image *i, const char *member)
{
	struct err err = ERR_INIT;
	json_auto_t *top = plan_json(r, member, &err);
	if (!top || !json_is_object(top)) {
		plan_gap(r, i, "config: %s", top ? "no object" : err.text);
		r->nomem |= err.kind == ERR_NOMEM;
		return;
	}
	struct image_config *c = &i->config;
	json_t *run = json_object_get(top, "config");
	c->known = true;
	c->architecture = plan_keep(r, json_get_str(top, "architecture"));
	c->variant = plan_keep(r, json_get_str(top, "variant"));
	c->os = plan_keep(r, json_get_str(top, "os"));
	c->os_version = plan_keep(r, json_get_str(top, "os.version"));
	c->created = plan_keep(r, json_get_str(top, "created"));
	c->user = plan_keep(r, json_get_str(run, "User"));
	c->working_dir = plan_keep(r, json_get_str(run, "WorkingDir"));
	read_texts(r, i, run, "Env", &c->env);
	read_texts(r, i, run, "Entrypoint", &c->entrypoint);
	read_texts(r, i, run, "Cmd", &c->cmd);
	read_texts(r, i, run, "Shell", &c->shell);
	read_labels(r, c, json_object_get(run, "Labels"));
	join_diff_ids(r, i, json_object_get(json_object_get(top, "rootfs"), "diff_ids"));
	join_history(r, i, json_object_get(top, "history"));
}
