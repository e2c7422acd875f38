/*
 * The search for one name. glibc: elf/dl-load.c, _dl_map_object, and ld.so(8);
 * musl: ldso/dynlink.c, load_library.
 */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/elffacts.h"
#include "base/limits.h"
#include "base/str.h"
#include "derive/loader.h"
#include "inventory/inventory.h"
#include "matrix/matrix.h"

static int placed_cmp(const void *a, const void *b)
{
	uint32_t x = ((const struct placed *)a)->node, y = ((const struct placed *)b)->node;
	return (x > y) - (x < y);
}

static int cached_cmp(const void *a, const void *b)
{
	const struct cached_library *x = *(const struct cached_library *const *)a, *y = *(const struct cached_library *const *)b;
	int c = strcmp(x->soname, y->soname);
	return c ? c : (x > y) - (x < y);
}

int loader_open(struct loader_run *r, struct inventory *inv, const struct matrix *m, struct arena *a)
{
	*r = (struct loader_run){ .inv = inv, .m = m, .a = a, .musl = str_eq(inv->os.libc, "musl") };
	const char *glibc = r->musl ? NULL : inv->os.libc_version;
	/* glibc-hwcaps came with 2.33; the older folders were last searched by 2.36 (NEWS of both) */
	r->hwcaps = !r->musl && (!glibc || version_cmp(glibc, "2.33") >= 0);
	r->legacy_hwcaps = glibc && version_cmp(glibc, "2.37") < 0;
	r->library_path = inventory_env(inv, "LD_LIBRARY_PATH");
	for (size_t i = 0; i < inv->libraries.n; i++) {
		struct placed p = { fs_find(inv->fs, 0, SPAN_STR(inv->libraries.v[i].path), true), &inv->libraries.v[i] };
		if (p.node != FS_NONE && !list_add(a, &r->placed, p))
			return -1;
	}
	list_sort(&r->placed, placed_cmp);
	for (size_t i = 0; i < inv->loader.cache.n; i++)
		if (!list_add(a, &r->cache, &inv->loader.cache.v[i]))
			return -1;
	list_sort(&r->cache, cached_cmp);
	return 0;
}

struct library *loader_library(const struct loader_run *r, uint32_t node)
{
	struct placed key = { .node = node };
	const struct placed *p = r->placed.n ? bsearch(&key, r->placed.v, r->placed.n, sizeof(key), placed_cmp) : NULL;
	return p ? p->lib : NULL;
}

/* One search: who asks, for what, and where to note the folders. */
struct search {
	struct loader_run *r;
	const struct process *p;
	const struct object *user;
	struct span name;
	struct choice *out;
	tried_list *tried;
	size_t text_n; /* bytes of r->text, where a path is put together */
	bool failed;   /* memory */
};

/* Walks a path, which counts among the steps: a hostile tree has links that lead through links. */
static uint32_t look(struct search *s, uint32_t from, struct span path)
{
	uint64_t names = 0;
	uint32_t n = fs_find_counted(s->r->inv->fs, from, path, true, &names);
	s->r->steps += names / 16;
	return n;
}

/*
 * May the loader take the file? glibc passes over files of another class or
 * machine (open_verify); what is no ELF at all stops it, and is a file that
 * nobody can say more of.
 */
static bool fits(const struct search *s, uint32_t node)
{
	const struct library *l = loader_library(s->r, node);
	const struct elf_facts *own = s->user->lib ? s->user->lib->elf : NULL;
	return !l || !l->elf || !own || s->r->musl || (l->elf->machine == own->machine && l->elf->wide == own->wide);
}

static bool in_folder(struct search *s, uint32_t dir, const char *because)
{
	const struct fs *fs = s->r->inv->fs;
	if (dir == FS_NONE || fs_node(fs, dir)->type != NODE_DIR || fs_child(fs, dir, s->name) == FS_NONE)
		return false;
	uint32_t n = look(s, dir, s->name);
	if (n == FS_NONE || fs_node(fs, n)->type != NODE_FILE || !fits(s, n))
		return false;
	*s->out = (struct choice){ .node = n, .dir = dir, .loaded = -1, .because = because };
	return true;
}

