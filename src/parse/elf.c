/*
 * Every stage is straight-line code over elf_get(): where a range is not at hand
 * it notes the want and the stage is run again, from its start, when the
 * bytes have come. Stages are idempotent until they end.
 */
#include "parse/elf_parts.h"

#include <elf.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/str.h"

/* ---- ranges ---- */

/* n bytes at `at`; an empty span if they must be asked for first (r->missing) or lie outside the file. */
struct span elf_get(struct elf_reader *r, uint64_t at, uint64_t n)
{
	if (r->missing || !n || at > r->file_size || n > r->file_size - at || n > LIMIT_WANT)
		return (struct span){ 0 };
	if (at >= r->window_at && at - r->window_at <= r->window_n && n <= r->window_n - (at - r->window_at))
		return (struct span){ r->window + (at - r->window_at), (size_t)n };
	if (at < r->refused_end && at + n > r->refused_at)
		return (struct span){ 0 };
	uint64_t more = r->file_size - at;
	if (more > WINDOW)
		more = WINDOW;
	r->want = (struct want){ .at = at, .n = (uint32_t)(n > more ? n : more), .least = (uint32_t)n };
	r->missing = true;
	return (struct span){ 0 };
}

struct cur elf_get_cur(struct elf_reader *r, uint64_t at, uint64_t n)
{
	struct span s = elf_get(r, at, n);
	struct cur c = cur_of(s);
	c.be = r->facts->be;
	c.wide = r->facts->wide;
	c.bad = !s.n;
	return c;
}

/* Where a range was refused, that alone is the reason of what follows from it. */
void elf_gap(struct elf_reader *r, const char *text)
{
	if (!r->lost)
		list_add(r->arena, &r->facts->gaps, text);
}

uint64_t elf_offset(const struct elf_reader *r, uint64_t addr)
{
	for (size_t i = 0; i < r->facts->segments.n; i++) {
		const struct elf_segment *s = &r->facts->segments.v[i];
		if (addr >= s->addr && addr - s->addr < s->size)
			return s->at + (addr - s->addr);
	}
	return UINT64_MAX;
}

/* How many bytes of the file follow an offset inside its segment. */
uint64_t elf_segment_left(const struct elf_reader *r, uint64_t off)
{
	for (size_t i = 0; i < r->facts->segments.n; i++) {
		const struct elf_segment *s = &r->facts->segments.v[i];
		if (off >= s->at && off - s->at < s->size)
			return s->size - (off - s->at);
	}
	return off < r->file_size ? r->file_size - off : 0;
}

/* ---- stages ---- */

enum outcome elf_bad(struct elf_reader *r, const char *why)
{
	if (r->missing)
		return AGAIN;
	r->bad = why;
	return BAD;
}

static enum outcome stage_header(struct elf_reader *r)
{
	struct span head = elf_get(r, 0, r->file_size < HEAD ? r->file_size : HEAD);
	if (r->missing)
		return AGAIN;
	if (head.n < EI_NIDENT || memcmp(head.p, ELFMAG, SELFMAG))
		return elf_bad(r, "it is no ELF file");
	struct elf_facts *f = r->facts;
	unsigned char class = head.p[EI_CLASS], data = head.p[EI_DATA];
	if ((class != ELFCLASS32 && class != ELFCLASS64) || (data != ELFDATA2LSB && data != ELFDATA2MSB))
		return elf_bad(r, "its ELF class or byte order is unknown");
	f->wide = class == ELFCLASS64;
	f->be = data == ELFDATA2MSB;
	struct cur c = { .in = head, .off = EI_NIDENT, .be = f->be, .wide = f->wide };
	struct elf_work *w = r->work;
	f->type = cur_u16(&c);
	f->machine = cur_u16(&c);
	cur_skip(&c, 4);          /* e_version */
	(void)cur_word(&c);       /* e_entry */
	w->phoff = cur_word(&c);
	w->shoff = cur_word(&c);
	cur_skip(&c, 4 + 2);      /* e_flags, e_ehsize */
	w->phentsize = cur_u16(&c);
	w->phnum = cur_u16(&c);
	w->shentsize = cur_u16(&c);
	w->shnum = cur_u16(&c);
	w->shstrndx = cur_u16(&c);
	if (c.bad)
		return elf_bad(r, arena_printf(r->arena, "its ELF header is cut off at %zu bytes", head.n));
	return NEXT;
}

