/*
 * Little-endian numbers of fixed width, texts with their length before and a
 * NUL behind, lists with their count before: read in one pass, in place. The
 * reader believes nothing: counts are held to the bytes that are left, and a
 * tree comes out whatever the parents say.
 */
#include "scan/recordio.h"

#include <string.h>

#include "base/elffacts.h"

enum { TEXT_NONE = 0xffffffff };
enum { NODE_GONE = 1, NODE_IMPLIED = 2, NODE_LINK = 4 };          /* flags of a node */
enum { ITEM_HAS_ELF = 1, ITEM_HAS_FAT = 2, ITEM_FAT_READ = 4 };   /* of an item */
enum { ELF_WIDE = 1, ELF_BE = 2, ELF_DYNAMIC = 4, ELF_SECTIONS = 8, ELF_NODEFLIB = 16, ELF_SYMBOLS = 32, ELF_RUNPATH = 64, ELF_LOST = 128 };

/* ---- out ---- */

static void put(struct buf *b, uint64_t v, unsigned bytes)
{
	unsigned char p[8];
	for (unsigned i = 0; i < bytes; i++)
		p[i] = (unsigned char)(v >> 8 * i);
	buf_add(b, p, bytes);
}

static void put_span(struct buf *b, struct span s)
{
	if (s.n >= TEXT_NONE)
		b->bad = true;
	put(b, s.n, 4);
	buf_add(b, s.p, s.n);
	buf_char(b, '\0');
}

static void put_text(struct buf *b, const char *s)
{
	if (s)
		put_span(b, SPAN_STR(s));
	else
		put(b, TEXT_NONE, 4);
}

static void put_texts(struct buf *b, const char *const *v, size_t n)
{
	put(b, n, 4);
	for (size_t i = 0; i < n; i++)
		put_text(b, v[i]);
}

static void put_nodes(struct buf *b, const struct fs *fs)
{
	put(b, fs_count(fs), 4);
	const struct node *root = fs_node(fs, 0);
	put(b, root->mode, 2);
	put(b, root->implied, 1);
	for (uint32_t i = 1; i < fs_count(fs); i++) {
		const struct node *n = fs_node(fs, i);
		struct span link = fs_link(fs, i);
		put(b, n->parent, 4);
		put(b, n->type, 1);
		put(b, (n->gone ? NODE_GONE : 0u) | (n->implied ? NODE_IMPLIED : 0u) | (link.n ? NODE_LINK : 0u), 1);
		put(b, n->mode, 2);
		put(b, n->size, 8);
		put(b, n->name_n, 2);
		buf_add(b, fs_name(fs, i).p, n->name_n);
		if (link.n)
			put_span(b, link);
	}
}

static void put_symbols(struct buf *b, const struct elf_facts *e)
{
	put(b, e->undefined.n, 4);
	for (size_t i = 0; i < e->undefined.n; i++) {
		put_text(b, e->undefined.v[i].name);
		put_text(b, e->undefined.v[i].version);
		put(b, e->undefined.v[i].weak, 1);
	}
	put(b, e->defined_n, 4);
	for (size_t i = 0; i < e->defined_n; i++) {
		put(b, e->defined[i].hash, 4);
		put(b, e->defined[i].version, 2);
	}
}

static void put_places(struct buf *b, const struct elf_facts *e)
{
	put(b, e->sections.n, 4);
	for (size_t i = 0; i < e->sections.n; i++) {
		const struct elf_section *s = &e->sections.v[i];
		put_text(b, s->name);
		put(b, s->type, 4);
		put(b, s->flags, 8);
		put(b, s->addr, 8);
		put(b, s->at, 8);
		put(b, s->size, 8);
	}
	put(b, e->segments.n, 4);
	for (size_t i = 0; i < e->segments.n; i++) {
		put(b, e->segments.v[i].at, 8);
		put(b, e->segments.v[i].addr, 8);
		put(b, e->segments.v[i].size, 8);
	}
}

