/* The tar parser: hand-made headers, real writers held against libarchive, chunks of any size, every truncation. */
#include <archive.h>
#include <archive_entry.h>
#include <locale.h>
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

#include "base/auto.h"
#include "base/limits.h"
#include "parse/tar.h"
#include "source/tree.h"

enum { TEXT_MAX = 16 << 20 };

static uint64_t mix(uint64_t h, const void *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		h = (h ^ ((const unsigned char *)p)[i]) * 0x100000001b3;
	return h;
}

/* The content with holes as zeros: a hash that is fed in order of offset. */
struct content {
	uint64_t hash, at;
};

static void content_to(struct content *c, uint64_t at)
{
	static const char zeros[4096];
	while (c->at < at) {
		size_t n = at - c->at < sizeof(zeros) ? (size_t)(at - c->at) : sizeof(zeros);
		c->hash = mix(c->hash, zeros, n);
		c->at += n;
	}
}

static void content_add(struct content *c, uint64_t at, const void *p, size_t n)
{
	content_to(c, at);
	c->hash = mix(c->hash, p, n);
	c->at += n;
}

static const char letters[] = "fhscbdp?"; /* by enum tar_type */

/* Everything that comes out of the parser when it is fed in chunks of 1..most bytes; the last step. */
static enum tar_step dump_feed(struct span bytes, size_t most, struct buf *out, unsigned *notes)
{
	struct tar tar = TAR_INIT;
	struct err err = ERR_INIT;
	struct content c = { 0 };
	enum tar_step step = TAR_NEED;
	bool open = false;
	size_t at = 0;
	while (step != TAR_END && step != TAR_BAD) {
		size_t n = most < 2 ? 1 : (size_t)rand() % most + 1;
		struct span part = span_sub(bytes, at, n);
		auto_free unsigned char *copy = mem_alloc(part.n);
		if (part.n)
			memcpy(copy, part.p, part.n);
		at += part.n;
		struct span in = { copy, part.n };
		if (!part.n)
			step = tar_finish(&tar, &err);
		do {
			if (part.n)
				step = tar_feed(&tar, &in, &err);
			if (step == TAR_BODY)
				content_add(&c, tar.body_at, tar.body.p, tar.body.n);
			if (step == TAR_ENTRY) {
				const struct tar_entry *e = &tar.entry;
				if (open)
					buf_char(out, '\n');
				buf_printf(out, "%c %o ", letters[e->type], e->mode);
				buf_add(out, e->path.p, e->path.n);
				buf_str(out, " -> ");
				if (e->type == TAR_SYMLINK || e->type == TAR_HARDLINK)
					buf_add(out, e->link.p, e->link.n);
				buf_printf(out, " %llu", (unsigned long long)e->size);
				c = (struct content){ 0 };
				open = true;
			}
			if (step == TAR_BODY || step == TAR_ENTRY)
				if (tar.entry.size == 0 || tar.stored_at == tar.entry.stored) {
					if (tar.entry.size > 64 << 20)
						continue;
					content_to(&c, tar.entry.size);
					buf_printf(out, " %016llx", (unsigned long long)c.hash);
					assert_true(c.at <= tar.entry.size);
				}
		} while (step == TAR_BODY || step == TAR_ENTRY);
	}
	if (open)
		buf_char(out, '\n');
	assert_int_equal(step == TAR_BAD, err.kind != ERR_NONE);
	*notes = tar.notes;
	tar_clear(&tar);
	return step;
}

