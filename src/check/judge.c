/* How targets are judged: rules over subjects, then the user's options; what does not change from result to result is kept. */
#include "check/judge.h"

#include <string.h>

#include "base/str.h"
#include "check/cause.h"

/* ---- rules ---- */

/* Scopes without a host in them: what their rules find they find on every host. Only what helps may hang on it. */
static bool of_any_host(enum rule_scope s)
{
	return s == SCOPE_TARGET || s == SCOPE_ENVIRONMENT || s == SCOPE_PACKAGE || s == SCOPE_LIBRARY;
}

static void run_rule(const struct rule *r, const struct facts *f, struct out *out)
{
	const struct inventory *inv = f->inv;
	size_t gpus = f->host ? f->host->gpus.n : 0;
	out->rule = r;
	switch (r->info.scope) {
	case SCOPE_TARGET:
	case SCOPE_ON_HOST:
		r->look(f, (struct subject){ 0 }, out);
		break;
	case SCOPE_ENVIRONMENT:
		for (size_t i = 0; i < inv->environments.n; i++)
			r->look(f, (struct subject){ .environment = &inv->environments.v[i] }, out);
		if (!inv->environments.n)
			r->look(f, (struct subject){ 0 }, out);
		break;
	case SCOPE_PACKAGE:
	case SCOPE_PACKAGE_ON_HOST:
		for (size_t i = 0; i < inv->packages.n; i++)
			r->look(f, (struct subject){ .package = &inv->packages.v[i] }, out);
		break;
	case SCOPE_LIBRARY:
		for (size_t i = 0; i < inv->libraries.n; i++)
			r->look(f, (struct subject){ .library = &inv->libraries.v[i] }, out);
		break;
	case SCOPE_GPU:
		for (size_t i = 0; i < gpus; i++)
			r->look(f, (struct subject){ .gpu = &f->host->gpus.v[i] }, out);
		break;
	case SCOPE_PACKAGE_GPU:
		for (size_t k = 0; k < inv->packages.n; k++)
			for (size_t i = 0; i < gpus; i++)
				r->look(f, (struct subject){ .package = &inv->packages.v[k], .gpu = &f->host->gpus.v[i] }, out);
		/* a host that states no GPU is asked about one all the same: the rule says what is missing */
		for (size_t k = 0; !gpus && k < inv->packages.n; k++)
			r->look(f, (struct subject){ .package = &inv->packages.v[k] }, out);
		break;
	case SCOPE_LIBRARY_GPU:
		for (size_t k = 0; k < inv->libraries.n; k++)
			for (size_t i = 0; i < gpus; i++)
				r->look(f, (struct subject){ .library = &inv->libraries.v[k], .gpu = &f->host->gpus.v[i] }, out);
		break;
	}
}

enum which { OF_ANY_HOST, OF_THIS_HOST, ALL_THAT_FIRE };

/* Of the rules that look at no host, those that are known to find something are run again for what helps on this one. */
static bool wanted(const struct rule *r, const struct demand *d, enum which which)
{
	if (which != ALL_THAT_FIRE || !of_any_host(r->info.scope))
		return of_any_host(r->info.scope) == (which == OF_ANY_HOST);
	for (size_t i = 0; i < d->anywhere.n; i++)
		if (d->anywhere.v[i].rule == &r->info)
			return true;
	return false;
}

static void run_rules(const struct facts *f, enum which which, struct out *out)
{
	for (size_t i = 0; rule_families[i]; i++)
		for (const struct rule *rule = rule_families[i]; rule->info.id; rule++)
			if (wanted(rule, f->demand, which))
				run_rule(rule, f, out);
	cap_by_environment(f, out->result);
	join_gpus(f, out, out->result);
	join_paths(out, out->result);
	place_layers(f->inv, out->result);
}

static struct facts facts_of(struct judge *j, const struct inventory *inv, const struct demand *d, const struct supply *s, const struct check_options *o)
{
	return (struct facts){
		.inv = inv, .host = s ? &s->facts : NULL, .m = j->m, .options = o, .demand = d, .supply = s, .judge = j,
		.gpu_software = d->gpu_software, .gpu_intent = d->gpu_intent, .image = d->image, .env_known = d->env_known,
	};
}