static void put_elf(struct buf *b, const struct elf_facts *e)
{
	put(b, (e->wide ? ELF_WIDE : 0u) | (e->be ? ELF_BE : 0u) | (e->dynamic ? ELF_DYNAMIC : 0u) | (e->sections_known ? ELF_SECTIONS : 0u) |
	       (e->nodeflib ? ELF_NODEFLIB : 0u) | (e->symbols_known ? ELF_SYMBOLS : 0u) |
	       (e->has_runpath ? ELF_RUNPATH : 0u) | (e->needs_lost ? ELF_LOST : 0u), 1);
	put(b, e->type, 2);
	put(b, e->machine, 2);
	put_text(b, e->interp);
	put_text(b, e->soname);
	put_texts(b, e->needed.v, e->needed.n);
	put_texts(b, e->rpath.v, e->rpath.n);
	put_texts(b, e->runpath.v, e->runpath.n);
	put_texts(b, e->verdefs.v, e->verdefs.n);
	put(b, e->verneeds.n, 4);
	for (size_t i = 0; i < e->verneeds.n; i++) {
		put_text(b, e->verneeds.v[i].file);
		put_texts(b, e->verneeds.v[i].versions.v, e->verneeds.v[i].versions.n);
	}
	put_symbols(b, e);
	put_places(b, e);
	put_text(b, e->build_id);
	put_text(b, e->compat_note);
	put_texts(b, e->gaps.v, e->gaps.n);
}

static void put_sm(struct buf *b, struct sm sm)
{
	put(b, (uint16_t)sm.number, 2);
	put(b, (unsigned char)sm.suffix, 1);
}

static void put_sms(struct buf *b, const struct sm *v, size_t n)
{
	put(b, n, 4);
	for (size_t i = 0; i < n; i++)
		put_sm(b, v[i]);
}

static void put_targets(struct buf *b, const struct fat_target *v, size_t n)
{
	put(b, n, 4);
	for (size_t i = 0; i < n; i++) {
		put_sm(b, v[i].arch);
		put(b, (uint16_t)v[i].isa.major, 2);
		put(b, (uint16_t)v[i].isa.minor, 2);
		put(b, v[i].count, 4);
	}
}

static void put_fat(struct buf *b, const struct fat_facts *f)
{
	put(b, f->containers, 4);
	put(b, f->entries, 4);
	put(b, f->empty, 4);
	put_targets(b, f->cubin.v, f->cubin.n);
	put_targets(b, f->ptx.v, f->ptx.n);
	put_targets(b, f->lto.v, f->lto.n);
	put(b, f->groups.n, 4);
	for (size_t i = 0; i < f->groups.n; i++) {
		put_sms(b, f->groups.v[i].cubin.v, f->groups.v[i].cubin.n);
		put_sms(b, f->groups.v[i].ptx.v, f->groups.v[i].ptx.n);
		put(b, f->groups.v[i].containers, 4);
	}
	put_texts(b, f->gaps.v, f->gaps.n);
}

static void put_item(struct buf *b, const struct item *it)
{
	put(b, it->kind, 1);
	put(b, it->node, 4);
	put(b, (it->elf ? ITEM_HAS_ELF : 0u) | (it->fat ? ITEM_HAS_FAT : 0u) | (it->fat_read ? ITEM_FAT_READ : 0u), 1);
	put_span(b, it->text);
	put_text(b, it->version);
	put_text(b, it->version_from);
	put_text(b, it->gap);
	if (it->elf)
		put_elf(b, it->elf);
	if (it->fat)
		put_fat(b, it->fat);
}

/* An item that the tree still points to: the layer may name a file twice. */
static bool is_kept(const struct record *r, size_t i)
{
	const struct item *it = &r->items.v[i];
	return it->kind != ITEM_HASH && fs_node(r->fs, it->node)->item == i + 1;
}

static void put_items(struct buf *b, const struct record *r)
{
	size_t n = 0;
	for (size_t i = 0; i < r->items.n; i++)
		n += is_kept(r, i);
	put(b, n, 4);
	for (size_t i = 0; i < r->items.n; i++)
		if (is_kept(r, i))
			put_item(b, &r->items.v[i]);
}

