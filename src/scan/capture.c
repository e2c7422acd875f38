#include "scan/capture.h"

#include <elf.h>
#include <string.h>

#include "base/elffacts.h"
#include "base/limits.h"
#include "base/str.h"
#include "base/version.h"
#include "parse/elf.h"
#include "parse/fatbin.h"
#include "parse/libversion.h"
#include "source/tree.h"

/*
 * The body of a stream passes, and the search for GPU code sees all of it. Of
 * a large library little is kept (bytes): what its parser misses is decoded
 * once more (scan/replay.h). Where the stream cannot go back, its head and its
 * tail are kept, where linkers and patchelf put symbols and strings.
 */
enum { KEEP_HEAD = 512 << 10, KEEP_WHOLE = 1 << 20, FAT_WINDOW = 4096, HEAD_PEEK = 4096 };
enum { ONCE_HEAD = 16 << 20, ONCE_TAIL = 20 << 20, ONCE_WHOLE = 32 << 20 };

void capture_clear(struct capture *c)
{
	mem_free(c->bytes);
	mem_free(c->tail);
	mem_free(c->again);
	mem_free(c->early[0]);
	mem_free(c->early[1]);
	filehash_clear(&c->hash);
	replay_clear(&c->replay);
	*c = (struct capture)CAPTURE_INIT;
}

static bool reserve(unsigned char **p, size_t *cap, size_t n)
{
	if (n <= *cap)
		return true;
	unsigned char *more = mem_resize(*p, n);
	if (!more)
		return false;
	*p = more;
	*cap = n;
	return true;
}

/* ---- texts ---- */

static int capture_text(struct capture *c, struct tree *t, const struct tree_entry *e, uint32_t limit, struct arena *a, struct item *item,
			const char **gap, struct err *err)
{
	if (e->size > limit) {
		*gap = "it is larger than what is read of such a file";
		return 0;
	}
	char *text = arena_alloc(a, (size_t)e->size + 1);
	if (!text)
		return err_nomem(err);
	ssize_t n = e->read_at ? tree_body_read_at(t, 0, text, (size_t)e->size, err) : tree_body_read(t, text, (size_t)e->size, err);
	if (n < 0)
		return -1;
	item->kind = ITEM_TEXT;
	item->text = (struct span){ (unsigned char *)text, (size_t)n };
	return filehash_feed(&c->hash, item->text, err) < 0 ? -1 : 1;
}

/* ---- the bytes of one ELF file, from anywhere or as kept from a stream ---- */

struct body {
	struct capture *c;
	struct tree *t; /* NULL: a stream: what was kept, and what can be replayed */
	uint64_t size;
	uint64_t head_max, head_n, tail_at, tail_n;
	bool placed; /* `early` is known */
	struct elf_early early;
	uint64_t early_n[2]; /* bytes of its ranges that came */
	struct span name; /* of the file, without its folder */
	const struct libversion *version; /* how it tells its version; NULL */
	struct libversion_search banner;
	uint64_t searched; /* bytes of sections that were looked through, over all passes */
};

/* What there is of a range, in one run; an empty span where it was not kept. */
static int serve(struct body *b, struct want w, struct span *got, struct err *err)
{
	struct capture *c = b->c;
	*got = (struct span){ 0 };
	if (b->t) {
		if (!reserve(&c->bytes, &c->cap, w.n))
			return err_nomem(err);
		ssize_t n = tree_body_read_at(b->t, w.at, c->bytes, w.n, err);
		if (n < 0)
			return -1;
		*got = (struct span){ c->bytes, (size_t)n };
		return 0;
	}
	if (w.at < b->head_n)
		*got = span_sub((struct span){ c->bytes, (size_t)b->head_n }, (size_t)w.at, w.n);
	else if (b->tail_n && w.at >= b->tail_at)
		*got = span_sub((struct span){ c->tail, (size_t)b->tail_n }, (size_t)(w.at - b->tail_at), w.n);
	for (size_t i = 0; !got->n && i < b->early.n; i++)
		if (w.at >= b->early.range[i].at && w.at - b->early.range[i].at < b->early_n[i])
			*got = span_sub((struct span){ c->early[i], (size_t)b->early_n[i] }, (size_t)(w.at - b->early.range[i].at), w.n);
	if (got->n && got->n >= w.least)
		return 0;
	if (!reserve(&c->again, &c->again_cap, w.n))
		return err_nomem(err);
	ssize_t n = replay_read(&c->replay, w.at, c->again, w.n, err);
	if (n > 0)
		*got = (struct span){ c->again, (size_t)n };
	return n < 0 ? -1 : 0;
}

