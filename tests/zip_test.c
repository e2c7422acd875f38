/* The zip directory and the zip tree: files made by Python's zipfile, hand-made lies, every truncation. */
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
#include "parse/zipdir.h"
#include "source/tree.h"

/* One line per entry: type, name, size, body or what was wrong with it. */
static int dump(struct span bytes, bool backwards, struct buf *out, struct err *err)
{
	struct tree *t = tree_zip_take(blob_memory(bytes, err), err);
	struct tree_entry e;
	int more = -1;
	uint64_t ids[64];
	size_t n = 0;
	while (t && (more = tree_next(t, &e, err)) > 0 && n < 64)
		ids[n++] = e.id;
	for (size_t i = 0; i < n; i++) {
		char body[256] = "";
		struct err bad = ERR_INIT;
		if (tree_seek(t, ids[backwards ? n - 1 - i : i], (struct span){ 0 }, &e, err) < 0)
			break;
		ssize_t got = e.type != TREE_FILE || e.gap ? 0
			    : e.read_at ? tree_body_read_at(t, 0, body, 255, &bad) : tree_body_read(t, body, 255, &bad);
		if (!backwards)
			buf_printf(out, "%c %.*s %llu %s\n", e.type == TREE_DIR ? 'd' : 'f', (int)e.path.n, (const char *)e.path.p,
				   (unsigned long long)e.size, e.gap ? e.gap : got < 0 ? bad.text : body);
	}
	tree_close(t);
	return more;
}

static struct span made(const char *script)
{
	char path[] = "/tmp/zip_test.XXXXXX", line[4096];
	struct stat st;
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	snprintf(line, sizeof(line), "python3 -c 'import zipfile,sys,struct,io\nf=\"%s\"\n%s'", path, script);
	if (system(line))
		fail_msg("%s", line);
	close(fd);
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	assert_int_equal(fstat(fileno(f), &st), 0);
	unsigned char *p = malloc((size_t)st.st_size + 1);
	assert_int_equal(fread(p, 1, (size_t)st.st_size, f), (size_t)st.st_size);
	fclose(f);
	unlink(path);
	unsigned char *exact = malloc((size_t)st.st_size);
	memcpy(exact, p, (size_t)st.st_size);
	free(p);
	return (struct span){ exact, (size_t)st.st_size };
}

static const struct {
	const char *name, *script, *want;
} cases[] = {
	{ "stored", "z=zipfile.ZipFile(f,\"w\"); z.writestr(\"a/b\",\"one\"); z.writestr(\"d/\",\"\"); z.close()",
	  "f a/b 3 one\nd d 0 \n" },
	{ "deflated", "z=zipfile.ZipFile(f,\"w\",8); z.writestr(\"x\",\"ab\"*9); z.close()",
	  "f x 18 ababababababababab\n" },
	{ "empty", "zipfile.ZipFile(f,\"w\").close()", "" },
	{ "comment with an end record in it", "z=zipfile.ZipFile(f,\"w\"); z.writestr(\"a\",\"one\");"
	  " z.comment=b\"PK\\5\\6\"+b\"x\"*40; z.close()", "f a 3 one\n" },
	{ "data descriptors", "o=io.BytesIO()\nclass S:\n def write(s,b): return o.write(b)\n def flush(s): pass\n"
	  "z=zipfile.ZipFile(S(),\"w\",8); z.writestr(\"a\",\"one\"); z.writestr(\"b\",\"two\"); z.close(); open(f,\"wb\").write(o.getvalue())",
	  "f a 3 one\nf b 3 two\n" },
	{ "zip64 member", "z=zipfile.ZipFile(f,\"w\")\nwith z.open(\"a\",\"w\",force_zip64=True) as m: m.write(b\"one\")\nz.close()",
	  "f a 3 one\n" },
	{ "zip64 sizes in the directory", "zipfile.ZIP64_LIMIT=2; zipfile.ZIP_FILECOUNT_LIMIT=0\nz=zipfile.ZipFile(f,\"w\",8);"
	  " z.writestr(\"a\",\"one\"); z.writestr(\"b\",\"two\"); z.close()", "f a 3 one\nf b 3 two\n" },
	{ "bytes before it", "z=zipfile.ZipFile(f,\"w\"); z.writestr(\"a\",\"one\"); z.close();"
	  " b=open(f,\"rb\").read(); open(f,\"wb\").write(b\"#!/bin/sh\\n\"+b)", "f a 3 one\n" },
	{ "later of two names counts", "import warnings; warnings.simplefilter(\"ignore\"); z=zipfile.ZipFile(f,\"w\");"
	  " z.writestr(\"a\",\"one\"); z.writestr(\"a\",\"two\"); z.close()", "f a 3 two\n" },
	{ "encrypted", "z=zipfile.ZipFile(f,\"w\"); z.writestr(\"a\",\"one\"); z.close(); b=bytearray(open(f,\"rb\").read());"
	  " c=b.find(b\"PK\\1\\2\"); b[c+8]|=1; open(f,\"wb\").write(b)", "f a 3 it is encrypted\n" },
	{ "another method", "z=zipfile.ZipFile(f,\"w\",12); z.writestr(\"a\",\"one\"); z.close()",
	  "f a 3 its compression method is neither stored nor deflate\n" },
	{ "two members over the same bytes", "z=zipfile.ZipFile(f,\"w\"); z.writestr(\"a\",\"one\"); z.writestr(\"b\",\"two\"); z.close();"
	  " b=bytearray(open(f,\"rb\").read()); c=b.rfind(b\"PK\\1\\2\"); b[c+42:c+46]=bytes(4); open(f,\"wb\").write(b)",
	  "f a 3 it shares bytes with another member, or lies outside the file\n"
	  "f b 3 it shares bytes with another member, or lies outside the file\n" },
	{ "wrong CRC", "z=zipfile.ZipFile(f,\"w\",8); z.writestr(\"a\",\"one\"); z.close(); b=bytearray(open(f,\"rb\").read());"
	  " c=b.find(b\"PK\\1\\2\"); b[c+16]^=1; open(f,\"wb\").write(b)",
	  "f a 3 deflate: wrong CRC-32 or length before compressed byte 5\n" },
	{ "size too small", "z=zipfile.ZipFile(f,\"w\",8); z.writestr(\"a\",\"one\"); z.close(); b=bytearray(open(f,\"rb\").read());"
	  " c=b.find(b\"PK\\1\\2\"); b[c+24]=2; open(f,\"wb\").write(b)", "f a 2 deflate: 3 bytes came out, the directory says 2\n" },
	{ "size too large", "z=zipfile.ZipFile(f,\"w\",8); z.writestr(\"a\",\"one\"); z.close(); b=bytearray(open(f,\"rb\").read());"
	  " c=b.find(b\"PK\\1\\2\"); b[c+27]=0x7f; open(f,\"wb\").write(b)",
	  "f a 2130706435 deflate: 3 bytes came out, the directory says 2130706435\n" },
	{ "offset outside", "z=zipfile.ZipFile(f,\"w\",8); z.writestr(\"a\",\"one\"); z.close(); b=bytearray(open(f,\"rb\").read());"
	  " c=b.find(b\"PK\\1\\2\"); b[c+45]=0x7f; open(f,\"wb\").write(b)",
	  "f a 3 it shares bytes with another member, or lies outside the file\n" },
	{ "odd names", "z=zipfile.ZipFile(f,\"w\"); z.writestr(\"/x/./y\",\"1\"); z.writestr(\"../../z\",\"2\"); z.close()",
	  "f x/y 1 1\nf z 1 2\n" },
};

