/* From what rules emitted to findings with one cause each: roles, GPUs, paths and packages joined; fingerprints. */
#include "check/cause.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "check/rule.h"

/* Findings outside the primary environment say what might matter, not what breaks. */
void cap_by_environment(const struct facts *f, struct result *r)
{
	for (size_t i = 0; i < r->findings.n; i++) {
		struct finding *x = &r->findings.v[i];
		switch (inventory_env_role(f->inv, x->environment)) {
		case ENV_PRIMARY: break;
		case ENV_SECONDARY: lower(x, LEVEL_WARNING, "secondary environment"); break;
		case ENV_UNREACHED: lower(x, LEVEL_NOTE, "unreached environment"); break;
		}
	}
}

/* ---- merging what has one cause ---- */

static bool same_cause(const struct finding *a, const struct finding *b)
{
	return (a->cause || a->package) && str_eq(a->cause, b->cause) && str_eq(a->package, b->package) && a->rule == b->rule && a->answer == b->answer &&
	       a->level == b->level && str_eq(a->environment, b->environment);
}

/* GPUs of several kinds: what fails on some of them only is a warning that names them. */
void join_gpus(const struct facts *f, struct out *out, struct result *r)
{
	size_t kinds = f->host ? f->host->gpus.n : 0;
	for (size_t i = 0; i < r->findings.n; i++) {
		struct finding *x = &r->findings.v[i];
		if (!x->gpu || x->answer != ANSWER_FAIL)
			continue;
		size_t hit = 1;
		for (size_t k = i + 1; k < r->findings.n; k++) {
			struct finding *y = &r->findings.v[k];
			if (y->rule != x->rule || y->answer != ANSWER_FAIL || !str_eq(y->package, x->package) ||
			    !str_eq(y->environment, x->environment) || !str_eq(y->path, x->path) || str_eq(y->gpu, x->gpu))
				continue;
			const char *both = arena_printf(out->a, "%s, %s", x->gpu, y->gpu);
			x->gpu = both ? both : x->gpu;
			hit++;
			memmove(y, y + 1, (r->findings.n - k - 1) * sizeof(*y));
			r->findings.n--;
			k--;
		}
		if (kinds > 1 && hit < kinds)
			lower(x, LEVEL_WARNING, "some of the host's GPUs");
	}
}

void join_paths(struct out *out, struct result *r)
{
	for (size_t i = 0; i < r->findings.n; i++) {
		struct finding *x = &r->findings.v[i];
		for (size_t k = i + 1; x->answer != ANSWER_PASS && k < r->findings.n; k++) {
			struct finding *y = &r->findings.v[k];
			if (!same_cause(x, y) || !str_eq(x->gpu, y->gpu))
				continue;
			if (y->path && !str_eq(x->path, y->path) && !list_add(out->a, &x->also, y->path))
				out->bad = true;
			x->count += y->count;
			memmove(y, y + 1, (r->findings.n - k - 1) * sizeof(*y));
			r->findings.n--;
			k--;
		}
		list_sort(&x->also, str_ptr_cmp);
	}
}

/* The headline of several packages: the one with most ways out, torch among equals. */
static bool leads(const struct finding *a, const struct finding *b)
{
	if (a->remedies.n != b->remedies.n)
		return a->remedies.n > b->remedies.n;
	return str_eq(a->package, "torch") && !str_eq(b->package, "torch");
}

static void take_package(struct out *out, struct finding *x, const struct finding *y)
{
	const char *name = y->version && y->package ? arena_printf(out->a, "%s %s", y->package, y->version) : y->package;
	if (y->package && !str_eq(x->package, y->package) && (!name || !list_add(out->a, &x->also_packages, name)))
		out->bad = true;
	if (y->path && !str_eq(x->path, y->path) && !list_add(out->a, &x->also, y->path))
		out->bad = true;
	for (size_t i = 0; i < y->also.n; i++)
		if (!list_add(out->a, &x->also, y->also.v[i]))
			out->bad = true;
	x->count += y->count;
}

