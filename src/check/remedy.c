/*
 * What would help, and whether it does: one change, applied to a copy of the
 * target or of the host and judged by the same rules.
 */
#include "check/remedy.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "derive/derive.h"

/* ---- trials ---- */

bool trial_begin(const struct facts *f, struct trial *t)
{
	struct err err = ERR_INIT;
	*t = (struct trial){ .f = f };
	if (f->options->no_remedies || inventory_borrow(f->inv, &t->inv, &err) < 0)
		return false;
	return true;
}

/* What the same rules say of this target on this host with no change: once a result. */
static const struct result *as_it_is(const struct facts *f, struct out *out)
{
	struct check_options o = *f->options;
	struct err err = ERR_INIT;
	o.no_remedies = true;
	if (out->base)
		return out->base;
	struct result *r = arena_alloc(out->a, sizeof(*r));
	if (!r || check_derived(f->inv, f->host, f->m, &o, (struct arena)ARENA_INIT, r, &err) < 0) {
		out->bad = true;
		return NULL;
	}
	out->base = r;
	return r;
}

static bool names_gpu(const struct finding *a, const struct finding *b)
{
	return str_eq(a->gpu, b->gpu) || (a->gpu && b->gpu && (strstr(a->gpu, b->gpu) || strstr(b->gpu, a->gpu)));
}

static bool names_path(const struct finding *among, const char *path)
{
	bool hit = str_eq(among->path, path);
	for (size_t i = 0; i < among->also.n; i++)
		hit = hit || str_eq(among->also.v[i], path);
	return hit;
}

/* Is that finding among those of a result, whatever its level? */
static bool still_there(const struct finding *x, const struct result *r)
{
	for (size_t i = 0; i < r->findings.n; i++) {
		const struct finding *y = &r->findings.v[i];
		if (y->answer == x->answer && y->rule == x->rule && names_gpu(x, y) && (str_eq(x->package, y->package) || y->also_packages.n) &&
		    str_eq(x->environment, y->environment) && str_eq(x->expected, y->expected) && names_path(y, x->path))
			return true;
	}
	return false;
}

/* An error by a rule, on a package, that was none before. */
static bool new_error(const struct result *now, const struct result *before)
{
	for (size_t i = 0; i < now->findings.n; i++) {
		const struct finding *x = &now->findings.v[i];
		bool known = x->answer != ANSWER_FAIL || x->level != LEVEL_ERROR;
		for (size_t k = 0; !known && k < before->findings.n; k++) {
			const struct finding *y = &before->findings.v[k];
			known = y->rule == x->rule && y->answer == ANSWER_FAIL && y->level == LEVEL_ERROR;
		}
		if (!known)
			return true;
	}
	return false;
}

enum remedy_check trial_end(struct trial *t, struct out *out, const struct finding *x)
{
	const struct facts *f = t->f;
	struct check_options o = *f->options;
	struct result now;
	struct err err = ERR_INIT;
	enum remedy_check said = REMEDY_UNTRIED;
	const struct result *before = t->untold ? NULL : as_it_is(f, out);
	o.no_remedies = true;
	int got = !before ? -1 : t->other_host ? check_run(&t->inv, &t->host, f->m, &o, &now, &err) :
						 check_derived(&t->inv, f->host, f->m, &o, (struct arena)ARENA_INIT, &now, &err);
	if (got == 0) {
		bool helps = !still_there(x, &now) && !new_error(&now, before);
		bool runs = f->host && (now.verdict == VERDICT_PASS || now.verdict == VERDICT_WARN);
		said = !helps ? REMEDY_FAILS : runs ? REMEDY_RUNS : REMEDY_HELPS;
		result_clear(&now);
	}
	arena_clear(&t->inv.arena);
	return said;
}

void trial_env(struct trial *t, const char *name, const char *value)
{
	struct inventory *inv = &t->inv;
	size_t at = 0;
	while (at < inv->env.n && !str_eq(inv->env.v[at].name, name))
		at++;
	struct env_var v = { name, value };
	if (at < inv->env.n)
		inv->env.v[at] = v;
	else if (!list_add(&inv->arena, &inv->env, v))
		t->untold = true;
	inv->known |= INV_ENV;
	if (!str_eq(name, "LD_LIBRARY_PATH"))
		return;
	struct err err = ERR_INIT;
	/* of a saved target nobody can ask the loader again */
	if (!inv->fs ? inv->resolved.n > 0 : loader_again(inv, t->f->m, &err) < 0)
		t->untold = true;
}

