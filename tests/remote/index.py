"""Package indexes on loopback: $1 is envcheck. Prints what is wrong; exit 1 then."""
import hashlib
import io
import json
import os
import sys
import zipfile

sys.path.insert(0, os.path.dirname(__file__))
import server as remote
from harness import done, expect, home, run

here, away = remote.Server(), remote.Server()
here.away = away.port
host = "127.0.0.1:%d" % here.port


def inspect(*args, index="http://%s/plain/simple" % host, **env):
    code, out, err = run("inspect", "--no-cache", "--timeout", "2", "--retries", "1", "--format", "json", "--index", index, *args, **env)
    doc = json.loads(out) if out else {}
    return code, (doc.get("targets") or [{}])[0], err


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def wheel(name, requires=()):
    project, version = name.split("-")[:2]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        info = "%s-%s.dist-info/" % (project, version)
        z.writestr(info + "METADATA", "Metadata-Version: 2.1\nName: %s\nVersion: %s\n%s" % (
            project, version, "".join("Requires-Dist: %s\n" % r for r in requires)))
        z.writestr(info + "WHEEL", "Wheel-Version: 1.0\nTag: %s\n" % "-".join(name[:-4].split("-")[-3:]))
        z.writestr(info + "RECORD", name + ",,\n")
    return out.getvalue()


# (file, requires-python, yanked)
FILES = [
    ("torch-2.4.1-cp311-cp311-manylinux1_x86_64.whl", ">=3.8", None),
    ("torch-2.4.1-cp39-cp39-manylinux1_x86_64.whl", ">=3.8", None),
    ("torch-2.4.1+cu118-cp311-cp311-linux_x86_64.whl", ">=3.8", None),
    ("torch-2.5.0-cp311-cp311-manylinux1_x86_64.whl", ">=3.8", "broken <libs> & more"),
    ("torch-2.5.1-cp311-cp311-manylinux1_x86_64.whl", ">=3.9", None),
    ("torch-2.5.1-1-cp311-cp311-manylinux1_x86_64.whl", ">=3.9", None),
    ("torch-2.5.1-cp311-cp311-manylinux_2_28_aarch64.whl", ">=3.9", None),
    ("torch-2.5.1-cp311-none-macosx_11_0_arm64.whl", ">=3.9", None),
    ("torch-2.6.0-cp312-cp312-manylinux_2_28_x86_64.whl", ">=3.12", None),
    ("torch-2.6.0-cp312-cp312-musllinux_1_2_x86_64.whl", ">=3.12", None),
    ("torch-2.7.0rc1-cp312-cp312-manylinux_2_34_x86_64.whl", ">=3.12", None),
    ("torch-2.7.0rc1-cp311-cp311-manylinux_2_34_x86_64.whl", ">=3.9", None),
    ("torch-not.a.version-py3-none-any.whl", None, None),
    ("torchvision-9-py3-none-any.whl", None, None),
    ("torch-2.3.0.tar.gz", None, None),
    ("torch-2.8.0-cp312-cp312-manylinux_2_28_x86_64-cuda12.8.whl", None, None),
]
PLAIN = [("plain_thing-1.0-py2.py3-none-any.whl", None, None), ("plain-thing-1.1.tar.gz", None, None),
         ("plain_thing-1.0-cp38-abi3-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", None, None)]
REQUIRES = ["nvidia-cuda-runtime-cu12 (==12.4.127)"]


def escape(s):
    return s.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def publish(project, files, requires=(), metadata=True):
    html, listed = "<!DOCTYPE html><html><body><h1>Links</h1>\n", []
    for name, python, yanked in files:
        data = wheel(name, requires if "+cu118" not in name else ["nvidia-cuda-runtime-cu11 (==11.8.89)"]) if name.endswith(".whl") else b"source"
        here.files["files/" + name] = data
        text = zipfile.ZipFile(io.BytesIO(data)).read("-".join(name.split("-")[:2]) + ".dist-info/METADATA") if name.endswith(".whl") else None
        url = "../../files/" + name.replace("+", "%2B")
        html += '<a href="%s#sha256=%s"' % (url, sha256(data))
        entry = {"filename": name, "url": url, "hashes": {"sha256": sha256(data)}}
        if python:
            html += ' data-requires-python="%s"' % escape(python)
            entry["requires-python"] = python
        if yanked is not None:
            html += ' data-yanked="%s"' % escape(yanked)
            entry["yanked"] = yanked
        if text and metadata:
            here.files["files/" + name + ".metadata"] = text
            html += ' data-core-metadata="sha256=%s"' % sha256(text)
            entry["core-metadata"] = {"sha256": sha256(text)}
        html += ">%s</a><br/>\n" % name
        listed.append(entry)
    here.files["simple/" + project] = html.encode()
    here.files["simple/%s|json" % project] = json.dumps({"meta": {"api-version": "1.0"}, "name": project, "files": listed}).encode()


