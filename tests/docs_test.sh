#!/bin/sh
# Every example of README, docs and manuals runs, and prints what stands there. Run by tests/run.sh, which sets ENVCHECK.
set -eu
[ "${MODE:-release}" != static ] || exit 0 # which has no remote targets
/usr/bin/python3 -c 'import yaml' 2>/dev/null || { echo "skipped: python3-yaml is missing"; exit 0; }
/usr/bin/python3 tests/docs.py "$ENVCHECK"
