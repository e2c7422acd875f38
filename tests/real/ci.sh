#!/bin/sh
# make check-ci: what ci/ offers, by the programs of those whose formats these are. Fetched into CACHE ($1): actionlint with Go,
# check-jsonschema (the schemas of GitHub and GitLab), pre-commit and uv with pip, gitlab-ci-local with npm, which needs git and
# rsync. What cannot be had is skipped, and said. $2: envcheck; $3: its wheel.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$1/bin"
cache=$(realpath "$1") envcheck=$(realpath "$2")
w=$(mktemp -d)
trap 'rm -rf "$w"' EXIT
fails() { cat "$w/log"; echo "FAIL $1"; exit 1; }
skip() { echo "skipped: $1"; }
export PATH="$cache/bin:$cache/venv/bin:$PATH"

# ---- fetching ----
[ -x "$cache/bin/actionlint" ] || GOBIN=$cache/bin go install "github.com/rhysd/actionlint/cmd/actionlint@${ACTIONLINT:-v1.7.7}" >"$w/log" 2>&1 || cat "$w/log"
[ -x "$cache/venv/bin/pre-commit" ] && [ -x "$cache/venv/bin/check-jsonschema" ] && [ -x "$cache/venv/bin/uv" ] || {
	python3 -m venv "$cache/venv" && "$cache/venv/bin/pip" install -q check-jsonschema pre-commit uv
} >"$w/log" 2>&1 || cat "$w/log"
# newer ones need Node 22
[ -d "$cache/node_modules/gitlab-ci-local" ] ||
	npm install --prefix "$cache" --no-audit --no-fund --silent "gitlab-ci-local@${GITLAB_CI_LOCAL:-4.58.0}" >"$w/log" 2>&1 || cat "$w/log"

# ---- GitHub ----
repository() { # folder: a git repository with what stands in it
	git -C "$1" init -q
	git -C "$1" add -A
	git -C "$1" -c user.name=check -c user.email=check@example.invalid commit -qm 1
}
if command -v actionlint >/dev/null; then
	mkdir -p "$w/hub/.github/workflows" "$w/hub/ci"
	cp -R "$top/ci/github" "$w/hub/ci/"
	cp "$top/ci/github/example.yml" "$w/hub/.github/workflows/"
	repository "$w/hub"
	(cd "$w/hub" && actionlint) >"$w/log" 2>&1 || fails actionlint
	sed -i 's/fail-on: error/fial-on: error/' "$w/hub/.github/workflows/example.yml"
	(cd "$w/hub" && actionlint) >"$w/log" 2>&1 && fails "actionlint takes an input that the action has not"
	echo "ok   actionlint: action and workflow"
else
	skip "actionlint could not be had"
fi
if command -v check-jsonschema >/dev/null; then
	check-jsonschema --builtin-schema vendor.github-actions "$top/ci/github/action.yml" >"$w/log" 2>&1 || fails "the schema of actions"
	check-jsonschema --builtin-schema vendor.github-workflows "$top/ci/github/example.yml" >"$w/log" 2>&1 || fails "the schema of workflows"
	check-jsonschema --builtin-schema vendor.gitlab-ci --data-transform gitlab-ci "$top/ci/gitlab/envcheck.gitlab-ci.yml" >"$w/log" 2>&1 || fails "GitLab's schema"
	echo "ok   schemas of GitHub and GitLab"
else
	skip "check-jsonschema could not be had"
fi

# ---- GitLab: the job in a runner's shell; the template's image is left out, which would need docker ----
mkdir "$w/lab"
ln -s "$envcheck" "$cache/bin/envcheck.new" && mv "$cache/bin/envcheck.new" "$cache/bin/envcheck"
sed '/^  image:/,/entrypoint/d' "$top/ci/gitlab/envcheck.gitlab-ci.yml" >"$w/lab/envcheck.gitlab-ci.yml"
cp -R "$top/examples/hosts" "$w/lab/"
sh "$top/examples/make-image.sh" "$w/lab/image.tar"
job() { # host
	printf '%s\n' include: '  - local: envcheck.gitlab-ci.yml' variables: "  ENVCHECK_HOSTS: $1" >"$w/lab/.gitlab-ci.yml"
	rm -rf "$w/lab/.git" "$w/lab/.gitlab-ci-local"
	repository "$w/lab"
	git -C "$w/lab" remote add origin https://example.invalid/group/project.git
	(cd "$w/lab" && "$cache/node_modules/.bin/gitlab-ci-local" envcheck) >"$w/log" 2>&1
}
if [ -d "$cache/node_modules/gitlab-ci-local" ] && command -v rsync >/dev/null; then
	job hosts/prod-h100.json || fails "GitLab: an image that runs"
	job hosts/lab-a100.json && fails "GitLab: an image that does not run passes"
	grep -q 'FAIL  example:1.0 will not run on lab-a100' "$w/log" || fails "GitLab: it fails for another reason"
	for report in gl-code-quality-report.json envcheck.xml envcheck.json; do
		[ -s "$w/lab/$report" ] || fails "GitLab: no artifact $report"
	done
	echo "ok   gitlab-ci-local: passes, fails, keeps its artifacts"
else
	skip "gitlab-ci-local or rsync could not be had"
fi

# ---- pre-commit ----
if command -v pre-commit >/dev/null; then
	mkdir "$w/hooks" "$w/job"
	cp -R "$top/.pre-commit-hooks.yaml" "$top/ci" "$w/hooks/"
	repository "$w/hooks"
	echo 'torch==2.5.1+cu124' >"$w/job/requirements.txt"
	commit() { # driver
		cat >"$w/job/.pre-commit-config.yaml" <<-X
			repos:
			  - repo: $w/hooks
			    rev: $(git -C "$w/hooks" rev-parse HEAD)
			    hooks:
			      - id: envcheck-requirements
			        args: [--driver, $1, --gpu, A100]
			      - id: envcheck-wheels
		X
		rm -rf "$w/job/.git"
		git -C "$w/job" init -q
		(cd "$w/job" && export PRE_COMMIT_HOME="$w/pre-commit" && pre-commit validate-manifest "$w/hooks/.pre-commit-hooks.yaml" && pre-commit install &&
			git add -A && git -c user.name=check -c user.email=check@example.invalid commit -m 1) >"$w/log" 2>&1
	}
	commit 550.54.15 || fails "pre-commit: what runs"
	grep -q 'envcheck (requirements).*Passed' "$w/log" || fails "pre-commit: the hook did not run"
	commit 470.82.01 && fails "pre-commit: what does not run is committed"
	grep -q 'driver-too-old' "$w/log" || fails "pre-commit: it stops for another reason"
	echo "ok   pre-commit: a commit passes, a commit is refused"
else
	skip "pre-commit could not be had"
fi

# ---- the wheel, as uvx runs it and pip installs it ----
if command -v uv >/dev/null; then
	export UV_CACHE_DIR="$w/uv" UV_OFFLINE=1
	"$envcheck" --version >"$w/want"
	uv tool run --from "$3" envcheck --version 2>"$w/log" | cmp - "$w/want" || fails "uv tool run"
	uv venv -q "$w/venv" 2>"$w/log" && uv pip install -q --python "$w/venv/bin/python" "$3" 2>"$w/log" || fails "uv pip install"
	"$w/venv/bin/python" -m envcheck --version | cmp - "$w/want" || fails "python -m envcheck"
	echo "ok   uv: runs the wheel, installs it"
else
	skip "uv could not be had"
fi
