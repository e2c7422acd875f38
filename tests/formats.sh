#!/bin/sh
# Reports in every format, read by programs that are not ours. usage: tests/formats.sh ENVCHECK CACHE
# Fetched into CACHE when it is not there: with npm html-validate, @microsoft/sarif-multitool and ajv (and what tests/browser/run.sh fetches);
# with curl the XSD of Jenkins' xunit plug-in and GitLab's schema of code quality. What cannot be had is skipped, and said.
# JUNIT_XSD and GITLAB_SCHEMA name copies of the last two.
set -u
envcheck=$1 cache=$2
case $envcheck in /*) ;; *) envcheck=$PWD/$envcheck ;; esac
top=$PWD bad=0 skipped=0
mkdir -p "$cache" || exit 1
cache=$(cd "$cache" && pwd)
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

fail() { echo "FAIL $1"; bad=1; }
skip() { echo "skipped: $1"; skipped=$((skipped + 1)); }

# A package that cannot be had stops none of the others.
for package in html-validate @microsoft/sarif-multitool ajv; do
	[ -d "$cache/node_modules/$package" ] && continue
	echo "fetching $package with npm"
	npm install --prefix "$cache" --no-audit --no-fund --silent "$package" >/dev/null 2>&1
done
have() { [ -d "$cache/node_modules/$1" ] || { skip "$2: $1 could not be had from npm"; return 1; }; }

fetch() { # file address
	[ -f "$cache/$1" ] && return
	echo "fetching $2"
	curl -fsSL --max-time 60 -o "$cache/$1" "$2" 2>/dev/null || rm -f "$cache/$1"
}
[ "${JUNIT_XSD:-}" ] && cp "$JUNIT_XSD" "$cache/junit-10.xsd"
[ "${GITLAB_SCHEMA:-}" ] && cp "$GITLAB_SCHEMA" "$cache/codeclimate.json"
fetch junit-10.xsd https://raw.githubusercontent.com/jenkinsci/xunit-plugin/master/src/main/resources/org/jenkinsci/plugins/xunit/types/model/xsd/junit-10.xsd
fetch codeclimate.json https://gitlab.com/gitlab-org/gitlab/-/raw/master/app/validators/json_schemas/codeclimate.json

# An image that fails on one host, one whose names are hostile, a requirement, and something that cannot be read.
sh examples/make-image.sh "$work/image.tar" || exit 1
sh tests/browser/hostile.sh >"$work/hostile.json"
cd "$work" || exit 1
cat >Dockerfile <<-X
	FROM debian:12
	COPY debian /
	RUN python3 -m venv /opt/venv
	RUN pip install torch==2.5.1+cu124
X
"$envcheck" image.tar hostile.json torch==2.9.1+cu128 no-such-file --host "$top/examples/hosts" --all --dockerfile Dockerfile --exit-zero \
	-o html=all.html -o sarif=all.sarif -o junit=all.xml -o gitlab=all.gitlab.json -o markdown=all.md 2>/dev/null
"$envcheck" image.tar --host "$top/examples/hosts/prod-h100.json" -o html=one.html -o sarif=one.sarif -o junit=one.xml -o gitlab=one.gitlab.json 2>/dev/null
"$envcheck" no-such-file -o html=none.html -o sarif=none.sarif -o junit=none.xml -o gitlab=none.gitlab.json 2>/dev/null
for f in all one none; do
	[ -s $f.html ] && [ -s $f.sarif ] && [ -s $f.xml ] && [ -s $f.gitlab.json ] || fail "$f: not every report was written"
done

if have html-validate html; then
	"$cache/node_modules/.bin/html-validate" all.html one.html none.html || fail html
fi
(cd "$top" && tests/browser/run.sh "$envcheck" "$cache")
case $? in 0) ;; 77) skip "html in a browser" ;; *) fail "html in a browser" ;; esac
if have @microsoft/sarif-multitool sarif; then
	chmod -R u+x "$cache"/node_modules/@microsoft/sarif-multitool-*/Sarif.Multitool 2>/dev/null
	for f in *.sarif; do
		"$cache/node_modules/.bin/sarif-multitool" validate "$PWD/$f" >log 2>&1
		grep -q 'Analysis completed successfully' log && ! grep -q '): error ' log || { cat log; fail "sarif $f"; }
	done
fi
if [ -f "$cache/junit-10.xsd" ] && command -v xmllint >/dev/null; then
	xmllint --noout --schema "$cache/junit-10.xsd" ./*.xml 2>log || { cat log; fail junit; }
else
	skip "junit: the XSD or xmllint could not be had"
fi
if [ -f "$cache/codeclimate.json" ] && have ajv gitlab; then
	NODE_PATH=$cache/node_modules node -e '
		const Ajv = require("ajv"), fs = require("fs"), [schema, ...files] = process.argv.slice(1);
		const valid = new Ajv({ strict: false }).compile(JSON.parse(fs.readFileSync(schema)));
		for (const f of files) {
			const list = JSON.parse(fs.readFileSync(f));
			if (new Set(list.map((e) => e.fingerprint)).size !== list.length) throw f + ": a fingerprint stands twice";
			for (const e of list)
				if (!valid(e)) throw f + ": " + JSON.stringify(valid.errors);
		}' "$cache/codeclimate.json" ./*.gitlab.json || fail gitlab
else
	skip "gitlab: its schema or ajv could not be had"
fi
[ "$bad" -eq 0 ] && echo "formats: valid${skipped:+ ($skipped skipped)}"
exit $bad
