#!/bin/sh
# The pre-commit hooks: the hook's args and the changed files are targets and options of one envcheck.
set -eu
command -v envcheck >/dev/null || {
	echo "envcheck is not on the PATH: pip install the wheel that 'make wheel' builds in its source, or 'make install' there" >&2
	exit 2
}
exec envcheck "$@"
