#include "parse/fatbin.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/str.h"

enum { CONTAINER = 16, ENTRY = 64, ALIGN = 8 };
enum { KIND_PTX = 1, KIND_CUBIN = 2, KIND_LTO = 8 };

/* Flags of an entry. */
#define FLAG_COMPRESSED (0x1000u | 0x2000u | 0x4000u | 0x8000u) /* zlib, LZ4 block, LZ4 frame, zstd */
#define FLAG_ARCH 0x100000u   /* suffix a */
#define FLAG_FAMILY 0x200000u /* suffix f */

/*
 * Images without code, by their unpacked size (bytes). nvcc's device link adds
 * an empty cubin, and a .cu without kernels embeds one a target. Held against
 * the exact test (no .text section) on 7,746 cubins of CUDA 12 and 13
 * libraries: none with code was called empty.
 */
enum { EMPTY_CUBIN = 2700, EMPTY_CUBIN_100 = 4700, EMPTY_PTX = 100 };

enum { HUNT, IN_CONTAINER, IN_ENTRY };

static const unsigned char magic[8] = { 0x50, 0xED, 0x55, 0xBA, 1, 0, 16, 0 };

void fat_begin(struct fat_walker *f, uint64_t at)
{
	f->state = HUNT;
	f->at = at;
	f->skip = f->left = 0;
	f->have = 0;
}

static void note(struct fat_walker *f, const char *what)
{
	if (f->gaps.n < 16)
		list_add(f->arena, &f->gaps, arena_printf(f->arena, "fatbin at byte %llu: %s", (unsigned long long)f->container, what));
}

/* A container that makes no sense is left: the hunt goes on behind its magic. */
static void give_up(struct fat_walker *f, const char *what)
{
	note(f, what);
	f->state = HUNT;
	f->skip = 0;
	f->have = 0;
}

static void take_container(struct fat_walker *f)
{
	struct cur c = cur_of((struct span){ f->head, CONTAINER });
	cur_skip(&c, 4);
	uint16_t version = cur_u16(&c), header = cur_u16(&c);
	uint64_t size = cur_u64(&c);
	f->have = 0;
	if (version != 1 || header < CONTAINER || size > UINT64_MAX / 2) {
		give_up(f, "its header is absurd");
		return;
	}
	f->state = IN_ENTRY;
	f->left = size;
	f->skip = header - CONTAINER;
	if (size < ENTRY)
		f->state = HUNT;
}

static bool without_code(uint16_t kind, uint32_t arch, uint64_t size)
{
	if (kind == KIND_PTX)
		return size < EMPTY_PTX;
	return kind == KIND_CUBIN && size < (arch < 100 ? EMPTY_CUBIN : EMPTY_CUBIN_100);
}

static void take_entry(struct fat_walker *f)
{
	struct cur c = cur_of((struct span){ f->head, ENTRY });
	struct fat_entry e = { .container = f->container, .kind = cur_u16(&c) };
	cur_skip(&c, 2);
	uint64_t header = cur_u32(&c), payload = cur_u64(&c), packed = cur_u32(&c);
	cur_skip(&c, 4);
	uint16_t minor = cur_u16(&c), major = cur_u16(&c);
	uint32_t arch = cur_u32(&c);
	cur_skip(&c, 8);
	uint64_t flags = cur_u64(&c);
	cur_skip(&c, 8);
	uint64_t unpacked = cur_u64(&c);

	f->have = 0;
	if (header < ENTRY || header > f->left || payload > f->left - header) {
		give_up(f, "an entry is larger than its container");
		return;
	}
	f->left -= header + payload;
	f->skip = header - ENTRY + payload;
	if (f->left < ENTRY) {
		f->skip += f->left;
		f->left = 0;
		f->state = HUNT;
	}
	if (f->entries.n >= LIMIT_FAT_ENTRIES) {
		f->full = true;
		return;
	}
	if ((flags & FLAG_COMPRESSED) && packed > payload)
		note(f, "a compressed image is larger than its entry");
	if (!arch || arch > 9999) {
		note(f, "an entry names an absurd architecture");
		return;
	}
	e.arch = (struct sm){ (short)arch, flags & FLAG_ARCH ? 'a' : flags & FLAG_FAMILY ? 'f' : 0 };
	e.isa = e.kind == KIND_PTX && major < 100 && minor < 100 ? (struct ver2){ (short)major, (short)minor } : VER2_NONE;
	e.empty = without_code(e.kind, arch, flags & FLAG_COMPRESSED ? unpacked : payload);
	if (!list_add(f->arena, &f->entries, e))
		f->full = true;
}