publish("torch", FILES, REQUIRES)
publish("plain-thing", PLAIN)
many = ["%s%d" % (c, i) for c in "abcdef" for i in range(10)]
publish("many-tags", [("many_tags-1-py3.%s-none.%s-any.%s.whl" % (3 * (".".join(many),)), None, None)])
publish("beside", [("beside-1-cp311-cp311-manylinux1_x86_64.whl", None, None)], metadata=False)

PICKS = [  # requirement, options, file, a word of why
    ("torch", ["--python-version", "3.11"], "torch-2.5.1-1-cp311-cp311-manylinux1_x86_64.whl", "2.7.0rc1 is a pre-release"),
    ("torch", ["--python-version", "3.12"], "torch-2.6.0-cp312-cp312-manylinux_2_28_x86_64.whl", "pre-release"),
    ("torch", [], "torch-2.6.0-cp312-cp312-manylinux_2_28_x86_64.whl", "CPython 3.12"),
    ("torch", ["--python-version", "3.12", "--libc", "musl-1.2"], "torch-2.6.0-cp312-cp312-musllinux_1_2_x86_64.whl", ""),
    ("torch", ["--python-version", "3.12", "--libc", "2.17"], "torch-2.3.0.tar.gz", "pip builds it"),
    ("torch>=2.7.0rc0", ["--python-version", "3.11"], "torch-2.7.0rc1-cp311-cp311-manylinux_2_34_x86_64.whl", "one version"),
    ("torch==2.7.*", ["--python-version", "3.11"], "torch-2.7.0rc1-cp311-cp311-manylinux_2_34_x86_64.whl", ""),
    ("torch==2.7.*", ["--python-version", "3.11", "--libc", "2.31"], None, "2.7.0rc1 has no wheel for CPython 3.11"),
    ("torch==2.5.1", ["--python-version", "3.11", "--platform", "linux/arm64"], "torch-2.5.1-cp311-cp311-manylinux_2_28_aarch64.whl", ""),
    ("torch==2.5.1", ["--python-version", "3.8"], None, "no wheel for CPython 3.8"),
    ("torch<2.5.1", ["--python-version", "3.11"], "torch-2.4.1+cu118-cp311-cp311-linux_x86_64.whl", "2.5.0 is yanked: broken <libs> & more"),
    ("torch==2.5.0", ["--python-version", "3.11"], "torch-2.5.0-cp311-cp311-manylinux1_x86_64.whl", "it is yanked"),
    ("torch==2.5.0.*", ["--python-version", "3.11"], None, "yanked"),
    ("torch==2.4.1+cu118", ["--python-version", "3.11"], "torch-2.4.1+cu118-cp311-cp311-linux_x86_64.whl", ""),
    ("torch==2.4.1", ["--python-version", "3.9"], "torch-2.4.1-cp39-cp39-manylinux1_x86_64.whl", ""),
    ("torch===2.4.1", ["--python-version", "3.11"], "torch-2.4.1-cp311-cp311-manylinux1_x86_64.whl", ""),
    ("torch!=2.5.1,~=2.4", ["--python-version", "3.11"], "torch-2.4.1+cu118-cp311-cp311-linux_x86_64.whl", ""),
    ("torch>9", [], None, "none of the 16 files"),
    ("Plain.Thing<1.1", ["--python-version", "3.11"], "plain_thing-1.0-cp38-abi3-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", "best of its wheels"),
    ("plain_thing==1.0", ["--python-version", "3.7"], "plain_thing-1.0-py2.py3-none-any.whl", ""),
    ("plain-thing", [], "plain-thing-1.1.tar.gz", "pip builds it"),
    ("nothing", [], None, "no such project"),
]
code, t, err = inspect("--quick", "many-tags")
expect("a name of 226,981 tags", code == 3 and "too many tags" in err, code, err)
for form in "json", "html":
    if form == "html":
        for key in [k for k in here.files if k.endswith("|json")]:
            del here.files[key]
    for requirement, options, want, why in PICKS:
        code, t, err = inspect("--quick", requirement, *options)
        chosen = (t.get("chosen") or [{}])[0]
        name = "%s: %s %s" % (form, requirement, " ".join(options))
        if want:
            expect(name, chosen.get("file") == want and why in chosen.get("because", ""), code, t.get("chosen"), err)
        else:
            expect(name, code == 3 and why in err, code, t.get("chosen"), err)

