"""Every example of the documents, run as it stands. usage: tests/docs.py ENVCHECK [write]; from the top folder.

An example is a line of a literal block: indented by four or fenced in Markdown, .Bd -literal in mdoc. `$ command` is followed
by what it prints, which must come out exactly (dates of tables aside); `write` puts what came out in its place. A block
without `$` is commands that must end with 0 or 1. A block under the comment "file NAME" is a file that the examples after it read.
They run in a folder with the files that they name; docker, kubectl and nvidia-smi are stand-ins that print what
those would; registries are one of our own behind a proxy, under a certificate that SSL_CERT_FILE names.
"""
import difflib
import glob
import hashlib
import http.server
import json
import os
import pathlib
import re
import ssl
import subprocess
import sys
import tarfile
import tempfile
import threading
import urllib.parse

import yaml

sys.path.insert(0, "tests/real")
import shelf

TOP = pathlib.Path.cwd()
ENVCHECK = os.path.abspath(sys.argv[1])
WRITE = sys.argv[2:] == ["write"]

# Documents, and what is no example of ours to run: commands that install, build or need what only a person has.
DOCUMENTS = ["README.md", "docs/ci.md", *sorted(glob.glob("docs/*.md")), *sorted(glob.glob("man/*.[1-8]"))]
NOT_RUN = {
    "./try": "make check-clone",
    "./test": "it runs this",
    "make lint": "it is a test itself",
    "make crosscheck": "it is a test itself",
    "make check": "it runs this",
    "docker build -f docker/Dockerfile -t envcheck .": "make check-builds",
}


# ---- documents -> blocks ----

class Block:
    def __init__(self, path, line, indent, lines, kind, name=None):
        self.path, self.line, self.indent, self.lines, self.kind, self.name = path, line, indent, lines, kind, name


def blocks_of_markdown(path, text):
    """Fenced blocks have a kind, which is the word after the fence; indented ones have none."""
    found, lines, at, name = [], text.split("\n"), 0, None
    while at < len(lines):
        line = lines[at]
        comment = re.fullmatch(r"<!-- file (\S+) -->", line)
        if comment:
            name = comment[1]
        fence = re.match("( *)```", line)
        if fence:
            start = at + 1
            while not lines[(at := at + 1)].startswith(fence[0]):
                pass
            indent = fence[1]
            found.append(Block(path, start, indent, [l.removeprefix(indent) for l in lines[start:at]], line[len(fence[0]):], name))
            name = None
        elif line.startswith("    ") and (not at or not lines[at - 1]):
            start = at
            while at < len(lines) and (lines[at].startswith("    ") or (not lines[at] and at + 1 < len(lines) and lines[at + 1].startswith("    "))):
                at += 1
            found.append(Block(path, start, "    ", [l[4:] for l in lines[start:at]], "", name))
            name = None
            continue
        at += 1
    return found


def blocks_of_mdoc(path, text):
    found, lines, name, start = [], text.split("\n"), None, None
    for at, line in enumerate(lines):
        comment = re.fullmatch(r'\.\\" file (\S+)', line)
        if comment:
            name = comment[1]
        if line.startswith(".Bd -literal"):
            start = at + 1
        elif line == ".Ed" and start is not None:
            body = [l.removeprefix("\\&").replace("\\e", "\\") for l in lines[start:at]]
            found.append(Block(path, start, None, body, "", name))
            name = start = None
    return found


def as_text(block, lines):
    if block.indent is not None:
        return [(block.indent + l).rstrip() for l in lines]
    return [("\\&" if l[:1] in (".", "'") else "") + l.replace("\\", "\\e") for l in lines]


# ---- what the examples name ----

STAND_INS = {
    "docker": """case "$*" in
save\\ -o*) cp "$PROPS/image.tar" "$3" ;;
*dest=-*|save\\ *) cat "$PROPS/image.tar" ;;
*) exit 0 ;;
esac""",
    "kubectl": 'cat "$TOP/tests/data/host/nodes.json"',
    "skopeo": 'cp "$PROPS/image.tar" "${3#docker-archive:}"',
    "nvidia-smi": 'cat "$TOP/tests/data/host/query.xml"',
}