static enum outcome stage_segments(struct elf_reader *r)
{
	struct elf_work *w = r->work;
	struct elf_facts *f = r->facts;
	uint32_t each = f->wide ? 56 : 32;
	if (!w->phoff || !w->phnum)
		return NEXT;
	if (w->phentsize != each || w->phnum > LIMIT_SEGMENTS) {
		elf_gap(r, "its program headers have an unknown size or number");
		return NEXT;
	}
	struct cur c = elf_get_cur(r, w->phoff, (uint64_t)each * w->phnum);
	if (r->missing)
		return AGAIN;
	if (c.bad) {
		elf_gap(r, "its program headers lie outside the file");
		return NEXT;
	}
	for (uint32_t i = 0; i < w->phnum; i++) {
		uint32_t type = cur_u32(&c);
		if (f->wide)
			cur_skip(&c, 4);
		uint64_t at = cur_word(&c), addr = cur_word(&c);
		(void)cur_word(&c);
		uint64_t size = cur_word(&c);
		(void)cur_word(&c);
		if (!f->wide)
			cur_skip(&c, 4);
		(void)cur_word(&c);
		if (type == PT_LOAD) {
			struct elf_segment s = { at, addr, size };
			if (at < r->file_size && !list_add(r->arena, &f->segments, s))
				return elf_bad(r, "out of memory");
		} else if (type == PT_DYNAMIC) {
			w->dyn_at = at;
			w->dyn_n = size;
		} else if (type == PT_INTERP) {
			w->interp_at = at;
			w->interp_n = size;
		} else if (type == PT_NOTE) {
			struct note_range n = { at, size };
			if (!list_add(&r->scratch, &w->notes, n))
				return elf_bad(r, "out of memory");
		}
	}
	return NEXT;
}

static enum outcome stage_interp(struct elf_reader *r)
{
	struct elf_work *w = r->work;
	if (!w->interp_n || w->interp_n > LIMIT_PATH)
		return NEXT;
	struct cur c = elf_get_cur(r, w->interp_at, w->interp_n);
	if (r->missing)
		return AGAIN;
	struct span s = cur_cstr(&c, 0);
	if (s.n)
		r->facts->interp = arena_strn(r->arena, s.p, s.n);
	return NEXT;
}

