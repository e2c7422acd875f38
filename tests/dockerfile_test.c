/* Dockerfiles by their lines, and layers by the instruction that made them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/auto.h"
#include "parse/dockerfile.h"

static const char text[] =
	"# syntax=docker/dockerfile:1\n"                         /* 1 */
	"ARG TAG=3.11\n"
	"FROM python:${TAG} AS build\n"                          /* 3 */
	"RUN pip wheel -w /w torch==2.5.1\n"
	"\n"                                                     /* 5 */
	"FROM python:${TAG}\n"
	"ENV PATH=/opt/venv/bin:$PATH\n"
	"WORKDIR /app\n"                                         /* 8 */
	"RUN apt-get update \\\n"
	"    # a comment between\n"                              /* 10 */
	"    && apt-get install -y gcc \\\n"
	"\n"
	"\t&& rm -rf /var/lib/apt/lists/*\n"                     /* 13 */
	"COPY --from=build --chown=app:app /w /w\n"
	"ARG CUDA\n"
	"run --mount=type=cache,target=/root/.cache pip install torch==2.5.1+$CUDA\n" /* 16 */
	"RUN <<EOF\n"                                            /* 17 */
	"set -e\n"
	"  pip check\n"
	"EOF\n"                                                  /* 20 */
	"RUN cat <<-'X' > /etc/motd\n"
	"\thello FROM here\n"
	"\tX\n"                                                  /* 23 */
	"RUN [\"python\", \"-c\", \"print(1)\"]\n"
	"COPY ${SRC:-.} .\n"                                     /* 25 */
	"RUN echo $((1<<2))\n"
	"CMD [\"python\", \"serve.py\"]\n";

/* The bytes in memory of just their size, so that a sanitizer sees a read past the end. */
static int parse(const char *s, size_t n, struct arena *a, struct dockerfile *d)
{
	struct err err = ERR_INIT;
	auto_free unsigned char *copy = mem_alloc(n ? n : 1);
	memcpy(copy, s, n);
	return dockerfile_parse((struct span){ copy, n }, a, d, &err);
}

static void instructions_have_their_lines(void **state)
{
	(void)state;
	static const struct { unsigned first, last, stage; const char *text; } want[] = {
		{ 4, 4, 0, "pip wheel -w /w torch==2.5.1" },
		{ 8, 8, 1, "/app" },
		{ 9, 13, 1, "apt-get update && apt-get install -y gcc && rm -rf /var/lib/apt/lists/*" },
		{ 14, 14, 1, "/w /w" },
		{ 16, 16, 1, "pip install torch==2.5.1+$CUDA" },
		{ 17, 20, 1, "<<EOF set -e pip check EOF" },
		{ 21, 23, 1, "cat <<-'X' > /etc/motd hello FROM here X" },
		{ 24, 24, 1, "python -c print(1)" },
		{ 25, 25, 1, "\001 ." },
		{ 26, 26, 1, "echo $((1<<2))" },
	};
	auto_arena struct arena a = ARENA_INIT;
	struct dockerfile d;
	assert_int_equal(parse(text, strlen(text), &a, &d), 0);
	assert_int_equal(d.stages.n, 2);
	assert_int_equal(d.v.n, sizeof(want) / sizeof(*want));
	for (size_t i = 0; i < d.v.n; i++) {
		assert_string_equal(d.v.v[i].forms[0], want[i].text);
		assert_int_equal(d.v.v[i].first, want[i].first);
		assert_int_equal(d.v.v[i].last, want[i].last);
		assert_int_equal(d.v.v[i].stage, want[i].stage);
	}
	assert_string_equal(d.v.v[5].forms[2], "set -e pip check");
}

static void match(const char *dockerfile, const char *const *history, size_t n, struct docker_place *out)
{
	auto_arena struct arena a = ARENA_INIT;
	struct dockerfile d;
	struct err err = ERR_INIT;
	assert_int_equal(parse(dockerfile, strlen(dockerfile), &a, &d), 0);
	assert_int_equal(dockerfile_match(&d, history, n, out, &err), 0);
}

struct layer_case { const char *made; unsigned first; };

