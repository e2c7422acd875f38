#include "scan/layertask.h"

#include "base/progress.h"
#include "base/str.h"
#include "scan/cache.h"
#include "scan/job.h"
#include "source/codec.h"
#include "source/digest.h"
#include "source/store.h"
#include "source/tree.h"
#include "source/watch.h"

/*
 * Under --verify, and where it comes from a registry, what is stated of the
 * bytes is held to them, as they pass; *held says whether diff_id (or digest)
 * was. The digest of a registry's blob is its store's business, but where a
 * record is kept under it: that is to be seen here.
 */
static struct tree *open_layer(const struct layer_task *t, struct blob *blob, bool verify, bool remote, bool *held, struct err *err)
{
	bool plain = str_eq(t->digest, t->diff_id), decides = plain || !t->diff_id;
	if (t->digest && (remote ? decides : verify))
		blob = digest_open_take(blob, t->digest, decides ? held : NULL, err);
	if (blob && (verify || remote) && t->diff_id && !plain) {
		blob = codec_open_take(blob, err);
		blob = blob ? digest_open_take(blob, t->diff_id, held, err) : NULL;
	}
	return blob ? tree_open_take(blob, err) : NULL;
}

/* What is cut off is to be told, whatever the manifest says of it. */
static bool is_whole(const struct layer_task *t, const struct blob *b)
{
	return b->size == t->member->size && (!t->stated || t->stated == b->size);
}

/* A record that the manifest points to. */
static bool claim_cached(const struct layer_task *t, struct cache *cache, bool quick)
{
	struct cache_key key;
	return t->record->claimed = (cache_key_digest(&key, t->diff_id, quick) && cache_get(cache, &key, t->record)) ||
				    (cache_key_digest(&key, t->digest, quick) && cache_get(cache, &key, t->record));
}

/* A record of these very bytes, or one that the manifest points to. */
static bool layer_cached(const struct layer_task *t, const struct blob *blob, struct cache *cache, const struct cache_key *file, bool quick)
{
	if (file && cache_get(cache, file, t->record))
		return true;
	return is_whole(t, blob) && claim_cached(t, cache, quick);
}

static void layer_keep(const struct layer_task *t, struct cache *cache, const struct cache_key *file, bool held, bool quick)
{
	struct cache_key key;
	if (file)
		cache_put(cache, file, t->record);
	if (held && cache_key_digest(&key, t->diff_id ? t->diff_id : t->digest, quick))
		cache_put(cache, &key, t->record);
}

/*
 * By its table of contents, where the manifest names one and the server gives
 * ranges: what was made of that table before, else the table and what is
 * wanted of the layer. False where the whole is to be read; *why then, where
 * the table should have done.
 */
static bool by_table(struct scan_job *job, struct store *s, struct layer_task *t, struct err *why)
{
	const struct scan_options *o = job->options;
	struct cache_key key;
	bool keyed = o->cache && cache_key_table(&key, t->toc_digest, o->quick);
	if (keyed && cache_get(o->cache, &key, t->record))
		return t->record->by_table = true;
	struct tree *tree = store_member_toc(s, t->member, t->toc_position, t->toc_digest, why);
	if (!tree)
		return false;
	int got = layer_scan(tree, &job->wanted, t->record, &t->err);
	tree_close(tree);
	if (got < 0)
		return true; /* memory ran out */
	if (t->record->broken) {
		*why = t->record->error;
		record_clear(t->record);
		if (record_open(t->record) < 0)
			err_nomem(&t->err);
		return t->err.kind == ERR_NOMEM;
	}
	if (keyed)
		cache_put(o->cache, &key, t->record);
	return t->record->by_table = true;
}

/* A table that was of no use is worth a word. */
static void tell_table(struct record *r, const struct err *why)
{
	if (why->kind && !r->notice)
		r->notice = arena_printf(&r->arena, "was read whole, since its table of contents is of no use: %s", why->text);
}

/* Nothing of it, or nothing more, has to be read. */
static void layer_known(struct progress *p, const struct layer_task *t)
{
	progress_move(p, 0, t->member->size);
	progress_end(p);
}

void layer_task_run(struct scan_job *job, struct store *s, struct layer_task *t)
{
	const struct scan_options *o = job->options;
	struct err err = ERR_INIT;
	struct blob_identity of;
	struct cache_key file;
	bool held = false, remote = store_kind(s) == SOURCE_REGISTRY;
	struct err table = ERR_INIT;
	if ((remote && o->cache && !o->verify && claim_cached(t, o->cache, o->quick)) ||
	    (remote && t->toc_digest && !o->verify && by_table(job, s, t, &table))) {
		layer_known(o->progress, t);
		return;
	}
	struct blob *blob = store_member(s, t->member, &err);
	bool named = o->cache && blob && blob_identity(blob, &of);
	if (named)
		cache_key_file(&file, &of, o->quick);
	if (o->cache && blob && !o->verify && layer_cached(t, blob, o->cache, named ? &file : NULL, o->quick)) {
		blob_close(blob);
		layer_known(o->progress, t);
		return;
	}
	blob = watch_take(blob, o->progress, &err);
	struct tree *tree = blob ? open_layer(t, blob, o->verify, remote, &held, &err) : NULL;
	if (!tree) {
		record_break(t->record, &err);
		return;
	}
	int got = layer_scan(tree, &job->wanted, t->record, &t->err);
	tree_close(tree);
	struct err why = t->record->error;
	if (t->record->broken && why.kind == ERR_REFUSED && record_refuse(t->record, &why) < 0)
		err_nomem(&t->err);
	if (got == 0 && o->cache)
		layer_keep(t, o->cache, named ? &file : NULL, held, o->quick);
	tell_table(t->record, &table);
}
