#include "scan/wish.h"

#include <string.h>

#include "base/str.h"
#include "base/version.h"

int wish_add(struct wishes *w, struct arena *a, struct span line, const char *python, const char *machine)
{
	struct requirement r;
	if (!requirement_parse(line, python, machine, a, &r))
		return -2;
	if (!r.applies)
		return 0;
	struct wish *x = list_push(a, &w->v);
	struct span shown = span_trim(span_sub(line, 0, span_chr(line, ';')));
	if (!x)
		return -1;
	x->name = r.name;
	x->spec = r.spec;
	x->extras = r.extras;
	x->url = r.url;
	x->text = r.url ? r.name : arena_strn(a, shown.p, shown.n); /* a URL may hold a password */
	return x->text ? 1 : -1;
}

/* "cu128" of "https://download.pytorch.org/whl/cu128": what such indexes hold is built for that. NULL for others. */
static const char *tag_of_index(const char *url, struct arena *a)
{
	struct span s = SPAN_STR(url ? url : ""), tag;
	if (span_ends(s, "/torch_stable.html")) /* as --find-links names such an index */
		s.n -= strlen("torch_stable.html");
	while (s.n && s.p[s.n - 1] == '/')
		s.n--;
	size_t at = s.n;
	while (at && s.p[at - 1] != '/')
		at--;
	tag = span_from(s, at);
	uint64_t n;
	if (span_eq(tag, "cpu") || span_eq(tag, "xpu") || (span_starts(tag, "cu") && span_number(span_from(tag, 2), &n)) ||
	    (span_starts(tag, "rocm") && tag.n > 4))
		return arena_strn(a, tag.p, tag.n);
	return NULL;
}

/* These alone are built once for each CUDA under one version. */
static bool tagged(const char *name)
{
	return str_eq(name, "torch") || str_eq(name, "torchvision") || str_eq(name, "torchaudio");
}

/*
 * The version that a wish pins, in the arena; NULL where it pins none. Of equal releases pip takes the one with a local
 * version, which those of PyTorch's indexes have; *which: of two such indexes, so that its build is not known.
 */
static const char *pinned(const struct wishes *all, const struct wish *w, struct arena *a, bool *which)
{
	struct wheel_name file;
	const char *name = w->url ? url_file(SPAN_STR(w->url), a) : NULL;
	if (name && wheel_name_parse(SPAN_STR(name), &file))
		return arena_strn(a, file.version.p, file.version.n);
	const char *version = NULL;
	struct span rest = SPAN_STR(w->spec);
	while (rest.n && !version) {
		struct span clause = span_trim(span_cut(&rest, ','));
		if (!span_starts(clause, "==") || span_chr(clause, '*') < clause.n)
			continue;
		while (clause.n && clause.p[0] == '=')
			clause = span_from(clause, 1);
		clause = span_trim(clause);
		if (span_chr(clause, ' ') < clause.n || span_chr(clause, '\t') < clause.n)
			return NULL; /* "==2.1.0 cu118" names none that can be looked up */
		version = arena_strn(a, clause.p, clause.n);
	}
	if (!version || pep440_local(version) || !tagged(w->name))
		return version;
	const char *tag = tag_of_index(w->index, a);
	for (size_t i = 0; !w->index && i < all->indexes.n + all->pages.n; i++) {
		const char *other = tag_of_index(i < all->indexes.n ? all->indexes.v[i] : all->pages.v[i - all->indexes.n], a);
		*which = *which || (tag && other && !str_eq(tag, other));
		tag = tag ? tag : other;
	}
	return tag && !*which ? arena_printf(a, "%s+%s", version, tag) : version;
}

struct inventory *wishes_inventory(struct scan_job *job, enum target_kind kind, struct err *err)
{
	struct inventory *inv = scan_new_inventory(job, job->name, kind, err);
	const char *platform = job->options->platform, *slash = platform ? strchr(platform, '/') : NULL;
	if (!inv)
		return NULL;
	inv->known |= INV_PACKAGES;
	inv->os_name = "linux";
	inv->arch = slash ? arena_str(&inv->arena, slash + 1) : NULL;
	return inv;
}

int wishes_declare(struct scan_job *job, const struct wishes *w, struct err *err)
{
	struct inventory *inv = wishes_inventory(job, TARGET_REQUIREMENT, err);
	if (!inv)
		return -1;
	inv->complete = false;
	for (size_t i = 0; i < w->v.n; i++) {
		struct package *p = list_push(&inv->arena, &inv->packages);
		if (!p || !(p->name = arena_str(&inv->arena, w->v.v[i].name)))
			return err_nomem(err);
		p->layer = -1;
		p->version = pinned(w, &w->v.v[i], &inv->arena, &p->gpu_known);
		if (inventory_extras(inv, p, SPAN_STR(w->v.v[i].extras ? w->v.v[i].extras : "")) < 0)
			return err_nomem(err);
	}
	return 0;
}

int wishes_scan(struct scan_job *job, const struct wishes *w, struct err *err)
{
	const struct scan_options *o = job->options;
	return w->v.n && (o->indexes_n || (o->fetch && w->lock)) ? wishes_fetch(job, w, err) : wishes_declare(job, w, err);
}
