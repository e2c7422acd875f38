PKG_CONFIG ?= pkg-config
PREFIX     ?= /usr/local
MODE       ?= release
INFLATE    ?= isal# or zlib, where there is no ISA-L: less than half as fast
PKGS       := libarchive jansson expat libzstd zlib libcrypto $(patsubst isal,libisal,$(filter isal,$(INFLATE)))

release = -O2
debug   = -O0 -g
asan    = -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
tsan    = -O1 -g -fsanitize=thread
fuzz    = -O1 -g -fsanitize=fuzzer-no-link,address,undefined
static  = -O2 -ffunction-sections -fdata-sections -DENVCHECK_STATIC
ifeq ($($(MODE)),)
$(error no MODE=$(MODE); there are release, debug, asan, tsan, fuzz, static)
endif

O     := build/$(MODE)
ifeq ($(MODE),static)
include tools/static.mk
endif
PKGS_CFLAGS  = $(eval PKGS_CFLAGS := $$(shell $(PKG_CONFIG) --cflags $(PKGS)))$(PKGS_CFLAGS)
PKGS_LIBS   ?= $(eval PKGS_LIBS := $$(shell $(PKG_CONFIG) --libs $(PKGS)))$(PKGS_LIBS)
WARN         = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla
ALL_CFLAGS   = -std=c11 -D_GNU_SOURCE -Isrc -MMD -MP -pthread $(WARN) $($(MODE)) $(PKGS_CFLAGS) $(CPPFLAGS) $(CFLAGS)

FUZZ   := $(wildcard src/*/*_fuzz.c)
LIB    := $(filter-out $(FUZZ) src/source/inflate_%,$(wildcard src/*/*.c)) src/source/inflate_$(INFLATE).c
OBJ    := $(LIB:%.c=$O/%.o) $O/pages.o $O/sheet.o $O/maker.o $(if $(wildcard tools/embed.c),$O/matrices.o)
TESTS  := $(patsubst %.c,$O/%,$(wildcard tests/*_test.c))
REPLAY := $(FUZZ:%.c=$O/%)

.PHONY: all tests bench check crosscheck check-browser check-formats check-truth check-index check-real check-registry check-loader golden lint clean
all: $O/envcheck $O/envcheck-rules.7
tests: $(TESTS) $(REPLAY)

$O/envcheck: $O/src/main.o $(OBJ)
$(TESTS): $O/%: $O/%.o $(OBJ)
$(REPLAY): $O/%: $O/%.o $O/tests/replay.o $(OBJ)
$O/envcheck $(TESTS) $(REPLAY):
	$(CC) -pthread $($(MODE)) $(LDFLAGS) -o $@ $^ $(PKGS_LIBS) -ldl $(LDLIBS) $(if $(findstring _test,$@),-lcmocka)

$O/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c -o $@ $<
$O/%.o: $O/%.c
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

$O/tools/embed: tools/embed.c src/matrix/rows.h src/base/version.c src/base/sm.c
	@mkdir -p $(@D)
	$(CC) -std=c11 -D_GNU_SOURCE -Isrc -o $@ $(filter %.c,$^) $(shell $(PKG_CONFIG) --cflags --libs jansson)
$O/matrices.c: $(sort $(wildcard matrices/*.json)) $O/tools/embed
	@mkdir -p $(@D)
	$O/tools/embed $(filter %.json,$^) >$@

$O/pages.c: tools/pages.awk docs/rules.md
	@mkdir -p $(@D)
	awk -f $^ >$@

$O/envcheck-rules.7: tools/manual.awk docs/rules.md matrices/about.json
	@mkdir -p $(@D)
	awk -v date=$$(sed -n 's/.*"date", "value": "\([0-9-]*\)".*/\1/p' matrices/about.json) -f $(wordlist 1,2,$^) >$@

$O/maker.c: $(sort $(wildcard src/base/*.[ch] src/parse/*.[ch] src/source/*.[ch] src/scan/*.[ch]))
	@mkdir -p $(@D)
	cat $^ | cksum | awk '{ print "#include \"scan/maker.h\"\nconst uint32_t cache_maker = " $$1 "u;" }' >$@

$O/tools/sheet: tools/sheet.c
	@mkdir -p $(@D)
	$(CC) -std=c11 -o $@ $< $(shell $(PKG_CONFIG) --cflags --libs libcrypto)
$O/sheet.c: $O/tools/sheet src/report/html.css src/report/html.js
	@mkdir -p $(@D)
	$< html_css src/report/html.css html_js src/report/html.js >$@

fuzz-%: $(OBJ)          # make CC=clang MODE=fuzz fuzz-elf
	$(CC) $(ALL_CFLAGS) -fsanitize=fuzzer -o $O/$@ src/*/$*_fuzz.c $(OBJ) $(PKGS_LIBS)
	@mkdir -p $O/corpus/$*
	$O/$@ -max_total_time=$(or $(FUZZ_SECONDS),60) $O/corpus/$* tests/corpus/$*

check: $O/envcheck tests
	MODE=$(MODE) tests/run.sh $O

golden: $O/envcheck
	tests/run.sh $O golden

check-browser: $O/envcheck # fetches puppeteer-core with npm into FORMATS_CACHE; needs a Chromium; SCREENSHOTS=folder keeps pictures
	tests/browser/run.sh $O/envcheck $(or $(FORMATS_CACHE),build/formats)

check-formats: $O/envcheck # fetches validators with npm into FORMATS_CACHE, and two schemas; says what
	tests/formats.sh $O/envcheck $(or $(FORMATS_CACHE),build/formats)

crosscheck:              # the tables against what others publish; FRESH="uv=FILE ..." reads originals anew
	matrices/crosscheck $(FRESH)

check-truth: $O/envcheck # TRUTH=folder of cases with known answers
	python3 tests/truth.py $O/envcheck $(TRUTH)

check-real: $O/envcheck  # fetches wheels with pip into REAL_CACHE; REAL=all: torch of six generations too (5 GB)
	python3 tests/real/wheels.py $O/envcheck $(or $(REAL_CACHE),build/wheels) $(REAL)

check-index: $O/envcheck # WHEELS=folder of real wheels: a real index on this machine (nginx, with and without ranges), against pip download
	python3 tests/real/index.py $O/envcheck $(WHEELS)

check-registry: $O/envcheck # as root, with docker-registry, skopeo, buildah, umoci, apache2-utils, openssl: a real registry on this machine; Go fetches two writers of layers
	python3 tests/real/registry.py $O/envcheck

check-loader: $O/envcheck # ROOT=folder PYTHON=/opt/venv/bin/python MODULES="torch numpy": a real root's own loader judges; as root
	python3 tests/real/loader.py $O/envcheck $(ROOT) $(PYTHON) $(MODULES)

bench: $O/envcheck $O/tests/bench/floors # SIZE=small|medium|large REAL_IMAGE=DIR REAL_WHEEL=FILE PEERS=all, kept in BENCH_CACHE
	python3 tests/bench/bench.py $O/envcheck $O/tests/bench/floors $(or $(BENCH_CACHE),build/bench) $(BENCH)

$O/tests/bench/floors: tests/bench/floors.c
	@mkdir -p $(@D)
	$(CC) -std=c11 -O2 $(WARN) -o $@ $<

lint:
	tests/lint.sh

clean:
	rm -rf build

include tools/delivery.mk

.SECONDARY:
.DELETE_ON_ERROR:
-include $(wildcard $O/*/*.d $O/*/*/*.d)
