"""Remote targets against a server that misbehaves: $1 is envcheck. Prints what is wrong; exit 1 then."""
import bz2
import gzip
import json
import lzma
import os
import sys
import time

sys.path.insert(0, os.path.dirname(__file__))
import server as remote
from harness import done, expect, home, inspect, normal, run

here, away = remote.Server(), remote.Server()
here.away = away.port
host = "127.0.0.1:%d" % here.port


def image(fault, tag="1"):
    return "docker://%s/%s/app:%s" % (host, fault, tag)


# ---- images ----
remote.write_layout(home / "layout", here.blobs, here.manifests, "app")
code, out, err = inspect(str(home / "layout"))
want = normal(out)
expect("the local layout is read", code == 0 and want["targets"][0]["packages"], err)

for fault in ("plain", "cut", "cutall", "norange", "busy", "flaky"):
    here.reset()
    code, out, err = inspect(image(fault))
    expect("%s: the same inventory" % fault, code == 0 and normal(out) == want, code, err)
    if fault == "plain":
        expect("one request for each blob and the manifest", len(here.log) == 4, here.log)
        expect("layers are verified", all(l.get("verified") for l in json.loads(out)["targets"][0]["layers"]), out)
        name = host + "/plain/app:1"
        expect("the whole name is the reference", json.loads(out)["targets"][0]["reference"] == [name], out)
    if fault == "cut":
        ranges = [h["Range"] for _, h in here.log if "Range" in h]
        expect("cut: goes on by range", ranges and all(r.startswith("bytes=60000-") or int(r[6:-1]) % 60000 == 0 for r in ranges), ranges)

for turn, blobs in ("first", True), ("second", False):
    here.reset()
    code, out, err = inspect(image("plain"), cache=True)
    expect("%s look with a cache: the same inventory" % turn, code == 0 and normal(out) == want, code, err)
    expect("%s look with a cache: layers are %sfetched" % (turn, "" if blobs else "not "), len(here.log) == (4 if blobs else 2), here.log)

code, out, err = inspect(image("plain", "many"), "--platform", "linux/arm64")
expect("of an index the platform asked for", code == 0 and json.loads(out)["targets"][0]["platform"]["arch"] == "arm64", err)
here.reset()
code, out, err = inspect(image("plain", "many"), "--platform", "linux/s390x")
expect("of an index a platform that it has not", code == 3 and "linux/arm64, linux/amd64" in err and len(here.log) == 1, code, err)
code, out, err = inspect("docker://%s/plain/app@%s" % (host, remote.sha(here.manifests["1"])))
expect("by digest", code == 0 and normal(out) == want, err)
code, out, err = inspect("docker://%s/plain/app@sha256:%s" % (host, "0" * 64))
expect("by a digest that is not there", code == 3 and "404" in err, code, err)
here.manifests["sha256:" + "1" * 64] = here.manifests["1"]
code, out, err = inspect("docker://%s/plain/app@sha256:%s" % (host, "1" * 64))
expect("a manifest of another digest", code == 3 and "digest" in err, code, err)

for fault, words in {
    "wrong": "digest", "short": "are stated", "long": "are stated", "longer": "more bytes", "endless": "more bytes", "lying": "transfer closed",
    "badrange": "another range", "changed": "changed", "loop": "redirected more than 10 times", "nowhere": "no http(s) URL",
    "slow": "for 2 seconds", "silent": "2 seconds", "headers": "bytes of headers", "down": "503", "later": "try again in 4000 seconds",
}.items():
    start = time.time()
    code, out, err = inspect(image(fault), retries="1")
    expect("%s: exit 3 and a clear line" % fault, code == 3 and words in (err + out), code, err)
    expect("%s: soon" % fault, time.time() - start < 15, time.time() - start)
    if fault == "wrong":
        t = json.loads(out)["targets"][0]
        expect("wrong: nothing of it counts", not t.get("packages") and not t["complete"], out)

