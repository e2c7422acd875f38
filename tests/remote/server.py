"""A registry and a file server on loopback that misbehave as told. Standard library alone.

The first component of a repository's or file's path names what goes wrong with it; see FAULTS in Handler.
Every request is kept in `log` as (path, headers)."""
import base64
import gzip
import hashlib
import io
import json
import random
import ssl
import tarfile
import threading
import time
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

METADATA = "Metadata-Version: 2.1\nName: torch\nVersion: 2.5.1+cu124\nRequires-Dist: filelock\n"
VERSION_PY = "__version__ = '2.5.1+cu124'\ndebug = False\ncuda: Optional[str] = '12.4'\nhip: Optional[str] = None\n"
NOISE = random.Random(1).randbytes(300_000)


def sha(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def tar(files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as t:
        for name, data in files:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            t.addfile(info, io.BytesIO(data))
    return out.getvalue()


def cpio(files):
    """An archive in the new ASCII format."""
    out = b""
    for name, data in files + [("TRAILER!!!", b"")]:
        name = name.encode() + b"\0"
        out += b"070701" + b"".join(b"%08x" % v for v in (1, 0o100644, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name), 0)) + name
        out += bytes(-len(out) % 4) + data
        out += bytes(-len(out) % 4)
    return out


def single(blobs, layer):
    """The manifest of an image of one layer that is not compressed."""
    oci = "application/vnd.oci.image."
    config = json.dumps({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [sha(layer)]}}).encode()
    blobs[sha(config)] = config
    return json.dumps({"schemaVersion": 2, "mediaType": oci + "manifest.v1+json",
                       "config": {"mediaType": oci + "config.v1+json", "digest": sha(config), "size": len(config)},
                       "layers": [{"mediaType": oci + "layer.v1.tar", "digest": sha(layer), "size": len(layer)}]}).encode()


def make_image():
    """Blobs by digest, and manifests by tag: `1` is an image, `many` an index of two platforms."""
    site = "usr/lib/python3.11/site-packages/"
    layers = [
        tar([("etc/os-release", b'ID=debian\nVERSION_ID="12"\n'), ("opt/noise", NOISE)]),
        tar([(site + "torch-2.5.1+cu124.dist-info/METADATA", METADATA.encode()), (site + "torch/version.py", VERSION_PY.encode())]),
    ]
    blobs, manifests = {}, {}

    def add(data, kind):
        blobs[sha(data)] = data
        return {"mediaType": kind, "digest": sha(data), "size": len(data)}

    def image(arch):
        config = json.dumps({"architecture": arch, "os": "linux", "config": {"Env": ["PATH=/usr/bin"], "Cmd": ["python3"]},
                             "rootfs": {"type": "layers", "diff_ids": [sha(l) for l in layers]}}).encode()
        oci = "application/vnd.oci.image."
        manifest = json.dumps({"schemaVersion": 2, "mediaType": oci + "manifest.v1+json", "config": add(config, oci + "config.v1+json"),
                               "layers": [add(gzip.compress(l, 9, mtime=0), oci + "layer.v1.tar+gzip") for l in layers]}).encode()
        manifests[sha(manifest)] = manifest
        return manifest

    amd, arm = image("amd64"), image("arm64")
    manifests["1"] = amd
    kind = "application/vnd.oci.image.manifest.v1+json"
    index = {"schemaVersion": 2, "manifests": [
        {"mediaType": kind, "digest": sha(m), "size": len(m), "platform": {"os": "linux", "architecture": a}}
        for m, a in ((arm, "arm64"), (amd, "amd64"))]}
    manifests["many"] = json.dumps(index).encode()
    return blobs, manifests


def write_layout(folder, blobs, manifests, reference):
    (folder / "blobs/sha256").mkdir(parents=True)
    for digest, data in list(blobs.items()) + [(d, m) for d, m in manifests.items() if ":" in d]:
        (folder / "blobs/sha256" / digest[7:]).write_bytes(data)
    m = manifests["1"]
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [
        {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": sha(m), "size": len(m),
         "annotations": {"org.opencontainers.image.ref.name": reference}}]}))


