/* Wishes against package indexes: pages, then a choice, then the wheels, each step side by side. */
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/str.h"
#include "base/thread.h"
#include "base/version.h"
#include "scan/errand.h"
#include "source/remote.h"
#include "source/store.h"
#include "source/webindex.h"

enum { TAGS_MAX = 64 * 1024 }; /* bytes of the tags in the name of a wheel, written out: the widest real one has 1,500 */

/* ---- pages ---- */

static bool add_url(struct errand *e, const char *url)
{
	struct index_file f = { .url = url, .file = url_file(SPAN_STR(url), &e->arena) };
	return f.file && list_add(&e->arena, &e->page.files, f);
}

/* An index that a lock names for one package is for that one alone. */
static bool uses(const struct errands *all, size_t k, const struct wish *w)
{
	return all->job->options->indexes_n || (w->index ? str_eq(all->urls.v[k], w->index) : k < all->general);
}

void errand_pages(void *context, size_t i)
{
	const struct errands *all = context;
	struct errand *e = &all->v[i];
	const struct wish *w = e->wish;
	if (w->url) {
		if (!add_url(e, w->url))
			err_nomem(&e->err);
		return;
	}
	for (size_t k = 0; !all->job->options->indexes_n && k < w->own.files.n; k++) {
		struct index_file f = w->own.files.v[k];
		f.metadata = true; /* where it is not, the wheel is asked */
		if (f.url[0] && !list_add(&e->arena, &e->page.files, f)) {
			err_nomem(&e->err);
			return;
		}
	}
	bool asked = e->page.files.n > 0;
	for (size_t k = 0, listed = asked; !listed && k < all->indexes_n; k++) {
		if (!uses(all, k, w))
			continue;
		asked = true;
		if (webindex_page(all->indexes[k], w->name, &e->arena, &e->page, &e->err) < 0)
			return;
	}
	if (!asked)
		err_set(&e->err, ERR_FORMAT, "no index is named for it: --index URL names one");
}

static int add_index(struct errands *all, const char *url, struct err *err)
{
	for (size_t i = 0; i < all->urls.n; i++)
		if (str_eq(all->urls.v[i], url))
			return 0;
	return list_add(&all->job->arena, &all->urls, url) ? 0 : err_nomem(err);
}

/* --index, else with --fetch what the file names. */
int errands_indexes(struct errands *all, const struct wishes *w, struct err *err)
{
	const struct scan_options *o = all->job->options;
	for (size_t i = 0; i < o->indexes_n; i++)
		if (add_index(all, o->indexes[i], err) < 0)
			return -1;
	for (size_t i = 0; !o->indexes_n && i < w->indexes.n; i++)
		if (add_index(all, w->indexes.v[i], err) < 0)
			return -1;
	all->general = all->urls.n;
	for (size_t i = 0; !o->indexes_n && i < w->v.n; i++)
		if (w->v.v[i].index && add_index(all, w->v.v[i].index, err) < 0)
			return -1;
	all->indexes = arena_alloc(&all->job->arena, (all->urls.n + 1) * sizeof(struct webindex *));
	if (!all->indexes)
		return err_nomem(err);
	for (; all->indexes_n < all->urls.n; all->indexes_n++)
		if (!(all->indexes[all->indexes_n] = webindex_new(o->http, all->urls.v[all->indexes_n], err))) {
			if (err->kind == ERR_FORMAT)
				err->kind = ERR_USAGE;
			return err_in(err, "--index");
		}
	return 0;
}

/* ---- the choice ---- */

static int pick_one(struct errand *e, const struct pysystem *sys)
{
	const struct wish *w = e->wish;
	const struct pick_want want = { w->name, w->spec, w->sha256.v, w->sha256.n };
	if (!w->url)
		return pick_file(&e->page, &want, sys, &e->arena, &e->pick);
	struct wheel_name name;
	struct span file = SPAN_STR(e->page.files.v[0].file);
	e->pick = (struct pick){ .file = &e->page.files.v[0], .source = !wheel_name_parse(file, &name), .because = "its URL is stated" };
	if (!e->pick.source)
		e->pick.version = arena_strn(&e->arena, name.version.p, name.version.n);
	return e->pick.source || e->pick.version ? 0 : -1;
}

