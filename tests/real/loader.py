"""The loader of a real root file system against envcheck: loader.py ENVCHECK ROOT PYTHON MODULE...

PYTHON (a path inside ROOT) imports the modules in a chroot under LD_DEBUG=files. Every file that was loaded for a name
must be envcheck's choice, and every choice that envcheck made for a loaded file must have been loaded. Needs root.
"""
import json
import os
import subprocess
import sys

envcheck, root, python, modules = sys.argv[1], sys.argv[2].rstrip("/"), sys.argv[3], sys.argv[4:]


def inside(path):
    done, rest = [], path.split("/")
    while rest:
        name = rest.pop(0)
        if name in ("", "."):
            continue
        if name == "..":
            done = done[:-1]
            continue
        here = "/" + "/".join(done + [name])
        if os.path.islink(root + here):
            target = os.readlink(root + here)
            done = [] if target.startswith("/") else done
            rest = target.split("/") + rest
        else:
            done.append(name)
    return "/" + "/".join(done)


def enter():
    os.chroot(root)
    os.chdir("/")


code = "".join("import %s\n" % m for m in modules) + "print('imported')"
env = {"LD_DEBUG": "files", "PATH": "/usr/bin:/bin", "HOME": "/root"}
run = subprocess.run([python, "-c", code], env=env, capture_output=True, text=True, errors="replace", preexec_fn=enter)
loaded = {inside(line.split()[-1]) for line in run.stderr.splitlines() if "calling init:" in line}
by_name = set()
for line in run.stderr.splitlines():
    if "generating link map" in line or "dynamic:" in line:
        continue
    if "file=" in line and "needed by" in line:
        name = line.split("file=")[1].split()[0]
        by_name.add(name.split("/")[-1])
target = json.loads(subprocess.run([envcheck, "inspect", root, "--python", os.path.dirname(os.path.dirname(python)), "--format", "json"],
                                   capture_output=True, text=True).stdout)["targets"][0]
resolved = target["loader"]["resolved"]
ours = {r["path"] for r in resolved if r["path"]}
bad = 0
for path in sorted(loaded):
    name = os.path.basename(path)
    if path not in ours and name in by_name:
        print("loaded, and not chosen:", path)
        bad += 1
for r in resolved:
    if r["for"] in loaded and r["path"] and r["because"] != "preload" and r["path"] not in loaded and "ld-linux" not in r["path"]:
        opened = any(l["path"] == r["for"] and r["soname"] in l["dlopen"] for l in target["libraries"])
        if not opened:
            print("chosen, and not loaded:", r["for"], r["soname"], r["path"])
            bad += 1
undefined = [l["path"] for l in target["libraries"] if l["undefined"] and l["path"] in loaded]
for path in undefined:
    print("undefined names in what was loaded:", path)
print("%s: %d files loaded, %d of them by name; %d choices; %d differ" % (
    "imported" if "imported" in run.stdout else run.stderr.splitlines()[-1] if run.stderr else "nothing", len(loaded), len(by_name), len(resolved), bad))
sys.exit(bad > 0 or bool(undefined))
