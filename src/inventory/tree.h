/*
 * inventory/tree.h: a merged file tree, as a container would see it. Built by
 * scan, asked by derive. Nodes are numbered; 0 is the root. Names are bytes.
 */
#ifndef INVENTORY_TREE_H
#define INVENTORY_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cur.h"
#include "base/mem.h"

enum node_type { NODE_FILE, NODE_DIR, NODE_SYMLINK, NODE_CHAR, NODE_BLOCK, NODE_FIFO, NODE_SOCKET };

struct node {
	uint32_t parent, child, next; /* first child, next sibling; 0 = none */
	uint32_t name;                /* offset in the tree's names */
	uint16_t name_n;
	uint8_t type;                 /* enum node_type */
	uint8_t gone;                 /* whited out or replaced: skip it */
	uint16_t mode;
	uint16_t layer;
	uint32_t link;                /* symlink: offset of its target in names */
	uint32_t link_n;
	uint32_t item;                /* 1 + index in the record's captured items (texts, ELF); 0 = none */
	uint64_t size;
};

struct tree;

#define TREE_NONE UINT32_MAX

struct tree *tree_new(void);       /* NULL when memory runs out */
void tree_free(struct tree *t);
size_t tree_count(const struct tree *t); /* nodes ever made: valid numbers are below it */
const struct node *tree_node(const struct tree *t, uint32_t n);
struct node *tree_edit(struct tree *t, uint32_t n);
struct span tree_name(const struct tree *t, uint32_t n);
struct span tree_link(const struct tree *t, uint32_t n);
char *tree_path(const struct tree *t, uint32_t n, struct arena *a); /* "/usr/lib/x"; "/" is the root */

/* The child of that name; TREE_NONE if none (or gone). */
uint32_t tree_child(const struct tree *t, uint32_t dir, struct span name);

/* Makes (or finds) a child; TREE_NONE when memory runs out. A new node is a folder of mode 0755 of `layer`. */
uint32_t tree_add(struct tree *t, uint32_t dir, struct span name, uint16_t layer);
bool tree_set_link(struct tree *t, uint32_t n, struct span target);

/* First and next living child in the order of insertion; TREE_NONE at the end. */
uint32_t tree_first(const struct tree *t, uint32_t dir);
uint32_t tree_next_sibling(const struct tree *t, uint32_t n);

/*
 * Walks a path from folder `from` inside the root: "..", absolute and relative
 * links, never above the root, at most LIMIT_LINKS links. With `follow` the
 * last name is followed too. TREE_NONE if it does not exist.
 */
uint32_t tree_find(const struct tree *t, uint32_t from, struct span path, bool follow);

#endif