static enum outcome stage_dynamic(struct elf_reader *r)
{
	struct elf_work *w = r->work;
	struct elf_facts *f = r->facts;
	uint32_t each = f->wide ? 16 : 8;
	if (!w->dyn_n)
		return NEXT;
	if (w->dyn_at > r->file_size) {
		elf_gap(r, "its dynamic section lies outside the file");
		return NEXT;
	}
	uint64_t n = w->dyn_n;
	if (n > r->file_size - w->dyn_at)
		n = r->file_size - w->dyn_at;
	if (n > (uint64_t)LIMIT_DYNAMIC * each)
		n = (uint64_t)LIMIT_DYNAMIC * each;
	struct cur c = elf_get_cur(r, w->dyn_at, n);
	if (r->missing)
		return AGAIN;
	f->dynamic = !c.bad;
	while (cur_has(&c, 1, each)) {
		uint64_t tag = cur_word(&c), v = cur_word(&c);
		switch (tag) {
		case DT_NULL: return NEXT;
		case DT_NEEDED:
			if (!list_add(&r->scratch, &w->needed, (uint32_t)v))
				return elf_bad(r, "out of memory");
			break;
		case DT_SONAME: w->soname = (uint32_t)v; w->has_soname = true; break;
		case DT_RPATH: w->rpath = (uint32_t)v; w->has_rpath = true; break;
		case DT_RUNPATH: w->runpath = (uint32_t)v; w->has_runpath = true; break;
		case DT_STRTAB: w->strtab = v; break;
		case DT_STRSZ: w->strsz = v; break;
		case DT_SYMTAB: w->symtab = v; break;
		case DT_GNU_HASH: w->gnu_hash = v; break;
		case DT_HASH: w->sysv_hash = v; break;
		case DT_VERSYM: w->versym = v; break;
		case DT_VERNEED: w->verneed = v; break;
		case DT_VERNEEDNUM: w->verneed_n = v > UINT16_MAX ? UINT16_MAX : (uint32_t)v; break;
		case DT_VERDEF: w->verdef = v; break;
		case DT_VERDEFNUM: w->verdef_n = v > UINT16_MAX ? UINT16_MAX : (uint32_t)v; break;
		case DT_FLAGS_1: f->nodeflib = v & DF_1_NODEFLIB; break;
		}
	}
	return NEXT;
}

static enum outcome stage_sections(struct elf_reader *r)
{
	struct elf_work *w = r->work;
	struct elf_facts *f = r->facts;
	uint32_t each = f->wide ? 64 : 40;
	if (!w->shoff)
		return NEXT;
	if (w->shentsize != each) {
		elf_gap(r, "its section headers have an unknown size");
		return NEXT;
	}
	if (!w->shnum || w->shstrndx == SHN_XINDEX) { /* more than 65279: gABI, "sh_size and sh_link of section 0" */
		struct cur c = elf_get_cur(r, w->shoff, each);
		if (r->missing)
			return AGAIN;
		cur_skip(&c, 8);
		(void)cur_word(&c), (void)cur_word(&c), (void)cur_word(&c);
		uint64_t size = cur_word(&c);
		uint32_t link = cur_u32(&c);
		if (!w->shnum)
			w->shnum = size > LIMIT_SECTIONS ? 0 : (uint32_t)size;
		if (w->shstrndx == SHN_XINDEX)
			w->shstrndx = link;
	}
	uint64_t bytes = (uint64_t)each * w->shnum;
	if (!w->shnum || bytes > LIMIT_WANT || w->shoff > r->file_size || bytes > r->file_size - w->shoff) {
		elf_gap(r, "its section table lies outside the file or is absurdly long");
		return NEXT;
	}
	struct cur c = elf_get_cur(r, w->shoff, bytes);
	if (r->missing)
		return AGAIN;
	f->sections.n = 0;
	for (uint32_t i = 0; i < w->shnum && !c.bad; i++) {
		struct elf_section s = { .name = NULL };
		uint64_t name = cur_u32(&c);
		s.type = cur_u32(&c);
		s.flags = cur_word(&c);
		s.addr = cur_word(&c);
		s.at = cur_word(&c);
		s.size = cur_word(&c);
		cur_skip(&c, 8);
		(void)cur_word(&c), (void)cur_word(&c);
		if (i == w->shstrndx) {
			w->names_at = s.at;
			w->names_n = s.size;
		}
		/* the name's offset waits in `name` until the names are read */
		s.name = (const char *)(uintptr_t)name;
		if (!list_add(r->arena, &f->sections, s))
			return elf_bad(r, "out of memory");
	}
	f->sections_known = !c.bad && f->sections.n;
	return NEXT;
}

