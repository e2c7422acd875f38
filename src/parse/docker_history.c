/*
 * Which instruction made which layer. Histories as builders write them:
 *
 *   BuildKit   "RUN |1 A=b /bin/sh -c pip install torch # buildkit", "COPY app /app # buildkit"
 *   docker, podman, buildah of old
 *              "/bin/sh -c pip install torch", "|1 A=b /bin/sh -c ...", "/bin/sh -c #(nop) COPY file:7e5f in /app"
 *   kaniko     "RUN pip install torch", "COPY app /app"
 */
#include <string.h>

#include "base/auto.h"
#include "base/limits.h"
#include "base/str.h"
#include "parse/docker_parts.h"
#include "parse/dockerfile.h"

/* One layer's line, understood. */
struct made {
	bool known;
	enum docker_kind kind;
	const char *text;
	bool target_alone; /* "file:7e5f in /app": what was copied is not said */
};

/* Does text fit a pattern whose wildcards stand for any bytes? */
static bool fits(const char *pattern, const char *text)
{
	const char *star = NULL, *again = NULL;
	while (*text) {
		if (*pattern == DOCKER_WILDCARD) {
			star = ++pattern;
			again = text;
		} else if (*pattern == *text) {
			pattern++;
			text++;
		} else if (star) {
			pattern = star;
			text = ++again;
		} else {
			return false;
		}
	}
	while (*pattern == DOCKER_WILDCARD)
		pattern++;
	return !*pattern;
}

static const char *after(const char *s, const char *head)
{
	return str_starts(s, head) ? s + strlen(head) : NULL;
}

static void understand(char *s, struct made *out)
{
	static const struct { const char *word; enum docker_kind kind; } kinds[] = {
		{ "RUN ", DOCKER_RUN }, { "COPY ", DOCKER_COPY }, { "ADD ", DOCKER_ADD }, { "WORKDIR ", DOCKER_WORKDIR },
	};
	if (str_ends(s, " # buildkit"))
		s[strlen(s) - strlen(" # buildkit")] = '\0';
	const char *text = after(s, "/bin/sh -c #(nop) ");
	*out = (struct made){ .known = *s, .kind = DOCKER_RUN, .text = s };
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		const char *rest = after(text ? text : s, kinds[i].word);
		if (!rest)
			continue;
		out->kind = kinds[i].kind;
		out->text = rest;
	}
	while (out->kind != DOCKER_RUN && str_starts(out->text, "--")) {
		out->text += strcspn(out->text, " ");
		out->text += *out->text == ' ';
	}
	const char *in = strstr(out->text, " in ");
	if ((out->kind == DOCKER_COPY || out->kind == DOCKER_ADD) && in && !memchr(out->text, ' ', (size_t)(in - out->text)) &&
	    memchr(out->text, ':', (size_t)(in - out->text))) {
		out->target_alone = true;
		out->text = in + strlen(" in ");
	}
}

/* What may stand before a command: nothing, build arguments, a shell. */
static bool shell_head(const char *s, size_t n)
{
	struct span head = { (const unsigned char *)s, n };
	return !n || span_ends(head, "-c ") || span_ends(head, "-Command ") || span_ends(head, "/C ") || (span_starts(head, "|") && span_ends(head, " "));
}

static bool run_fits(const char *command, const char *made)
{
	size_t n = strlen(command), all = strlen(made);
	return n && n <= all && !strcmp(made + all - n, command) && shell_head(made, all - n);
}

/* The folder that a copy goes to: its last word, with neither "./" nor a '/' at its end. */
static const char *folder(struct arena *a, const char *s, bool last_word)
{
	const char *word = last_word ? strrchr(s, ' ') : NULL;
	word = word ? word + 1 : s;
	while (str_starts(word, "./"))
		word += 2;
	size_t n = strlen(word);
	while (n > 1 && word[n - 1] == '/')
		n--;
	return arena_strn(a, word, n);
}

static bool target_fits(struct arena *a, const char *instruction, const char *made)
{
	const char *want = folder(a, instruction, true), *have = folder(a, made, false);
	static const char open[] = { '/', '.', DOCKER_WILDCARD, '\0' };
	/* a target of which nothing is known but that it is one would fit all */
	if (!want || !have || (strchr(want, DOCKER_WILDCARD) && strspn(want, open) == strlen(want)))
		return false;
	if (fits(want, have))
		return true;
	/* relative to a WORKDIR */
	size_t n = strlen(want), all = strlen(have);
	return *want != '/' && all > n && have[all - n - 1] == '/' && fits(want, have + all - n);
}

static bool form_fits(struct arena *a, const char *form, const struct made *m)
{
	if (m->kind == DOCKER_RUN)
		return run_fits(form, m->text);
	return m->target_alone ? target_fits(a, form, m->text) : fits(form, m->text);
}

static bool made_by(struct arena *a, const struct docker_instruction *d, const struct made *m)
{
	bool fit = false;
	for (size_t i = 0; i < sizeof(d->forms) / sizeof(*d->forms) && m->known && m->kind == d->kind && !fit; i++)
		fit = d->forms[i] && form_fits(a, d->forms[i], m);
	return fit;
}

