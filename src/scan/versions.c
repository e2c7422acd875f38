/* Each version of a project that an index has for a system. */
#include "base/str.h"
#include "base/thread.h"
#include "base/version.h"
#include "scan/errand.h"

enum { VERSIONS_MAX = 64 }; /* the newest */

/* An errand for each version that is done but for the reading. */
static int errands_of_versions(struct errands *each, struct scan_job *job, const struct wish *w, const pick_list *picks, struct err *err)
{
	size_t n = picks->n < VERSIONS_MAX ? picks->n : VERSIONS_MAX;
	struct wish *wishes = arena_alloc(&job->arena, (n + 1) * sizeof(*wishes));
	if (!wishes)
		return err_nomem(err);
	for (size_t i = 0; i < n; i++) {
		wishes[i] = *w;
		wishes[i].text = arena_printf(&job->arena, "%s==%s", w->name, picks->v[i].version);
	}
	if (errands_open(each, job, wishes, n, err) < 0)
		return -1;
	each->brief = true;
	for (size_t i = 0; i < n; i++) {
		struct errand *e = &each->v[i];
		e->pick = picks->v[i];
		e->record = scan_record_new(job, job->records.n);
		if (!e->record || !e->wish->text || !(e->pick.because = arena_str(&e->arena, "one of its versions")))
			return err_nomem(err);
	}
	return 0;
}

static int read_versions(struct errands *each, struct err *err)
{
	thread_each(AT_ONCE, each->n, errand_read, each);
	for (size_t i = 0; i < each->n; i++) {
		struct errands one = *each;
		one.v = &each->v[i];
		one.n = 1;
		if (one.v->err.kind == ERR_NOMEM)
			return err_nomem(err);
		if (errands_inventory(&one, err) < 0)
			return -1;
		struct inventory *inv = each->job->out->v[each->job->out->n - 1];
		inv->name = arena_str(&inv->arena, one.v->pick.file->file);
		if (!inv->name)
			return err_nomem(err);
	}
	return 0;
}

static bool has_version(const pick_list *v, const char *version)
{
	for (size_t i = 0; i < v->n; i++)
		if (!pep440_cmp(v->v[i].version, version))
			return true;
	return false;
}

static int newest_first(const void *x, const void *y)
{
	return pep440_cmp(((const struct pick *)y)->version, ((const struct pick *)x)->version);
}

/* For the Python that is stated, else each version for the newest Python that it has a wheel for. */
static int pick_all(struct errand *e, const struct scan_options *o, struct pysystem *sys, pick_list *out)
{
	const struct pick_want want = { e->wish->name, e->wish->spec, NULL, 0 };
	unsigned oldest = PYTAGS_OLDEST;
	sys->minor = pick_newest_python(&e->page);
	if (!sys->minor)
		sys->minor = PYTAGS_NEWEST;
	if (o->python_version && pysystem_python(o->python_version, &sys->minor))
		oldest = sys->minor;
	for (; sys->minor >= oldest; sys->minor--) {
		pick_list some = { 0 };
		if (pick_versions(&e->page, &want, sys, &e->arena, &some) < 0)
			return -1;
		for (size_t i = 0; i < some.n; i++)
			if (!has_version(out, some.v[i].version) && !list_add(&e->arena, out, some.v[i]))
				return -1;
	}
	list_sort(out, newest_first);
	return 0;
}

static int scan_one(struct scan_job *job, const struct wishes *w, struct errands *page, struct err *err)
{
	struct pysystem sys;
	struct errands each = { 0 };
	pick_list picks = { 0 };
	if (errands_system(job->options, &sys, err) < 0 || errands_indexes(page, w, err) < 0)
		return -1;
	errand_pages(page, 0);
	struct errand *e = &page->v[0];
	if (e->err.kind != ERR_NONE)
		return err_set(err, e->err.kind, "%s", e->err.text);
	if (errands_choose(page, w, &sys) < 0 || pick_all(e, job->options, &sys, &picks) < 0)
		return err_nomem(err);
	if (!picks.n)
		return err_set(err, ERR_FORMAT, "%s: %s", e->wish->text, e->pick.because);
	int rc = errands_of_versions(&each, job, e->wish, &picks, err);
	if (rc == 0)
		rc = read_versions(&each, err);
	errands_close(&each);
	return rc;
}

int scan_versions(const char *requirement, const struct scan_options *options, struct scan_result *out, struct err *err)
{
	struct wishes w = { 0 };
	struct errands page = { 0 };
	struct scan_job *job = scan_job_new(requirement, options, out, err);
	if (!job)
		return -1;
	int rc = wish_add(&w, &job->arena, SPAN_STR(requirement), NULL, NULL);
	if (rc == -1)
		rc = err_nomem(err);
	else if (rc != 1)
		rc = err_set(err, ERR_USAGE, "'%s' is no requirement such as torch or 'torch>=2.5'", requirement);
	else
		rc = errands_open(&page, job, w.v.v, 1, err);
	if (rc == 0)
		rc = scan_one(job, &w, &page, err);
	errands_close(&page);
	if (rc < 0)
		scan_result_clear(out);
	return rc;
}
