/* Blobs, decoders, stores, plans and folder trees. */
#include <fcntl.h>
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
#include "base/str.h"
#include "source/codec.h"
#include "source/digest.h"
#include "source/inroot.h"
#include "source/plan.h"
#include "source/tree.h"

static char dir[64];

static void shell(const char *fmt, ...)
{
	char line[4096];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (system(line))
		fail_msg("%s", line);
}

static int make_dir(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/source_test.XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int drop_dir(void **state)
{
	(void)state;
	char line[128];
	snprintf(line, sizeof(line), "rm -rf %s", dir);
	return system(line);
}

static const char *in_dir(const char *name)
{
	static char path[512];
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static struct span read_all(const char *name)
{
	struct stat st;
	FILE *f = fopen(in_dir(name), "rb");
	assert_non_null(f);
	assert_int_equal(fstat(fileno(f), &st), 0);
	unsigned char *p = malloc((size_t)st.st_size + 1);
	assert_int_equal(fread(p, 1, (size_t)st.st_size, f), (size_t)st.st_size);
	fclose(f);
	return (struct span){ p, (size_t)st.st_size };
}

/* ---- decoders ---- */

/* Decodes in reads of `most` bytes; NULL on error. */
static char *decode(struct span bytes, size_t most, size_t *n, struct err *err)
{
	struct blob *b = codec_open_take(blob_memory(bytes, err), err);
	struct buf out = BUF_INIT(64 << 20);
	char piece[70000];
	ssize_t got = -1;
	while (b && (got = blob_read(b, piece, most, err)) > 0)
		buf_add(&out, piece, (size_t)got);
	blob_close(b);
	buf_char(&out, '\0');
	*n = out.n - 1;
	char *p = got < 0 ? NULL : buf_take(&out, NULL);
	buf_clear(&out);
	return p;
}

static void decoders(void **state)
{
	(void)state;
	static const struct { const char *name, *make; bool cut; } codecs[] = {
		{ "plain", "cat", false },
		{ "gzip", "gzip -n", true },
		{ "gzip -1", "gzip -1", true },
		{ "gzip with a name", "gzip -N", true },
		{ "zstd", "zstd -q", true },
		{ "zstd long window", "zstd -q --long=27", true },
		{ "xz", "xz", true },
		{ "bzip2", "bzip2", true },
		{ "lz4", "lz4 -q", true },
		{ "gzip in zstd", "gzip | zstd -q", true },
	};
	shell("cd %s && (head -c 300000 /dev/urandom; seq 200000; head -c 3000000 /dev/zero) >plain", dir);
	struct span plain = read_all("plain");
	for (size_t i = 0; i < sizeof(codecs) / sizeof(codecs[0]); i++) {
		char line[512];
		snprintf(line, sizeof(line), "cd %s && %s <plain >packed 2>/dev/null", dir, codecs[i].make);
		if (system(line)) /* a tool that is not here */
			continue;
		struct span packed = read_all("packed");
		static const size_t sizes[] = { 70000, 4096, 513 };
		for (size_t k = 0; k < 3; k++) {
			struct err err = ERR_INIT;
			size_t n = 0;
			auto_free char *p = decode(packed, sizes[k], &n, &err);
			if (!p || n != plain.n || memcmp(p, plain.p, n))
				fail_msg("%s: %zu bytes, %s", codecs[i].name, n, err.text);
		}
		for (size_t cut = 1; codecs[i].cut && cut + 64 < packed.n; cut += packed.n / 7) {
			struct err err = ERR_INIT;
			size_t n = 0;
			auto_free char *p = decode((struct span){ packed.p, packed.n - cut }, 70000, &n, &err);
			if (p)
				fail_msg("%s: cut by %zu and no error", codecs[i].name, cut);
			assert_int_equal(err.kind, ERR_FORMAT);
		}
		free((void *)packed.p);
	}
	free((void *)plain.p);
}

static void decoder_oddities(void **state)
{
	(void)state;
	static const struct { const char *name, *make; const char *want, *error; } cases[] = {
		{ "gzip members", "(printf one | gzip; printf two | gzip; : | gzip; printf three | gzip)", "onetwothree", NULL },
		{ "gzip and zeros", "(printf one | gzip; head -c 1000 /dev/zero)", "one", NULL },
		{ "gzip and garbage", "(printf one | gzip; echo garbage)", "one", NULL },
		{ "gzip of nothing", ": | gzip", "", NULL },
		{ "gzip with a wrong CRC", "printf one | gzip -n | head -c -8; printf '12345678'", NULL, "wrong CRC-32" },
		{ "gzip that is damaged", "printf '\\037\\213\\010\\0\\0\\0\\0\\0\\0\\0\\377\\377\\377\\377'", NULL, "corrupt data" },
		{ "zstd frames", "(printf one | zstd -q; printf '\\120\\052\\115\\030\\4\\0\\0\\0abcd'; printf two | zstd -q)", "onetwo", NULL },
		{ "zstd, skippable first", "(printf '\\120\\052\\115\\030\\4\\0\\0\\0abcd'; printf two | zstd -q)", "two", NULL },
		{ "zstd and garbage", "(printf one | zstd -q; echo garbage)", NULL, "zstd: " },
		{ "zstd window of 256 MB", "head -c 1000 /dev/zero | zstd -q --ultra --long=28 --no-content-size", NULL, "zstd: " },
		{ "five times", "printf x | gzip | gzip | gzip | gzip | gzip", NULL, "more than 4" },
	};
	if (system("zstd --version >/dev/null 2>&1"))
		skip();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = ERR_INIT;
		size_t n = 0;
		shell("cd %s && (%s) >odd", dir, cases[i].make);
		struct span odd = read_all("odd");
		auto_free char *p = decode(odd, 4096, &n, &err);
		free((void *)odd.p);
		if (!p != !cases[i].want || (p && strcmp(p, cases[i].want)) || (!p && !strstr(err.text, cases[i].error)))
			fail_msg("%s: '%s' %s", cases[i].name, p ? p : "", err.text);
	}
}

static void digests(void **state)
{
	(void)state;
	struct err err = ERR_INIT;
	static const char good[] = "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"; /* "foo" */
	struct blob *b = blob_memory(SPAN_STR("foo"), &err);
	assert_int_equal(digest_check(b, good, &err), 0);
	blob_close(b);
	b = blob_memory(SPAN_STR("fop"), &err);
	assert_int_equal(digest_check(b, good, &err), -1);
	assert_int_equal(err.kind, ERR_REFUSED);
	err = (struct err)ERR_INIT;
	assert_int_equal(digest_check(b, "sha512:00", &err), -1);
	assert_int_equal(err.kind, ERR_UNSUPPORTED);
	blob_close(b);
}

/* ---- folders ---- */

static void links_stay_inside(void **state)
{
	(void)state;
	shell("cd %s && mkdir -p root/usr/lib root/etc && echo in >root/etc/inside && echo out >outside && ln -s usr/lib root/lib &&"
	      " ln -s /etc/inside root/usr/lib/abs && ln -s ../../../../outside root/up && ln -s ../../etc/inside root/usr/lib/rel &&"
	      " ln -s loop root/loop && ln -s /lib/rel root/chain", dir);
	static const struct { const char *path, *want; } cases[] = {
		{ "etc/inside", "in\n" }, { "/etc/inside", "in\n" }, { "lib/abs", "in\n" }, { "lib/rel", "in\n" }, { "chain", "in\n" },
		{ "up", NULL }, { "../outside", NULL }, { "loop", NULL }, { "etc/missing", NULL },
	};
	int root = open(in_dir("root"), O_RDONLY | O_DIRECTORY);
	assert_true(root >= 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[16] = "";
		int fd = open_in_root(root, cases[i].path, O_RDONLY);
		if ((fd >= 0) != (cases[i].want != NULL))
			fail_msg("%s", cases[i].path);
		if (fd >= 0) {
			assert_true(read(fd, text, 15) > 0);
			assert_string_equal(text, cases[i].want);
			close(fd);
		}
	}
	close(root);
}

static void folder_tree(void **state)
{
	(void)state;
	shell("cd %s && mkdir -p t/usr/b t/etc t/proc/1 && echo os >t/etc/os-release && printf hello >t/usr/b/f && ln -s f t/usr/b/l &&"
	      " mkfifo t/pipe && : >t/proc/1/hidden", dir);
	struct err err = ERR_INIT;
	struct tree_entry e;
	auto_buf struct buf out = BUF_INIT(1 << 16);
	struct store *s = store_open(in_dir("t"), &err);
	assert_non_null(s);
	assert_int_equal(store_kind(s), SOURCE_ROOTFS);
	struct tree *t = store_tree(s, &err);
	assert_non_null(t);
	int more;
	while ((more = tree_next(t, &e, &err)) > 0) {
		char text[16] = "";
		if (e.type == TREE_FILE) {
			assert_int_equal(tree_stat(t, &e, &err), 0);
			assert_true(tree_body_read(t, text, 15, &err) == (ssize_t)e.size);
		}
		buf_printf(&out, "%d %.*s %.*s %s\n", e.type, (int)e.path.n, (const char *)e.path.p, (int)e.link.n,
			   e.link.n ? (const char *)e.link.p : "", text);
	}
	assert_int_equal(more, 0);
	assert_string_equal(buf_text(&out), "1 etc  \n0 etc/os-release  os\n\n5 pipe  \n1 proc  \n1 usr  \n1 usr/b  \n"
			    "0 usr/b/f  hello\n2 usr/b/l f \n");
	char text[4] = "";
	assert_int_equal(tree_seek(t, 0, SPAN_STR("usr/b/f"), &e, &err), 0);
	assert_int_equal(tree_body_read_at(t, 2, text, 3, &err), 3);
	assert_string_equal(text, "llo");
	assert_int_equal(tree_seek(t, 0, SPAN_STR("pipe"), &e, &err), -1);
	tree_close(t);
	store_close(s);
}

/* ---- what an argument is ---- */

static void kinds(void **state)
{
	(void)state;
	static const struct { const char *make, *name; int kind; const char *error; } cases[] = {
		{ "echo '{}' >j", "j", SOURCE_JSON, NULL },
		{ "echo 'torch==2.5.1' >r", "r", SOURCE_TEXT, NULL },
		{ "mkdir -p w && : >w/x-1-py3-none-any.whl", "w", SOURCE_WHEELS, NULL },
		{ "mkdir -p e/torch-2.dist-info", "e", SOURCE_ENVIRONMENT, NULL },
		{ "mkdir -p v && : >v/pyvenv.cfg", "v", SOURCE_ENVIRONMENT, NULL },
		{ "mkdir -p p/src", "p", SOURCE_FOLDER, NULL },
		{ "mkdir -p o && echo '{}' >o/oci-layout && echo '{\"manifests\":[]}' >o/index.json", "o", SOURCE_OCI, NULL },
		{ "mkdir -p f/etc && : >f/etc/passwd && tar -cf f.tar -C f .", "f.tar", SOURCE_ROOTFS_TAR, NULL },
		{ "gzip -k f.tar", "f.tar.gz", SOURCE_ROOTFS_TAR, NULL },
		{ ": >empty", "empty", -1, "empty: this is empty" },
		{ "cp /bin/sh elf", "elf", -1, "one ELF file" },
		{ "printf 'hsqs\\001' >sq", "sq", -1, "squashfs" },
		{ "head -c 3000 /dev/zero | tr '\\000' '\\001' >bin", "bin", -1, "no image" },
		{ ":", "missing", -1, "No such file" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = ERR_INIT;
		shell("cd %s && %s", dir, cases[i].make);
		struct store *s = store_open(in_dir(cases[i].name), &err);
		if ((s ? (int)store_kind(s) : -1) != cases[i].kind || (!s && !strstr(err.text, cases[i].error)))
			fail_msg("%s: %s %s", cases[i].name, s ? source_kind_name(store_kind(s)) : "-", err.text);
		store_close(s);
	}
}

/* ---- plans ---- */

#define D(c) "sha256:" c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c
#define BLOB(c) "blobs/sha256/" c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c c
static const char config_text[] =
	"{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{\"Env\":[\"A=1\",\"B=2\"],\"Cmd\":[\"x\"],\"Entrypoint\":null,"
	"\"Labels\":{\"z\":\"1\",\"a\":\"2\"}},\"rootfs\":{\"diff_ids\":[\"sha256:d0\",\"sha256:d1\"]},\"history\":["
	"{\"created_by\":\"first\"},{\"created_by\":\"nothing\",\"empty_layer\":true},{\"created_by\":\"second\"}]}";
#define LAYERS2 "[{\"digest\":\"" D("a1") "\",\"size\":1},{\"digest\":\"" D("a2") "\"}]"
#define MANIFEST "{\"config\":{\"digest\":\"" D("c0") "\"},\"layers\":" LAYERS2 "}"
#define REF(digest, more) "{\"digest\":\"" digest "\"" more "}"

/* Members as name, text pairs; then what the plan says, one line an image: name os/arch [layer,layer] (gaps). */
static const struct {
	const char *name;
	enum source_kind kind;
	const char *members[14];
	struct plan_options options;
	const char *want;
} plans[] = {
	{ "docker-archive", SOURCE_DOCKER, { "manifest.json", "[{\"Config\":\"c.json\",\"RepoTags\":[\"app:1\",\"app:2\"],\"Layers\":[\"x/layer.tar\",\"y.tar\"]}]",
	  "c.json", config_text, "x/layer.tar", "-", "y.tar", "-" }, { 0 }, "app:1 linux/amd64 [x/layer.tar=first,y.tar=second] ()\n" },
	{ "null tags", SOURCE_DOCKER, { "manifest.json", "[{\"Config\":\"" BLOB("c0") "\",\"RepoTags\":null,\"Layers\":null}]",
	  BLOB("c0"), "{}" }, { 0 }, "sha256:c0c0c0c0c0c0 ?/? [] ()\n" },
	{ "missing layer and config", SOURCE_DOCKER, { "manifest.json", "[{\"Config\":\"c.json\",\"RepoTags\":[\"a\"],\"Layers\":[\"x\"]}]" }, { 0 },
	  "a ?/? [GAP layer x is missing from the archive] (config: 'c.json' is missing)\n" },
	{ "by name", SOURCE_DOCKER, { "manifest.json", "[{\"RepoTags\":[\"h/app:1\"]},{\"RepoTags\":[\"h/other:latest\"]}]" },
	  { .image = "other" }, "h/other:latest ?/? [] (manifest.json names no config)\n" },
	{ "no such name", SOURCE_DOCKER, { "manifest.json", "[{\"RepoTags\":[\"h/app:1\"]},{\"RepoTags\":[\"other\"]}]" },
	  { .image = "third" }, "ERR memory: no image named third; there is: h/app:1 (?/?), other (?/?)" },
	{ "lies", SOURCE_DOCKER, { "manifest.json", "[7,{\"Layers\":\"x\"}]" }, { 0 }, "ERR memory: no image in it: manifest.json: entry 1 is no image" },
	{ "not even a list", SOURCE_DOCKER, { "manifest.json", "7" }, { 0 }, "ERR memory: manifest.json is no JSON" },
	{ "OCI", SOURCE_OCI, { "index.json", "{\"manifests\":[" REF(D("b0"), ",\"annotations\":{\"org.opencontainers.image.ref.name\":\"latest\","
	  "\"org.opencontainers.image.base.name\":\"wrong\"}") "]}", BLOB("b0"), MANIFEST, BLOB("c0"), config_text, BLOB("a1"), "-",
	  BLOB("a2"), "-" }, { 0 }, "latest linux/amd64 [" BLOB("a1") "=first," BLOB("a2") "=second] ()\n" },
	{ "two refs of one manifest, one that is missing, an attestation", SOURCE_OCI, { "index.json", "{\"manifests\":["
	  REF(D("b0"), ",\"annotations\":{\"org.opencontainers.image.ref.name\":\"v1\"}") ","
	  REF(D("b0"), ",\"annotations\":{\"org.opencontainers.image.ref.name\":\"v2\"}") ","
	  REF(D("b9"), ",\"platform\":{\"os\":\"linux\",\"architecture\":\"arm64\"}") ","
	  REF(D("b8"), ",\"platform\":{\"os\":\"unknown\",\"architecture\":\"unknown\"}") "]}",
	  BLOB("b0"), MANIFEST, BLOB("c0"), config_text, BLOB("a1"), "-" }, { .image = "v2" },
	  "gap manifest " D("b9") " for linux/arm64 is missing\nv1 linux/amd64 [" BLOB("a1") "=first,GAP its blob is missing] ()\n" },
	{ "platform", SOURCE_OCI, { "index.json", "{\"manifests\":[" REF(D("e0"), "") "]}", BLOB("e0"), "{\"manifests\":["
	  REF(D("b0"), ",\"platform\":{\"os\":\"linux\",\"architecture\":\"amd64\"}") ","
	  REF(D("b1"), ",\"platform\":{\"os\":\"linux\",\"architecture\":\"arm64\"}") "]}", BLOB("b0"), "{\"layers\":[]}",
	  BLOB("b1"), "{\"layers\":[]}" }, { .platform = "linux/aarch64" }, "sha256:b1b1b1b1b1b1 linux/arm64 [] (the manifest names no config)\n" },
	{ "an index that names itself", SOURCE_OCI, { "index.json", "{\"manifests\":[" REF(D("e0"), "") "]}",
	  BLOB("e0"), "{\"manifests\":[" REF(D("e0"), "") "]}" }, { 0 }, "ERR memory: no image in it: " BLOB("e0") ": more than 4 indexes" },
	{ "a digest that climbs", SOURCE_OCI, { "index.json", "{\"manifests\":[" REF("sha256:../../x", "") "]}" }, { 0 },
	  "ERR memory: no image in it: descriptor 1 of an index has no digest" },
	{ "wrong size", SOURCE_DIR, { "manifest.json", "{\"config\":{},\"layers\":[{\"digest\":\"" D("a1") "\",\"size\":99}]}",
	  "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1", "-" }, { 0 },
	  "image ?/? [a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1=?] "
	  "(layer 1 has 1 bytes, the manifest says 99; the manifest names no config)\n" },
};

static void print_plan(const struct plan *p, struct buf *out)
{
	for (size_t i = 0; i < p->gaps.n; i++)
		buf_printf(out, "gap %s\n", p->gaps.v[i]);
	for (size_t i = 0; i < p->images.n; i++) {
		const struct plan_image *m = &p->images.v[i];
		buf_printf(out, "%s %s/%s [", m->name, m->os ? m->os : "?", m->architecture ? m->architecture : "?");
		for (size_t k = 0; k < m->layers.n; k++) {
			const struct plan_layer *l = &m->layers.v[k];
			buf_str(out, k ? "," : "");
			if (l->gap)
				buf_printf(out, "GAP %s", l->gap);
			else
				buf_printf(out, "%s=%s", l->member, l->created_by ? l->created_by : "?");
		}
		buf_str(out, "] (");
		for (size_t k = 0; k < m->gaps.n; k++)
			buf_printf(out, "%s%s", k ? "; " : "", m->gaps.v[k]);
		buf_str(out, ")\n");
	}
}

static void plans_made(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(plans) / sizeof(plans[0]); i++) {
		struct err err = ERR_INIT;
		auto_buf struct buf out = BUF_INIT(1 << 16);
		struct store *s = store_memory(plans[i].kind, &err);
		for (size_t k = 0; plans[i].members[k]; k += 2)
			assert_int_equal(store_put(s, plans[i].members[k], SPAN_STR(plans[i].members[k + 1]), &err), 0);
		struct plan *p = plan_make(s, &plans[i].options, &err);
		if (p)
			print_plan(p, &out);
		else
			buf_printf(&out, "ERR %s", err.text);
		bool same = p ? !strcmp(buf_text(&out), plans[i].want) : str_starts(buf_text(&out), plans[i].want);
		if (!same)
			fail_msg("%s:\n%s", plans[i].name, buf_text(&out));
		if (p && p->images.v[0].config.known && p->images.v[0].config.env.n)
			assert_string_equal(p->images.v[0].config.labels.v[0].key, "a");
		plan_free(p);
		store_close(s);
	}
}

/* Every allocation on the way of a plan fails once. */
static void plan_without_memory(void **state)
{
	(void)state;
	for (long n = 1; n < 2000; n++) {
		struct err err = ERR_INIT;
		mem_fail_at = mem_count() + n;
		struct store *s = store_memory(plans[0].kind, &err);
		bool put = s != NULL;
		for (size_t k = 0; put && plans[0].members[k]; k += 2)
			put = store_put(s, plans[0].members[k], SPAN_STR(plans[0].members[k + 1]), &err) == 0;
		struct plan *p = put ? plan_make(s, NULL, &err) : NULL;
		bool reached = mem_count() >= mem_fail_at;
		mem_fail_at = 0;
		plan_free(p);
		store_close(s);
		if (!reached) {
			assert_non_null(p);
			return;
		}
		assert_null(p);
		assert_int_equal(err.kind, ERR_NOMEM);
	}
}

/* ---- images as files, streams and folders ---- */

static size_t count_entries(struct blob *b, struct err *err)
{
	struct tree *t = tree_open_take(b, err);
	struct tree_entry e;
	size_t n = 0;
	while (t && tree_next(t, &e, err) > 0)
		n++;
	tree_close(t);
	return n;
}

static void image_every_way(void **state)
{
	(void)state;
	const char *hex = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	shell("cd %s && mkdir -p img/%s img/b && cd img && echo hi >b/f && tar -cf %s.tar b && rm -r b && ln -s ../%s.tar %s/layer.tar &&"
	      " echo '{\"os\":\"linux\"}' >c.json && echo '[{\"Config\":\"c.json\",\"RepoTags\":[\"a:1\"],\"Layers\":[\"%s/layer.tar\"]}]'"
	      " >manifest.json && tar -cf ../img.tar %s %s.tar c.json manifest.json && cd .. && gzip -k img.tar", dir, hex, hex, hex, hex, hex,
	      hex, hex);
	static const char *const names[] = { "img", "img.tar", "img.tar.gz" };
	for (size_t i = 0; i < 3; i++) {
		struct err err = ERR_INIT;
		struct store *s = store_open(in_dir(names[i]), &err);
		const struct member *m;
		size_t entries = 0, at = SIZE_MAX;
		if (!s)
			fail_msg("%s", err.text);
		assert_int_equal(store_is_stream(s), i == 2);
		while (store_is_stream(s) && store_next(s, &m, &err) > 0)
			if (m->kind == MEMBER_LAYER) {
				entries += count_entries(store_member_body(s, &err), &err);
				at = m->index;
			}
		struct plan *p = plan_make(s, NULL, &err);
		if (!p)
			fail_msg("%s: %s", names[i], err.text);
		assert_string_equal(p->images.v[0].name, "a:1");
		assert_string_equal(p->images.v[0].os, "linux");
		assert_int_equal(p->images.v[0].layers.n, 1);
		m = store_find(s, p->images.v[0].layers.v[0].member);
		assert_non_null(m);
		if (store_is_stream(s))
			assert_int_equal(m->index, at);
		else
			entries = count_entries(store_member(s, m, &err), &err);
		assert_int_equal(entries, 2);
		plan_free(p);
		store_close(s);
	}
}

/* The tar is whole, the gzip around it is not: the entries come, then the error. */
static void cut_behind_the_tar(void **state)
{
	(void)state;
	shell("cd %s && echo hi >f && tar -cf - f | gzip >cut.gz && truncate -s -4 cut.gz", dir);
	struct err err = ERR_INIT;
	struct tree_entry e;
	struct store *s = store_open(in_dir("cut.gz"), &err);
	struct tree *t = store_tree(s, &err);
	assert_int_equal(tree_next(t, &e, &err), 1);
	assert_int_equal(tree_next(t, &e, &err), -1);
	assert_non_null(strstr(err.text, "gzip: cut off at compressed byte"));
	tree_close(t);
	store_close(s);
}

static void whiteouts(void **state)
{
	(void)state;
	static const struct { const char *path; enum whiteout_kind kind; const char *dir, *name; } cases[] = {
		{ "a/b", WHITEOUT_NONE, "a", "b" }, { "a/.wh.b", WHITEOUT_FILE, "a", "b" }, { ".wh.b", WHITEOUT_FILE, "", "b" },
		{ "a/.wh..wh..opq", WHITEOUT_OPAQUE, "a", "" }, { ".wh..wh..opq", WHITEOUT_OPAQUE, "", "" },
		{ ".wh..wh.plnk", WHITEOUT_AUFS, "", ".wh..wh.plnk" }, { "a/.wh.", WHITEOUT_AUFS, "a", "" },
		{ ".wh.x/y", WHITEOUT_NONE, ".wh.x", "y" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct whiteout w = tree_whiteout(SPAN_STR(cases[i].path));
		assert_int_equal(w.kind, cases[i].kind);
		assert_true(span_eq(w.dir, cases[i].dir));
		assert_true(span_eq(w.name, cases[i].name));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(decoders, make_dir, drop_dir),
		cmocka_unit_test_setup_teardown(decoder_oddities, make_dir, drop_dir),
		cmocka_unit_test(digests),
		cmocka_unit_test_setup_teardown(links_stay_inside, make_dir, drop_dir),
		cmocka_unit_test_setup_teardown(folder_tree, make_dir, drop_dir),
		cmocka_unit_test_setup_teardown(kinds, make_dir, drop_dir),
		cmocka_unit_test(plans_made), cmocka_unit_test(plan_without_memory),
		cmocka_unit_test_setup_teardown(image_every_way, make_dir, drop_dir),
		cmocka_unit_test_setup_teardown(cut_behind_the_tar, make_dir, drop_dir),
		cmocka_unit_test(whiteouts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