void record_write(const struct record *r, struct buf *b)
{
	size_t gaps = 0;
	put(b, r->entries, 8);
	put_text(b, r->notice);
	put_nodes(b, r->fs);
	put_items(b, r);
	put(b, r->hardlinks.n, 4);
	for (size_t i = 0; i < r->hardlinks.n; i++) {
		put(b, r->hardlinks.v[i].node, 4);
		put_span(b, r->hardlinks.v[i].target);
	}
	put(b, r->hidden.n, 4);
	for (size_t i = 0; i < r->hidden.n; i++) {
		put_span(b, r->hidden.v[i].dir);
		put_span(b, r->hidden.v[i].name);
		put(b, r->hidden.v[i].opaque, 1);
	}
	for (size_t i = 0; i < r->gaps.n; i++)
		gaps += !r->gaps.v[i].of_hash;
	put(b, gaps, 4);
	for (size_t i = 0; i < r->gaps.n; i++)
		if (!r->gaps.v[i].of_hash) {
			put_span(b, r->gaps.v[i].path);
			put_text(b, r->gaps.v[i].reason);
		}
}

/* ---- in ---- */

struct in {
	struct cur c;
	struct arena *a;
	struct record *r;
};

static bool refuse(struct in *in)
{
	in->c.bad = true;
	return false;
}

/* A text with its length before and its NUL behind; p is NULL where there is none. */
static struct span get_span(struct in *in)
{
	uint32_t n = cur_u32(&in->c);
	if (n == TEXT_NONE)
		return (struct span){ 0 };
	struct span s = cur_take(&in->c, n);
	if (cur_u8(&in->c) != 0)
		refuse(in);
	return in->c.bad ? (struct span){ 0 } : s;
}

/* A text of ours: without a NUL inside. */
static const char *get_text(struct in *in)
{
	struct span s = get_span(in);
	if (s.n && memchr(s.p, 0, s.n))
		refuse(in);
	return in->c.bad ? NULL : (const char *)s.p;
}

static const char *need_text(struct in *in)
{
	const char *s = get_text(in);
	if (!s)
		refuse(in);
	return s;
}

/* How many elements follow, each at least `each` bytes long; 0 and bad where there is no room for them. */
static uint32_t get_count(struct in *in, uint64_t each)
{
	uint32_t n = cur_u32(&in->c);
	if (!in->c.bad && cur_has(&in->c, n, each))
		return n;
	refuse(in);
	return 0;
}

/* Room for the elements of a list at once; 0 where there are none, or none can be. */
static uint32_t get_list(struct in *in, uint64_t each, void **v, size_t *n, size_t *cap, size_t size)
{
	uint32_t count = get_count(in, each);
	*v = count ? arena_alloc(in->a, count * size) : NULL;
	if (count && !*v)
		refuse(in);
	*n = *cap = *v ? count : 0;
	return (uint32_t)*n;
}
#define GET_LIST(in, each, l) get_list((in), (each), (void **)&(l)->v, &(l)->n, &(l)->cap, sizeof(*(l)->v))

static void get_texts(struct in *in, const char ***v, size_t *n, size_t *cap)
{
	get_list(in, 5, (void **)v, n, cap, sizeof(**v));
	for (size_t i = 0; i < *n && !in->c.bad; i++)
		(*v)[i] = need_text(in);
}
#define GET_TEXTS(in, l) get_texts((in), &(l)->v, &(l)->n, &(l)->cap)

static bool is_name(struct span s)
{
	return s.n && !memchr(s.p, '/', s.n) && !memchr(s.p, 0, s.n) && !span_eq(s, ".") && !span_eq(s, "..");
}

static bool get_nodes(struct in *in)
{
	struct cur *c = &in->c;
	uint32_t n = get_count(in, 3);
	struct node *root = fs_edit(in->r->fs, 0);
	root->mode = cur_u16(c);
	root->implied = cur_u8(c) != 0;
	for (uint32_t i = 1; i < n && !c->bad; i++) {
		struct node node = { .parent = cur_u32(c) };
		node.type = cur_u8(c);
		uint8_t flags = cur_u8(c);
		node.gone = (flags & NODE_GONE) != 0;
		node.implied = (flags & NODE_IMPLIED) != 0;
		node.mode = cur_u16(c);
		node.size = cur_u64(c);
		struct span name = cur_take(c, cur_u16(c));
		struct span link = flags & NODE_LINK ? get_span(in) : (struct span){ 0 };
		if (c->bad || node.parent >= i || node.type > NODE_SOCKET || !is_name(name) || !fs_append(in->r->fs, &node, name, link))
			return refuse(in);
	}
	return !c->bad && n;
}

