/* Requirements files and lock files: what they ask for, as wishes. */
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/limits.h"
#include "base/str.h"
#include "parse/lockfile.h"
#include "parse/pytags.h"
#include "parse/reqfile.h"
#include "scan/given.h"
#include "scan/wish.h"
#include "source/store.h"

enum { FILES_MAX = 64 }; /* of one requirements file, with those that it names */

struct constraint { const char *name, *spec; };

struct reading {
	struct scan_job *job;
	struct wishes wishes;
	LIST(struct constraint) constraints;
	LIST(const char *) files; /* read or being read, by path */
	LIST(const char *) notes; /* "FILE: line N ...": what is not followed */
	size_t found;
	bool no_index;
};

static int note(struct reading *r, const char *file, size_t line, const char *why, const char *what)
{
	char *s = arena_printf(&r->job->arena, "%s, line %zu: %s: %.200s", path_base(file), line, why, what);
	return s && list_add(&r->job->arena, &r->notes, s) ? 0 : -1;
}

static int read_text(struct reading *r, struct span text, const char *file, bool constraints, struct err *err);

/* The path without links and "..", so that a circle is seen. In the arena. */
static const char *real_path(struct reading *r, const char *path)
{
	char *real = realpath(path, NULL);
	const char *copy = arena_str(&r->job->arena, real ? real : path);
	free(real);
	return copy;
}

static bool was_read(struct reading *r, const char *path)
{
	const char *real = real_path(r, path);
	for (size_t i = 0; real && i < r->files.n; i++)
		if (str_eq(r->files.v[i], real))
			return true;
	return false;
}

/* A file that another names, from that one's folder. */
static int read_other(struct reading *r, const char *name, const char *from, size_t line, bool constraints, struct err *err)
{
	struct arena *a = &r->job->arena;
	char *dir = path_dir(a, from), *path = dir && *dir && name[0] != '/' ? arena_printf(a, "%s/%s", dir, name) : arena_str(a, name);
	struct err why = ERR_INIT;
	size_t n = 0;
	if (!path)
		return err_nomem(err);
	if (was_read(r, path))
		return 0;
	if (strstr(name, "://") || str_eq(from, "standard input"))
		return note(r, from, line, "this file is not followed", name) < 0 ? err_nomem(err) : 0;
	if (r->files.n >= FILES_MAX)
		return err_set(err, ERR_LIMIT, "%s names over %d files", r->job->name, FILES_MAX);
	struct store *s = store_open(path, &why);
	char *text = s && store_kind(s) == SOURCE_TEXT ? store_text(s, LIMIT_LOCK, &n, &why) : NULL;
	store_close(s);
	if (!text) {
		if (why.kind == ERR_NOMEM)
			return err_nomem(err);
		return note(r, from, line, why.kind != ERR_NONE ? why.text : "this is no text", name) < 0 ? err_nomem(err) : 0;
	}
	int rc = read_text(r, (struct span){ (unsigned char *)text, n }, path, constraints, err);
	mem_free(text);
	return rc;
}

static int add_constraint(struct reading *r, const char *text)
{
	struct requirement q;
	struct scan_job *job = r->job;
	if (!requirement_parse(SPAN_STR(text), job->options->python_version, pysystem_machine(job->options->platform), &job->arena, &q) || !q.applies)
		return 0;
	struct constraint c = { q.name, q.spec };
	return list_add(&job->arena, &r->constraints, c) ? 0 : -1;
}

/* A URL or path of a wheel says name and version by itself. */
static int add_file(struct reading *r, const struct req_line *line, const char *from)
{
	struct arena *a = &r->job->arena;
	struct wheel_name w;
	const char *url = line->kind == REQ_URL ? line->text : NULL;
	char *file = url_file(SPAN_STR(line->text), a);
	if (!file)
		return -1;
	if (!wheel_name_parse(SPAN_STR(file), &w))
		return note(r, from, line->number, "what this is cannot be told without building it", file);
	struct wish *x = list_push(a, &r->wishes.v);
	if (!x)
		return -1;
	r->found++;
	x->name = pep503_name(a, w.name);
	x->spec = arena_printf(a, "==%.*s", (int)w.version.n, (const char *)w.version.p);
	x->text = file;
	x->url = url;
	return x->name && x->spec ? 0 : -1;
}

static int add_package(struct reading *r, const struct req_line *line, const char *from)
{
	struct scan_job *job = r->job;
	struct wishes *w = &r->wishes;
	int rc = wish_add(w, &job->arena, SPAN_STR(line->text), job->options->python_version, pysystem_machine(job->options->platform));
	if (rc == -2)
		return note(r, from, line->number, "this is no requirement", line->text);
	r->found += rc >= 0;
	for (size_t i = 0; rc == 1 && i < line->sha256.n; i++)
		if (!list_add(&job->arena, &w->v.v[w->v.n - 1].sha256, line->sha256.v[i]))
			return -1;
	return rc == -1 ? -1 : 0;
}

