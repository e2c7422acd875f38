"""Remote targets: what is hostile, what carries a password, and what stands between: $1 is envcheck. Exit 1 where something is wrong."""
import base64
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(__file__))
import server as remote
from harness import done, environment, envcheck, expect, home, inspect, normal, run

SECRET = "Basic " + base64.b64encode(b"user:secret").decode()


class Handler(remote.Handler):
    def token(self, query):
        s = self.server
        s.tokens += 1
        odd = s.odd_token
        if odd is not None:
            return self.answer(200, odd)
        if self.headers.get("Authorization") not in (None, SECRET):
            return self.answer(401, WWW_Authenticate='Basic realm="t"')
        self.answer(200, json.dumps({"access_token": "tok-%d" % s.tokens, "expires_in": 60}).encode())

    def ask_for_token(self, realm):
        self.answer(401, b"{}", WWW_Authenticate='Bearer realm="%s",service="s"' % realm)

    def fault_expires(self, data, nth):        # each token is good for two requests
        s = self.server
        who = self.headers.get("Authorization", "")
        s.used[who] = s.used.get(who, 0) + 1
        if not who or s.used[who] > 2:
            return self.ask_for_token("http://127.0.0.1:%d/token" % s.port)
        self.serve(data)

    def fault_bearer(self, data, nth):
        if not self.headers.get("Authorization", "").startswith("Bearer tok-"):
            return self.ask_for_token(self.server.realm or "http://127.0.0.1:%d/token" % self.server.port)
        self.serve(data)

    def fault_thief(self, data, nth):          # the blob store asks for the registry's password
        if self.headers.get("Authorization") != SECRET:
            return self.answer(401, WWW_Authenticate='Basic realm="r"')
        self.answer(307, Location="http://localhost:%d/v2/taker/app/blobs/%s" % (self.server.away, remote.sha(data)))

    def fault_taker(self, data, nth):
        self.answer(401, WWW_Authenticate='Basic realm="r", Bearer realm="http://localhost:%d/token"' % self.server.port)

    def fault_random(self, data, nth):         # breaks off anywhere
        self.serve(data, limit=self.server.random.randint(1, 90_000))

    def fault_downgrade(self, data, nth):
        self.answer(307, Location="http://127.0.0.1:%d%s" % (self.server.away, self.path.replace("downgrade", "plain")))

    def fault_date(self, data, nth):           # Retry-After as a date
        if nth == 1:
            return self.answer(429, Retry_After=self.date_time_string(int(time.time()) + 2))
        self.serve(data)

    def fault_drip(self, data, nth):           # a few bytes at a time, for ever
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        for i in range(200):
            self.wfile.write(data[10 * i:10 * i + 10])
            self.wfile.flush()
            time.sleep(0.1)

    def fault_dripheaders(self, data, nth):
        self.send_response(200)
        for i in range(200):
            self.send_header("X", "y")
            self.flush_headers()
            time.sleep(0.1)


class Server(remote.Server):
    def __init__(self, **more):
        self.tokens, self.used, self.odd_token, self.realm, self.random = 0, {}, None, None, random.Random(7)
        super().__init__(handler=Handler, **more)


here, away = Server(), Server()
here.away = away.port
host = "127.0.0.1:%d" % here.port


def image(fault, tag="1", on=host):
    return "docker://%s/%s/app:%s" % (on, fault, tag)


def quiet(name, *texts):
    for text in texts:
        expect(name + ": no secret is printed", not any(w in text for w in ("secret", "dXNlcjpzZWNyZXQ", "tok-")), text)


code, out, err = inspect(image("plain"))
expect("plain", code == 0, err)
want = normal(out)
auth = {"ENVCHECK_AUTH": host + "=user:secret"}

# ---- connections ----
for seed in range(6):
    here.random = random.Random(seed)
    code, out, err = inspect(image("random"), retries="8")
    expect("cut off at random places (%d)" % seed, code == 0 and normal(out) == want, code, err)
start = time.time()
code, out, err = inspect(image("date"))
expect("Retry-After as a date", code == 0 and 1 <= time.time() - start < 12, time.time() - start, err)
start = time.time()
code, out, err = inspect(image("flaky"))
expect("back-off: no hurry", code == 0 and time.time() - start > 0.7, time.time() - start)
for fault in ("drip", "dripheaders"):
    start = time.time()
    code, out, err = inspect(image(fault), retries="0")
    expect(fault + ": no patience without end", code == 3 and time.time() - start < 12 and "for 2 seconds" in out + err, time.time() - start, out, err)

started = time.time()
p = subprocess.Popen([envcheck, "inspect", "--no-cache", image("silent")], env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                     preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))  # shells ignore it for what runs aside
time.sleep(1)
p.send_signal(signal.SIGINT)
p.wait(10)
expect("an interrupt ends it at once", p.returncode == -signal.SIGINT and time.time() - started < 5, p.returncode)
p.stderr.close()

