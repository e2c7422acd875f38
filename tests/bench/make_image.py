#!/usr/bin/env python3
"""Writes PyTorch-shaped targets for `make bench`, from nothing: no network, no container engine.

usage: make_image.py DIR small|medium|large          one stack as plain.tar (docker save), gzip/ and zstd/ (OCI layouts),
                                                     root/ (merged) and a wheel
       make_image.py DIR growth                      plain archives that grow by entries, by bytes and by layers

Five layers: a base, Python, NVIDIA's libraries, torch with many small files, an application with whiteouts. Libraries
are real ELF with fat binary containers whose code is mostly incompressible, as the real ones are. The same bytes each
time for one interpreter and one set of compressors.
"""
import concurrent.futures, hashlib, io, json, os, random, shutil, struct, subprocess, sys, tarfile, zipfile

MTIME = 1700000000
SIZES = {  # small .py files; bytes of each NVIDIA library, of libtorch_cuda, of libtorch_cpu
    "small": (600, 2 << 20, 12 << 20, 6 << 20),
    "medium": (6000, 24 << 20, 200 << 20, 60 << 20),
    "large": (25000, 120 << 20, 1000 << 20, 250 << 20),
}
NVIDIA = [
    ("cublas", "nvidia-cublas-cu12", "12.4.5.8", ["libcublasLt.so.12", "libcublas.so.12"]),
    ("cudnn", "nvidia-cudnn-cu12", "9.1.0.70", ["libcudnn.so.9", "libcudnn_engines_precompiled.so.9", "libcudnn_adv.so.9",
                                                "libcudnn_ops.so.9", "libcudnn_heuristic.so.9", "libcudnn_graph.so.9", "libcudnn_cnn.so.9"]),
    ("cufft", "nvidia-cufft-cu12", "11.2.1.3", ["libcufft.so.11"]),
    ("cusolver", "nvidia-cusolver-cu12", "11.6.1.9", ["libcusolver.so.11"]),
    ("cusparse", "nvidia-cusparse-cu12", "12.3.1.170", ["libcusparse.so.12"]),
    ("cuda_runtime", "nvidia-cuda-runtime-cu12", "12.4.127", ["libcudart.so.12"]),
    ("nccl", "nvidia-nccl-cu12", "2.21.5", ["libnccl.so.2"]),
]
TORCH, CUDA = "2.5.1+cu124", "12.4"
SITE = "usr/local/lib/python3.11/site-packages"


class Bytes:
    """Repeatable bytes that deflate to some 0.85: random pieces, every 7th one seen before, every 12th zeros."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.seen = [self.random.randbytes(1 << 16) for _ in range(64)]
        self.n = 0

    def write(self, f, size):
        while size > 0:
            self.n += 1
            piece = bytes(1 << 16) if self.n % 12 == 0 else self.seen[self.n % 64] if self.n % 7 == 0 else self.random.randbytes(1 << 16)
            f.write(piece[:size])
            size -= len(piece)


def write_library(path, soname, needed, size, data, archs=(50, 60, 70, 75, 80, 86, 90)):
    """A shared object of `size` bytes, two thirds of it .nv_fatbin: containers of a quarter MB, one cubin an architecture, PTX last."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    strings, at = b"\0", {}
    for s in [soname, "$ORIGIN", *needed]:
        at[s] = len(strings)
        strings += s.encode() + b"\0"
    names = b"\0.dynstr\0.dynamic\0.text\0.nv_fatbin\0.shstrtab\0"
    text_n = size // 3
    fat_at = (4096 + text_n + 4095) & ~4095
    with open(path, "wb") as f:
        f.seek(4096)
        data.write(f, text_n)
        f.seek(fat_at)
        left = size - fat_at
        while left > 64 << 10:
            each = ((min(left - 16, 1 << 18) - 64 * len(archs)) // len(archs)) & ~7
            f.write(struct.pack("<IHHQ", 0xBA55ED50, 1, 16, len(archs) * (64 + each)))
            for sm in archs:
                f.write(struct.pack("<HHIQIIHHIIIQQQ", 1 if sm == archs[-1] else 2, 0x101, 64, each, 0, 0, 0, 1, sm, 0, 0, 0x11, 0, 0))
                data.write(f, each)
            left -= 16 + len(archs) * (64 + each)
        fat_end = f.tell()
        strings_at = (fat_end + 15) & ~15
        f.seek(strings_at)
        f.write(strings)
        dynamic_at = (f.tell() + 15) & ~15
        f.seek(dynamic_at)
        tags = [(1, at[n]) for n in needed] + [(14, at[soname]), (29, at["$ORIGIN"]), (5, strings_at), (10, len(strings)), (0, 0)]
        f.write(b"".join(struct.pack("<QQ", *t) for t in tags))
        names_at = f.tell()
        f.write(names)
        sections_at = (f.tell() + 15) & ~15
        f.seek(sections_at)
        name = lambda s: names.index(s.encode() + b"\0")
        sections = [(0,) * 10, (name(".dynstr"), 3, 2, strings_at, strings_at, len(strings), 0, 0, 1, 0),
                    (name(".dynamic"), 6, 3, dynamic_at, dynamic_at, 16 * len(tags), 1, 0, 8, 16),
                    (name(".text"), 1, 6, 4096, 4096, text_n, 0, 0, 16, 0),
                    (name(".nv_fatbin"), 1, 2, fat_at, fat_at, fat_end - fat_at, 0, 0, 8, 0),
                    (name(".shstrtab"), 3, 0, 0, names_at, len(names), 0, 0, 1, 0)]
        for s in sections:
            f.write(struct.pack("<IIQQQQIIQQ", *s))
        end = f.tell()
        f.seek(0)
        f.write(b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, 0, 64, sections_at, 0, 64, 56, 2, 64,
                                                                len(sections), len(sections) - 1))
        f.write(struct.pack("<IIQQQQQQ", 1, 7, 0, 0, 0, end, end, 4096))
        f.write(struct.pack("<IIQQQQQQ", 2, 6, dynamic_at, dynamic_at, dynamic_at, 16 * len(tags), 16 * len(tags), 8))


