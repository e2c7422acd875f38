#include "cmd/tables.h"

#include <errno.h>
#include <fcntl.h>

#include "base/auto.h"
#include "cmd/options.h"
#include "matrix/matrix.h"

/* "driver branch 580, torch 2.9.1": what a reader may want to compare with what they have. */
static const char *newest(struct arena *a, const struct matrix *m)
{
	const struct row_driver_branches *b = matrix_newest_branch(m);
	return b ? arena_printf(a, "driver branch %s", b->id) : NULL;
}

int tables_open(struct tables *t, const struct options *o, struct err *err)
{
	*t = (struct tables){ .matrix = matrix_builtin() };
	if (o->matrices) {
		auto_fd int dir = open(o->matrices, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (dir < 0)
			return err_set(err, ERR_USAGE, "--matrices '%s': %s", o->matrices, errno == ENOTDIR ? "is no folder" : "cannot be opened");
		t->matrix = matrix_load(dir, ".", &t->arena, err);
		if (!t->matrix)
			return err_in(err, "--matrices '%s'", o->matrices);
	}
	t->date = matrix_date(t->matrix);
	t->newest = newest(&t->arena, t->matrix);
	return 0;
}

void tables_close(struct tables *t)
{
	arena_clear(&t->arena);
	*t = (struct tables){ 0 };
}
