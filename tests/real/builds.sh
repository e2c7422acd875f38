#!/bin/sh
# make check-builds: the Dockerfiles of docker/ with a real dockerd and a real buildah. A build must stop at the gate, and pass
# after the remedy that envcheck printed. As root, with Debian's docker.io, buildah, mmdebstrap and a mirror of Debian.
# Base images are Debians made by mmdebstrap, kept in CACHE ($1) for the next run; builds have no network: pip takes small
# stand-ins of torch from a folder. $2: only these of docker, buildah.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$1"
cache=$(realpath "$1")
only=${2:-docker buildah}
for tool in mmdebstrap dockerd /usr/bin/docker buildah python3 cc; do
	command -v $tool >/dev/null || { echo "builds: $tool is missing (Debian: docker.io buildah mmdebstrap python3 gcc)"; exit 2; }
done
w=$(mktemp -d)
pid=
storage="--root $w/b --runroot $w/brun --storage-driver ${BUILDS_STORAGE:-overlay}"
finish() {
	[ ! -d "$w/b" ] || buildah $storage rmi -a -f >/dev/null 2>&1 || :
	[ -z "$pid" ] || { kill "$pid"; wait "$pid" || :; } 2>/dev/null
	umount "$w"/*/overlay "$w"/b/overlay 2>/dev/null || :
	rm -rf "$w"
}
trap finish EXIT
fails() { echo "FAIL $1"; exit 1; }

# ---- bases: a Debian with pip, and one with what docker/Dockerfile installs, so that it finds all of it there ----
debian() { # file, packages
	[ ! -s "$cache/$1" ] || return 0
	echo "making $1: a minute"
	mmdebstrap -q --variant=minbase --include="$2" --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' bookworm "$cache/new-$1" ${DEBIAN_MIRROR:+"$DEBIAN_MIRROR"} </dev/null 2>"$w/log" || { cat "$w/log"; fails "$1"; }
	mv "$cache/new-$1" "$cache/$1"
}
needs=$(sed -n 's/^build="\(.*\)"/\1/p; s/^static="\(.*\)"/\1/p' "$top/tools/needs" | tr ' \n' ',,' | sed 's/,$//')
build=build-$(printf %s "$needs" | cksum | cut -d' ' -f1).tar # another list, another root
mkdir "$w/base"
debian pip.tar python3,python3-pip
ln "$cache/pip.tar" "$w/base/root.tar" 2>/dev/null || cp "$cache/pip.tar" "$w/base/root.tar"
python3 "$top/tests/real/shelf.py" "$w/base/shelf" 2.5.1+cu124 2.5.1+cu118
cat >"$w/base/Dockerfile" <<'D'
FROM scratch
ADD root.tar /
COPY shelf /shelf
ENV PATH=/usr/local/bin:/usr/bin:/bin PIP_NO_INDEX=1 PIP_FIND_LINKS=/shelf PIP_BREAK_SYSTEM_PACKAGES=1 PIP_ROOT_USER_ACTION=ignore
D

# The version out of the line "pip install torch==V --index-url ..." of a report.
remedy() { sed -n 's/.*pip install torch==\([^ ]*\) --index-url.*/\1/p' "$1" | head -n 1; }

gate() { # what, then a command that builds with the TORCH given as its last argument
	what=$1
	shift
	if "$@" 2.5.1+cu124 >"$w/log" 2>&1; then cat "$w/log"; fails "$what: the build passes the gate"; fi
	grep -q 'will not run on prod' "$w/log" || { cat "$w/log"; fails "$what: it stops for another reason"; }
	fix=$(remedy "$w/log")
	[ -n "$fix" ] || { cat "$w/log"; fails "$what: no remedy is printed"; }
	"$@" "$fix" >"$w/log" 2>&1 || { cat "$w/log"; fails "$what: stops after the remedy, torch==$fix"; }
	echo "ok   $what: stops with torch 2.5.1+cu124, passes with $fix"
}
examples=$top/docker/examples

# ---- docker ----
start_docker() {
	dockerd --data-root "$w/d" --exec-root "$w/dexec" -H "unix://$w/d.sock" -p "$w/d.pid" --storage-driver "${BUILDS_STORAGE:-overlay2}" \
		--bridge none --iptables=false --ip6tables=false --ip-forward=false --ip-masq=false >"$w/dockerd.log" 2>&1 &
	pid=$!
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do docker version >/dev/null 2>&1 && return; sleep 1; done
	tail -5 "$w/dockerd.log"
	fails "dockerd does not start"
}
docker() { DOCKER_HOST="unix://$w/d.sock" DOCKER_BUILDKIT=${kit:-1} /usr/bin/docker "$@"; }
with_docker() { docker build --network none --build-arg BASE=base:1 -t "app:$1" -f "$examples/Dockerfile.$1" --build-arg "TORCH=$2" "$examples"; }

own_image() {
	debian "$build" "$needs"
	docker import - build:1 <"$cache/$build" >/dev/null
	docker build --network none --build-arg BASE=build:1 -f "$top/docker/Dockerfile" -t envcheck "$top" >"$w/log" 2>&1 || { cat "$w/log"; fails "docker/Dockerfile"; }
	docker build --network none --build-arg BASE=build:1 -f "$top/docker/Dockerfile" -t envcheck:ci --target ci "$top" >"$w/log" 2>&1 || { cat "$w/log"; fails "docker/Dockerfile, target ci"; }
	docker run --rm --network none envcheck --version >"$w/log"
	docker run --rm --network none envcheck:ci sh -c 'envcheck --version' | cmp - "$w/log"
	echo "ok   docker/Dockerfile: $(head -n 1 "$w/log"), $(docker image inspect -f '{{.Size}}' envcheck) bytes"
}

run_docker() {
	start_docker
	docker build -q --network none -t base:1 "$w/base" >/dev/null
	own_image
	gate "docker, mount" with_docker mount
	gate "docker, copy" with_docker copy
	kit=0
	gate "docker without BuildKit, copy" with_docker copy
	kit=1
	docker run --rm --network none app:copy python3 -c 'import torch.version as v; print(v.__version__)' | grep -qx 2.5.1+cu118 || fails "the image that passed holds another torch"
	c=$(docker create app:copy)
	docker export "$c" | tar -t >"$w/list"
	grep -q '^usr/share/envcheck/report.json$' "$w/list" || fails "the report is not in the image"
	grep -q '^.gate/' "$w/list" && fails "the gate is in the image"

	# the comment in docker/Dockerfile: a daemon's image is piped into envcheck's own
	docker save app:copy | docker run --rm -i --network none -v "$examples/hosts:/hosts:ro" envcheck - --host /hosts >"$w/log" || { cat "$w/log"; fails "docker save | docker run envcheck"; }
	grep -q '^PASS' "$w/log"

	mkdir "$w/bin"
	printf '#!/bin/sh\nDOCKER_HOST=unix://%s exec /usr/bin/docker "$@"\n' "$w/d.sock" >"$w/bin/docker"
	chmod 755 "$w/bin/docker"
	docker cp "$(docker create envcheck)":/envcheck "$w/bin/envcheck"
	sed '/^FROM envcheck AS gate/,$d' "$examples/Dockerfile.mount" >"$w/Dockerfile"
	gate "docker save | envcheck" judged
	docker image inspect app:judged >/dev/null || fails "the image that runs has no name"
}
judged() { PATH=$w/bin:$PATH DOCKER_BUILDKIT=1 "$examples/build-and-judge.sh" app:judged "$examples" --network none --build-arg BASE=base:1 -f "$w/Dockerfile" --build-arg "TORCH=$1"; }

# ---- buildah ----
build() { buildah $storage bud --isolation chroot --layers "$@"; }
with_buildah() { build --build-arg BASE=localhost/base:1 -t "app:$1" -f "$examples/Dockerfile.$1" --build-arg "TORCH=$2" "$examples"; }

run_buildah() {
	build -q -t localhost/base:1 "$w/base" >/dev/null
	# the last stage of docker/Dockerfile, with a binary that was built outside
	make -s -C "$top" MODE=static all
	mkdir "$w/own"
	cp "$top/build/static/envcheck" "$w/own/"
	{ echo FROM scratch; sed -n '/^FROM scratch/,$p' "$top/docker/Dockerfile" | sed '1d; s/COPY --from=build [^ ]*/COPY envcheck/'; } >"$w/own/Dockerfile"
	build -q -t envcheck "$w/own" >/dev/null
	gate "buildah, mount" with_buildah mount
	gate "buildah, copy" with_buildah copy
}

for each in $only; do run_"$each"; done
