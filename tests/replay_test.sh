#!/bin/sh
# A library whose dynamic strings lie where no stream keeps them: the same is read of it in a folder, in a plain tar,
# in whatever is decoded, and in a wheel, with and without --verify. Where a stream cannot go back it is a gap.
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir -p "$tmp/root/opt/lib" "$tmp/root/etc"
python3 tests/replay.py "$tmp/root/opt/lib/libbig.so.1"
echo ID=debian >"$tmp/root/etc/os-release"
# another large file behind it, so that the stream has to go on where it was
python3 tests/replay.py "$tmp/root/opt/lib/libzzz.so.1" 16
tar -C "$tmp/root" --sort=name -cf "$tmp/plain" .
gzip -1c "$tmp/plain" >"$tmp/gzip"
zstd -1qc "$tmp/plain" >"$tmp/zstd"
zstd -1qc --zstd=wlog=23 "$tmp/plain" >"$tmp/zstd-8m"
for form in gzip zstd zstd-8m; do # an image of one layer, as docker save writes it
	mkdir "$tmp/image"
	cp "$tmp/$form" "$tmp/image/layer.tar"
	echo '{"os":"linux","architecture":"amd64"}' >"$tmp/image/config.json"
	echo '[{"Config":"config.json","Layers":["layer.tar"]}]' >"$tmp/image/manifest.json"
	tar -C "$tmp/image" -cf "$tmp/image-$form" manifest.json config.json layer.tar
	rm -r "$tmp/image"
done
rm "$tmp/zstd-8m"

facts() { # what is read of the two libraries
	"$ENVCHECK" inspect "$@" --format json | python3 -c '
import json, sys
t = json.load(sys.stdin)["targets"][0]
for l in t["libraries"]:
    l.pop("layer", None)
    print(json.dumps(l, sort_keys=True))'
}
facts "$tmp/root" >"$tmp/want"
grep -q libmiddle.so.3 "$tmp/want"
grep -q '"sm_90"' "$tmp/want"
for form in plain gzip zstd image-gzip image-zstd image-zstd-8m; do
	facts "$tmp/$form" >"$tmp/got"
	cmp "$tmp/want" "$tmp/got" || { echo "$form differs"; exit 1; }
done
# a wheel's members: what belongs to the file alone
own() {
	"$ENVCHECK" inspect "$1" --no-cache --format json | python3 -c '
import json, sys
t = json.load(sys.stdin)["targets"][0]
assert not t["gaps"], t["gaps"]
for l in t["libraries"]:
    print(json.dumps({k: l.get(k) for k in ("soname", "needed", "undefined", "fatbin", "cudart")}, sort_keys=True))'
}
python3 -c '
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED, compresslevel=1) as z:
    for n in "libbig.so.1", "libzzz.so.1":
        z.write(sys.argv[2] + "/opt/lib/" + n, "big/" + n)
    z.writestr("big-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: big\nVersion: 1.0\n")
    z.writestr("big-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: py3-none-linux_x86_64\n")
    z.writestr("big-1.0.dist-info/RECORD", "")' "$tmp/big-1.0-py3-none-linux_x86_64.whl" "$tmp/root"
own "$tmp/root" >"$tmp/want"
own "$tmp/big-1.0-py3-none-linux_x86_64.whl" >"$tmp/got"
grep -q libmiddle.so.3 "$tmp/got"
cmp "$tmp/want" "$tmp/got"
# what passes once alone has a gap, and its needs are not known to be none
cat "$tmp/image-gzip" | "$ENVCHECK" inspect - --format json | python3 -c '
import json, sys
t = json.load(sys.stdin)["targets"][0]
gap, = [g for g in t["gaps"] if g.get("path") == "/opt/lib/libbig.so.1"]
assert gap["reason"] == "a part of it was not kept and cannot be read again", gap
big, other = t["libraries"]
assert "needed" not in big and other["needed"], t["libraries"]
assert big["fatbin"]["cubin"][0]["arch"] == "sm_90"'
