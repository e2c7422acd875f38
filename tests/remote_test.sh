#!/bin/sh
# Remote targets against servers of our own that misbehave; the parts side by side, since most of the time is spent waiting.
set -u
if [ "${MODE:-}" = static ]; then # opens no libraries, so it has no network
	"$ENVCHECK" inspect docker://localhost:1/x:1 2>&1 | grep -q 'static build reads no remote targets'
	exit
fi
jobs=
for part in cases trust tables wheels index; do
	python3 "tests/remote/$part.py" "$ENVCHECK" &
	jobs="$jobs $!"
done
bad=0
for job in $jobs; do wait "$job" || bad=1; done
exit $bad