/*
 * Folders for better processors come before the folder itself. Which of them
 * a host takes depends on its processor: hosts with GPUs are taken to be
 * x86-64-v3 (2013) machines.
 */
static bool in_hwcaps(struct search *s, uint32_t dir, const char *because)
{
	static const char *const levels[] = { "glibc-hwcaps/x86-64-v3", "glibc-hwcaps/x86-64-v2" };
	static const char *const legacy[] = { "tls/haswell/x86_64", "tls/haswell", "tls/x86_64", "tls", "haswell/x86_64", "haswell", "x86_64" };
	const struct fs *fs = s->r->inv->fs;
	const struct elf_facts *own = s->user->lib ? s->user->lib->elf : NULL;
	if (!own || own->machine != EM_X86_64 || dir == FS_NONE || fs_node(fs, dir)->type != NODE_DIR)
		return false;
	if (s->r->hwcaps && fs_child(fs, dir, SPAN_STR("glibc-hwcaps")) != FS_NONE)
		for (size_t i = 0; i < sizeof(levels) / sizeof(*levels); i++)
			if (in_folder(s, look(s, dir, SPAN_STR(levels[i])), because))
				return true;
	for (size_t i = 0; s->r->legacy_hwcaps && i < sizeof(legacy) / sizeof(*legacy); i++)
		if (in_folder(s, look(s, dir, SPAN_STR(legacy[i])), because))
			return true;
	return false;
}

/* The name of $LIB: the folder of the loader's build, "lib/x86_64-linux-gnu" on Debian's family. */
static const char *lib_token(const struct loader_run *r)
{
	const char *first = r->inv->loader.defaults.n ? r->inv->loader.defaults.v[0] : "/lib";
	return first + 1;
}

/* Before 2.37 glibc called better x86-64 machines "haswell". */
static const char *platform_token(const struct loader_run *r)
{
	bool haswell = r->legacy_hwcaps && r->inv->loader.machine == EM_X86_64;
	return haswell ? "haswell" : elf_machine_name(r->inv->loader.machine);
}

