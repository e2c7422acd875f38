/* parse/toml_parts.h: the reader of TOML as its two files see it. Inside toml*.c alone. */
#ifndef PARSE_TOML_PARTS_H
#define PARSE_TOML_PARTS_H

#include "parse/toml.h"

/* Which value is under a key of a table, by hash. */
struct toml_slot {
	const struct toml_value *table; /* NULL: free */
	struct span key;
	struct toml_value *value;
};

struct toml_reader {
	struct cur c;
	struct arena *arena;
	struct err *err;
	struct toml_value *root;
	struct toml_slot *slots;
	size_t slot_n, used, values;
	unsigned sections;     /* headers and inline tables so far */
	unsigned line_section; /* of the lines below the last header */
};

/* A dotted key: its parts in the arena. */
struct toml_key { LIST(struct span) part; };

/* The next byte, -1 at the end. */
static inline int toml_peek(const struct toml_reader *r) { return r->c.off < r->c.in.n ? r->c.in.p[r->c.off] : -1; }

static inline bool toml_at(const struct toml_reader *r, const char *s) { return span_starts(span_from(r->c.in, r->c.off), s); }

/* Says what is wrong in this line. Always -1. */
int toml_bad(struct toml_reader *r, const char *why);

/* Is all of the text UTF-8? */
int toml_check_utf8(struct toml_reader *r);

/* Any of the four strings; its bytes are in the arena, with a NUL. */
int toml_read_string(struct toml_reader *r, struct span *out);

/* A number, truth or date: sets kind and value. */
int toml_read_scalar(struct toml_reader *r, struct toml_value *v);

#endif