static struct span name_of(struct span path)
{
	size_t slash = path.n;
	while (slash && path.p[slash - 1] != '/')
		slash--;
	return span_from(path, slash);
}

/* A section on its way through: from its front or, where LIMIT_SEARCH does not reach that far, its last bytes. */
struct pass {
	const char *section;
	size_t i; /* of the section that is next */
	uint64_t at, end;
};

/*
 * The next run of the sections of that name; 1, 0 at the end, -1. What was not
 * kept of a stream is left out. Many sections may lie over each other: all of
 * a file together give LIMIT_SEARCH bytes.
 */
static int pass_next(struct body *b, const struct elf_facts *elf, struct pass *p, struct span *got, struct err *err)
{
	enum { STEP = 256 * 1024 };
	for (;;) {
		if (p->at < p->end) {
			struct want w = { .at = p->at, .n = p->end - p->at < STEP ? (uint32_t)(p->end - p->at) : STEP };
			if (serve(b, w, got, err) < 0)
				return -1;
			p->at = got->n ? p->at + got->n : p->end;
			b->searched += got->n;
			if (got->n)
				return 1;
			continue;
		}
		if (p->i == elf->sections.n || b->searched >= LIMIT_SEARCH)
			return 0;
		const struct elf_section *s = &elf->sections.v[p->i++];
		if (!str_eq(s->name, p->section) || s->at > b->size)
			continue;
		uint64_t room = LIMIT_SEARCH - b->searched;
		p->end = s->size > b->size - s->at ? b->size : s->at + s->size;
		p->at = p->end - s->at > room ? p->end - room : s->at;
	}
}

/* Constants are looked through for a banner where any place can be read; of a stream they were, as they passed. */
static int search_banner(struct body *b, const struct elf_facts *elf, struct arena *a, struct err *err)
{
	struct pass p = { .section = ".rodata" };
	struct span got;
	int more = 0;
	while (!b->banner.found && (more = pass_next(b, elf, &p, &got, err)) > 0)
		libversion_feed(&b->banner, got, a);
	return more;
}

static int search_cudart(struct body *b, struct arena *a, struct item *item, const char *method, struct err *err)
{
	struct cudart_search s = { 0 };
	struct pass p = { .section = ".text" };
	struct span got;
	int more = 0;
	while (item->elf->machine == EM_X86_64 && (more = pass_next(b, item->elf, &p, &got, err)) > 0)
		cudart_feed(&s, got);
	item->version = cudart_found(&s, a);
	item->version_from = item->version ? method : NULL;
	return more;
}

/* The version of one of NVIDIA's libraries by its own bytes, else by its name. */
static int read_version(struct body *b, uint64_t symbol_at, struct arena *a, struct item *item, struct err *err)
{
	const struct libversion *v = b->version;
	if (!v)
		return 0;
	if (v->how == LIBVERSION_CUDART)
		return search_cudart(b, a, item, "cudaRuntimeGetVersion", err);
	if (v->banner && b->t && search_banner(b, item->elf, a, err) < 0)
		return -1;
	item->version = b->banner.found;
	item->version_from = item->version ? "banner" : NULL;
	if (item->version || !symbol_at || symbol_at > b->size)
		return 0;
	struct want w = { .at = symbol_at, .n = LIBVERSION_CODE };
	struct span got;
	if (b->size - symbol_at < w.n)
		w.n = (uint32_t)(b->size - symbol_at);
	if (serve(b, w, &got, err) < 0)
		return -1;
	bool code = v->how != LIBVERSION_DATA;
	if (!code || item->elf->machine == EM_X86_64)
		item->version = libversion_at_symbol(v, got, b->name, a);
	item->version_from = item->version ? v->symbol : NULL;
	return 0;
}

