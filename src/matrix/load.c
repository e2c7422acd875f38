#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/auto.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/str.h"
#include "matrix/builtin.h"
#include "matrix/matrix.h"

enum kind { STR, INT, BOOL, VER2, SMS };

struct field { const char *name; enum kind kind; size_t at; };

/* A function for each table, so that `row` can be its struct there: the offsets need that name. */
#define FIELD(k, f) { #f, k, offsetof(row, f) },
#define TABLE_FIELDS(table)                                                                                 \
	static const struct field *fields_##table(void)                                                     \
	{                                                                                                   \
		typedef struct row_##table row;                                                             \
		static const struct field fields[] = { TABLE_##table(FIELD) { NULL, STR, 0 } };             \
		return fields;                                                                              \
	}
TABLES(TABLE_FIELDS)

/* One table: where it stands in struct matrix, and how long a row is. All rows begin with id and source. */
struct head { const char *id, *source; };
struct slot { const void *v; size_t n; };
static const struct table { const char *name; const struct field *(*fields)(void); size_t slot, row; } tables[] = {
#define ENTRY(table) { #table, fields_##table, offsetof(struct matrix, table), sizeof(struct row_##table) },
	TABLES(ENTRY)
};
enum { TABLES_N = sizeof(tables) / sizeof(*tables) };

static struct slot slot_of(const struct matrix *m, const struct table *t)
{
	struct slot s;
	memcpy(&s, (const char *)m + t->slot, sizeof(s));
	return s;
}

/* ---- loading ---- */

static int set_sms(struct arena *a, struct sm_list *to, const char *text, struct err *err)
{
	LIST(struct sm) list = { 0 };
	struct span rest = SPAN_STR(text);
	while (rest.n) {
		struct span one = span_cut(&rest, ' ');
		const char *s = one.n ? arena_strn(a, one.p, one.n) : NULL;
		if (!s)
			continue;
		struct sm sm = sm_parse(s);
		if (!sm.number)
			return err_set(err, ERR_FORMAT, "\"%s\" is no target such as sm_90 or compute_90", s);
		if (!list_add(a, &list, sm))
			return err_nomem(err);
	}
	*to = (struct sm_list){ list.v, list.n };
	return 0;
}

static int set_field(struct arena *a, void *row, const struct field *f, const json_t *v, struct err *err)
{
	void *to = (char *)row + f->at;
	bool text = f->kind == STR || f->kind == VER2 || f->kind == SMS;
	if (v && (text ? !json_is_string(v) : f->kind == INT ? !json_is_integer(v) : !json_is_boolean(v)))
		return err_set(err, ERR_FORMAT, "\"%s\" must be %s", f->name, text ? "a string" : f->kind == INT ? "a whole number" : "true or false");
	const char *s = v && text ? json_string_value(v) : "";
	switch (f->kind) {
	case STR: {
		const char *copy = arena_str(a, s);
		memcpy(to, &copy, sizeof(copy));
		return copy ? 0 : err_nomem(err);
	}
	case INT: {
		int n = (int)json_integer_value(v);
		memcpy(to, &n, sizeof(n));
		return 0;
	}
	case BOOL: {
		bool b = json_is_true(v);
		memcpy(to, &b, sizeof(b));
		return 0;
	}
	case VER2: {
		struct ver2 x = s[0] ? ver2_parse(s) : VER2_NONE;
		memcpy(to, &x, sizeof(x));
		return s[0] && !ver2_known(x) ? err_set(err, ERR_FORMAT, "\"%s\" must be a version, not \"%s\"", f->name, s) : 0;
	}
	case SMS: {
		struct sm_list l;
		if (set_sms(a, &l, s, err) < 0)
			return -1;
		memcpy(to, &l, sizeof(l));
		return 0;
	}
	}
	return 0;
}

static int load_row(struct arena *a, const struct table *t, void *row, const json_t *o, struct err *err)
{
	struct head head = { json_get_str(o, "id"), json_get_str(o, "source") };
	if (!head.id || !head.source)
		return err_set(err, ERR_FORMAT, "a row needs \"id\" and \"source\"");
	head.id = arena_str(a, head.id);
	head.source = arena_str(a, head.source);
	if (!head.id || !head.source)
		return err_nomem(err);
	memcpy(row, &head, sizeof(head));
	for (const struct field *f = t->fields(); f->name; f++)
		if (set_field(a, row, f, json_object_get(o, f->name), err) < 0)
			return err_in(err, "row %s", head.id);
	return 0;
}

static int load_table(struct arena *a, struct matrix *m, const json_t *o, struct err *err)
{
	const char *name = json_get_str(o, "table");
	size_t t = 0;
	while (t < TABLES_N && !str_eq(tables[t].name, name))
		t++;
	if (t == TABLES_N)
		return err_set(err, ERR_FORMAT, "\"table\" must name one of envcheck's tables (envcheck matrix lists them)");
	const json_t *rows = json_object_get(o, "rows");
	if (!json_is_array(rows))
		return err_set(err, ERR_FORMAT, "\"rows\" must be a list");
	size_t n = json_array_size(rows);
	char *v = arena_alloc(a, (n + 1) * tables[t].row);
	if (!v)
		return err_nomem(err);
	for (size_t i = 0; i < n; i++)
		if (load_row(a, &tables[t], v + i * tables[t].row, json_array_get(rows, i), err) < 0)
			return -1;
	struct slot s = { v, n };
	memcpy((char *)m + tables[t].slot, &s, sizeof(s));
	return 0;
}

const struct matrix *matrix_load(int dirfd, const char *dir, struct arena *a, struct err *err)
{
	struct matrix *m = arena_alloc(a, sizeof(*m));
	int fd = openat(dirfd, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (!m || !d) {
		err_sys(err, errno, "cannot read the tables in %s", dir);
		if (fd >= 0 && !d)
			close(fd);
		return NULL;
	}
	*m = matrix_embedded;
	int got = 0;
	for (struct dirent *e; got == 0 && (e = readdir(d));) {
		if (!str_ends(e->d_name, ".json"))
			continue;
		auto_fd int file = openat(fd, e->d_name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		if (file < 0) {
			got = err_sys(err, errno, "cannot read %s", e->d_name);
			break;
		}
		json_t *o = json_read(file, LIMIT_JSON_SMALL, e->d_name, err);
		got = o ? load_table(a, m, o, err) : -1;
		if (got < 0)
			err_in(err, "%s", e->d_name);
		json_decref(o);
	}
	closedir(d);
	return got < 0 ? NULL : m;
}

/* ---- listing ---- */

size_t matrix_tables(const struct matrix *m, struct matrix_table *table, size_t max)
{
	size_t n = 0;
	for (; n < TABLES_N && n < max; n++)
		table[n] = (struct matrix_table){ tables[n].name, slot_of(m, &tables[n]).n };
	return n;
}

static void print_field(struct buf *b, const void *row, const struct field *f)
{
	const void *at = (const char *)row + f->at;
	switch (f->kind) {
	case STR: {
		const char *s;
		memcpy(&s, at, sizeof(s));
		if (s[0])
			buf_printf(b, "  %s=%s", f->name, s);
		break;
	}
	case INT: {
		int n;
		memcpy(&n, at, sizeof(n));
		if (n)
			buf_printf(b, "  %s=%d", f->name, n);
		break;
	}
	case BOOL: {
		bool v;
		memcpy(&v, at, sizeof(v));
		if (v)
			buf_printf(b, "  %s", f->name);
		break;
	}
	case VER2: {
		struct ver2 v;
		memcpy(&v, at, sizeof(v));
		if (ver2_known(v))
			buf_printf(b, "  %s=%s", f->name, ver2_print(v).s);
		break;
	}
	case SMS: {
		struct sm_list l;
		memcpy(&l, at, sizeof(l));
		for (size_t i = 0; i < l.n; i++)
			buf_printf(b, "%s%s", i ? " " : i || !l.n ? "" : f->name[0] == 'p' ? "  ptx=" : "  sm=", sm_print("", l.v[i]).s);
		break;
	}
	}
}

bool matrix_row(const struct matrix *m, const char *table, size_t i, struct arena *a, const char **id, const char **text, const char **source)
{
	for (size_t t = 0; t < TABLES_N; t++) {
		struct slot s = slot_of(m, &tables[t]);
		if (!str_eq(tables[t].name, table) || i >= s.n)
			continue;
		const char *row = (const char *)s.v + i * tables[t].row;
		struct head head;
		memcpy(&head, row, sizeof(head));
		struct buf b = BUF_INIT(1 << 16);
		for (const struct field *f = tables[t].fields(); f->name; f++)
			print_field(&b, row, f);
		*id = head.id;
		*source = head.source;
		*text = b.bad ? NULL : arena_str(a, buf_text(&b));
		buf_clear(&b);
		return *text != NULL;
	}
	return false;
}