static bool name_byte(struct span s, size_t at)
{
	unsigned char c = at < s.n ? s.p[at] : 0;
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

enum token { TOKEN_ORIGIN, TOKEN_LIB, TOKEN_PLATFORM, TOKEN_NONE };

/* The token at a '$', and its length. Without braces it ends where a name would; musl knows $ORIGIN alone and looks no further. */
static enum token token_at(const struct search *s, struct span here, size_t *n)
{
	static const struct { const char *word; enum token token; } tokens[] = {
		{ "${ORIGIN}", TOKEN_ORIGIN }, { "$ORIGIN", TOKEN_ORIGIN }, { "${LIB}", TOKEN_LIB }, { "$LIB", TOKEN_LIB },
		{ "${PLATFORM}", TOKEN_PLATFORM }, { "$PLATFORM", TOKEN_PLATFORM },
	};
	for (size_t i = 0; i < sizeof(tokens) / sizeof(*tokens); i++) {
		*n = strlen(tokens[i].word);
		if (span_starts(here, tokens[i].word) && (s->r->musl || here.p[1] == '{' || !name_byte(here, *n)))
			return s->r->musl && tokens[i].token != TOKEN_ORIGIN ? TOKEN_NONE : tokens[i].token;
	}
	*n = 1;
	return TOKEN_NONE;
}

/* Adds to the path that is put together; false: it gets longer than any path. */
static bool append(struct search *s, const void *p, size_t n)
{
	if (n > sizeof(s->r->text) - s->text_n)
		return false;
	if (n)
		memcpy(s->r->text + s->text_n, p, n);
	s->text_n += n;
	return true;
}

/* A path with its tokens replaced, until the next call. No bytes: it names nothing. */
static struct span expand(struct search *s, struct span path, uint32_t origin)
{
	if (span_chr(path, '$') == path.n || path.n > LIMIT_PATH)
		return path.n > LIMIT_PATH ? (struct span){ 0 } : path;
	struct arena a = ARENA_INIT;
	const char *dir = origin == FS_NONE ? NULL : fs_path(s->r->inv->fs, origin, &a);
	s->failed = s->failed || (!dir && origin != FS_NONE);
	s->r->steps += path.n / 64;
	s->text_n = 0;
	bool known = true;
	while (path.n && known) {
		size_t at = span_chr(path, '$'), n = 0;
		known = append(s, path.p, at);
		path = span_from(path, at);
		enum token token = path.n ? token_at(s, path, &n) : TOKEN_NONE;
		const char *value = token == TOKEN_ORIGIN ? dir : token == TOKEN_LIB ? lib_token(s->r) : token == TOKEN_PLATFORM ? platform_token(s->r) : "$";
		known = known && value && append(s, value, token == TOKEN_NONE ? n : strlen(value));
		path = span_from(path, n);
	}
	arena_clear(&a);
	return known ? (struct span){ (unsigned char *)s->r->text, s->text_n } : (struct span){ 0 };
}

/* What is kept for a report is bounded: so many folders of one miss, so many bytes of all. */
enum { TRIED_KEPT = 64 };
static const uint64_t NOTES_KEPT = 64u << 20;

static void note(struct search *s, struct span dir)
{
	if (!s->tried || s->tried->n >= TRIED_KEPT || s->r->noted > NOTES_KEPT)
		return;
	s->r->noted += dir.n;
	const char *text = arena_strn(&s->r->inv->arena, dir.p, dir.n);
	for (size_t i = 0; text && i < s->tried->n; i++)
		if (str_eq(s->tried->v[i], text))
			return;
	if (!text || !list_add(&s->r->inv->arena, s->tried, text))
		s->failed = true;
}

/* Relative paths begin in the working folder of the process. */
static uint32_t working_folder(struct search *s)
{
	const char *dir = s->r->inv->workdir;
	return dir ? look(s, 0, SPAN_STR(dir)) : 0;
}

static bool in_dir(struct search *s, struct span dir, uint32_t origin, const char *because)
{
	const struct inventory *inv = s->r->inv;
	uint32_t from = 0;
	if (s->r->steps++ > LIMIT_LOADS || (!dir.n && s->r->musl))
		return false;
	struct span path = expand(s, dir, origin);
	if (!path.n && dir.n)
		return false;
	if (inv->loader.known && (!path.n || path.p[0] != '/'))
		from = working_folder(s);
	if (from == FS_NONE)
		return false;
	note(s, path.n ? path : SPAN_STR("."));
	uint32_t n = look(s, from, path);
	return in_hwcaps(s, n, because) || in_folder(s, n, because);
}

/* LD_LIBRARY_PATH. In glibc $ORIGIN is the program's folder there; musl takes it as it stands. */
static bool in_library_path(struct search *s)
{
	static const char because[] = "LD_LIBRARY_PATH";
	const struct object *program = s->p->objects.n && s->p->objects.v[0].program ? &s->p->objects.v[0] : NULL;
	struct span list = SPAN_STR(s->r->library_path ? s->r->library_path : "");
	bool more = list.n;
	while (more) {
		size_t at = 0;
		while (at < list.n && list.p[at] != ':' && (list.p[at] != ';' || s->r->musl))
			at++;
		struct span dir = span_sub(list, 0, at);
		bool plain = !s->r->musl || span_chr(dir, '$') == dir.n;
		if (plain && in_dir(s, dir, program ? program->dir : FS_NONE, because))
			return true;
		more = at < list.n;
		list = span_from(list, at + 1);
	}
	return false;
}

/* musl passes over a whole run path for one '$' that is not $ORIGIN's: ldso/dynlink.c, fixup_rpath. */
static bool odd_token(const struct search *s, struct span dir)
{
	size_t n, at;
	s->r->steps += dir.n / 64;
	while ((at = span_chr(dir, '$')) < dir.n) {
		dir = span_from(dir, at);
		if (token_at(s, dir, &n) == TOKEN_NONE)
			return true;
		dir = span_from(dir, n);
	}
	return false;
}

/* DT_RPATH or DT_RUNPATH of an object. */
static bool in_own(struct search *s, const struct object *o, const char *const *dirs, size_t n, const char *because)
{
	for (size_t i = 0; i < n && s->r->musl; i++)
		if (odd_token(s, SPAN_STR(dirs[i])))
			return false;
	for (size_t i = 0; i < n; i++)
		if (in_dir(s, SPAN_STR(dirs[i]), o->dir, because))
			return true;
	return false;
}

/* DT_RPATH of whoever asks and of who asked for it; a DT_RUNPATH beside it makes it void. */
static bool in_rpaths(struct search *s)
{
	bool main_seen = false;
	for (const struct object *o = s->user; o;) {
		const struct elf_facts *e = o->lib ? o->lib->elf : NULL;
		if (e && !e->has_runpath && in_own(s, o, e->rpath.v, e->rpath.n, "rpath"))
			return true;
		main_seen = main_seen || o->program;
		o = o->asked_by >= 0 ? &s->p->objects.v[o->asked_by] : NULL;
	}
	const struct object *program = s->p->objects.n && s->p->objects.v[0].program ? &s->p->objects.v[0] : NULL;
	const struct elf_facts *e = program && program->lib && !main_seen ? program->lib->elf : NULL;
	return e && !e->has_runpath && in_own(s, program, e->rpath.v, e->rpath.n, "rpath");
}

static unsigned level_of(const struct cached_library *c)
{
	return str_eq(c->hwcap, "x86-64-v3") ? 2 : str_eq(c->hwcap, "x86-64-v2") ? 1 : c->hwcap ? 99 : 0;
}

/* The cache's best entry; a file that is no longer there is passed over for the default folders. */
static bool in_cache(struct search *s, bool nodeflib)
{
	const struct loader_run *r = s->r;
	const struct inventory *inv = r->inv;
	note(s, SPAN_STR("/etc/ld.so.cache"));
	size_t lo = 0, hi = r->cache.n;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		struct span have = SPAN_STR(r->cache.v[mid]->soname);
		size_t n = have.n < s->name.n ? have.n : s->name.n;
		int c = memcmp(have.p, s->name.p, n);
		if (c < 0 || (c == 0 && have.n < s->name.n))
			lo = mid + 1;
		else
			hi = mid;
	}
	const struct cached_library *best = NULL;
	for (; lo < r->cache.n && span_eq(s->name, r->cache.v[lo]->soname); lo++) {
		const struct cached_library *c = r->cache.v[lo];
		if (level_of(c) != 99 && (!best || level_of(c) > level_of(best)))
			best = c;
	}
	if (!best)
		return false;
	struct span path = SPAN_STR(best->path);
	size_t slash = path.n;
	while (slash && path.p[slash - 1] != '/')
		slash--;
	uint32_t at = look(s, 0, span_sub(path, 0, slash));
	for (size_t i = 0; nodeflib && i < inv->loader.defaults.n; i++)
		if (at != FS_NONE && fs_find(inv->fs, 0, SPAN_STR(inv->loader.defaults.v[i]), true) == at)
			return false;
	struct span asked = s->name;
	s->name = span_from(path, slash);
	bool found = in_folder(s, at, "cache");
	s->name = asked;
	return found;
}

