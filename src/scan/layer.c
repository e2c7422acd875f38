#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/progress.h"
#include "scan/capture.h"
#include "scan/record.h"
#include "scan/select.h"
#include "source/tree.h"

/* The walk through one layer. `dir` and `dir_node` remember the last folder: archives come folder by folder. */
struct walk {
	struct tree *t;
	const struct wanted *wanted;
	struct record *r;
	struct buf dir;
	uint32_t dir_node;
	struct capture capture;
};

static int keep_gap(struct walk *w, struct span path, const char *reason, bool of_hash)
{
	struct record *r = w->r;
	if (r->gaps.n >= LIMIT_GAPS)
		return 0;
	struct record_gap *g = list_push(&r->arena, &r->gaps);
	char *copy = g ? arena_strn(&r->arena, path.p, path.n) : NULL;
	if (!copy)
		return -1;
	g->path = (struct span){ (const unsigned char *)copy, path.n };
	g->reason = arena_str(&r->arena, reason);
	g->of_hash = of_hash;
	return g->reason ? 0 : -1;
}

/* The folder that holds a path: made, as implied, where the layer has not named it. FS_NONE when memory runs out. */
static uint32_t parent_of(struct walk *w, struct span dir)
{
	struct span last = { (const unsigned char *)w->dir.p, w->dir.n };
	if (dir.n == last.n && (!dir.n || !memcmp(dir.p, last.p, dir.n)))
		return w->dir_node;
	uint32_t at = 0;
	struct span rest = dir;
	while (rest.n) {
		struct span name = span_cut(&rest, '/');
		uint32_t next = fs_child(w->r->fs, at, name);
		if (next == FS_NONE) {
			next = fs_add(w->r->fs, at, name, 0);
			if (next == FS_NONE)
				return FS_NONE;
			fs_edit(w->r->fs, next)->implied = 1;
		}
		at = next;
	}
	buf_reset(&w->dir);
	buf_add(&w->dir, dir.p, dir.n);
	w->dir_node = at;
	return at;
}

static enum node_type node_type(const struct tree_entry *e)
{
	switch (e->type) {
	case TREE_DIR: return NODE_DIR;
	case TREE_SYMLINK: return NODE_SYMLINK;
	case TREE_DEVICE: return NODE_CHAR;
	case TREE_FIFO: return NODE_FIFO;
	case TREE_OTHER: return NODE_SOCKET;
	case TREE_FILE:
	case TREE_HARDLINK: break;
	}
	return NODE_FILE;
}

static int keep_whiteout(struct walk *w, const struct whiteout *h)
{
	struct record *r = w->r;
	struct hidden *to = list_push(&r->arena, &r->hidden);
	char *dir = to ? arena_strn(&r->arena, h->dir.p, h->dir.n) : NULL;
	char *name = dir ? arena_strn(&r->arena, h->name.p, h->name.n) : NULL;
	if (!name)
		return -1;
	to->dir = (struct span){ (const unsigned char *)dir, h->dir.n };
	to->name = (struct span){ (const unsigned char *)name, h->name.n };
	to->opaque = h->kind == WHITEOUT_OPAQUE;
	return 0;
}

/* What was there under that name in this very layer is replaced, as unpacking would. */
static int set_node(struct walk *w, uint32_t n, const struct tree_entry *e)
{
	struct fs *fs = w->r->fs;
	struct node *node = fs_edit(fs, n);
	if (node->child && e->type != TREE_DIR && e->type != TREE_SYMLINK)
		for (uint32_t c = fs_first(fs, n); c != FS_NONE; c = fs_next_sibling(fs, c))
			fs_edit(fs, c)->gone = 1;
	node->implied = 0;
	node->type = (uint8_t)node_type(e);
	node->mode = (uint16_t)(e->mode & 07777u);
	node->size = e->type == TREE_FILE && e->size != TREE_SIZE_UNKNOWN ? e->size : 0;
	node->item = 0;
	node->link = node->link_n = 0;
	return e->type == TREE_SYMLINK && !fs_set_link(fs, n, e->link) ? -1 : 0;
}

static int keep_hardlink(struct walk *w, uint32_t n, const struct tree_entry *e)
{
	struct record *r = w->r;
	struct hardlink *h = list_push(&r->arena, &r->hardlinks);
	char *target = h ? arena_strn(&r->arena, e->link.p, e->link.n) : NULL;
	if (!target)
		return -1;
	h->node = n;
	h->target = (struct span){ (const unsigned char *)target, e->link.n };
	return 0;
}

/* The hash of the file that was just read; a file that was read in part, with a gap, has none. */
static int keep_hash(struct walk *w, struct item *item, const char *gap, struct err *err)
{
	unsigned char sum[FILEHASH_BYTES];
	if (filehash_end(&w->capture.hash, sum, err) < 0)
		return -1;
	if (gap)
		return 0;
	item->sha256 = (unsigned char *)arena_strn(&w->r->arena, sum, sizeof(sum));
	return item->sha256 ? 0 : err_nomem(err);
}

