"""What the tests of remote targets share: envcheck with nothing of the caller's around it, and a list of what is wrong."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

envcheck = sys.argv[1]
_tmp = tempfile.TemporaryDirectory()
home = pathlib.Path(_tmp.name)
_failed = 0


def environment(**more):
    clean = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy") and not k.startswith(("DOCKER", "REGISTRY_AUTH"))}
    return clean | {"HOME": str(home), "NETRC": "", "XDG_RUNTIME_DIR": "", "XDG_CACHE_HOME": str(home / "cache"), "SSL_CERT_FILE": ""} | more


def run(*args, **env):
    p = subprocess.run([envcheck, *args], env=environment(**env), capture_output=True, text=True, timeout=60)
    return p.returncode, p.stdout, p.stderr


def inspect(target, *args, retries="3", cache=False, **env):
    return run("inspect", *([] if cache else ["--no-cache"]), "--plain-http", "--timeout", "2", "--retries", retries, "--format", "json", *args, target, **env)


def normal(text):
    """The inventory without what the target is called."""
    doc = json.loads(text)
    for t in doc["targets"]:
        t.pop("name"), t.pop("reference", None)
        for layer in t.get("layers", []):
            layer.pop("verified", None)
    return doc


def expect(name, ok, *more):
    global _failed
    if not ok:
        _failed += 1
        print("FAIL", name, *more)


def done():
    sys.exit(1 if _failed else 0)