static void get_symbols(struct in *in, struct elf_facts *e)
{
	struct cur *c = &in->c;
	for (uint32_t i = 0, n = GET_LIST(in, 10, &e->undefined); i < n && !c->bad; i++) {
		struct elf_symbol *u = &e->undefined.v[i];
		u->name = need_text(in);
		u->version = get_text(in);
		u->weak = cur_u8(c) != 0;
	}
	uint32_t n = get_count(in, 6), last = 0;
	struct span packed = cur_take(c, 6 * (uint64_t)n);
	struct elf_defined *d = n ? arena_alloc(in->a, n * sizeof(*d)) : NULL;
	if (!n || !d || c->bad) {
		c->bad |= n != 0;
		return;
	}
	struct cur p = cur_of(packed);
	for (uint32_t i = 0; i < n; i++) {
		d[i].hash = cur_u32(&p);
		d[i].version = cur_u16(&p);
		if (d[i].hash < last)
			c->bad = true;
		last = d[i].hash;
	}
	e->defined = d;
	e->defined_n = n;
	c->bad |= !elf_filter(e, in->a);
}

static void get_places(struct in *in, struct elf_facts *e)
{
	struct cur *c = &in->c;
	for (uint32_t i = 0, n = GET_LIST(in, 41, &e->sections); i < n && !c->bad; i++) {
		struct elf_section *s = &e->sections.v[i];
		s->name = need_text(in);
		s->type = cur_u32(c);
		s->flags = cur_u64(c);
		s->addr = cur_u64(c);
		s->at = cur_u64(c);
		s->size = cur_u64(c);
	}
	for (uint32_t i = 0, n = GET_LIST(in, 24, &e->segments); i < n && !c->bad; i++) {
		e->segments.v[i].at = cur_u64(c);
		e->segments.v[i].addr = cur_u64(c);
		e->segments.v[i].size = cur_u64(c);
	}
}

static const struct elf_facts *get_elf(struct in *in)
{
	struct cur *c = &in->c;
	struct elf_facts *e = arena_alloc(in->a, sizeof(*e));
	if (!e) {
		refuse(in);
		return NULL;
	}
	uint8_t flags = cur_u8(c);
	e->wide = flags & ELF_WIDE;
	e->be = flags & ELF_BE;
	e->dynamic = flags & ELF_DYNAMIC;
	e->sections_known = flags & ELF_SECTIONS;
	e->nodeflib = flags & ELF_NODEFLIB;
	e->symbols_known = flags & ELF_SYMBOLS;
	e->has_runpath = flags & ELF_RUNPATH;
	e->needs_lost = flags & ELF_LOST;
	e->type = cur_u16(c);
	e->machine = cur_u16(c);
	e->interp = get_text(in);
	e->soname = get_text(in);
	GET_TEXTS(in, &e->needed);
	GET_TEXTS(in, &e->rpath);
	GET_TEXTS(in, &e->runpath);
	GET_TEXTS(in, &e->verdefs);
	for (uint32_t i = 0, n = GET_LIST(in, 9, &e->verneeds); i < n && !c->bad; i++) {
		e->verneeds.v[i].file = need_text(in);
		GET_TEXTS(in, &e->verneeds.v[i].versions);
	}
	get_symbols(in, e);
	get_places(in, e);
	e->build_id = get_text(in);
	e->compat_note = get_text(in);
	GET_TEXTS(in, &e->gaps);
	return e;
}

static struct sm get_sm(struct in *in)
{
	struct sm sm = { .number = (short)cur_u16(&in->c) };
	sm.suffix = (char)cur_u8(&in->c);
	return sm;
}

static void get_sms(struct in *in, struct sm **v, size_t *n, size_t *cap)
{
	get_list(in, 3, (void **)v, n, cap, sizeof(**v));
	for (size_t i = 0; i < *n && !in->c.bad; i++)
		(*v)[i] = get_sm(in);
}
#define GET_SMS(in, l) get_sms((in), &(l)->v, &(l)->n, &(l)->cap)