/* The same text by the tree reader, which hops, reading bodies in one of three ways. */
static int dump_tree(struct span bytes, int way, struct buf *out)
{
	static const char types[] = { [TREE_FILE] = 'f', [TREE_DIR] = 'd', [TREE_SYMLINK] = 's', [TREE_HARDLINK] = 'h' };
	struct err err = ERR_INIT;
	struct tree *t = tree_tar_take(blob_memory(bytes, &err), &err);
	struct tree_entry e;
	int more;
	assert_non_null(t);
	while ((more = tree_next(t, &e, &err)) > 0) {
		struct content c = { 0 };
		char piece[700];
		ssize_t n;
		struct tree_chunk chunk;
		buf_printf(out, "%c ", types[e.type]);
		buf_add(out, e.path.p, e.path.n);
		buf_str(out, " -> ");
		buf_add(out, e.link.p, e.link.n);
		if (way == 0)
			while ((n = tree_body_read(t, piece, sizeof(piece), &err)) > 0)
				content_add(&c, c.at, piece, (size_t)n);
		else if (way == 1)
			while (e.type == TREE_FILE && (n = tree_body_read_at(t, c.at, piece, sizeof(piece), &err)) > 0)
				content_add(&c, c.at, piece, (size_t)n);
		else
			while (tree_body_next(t, &chunk, &err) > 0)
				content_add(&c, chunk.at, chunk.bytes.p, chunk.bytes.n);
		content_to(&c, e.size);
		buf_printf(out, " %llu %016llx\n", (unsigned long long)e.size, (unsigned long long)c.hash);
	}
	tree_close(t);
	return more;
}

/* The oracle. */
static void dump_libarchive(struct span bytes, struct buf *out)
{
	struct archive *a = archive_read_new();
	struct archive_entry *e;
	archive_read_support_format_tar(a);
	assert_int_equal(archive_read_open_memory(a, bytes.p, bytes.n), ARCHIVE_OK);
	for (int rc; (rc = archive_read_next_header(a, &e)) == ARCHIVE_OK || rc == ARCHIVE_WARN;) {
		char path[8192];
		snprintf(path, sizeof(path), "%s", archive_entry_pathname(e));
		size_t n = strlen(path);
		while (n && path[n - 1] == '/')
			path[--n] = '\0';
		const char *clean = !strncmp(path, "./", 2) ? path + 2 : !strcmp(path, ".") ? "" : path;
		const char *hard = archive_entry_hardlink(e), *soft = archive_entry_symlink(e);
		char type = hard ? 'h' : archive_entry_filetype(e) == AE_IFDIR ? 'd' : soft ? 's' : 'f';
		const char *link = hard ? hard : soft ? soft : "";
		if (hard && !strncmp(link, "./", 2))
			link += 2;
		struct content c = { 0 };
		const void *p;
		size_t got;
		la_int64_t at;
		while (type == 'f' && archive_read_data_block(a, &p, &got, &at) == ARCHIVE_OK)
			content_add(&c, (uint64_t)at, p, got);
		uint64_t size = type == 'f' ? (uint64_t)archive_entry_size(e) : 0;
		content_to(&c, size);
		buf_printf(out, "%c %s -> %s %llu %016llx\n", type, clean, link, (unsigned long long)size, (unsigned long long)c.hash);
	}
	archive_read_free(a);
}

static void assert_same(struct buf *a, struct buf *b, const char *what)
{
	if (strcmp(buf_text(a), buf_text(b)))
		fail_msg("%s:\n%s\nis not\n%s", what, buf_text(a), buf_text(b));
}

/* One archive through all readers. */
static void check_archive(struct span bytes, const char *what)
{
	auto_buf struct buf want = BUF_INIT(TEXT_MAX);
	dump_libarchive(bytes, &want);
	assert_true(want.n > 0);
	for (int way = 0; way < 3; way++) {
		auto_buf struct buf got = BUF_INIT(TEXT_MAX);
		assert_int_equal(dump_tree(bytes, way, &got), 0);
		assert_same(&got, &want, what);
	}
	auto_buf struct buf whole = BUF_INIT(TEXT_MAX);
	unsigned notes, again;
	assert_int_equal(dump_feed(bytes, 1 << 20, &whole, &notes), TAR_END);
	static const size_t sizes[] = { 1, 7, 600, 5000 };
	for (size_t i = 0; i < 4; i++) {
		auto_buf struct buf got = BUF_INIT(TEXT_MAX);
		assert_int_equal(dump_feed(bytes, sizes[i], &got, &again), TAR_END);
		assert_same(&got, &whole, what);
		assert_int_equal(notes, again);
	}
}