def make_props(folder):
    run = lambda *args: subprocess.run(args, check=True, cwd=TOP)
    run("sh", "examples/make-image.sh", str(folder / "image.tar"))
    for name in "examples", "matrices", "ci":
        os.symlink(TOP / name, folder / name)
    (folder / "build").mkdir()
    os.link(folder / "image.tar", folder / "build/example.tar")
    subprocess.run(["cp", "-R", "examples/hosts", str(folder / "hosts")], check=True)
    (folder / "prod.json").write_bytes((folder / "hosts/prod-h100.json").read_bytes())
    os.link(folder / "image.tar", folder / "old.tar")
    os.link(folder / "image.tar", folder / "new.tar")
    (folder / "Dockerfile").write_text("FROM debian:12\nCOPY debian /\nRUN python3 -m venv /opt/venv\nRUN pip install torch==2.5.1+cu124\n")
    (folder / "requirements.txt").write_text("torch==2.5.1+cu124\n")
    (folder / "uv.lock").write_text('version = 1\n[[package]]\nname = "torch"\nversion = "2.8.0"\nsource = { registry = "https://index.example/simple" }\n')
    report = subprocess.run([ENVCHECK, "old.tar", "--host", "prod.json", "--format", "json"], cwd=folder, stdout=subprocess.PIPE)
    (folder / "old-report.json").write_bytes(report.stdout)
    (folder / "bin").mkdir()
    os.symlink(ENVCHECK, folder / "bin/envcheck")
    for name, script in STAND_INS.items():
        (folder / "bin" / name).write_text("#!/bin/sh\n" + script + "\n")
        (folder / "bin" / name).chmod(0o755)


class Registry(http.server.BaseHTTPRequestHandler):
    """A proxy behind which every registry has the example image under every name, and every index the files of its shelf."""
    protocol_version = "HTTP/1.1"
    blobs, manifest, files, context = {}, b"", {}, None

    def do_CONNECT(self):
        self.send_response(200)
        self.end_headers()
        self.connection = self.request = self.context.wrap_socket(self.connection, server_side=True)
        self.setup()
        self.close_connection = False

    def do_GET(self):
        kind, name = urllib.parse.unquote(self.path).split("/")[-2:]
        media = "application/vnd.docker.distribution.manifest.v2+json"
        body = self.manifest if kind == "manifests" else self.blobs.get(name) or self.files.get(name)
        if self.path.endswith("/torch/"):
            media = "text/html"
            body = "".join('<a href="../%s">%s</a>\n' % (urllib.parse.quote(f), f) for f in self.files).encode()
        self.send_response(404 if body is None else 200)
        self.send_header("Content-Type", media)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *args):
        pass


def serve(folder):
    """The variables under which envcheck finds the proxy and trusts what is behind it; none without openssl."""
    names = "DNS:registry-1.docker.io,DNS:ghcr.io,DNS:nvcr.io,DNS:quay.io,DNS:download.pytorch.org"
    made = subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=docs",
                           "-addext", "subjectAltName=" + names, "-keyout", folder / "key.pem", "-out", folder / "cert.pem"], stderr=subprocess.DEVNULL)
    if made.returncode:
        sys.exit("docs: openssl makes no certificate")
    with tarfile.open(folder / "image.tar") as t:
        read = lambda name: t.extractfile(name).read()
        image = json.loads(read("manifest.json"))[0]
        kind = "application/vnd.docker."

        def add(data, media):
            digest = "sha256:" + hashlib.sha256(data).hexdigest()
            Registry.blobs[digest] = data
            return {"mediaType": kind + media, "digest": digest, "size": len(data)}

        Registry.manifest = json.dumps({
            "schemaVersion": 2, "mediaType": kind + "distribution.manifest.v2+json", "config": add(read(image["Config"]), "container.image.v1+json"),
            "layers": [add(read(l), "image.rootfs.diff.tar") for l in image["Layers"]]}).encode()
    wheel = shelf.wheel(folder, "2.9.1+cu128", shelf.library(), "cp312-cp312-manylinux_2_28_x86_64")
    Registry.files[wheel.name] = wheel.read_bytes()
    wheel.unlink()
    Registry.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    Registry.context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Registry)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return {"HTTPS_PROXY": "http://127.0.0.1:%d" % server.server_address[1], "SSL_CERT_FILE": str(folder / "cert.pem")}


# ---- running ----

