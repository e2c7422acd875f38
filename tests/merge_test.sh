#!/bin/sh
# How layers merge: the cases are in merge.py.
exec python3 tests/merge.py "$ENVCHECK"