static void expect_places(const char *dockerfile, const struct layer_case *v, size_t n)
{
	const char *history[16];
	struct docker_place places[16];
	for (size_t i = 0; i < n; i++)
		history[i] = v[i].made;
	match(dockerfile, history, n, places);
	for (size_t i = 0; i < n; i++)
		if (places[i].first != v[i].first)
			fail_msg("layer %zu (%s): line %u, not %u", i, v[i].made ? v[i].made : "", places[i].first, v[i].first);
}

static void buildkit_layers_find_their_lines(void **state)
{
	(void)state;
	static const struct layer_case v[] = {
		{ "ADD rootfs.tar.xz / # buildkit", 6 }, /* the base: its FROM */
		{ "RUN /bin/sh -c set -eux; apt-get update # buildkit", 6 },
		{ "WORKDIR /app", 8 },
		{ "RUN /bin/sh -c apt-get update     && apt-get install -y gcc \t&& rm -rf /var/lib/apt/lists/* # buildkit", 9 },
		{ "COPY --chown=app:app /w /w # buildkit", 14 },
		{ "RUN |1 CUDA=cu124 /bin/sh -c pip install torch==2.5.1+$CUDA # buildkit", 16 },
		{ "RUN |1 CUDA=cu124 /bin/sh -c set -e\n  pip check\n # buildkit", 17 },
		{ "RUN |1 CUDA=cu124 /bin/sh -c cat <<-'X' > /etc/motd\n\thello FROM here\nX # buildkit", 21 },
		{ "RUN |1 CUDA=cu124 python -c print(1) # buildkit", 24 },
		{ "COPY src . # buildkit", 25 },
		{ "RUN |1 CUDA=cu124 /bin/sh -c echo $((1<<2)) # buildkit", 26 },
	};
	expect_places(text, v, sizeof(v) / sizeof(*v));
}

static void legacy_layers_find_their_lines(void **state)
{
	(void)state;
	static const struct layer_case v[] = {
		{ "/bin/sh -c #(nop) ADD file:7e5f in / ", 6 },
		{ "/bin/sh -c #(nop) WORKDIR /app", 8 },
		{ "/bin/sh -c apt-get update     && apt-get install -y gcc \t&& rm -rf /var/lib/apt/lists/*", 9 },
		{ "/bin/sh -c #(nop) COPY dir:99aa in /w ", 14 },
		{ "|1 CUDA=cu124 /bin/sh -c pip install torch==2.5.1+$CUDA", 16 },
		{ "/bin/sh -c #(nop) COPY dir:77bb in /app/. ", 25 },
		{ "|1 CUDA=cu124 /bin/sh -c echo $((1<<2))", 26 },
		{ NULL, 0 },
	};
	expect_places(text, v, sizeof(v) / sizeof(*v));
}

static void nothing_is_guessed(void **state)
{
	(void)state;
	static const struct layer_case other[] = { { "RUN /bin/sh -c pip install torch==2.5.1", 0 }, { "/bin/sh -c #(nop) ADD file:1 in /", 0 }, { "", 0 } };
	expect_places(text, other, sizeof(other) / sizeof(*other));
	/* the first instruction is not found: what lies below the second may be its or the base's */
	static const struct layer_case hole[] = { { "a base", 0 }, { "something else", 0 }, { "RUN b", 3 } };
	expect_places("FROM x\nRUN a\nRUN b\n", hole, sizeof(hole) / sizeof(*hole));
	/* a command that only ends alike is another one */
	static const struct layer_case tail[] = { { "RUN /bin/sh -c echo pip install x", 0 } };
	expect_places("FROM x\nRUN pip install x\n", tail, 1);
}

static void a_stage_is_chosen_by_what_it_explains(void **state)
{
	(void)state;
	static const char stages[] = "FROM base AS one\nRUN a\nFROM one AS two\nRUN b\nFROM scratch AS three\nRUN c\nFROM one\nRUN d\n";
	static const struct layer_case two[] = { { "x", 1 }, { "RUN a", 2 }, { "RUN b", 4 } };
	expect_places(stages, two, 3);
	static const struct layer_case last[] = { { "x", 1 }, { "RUN a", 2 } };
	expect_places(stages, last, 2);
	static const struct layer_case three[] = { { "RUN c", 6 } };
	expect_places(stages, three, 1);
	/* what the base did alike is left to it */
	static const struct layer_case twice[] = { { "RUN a", 1 }, { "RUN z", 1 }, { "RUN a", 2 } };
	expect_places("FROM x\nRUN a\n", twice, 3);
}