static bool same_need(const struct finding *x, const struct finding *y)
{
	return x->cause && str_eq(x->cause, y->cause) && y->rule == x->rule && y->answer == x->answer && y->level == x->level && str_eq(x->gpu, y->gpu) &&
	       str_eq(x->environment, y->environment);
}

void join_packages(struct out *out, struct result *r)
{
	for (size_t i = 0; i < r->findings.n; i++) {
		struct finding *x = &r->findings.v[i];
		if (x->answer == ANSWER_PASS)
			continue;
		size_t best = i;
		for (size_t k = i + 1; k < r->findings.n; k++)
			if (same_need(x, &r->findings.v[k]) && leads(&r->findings.v[k], &r->findings.v[best]))
				best = k;
		struct finding first = r->findings.v[best];
		r->findings.v[best] = *x;
		*x = first;
		for (size_t k = i + 1; k < r->findings.n; k++) {
			struct finding *y = &r->findings.v[k];
			if (!same_need(x, y))
				continue;
			take_package(out, x, y);
			memmove(y, y + 1, (r->findings.n - k - 1) * sizeof(*y));
			r->findings.n--;
			k--;
		}
		list_sort(&x->also, str_ptr_cmp);
		list_sort(&x->also_packages, str_ptr_cmp);
	}
}

void place_layers(const struct inventory *inv, struct result *r)
{
	for (size_t i = 0; i < r->findings.n; i++) {
		struct finding *f = &r->findings.v[i];
		if (!inv->layers.n)
			f->layer = -1; /* a folder's one record is no layer of an image */
		f->created_by = inventory_created_by(inv, f->layer);
		if (f->layer >= 0 && (size_t)f->layer < inv->layers.n) {
			f->line = inv->layers.v[f->layer].line;
			f->last_line = inv->layers.v[f->layer].last_line;
		}
	}
}

/* ---- fingerprints ---- */

/* FNV-1a, twice with other starts: 128 bits that a rebuild keeps. Not cryptographic: nothing hangs on it but comparison. */
static void hash_into(uint64_t h[2], const char *s)
{
	for (; s && *s; s++)
		for (int i = 0; i < 2; i++)
			h[i] = (h[i] ^ (unsigned char)*s) * 1099511628211u;
	for (int i = 0; i < 2; i++)
		h[i] = (h[i] ^ 0xff) * 1099511628211u;
}

/*
 * A path without what a rebuild or an upgrade changes in it: the version of
 * "torch-2.5.1.dist-info", of "python3.11" and "cuda-12.4", and what follows
 * the major of "libcudnn.so.9.1.0".
 */
static void hash_path(uint64_t h[2], const char *path)
{
	struct buf b = BUF_INIT(LIMIT_PATH);
	for (const char *p = path; p && *p;) {
		size_t n = strcspn(p, "/"), keep = n;
		struct span name = { (const unsigned char *)p, n };
		size_t so = span_find(name, ".so.");
		if (span_ends(name, ".dist-info") || span_ends(name, ".egg-info"))
			keep = span_chr(name, '-');
		else if (span_starts(name, "python3."))
			keep = strlen("python3");
		else if (span_starts(name, "cuda-"))
			keep = strlen("cuda");
		else if (so < n)
			keep = so + strlen(".so.") + span_chr(span_from(name, so + strlen(".so.")), '.');
		buf_add(&b, p, keep < n ? keep : n);
		p += n;
		if (*p == '/')
			buf_char(&b, *p++);
	}
	hash_into(h, path ? buf_text(&b) : NULL);
	buf_clear(&b);
}

void finding_fingerprint(struct finding *f, const struct host *host)
{
	uint64_t h[2] = { 14695981039346656037u, 7809847782465536322u };
	hash_into(h, f->rule->id);
	hash_into(h, host ? host->name : NULL);
	hash_into(h, f->environment);
	hash_into(h, f->package);
	hash_path(h, f->path);
	hash_into(h, f->gpu);
	snprintf(f->fingerprint, sizeof(f->fingerprint), "%016llx%016llx", (unsigned long long)h[0], (unsigned long long)h[1]);
}