static void made_by_python(void **state)
{
	(void)state;
	if (system("python3 -c 'import zipfile' 2>/dev/null"))
		skip();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct span bytes = made(cases[i].script);
		auto_buf struct buf out = BUF_INIT(1 << 20);
		struct err err = ERR_INIT;
		int rc = dump(bytes, false, &out, &err);
		if (rc || strcmp(buf_text(&out), cases[i].want))
			fail_msg("%s: %d %s\n%s", cases[i].name, rc, err.text, buf_text(&out));
		assert_int_equal(dump(bytes, true, &out, &err), 0);
		for (size_t n = 0; n < bytes.n; n++) {
			unsigned char *copy = malloc(n ? n : 1);
			auto_buf struct buf none = BUF_INIT(1 << 20);
			struct err bad = ERR_INIT;
			memcpy(copy, bytes.p, n);
			int more = dump((struct span){ copy, n }, false, &none, &bad);
			assert_true(more >= 0 || bad.kind != ERR_NONE);
			free(copy);
		}
		free((void *)bytes.p);
	}
}

static void broken_ends(void **state)
{
	(void)state;
	static const struct { const char *bytes; size_t n; const char *want; } ends[] = {
#define B(bytes, want) { bytes, sizeof(bytes) - 1, want }
		B("", "zip: the file is too short"),
		B("PK\5\6", "zip: the file is too short"),
		B("0123456789012345678901234567890", "zip: no end record: it is cut off, fetch it again, or it is no zip"),
		B("PK\5\6\0\0\0\0\1\0\1\0\377\0\0\0\0\0\0\0\0\0", "zip: the directory is larger than what lies before it"),
		B("PK\5\6\0\0\0\0\1\0\1\0\0\0\0\0\377\0\0\0\0\0", "zip: the directory does not end at the end record"),
		B("PK\5\6\1\0\1\0\1\0\1\0\0\0\0\0\0\0\0\0\0\0", "zip: one of several volumes"),
		B("garbage!PK\5\6\0\0\0\0\1\0\1\0\10\0\0\0\0\0\0\0\0\0", "zip: the directory is damaged"),
		B("PK\6\7\0\0\0\0\377\377\377\377\377\377\377\377\0\0\0\0PK\5\6\0\0\0\0\1\0\1\0\0\0\0\0\0\0\0\0\0\0",
		  "zip: the zip64 end record lies outside the file"),
#undef B
	};
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		auto_buf struct buf out = BUF_INIT(1 << 20);
		struct err err = ERR_INIT;
		unsigned char *copy = malloc(ends[i].n + !ends[i].n);
		memcpy(copy, ends[i].bytes, ends[i].n);
		assert_int_equal(dump((struct span){ copy, ends[i].n }, false, &out, &err), -1);
		assert_string_equal(err.text, ends[i].want);
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(made_by_python), cmocka_unit_test(broken_ends) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
