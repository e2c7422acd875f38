#include "inventory/fs.h"

#include <string.h>

#include "base/limits.h"
#include "base/mem.h"

/*
 * Nodes and names are two growing arrays; a table of (parent, name) finds a
 * child without walking its siblings. Slots hold 1 + the node's number.
 */
struct fs {
	struct node *node;
	uint32_t n, cap;
	uint32_t *last; /* last child of each node: children keep the order of insertion */
	char *names;
	uint32_t names_n, names_cap;
	uint32_t *slot;
	uint32_t slots; /* a power of two */
};

static uint32_t hash(uint32_t dir, struct span name)
{
	uint32_t h = 2166136261u ^ dir * 2654435761u; /* FNV-1a */
	for (size_t i = 0; i < name.n; i++)
		h = (h ^ name.p[i]) * 16777619u;
	return h ^ h >> 15;
}

static bool grow_slots(struct fs *t)
{
	uint32_t slots = t->slots ? 2 * t->slots : 1024;
	uint32_t *slot = mem_alloc(slots * sizeof(*slot));
	if (!slot)
		return false;
	memset(slot, 0, slots * sizeof(*slot));
	for (uint32_t i = 1; i < t->n; i++) {
		uint32_t at = hash(t->node[i].parent, fs_name(t, i)) & (slots - 1);
		while (slot[at])
			at = (at + 1) & (slots - 1);
		slot[at] = i + 1;
	}
	mem_free(t->slot);
	t->slot = slot;
	t->slots = slots;
	return true;
}

static bool grow_nodes(struct fs *t)
{
	if (t->n < t->cap)
		return true;
	if (t->cap > UINT32_MAX / 4)
		return false;
	uint32_t cap = t->cap ? t->cap + t->cap / 2 : 256;
	struct node *node = mem_resize(t->node, cap * sizeof(*node));
	if (!node)
		return false;
	t->node = node;
	uint32_t *last = mem_resize(t->last, cap * sizeof(*last));
	if (!last)
		return false;
	t->last = last;
	t->cap = cap;
	return true;
}

/* Copies bytes to the names; their offset, or FS_NONE. */
static uint32_t add_name(struct fs *t, struct span s)
{
	if (s.n > UINT32_MAX / 4 || t->names_n > UINT32_MAX / 2)
		return FS_NONE;
	uint32_t need = t->names_n + (uint32_t)s.n;
	if (need > t->names_cap) {
		uint32_t cap = need + need / 2 + 4096;
		char *names = mem_resize(t->names, cap);
		if (!names)
			return FS_NONE;
		t->names = names;
		t->names_cap = cap;
	}
	uint32_t at = t->names_n;
	if (s.n)
		memcpy(t->names + at, s.p, s.n);
	t->names_n = need;
	return at;
}

struct fs *fs_new(void)
{
	struct fs *t = mem_alloc(sizeof(*t));
	if (!t)
		return NULL;
	*t = (struct fs){ 0 };
	if (!grow_nodes(t) || !grow_slots(t)) {
		fs_free(t);
		return NULL;
	}
	t->node[0] = (struct node){ .type = NODE_DIR, .mode = 0755 };
	t->last[0] = 0;
	t->n = 1;
	return t;
}

void fs_free(struct fs *t)
{
	if (!t)
		return;
	mem_free(t->node);
	mem_free(t->last);
	mem_free(t->names);
	mem_free(t->slot);
	mem_free(t);
}

size_t fs_count(const struct fs *t)
{
	return t->n;
}

const struct node *fs_node(const struct fs *t, uint32_t n)
{
	return &t->node[n];
}

struct node *fs_edit(struct fs *t, uint32_t n)
{
	return &t->node[n];
}

struct span fs_name(const struct fs *t, uint32_t n)
{
	return (struct span){ (const unsigned char *)t->names + t->node[n].name, t->node[n].name_n };
}

struct span fs_link(const struct fs *t, uint32_t n)
{
	return (struct span){ (const unsigned char *)t->names + t->node[n].link, t->node[n].link_n };
}

char *fs_path(const struct fs *t, uint32_t n, struct arena *a)
{
	size_t len = 0;
	for (uint32_t i = n; i; i = t->node[i].parent)
		len += 1u + t->node[i].name_n;
	char *s = arena_alloc(a, len + 2);
	if (!s)
		return NULL;
	if (!n)
		s[0] = '/';
	for (uint32_t i = n; i; i = t->node[i].parent) {
		len -= t->node[i].name_n;
		memcpy(s + len, t->names + t->node[i].name, t->node[i].name_n);
		s[--len] = '/';
	}
	return s;
}

/* The node of that name, also when it is gone; FS_NONE if it never was. */
static uint32_t lookup(const struct fs *t, uint32_t dir, struct span name)
{
	for (uint32_t at = hash(dir, name) & (t->slots - 1); t->slot[at]; at = (at + 1) & (t->slots - 1)) {
		uint32_t n = t->slot[at] - 1;
		struct span own = fs_name(t, n);
		if (t->node[n].parent == dir && own.n == name.n && (!own.n || !memcmp(own.p, name.p, own.n)))
			return n;
	}
	return FS_NONE;
}

