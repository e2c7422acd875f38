#!/bin/sh
# The steps of the GitHub action, the script of the GitLab job and the pre-commit hook, each run as its runner would.
# Run by tests/run.sh, which sets ENVCHECK.
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
top=$(pwd)
mkdir "$tmp/bin" "$tmp/job"
ln -s "$ENVCHECK" "$tmp/bin/envcheck"
PATH=$tmp/bin:$PATH
sh examples/make-image.sh "$tmp/job/an image.tar"
cp -R examples/hosts "$tmp/job/hosts of ours"
cd "$tmp/job"

# ---- GitHub: judge.sh ----
export RUNNER_TEMP="$tmp/runner" GITHUB_OUTPUT="$tmp/output" GITHUB_STEP_SUMMARY="$tmp/summary"
mkdir "$RUNNER_TEMP"
fails() { echo "$1"; exit 1; }
judge() { # wanted status, then NAME=VALUE inputs
	want=$1
	shift
	: >"$GITHUB_OUTPUT"
	: >"$GITHUB_STEP_SUMMARY"
	status=0
	env "$@" "$top/ci/github/judge.sh" >"$tmp/out" 2>"$tmp/err" || status=$?
	[ $status -eq "$want" ] || { cat "$tmp/out" "$tmp/err"; fails "exit status $status, $want is wanted: $*"; }
}
output() { sed -n "s/^$1=//p" "$GITHUB_OUTPUT"; }

judge 1 INPUT_IMAGE="an image.tar" INPUT_HOSTS="hosts of ours" INPUT_FORMAT="junit, gitlab"
[ "$(output verdict)" = fail ] && [ "$(output min-driver)" = 525.60.13 ] || fails "outputs"
python3 -c 'import json, sys; assert json.load(open(sys.argv[1]))["version"] == "2.1.0"' "$(output sarif)"
python3 -c 'import json, sys; assert json.load(open(sys.argv[1]))["verdict"] == "fail"' "$(output report)"
[ -s "$(dirname "$(output report)")/envcheck.junit" ] || fails "no junit"
grep -q '^::error title=envcheck driver-too-old::example:1.0 will not run on lab-a100' "$tmp/out" || fails "no annotation"
head -1 "$GITHUB_STEP_SUMMARY" | grep -q 'envcheck: FAIL' || fails "no summary"
[ "$(wc -l <"$GITHUB_OUTPUT")" -eq 4 ] || fails "more outputs than four"

judge 0 INPUT_IMAGE="an image.tar" INPUT_HOSTS="hosts of ours/prod-h100.json"
[ "$(output verdict)" = pass ] || fails "a pass"
judge 0 INPUT_IMAGE="an image.tar
torch==2.5.1+cu118" INPUT_HOSTS="driver=550.54.15,gpu=H100x8"
[ "$(output verdict) $(output min-driver)" = "pass 525.60.13" ] || fails "of two targets the newer driver"
judge 3 INPUT_IMAGE="no such file"
[ "$(output verdict)" = error ] || fails "an error"
judge 2 INPUT_IMAGE="an image.tar" INPUT_FAIL_ON="eror"
judge 2 INPUT_IMAGE=
judge 3 INPUT_IMAGE='$(touch ran)`touch ran`;touch ran' INPUT_HOSTS=''
[ ! -e ran ] || fails "an input was run"
(unset GITHUB_OUTPUT GITHUB_STEP_SUMMARY RUNNER_TEMP
	INPUT_IMAGE="an image.tar" "$top/ci/github/judge.sh" >/dev/null 2>&1) || fails "alone"