static bool in_each(struct search *s, const char *const *dirs, size_t n, const char *because)
{
	for (size_t i = 0; i < n; i++)
		if (in_dir(s, SPAN_STR(dirs[i]), FS_NONE, because))
			return true;
	return false;
}

static bool glibc_search(struct search *s)
{
	const struct elf_facts *own = s->user->lib ? s->user->lib->elf : NULL;
	const struct loader *l = &s->r->inv->loader;
	if (own && !own->has_runpath && in_rpaths(s))
		return true;
	if (in_library_path(s))
		return true;
	if (own && in_own(s, s->user, own->runpath.v, own->runpath.n, "runpath"))
		return true;
	if (!l->known)
		return false;
	bool nodeflib = own && own->nodeflib;
	if (l->has_cache && in_cache(s, nodeflib))
		return true;
	if (!nodeflib && in_each(s, l->defaults.v, l->defaults.n, "default"))
		return true;
	/* without a cache the loader never sees the folders of ld.so.conf; NVIDIA's runtimes run ldconfig at start */
	return in_each(s, l->configured.v, l->configured.n, "ldconfig");
}

/* LD_LIBRARY_PATH, then the run paths of whoever asks and of all who asked for it, then the loader's own list. */
static bool musl_search(struct search *s)
{
	if (in_library_path(s))
		return true;
	for (const struct object *o = s->user; o; o = o->asked_by >= 0 ? &s->p->objects.v[o->asked_by] : NULL) {
		const struct elf_facts *e = o->lib ? o->lib->elf : NULL;
		if (!e)
			continue;
		if (e->has_runpath ? in_own(s, o, e->runpath.v, e->runpath.n, "runpath") : in_own(s, o, e->rpath.v, e->rpath.n, "rpath"))
			return true;
	}
	return in_each(s, s->r->inv->loader.defaults.v, s->r->inv->loader.defaults.n, "default");
}

