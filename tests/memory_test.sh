#!/bin/sh
# Peak memory, as limits on what a process may hold: what the design promises, with the decoders' windows beside it. Workers change
# no byte. Run by tests/run.sh, which sets ENVCHECK and MODE: sanitizers hold much more, so there only the answers count.
set -eu
command -v zstd >/dev/null || { echo "skipped: no zstd"; exit 0; }
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
entries=1000000
[ "${MODE:-release}" = release ] || [ "${MODE:-}" = static ] || entries=20000

# 16 MB, and for a second worker 1 MB and its stack; $1: KB for what the target asks for, $2: the target
within() {
	for jobs in 1 2; do
		(
			case ${MODE:-release} in release | static) ulimit -d $(((16 + (jobs - 1) * 9) * 1024 + $1)) ;; esac
			exec "$ENVCHECK" inspect --no-cache --format json --jobs $jobs "$2"
		) >"$tmp/$jobs" 2>"$tmp/err" || { echo "$2 with $jobs workers:"; cat "$tmp/err"; exit 1; }
	done
	cmp "$tmp/1" "$tmp/2"
}

python3 tests/memory.py entries "$tmp/entries" $entries
within $((entries * 160 / 1024)) "$tmp/entries"
python3 tests/memory.py large "$tmp/large"
within 0 "$tmp/large/image"
grep -q '"entries": 10' "$tmp/1" || { echo "not all of a large library was seen"; cat "$tmp/1"; exit 1; }
python3 tests/memory.py layers "$tmp/layers" 100
within 0 "$tmp/layers"

# two layers that ask for 128 MB each take turns; 256 MB are refused in one line
python3 tests/memory.py windows "$tmp/long" 27
within $((130 * 1024)) "$tmp/long"
python3 tests/memory.py windows "$tmp/longer" 28
status=0
(
	case ${MODE:-release} in release | static) ulimit -d $(((16 + 9) * 1024)) ;; esac
	exec "$ENVCHECK" inspect --no-cache --jobs 2 "$tmp/longer"
) >"$tmp/out" 2>"$tmp/err" || status=$?
[ $status -eq 3 ] && [ "$(wc -l <"$tmp/err")" = 1 ] && grep -q 'a window of 256 MB at compressed byte 0, the limit is 128 MB' "$tmp/err" || {
	cat "$tmp/err"
	echo "exit $status for a window of 256 MB"
	exit 1
}