# A layer without compression that ends before its blob does, as a cpio or an empty stream: the bytes behind decide whether it is the one that is stated.
genuine = remote.tar([("etc/os-release", b"ID=debian\n"), ("opt/noise", remote.NOISE)])
here.manifests["bare"] = remote.single(here.blobs, genuine)
for what, forged in {"cpio": remote.cpio([("etc/os-release", b"ID=evil\n")]), "bzip2": bz2.compress(b""), "gzip": gzip.compress(b""),
                     "lzma": lzma.compress(b"", format=lzma.FORMAT_ALONE)}.items():
    here.blobs[remote.sha(genuine)] = forged + b"x" * (len(genuine) - len(forged))
    code, out, err = inspect(image("plain", "bare"), cache=True)
    expect("%s: a forgery is refused" % what, code == 3 and "digest" in err, code, err)
    here.blobs[remote.sha(genuine)] = genuine
    code, out, err = inspect(image("plain", "bare"), cache=True)
    expect("%s: and not remembered" % what, code == 0 and json.loads(out)["targets"][0]["os"].get("id") == "debian", code, out, err)
    for f in (home / "cache/envcheck").glob("*"):
        f.unlink()

# ---- credentials ----
code, out, err = inspect(image("basic"))
expect("basic: without credentials", code == 3 and "401" in err, code, err)
secret = {"ENVCHECK_AUTH": host + "=user:secret"}
code, out, err = inspect(image("basic"), **secret)
expect("basic: from the environment", code == 0 and normal(out) == want, err)
(home / ".docker").mkdir()
(home / ".docker/config.json").write_text(json.dumps({"auths": {host: {"auth": "dXNlcjpzZWNyZXQ="}}}))
code, out, err = inspect(image("basic"))
expect("basic: from docker's config", code == 0, err)
code, out, err = inspect(image("bearer"))
expect("bearer: from docker's config", code == 0 and normal(out) == want, err)
tokens = [p for p, _ in here.log if p.startswith("/token")]
expect("bearer: one token serves all", len(tokens) == 1, tokens)
expect("bearer: service and scope", "service=s%2C%20with%20comma" in tokens[0] and "scope=repository%3Abearer%2Fapp%3Apull" in tokens[0], tokens)
(home / ".docker/config.json").unlink()
code, out, err = inspect(image("bearer"))
expect("bearer: an anonymous token that does not do", code == 3 and "401" in err, code, err)
helper = home / "docker-credential-mine"
helper.write_text('#!/bin/sh\nread h || :\n[ "$h" = "%s" ] || exit 1\necho \'{"ServerURL":"x","Username":"user","Secret":"secret"}\'\n' % host)
helper.chmod(0o755)
path = str(home) + ":" + os.environ["PATH"]
for config in ({"credHelpers": {host: "mine"}}, {"credsStore": "mine"}):
    (home / ".docker/config.json").write_text(json.dumps(config))
    code, out, err = inspect(image("bearer"), PATH=path)
    expect("bearer: from a helper", code == 0, config, err)
(home / ".docker/config.json").write_text('{"auths": {"secretsecret')
code, out, err = inspect(image("basic"))
expect("a broken config is named, not quoted", code == 3 and "config.json" in err and "secretsecret" not in err, err)
(home / ".docker/config.json").unlink()
(home / "netrc").write_text("machine 127.0.0.1\n  login user\n  password secret\n")
code, out, err = inspect(image("basic"), NETRC=str(home / "netrc"))
expect("basic: from netrc", code == 0, err)

here.reset(), away.reset()
code, out, err = inspect(image("elsewhere"), **secret)
expect("elsewhere: the same inventory", code == 0 and normal(out) == want, err)
expect("elsewhere: no credentials there", away.log and not any("Authorization" in h for _, h in away.log), away.log)
expect("elsewhere: credentials here", any("Authorization" in h for _, h in here.log))
for text in (out, err):
    expect("no secret is printed", "secret" not in text and "dXNlcjpzZWNyZXQ" not in text and "signature" not in text, text)

# ---- what forbids ----
here.reset()
code, out, err = run("inspect", "--offline", image("plain"))
expect("--offline", code == 3 and "--offline" in err and not here.log, code, err)
code, out, err = run("inspect", "docker://example.invalid/x")
expect("a host that is not there", code == 3 and "resolve" in err.lower(), code, err)
code, out, err = run("inspect", "nofile.tar")
expect("a file that is not there is no request", code == 3 and "No such file" in err, err)
code, out, err = run("inspect", "docker://UPPER/x:1:2")
expect("no image name", code == 2 and "image name" in err, code, err)
here.reset()
code, out, err = run("inspect", "--format", "json", "%s/plain/app:1" % host)
expect("a bare name, TLS tried first on this machine", code == 0 and normal(out) == want, err)

done()