/* All wishes for one Python; how many came true. -1 when memory runs out. */
static long pick_all(struct errands *all, const struct pysystem *sys)
{
	long n = 0;
	for (size_t i = 0; i < all->n; i++) {
		if (all->v[i].err.kind != ERR_NONE)
			continue;
		if (pick_one(&all->v[i], sys) < 0)
			return -1;
		n += all->v[i].pick.file && !all->v[i].pick.source;
	}
	return n;
}

/* The Python that is stated; else the newest for which most wishes have a wheel. */
int errands_choose(struct errands *all, const struct wishes *w, struct pysystem *sys)
{
	const char *stated = all->job->options->python_version;
	if (stated && pysystem_python(stated, &sys->minor))
		return pick_all(all, sys) < 0 ? -1 : 0;
	unsigned newest = 0, best_minor = 0;
	for (size_t i = 0; i < all->n; i++) {
		unsigned n = pick_newest_python(&all->v[i].page);
		newest = n > newest ? n : newest;
	}
	if (!newest)
		newest = PYTAGS_NEWEST;
	long best = -1;
	for (unsigned minor = newest; minor >= PYTAGS_OLDEST && best < (long)all->n; minor--) {
		char python[16];
		snprintf(python, sizeof(python), "3.%u", minor);
		if (w->python && pep440_spec_valid(w->python) && !pep440_match(python, w->python))
			continue;
		sys->minor = minor;
		long n = pick_all(all, sys);
		if (n < 0)
			return -1;
		if (n > best) {
			best = n;
			best_minor = minor;
		}
	}
	sys->minor = best_minor ? best_minor : newest;
	return pick_all(all, sys) < 0 ? -1 : 0;
}

/* ---- the wheels ---- */

/* Does a wheel say more of its CUDA than its METADATA, by a version.py or its like? */
static bool says_more(const char *name)
{
	static const char *const names[] = { "torch", "torchvision", "tensorflow", "onnxruntime", "onnxruntime-gpu" };
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (str_eq(name, names[i]))
			return true;
	return false;
}

/* Do the name or the requirements tell which CUDA it is for? */
static bool tells_cuda(const struct errand *e, const struct metadata *m)
{
	if (pep440_local(e->pick.version) || !says_more(e->wish->name))
		return true;
	for (size_t i = 0; i < m->requires.n; i++)
		if (str_starts(m->requires.v[i], "nvidia-"))
			return true;
	return false;
}

/* The Tag lines of the WHEEL file that belongs to such a name: three lists, each of which an index makes as long as it likes. */
static void add_tags(struct buf *b, const struct wheel_name *w)
{
	struct span pythons = w->python;
	while (pythons.n && !b->bad) {
		struct span python = span_cut(&pythons, '.'), abis = w->abi;
		while (abis.n && !b->bad) {
			struct span abi = span_cut(&abis, '.'), platforms = w->platform;
			while (platforms.n && !b->bad) {
				struct span platform = span_cut(&platforms, '.');
				buf_printf(b, "Tag: %.*s-%.*s-%.*s\n", (int)python.n, (const char *)python.p, (int)abi.n, (const char *)abi.p,
					   (int)platform.n, (const char *)platform.p);
			}
		}
	}
}

/* The record of a wheel of which METADATA alone was fetched. */
static int scan_metadata(struct errands *all, struct errand *e, struct span metadata)
{
	struct wheel_name w;
	if (!wheel_name_parse(SPAN_STR(e->pick.file->file), &w))
		return -1;
	const char *dir = arena_printf(&e->arena, "%.*s-%.*s.dist-info", (int)w.name.n, (const char *)w.name.p, (int)w.version.n, (const char *)w.version.p);
	auto_buf struct buf tags = BUF_INIT(TAGS_MAX);
	add_tags(&tags, &w);
	if (tags.bad)
		return err_set(&e->err, ERR_LIMIT, "the name of its wheel has too many tags");
	struct tree_text texts[] = { { dir ? arena_printf(&e->arena, "%s/METADATA", dir) : NULL, metadata },
				     { dir ? arena_printf(&e->arena, "%s/WHEEL", dir) : NULL, SPAN_STR(buf_text(&tags)) } };
	struct tree *t = texts[0].path && texts[1].path ? tree_texts(texts, 2, &e->err) : NULL;
	if (!t)
		return err_nomem(&e->err);
	int rc = layer_scan(t, &all->job->wanted, e->record, &e->err);
	tree_close(t);
	return rc;
}

