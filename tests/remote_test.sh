#!/bin/sh
# Remote targets against servers of our own that misbehave; the parts side by side, since most of the time is spent waiting.
set -u
if [ "${MODE:-}" = static ]; then # opens no libraries, so it has no network
	"$ENVCHECK" inspect docker://localhost:1/x:1 2>&1 | grep -q 'static build reads no remote targets'
	exit
fi
python3 tests/remote/cases.py "$ENVCHECK" &
cases=$!
python3 tests/remote/wheels.py "$ENVCHECK" &
wheels=$!
python3 tests/remote/trust.py "$ENVCHECK"
bad=$?
wait "$cases" || bad=1
wait "$wheels" || bad=1
exit "$bad"
