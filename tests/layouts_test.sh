#!/bin/sh
# Where packages lie: conda prefixes, editable installs (PEP 660 and egg-link), Debian's own torch. Whose is each library?
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
root=$tmp/root
library() { # path
	mkdir -p "$root${1%/*}"
	echo 'int f(void) { return 1; }' | ${CC:-cc} -shared -fPIC -nostdlib -Wl,-soname,"${1##*/}" -o "$root$1" -xc -
}
info() { # folder of packages, name, version
	mkdir -p "$root$1/$2-$3.dist-info"
	printf 'Metadata-Version: 2.1\nName: %s\nVersion: %s\n' "$2" "$3" >"$root$1/$2-$3.dist-info/METADATA"
}

conda=/opt/conda/envs/ml site=/opt/conda/envs/ml/lib/python3.11/site-packages
info $site torch 2.1.0
library $conda/lib/libtorch_cuda.so
library $conda/lib/libcudnn.so.8
mkdir -p "$root$conda/conda-meta"
echo '{"name": "cudnn", "version": "8.9.2.26", "build": "h36e7eda_0", "files": ["lib/libcudnn.so.8", "../../../../etc/passwd"]}' \
	>"$root$conda/conda-meta/cudnn-8.9.2.26-h36e7eda_0.json"
echo 'no JSON' >"$root$conda/conda-meta/broken.json"

site=/opt/venv/lib/python3.11/site-packages
info $site myext 1.0
echo '{"url": "file:///app/src", "dir_info": {"editable": true}}' >"$root$site/myext-1.0.dist-info/direct_url.json"
library /app/src/myext/_C.abi3.so
mkdir -p "$root/app/old/old.egg-info"
printf 'Metadata-Version: 2.1\nName: old\nVersion: 0.9\n' >"$root/app/old/old.egg-info/PKG-INFO"
printf '/app/old\n.' >"$root$site/old.egg-link"
library /app/old/old/_C.so

info /usr/lib/python3/dist-packages torch 2.0.1
library /usr/lib/x86_64-linux-gnu/libtorch_cuda.so.2.0
library /usr/lib/x86_64-linux-gnu/libother.so

"$ENVCHECK" inspect "$root" --format json >"$tmp/out.json"
python3 - "$tmp/out.json" <<'PY'
import json, sys
t = json.load(open(sys.argv[1]))["targets"][0]
got = {l["path"]: (l["owner"], l.get("environment"), l["version"], l["role"]) for l in t["libraries"]}
want = {
    "/opt/conda/envs/ml/lib/libtorch_cuda.so": ("torch", "/opt/conda/envs/ml", None, "core"),
    "/opt/conda/envs/ml/lib/libcudnn.so.8": (None, None, "8.9.2.26", "unlisted"),
    "/app/src/myext/_C.abi3.so": ("myext", "/opt/venv", None, "unlisted"),
    "/app/old/old/_C.so": ("old", "/opt/venv", None, "unlisted"),
    "/usr/lib/x86_64-linux-gnu/libtorch_cuda.so.2.0": ("torch", "/usr", None, "core"),
    "/usr/lib/x86_64-linux-gnu/libother.so": (None, None, None, "unlisted"),
}
for path in sorted(set(got) | set(want)):
    if got.get(path) != want.get(path):
        print(path, "is", got.get(path), "expected", want.get(path))
assert got == want
assert [g["path"] for g in t["gaps"]] == ["/opt/conda/envs/ml/conda-meta/broken.json"], t["gaps"]
versions = {(p["name"], p["environment"]): p["version"] for p in t["packages"]}
assert versions[("old", "/opt/venv")] == "0.9", versions
PY
