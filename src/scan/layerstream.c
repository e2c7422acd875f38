#include "scan/layerstream.h"

#include "base/str.h"
#include "scan/job.h"
#include "source/codec.h"
#include "source/digest.h"
#include "source/plan.h"
#include "source/store.h"
#include "source/tree.h"
#include "source/watch.h"

/* What passed, as stored and as a plain tar. */
struct layer_sums { char stored[DIGEST_TEXT], plain[DIGEST_TEXT]; };

static struct tree *open_layer(struct scan_job *job, struct store *s, struct layer_sums *sums, struct err *err)
{
	struct blob *b = watch_take(store_member_body(s, err), job->options->progress, err);
	if (b && sums) {
		b = digest_sum_take(b, sums->stored, err);
		b = b ? codec_open_take(b, err) : NULL;
		b = b ? digest_sum_take(b, sums->plain, err) : NULL;
	}
	return b ? tree_open_take(b, err) : NULL;
}

static int read_layer(struct scan_job *job, struct store *s, size_t member, struct err *err)
{
	struct err why = ERR_INIT;
	struct scan_record *r = scan_record_new(job, member) ? scan_record_find(job, member) : NULL;
	if (!r || (job->options->verify && !(r->sums = arena_alloc(&job->arena, sizeof(*r->sums)))))
		return err_nomem(err);
	struct tree *tree = open_layer(job, s, r->sums, &why);
	if (!tree) {
		record_break(r->record, &why);
		return 0;
	}
	int got = layer_scan(tree, &job->wanted, r->record, err);
	tree_close(tree);
	return got;
}

int layers_of_stream(struct scan_job *job, struct store *s, struct err *err)
{
	const struct member *m;
	struct err broke = ERR_INIT;
	int more;
	while ((more = store_next(s, &m, &broke)) > 0)
		if (m->kind == MEMBER_LAYER && read_layer(job, s, m->index, err) < 0)
			return -1;
	if (more < 0) {
		job->out->partial = true;
		job->out->trouble = broke;
	}
	return 0;
}

static int hold(const char *stated, const char *sum, struct err *why)
{
	if (!stated)
		return 0;
	if (!str_starts(stated, "sha256:"))
		return err_set(why, ERR_UNSUPPORTED, "digest '%.20s' is no sha256", stated);
	return str_ieq(stated, sum) ? 0 : err_set(why, ERR_REFUSED, "digest is %.19s..., stated was %.19s...", sum, stated);
}

int layers_hold(struct scan_job *job, struct store *s, const struct plan *plan, struct err *err)
{
	for (size_t i = 0; i < plan->images.n; i++)
		for (size_t k = 0; k < plan->images.v[i].layers.n; k++) {
			const struct plan_layer *l = &plan->images.v[i].layers.v[k];
			const struct member *m = l->member ? store_find(s, l->member) : NULL;
			struct scan_record *r = m ? scan_record_find(job, m->index) : NULL;
			struct err why = ERR_INIT;
			if (!r || !r->sums || r->record->broken)
				continue;
			if ((hold(l->digest, r->sums->stored, &why) < 0 || hold(l->diff_id, r->sums->plain, &why) < 0) && record_refuse(r->record, &why) < 0)
				return err_nomem(err);
		}
	return 0;
}
