#!/bin/sh
# First step of the action: puts envcheck on the PATH of the steps after it.
# INPUT_VERSION: 'source' (the checkout that holds this script is built), or a released version; INPUT_SHA256: what that must hash to.
# ENVCHECK_RELEASES: where releases are; by default those of the repository that the action comes from.
set -eu
version=${INPUT_VERSION:-source}
into=${RUNNER_TEMP:-/tmp}/envcheck-bin
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$into"

if [ "$version" = source ]; then
	cd "$here/../.."
	tools/needs build
	make -s -j"$(nproc)" MODE=release all
	cp build/release/envcheck "$into/envcheck"
else
	case $version in *[!0-9.]*) echo "::error title=envcheck::version '$version': a number such as 0.1.0, or source, is expected" && exit 2 ;; esac
	file=envcheck-$version-linux-$(uname -m)
	base=${ENVCHECK_RELEASES:-${GITHUB_SERVER_URL:-https://github.com}/${GITHUB_ACTION_REPOSITORY:-}/releases/download}/v$version
	curl -fsSL --retry 3 -o "$into/envcheck.new" "$base/$file"
	want=${INPUT_SHA256:-}
	[ -n "$want" ] || want=$(curl -fsSL --retry 3 "$base/SHA256SUMS" | sed -n "s/ [ *]$file\$//p")
	got=$(sha256sum <"$into/envcheck.new" | cut -d' ' -f1)
	if [ "$got" != "$want" ]; then
		rm -f "$into/envcheck.new"
		echo "::error title=envcheck::$base/$file hashes to $got, '$want' is expected"
		exit 3
	fi
	chmod 755 "$into/envcheck.new"
	mv "$into/envcheck.new" "$into/envcheck"
fi
"$into/envcheck" --version
[ -z "${GITHUB_PATH:-}" ] || echo "$into" >>"$GITHUB_PATH"
