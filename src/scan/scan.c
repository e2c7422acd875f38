#include "scan/scan.h"

#include <string.h>

#include "base/limits.h"
#include "base/progress.h"
#include "base/str.h"
#include "base/thread.h"
#include "inventory/fs.h"
#include "inventory/inventory.h"
#include "parse/launch.h"
#include "scan/assemble.h"
#include "scan/cache.h"
#include "scan/given.h"
#include "scan/job.h"
#include "scan/layerstream.h"
#include "scan/layertask.h"
#include "scan/merge.h"
#include "scan/record.h"
#include "source/plan.h"
#include "source/remote.h"
#include "source/store.h"
#include "source/watch.h"

/* ---- records: one a distinct member, read by workers, shared by images ---- */

struct record *scan_record_new(struct scan_job *job, size_t member)
{
	struct scan_record *r = list_push(&job->arena, &job->records);
	struct record *record = r ? arena_alloc(&job->arena, sizeof(*record)) : NULL;
	if (!record || record_open(record) < 0) {
		if (r)
			job->records.n--;
		return NULL;
	}
	r->member = member;
	r->record = record;
	return record;
}

struct scan_record *scan_record_find(const struct scan_job *job, size_t member)
{
	for (size_t i = 0; i < job->records.n; i++)
		if (job->records.v[i].member == member)
			return &job->records.v[i];
	return NULL;
}

static struct record *record_find(const struct scan_job *job, size_t member)
{
	const struct scan_record *r = scan_record_find(job, member);
	return r ? r->record : NULL;
}

enum { REMOTE_JOBS = 4 }; /* layers at once, as many as docker pulls besides one */

struct tasks {
	struct scan_job *job;
	struct store *store;
	LIST(struct layer_task) v;
};

static void run_task(void *context, size_t i)
{
	struct tasks *all = context;
	layer_task_run(all->job, all->store, &all->v.v[i]);
}

static int by_size(const void *a, const void *b)
{
	uint64_t x = ((const struct layer_task *)a)->member->size, y = ((const struct layer_task *)b)->member->size;
	return (x < y) - (x > y);
}

/* Reads every layer of the plan that no record stands for yet, largest first. */
static int read_layers(struct scan_job *job, struct store *s, const struct plan *plan, struct err *err)
{
	struct tasks all = { .job = job, .store = s };
	for (size_t i = 0; i < plan->images.n; i++) {
		const struct plan_image *img = &plan->images.v[i];
		for (size_t k = 0; k < img->layers.n; k++) {
			const char *name = img->layers.v[k].member;
			const struct member *m = name ? store_find(s, name) : NULL;
			if (!m || record_find(job, m->index))
				continue;
			struct layer_task t = { .member = m, .digest = img->layers.v[k].digest, .diff_id = img->layers.v[k].diff_id, .stated = img->layers.v[k].size,
					  .toc_digest = img->layers.v[k].toc_digest, .toc_position = img->layers.v[k].toc_position,
					  .record = scan_record_new(job, m->index) };
			if (!t.record || !list_add(&job->arena, &all.v, t))
				return err_nomem(err);
			progress_expect(job->options->progress, m->size);
		}
	}
	list_sort(&all.v, by_size);
	/* a network has more to give than one connection takes */
	unsigned jobs = job->options->jobs;
	if (!jobs && store_kind(s) == SOURCE_REGISTRY)
		jobs = thread_cores() < REMOTE_JOBS ? REMOTE_JOBS : thread_cores();
	thread_each(jobs, all.v.n, run_task, &all);
	for (size_t i = 0; i < all.v.n; i++)
		if (all.v.v[i].err.kind == ERR_NOMEM)
			return err_nomem(err);
	return 0;
}

/* ---- one tree of several records ---- */

