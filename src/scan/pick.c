#include "scan/pick.h"

#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/limits.h"
#include "base/str.h"
#include "base/version.h"

enum why { FITS, OTHER_SYSTEM, OTHER_PYTHON, YANKED, PRE_RELEASE, OTHER_HASH };

/* A file that is a distribution of the project. */
struct candidate {
	const struct index_file *file;
	const char *version;
	long rank; /* of its tags; sdists after all wheels */
	struct span build;
	bool source;
	enum why why;
};

typedef LIST(struct candidate) candidates;

enum { RANK_SOURCE = 1 << 30 };

static bool name_is(struct arena *a, struct span name, const char *want)
{
	const char *s = pep503_name(a, name);
	return str_eq(s, want);
}

/* "torch-2.8.0.tar.gz": the project's name may hold '-' itself, so the cut is where the names agree (pip's rule). */
static const char *source_version(struct arena *a, const char *file, const char *name)
{
	static const char *const ends[] = { ".tar.gz", ".zip", ".tar.bz2", ".tgz", ".tar.xz", ".tar.zst", ".tar.lz", ".tar" };
	struct span s = SPAN_STR(file);
	size_t i = 0;
	while (i < sizeof(ends) / sizeof(*ends) && !span_ends(s, ends[i]))
		i++;
	if (i == sizeof(ends) / sizeof(*ends))
		return NULL;
	s.n -= strlen(ends[i]);
	for (size_t at = 0; at < s.n; at++)
		if (s.p[at] == '-' && name_is(a, span_sub(s, 0, at), name))
			return arena_strn(a, s.p + at + 1, s.n - at - 1);
	return NULL;
}

/* Fills a candidate; false where the file is none: another project, no version, or nothing that pip takes. */
static bool read_candidate(const struct index_file *f, const struct pick_want *want, const struct pysystem *sys, struct arena *a, struct candidate *c)
{
	struct wheel_name w;
	*c = (struct candidate){ .file = f };
	if (wheel_name_parse(SPAN_STR(f->file), &w)) {
		if (w.variant.n || !name_is(a, w.name, want->name))
			return false;
		c->version = arena_strn(a, w.version.p, w.version.n);
		c->rank = pytags_rank(sys, &w);
		c->build = w.build;
		c->why = c->rank < 0 ? OTHER_SYSTEM : FITS;
	} else {
		c->version = source_version(a, f->file, want->name);
		c->rank = RANK_SOURCE;
		c->source = true;
	}
	return c->version && pep440_valid(c->version);
}

static bool hash_allowed(const struct index_file *f, const struct pick_want *want)
{
	for (size_t i = 0; i < want->sha256_n; i++)
		if (str_ieq(f->sha256, want->sha256[i]))
			return true;
	return !want->sha256_n || !f->sha256;
}

/* Build tags: the number first, then the rest; none is lowest. */
static int build_cmp(struct span a, struct span b)
{
	uint64_t x = 0, y = 0;
	size_t an = 0, bn = 0;
	while (an < a.n && a.p[an] >= '0' && a.p[an] <= '9')
		an++;
	while (bn < b.n && b.p[bn] >= '0' && b.p[bn] <= '9')
		bn++;
	span_number(span_sub(a, 0, an), &x);
	span_number(span_sub(b, 0, bn), &y);
	if (!a.n || !b.n)
		return (a.n > 0) - (b.n > 0);
	if (x != y)
		return x > y ? 1 : -1;
	a = span_from(a, an);
	b = span_from(b, bn);
	int d = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);
	return d ? d : (a.n > b.n) - (a.n < b.n);
}

static int better(const struct candidate *a, const struct candidate *b)
{
	int d = pep440_cmp(a->version, b->version);
	d = d ? d : (a->rank < b->rank) - (a->rank > b->rank);
	return d ? d : build_cmp(a->build, b->build);
}

/* All files of the project whose version will do, each with what speaks against it. */
static int collect(const struct index_page *page, const struct pick_want *want, const struct pysystem *sys, struct arena *a, candidates *out)
{
	char python[16];
	snprintf(python, sizeof(python), "3.%u", sys->minor);
	for (size_t i = 0; i < page->files.n; i++) {
		const struct index_file *f = &page->files.v[i];
		struct candidate c;
		if (!read_candidate(f, want, sys, a, &c) || !pep440_match(c.version, want->spec))
			continue;
		if (c.why == FITS && f->requires_python && pep440_spec_valid(f->requires_python) && !pep440_match(python, f->requires_python))
			c.why = OTHER_PYTHON;
		if (c.why == FITS && !hash_allowed(f, want))
			c.why = OTHER_HASH;
		if (!list_add(a, out, c))
			return -1;
	}
	return 0;
}

/* Pre-releases count where they are asked for, or where there is nothing else; yanked files where the version is pinned. */
static void drop(const candidates *v, const struct pick_want *want)
{
	bool releases = false, unyanked = false;
	for (size_t i = 0; i < v->n; i++)
		releases |= v->v[i].why == FITS && !pep440_is_pre(v->v[i].version);
	for (size_t i = 0; i < v->n; i++)
		if (v->v[i].why == FITS && releases && !pep440_spec_pre(want->spec) && pep440_is_pre(v->v[i].version))
			v->v[i].why = PRE_RELEASE;
	for (size_t i = 0; i < v->n; i++)
		unyanked |= v->v[i].why == FITS && !v->v[i].file->yanked;
	for (size_t i = 0; i < v->n; i++)
		if (v->v[i].why == FITS && v->v[i].file->yanked && (unyanked || !pep440_spec_pins(want->spec)))
			v->v[i].why = YANKED;
}