uint32_t fs_child(const struct fs *t, uint32_t dir, struct span name)
{
	uint32_t n = lookup(t, dir, name);
	return n != FS_NONE && t->node[n].gone ? FS_NONE : n;
}

/* Puts a node behind its siblings; there is room for it. Its number. */
static uint32_t join(struct fs *t, struct node node)
{
	uint32_t n = t->n++, dir = node.parent;
	t->node[n] = node;
	t->last[n] = 0;
	if (t->last[dir])
		t->node[t->last[dir]].next = n;
	else
		t->node[dir].child = n;
	t->last[dir] = n;
	return n;
}

bool fs_append(struct fs *t, const struct node *like, struct span name, struct span link)
{
	if (name.n > UINT16_MAX || !grow_nodes(t))
		return false;
	struct node node = *like;
	node.child = node.next = 0;
	node.name = add_name(t, name);
	node.name_n = (uint16_t)name.n;
	node.link = link.n ? add_name(t, link) : 0;
	node.link_n = (uint32_t)link.n;
	if (node.name == FS_NONE || node.link == FS_NONE)
		return false;
	join(t, node);
	return true;
}

uint32_t fs_add(struct fs *t, uint32_t dir, struct span name, uint16_t layer)
{
	uint32_t n = lookup(t, dir, name);
	if (n != FS_NONE) {
		struct node *old = &t->node[n];
		if (old->gone) {
			struct node keep = *old;
			*old = (struct node){ .parent = keep.parent, .next = keep.next, .child = keep.child, .name = keep.name,
					      .name_n = keep.name_n, .type = NODE_DIR, .mode = 0755, .layer = layer };
		}
		return n;
	}
	if (name.n > UINT16_MAX || !grow_nodes(t) || (4 * (t->n + 1) > 3 * t->slots && !grow_slots(t)))
		return FS_NONE;
	uint32_t at_name = add_name(t, name);
	if (at_name == FS_NONE)
		return FS_NONE;
	n = join(t, (struct node){ .parent = dir, .name = at_name, .name_n = (uint16_t)name.n, .type = NODE_DIR, .mode = 0755, .layer = layer });
	uint32_t at = hash(dir, name) & (t->slots - 1);
	while (t->slot[at])
		at = (at + 1) & (t->slots - 1);
	t->slot[at] = n + 1;
	return n;
}

bool fs_set_link(struct fs *t, uint32_t n, struct span target)
{
	uint32_t at = add_name(t, target);
	if (at == FS_NONE)
		return false;
	t->node[n].link = at;
	t->node[n].link_n = (uint32_t)target.n;
	return true;
}

/* The first of n and its younger siblings that lives. */
static uint32_t living(const struct fs *t, uint32_t n)
{
	while (n && t->node[n].gone)
		n = t->node[n].next;
	return n ? n : FS_NONE;
}

uint32_t fs_first(const struct fs *t, uint32_t dir)
{
	return living(t, t->node[dir].child);
}

uint32_t fs_next_sibling(const struct fs *t, uint32_t n)
{
	return living(t, t->node[n].next);
}

/* What a walk and those inside it may still do, and have done. */
struct pace {
	unsigned links; /* to be followed yet */
	uint64_t names; /* looked up */
};

static uint32_t walk(const struct fs *t, uint32_t from, struct span path, bool follow, struct pace *pace)
{
	uint32_t at = path.n && path.p[0] == '/' ? 0 : from;
	while (path.n) {
		struct span name = span_cut(&path, '/');
		if (!name.n || span_eq(name, "."))
			continue;
		if (t->node[at].type != NODE_DIR)
			return FS_NONE;
		if (span_eq(name, "..")) {
			at = t->node[at].parent;
			continue;
		}
		pace->names++;
		uint32_t next = fs_child(t, at, name);
		if (next == FS_NONE)
			return FS_NONE;
		bool last = true;
		for (size_t i = 0; i < path.n; i++)
			last = last && path.p[i] == '/';
		if (t->node[next].type == NODE_SYMLINK && (follow || !last)) {
			if (!pace->links)
				return FS_NONE;
			pace->links--;
			next = walk(t, at, fs_link(t, next), true, pace);
			if (next == FS_NONE)
				return FS_NONE;
		}
		at = next;
	}
	return at;
}

uint32_t fs_find(const struct fs *t, uint32_t from, struct span path, bool follow)
{
	struct pace pace = { .links = LIMIT_LINKS };
	return walk(t, from, path, follow, &pace);
}

uint32_t fs_find_counted(const struct fs *t, uint32_t from, struct span path, bool follow, uint64_t *names)
{
	struct pace pace = { .links = LIMIT_LINKS };
	uint32_t n = walk(t, from, path, follow, &pace);
	*names += pace.names;
	return n;
}
