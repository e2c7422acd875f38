#!/bin/sh
# docs/new-cuda-release.md tried out: its rows in a copy of the tables make envcheck know the release. Run by tests/run.sh, which sets ENVCHECK.
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/m"
cp -R matrices/*.json matrices/crosscheck matrices/crosscheck.d "$tmp/m"
python3 - docs/new-cuda-release.md "$tmp" <<'EOF'
import json, re, sys
page, top = open(sys.argv[1]).read(), sys.argv[2]
blocks = re.findall(r"^```json matrices/(\w+\.json)\n(.*?)^```", page, re.M | re.S)
assert len(blocks) == 10, len(blocks)
for name, rows in blocks:
    path = f"{top}/m/{name}"
    table = json.load(open(path))
    table["rows"] += map(json.loads, rows.splitlines())
    json.dump(table, open(path, "w"))
declaration = {"name": "app", "kind": "declaration", "describes": "image", "platform": {"os": "linux", "arch": "amd64"}, "packages": ["torch==3.0.0+cu140"]}
json.dump({"schema": "envcheck.inventory/1", "targets": [declaration]}, open(f"{top}/app.json", "w"))
EOF
envcheck() { "$ENVCHECK" --matrices "$tmp/m" "$@"; }

says() { # exit status, text, arguments
	want=$1 text=$2 status=0
	shift 2
	envcheck "$@" >"$tmp/out" 2>"$tmp/err" || status=$?
	if [ $status -ne "$want" ] || ! grep -qF -- "$text" "$tmp/out"; then
		echo "envcheck $*: status $status for $want, or not said: $text"
		cat "$tmp/out" "$tmp/err"
		exit 1
	fi
}
says 0 'cuda=14.0  driver=700.10.01  ptx=10.0' matrix toolkits
says 0 'torch 3.0.0    CUDA 14.0   index cu140' recommend --driver 700.10.01 --gpu X100
says 1 'needs driver >= 700.10.01' recommend --driver 615.71.09 --gpu X100
says 0 'native sm_140 code' "$tmp/app.json" --driver 700.10.01 --gpu 'NVIDIA X100'
says 0 'native sm_90 code' "$tmp/app.json" --driver 700.44.02 --gpu H100
says 1 'CUDA 14.0 needs driver >= 700.10.01, the host has 615.71.09 (CUDA 13.4)' "$tmp/app.json" --driver 615.71.09 --gpu H100
says 1 'torch 3.0.0+cu140 has no code for T4' "$tmp/app.json" --driver 700.10.01 --gpu T4
says 0 'The tables know up to driver branch R700' "$tmp/app.json" --driver 700.10.01 --gpu H100
"$ENVCHECK" "$tmp/app.json" --driver 700.10.01 --gpu H100 >"$tmp/out" && { echo "the built-in tables know it too"; exit 1; }

# and what the rows say of each other fits
"$tmp/m/crosscheck" >"$tmp/out" || true
if grep '^own: .*\(14\.0\|R700\|3\.0\.0\|X100\)' "$tmp/out"; then exit 1; fi