struct host *trial_host(struct trial *t)
{
	if (!t->other_host)
		t->host = *t->f->host->host;
	t->other_host = true;
	return &t->host;
}

void trial_driver(struct trial *t, const char *version)
{
	struct host *h = trial_host(t);
	h->driver_is = DRIVER_EXACT;
	h->driver = h->driver_lo = h->driver_hi = version;
	h->cuda = VER2_NONE;
}

/* ---- variables ---- */

/* How a variable is set for this kind of target: in a Dockerfile, or in a shell. */
static const char *setting(const struct facts *f)
{
	return f->inv->kind == TARGET_ENVIRONMENT || f->inv->kind == TARGET_ROOTFS ? "export" : "ENV";
}

void remedy_env(const struct facts *f, struct out *out, struct finding *x, const char *name, const char *value)
{
	struct trial t;
	if (!trial_begin(f, &t))
		return;
	trial_env(&t, name, value);
	add_tried(out, x, trial_end(&t, out, x), "%s %s=%s", setting(f), name, value);
}

/* Folders of compat and stubs libraries are reached by several paths: /usr/local/cuda is a link. */
static bool same_folder(const char *a, const char *b)
{
	const char *x = path_base(a), *y = path_base(b);
	return str_eq(a, b) || (str_eq(x, y) && (str_eq(x, "compat") || str_eq(x, "stubs")));
}

void remedy_without(const struct facts *f, struct out *out, struct finding *x, const char *dir)
{
	const char *list = inventory_env(f->inv, "LD_LIBRARY_PATH");
	struct buf b = BUF_INIT(LIMIT_TEXT);
	bool gone = false;
	for (const char *p = list; p && *p;) {
		size_t n = strcspn(p, ":");
		const char *one = arena_strn(out->a, p, n);
		if (one && same_folder(one, dir))
			gone = true;
		else if (one && n)
			buf_printf(&b, "%s%s", b.n ? ":" : "", one);
		p += n + (p[n] == ':');
	}
	const char *rest = arena_str(out->a, buf_text(&b));
	if (gone && rest)
		remedy_env(f, out, x, "LD_LIBRARY_PATH", rest);
	buf_clear(&b);
}

/* ---- files ---- */

void remedy_no_compat(const struct facts *f, struct out *out, struct finding *x)
{
	struct trial t;
	const char *path = f->inv->compat.n ? f->inv->compat.v[0].path : NULL;
	if (!path || !trial_begin(f, &t))
		return;
	t.inv.compat.n = 0;
	for (size_t i = 0; i < f->inv->compat.n && f->inv->compat.n > 1; i++)
		path = i && f->inv->compat.v[i].path ? arena_printf(out->a, "%s %s", path, f->inv->compat.v[i].path) : path;
	add_tried(out, x, trial_end(&t, out, x), "RUN rm -rf %s", path);
}

/* ---- the host ---- */

void remedy_driver(const struct facts *f, struct out *out, struct finding *x, const char *version)
{
	struct trial t;
	if (!f->host || f->host->system == DRIVER_JETSON || !trial_begin(f, &t))
		return;
	trial_driver(&t, version);
	add_tried(out, x, trial_end(&t, out, x), "upgrade the host driver to %s or newer", version);
}

void remedy_runtime(const struct facts *f, struct out *out, struct finding *x, const char *text)
{
	struct trial t;
	if (!trial_begin(f, &t))
		return;
	trial_host(&t)->runtime = RUNTIME_LEGACY;
	add_tried(out, x, trial_end(&t, out, x), "%s", text);
}

/* ---- packages ---- */

const char *pip_name(struct out *out, const char *name, const char *version)
{
	const char *local = version ? strchr(version, '+') : NULL;
	bool torch = str_eq(name, "torch") || str_eq(name, "torchvision") || str_eq(name, "torchaudio");
	bool index = torch && local && (str_starts(local, "+cu") || str_starts(local, "+cpu"));
	const char *s = !version ? name : index ? arena_printf(out->a, "%s==%s --index-url https://download.pytorch.org/whl/%s", name, version, local + 1) :
			arena_printf(out->a, "%s==%s", name, version);
	return s ? s : name;
}