int scan_merge(struct scan_job *job, struct inventory *inv, struct record *const *records, size_t n, const char *base, struct err *err)
{
	LIST(const struct item *) items = { 0 };
	inv->fs = fs_new();
	if (!inv->fs)
		return err_nomem(err);
	for (size_t i = 0; i < n; i++) {
		const struct record *r = records[i];
		if (!r)
			continue;
		if (merge_layer(inv->fs, r, (uint16_t)i, (uint32_t)items.n, err) < 0)
			return -1;
		for (size_t k = 0; k < r->items.n; k++)
			if (!list_add(&inv->arena, &items, &r->items.v[k]))
				return err_nomem(err);
	}
	/* a gap counts only where the file that it is about is still there */
	for (size_t i = 0; i < n; i++) {
		const struct record *r = records[i];
		for (size_t k = 0; r && k < r->gaps.n; k++) {
			uint32_t node = fs_find(inv->fs, 0, r->gaps.v[k].path, false);
			if (node == FS_NONE || fs_node(inv->fs, node)->layer != i)
				continue;
			char *path = fs_path(inv->fs, node, &inv->arena);
			if (!path || inventory_gap(inv, (int)i, path, "%s", r->gaps.v[k].reason) < 0)
				return err_nomem(err);
		}
		if (r && r->notice && inventory_gap(inv, (int)i, NULL, "%s", r->notice) < 0)
			return err_nomem(err);
		if (!r || !r->broken)
			continue;
		inv->complete = false;
		job->out->partial = true;
		if (job->out->trouble.kind == ERR_NONE) {
			job->out->trouble = r->error;
			if (n > 1)
				err_in(&job->out->trouble, "layer %zu", i);
		}
		if (inventory_gap(inv, (int)i, NULL, "%s", r->error.text) < 0)
			return err_nomem(err);
	}
	struct view v = { .inv = inv, .fs = inv->fs, .items = items.v, .base = base };
	return assemble(&v, err);
}

struct inventory *scan_new_inventory(struct scan_job *job, const char *name, enum target_kind kind, struct err *err)
{
	struct inventory *inv = inventory_new();
	struct inventory **v = mem_resize(job->out->v, (job->out->n + 1) * sizeof(*v));
	if (v)
		job->out->v = v;
	if (!inv || !v) {
		inventory_free(inv);
		err_nomem(err);
		return NULL;
	}
	inv->name = arena_str(&inv->arena, name);
	inv->kind = kind;
	inv->complete = !job->wanted.quick;
	job->out->v[job->out->n++] = inv;
	return inv;
}

/* ---- images ---- */

static void put_env(struct inventory *inv, const char *pair)
{
	const char *eq = strchr(pair, '=');
	size_t n = eq ? (size_t)(eq - pair) : strlen(pair);
	for (size_t i = 0; i < inv->env.n; i++) {
		struct env_var *e = &inv->env.v[i];
		if (strlen(e->name) != n || memcmp(e->name, pair, n))
			continue;
		if (eq) {
			e->value = arena_str(&inv->arena, eq + 1);
		} else {
			memmove(e, e + 1, (inv->env.n - i - 1) * sizeof(*e));
			inv->env.n--;
		}
		return;
	}
	struct env_var *e = eq ? list_push(&inv->arena, &inv->env) : NULL;
	if (e) {
		e->name = arena_strn(&inv->arena, pair, n);
		e->value = arena_str(&inv->arena, eq + 1);
	}
}

static int env_cmp(const void *a, const void *b)
{
	return str_cmp(((const struct env_var *)a)->name, ((const struct env_var *)b)->name);
}

void scan_apply_env(const struct scan_job *job, struct inventory *inv)
{
	for (size_t i = 0; i < job->options->set_env_n; i++) {
		put_env(inv, job->options->set_env[i]);
		inv->known |= INV_ENV;
	}
	list_sort(&inv->env, env_cmp);
}

/* --command stands for ENTRYPOINT and CMD both. */
static int apply_command(const struct scan_job *job, struct inventory *inv)
{
	struct words w = { 0 };
	if (!job->options->command)
		return 0;
	if (words_split(SPAN_STR(job->options->command), &inv->arena, &w) < 0)
		return -1;
	inv->known |= INV_ENTRYPOINT | INV_COMMAND;
	inv->entrypoint.n = inv->command.n = 0;
	for (size_t i = 0; i < w.v.n; i++)
		if (!list_add(&inv->arena, &inv->command, w.v.v[i]))
			return -1;
	return 0;
}