/* By what the index has beside the wheel: 1; 0 where the wheel itself must be asked; -1 memory. */
static int read_beside(struct errands *all, struct errand *e)
{
	struct err why = ERR_INIT;
	struct metadata m = { 0 };
	size_t n = 0;
	if (!e->pick.file->metadata)
		return 0;
	char *text = webindex_metadata(all->job->options->http, e->pick.file, &n, &why);
	if (!text) {
		if (why.kind == ERR_REFUSED || why.kind == ERR_NOMEM)
			e->err = why;
		return why.kind == ERR_REFUSED || why.kind == ERR_NOMEM ? -1 : 0;
	}
	struct span s = { (unsigned char *)text, n };
	int rc = metadata_parse(s, &e->arena, &m) < 0 ? err_nomem(&e->err) : tells_cuda(e, &m);
	if (rc > 0 && scan_metadata(all, e, s) < 0)
		rc = -1;
	mem_free(text);
	return rc;
}

void errand_read(void *context, size_t i)
{
	struct errands *all = context;
	struct errand *e = &all->v[i];
	struct err why = ERR_INIT;
	if (e->err.kind != ERR_NONE || !e->record)
		return;
	int done = all->brief ? read_beside(all, e) : 0;
	if (done)
		return;
	struct store *s = remote_open(all->job->options->http, e->pick.file->url, all->brief, &why);
	struct tree *t = s ? store_tree(s, &why) : NULL;
	struct wanted wanted = all->job->wanted;
	wanted.brief = all->brief;
	if (!t)
		e->err = why;
	else if (layer_scan(t, &wanted, e->record, &e->err) == 0 && e->record->broken)
		err_in(&e->record->error, "%.200s", e->pick.file->file);
	tree_close(t);
	store_close(s);
}

/* ---- the inventory ---- */

static int add_chosen(struct inventory *inv, const struct errand *e)
{
	struct chosen *c = list_push(&inv->arena, &inv->chosen);
	const struct index_file *f = e->pick.file;
	if (!c)
		return -1;
	c->requirement = arena_str(&inv->arena, e->wish->text);
	c->because = arena_str(&inv->arena, e->err.kind != ERR_NONE ? e->err.text : e->pick.because);
	if (f) {
		c->file = arena_str(&inv->arena, f->file);
		c->url = http_shown(&inv->arena, f->url);
	}
	return c->requirement && c->because && (!f || (c->file && c->url)) ? 0 : -1;
}

/* What was not read is declared, and said to be missing. */
static int add_unread(struct scan_job *job, struct inventory *inv, const struct errand *e)
{
	struct package *p = list_push(&inv->arena, &inv->packages);
	if (!p || !(p->name = arena_str(&inv->arena, e->wish->name)))
		return -1;
	p->layer = -1;
	p->version = arena_str(&inv->arena, e->pick.version);
	inv->complete = false;
	bool source = e->err.kind == ERR_NONE && e->pick.source;
	const char *why = source ? "pip would build it from source, so its wheel is not known" :
			  e->err.kind != ERR_NONE ? e->err.text : e->pick.because;
	if (!source && job->out->trouble.kind == ERR_NONE) {
		job->out->partial = true;
		err_set(&job->out->trouble, e->err.kind != ERR_NONE ? e->err.kind : ERR_FORMAT, "%s: %s", e->wish->text, why);
	}
	return inventory_gap(inv, -1, e->wish->text, "%s", why);
}

