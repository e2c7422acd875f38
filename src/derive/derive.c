#include "derive/derive.h"

#include <string.h>

#include "base/str.h"
#include "derive/selectors.h"
#include "inventory/inventory.h"

/* --python names the primary environment: its prefix, or an interpreter in it. */
int environments_find(struct inventory *inv, const struct matrix *m, const struct derive_options *o, struct err *err)
{
	(void)m;
	if (!o || !o->python)
		return 0;
	struct environment *found = NULL;
	for (size_t i = 0; i < inv->environments.n; i++) {
		struct environment *e = &inv->environments.v[i];
		size_t n = strlen(e->path);
		bool inside = str_eq(e->path, o->python) || (!strncmp(o->python, e->path, n) && str_starts(o->python + n, "/bin/"));
		if (inside && (!found || n > strlen(found->path)))
			found = e;
	}
	if (!found)
		return err_set(err, ERR_USAGE, "--python %s: %s holds no such environment (envcheck inspect lists them)", o->python, inv->name);
	for (size_t i = 0; i < inv->environments.n; i++) {
		struct environment *e = &inv->environments.v[i];
		if (e == found || e->role != ENV_UNREACHED)
			e->role = e == found ? ENV_PRIMARY : ENV_SECONDARY;
		if (e == found)
			e->because = "--python";
	}
	return 0;
}

int derive_target(struct inventory *inv, const struct matrix *m, const struct derive_options *o, struct err *err)
{
	if (environments_find(inv, m, o, err) < 0)
		return -1;
	if (!inv->saved && (complete_from_matrix(inv, m, err) < 0 || roles_assign(inv, m, err) < 0 || loader_resolve(inv, m, err) < 0))
		return -1;
	if (!inv->saved)
		selectors_pick_loaded(inv);
	return requires_build(inv, m, err);
}
