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
cp "$tmp/docker" "$tmp/moved"
"$ENVCHECK" inspect "$tmp/moved" | grep -q '3 layers.*known by' || fail "layers known by a claim are not told"
look --no-cache "$tmp/moved" >"$tmp/want"
look "$tmp/moved" | cmp "$tmp/want" -
# what is cut off stays cut off
head -c 60000 "$tmp/docker" >"$tmp/cut"
look --no-cache "$tmp/cut" >/dev/null 2>&1 && fail "the cut is in the wrong place"
look "$tmp/cut" >/dev/null 2>&1 && fail "a cut-off image is whole"

# the size limit, and looking at it
"$ENVCHECK" cache --format json | python3 -c '
import json, sys
c = json.load(sys.stdin)
assert c["schema"] == "envcheck.cache/1" and sum(e["size"] for e in c["entries"]) == c["size"]
assert {e["kind"] for e in c["entries"]} == {"digest", "file"}'
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
