#!/bin/sh
# All tests of one build: unit tables, replayed corpora, cases. $1: build folder. Prints what failed, then one line.
# `tests/run.sh BUILD golden` writes the goldens anew: the diff is the review.
set -u
build=${1:-build/release} mode=${2:-check}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
ran=0 bad=0
top=$(pwd)
case $build in /*) ;; *) build=$top/$build ;; esac
export NO_COLOR=1 PYTHONDONTWRITEBYTECODE=1 ENVCHECK="$build/envcheck" TOP="$top" XDG_CACHE_HOME="$tmp/cache"

result() { # name status log
	ran=$((ran + 1))
	[ "$2" -eq 0 ] && return
	bad=$((bad + 1))
	echo "FAIL $1"
	tail -n 40 "$3" | sed 's/^/     /'
}

if [ "$mode" = check ]; then
	for t in "$build"/tests/*_test; do
		[ -x "$t" ] || continue
		"$t" >"$tmp/log" 2>&1
		result "${t##*/}" $? "$tmp/log"
	done
	for t in tests/*_test.sh; do
		[ -f "$t" ] || continue
		sh "$t" >"$tmp/log" 2>&1
		result "${t##*/}" $? "$tmp/log"
	done
	for f in "$build"/src/*/*_fuzz; do
		[ -x "$f" ] || continue
		name=${f##*/} name=${name%_fuzz}
		[ -d "tests/corpus/$name" ] || continue
		"$f" "tests/corpus/$name" >"$tmp/log" 2>&1
		result "corpus $name" $? "$tmp/log"
	done
fi

# A case: args (one line of shell words after `envcheck`), input files beside it or made by build.sh in its own
# folder ($PWD; the case's folder is $CASE), and what must come out: want.txt or want.json, want.err, want.exit.
for dir in tests/cases/*/; do
	[ -f "$dir/args" ] || continue
	name=${dir%/} name=${name##*/}
	work=$tmp/case
	rm -rf "$work" "$XDG_CACHE_HOME" && mkdir "$work"
	: >"$tmp/log"
	(
		export CASE="$top/$dir"
		cd "$work" || exit 1
		for f in "$CASE"* "$CASE".envcheck.json; do
			[ -e "$f" ] || continue
			case ${f##*/} in args | build.sh | want.*) ;; *) cp -R "$f" . ;; esac
		done
		if [ -f "$CASE/build.sh" ]; then sh "$CASE/build.sh" >build.log 2>&1 || { cat build.log; exit 1; }; fi
		eval "\"\$ENVCHECK\" $(cat "$CASE/args")" >"$tmp/out" 2>"$tmp/err"
		echo $? >"$tmp/exit"
	) >>"$tmp/log" 2>&1 || { result "case $name" 1 "$tmp/log"; continue; }
	ok=0
	for kind in txt json err exit; do
		want=$dir/want.$kind
		case $kind in txt | json) got=$tmp/out ;; *) got=$tmp/$kind ;; esac
		if [ "$mode" = golden ]; then
			[ -f "$want" ] && cp "$got" "$want"
		elif [ -f "$want" ]; then
			diff -u "$want" "$got" >>"$tmp/log" || ok=1
		fi
	done
	result "case $name" $ok "$tmp/log"
done

[ "$mode" = check ] || /usr/bin/python3 tests/docs.py "$ENVCHECK" write

echo "$ran tests, $bad failed ($build)"
[ "$bad" -eq 0 ]
