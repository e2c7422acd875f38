#include "scan/record.h"

int record_open(struct record *r)
{
	*r = (struct record){ .arena = ARENA_INIT };
	r->fs = fs_new();
	return r->fs ? 0 : -1;
}

void record_clear(struct record *r)
{
	fs_free(r->fs);
	arena_clear(&r->arena);
	mem_free(r->bytes);
	*r = (struct record){ .arena = ARENA_INIT };
}

void record_break(struct record *r, const struct err *err)
{
	r->broken = true;
	r->error = *err;
}

int record_refuse(struct record *r, const struct err *why)
{
	record_clear(r);
	int rc = record_open(r);
	record_break(r, why);
	return rc;
}
