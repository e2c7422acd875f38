#!/bin/sh
# Small inputs that are made to take very long or very much: each is done in seconds. Run by tests/run.sh, which sets ENVCHECK.
exec python3 tests/hostile.py "$ENVCHECK"