static enum outcome stage_section_names(struct elf_reader *r)
{
	struct elf_work *w = r->work;
	struct elf_facts *f = r->facts;
	uint64_t n = w->names_n > LIMIT_WANT ? LIMIT_WANT : w->names_n;
	struct cur c = elf_get_cur(r, w->names_at, n);
	if (r->missing)
		return AGAIN;
	if (f->sections.n && c.bad)
		f->sections_known = false;
	for (size_t i = 0; i < f->sections.n; i++) {
		struct span s = cur_cstr(&c, (uintptr_t)f->sections.v[i].name);
		f->sections.v[i].name = s.n ? arena_strn(r->arena, s.p, s.n) : "";
		if (!f->sections.v[i].name)
			return elf_bad(r, "out of memory");
	}
	if (f->sections.n && !f->sections_known)
		elf_gap(r, "the names of its sections cannot be read");
	for (size_t i = 0; i < f->sections.n; i++)
		if (f->sections.v[i].type == SHT_NOTE) {
			struct note_range note = { f->sections.v[i].at, f->sections.v[i].size };
			if (!list_add(&r->scratch, &w->notes, note))
				return elf_bad(r, "out of memory");
		}
	return NEXT;
}

static void take_note(struct elf_reader *r, struct span name, uint32_t type, struct span desc)
{
	struct elf_facts *f = r->facts;
	if (span_eq(name, "GNU") && type == 3 && !f->build_id && desc.n && desc.n <= 64) { /* NT_GNU_BUILD_ID */
		char *hex = arena_alloc(r->arena, 2 * desc.n + 1);
		static const char digit[] = "0123456789abcdef";
		for (size_t i = 0; hex && i < desc.n; i++) {
			hex[2 * i] = digit[desc.p[i] >> 4];
			hex[2 * i + 1] = digit[desc.p[i] & 15];
		}
		f->build_id = hex;
	}
	/* .note.cuda.fwd_compatibility: name "NVIDIA Corporation", type 0, a JSON text (nvidia-container-toolkit, internal/cuda) */
	if (span_eq(name, "NVIDIA Corporation") && type == 0 && !f->compat_note && desc.n)
		f->compat_note = arena_strn(r->arena, desc.p, span_chr(desc, '\0'));
}

static enum outcome stage_notes(struct elf_reader *r)
{
	struct elf_work *w = r->work;
	while (w->notes.n) {
		struct note_range range = w->notes.v[w->notes.n - 1];
		uint64_t n = range.n > 65536 ? 65536 : range.n;
		struct cur c = elf_get_cur(r, range.at, n);
		if (r->missing)
			return AGAIN;
		while (!c.bad && cur_left(&c) >= 12) {
			uint32_t namesz = cur_u32(&c), descsz = cur_u32(&c), type = cur_u32(&c);
			struct span name = cur_take(&c, namesz);
			cur_skip(&c, (4 - namesz % 4) % 4);
			struct span desc = cur_take(&c, descsz);
			if (c.bad)
				break;
			take_note(r, span_sub(name, 0, span_chr(name, '\0')), type, desc);
			uint32_t pad = (4 - descsz % 4) % 4;
			if (pad > cur_left(&c))
				break;
			cur_skip(&c, pad);
		}
		w->notes.n--;
	}
	return NEXT;
}

static enum outcome (*const stages[])(struct elf_reader *) = {
	stage_header, stage_segments, stage_interp, stage_dynamic, stage_sections, stage_section_names, stage_notes, elf_stage_verneed,
	elf_stage_verdef, elf_stage_symbol_count, elf_stage_hash_table, elf_stage_symbols, elf_stage_versions, elf_stage_hashes,
	elf_stage_plan, elf_stage_strings, elf_stage_finish, elf_stage_symbol_place,
};

/* Keeps a copy of what came, since the driver's bytes die with the call. */
static bool keep_window(struct elf_reader *r, uint64_t at, struct span bytes)
{
	if (bytes.n > r->window_cap) {
		unsigned char *p = mem_resize(r->window, bytes.n);
		if (!p)
			return false;
		r->window = p;
		r->window_cap = (uint32_t)bytes.n;
	}
	if (bytes.n)
		memcpy(r->window, bytes.p, bytes.n);
	r->window_at = at;
	r->window_n = (uint32_t)bytes.n;
	return true;
}

