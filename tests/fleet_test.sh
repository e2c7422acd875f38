#!/bin/sh
# 60 targets on 40 hosts: what forges cut off stays below their limits, and says what strikes most.
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
fails() { echo "$*"; exit 1; }

sh tests/browser/fleet.sh 60 40 "$tmp"
"$ENVCHECK" "$tmp/targets.json" --host "$tmp/hosts.json" --exit-zero \
	-o github="$tmp/github" -o markdown="$tmp/md" -o sarif="$tmp/sarif" -o html="$tmp/html" 2>"$tmp/err"
[ "$(wc -l <"$tmp/err")" -eq 2400 ] || fails "not every cell was judged"

# GitHub shows ten annotations of a level and step
for level in error warning notice; do
	[ "$(grep -c "^::$level " "$tmp/github")" -le 10 ] || fails "github: over ten of $level"
done
grep -q '^::error title=envcheck driver-too-old::[0-9]* of 60 targets, [0-9]* times over their hosts; first .*; fix: upgrade' "$tmp/github" ||
	fails "github: does not say what strikes most"

# a comment holds 65,536 characters
[ "$(wc -m <"$tmp/md")" -lt 65536 ] || fails "markdown: too long"
grep -q '^| error | `driver-too-old` | [0-9]* | [0-9]* | ' "$tmp/md" || fails "markdown: does not say what strikes most"
grep -q 'did not fit here' "$tmp/md" || fails "markdown: does not say that it is cut"

# code scanning takes 10 MB as gzip, 25,000 results, and shows 5,000
python3 - "$tmp/sarif" <<-'X'
	import gzip, json, sys
	text = open(sys.argv[1], "rb").read()
	assert len(gzip.compress(text)) < 10 << 20
	results = json.loads(text)["runs"][0]["results"]
	assert 100 < len(results) <= 25000, len(results)
X
[ "$(grep -o '<td class=' "$tmp/html" | wc -l)" -ge 2400 ] || fails "html: a cell is missing"
grep -q '<section id="most"' "$tmp/html" || fails "html: does not say what strikes most"
