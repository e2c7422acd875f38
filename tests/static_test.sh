#!/bin/sh
# The static binary says in an empty root, a busybox root, a musl root and a hostile one what the usual build says outside,
# and opens no library of theirs. Run by tests/run.sh, which sets ENVCHECK; once, with the release build.
set -eu
[ "${MODE:-release}" = release ] || exit 0
for lib in archive jansson expat zstd crypto z lzma bz2 lz4; do
	case $(cc -print-file-name=lib$lib.a) in /*) ;; *) echo "skipped: lib$lib.a is missing"; exit 0 ;; esac
done
if [ "$(id -u)" -eq 0 ]; then in_root() { chroot "$@"; }
elif unshare -r true 2>/dev/null; then in_root() { unshare -r chroot "$@"; }
else echo "skipped: no chroot here"; exit 0; fi

make -s MODE=static all
static=build/static/envcheck
if readelf -lW $static | grep -q INTERP || readelf -dW $static | grep -q NEEDED; then echo "it is not static"; exit 1; fi
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# what every root gets, and what must come out
mkdir "$tmp/empty"
sh examples/make-image.sh "$tmp/empty/image.tar"
gzip -nc "$tmp/empty/image.tar" >"$tmp/empty/image.tar.gz"
xz -c "$tmp/empty/image.tar" >"$tmp/empty/image.tar.xz"
cp -R examples/hosts "$tmp/empty/"
cp $static "$tmp/empty/envcheck"
for f in image.tar image.tar.gz image.tar.xz; do
	(cd "$tmp/empty" && "$ENVCHECK" $f --host hosts --verify --format json >"$tmp/want.$f") || [ $? -eq 1 ]
done

judge() { # root
	for f in image.tar image.tar.gz image.tar.xz; do
		status=0
		in_root "$1" /envcheck $f --host hosts --verify --format json >"$tmp/got" || status=$?
		[ $status -eq 1 ] || { echo "$1: exit status $status"; exit 1; }
		cmp "$tmp/want.$f" "$tmp/got" || { echo "$1: $f is judged otherwise"; exit 1; }
	done
	in_root "$1" /envcheck host >"$tmp/host" 2>"$tmp/err"
	grep -q '"envcheck.host/1"' "$tmp/host"
	grep -q 'linked statically and cannot open NVML' "$tmp/err"
}

judge "$tmp/empty"

# what it cannot do it says: remote targets need libcurl, which it does not load
status=0
in_root "$tmp/empty" /envcheck docker://example.invalid/app:1 2>"$tmp/err" >/dev/null || status=$?
[ $status -eq 3 ] && grep -q 'static build reads no remote targets: pipe the image in' "$tmp/err" || { cat "$tmp/err"; exit 1; }

if [ -x /bin/busybox ]; then
	cp -R "$tmp/empty" "$tmp/busybox"
	mkdir "$tmp/busybox/bin"
	cp /bin/busybox "$tmp/busybox/bin/busybox"
	judge "$tmp/busybox"
	status=0
	in_root "$tmp/busybox" /bin/busybox sh -c 'busybox cat image.tar.gz | /envcheck - --host hosts/lab-a100.json' >"$tmp/got" || status=$?
	[ $status -eq 1 ] && grep -q '^FAIL  example:1.0 will not run on lab-a100' "$tmp/got"
fi

loader=$(ls /lib/ld-musl-*.so.1 2>/dev/null | head -1)
if [ -n "$loader" ]; then
	cp -R "$tmp/empty" "$tmp/musl"
	mkdir -p "$tmp/musl/lib" "$tmp/musl/etc"
	cp -L "$loader" "$tmp/musl/lib/"
	echo 'NAME="Alpine Linux"' >"$tmp/musl/etc/os-release"
	judge "$tmp/musl"
	in_root "$tmp/musl" "$loader" --list /envcheck >/dev/null 2>&1 && { echo "musl's loader takes it"; exit 1; }
fi

# as a distroless image is: certificates, users, a Debian's name, no shell, and a user who owns nothing
cp -R "$tmp/empty" "$tmp/distroless"
mkdir -p "$tmp/distroless/etc/ssl/certs" "$tmp/distroless/home/nonroot" "$tmp/distroless/tmp" "$tmp/distroless/usr/lib"
printf 'root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n' >"$tmp/distroless/etc/passwd"
printf 'PRETTY_NAME="Distroless"\nNAME="Debian GNU/Linux"\nID="debian"\nVERSION_ID="12"\n' >"$tmp/distroless/usr/lib/os-release"
ln -s ../usr/lib/os-release "$tmp/distroless/etc/os-release"
printf 'passwd: files\nhosts: files dns\n' >"$tmp/distroless/etc/nsswitch.conf"
if [ "$(id -u)" -eq 0 ]; then
	chmod 755 "$tmp" # mktemp's folder is root's alone
	in_root() { HOME=/home/nonroot XDG_CACHE_HOME= chroot --userspec=65532:65532 "$@"; }
	judge "$tmp/distroless"
	in_root() { chroot "$@"; }
else
	judge "$tmp/distroless"
fi

# a root that offers its own modules to whoever asks: none may run
cp -R "$tmp/empty" "$tmp/hostile"
modules="usr/lib/x86_64-linux-gnu usr/lib/x86_64-linux-gnu/gconv usr/lib/x86_64-linux-gnu/ossl-modules lib64 lib"
echo '#include <fcntl.h>
__attribute__((constructor)) static void run(void) { open("/ran", O_CREAT | O_WRONLY, 0600); }' |
	cc -shared -fPIC -x c - -o "$tmp/module.so"
for dir in $modules; do
	mkdir -p "$tmp/hostile/$dir"
	for so in libnvidia-ml.so.1 libnss_files.so.2 libgcc_s.so.1 libc.so.6 UTF-16.so evil.so libcuda.so.1; do
		cp "$tmp/module.so" "$tmp/hostile/$dir/$so"
	done
done
mkdir -p "$tmp/hostile/usr/lib/ssl" "$tmp/hostile/etc"
echo 'passwd: files
hosts: files' >"$tmp/hostile/etc/nsswitch.conf"
printf '%s\n' 'openssl_conf = init' '[init]' 'providers = list' '[list]' 'evil = section' '[section]' \
	'module = /lib/evil.so' 'activate = 1' >"$tmp/hostile/usr/lib/ssl/openssl.cnf"
echo 'module UTF-16// INTERNAL UTF-16 1' >"$tmp/hostile/usr/lib/x86_64-linux-gnu/gconv/gconv-modules"
OPENSSL_CONF=/usr/lib/ssl/openssl.cnf LC_ALL=de_DE.UTF-8 LD_PRELOAD='' judge "$tmp/hostile"
[ ! -e "$tmp/hostile/ran" ] || { echo "a module of the target was run"; exit 1; }
