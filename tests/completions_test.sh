#!/bin/sh
# Completion scripts: what each shell offers at the end of a line. zsh and fish are asked where they are installed.
# Run by tests/run.sh, which sets ENVCHECK.
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
for shell in bash zsh fish; do "$ENVCHECK" completions $shell >"$tmp/envcheck.$shell"; done
cd "$tmp"
mkdir work
touch 'work/a image.tar' work/host.json

# every option of --help is offered somewhere, every rule and format too
for word in $("$ENVCHECK" --help | grep -o '^ *\(-[a-z],\)\? *--[a-z-]*' | grep -o '\--[a-z-]*'); do
	grep -q -e "$word" envcheck.bash || { echo "bash: no $word"; exit 1; }
	grep -q -e "'\**$word" envcheck.zsh || { echo "zsh: no $word"; exit 1; }
	grep -q -e "-l ${word#--}\b" envcheck.fish || { echo "fish: no $word"; exit 1; }
done
for rule in $("$ENVCHECK" explain | sed -n 's/^\([a-z0-9-]*\) .*\(error\|warning\|note\) .*/\1/p'); do
	for shell in bash zsh fish; do grep -q -e "$rule" envcheck.$shell || { echo "$shell: no $rule"; exit 1; }; done
done

wants() { # what, wanted; the offer is in $tmp/got
	printf '%s\n' "$2" >want
	cmp -s want got || { echo "$1: wanted and got:"; diff want got; exit 1; }
}

# bash: the words of a line as readline breaks them
bash_offers() {
	bash -c '. ./envcheck.bash; cd work; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _envcheck; printf "%s\n" "${COMPREPLY[@]}"' - "$@" >got 2>err || :
	[ ! -s err ] || { cat err; exit 1; }
}
bash_offers envcheck 'rec'; wants "a command" recommend
bash_offers envcheck --fail-on ''; wants "levels" "error
warning
note"
bash_offers envcheck --fail-on = 'w'; wants "levels after =" warning
bash_offers envcheck explain driver-t; wants "a rule" driver-too-old
bash_offers envcheck matrix driver_n; wants "a table" driver_numbers
bash_offers envcheck image.tar --gpu 'l40'; wants "a GPU, whatever its case" 'L40
L40G
L40S'
bash_offers envcheck image.tar --gpu 'H100\ 80GB\ HBM3'; wants "a GPU, quoted" 'H100\ 80GB\ HBM3'
bash_offers envcheck image.tar --host ho; wants "a file" host.json
bash_offers envcheck a; wants "a file with a blank" "a image.tar"
bash_offers envcheck image.tar -o sar; wants "a format for a file" sarif=
bash_offers envcheck image.tar -o sarif = ho; wants "a file of a format" host.json
bash_offers envcheck inspect --tr; wants "an option of inspect" --tree
bash_offers envcheck recommend --tr; wants "no option of another command" ""
bash_offers envcheck --allow; wants "an option" --allow-unknown
bash_offers envcheck completions f; wants "a shell" fish

# and what readline makes of the offers when a person hits Tab
bash_makes() { python3 "$TOP/tests/completions.py" envcheck.bash "$1" >got; }
bash_makes 'envcheck recom'; wants "Tab: a command" 'envcheck recommend '
bash_makes 'envcheck --gpu=a100-sxm4-8'; wants "Tab: a value after =" 'envcheck --gpu=A100-SXM4-80GB '
bash_makes 'envcheck --gpu h100\ 80gb\ hbm3'; wants "Tab: blanks" 'envcheck --gpu H100\ 80GB\ HBM3 '
bash_makes 'envcheck --gpu "h100 80gb hbm3'; wants "Tab: an open quote" 'envcheck --gpu "H100 80GB HBM3" '
bash_makes 'envcheck -o sar'; wants "Tab: a format" 'envcheck -o sarif='
bash_makes 'envcheck -o sarif=work/ho'; wants "Tab: a file of a format" 'envcheck -o sarif=work/host.json '

if command -v fish >/dev/null; then
	export HOME="$tmp"
	fish_offers() { (cd work && fish --no-config -c 'source ../envcheck.fish; complete -C $argv[1]' "$1" | cut -f1 >../got); }
	fish_offers 'envcheck explain driver-too'; wants "fish: a rule" driver-too-old
	fish_offers 'envcheck --fail-on '; wants "fish: levels" "error
note
warning"
	fish_offers 'envcheck image.tar --gpu "h100 80GB HBM3'; wants "fish: a GPU" "H100 80GB HBM3"
	fish_offers 'envcheck inspect --tr'; wants "fish: an option" --tree
	fish_offers 'envcheck recom'; wants "fish: a command" recommend
fi

if command -v zsh >/dev/null; then
	cat >ask.zsh <<'X'
	zmodload zsh/zpty
	zpty z zsh -f -i
	zpty -w z "PS1= PS2= ; cd work; autoload -U compinit; compinit -u -d ../zcompdump; . ../envcheck.zsh; zstyle ':completion:*' list-colors; bindkey '^I' complete-word; print ready"
	while zpty -r z line && [[ $line != *ready$'\r\n'* || $line == *print* ]]; do :; done
	zpty -w -n z $1$'\t\C-a\C-kprint -r -- "got:\C-y:"\n'
	zpty -r -m z all $'*\ngot:*:\r\n*' 
	print -r -- ${${(M)${(f)all}:#got:*}[-1]}
X
	zsh_offers() { timeout 20 zsh -f ask.zsh "$1" | tr -d '\r' >got; }
	zsh_offers 'envcheck explain driver-too'; wants "zsh: a rule" "got:envcheck explain driver-too-old:"
	zsh_offers 'envcheck --fail-on=w'; wants "zsh: a level" "got:envcheck --fail-on=warning:"
	zsh_offers 'envcheck inspect --tr'; wants "zsh: an option" "got:envcheck inspect --tree:"
	zsh_offers 'envcheck recom'; wants "zsh: a command" "got:envcheck recommend:"
	zsh_offers 'envcheck image.tar -o sar'; wants "zsh: a format" "got:envcheck image.tar -o sarif=:"
fi