void remedy_look_inside(const struct facts *f, struct out *out, struct finding *x, const struct package *p)
{
	const char *local = p->version ? pep440_local(p->version) : NULL, *ngc = local ? strstr(local, "nv2") : NULL;
	if (f->inv->kind != TARGET_REQUIREMENT && f->inv->kind != TARGET_DECLARATION)
		return;
	if (ngc)
		add_remedy(out, x, "envcheck docker://nvcr.io/nvidia/pytorch:%s-py3", ngc + 2);
	else
		add_remedy(out, x, "pip download --no-deps -d wheels %s && envcheck wheels", pip_name(out, p->name, p->version));
}

/* What the tables know of a package by its name and version, as of a requirement. */
static bool know_package(const struct trial *t, struct inventory *alone, const char *name, const char *version)
{
	struct err err = ERR_INIT;
	*alone = (struct inventory){ .kind = TARGET_REQUIREMENT, .known = INV_PACKAGES, .os_name = "linux", .arch = t->inv.arch };
	struct package *p = list_push(&alone->arena, &alone->packages);
	if (!p)
		return false;
	*p = (struct package){ .name = name, .layer = -1, .version = version };
	return complete_from_matrix(alone, t->f->m, &err) == 0;
}

static void drop_libraries(struct inventory *inv, const char *owner, const char *environment)
{
	size_t kept = 0;
	for (size_t i = 0; i < inv->libraries.n; i++) {
		const struct library *l = &inv->libraries.v[i];
		if (!str_eq(l->owner, owner) || !str_eq(l->environment, environment))
			inv->libraries.v[kept++] = *l;
	}
	inv->libraries.n = kept;
}

/* An installed package gets another version: its files are then of that version, or, where it has GPU code, not known at all. */
static void trial_package(struct trial *t, struct arena *a, const struct package *old, const char *version)
{
	struct inventory alone;
	bool nvidia = str_starts(old->name, "nvidia-");
	if (!know_package(t, &alone, old->name, version)) {
		t->untold = true;
		arena_clear(&alone.arena);
		return;
	}
	struct package *p = &t->inv.packages.v[old - t->f->inv->packages.v];
	*p = alone.packages.v[0];
	p->environment = old->environment;
	p->path = old->path;
	p->site = old->site;
	*a = alone.arena; /* lives as long as the trial */
	if (!nvidia)
		drop_libraries(&t->inv, old->name, old->environment);
	for (size_t i = 0; i < t->inv.libraries.n; i++) {
		struct library *l = &t->inv.libraries.v[i];
		if (str_eq(l->owner, old->name) && str_eq(l->environment, old->environment) && l->version)
			l->version = version;
	}
}

void remedy_package(const struct facts *f, struct out *out, struct finding *x, const char *name, const char *environment, const char *version)
{
	const struct package *old = inventory_package(f->inv, name, environment);
	struct arena a = ARENA_INIT;
	struct trial t;
	enum remedy_check said = REMEDY_UNTRIED;
	if (old && trial_begin(f, &t)) {
		trial_package(&t, &a, old, version);
		said = trial_end(&t, out, x);
		/* what the new version brings was not read */
		said = said == REMEDY_RUNS && !str_starts(name, "nvidia-") ? REMEDY_HELPS : said;
	}
	arena_clear(&a);
	add_tried(out, x, said, "pip install %s", pip_name(out, name, version));
}

/* What the same rules say of that torch wheel here, alone. */
static enum verdict wheel_verdict(const struct facts *f, const struct row_torch *r)
{
	struct inventory *inv = inventory_new();
	struct err err = ERR_INIT;
	enum verdict said = VERDICT_UNKNOWN;
	if (!inv)
		return said;
	inv->kind = TARGET_REQUIREMENT;
	inv->known = INV_PACKAGES;
	inv->os_name = "linux";
	inv->arch = str_eq(r->platform, "linux_aarch64") ? "arm64" : "amd64";
	struct package *p = list_push(&inv->arena, &inv->packages);
	if (p) {
		*p = (struct package){ .name = "torch", .layer = -1, .version = arena_printf(&inv->arena, "%s+%s", r->torch, r->tag) };
		struct check_options o = { .expect = EXPECT_GPU, .no_remedies = true };
		struct result res;
		if (p->version && complete_from_matrix(inv, f->m, &err) == 0 && check_derived(inv, f->host, f->m, &o, (struct arena)ARENA_INIT, &res, &err) == 0) {
			said = res.verdict;
			result_clear(&res);
		}
	}
	inventory_free(inv);
	return said;
}

