/*
 * parse/k8snodes.h: `kubectl get nodes -o json`, with the labels of NVIDIA's
 * GPU feature discovery, of clouds and of other makers. host and tests include it.
 */
#ifndef PARSE_K8SNODES_H
#define PARSE_K8SNODES_H

#include <jansson.h>

#include "parse/machine.h"

struct node_groups {
	LIST(struct machine) v; /* equal nodes are one, counted in `nodes`, under the first one's name; in the order of the list */
	unsigned silent;        /* nodes that say nothing of GPUs */
};

/* Is it a Node or a list of Nodes? */
bool k8snodes_is(const json_t *o);

/* -1: memory, or an element that is no node. */
int k8snodes_parse(const json_t *o, struct arena *a, struct node_groups *out, struct err *err);

#endif