/* A toolkit's own files say more by their names than most of them inside; where the two disagree, the bytes are right. */
static void version_by_name(struct body *b, struct arena *a, struct item *item)
{
	const char *name = libversion_nvidia(b->name) ? libversion_of_name(b->name, a) : NULL;
	if (name && (!item->version || (strlen(name) > strlen(item->version) && version_agree(name, item->version)))) {
		item->version = name;
		item->version_from = "file name";
	}
}

/* The CUDA runtime that was linked into a library with GPU code of its own. */
static int read_static_cudart(struct body *b, struct arena *a, struct item *item, struct err *err)
{
	if (!item->elf || !item->fat || libversion_nvidia(b->name))
		return 0;
	for (size_t i = 0; i < item->elf->needed.n; i++)
		if (str_starts(item->elf->needed.v[i], "libcudart"))
			return 0;
	return search_cudart(b, a, item, STATIC_CUDART, err);
}

static int read_elf(struct body *b, bool quick, struct arena *a, struct item *item, const char **gap, struct err *err)
{
	struct elf_reader r = ELF_READER_INIT(a, b->size);
	r.symbol = b->version ? b->version->symbol : NULL;
	r.no_symbols = quick;
	struct want w;
	struct span got = { 0 };
	uint64_t at = 0;
	enum step s;
	while ((s = elf_step(&r, at, got, &w)) == STEP_WANT) {
		if (serve(b, w, &got, err) < 0) {
			elf_reader_clear(&r);
			return -1;
		}
		at = w.at;
	}
	if (s == STEP_DONE) {
		item->kind = ITEM_ELF;
		item->elf = r.facts;
		if (read_version(b, r.symbol_at, a, item, err) < 0) {
			elf_reader_clear(&r);
			return -1;
		}
		version_by_name(b, a, item);
	} else {
		*gap = r.bad ? r.bad : "it cannot be read as ELF";
	}
	elf_reader_clear(&r);
	return s == STEP_DONE;
}

/* ---- GPU code, where any place can be read: hop from header to header ---- */

static int walk_ranges(struct body *b, struct fat_walker *f, const struct fat_range *range, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t at = range[i].at, end = at > b->size || range[i].n > b->size - at ? b->size : at + range[i].n;
		uint32_t window = FAT_WINDOW;
		fat_begin(f, at);
		while (at < end) {
			uint64_t hop = fat_hop(f);
			if (hop) {
				hop = hop < end - at ? hop : end - at;
				fat_hopped(f, hop);
				at += hop;
				window = FAT_WINDOW;
				continue;
			}
			struct want w = { .at = at, .n = end - at < window ? (uint32_t)(end - at) : window };
			struct span got;
			if (serve(b, w, &got, err) < 0)
				return -1;
			if (!got.n)
				break;
			fat_feed(f, got);
			at += got.n;
			if (window < LIMIT_WANT / 4) /* nothing to hop over: a search, so read more at once */
				window *= 2;
		}
		fat_end(f);
	}
	return 0;
}

/* The ranges that count: the named sections; where those hold no code and something hints at some, the others too. */
static size_t counting_ranges(const struct fat_walker *f, const struct elf_facts *elf, struct fat_range *range)
{
	size_t n = fat_named_ranges(elf, range, FAT_RANGES);
	if (!(n && fat_has_code(f, range, n)) && fat_hinted(elf))
		n += fat_other_ranges(elf, range + n, FAT_RANGES - n);
	return n;
}

static int finish_fat(const struct fat_walker *f, const struct fat_range *range, size_t n, struct arena *a, struct item *item, struct err *err)
{
	const struct fat_facts *facts = fat_sum(f, range, n, a);
	if (!facts)
		return err_nomem(err);
	item->fat_read = true;
	item->fat = facts->containers || facts->gaps.n ? facts : NULL;
	return 0;
}