/* Takes bytes into the header that is being gathered; true when it has all of `n`. */
static bool gather(struct fat_walker *f, struct span *bytes, uint32_t n)
{
	struct span take = span_sub(*bytes, 0, n - f->have);
	memcpy(f->head + f->have, take.p, take.n);
	f->have += (uint32_t)take.n;
	f->at += take.n;
	*bytes = span_from(*bytes, take.n);
	return f->have == n;
}

/*
 * Looks for the next magic at an offset that is a multiple of 8. At most 7
 * bytes wait in `head`: from one run to the next.
 */
static void hunt(struct fat_walker *f, struct span *bytes)
{
	while (bytes->n) {
		if (f->have) {
			if (!gather(f, bytes, sizeof(magic)))
				return;
		} else {
			uint64_t off = (ALIGN - f->at % ALIGN) % ALIGN;
			struct span rest = span_from(*bytes, off > bytes->n ? bytes->n : (size_t)off);
			f->at += bytes->n - rest.n;
			/* the magic's first byte at a multiple of 8 is rare: look at every eighth byte */
			size_t i = 0;
			while (i + sizeof(magic) <= rest.n && memcmp(rest.p + i, magic, 4))
				i += ALIGN;
			if (i > rest.n)
				i = rest.n;
			f->at += i;
			*bytes = span_from(rest, i);
			if (!gather(f, bytes, sizeof(magic)))
				return;
		}
		if (!memcmp(f->head, magic, sizeof(magic))) {
			f->container = f->at - sizeof(magic);
			f->state = IN_CONTAINER;
			return;
		}
		f->have = 0;
	}
}

void fat_feed(struct fat_walker *f, struct span bytes)
{
	while (bytes.n && !f->full) {
		if (f->skip) {
			struct span out = span_sub(bytes, 0, f->skip > SIZE_MAX ? SIZE_MAX : (size_t)f->skip);
			f->skip -= out.n;
			f->at += out.n;
			bytes = span_from(bytes, out.n);
			continue;
		}
		if (f->state == HUNT)
			hunt(f, &bytes);
		else if (f->state == IN_CONTAINER && gather(f, &bytes, CONTAINER))
			take_container(f);
		else if (f->state == IN_ENTRY && gather(f, &bytes, ENTRY))
			take_entry(f);
	}
}

uint64_t fat_hop(const struct fat_walker *f)
{
	return f->full ? UINT64_MAX : f->skip;
}

void fat_hopped(struct fat_walker *f, uint64_t n)
{
	f->skip = n < f->skip ? f->skip - n : 0;
	f->at += n;
}

void fat_end(struct fat_walker *f)
{
	if (f->full)
		note(f, "more entries than are read");
	else if (f->state != HUNT || f->skip)
		note(f, "it is cut off");
	fat_begin(f, f->at);
}

/* ---- which ranges count ---- */

/* Sections that hold containers back to back; the last two as met in libcufft, libcublasLt and cuDNN. */
static const char *const named[] = { ".nv_fatbin", "__nv_relfatbin", ".ldata", ".cask_resource" };

static bool is_named(const struct elf_section *s)
{
	for (size_t i = 0; i < sizeof(named) / sizeof(*named); i++)
		if (str_eq(s->name, named[i]))
			return true;
	return false;
}

static size_t add_range(struct fat_range *range, size_t n, size_t max, uint64_t at, uint64_t size)
{
	if (n < max && size >= CONTAINER)
		range[n++] = (struct fat_range){ at, size };
	return n;
}

enum { SHT_PROGBITS_ = 1 }; /* gABI, "Section Types"; <elf.h> is the ELF reader's alone */

