#include <string.h>

#include "base/thread.h"
#include "check/judge.h"

enum { HOSTS_EACH = 64 }; /* a thread is worth its while from here on */

/* One judge, the hosts that are his, and ignores of his own: what is used is written there. */
struct seat {
	struct judge *judge;
	struct check_options options;
	LIST(const struct supply *) supplies;
	LIST(size_t) places; /* of their results */
	struct err err;
	int rc;
};

struct panel {
	const struct check_options *options;
	struct arena arena;
	struct seat *seats;
	size_t seats_n;
	/* of the target at hand */
	const struct inventory *inv;
	struct result *results;
};

static int open_seat(struct panel *p, struct seat *s, const struct matrix *m)
{
	s->options = *p->options;
	size_t size = p->options->ignores_n * sizeof(*s->options.ignores);
	if (size && !(s->options.ignores = arena_alloc(&p->arena, size)))
		return -1;
	if (size)
		memcpy(s->options.ignores, p->options->ignores, size);
	s->judge = judge_new(m, &s->options);
	return s->judge ? 0 : -1;
}

/* Equal hosts, and those that differ in their drivers alone, have one judge: he finds once what they share. */
static int seat_host(struct panel *p, const struct host *h, size_t place, struct err *err)
{
	struct seat *s = &p->seats[judge_bucket(h) % p->seats_n];
	const struct supply *one = judge_host(s->judge, h, err);
	return one && list_add(&p->arena, &s->supplies, one) && list_add(&p->arena, &s->places, place) ? 0 : err_nomem(err);
}

struct panel *panel_new(const struct matrix *m, const struct check_options *options, const struct host *const *hosts, size_t n, unsigned jobs,
			struct err *err)
{
	struct panel *p = mem_alloc(sizeof(*p));
	if (!p) {
		err_nomem(err);
		return NULL;
	}
	*p = (struct panel){ .options = options, .seats_n = jobs ? jobs : thread_cores() };
	if (p->seats_n > n / HOSTS_EACH + 1)
		p->seats_n = n / HOSTS_EACH + 1;
	p->seats = arena_alloc(&p->arena, p->seats_n * sizeof(*p->seats));
	bool ok = p->seats != NULL;
	for (size_t i = 0; ok && i < p->seats_n; i++)
		ok = open_seat(p, &p->seats[i], m) == 0;
	for (size_t i = 0; ok && i < n; i++)
		ok = seat_host(p, hosts[i], i, err) == 0;
	if (ok)
		return p;
	panel_free(p);
	err_nomem(err);
	return NULL;
}

void panel_free(struct panel *p)
{
	if (!p)
		return;
	for (size_t i = 0; p->seats && i < p->seats_n; i++)
		judge_free(p->seats[i].judge);
	arena_clear(&p->arena);
	mem_free(p);
}

static void sit(void *context, size_t i)
{
	struct panel *p = context;
	struct seat *s = &p->seats[i];
	s->err = (struct err)ERR_INIT;
	s->rc = judge_target(s->judge, p->inv, &s->err);
	for (size_t k = 0; s->rc == 0 && k < s->supplies.n; k++)
		s->rc = judge_run(s->judge, s->supplies.v[k], &p->results[s->places.v[k]], &s->err);
}

int panel_judge(struct panel *p, const struct inventory *inv, struct result *results, struct err *err)
{
	bool hosts = false;
	p->inv = inv;
	p->results = results;
	thread_each((unsigned)p->seats_n, p->seats_n, sit, p);
	for (size_t i = 0; i < p->seats_n; i++) {
		struct seat *s = &p->seats[i];
		if (s->rc < 0)
			return err_nomem(err);
		hosts = hosts || s->supplies.n;
		for (size_t k = 0; k < s->options.ignores_n; k++)
			p->options->ignores[k].used |= s->options.ignores[k].used;
	}
	if (hosts)
		return 0;
	int rc = judge_run(p->seats[0].judge, NULL, results, err);
	for (size_t k = 0; k < p->options->ignores_n; k++)
		p->options->ignores[k].used |= p->seats[0].options.ignores[k].used;
	return rc;
}
