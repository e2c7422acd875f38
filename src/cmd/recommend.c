/* envcheck recommend: each torch build of the tables is judged on the host by the rules themselves. */
#include <jansson.h>
#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/hosts.h"
#include "cmd/options.h"
#include "cmd/outputs.h"
#include "cmd/recommend_index.h"
#include "cmd/tables.h"
#include "derive/derive.h"
#include "host/host.h"
#include "inventory/inventory.h"
#include "matrix/matrix.h"

struct build {
	const struct row_torch *row;
	const struct row_companions *with; /* NULL: not known */
	enum verdict verdict;
	unsigned warnings;
	const char *why; /* the message that decides, else the first warning; NULL */
};

struct choice { /* one host's builds, best first */
	const struct report_host *host;
	LIST(struct build) builds;
};

struct recommendation {
	struct arena arena;
	struct tables tables;
	struct hosts hosts;
	struct outputs outputs;
	LIST(struct choice) choices;
	bool none; /* a host on which nothing runs */
};

static struct inventory *declare(const struct row_torch *row, const char *arch, struct err *err)
{
	char requirement[96];
	snprintf(requirement, sizeof(requirement), "torch==%s+%s", row->torch, row->tag);
	json_auto_t *o = json_pack("{s:s, s:s, s:s, s:{s:s, s:s}, s:[s]}", "name", requirement, "kind", "declaration", "describes", "environment",
				   "platform", "os", "linux", "arch", arch, "packages", requirement);
	if (!o) {
		err_nomem(err);
		return NULL;
	}
	return inventory_read(o, err);
}

/* Does this finding weigh more than the one told so far: what fails before what is unknown before what warns. */
static unsigned weight(const struct finding *f)
{
	if (f->answer == ANSWER_PASS || f->level <= LEVEL_NOTE)
		return 0;
	return f->level == LEVEL_ERROR ? f->answer == ANSWER_FAIL ? 3 : 2 : 1;
}

static int judge(struct recommendation *r, const struct row_torch *row, const struct host *h, struct build *b, struct err *err)
{
	struct inventory *inv = declare(row, str_eq(h->arch, "arm64") ? "arm64" : "amd64", err);
	const struct derive_options d = { 0 };
	const struct check_options c = { .no_remedies = true };
	struct result res = { 0 };
	int rc = inv && derive_target(inv, r->tables.matrix, &d, err) == 0 && check_run(inv, h, r->tables.matrix, &c, &res, err) == 0 ? 0 : -1;
	if (rc == 0) {
		*b = (struct build){ .row = row, .with = matrix_companion(r->tables.matrix, row->torch), .verdict = res.verdict };
		unsigned told = 0;
		for (size_t i = 0; i < res.findings.n; i++) {
			const struct finding *f = &res.findings.v[i];
			b->warnings += f->answer == ANSWER_FAIL && f->level == LEVEL_WARNING;
			if (weight(f) > told) {
				told = weight(f);
				b->why = arena_str(&r->arena, f->message);
			}
		}
	}
	result_clear(&res);
	inventory_free(inv);
	return rc;
}

/* Runs, then runs with warnings, then the rest; of each the newest torch first, then the newest CUDA. */
static int rank(enum verdict v)
{
	return v > VERDICT_WARN ? VERDICT_WARN + 1 : (int)v;
}

static int build_cmp(const void *x, const void *y)
{
	const struct build *a = x, *b = y;
	if (rank(a->verdict) != rank(b->verdict))
		return rank(a->verdict) < rank(b->verdict) ? -1 : 1;
	int d = pep440_cmp(b->row->torch, a->row->torch);
	return d ? d : ver2_cmp(b->row->cuda, a->row->cuda);
}

static int choose(struct recommendation *r, size_t which, struct err *err)
{
	const struct host *h = r->hosts.v.v[which];
	const char *platform = str_eq(h->arch, "arm64") ? "linux_aarch64" : "linux_x86_64";
	struct choice *c = list_push(&r->arena, &r->choices);
	if (!c)
		return err_nomem(err);
	c->host = &r->hosts.shown.v[which];
	for (size_t i = 0; i < r->tables.matrix->torch.n; i++) {
		const struct row_torch *row = &r->tables.matrix->torch.v[i];
		struct build *b;
		if (!str_eq(row->platform, platform) || !str_starts(row->tag, "cu"))
			continue;
		if (!(b = list_push(&r->arena, &c->builds)))
			return err_nomem(err);
		if (judge(r, row, h, b, err) < 0)
			return -1;
	}
	list_sort(&c->builds, build_cmp);
	r->none |= !c->builds.n || c->builds.v[0].verdict > VERDICT_WARN;
	return 0;
}

/* Was that CUDA refused before, with a newer torch? One line for each CUDA is enough. */
static bool tag_seen(const struct choice *c, size_t from, size_t k)
{
	for (; from < k; from++)
		if (str_eq(c->builds.v[from].row->tag, c->builds.v[k].row->tag))
			return true;
	return false;
}