/* ---- real writers ---- */

static char dir[64];

static void shell(const char *fmt, ...)
{
	char line[2048];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (system(line))
		fail_msg("%s", line);
}

static int make_files(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/tar_test.XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	shell("cd %s && mkdir -p in/a/b in/empty && cd in && echo one >a/one && : >a/zero && ln a/one a/hard && ln -s ../a/one a/b/soft &&"
	      " head -c 512 /dev/zero >a/block && head -c 70001 /dev/urandom >a/b/big && printf x >'a/caf\303\251 \n name'", dir);
	return 0;
}

static int make_hard_files(void **state)
{
	if (make_files(state) < 0)
		return -1;
	shell("cd %s/in && n=$(printf 'd%%.0s' $(seq 90)) && mkdir -p $n/$n/$n && echo deep >$n/$n/$n/file_$n && ln $n/$n/$n/file_$n $n/hard &&"
	      " ln -s $n/$n/$n/file_$n far", dir);
	shell("cd %s/in && truncate -s 300003 a/sparse && printf tail | dd of=a/sparse bs=1 seek=200000 conv=notrunc 2>/dev/null &&"
	      " i=0; while [ $i -lt 60 ]; do printf piece | dd of=a/pieces bs=1 seek=$((i * 16384)) conv=notrunc 2>/dev/null;"
	      " i=$((i + 1)); done; truncate -s 4000000 a/pieces a/only_hole", dir);
	return 0;
}

static int drop_files(void **state)
{
	(void)state;
	char line[128];
	snprintf(line, sizeof(line), "rm -rf %s", dir);
	return system(line);
}

static struct span read_all(const char *name)
{
	char path[128];
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	struct stat st;
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	assert_int_equal(fstat(fileno(f), &st), 0);
	unsigned char *p = malloc((size_t)st.st_size + 1);
	assert_int_equal(fread(p, 1, (size_t)st.st_size, f), (size_t)st.st_size);
	fclose(f);
	return (struct span){ p, (size_t)st.st_size };
}

static void by_system_tar(const char *options)
{
	shell("cd %s && tar %s -cf out.tar -C in .", dir, options);
	struct span bytes = read_all("out.tar");
	check_archive(bytes, options);
	free((void *)bytes.p);
}

static void writers_short(void **state)
{
	(void)state;
	static const char *const options[] = { "--format=v7", "--format=ustar", "--format=oldgnu", "--format=gnu", "--format=pax" };
	for (size_t i = 0; i < 5; i++)
		by_system_tar(options[i]);
}

static void writers_long_and_sparse(void **state)
{
	(void)state;
	static const char *const options[] = {
		"--format=oldgnu", "--format=gnu", "--format=pax", "--format=gnu --sparse", "--format=pax --sparse",
		"--format=pax --sparse --sparse-version=0.0", "--format=pax --sparse --sparse-version=0.1",
		"--format=pax --sparse --sparse-version=1.0",
	};
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		by_system_tar(options[i]);
}

