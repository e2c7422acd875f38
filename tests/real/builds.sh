#!/bin/sh
# make check-builds: the example Dockerfiles with a real dockerd and a real buildah. A build must stop at the gate, and pass
# after the remedy that envcheck printed. As root, with Debian's docker.io, buildah and busybox-static; nothing is fetched: the
# base is a busybox root whose pip takes small stand-ins of torch from its own shelf. $1: the static binary.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
binary=$(realpath "$1")
w=$(mktemp -d)
pid=
finish() {
	[ -z "$pid" ] || { kill "$pid"; wait "$pid" || :; } 2>/dev/null
	[ ! -d "$w/b" ] || buildah $storage rmi -a -f >/dev/null 2>&1 || :
	umount "$w"/*/overlay "$w"/b/overlay 2>/dev/null || :
	rm -rf "$w"
}
trap finish EXIT
storage="--root $w/b --runroot $w/brun --storage-driver vfs"
fails() { echo "FAIL $1"; exit 1; }

# ---- a base with a shell, a python that is a file, and a pip with two torches on its shelf ----
root=$w/root
site=usr/lib/python3/dist-packages
mkdir -p "$root/bin" "$root/usr/bin" "$root/etc" "$root/tmp" "$root/$site"
cp /bin/busybox "$root/bin/busybox"
for tool in sh cp mkdir ls; do ln -s busybox "$root/bin/$tool"; done
cp /bin/busybox "$root/usr/bin/python3.11"
ln -s python3.11 "$root/usr/bin/python3"
echo 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"' >"$root/etc/os-release"
for v in 2.5.1+cu124 2.5.1+cu118; do
	shelf=$root/shelf/$v
	digits=${v##*+cu}
	mkdir -p "$shelf/torch" "$shelf/torch-$v.dist-info"
	printf "__version__ = '%s'\ncuda = '%s.%s'\nhip = None\n" "$v" "${digits%?}" "${digits#??}" >"$shelf/torch/version.py"
	: >"$shelf/torch/__init__.py"
	printf 'Metadata-Version: 2.1\nName: torch\nVersion: %s\n' "$v" >"$shelf/torch-$v.dist-info/METADATA"
	printf 'torch/__init__.py,,\ntorch/version.py,,\n' >"$shelf/torch-$v.dist-info/RECORD"
done
cat >"$root/usr/bin/pip" <<X
#!/bin/sh
# pip install torch==VERSION --index-url URL
v=\${2#torch==}
[ -d "/shelf/\$v" ] || { echo "no matching distribution for \$2"; exit 1; }
cp -R "/shelf/\$v/." /$site/
X
chmod 755 "$root/usr/bin/pip"

# ---- docker ----
dockerd --data-root "$w/d" --exec-root "$w/dexec" -H "unix://$w/d.sock" -p "$w/d.pid" --storage-driver vfs \
	--bridge none --iptables=false --ip6tables=false --ip-forward=false --ip-masq=false >"$w/dockerd.log" 2>&1 &
pid=$!
docker() { DOCKER_HOST="unix://$w/d.sock" DOCKER_BUILDKIT=${kit:-1} /usr/bin/docker "$@"; }
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do docker version >/dev/null 2>&1 && break; sleep 1; done
docker version >/dev/null || { tail -5 "$w/dockerd.log"; fails "dockerd does not start"; }
tar -C "$root" -c . | docker import - base:1 >/dev/null
mkdir "$w/own"
cp "$binary" "$w/own/envcheck"
# the last stage of docker/Dockerfile, with the binary that was built outside
{ echo FROM scratch; sed -n '/^FROM scratch/,$p' "$top/docker/Dockerfile" | sed '1d; s/COPY --from=build [^ ]*/COPY envcheck/'; } >"$w/own/Dockerfile"
docker build -q --network none -t envcheck "$w/own" >/dev/null
docker run --rm --network none envcheck --version

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
with_docker() { docker build --network none --build-arg BASE=base:1 -t "app:$1" -f "$top/docker/examples/Dockerfile.$1" --build-arg "TORCH=$2" "$top/docker/examples"; }
gate "docker, mount" with_docker mount
gate "docker, copy" with_docker copy
kit=0
gate "docker without BuildKit, copy" with_docker copy
kit=1
c=$(docker create app:copy)
docker export "$c" | tar -t >"$w/list"
grep -q '^usr/share/envcheck/report.json$' "$w/list" || fails "the report is not in the image"
grep -q '^.gate/' "$w/list" && fails "the gate is in the image"

mkdir "$w/bin"
printf '#!/bin/sh\nDOCKER_HOST=unix://%s exec /usr/bin/docker "$@"\n' "$w/d.sock" >"$w/bin/docker"
cp "$binary" "$w/bin/envcheck"
chmod 755 "$w/bin/docker"
sed '/^FROM envcheck AS gate/,$d' "$top/docker/examples/Dockerfile.mount" >"$w/Dockerfile"
judged() { PATH=$w/bin:$PATH DOCKER_BUILDKIT=1 "$top/docker/examples/build-and-judge.sh" app:judged "$top/docker/examples" --network none --build-arg BASE=base:1 -f "$w/Dockerfile" --build-arg "TORCH=$1"; }
gate "docker save | envcheck" judged
docker image inspect app:judged >/dev/null || fails "the image that runs has no name"

# ---- buildah ----
build() { buildah $storage bud --isolation chroot --layers "$@"; }
mkdir "$w/base"
tar -C "$root" -cf "$w/base/root.tar" .
printf 'FROM scratch\nADD root.tar /\n' >"$w/base/Dockerfile"
build -q -t localhost/base:1 "$w/base" >/dev/null
build -q -t envcheck "$w/own" >/dev/null
with_buildah() { build --build-arg BASE=localhost/base:1 -t "app:$1" -f "$top/docker/examples/Dockerfile.$1" --build-arg "TORCH=$2" "$top/docker/examples"; }
gate "buildah, mount" with_buildah mount
gate "buildah, copy" with_buildah copy
