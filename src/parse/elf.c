/*
 * Every stage is straight-line code over get(): where a range is not at hand
 * it notes the want and the stage is run again, from its start, when the
 * bytes have come. Stages are idempotent until they end.
 */
#include "parse/elf.h"

#include <elf.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/str.h"

enum { HEAD = 64 * 1024, WINDOW = 256 * 1024, NAMES = 64 * 1024 };

struct note_range { uint64_t at, n; };

/* A version index (of .gnu.version) and its name; `def` counts definitions from 1, 0 is a need. */
struct version_name {
	uint16_t index, def;
	uint32_t name;
};

struct version_file {
	uint32_t name;
	LIST(uint32_t) nodes;
};

/* A dynamic symbol that is not local. */
struct named {
	uint32_t name, at; /* offset in the string table; number in the symbol table */
	uint16_t version;  /* index in .gnu.version */
	bool defined, weak;
	uint64_t value;    /* address */
};

/* A string that is asked for: all give their hash, `keep` asks for the text too. */
struct asked {
	uint32_t at, hash;
	bool keep, found;
	const char *text;
};

/* What lies between the stages. */
struct elf_work {
	uint64_t phoff, shoff;
	uint32_t phnum, shnum, shstrndx;
	uint16_t phentsize, shentsize;
	uint64_t dyn_at, dyn_n, interp_at, interp_n;
	uint64_t strtab, strsz, symtab, gnu_hash, sysv_hash, versym, verneed, verdef;
	uint32_t verneed_n, verdef_n;
	uint32_t soname, runpath, rpath;
	bool has_soname, has_rpath, has_runpath;
	LIST(uint32_t) needed;
	LIST(struct note_range) notes;
	uint32_t symbols;           /* how many in the dynamic symbol table */
	uint64_t names_at, names_n; /* .shstrtab */
	LIST(struct version_name) versions;
	LIST(struct version_file) files;
	LIST(struct named) named;
	uint32_t at_symbol; /* progress of the symbol stages */
	struct asked *asked; /* sorted by `at` */
	size_t asked_n, asked_done;
};

/* ---- ranges ---- */

/* n bytes at `at`; an empty span if they must be asked for first (r->missing) or lie outside the file. */
static struct span get(struct elf_reader *r, uint64_t at, uint64_t n)
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

static struct cur get_cur(struct elf_reader *r, uint64_t at, uint64_t n)
{
	struct span s = get(r, at, n);
	struct cur c = cur_of(s);
	c.be = r->facts->be;
	c.wide = r->facts->wide;
	c.bad = !s.n;
	return c;
}

static void gap(struct elf_reader *r, const char *text)
{
	list_add(r->arena, &r->facts->gaps, text);
}

static uint64_t to_offset(const struct elf_reader *r, uint64_t addr)
{
	for (size_t i = 0; i < r->facts->segments.n; i++) {
		const struct elf_segment *s = &r->facts->segments.v[i];
		if (addr >= s->addr && addr - s->addr < s->size)
			return s->at + (addr - s->addr);
	}
	return UINT64_MAX;
}

/* How many bytes of the file follow an offset inside its segment. */
static uint64_t segment_left(const struct elf_reader *r, uint64_t off)
{
	for (size_t i = 0; i < r->facts->segments.n; i++) {
		const struct elf_segment *s = &r->facts->segments.v[i];
		if (off >= s->at && off - s->at < s->size)
			return s->size - (off - s->at);
	}
	return off < r->file_size ? r->file_size - off : 0;
}

/* ---- stages ---- */

enum outcome { NEXT, AGAIN, DONE, BAD };

static enum outcome bad(struct elf_reader *r, const char *why)
{
	if (r->missing)
		return AGAIN;
	r->bad = why;
	return BAD;
}

