/*
 * What would help, and whether it does: one change, applied to a copy of the
 * target or of the host and judged by the same rules.
 */
#include "check/remedy.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "check/judge.h"
#include "derive/derive.h"

/* ---- trials ---- */

bool trial_begin(const struct facts *f, struct trial *t)
{
	struct err err = ERR_INIT;
	*t = (struct trial){ .f = f };
	if (f->options->no_remedies || inventory_borrow(f->inv, &t->inv, &err) < 0)
		return false;
	if (f->host)
		t->host = *f->host->host;
	return true;
}

/* What the same rules say of this target on this host with no change: once a result. */
static const struct result *as_it_is(const struct facts *f, struct out *out)
{
	if (out->base)
		return out->base;
	struct result *r = arena_alloc(out->a, sizeof(*r));
	if (!r || judge_silently(f->judge, f->inv, f->demand, f->supply, f->options, r, out->a) < 0) {
		out->bad = true;
		return NULL;
	}
	out->base = r;
	return r;
}

/* The target itself on the host with another driver; equal but for their drivers, hosts then are equal. */
static const struct result *with_driver(const struct trial *t)
{
	struct judge *j = t->f->judge;
	if (!j->driven && !(j->driven = arena_alloc(&j->target, (j->rests + 1) * sizeof(*j->driven))))
		return NULL;
	struct drivers *d = &j->driven[t->f->supply->rest];
	for (size_t i = 0; i < d->v.n; i++)
		if (str_eq(d->v.v[i].version, t->host.driver))
			return &d->v.v[i].result;
	struct driven one = { .version = arena_str(&j->target, t->host.driver) };
	struct supply s = { .host = &t->host };
	bool ok = one.version && host_derive_driver(t->f->host, &t->host, t->f->m, &s.facts, &j->target, NULL) == 0 &&
		  judge_silently(j, t->f->inv, t->f->demand, &s, t->f->options, &one.result, &j->target) == 0;
	one.result.host = NULL;
	one.result.host_facts = NULL; /* the trial's own */
	return ok && list_add(&j->target, &d->v, one) ? &d->v.v[d->v.n - 1].result : NULL;
}

