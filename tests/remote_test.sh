#!/bin/sh
# Remote targets against a server of our own that misbehaves.
exec python3 tests/remote/cases.py "$ENVCHECK"