def put(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(text)


def distribution(site, name, version, files):
    folder = f"{site}/{name.replace('-', '_')}-{version}.dist-info"
    put(folder + "/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\n" + "Text.\n" * 200)
    put(folder + "/WHEEL", "Wheel-Version: 1.0\nGenerator: bench\nRoot-Is-Purelib: false\nTag: cp311-cp311-manylinux_2_28_x86_64\n")
    put(folder + "/RECORD", "".join(f"{f},sha256={'A' * 43},1234\n" for f in files))


def build(layers, size):
    files, library, cuda, cpu = SIZES[size]
    rnd, data = random.Random(1), Bytes(1)
    base, python, nvidia, torch, app = layers
    put(base + "/etc/os-release", 'ID=debian\nVERSION_ID="12"\n')
    for i in range(2500 if size == "large" else 200):
        put(f"{base}/var/lib/dpkg/info/pkg{i}.list", "/.\n/usr\n" * (i % 90 + 1))
    write_library(base + "/usr/lib/x86_64-linux-gnu/libc.so.6", "libc.so.6", [], 2 << 20, data)
    os.makedirs(base + "/usr/bin")
    texts = []
    source = os.path.dirname(os.__file__)
    for folder, below, names in os.walk(source):
        below[:] = sorted(d for d in below if d not in ("test", "__pycache__", "site-packages", "dist-packages", "lib-dynload"))
        for n in sorted(names):
            path = os.path.join(folder, n)
            if n.endswith(".py") and os.path.getsize(path) < 40000:
                to = os.path.join(python, "usr/local/lib/python3.11", os.path.relpath(path, source))
                os.makedirs(os.path.dirname(to), exist_ok=True)
                shutil.copyfile(path, to)
                texts.append(to)
    distribution(f"{python}/{SITE}", "oldpkg", "0.1", ["oldpkg/__init__.py"])
    for folder, name, version, sonames in NVIDIA:
        for so in sonames:
            write_library(f"{nvidia}/{SITE}/nvidia/{folder}/lib/{so}", so, ["libc.so.6"], 1 << 20 if so.startswith("libcudart") else library, data)
        distribution(f"{nvidia}/{SITE}", name, version, [f"nvidia/{folder}/lib/{so}" for so in sonames])
    lib = f"{torch}/{SITE}/torch/lib"
    write_library(lib + "/libtorch_cuda.so", "libtorch_cuda.so", ["libc10_cuda.so", "libcudart.so.12", "libcublas.so.12", "libtorch_cpu.so"], cuda, data)
    write_library(lib + "/libtorch_cpu.so", "libtorch_cpu.so", ["libc10.so"], cpu, data)
    for n in ("libc10.so", "libc10_cuda.so", "libtorch.so", "libtorch_python.so"):
        write_library(f"{lib}/{n}", n, ["libc.so.6"], 1 << 20, data)
    put(f"{torch}/{SITE}/torch/version.py", f"__version__ = '{TORCH}'\ndebug = False\ncuda: Optional[str] = '{CUDA}'\nhip: Optional[str] = None\n")
    names = ["torch/version.py", "torch/lib/libtorch_cuda.so"]
    for i in range(files):
        folder = rnd.choice(["torch", "torch/_inductor", f"transformers/m{i % 300}", f"scipy/p{i % 60}", f"sympy/s{i % 40}"])
        to = f"{torch}/{SITE}/{folder}/f{i}.py"
        os.makedirs(os.path.dirname(to), exist_ok=True)
        shutil.copyfile(rnd.choice(texts), to)
        names.append(f"{folder}/f{i}.py")
    for name, version in (("torch", TORCH), ("transformers", "4.57.1"), ("scipy", "1.16.2"), ("sympy", "1.14.0"), ("numpy", "1.26.4")):
        distribution(f"{torch}/{SITE}", name, version, [n for n in names if n.startswith(name)])
    put(app + "/app/main.py", "import torch\n")
    for gone in (".wh.oldpkg-0.1.dist-info", ".wh.numpy-1.26.4.dist-info", "sympy/.wh..wh..opq"):
        put(f"{app}/{SITE}/{gone}", "")
    distribution(f"{app}/{SITE}", "numpy", "2.3.4", ["numpy/__init__.py"])


def add(tar, name, data=None, path=None):
    info = tarfile.TarInfo(name)
    info.mtime = MTIME
    info.size = os.path.getsize(path) if path else len(data)
    with open(path, "rb") if path else io.BytesIO(data) as f:
        tar.addfile(info, f)


def make_tar(root, out):
    def plain(info):
        info.mtime, info.uname, info.gname = MTIME, "", ""
        return info
    with tarfile.open(out, "w", format=tarfile.PAX_FORMAT, copybufsize=1 << 20) as tar:
        for folder, below, names in os.walk(root):
            below.sort()
            at = os.path.relpath(folder, root)
            if at != ".":
                tar.add(folder, at, recursive=False, filter=plain)
            for n in sorted(names):
                tar.add(os.path.join(folder, n), os.path.normpath(os.path.join(at, n)), recursive=False, filter=plain)


def sha256(path):
    h = hashlib.sha256()
    with open(path, "rb") as f:
        while piece := f.read(1 << 20):
            h.update(piece)
    return h.hexdigest()


def config_of(diff_ids):
    return json.dumps(dict(architecture="amd64", os="linux", config=dict(Env=["PATH=/usr/local/bin:/usr/bin:/bin"], Cmd=["python3"]),
                           rootfs=dict(type="layers", diff_ids=["sha256:" + d for d in diff_ids]),
                           history=[dict(created_by=f"layer {i}") for i in range(len(diff_ids))])).encode()


def docker_archive(out, layers):
    ids = [sha256(p) for p in layers]
    config = config_of(ids)
    name = hashlib.sha256(config).hexdigest() + ".json"
    with tarfile.open(out, "w") as tar:
        for path, i in zip(layers, ids):
            add(tar, i + "/layer.tar", path=path)
        add(tar, name, config)
        add(tar, "manifest.json", json.dumps([dict(Config=name, RepoTags=["bench:latest"], Layers=[i + "/layer.tar" for i in ids])]).encode())
    return ids


def oci_layout(out, layers, ids, how):
    blobs = out + "/blobs/sha256"
    os.makedirs(blobs)
    command = ["zstd", "-q", "-3", "-c"] if how == "zstd" else ["gzip", "-6", "-n", "-c"]

    def pack(path):
        packed = f"{blobs}/{os.path.basename(path)}"
        with open(packed, "wb") as f:
            subprocess.run([*command, path], stdout=f, check=True)
        digest = sha256(packed)
        os.replace(packed, f"{blobs}/{digest}")
        return dict(mediaType="application/vnd.oci.image.layer.v1.tar+" + how, digest="sha256:" + digest, size=os.path.getsize(f"{blobs}/{digest}"))

    def blob(kind, data):
        digest = hashlib.sha256(data).hexdigest()
        with open(f"{blobs}/{digest}", "wb") as f:
            f.write(data)
        return dict(mediaType=f"application/vnd.oci.image.{kind}.v1+json", digest="sha256:" + digest, size=len(data))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        entries = list(pool.map(pack, layers))
    config = blob("config", config_of(ids))
    manifest = blob("manifest", json.dumps(dict(schemaVersion=2, mediaType="application/vnd.oci.image.manifest.v1+json", config=config,
                                                layers=entries)).encode())
    manifest["annotations"] = {"org.opencontainers.image.ref.name": "latest"}
    put(out + "/index.json", json.dumps(dict(schemaVersion=2, manifests=[manifest])))
    put(out + "/oci-layout", '{"imageLayoutVersion": "1.0.0"}')


def merge(layers, out):
    for layer in layers:
        for folder, _, names in os.walk(layer):
            to = os.path.normpath(os.path.join(out, os.path.relpath(folder, layer)))
            os.makedirs(to, exist_ok=True)
            if ".wh..wh..opq" in names:
                shutil.rmtree(to)
                os.makedirs(to)
            for n in names:
                target = os.path.join(to, n)
                if n.startswith(".wh."):
                    shutil.rmtree(os.path.join(to, n[4:]), ignore_errors=True)
                    continue
                if os.path.lexists(target):
                    os.unlink(target)
                os.link(os.path.join(folder, n), target)


def wheel(site, out):
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as z:
        for top in ("torch", f"torch-{TORCH}.dist-info"):
            for folder, below, names in os.walk(os.path.join(site, top)):
                below.sort()
                for n in sorted(names):
                    path = os.path.join(folder, n)
                    info = zipfile.ZipInfo(os.path.relpath(path, site), (2023, 11, 14, 22, 13, 20))
                    info.compress_type, info.external_attr, info.file_size = zipfile.ZIP_DEFLATED, 0o100755 << 16, os.path.getsize(path)
                    with open(path, "rb") as f, z.open(info, "w", force_zip64=True) as to:
                        shutil.copyfileobj(f, to, 1 << 20)


def make_stack(out, size):
    work = out + "/work"
    trees = [f"{work}/{i}" for i in range(5)]
    for t in trees:
        os.makedirs(t)
    build(trees, size)
    layers = [t + ".tar" for t in trees]
    for t, tar in zip(trees, layers):
        make_tar(t, tar)
    ids = docker_archive(out + "/plain.tar", layers)
    oci_layout(out + "/gzip", layers, ids, "gzip")
    oci_layout(out + "/zstd", layers, ids, "zstd")
    for tar in layers:
        os.unlink(tar)
    merge(trees, out + "/root")
    wheel(f"{trees[3]}/{SITE}", f"{out}/torch-{TORCH}-cp311-cp311-manylinux_2_28_x86_64.whl")
    shutil.rmtree(work)


def make_growth(out):
    """entries-N.tar: N thousand small files. bytes-N.tar: a library of N times 64 MB. layers-N.tar: N layers of 200 files."""
    def layer(path, entries, library=0, first=0):
        with tarfile.open(path, "w") as tar:
            for i in range(first, first + entries):
                add(tar, f"{SITE}/p{i // 100}/f{i}.py", b"import os\n")
            if library:
                so = path + ".so"
                write_library(so, "libbig.so", ["libc.so.6"], library, Bytes(library))
                add(tar, f"{SITE}/big/libbig.so", path=so)
                os.unlink(so)

    def archive(name, layers):
        docker_archive(f"{out}/{name}.tar", layers)
        for p in layers:
            os.unlink(p)
    for n in (1, 2, 4):
        layer(out + "/l", 25000 * n)
        archive(f"entries-{n}", [out + "/l"])
        layer(out + "/l", 100, library=n << 26)
        ids = docker_archive(f"{out}/bytes-{n}.tar", [out + "/l"])
        oci_layout(f"{out}/bytes-gzip-{n}", [out + "/l"], ids, "gzip")
        os.unlink(out + "/l")
    for n in (5, 20, 100):
        paths = [f"{out}/l{i}" for i in range(n)]
        for i, p in enumerate(paths):
            layer(p, 200, first=200 * i)
        archive(f"layers-{n}", paths)


if __name__ == "__main__":
    folder, what = sys.argv[1:]
    os.makedirs(folder)
    make_growth(folder) if what == "growth" else make_stack(folder, what)
