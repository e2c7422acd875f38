#ifndef ENVCHECK_INVENTORY_WRITE_PARTS_H
#define ENVCHECK_INVENTORY_WRITE_PARTS_H

/* Shared by the files that write an inventory's JSON. */
#include "base/json.h"
#include "inventory/inventory.h"

/* Values by key: a known text alone, a layer if there is one, null for an unknown version, lists. */
void put_known(struct json_out *j, const char *key, const char *s);
void put_layer(struct json_out *j, int layer);
void put_ver2(struct json_out *j, const char *key, struct ver2 v);
void put_sms(struct json_out *j, const char *key, const char *prefix, const struct sm *v, size_t n);

/* A LIST(const char *). */
#define put_strings(j, key, l) put_texts((j), (key), (l)->v, (l)->n)
void put_texts(struct json_out *j, const char *key, const char *const *v, size_t n);

/* An element of "packages", and one of "libraries". */
void put_package(struct json_out *j, const struct package *p);
void put_library(struct json_out *j, const struct library *l);

#endif
