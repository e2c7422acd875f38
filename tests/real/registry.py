"""make check-registry: images in a real registry on this machine, in four forms: plain, TLS, basic, bearer token.

usage: registry.py ENVCHECK

As root, with Debian's docker-registry, skopeo, buildah, umoci, openssl and htpasswd (apache2-utils); crane in PATH is compared
too. The images are made here. Layers with a table of contents come from buildah, and, where there is Go, from the libraries of those
who made the forms up, which Go fetches. Prints what was asked and sent, and what is wrong; exit 1 then.
"""
import base64
import difflib
import gzip
import hashlib
import http.server
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

NEEDED = ("docker-registry", "skopeo", "buildah", "umoci", "openssl", "htpasswd", "cc")
envcheck = os.path.abspath(sys.argv[1])
top = pathlib.Path(__file__).resolve().parents[2]
failed = 0


def expect(name, ok, *more):
    global failed
    if not ok:
        failed += 1
        print("FAIL", name, *more)


def run(*args, env=None, fails=False, **more):
    p = subprocess.run([str(a) for a in args], env=env, capture_output=True, text=True, timeout=600, **more)
    if p.returncode and not fails:
        sys.exit("%s: exit %d\n%s%s" % (" ".join(str(a) for a in args), p.returncode, p.stdout, p.stderr))
    return p


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


# ---- tokens: distribution's token specification, JWT (RFC 7519) signed with RS256 ----

class Tokens(http.server.ThreadingHTTPServer):
    """Anybody may pull from what is not private/; user:secret may do all."""
    daemon_threads = True

    def __init__(self, key, certificate):
        super().__init__(("127.0.0.1", 0), Answer)
        self.key, self.served = key, 0
        body = "".join(l for l in open(certificate) if "-----" not in l)
        self.x5c = body.replace("\n", "")
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Answer(http.server.BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_GET(self):
        self.server.served += 1
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        who = self.headers.get("Authorization")
        known = who == "Basic " + base64.b64encode(b"user:secret").decode()
        if who and not known:
            return self.give(401, {"details": "who?"})
        access = []
        for scope in query.get("scope", []):
            kind, name, actions = scope.split(":")
            if known or not name.startswith("private/"):
                access.append({"type": kind, "name": name, "actions": actions.split(",") if known else ["pull"]})
        now = int(time.time())
        claims = {"iss": "local-issuer", "sub": "user" if known else "", "aud": query["service"][0], "exp": now + 300, "nbf": now - 10,
                  "iat": now, "jti": os.urandom(8).hex(), "access": access}
        self.give(200, {"token": self.sign(claims), "expires_in": 300})

    def sign(self, claims):
        def text(data):
            return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
        head = {"typ": "JWT", "alg": "RS256", "x5c": [self.server.x5c]}
        signed = text(json.dumps(head).encode()) + "." + text(json.dumps(claims).encode())
        p = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.server.key], input=signed.encode(), capture_output=True, check=True)
        return signed + "." + text(p.stdout)

    def give(self, status, answer):
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


# ---- the registry ----

