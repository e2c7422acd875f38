#!/bin/sh
# A grid is its single results: what a judge keeps from host to host and from target to target changes no byte, whether
# hosts are equal but for their names, ignores name one of them, or several threads share the work.
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 tests/bench/grid.py "$tmp" 6 14
cat >"$tmp/config.json" <<END
{"ignores": [{"rule": "driver-too-old", "host": "node-0003*", "reason": "a test"}, {"rule": "no-kernel-image", "host": "twin-*", "reason": "a test"}]}
END
python3 - "$tmp" <<END
import json, sys
folder = sys.argv[1]
hosts = json.load(open(f"{folder}/hosts.json"))
hosts += [dict(h, name="twin-" + h["name"], nodes=3) for h in hosts[:6]]
json.dump(hosts, open(f"{folder}/hosts.json", "w"))
for i, h in enumerate(hosts):
    json.dump(h, open(f"{folder}/host-{i:02}.json", "w"))
END
run() { "$ENVCHECK" --no-cache --exit-zero --config "$tmp/config.json" -f json --all "$@"; }
run "$tmp"/targets/*.json --host "$tmp/hosts.json" >"$tmp/grid.json"
for t in "$tmp"/targets/*.json; do
	for h in "$tmp"/host-*.json; do
		run "$t" --host "$h" >"$tmp/one-${t##*/}-${h##*/}"
	done
done
python3 - "$tmp" <<END
import glob, json, sys
folder = sys.argv[1]
grid = json.load(open(f"{folder}/grid.json"))["results"]
single = [r for f in sorted(glob.glob(f"{folder}/one-*")) for r in json.load(open(f))["results"]]
assert len(grid) == len(single) == 6 * 20, (len(grid), len(single))
for a, b in zip(grid, single):
    assert a == b, (a["target"], a["host"], [x for x in zip(a["findings"], b["findings"]) if x[0] != x[1]][:1])
assert any(r["ignored"] for r in grid)
END
python3 tests/bench/grid.py "$tmp/wide" 2 200
run "$tmp"/wide/targets/*.json --host "$tmp/wide/hosts.json" --jobs 1 >"$tmp/wide/one.json"
run "$tmp"/wide/targets/*.json --host "$tmp/wide/hosts.json" --jobs 3 | cmp - "$tmp/wide/one.json"
