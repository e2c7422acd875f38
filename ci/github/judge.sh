#!/bin/sh
# Second step of the action: judges, annotates, writes the job summary and the step's outputs. The exit status is envcheck's.
# INPUT_IMAGE, INPUT_HOSTS: one a line; INPUT_FORMAT: words; INPUT_FAIL_ON: a level. Runs alone, too: the files that GitHub
# names in GITHUB_OUTPUT and GITHUB_STEP_SUMMARY may be missing.
set -eu
out=$(mktemp -d "${RUNNER_TEMP:-/tmp}/envcheck.XXXXXX")
newline='
'

# Nothing but line ends separates: file names may hold blanks, and no input is a word of shell.
set -f
IFS=$newline
set --
for image in ${INPUT_IMAGE:-}; do
	if [ ! -e "$image" ] && command -v docker >/dev/null && docker image inspect -- "$image" >/dev/null 2>&1; then
		echo "saving $image" >&2
		docker save -o "$out/image-$#.tar" -- "$image"
		image=$out/image-$#.tar
	fi
	set -- "$@" "$image"
done
[ $# -gt 0 ] || { echo "::error title=envcheck::the input 'image' is empty"; exit 2; }
set -- "$@" --fail-on "${INPUT_FAIL_ON:-error}" \
	-o "json=$out/report.json" -o "sarif=$out/envcheck.sarif" -o "github=$out/annotations" -o "markdown=$out/summary.md"
for host in ${INPUT_HOSTS:-}; do
	set -- "$@" --host "$host"
done
IFS=" ,	$newline"
for format in ${INPUT_FORMAT:-}; do
	case $format in json | sarif | github | markdown) ;; *) set -- "$@" -o "$format=$out/envcheck.$format" ;; esac
done

status=0
envcheck "$@" || status=$?
case $status in
0) verdict=pass ;;
1) verdict=fail ;;
4) verdict=unknown ;;
*) verdict=error ;;
esac
[ $status -ne 2 ] || { echo "::error title=envcheck::the inputs are wrong: see the line above"; exit 2; }

# requires.driver of each target; in strings of a report quotes are escaped, so nothing else reads like it
driver=$(grep -o '"driver": {"linux": "[0-9.]*"' "$out/report.json" | cut -d'"' -f6 | sort -V | tail -n 1)
cat "$out/annotations"
[ -z "${GITHUB_STEP_SUMMARY:-}" ] || cat "$out/summary.md" >>"$GITHUB_STEP_SUMMARY"
[ -z "${GITHUB_OUTPUT:-}" ] || {
	echo "verdict=$verdict"
	echo "min-driver=$driver"
	echo "sarif=$out/envcheck.sarif"
	echo "report=$out/report.json"
} >>"$GITHUB_OUTPUT"
exit $status
