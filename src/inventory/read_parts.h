#ifndef ENVCHECK_INVENTORY_READ_PARTS_H
#define ENVCHECK_INVENTORY_READ_PARTS_H

/* Shared by the files that read an inventory's JSON (OUTPUT of write.c, and what people declare by hand). */
#include <stdbool.h>
#include <stdint.h>

#include "base/json.h"
#include "inventory/inventory.h"

/*
 * One reader: the first error sticks, later calls do nothing, and the caller
 * looks once. `at` names the object that is being read, for messages.
 */
struct reader {
	struct inventory *inv;
	struct err *err;
	const char *at;
	bool bad;
};

/* The value under a key is not as expected ("a list"). */
void read_fail(struct reader *r, const char *key, const char *expected);

/* `p`; where it is NULL the reader is bad for a lack of memory. */
void *read_checked(struct reader *r, void *p);

/* A new element of a list, or NULL with the reader bad. */
#define read_push(r, l) read_checked((r), (r)->bad ? NULL : (void *)list_push(&(r)->inv->arena, (l)))

/*
 * Values by key. An absent key and null are the same: NULL, TRI_UNKNOWN,
 * `without`, VER2_NONE. Another type makes the reader bad. Texts are copies in
 * the inventory's arena.
 */
const char *read_copy(struct reader *r, const json_t *s);
const char *read_text(struct reader *r, const json_t *o, const char *key);
enum tri read_tri(struct reader *r, const json_t *o, const char *key);
int64_t read_number(struct reader *r, const json_t *o, const char *key, int64_t without);
struct ver2 read_ver2(struct reader *r, const json_t *o, const char *key);
const json_t *read_array(struct reader *r, const json_t *o, const char *key);
const json_t *read_object(struct reader *r, const json_t *o, const char *key);

/* The number under "layer"; -1: none. */
int read_layer(struct reader *r, const json_t *o);

/* A target such as "sm_90" or "compute_90a". */
struct sm read_sm(struct reader *r, const json_t *s, const char *key);

/* Walks the objects of the array under a key: for (size_t i = 0; (e = read_item(r, list, key, &i));) */
const json_t *read_item(struct reader *r, const json_t *list, const char *key, size_t *i);

/* Fills a LIST(const char *); true if the key is there. */
#define read_strings(r, o, key, l) read_texts((r), (o), (key), &(l)->v, &(l)->n, &(l)->cap)
bool read_texts(struct reader *r, const json_t *o, const char *key, const char ***v, size_t *n, size_t *cap);

/* An element of "packages": an object, or a requirement as text. */
void read_package(struct reader *r, const json_t *o, struct package *p);

/* An element of "libraries". */
void read_library(struct reader *r, const json_t *o, struct library *l);

#endif