static int fat_by_hops(struct body *b, struct arena *a, struct item *item, struct err *err)
{
	struct arena scratch = ARENA_INIT;
	struct fat_walker f = FAT_WALKER_INIT(&scratch);
	struct fat_range range[FAT_RANGES] = { { 0, b->size } };
	size_t n = 1;
	int got = 0;
	if (item->elf) {
		n = fat_named_ranges(item->elf, range, FAT_RANGES);
		got = walk_ranges(b, &f, range, n, err);
		if (got == 0 && !fat_has_code(&f, range, n) && fat_hinted(item->elf)) {
			size_t more = fat_other_ranges(item->elf, range + n, FAT_RANGES - n);
			got = walk_ranges(b, &f, range + n, more, err);
			n += more;
		}
	} else {
		got = walk_ranges(b, &f, range, n, err);
	}
	if (got == 0)
		got = finish_fat(&f, range, n, a, item, err);
	arena_clear(&scratch);
	return got;
}

/* ---- one pass over a stream ---- */

/* The part of a run that belongs to a range which is filled in order; holes end it. */
static int keep_early(struct body *b, size_t i, uint64_t at, struct span bytes, struct err *err)
{
	struct want w = b->early.range[i];
	uint64_t next = w.at + b->early_n[i];
	if (b->early_n[i] == w.n || at > next || at + bytes.n <= next)
		return 0;
	bytes = span_sub(span_from(bytes, (size_t)(next - at)), 0, (size_t)(w.n - b->early_n[i]));
	if (!reserve(&b->c->early[i], &b->c->early_cap[i], w.n))
		return err_nomem(err);
	memcpy(b->c->early[i] + b->early_n[i], bytes.p, bytes.n);
	b->early_n[i] += bytes.n;
	return 0;
}

static int keep(struct body *b, uint64_t at, struct span bytes, struct err *err)
{
	struct capture *c = b->c;
	if (at < b->head_max) {
		struct span head = span_sub(bytes, 0, (size_t)(b->head_max - at));
		if (!reserve(&c->bytes, &c->cap, (size_t)b->head_max))
			return err_nomem(err);
		if (at > b->head_n)
			memset(c->bytes + b->head_n, 0, (size_t)(at - b->head_n)); /* a hole */
		memcpy(c->bytes + at, head.p, head.n);
		b->head_n = at + head.n;
		at += head.n;
		bytes = span_from(bytes, head.n);
	}
	if (!bytes.n || at + bytes.n <= b->tail_at)
		return 0;
	if (at < b->tail_at) {
		bytes = span_from(bytes, (size_t)(b->tail_at - at));
		at = b->tail_at;
	}
	uint64_t off = at - b->tail_at;
	if (!reserve(&c->tail, &c->tail_cap, (size_t)(b->size - b->tail_at)))
		return err_nomem(err);
	if (off > b->tail_n)
		memset(c->tail + b->tail_n, 0, (size_t)(off - b->tail_n));
	memcpy(c->tail + off, bytes.p, bytes.n);
	b->tail_n = off + bytes.n;
	return 0;
}

/* A hole of a sparse file is zeros to the search. */
static void feed_hole(struct fat_walker *f, uint64_t n)
{
	static const unsigned char zero[4096];
	while (n) {
		size_t some = n < sizeof(zero) ? (size_t)n : sizeof(zero);
		fat_feed(f, (struct span){ zero, some });
		n -= some;
	}
}

enum promise { NOT_YET, SCRIPT, BINARY, NOTHING };

/* What the first bytes of a file promise, where its name allows it. */
static enum promise promise_of(struct span head, uint64_t size, struct select s)
{
	if (head.n < 8 && head.n < size)
		return NOT_YET;
	if (span_starts(head, "#!"))
		return s.how == SELECT_SCRIPT && size <= s.limit ? SCRIPT : NOTHING;
	return elf_bid(head) || fat_bid(head) ? BINARY : NOTHING;
}