enum step elf_step(struct elf_reader *r, uint64_t at, struct span bytes, struct want *want)
{
	if (!r->facts) {
		r->facts = arena_alloc(r->arena, sizeof(*r->facts));
		r->work = arena_alloc(&r->scratch, sizeof(*r->work));
		if (!r->facts || !r->work) {
			r->bad = "out of memory";
			return STEP_BAD;
		}
	} else if (r->missing) {
		/* what cannot be had is not asked for again: the stage goes on without it */
		if (bytes.n < r->want.least) {
			elf_gap(r, "a part of it was not kept and cannot be read again");
			r->lost = true;
			r->refused_at = r->want.at + bytes.n;
			r->refused_end = r->want.at + r->want.n;
		}
		if (bytes.n > LIMIT_WANT || at != r->want.at || !keep_window(r, at, bytes)) {
			r->bad = "out of memory";
			return STEP_BAD;
		}
		r->missing = false;
	}
	while ((size_t)r->stage < sizeof(stages) / sizeof(*stages)) {
		switch (stages[r->stage](r)) {
		case NEXT:
			r->stage++;
			break;
		case AGAIN:
			*want = r->want;
			return STEP_WANT;
		case DONE:
			return STEP_DONE;
		case BAD:
			return STEP_BAD;
		}
	}
	return STEP_DONE;
}

void elf_reader_clear(struct elf_reader *r)
{
	if (r->work)
		mem_free(r->work->named);
	r->work = NULL;
	arena_clear(&r->scratch);
	mem_free(r->window);
	r->window = NULL;
	r->window_cap = r->window_n = 0;
}

bool elf_early(struct span head, struct elf_early *e)
{
	*e = (struct elf_early){ .n = 0 };
	if (!elf_bid(head) || head.n < EI_NIDENT)
		return false;
	struct cur c = { .in = head, .be = head.p[EI_DATA] == ELFDATA2MSB, .wide = head.p[EI_CLASS] == ELFCLASS64 };
	cur_seek(&c, c.wide ? 32 : 28); /* e_phoff, e_shoff */
	uint64_t phoff = cur_word(&c), shoff = cur_word(&c);
	cur_seek(&c, c.wide ? 56 : 44); /* e_phnum, e_shentsize, e_shnum */
	uint32_t phnum = cur_u16(&c), shentsize = cur_u16(&c), shnum = cur_u16(&c);
	uint32_t each = c.wide ? 56 : 32;
	bool ended = false, added = false;
	for (uint32_t i = 0; i < phnum && !c.bad; i++) {
		struct cur p = cur_window(&c, phoff + (uint64_t)i * each, each);
		uint32_t type = cur_u32(&p);
		if (p.wide)
			cur_skip(&p, 4);
		uint64_t at = cur_word(&p);
		cur_skip(&p, p.wide ? 16 : 8);
		uint64_t size = cur_word(&p), in_memory = cur_word(&p);
		if (p.bad)
			return false;
		if (type == PT_DYNAMIC && size && !e->n)
			e->range[e->n++] = (struct want){ .at = at, .n = size < LIMIT_WANT ? (uint32_t)size : LIMIT_WANT };
		if (type != PT_LOAD || added)
			continue;
		e->added_at = at;
		added = ended;
		ended = in_memory > size;
	}
	uint64_t table = (uint64_t)shnum * shentsize;
	/* the sections' names lie just before their table, where ld and patchelf put them */
	uint64_t names = shoff < NAMES ? shoff : NAMES;
	if (!c.bad && shoff && table && table <= LIMIT_WANT - NAMES)
		e->range[e->n++] = (struct want){ .at = shoff - names, .n = (uint32_t)(names + table) };
	return !c.bad;
}

unsigned elf_bid(struct span head)
{
	return head.n >= SELFMAG && !memcmp(head.p, ELFMAG, SELFMAG) ? 32 : 0;
}