class Registry:
    """One form of it over the folder that all share. The access log says what was asked and sent."""

    def __init__(self, home, form, tokens):
        self.form, self.port = form, free_port()
        self.host = "localhost:%d" % self.port if form == "tls" else "127.0.0.1:%d" % self.port
        http_part = {"addr": "127.0.0.1:%d" % self.port, "secret": "x"}
        config = {"version": "0.1", "log": {"level": "error", "accesslog": {"disabled": False}},
                  "storage": {"filesystem": {"rootdirectory": str(home / "registry")}}, "http": http_part}
        if form == "tls":
            http_part["tls"] = {"certificate": str(home / "c.pem"), "key": str(home / "k.pem")}
        if form == "basic":
            config["auth"] = {"htpasswd": {"realm": "here", "path": str(home / "htpasswd")}}
        if form == "bearer":
            config["auth"] = {"token": {"realm": "http://127.0.0.1:%d/token" % tokens.server_address[1], "service": "local-registry",
                                        "issuer": "local-issuer", "rootcertbundle": str(home / "c.pem")}}
        path = home / (form + ".yml")
        path.write_text(json.dumps(config))  # JSON is YAML
        self.log_path = home / (form + ".log")
        self.process = subprocess.Popen(["docker-registry", "serve", str(path)], stdout=open(self.log_path, "w"), stderr=subprocess.STDOUT)
        self.at = 0
        for _ in range(100):
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.1)
        sys.exit("docker-registry does not start:\n" + self.log_path.read_text())

    def asked(self):
        """[(method, path, status, bytes)] since the last call."""
        time.sleep(0.3)  # the log is written when an answer is done
        text = self.log_path.read_text()
        new, self.at = text[self.at:], len(text)
        return [(m[0], m[1], int(m[2]), int(m[3])) for m in re.findall(r'"([A-Z]+) (\S+) HTTP/[\d.]+" (\d+) (\d+)', new)]


# ---- images ----

def make_root(home):
    """A root with what a Debian has of Python, so that a pull has something to carry."""
    root = home / "root"
    (root / "etc").mkdir(parents=True)
    (root / "etc/os-release").write_text('ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n')
    for name in ("usr/lib/python3.11", "usr/lib/python3/dist-packages", "usr/lib/x86_64-linux-gnu/perl", "usr/lib/x86_64-linux-gnu/perl-base"):
        if os.path.isdir("/" + name):
            shutil.copytree("/" + name, root / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("libc.so.6", "libstdc++.so.6", "libcrypto.so.3", "libm.so.6"):
        for lib in pathlib.Path("/usr/lib/x86_64-linux-gnu").glob(name + "*"):
            (root / "usr/lib/x86_64-linux-gnu").mkdir(parents=True, exist_ok=True)
            shutil.copy2(lib, root / "usr/lib/x86_64-linux-gnu" / lib.name)
    return root


def make_images(home, plain):
    """Fills the registry by skopeo, buildah and umoci; {repository: what it is locally}."""
    docker = home / "docker.tar"
    run("sh", top / "examples/make-image.sh", docker)
    to = "docker://" + plain.host
    local = {}
    run("skopeo", "copy", "--dest-tls-verify=false", "docker-archive:%s" % docker, to + "/skopeo/app:1")
    run("skopeo", "copy", "--dest-tls-verify=false", "docker-archive:%s" % docker, to + "/private/app:1")
    local["skopeo/app:1"] = local["private/app:1"] = docker

    storage = ["--root", home / "storage", "--runroot", home / "run", "--storage-driver", "vfs"]

    def buildah(*args):
        return run("buildah", *storage, *args).stdout.strip()
    root, context = make_root(home), home / "context"
    context.mkdir()
    with_layers = home / "image"
    run("skopeo", "copy", "docker-archive:%s" % docker, "oci:%s:1" % with_layers)
    run("umoci", "unpack", "--image", "%s:1" % with_layers, home / "bundle")
    shutil.move(root, context / "root")
    shutil.copytree(home / "bundle/rootfs", context / "app", symlinks=True)
    (context / "Dockerfile").write_text("FROM scratch\nCOPY root /\nCOPY app /\nENV PATH=/opt/venv/bin:/usr/bin\nCMD [\"python3\", \"/app/serve.py\"]\n")
    for arch in ("amd64", "arm64"):
        buildah("bud", "--isolation", "chroot", "--layers", "--no-cache", "--arch", arch, "--manifest", "many", "-t", "localhost/%s:1" % arch, context)
    for form, kind in (("oci", "oci"), ("v2s2", "docker")):
        buildah("push", "--tls-verify=false", "--format", form, "localhost/amd64:1", "%s/buildah/%s:1" % (to, kind))
        buildah("push", "--format", form, "localhost/amd64:1", "oci:%s:1" % (home / ("layout-" + kind)) if form == "oci" else
                "docker-archive:%s" % (home / "docker-buildah.tar"))
    local["buildah/oci:1"], local["buildah/docker:1"] = home / "layout-oci", home / "docker-buildah.tar"
    for form, kind in (("oci", "oci"), ("v2s2", "docker")):
        buildah("manifest", "push", "--all", "--tls-verify=false", "--format", form, "many", "%s/buildah/many-%s:1" % (to, kind))

    shutil.rmtree(home / "bundle/rootfs/app")
    (home / "bundle/rootfs/opt/more").mkdir()
    (home / "bundle/rootfs/opt/more/file").write_text("more")
    run("umoci", "repack", "--image", "%s:2" % with_layers, home / "bundle")
    run("umoci", "insert", "--image", "%s:2" % with_layers, "--opaque", home / "bundle/rootfs/opt/more", "/opt/more")
    umoci = home / "umoci"
    run("skopeo", "copy", "oci:%s:2" % with_layers, "oci:%s:2" % umoci)
    run("skopeo", "copy", "--dest-tls-verify=false", "oci:%s:2" % umoci, to + "/umoci/app:2")
    local["umoci/app:2"] = umoci
    return local


def normal(text):
    """The inventory without its names, and without what only one of both states: digests of compressed layers, what was verified."""
    doc = json.loads(text)
    for t in doc["targets"]:
        t.pop("name"), t.pop("reference", None)
        for layer in t.get("layers", []):
            for key in ("digest", "size", "verified"):
                layer.pop(key, None)
    return doc


def main():
    missing = [n for n in NEEDED if not shutil.which(n)]
    if missing:
        sys.exit("needs " + ", ".join(missing))
    with tempfile.TemporaryDirectory() as tmp:
        home = pathlib.Path(tmp)
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
            "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", home / "k.pem", "-out", home / "c.pem")
        (home / "htpasswd").write_text(run("htpasswd", "-Bbn", "user", "secret").stdout)
        tokens = Tokens(str(home / "k.pem"), home / "c.pem")
        forms = {}
        try:
            for form in ("plain", "tls", "basic", "bearer"):
                forms[form] = Registry(home, form, tokens)
            check(home, forms, tokens)
        finally:
            for r in forms.values():
                r.process.terminate()
                r.process.wait()
    sys.exit(1 if failed else 0)


