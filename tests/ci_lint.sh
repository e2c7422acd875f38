#!/bin/sh
# make lint-ci: the action and its example by actionlint, which is fetched with Go.
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
GOBIN=$tmp go install github.com/rhysd/actionlint/cmd/actionlint@v1.7.7
mkdir -p "$tmp/repo/.github/workflows" "$tmp/repo/ci"
cp -R ci/github "$tmp/repo/ci/"
cp ci/github/example.yml "$tmp/repo/.github/workflows/"
cd "$tmp/repo"
git init -q .
"$tmp/actionlint"