int judge_anywhere(struct judge *j, const struct inventory *inv, struct demand *d, const struct check_options *o, struct arena *a)
{
	struct check_options plain = *o;
	struct facts f = facts_of(j, inv, d, NULL, &plain);
	struct result r = { .target = inv };
	struct out out = { .f = &f, .a = a, .result = &r, .silent = true };
	plain.no_remedies = true;
	run_rules(&f, OF_ANY_HOST, &out);
	d->anywhere.v = r.findings.v;
	d->anywhere.n = d->anywhere.cap = r.findings.n;
	return out.bad ? -1 : 0;
}

/* What is added to a copy of a finding must not be written into the lists that it shares with the first. */
static struct finding copy_of(const struct finding *f)
{
	struct finding c = *f;
	c.also.cap = c.also.n;
	c.also_packages.cap = c.also_packages.n;
	c.remedies.cap = c.remedies.n;
	c.sources.cap = c.sources.n;
	return c;
}

static bool add_copies(struct arena *a, struct result *r, const struct finding *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct finding *f = list_push(a, &r->findings);
		if (!f)
			return false;
		*f = copy_of(&v[i]);
	}
	return true;
}

/* ---- ignores, levels ---- */

static bool glob_or_all(const char *glob, const char *s)
{
	return !glob || (s && glob_match(glob, s));
}

/* What is tried for a remedy holds for all equal hosts, whatever their names: there ignores of named hosts do not count. */
static bool ignored(const struct check_options *o, const struct finding *f, const struct host *host, bool silent)
{
	for (size_t i = 0; i < o->ignores_n; i++) {
		struct ignore_rule *g = &o->ignores[i];
		if (g->expired || (silent && g->host) || !glob_or_all(g->rule, f->rule->id) || !glob_or_all(g->package, f->package) || !glob_or_all(g->path, f->path) ||
		    !glob_or_all(g->host, host ? host->name : NULL))
			continue;
		g->used = g->used || !silent;
		return true;
	}
	return false;
}

static void apply_options(const struct check_options *o, struct result *r, bool silent)
{
	size_t kept = 0;
	for (size_t i = 0; i < r->findings.n; i++) {
		struct finding *f = &r->findings.v[i];
		bool off = false;
		if (!silent)
			finding_fingerprint(f, r->host);
		for (size_t k = 0; k < o->levels_n; k++)
			if (str_eq(o->levels[k].rule, f->rule->id)) {
				off = o->levels[k].off;
				lower(f, o->levels[k].level, "configuration");
			}
		if (f->answer != ANSWER_PASS && ignored(o, f, r->host, silent)) {
			r->ignored++;
			continue;
		}
		if (!off)
			r->findings.v[kept++] = *f;
	}
	r->findings.n = kept;
}

static int finding_cmp(const void *x, const void *y)
{
	const struct finding *a = x, *b = y;
	/* failures by level, then what is unknown, then what passed */
	if (a->answer != b->answer)
		return a->answer > b->answer ? -1 : 1;
	if (a->level != b->level)
		return a->level > b->level ? -1 : 1;
	int c = strcmp(a->rule->id, b->rule->id);
	c = c ? c : str_cmp(a->environment, b->environment);
	c = c ? c : str_cmp(a->package, b->package);
	c = c ? c : str_cmp(a->path, b->path);
	return c ? c : str_cmp(a->gpu, b->gpu);
}

/* ---- the verdict ---- */

static enum verdict verdict_of(const struct facts *f, const struct result *r)
{
	enum verdict v = f->gpu_software || f->gpu_intent ? VERDICT_PASS : VERDICT_NOTHING;
	bool live = inventory_live(f->inv);
	for (size_t i = 0; i < r->findings.n; i++) {
		const struct finding *x = &r->findings.v[i];
		enum verdict own = VERDICT_NOTHING;
		if (x->answer == ANSWER_FAIL)
			own = x->level == LEVEL_ERROR ? VERDICT_FAIL : x->level == LEVEL_WARNING ? VERDICT_WARN : VERDICT_NOTHING;
		else if (x->answer == ANSWER_UNKNOWN && x->level == LEVEL_ERROR)
			own = VERDICT_UNKNOWN;
		v = own > v ? own : v;
	}
	/* a target read in part never gets a clean bill */
	if (live && !f->inv->complete && v < VERDICT_UNKNOWN)
		v = VERDICT_UNKNOWN;
	return v;
}