/* musl's loader is its C library, under each of these names: ldso/dynlink.c, load_library's `reserved`. */
static bool part_of_musl(const char *name)
{
	static const char *const reserved[] = { "libc.", "libpthread.", "librt.", "libm.", "libdl.", "libutil.", "libxnet.", "ld-musl-" };
	for (size_t i = 0; i < sizeof(reserved) / sizeof(*reserved); i++)
		if (str_starts(name, reserved[i]))
			return true;
	return false;
}

static bool musl_itself(struct search *s)
{
	const struct inventory *inv = s->r->inv;
	const char *machine = elf_machine_name(inv->loader.machine);
	char name[64];
	snprintf(name, sizeof(name), "ld-musl-%s.so.1", machine ? machine : "x86_64");
	s->name = SPAN_STR(name);
	return in_folder(s, look(s, 0, SPAN_STR("/lib")), "default");
}

static int already(const struct search *s, const char *name)
{
	for (size_t i = 0; i < s->p->objects.n; i++) {
		const struct object *o = &s->p->objects.v[i];
		if (str_eq(o->as, name) || (!s->r->musl && o->lib && o->lib->soname && str_eq(o->lib->soname, name)))
			return (int)i;
	}
	for (size_t i = 0; i < s->p->aliases.n; i++)
		if (str_eq(s->p->aliases.v[i].name, name))
			return s->p->aliases.v[i].object;
	return -1;
}

static int at_node(const struct process *p, uint32_t node)
{
	for (size_t i = 0; i < p->objects.n; i++)
		if (p->objects.v[i].node == node && node != FS_NONE)
			return (int)i;
	return -1;
}

/* A name with a '/' is a path: nothing is searched. */
static bool by_path(struct search *s, const char *name)
{
	uint32_t cwd = working_folder(s);
	struct span path = expand(s, SPAN_STR(name), s->user->dir);
	size_t slash = path.n;
	while (slash && path.p[slash - 1] != '/')
		slash--;
	note(s, path);
	s->name = span_from(path, slash);
	return path.n && cwd != FS_NONE && in_folder(s, look(s, cwd, span_sub(path, 0, slash)), "path");
}

static bool find(struct search *s, const char *name)
{
	if (strchr(name, '/'))
		return by_path(s, name);
	if (s->r->musl)
		return part_of_musl(name) ? musl_itself(s) : musl_search(s);
	return glibc_search(s);
}

int loader_search(struct loader_run *r, const struct process *p, int user, const char *name, struct choice *out, tried_list *tried)
{
	struct search s = { .r = r, .p = p, .user = &p->objects.v[user], .name = SPAN_STR(name), .out = out, .tried = tried };
	*out = (struct choice){ .node = FS_NONE, .dir = FS_NONE, .loaded = already(&s, name), .because = "loaded" };
	r->steps += 1 + (p->objects.n + p->aliases.n) / 64;
	if (out->loaded >= 0) {
		out->node = p->objects.v[out->loaded].node;
		out->dir = p->objects.v[out->loaded].dir;
	} else if (find(&s, name)) {
		out->loaded = at_node(p, out->node);
	} else {
		out->because = matrix_injected(r->m, name) ? "injected" : NULL;
	}
	return s.failed ? -1 : 0;
}
