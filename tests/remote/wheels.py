"""Wheels at URLs, against a server that misbehaves: $1 is envcheck. Prints what is wrong; exit 1 then."""
import json
import os
import shutil
import sys
import time

sys.path.insert(0, os.path.dirname(__file__))
import server as remote
from harness import done, expect, home, inspect, run

here, away = remote.Server(), remote.Server()
here.away = away.port
host = "127.0.0.1:%d" % here.port


def target_of(text):
    """The one target of an inventory; {} where there is none."""
    doc = json.loads(text) if text else {}
    return (doc.get("targets") or [{}])[0]


def normal(text):
    """The target without what it is called."""
    t = target_of(text)
    t.pop("name", None)
    return t


wheel = "torch-2.5.1+cu124-cp311-cp311-manylinux_2_17_x86_64.whl"
many = "torch-2.5.1-cp311-cp311-manylinux_2_17_x86_64.whl"
elf = open(shutil.which("true"), "rb").read()
here.files[wheel] = remote.make_wheel([("torch/lib/libtrue.so", elf), ("torch/data/noise.so", remote.NOISE), ("torch/lib/libtoo.so", elf)])
here.files[many] = remote.make_wheel([("torch/some/long/folder/of/headers/file_%d.h" % i, b"x") for i in range(3000)])
away.files = here.files
for name in wheel, many:
    (home / name).write_bytes(here.files[name])


def url(fault, name=wheel):
    return "http://%s/%s/%s" % (host, fault, name.replace("+", "%2B"))


code, out, err = inspect(str(home / wheel))
want_wheel = normal(out)
expect("the local wheel is read", code == 0 and want_wheel["packages"][0]["version"] == "2.5.1+cu124", err)
for fault in ("plain", "norange", "cut", "cutall", "busy", "flaky", "nosuffix"):
    here.reset()
    code, out, err = inspect(url(fault))
    expect("wheel, %s: the same inventory" % fault, code == 0 and normal(out) == want_wheel, code, err, out)
    if fault == "norange":
        expect("wheel, norange: one request", len(here.log) == 1, here.log)
here.files["a.tar"] = remote.tar([("etc/os-release", b"ID=debian\n")])
code, out, err = inspect(url("plain", "a.tar"))
expect("any other file is a stream", code == 0 and target_of(out).get("kind") == "rootfs", code, err)

for name in wheel, many:
    here.reset(), here.sent.clear()
    code, out, err = inspect(url("plain", name), "--quick")
    t = target_of(out)
    p = (t.get("packages") or [{}])[0]
    expect("--quick, %s: what it says of itself" % name, p.get("version") == "2.5.1+cu124" and p["gpu"]["cuda"] == "12.4", out, err)
    expect("--quick, %s: few requests and bytes" % name, len(here.log) <= 4 and sum(here.sent) < 150_000, here.log, here.sent)
    expect("--quick, %s: a gap says so" % name, "libraries" not in t and "metadata alone" in str(t.get("gaps")), out)
    code, out, err = run("--no-cache", "--quick", url("plain", name), "--driver", "470.82.01", "--gpu", "A100")
    expect("--quick, %s: a verdict" % name, code == 1 and "driver-too-old" in out, out, err)

for fault, words in {
    "badrange": "another range", "loop": "redirected more than 10 times", "nowhere": "no http(s) URL", "slow": "2 seconds", "silent": "2 seconds",
    "headers": "bytes of headers", "down": "503", "later": "try again in 4000 seconds", "changing": "changed", "shrunk": "another range",
    "notzip": "zip:",
}.items():
    start = time.time()
    code, out, err = inspect(url(fault), retries="1")
    expect("wheel, %s: exit 3 and a clear line" % fault, code == 3 and words in (err + out), code, err, out)
    expect("wheel, %s: soon" % fault, time.time() - start < 15, time.time() - start)
code, out, err = inspect(url("plain", "torch-9-py3-none-any.whl"))
expect("a wheel that is not there", code == 3 and err.count(host) == 1 and "404" in err, err)

# ---- credentials of files ----
(home / "netrc").write_text("machine 127.0.0.1\n  login user\n  password secret\n")
code, out, err = inspect(url("basic"))
expect("file: without credentials", code == 3 and "401" in err, code, err)
code, out, err = inspect(url("basic").replace("//", "//user:secret@"))
expect("file: from the URL", code == 0 and normal(out) == want_wheel and "secret" not in out + err, code, err)
code, out, err = inspect(url("basic").replace("//", "//user:wrong-secret@"))
expect("file: refused", code == 3 and "401" in err and "wrong-secret" not in out + err, code, err)
code, out, err = inspect(url("basic"), NETRC=str(home / "netrc"))
expect("file: from netrc", code == 0 and normal(out) == want_wheel, err)
here.reset(), away.reset()
code, out, err = inspect(url("elsewhere").replace("//", "//user:secret@"))
expect("file, elsewhere: the same inventory", code == 0 and normal(out) == want_wheel, err)
expect("file, elsewhere: no credentials there", away.log and not any("Authorization" in h for _, h in away.log), away.log)
code, out, err = inspect(url("plain") + "?token=secret#sha256=secret")
expect("file: no query is shown", code == 0 and "secret" not in out + err, out, err)

here.reset()
code, out, err = run("inspect", "--offline", url("plain"))
expect("--offline", code == 3 and "--offline" in err and not here.log, code, err)
done()