/* What makes a pass a pass: the compatibility that it rests on, and how the kernels get there. */
static const char *works_by(const struct facts *f, struct out *out)
{
	struct buf b = BUF_INIT(1024);
	const struct package *main_package = NULL;
	for (size_t i = 0; f->host && host_counts(f) && i < f->inv->packages.n; i++) {
		const struct package *p = &f->inv->packages.v[i];
		if (uses_cuda(p) && ver2_known(p->gpu.cuda) && inventory_env_role(f->inv, p->environment) == ENV_PRIMARY &&
		    (!main_package || str_eq(p->name, "torch")))
			main_package = p;
	}
	if (!main_package)
		return NULL;
	struct ver2 cuda = main_package->gpu.cuda;
	const struct row_minor_version *floor;
	if (host_runs_cuda(f->host, f->m, cuda, &floor) != TRI_YES)
		return NULL; /* it works by something else, or an ignored finding says that it does not */
	if (ver2_full(cuda) && host_cuda_reaches(f->host, cuda) == TRI_NO)
		buf_printf(&b, "minor-version compatibility (%s on a %s driver)", ver2_print(cuda).s, ver2_print(f->host->cuda_lo).s);
	for (size_t i = 0; i < f->host->gpus.n; i++) {
		struct coverage c = coverage_of(f, main_package, &f->host->gpus.v[i]);
		if (c.cover == COVER_NATIVE)
			buf_printf(&b, "%snative %s code", b.n ? "; " : "", sm_print("sm_", c.native).s);
		else if (c.cover == COVER_JIT)
			buf_printf(&b, "%sJIT from %s PTX", b.n ? "; " : "", sm_print("compute_", c.ptx.arch).s);
		break;
	}
	const char *text = b.n ? arena_str(out->a, buf_text(&b)) : NULL;
	buf_clear(&b);
	return text;
}

/* ---- one result ---- */

/* The user's levels and ignores, order and verdict. */
static void settle(const struct facts *f, struct out *out, struct result *r)
{
	apply_options(f->options, r, out->silent);
	join_packages(out, r);
	if (!out->silent)
		list_sort(&r->findings, finding_cmp);
	r->gpu_software = f->gpu_software;
	r->verdict = verdict_of(f, r);
}

int judge_silently(struct judge *j, const struct inventory *inv, const struct demand *d, const struct supply *s, const struct check_options *o,
		   struct result *r, struct arena *a)
{
	struct check_options plain = *o;
	struct facts f = facts_of(j, inv, d, s, &plain);
	struct out out = { .f = &f, .a = a, .result = r, .silent = true };
	plain.no_remedies = true;
	*r = (struct result){ .target = inv, .host = s ? s->host : NULL, .host_facts = s ? &s->facts : NULL };
	run_rules(&f, OF_THIS_HOST, &out);
	if (out.bad || !add_copies(a, r, d->anywhere.v, d->anywhere.n))
		return -1;
	settle(&f, &out, r);
	return out.bad ? -1 : 0;
}

/* What is found of the target on a kind of host; NULL when memory runs out. */
static const struct kept *kept_of(struct judge *j, const struct facts *f, size_t kind)
{
	if (kind >= j->kept_n) {
		size_t n = j->kinds + 1;
		struct kept *v = arena_alloc(&j->target, n * sizeof(*v));
		if (!v)
			return NULL;
		if (j->kept_n)
			memcpy(v, j->kept, j->kept_n * sizeof(*v));
		j->kept = v;
		j->kept_n = n;
	}
	struct kept *k = &j->kept[kind];
	if (k->done)
		return k;
	struct result r = { .target = j->inv };
	struct out out = { .f = f, .a = &j->target, .result = &r };
	run_rules(f, ALL_THAT_FIRE, &out);
	for (size_t i = 0; i < r.findings.n; i++) /* of packages the rules themselves mostly know more */
		if (r.findings.v[i].answer == ANSWER_UNKNOWN && !r.findings.v[i].remedies.n && !f->options->no_remedies)
			add_remedy(&out, &r.findings.v[i], "envcheck the wheel or image that holds it: its files say more than its name");
	if (out.bad)
		return NULL;
	k->works_by = works_by(f, &out);
	k->findings.v = r.findings.v;
	k->findings.n = k->findings.cap = r.findings.n;
	k->done = !out.bad;
	return k->done ? k : NULL;
}

int judge_run(struct judge *j, const struct supply *s, struct result *r, struct err *err)
{
	struct facts f = facts_of(j, j->inv, &j->demand, s, j->options);
	struct out out = { .f = &f, .a = &j->target, .result = r };
	*r = (struct result){ .target = j->inv, .host = s ? s->host : NULL, .host_facts = s ? &s->facts : NULL };
	const struct kept *k = kept_of(j, &f, s ? s->kind : 0);
	if (!k || !add_copies(&j->target, r, k->findings.v, k->findings.n))
		return err_nomem(err);
	settle(&f, &out, r);
	if (r->verdict == VERDICT_PASS || r->verdict == VERDICT_WARN)
		r->works_by = k->works_by;
	return out.bad ? err_nomem(err) : 0;
}

