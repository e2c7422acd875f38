/*
 * parse/toml.h: TOML 1.0 (toml.io/en/v1.0.0) as a tree in an arena. parse, scan and tests include it.
 * Python's tomllib judges it in tests/toml_test.sh.
 */
#ifndef PARSE_TOML_H
#define PARSE_TOML_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cur.h"
#include "base/err.h"
#include "base/mem.h"

enum toml_kind { TOML_STRING, TOML_INTEGER, TOML_FLOAT, TOML_BOOLEAN, TOML_DATE /* any of the four, as written */, TOML_ARRAY, TOML_TABLE };

struct toml_value;
struct toml_pair { const char *key; size_t key_n; struct toml_value *value; };

struct toml_value {
	enum toml_kind kind;
	const char *text; /* strings and dates: `n` bytes and a NUL */
	size_t n;
	union { int64_t integer; double number; bool truth; } is;
	LIST(struct toml_value *) items; /* of an array */
	LIST(struct toml_pair) pairs;    /* of a table, in the order of the file */
	/* the reader's own: may more be put into it? */
	bool explicit, frozen;
	unsigned dotted;
};

/* The table of the whole file. NULL: err says what is wrong, and in which line. */
const struct toml_value *toml_parse(struct span text, struct arena *a, struct err *err);

/* What is under a key; NULL where there is none, or `t` is no table (it may be NULL). */
const struct toml_value *toml_get(const struct toml_value *t, const char *key);

/* The string, array or table under a key; NULL where there is none of that kind. A string holds no NUL. */
const char *toml_str(const struct toml_value *t, const char *key);
const struct toml_value *toml_array(const struct toml_value *t, const char *key);
const struct toml_value *toml_table(const struct toml_value *t, const char *key);

#endif