static enum outcome stage_header(struct elf_reader *r)
{
	struct span head = get(r, 0, r->file_size < HEAD ? r->file_size : HEAD);
	if (r->missing)
		return AGAIN;
	if (head.n < EI_NIDENT || memcmp(head.p, ELFMAG, SELFMAG))
		return bad(r, "it is no ELF file");
	struct elf_facts *f = r->facts;
	unsigned char class = head.p[EI_CLASS], data = head.p[EI_DATA];
	if ((class != ELFCLASS32 && class != ELFCLASS64) || (data != ELFDATA2LSB && data != ELFDATA2MSB))
		return bad(r, "its ELF class or byte order is unknown");
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
		return bad(r, arena_printf(r->arena, "its ELF header is cut off at %zu bytes", head.n));
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
		gap(r, "its program headers have an unknown size or number");
		return NEXT;
	}
	struct cur c = get_cur(r, w->phoff, (uint64_t)each * w->phnum);
	if (r->missing)
		return AGAIN;
	if (c.bad) {
		gap(r, "its program headers lie outside the file");
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
				return bad(r, "out of memory");
		} else if (type == PT_DYNAMIC) {
			w->dyn_at = at;
			w->dyn_n = size;
		} else if (type == PT_INTERP) {
			w->interp_at = at;
			w->interp_n = size;
		} else if (type == PT_NOTE) {
			struct note_range n = { at, size };
			if (!list_add(&r->scratch, &w->notes, n))
				return bad(r, "out of memory");
		}
	}
	return NEXT;
}

static enum outcome stage_interp(struct elf_reader *r)
{
	struct elf_work *w = r->work;
	if (!w->interp_n || w->interp_n > LIMIT_PATH)
		return NEXT;
	struct cur c = get_cur(r, w->interp_at, w->interp_n);
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
		gap(r, "its dynamic section lies outside the file");
		return NEXT;
	}
	uint64_t n = w->dyn_n;
	if (n > r->file_size - w->dyn_at)
		n = r->file_size - w->dyn_at;
	if (n > (uint64_t)LIMIT_DYNAMIC * each)
		n = (uint64_t)LIMIT_DYNAMIC * each;
	struct cur c = get_cur(r, w->dyn_at, n);
	if (r->missing)
		return AGAIN;
	f->dynamic = !c.bad;
	while (cur_has(&c, 1, each)) {
		uint64_t tag = cur_word(&c), v = cur_word(&c);
		switch (tag) {
		case DT_NULL: return NEXT;
		case DT_NEEDED:
			if (!list_add(&r->scratch, &w->needed, (uint32_t)v))
				return bad(r, "out of memory");
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
		gap(r, "its section headers have an unknown size");
		return NEXT;
	}
	if (!w->shnum || w->shstrndx == SHN_XINDEX) { /* more than 65279: gABI, "sh_size and sh_link of section 0" */
		struct cur c = get_cur(r, w->shoff, each);
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
		gap(r, "its section table lies outside the file or is absurdly long");
		return NEXT;
	}
	struct cur c = get_cur(r, w->shoff, bytes);
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
			return bad(r, "out of memory");
	}
	f->sections_known = !c.bad && f->sections.n;
	return NEXT;
}