static int finish_stream(struct body *b, struct fat_walker *f, const struct wanted *wanted, struct arena *a, struct item *item,
			 const char **gap, struct err *err)
{
	bool bare = fat_bid((struct span){ b->c->bytes, (size_t)b->head_n }) != 0;
	int got = bare ? 1 : read_elf(b, wanted->quick, a, item, gap, err);
	item->kind = ITEM_ELF;
	if (got <= 0 || wanted->quick)
		return got;
	struct fat_range range[FAT_RANGES];
	size_t n = bare ? 0 : counting_ranges(f, item->elf, range);
	fat_end(f);
	item->fat_read = true;
	if ((n || bare) && finish_fat(f, range, n, a, item, err) < 0)
		return -1;
	return read_static_cudart(b, a, item, err) < 0 ? -1 : got;
}

static int keep_text(struct span text, struct arena *a, struct item *item, struct err *err)
{
	char *copy = arena_strn(a, text.p, text.n);
	if (!copy)
		return err_nomem(err);
	item->kind = ITEM_TEXT;
	item->text = (struct span){ (unsigned char *)copy, text.n };
	return 1;
}

/* How much of the body is kept. */
static void begin_stream(struct body *b, struct tree *t)
{
	struct replay *r = &b->c->replay;
	uint64_t whole = KEEP_WHOLE, head = KEEP_HEAD;
	replay_begin(r, t, b->size);
	b->tail_at = b->size;
	if (!r->t) {
		whole = ONCE_WHOLE;
		head = ONCE_HEAD;
		b->tail_at = b->size > ONCE_TAIL + ONCE_HEAD ? b->size - ONCE_TAIL : ONCE_HEAD;
	}
	b->head_max = head;
	if (b->size <= whole)
		b->head_max = b->tail_at = b->size;
}

/* A run of the body: into what is kept, the search for GPU code, and the search for a banner. */
static int take_run(struct body *b, struct fat_walker *f, uint64_t hole, struct tree_chunk run, struct arena *a, struct err *err)
{
	if (keep(b, run.at, run.bytes, err) < 0)
		return -1;
	for (size_t i = 0; i < b->early.n; i++)
		if (keep_early(b, i, run.at, run.bytes, err) < 0)
			return -1;
	if (f) {
		feed_hole(f, hole);
		fat_feed(f, run.bytes);
	}
	if (b->version && b->version->banner)
		libversion_feed(&b->banner, run.bytes, a);
	return 0;
}

/* A file that is looked into beyond its head: where its parts lie, and a state of the decoder to come back to. */
static int place(struct body *b, struct err *err)
{
	if (b->size <= b->head_max)
		return 0;
	if (!b->placed)
		b->placed = elf_early((struct span){ b->c->bytes, (size_t)b->head_n }, &b->early);
	return replay_pass(&b->c->replay, &b->early.added_at, b->placed, err);
}

static int read_stream(struct capture *c, struct tree *t, const struct tree_entry *e, struct select s, const struct wanted *wanted,
		       struct arena *a, struct item *item, const char **gap, struct err *err)
{
	struct arena scratch = ARENA_INIT;
	struct fat_walker f = FAT_WALKER_INIT(&scratch);
	struct body b = { .c = c, .size = e->size, .name = name_of(e->path), .version = libversion_of(name_of(e->path)) };
	b.banner.l = b.version;
	begin_stream(&b, t);
	uint64_t passed = 0;
	struct tree_chunk chunk;
	enum promise promise = NOT_YET;
	int more = 0;
	while (passed < e->size && (promise != NOTHING || c->hash.on) && (more = tree_body_next(t, &chunk, err)) > 0) {
		if (filehash_zeros(&c->hash, chunk.at - passed, err) < 0 || filehash_feed(&c->hash, chunk.bytes, err) < 0)
			more = -1;
		else if (promise != NOTHING)
			more = take_run(&b, wanted->quick || promise == SCRIPT ? NULL : &f, chunk.at - passed, chunk, a, err);
		if (more < 0)
			break;
		passed = chunk.at + chunk.bytes.n;
		if (promise == NOT_YET)
			promise = promise_of((struct span){ c->bytes, (size_t)b.head_n }, e->size, s);
		if (promise == BINARY && (more = place(&b, err)) < 0)
			break;
	}
	int got = more < 0 || filehash_zeros(&c->hash, e->size - passed, err) < 0 ? -1 : 0;
	if (got == 0 && promise == SCRIPT)
		got = keep_text((struct span){ c->bytes, (size_t)b.head_n }, a, item, err);
	else if (got == 0 && promise == BINARY)
		got = finish_stream(&b, &f, wanted, a, item, gap, err);
	arena_clear(&scratch);
	return replay_end(&c->replay, err) < 0 ? -1 : got;
}

