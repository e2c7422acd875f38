#!/bin/sh
# One image in ten forms and by two ways of reading gives one inventory; what is saved is judged as what is live;
# the number of workers changes nothing. Run by tests/run.sh, which sets ENVCHECK.
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
sh examples/make-image.sh "$tmp/docker"
python3 tests/forms.py "$tmp/docker" "$tmp"

# what names the wrapping alone is left out: file names, tags, digests and sizes of blobs
facts() {
	python3 -c '
import json, sys
t = json.load(sys.stdin)["targets"][0]
for key in ("name", "reference", "digest"):
    t.pop(key, None)
for layer in t["layers"]:
    layer.pop("digest", None), layer.pop("size", None)
json.dump(t, sys.stdout, indent=1, sort_keys=True)'
}

"$ENVCHECK" inspect --files --format json "$tmp/docker" >"$tmp/docker.json"
facts <"$tmp/docker.json" >"$tmp/want"
grep -q sm_90 "$tmp/want"
for form in oci-gzip oci-zstd oci-plain-called-gzip oci-gzip-called-plain oci-in-a-tar docker.gz docker.zst docker.xz docker-manifest-last; do
	"$ENVCHECK" inspect --files --format json "$tmp/$form" | facts >"$tmp/got"
	cmp "$tmp/want" "$tmp/got" || { echo "$form differs"; diff "$tmp/want" "$tmp/got" | head -20; exit 1; }
done
for form in docker oci-in-a-tar docker.gz docker-manifest-last; do
	"$ENVCHECK" inspect --files --format json - <"$tmp/$form" | facts >"$tmp/got"
	cmp "$tmp/want" "$tmp/got" || { echo "$form on standard input differs"; diff "$tmp/want" "$tmp/got" | head -20; exit 1; }
done

for jobs in 1 2 7; do
	"$ENVCHECK" inspect --jobs $jobs --format json "$tmp/oci-gzip" >"$tmp/jobs-$jobs"
	cmp "$tmp/jobs-1" "$tmp/jobs-$jobs"
done

# the same findings from the image and from what was saved of it
"$ENVCHECK" inspect --format json "$tmp/docker" >"$tmp/saved.json"
for host in "--driver 470.82.01 --gpu A100" "--driver 550.54.15 --gpu H100" "--driver 550 --gpu T4"; do
	for target in "$tmp/docker" "$tmp/saved.json"; do
		# shellcheck disable=SC2086
		"$ENVCHECK" "$target" $host --all --format json >"$tmp/report" || [ $? -lt 3 ] || [ $? -eq 4 ]
		python3 -c '
import json, sys
r = json.load(open(sys.argv[1]))
for x in r["results"]:
    x.pop("target")
json.dump(r["results"], sys.stdout, indent=1)' "$tmp/report" >"$tmp/judged-$(basename "$target")"
	done
	cmp "$tmp/judged-docker" "$tmp/judged-saved.json" || { diff "$tmp/judged-docker" "$tmp/judged-saved.json" | head -20; exit 1; }
done
