#!/bin/sh
# The cache from outside: it changes no answer, believes nobody, and gets in nobody's way. Run by tests/run.sh, which sets ENVCHECK.
set -eu
tmp=$(mktemp -d)
trap 'chmod -R u+w "$tmp"; rm -rf "$tmp"' EXIT
export XDG_CACHE_HOME="$tmp/xdg"
cache=$XDG_CACHE_HOME/envcheck
fail() { echo "$1"; exit 1; }
look() { "$ENVCHECK" inspect --files --format json "$@"; }
entries() { find "$cache" -type f -name "${1:-*}" | wc -l; }

sh examples/make-image.sh "$tmp/docker"
python3 tests/forms.py "$tmp/docker" "$tmp"
python3 tests/claims.py "$tmp/docker" "$tmp/evil"
sleep 0.2 # younger files are not kept: another change might not show

# the same bytes without a cache, with an empty one, and out of it
for form in docker oci-gzip oci-zstd docker.gz; do
	look --no-cache "$tmp/$form" >"$tmp/want"
	[ ! -e "$cache" ] || [ "$form" != docker ] || fail "--no-cache wrote"
	look "$tmp/$form" >"$tmp/first"
	look "$tmp/$form" >"$tmp/second"
	cmp "$tmp/want" "$tmp/first" && cmp "$tmp/want" "$tmp/second"
	"$ENVCHECK" inspect --no-cache "$tmp/$form" >"$tmp/want.txt"
	"$ENVCHECK" inspect "$tmp/$form" | cmp "$tmp/want.txt" -
	look --quick --no-cache "$tmp/$form" >"$tmp/want"
	look --quick "$tmp/$form" >/dev/null
	look --quick "$tmp/$form" | cmp "$tmp/want" -
done
n=$(entries 'file-*')
[ "$n" -ge 9 ] || fail "only $n entries"
[ "$(find "$cache" -perm /077 | wc -l)" = 0 ] || fail "others may look at it"
[ "$(entries '.*')" = 0 ] || fail "something was left over"

# of a wheel by itself --quick reads the metadata alone, of one in a folder more
mkdir "$tmp/wheels"
python3 - "$tmp/wheels/torch-2.5.1+cu124-cp311-cp311-linux_x86_64.whl" <<'END'
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w") as z:
    info = "torch-2.5.1+cu124.dist-info/"
    z.writestr(info + "METADATA", "Metadata-Version: 2.1\nName: torch\nVersion: 2.5.1+cu124\n")
    z.writestr(info + "WHEEL", "Wheel-Version: 1.0\nTag: cp311-cp311-linux_x86_64\n")
    z.writestr(info + "RECORD", "torch/version.py,,\n")
    z.writestr("torch/version.py", "cuda = '12.4'\n")
    z.write("/bin/true", "torch/lib/libcudart-0123.so.12")