static void writers_libarchive(void **state)
{
	(void)state;
	static int (*const formats[])(struct archive *) = {
		archive_write_set_format_v7tar, archive_write_set_format_ustar, archive_write_set_format_gnutar,
		archive_write_set_format_pax, archive_write_set_format_pax_restricted,
	};
	for (size_t f = 0; f < 5; f++) {
		static unsigned char out[1 << 20];
		size_t used = 0;
		struct archive *a = archive_write_new();
		struct archive_entry *e = archive_entry_new();
		formats[f](a);
		assert_int_equal(archive_write_open_memory(a, out, sizeof(out), &used), ARCHIVE_OK);
		for (unsigned n = 0; n < 300; n += 13) {
			char path[400] = "x/", body[400];
			memset(path + 2, 'a' + (int)(n % 20), f > 1 ? n + 1 : n % 80 + 1);
			memset(body, (int)n, sizeof(body));
			archive_entry_clear(e);
			archive_entry_set_pathname(e, path);
			archive_entry_set_filetype(e, AE_IFREG);
			archive_entry_set_perm(e, 0640);
			archive_entry_set_uid(e, n * 500);
			archive_entry_set_size(e, n);
			if (archive_write_header(a, e) < ARCHIVE_WARN)
				fail_msg("%zu: %s", f, archive_error_string(a));
			archive_write_data(a, body, n);
		}
		archive_entry_free(e);
		archive_write_close(a);
		archive_write_free(a);
		check_archive((struct span){ out, used }, "libarchive");
	}
}

/* ---- hand-made headers ---- */

struct made {
	unsigned char b[64 * 1024];
	size_t n;
};

static void put_octal(unsigned char *p, unsigned width, unsigned long long v)
{
	char text[32];
	snprintf(text, sizeof(text), "%0*llo", (int)width - 1, v);
	memcpy(p, text, width);
}

static void seal(unsigned char *h)
{
	unsigned sum = 0;
	memset(h + 148, ' ', 8);
	for (unsigned i = 0; i < 512; i++)
		sum += h[i];
	put_octal(h + 148, 7, sum);
}

static unsigned char *put_header(struct made *m, const char *name, char type, unsigned long long size, const char *magic)
{
	unsigned char *h = m->b + m->n;
	memset(h, 0, 512);
	memcpy(h, name, strlen(name) < 100 ? strlen(name) : 100);
	put_octal(h + 100, 8, 0644);
	put_octal(h + 108, 8, 0);
	put_octal(h + 116, 8, 0);
	put_octal(h + 124, 12, size);
	put_octal(h + 136, 12, 0);
	h[156] = (unsigned char)type;
	memcpy(h + 257, magic, 8);
	seal(h);
	m->n += 512;
	return h;
}

static void put_body(struct made *m, const char *text, size_t n)
{
	size_t whole = (n + 511) / 512 * 512;
	memset(m->b + m->n, 0, whole);
	memcpy(m->b + m->n, text, n);
	m->n += whole;
}

static void put_end(struct made *m)
{
	memset(m->b + m->n, 0, 1024);
	m->n += 1024;
}

#define POSIX "ustar\00000"
#define GNU "ustar  \0"
#define V7 "\0\0\0\0\0\0\0\0"

static void expect(const struct made *m, enum tar_step step, unsigned notes, const char *want, const char *what)
{
	static const size_t sizes[] = { 1 << 20, 1, 300 };
	for (size_t i = 0; i < 3; i++) {
		auto_buf struct buf got = BUF_INIT(TEXT_MAX);
		unsigned seen;
		enum tar_step last = dump_feed((struct span){ m->b, m->n }, sizes[i], &got, &seen);
		if (last != step || seen != notes || strncmp(buf_text(&got), want, strlen(want)))
			fail_msg("%s: step %d notes %u:\n%s", what, last, seen, buf_text(&got));
	}
}

static void put_pax(struct made *m, char type, const char *records, size_t n)
{
	put_header(m, "pax", type, n, POSIX);
	put_body(m, records, n);
}

#define PAX(m, text) put_pax(m, 'x', text, sizeof(text) - 1)