# ---- what is fetched ----
here.reset()
code, t, err = inspect("--quick", "torch==2.5.1", "--python-version", "3.11")
asked = [p for p, _ in here.log]
expect("--quick: the page, and what stands beside the wheel", len(asked) == 2 and asked[1].endswith(".whl.metadata"), asked)
p = (t.get("packages") or [{}])[0]
expect("--quick: its requirements", p.get("requires") == REQUIRES and p.get("gpu", {}).get("cuda") == "12.4" and p.get("tags"), t)
expect("--quick: no hash, query or user in the report", t["chosen"][0]["url"].endswith("/files/torch-2.5.1-1-cp311-cp311-manylinux1_x86_64.whl"), t["chosen"])
here.reset()
code, t, err = inspect("torch==2.5.1", "--python-version", "3.11")
expect("the wheel itself", code == 0 and t["kind"] == "wheel" and "libraries" in t, code, err, t)
local = home / "torch-2.5.1-1-cp311-cp311-manylinux1_x86_64.whl"
local.write_bytes(here.files["files/" + local.name])
code, out, err = run("inspect", "--no-cache", "--format", "json", str(local))
want = json.loads(out)["targets"][0]
for both in t, want:
    for key in "name", "platform", "chosen":
        both.pop(key, None)
expect("the inventory of the file", t == want, t, want)
code, t, err = inspect("torch==2.5.1", "plain-thing==1.0", "beside", "--python-version", "3.11")
expect("several make one environment", code == 0 and t["kind"] == "wheelhouse" and [p["name"] for p in t["packages"]] == ["beside", "plain-thing", "torch"], code, err, t)
code, t, err = inspect("--quick", "beside", "--python-version", "3.11")
expect("metadata out of the wheel where there is none beside it", code == 0 and t["packages"][0]["version"] == "1", err)
code, t, err = inspect("--quick", "torch==2.5.1", "nothing", "--python-version", "3.11")
expect("one that is not there", code == 3 and "no such project" in err and len(t["packages"]) == 2, code, err, t)
code, t, err = inspect("--quick", "torch==2.4.1", "--index", "http://%s/plain/other" % host, "--python-version", "3.11")
expect("a second index", code == 0 and t["chosen"][0]["file"].startswith("torch-2.4.1+cu118"), err)
code, out, err = run("--no-cache", "--quick", "--index", "http://%s/plain/simple" % host, "torch==2.5.1", "--python-version", "3.11", "--driver", "470.82.01", "--gpu", "A100")
expect("a verdict", code == 1 and "driver-too-old" in out and "torch==2.5.1: torch-2.5.1-1-cp311" in out, code, out, err)

# ---- what runs on a host ----
code, out, err = run("recommend", "torch", "--index", "http://%s/plain/simple" % host, "--driver", "535.54.03", "--gpu", "A100", "--format", "json")
builds = json.loads(out)["hosts"][0]["builds"]
expect("recommend: each version, newest first", code == 0 and [b["version"] for b in builds] == ["2.6.0", "2.5.1", "2.4.1+cu118", "2.4.1"], code, builds, err)
expect("recommend: its best wheel", builds[1]["file"] == "torch-2.5.1-1-cp311-cp311-manylinux1_x86_64.whl" and builds[1]["cuda"] == "12.4", builds)
code, out, err = run("recommend", "torch<2.5,>2.4", "--index", "http://%s/plain/simple" % host, "--driver", "470.82.01", "--gpu", "A100")
expect("recommend: what does not", code == 0 and "torch-2.4.1+cu118" in out.split("why not")[0] and "why not the others:\n  torch-2.4.1-cp311" in out, code, out, err)
code, out, err = run("recommend", "nothing", "--index", "http://%s/plain/simple" % host, "--driver", "470.82.01", "--gpu", "A100")
expect("recommend: no such project", code == 3 and "no such project" in err, code, out, err)

# ---- locks ----
files = "http://%s/plain/files/" % host
lock = home / "uv.lock"
name = "torch-2.5.1-1-cp311-cp311-manylinux1_x86_64.whl"
entry = 'name = "torch"\nversion = "2.5.1"\nsource = { registry = "http://%s/plain/simple" }\n' % host
wheels = 'wheels = [{ url = "%s%s", hash = "sha256:%s" }]\n' % (files, name, sha256(here.files["files/" + name]))
for what, text in {"URLs": entry + wheels, "an index": entry}.items():
    lock.write_text('version = 1\nrequires-python = ">=3.11"\n[[package]]\n' + text)
    here.reset()
    code, out, err = run("inspect", "--no-cache", "--format", "json", str(lock))
    expect("a lock alone asks nobody", code == 0 and not here.log and json.loads(out)["targets"][0]["kind"] == "requirement", code, err)
    code, out, err = run("inspect", "--no-cache", "--format", "json", "--fetch", str(lock))
    t = (json.loads(out)["targets"] or [{}])[0]
    expect("a lock with %s" % what, code == 0 and t["packages"][0].get("requires") == REQUIRES and t["chosen"][0]["file"] == name, code, out, err)