def make_wheel(extra=()):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("torch/noise.bin", NOISE)
        z.writestr("torch/version.py", VERSION_PY)
        for name, data in extra:
            z.writestr(name, data)
        info = "torch-2.5.1+cu124.dist-info/"
        z.writestr(info + "METADATA", METADATA)
        z.writestr(info + "WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: cp311-cp311-linux_x86_64\n")
        z.writestr(info + "RECORD", "torch/version.py,,\n")
    return out.getvalue()


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, handler=None, tls=None):
        """`handler`: faults of one's own; `tls`: a PEM file with key and certificate."""
        super().__init__(("127.0.0.1", 0), handler or Handler)
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls)
            self.socket = context.wrap_socket(self.socket, server_side=True)
        self.blobs, self.manifests = make_image()
        self.files = {}          # path without fault -> bytes
        self.log, self.seen = [], {}
        self.sent = []           # bytes of bodies
        self.lock = threading.Lock()
        self.away = None         # port of the server that "elsewhere" redirects to
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def reset(self):
        with self.lock:
            self.log, self.seen = [], {}

    def handle_error(self, request, client_address):
        pass  # clients that hang up are what is tested


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        s = self.server
        url = urlsplit(self.path)
        self.kind = None
        with s.lock:
            s.log.append((self.path, dict(self.headers)))
            nth = s.seen[self.path] = s.seen.get(self.path, 0) + 1
        if url.path == "/token":
            return self.token(parse_qs(url.query))
        parts = url.path.strip("/").split("/")
        if parts[0] == "v2":
            fault, kind, name = parts[1], parts[-2], parts[-1]
            data = s.manifests.get(name) if kind == "manifests" else s.blobs.get(name)
            is_blob = kind == "blobs"
        else:
            fault, name, is_blob = parts[0], unquote("/".join(parts[1:])), True
            if "json" in self.headers.get("Accept", "") and name + "|json" in s.files:
                name += "|json"
                self.kind = "application/vnd.pypi.simple.v1+json"
            data = s.files.get(name)
        if data is None:
            return self.answer(404, b'{"errors":[]}')
        if is_blob or fault in ("basic", "bearer", "loop", "busy", "headers", "down", "nodigest"):
            fault = getattr(self, "fault_" + fault, None)
            if fault:
                return fault(data, nth)
        self.serve(data)

    do_POST = do_GET

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for k, v in headers.items():
            self.send_header(k.replace("_", "-"), str(v))
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.server.sent.append(len(body))
        try:
            self.wfile.write(body)
        except OSError:
            pass

    def range_of(self, n):
        """(first, last) that the request asks for; None for all."""
        asked = self.headers.get("Range")
        if not asked:
            return None
        a, b = asked.removeprefix("bytes=").split("-")
        if not a:
            return max(0, n - int(b)), n - 1
        return int(a), min(int(b), n - 1) if b else n - 1

    def serve(self, data, limit=None, ranges=True):
        """All of it or the range; cut off after `limit` bytes."""
        r = self.range_of(len(data)) if ranges else None
        headers = {"ETag": '"%s"' % sha(data)[7:20]}
        status, body = 200, data
        if r:
            if r[0] >= len(data):
                return self.answer(416, Content_Range="bytes */%d" % len(data))
            status, body = 206, data[r[0]:r[1] + 1]
            headers["Content-Range"] = "bytes %d-%d/%d" % (r[0], r[1], len(data))
        headers["Content_Length"] = len(body)
        if self.kind:
            headers["Content_Type"] = self.kind
        if limit is not None and len(body) > limit:
            body = body[:limit]
            self.close_connection = True
        self.answer(status, body, **headers)

    def token(self, query):
        who = self.headers.get("Authorization", "")
        good = "Basic " + base64.b64encode(b"user:secret").decode()
        if who and who != good:
            return self.answer(401, WWW_Authenticate='Basic realm="t"')
        body = json.dumps({"token": "tok-user" if who else "tok-anonymous", "expires_in": 60}).encode()
        self.answer(200, body, Content_Type="application/json")

    # ---- FAULTS: what goes wrong with `data` on the nth request for it ----

    def fault_cut(self, data, nth):            # every answer breaks off after 60,000 bytes
        self.serve(data, limit=60_000)

    def fault_cutall(self, data, nth):         # as above, and ranges are ignored; the third time all comes
        self.serve(data, limit=None if nth > 2 else 60_000 * nth, ranges=False)

    def fault_norange(self, data, nth):
        self.serve(data, ranges=False)

    def fault_badrange(self, data, nth):       # resumes at another place than was asked for
        if self.headers.get("Range"):
            return self.answer(206, data[5:], Content_Range="bytes 5-%d/%d" % (len(data) - 1, len(data)))
        self.serve(data, limit=1000)

    def fault_changed(self, data, nth):        # other bytes under another tag, once it broke
        self.answer(200, data[:500] if nth == 1 else data, ETag='"v%d"' % nth, Content_Length=len(data))
        self.close_connection = True

    def fault_nosuffix(self, data, nth):       # knows ranges, but no suffix
        if self.headers.get("Range", "").startswith("bytes=-"):
            return self.answer(416)
        self.serve(data)

    def fault_changing(self, data, nth):       # another file each time
        self.serve(data if nth == 1 else data + b"x")

    def fault_shrunk(self, data, nth):         # a suffix that is too long
        self.answer(206, data, Content_Range="bytes 0-%d/%d" % (len(data) - 1, len(data)))

    def fault_notzip(self, data, nth):
        self.serve(b"no zip" * 20_000)

    def fault_busy(self, data, nth):
        if nth == 1:
            return self.answer(429, Retry_After=1)
        self.serve(data)

    def fault_flaky(self, data, nth):
        if nth < 3:
            return self.answer(503 if nth == 1 else 500)
        self.serve(data)

    def fault_down(self, data, nth):
        self.answer(503)

    def fault_later(self, data, nth):
        self.answer(503, Retry_After=4000)

    def fault_wrong(self, data, nth):
        self.serve(data[:-20] + bytes([data[-20] ^ 1]) + data[-19:])

    def fault_short(self, data, nth):          # fewer bytes, and it says so
        self.answer(200, data[:-7])

    def fault_long(self, data, nth):           # more bytes, and it says so
        self.answer(200, data + b"more")

    def fault_longer(self, data, nth):         # more bytes without a length
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(data + b"more")
        self.close_connection = True

    def fault_endless(self, data, nth):
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        while True:
            self.wfile.write(bytes(65536))

    def fault_lying(self, data, nth):          # says all, sends less, for ever
        self.answer(206 if self.headers.get("Range") else 200, b"", Content_Length=len(data))
        self.close_connection = True

    def fault_loop(self, data, nth):
        self.answer(307, Location=self.path)

    def fault_nowhere(self, data, nth):
        self.answer(302, Location="file:///etc/passwd")

    def fault_elsewhere(self, data, nth):      # to another host, as registries do to blob stores
        if not self.headers.get("Authorization"):
            return self.answer(401, WWW_Authenticate='Basic realm="r"')
        self.answer(307, b"moved", Location="http://localhost:%d%s?signature=abc" % (self.server.away, self.path.replace("elsewhere", "plain")))

    def fault_slow(self, data, nth):           # headers, then nothing
        self.answer(200, data[:100], Content_Length=len(data))
        time.sleep(20)

    def fault_silent(self, data, nth):
        time.sleep(20)

    def fault_headers(self, data, nth):
        self.send_response(200)
        for i in range(2000):
            self.send_header("X-%d" % i, "y" * 100)
        self.end_headers()

    def fault_basic(self, data, nth):
        if self.headers.get("Authorization") != "Basic " + base64.b64encode(b"user:secret").decode():
            return self.answer(401, WWW_Authenticate='Basic realm="r"')
        self.serve(data)

    def fault_bearer(self, data, nth):
        if self.headers.get("Authorization") != "Bearer tok-user":
            realm = "http://127.0.0.1:%d/token" % self.server.port
            return self.answer(401, WWW_Authenticate='Bearer realm="%s",service="s, with comma",scope="repository:x:pull"' % realm)
        self.serve(data)