int errands_inventory(struct errands *all, struct err *err)
{
	struct scan_job *job = all->job;
	size_t n = 0;
	struct record **records = arena_alloc(&job->arena, (all->n + 1) * sizeof(*records));
	for (size_t i = 0; records && i < all->n; i++)
		if (all->v[i].record && all->v[i].err.kind == ERR_NONE)
			records[n++] = all->v[i].record;
	struct inventory *inv = records ? wishes_inventory(job, n == 1 && all->n == 1 ? TARGET_WHEEL : TARGET_WHEELHOUSE, err) : NULL;
	if (!inv)
		return err_nomem(err);
	for (size_t i = 0; i < all->n; i++) {
		const struct errand *e = &all->v[i];
		bool read = e->record && e->err.kind == ERR_NONE;
		if (add_chosen(inv, e) < 0 || (read && !list_add(&inv->arena, &inv->reference, arena_str(&inv->arena, e->pick.file->file))))
			return err_nomem(err);
	}
	inv->complete = inv->complete && !all->brief;
	scan_apply_env(job, inv);
	if (scan_merge(job, inv, records, n, "", err) < 0)
		return -1;
	for (size_t i = 0; i < all->n; i++)
		if ((!all->v[i].record || all->v[i].err.kind != ERR_NONE) && add_unread(job, inv, &all->v[i]) < 0)
			return err_nomem(err);
	return all->brief ? scan_brief(inv, "the metadata of its wheels alone was read", err) : 0;
}

/* Where nothing at all came true, that is the error. */
static int nothing_picked(const struct errands *all, struct err *err)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].pick.file && all->v[i].err.kind == ERR_NONE)
			return 0;
	const struct errand *e = &all->v[0];
	return e->err.kind != ERR_NONE ? err_set(err, e->err.kind, "%s: %s", e->wish->text, e->err.text) :
					 err_set(err, ERR_FORMAT, "%s: %s", e->wish->text, e->pick.because);
}

static int fetch_all(struct errands *all, const struct wishes *w, struct pysystem *sys, struct err *err)
{
	if (errands_indexes(all, w, err) < 0)
		return -1;
	thread_each(AT_ONCE, all->n, errand_pages, all);
	if (errands_choose(all, w, sys) < 0)
		return err_nomem(err);
	for (size_t i = 0; i < all->n; i++) {
		struct errand *e = &all->v[i];
		if (e->err.kind == ERR_NOMEM)
			return err_nomem(err);
		if (e->err.kind == ERR_NONE && e->pick.file && !e->pick.source &&
		    !(e->record = scan_record_new(all->job, all->job->records.n)))
			return err_nomem(err);
	}
	if (nothing_picked(all, err) < 0)
		return -1;
	thread_each(all->brief ? AT_ONCE : all->job->options->jobs, all->n, errand_read, all);
	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].err.kind == ERR_NOMEM)
			return err_nomem(err);
	if (nothing_picked(all, err) < 0)
		return -1;
	return errands_inventory(all, err);
}

int errands_system(const struct scan_options *o, struct pysystem *sys, struct err *err)
{
	*sys = (struct pysystem){ .machine = pysystem_machine(o->platform), .libc_minor = PYTAGS_ANY_LIBC };
	if (!sys->machine)
		return err_set(err, ERR_USAGE, "--platform '%s': wheels are picked for linux/amd64, linux/arm64 and other Linux", o->platform);
	if (o->libc)
		pysystem_libc(o->libc, sys);
	return 0;
}

int errands_open(struct errands *all, struct scan_job *job, const struct wish *wishes, size_t n, struct err *err)
{
	*all = (struct errands){ .job = job };
	all->v = mem_alloc((n + 1) * sizeof(*all->v));
	if (!all->v)
		return err_nomem(err);
	for (; all->n < n; all->n++)
		all->v[all->n] = (struct errand){ .wish = &wishes[all->n], .err = ERR_INIT };
	return 0;
}

void errands_close(struct errands *all)
{
	for (size_t i = 0; i < all->indexes_n; i++)
		webindex_free(all->indexes[i]);
	for (size_t i = 0; i < all->n; i++)
		arena_clear(&all->v[i].arena);
	mem_free(all->v);
}

int wishes_fetch(struct scan_job *job, const struct wishes *w, struct err *err)
{
	struct errands all;
	struct pysystem sys;
	if (errands_system(job->options, &sys, err) < 0)
		return -1;
	int rc = errands_open(&all, job, w->v.v, w->v.n, err);
	all.brief = job->options->quick || w->lock;
	if (rc == 0)
		rc = fetch_all(&all, w, &sys, err);
	errands_close(&all);
	return rc;
}