# ---- credentials ----
here.reset()
code, out, err = inspect(image("expires"), "--jobs", "1")
expect("a token that runs out is asked for anew", code == 0 and normal(out) == want and here.tokens > 1, here.tokens, err)
here.reset(), away.reset()
away.tokens = 0
code, out, err = inspect(image("thief"), retries="0", **auth)
expect("what a redirect leads to cannot ask for the password", code == 3 and "401" in out + err, code, err)
expect("nor get it", away.log and not away.tokens and not any("Authorization" in h for _, h in away.log), away.log)
quiet("thief", out, err)

(home / ".docker").mkdir()
config = home / ".docker/config.json"
for name, auths, good in (
    ("the host's own", {host: "user:secret"}, True), ("another host's", {"localhost:1": "user:secret"}, False),
    ("the team's before the host's", {host: "user:wrong", host + "/basic": "user:secret"}, True),
    ("another team's", {host + "/bas": "user:secret", host + "/basic/app/more": "user:secret"}, False),
    ("as an old docker wrote it", {"https://%s/v1/" % host: "user:secret"}, True),
):
    config.write_text(json.dumps({"auths": {k: {"auth": base64.b64encode(v.encode()).decode()} for k, v in auths.items()}}))
    code, out, err = inspect(image("basic"), retries="0")
    expect("password: " + name, (code == 0) == good, code, err)
    quiet(name, out, err)

helper = home / "docker-credential-mine"
path = str(home) + ":" + os.environ["PATH"]
config.write_text(json.dumps({"credHelpers": {host: "mine"}}))
for name, script, words in (
    ("has none", "echo credentials not found in native keychain; exit 1", "401"),
    ("says nonsense", "echo secret", "401"), ("says nothing", "exit 0", "401"),
    ("says too much", "cat /dev/zero", "401"), ("reads nothing and dies", "kill -9 $$", "401"),
    ("knows a wrong one", "echo '{\"Username\":\"user\",\"Secret\":\"secret-wrong\"}'", "401"),
):
    helper.write_text("#!/bin/sh\n%s\n" % script)
    helper.chmod(0o755)
    code, out, err = inspect(image("basic"), retries="0", PATH=path)
    expect("a helper that " + name, code == 3 and words in err, code, err)
    quiet(name, out, err)
for name, words in (("none", "docker-credential-none"), ("../mine", "no name")):
    config.write_text(json.dumps({"credsStore": name}))
    code, out, err = inspect(image("basic"), retries="0", PATH=path)
    expect("a helper that is not there", code == 3 and words in err, err)
config.unlink()

for name, body in {
    "no JSON": b"secret{", "no token": b"{}", "empty": b'{"token":""}', "a number": b'{"token":1}', "two lines": b'{"token":"tok-1\\r\\nX: y"}',
    "too long": b'{"token":"' + b"tok-" * 2_000_000 + b'"}', "deep": b"[" * 100_000,
}.items():
    here.odd_token = body
    code, out, err = inspect(image("bearer"), retries="0", **auth)
    expect("a token: " + name, code == 3 and "token for" in err, code, err)
    quiet(name, out, err)
here.odd_token = None
for realm in ("ftp://x/token", "/token", "file:///etc/passwd", "http://user:secret@127.0.0.1:1/token?secret", "x" * 1500):
    here.realm = realm
    code, out, err = inspect(image("bearer"), retries="0", **auth)
    expect("a realm: " + realm[:30], code == 3 and "token for" in err, code, err)
    quiet(realm[:30], out, err)
here.realm = None

for url in ("http://user:secret@%s/x.whl", "http://user:se/secret@%s/x.whl", "http://user:se#secret@%s/x.whl", "http://user:se?secret@%s/x.whl",
            "http://%s/x.whl?secret", "http://%s/x.whl#secret", "docker://user:secret@%s/x:1"):
    code, out, err = inspect(url % host, retries="0")
    expect("a URL with a password, or the like: " + url, code in (2, 3), code, err)
    quiet(url, out, err)

# ---- manifests ----
config_of = json.loads(here.manifests["1"])["config"]
layer = json.loads(here.manifests["1"])["layers"][0]


here.blobs["sha512:" + "0" * 128] = here.blobs[layer["digest"]]


def manifest(**more):
    return json.dumps({"schemaVersion": 2, "config": config_of, "layers": [layer]} | more).encode()