static enum outcome stage_section_names(struct elf_reader *r)
{
	struct elf_work *w = r->work;
	struct elf_facts *f = r->facts;
	uint64_t n = w->names_n > LIMIT_WANT ? LIMIT_WANT : w->names_n;
	struct cur c = get_cur(r, w->names_at, n);
	if (r->missing)
		return AGAIN;
	if (f->sections.n && c.bad)
		f->sections_known = false;
	for (size_t i = 0; i < f->sections.n; i++) {
		struct span s = cur_cstr(&c, (uintptr_t)f->sections.v[i].name);
		f->sections.v[i].name = s.n ? arena_strn(r->arena, s.p, s.n) : "";
		if (!f->sections.v[i].name)
			return bad(r, "out of memory");
	}
	if (f->sections.n && !f->sections_known)
		gap(r, "the names of its sections cannot be read");
	for (size_t i = 0; i < f->sections.n; i++)
		if (f->sections.v[i].type == SHT_NOTE) {
			struct note_range note = { f->sections.v[i].at, f->sections.v[i].size };
			if (!list_add(&r->scratch, &w->notes, note))
				return bad(r, "out of memory");
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
		struct cur c = get_cur(r, range.at, n);
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

/* Verneed, LSB 10.7.3: a list of files, each with a list of nodes; offsets are relative to their own record. */
static enum outcome stage_verneed(struct elf_reader *r)
{
	struct elf_work *w = r->work;
	uint64_t at = w->verneed ? to_offset(r, w->verneed) : UINT64_MAX;
	if (at == UINT64_MAX || !w->verneed_n)
		return NEXT;
	uint64_t n = segment_left(r, at);
	struct cur all = get_cur(r, at, n > WINDOW ? WINDOW : n);
	if (r->missing)
		return AGAIN;
	uint64_t off = 0;
	w->files.n = 0;
	for (uint32_t i = 0; i < w->verneed_n; i++) {
		struct cur c = cur_window(&all, off, 16);
		cur_skip(&c, 2);
		uint32_t count = cur_u16(&c), file = cur_u32(&c), aux = cur_u32(&c), next = cur_u32(&c);
		struct version_file *to = c.bad ? NULL : list_push(&r->scratch, &w->files);
		if (!to)
			break;
		to->name = file;
		uint64_t aux_at = off + aux;
		for (uint32_t k = 0; k < count; k++) {
			struct cur x = cur_window(&all, aux_at, 16);
			cur_skip(&x, 6);
			uint16_t index = cur_u16(&x);
			uint32_t name = cur_u32(&x);
			uint32_t more = cur_u32(&x);
			struct version_name v = { index & 0x7fff, 0, name };
			if (x.bad || !list_add(&r->scratch, &to->nodes, name) || !list_add(&r->scratch, &w->versions, v) || !more)
				break;
			aux_at += more;
		}
		if (!next)
			break;
		off += next;
	}
	return NEXT;
}

/* Verdef, LSB 10.7.2. The base definition (VER_FLG_BASE) names the file itself and is left out. */
static enum outcome stage_verdef(struct elf_reader *r)
{
	struct elf_work *w = r->work;
	uint64_t at = w->verdef ? to_offset(r, w->verdef) : UINT64_MAX;
	if (at == UINT64_MAX || !w->verdef_n)
		return NEXT;
	uint64_t n = segment_left(r, at);
	struct cur all = get_cur(r, at, n > WINDOW ? WINDOW : n);
	if (r->missing)
		return AGAIN;
	uint64_t off = 0;
	uint16_t def = 0;
	for (uint32_t i = 0; i < w->verdef_n; i++) {
		struct cur c = cur_window(&all, off, 20);
		cur_skip(&c, 2);
		uint16_t flags = cur_u16(&c), index = cur_u16(&c);
		cur_skip(&c, 2 + 4);
		uint32_t aux = cur_u32(&c), next = cur_u32(&c);
		struct cur x = cur_window(&all, off + aux, 8);
		uint32_t name = cur_u32(&x);
		if (c.bad || x.bad)
			break;
		if (!(flags & VER_FLG_BASE)) {
			struct version_name v = { index & 0x7fff, ++def, name };
			if (!list_add(&r->scratch, &w->versions, v))
				return bad(r, "out of memory");
		}
		if (!next)
			break;
		off += next;
	}
	return NEXT;
}

/* How many symbols there are: .dynsym's size, else the longest chain of .gnu.hash, else DT_HASH's nchain. */
static enum outcome stage_symbol_count(struct elf_reader *r)
{
	struct elf_work *w = r->work;
	struct elf_facts *f = r->facts;
	uint32_t each = f->wide ? 24 : 16;
	for (size_t i = 0; f->sections_known && i < f->sections.n; i++)
		if (f->sections.v[i].type == SHT_DYNSYM) {
			uint64_t n = f->sections.v[i].size / each;
			w->symbols = n > LIMIT_SYMBOLS ? LIMIT_SYMBOLS : (uint32_t)n;
			return NEXT;
		}
	uint64_t at = w->sysv_hash ? to_offset(r, w->sysv_hash) : UINT64_MAX;
	if (at != UINT64_MAX) {
		struct cur c = get_cur(r, at, 8);
		if (r->missing)
			return AGAIN;
		cur_skip(&c, 4);
		uint32_t n = cur_u32(&c);
		w->symbols = n > LIMIT_SYMBOLS ? LIMIT_SYMBOLS : n;
		return NEXT;
	}
	at = w->gnu_hash ? to_offset(r, w->gnu_hash) : UINT64_MAX;
	if (at == UINT64_MAX)
		return NEXT;
	struct cur c = get_cur(r, at, 16);
	if (r->missing)
		return AGAIN;
	uint64_t buckets = cur_u32(&c), first = cur_u32(&c), bloom = cur_u32(&c);
	uint64_t table = at + 16 + bloom * (f->wide ? 8 : 4);
	if (c.bad || buckets > LIMIT_SYMBOLS || bloom > LIMIT_SYMBOLS || first > LIMIT_SYMBOLS)
		return NEXT;
	uint64_t last = 0;
	for (uint64_t i = 0; i < buckets; i += WINDOW / 4) {
		uint64_t piece = buckets - i < WINDOW / 4 ? buckets - i : WINDOW / 4;
		/* restartable: a table of more than one window is walked anew, by ranges that are at hand one after another */
		c = get_cur(r, table + 4 * i, 4 * piece);
		if (r->missing && buckets > WINDOW / 4) {
			gap(r, "its hash table is too large to count symbols without a section table");
			r->missing = false;
			return NEXT;
		}
		if (r->missing)
			return AGAIN;
		while (cur_left(&c) >= 4) {
			uint32_t v = cur_u32(&c);
			last = v > last ? v : last;
		}
	}
	if (last < first)
		return NEXT;
	uint64_t left = segment_left(r, table + 4 * buckets + 4 * (last - first));
	c = get_cur(r, table + 4 * buckets + 4 * (last - first), left > 65536 ? 65536 : left);
	if (r->missing)
		return AGAIN;
	while (cur_left(&c) >= 4) {
		last++;
		if (cur_u32(&c) & 1)
			break;
	}
	w->symbols = last > LIMIT_SYMBOLS ? LIMIT_SYMBOLS : (uint32_t)last;
	return NEXT;
}

static uint16_t version_def(const struct elf_work *w, uint16_t index)
{
	for (size_t i = 0; i < w->versions.n; i++)
		if (w->versions.v[i].index == index)
			return w->versions.v[i].def;
	return 0;
}

enum { PIECE = 8192 }; /* symbols a window */

static enum outcome stage_symbols(struct elf_reader *r)
{
	struct elf_work *w = r->work;
	struct elf_facts *f = r->facts;
	uint32_t each = f->wide ? 24 : 16;
	uint64_t table = w->symtab ? to_offset(r, w->symtab) : UINT64_MAX;
	f->symbols_known = f->dynamic && table != UINT64_MAX;
	while (table != UINT64_MAX && w->at_symbol < w->symbols) {
		uint32_t n = w->symbols - w->at_symbol < PIECE ? w->symbols - w->at_symbol : PIECE;
		struct cur c = get_cur(r, table + (uint64_t)each * w->at_symbol, (uint64_t)each * n);
		if (r->missing)
			return AGAIN;
		if (c.bad) {
			gap(r, "its symbol table lies outside the file");
			f->symbols_known = false;
			return NEXT;
		}
		for (uint32_t i = 0; i < n; i++) {
			struct named s = { .name = cur_u32(&c), .at = w->at_symbol + i };
			if (!f->wide) {
				s.value = cur_u32(&c);
				cur_skip(&c, 4);
			}
			unsigned bind = cur_u8(&c) >> 4;
			cur_skip(&c, 1);
			s.defined = cur_u16(&c) != SHN_UNDEF;
			if (f->wide) {
				s.value = cur_u64(&c);
				cur_skip(&c, 8);
			}
			s.weak = bind == STB_WEAK;
			if (s.name && bind != STB_LOCAL && !list_add(&r->scratch, &w->named, s))
				return bad(r, "out of memory");
		}
		w->at_symbol += n;
	}
	w->at_symbol = 0;
	return NEXT;
}

/* Each named symbol's version; the list is in the order of the table, so windows go forward. */
static enum outcome stage_versions(struct elf_reader *r)
{
	struct elf_work *w = r->work;
	uint64_t table = w->versym ? to_offset(r, w->versym) : UINT64_MAX;
	for (; table != UINT64_MAX && w->at_symbol < w->named.n; w->at_symbol++) {
		struct named *s = &w->named.v[w->at_symbol];
		struct cur c = get_cur(r, table + 2 * (uint64_t)s->at, 2);
		if (r->missing)
			return AGAIN;
		s->version = cur_u16(&c) & 0x7fff;
	}
	return NEXT;
}

static int cmp_asked(const void *a, const void *b)
{
	const struct asked *x = a, *y = b;
	return (x->at > y->at) - (x->at < y->at);
}

static void ask(struct elf_work *w, uint32_t at, bool keep)
{
	w->asked[w->asked_n++] = (struct asked){ .at = at, .keep = keep };
}

/* Every string that is wanted, sorted by place, so that the string table is walked once and forward. */
static enum outcome stage_plan(struct elf_reader *r)
{
	struct elf_work *w = r->work;
	size_t n = 3 + w->needed.n + w->versions.n + w->files.n + w->named.n;
	w->asked = arena_alloc(&r->scratch, n * sizeof(*w->asked));
	if (!w->asked)
		return bad(r, "out of memory");
	if (w->has_soname)
		ask(w, w->soname, true);
	if (w->has_rpath)
		ask(w, w->rpath, true);
	if (w->has_runpath)
		ask(w, w->runpath, true);
	for (size_t i = 0; i < w->needed.n; i++)
		ask(w, w->needed.v[i], true);
	for (size_t i = 0; i < w->versions.n; i++)
		ask(w, w->versions.v[i].name, true);
	for (size_t i = 0; i < w->files.n; i++)
		ask(w, w->files.v[i].name, true);
	for (size_t i = 0; i < w->named.n; i++)
		ask(w, w->named.v[i].name, !w->named.v[i].defined);
	qsort(w->asked, w->asked_n, sizeof(*w->asked), cmp_asked);
	size_t unique = 0;
	for (size_t i = 0; i < w->asked_n; i++) {
		if (unique && w->asked[unique - 1].at == w->asked[i].at)
			w->asked[unique - 1].keep |= w->asked[i].keep;
		else
			w->asked[unique++] = w->asked[i];
	}
	w->asked_n = unique;
	return NEXT;
}

static uint32_t hash_span(struct span s)
{
	uint32_t h = 5381; /* as elf_gnu_hash */
	for (size_t i = 0; i < s.n; i++)
		h = h * 33 + s.p[i];
	return h;
}

/*
 * A string may begin in one window and end in the next: then a window is asked
 * for that begins with it.
 */
static enum outcome stage_strings(struct elf_reader *r)
{
	struct elf_work *w = r->work;
	uint64_t table = w->strtab ? to_offset(r, w->strtab) : UINT64_MAX;
	if (table == UINT64_MAX)
		return NEXT;
	uint64_t size = segment_left(r, table);
	if (w->strsz < size)
		size = w->strsz;
	for (; w->asked_done < w->asked_n; w->asked_done++) {
		struct asked *s = &w->asked[w->asked_done];
		if (s->at >= size)
			break;
		uint64_t at = table + s->at, left = size - s->at, inside = 0;
		if (at >= r->window_at && at - r->window_at < r->window_n)
			inside = r->window_n - (at - r->window_at);
		struct cur c = { .bad = true };
		struct span text = { 0 };
		if (inside) {
			c = get_cur(r, at, inside < left ? inside : left);
			text = cur_cstr(&c, 0);
		}
		if (!text.p && inside < left) {
			c = get_cur(r, at, left < WINDOW ? left : WINDOW);
			if (r->missing)
				return AGAIN;
			text = cur_cstr(&c, 0);
		}
		if (!text.p)
			continue;
		s->found = true;
		s->hash = hash_span(text);
		if (s->keep && !(s->text = arena_strn(r->arena, text.p, text.n)))
			return bad(r, "out of memory");
	}
	return NEXT;
}

static const struct asked *string_at(const struct elf_work *w, uint32_t at)
{
	struct asked key = { .at = at };
	return w->asked_n ? bsearch(&key, w->asked, w->asked_n, sizeof(key), cmp_asked) : NULL;
}

static const char *string(const struct elf_work *w, uint32_t at)
{
	const struct asked *s = string_at(w, at);
	return s ? s->text : NULL;
}

static void split_path(struct elf_reader *r, const char *s, const char ***v, size_t *n, size_t *cap)
{
	struct span rest = SPAN_STR(s);
	while (rest.n) {
		struct span one = span_cut(&rest, ':');
		const char *copy = arena_strn(r->arena, one.p, one.n);
		if (!copy || !arena_grow(r->arena, (void **)v, *n, cap, sizeof(**v)))
			return;
		(*v)[(*n)++] = copy;
	}
}

static int cmp_defined(const void *a, const void *b)
{
	const struct elf_defined *x = a, *y = b;
	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return x->version - y->version;
}

static enum outcome finish_symbols(struct elf_reader *r)
{
	struct elf_work *w = r->work;
	struct elf_facts *f = r->facts;
	uint32_t asked = r->symbol ? elf_gnu_hash(r->symbol) : 0;
	f->defined = arena_alloc(r->arena, (w->named.n + 1) * sizeof(*f->defined));
	if (!f->defined)
		return bad(r, "out of memory");
	for (size_t i = 0; i < w->named.n; i++) {
		const struct named *n = &w->named.v[i];
		const struct asked *name = string_at(w, n->name);
		if (!name || !name->found) {
			f->symbols_known = false;
			continue;
		}
		if (n->defined && r->symbol && name->hash == asked) {
			uint64_t at = to_offset(r, n->value);
			r->symbol_at = at == UINT64_MAX ? 0 : at;
		}
		if (n->defined) {
			f->defined[f->defined_n++] = (struct elf_defined){ name->hash, version_def(w, n->version) };
			continue;
		}
		struct elf_symbol *s = list_push(r->arena, &f->undefined);
		if (!s)
			return bad(r, "out of memory");
		s->name = name->text;
		s->weak = n->weak;
		for (size_t k = 0; n->version > 1 && k < w->versions.n; k++)
			if (w->versions.v[k].index == n->version && !w->versions.v[k].def)
				s->version = string(w, w->versions.v[k].name);
	}
	qsort(f->defined, f->defined_n, sizeof(*f->defined), cmp_defined);
	return DONE;
}

static enum outcome stage_finish(struct elf_reader *r)
{
	struct elf_work *w = r->work;
	struct elf_facts *f = r->facts;
	if (w->has_soname)
		f->soname = string(w, w->soname);
	for (size_t i = 0; i < w->needed.n; i++) {
		const char *s = string(w, w->needed.v[i]);
		if (s && !list_add(r->arena, &f->needed, s))
			return bad(r, "out of memory");
	}
	const char *path = w->has_rpath ? string(w, w->rpath) : NULL;
	if (path)
		split_path(r, path, &f->rpath.v, &f->rpath.n, &f->rpath.cap);
	path = w->has_runpath ? string(w, w->runpath) : NULL;
	if (path)
		split_path(r, path, &f->runpath.v, &f->runpath.n, &f->runpath.cap);
	for (size_t i = 0; i < w->files.n; i++) {
		struct elf_verneed *n = list_push(r->arena, &f->verneeds);
		if (!n)
			return bad(r, "out of memory");
		n->file = string(w, w->files.v[i].name);
		for (size_t k = 0; k < w->files.v[i].nodes.n; k++) {
			const char *s = string(w, w->files.v[i].nodes.v[k]);
			if (s && !list_add(r->arena, &n->versions, s))
				return bad(r, "out of memory");
		}
		if (!n->file)
			f->verneeds.n--;
	}
	for (size_t i = 0; i < w->versions.n; i++)
		if (w->versions.v[i].def) {
			const char *s = string(w, w->versions.v[i].name);
			if (!list_add(r->arena, &f->verdefs, s ? s : ""))
				return bad(r, "out of memory");
		}
	return finish_symbols(r);
}

static enum outcome (*const stages[])(struct elf_reader *) = {
	stage_header, stage_segments, stage_interp, stage_dynamic, stage_sections, stage_section_names, stage_notes, stage_verneed,
	stage_verdef, stage_symbol_count, stage_symbols, stage_versions, stage_plan, stage_strings, stage_finish,
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
	arena_clear(&r->scratch);
	mem_free(r->window);
	r->window = NULL;
	r->window_cap = r->window_n = 0;
}

size_t elf_early_ranges(struct span head, struct want range[2])
{
	if (!elf_bid(head) || head.n < EI_NIDENT)
		return 0;
	struct cur c = { .in = head, .be = head.p[EI_DATA] == ELFDATA2MSB, .wide = head.p[EI_CLASS] == ELFCLASS64 };
	cur_seek(&c, c.wide ? 32 : 28); /* e_phoff, e_shoff */
	uint64_t phoff = cur_word(&c), shoff = cur_word(&c);
	cur_seek(&c, c.wide ? 56 : 44); /* e_phnum, e_shentsize, e_shnum */
	uint32_t phnum = cur_u16(&c), shentsize = cur_u16(&c), shnum = cur_u16(&c);
	size_t n = 0;
	uint32_t each = c.wide ? 56 : 32;
	for (uint32_t i = 0; i < phnum && !c.bad; i++) {
		struct cur p = cur_window(&c, phoff + (uint64_t)i * each, each);
		uint32_t type = cur_u32(&p);
		if (p.wide)
			cur_skip(&p, 4);
		uint64_t at = cur_word(&p);
		cur_skip(&p, p.wide ? 16 : 8);
		uint64_t size = cur_word(&p);
		if (type != PT_DYNAMIC || p.bad || !size)
			continue;
		range[n++] = (struct want){ .at = at, .n = size < LIMIT_WANT ? (uint32_t)size : LIMIT_WANT };
		break;
	}
	uint64_t table = (uint64_t)shnum * shentsize;
	/* the sections' names lie just before their table, where ld and patchelf put them */
	uint64_t names = shoff < NAMES ? shoff : NAMES;
	if (!c.bad && shoff && table && table <= LIMIT_WANT - NAMES)
		range[n++] = (struct want){ .at = shoff - names, .n = (uint32_t)(names + table) };
	return n;
}

unsigned elf_bid(struct span head)
{
	return head.n >= SELFMAG && !memcmp(head.p, ELFMAG, SELFMAG) ? 32 : 0;
}
