#!/usr/bin/env python3
"""Inventories and hosts for a grid: grid.py DIR [TARGETS [HOSTS [KINDS]]] writes DIR/targets/*.json and DIR/hosts.json.

The tables say which torch builds and drivers there are; the same numbers give the same files. Without KINDS nearly every
host is another; a fleet has few kinds.
"""
import json
import os
import random
import sys

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
GPUS = ("NVIDIA A100-SXM4-80GB", "NVIDIA H100 80GB HBM3", "NVIDIA H200", "NVIDIA B200", "NVIDIA GB300", "NVIDIA L4", "NVIDIA L40S", "Tesla T4",
        "Tesla V100-SXM2-32GB", "Tesla P100-PCIE-16GB", "Tesla K80", "NVIDIA A10G", "NVIDIA A40", "NVIDIA RTX A6000", "NVIDIA GeForce RTX 3090",
        "NVIDIA GeForce RTX 4090", "NVIDIA GeForce RTX 5090", "NVIDIA GeForce GTX 1080 Ti", "Quadro RTX 6000", "NVIDIA GB10", "Jetson AGX Orin",
        "NVIDIA GH200 480GB", "NVIDIA A30", "NVIDIA RTX 6000 Ada Generation", "AMD Instinct MI300X")
RUNTIMES = ("legacy", "cdi", "enroot", None, None)
SITE = "/opt/venv/lib/python3.11/site-packages"
NVIDIA = ("cublas", "cudnn", "cufft", "curand", "cusolver", "cusparse", "nccl", "nvtx", "cuda_runtime", "cuda_nvrtc", "nvjitlink", "cusparselt")


def rows(table):
    with open(os.path.join(TOP, "matrices", table + ".json")) as f:
        return json.load(f)["rows"]


def fat(sms, kernels):
    return {"containers": kernels, "entries": kernels * len(sms), "empty": 0, "cubin": [{"arch": s, "count": kernels} for s in sms], "ptx": [],
            "lto": [], "groups": [{"targets": sms, "containers": kernels}]}


def library(path, owner, sms=None, kernels=0, **more):
    name = path.rsplit("/", 1)[-1]
    return dict({"path": f"{SITE}/{path}", "layer": 2, "owner": owner, "environment": "/opt/venv", "soname": name, "machine": "x86_64",
                 "needed": ["libc.so.6"], "role": "core" if owner == "torch" else "unlisted", "reached": True,
                 "fatbin": fat(sms, kernels) if sms else None}, **more)


def package(name, version, cuda=None, sms=None):
    p = {"name": name, "version": version, "path": f"{SITE}/{name}-{version}.dist-info", "layer": 2, "environment": "/opt/venv", "site": SITE,
         "installer": "pip"}
    if cuda:
        p["gpu"] = {"vendor": "cuda", "cuda": cuda, "evidence": [{"value": cuda, "from": "metadata"}], "cubin": sms or [], "ptx": []}
    return p


def target(n, torch, pick):
    sms = torch["sm"].split() if isinstance(torch["sm"], str) else torch["sm"]
    cuda, major = torch["cuda"], torch["cuda"].split(".")[0]
    packages = [package("torch", f"{torch['torch']}+{torch['tag']}", cuda, sms), package("numpy", "2.1.3"), package("ext", f"1.{n}", cuda, sms)]
    libraries = [library(f"torch/lib/libtorch_{i}.so", "torch", sms, 40) for i in ("cuda", "cuda_linalg", "c10")]
    libraries += [library(f"ext/_{i}.so", "ext", sms[i % 3:], 10) for i in range(8)]
    for name in NVIDIA:
        wheel = f"nvidia-{name.replace('_', '-')}-cu{major}"
        packages.append(package(wheel, f"{cuda}.{n % 90}", cuda))
        libraries.append(library(f"nvidia/{name}/lib/lib{name}.so.{major}", wheel))
    env = {"PATH": "/opt/venv/bin:/usr/bin:/bin", "NVIDIA_DRIVER_CAPABILITIES": "compute,utility", "NVIDIA_VISIBLE_DEVICES": "all"}
    if pick.random() < .3:
        env["NVIDIA_REQUIRE_CUDA"] = f"cuda>={cuda}"
    return {"name": f"app-{n:04}", "kind": "image", "complete": True, "reference": [f"registry.example/app-{n:04}:1.{n % 7}"],
            "platform": {"os": "linux", "arch": "amd64"}, "libc": {"kind": "glibc", "version": "2.36"}, "env": env, "entrypoint": [],
            "command": ["python", "serve.py"], "layers": [{"index": i, "created_by": f"RUN step {i}"} for i in range(3)],
            "environments": [{"path": "/opt/venv", "python": "3.11.2", "role": "primary", "because": "CMD -> python", "site_packages": [SITE]}],
            "packages": packages, "libraries": libraries}


def host(n, drivers, pick):
    gpus = [{"name": name, "count": pick.choice((1, 4, 8))} for name in pick.sample(GPUS, 2 if pick.random() < .1 else 1)]
    h = {"name": f"node-{n:04}", "os": "linux", "arch": "amd64", "driver": pick.choice(drivers), "gpus": gpus}
    runtime = pick.choice(RUNTIMES)
    if runtime:
        h["runtime"] = runtime
    return h


def main(folder, targets=1000, hosts=1000, kinds=0):
    pick = random.Random(1)
    torches = [r for r in rows("torch") if r["platform"] == "linux_x86_64" and r["tag"].startswith("cu") and r["sm"]]
    drivers = [f"{r['first']}" for r in rows("driver_branches") if r["first"]]
    os.makedirs(os.path.join(folder, "targets"), exist_ok=True)
    for n in range(int(targets)):
        with open(os.path.join(folder, "targets", f"{n:04}.json"), "w") as f:
            json.dump({"schema": "envcheck.inventory/1", "targets": [target(n, pick.choice(torches), pick)]}, f)
    with open(os.path.join(folder, "hosts.json"), "w") as f:
        made = [host(n, drivers, pick) for n in range(int(kinds) or int(hosts))]
        json.dump([dict(made[n % len(made)], name=f"node-{n:04}") for n in range(int(hosts))], f)


if __name__ == "__main__":
    main(*sys.argv[1:])