def check(home, forms, tokens):
    env = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy") and not k.startswith(("DOCKER", "REGISTRY_AUTH", "ENVCHECK"))}
    env |= {"HOME": str(home), "NETRC": "", "XDG_RUNTIME_DIR": "", "XDG_CACHE_HOME": str(home / "cache"), "NO_COLOR": "1"}
    local = make_images(home, forms["plain"])
    passwords = "".join("%s=user:secret\n" % forms[f].host for f in ("basic", "bearer"))

    def inspect(target, *args, auth=passwords):
        return run(envcheck, "inspect", "--format", "json", *args, target, env=env | {"ENVCHECK_AUTH": auth}, fails=True)

    def counted(asked):
        blobs = [a for a in asked if "/blobs/" in a[1] and a[2] in (200, 206)]
        return "%2d requests, %9d bytes (%d of blobs)" % (len(asked), sum(a[3] for a in asked), len(blobs))

    want = {}
    for name, path in local.items():
        p = inspect(path, "--no-cache")
        expect(name + ": is read locally", p.returncode == 0, p.stderr)
        want[name] = normal(p.stdout)

    for form, registry in forms.items():
        registry.asked()
        for name in local:
            shutil.rmtree(home / "cache", ignore_errors=True)
            target, where = "docker://%s/%s" % (registry.host, name), "%s %s" % (form, name)
            more = ["--cacert", home / "c.pem"] if form == "tls" else []
            first = inspect(target, *more)
            asked = registry.asked()
            expect(where + ": the same inventory", first.returncode == 0 and normal(first.stdout) == want[name], first.returncode, first.stderr)
            verified = [l.get("verified") for l in json.loads(first.stdout or '{"targets":[{}]}')["targets"][0].get("layers", [])]
            expect(where + ": every layer is verified", verified and all(verified), verified)
            second = inspect(target, *more)
            again = registry.asked()
            expect(where + ": the same from the cache", second.returncode == 0 and normal(second.stdout) == want[name], second.stderr)
            ok = [a for a in again if a[2] == 200]
            expect(where + ": a second look fetches no layer", len(ok) == 2, again)
            print("%-6s %-17s first %s; second %s" % (form, name, counted(asked), counted(again)))
            for text in (first.stdout, first.stderr, second.stdout, second.stderr):
                expect(where + ": no secret in any output", "secret" not in text and "eyJ" not in text and "dXNlcjpzZWNyZXQ" not in text)
    pull_with_others(home, forms["plain"], env, counted)
    by_table(home, forms["plain"], inspect, counted)

    # who may not
    registry = forms["basic"]
    p = inspect("docker://%s/skopeo/app:1" % registry.host, "--no-cache", auth="")
    expect("basic: without a password", p.returncode == 3 and "401" in p.stderr, p.stderr)
    p = inspect("docker://%s/skopeo/app:1" % registry.host, "--no-cache", auth=registry.host + "=user:wrong")
    expect("basic: with a wrong password", p.returncode == 3 and "401" in p.stderr and "wrong" not in p.stderr, p.stderr)
    registry = forms["bearer"]
    before = tokens.served
    p = inspect("docker://%s/skopeo/app:1" % registry.host, "--no-cache", auth="")
    expect("bearer: anonymously", p.returncode == 0 and normal(p.stdout) == want["skopeo/app:1"] and tokens.served == before + 1, p.stderr)
    p = inspect("docker://%s/private/app:1" % registry.host, "--no-cache", auth="")
    expect("bearer: a private one anonymously", p.returncode == 3 and "401" in p.stderr, p.stderr)
    p = inspect("docker://%s/skopeo/app:1" % forms["tls"].host, "--no-cache")
    expect("tls: a certificate that nobody trusts", p.returncode == 3 and "--cacert" in p.stderr, p.stderr)
    p = inspect("docker://%s/skopeo/app:none" % forms["plain"].host, "--no-cache")
    expect("a tag that is not there", p.returncode == 3 and "404" in p.stderr, p.stderr)

    # indexes
    for kind in ("oci", "docker"):
        target = "docker://%s/buildah/many-%s:1" % (forms["plain"].host, kind)
        for arch in ("amd64", "arm64"):
            p = inspect(target, "--no-cache", "--platform", "linux/" + arch)
            expect("%s index: %s" % (kind, arch), p.returncode == 0 and json.loads(p.stdout)["targets"][0]["platform"]["arch"] == arch, p.stderr)
        p = inspect(target, "--no-cache", "--platform", "linux/riscv64")
        expect(kind + " index: says which there are", p.returncode == 3 and "linux/amd64" in p.stderr and "linux/arm64" in p.stderr, p.stderr)
        p = inspect(target, "--no-cache")
        expect(kind + " index: this machine's", p.returncode == 0 and len(json.loads(p.stdout)["targets"]) == 1, p.stderr)


