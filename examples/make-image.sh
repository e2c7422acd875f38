#!/bin/sh
# Makes a small image like one that holds torch 2.5.1+cu124: the names and headers are right, the kernels are zeros.
# Needs a C compiler, GNU tar and sha256sum. usage: examples/make-image.sh IMAGE.tar
set -eu
out=$1
here=$(cd "$(dirname "$0")" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cc=${CC:-cc}
site=opt/venv/lib/python3.11/site-packages

put() { mkdir -p "$(dirname "$1")" && cat >"$1"; }
library() { mkdir -p "$(dirname "$1")" && soname=$(basename "$1") && file=$1 && shift && "$cc" -shared -nostdlib -Wl,--build-id=none -Wl,-soname,"$soname" -o "$file" "$@"; }

mkdir "$tmp/0" "$tmp/1" "$tmp/2" "$tmp/image"

# layer 0: a Debian
cd "$tmp/0"
put etc/os-release <<-X
	ID=debian
	VERSION_ID="12"
	PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
X
put var/lib/dpkg/status <<-X
	Package: libc6
	Status: install ok installed
	Architecture: amd64
	Version: 2.36-9+deb12u10

X
mkdir -p usr/bin
echo 'void _start(void) { for (;;) { } }' | "$cc" -nostdlib -static -Wl,--build-id=none -x c - -o usr/bin/python3.11
ln -s python3.11 usr/bin/python3

# layer 1: a virtual environment
cd "$tmp/1"
mkdir -p opt/venv/bin "$site"
ln -s /usr/bin/python3.11 opt/venv/bin/python
put opt/venv/pyvenv.cfg <<-X
	home = /usr/bin
	include-system-site-packages = false
	version = 3.11.2
X

# layer 2: torch
cd "$tmp/2"
put app/serve.py <<-X
	import torch
	print(torch.ones(1, device="cuda"))
X
library "$site/nvidia/cuda_runtime/lib/libcudart.so.12" -x c /dev/null
library "$site/torch/lib/libtorch_cuda.so" -Wl,--enable-new-dtags "-Wl,-rpath,\$ORIGIN/../../nvidia/cuda_runtime/lib" \
	"$here/kernels.S" -Wl,--no-as-needed "$site/nvidia/cuda_runtime/lib/libcudart.so.12"
put "$site/torch/__init__.py" </dev/null
put "$site/torch/version.py" <<-X
	from typing import Optional
	__all__ = ['__version__', 'debug', 'cuda', 'git_version', 'hip']
	__version__ = '2.5.1+cu124'
	debug = False
	cuda: Optional[str] = '12.4'
	git_version = 'a8d6afb511a69687bbb2b7e88a3cf67917e1697e'
	hip: Optional[str] = None
X
put "$site/torch-2.5.1+cu124.dist-info/METADATA" <<-X
	Metadata-Version: 2.1
	Name: torch
	Version: 2.5.1+cu124
	Requires-Dist: nvidia-cuda-runtime-cu12==12.4.127; platform_system == "Linux" and platform_machine == "x86_64"
X
put "$site/torch-2.5.1+cu124.dist-info/WHEEL" <<-X
	Wheel-Version: 1.0
	Root-Is-Purelib: false
	Tag: cp311-cp311-linux_x86_64
X
echo pip | put "$site/torch-2.5.1+cu124.dist-info/INSTALLER"
put "$site/torch-2.5.1+cu124.dist-info/RECORD" <<-X
	torch/__init__.py,,
	torch/version.py,,
	torch/lib/libtorch_cuda.so,,
X
put "$site/nvidia_cuda_runtime_cu12-12.4.127.dist-info/METADATA" <<-X
	Metadata-Version: 2.1
	Name: nvidia-cuda-runtime-cu12
	Version: 12.4.127
X
put "$site/nvidia_cuda_runtime_cu12-12.4.127.dist-info/RECORD" <<-X
	nvidia/cuda_runtime/lib/libcudart.so.12,,
X

# the archive, as `docker save` writes it
cd "$tmp/image"
ids=
for n in 0 1 2; do
	tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -C "$tmp/$n" -cf "$n.tar" .
	ids="$ids${ids:+, }\"sha256:$(sha256sum "$n.tar" | cut -d' ' -f1)\""
done
cat >config.json <<X
{"architecture": "amd64", "os": "linux",
 "config": {"Env": ["PATH=/opt/venv/bin:/usr/bin:/bin", "NVIDIA_VISIBLE_DEVICES=all", "NVIDIA_DRIVER_CAPABILITIES=compute,utility"],
            "Cmd": ["python", "serve.py"], "WorkingDir": "/app"},
 "history": [{"created_by": "COPY debian / # buildkit"}, {"created_by": "RUN python3 -m venv /opt/venv"},
             {"created_by": "RUN pip install torch==2.5.1+cu124"}],
 "rootfs": {"type": "layers", "diff_ids": [$ids]}}
X
id=$(sha256sum config.json | cut -d' ' -f1)
mv config.json "$id.json"
echo "[{\"Config\": \"$id.json\", \"RepoTags\": [\"example:1.0\"], \"Layers\": [\"0.tar\", \"1.tar\", \"2.tar\"]}]" >manifest.json
tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf image.tar manifest.json "$id.json" 0.tar 1.tar 2.tar
cd "$here/.."
mv "$tmp/image/image.tar" "$out"