END
sleep 0.2
for how in --quick --jobs=1; do
	look "$how" --no-cache "$tmp"/wheels/*.whl >"$tmp/want.wheel"
	look "$how" --no-cache "$tmp/wheels" >"$tmp/want.wheels"
	for turn in 1 2; do
		look "$how" "$tmp"/wheels/*.whl | cmp "$tmp/want.wheel" -
		look "$how" "$tmp/wheels" | cmp "$tmp/want.wheels" -
	done
	rm -rf "$cache"
done
look "$tmp/docker" >/dev/null

# a file that was changed, also back in time, is another
cp "$tmp/docker" "$tmp/copy"
sleep 0.2
look "$tmp/copy" >/dev/null
touch -r "$tmp/docker" "$tmp/copy"
before=$(entries)
sleep 0.2
look "$tmp/copy" >/dev/null
[ "$(entries)" -gt "$before" ] || fail "a changed file was taken for the old one"

# tampered entries are passed over and written anew
for f in "$cache"/file-*; do
	printf 'XXXX' | dd of="$f" bs=1 seek=200 conv=notrunc 2>/dev/null
done
look --no-cache "$tmp/docker" >"$tmp/want"
look "$tmp/docker" | cmp "$tmp/want" -
look "$tmp/docker" | cmp "$tmp/want" -

# an image that states the digests of another: before and after the genuine one was verified
rm -rf "$cache"
look --no-cache "$tmp/evil" >"$tmp/evil.want"
look --no-cache "$tmp/docker" >"$tmp/want"
cmp -s "$tmp/evil.want" "$tmp/want" && fail "the claims test tests nothing"
look "$tmp/evil" | cmp "$tmp/evil.want" -
look --verify "$tmp/evil" >/dev/null 2>"$tmp/err" && fail "a wrong digest went through"
grep -q 'digest is sha256:' "$tmp/err" || fail "a wrong digest was not named"
look "$tmp/docker" | cmp "$tmp/want" -
rm -rf "$cache"
look --verify "$tmp/evil" >/dev/null 2>&1 || :
# layers of the forgery that are genuine were verified; the forged one was not
[ "$(entries 'sha256-*')" = 2 ] || fail "$(entries 'sha256-*') verified layers of the forgery"
look --verify "$tmp/docker" >/dev/null
[ "$(entries 'sha256-*')" = 3 ] || fail "$(entries 'sha256-*') verified layers"
look "$tmp/docker" | cmp "$tmp/want" -
look --verify "$tmp/evil" >/dev/null 2>&1 && fail "a wrong digest went through, later"
look "$tmp/docker" | cmp "$tmp/want" -
# of a stream the manifest may come last: its layers are held to it all the same
gzip -c "$tmp/evil" >"$tmp/evil.gz"
for how in "$tmp/evil.gz" -; do
	cat "$tmp/evil" | "$ENVCHECK" inspect --verify --format json "$how" >"$tmp/got" 2>"$tmp/err" && fail "$how: a wrong digest went through"
	grep -q 'layer 2: digest is sha256:' "$tmp/err" || fail "$how: a wrong digest was not named"
	[ "$(grep -c '"verified": true' "$tmp/got")" = 2 ] || fail "$how: the forged layer counts as verified"
	cat "$tmp/docker" | "$ENVCHECK" inspect --verify - >/dev/null || fail "a genuine stream was refused"
done
"$ENVCHECK" inspect --verify - <"$tmp/docker" >/dev/null || fail "a genuine file on standard input was refused"
cp "$tmp/docker" "$tmp/moved"
"$ENVCHECK" inspect "$tmp/moved" | grep -q '3 layers.*known by' || fail "layers known by a claim are not told"
look --no-cache "$tmp/moved" >"$tmp/want"
look "$tmp/moved" | cmp "$tmp/want" -
# what is cut off stays cut off
head -c 60000 "$tmp/docker" >"$tmp/cut"
look --no-cache "$tmp/cut" >/dev/null 2>&1 && fail "the cut is in the wrong place"
look "$tmp/cut" >/dev/null 2>&1 && fail "a cut-off image is whole"

# an image on the same base: its base layers are known once they were verified in the other, and nothing else is
rm -rf "$cache"
python3 tests/claims.py "$tmp/docker" "$tmp/sibling" honest
sleep 0.2
look --no-cache "$tmp/sibling" >"$tmp/want"
look --verify "$tmp/docker" >/dev/null
look "$tmp/sibling" | cmp "$tmp/want" -
"$ENVCHECK" inspect "$tmp/sibling" | grep -q '2 layers.*known by' || fail "the base was not shared"
[ "$(entries 'file-*')" = 4 ] || fail "$(entries 'file-*') layers by their file: three of one image, the top of the other"
look --verify "$tmp/sibling" >/dev/null
[ "$(entries 'sha256-*')" = 4 ] || fail "$(entries 'sha256-*') verified layers of two images on one base"
look --no-cache "$tmp/docker" >"$tmp/want"
look "$tmp/docker" | cmp "$tmp/want" -

# entries cut off, empty, swapped, or no files at all
for harm in 'head -c 300 "$f" >"$f.x" && mv "$f.x" "$f"' ': >"$f"' 'cp "$cache/$other" "$f"' 'rm "$f" && mkdir "$f"' 'rm "$f" && mkfifo "$f"' \
	'rm "$f" && ln -s /etc/passwd "$f"' 'rm "$f" && ln -s /dev/zero "$f"'; do
	rm -rf "$cache"
	look "$tmp/docker" >/dev/null
	other=$(find "$cache" -name 'file-*' -printf '%s %f\n' | sort -n | sed -n '1s/.* //p')
	for f in "$cache"/file-*; do
		[ "${f##*/}" = "$other" ] || eval "$harm"
	done
	timeout 20 "$ENVCHECK" inspect --files --format json "$tmp/docker" | cmp "$tmp/want" - || fail "$harm"
	[ "$(sed -n 1p /etc/passwd | cut -c1-4)" = root ] || fail "a link in the cache was followed"