/* Looks into a selected file. 0, also where that gave a gap; -1 when memory ran out or the archive broke (err says). */
static int look_into(struct walk *w, struct tree_entry *e, uint32_t n, struct err *err)
{
	bool hashed = w->wanted->hashes && filehash_wanted(e->path);
	if (e->size == TREE_SIZE_UNKNOWN || !e->mode) {
		struct select by_name = select_entry(e->path, 0, UINT64_MAX);
		if (by_name.how == SELECT_NOT && !span_ends(e->path, "bin"))
			by_name = select_entry(e->path, 0755, 1);
		if (by_name.how == SELECT_NOT && !hashed)
			return 0;
		struct err stat_err = ERR_INIT;
		if (tree_stat(w->t, e, &stat_err) < 0)
			return keep_gap(w, e->path, stat_err.text, false) < 0 ? err_nomem(err) : 0;
		fs_edit(w->r->fs, n)->mode = (uint16_t)(e->mode & 07777u);
		fs_edit(w->r->fs, n)->size = e->size;
	}
	struct select s = select_entry(e->path, e->mode, e->size);
	if (w->wanted->brief && !select_brief(e->path, s))
		return 0;
	if (s.how == SELECT_NOT && !hashed)
		return 0;
	if (e->gap)
		return keep_gap(w, e->path, e->gap, s.how == SELECT_NOT) < 0 ? err_nomem(err) : 0;
	if (w->r->arena.used > LIMIT_FACTS)
		return keep_gap(w, e->path, "its layer has more to tell than is kept of one", s.how == SELECT_NOT) < 0 ? err_nomem(err) : 0;
	struct item item = { .node = n, .kind = ITEM_HASH };
	const char *gap = NULL;
	if (hashed && filehash_begin(&w->capture.hash, err) < 0)
		return -1;
	int got = s.how == SELECT_NOT ? capture_hash(&w->capture, w->t, e, err) :
		  capture_file(&w->capture, w->t, e, s, w->wanted, &w->r->arena, &item, &gap, err);
	if (gap && keep_gap(w, e->path, gap, false) < 0)
		return err_nomem(err);
	if (got >= 0 && hashed && keep_hash(w, &item, gap, err) < 0)
		return -1;
	if (got < 0 || (!got && !item.sha256))
		return got;
	if (!got)
		item.kind = ITEM_HASH;
	if (!list_add(&w->r->arena, &w->r->items, item))
		return err_nomem(err);
	fs_edit(w->r->fs, n)->item = (uint32_t)w->r->items.n;
	return 0;
}

static int take_entry(struct walk *w, struct tree_entry *e, struct err *err)
{
	if (!e->path.n) {
		return 0;
	}
	struct whiteout h = tree_whiteout(e->path);
	if (h.kind == WHITEOUT_AUFS)
		return 0;
	if (h.kind != WHITEOUT_NONE)
		return keep_whiteout(w, &h) < 0 ? err_nomem(err) : 0;

	size_t slash = e->path.n;
	while (slash && e->path.p[slash - 1] != '/')
		slash--;
	uint32_t dir = parent_of(w, span_sub(e->path, 0, slash ? slash - 1 : 0));
	uint32_t n = dir == FS_NONE ? FS_NONE : fs_add(w->r->fs, dir, span_from(e->path, slash), 0);
	if (n == FS_NONE || set_node(w, n, e) < 0)
		return err_nomem(err);
	if (e->type == TREE_HARDLINK)
		return keep_hardlink(w, n, e) < 0 ? err_nomem(err) : 0;
	if (e->type != TREE_FILE || w->wanted->names_only)
		return 0;
	return look_into(w, e, n, err);
}

int layer_scan(struct tree *t, const struct wanted *wanted, struct record *r, struct err *err)
{
	struct walk w = { .t = t, .wanted = wanted, .r = r, .dir = BUF_INIT(LIMIT_PATH * 4), .capture = CAPTURE_INIT };
	struct tree_entry e;
	struct err broke = ERR_INIT;
	int more = 0;
	while ((more = tree_next(t, &e, &broke)) > 0) {
		progress_entry(wanted->progress);
		if (++r->entries > LIMIT_ENTRIES) {
			more = err_set(&broke, ERR_LIMIT, "it has more than %u entries", LIMIT_ENTRIES);
			break;
		}
		if (take_entry(&w, &e, &broke) < 0) {
			more = -1;
			break;
		}
	}
	const char *notice = tree_notice(t);
	if (notice)
		r->notice = arena_str(&r->arena, notice);
	if (more < 0) {
		r->broken = true;
		r->error = broke;
	}
	buf_clear(&w.dir);
	capture_clear(&w.capture);
	if (more < 0 && broke.kind == ERR_NOMEM)
		return err_nomem(err);
	return 0;
}
