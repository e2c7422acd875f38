/* Versions, dynamic symbols and strings of an ELF file: the second half of the reader's stages. */
#include <elf.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/str.h"
#include "parse/elf_parts.h"

enum { VERSIONS = 0x7fff }; /* what an index of .gnu.version can name */

/* Verneed, LSB 10.7.3: a list of files, each with a list of nodes; offsets are relative to their own record. */
enum outcome elf_stage_verneed(struct elf_reader *r)
{
	struct elf_work *w = r->work;
	uint64_t at = w->verneed ? elf_offset(r, w->verneed) : UINT64_MAX;
	if (at == UINT64_MAX || !w->verneed_n)
		return NEXT;
	uint64_t n = elf_segment_left(r, at);
	struct cur all = elf_get_cur(r, at, n > WINDOW ? WINDOW : n);
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
			cur_skip(&x, 4);
			bool weak = cur_u16(&x) & VER_FLG_WEAK;
			uint16_t index = cur_u16(&x);
			uint32_t name = cur_u32(&x);
			uint32_t more = cur_u32(&x);
			struct version_name v = { index & 0x7fff, 0, name };
			/* a node that only weak references ask for may be missing: it is no need */
			if (x.bad || w->versions.n >= VERSIONS || (!weak && !list_add(&r->scratch, &to->nodes, name)) || !list_add(&r->scratch, &w->versions, v) || !more)
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
enum outcome elf_stage_verdef(struct elf_reader *r)
{
	struct elf_work *w = r->work;
	uint64_t at = w->verdef ? elf_offset(r, w->verdef) : UINT64_MAX;
	if (at == UINT64_MAX || !w->verdef_n)
		return NEXT;
	uint64_t n = elf_segment_left(r, at);
	struct cur all = elf_get_cur(r, at, n > WINDOW ? WINDOW : n);
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
				return elf_bad(r, "out of memory");
		}
		if (!next)
			break;
		off += next;
	}
	return NEXT;
}

