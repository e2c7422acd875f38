#!/bin/sh
# RECORD against the files: sizes always, hashes with --verify; in a folder, a tar and a gzip stream alike.
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 - "$tmp/root" <<'PY'
import base64, csv, hashlib, os, sys
site = sys.argv[1] + "/usr/lib/python3.11/site-packages"
files = {"pkg/__init__.py": b"x = 1\n", "pkg/data.bin": bytes(range(256)) * 5000, "pkg/empty.py": b"", "pkg/run.sh": b"#!/bin/sh\necho\n",
         "pkg-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: pkg\nVersion: 1.0\n", "pkg-1.0.dist-info/WHEEL": b"Tag: py3-none-any\n"}
rows = []
for path, body in files.items():
    os.makedirs(os.path.dirname(site + "/" + path), exist_ok=True)
    open(site + "/" + path, "wb").write(body)
    digest = base64.urlsafe_b64encode(hashlib.sha256(body).digest()).rstrip(b"=").decode()
    rows.append([path, "sha256=" + digest, len(body)])
rows.append(["pkg-1.0.dist-info/RECORD", "", ""])
csv.writer(open(site + "/pkg-1.0.dist-info/RECORD", "w")).writerows(rows)
PY
site=$tmp/root/usr/lib/python3.11/site-packages
says() { # options... : what record-mismatch says
	"$ENVCHECK" inspect "$@" --format json | python3 -c '
import json, sys
r = json.load(sys.stdin)["targets"][0]["packages"][0]["record"]
print("missing", *r["missing"], "changed", *r["changed"])'
}
want() { # name, expected, got
	[ "$2" = "$3" ] || { echo "$1: expected '$2', got '$3'"; exit 1; }
}
forms() {
	tar -C "$tmp/root" -cf "$tmp/root.tar" . && gzip -kf "$tmp/root.tar"
}
forms
for t in root root.tar root.tar.gz; do
	want "$t, clean" "missing changed" "$(says --verify "$tmp/$t")"
done
printf 'y' | dd of="$site/pkg/data.bin" bs=1 seek=700000 conv=notrunc 2>/dev/null
printf 'x = 2\n' >"$site/pkg/__init__.py"
forms
for t in root root.tar root.tar.gz; do
	want "$t, same size" "missing changed" "$(says "$tmp/$t")"
	want "$t, same size, --verify" "missing changed pkg/__init__.py pkg/data.bin" "$(says --verify "$tmp/$t")"
done
rm "$site/pkg/empty.py"
echo more >>"$site/pkg/run.sh"
forms
for t in root.tar root.tar.gz; do
	want "$t, sizes" "missing pkg/empty.py changed pkg/run.sh" "$(says "$tmp/$t")"
done