static void write_text(const struct recommendation *r, FILE *out)
{
	struct arena a = ARENA_INIT;
	for (size_t i = 0; i < r->choices.n; i++) {
		const struct choice *c = &r->choices.v[i];
		size_t runs = 0, shown = 0, refused = 0;
		while (runs < c->builds.n && c->builds.v[runs].verdict <= VERDICT_WARN)
			runs++;
		struct buf b = BUF_INIT(1 << 16);
		shown_add(&b, report_host_line(&a, c->host));
		fprintf(out, "%s%s on %s\n", i ? "\n" : "", runs ? "torch builds that run" : "no known torch CUDA build runs", buf_text(&b));
		buf_clear(&b);
		for (size_t k = 0; k < runs && shown < 8; k++, shown++) {
			const struct row_torch *t = c->builds.v[k].row;
			fprintf(out, "  torch %-8s CUDA %-6s index %-6s pip install torch==%s --index-url https://download.pytorch.org/whl/%s%s\n", t->torch,
				ver2_print(t->cuda).s, t->tag, t->torch, t->tag, c->builds.v[k].verdict == VERDICT_WARN ? "   (with warnings)" : "");
		}
		if (runs > shown)
			fprintf(out, "  and %zu older builds (--format json has all)\n", runs - shown);
		for (size_t k = runs; k < c->builds.n && refused < 6; k++) {
			if (tag_seen(c, runs, k))
				continue;
			struct buf why = BUF_INIT(1 << 16);
			shown_add(&why, c->builds.v[k].why ? c->builds.v[k].why : verdict_name(c->builds.v[k].verdict));
			fprintf(out, "%s  index %-6s %s\n", refused++ ? "" : "why not the others:\n", c->builds.v[k].row->tag, buf_text(&why));
			buf_clear(&why);
		}
	}
	arena_clear(&a);
}

/* What was released for a torch: {"torchvision": "0.24.1", ...}; null where nothing is known. */
static void companions_json(struct json_out *j, const struct row_companions *c)
{
	jout_key(j, "with");
	jout_object_line(j);
	const char *const pairs[][2] = { { "torchvision", c->torchvision }, { "torchaudio", c->torchaudio }, { "triton", c->triton }, { "xformers", c->xformers } };
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
		jout_put(j, pairs[i][0], pairs[i][1][0] ? pairs[i][1] : NULL);
	jout_object_end(j);
}

static void build_json(struct json_out *j, const struct build *b)
{
	const struct row_torch *t = b->row;
	jout_object_line(j);
	jout_put(j, "torch", t->torch);
	jout_put(j, "index", t->tag);
	jout_put(j, "cuda", ver2_print(t->cuda).s);
	jout_put(j, "cudnn", t->cudnn[0] ? t->cudnn : NULL);
	jout_put(j, "nccl", t->nccl[0] ? t->nccl : NULL);
	if (t->python_min[0]) {
		jout_put(j, "python_min", t->python_min);
		jout_put(j, "python_max", t->python_max);
	}
	jout_put(j, "verdict", verdict_name(b->verdict));
	jout_put_int(j, "warnings", b->warnings);
	jout_put(j, "because", b->why);
	if (b->with)
		companions_json(j, b->with);
	jout_object_end(j);
}

static int write_json(const struct recommendation *r, FILE *out, struct err *err)
{
	struct json_out j = { .file = out };
	jout_object(&j);
	jout_put(&j, "schema", "envcheck.recommend/1");
	jout_put(&j, "matrices", r->tables.date);
	jout_key(&j, "hosts");
	jout_array(&j);
	for (size_t i = 0; i < r->choices.n; i++) {
		const struct choice *c = &r->choices.v[i];
		jout_object(&j);
		jout_put(&j, "host", c->host->name);
		jout_key(&j, "builds");
		jout_array(&j);
		for (size_t k = 0; k < c->builds.n; k++)
			build_json(&j, &c->builds.v[k]);
		jout_array_end(&j);
		jout_object_end(&j);
	}
	jout_array_end(&j);
	jout_object_end(&j);
	return jout_end(&j, err);
}

static int run(struct recommendation *r, const struct options *o, struct err *err)
{
	if (o->targets.n)
		return err_set(err, ERR_USAGE, "recommend takes a project with --index alone, '%s' was given; hosts are named by --host, --driver and --gpu", o->targets.v[0]);
	if (tables_open(&r->tables, o, err) < 0 || hosts_open(&r->hosts, o, o->hosts.v, o->hosts.n, r->tables.matrix, err) < 0)
		return -1;
	if (!r->hosts.v.n && !r->hosts.errors.n)
		return err_set(err, ERR_USAGE, "recommend needs a host: --host FILE, or --driver V --gpu NAME");
	if (outputs_open(&r->outputs, o, 0, err) < 0)
		return -1;
	for (size_t i = 0; i < r->hosts.v.n; i++)
		if (choose(r, i, err) < 0)
			return -1;
	for (size_t i = 0; i < r->outputs.list.n; i++) {
		const struct output *out = &r->outputs.list.v[i];
		if (!out->json)
			write_text(r, out->file);
		else if (write_json(r, out->file, err) < 0)
			return -1;
	}
	return 0;
}

int recommend_command(const struct options *o, struct err *err)
{
	if (o->indexes.n)
		return recommend_index_command(o, err);
	struct recommendation r = { 0 };
	int rc = run(&r, o, err);
	bool trouble = r.hosts.errors.n > 0, none = r.none;
	if (outputs_close(&r.outputs, rc == 0, err) < 0)
		rc = -1;
	hosts_close(&r.hosts);
	tables_close(&r.tables);
	arena_clear(&r.arena);
	return rc < 0 ? -1 : trouble ? EXIT_TROUBLE : none ? EXIT_FOUND : EXIT_FINE;
}