/* The same, asked once a result: several rules offer a torch. */
static enum verdict known_verdict(const struct facts *f, struct out *out, size_t i)
{
	if (!out->wheels)
		out->wheels = arena_alloc(out->a, f->m->torch.n);
	if (!out->wheels)
		return VERDICT_UNKNOWN;
	if (!out->wheels[i])
		out->wheels[i] = (signed char)(wheel_verdict(f, &f->m->torch.v[i]) + 1);
	return (enum verdict)(out->wheels[i] - 1);
}

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

/* Of the wheels that get that verdict here the nearest to the one that is there. */
static const struct row_torch *nearest_wheel(const struct facts *f, struct out *out, const struct package *torch, enum verdict want)
{
	const char *platform = (f->inv->arch && str_eq(f->inv->arch, "arm64")) || (f->host->host->arch && str_eq(f->host->host->arch, "arm64")) ?
			       "linux_aarch64" : "linux_x86_64";
	const struct environment *e = inventory_environment(f->inv, torch->environment);
	const char *python = e && e->python ? e->python : f->inv->pythons.n == 1 ? f->inv->pythons.v[0].version : NULL;
	const struct row_torch *best = NULL;
	char have[32];
	snprintf(have, sizeof(have), "%.*s", (int)strcspn(torch->version, "+"), torch->version);
	for (size_t i = 0; i < f->m->torch.n; i++) {
		const struct row_torch *r = &f->m->torch.v[i];
		if (str_eq(r->platform, platform) && !r->uncertain && python_serves(r, python) && (!best || nearer(have, r, best)) && known_verdict(f, out, i) == want)
			best = r;
	}
	return best;
}

/* What pip replaces together with torch: what is released with it, and what it pins. */
static bool goes_with_torch(const struct package *p)
{
	static const char *const names[] = { "torchvision", "torchaudio", "triton" };
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (str_eq(p->name, names[i]))
			return true;
	return str_starts(p->name, "nvidia-");
}

/* The whole target with that torch: what was built for the old one may break. */
static enum remedy_check try_torch(const struct facts *f, struct out *out, const struct finding *x, const struct package *torch, const char *version)
{
	struct arena a = ARENA_INIT;
	struct trial t;
	size_t kept = 0;
	if (!trial_begin(f, &t))
		return REMEDY_UNTRIED;
	trial_package(&t, &a, torch, version);
	for (size_t i = 0; i < t.inv.packages.n; i++) {
		const struct package p = t.inv.packages.v[i];
		if (!goes_with_torch(&p) || !str_eq(p.environment, torch->environment))
			t.inv.packages.v[kept++] = p;
		else
			drop_libraries(&t.inv, p.name, p.environment);
	}
	t.inv.packages.n = kept;
	enum remedy_check said = trial_end(&t, out, x);
	arena_clear(&a);
	/* alone it does: what it breaks is another package's */
	return said == REMEDY_FAILS ? REMEDY_HELPS : said;
}

void remedy_torch(const struct facts *f, struct out *out, struct finding *x, const struct package *torch)
{
	if (!f->host || f->options->no_remedies || !str_eq(torch->name, "torch") || !torch->version)
		return;
	const struct row_torch *best = nearest_wheel(f, out, torch, VERDICT_PASS);
	if (!best)
		best = nearest_wheel(f, out, torch, VERDICT_WARN);
	const char *version = best ? arena_printf(out->a, "%s+%s", best->torch, best->tag) : NULL;
	if (!version)
		return;
	/* companions are pinned to their torch: the index resolves them when they are asked for together */
	bool vision = inventory_package(f->inv, "torchvision", torch->environment), audio = inventory_package(f->inv, "torchaudio", torch->environment);
	add_tried(out, x, try_torch(f, out, x, torch, version), "pip install torch==%s%s%s --index-url https://download.pytorch.org/whl/%s", version,
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