def with_tables(home, form, writer):
    """An OCI layout of the image with layers as eStargz or zstd:chunked."""
    layout, folder = home / "layout-oci", home / form
    (folder / "blobs/sha256").mkdir(parents=True)

    def blob(digest):
        return (layout / "blobs/sha256" / digest[7:]).read_bytes()

    def add(data, **more):
        digest = hashlib.sha256(data).hexdigest()
        (folder / "blobs/sha256" / digest).write_bytes(data)
        return {"digest": "sha256:" + digest, "size": len(data)} | more
    manifest = json.loads(blob(json.loads((layout / "index.json").read_text())["manifests"][0]["digest"]))
    config = json.loads(blob(manifest["config"]["digest"]))
    for i, layer in enumerate(manifest["layers"]):
        plain, packed = home / "layer.tar", home / "layer.packed"
        plain.write_bytes(gzip.decompress(blob(layer["digest"])))
        notes = json.loads(run(writer, form, plain, packed).stdout)
        kind = "zstd" if form == "chunked" else "gzip"
        unpacked = subprocess.run([kind, "-dc", packed], capture_output=True, check=True).stdout
        config["rootfs"]["diff_ids"][i] = "sha256:" + hashlib.sha256(unpacked).hexdigest()
        manifest["layers"][i] = add(packed.read_bytes(), mediaType="application/vnd.oci.image.layer.v1.tar+" + kind, annotations=notes)
    manifest["config"] = add(json.dumps(config).encode(), mediaType=manifest["config"]["mediaType"])
    top = add(json.dumps(manifest).encode(), mediaType="application/vnd.oci.image.manifest.v1+json",
              annotations={"org.opencontainers.image.ref.name": "1"})
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [top]}))
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    return folder


