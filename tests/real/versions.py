"""Versions of NVIDIA's libraries by their own bytes, against the wheels that bring them.

usage: versions.py ENVCHECK [REQUIREMENT...]

Fetches one wheel at a time with pip, takes its libraries out of it, so that no
metadata is left to ask, reads them, and removes them again (some GB pass in all).
"""
import json
import os
import subprocess
import sys
import tempfile
import zipfile

WHEELS = [
    "nvidia-cuda-runtime-cu11==11.8.89", "nvidia-cuda-runtime-cu12==12.1.105", "nvidia-cuda-runtime-cu12==12.8.90", "nvidia-cuda-runtime==13.0.96",
    "nvidia-cuda-nvrtc-cu11==11.8.89", "nvidia-cuda-nvrtc-cu12==12.6.77", "nvidia-cuda-nvrtc==13.0.88",
    "nvidia-nvjitlink-cu12==12.1.105", "nvidia-nvjitlink-cu12==12.8.93", "nvidia-nvjitlink==13.0.88",
    "nvidia-cuda-cupti-cu12==12.4.127", "nvidia-cuda-cupti-cu12==12.8.90", "nvidia-cuda-cupti==13.0.85",
    "nvidia-cublas-cu11==11.11.3.6", "nvidia-cublas-cu12==12.4.5.8", "nvidia-cublas-cu12==12.8.4.1", "nvidia-cublas==13.1.0.3",
    "nvidia-cufft-cu11==10.9.0.58", "nvidia-cufft-cu12==11.3.3.83", "nvidia-cufft==12.0.0.61",
    "nvidia-curand-cu12==10.3.9.90", "nvidia-curand==10.4.0.35",
    "nvidia-cusolver-cu12==11.6.1.9", "nvidia-cusolver-cu12==11.7.3.90", "nvidia-cusolver==12.0.4.66",
    "nvidia-cusparse-cu12==12.1.0.106", "nvidia-cusparse-cu12==12.5.8.93", "nvidia-cusparse==12.6.3.3",
    "nvidia-cusparselt-cu12==0.6.3", "nvidia-cusparselt-cu12==0.7.1", "nvidia-cusparselt-cu13==0.8.0",
    "nvidia-cudnn-cu11==8.5.0.96", "nvidia-cudnn-cu12==8.9.2.26", "nvidia-cudnn-cu12==9.1.0.70", "nvidia-cudnn-cu12==9.10.2.21", "nvidia-cudnn-cu13==9.13.0.50",
    "nvidia-nccl-cu12==2.18.1", "nvidia-nccl-cu12==2.27.5", "nvidia-nccl-cu13==2.27.7",
    "nvidia-nvshmem-cu12==3.3.20", "nvidia-nvshmem-cu13==3.3.24",
]
# they say nothing of themselves, and nothing beside them does
SILENT = ("libOpenCL", "libcheckpoint", "libnvperf", "libpcsamplingutil", "nvshmem_", "libcufile_rdma")
PLATFORMS = ["manylinux_2_%d_x86_64" % n for n in (28, 27, 26, 25, 24, 17, 12)] + ["manylinux2014_x86_64", "manylinux2010_x86_64", "manylinux1_x86_64"]


def fetch(folder, requirement):
    subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", "--python-version", "3.11", "-d", folder] +
                   [w for p in PLATFORMS for w in ("--platform", p)] + [requirement], check=True)
    return os.path.join(folder, os.listdir(folder)[0])


def unpack(wheel, folder):
    """Each folder of libraries as it is, without the distribution's own files."""
    with zipfile.ZipFile(wheel) as z:
        for name in z.namelist():
            if ".so" in os.path.basename(name) and not name.endswith((".py", ".h")):
                z.extract(name, folder)
    os.remove(wheel)


def agree(a, b):
    return a == b or a.startswith(b + ".") or b.startswith(a + ".")


def judge(envcheck, requirement):
    version = requirement.split("==")[1]
    with tempfile.TemporaryDirectory() as wheels, tempfile.TemporaryDirectory() as root:
        unpack(fetch(wheels, requirement), root)
        run = subprocess.run([envcheck, "inspect", "--format", "json", root], stdout=subprocess.PIPE, check=True)
    said, silent, bad = set(), [], 0
    for library in json.loads(run.stdout)["targets"][0]["libraries"]:
        name, own = os.path.basename(library["path"]), library.get("version")
        if own and not agree(own, version):
            print(f"  {name}: says {own} ({library['version_from']})")
            bad += 1
        elif own:
            said.add(f"{own} by {library['version_from']}")
        elif not name.startswith(SILENT):
            silent.append(name)
    print(f"{requirement}: {'wrong' if bad else ', '.join(sorted(said)) or 'nothing'}{'; silent: ' + ' '.join(silent) if silent else ''}", flush=True)
    return bad, bool(said) and not bad


def main():
    rows = [judge(sys.argv[1], r) for r in sys.argv[2:] or WHEELS]
    print(f"{sum(right for _, right in rows)} of {len(rows)} wheels told by their bytes, {sum(bad for bad, _ in rows)} libraries wrong")
    return any(bad for bad, _ in rows)


sys.exit(main())
