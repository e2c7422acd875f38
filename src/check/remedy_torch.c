/* Another torch in the target: each wheel of the table is a target of its own, judged once on a host. */
#include "check/remedy.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "check/judge.h"
#include "derive/derive.h"

/* ---- wheels, alone ---- */

static const struct check_options wheel_options = { .expect = EXPECT_GPU, .no_remedies = true };

static struct wheel *wheel_of(struct judge *j, size_t row)
{
	if (!j->wheels && !(j->wheels = arena_alloc(&j->hosts, (j->m->torch.n + 1) * sizeof(*j->wheels))))
		return NULL;
	struct wheel *w = &j->wheels[row];
	if (w->inv)
		return w;
	const struct row_torch *r = &j->m->torch.v[row];
	struct inventory *inv = inventory_new();
	struct err err = ERR_INIT;
	struct package *p = inv ? list_push(&inv->arena, &inv->packages) : NULL;
	bool ok = p != NULL;
	if (ok) {
		inv->kind = TARGET_REQUIREMENT;
		inv->known = INV_PACKAGES;
		inv->os_name = "linux";
		inv->arch = str_eq(r->platform, "linux_aarch64") ? "arm64" : "amd64";
		*p = (struct package){ .name = "torch", .layer = -1, .version = arena_printf(&inv->arena, "%s+%s", r->torch, r->tag) };
		ok = p->version && complete_from_matrix(inv, j->m, &err) == 0 && demand_build(&w->demand, inv, j->m, &wheel_options, &j->hosts) == 0 &&
		     judge_anywhere(j, inv, &w->demand, &wheel_options, &j->hosts) == 0;
	}
	if (!ok) {
		inventory_free(inv);
		return NULL;
	}
	w->inv = inv;
	return w;
}

void wheels_free(struct judge *j)
{
	for (size_t i = 0; j->wheels && i < j->m->torch.n; i++)
		inventory_free(j->wheels[i].inv);
}

/* What the same rules say of that wheel on that host. */
static enum verdict wheel_verdict(const struct facts *f, struct out *out, size_t row)
{
	unsigned char *known = &f->supply->wheels[row];
	struct wheel *w = *known ? NULL : wheel_of(f->judge, row);
	if (w) {
		struct arena a = ARENA_INIT;
		struct result res;
		if (judge_silently(f->judge, w->inv, &w->demand, f->supply, &wheel_options, &res, &a) == 0)
			*known = (unsigned char)(res.verdict + 1);
		arena_clear(&a);
	}
	out->bad = out->bad || !*known;
	return *known ? (enum verdict)(*known - 1) : VERDICT_UNKNOWN;
}

/* ---- the nearest ---- */

/* How far apart two releases are: a major counts for 100 minors. */
static long apart(const char *a, const char *b)
{
	unsigned long x[3] = { 0 }, y[3] = { 0 };
	version_parts(a, x, 3);
	version_parts(b, y, 3);
	long d = (long)(x[0] - y[0]) * 10000 + (long)(x[1] - y[1]) * 100 + (long)(x[2] - y[2]);
	return d < 0 ? -d : d;
}

/* Is `a` a better replacement of `have` than `b`: the nearest release, the newer of two as near, then the newer CUDA. */
static bool nearer(const char *have, const struct row_torch *a, const struct row_torch *b)
{
	long x = apart(a->torch, have), y = apart(b->torch, have);
	int c = version_cmp(a->torch, b->torch);
	if (x != y)
		return x < y;
	return c ? c > 0 : ver2_cmp(a->cuda, b->cuda) > 0;
}

/* Is there a wheel for the interpreter that would import it? */
static bool python_serves(const struct row_torch *r, const char *python)
{
	struct ver2 v = python ? ver2_parse(python) : VER2_NONE, min = ver2_parse(r->python_min), max = ver2_parse(r->python_max);
	return !ver2_full(v) || ((!ver2_full(min) || ver2_cmp(v, min) >= 0) && (!ver2_full(max) || ver2_cmp(v, max) <= 0));
}