static int copy_config(struct inventory *inv, const struct plan_image *img)
{
	struct arena *a = &inv->arena;
	const struct image_config *c = &img->config;
	inv->os_name = arena_str(a, img->os);
	inv->arch = arena_str(a, img->architecture);
	inv->digest = arena_str(a, img->config_digest);
	for (size_t i = 0; i < img->tags.n; i++)
		if (!list_add(a, &inv->reference, arena_str(a, img->tags.v[i])))
			return -1;
	if (!c->known)
		return 0;
	inv->known |= INV_ENV | INV_ENTRYPOINT | INV_COMMAND | INV_LABELS;
	inv->workdir = arena_str(a, c->working_dir);
	for (size_t i = 0; i < c->env.n; i++)
		put_env(inv, c->env.v[i]);
	for (size_t i = 0; i < c->entrypoint.n; i++)
		if (!list_add(a, &inv->entrypoint, arena_str(a, c->entrypoint.v[i])))
			return -1;
	for (size_t i = 0; i < c->cmd.n; i++)
		if (!list_add(a, &inv->command, arena_str(a, c->cmd.v[i])))
			return -1;
	for (size_t i = 0; i < c->labels.n; i++) {
		struct env_var *l = list_push(a, &inv->labels);
		if (!l)
			return -1;
		l->name = arena_str(a, c->labels.v[i].key);
		l->value = arena_str(a, c->labels.v[i].value);
	}
	return 0;
}

static int scan_image(struct scan_job *job, struct store *s, const struct plan_image *img, bool several, struct err *err)
{
	char name[512];
	snprintf(name, sizeof(name), several ? "%s:%s" : "%s", job->name, img->name ? img->name : "image");
	struct inventory *inv = scan_new_inventory(job, name, TARGET_IMAGE, err);
	if (!inv || copy_config(inv, img) < 0)
		return err_nomem(err);
	bool remote = store_kind(s) == SOURCE_REGISTRY;
	struct record **records = arena_alloc(&job->arena, (img->layers.n + 1) * sizeof(*records));
	if (!records)
		return err_nomem(err);
	inv->known |= INV_LAYERS;
	for (size_t i = 0; i < img->layers.n; i++) {
		const struct plan_layer *from = &img->layers.v[i];
		const struct member *m = from->member ? store_find(s, from->member) : NULL;
		struct layer *l = list_push(&inv->arena, &inv->layers);
		if (!l)
			return err_nomem(err);
		l->digest = arena_str(&inv->arena, from->digest);
		l->diff_id = arena_str(&inv->arena, from->diff_id);
		l->created_by = arena_str(&inv->arena, from->created_by);
		l->size = m ? m->size : from->size;
		records[i] = m ? record_find(job, m->index) : NULL;
		if (records[i]) {
			l->entries = records[i]->entries;
			inv->claimed_layers += records[i]->claimed;
			l->by_table = records[i]->by_table;
			l->verified = (job->options->verify || (remote && !records[i]->claimed && !l->by_table)) && (from->digest || from->diff_id) && !records[i]->broken;
			continue;
		}
		inv->complete = false;
		if (inventory_gap(inv, (int)i, from->member, "%s", from->gap ? from->gap : "the layer is not in the archive") < 0)
			return err_nomem(err);
	}
	for (size_t i = 0; i < img->gaps.n; i++)
		if (inventory_gap(inv, -1, NULL, "%s", img->gaps.v[i]) < 0)
			return err_nomem(err);
	scan_apply_env(job, inv);
	if (apply_command(job, inv) < 0)
		return err_nomem(err);
	return scan_merge(job, inv, records, img->layers.n, "/", err);
}

static int scan_images(struct scan_job *job, struct store *s, struct err *err)
{
	if (store_is_stream(s) && layers_of_stream(job, s, err) < 0)
		return -1;
	struct plan_options options = { .image = job->options->image, .platform = job->options->platform };
	struct err why = ERR_INIT;
	struct plan *plan = plan_make(s, &options, &why);
	if (!plan) {
		/* where the archive broke off is the better word for a manifest that never came */
		if (job->out->partial)
			why = job->out->trouble;
		return err_set(err, why.kind, "%s", why.text);
	}
	int got = store_is_stream(s) ? layers_hold(job, s, plan, err) : read_layers(job, s, plan, err);
	for (size_t i = 0; got == 0 && i < plan->images.n; i++)
		got = scan_image(job, s, &plan->images.v[i], plan->images.n > 1, err);
	for (size_t i = 0; got == 0 && job->out->n && i < plan->gaps.n; i++)
		if (inventory_gap(job->out->v[0], -1, NULL, "%s", plan->gaps.v[i]) < 0)
			got = err_nomem(err);
	plan_free(plan);
	return got;
}