size_t fat_named_ranges(const struct elf_facts *elf, struct fat_range *range, size_t max)
{
	size_t n = 0;
	for (size_t i = 0; elf->sections_known && i < elf->sections.n; i++)
		if (elf->sections.v[i].type == SHT_PROGBITS_ && is_named(&elf->sections.v[i]))
			n = add_range(range, n, max, elf->sections.v[i].at, elf->sections.v[i].size);
	return n;
}

size_t fat_other_ranges(const struct elf_facts *elf, struct fat_range *range, size_t max)
{
	size_t n = 0;
	for (size_t i = 0; elf->sections_known && i < elf->sections.n; i++) {
		const struct elf_section *s = &elf->sections.v[i];
		if (s->type == SHT_PROGBITS_ && !is_named(s) && !(s->flags & 4)) /* SHF_EXECINSTR */
			n = add_range(range, n, max, s->at, s->size);
	}
	for (size_t i = 0; !elf->sections_known && i < elf->segments.n; i++)
		n = add_range(range, n, max, elf->segments.v[i].at, elf->segments.v[i].size);
	return n;
}

bool fat_hinted(const struct elf_facts *elf)
{
	for (size_t i = 0; elf->sections_known && i < elf->sections.n; i++) {
		const char *name = elf->sections.v[i].name;
		if (is_named(&elf->sections.v[i]) ? str_starts(name, ".nv") || str_starts(name, "__nv") :
		    str_starts(name, ".nvFatBin") || str_starts(name, "__nv_"))
			return true;
	}
	for (size_t i = 0; i < elf->needed.n; i++)
		if (str_starts(elf->needed.v[i], "libcuda.so") || str_starts(elf->needed.v[i], "libcudart"))
			return true;
	for (size_t i = 0; i < elf->undefined.n; i++)
		if (str_starts(elf->undefined.v[i].name, "__cudaRegisterFatBinary") || str_starts(elf->undefined.v[i].name, "cuModuleLoad") ||
		    str_starts(elf->undefined.v[i].name, "cuLibraryLoad"))
			return true;
	return false;
}

/* ---- sums ---- */

static bool inside(uint64_t at, const struct fat_range *range, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (at >= range[i].at && at - range[i].at < range[i].n)
			return true;
	return !n;
}

bool fat_has_code(const struct fat_walker *f, const struct fat_range *range, size_t n)
{
	for (size_t i = 0; i < f->entries.n; i++)
		if (!f->entries.v[i].empty && inside(f->entries.v[i].container, range, n))
			return true;
	return false;
}

static int cmp_target(const void *a, const void *b)
{
	const struct fat_target *x = a, *y = b;
	int c = sm_cmp(x->arch, y->arch);
	return c ? c : ver2_cmp(x->isa, y->isa);
}

/* Counts a target in a list that is sorted at the end. */
static bool count_target(struct arena *a, struct fat_target **v, size_t *n, size_t *cap, const struct fat_entry *e)
{
	for (size_t i = 0; i < *n; i++)
		if (!sm_cmp((*v)[i].arch, e->arch) && !ver2_cmp((*v)[i].isa, e->isa)) {
			(*v)[i].count++;
			return true;
		}
	if (!arena_grow(a, (void **)v, *n, cap, sizeof(**v)))
		return false;
	(*v)[(*n)++] = (struct fat_target){ e->arch, e->isa, 1 };
	return true;
}

static int cmp_sm(const void *a, const void *b)
{
	return sm_cmp(*(const struct sm *)a, *(const struct sm *)b);
}

static bool add_sm(struct arena *a, struct sm **v, size_t *n, size_t *cap, struct sm sm)
{
	for (size_t i = 0; i < *n; i++)
		if (!sm_cmp((*v)[i], sm))
			return true;
	if (!arena_grow(a, (void **)v, *n, cap, sizeof(**v)))
		return false;
	(*v)[(*n)++] = sm;
	qsort(*v, *n, sizeof(**v), cmp_sm);
	return true;
}

static bool same_sms(const struct sm *a, size_t an, const struct sm *b, size_t bn)
{
	if (an != bn)
		return false;
	for (size_t i = 0; i < an; i++)
		if (sm_cmp(a[i], b[i]))
			return false;
	return true;
}