/* Where any place can be read: the head decides what is read beyond it. */
static int read_anywhere(struct capture *c, struct tree *t, const struct tree_entry *e, struct select s, const struct wanted *wanted,
			 struct arena *a, struct item *item, const char **gap, struct err *err)
{
	struct body b = { .c = c, .t = t, .size = e->size, .name = name_of(e->path), .version = libversion_of(name_of(e->path)) };
	b.banner.l = b.version;
	struct want w = { .n = e->size < HEAD_PEEK ? (uint32_t)e->size : HEAD_PEEK };
	struct span head;
	if (serve(&b, w, &head, err) < 0)
		return -1;
	switch (promise_of(head, e->size, s)) {
	case NOT_YET:
	case NOTHING:
		return 0;
	case SCRIPT:
		w.n = (uint32_t)e->size;
		return serve(&b, w, &head, err) < 0 ? -1 : keep_text(head, a, item, err);
	case BINARY:
		break;
	}
	item->kind = ITEM_ELF;
	int got = fat_bid(head) ? 1 : read_elf(&b, wanted->quick, a, item, gap, err);
	if (got > 0 && !wanted->quick && (fat_by_hops(&b, a, item, err) < 0 || read_static_cudart(&b, a, item, err) < 0))
		return -1;
	return got;
}

int capture_hash(struct capture *c, struct tree *t, const struct tree_entry *e, struct err *err)
{
	enum { STEP = 256 * 1024 };
	struct tree_chunk chunk;
	uint64_t passed = 0;
	int more = 0;
	if (!e->read_at) {
		while (passed < e->size && (more = tree_body_next(t, &chunk, err)) > 0) {
			if (filehash_zeros(&c->hash, chunk.at - passed, err) < 0 || filehash_feed(&c->hash, chunk.bytes, err) < 0)
				return -1;
			passed = chunk.at + chunk.bytes.n;
		}
		return more < 0 ? -1 : filehash_zeros(&c->hash, e->size - passed, err);
	}
	if (!reserve(&c->bytes, &c->cap, STEP))
		return err_nomem(err);
	while (passed < e->size) {
		ssize_t n = tree_body_read_at(t, passed, c->bytes, e->size - passed < STEP ? (size_t)(e->size - passed) : STEP, err);
		if (n < 0 || filehash_feed(&c->hash, (struct span){ c->bytes, (size_t)n }, err) < 0)
			return -1;
		if (!n)
			break;
		passed += (uint64_t)n;
	}
	return 0;
}

int capture_file(struct capture *c, struct tree *t, const struct tree_entry *e, struct select s, const struct wanted *wanted,
		 struct arena *a, struct item *item, const char **gap, struct err *err)
{
	if (s.how == SELECT_TEXT)
		return capture_text(c, t, e, s.limit, a, item, gap, err);
	if (!e->read_at)
		return read_stream(c, t, e, s, wanted, a, item, gap, err);
	int got = read_anywhere(c, t, e, s, wanted, a, item, gap, err);
	return got >= 0 && c->hash.on && capture_hash(c, t, e, err) < 0 ? -1 : got;
}