/* ---- targets that are one tree ---- */

/* Wheels and flat archives are cached by the identity of their file; `of` is NULL where there is none. */
static bool file_cached(const struct scan_job *job, const struct blob_identity *of, enum cache_depth depth, struct record *r)
{
	struct cache_key key;
	if (!of || job->options->verify)
		return false;
	cache_key_file(&key, of, depth);
	return cache_get(job->options->cache, &key, r);
}

static void file_keep(const struct scan_job *job, const struct blob_identity *of, enum cache_depth depth, const struct record *r)
{
	struct cache_key key;
	if (!of)
		return;
	cache_key_file(&key, of, depth);
	cache_put(job->options->cache, &key, r);
}

int scan_brief(struct inventory *inv, const char *why, struct err *err)
{
	inv->complete = false;
	for (size_t i = 0; i < inv->packages.n; i++) {
		struct package *p = &inv->packages.v[i];
		p->gpu.code_known = false;
		if (p->gpu.vendor == VENDOR_NONE) { /* no library of it was seen, which says nothing here */
			p->gpu.vendor = VENDOR_UNKNOWN;
			p->gpu_known = false;
		}
	}
	inv->known &= ~(unsigned)(INV_LIBRARIES | INV_DRIVER_LIBRARIES | INV_COMPAT | INV_TOOLKITS | INV_COMPILERS | INV_OWNED_TWICE);
	return inventory_gap(inv, -1, NULL, "%s", why) < 0 ? err_nomem(err) : 0;
}

static int scan_tree(struct scan_job *job, struct store *s, enum target_kind kind, const char *base, struct err *err)
{
	struct record *r = scan_record_new(job, job->records.n);
	struct inventory *inv = r ? scan_new_inventory(job, job->name, kind, err) : NULL;
	struct blob_identity identity, *of = store_identity(s, &identity) ? &identity : NULL;
	if (!inv)
		return err_nomem(err);
	/* the libraries of a wheel would have to be unpacked: a hundred times the work */
	bool brief = store_is_brief(s) || (kind == TARGET_WHEEL && job->options->quick);
	enum cache_depth depth = brief ? CACHE_BRIEF : job->options->quick ? CACHE_QUICK : CACHE_DEEP;
	if (!file_cached(job, of, depth, r)) {
		struct tree *t = store_tree(s, err);
		struct wanted wanted = job->wanted;
		wanted.brief = brief;
		int got = t ? layer_scan(t, &wanted, r, err) : -1;
		tree_close(t);
		if (got < 0)
			return -1;
		file_keep(job, of, depth, r);
	}
	if (r->broken && !r->entries)
		return err_set(err, r->error.kind, "%s", r->error.text);
	if (kind == TARGET_ROOTFS && apply_command(job, inv) < 0)
		return err_nomem(err);
	if (kind == TARGET_WHEEL && !list_add(&inv->arena, &inv->reference, remote_file(job->name, &inv->arena)))
		return err_nomem(err);
	scan_apply_env(job, inv);
	if (scan_merge(job, inv, &r, 1, base, err) < 0)
		return -1;
	return brief ? scan_brief(inv, "its metadata alone was read (--quick)", err) : 0;
}