for name, (text, code_wanted, words) in {
    "schema1": (b'{"schemaVersion":1,"name":"x","fsLayers":[{"blobSum":"sha256:00"}],"history":[]}', 3, "schema 1"),
    "nothing": (b"", 3, "manifest"), "nojson": (b"<html>", 3, "manifest"), "deep": (b"[" * 100_000, 3, "manifest"), "list": (b"[]", 3, "manifest"),
    "huge": (b" " * (17 << 20), 3, "16777216"),
    "many": (manifest(layers=[layer] * 1025), 3, "1025 layers"),
    "escape": (manifest(layers=[layer | {"digest": "sha256:../../../etc/passwd"}]), 0, "is no digest"),
    "other": (manifest(layers=[layer | {"digest": "sha512:" + "0" * 128}]), 3, "no sha256"),
    "short": (manifest(layers=[layer | {"digest": "sha256:00"}]), 3, ""),
    "negative": (manifest(layers=[layer | {"size": -5}]), 0, ""),
    "lies": (manifest(layers=[layer | {"size": 1 << 62}]), 3, "are stated"),
    "text": (manifest(layers=[layer | {"size": "x", "digest": 5}]), 0, "is no digest"),
    "noconfig": (manifest(config=None), 0, "names no config"),
    "configlies": (manifest(config=layer), 0, "config"),
    "foreign": (manifest(layers=[layer | {"mediaType": "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "urls": ["http://127.0.0.1:1/x"]}]), 0,
                "foreign layer"),
    "selfindex": (b'{"manifests":[{"digest":"sha256:%s","size":1,"platform":{"os":"linux","architecture":"amd64"}}]}' % (b"0" * 64), 3, "404"),
}.items():
    here.manifests[name] = text
    start = time.time()
    code, out, err = inspect(image("plain", name), retries="0")
    expect("manifest %s: exit %d and a clear word" % (name, code_wanted), code == code_wanted and words in out + err and time.time() - start < 10, code, err, out[:1500])

# ---- the way there ----
here.reset()
proxy = "http://user:secret@127.0.0.1:%d" % here.port
code, out, err = inspect("docker://registry.test/plain/app:1", http_proxy=proxy)
asked = [p for p, _ in here.log]
expect("through a proxy", code == 0 and normal(out) == want and asked and all(p.startswith("http://registry.test/v2/") for p in asked), err, asked)
quiet("proxy", out, err)
code, out, err = inspect("docker://registry.test/plain/app:1", retries="0", http_proxy=proxy, no_proxy="registry.test")
expect("past a proxy", code == 3 and "resolve" in err, err)
here.reset()
code, out, err = inspect(image("plain"), http_proxy="http://127.0.0.1:1")
expect("a proxy is not for this machine", code == 0, err)

broken = home / "lib"
broken.mkdir()
for name in ("libcurl.so.4", "libcurl-gnutls.so.4"):
    (broken / name).write_text("")
code, out, err = run("inspect", image("plain"), LD_LIBRARY_PATH=str(broken))
expect("without libcurl: one line", code == 3 and "libcurl" in err and "not installed" in err and err.count("\n") == 1, code, err)
code, out, err = run("inspect", "--offline", image("plain"), LD_LIBRARY_PATH=str(broken))
expect("without libcurl: --offline comes first", code == 3 and "--offline" in err, err)

# ---- TLS ----
if not shutil.which("openssl"):
    expect("openssl is there", False)
    done()
pem = home / "tls.pem"
subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                "-keyout", pem, "-out", home / "ca.pem"], check=True, capture_output=True)
pem.write_text(pem.read_text() + (home / "ca.pem").read_text())
secure = Server(tls=pem)
secure.away = here.port
on = "localhost:%d" % secure.port


def tls(target, *args, **env):
    return run("inspect", "--no-cache", "--retries", "0", "--timeout", "2", "--format", "json", *args, target, **env)


code, out, err = tls(image("plain", on=on), "--cacert", str(home / "ca.pem"))
expect("TLS: with its certificate", code == 0 and normal(out) == want, err)
code, out, err = tls(image("plain", on=on), SSL_CERT_FILE=str(home / "ca.pem"))
expect("TLS: with SSL_CERT_FILE", code == 0 and normal(out) == want, err)
secure.reset()
code, out, err = tls(image("plain", on=on))
expect("TLS: a certificate that nobody trusts", code == 3 and "--cacert" in err and not secure.log, err, secure.log)
code, out, err = tls(image("plain", on="127.0.0.1:%d" % secure.port), "--cacert", str(home / "ca.pem"))
expect("TLS: a certificate of another name", code == 3 and not secure.log, err, secure.log)
code, out, err = tls(image("plain", on=on), "--cacert", str(home / "none.pem"))
expect("TLS: certificates that are not there", code == 3 and not secure.log, err)
here.reset()
code, out, err = tls(image("downgrade", on=on), "--cacert", str(home / "ca.pem"))
expect("TLS: no redirect to plain HTTP", code == 3 and "https to http" in out + err and not here.log, out + err, here.log)
code, out, err = tls(image("bearer", on=on), "--cacert", str(home / "ca.pem"), ENVCHECK_AUTH=on + "=user:secret")
expect("TLS: no password to a token server without", code == 3 and "without TLS" in err and not here.log, err)
done()
