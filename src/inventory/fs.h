/*
 * inventory/fs.h: a merged file tree, as a container would see it. Built by
 * scan, asked by derive. Nodes are numbered; 0 is the root. Names are bytes.
 */
#ifndef INVENTORY_FS_H
#define INVENTORY_FS_H

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
	uint16_t implied;             /* a parent that its layer does not name */
	uint16_t layer;
	uint32_t link;                /* symlink: offset of its target in names */
	uint32_t link_n;
	uint32_t item;                /* 1 + index in the record's captured items (texts, ELF); 0 = none */
	uint64_t size;
};

struct fs;

#define FS_NONE UINT32_MAX

struct fs *fs_new(void);       /* NULL when memory runs out */
void fs_free(struct fs *t);
size_t fs_count(const struct fs *t); /* nodes ever made: valid numbers are below it */
const struct node *fs_node(const struct fs *t, uint32_t n);
struct node *fs_edit(struct fs *t, uint32_t n);
struct span fs_name(const struct fs *t, uint32_t n);
struct span fs_link(const struct fs *t, uint32_t n);
char *fs_path(const struct fs *t, uint32_t n, struct arena *a); /* "/usr/lib/x"; "/" is the root */

/* The child of that name; FS_NONE if none (or gone). */
uint32_t fs_child(const struct fs *t, uint32_t dir, struct span name);

/* Makes (or finds) a child; FS_NONE when memory runs out. A new node is a folder of mode 0755 of `layer`. */
uint32_t fs_add(struct fs *t, uint32_t dir, struct span name, uint16_t layer);
bool fs_set_link(struct fs *t, uint32_t n, struct span target);

/*
 * The next node as `like` says (its parent must be there; child, next, name and
 * link are set here), without an entry in the table of names: fs_child and
 * fs_find do not see it. For trees that are walked and never searched.
 */
bool fs_append(struct fs *t, const struct node *like, struct span name, struct span link);

/* First and next living child in the order of insertion; FS_NONE at the end. */
uint32_t fs_first(const struct fs *t, uint32_t dir);
uint32_t fs_next_sibling(const struct fs *t, uint32_t n);

/*
 * Walks a path from folder `from` inside the root: "..", absolute and relative
 * links, never above the root, at most LIMIT_LINKS links. With `follow` the
 * last name is followed too. FS_NONE if it does not exist.
 */
uint32_t fs_find(const struct fs *t, uint32_t from, struct span path, bool follow);

/* The same; adds the names that were looked up on the way, links' own included, to *names. */
uint32_t fs_find_counted(const struct fs *t, uint32_t from, struct span path, bool follow, uint64_t *names);

#endif