/* The target as it was changed, on the host as it was changed. */
static const struct result *changed(struct trial *t, struct result *now, struct arena *a)
{
	const struct facts *f = t->f;
	struct demand d;
	struct supply s = { .host = &t->host };
	if ((f->host && host_derive_driver(f->host, &t->host, f->m, &s.facts, a, NULL) < 0) ||
	    demand_build(&d, &t->inv, f->m, f->options, a) < 0 || judge_anywhere(f->judge, &t->inv, &d, f->options, a) < 0 ||
	    judge_silently(f->judge, &t->inv, &d, f->host ? &s : NULL, f->options, now, a) < 0)
		return NULL;
	return now;
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

enum remedy_check remedy_tells(const struct facts *f, struct out *out, const struct finding *x, const struct result *now)
{
	const struct result *before = as_it_is(f, out);
	if (!before || !now) {
		out->bad = true;
		return REMEDY_UNTRIED;
	}
	if (still_there(x, now) || new_error(now, before))
		return REMEDY_FAILS;
	return f->host && (now->verdict == VERDICT_PASS || now->verdict == VERDICT_WARN) ? REMEDY_RUNS : REMEDY_HELPS;
}

enum remedy_check trial_end(struct trial *t, struct out *out, const struct finding *x)
{
	struct arena a = ARENA_INIT;
	struct result own;
	enum remedy_check said = REMEDY_UNTRIED;
	if (!t->untold)
		said = remedy_tells(t->f, out, x, t->driver ? with_driver(t) : changed(t, &own, &a));
	arena_clear(&a);
	if (!t->kept)
		arena_clear(&t->inv.arena);
	return said;
}

/* Asks the loader again, or takes what it said of that value before. */
static void trial_path(struct trial *t, struct env_var *v)
{
	struct judge *j = t->f->judge;
	struct err err = ERR_INIT;
	struct path_variant *p = j->paths;
	while (p && !str_eq(p->value, v->value))
		p = p->next;
	if (p) {
		arena_clear(&t->inv.arena);
	} else {
		v->value = arena_str(&t->inv.arena, v->value);
		p = arena_alloc(&j->target, sizeof(*p));
		if (!p || !v->value) {
			t->untold = true;
			return;
		}
		/* of a saved target nobody can ask the loader again */
		p->untold = !t->inv.fs ? t->inv.resolved.n > 0 : loader_again(&t->inv, t->f->m, &err) < 0;
		*p = (struct path_variant){ v->value, t->inv, p->untold, j->paths };
		j->paths = p;
	}
	t->inv = p->inv;
	t->untold = p->untold;
	t->kept = true;
}

void paths_free(struct judge *j)
{
	for (struct path_variant *p = j->paths; p; p = p->next)
		arena_clear(&p->inv.arena);
	j->paths = NULL;
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
	if (!t->untold && str_eq(name, "LD_LIBRARY_PATH"))
		trial_path(t, &inv->env.v[at]);
}

void trial_driver(struct trial *t, const char *version)
{
	t->host.driver_is = DRIVER_EXACT;
	t->host.driver = t->host.driver_lo = t->host.driver_hi = version;
	t->host.cuda = VER2_NONE;
	t->driver = true;
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
	add_tried(out, x, trial_end(&t, out, x), "%s %s=%s", setting(f), name, value && *value ? shell_word(out, value) : "");
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
	path = shell_word(out, path);
	for (size_t i = 1; i < f->inv->compat.n && path; i++)
		path = f->inv->compat.v[i].path ? arena_printf(out->a, "%s %s", path, shell_word(out, f->inv->compat.v[i].path)) : path;
	add_tried(out, x, trial_end(&t, out, x), "RUN rm -rf %s", path ? path : "...");
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
	t.host.runtime = RUNTIME_LEGACY;
	add_tried(out, x, trial_end(&t, out, x), "%s", text);
}

/* ---- packages ---- */

const char *shell_word(struct out *out, const char *s)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=+,@%";
	if (!s)
		return "..."; /* memory ran out */
	if (*s && !s[strspn(s, plain)])
		return s;
	struct buf b = BUF_INIT(LIMIT_TEXT);
	buf_char(&b, '\'');
	for (const char *p = s; *p; p++)
		if (*p == '\'')
			buf_str(&b, "'\\''");
		else
			buf_char(&b, *p);
	buf_char(&b, '\'');
	const char *word = b.bad ? NULL : arena_str(out->a, buf_text(&b));
	buf_clear(&b);
	return word ? word : "...";
}

const char *pip_name(struct out *out, const char *name, const char *version)
{
	const char *local = version ? strchr(version, '+') : NULL;
	bool torch = str_eq(name, "torch") || str_eq(name, "torchvision") || str_eq(name, "torchaudio");
	bool index = torch && local && (str_starts(local, "+cu") || str_starts(local, "+cpu"));
	const char *s = version ? arena_printf(out->a, "%s==%s", name, version) : name;
	const char *word = shell_word(out, s ? s : name);
	const char *with = index ? arena_printf(out->a, "%s --index-url https://download.pytorch.org/whl/%s", word, shell_word(out, local + 1)) : word;
	return with ? with : word;
}

void remedy_look_inside(const struct facts *f, struct out *out, struct finding *x, const struct package *p)
{
	const char *local = p->version ? pep440_local(p->version) : NULL, *ngc = local ? strstr(local, "nv2") : NULL;
	/* a name without a version may be anybody's, and no package at all */
	if (!p->version || (f->inv->kind != TARGET_REQUIREMENT && f->inv->kind != TARGET_DECLARATION))
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

void trial_drop(struct trial *t, const char *owner, const char *environment)
{
	struct inventory *inv = &t->inv;
	size_t kept = 0;
	for (size_t i = 0; i < inv->libraries.n; i++) {
		const struct library *l = &inv->libraries.v[i];
		if (!str_eq(l->owner, owner) || !str_eq(l->environment, environment))
			inv->libraries.v[kept++] = *l;
	}
	inv->libraries.n = kept;
}

void trial_package(struct trial *t, struct arena *a, const struct package *old, const char *version)
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
		trial_drop(t, old->name, old->environment);
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