/* Every wheel of a folder is one layer of one environment. */
static int scan_wheels(struct scan_job *job, struct store *s, struct err *err)
{
	struct inventory *inv = scan_new_inventory(job, job->name, TARGET_WHEELHOUSE, err);
	struct tree *folder = inv ? store_tree(s, err) : NULL;
	if (!folder)
		return -1;
	enum cache_depth depth = job->options->quick ? CACHE_QUICK : CACHE_DEEP;
	LIST(struct record *) records = { 0 };
	LIST(const char *) names = { 0 };
	struct tree_entry e;
	int more;
	while ((more = tree_next(folder, &e, err)) > 0)
		if ((e.type == TREE_FILE || e.type == TREE_SYMLINK) && span_ends(e.path, ".whl") && span_chr(e.path, '/') == e.path.n &&
		    !list_add(&inv->arena, &names, arena_strn(&inv->arena, e.path.p, e.path.n)))
			more = err_nomem(err);
	tree_close(folder);
	if (more < 0)
		return -1;
	list_sort(&names, str_ptr_cmp);
	for (size_t i = 0; i < names.n; i++) {
		struct err why = ERR_INIT;
		struct record *r = scan_record_new(job, job->records.n);
		if (!r || !list_add(&job->arena, &records, r) || !list_add(&inv->arena, &inv->reference, names.v[i]))
			return err_nomem(err);
		int fd = store_openat(s, names.v[i], &why);
		struct blob *blob = fd < 0 ? NULL : blob_file_take(fd, &why);
		struct blob_identity identity, *of = blob && blob_identity(blob, &identity) ? &identity : NULL;
		if (file_cached(job, of, depth, r)) {
			blob_close(blob);
			continue;
		}
		if (blob)
			progress_expect(job->options->progress, blob->size);
		blob = watch_take(blob, job->options->progress, &why);
		struct tree *zip = blob ? tree_zip_take(blob, &why) : NULL;
		if (!zip) {
			err_in(&why, "%s", names.v[i]);
			record_break(r, &why);
			continue;
		}
		int got = layer_scan(zip, &job->wanted, r, err);
		tree_close(zip);
		if (got < 0)
			return -1;
		file_keep(job, of, depth, r);
	}
	scan_apply_env(job, inv);
	return scan_merge(job, inv, records.v, records.n, "", err);
}

static int scan_store(struct scan_job *job, struct store *s, struct err *err)
{
	switch (store_kind(s)) {
	case SOURCE_DOCKER:
	case SOURCE_OCI:
	case SOURCE_DIR:
	case SOURCE_REGISTRY:
	case SOURCE_IMAGE_STREAM:
		return scan_images(job, s, err);
	case SOURCE_ROOTFS_TAR:
	case SOURCE_ROOTFS:
	case SOURCE_FOLDER:
		return scan_tree(job, s, TARGET_ROOTFS, "/", err);
	case SOURCE_ENVIRONMENT:
		return scan_tree(job, s, TARGET_ENVIRONMENT, "", err);
	case SOURCE_WHEEL:
		return scan_tree(job, s, TARGET_WHEEL, "", err);
	case SOURCE_WHEELS:
		return scan_wheels(job, s, err);
	case SOURCE_JSON:
		return scan_json(job, s, err);
	case SOURCE_TEXT:
		return scan_list(job, s, err);
	}
	return -1;
}

struct scan_job *scan_job_new(const char *arg, const struct scan_options *options, struct scan_result *out, struct err *err)
{
	struct scan_job *job = mem_alloc(sizeof(*job));
	*out = (struct scan_result){ .trouble = ERR_INIT, .job = job };
	if (job) {
		*job = (struct scan_job){ .options = options, .out = out,
					  .wanted = { .quick = options->quick, .hashes = options->verify, .progress = options->progress } };
		job->name = str_eq(arg, "-") ? "standard input" : remote_name(arg, &job->arena);
	}
	if (job && job->name)
		return job;
	scan_result_clear(out);
	err_nomem(err);
	return NULL;
}

int scan_target(const char *arg, const struct scan_options *options, struct scan_result *out, struct err *err)
{
	struct scan_job *job = scan_job_new(arg, options, out, err);
	int got;
	if (!job)
		return -1;
	if (scan_is_requirement(arg, options->indexes_n > 0)) {
		got = scan_requirement_line(job, arg, err);
	} else {
		struct store *s = remote_kind_of(arg) == REMOTE_NONE ? store_open(arg, err) : remote_open(options->http, arg, options->quick, err);
		if (s)
			store_watch(s, options->progress);
		got = s ? scan_store(job, s, err) : -1;
		store_close(s);
	}
	if (got == 0)
		return 0;
	scan_result_clear(out);
	return -1;
}

void scan_result_clear(struct scan_result *r)
{
	for (size_t i = 0; i < r->n; i++)
		inventory_free(r->v[i]);
	mem_free(r->v);
	struct scan_job *job = r->job;
	for (size_t i = 0; job && i < job->records.n; i++)
		record_clear(job->records.v[i].record);
	if (job)
		arena_clear(&job->arena);
	mem_free(job);
	*r = (struct scan_result){ .trouble = ERR_INIT };
}