# ---- GitHub: install.sh, from a release ----
releases=$tmp/releases/v9.9.9
mkdir -p "$releases"
file=envcheck-9.9.9-linux-$(uname -m)
cp "$ENVCHECK" "$releases/$file"
(cd "$releases" && sha256sum -- * >"$tmp/sums" && mv "$tmp/sums" SHA256SUMS)
export ENVCHECK_RELEASES="file://$tmp/releases" GITHUB_PATH="$tmp/path" INPUT_VERSION=9.9.9
if command -v curl >/dev/null; then
	"$top/ci/github/install.sh" >/dev/null
	"$(cat "$GITHUB_PATH")/envcheck" --version >/dev/null
	rm -rf "$RUNNER_TEMP/envcheck-bin"
	echo more >>"$releases/$file"
	"$top/ci/github/install.sh" >"$tmp/out" && fails "a changed binary was taken"
	grep -q 'hashes to' "$tmp/out" && [ ! -e "$RUNNER_TEMP/envcheck-bin/envcheck" ] || fails "a changed binary"
	sum=$(sha256sum <"$releases/$file" | cut -d' ' -f1)
	INPUT_SHA256=$sum "$top/ci/github/install.sh" >/dev/null 2>&1 || fails "the stated hash"
fi
INPUT_VERSION='1;touch ran' "$top/ci/github/install.sh" >/dev/null && fails "a version that is none"
[ ! -e ran ] || fails "an input was run"

# ---- every input and output of action.yml is used by the scripts, and the files are YAML ----
cd "$top"
/usr/bin/python3 - <<'X' || fails "action.yml"
import re
try:
    import yaml
except ImportError:
    raise SystemExit(0)
action = yaml.safe_load(open("ci/github/action.yml"))
steps = {s["name"]: s for s in action["runs"]["steps"]}
text = "".join(open("ci/github/%s.sh" % n).read() for n in ("install", "judge"))
passed = {v for s in steps.values() for v in s["env"]}
assert {"INPUT_" + i.upper().replace("-", "_") for i in action["inputs"]} == passed, passed
assert passed <= set(re.findall(r"INPUT_[A-Z0-9_]+", text))
assert set(action["outputs"]) == set(re.findall(r'echo "([a-z-]+)=', text)), "outputs"
for s in steps.values():
    assert "${{" not in s["run"], "an input in a shell line"
for f in ("ci/github/example.yml", "ci/gitlab/envcheck.gitlab-ci.yml", ".pre-commit-hooks.yaml"):
    yaml.safe_load(open(f))
job = yaml.safe_load(open("ci/gitlab/envcheck.gitlab-ci.yml"))["envcheck"]
open("build/gitlab-script", "w").write("\n".join(job["before_script"] + job["script"]) + "\n")
X

# ---- GitLab: the lines of the job ----
if [ -f build/gitlab-script ]; then
	mv build/gitlab-script "$tmp/script"
	cd "$tmp/job"
	status=0
	ENVCHECK_TARGET="an image.tar" ENVCHECK_HOSTS="driver=470.82.01,gpu=A100" ENVCHECK_FAIL_ON=error ENVCHECK_OPTIONS="" sh -e "$tmp/script" >"$tmp/out" 2>&1 || status=$?
	[ $status -eq 1 ] && grep -q '^FAIL' "$tmp/out" || { cat "$tmp/out"; fails "GitLab: exit status $status"; }
	python3 -c 'import json; assert json.load(open("gl-code-quality-report.json"))[0]["check_name"] == "driver-too-old"'
	[ -s envcheck.xml ]
fi

# ---- pre-commit ----
cd "$tmp/job"
echo 'torch==2.5.1+cu124' >requirements.txt
"$top/ci/pre-commit/envcheck.sh" --driver 550.54.15 --gpu H100 requirements.txt >/dev/null
"$top/ci/pre-commit/envcheck.sh" --driver 470.82.01 --gpu A100 requirements.txt >/dev/null && fails "pre-commit lets it pass"
(PATH=/usr/bin:/bin; command -v envcheck || ! "$top/ci/pre-commit/envcheck.sh" requirements.txt) >/dev/null 2>"$tmp/err" || fails "without envcheck"
