#!/bin/sh
# make check-clone: what README says of a first visit, in a Debian that has git and apt and nothing else: clone, ./try, ./test.
# As root, with mmdebstrap, git and a mirror of Debian. What is committed is cloned. $1: folder for the root, removed afterwards.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$1"
w=$(mktemp -d -p "$(realpath "$1")")
finish() {
	umount "$w/root/proc" "$w/root/dev/pts" "$w/root/dev" 2>/dev/null || :
	rm -rf --one-file-system "$w"
}
trap finish EXIT
mmdebstrap -q --variant=minbase --include=git,ca-certificates bookworm "$w/root" ${DEBIAN_MIRROR:+"$DEBIAN_MIRROR"} </dev/null
mount -t proc proc "$w/root/proc"
mount --bind /dev "$w/root/dev"
mount --bind /dev/pts "$w/root/dev/pts"
cp -L /etc/resolv.conf "$w/root/etc/resolv.conf"
git clone -q --bare "$top" "$w/root/envcheck.git"
within() { chroot "$w/root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root ${http_proxy:+http_proxy="$http_proxy"} sh -euc "$1"; }
within 'git clone -q /envcheck.git /home/envcheck'
within 'cd /home/envcheck && ./try' >"$w/log" 2>&1 || { cat "$w/log"; echo "FAIL ./try"; exit 1; }
grep -q '^FAIL  example:1.0 will not run on lab-a100' "$w/log" && grep -q '^PASS  example:1.0 runs on prod-h100' "$w/log" || { cat "$w/log"; echo "FAIL ./try says something else"; exit 1; }
echo "ok   ./try"
within 'cd /home/envcheck && ./test' >"$w/log" 2>&1 || { tail -100 "$w/log"; echo "FAIL ./test"; exit 1; }
tail -n 1 "$w/log"
within 'cd /home/envcheck && git status --porcelain' >"$w/log"
[ ! -s "$w/log" ] || { cat "$w/log"; echo "FAIL the tests leave files behind"; exit 1; }
echo "ok   ./test"
