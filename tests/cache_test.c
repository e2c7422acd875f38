/* The cache of layers: a record comes back as it was kept; what is damaged, hostile or somebody else's is as if it were not there. */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/elffacts.h"
#include "scan/cache.h"
#include "scan/recordio.h"
#include "source/blob.h"

static char folder[64];

static int make_folder(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/cache_test.XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int take_folder(void **state)
{
	(void)state;
	DIR *d = opendir(folder);
	for (struct dirent *e; d && (e = readdir(d));)
		unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		closedir(d);
	return rmdir(folder);
}

static struct cache *open_cache(uint64_t limit)
{
	struct err err = ERR_INIT;
	struct cache *c = cache_open(folder, limit, &err);
	if (!c)
		fail_msg("%s", err.text);
	return c;
}

static struct span text(const char *s)
{
	return SPAN_STR(s);
}

/* A record with something of everything. */
static void fill(struct record *r, const char *said)
{
	assert_int_equal(record_open(r), 0);
	struct arena *a = &r->arena;
	uint32_t lib = fs_add(r->fs, 0, text("lib"), 0), so = fs_add(r->fs, lib, text("libx.so.1"), 0);
	uint32_t link = fs_add(r->fs, lib, text("libx.so"), 0), conf = fs_add(r->fs, 0, text("conf"), 0);
	uint32_t gone = fs_add(r->fs, 0, text("gone"), 0), hard = fs_add(r->fs, 0, text("hard"), 0);
	*fs_edit(r->fs, so) = (struct node){ .parent = lib, .next = fs_node(r->fs, so)->next, .name = fs_node(r->fs, so)->name, .name_n = 9,
					     .type = NODE_FILE, .mode = 0755, .size = 1ull << 33, .item = 1 };
	fs_edit(r->fs, lib)->implied = 1;
	fs_edit(r->fs, link)->type = NODE_SYMLINK;
	assert_true(fs_set_link(r->fs, link, text("libx.so.1")));
	fs_edit(r->fs, conf)->type = NODE_FILE;
	fs_edit(r->fs, conf)->item = 3;
	fs_edit(r->fs, gone)->gone = 1;
	struct elf_facts *e = arena_alloc(a, sizeof(*e));
	*e = (struct elf_facts){ .wide = true, .type = 3, .machine = 62, .dynamic = true, .symbols_known = true, .has_runpath = true, .needs_lost = true, .soname = "libx.so.1", .build_id = "0a1b" };
	struct elf_verneed need = { .file = "libc.so.6" };
	assert_true(list_add(a, &need.versions, "GLIBC_2.34"));
	assert_true(list_add(a, &e->needed, "libc.so.6") && list_add(a, &e->runpath, "$ORIGIN") && list_add(a, &e->verdefs, "X_1") &&
		    list_add(a, &e->verneeds, need) && list_add(a, &e->gaps, "a gap"));
	assert_true(list_add(a, &e->undefined, ((struct elf_symbol){ "puts", "GLIBC_2.34", false })) &&
		    list_add(a, &e->undefined, ((struct elf_symbol){ "odd", NULL, true })));
	assert_true(list_add(a, &e->sections, ((struct elf_section){ ".text", 1, 2, 3, 4, 5 })) &&
		    list_add(a, &e->segments, ((struct elf_segment){ 6, 7, 8 })));
	e->defined = arena_alloc(a, sizeof(*e->defined));
	e->defined[0] = (struct elf_defined){ elf_gnu_hash("x_init") | 1, 1 };
	e->defined_n = 1;
	struct fat_facts *f = arena_alloc(a, sizeof(*f));
	*f = (struct fat_facts){ .containers = 2, .entries = 3, .empty = 1 };
	struct fat_group g = { .containers = 2 };
	assert_true(list_add(a, &g.cubin, ((struct sm){ 90, 'a' })));
	assert_true(list_add(a, &f->cubin, ((struct fat_target){ { 90, 'a' }, VER2_NONE, 2 })) &&
		    list_add(a, &f->ptx, ((struct fat_target){ { 90, 0 }, { 8, 4 }, 1 })) && list_add(a, &f->groups, g));
	assert_true(list_add(a, &r->items, ((struct item){ .kind = ITEM_ELF, .node = so, .elf = e, .fat = f, .fat_read = true, .version = "1.2",
							   .version_from = "string" })));
	/* replaced by the next one in the same archive, and one of --verify alone: neither is kept */
	assert_true(list_add(a, &r->items, ((struct item){ .kind = ITEM_TEXT, .node = conf, .text = text("old") })));
	assert_true(list_add(a, &r->items, ((struct item){ .kind = ITEM_TEXT, .node = conf, .text = text(said) })));
	assert_true(list_add(a, &r->items, ((struct item){ .kind = ITEM_HASH, .node = hard, .sha256 = (const unsigned char *)"x" })));
	fs_edit(r->fs, hard)->item = 4;
	assert_true(list_add(a, &r->hardlinks, ((struct hardlink){ hard, text("lib/libx.so.1") })));
	assert_true(list_add(a, &r->hidden, ((struct hidden){ text("etc"), text(""), true })));
	assert_true(list_add(a, &r->gaps, ((struct record_gap){ text("lib/y.so"), "too large", false })) &&
		    list_add(a, &r->gaps, ((struct record_gap){ text("z.py"), "encrypted", true })));
	r->entries = 6;
	r->notice = "odd";
}

static void key_named(struct cache_key *k, char digit)
{
	char digest[72] = "sha256:";
	memset(digest + 7, digit, 64);
	assert_true(cache_key_digest(k, digest, false));
}

static bool holds(struct cache *c, const struct cache_key *k, const char *said)
{
	struct record r;
	assert_int_equal(record_open(&r), 0);
	bool got = cache_get(c, k, &r);
	bool same = got && r.items.n == 2 && (span_eq(r.items.v[1].text, said) || span_eq(r.items.v[1].text, "other"));
	record_clear(&r);
	return same;
}

static void comes_back(void **state)
{
	(void)state;
	struct cache *c = open_cache(1 << 20);
	struct cache_key k;
	struct record r, got;
	fill(&r, "hello");
	key_named(&k, 'a');
	assert_int_equal(record_open(&got), 0);
	assert_false(cache_get(c, &k, &got));
	cache_put(c, &k, &r);
	assert_true(cache_get(c, &k, &got));
	assert_int_equal(fs_count(got.fs), fs_count(r.fs));
	for (uint32_t i = 0; i < fs_count(r.fs); i++) {
		const struct node *x = fs_node(r.fs, i), *y = fs_node(got.fs, i);
		assert_true(x->parent == y->parent && x->child == y->child && x->next == y->next && x->type == y->type && x->gone == y->gone &&
			    x->mode == y->mode && x->implied == y->implied && x->size == y->size);
		assert_true(fs_name(r.fs, i).n == fs_name(got.fs, i).n && !memcmp(fs_name(r.fs, i).p, fs_name(got.fs, i).p, x->name_n));
		assert_int_equal(fs_link(r.fs, i).n, fs_link(got.fs, i).n);
	}
	assert_int_equal(got.items.n, 2);
	const struct elf_facts *e = got.items.v[0].elf;
	assert_true(e && e->wide && !e->be && e->dynamic && e->symbols_known && e->has_runpath && e->needs_lost && e->machine == 62);
	assert_string_equal(e->soname, "libx.so.1");
	assert_string_equal(e->verneeds.v[0].versions.v[0], "GLIBC_2.34");
	assert_string_equal(e->undefined.v[0].version, "GLIBC_2.34");
	assert_true(e->undefined.v[1].weak && !e->undefined.v[1].version);
	assert_true(elf_defines(e, "x_init", "X_1") && !elf_defines(e, "x_exit", NULL));
	assert_string_equal(e->sections.v[0].name, ".text");
	assert_int_equal(e->segments.v[0].size, 8);
	const struct fat_facts *f = got.items.v[0].fat;
	assert_true(f && f->containers == 2 && f->cubin.v[0].arch.suffix == 'a' && f->cubin.v[0].isa.minor == -1 && f->ptx.v[0].isa.major == 8);
	assert_int_equal(f->groups.v[0].cubin.v[0].number, 90);
	assert_string_equal(got.items.v[0].version, "1.2");
	assert_true(span_eq(got.items.v[1].text, "hello"));
	assert_int_equal(fs_node(got.fs, got.items.v[1].node)->item, 2);
	assert_true(got.hardlinks.n == 1 && span_eq(got.hardlinks.v[0].target, "lib/libx.so.1"));
	assert_true(got.hidden.n == 1 && got.hidden.v[0].opaque && got.hidden.v[0].name.n == 0);
	assert_true(got.gaps.n == 1 && span_eq(got.gaps.v[0].path, "lib/y.so"));
	assert_string_equal(got.notice, "odd");
	assert_int_equal(got.entries, 6);
	record_clear(&got);
	record_clear(&r);
	cache_close(c);
}

/* The only file of the folder. */
static void only_file(char path[512])
{
	DIR *d = opendir(folder);
	unsigned n = 0;
	for (struct dirent *e; (e = readdir(d));)
		if (e->d_name[0] != '.')
			n += (unsigned)(snprintf(path, 512, "%s/%s", folder, e->d_name) > 0);
	closedir(d);
	assert_int_equal(n, 1);
}

static size_t slurp(const char *path, unsigned char *p, size_t max)
{
	FILE *f = fopen(path, "rb");
	size_t n = fread(p, 1, max, f);
	fclose(f);
	return n;
}

static void spill(const char *path, const unsigned char *p, size_t n)
{
	FILE *f = fopen(path, "wb");
	assert_int_equal(fwrite(p, 1, n, f), n);
	fclose(f);
}

static void damage_is_ignored_and_rewritten(void **state)
{
	(void)state;
	static unsigned char good[8192], bad[8192 + 1];
	char path[512];
	struct cache *c = open_cache(1 << 20);
	struct cache_key k;
	struct record r;
	fill(&r, "hello");
	key_named(&k, 'a');
	cache_put(c, &k, &r);
	only_file(path);
	size_t n = slurp(path, good, sizeof(good));
	for (size_t i = 0; i < n; i++) {
		spill(path, good, i);
		assert_false(holds(c, &k, "hello"));
		memcpy(bad, good, n);
		for (unsigned bit = 0; bit < 8; bit++) {
			bad[i] = good[i] ^ (unsigned char)(1u << bit);
			spill(path, bad, n);
			assert_false(holds(c, &k, "hello"));
		}
	}
	memcpy(bad, good, n);
	bad[n] = 0;
	spill(path, bad, n + 1);
	assert_false(holds(c, &k, "hello"));
	cache_put(c, &k, &r);
	assert_true(holds(c, &k, "hello"));
	record_clear(&r);
	cache_close(c);
}

/* The reader alone, without the sum before it: every prefix, every flipped bit. */
static void the_reader_believes_nothing(void **state)
{
	(void)state;
	struct record r, got;
	struct buf b = BUF_INIT(1 << 20);
	fill(&r, "hello");
	record_write(&r, &b);
	size_t n;
	char *whole = buf_take(&b, &n);
	for (size_t i = 0; i < n; i++) {
		unsigned char *part = malloc(i ? i : 1);
		memcpy(part, whole, i);
		assert_false(record_read((struct span){ part, i }, &got));
		free(part);
		for (unsigned bit = 0; bit < 8; bit++) {
			whole[i] ^= (char)(1u << bit);
			if (record_read((struct span){ (unsigned char *)whole, n }, &got))
				record_clear(&got);
			whole[i] ^= (char)(1u << bit);
		}
	}
	mem_free(whole);
	record_clear(&r);
}

static void an_entry_of_another_key_or_owner(void **state)
{
	(void)state;
	char path[512], other[600];
	struct cache *c = open_cache(1 << 20);
	struct cache_key a, b;
	struct record r;
	fill(&r, "hello");
	key_named(&a, 'a');
	key_named(&b, 'b');
	cache_put(c, &a, &r);
	only_file(path);
	snprintf(other, sizeof(other), "%s/sha256-%.64s", folder, b.text + 7);
	assert_int_equal(link(path, other), 0);
	assert_false(holds(c, &b, "hello"));
	unlink(other);
	assert_int_equal(symlink(path, other), 0);
	assert_false(holds(c, &b, "hello"));
	unlink(other);
	assert_int_equal(mkfifo(other, 0600), 0);
	assert_false(holds(c, &b, "hello"));
	unlink(other);
	assert_int_equal(chmod(path, 0622), 0);
	assert_false(holds(c, &a, "hello"));
	assert_int_equal(chmod(path, 0600), 0);
	assert_true(holds(c, &a, "hello"));
	record_clear(&r);
	cache_close(c);
	struct err err = ERR_INIT;
	assert_int_equal(chmod(folder, 0777), 0);
	assert_null(cache_open(folder, 1 << 20, &err));
	assert_int_equal(chmod(folder, 0700), 0);
}

static void keys_are_digests_or_files(void **state)
{
	(void)state;
	static const char *const not_digests[] = {
		NULL, "", "sha256:", "sha256:../../../../etc/passwd", "sha512:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		"sha256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"sha256:/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	};
	struct cache_key k, quick, brief;
	for (size_t i = 0; i < sizeof(not_digests) / sizeof(*not_digests); i++)
		assert_false(cache_key_digest(&k, not_digests[i], false));
	struct blob_identity x = { 1, 2, 3, 4, 5, 6, 7 }, y = x;
	cache_key_file(&k, &x, CACHE_DEEP);
	cache_key_file(&quick, &x, CACHE_QUICK);
	cache_key_file(&brief, &x, CACHE_BRIEF);
	assert_string_not_equal(k.text, quick.text);
	assert_string_not_equal(brief.text, quick.text);
	uint64_t *field[] = { &y.device, &y.inode, &y.size, &y.mtime, &y.ctime, &y.at, &y.n };
	for (size_t i = 0; i < sizeof(field) / sizeof(*field); i++) {
		struct cache_key other;
		y = x;
		++*field[i];
		cache_key_file(&other, &y, CACHE_DEEP);
		assert_string_not_equal(k.text, other.text);
	}
}

static void the_oldest_goes_first(void **state)
{
	(void)state;
	struct cache *c = open_cache(1 << 20);
	struct cache_list list;
	struct cache_key k;
	struct record r;
	struct err err = ERR_INIT;
	fill(&r, "hello");
	for (char d = '0'; d <= '9'; d++) {
		key_named(&k, d);
		cache_put(c, &k, &r);
		usleep(2000);
	}
	key_named(&k, '0'); /* the oldest is used once more */
	assert_true(holds(c, &k, "hello"));
	assert_int_equal(cache_look(c, &list, &err), 0);
	assert_int_equal(list.v.n, 10);
	uint64_t one = list.v.v[0].size;
	assert_int_equal(list.size, 10 * one);
	cache_list_clear(&list);
	cache_close(c);
	c = open_cache(3 * one);
	size_t gone;
	assert_int_equal(cache_prune(c, &gone, &err), 0);
	assert_int_equal(gone, 7);
	for (char d = '0'; d <= '9'; d++) {
		key_named(&k, d);
		assert_int_equal(holds(c, &k, "hello"), d == '0' || d >= '8');
	}
	key_named(&k, '5'); /* writing evicts by itself */
	cache_put(c, &k, &r);
	cache_close(c);
	c = open_cache(3 * one);
	assert_true(holds(c, &k, "hello"));
	assert_int_equal(cache_look(c, &list, &err), 0);
	assert_int_equal(list.v.n, 3);
	cache_list_clear(&list);
	cache_close(c);
	/* an entry of another version is of no use */
	char path[600], magic[] = "envchecX";
	snprintf(path, sizeof(path), "%s/sha256-%.64s", folder, k.text + 7);
	int fd = open(path, O_WRONLY);
	assert_int_equal(pwrite(fd, magic, 8, 0), 8);
	close(fd);
	c = open_cache(1 << 20);
	assert_int_equal(cache_prune(c, &gone, &err), 0);
	assert_int_equal(gone, 1);
	cache_close(c);
	record_clear(&r);
}

struct crowd { struct cache *c; const char *said; unsigned wrong; };

static void *read_and_write(void *arg)
{
	struct crowd *w = arg;
	struct record r;
	struct cache_key k;
	fill(&r, w->said);
	key_named(&k, 'c');
	for (unsigned i = 0; i < 300; i++) {
		cache_put(w->c, &k, &r);
		w->wrong += !holds(w->c, &k, "one");
	}
	record_clear(&r);
	return NULL;
}

static void many_at_once(void **state)
{
	(void)state;
	struct cache *c[2] = { open_cache(1 << 20), open_cache(1 << 20) };
	struct crowd w[4];
	pthread_t ids[4];
	for (unsigned i = 0; i < 4; i++) {
		w[i] = (struct crowd){ c[i % 2], i & 1 ? "one" : "other", 0 };
		assert_int_equal(pthread_create(&ids[i], NULL, read_and_write, &w[i]), 0);
	}
	for (unsigned i = 0; i < 4; i++)
		pthread_join(ids[i], NULL);
	struct cache_list list;
	struct err err = ERR_INIT;
	assert_int_equal(cache_look(c[0], &list, &err), 0);
	assert_int_equal(list.v.n, 1);
	cache_list_clear(&list);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(w[i].wrong, 0);
	cache_close(c[0]);
	cache_close(c[1]);
}

static void broken_records_are_not_kept(void **state)
{
	(void)state;
	struct cache *c = open_cache(1 << 20);
	struct cache_key k;
	struct record r;
	fill(&r, "hello");
	r.broken = true;
	key_named(&k, 'a');
	cache_put(c, &k, &r);
	assert_false(holds(c, &k, "hello"));
	assert_false(holds(NULL, &k, "hello"));
	record_clear(&r);
	cache_close(c);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, make_folder, take_folder)
	const struct CMUnitTest tests[] = {
		T(comes_back), T(damage_is_ignored_and_rewritten), cmocka_unit_test(the_reader_believes_nothing), T(an_entry_of_another_key_or_owner),
		cmocka_unit_test(keys_are_digests_or_files), T(the_oldest_goes_first), T(many_at_once), T(broken_records_are_not_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