static int cmp_group(const void *a, const void *b)
{
	const struct fat_group *x = a, *y = b;
	if (x->containers != y->containers)
		return x->containers > y->containers ? -1 : 1;
	for (size_t i = 0; i < x->cubin.n && i < y->cubin.n; i++)
		if (sm_cmp(x->cubin.v[i], y->cubin.v[i]))
			return sm_cmp(x->cubin.v[i], y->cubin.v[i]);
	if (x->cubin.n != y->cubin.n)
		return x->cubin.n < y->cubin.n ? -1 : 1;
	for (size_t i = 0; i < x->ptx.n && i < y->ptx.n; i++)
		if (sm_cmp(x->ptx.v[i], y->ptx.v[i]))
			return sm_cmp(x->ptx.v[i], y->ptx.v[i]);
	return (x->ptx.n > y->ptx.n) - (x->ptx.n < y->ptx.n);
}

/* One container's targets become a group, or count in the group that has them. */
static bool close_group(struct fat_facts *s, struct fat_group *open, struct arena *a)
{
	if (!open->cubin.n && !open->ptx.n)
		return true;
	for (size_t i = 0; i < s->groups.n; i++) {
		struct fat_group *g = &s->groups.v[i];
		if (same_sms(g->cubin.v, g->cubin.n, open->cubin.v, open->cubin.n) && same_sms(g->ptx.v, g->ptx.n, open->ptx.v, open->ptx.n)) {
			g->containers++;
			open->cubin.n = open->ptx.n = 0; /* its memory serves the next */
			return true;
		}
	}
	struct fat_group *g = list_push(a, &s->groups);
	if (!g)
		return false;
	*g = *open;
	g->containers = 1;
	*open = (struct fat_group){ 0 };
	return true;
}

static bool count_entry(struct fat_facts *s, struct fat_group *open, const struct fat_entry *e, struct arena *a)
{
	switch (e->kind) {
	case KIND_CUBIN:
		return count_target(a, &s->cubin.v, &s->cubin.n, &s->cubin.cap, e) &&
		       add_sm(a, &open->cubin.v, &open->cubin.n, &open->cubin.cap, e->arch);
	case KIND_PTX:
		return count_target(a, &s->ptx.v, &s->ptx.n, &s->ptx.cap, e) &&
		       add_sm(a, &open->ptx.v, &open->ptx.n, &open->ptx.cap, e->arch);
	case KIND_LTO:
		return count_target(a, &s->lto.v, &s->lto.n, &s->lto.cap, e);
	}
	return true;
}

struct fat_facts *fat_sum(const struct fat_walker *f, const struct fat_range *range, size_t n, struct arena *a)
{
	struct fat_facts *s = arena_alloc(a, sizeof(*s));
	struct fat_group open = { 0 };
	uint64_t container = UINT64_MAX;
	bool ok = s != NULL;
	for (size_t i = 0; ok && i < f->entries.n; i++) {
		const struct fat_entry *e = &f->entries.v[i];
		if (!inside(e->container, range, n))
			continue;
		if (e->container != container) {
			ok = close_group(s, &open, a);
			container = e->container;
			s->containers++;
		}
		if (e->empty)
			s->empty++;
		else if (e->kind == KIND_PTX || e->kind == KIND_CUBIN || e->kind == KIND_LTO) {
			s->entries++;
			ok = ok && count_entry(s, &open, e, a);
		}
	}
	ok = ok && close_group(s, &open, a);
	for (size_t i = 0; ok && i < f->gaps.n; i++) {
		const char *gap = f->gaps.v[i] ? arena_str(a, f->gaps.v[i]) : NULL;
		ok = gap && list_add(a, &s->gaps, gap);
	}
	if (!ok)
		return NULL;
	list_sort(&s->cubin, cmp_target);
	list_sort(&s->ptx, cmp_target);
	list_sort(&s->lto, cmp_target);
	list_sort(&s->groups, cmp_group);
	return s;
}

unsigned fat_bid(struct span head)
{
	return head.n >= sizeof(magic) && !memcmp(head.p, magic, sizeof(magic)) ? 64 : 0;
}