static size_t count_versions(const candidates *v)
{
	size_t n = 0;
	for (size_t i = 0; i < v->n; i++) {
		bool first = true;
		for (size_t k = i < 64 ? 0 : i - 64; first && k < i; k++) /* files of one version stand together */
			first = pep440_cmp(v->v[i].version, v->v[k].version) != 0;
		n += first;
	}
	return n;
}

static void say_why(struct buf *b, const struct candidate *c, const struct pysystem *sys)
{
	const char *yanked = c->file->yanked;
	switch (c->why) {
	case FITS: break;
	case OTHER_SYSTEM: buf_printf(b, "has no wheel for CPython 3.%u on linux %s", sys->minor, sys->machine); break;
	case OTHER_PYTHON: buf_printf(b, "is for Python %s", c->file->requires_python); break;
	case YANKED: buf_printf(b, "is yanked%s%.100s", yanked && *yanked ? ": " : "", yanked ? yanked : ""); break;
	case PRE_RELEASE: buf_str(b, "is a pre-release"); break;
	case OTHER_HASH: buf_str(b, "has another hash than those that are allowed"); break;
	}
}

/* The newest file that was passed over. Of one version the weightier reason: what stands later in enum why. */
static const struct candidate *newest_refused(const candidates *v)
{
	const struct candidate *best = NULL;
	for (size_t i = 0; i < v->n; i++) {
		const struct candidate *c = &v->v[i];
		int d = c->why == FITS ? -1 : best ? pep440_cmp(c->version, best->version) : 1;
		if (d > 0 || (d == 0 && c->why > best->why))
			best = c;
	}
	return best;
}

static const char *explain(const struct index_page *page, const candidates *v, const struct candidate *best, const struct pick_want *want,
			   const struct pysystem *sys, struct arena *a)
{
	auto_buf struct buf b = BUF_INIT(LIMIT_PATH);
	const struct candidate *not = newest_refused(v);
	size_t files = 0, versions = count_versions(v);
	for (size_t i = 0; best && i < v->n; i++)
		files += v->v[i].why == FITS && !v->v[i].source && !pep440_cmp(v->v[i].version, best->version);
	if (!page->files.n) {
		buf_str(&b, "the index has no such project");
	} else if (!v->n) {
		buf_printf(&b, "none of the %zu files on the index has a version that %s takes", page->files.n, *want->spec ? want->spec : "pip");
	} else if (!best) {
		buf_printf(&b, "of %zu files that %s%s takes none fits: %s ", v->n, want->name, want->spec, not ? not->version : "");
		if (not)
			say_why(&b, not, sys);
	} else {
		if (versions > 1)
			buf_printf(&b, "%s is the newest of %zu versions that will do", best->version, versions);
		else
			buf_printf(&b, "%s is the one version that will do", best->version);
		if (not && pep440_cmp(not->version, best->version) > 0) {
			buf_printf(&b, " (%s ", not->version);
			say_why(&b, not, sys);
			buf_str(&b, ")");
		}
		if (best->source)
			buf_printf(&b, "; it has no wheel for CPython 3.%u on linux %s, so pip builds it", sys->minor, sys->machine);
		else
			buf_printf(&b, "; %s for CPython 3.%u on linux %s", files > 1 ? "the best of its wheels" : "its one wheel", sys->minor, sys->machine);
		if (best->file->yanked)
			buf_printf(&b, "; it is yanked%s%.100s", *best->file->yanked ? ": " : "", best->file->yanked);
	}
	return arena_str(a, buf_text(&b));
}

int pick_file(const struct index_page *page, const struct pick_want *want, const struct pysystem *sys, struct arena *a, struct pick *out)
{
	candidates v = { 0 };
	const struct candidate *best = NULL;
	if (collect(page, want, sys, a, &v) < 0)
		return -1;
	drop(&v, want);
	for (size_t i = 0; i < v.n; i++)
		if (v.v[i].why == FITS && (!best || better(&v.v[i], best) >= 0))
			best = &v.v[i];
	*out = (struct pick){ .because = explain(page, &v, best, want, sys, a) };
	if (best) {
		out->file = best->file;
		out->version = best->version;
		out->source = best->source;
	}
	return out->because ? 0 : -1;
}

static int best_first(const void *x, const void *y) { return -better(x, y); }

int pick_versions(const struct index_page *page, const struct pick_want *want, const struct pysystem *sys, struct arena *a, pick_list *out)
{
	candidates v = { 0 };
	const char *last = NULL;
	if (collect(page, want, sys, a, &v) < 0)
		return -1;
	drop(&v, want);
	list_sort(&v, best_first);
	for (size_t i = 0; i < v.n; i++) {
		const struct candidate *c = &v.v[i];
		if (c->why != FITS || c->source || (last && !pep440_cmp(last, c->version)))
			continue;
		struct pick p = { .file = c->file, .version = last = c->version };
		if (!list_add(a, out, p))
			return -1;
	}
	return 0;
}

unsigned pick_newest_python(const struct index_page *page)
{
	uint64_t newest = 0, minor;
	struct wheel_name w;
	for (size_t i = 0; i < page->files.n; i++) {
		if (!wheel_name_parse(SPAN_STR(page->files.v[i].file), &w))
			continue;
		while (w.python.n) {
			struct span tag = span_cut(&w.python, '.');
			if (span_starts(tag, "cp3") && span_number(span_from(tag, 3), &minor) && minor < 100 && minor > newest)
				newest = minor;
		}
	}
	return (unsigned)newest;
}
