/* envcheck recommend --index: each version of a project on an index is judged on the host by what its wheel's metadata says. */
#include "cmd/recommend_index.h"

#include "base/auto.h"
#include "base/json.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/hosts.h"
#include "cmd/options.h"
#include "cmd/outputs.h"
#include "cmd/tables.h"
#include "derive/derive.h"
#include "host/host.h"
#include "inventory/inventory.h"
#include "scan/scan.h"

enum { SHOWN_RUN = 8, SHOWN_REFUSED = 6 };

struct offer {
	const struct inventory *inv;
	const struct package *package; /* the project's; NULL: not read */
	enum verdict verdict;
	unsigned warnings;
	const char *why; /* the message that decides, else the first warning; NULL */
};

struct choice { /* one host's offers, best first */
	const struct report_host *host;
	LIST(struct offer) offers;
};

/* What the index has for one architecture. */
struct shelf {
	const char *platform;
	struct scan_result found;
	bool read;
};

struct job {
	struct arena arena;
	struct tables tables;
	struct hosts hosts;
	struct outputs outputs;
	struct http *http;
	struct scan_options scan;
	struct shelf shelves[2];
	LIST(struct choice) choices;
	bool none;
};

static unsigned weight(const struct finding *f)
{
	if (f->answer == ANSWER_PASS || f->level <= LEVEL_NOTE)
		return 0;
	return f->level == LEVEL_ERROR ? f->answer == ANSWER_FAIL ? 3 : 2 : 1;
}

static int judge(struct job *job, const struct inventory *inv, const struct host *h, struct offer *out, struct err *err)
{
	const struct check_options c = { .no_remedies = true, .expect = EXPECT_GPU };
	struct result res = { 0 };
	unsigned told = 0;
	*out = (struct offer){ .inv = inv, .package = inv->packages.n ? &inv->packages.v[0] : NULL };
	int rc = check_run(inv, h, job->tables.matrix, &c, &res, err);
	out->verdict = res.verdict;
	for (size_t i = 0; rc == 0 && i < res.findings.n; i++) {
		const struct finding *f = &res.findings.v[i];
		out->warnings += f->answer == ANSWER_FAIL && f->level == LEVEL_WARNING;
		if (weight(f) > told) {
			told = weight(f);
			out->why = arena_str(&job->arena, f->message);
		}
	}
	result_clear(&res);
	return rc;
}

static int rank(enum verdict v) { return v > VERDICT_WARN ? VERDICT_WARN + 1 : (int)v; }

/* What runs, then what runs with warnings, then the rest; of each the newest first. */
static int offer_cmp(const void *x, const void *y)
{
	const struct offer *a = x, *b = y;
	if (rank(a->verdict) != rank(b->verdict))
		return rank(a->verdict) < rank(b->verdict) ? -1 : 1;
	const char *v = a->package && a->package->version ? a->package->version : "0", *w = b->package && b->package->version ? b->package->version : "0";
	return pep440_cmp(w, v);
}

/* Looks once for each architecture that a host has. */
static int fill_shelf(struct job *job, struct shelf *s, const char *requirement, struct err *err)
{
	const struct derive_options d = { 0 };
	if (s->read)
		return 0;
	job->scan.platform = s->platform;
	if (scan_versions(requirement, &job->scan, &s->found, err) < 0)
		return -1;
	s->read = true;
	for (size_t i = 0; i < s->found.n; i++)
		if (derive_target(s->found.v[i], job->tables.matrix, &d, err) < 0)
			return -1;
	return 0;
}

static int choose(struct job *job, size_t which, const char *requirement, struct err *err)
{
	const struct host *h = job->hosts.v.v[which];
	struct shelf *s = &job->shelves[str_eq(h->arch, "arm64")];
	struct choice *c = list_push(&job->arena, &job->choices);
	if (!c)
		return err_nomem(err);
	c->host = &job->hosts.shown.v[which];
	if (fill_shelf(job, s, requirement, err) < 0)
		return -1;
	for (size_t i = 0; i < s->found.n; i++) {
		struct offer *o = list_push(&job->arena, &c->offers);
		if (!o)
			return err_nomem(err);
		if (judge(job, s->found.v[i], h, o, err) < 0)
			return -1;
	}
	list_sort(&c->offers, offer_cmp);
	job->none |= !c->offers.n || c->offers.v[0].verdict > VERDICT_WARN;
	return 0;
}

static void add_offer(struct buf *b, const struct offer *o, bool runs)
{
	const struct package *p = o->package;
	buf_str(b, "  ");
	shown_add(b, o->inv->name);
	if (p && ver2_known(p->gpu.cuda))
		buf_printf(b, "  CUDA %s", ver2_print(p->gpu.cuda).s);
	if (runs && o->verdict == VERDICT_WARN)
		buf_str(b, "  (with warnings)");
	if (!runs) {
		buf_str(b, "  ");
		shown_add(b, o->why ? o->why : verdict_name(o->verdict));
	}
	buf_char(b, '\n');
}