done

# many at once, while somebody throws everything away
rm -rf "$cache"
look --no-cache --verify "$tmp/docker" >"$tmp/want"
look --no-cache "$tmp/sibling" >"$tmp/want2"
for i in 1 2 3 4; do
	for k in 1 2 3 4 5; do
		look --verify "$tmp/docker" | cmp "$tmp/want" -
		look "$tmp/sibling" | cmp "$tmp/want2" -
	done &
	pids="${pids:-} $!"
done
for k in 1 2 3 4 5 6; do
	"$ENVCHECK" cache --prune --cache-limit 3K >/dev/null 2>&1 || :
done
for p in $pids; do
	wait "$p" || fail "one of many differs"
done
[ "$(entries '.*')" = 0 ] || fail "something was left over by many at once"

# the size limit, and looking at it
"$ENVCHECK" cache --format json | python3 -c '
import json, sys
c = json.load(sys.stdin)
assert c["schema"] == "envcheck.cache/1" and sum(e["size"] for e in c["entries"]) == c["size"]
assert {e["kind"] for e in c["entries"]} == {"digest", "file"}'
# an entry whose key is as long as can be, and one of a year that no 64-bit number of nanoseconds has
python3 -c '
import struct, sys
from pathlib import Path
folder = Path(sys.argv[1])
maker = next(folder.glob("file-*")).read_bytes()[12:16]
entry = b"envcheck" + struct.pack("<I", 1) + maker + struct.pack("<QQH", 34 + 192, 0, 192) + b"x" * 191 + b":"
(folder / "file-long").write_bytes(entry)
(folder / "file-long").chmod(0o600)' "$cache"
touch -d @99999999999 "$cache/file-long"
"$ENVCHECK" cache | grep -q 'of no use' || fail "a key that is too long"
rm "$cache/file-long"
echo junk >"$cache/sha256-junk"
"$ENVCHECK" cache | grep -q 'of no use'
"$ENVCHECK" cache --prune 2>/dev/null | grep -q 'of no use' && fail "junk stayed"
"$ENVCHECK" cache --prune --cache-limit 0 >/dev/null 2>&1
[ "$(entries)" = 0 ] || fail "a limit of 0 left something"
"$ENVCHECK" cache --cache-limit 1X >/dev/null 2>&1 && fail "1X is no size"
look --cache-limit 2K "$tmp/docker" >/dev/null
[ "$(find "$cache" -type f -printf '%s\n' | awk '{ n += $1 } END { print n + 0 }')" -le 2048 ] || fail "over its limit"

# nowhere to keep anything: silent, but where a folder was named for it
look --no-cache "$tmp/docker" >"$tmp/want"
XDG_CACHE_HOME=/proc/nowhere look "$tmp/docker" 2>"$tmp/err" | cmp "$tmp/want" -
grep -q 'going on without it' "$tmp/err" || fail "an unusable XDG_CACHE_HOME was not told"
(unset XDG_CACHE_HOME; export HOME=/proc/nowhere; look "$tmp/docker") 2>"$tmp/err" | cmp "$tmp/want" -
[ ! -s "$tmp/err" ] || fail "a HOME that cannot be used made noise"
(unset XDG_CACHE_HOME HOME; look "$tmp/docker") 2>"$tmp/err" | cmp "$tmp/want" -
[ ! -s "$tmp/err" ] || fail "no HOME made noise"
XDG_CACHE_HOME=relative look "$tmp/docker" 2>"$tmp/err" >/dev/null
[ ! -e relative ] || fail "a relative XDG_CACHE_HOME was used"
chmod 500 "$cache"
look "$tmp/docker" 2>"$tmp/err" | cmp "$tmp/want" -
[ ! -s "$tmp/err" ] || fail "a read-only cache made noise"
chmod 777 "$cache"
look "$tmp/docker" 2>"$tmp/err" | cmp "$tmp/want" -
grep -q 'others may write' "$tmp/err" || fail "a cache that all may write to was used"