static void made_ends(void **state)
{
	(void)state;
	struct made m = { .n = 0 };
	expect(&m, TAR_END, TAR_NOTE_NO_END, "", "nothing at all");
	put_end(&m);
	expect(&m, TAR_END, 0, "", "two zero blocks");
	m.n = 0;
	put_header(&m, "f", '0', 2, POSIX);
	put_body(&m, "hi", 2);
	expect(&m, TAR_END, TAR_NOTE_NO_END, "f 644 f -> ", "no end blocks");
	m.n -= 510;
	expect(&m, TAR_END, TAR_NOTE_NO_END, "f 644 f -> ", "unpadded last file, as umoci insert leaves it");
	m.n -= 1;
	expect(&m, TAR_BAD, 0, "f 644 f -> ", "cut off in the body");
	m.n = 100;
	expect(&m, TAR_BAD, 0, "", "cut off in the header");
	m.n = 0;
	put_header(&m, "f", '0', 0, POSIX);
	memset(m.b + 512, 0, 512);
	m.n = 1024;
	expect(&m, TAR_END, TAR_NOTE_LONE_ZERO, "f 644 f -> ", "one zero block");
	put_header(&m, "g", '0', 0, POSIX);
	expect(&m, TAR_END, TAR_NOTE_LONE_ZERO, "f 644 f -> ", "an entry after one zero block");
	m.n = 0;
	PAX(&m, "9 path=x\n");
	expect(&m, TAR_BAD, 0, "", "an extended header alone");
	put_end(&m);
	expect(&m, TAR_BAD, 0, "", "an extended header before the end");
}

static void made_headers(void **state)
{
	(void)state;
	struct made m = { .n = 0 };
	put_header(&m, "old/", '\0', 0, V7);
	put_end(&m);
	expect(&m, TAR_END, 0, "d 644 old/ -> ", "a v7 folder");
	assert_true(tar_bid((struct span){ m.b, m.n }) == 48);
	m.b[0] ^= 1;
	expect(&m, TAR_BAD, 0, "", "wrong checksum");
	assert_true(tar_bid((struct span){ m.b, m.n }) == 0);

	m.n = 0;
	memcpy(put_header(&m, "hard", '1', 5000, POSIX) + 157, "target", 6);
	seal(m.b);
	put_header(&m, "dir", '5', 77, POSIX);
	put_end(&m);
	expect(&m, TAR_END, 0, "h 644 hard -> target 0", "links and folders have no body, whatever their size says");

	m.n = 0;
	unsigned char *h = put_header(&m, "name", '0', 0, POSIX);
	memcpy(h + 345, "the/prefix", 10);
	seal(h);
	put_end(&m);
	expect(&m, TAR_END, 0, "f 644 the/prefix/name -> ", "ustar prefix");

	m.n = 0;
	h = put_header(&m, "big", '0', 0, GNU);
	memset(h + 124, 0, 12);
	h[124] = 0x80;
	h[135] = 3;
	seal(h);
	put_body(&m, "abc", 3);
	put_end(&m);
	expect(&m, TAR_END, 0, "f 644 big ->  3 ", "base-256 size");
	memset(h + 124, 0xff, 12);
	seal(h);
	expect(&m, TAR_BAD, 0, "", "negative size");
	memcpy(h + 124, "12x45678901", 12);
	seal(h);
	expect(&m, TAR_BAD, 0, "", "size is no number");

	m.n = 0;
	put_header(&m, "odd", 'Q', 3, POSIX);
	put_body(&m, "abc", 3);
	put_header(&m, "next", '0', 0, POSIX);
	put_end(&m);
	expect(&m, TAR_END, TAR_NOTE_ODD_TYPE, "? 644 odd ->  3 ", "unknown type");
}

