#!/bin/sh
# Limits of those who read reports: 65,536 characters of a comment with the verdict first, ten annotations of a kind in a
# step, unique fingerprints for GitLab; a page that holds a fleet. $ENVCHECK is the program.
set -u
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 1
bad=0
fail() { echo "$1"; bad=1; }

python3 - <<'X'
import json
with open("fleet.json", "w") as f:
    json.dump([{"schema": "envcheck.host/1", "name": f"host-{i}", "driver": "470.82.01" if i % 3 else "550.54.15", "gpus": [{"name": "A100"}],
                "runtime": "legacy"} for i in range(8)], f)
targets = []
for i in range(60):
    targets.append({"name": f"team/app-{i}|`x`:1", "kind": "declaration", "describes": "image", "env": {"NVIDIA_REQUIRE_CUDA": f"cuda>={i}.{i}"},
                    "packages": ["torch==2.5.1+cu124", {"name": f"own-{i}", "version": "1", "gpu": {"vendor": "cuda", "cuda": "12.9"}}]})
with open("many.json", "w") as f:
    json.dump({"schema": "envcheck.inventory/1", "targets": targets}, f)
X
"$ENVCHECK" many.json --host fleet.json -o markdown=r.md -o github=r.github -o gitlab=r.json -o html=r.html -o junit=r.xml 2>/dev/null
[ $? -eq 1 ] || fail "a fleet on which much fails does not exit 1"

[ "$(wc -c <r.md)" -lt 65536 ] || fail "markdown: $(wc -c <r.md) bytes"
[ "$(wc -c <r.md)" -gt 20000 ] || fail "markdown: only $(wc -c <r.md) bytes"
head -n 1 r.md | grep -q '^### envcheck: FAIL: ' || fail "markdown: the verdict is not first"
grep -q 'more rows and details did not fit' r.md || fail "markdown: does not say what is left out"
[ "$(grep -c '<details' r.md)" -eq "$(grep -c '</details>' r.md)" ] || fail "markdown: a fold is not closed"

for kind in error warning notice; do
	[ "$(grep -c "^::$kind " r.github)" -le 10 ] || fail "github: $(grep -c "^::$kind " r.github) of $kind"
done
grep -q '^::error title=envcheck [a-z-]*::[0-9]* of [0-9]* targets, ' r.github || fail "github: does not count what strikes how often"
grep -v '^::' r.github && fail "github: a line that is no command"

python3 - <<'X' || bad=1
import json
entries = json.load(open("r.json"))
prints = [e["fingerprint"] for e in entries]
assert len(prints) == len(set(prints)), "gitlab: a fingerprint stands twice"
assert all(not e["location"]["path"].startswith(("/", "./")) for e in entries), "gitlab: a path is not relative"
X
# hosts that are judged alike share their details
[ "$(grep -c '<details class="cell' r.html)" -le 180 ] || fail "html: $(grep -c '<details class="cell' r.html) cells with details"
[ "$(grep -c '<tr><th scope="row"><a href="#t' r.html)" -eq 60 ] || fail "html: not every target has its row"
command -v xmllint >/dev/null && { xmllint --noout r.xml || fail "junit: no XML"; }

"$ENVCHECK" many.json --host fleet.json -f html >again.html 2>/dev/null
cmp -s r.html again.html || fail "html: two runs differ"
exit $bad
