#!/bin/sh
# The HTML report in a real browser. usage: tests/browser/run.sh ENVCHECK CACHE
# Fetches puppeteer-core with npm into CACHE when it is not there. CHROMIUM names the browser; SCREENSHOTS a folder for pictures.
# Exit status: 0 right, 1 wrong, 77 there is no browser or no npm to drive it.
set -u
envcheck=$1 cache=$2
case $envcheck in /*) ;; *) envcheck=$PWD/$envcheck ;; esac
top=$PWD
mkdir -p "$cache" || exit 1
cache=$(cd "$cache" && pwd)
browser=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || command -v google-chrome)}
[ "$browser" ] || { echo "there is no Chromium: CHROMIUM=path, or apt-get install chromium"; exit 77; }
if [ ! -d "$cache/node_modules/puppeteer-core" ]; then
	echo "fetching puppeteer-core with npm"
	npm install --prefix "$cache" --no-audit --no-fund --silent puppeteer-core >/dev/null 2>&1
fi
[ -d "$cache/node_modules/puppeteer-core" ] || { echo "puppeteer-core could not be had from npm"; exit 77; }
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

# An image that fails on one host, names that are hostile, a requirement, something that cannot be read; one cell; a fleet.
sh examples/make-image.sh "$work/image.tar" || exit 1
sh tests/browser/hostile.sh >"$work/hostile.json"
sh tests/browser/fleet.sh 60 40 "$work/fleet"
cd "$work" || exit 1
"$envcheck" image.tar hostile.json torch==2.9.1+cu128 no-such-file --host "$top/examples/hosts" --all --exit-zero -o html=all.html 2>/dev/null
"$envcheck" image.tar --host "$top/examples/hosts/lab-a100.json" --exit-zero -o html=one.html 2>/dev/null
"$envcheck" fleet/targets.json --host fleet/hosts.json --exit-zero -o html=fleet.html 2>/dev/null
CHROMIUM=$browser NODE_PATH=$cache/node_modules node "$top/tests/browser/report.js" all.html one.html fleet.html ${SCREENSHOTS:-}