static void variables_are_expanded(void **state)
{
	(void)state;
	static const char file[] = "FROM b AS x\nENV DIR=/opt/data OTHER=\"q q\"\nFROM x\nENV SUB $DIR/sub\nARG V=1\nCOPY s ${DIR}/\nCOPY t $SUB\nCOPY u ${V}/\nCOPY v /$V-x/\n";
	static const struct layer_case v[] = {
		{ "/bin/sh -c #(nop) COPY file:1 in /bin/busybox ", 1 }, { "/bin/sh -c #(nop) COPY dir:1 in /opt/data/ ", 6 },
		{ "/bin/sh -c #(nop) COPY dir:2 in /opt/data/sub ", 7 }, { "COPY u 1/ # buildkit", 8 }, { "/bin/sh -c #(nop) COPY dir:1 in /1-x ", 9 },
	};
	expect_places(file, v, sizeof(v) / sizeof(*v));
	/* buildah writes the text as it stands, and without --layers one layer for all */
	static const struct layer_case raw[] = { { "/bin/sh -c #(nop) COPY dir:1 in ${DIR}/ ", 6 }, { "/bin/sh -c #(nop) COPY dir:2 in $SUB ", 7 } };
	expect_places(file, raw, 2);
	static const struct layer_case one[] = { { "/bin/sh -c #(nop) COPY file:1 in /bin/busybox", 0 }, { "/bin/sh -c #(nop) COPY dir:1 in /9-x ", 0 } };
	expect_places(file, one, 2);
	static const struct layer_case list[] = { { "/bin/sh -c [\"/bin/sh\", \"-c\", \"echo x\"]", 2 } };
	expect_places("FROM x\nRUN [\"/bin/sh\", \"-c\",  \"echo x\"]\n", list, 1);
}

static void odd_files_are_read(void **state)
{
	(void)state;
	static const struct { const char *s; size_t n; unsigned last; } cases[] = {
		{ "FROM x\nRUN a <<EOF\nno end\nRUN b", 2, 4 },
		{ "# escape=`\nFROM x\nRUN a `\n  b\nRUN c:\\", 2, 5 },
		{ "\xef\xbb\xbf# syntax=x\r\nFROM x\r\nRUN a \\\r\n b\r\n", 1, 4 },
		{ "FROM x\nRUN a \\", 1, 2 },
		{ "FROM x\nCOPY <<a <<b /d/\n1\na\n2\nb\nRUN c", 2, 7 },
		{ "RUN before\nFROM --platform=linux/amd64 x as y\nRUN [not json\n", 1, 3 },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		auto_arena struct arena a = ARENA_INIT;
		struct dockerfile d;
		assert_int_equal(parse(cases[i].s, strlen(cases[i].s), &a, &d), 0);
		assert_int_equal(d.v.n, cases[i].n);
		assert_int_equal(d.v.v[d.v.n - 1].last, cases[i].last);
	}
	auto_arena struct arena a = ARENA_INIT;
	struct dockerfile d;
	assert_int_equal(parse("RUN a\n", 6, &a, &d), -1);
	assert_int_equal(parse("", 0, &a, &d), -1);
}

static void every_prefix_is_read(void **state)
{
	(void)state;
	for (size_t n = 0; n < strlen(text); n++) {
		auto_arena struct arena a = ARENA_INIT;
		struct dockerfile d;
		(void)parse(text, n, &a, &d);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(instructions_have_their_lines), cmocka_unit_test(buildkit_layers_find_their_lines),
		cmocka_unit_test(legacy_layers_find_their_lines), cmocka_unit_test(nothing_is_guessed),
		cmocka_unit_test(a_stage_is_chosen_by_what_it_explains), cmocka_unit_test(odd_files_are_read), cmocka_unit_test(variables_are_expanded),
		cmocka_unit_test(every_prefix_is_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
