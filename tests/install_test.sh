#!/bin/sh
# make install: program, manuals and completions where their readers look; make uninstall takes all of it away again.
# Run by tests/run.sh, which sets ENVCHECK; once, with the release build.
set -eu
[ "${MODE:-release}" = release ] || exit 0
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
make -s install DESTDIR="$tmp/root" PREFIX=/usr
cd "$tmp/root/usr"
bin/envcheck --version >/dev/null
if command -v mandoc >/dev/null; then
	for page in 1:envcheck 5:envcheck-host 5:envcheck.json 7:envcheck-rules; do
		mandoc -Tutf8 "share/man/man${page%%:*}/${page#*:}.${page%%:*}" | grep -qi '^envcheck' || { echo "$page is no manual"; exit 1; }
	done
fi
[ "$(find share/man -type f | wc -l)" -eq 4 ]
for rule in $("$ENVCHECK" explain | sed -n 's/^\([a-z0-9-]*\) .*\(error\|warning\|note\) .*/\1/p'); do
	grep -q "^\.Ss $rule\$" share/man/man7/envcheck-rules.7 || { echo "no section of $rule"; exit 1; }
done
# bash-completion sources a file of the command's name; zsh autoloads _envcheck from fpath; fish reads vendor_completions.d
bash -c '. share/bash-completion/completions/envcheck; complete -p envcheck' | grep -q _envcheck
if command -v zsh >/dev/null; then
	zsh -f -c 'fpath=($PWD/share/zsh/site-functions $fpath); autoload -U compinit; compinit -u -d $PWD/../dump; print $_comps[envcheck]' | grep -qx _envcheck
fi
if command -v fish >/dev/null; then
	HOME=$tmp XDG_DATA_DIRS=$tmp/root/usr/share fish --no-config -c 'source share/fish/vendor_completions.d/envcheck.fish; complete -C "envcheck expl"' | grep -q '^explain'
fi
cd "$TOP"
make -s uninstall DESTDIR="$tmp/root" PREFIX=/usr
[ -z "$(find "$tmp/root/usr" -type f)" ] || { find "$tmp/root/usr" -type f; exit 1; }