lock.write_text('version = 1\n[[package]]\nname = "torch"\nversion = "2.5.1"\nsource = { registry = "" }\n')
code, out, err = run("inspect", "--no-cache", "--fetch", str(lock))
expect("a lock that names no index", code == 3 and "--index URL" in err, code, err)
code, t, err = inspect(str(lock), "--python-version", "3.11")
expect("a lock and an index", code == 0 and t["chosen"][0]["file"] == name, code, err)
wanted = home / "requirements.txt"
wanted.write_text("--index-url http://user:secret@%s/basic/simple\ntorch==2.5.1 --hash=sha256:%s\n" % (host, sha256(here.files["files/torch-2.5.1-cp311-cp311-manylinux1_x86_64.whl"])))
code, out, err = run("inspect", "--no-cache", "--format", "json", "--fetch", "-r", str(wanted))
t = (json.loads(out)["targets"] or [{}])[0]
expect("requirements: the file that the hash allows", code == 0 and t["chosen"][0]["file"] == "torch-2.5.1-cp311-cp311-manylinux1_x86_64.whl", code, out, err)
expect("requirements: no password is shown", "secret" not in out + err, out, err)

# ---- what goes wrong ----
text = here.files["files/%s.metadata" % local.name]
here.files["files/%s.metadata" % local.name] = text + b"Requires-Dist: more\n"
code, t, err = inspect("--quick", "torch==2.5.1", "--python-version", "3.11")
expect("metadata of another hash", code == 3 and "sha256 is another" in err, code, err)
del here.files["files/%s.metadata" % local.name]
code, t, err = inspect("--quick", "torch==2.5.1", "--python-version", "3.11")
expect("metadata that is promised and not there: the wheel is asked", code == 0 and t["packages"][0]["requires"] == REQUIRES, code, err)
here.files["files/%s.metadata" % local.name] = text
for fault, words in {"busy": "", "flaky": "tried", "down": "503", "slow": "2 seconds", "headers": "bytes of headers", "loop": "redirected more than 10"}.items():
    here.reset()
    code, t, err = inspect("--quick", "torch==2.5.1", "--python-version", "3.11", index="http://%s/%s/simple" % (host, fault))
    expect("index, %s" % fault, (code == 0) == (fault == "busy") and (fault == "flaky" or words in err), code, err)
here.files["simple/evil"] = b'<a href="file:///etc/passwd/evil-1-py3-none-any.whl">x</a><a href="http://example.invalid/evil-2-py3-none-any.whl">y</a><a href='
code, t, err = inspect("--quick", "evil")
expect("a page of a hostile index", code == 3 and "plain HTTP" in err, code, err)
code, t, err = inspect("torch", index="ftp://x/simple")
expect("no index", code == 2 and "http(s)" in err, code, err)
code, t, err = inspect("torch", "--platform", "windows/amd64")
expect("no wheels for Windows", code == 2, code, err)
code, t, err = inspect("torch", "--python-version", "2.7")
expect("no Python 2", code == 2 and "Python 3" in err, code, err)
here.reset()
code, t, err = inspect("torch", "--offline")
expect("--offline", code == 3 and not here.log, code, err)

# ---- passwords ----
secret = "http://user:secret@%s/basic/simple" % host
here.reset()
code, t, err = inspect("--quick", "torch==2.5.1", "--python-version", "3.11", index=secret)
expect("the index's own password is for its own files", code == 0 and all("Authorization" in h for _, h in here.log), err, here.log)
expect("no password is shown", "secret" not in json.dumps(t) + err, t, err)
code, t, err = inspect("--quick", "torch==2.5.1", index="http://%s/basic/simple" % host)
expect("without a password", code == 3 and "401" in err, code, err)
away.files = here.files
here.files["simple/far"] = ('<a href="http://localhost:%d/plain/files/plain_thing-1.0-py2.py3-none-any.whl">x</a>' % away.port).encode().replace(b"plain_thing-1.0-py2", b"far-1.0-py2")
here.files["files/far-1.0-py2.py3-none-any.whl"] = wheel("far-1.0-py2.py3-none-any.whl")
away.reset()
code, t, err = inspect("--quick", "far", index=secret)
expect("no password goes elsewhere", code == 0 and away.log and not any("Authorization" in h for _, h in away.log), err, away.log)
done()