static void get_targets(struct in *in, struct fat_target **v, size_t *n, size_t *cap)
{
	get_list(in, 11, (void **)v, n, cap, sizeof(**v));
	for (size_t i = 0; i < *n && !in->c.bad; i++) {
		(*v)[i].arch = get_sm(in);
		(*v)[i].isa.major = (short)cur_u16(&in->c);
		(*v)[i].isa.minor = (short)cur_u16(&in->c);
		(*v)[i].count = cur_u32(&in->c);
	}
}
#define GET_TARGETS(in, l) get_targets((in), &(l)->v, &(l)->n, &(l)->cap)

static const struct fat_facts *get_fat(struct in *in)
{
	struct fat_facts *f = arena_alloc(in->a, sizeof(*f));
	if (!f) {
		refuse(in);
		return NULL;
	}
	f->containers = cur_u32(&in->c);
	f->entries = cur_u32(&in->c);
	f->empty = cur_u32(&in->c);
	GET_TARGETS(in, &f->cubin);
	GET_TARGETS(in, &f->ptx);
	GET_TARGETS(in, &f->lto);
	for (uint32_t i = 0, n = GET_LIST(in, 12, &f->groups); i < n && !in->c.bad; i++) {
		GET_SMS(in, &f->groups.v[i].cubin);
		GET_SMS(in, &f->groups.v[i].ptx);
		f->groups.v[i].containers = cur_u32(&in->c);
	}
	GET_TEXTS(in, &f->gaps);
	return f;
}

static void get_items(struct in *in)
{
	struct cur *c = &in->c;
	for (uint32_t i = 0, n = GET_LIST(in, 23, &in->r->items); i < n && !c->bad; i++) {
		struct item *it = &in->r->items.v[i];
		uint8_t kind = cur_u8(c);
		it->kind = kind == ITEM_ELF ? ITEM_ELF : ITEM_TEXT;
		it->node = cur_u32(c);
		uint8_t flags = cur_u8(c);
		it->fat_read = flags & ITEM_FAT_READ;
		it->text = get_span(in);
		it->version = get_text(in);
		it->version_from = get_text(in);
		it->gap = get_text(in);
		it->elf = flags & ITEM_HAS_ELF ? get_elf(in) : NULL;
		it->fat = flags & ITEM_HAS_FAT ? get_fat(in) : NULL;
		if (c->bad || kind > ITEM_ELF || !it->node || it->node >= fs_count(in->r->fs) || fs_node(in->r->fs, it->node)->item) {
			refuse(in);
			return;
		}
		fs_edit(in->r->fs, it->node)->item = i + 1;
	}
}

static struct span need_span(struct in *in)
{
	struct span s = get_span(in);
	if (!s.p)
		refuse(in);
	return s;
}

static void get_rest(struct in *in)
{
	struct cur *c = &in->c;
	struct record *r = in->r;
	for (uint32_t i = 0, n = GET_LIST(in, 9, &r->hardlinks); i < n && !c->bad; i++) {
		r->hardlinks.v[i].node = cur_u32(c);
		r->hardlinks.v[i].target = need_span(in);
		if (!r->hardlinks.v[i].node || r->hardlinks.v[i].node >= fs_count(r->fs))
			refuse(in);
	}
	for (uint32_t i = 0, n = GET_LIST(in, 11, &r->hidden); i < n && !c->bad; i++) {
		r->hidden.v[i].dir = need_span(in);
		r->hidden.v[i].name = need_span(in);
		r->hidden.v[i].opaque = cur_u8(c) != 0;
	}
	for (uint32_t i = 0, n = GET_LIST(in, 10, &r->gaps); i < n && !c->bad; i++) {
		r->gaps.v[i].path = need_span(in);
		r->gaps.v[i].reason = need_text(in);
	}
}

bool record_read(struct span bytes, struct record *r)
{
	if (record_open(r) < 0)
		return false;
	struct in in = { .c = cur_of(bytes), .a = &r->arena, .r = r };
	r->entries = cur_u64(&in.c);
	r->notice = get_text(&in);
	if (get_nodes(&in)) {
		get_items(&in);
		get_rest(&in);
	}
	if (!in.c.bad && !cur_left(&in.c))
		return true;
	record_clear(r);
	return false;
}