static int add_index(struct reading *r, const char *url, bool first)
{
	struct wishes *w = &r->wishes;
	if (!list_add(&r->job->arena, &w->indexes, url))
		return -1;
	if (first) {
		memmove(w->indexes.v + 1, w->indexes.v, (w->indexes.n - 1) * sizeof(*w->indexes.v));
		w->indexes.v[0] = url;
	}
	return 0;
}

static int take_line(struct reading *r, const struct req_line *line, const char *file, bool constraints, struct err *err)
{
	int rc = 0;
	switch (line->kind) {
	case REQ_PACKAGE: rc = constraints ? add_constraint(r, line->text) : add_package(r, line, file); break;
	case REQ_URL:
	case REQ_PATH: rc = constraints ? 0 : add_file(r, line, file); break;
	case REQ_FILE: return read_other(r, line->text, file, line->number, constraints, err);
	case REQ_CONSTRAINTS: return read_other(r, line->text, file, line->number, true, err);
	case REQ_INDEX: rc = add_index(r, line->text, true); break;
	case REQ_EXTRA_INDEX: rc = add_index(r, line->text, false); break;
	case REQ_FIND_LINKS: rc = list_add(&r->job->arena, &r->wishes.pages, line->text) ? 0 : -1; break;
	case REQ_NO_INDEX: r->no_index = true; break;
	case REQ_OTHER: break;
	}
	return rc < 0 ? err_nomem(err) : 0;
}

static int read_text(struct reading *r, struct span text, const char *file, bool constraints, struct err *err)
{
	struct arena *a = &r->job->arena;
	struct cur c = cur_of(text);
	struct req_line line;
	size_t number = 0;
	int more;
	const char *real = real_path(r, file);
	if (!real || !list_add(a, &r->files, real))
		return err_nomem(err);
	while ((more = req_next(&c, &number, a, &line)) > 0)
		if (take_line(r, &line, file, constraints, err) < 0)
			return -1;
	return more < 0 ? err_nomem(err) : 0;
}

/* A constraint holds for what is asked for elsewhere. */
static int apply_constraints(struct reading *r)
{
	for (size_t i = 0; i < r->constraints.n; i++)
		for (size_t k = 0; k < r->wishes.v.n; k++) {
			struct wish *w = &r->wishes.v.v[k];
			const struct constraint *c = &r->constraints.v[i];
			if (!str_eq(w->name, c->name) || !*c->spec || w->url)
				continue;
			w->spec = *w->spec ? arena_printf(&r->job->arena, "%s,%s", w->spec, c->spec) : c->spec;
			w->text = arena_printf(&r->job->arena, "%s%s", w->name, w->spec ? w->spec : "");
			if (!w->spec || !w->text)
				return -1;
		}
	return 0;
}

static int read_requirements(struct reading *r, struct span text, struct err *err)
{
	if (read_text(r, text, r->job->name, false, err) < 0)
		return -1;
	if (!r->found)
		return err_set(err, ERR_FORMAT, "%s is a text that is neither an inventory nor a list of requirements", r->job->name);
	if (apply_constraints(r) < 0)
		return err_nomem(err);
	if (r->no_index)
		r->wishes.indexes.n = 0;
	return 0;
}

static int read_lock(struct reading *r, struct span text, struct err *err)
{
	struct arena *a = &r->job->arena;
	struct lock lock;
	const char *machine = pysystem_machine(r->job->options->platform);
	if (lock_parse(text, r->job->options->python_version, machine ? machine : "", a, &lock, err) < 0)
		return err_in(err, "%s", r->job->name);
	r->wishes.python = lock.python;
	for (size_t i = 0; i < lock.packages.n; i++) {
		const struct locked *l = &lock.packages.v[i];
		struct wish *w = list_push(a, &r->wishes.v);
		if (!w)
			return err_nomem(err);
		*w = (struct wish){ .name = l->name, .index = l->index, .url = l->url, .own = l->files };
		w->spec = l->version ? arena_printf(a, "==%s", l->version) : "";
		w->text = w->spec ? arena_printf(a, "%s%s", l->name, w->spec) : NULL;
		for (size_t k = 0; w->text && k < l->files.files.n; k++)
			if (l->files.files.v[k].sha256 && !list_add(a, &w->sha256, l->files.files.v[k].sha256))
				return err_nomem(err);
		if (!w->text)
			return err_nomem(err);
	}
	return 0;
}

int scan_list(struct scan_job *job, struct store *s, struct err *err)
{
	struct reading r = { .job = job, .wishes = { .lock = true } };
	size_t n = 0;
	char *text = store_text(s, LIMIT_LOCK, &n, err);
	struct span all = { (unsigned char *)text, n };
	int rc = !text ? -1 : lock_bid(all) ? read_lock(&r, all, err) : read_requirements(&r, all, err);
	mem_free(text);
	size_t before = job->out->n;
	if (rc < 0 || wishes_scan(job, &r.wishes, err) < 0)
		return -1;
	for (size_t i = 0; i < r.notes.n && job->out->n > before; i++)
		if (inventory_gap(job->out->v[before], -1, job->name, "%s", r.notes.v[i]) < 0)
			return err_nomem(err);
	return 0;
}