def shown(text):
    return re.sub(r"Tables \d{4}-\d\d-\d\d", "Tables DATE", text)


class Runner:
    def __init__(self, folder):
        self.folder, self.failed, self.ran, self.not_run = folder, 0, 0, set()
        self.env = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
        self.env |= serve(folder) | {"PATH": "%s:%s" % (folder / "bin", os.environ["PATH"]), "PROPS": str(folder), "TOP": str(TOP), "HOME": str(folder),
                                     "XDG_CACHE_HOME": str(folder / "cache"), "NO_COLOR": "1", "DOCKER_CONFIG": "", "COLUMNS": "80"}

    def complain(self, block, line, *text):
        self.failed += 1
        print("FAIL %s:%d: %s" % (block.path, block.line + line + 1, "\n".join(text)))

    def run(self, block, line, command):
        """What it printed; None if it is not run."""
        if command in NOT_RUN:
            self.not_run.add(command)
            return None
        self.ran += 1
        p = subprocess.run(["bash", "-c", command], cwd=self.folder, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120)
        if p.returncode not in (0, 1) or "Traceback" in p.stderr:
            self.complain(block, line, "exit status %d: %s" % (p.returncode, command), p.stdout + p.stderr)
        return p.stdout

    def commands(self, block):
        """Without output: a command a line; backslash joins, '#' after blanks is a remark."""
        whole = ""
        for at, line in enumerate(block.lines):
            whole += line.removesuffix("\\")
            if line.endswith("\\") or not whole.strip() or whole.startswith("#"):
                whole = whole if line.endswith("\\") else ""
                continue
            self.run(block, at, re.sub(r"\s+#.*", "", whole).strip())
            whole = ""

    def session(self, block):
        """`$ command`, then its output; the lines as they should be."""
        new, at = [], 0
        while at < len(block.lines):
            line = block.lines[at]
            start, at = at, at + 1
            if not line.startswith("$ "):
                self.complain(block, start, "output without a command: " + line)
                continue
            new.append(line)
            while line.endswith("\\"):
                line = line[:-1] + block.lines[at]
                new.append(block.lines[at])
                at += 1
            want = []
            while at < len(block.lines) and not block.lines[at].startswith("$ "):
                want.append(block.lines[at])
                at += 1
            got = self.run(block, start, line[2:])
            got = want if got is None else got.rstrip("\n").split("\n")
            # a blank line before the next command is the writer's
            tail = want[-1:] == [""] and at < len(block.lines)
            got = [l.rstrip() for l in got] + [""] * tail
            new += got
            if not WRITE and shown("\n".join(want)) != shown("\n".join(got)):
                self.complain(block, start, line, *difflib.unified_diff(want, got, "in the document", "now", lineterm=""))
        return new

    def script(self, block, script, want, env=None):
        self.ran += 1
        p = subprocess.run(["sh", "-e", "-c", script], cwd=self.folder, env=self.env | (env or {}), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if p.returncode not in want:
            self.complain(block, -1, "exit status %d" % p.returncode, p.stdout)

    def action(self, block, given, want):
        """The last step of our action with these inputs."""
        inputs = {name: i.get("default", "") for name, i in yaml.safe_load(open("ci/github/action.yml"))["inputs"].items()} | given
        env = {"INPUT_" + k.upper().replace("-", "_"): str(v) for k, v in inputs.items()}
        self.script(block, "ci/github/judge.sh", want, env | {"GITHUB_OUTPUT": str(self.folder / "output"), "RUNNER_TEMP": str(self.folder)})

    def configuration(self, block):
        """What another program reads: the part of it that is ours is run as that program would."""
        doc = yaml.safe_load("\n".join(block.lines))
        if block.kind == "yaml github":
            for step in doc:
                self.action(block, step["with"], (0,))
        elif block.kind == "yaml gitlab":
            template = yaml.safe_load(open("ci/gitlab/envcheck.gitlab-ci.yml"))
            job = template["envcheck"]
            self.script(block, "\n".join(job["before_script"] + job["script"]), (0,), template["variables"] | doc["variables"])
        elif block.kind == "yaml pre-commit":
            hooks = {h["id"]: h for h in yaml.safe_load(open(".pre-commit-hooks.yaml"))}
            for hook in doc["repos"][0]["hooks"]:
                self.script(block, "%s %s requirements.txt" % (hooks[hook["id"]]["entry"], " ".join(hook["args"])), (0,))
        else:
            self.complain(block, -1, "no example: " + block.kind)

    def workflow(self, path):
        """Steps of a workflow, but those of actions that are not ours. Its second host is one that the image fails on."""
        block = Block(path, 0, "", [], "")
        env = {}
        for step in yaml.safe_load(open(path))["jobs"]["envcheck"]["steps"]:
            fill = lambda text: re.sub(r"\$\{\{ *steps\.\w+\.outputs\.([\w-]+) *\}\}", lambda m: outputs[m[1]], text.replace("${{ github.sha }}", "0123abcd"))
            if "run" in step:
                self.script(block, fill(step["run"]), (0,), {k: fill(v) for k, v in step.get("env", {}).items()})
            elif step["uses"] == "./ci/github":
                self.action(block, {k: fill(v) for k, v in step["with"].items()}, (1,))
                outputs = dict(line.split("=", 1) for line in open(self.folder / "output").read().splitlines())

    def document(self, path):
        text = open(path).read()
        lines = text.split("\n")
        blocks = blocks_of_markdown(path, text) if path.endswith(".md") else blocks_of_mdoc(path, text)
        # files first: a command may stand before what it reads
        for b in blocks:
            if b.name:
                (self.folder / b.name).write_text("\n".join(b.lines) + "\n")
        if path.endswith(".md") and path != "docs/rules.md":
            # code within a sentence, but where a word in capitals stands for something else
            for at, line in enumerate(lines):
                for command in re.findall(r"`(envcheck [^`]+)`", line):
                    if not re.search(r"\b[A-Z]{3,}\b", command):
                        self.run(Block(path, at, "", [], ""), 0, command)
        edits = []
        for b in blocks:
            if b.name:
                continue
            if b.kind.startswith("yaml "):
                self.configuration(b)
            elif b.kind.startswith("json matrices/"):
                pass  # tests/new_release_test.sh adds these rows
            elif b.kind and not b.kind.startswith("sh"):
                self.complain(b, -1, "no example: " + b.kind)
            elif any(l.startswith("$ ") for l in b.lines):
                edits.append((b, self.session(b)))
            else:
                self.commands(b)
        for b, new in reversed(edits):
            lines[b.line:b.line + len(b.lines)] = as_text(b, new)
        if WRITE:
            open(path, "w").write("\n".join(lines))
        # what a document brought is gone for the next one
        (self.folder / ".envcheck.json").unlink(missing_ok=True)
        (self.folder / "prod.json").write_bytes((self.folder / "hosts/prod-h100.json").read_bytes())


def manual_says_all(runner):
    """Each option and command that --help lists stands in the manual, and no other."""
    text = subprocess.run([ENVCHECK, "--help"], stdout=subprocess.PIPE, text=True, check=True).stdout
    commands, options = text.split("\ncommands:\n")[1].split("\noptions:\n")
    offered = {"--" + o for o in re.findall(r"^ +(?:-\w, )? *--([a-z-]+)", options, re.M)} | set(re.findall(r"^  (\w+)", commands, re.M))
    manual = open("man/envcheck.1").read()
    said = {"--" + o for o in re.findall(r"^\.It (?:Fl \w , )?Fl Fl ([a-z-]+)", manual, re.M)} | set(re.findall(r"^\.It Cm (\w+)$", manual, re.M))
    for what in sorted(offered ^ said):
        runner.complain(Block("man/envcheck.1", 0, "", [], ""), 0, what + (" is missing" if what in offered else " does not exist"))


def main():
    with tempfile.TemporaryDirectory() as tmp:
        folder = pathlib.Path(tmp)
        make_props(folder)
        runner = Runner(folder)
        for path in dict.fromkeys(DOCUMENTS):
            if os.path.exists(path):
                runner.document(path)
        manual_says_all(runner)
        runner.workflow("ci/github/example.yml")
        for command in set(NOT_RUN) - runner.not_run:
            print("FAIL %s is not to be run, but stands nowhere" % command)
            runner.failed += 1
    print("docs: %d examples, %d wrong" % (runner.ran, runner.failed))
    sys.exit(1 if runner.failed else 0)


main()
