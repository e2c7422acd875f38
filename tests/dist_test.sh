#!/bin/sh
# The source archive: the same bytes twice, builds by itself, and packs itself again to the same bytes.
# Run by tests/run.sh; once, with the release build.
set -eu
[ "${MODE:-release}" = release ] || exit 0
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
tools/dist "$tmp/1/envcheck-x.tar.gz" >/dev/null 2>&1
(umask 077 && TZ=Asia/Tokyo LC_ALL=C.UTF-8 tools/dist "$tmp/2/envcheck-x.tar.gz" >/dev/null 2>&1)
cmp "$tmp/1/envcheck-x.tar.gz" "$tmp/2/envcheck-x.tar.gz"
mkdir "$tmp/src"
tar -C "$tmp/src" -xzf "$tmp/1/envcheck-x.tar.gz"
cd "$tmp/src/envcheck-x"
make -s -j"$(nproc)" CFLAGS=-O0
build/release/envcheck --version >/dev/null
tools/dist "$tmp/3/envcheck-x.tar.gz" >/dev/null
cmp "$tmp/1/envcheck-x.tar.gz" "$tmp/3/envcheck-x.tar.gz"
