"""Real wheels, fetched with pip into a cache, read and compared with what their publishers state.

usage: wheels.py ENVCHECK CACHE [all]

The expectations come from outside the program: versions and pins from pip's own
metadata, CUDA from the release pages, architectures from the build scripts that
matrices/torch.json cites (its rows are facts about wheels, not read from them).
"""
import email.parser
import json
import os
import subprocess
import sys
import zipfile

# distribution, version, python, vendor, CUDA (None: the major alone, "12"), what must be among the native targets
SMALL = [
    ("nvidia-cuda-runtime-cu12", "12.4.127", "3.11", "cuda", "12.4", []),
    ("nvidia-nvjitlink-cu12", "12.4.127", "3.11", "cuda", "12", []),
    ("nvidia-cuda-runtime-cu11", "11.8.89", "3.11", "cuda", "11.8", []),
    ("triton", "3.1.0", "3.11", "none", None, []),
    ("torchvision", "0.15.2", "3.11", "cuda", "11", ["sm_70", "sm_80", "sm_86"]),
    ("torchvision", "0.20.1", "3.11", "cuda", "12", ["sm_70", "sm_80", "sm_90"]),
    ("torchaudio", "2.5.1", "3.11", "cuda", "12", ["sm_70", "sm_80", "sm_90"]),
]
# torch as pip takes it from the public index: the default variant of each release
LARGE = [("torch", "1.13.1", "3.10", "cu117"), ("torch", "2.1.2", "3.11", "cu121"), ("torch", "2.4.1", "3.11", "cu121"),
         ("torch", "2.6.0", "3.11", "cu124"), ("torch", "2.8.0", "3.11", "cu128"), ("torch", "2.10.0", "3.11", "cu128")]


def fetch(cache, name, version, python):
    have = [f for f in os.listdir(cache) if f.startswith(f"{name.replace('-', '_')}-{version}-") and ("py3-none" in f or "cp" + python.replace(".", "") in f)]
    if not have:
        subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", "--python-version", python,
                        "-d", cache, f"{name}=={version}"], check=True)
        return fetch(cache, name, version, python)
    return os.path.join(cache, have[0])


def inspect(envcheck, wheel):
    run = subprocess.run([envcheck, "inspect", "--format", "json", wheel], stdout=subprocess.PIPE, check=True)
    return json.loads(run.stdout)["targets"][0]


def metadata(wheel):
    with zipfile.ZipFile(wheel) as z:
        name = next(n for n in z.namelist() if n.endswith(".dist-info/METADATA"))
        tags = next(n for n in z.namelist() if n.endswith(".dist-info/WHEEL"))
        read = email.parser.BytesParser()
        return read.parsebytes(z.read(name)), read.parsebytes(z.read(tags))


def same(what, got, want):
    if got == want:
        return 0
    print(f"  {what}: read {got}, published {want}")
    return 1


def common(target, package, wheel):
    """What the wheel's own metadata says, read by Python's email parser."""
    meta, tags = metadata(wheel)
    return (same("version", package["version"], meta["Version"]) + same("gaps", target["gaps"], []) +
            same("requires", package["requires"], meta.get_all("Requires-Dist") or []) + same("tags", package["tags"], tags.get_all("Tag")))


def evidence(package):
    return {e["value"] for e in package["gpu"]["evidence"]}


def small(envcheck, cache, row):
    name, version, python, vendor, cuda, native = row
    wheel = fetch(cache, name, version, python)
    target = inspect(envcheck, wheel)
    package = next(p for p in target["packages"] if p["name"] == name)
    bad = common(target, package, wheel) + same("vendor", package["gpu"]["vendor"], vendor)
    if cuda and "." in cuda:
        bad += same("CUDA", package["gpu"]["cuda"], cuda)
    elif cuda:
        bad += same("CUDA", evidence(package), {cuda})
    missing = [a for a in native if a not in package["gpu"].get("cubin", [])]
    return bad + same("targets that are missing", missing, [])


def large(envcheck, cache, row, table):
    name, version, python, tag = row
    wheel = fetch(cache, name, version, python)
    target = inspect(envcheck, wheel)
    package = next(p for p in target["packages"] if p["name"] == name)
    want = next(r for r in table if r["id"] == f"{version}+{tag}/linux_x86_64")
    bad = common(target, package, wheel) + same("CUDA", package["gpu"]["cuda"], want["cuda"])
    # up to 1.13 the kernels of split builds are in libtorch_cuda_cu.so, and libtorch_cuda.so is a stub
    kernels = max((lib["fatbin"] for lib in target["libraries"] if "libtorch_cuda" in lib["path"] and lib.get("fatbin")),
                  key=lambda f: f["containers"])
    most = max(kernels["groups"], key=lambda g: g["containers"])
    # what TORCH_CUDA_ARCH_LIST asked for is what nearly every kernel has; single kernels have more (sm_90a)
    bad += same("targets of most kernels", [t for t in most["targets"] if t.startswith("sm_")], want["sm"].split())
    ptx = [t for t in most["targets"] if t.startswith("compute_")]
    return bad + (0 if want["uncertain"] else same("PTX of most kernels", ptx, want["ptx"].split()))


def main():
    envcheck, cache = sys.argv[1:3]
    os.makedirs(cache, exist_ok=True)
    bad = 0
    for row in SMALL:
        print(" ".join(row[:2]))
        bad += small(envcheck, cache, row)
    if sys.argv[3:] == ["all"]:
        with open("matrices/torch.json") as f:
            table = json.load(f)["rows"]
        for row in LARGE:
            print(" ".join(row[:2]))
            bad += large(envcheck, cache, row, table)
    print(f"{bad} differences")
    sys.exit(bad != 0)


main()