/* ---- the judge ---- */

struct judge *judge_new(const struct matrix *m, const struct check_options *options)
{
	struct judge *j = mem_alloc(sizeof(*j));
	if (j)
		*j = (struct judge){ .m = m, .options = options };
	return j;
}

void judge_free(struct judge *j)
{
	if (!j)
		return;
	wheels_free(j);
	variants_free(j);
	paths_free(j);
	arena_clear(&j->target);
	arena_clear(&j->hosts);
	mem_free(j);
}

int judge_target(struct judge *j, const struct inventory *inv, struct err *err)
{
	variants_free(j);
	paths_free(j);
	arena_clear(&j->target);
	j->inv = inv;
	j->kept = NULL;
	j->driven = NULL;
	j->kept_n = 0;
	memset(&j->nearest, 0, sizeof(j->nearest));
	if (demand_build(&j->demand, inv, j->m, j->options, &j->target) < 0 || judge_anywhere(j, inv, &j->demand, j->options, &j->target) < 0)
		return err_nomem(err);
	return 0;
}

/* Do two hosts state the same but for their drivers? Names and numbers of nodes and of GPUs change no answer. */
static bool equal_but_driver(const struct host *a, const struct host *b)
{
	if (a->os != b->os || !str_eq(a->arch, b->arch) || a->no_gpu != b->no_gpu || a->runtime != b->runtime || !str_eq(a->runtime_version, b->runtime_version) || !str_eq(a->driver_dir, b->driver_dir) ||
	    a->module != b->module || a->gpus.n != b->gpus.n)
		return false;
	for (size_t i = 0; i < a->gpus.n; i++) {
		const struct host_gpu *x = &a->gpus.v[i], *y = &b->gpus.v[i];
		if (!str_eq(x->name, y->name) || ver2_cmp(x->cc, y->cc) || !str_eq(x->brand, y->brand))
			return false;
	}
	return true;
}

unsigned judge_bucket(const struct host *h)
{
	uint64_t x = 14695981039346656037u; /* FNV-1a */
	const char *const texts[] = { h->arch, h->gpus.n ? h->gpus.v[0].name : NULL, h->gpus.n > 1 ? h->gpus.v[1].name : NULL };
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++, x = (x ^ 0xff) * 1099511628211u)
		for (const char *s = texts[i]; s && *s; s++)
			x = (x ^ (unsigned char)*s) * 1099511628211u;
	return (unsigned)((x ^ (unsigned)h->runtime) % JUDGE_BUCKETS);
}

const struct supply *judge_host(struct judge *j, const struct host *h, struct err *err)
{
	struct supply **bucket = &j->bucket[judge_bucket(h)], *same = *bucket, *like = NULL, *s = arena_alloc(&j->hosts, sizeof(*s));
	for (; same; same = same->next) {
		if (!equal_but_driver(same->host, h))
			continue;
		like = same;
		if (str_eq(same->host->driver, h->driver) && !ver2_cmp(same->host->cuda, h->cuda))
			break;
	}
	if (!s) {
		err_nomem(err);
		return NULL;
	}
	if (same) {
		*s = *same;
		s->host = h;
		return s;
	}
	*s = (struct supply){ .host = h, .kind = ++j->kinds, .rest = like ? like->rest : ++j->rests, .wheels = arena_alloc(&j->hosts, j->m->torch.n + 1), .next = *bucket };
	if (!s->wheels || host_derive(h, j->m, &s->facts, &j->hosts, err) < 0) {
		err_nomem(err);
		return NULL;
	}
	*bucket = s;
	return s;
}

int check_run(const struct inventory *inv, const struct host *host, const struct matrix *m, const struct check_options *options,
	      struct result *r, struct err *err)
{
	struct judge *j = judge_new(m, options);
	const struct supply *s = NULL;
	*r = (struct result){ .target = inv };
	if (!j)
		return err_nomem(err);
	if (judge_target(j, inv, err) < 0 || (host && !(s = judge_host(j, host, err))) || judge_run(j, s, r, err) < 0) {
		judge_free(j);
		*r = (struct result){ .target = inv };
		return -1;
	}
	r->own = j;
	return 0;
}

void result_clear(struct result *r)
{
	judge_free(r->own);
	*r = (struct result){ .target = NULL };
}
