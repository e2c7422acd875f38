#!/bin/sh
# The wheel: the same bytes twice, a RECORD that holds, tags that envcheck itself accepts, and a program after pip install.
# Run by tests/run.sh, which sets ENVCHECK; once, with the release build.
set -eu
[ "${MODE:-release}" = release ] || exit 0
for lib in archive jansson expat zstd crypto z lzma bz2 lz4; do
	case $(cc -print-file-name=lib$lib.a) in /*) ;; *) echo "skipped: lib$lib.a is missing"; exit 0 ;; esac
done
make -s MODE=static all
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
version=$("$ENVCHECK" --version | sed -n '1s/envcheck \([0-9.]*\).*/\1/p')
wheel=$(make -s wheel DIST="$tmp/1" | tail -n 1)
touch tools/wheel.py
again=$(TZ=Asia/Tokyo make -s wheel DIST="$tmp/2" | tail -n 1)
cmp "$wheel" "$again"

# every file is in RECORD with its hash and size, and RECORD names no other
python3 - "$wheel" <<'X'
import base64, csv, hashlib, io, sys, zipfile
wheel = zipfile.ZipFile(sys.argv[1])
names = wheel.namelist()
record, = [n for n in names if n.endswith(".dist-info/RECORD")]
rows = {row[0]: row[1:] for row in csv.reader(io.StringIO(wheel.read(record).decode()))}
assert sorted(rows) == sorted(names), set(rows) ^ set(names)
for name, (digest, size) in rows.items():
    if name != record:
        data = wheel.read(name)
        want = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        assert (digest, size) == ("sha256=" + want, str(len(data))), name
tags = [line[5:] for line in wheel.read(record[:-6] + "WHEEL").decode().splitlines() if line.startswith("Tag: ")]
python, abi, platforms = sys.argv[1][:-4].rsplit("-", 3)[1:]
assert sorted(tags) == sorted("-".join((python, abi, p)) for p in platforms.split(".")), tags
X

# a binary that asks for a loader gets no tag
python3 tools/wheel.py "$ENVCHECK" "$version" "$tmp/3" 2>"$tmp/err" && { echo "a dynamic binary was packed"; exit 1; }
grep -q 'not static' "$tmp/err"

"$ENVCHECK" "$wheel" --driver 550.54.15 --gpu H100 --expect cpu >"$tmp/judged" 2>&1 || [ $? -eq 4 ] || { cat "$tmp/judged"; exit 1; }

python3 -m venv "$tmp/venv" >"$tmp/log" 2>&1 || { echo "skipped: no venv for python3"; exit 0; }
"$tmp/venv/bin/python" -m pip --isolated --disable-pip-version-check install -q --no-index --no-deps "$wheel"
"$tmp/venv/bin/envcheck" --version >"$tmp/script"
"$tmp/venv/bin/python" -m envcheck --version >"$tmp/module"
"$ENVCHECK" --version | cmp - "$tmp/script"
cmp "$tmp/script" "$tmp/module"
status=0
"$tmp/venv/bin/envcheck" torch==2.5.1+cu124 --driver 470.82.01 --gpu A100 >/dev/null || status=$?
[ $status -eq 1 ]
[ -f "$tmp/venv/share/man/man1/envcheck.1" ] && [ -f "$tmp/venv/share/man/man7/envcheck-rules.7" ]
"$tmp/venv/bin/envcheck" completions bash | cmp - "$tmp/venv/share/bash-completion/completions/envcheck"
"$tmp/venv/bin/python" -m pip --disable-pip-version-check check >/dev/null
"$tmp/venv/bin/python" -m pip --disable-pip-version-check uninstall -q -y envcheck
[ ! -e "$tmp/venv/bin/envcheck" ]
