/* base/json.h: JSON out by a small streaming writer, JSON in by jansson under our limits. Everybody may include it. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/cur.h"
#include "base/err.h"

enum { JSON_DEPTH = 32 };

/*
 * A streaming writer, pretty-printed with two blanks, to a FILE or a buffer.
 * Bytes that are not UTF-8 become U+FFFD. Failures stick: look once, at jout_end.
 */
struct json_out {
	FILE *file;      /* borrowed; or */
	struct buf *buf; /* borrowed */
	unsigned depth;
	bool any[JSON_DEPTH]; /* something stands in this level already */
	bool compact[JSON_DEPTH]; /* this level and below on one line */
	bool keyed, bad;
};

void jout_object(struct json_out *j);            /* { */
void jout_object_end(struct json_out *j);        /* } */
void jout_array(struct json_out *j);             /* [ */
void jout_array_line(struct json_out *j);        /* [ on one line, with what is in it */
void jout_object_line(struct json_out *j);       /* { on one line, with what is in it */
void jout_array_end(struct json_out *j);         /* ] */
void jout_key(struct json_out *j, const char *key);
void jout_string(struct json_out *j, const char *s); /* NULL gives null */
void jout_span(struct json_out *j, struct span s);
void jout_int(struct json_out *j, int64_t v);
void jout_bool(struct json_out *j, bool v);
void jout_null(struct json_out *j);

/* key and value at once */
void jout_put(struct json_out *j, const char *key, const char *s);
void jout_put_int(struct json_out *j, const char *key, int64_t v);
void jout_put_bool(struct json_out *j, const char *key, bool v);

/* Ends the text with a newline; -1 if any write failed. */
int jout_end(struct json_out *j, struct err *err);

/*
 * Parses one JSON text. `what` names it in messages. Duplicate keys, trailing
 * text and nesting over jansson's own limit are errors with line and column.
 * The result is the caller's (json_decref); NULL on error.
 */
json_t *json_parse(struct span text, const char *what, struct err *err);

/* Reads and parses a whole file of at most `limit` bytes. */
json_t *json_read(int fd, size_t limit, const char *what, struct err *err);

/* The string under `key`; NULL where it is absent or no string. Borrowed. */
const char *json_get_str(const json_t *o, const char *key);

#endif