/* Rows of a platform with a wheel for the interpreter, nearest first; by insertion: it is done once a target. */
static const struct nearest *nearest_rows(struct judge *j, const char *have, const char *platform, const char *python)
{
	for (size_t i = 0; i < j->nearest.n; i++)
		if (str_eq(j->nearest.v[i].version, have) && str_eq(j->nearest.v[i].platform, platform) && str_eq(j->nearest.v[i].python, python))
			return &j->nearest.v[i];
	const struct row_torch *v = j->m->torch.v;
	struct nearest q = { .version = arena_str(&j->target, have), .platform = platform, .python = python };
	q.rows = arena_alloc(&j->target, (j->m->torch.n + 1) * sizeof(*q.rows));
	if (!q.version || !q.rows)
		return NULL;
	for (size_t i = 0; i < j->m->torch.n; i++) {
		if (!str_eq(v[i].platform, platform) || v[i].uncertain || !python_serves(&v[i], python))
			continue;
		size_t at = q.n++;
		for (; at && nearer(have, &v[i], &v[q.rows[at - 1]]); at--)
			q.rows[at] = q.rows[at - 1];
		q.rows[at] = i;
	}
	return list_add(&j->target, &j->nearest, q) ? &j->nearest.v[j->nearest.n - 1] : NULL;
}

/* Of the wheels that get that verdict here the nearest to the one that is there. */
static const struct row_torch *nearest_wheel(const struct facts *f, struct out *out, const struct package *torch, enum verdict want)
{
	const char *platform = (f->inv->arch && str_eq(f->inv->arch, "arm64")) || (f->host->host->arch && str_eq(f->host->host->arch, "arm64")) ?
			       "linux_aarch64" : "linux_x86_64";
	const struct environment *e = inventory_environment(f->inv, torch->environment);
	const char *python = e && e->python ? e->python : f->inv->pythons.n == 1 ? f->inv->pythons.v[0].version : NULL;
	char have[32];
	const char *version = torch->version ? torch->version : "999"; /* the newest, where nobody knows what is there */
	snprintf(have, sizeof(have), "%.*s", (int)strcspn(version, "+"), version);
	const struct nearest *q = nearest_rows(f->judge, have, platform, python);
	out->bad = out->bad || !q;
	const struct row_torch *found = NULL;
	for (size_t i = 0; q && i < q->n; i++) {
		const struct row_torch *r = &f->m->torch.v[q->rows[i]];
		if (found && !str_eq(r->torch, found->torch))
			break;
		if (wheel_verdict(f, out, q->rows[i]) != want || (want == VERDICT_UNKNOWN && !r->sm.n))
			continue;
		found = r; /* of an unknown driver the oldest CUDA of a release asks least */
		if (want != VERDICT_UNKNOWN)
			break;
	}
	return found;
}

/* ---- in the whole target ---- */

/* What pip replaces together with torch: what is released with it, and what it pins. */
static bool goes_with_torch(const struct package *p)
{
	static const char *const names[] = { "torchvision", "torchaudio", "triton" };
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (str_eq(p->name, names[i]))
			return true;
	return str_starts(p->name, "nvidia-");
}

/* The target with that torch; made once, whatever the host. NULL where it cannot be told, or without memory. */
static const struct variant *variant_of(const struct facts *f, struct out *out, const struct package *torch, const char *version)
{
	struct judge *j = f->judge;
	for (struct variant *v = j->variants; v; v = v->next)
		if (v->torch == torch && str_eq(v->version, version))
			return v->untold ? NULL : v;
	struct variant *v = arena_alloc(&j->target, sizeof(*v));
	struct trial t;
	size_t kept = 0;
	if (!v || !(v->version = arena_str(&j->target, version)) || !trial_begin(f, &t)) {
		out->bad = true;
		return NULL;
	}
	trial_package(&t, &v->alone, torch, version);
	for (size_t i = 0; i < t.inv.packages.n; i++) {
		const struct package p = t.inv.packages.v[i];
		if (!goes_with_torch(&p) || !str_eq(p.environment, torch->environment))
			t.inv.packages.v[kept++] = p;
		else
			trial_drop(&t, p.name, p.environment);
	}
	t.inv.packages.n = kept;
	v->torch = torch;
	v->inv = t.inv;
	v->untold = t.untold;
	v->next = j->variants;
	j->variants = v;
	if (demand_build(&v->demand, &v->inv, f->m, f->options, &j->target) == 0 &&
	    judge_anywhere(j, &v->inv, &v->demand, f->options, &j->target) == 0)
		return v->untold ? NULL : v;
	v->untold = out->bad = true;
	return NULL;
}