/* ---- the alignment ---- */

struct table {
	const struct dockerfile *d;
	size_t n;          /* layers */
	bool *made;        /* instruction x layer */
	unsigned short *best; /* of prefixes: (instructions + 1) x (n + 1) */
	unsigned *chain;   /* the instructions of a stage and of those it is built on, in order */
	size_t chain_n;
};

static void add_chain(struct table *t, int stage)
{
	if (stage < 0)
		return;
	add_chain(t, t->d->stages.v[stage].parent); /* always an earlier one */
	for (size_t i = 0; i < t->d->v.n; i++)
		if (t->d->v.v[i].stage == (unsigned)stage)
			t->chain[t->chain_n++] = (unsigned)i;
}

static unsigned short *cell(struct table *t, size_t i, size_t k)
{
	return &t->best[i * (t->n + 1) + k];
}

/* The longest common subsequence of a stage's instructions and the layers: how many layers it explains. */
static unsigned align(struct table *t, int stage)
{
	t->chain_n = 0;
	add_chain(t, stage);
	for (size_t i = 0; i <= t->chain_n; i++)
		for (size_t k = 0; k <= t->n; k++) {
			unsigned short v = 0;
			if (i && k) {
				v = *cell(t, i - 1, k) > *cell(t, i, k - 1) ? *cell(t, i - 1, k) : *cell(t, i, k - 1);
				if (t->made[t->chain[i - 1] * t->n + k - 1] && *cell(t, i - 1, k - 1) + 1 > v)
					v = (unsigned short)(*cell(t, i - 1, k - 1) + 1);
			}
			*cell(t, i, k) = v;
		}
	return *cell(t, t->chain_n, t->n);
}

/* The instructions of the chain that make layers for sure. */
static unsigned makers(const struct table *t)
{
	unsigned n = 0;
	for (size_t i = 0; i < t->chain_n; i++)
		n += t->d->v.v[t->chain[i]].kind != DOCKER_WORKDIR;
	return n;
}

/* From the end, so that what a base image did alike is left to it. */
static void place(struct table *t, int stage, struct docker_place *out)
{
	size_t i = t->chain_n, k = t->n, first_layer = 0, first_instruction = 0;
	while (i && k) {
		const struct docker_instruction *d = &t->d->v.v[t->chain[i - 1]];
		if (t->made[t->chain[i - 1] * t->n + k - 1] && *cell(t, i, k) == *cell(t, i - 1, k - 1) + 1) {
			out[k - 1] = (struct docker_place){ d->first, d->last };
			first_layer = --k;
			first_instruction = --i;
		} else if (*cell(t, i, k) == *cell(t, i, k - 1)) {
			k--;
		} else {
			i--;
		}
	}
	/* what lies below is FROM's, unless an instruction above it made a layer that was not recognized */
	for (size_t x = 0; x < first_instruction; x++)
		if (t->d->v.v[t->chain[x]].kind != DOCKER_WORKDIR)
			return;
	while (t->d->stages.v[stage].parent >= 0)
		stage = t->d->stages.v[stage].parent;
	for (size_t x = 0; x < first_layer; x++)
		out[x] = (struct docker_place){ t->d->stages.v[stage].line, t->d->stages.v[stage].line };
}

static int understand_all(struct table *t, const char *const *created_by, struct arena *a)
{
	auto_buf struct buf flat = BUF_INIT(LIMIT_TEXT);
	for (size_t k = 0; k < t->n; k++) {
		buf_reset(&flat);
		docker_squeeze(&flat, SPAN_STR(created_by[k] ? created_by[k] : ""));
		char *line = arena_str(a, buf_text(&flat));
		if (!line)
			return -1;
		struct made m;
		understand(line, &m);
		for (size_t i = 0; i < t->d->v.n; i++)
			t->made[i * t->n + k] = made_by(a, &t->d->v.v[i], &m);
	}
	return 0;
}

int dockerfile_match(const struct dockerfile *d, const char *const *created_by, size_t n, struct docker_place *out, struct err *err)
{
	auto_arena struct arena a = ARENA_INIT;
	struct table t = { .d = d, .n = n };
	if (n > LIMIT_LAYERS)
		return err_set(err, ERR_LIMIT, "more than %u layers", LIMIT_LAYERS);
	memset(out, 0, n * sizeof(*out));
	t.made = arena_alloc(&a, d->v.n * n + 1);
	t.best = arena_alloc(&a, (d->v.n + 1) * (n + 1) * sizeof(*t.best));
	t.chain = arena_alloc(&a, (d->v.n + 1) * sizeof(*t.chain));
	if (!t.made || !t.best || !t.chain || understand_all(&t, created_by, &a) < 0)
		return err_nomem(err);
	unsigned most = 0, least = 0;
	int stage = -1;
	for (size_t i = 0; i < d->stages.n; i++) {
		unsigned explains = align(&t, (int)i), asks = makers(&t);
		if (!explains || 2 * explains < asks || explains < most || (explains == most && asks > least))
			continue;
		most = explains;
		least = asks;
		stage = (int)i;
	}
	if (stage < 0)
		return 0;
	align(&t, stage);
	place(&t, stage, out);
	return 0;
}
