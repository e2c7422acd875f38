#!/bin/sh
# A gate over two builds of one image, torch upgraded between them: what a reviewer is told, and that only what is new fails it.
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
fails() { echo "$*"; cat "$tmp/out" "$tmp/err" 2>/dev/null; exit 1; }
status() { # wanted, arguments
	want=$1
	shift
	got=0
	"$ENVCHECK" "$@" >"$tmp/out" 2>"$tmp/err" || got=$?
	[ "$got" -eq "$want" ] || fails "exit $got where $want is right: envcheck $*"
}
says() { grep -qF -- "$1" "$tmp/out" || fails "does not say: $1"; }

# old: torch 2.5.1 of CUDA 12.4. new: torch 2.8.0 of CUDA 12.8. worse: that, and a variable that hides every GPU.
mkdir "$tmp/mk"
cp examples/kernels.S "$tmp/mk"
sh examples/make-image.sh "$tmp/old.tar"
sed 's/2\.5\.1+cu124/2.8.0+cu128/g; s/12\.4\.127/12.8.90/g; s/= .12\.4./= '"'12.8'"'/; s/example:1.0/example:2.0/' examples/make-image.sh >"$tmp/mk/new.sh"
sed 's/"NVIDIA_VISIBLE_DEVICES=all"/&, "CUDA_VISIBLE_DEVICES=-1"/; s/example:2.0/example:3.0/' "$tmp/mk/new.sh" >"$tmp/mk/worse.sh"
sh "$tmp/mk/new.sh" "$tmp/new.tar"
sh "$tmp/mk/worse.sh" "$tmp/worse.tar"
lab=$PWD/examples/hosts/lab-a100.json prod=$PWD/examples/hosts/prod-h100.json
cd "$tmp"

# ---- the reviewer ----
status 0 diff old.tar new.tar --host "$prod" --host "$lab"
head -n 1 out | grep -q '^CHANGED  example:2.0 runs, and fails, where it did before$' || fails "the first line"
says 'package       torch 2.5.1+cu124 -> 2.8.0+cu128'
says 'libraries     cudart 12.4.127 -> 12.8.90'
says 'layers        1 of 3 are new'
! grep -q '^  new' out || fails "an old finding is called new"
status 0 diff old.tar worse.tar --host "$prod" --host "$lab"
head -n 1 out | grep -q '^WORSE  example:3.0 will not run any more on prod-h100$' || fails "the first line"
says 'setting       CUDA_VISIBLE_DEVICES -1 (added)'
says 'CUDA 12.4): pass -> fail'
says 'CUDA 11.4): fail as before'
[ "$(grep -c '^  new   x ' out)" -eq 2 ] || fails "the new finding, once for each host"
status 0 diff worse.tar old.tar --host "$prod"
head -n 1 out | grep -q '^BETTER  example:1.0 now runs on prod-h100$' || fails "the first line"
status 0 diff old.tar old.tar --host "$prod" --fail-on note
head -n 1 out | grep -q '^SAME  ' || fails "the first line"

# ---- diff as a gate: new findings alone, and only where asked ----
status 0 diff old.tar new.tar --host "$lab" --fail-on error
status 1 diff old.tar worse.tar --host "$prod" --fail-on error
status 0 diff old.tar worse.tar --host "$prod" --fail-on error --exit-zero
status 3 diff old.tar nothing.tar --host "$prod" --fail-on error
status 2 diff old.tar --fail-on error

# ---- check as a gate ----
status 1 old.tar --host "$lab" -o json=last.json
status 0 old.tar --host "$lab" --baseline last.json
status 0 new.tar --host "$lab" --baseline last.json -o json=next.json
status 1 worse.tar --host "$lab" --baseline last.json -o json=worse.json -o markdown=worse.md
python3 - <<'X'
import json
def load(name):
	r = json.load(open(name))
	return r["verdict"], [(f["rule"], f.get("new")) for f in r["results"][0]["findings"] if f["level"] == "error"]
assert load("last.json") == ("fail", [("driver-too-old", None)]), load("last.json")
assert load("next.json") == ("fail", [("driver-too-old", False)]), load("next.json")
assert sorted(load("worse.json")[1]) == [("driver-too-old", False), ("visible-devices", True)], load("worse.json")
X
grep -q '(new) CUDA' worse.md || fails "markdown: does not mark the new finding"
! grep -q '(new) torch' worse.md || fails "markdown: marks an old one"

# the baseline of one host silences nothing on another, and each status has its reason
status 1 worse.tar --host "$prod" --baseline last.json
status 0 worse.tar --host "$prod" --baseline last.json --exit-zero
status 0 new.tar --host "$prod"
status 1 new.tar --host "$lab" --fail-on warning
status 2 new.tar --host "$lab" --baseline nothing.json
status 2 new.tar --host "$lab" --baseline "$lab"
status 3 nothing.tar --host "$lab" --baseline last.json
status 3 new.tar nothing.tar --host "$lab" --baseline last.json
status 3 new.tar --host nothing.json
status 4 new.tar --driver 525 --gpu H100
status 0 new.tar --driver 525 --gpu H100 --allow-unknown
status 1 worse.tar new.tar --driver 525 --gpu H100