static void made_pax(void **state)
{
	(void)state;
	static const struct { const char *name, *records; size_t n; enum tar_step step; const char *want; } cases[] = {
#define C(name, records, step, want) { name, records, sizeof(records) - 1, step, want }
		C("path", "12 path=abc\n", TAR_END, "f 644 abc -> "),
		C("empty path keeps the header's", "8 path=\n", TAR_END, "f 644 short -> "),
		C("binary value with NUL and line ends", "27 SCHILY.xattr.u=\1\0\n\n=ab\n\n12 path=abc\n", TAR_END, "f 644 abc -> "),
		C("NUL in a path", "10 path=a\0\n", TAR_BAD, ""),
		C("length beyond the end", "99 path=abc\n", TAR_BAD, ""),
		C("length zero", "0 path=abc\n", TAR_BAD, ""),
		C("length inside itself", "2 path=abc\n", TAR_BAD, ""),
		C("length of twenty digits", "99999999999999999999 path=abc\n", TAR_BAD, ""),
		C("no equals sign", "9 pathab\n", TAR_BAD, ""),
		C("no line end", "12 path=abcd", TAR_BAD, ""),
		C("size", "9 size=3\n", TAR_END, "f 644 short ->  3"),
		C("size is no number", "10 size=-3\n", TAR_BAD, ""),
		C("uid", "15 uid=3000000\n", TAR_END, "f 644 short -> "),
		C("sparse length before offset", "25 GNU.sparse.numbytes=1\n", TAR_BAD, ""),
		C("sparse map with an odd number", "24 GNU.sparse.map=0,1,2\n", TAR_BAD, ""),
		C("sparse map of letters", "22 GNU.sparse.map=a,b\n", TAR_BAD, ""),
#undef C
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct made m = { .n = 0 };
		/* lengths that the case does not lie about on purpose are its own business: they are written out above */
		put_pax(&m, 'x', cases[i].records, cases[i].n);
		put_header(&m, "short", '0', 0, POSIX);
		if (strstr(cases[i].name, "size"))
			put_body(&m, "abc", 3);
		put_end(&m);
		auto_buf struct buf got = BUF_INIT(TEXT_MAX);
		unsigned notes;
		enum tar_step step = dump_feed((struct span){ m.b, m.n }, 1 << 20, &got, &notes);
		if (step != cases[i].step || strncmp(buf_text(&got), cases[i].want, strlen(cases[i].want)))
			fail_msg("%s: step %d:\n%s", cases[i].name, step, buf_text(&got));
	}
	struct made m = { .n = 0 };
	put_pax(&m, 'g', "12 path=abc\n", 12);
	put_header(&m, "one", '0', 0, POSIX);
	put_end(&m);
	expect(&m, TAR_END, 0, "f 644 one -> ", "a global header changes nothing");
	m.n = 0;
	PAX(&m, "12 path=pax\n");
	put_header(&m, "././@LongLink", 'L', 5, GNU);
	put_body(&m, "long\0", 5);
	put_header(&m, "one", '0', 0, GNU);
	put_header(&m, "two", '0', 0, GNU);
	put_end(&m);
	expect(&m, TAR_END, 0, "f 644 long -> ", "a GNU long name beats pax");
	m.n = 0;
	put_header(&m, "././@LongLink", 'L', (unsigned long long)LIMIT_PAX + 1, GNU);
	expect(&m, TAR_BAD, 0, "", "a long name over the limit");
}

static void bad_sparse_maps(void **state)
{
	(void)state;
	static const struct { const char *map; size_t stored; unsigned notes; } cases[] = {
		{ "GNU.sparse.map=0,2,10,2", 4, 0 },
		{ "GNU.sparse.map=0,2,10,9", 4, TAR_NOTE_BAD_MAP },
		{ "GNU.sparse.map=10,2,0,2", 4, TAR_NOTE_BAD_MAP },
		{ "GNU.sparse.map=0,1", 4, TAR_NOTE_BAD_MAP },
		{ "GNU.sparse.map=999999,4", 4, TAR_NOTE_BAD_MAP },
		{ "GNU.sparse.map=999999999999999999,4", 4, TAR_NOTE_BAD_MAP },
		{ "GNU.sparse.map=", 4, TAR_NOTE_BAD_MAP },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct made m = { .n = 0 };
		char records[200];
		int n = (int)strlen(cases[i].map) + 4;
		snprintf(records, sizeof(records), "%d %s\n27 GNU.sparse.realsize=100\n", n, cases[i].map);
		put_pax(&m, 'x', records, strlen(records));
		put_header(&m, "s", '0', cases[i].stored, POSIX);
		put_body(&m, "abcd", 4);
		put_header(&m, "after", '0', 0, POSIX);
		put_end(&m);
		expect(&m, TAR_END, cases[i].notes, "f 644 s ->  100", cases[i].map);
	}
}