void variants_free(struct judge *j)
{
	for (struct variant *v = j->variants; v; v = v->next) {
		arena_clear(&v->inv.arena);
		arena_clear(&v->alone);
	}
	j->variants = NULL;
}

/* The whole target with that torch: what was built for the old one may break. */
static enum remedy_check try_torch(const struct facts *f, struct out *out, const struct finding *x, const struct package *torch, const char *version)
{
	const struct variant *v = variant_of(f, out, torch, version);
	struct arena a = ARENA_INIT;
	struct result now;
	enum remedy_check said = REMEDY_UNTRIED;
	if (v && judge_silently(f->judge, &v->inv, &v->demand, f->supply, f->options, &now, &a) < 0)
		out->bad = true;
	else if (v)
		said = remedy_tells(f, out, x, &now);
	arena_clear(&a);
	/* alone it does: what it breaks is another package's */
	return said == REMEDY_FAILS ? REMEDY_HELPS : said;
}

void remedy_torch(const struct facts *f, struct out *out, struct finding *x, const struct package *torch)
{
	if (!f->host || f->options->no_remedies || !str_eq(torch->name, "torch"))
		return;
	const struct row_torch *best = nearest_wheel(f, out, torch, VERDICT_PASS);
	if (!best)
		best = nearest_wheel(f, out, torch, VERDICT_WARN);
	bool blind = !best && !f->host->driver_known && !ver2_known(f->host->cuda_lo) && f->host->gpus.n;
	if (blind)
		best = nearest_wheel(f, out, torch, VERDICT_UNKNOWN);
	const char *version = best ? arena_printf(out->a, "%s+%s", best->torch, best->tag) : NULL;
	if (!version)
		return;
	/* companions are pinned to their torch: the index resolves them when they are asked for together */
	bool vision = inventory_package(f->inv, "torchvision", torch->environment), audio = inventory_package(f->inv, "torchaudio", torch->environment);
	add_tried(out, x, blind ? REMEDY_UNTRIED : try_torch(f, out, x, torch, version), "pip install torch==%s%s%s --index-url https://download.pytorch.org/whl/%s", version,
		  vision ? " torchvision" : "", audio ? " torchaudio" : "", best->tag);
	set_source(out, x, "torch", best->id, best->source);
}

void remedy_cuda_torch(const struct facts *f, struct out *out, struct finding *x, const struct package *torch, short major)
{
	const char *platform = f->inv->arch && str_eq(f->inv->arch, "arm64") ? "linux_aarch64" : "linux_x86_64";
	const struct row_torch *best = NULL;
	char have[32];
	snprintf(have, sizeof(have), "%.*s", torch->version ? (int)strcspn(torch->version, "+") : 0, torch->version ? torch->version : "");
	for (size_t i = 0; i < f->m->torch.n; i++) {
		const struct row_torch *r = &f->m->torch.v[i];
		if (str_eq(r->platform, platform) && !r->uncertain && (!have[0] || str_eq(r->torch, have)) && (!major || r->cuda.major == major) &&
		    (!best || version_cmp(r->torch, best->torch) > 0 || (str_eq(r->torch, best->torch) && ver2_cmp(r->cuda, best->cuda) > 0)))
			best = r;
	}
	if (!best)
		return;
	add_remedy(out, x, "pip install %s", pip_name(out, "torch", arena_printf(out->a, "%s+%s", best->torch, best->tag)));
	set_source(out, x, "torch", best->id, best->source);
}
