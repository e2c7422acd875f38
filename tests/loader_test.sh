#!/bin/sh
# The real loaders of glibc and musl as oracles: in some ninety small roots they and envcheck choose the same files.
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 tests/loader_oracle.py "$ENVCHECK" "$tmp" glibc
if [ -e /lib/ld-musl-x86_64.so.1 ]; then
	python3 tests/loader_oracle.py "$ENVCHECK" "$tmp" musl
fi