static void write_text(const struct job *job, const char *requirement, FILE *out)
{
	auto_arena struct arena a = ARENA_INIT;
	auto_buf struct buf b = BUF_INIT(1 << 20);
	for (size_t i = 0; i < job->choices.n; i++) {
		const struct choice *c = &job->choices.v[i];
		size_t runs = 0;
		while (runs < c->offers.n && c->offers.v[runs].verdict <= VERDICT_WARN)
			runs++;
		buf_str(&b, i ? "\n" : "");
		shown_add(&b, requirement);
		buf_str(&b, runs ? ": wheels of the index that run on " : ": no wheel of the index runs on ");
		shown_add(&b, report_host_line(&a, c->host));
		buf_char(&b, '\n');
		for (size_t k = 0; k < runs && k < SHOWN_RUN; k++)
			add_offer(&b, &c->offers.v[k], true);
		if (runs > SHOWN_RUN)
			buf_printf(&b, "  and %zu older (--format json has all)\n", runs - SHOWN_RUN);
		if (runs < c->offers.n)
			buf_str(&b, "why not the others:\n");
		for (size_t k = runs; k < c->offers.n && k - runs < SHOWN_REFUSED; k++)
			add_offer(&b, &c->offers.v[k], false);
		if (c->offers.n - runs > SHOWN_REFUSED)
			buf_printf(&b, "  and %zu more\n", c->offers.n - runs - SHOWN_REFUSED);
	}
	fputs(buf_text(&b), out);
}

static void offer_json(struct json_out *j, const struct offer *o)
{
	const struct package *p = o->package;
	jout_object_line(j);
	jout_put(j, "package", p ? p->name : NULL);
	jout_put(j, "version", p ? p->version : NULL);
	jout_put(j, "file", o->inv->name);
	jout_put(j, "url", o->inv->chosen.n ? o->inv->chosen.v[0].url : NULL);
	jout_put(j, "cuda", p && ver2_known(p->gpu.cuda) ? ver2_print(p->gpu.cuda).s : NULL);
	jout_put(j, "verdict", verdict_name(o->verdict));
	jout_put_int(j, "warnings", o->warnings);
	jout_put(j, "because", o->why);
	jout_object_end(j);
}

static int write_json(const struct job *job, FILE *out, struct err *err)
{
	struct json_out j = { .file = out };
	jout_object(&j);
	jout_put(&j, "schema", "envcheck.recommend/1");
	jout_put(&j, "matrices", job->tables.date);
	jout_key(&j, "hosts");
	jout_array(&j);
	for (size_t i = 0; i < job->choices.n; i++) {
		const struct choice *c = &job->choices.v[i];
		jout_object(&j);
		jout_put(&j, "host", c->host->name);
		jout_key(&j, "builds");
		jout_array(&j);
		for (size_t k = 0; k < c->offers.n; k++)
			offer_json(&j, &c->offers.v[k]);
		jout_array_end(&j);
		jout_object_end(&j);
	}
	jout_array_end(&j);
	jout_object_end(&j);
	return jout_end(&j, err);
}

static int run(struct job *job, const struct options *o, struct err *err)
{
	const char *requirement = o->targets.n ? o->targets.v[0] : "torch";
	const struct http_options h = options_http(o);
	if (o->targets.n > 1)
		return err_set(err, ERR_USAGE, "recommend --index takes one project, '%s' was given too", o->targets.v[1]);
	if (tables_open(&job->tables, o, err) < 0 || hosts_open(&job->hosts, o, o->hosts.v, o->hosts.n, job->tables.matrix, err) < 0)
		return -1;
	if (!job->hosts.v.n && !job->hosts.errors.n)
		return err_set(err, ERR_USAGE, "recommend needs a host: --host FILE, or --driver V --gpu NAME");
	if (outputs_open(&job->outputs, o, 0, err) < 0 || !(job->http = http_open(&h, err)))
		return -1;
	job->scan = (struct scan_options){ .http = job->http, .indexes = o->indexes.v, .indexes_n = o->indexes.n, .python_version = o->python_version,
					   .libc = o->libc, .quick = true };
	job->shelves[0].platform = "linux/amd64";
	job->shelves[1].platform = "linux/arm64";
	for (size_t i = 0; i < job->hosts.v.n; i++)
		if (choose(job, i, requirement, err) < 0)
			return -1;
	for (size_t i = 0; i < job->outputs.list.n; i++) {
		const struct output *out = &job->outputs.list.v[i];
		if (!out->json)
			write_text(job, requirement, out->file);
		else if (write_json(job, out->file, err) < 0)
			return -1;
	}
	return 0;
}

int recommend_index_command(const struct options *o, struct err *err)
{
	struct job job = { 0 };
	int rc = run(&job, o, err);
	bool trouble = job.hosts.errors.n > 0, none = job.none;
	if (outputs_close(&job.outputs, rc == 0, err) < 0)
		rc = -1;
	for (size_t i = 0; i < 2; i++) {
		trouble |= job.shelves[i].found.partial;
		scan_result_clear(&job.shelves[i].found);
	}
	http_close(job.http);
	hosts_close(&job.hosts);
	tables_close(&job.tables);
	arena_clear(&job.arena);
	return rc < 0 ? -1 : trouble ? EXIT_TROUBLE : none ? EXIT_FOUND : EXIT_FINE;
}
