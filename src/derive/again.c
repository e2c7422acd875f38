/* What the loader would do under another ENV: a copy of the inventory is searched anew, the inventory stays as it is. */
#include <string.h>

#include "base/str.h"
#include "derive/derive.h"
#include "derive/selectors.h"
#include "inventory/inventory.h"

static void *copy_list(struct arena *a, const void *v, size_t n, size_t each)
{
	void *copy = arena_alloc(a, (n ? n : 1) * each);
	if (copy && n)
		memcpy(copy, v, n * each);
	return copy;
}

/* A list whose elements may be written, and which grows in the copy's own arena. */
#define OWN(inv, list) \
	((list)->v = copy_list(&(inv)->arena, (list)->v, (list)->n, sizeof(*(list)->v)), (list)->cap = (list)->n, (list)->v != NULL)

int inventory_borrow(const struct inventory *from, struct inventory *copy, struct err *err)
{
	*copy = *from;
	copy->arena = (struct arena)ARENA_INIT;
	if (!OWN(copy, &copy->env) || !OWN(copy, &copy->packages) || !OWN(copy, &copy->libraries) || !OWN(copy, &copy->compat) ||
	    !OWN(copy, &copy->driver_libraries) || !OWN(copy, &copy->compilers) || !OWN(copy, &copy->gaps)) {
		arena_clear(&copy->arena);
		return err_nomem(err);
	}
	return 0;
}

static void forget_choices(struct inventory *copy)
{
	copy->resolved.v = NULL;
	copy->resolved.n = copy->resolved.cap = 0;
	copy->loader_dirs.v = NULL;
	copy->loader_dirs.n = copy->loader_dirs.cap = 0;
	for (size_t i = 0; i < copy->libraries.n; i++) {
		struct library *l = &copy->libraries.v[i];
		l->dlopen.v = l->undefined.v = NULL;
		l->dlopen.n = l->dlopen.cap = l->undefined.n = l->undefined.cap = 0;
		l->reached = false;
	}
	for (size_t i = 0; i < copy->compat.n; i++) {
		struct compat *c = &copy->compat.v[i];
		bool by_loader = c->activation.n && str_eq(c->activation.v[c->activation.n - 1], "loader");
		c->active = by_loader ? TRI_UNKNOWN : c->active;
		c->activation.n -= by_loader;
		c->activation.cap = c->activation.n;
	}
}

int loader_again(struct inventory *copy, const struct matrix *m, struct err *err)
{
	forget_choices(copy);
	if (copy->loader.known && inventory_list_loader_dirs(copy) < 0)
		return err_nomem(err);
	if (loader_resolve(copy, m, err) < 0)
		return -1;
	selectors_pick_loaded(copy);
	return 0;
}
