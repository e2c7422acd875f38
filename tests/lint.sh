#!/bin/sh
# What comments promise: the include law, headers that stand alone, the rule pages, JSON schemas, the manual. From the top folder.
set -u
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
bad=0
fail() { echo "lint: $1"; bad=1; }

awk -f tests/layers.awk src/LAYERS src/*.c src/*/*.[ch] || fail "the include law (src/LAYERS) is broken"

cflags="-std=c11 -D_GNU_SOURCE -Isrc $(pkg-config --cflags libarchive jansson expat libzstd zlib libisal libcrypto libcurl)"
for h in src/*/*.h; do
	echo "#include \"${h#src/}\"" | ${CC:-cc} $cflags -Wall -Wextra -Wno-unused-function -fsyntax-only -x c - 2>"$tmp/log" || {
		cat "$tmp/log"
		fail "$h does not stand alone"
	}
done

ls src/check/*.c >/dev/null 2>&1 && { awk -f tests/rules.awk src/check/*.c docs/rules.md || fail "docs/rules.md and the catalogue differ"; }

if /usr/bin/python3 -c 'import jsonschema' 2>/dev/null; then
	/usr/bin/python3 tests/schemas.py || fail "a JSON file does not fit its schema"
else
	fail "python3-jsonschema is missing: try ./test"
fi

if command -v mandoc >/dev/null; then
	make -s build/release/envcheck-rules.7 || fail "the manual of the rules"
	mandoc -Tlint man/* build/release/envcheck-rules.7 2>/dev/null | grep -v 'referenced manual not found' && fail "a manual"
	awk -f tests/limits.awk src/base/limits.h man/envcheck.1 || fail "the manual's LIMITS"
else
	fail "mandoc is missing: try ./test"
fi

for f in tests/*.sh tests/real/*.sh ci/*/*.sh tools/dist tools/fetch-isal tools/needs .ci/run try test; do
	[ ! -f "$f" ] || sh -n "$f" || fail "$f"
done
find src -name '*util*' | grep . && fail "a file is called util"
exit $bad