/* Every prefix of an archive with every kind of header: an error or an end, entries only from the front, no crash. */
static void truncations(void **state)
{
	(void)state;
	struct made m = { .n = 0 };
	PAX(&m, "12 path=abc\n");
	put_header(&m, "x", '0', 3, POSIX);
	put_body(&m, "abc", 3);
	put_header(&m, "././@LongLink", 'L', 5, GNU);
	put_body(&m, "long\0", 5);
	put_header(&m, "x", '0', 0, GNU);
	PAX(&m, "22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n27 GNU.sparse.realsize=100\n");
	put_header(&m, "x", '0', 512 + 4, POSIX);
	put_body(&m, "2\n0\n2\n50\n2\n", 11);
	put_body(&m, "abcd", 4);
	put_end(&m);
	auto_buf struct buf whole = BUF_INIT(TEXT_MAX);
	unsigned notes;
	assert_int_equal(dump_feed((struct span){ m.b, m.n }, 1 << 20, &whole, &notes), TAR_END);
	for (size_t n = 0; n < m.n; n++) {
		auto_buf struct buf got = BUF_INIT(TEXT_MAX), hop = BUF_INIT(TEXT_MAX);
		unsigned char *copy = malloc(n ? n : 1);
		memcpy(copy, m.b, n);
		enum tar_step step = dump_feed((struct span){ copy, n }, 1 << 20, &got, &notes);
		int more = dump_tree((struct span){ copy, n }, 2, &hop);
		assert_int_equal(step == TAR_BAD, more < 0);
		/* but for the line that the cut falls into, it is the beginning of the whole */
		const char *last = got.n > 1 ? memrchr(got.p, '\n', got.n - 1) : NULL;
		if (last)
			assert_memory_equal(got.p, buf_text(&whole), (size_t)(last - got.p));
		free(copy);
	}
}

static void seek_again(void **state)
{
	(void)state;
	struct made m = { .n = 0 };
	struct err err = ERR_INIT;
	struct tree_entry e;
	uint64_t ids[2];
	PAX(&m, "12 path=abc\n");
	put_header(&m, "x", '0', 3, POSIX);
	put_body(&m, "one", 3);
	put_header(&m, "b", '0', 3, POSIX);
	put_body(&m, "two", 3);
	put_end(&m);
	struct tree *t = tree_tar_take(blob_memory((struct span){ m.b, m.n }, &err), &err);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(tree_next(t, &e, &err), 1);
		ids[i] = e.id;
	}
	assert_int_equal(tree_next(t, &e, &err), 0);
	for (int i = 1; i >= 0; i--) {
		char text[4] = "";
		assert_true(tree_can_seek(t));
		assert_int_equal(tree_seek(t, ids[i], (struct span){ 0 }, &e, &err), 0);
		assert_true(span_eq(e.path, i ? "b" : "abc"));
		assert_int_equal(tree_body_read_at(t, 0, text, 3, &err), 3);
		assert_string_equal(text, i ? "two" : "one");
	}
	tree_close(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(made_ends), cmocka_unit_test(made_headers), cmocka_unit_test(made_pax),
		cmocka_unit_test(bad_sparse_maps), cmocka_unit_test(truncations), cmocka_unit_test(seek_again),
		cmocka_unit_test(writers_libarchive),
		cmocka_unit_test_setup_teardown(writers_short, make_files, drop_files),
		cmocka_unit_test_setup_teardown(writers_long_and_sparse, make_hard_files, drop_files),
	};
	setlocale(LC_ALL, "C.UTF-8"); /* libarchive's names */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
