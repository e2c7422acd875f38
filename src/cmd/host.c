/* envcheck host: a profile from what people have. */
#include "host/local.h"

#include "cmd/cmd.h"
#include "cmd/options.h"
#include "cmd/outputs.h"

static int write_text(const struct host *h, FILE *out, struct arena *a)
{
	struct report_host r = { .name = h->name, .driver = h->driver, .no_gpu = h->no_gpu };
	if (ver2_known(h->cuda) && !(r.cuda = arena_str(a, ver2_print(h->cuda).s)))
		return -1;
	for (size_t i = 0; i < h->gpus.n; i++) {
		struct report_gpu g = { .name = h->gpus.v[i].name, .count = h->gpus.v[i].count };
		if (!list_add(a, &r.gpus, g))
			return -1;
	}
	struct buf b = BUF_INIT(1 << 16);
	shown_add(&b, report_host_line(a, &r));
	fprintf(out, "%s\n", buf_text(&b));
	buf_clear(&b);
	return 0;
}

/* JSON unless text is asked for: the profile is what one keeps. */
static int write_hosts(const struct host_list *list, const struct output *out, bool json, struct arena *a, struct err *err)
{
	if (!json) {
		for (size_t i = 0; i < list->v.n; i++)
			if (write_text(&list->v.v[i], out->file, a) < 0)
				return err_nomem(err);
		return 0;
	}
	struct json_out j = { .file = out->file };
	if (list->v.n != 1)
		jout_array(&j);
	for (size_t i = 0; i < list->v.n; i++)
		host_write(&list->v.v[i], &j);
	if (list->v.n != 1)
		jout_array_end(&j);
	return jout_end(&j, err);
}

/* This machine; what a fact is missing for goes to standard error. */
static int local_host(struct host_list *list, struct arena *a, struct err *err)
{
	struct host_notes notes = { 0 };
	struct host *h = list_push(a, &list->v);
	if (!h)
		return err_nomem(err);
	if (host_local(h, &notes, a, err) < 0)
		return -1;
	for (size_t i = 0; i < notes.v.n; i++)
		say("%s", notes.v.v[i]);
	return 0;
}

static int run(const struct options *o, struct outputs *u, struct arena *a, struct err *err)
{
	struct host_list list = { 0 };
	if (!o->targets.n && local_host(&list, a, err) < 0)
		return -1;
	for (size_t i = 0; i < o->targets.n; i++)
		if (host_read_path(o->targets.v[i], &list, a, err) < 0)
			return err_in(err, "%s", o->targets.v[i]);
	if (list.silent_nodes)
		say("%u nodes say nothing of GPUs and are left out", list.silent_nodes);
	if (outputs_open(u, o, 0, err) < 0)
		return -1;
	for (size_t i = 0; i < u->list.n; i++)
		if (write_hosts(&list, &u->list.v[i], u->list.v[i].json || !o->format, a, err) < 0)
			return -1;
	return 0;
}

int host_command(const struct options *o, struct err *err)
{
	struct arena a = ARENA_INIT;
	struct outputs u = { 0 };
	int rc = run(o, &u, &a, err);
	if (outputs_close(&u, rc == 0, err) < 0)
		rc = -1;
	arena_clear(&a);
	return rc < 0 ? -1 : EXIT_FINE;
}