/* How many symbols there are: .dynsym's size, else the longest chain of .gnu.hash, else DT_HASH's nchain. */
enum outcome elf_stage_symbol_count(struct elf_reader *r)
{
	struct elf_work *w = r->work;
	struct elf_facts *f = r->facts;
	uint32_t each = f->wide ? 24 : 16;
	if (r->no_symbols && !r->symbol)
		w->symtab = w->sysv_hash = w->gnu_hash = 0;
	for (size_t i = 0; f->sections_known && i < f->sections.n; i++)
		if (f->sections.v[i].type == SHT_DYNSYM) {
			uint64_t n = f->sections.v[i].size / each;
			w->symbols = n > LIMIT_SYMBOLS ? LIMIT_SYMBOLS : (uint32_t)n;
			return NEXT;
		}
	uint64_t at = w->sysv_hash ? elf_offset(r, w->sysv_hash) : UINT64_MAX;
	if (at != UINT64_MAX) {
		struct cur c = elf_get_cur(r, at, 8);
		if (r->missing)
			return AGAIN;
		cur_skip(&c, 4);
		uint32_t n = cur_u32(&c);
		w->symbols = n > LIMIT_SYMBOLS ? LIMIT_SYMBOLS : n;
		return NEXT;
	}
	at = w->gnu_hash ? elf_offset(r, w->gnu_hash) : UINT64_MAX;
	if (at == UINT64_MAX)
		return NEXT;
	struct cur c = elf_get_cur(r, at, 16);
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
		c = elf_get_cur(r, table + 4 * i, 4 * piece);
		if (r->missing && buckets > WINDOW / 4) {
			elf_gap(r, "its hash table is too large to count symbols without a section table");
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
	uint64_t left = elf_segment_left(r, table + 4 * buckets + 4 * (last - first));
	c = elf_get_cur(r, table + 4 * buckets + 4 * (last - first), left > 65536 ? 65536 : left);
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

/*
 * Where .gnu.hash keeps the hash of each symbol that it finds: words in the
 * order of the symbol table, from symbol number `first` on. Whose hash is
 * there needs no name read.
 */
enum outcome elf_stage_hash_table(struct elf_reader *r)
{
	struct elf_work *w = r->work;
	uint64_t at = w->gnu_hash ? elf_offset(r, w->gnu_hash) : UINT64_MAX;
	if (at == UINT64_MAX)
		return NEXT;
	struct cur c = elf_get_cur(r, at, 16);
	if (r->missing)
		return AGAIN;
	uint64_t buckets = cur_u32(&c), first = cur_u32(&c), bloom = cur_u32(&c);
	if (c.bad || buckets > LIMIT_SYMBOLS || bloom > LIMIT_SYMBOLS || first > w->symbols)
		return NEXT;
	uint64_t words = at + 16 + bloom * (r->facts->wide ? 8 : 4) + 4 * buckets;
	if (elf_segment_left(r, words) / 4 < w->symbols - first)
		return NEXT;
	w->hashes_at = words;
	w->hashed_from = (uint32_t)first;
	w->hashed_n = w->symbols - (uint32_t)first;
	return NEXT;
}

enum { PIECE = 8192 }; /* symbols a window */

static bool add_named(struct elf_work *w, struct named s)
{
	if (w->named_n == w->named_cap) {
		uint32_t cap = w->named_cap ? w->named_cap + w->named_cap / 2 : 256;
		struct named *v = mem_resize(w->named, cap * sizeof(*v));
		if (!v)
			return false;
		w->named = v;
		w->named_cap = cap;
	}
	w->named[w->named_n++] = s;
	return true;
}

enum outcome elf_stage_symbols(struct elf_reader *r)
{
	struct elf_work *w = r->work;
	struct elf_facts *f = r->facts;
	uint32_t each = f->wide ? 24 : 16;
	uint64_t table = w->symtab ? elf_offset(r, w->symtab) : UINT64_MAX;
	f->symbols_known = f->dynamic && table != UINT64_MAX;
	while (table != UINT64_MAX && w->at_symbol < w->symbols) {
		uint32_t n = w->symbols - w->at_symbol < PIECE ? w->symbols - w->at_symbol : PIECE;
		struct cur c = elf_get_cur(r, table + (uint64_t)each * w->at_symbol, (uint64_t)each * n);
		if (r->missing)
			return AGAIN;
		if (c.bad) {
			elf_gap(r, "its symbol table lies outside the file");
			f->symbols_known = false;
			return NEXT;
		}
		for (uint32_t i = 0; i < n; i++) {
			struct named s = { .name = cur_u32(&c), .at = w->at_symbol + i };
			if (!f->wide)
				cur_skip(&c, 8);
			unsigned bind = cur_u8(&c) >> 4;
			cur_skip(&c, 1);
			s.defined = cur_u16(&c) != SHN_UNDEF;
			if (f->wide)
				cur_skip(&c, 16);
			s.weak = bind == STB_WEAK;
			if (s.name && bind != STB_LOCAL && !add_named(w, s))
				return elf_bad(r, "out of memory");
		}
		w->at_symbol += n;
	}
	w->at_symbol = 0;
	return NEXT;
}

/* Each named symbol's version; the list is in the order of the table, so windows go forward. */
enum outcome elf_stage_versions(struct elf_reader *r)
{
	struct elf_work *w = r->work;
	uint64_t table = w->versym ? elf_offset(r, w->versym) : UINT64_MAX;
	for (; table != UINT64_MAX && w->at_symbol < w->named_n; w->at_symbol++) {
		struct named *s = &w->named[w->at_symbol];
		struct cur c = elf_get_cur(r, table + 2 * (uint64_t)s->at, 2);
		if (r->missing)
			return AGAIN;
		s->version = cur_u16(&c) & 0x7fff;
	}
	w->at_symbol = 0;
	return NEXT;
}

/* Each definition's hash, where the hash table has it. */
enum outcome elf_stage_hashes(struct elf_reader *r)
{
	struct elf_work *w = r->work;
	for (; w->at_symbol < w->named_n; w->at_symbol++) {
		struct named *s = &w->named[w->at_symbol];
		if (!s->defined || s->at < w->hashed_from || s->at - w->hashed_from >= w->hashed_n)
			continue;
		struct cur c = elf_get_cur(r, w->hashes_at + 4 * (uint64_t)(s->at - w->hashed_from), 4);
		if (r->missing)
			return AGAIN;
		if (!c.bad)
			s->hash = cur_u32(&c) | 1;
	}
	w->at_symbol = 0;
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
enum outcome elf_stage_plan(struct elf_reader *r)
{
	struct elf_work *w = r->work;
	size_t n = 3 + w->needed.n + w->versions.n + w->files.n;
	for (uint32_t i = 0; i < w->named_n; i++)
		n += !w->named[i].hash;
	w->asked = arena_alloc(&r->scratch, n * sizeof(*w->asked));
	if (!w->asked)
		return elf_bad(r, "out of memory");
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
	for (uint32_t i = 0; i < w->named_n; i++)
		if (!w->named[i].hash)
			ask(w, w->named[i].name, !w->named[i].defined);
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
	return h | 1;
}

enum { SHARING = 16, SLACK = 1 << 20 }; /* names may have so many times the bytes of their table, and these */

/*
 * A string may begin in one window and end in the next: then a window is asked
 * for that begins with it.
 */
enum outcome elf_stage_strings(struct elf_reader *r)
{
	struct elf_work *w = r->work;
	uint64_t table = w->strtab ? elf_offset(r, w->strtab) : UINT64_MAX;
	if (table == UINT64_MAX)
		return NEXT;
	uint64_t size = elf_segment_left(r, table);
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
			c = elf_get_cur(r, at, inside < left ? inside : left);
			text = cur_cstr(&c, 0);
		}
		if (!text.p && inside < left) {
			c = elf_get_cur(r, at, left < WINDOW ? left : WINDOW);
			if (r->missing)
				return AGAIN;
			text = cur_cstr(&c, 0);
		}
		if (!text.p)
			continue;
		/* linkers let names share their ends; a file in which each is the end of one long name would cost its square */
		w->text += text.n;
		if (w->text / SHARING > size + SLACK) {
			elf_gap(r, "its names overlap more than a linker makes them: the rest of them is not read");
			return NEXT;
		}
		s->hash = hash_span(text);
		if (s->keep && !(s->text = arena_strn(r->arena, text.p, text.n)))
			return elf_bad(r, "out of memory");
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
	bool more = rest.n; /* "a:" has an empty element at its end, "" has none */
	while (more) {
		more = span_chr(rest, ':') < rest.n;
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

/* Sorts by hash, then version, by bytes from the lowest on; `spare` has room for as many. */
static void sort_defined(struct elf_defined *v, struct elf_defined *spare, uint32_t n)
{
	if (n < 256) {
		qsort(v, n, sizeof(*v), cmp_defined);
		return;
	}
	for (unsigned shift = 0; shift < 48; shift += 8) {
		uint32_t count[257] = { 0 };
		for (uint32_t i = 0; i < n; i++)
			count[1 + ((((uint64_t)v[i].hash << 16 | v[i].version) >> shift) & 255)]++;
		for (unsigned k = 0; k < 256; k++)
			count[k + 1] += count[k];
		for (uint32_t i = 0; i < n; i++)
			spare[count[(((uint64_t)v[i].hash << 16 | v[i].version) >> shift) & 255]++] = v[i];
		struct elf_defined *other = v; /* six rounds: the result is where it began */
		v = spare;
		spare = other;
	}
}

static enum outcome finish_symbols(struct elf_reader *r)
{
	struct elf_work *w = r->work;
	struct elf_facts *f = r->facts;
	uint32_t asked = r->symbol ? elf_gnu_hash(r->symbol) | 1 : 0, n_defined = 0;
	for (uint32_t i = 0; i < w->named_n; i++)
		n_defined += w->named[i].defined;
	f->defined = arena_alloc(r->arena, (n_defined + (size_t)1) * sizeof(*f->defined));
	struct elf_defined *spare = arena_alloc(&r->scratch, (n_defined + (size_t)1) * sizeof(*spare));
	if (!f->defined || !spare)
		return elf_bad(r, "out of memory");
	for (uint32_t i = 0; i < w->named_n; i++) {
		const struct named *n = &w->named[i];
		const struct asked *name = n->hash ? NULL : string_at(w, n->name);
		uint32_t hash = n->hash ? n->hash : name ? name->hash : 0;
		if (!hash) {
			f->symbols_known = false;
			continue;
		}
		if (n->defined && hash == asked)
			w->at_symbol = n->at;
		if (n->defined) {
			f->defined[f->defined_n++] = (struct elf_defined){ hash, version_def(w, n->version) };
			continue;
		}
		struct elf_symbol *s = list_push(r->arena, &f->undefined);
		if (!s)
			return elf_bad(r, "out of memory");
		s->name = name->text;
		s->weak = n->weak;
		for (size_t k = 0; n->version > 1 && k < w->versions.n; k++)
			if (w->versions.v[k].index == n->version && !w->versions.v[k].def)
				s->version = string(w, w->versions.v[k].name);
	}
	sort_defined(f->defined, spare, f->defined_n);
	if (!elf_filter(f, r->arena))
		return elf_bad(r, "out of memory");
	return NEXT;
}

/* The place of the one symbol that was asked for. */
enum outcome elf_stage_symbol_place(struct elf_reader *r)
{
	struct elf_work *w = r->work;
	bool wide = r->facts->wide;
	uint32_t each = wide ? 24 : 16;
	uint64_t table = w->symtab && w->at_symbol ? elf_offset(r, w->symtab) : UINT64_MAX;
	if (table == UINT64_MAX)
		return DONE;
	struct cur c = elf_get_cur(r, table + (uint64_t)each * w->at_symbol, each);
	if (r->missing)
		return AGAIN;
	cur_skip(&c, wide ? 8 : 4); /* st_value */
	uint64_t at = elf_offset(r, cur_word(&c));
	r->symbol_at = c.bad || at == UINT64_MAX ? 0 : at;
	return DONE;
}

enum outcome elf_stage_finish(struct elf_reader *r)
{
	struct elf_work *w = r->work;
	struct elf_facts *f = r->facts;
	f->needs_lost = r->lost && w->dyn_n && !f->dynamic;
	if (w->has_soname)
		f->soname = string(w, w->soname);
	for (size_t i = 0; i < w->needed.n; i++) {
		const char *s = string(w, w->needed.v[i]);
		f->needs_lost = f->needs_lost || (!s && r->lost);
		if (s && !list_add(r->arena, &f->needed, s))
			return elf_bad(r, "out of memory");
	}
	const char *path = w->has_rpath ? string(w, w->rpath) : NULL;
	if (path)
		split_path(r, path, &f->rpath.v, &f->rpath.n, &f->rpath.cap);
	path = w->has_runpath ? string(w, w->runpath) : NULL;
	f->has_runpath = w->has_runpath;
	if (path)
		split_path(r, path, &f->runpath.v, &f->runpath.n, &f->runpath.cap);
	for (size_t i = 0; i < w->files.n; i++) {
		struct elf_verneed *n = list_push(r->arena, &f->verneeds);
		if (!n)
			return elf_bad(r, "out of memory");
		n->file = string(w, w->files.v[i].name);
		for (size_t k = 0; k < w->files.v[i].nodes.n; k++) {
			const char *s = string(w, w->files.v[i].nodes.v[k]);
			if (s && !list_add(r->arena, &n->versions, s))
				return elf_bad(r, "out of memory");
		}
		if (!n->file)
			f->verneeds.n--;
	}
	for (size_t i = 0; i < w->versions.n; i++)
		if (w->versions.v[i].def) {
			const char *s = string(w, w->versions.v[i].name);
			if (!list_add(r->arena, &f->verdefs, s ? s : ""))
				return elf_bad(r, "out of memory");
		}
	return finish_symbols(r);
}