def by_table(home, registry, inspect, counted):
    """Layers with a table of contents: the same as by their bytes, and how much less is sent."""
    where = {"buildah/chunked": home / "buildah-chunked"}
    run("buildah", "--root", home / "storage", "--runroot", home / "run", "--storage-driver", "vfs", "push", "--format", "oci",
        "--compression-format", "zstd:chunked", "localhost/amd64:1", "oci:%s:1" % where["buildah/chunked"])
    if shutil.which("go"):
        writer = home / "tables"
        run("go", "build", "-o", writer, ".", cwd=top / "tests/real/tables")
        for form in ("stargz", "chunked"):
            where["go/" + form] = with_tables(home, form, writer)
    for name, folder in where.items():
        target = "docker://%s/%s:1" % (registry.host, name)
        run("skopeo", "copy", "--preserve-digests", "--dest-tls-verify=false", "oci:%s:1" % folder, target)
        local = inspect(folder, "--no-cache", "--files")
        registry.asked()
        for how, *args in ("whole", "--verify"), ("by its table", "--files"), ("and --quick", "--quick"):
            start = time.time()
            p = inspect(target, "--no-cache", *args)
            print("%-15s %-12s %5.2f s, %s" % (name, how, time.time() - start, counted(registry.asked())))
            expect("%s, %s" % (name, how), p.returncode == 0, p.stderr)
            if how == "by its table":
                table = p
        layers = [l.pop("by_table", False) for l in json.loads(table.stdout)["targets"][0]["layers"]]
        expect(name + ": every layer by its table", layers and all(layers), layers, table.stderr)
        a, b = normal(local.stdout), normal(table.stdout)
        for l in b["targets"][0]["layers"]:
            l.pop("by_table", None)
        a, b = (json.dumps(x, indent=1).splitlines() for x in (a, b))
        expect(name + ": by its table as by the bytes", a == b, "\n".join(list(difflib.unified_diff(a, b, lineterm="", n=1))[:20]))


def pull_with_others(home, registry, env, counted):
    name = "%s/buildah/oci:1" % registry.host
    registry.asked()
    for turn in ("first", "second"):  # into one layout, which holds the blobs then
        start = time.time()
        run("skopeo", "copy", "--src-tls-verify=false", "docker://" + name, "oci:%s:1" % (home / "pulled"), env=env)
        print("skopeo copy, %-6s %5.2f s, %s" % (turn, time.time() - start, counted(registry.asked())))
    crane = shutil.which("crane")
    for turn in ("first", "second") if crane else ():
        start = time.time()
        run(crane, "pull", "--insecure", "--cache_path", home / "crane", name, home / "crane.tar", env=env)
        print("crane pull,  %-6s %5.2f s, %s" % (turn, time.time() - start, counted(registry.asked())))
    shutil.rmtree(home / "cache", ignore_errors=True)
    for turn in ("first", "second"):
        start = time.time()
        run(envcheck, "inspect", "docker://" + name, env=env)
        print("envcheck,    %-6s %5.2f s, %s" % (turn, time.time() - start, counted(registry.asked())))


main()
