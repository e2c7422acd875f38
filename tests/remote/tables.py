"""Layers with a table of contents in a registry: eStargz and zstd:chunked, honest and hostile. $1 is envcheck. Exit 1 where something is wrong."""
import difflib
import gzip
import hashlib
import io
import json
import os
import pathlib
import random
import shutil
import struct
import subprocess
import sys
import tarfile

sys.path.insert(0, os.path.dirname(__file__))
import server as remote
from harness import done, expect, home, inspect, run

PIECE = 3000
TYPES = {tarfile.REGTYPE: "reg", tarfile.DIRTYPE: "dir", tarfile.SYMTYPE: "symlink", tarfile.LNKTYPE: "hardlink", tarfile.FIFOTYPE: "fifo"}


def zstd(data):
    return subprocess.run(["zstd", "-qc"], input=data, capture_output=True, check=True).stdout


class Pieces:
    """A layer out of parts that are compressed each on its own, and where they are."""

    def __init__(self, pack):
        self.pack, self.blob, self.tar = pack, b"", b""

    def add(self, data):
        at = len(self.blob)
        self.blob += self.pack(data) if data else b""
        self.tar += data
        return at


def parts(plain):
    """(header, body, padding, TarInfo) of each member of a tar."""
    with tarfile.open(fileobj=io.BytesIO(plain)) as t:
        members = t.getmembers()
        for m in members:
            body = plain[m.offset_data:m.offset_data + m.size] if m.isreg() else b""
            yield plain[m.offset:m.offset_data], body, bytes(-len(body) % 512), m


def entry_of(m, body):
    e = {"name": m.name + ("/" if m.isdir() else ""), "type": TYPES[m.type], "mode": m.mode, "modtime": "2024-01-01T00:00:00Z"}
    if m.issym() or m.islnk():
        e["linkName"] = m.linkname
    if body:
        e |= {"size": len(body), "digest": remote.sha(body)}
    return e


def tabled(plain, chunked, together=0, spoil=None, piece=PIECE):
    """The layer with its table: (blob, annotations, plain tar). `together`: eStargz with so many pieces in one gzip member. `spoil` changes the table."""
    p = Pieces(zstd if chunked else lambda d: gzip.compress(d, 6, mtime=0))
    entries, pending = [], b""
    for header, body, padding, m in parts(plain):
        pending += header
        first = e = entry_of(m, body)
        if body:
            p.add(pending)
            pending = padding
            runs = [(at, body[at:at + piece]) for at in range(0, len(body), piece)]
            for i in range(0, len(runs), together or 1):
                group = runs[i:i + (together or 1)]
                offset = p.add(b"".join(d for _, d in group))
                inner = 0
                for at, data in group:
                    e["offset"] = offset
                    if inner:
                        e["innerOffset"] = inner
                    inner += len(data)
                    if len(runs) > 1:
                        e |= {"chunkOffset": at, "chunkSize": len(data), "chunkDigest": remote.sha(data)}
                    elif not chunked:
                        e["chunkDigest"] = remote.sha(data)
                    entries.append(e)
                    e = {"name": m.name, "type": "chunk"}
            first["endOffset"] = len(p.blob)
        else:
            entries.append(e)
    table = {"version": 1, "entries": entries}
    text = json.dumps(table).encode()
    if spoil:
        changed = spoil(table, len(p.blob))
        text = changed if isinstance(changed, bytes) else json.dumps(table).encode()
    if chunked:
        p.add(pending + bytes(1024))
        packed = zstd(text)
        at = len(p.blob) + 8
        p.blob += struct.pack("<II", 0x184d2a50, len(packed)) + packed
        footer = struct.pack("<QQQQ", at, len(packed), len(text), 1) + bytes(24) + b"GNUlInUx"
        p.blob += struct.pack("<II", 0x184d2a50, len(footer)) + footer
        kind = "io.github.containers.zstd-chunked.manifest-"
        notes = {kind + "checksum": remote.sha(packed), kind + "position": "%d:%d:%d:1" % (at, len(packed), len(text))}
        return p.blob, notes, p.tar
    if pending:
        p.add(pending)
    info = tarfile.TarInfo("stargz.index.json")
    info.size, info.mode = len(text), 0
    at = p.add(info.tobuf(tarfile.USTAR_FORMAT) + text + bytes(-len(text) % 512) + bytes(1024))
    p.blob += b"\x1f\x8b\x08\x04\0\0\0\0\0\xff" + struct.pack("<H", 26) + b"SG" + struct.pack("<H", 22) + b"%016x" % at + b"STARGZ" \
        + b"\x01\0\0\xff\xff" + bytes(8)
    return p.blob, {"containerd.io/snapshot/stargz/toc.digest": remote.sha(text)}, p.tar


def make_layers():
    """The example image's layers, with more that nobody asks for, links, whiteouts and odd names."""
    subprocess.run(["sh", "examples/make-image.sh", home / "docker.tar"], check=True)
    with tarfile.open(home / "docker.tar") as t:
        layers = [t.extractfile("%d.tar" % i).read() for i in range(3)]
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as t:
        def add(name, data=b"", **more):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            for k, v in more.items():
                setattr(info, k, v)
            t.addfile(info, io.BytesIO(data))
        add("opt/noise", random.Random(2).randbytes(400_000))
        add("opt/empty")
        add("opt/run.sh", b"#!/bin/sh\nexec python3\n", mode=0o755)
        add("opt/link", type=tarfile.SYMTYPE, linkname="run.sh")
        add("opt/hard", type=tarfile.LNKTYPE, linkname="opt/run.sh")
        add("opt/pipe", type=tarfile.FIFOTYPE)
        add("app/.wh..wh..opq")
        add("opt/venv/.wh.pyvenv.cfg.old")
        add("opt/" + "long/" * 60 + "name.so", pathlib.Path("/bin/true").read_bytes())
    return layers + [out.getvalue()]


class Handler(remote.Handler):
    def fault_signed(self, data, nth):         # to a blob store, as registries do; only for who has a password
        if not self.headers.get("Authorization"):
            return self.answer(401, WWW_Authenticate='Basic realm="r"')
        path = self.path.replace("signed", "store")
        self.answer(307, Location="http://localhost:%d%s?signature=abc%d" % (self.server.away, path, nth))

    def fault_store(self, data, nth):          # whose URLs are good for three requests
        self.answer(403) if nth > 3 else self.serve(data)


here, away = remote.Server(handler=Handler), remote.Server(handler=Handler)
here.away, away.blobs = away.port, here.blobs
host = "127.0.0.1:%d" % here.port
layers = make_layers()


def publish(tag, made):
    """An image of layers as tabled() gives them."""
    descriptors = []
    for blob, notes, _ in made:
        here.blobs[remote.sha(blob)] = blob
        descriptors.append({"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": remote.sha(blob), "size": len(blob), "annotations": notes})
    config = json.dumps({"architecture": "amd64", "os": "linux", "config": {"Env": ["PATH=/opt/venv/bin:/usr/bin"], "Cmd": ["python3"]},
                         "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(tar).hexdigest() for _, _, tar in made]}}).encode()
    here.blobs[remote.sha(config)] = config
    here.manifests[tag] = json.dumps({"schemaVersion": 2, "config": {"digest": remote.sha(config), "size": len(config)}, "layers": descriptors}).encode()
    return sum(len(blob) for blob, _, _ in made)


def image(tag, fault="plain"):
    return "docker://%s/%s/app:%s" % (host, fault, tag)


def content(text, tabled_layers):
    """The inventory but for what says how it was read."""
    doc = json.loads(text)
    t = doc["targets"][0]
    t.pop("name"), t.pop("reference")
    by_table = [layer.pop("by_table", False) for layer in t["layers"]]
    for layer, by in zip(t["layers"], by_table):
        expect("a layer by its table is not verified", layer.pop("verified", False) != by, layer)
    expect("layers by their table", sum(by_table) == tabled_layers, by_table)
    return doc


def same(name, got, want):
    a, b = (json.dumps(x, indent=1).splitlines() for x in (want, got))
    expect(name, a == b, "\n".join(list(difflib.unified_diff(a, b, lineterm="", n=1))[:20]))


sent = 0


def read(name, tag, *args, tables, fault="plain", **more):
    """An inspection: its content; what is sent of blobs is counted."""
    global sent
    here.reset()
    before = len(here.sent)
    code, out, err = inspect(image(tag, fault), "--files", *args, **more)
    sent = sum(here.sent[before:])
    expect(name + ": is read", code == 0, code, err)
    return content(out, tables) if out and json.loads(out)["targets"] else None


# ---- honest ones: by the table as by the bytes ----
forms = {"stargz": dict(chunked=False), "together": dict(chunked=False, together=3), "chunked": dict(chunked=True)}
made = {name: [tabled(l, **form) for l in layers] for name, form in forms.items()}
for name in forms:
    size = publish(name, made[name])
    shutil.rmtree(home / "cache", ignore_errors=True)
    want = read(name + ", --verify", name, "--verify", tables=0)
    expect(name + ": all is fetched to verify", sent >= size, sent, size)
    got = read(name, name, tables=4)
    same(name + ": the same by the table", got, want)
    expect(name + ": not all is fetched", sent < size - 200_000, sent, size)
    got = read(name + ", first with a cache", name, tables=4, cache=True)
    first = len(here.log)
    got = read(name + ", out of the cache", name, tables=4, cache=True)
    same(name + ": out of the cache", got, want)
    expect(name + ": nothing of layers is fetched again", len(here.log) == 2 < first, here.log)
    got = read(name + ", --quick", name, "--quick", tables=4)
    got = read(name + ", verified into the cache", name, "--verify", tables=0, cache=True)
    code, out, err = inspect(image(name), cache=True)
    expect(name + ": what was verified counts more", not any(l.get("by_table") for l in json.loads(out)["targets"][0]["layers"]), out[:500])
    for fault in ("norange", "cut", "flaky"):
        got = read("%s, %s" % (name, fault), name, tables=0 if fault == "norange" else 4, fault=fault)
        same("%s, %s: the same" % (name, fault), got, want)
    code, out, err = run("inspect", "--no-cache", image(name))
    expect(name + ": the report says whose word it is", "4 layers read by their own table of contents" in out, out)

# ---- a library in a piece that is too large to be kept ----
out = io.BytesIO()
with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as t:
    for header, body, padding, m in parts(layers[2]):
        if m.name.endswith("libtorch_cuda.so"):
            body += bytes(17 << 20) + random.Random(3).randbytes(70_000)
            m.size = len(body)
        t.addfile(m, io.BytesIO(body))
for kind in ("stargz", "chunked"):
    publish("large", made[kind][:2] + [tabled(out.getvalue(), piece=1 << 30, **forms[kind])])
    want = read(kind + ", large, --verify", "large", "--verify", tables=0)
    same(kind + ", large: the same by the table", read(kind + ", large", "large", tables=3), want)

# ---- a blob store beside: it is asked without the registry, as long as it answers, and never with the password ----
with open("/bin/sh", "rb") as f:
    body = f.read()
out = io.BytesIO()
with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as t:
    for i in range(8):
        for name, data in ("opt/x%d.so" % i, body), ("noise%d" % i, random.Random(i).randbytes(300_000)):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            t.addfile(info, io.BytesIO(data))
publish("far", [tabled(out.getvalue(), chunked=False)])
want = read("far, --verify", "far", "--verify", tables=0)
away.reset()
got = read("far, redirected", "far", tables=1, fault="signed", ENVCHECK_AUTH=host + "=user:secret")
same("far, redirected: the same", got, want)
redirects = [p for p, h in here.log if "/blobs/" in p and "Authorization" in h]
asked = [p for p, _ in away.log]
expect("the store is asked directly", len(asked) > 9 and 4 <= len(redirects) < len(asked) / 2, redirects, asked)
expect("and anew when its URL is worn out", len(set(asked)) == len(redirects) and not any("Authorization" in h for _, h in away.log), redirects, away.log)

# ---- hostile ones: the layer itself is read instead, and the report says why ----


def file_entry(table):
    return next(e for e in table["entries"] if e["name"].endswith("libtorch_cuda.so") and e["type"] == "reg")


def pieces_of(table):
    name = file_entry(table)["name"]
    return [e for e in table["entries"] if e["name"] == name]


def change(**more):
    return lambda table, end: file_entry(table).update(more)


def change_last(**more):
    return lambda table, end: pieces_of(table)[-1].update(more)


def drop_last(table, end):
    table["entries"].remove(pieces_of(table)[-1])


def swap(table, end):
    a, b = pieces_of(table)[:2]
    a["offset"], b["offset"] = b["offset"], a["offset"]


def many(table, end):
    table["entries"] = [{"name": "f%d" % i, "type": "reg", "size": 1 << 40, "offset": 1, "digest": "sha256:" + "0" * 64} for i in range(1000)]


def everything_at_once(table, end):
    for e in table["entries"]:
        if "offset" in e:
            e["offset"] = 0


hostile = {
    "offset behind the data": (lambda t, end: file_entry(t).update(offset=end + 100_000), "behind the layer's data"),
    "offset behind the blob": (change(offset=1 << 60), "behind the layer's data"),
    "offset below zero": (change(offset=-1), "pieces"),
    "another offset": (lambda t, end: file_entry(t).update(offset=0), ""),
    "all at one offset": (everything_at_once, ""),
    "pieces swapped": (swap, "digest is"),
    "a size too large": (change(size=1 << 50), "part missing"),
    "a size too small": (change(size=PIECE + 1), "larger than their file"),
    "a size below zero": (change(size=-5), "sizes that cannot be"),
    "a size that is a text": (change(size="5"), "sizes that cannot be"),
    "a piece too large": (change_last(chunkSize=1 << 40), "larger than their file"),
    "a piece elsewhere": (change_last(chunkOffset=5), "pieces that make no file"),
    "a piece missing": (drop_last, "part missing"),
    "no digest": (lambda t, end: [e.pop("chunkDigest") for e in pieces_of(t)], "no sha256"),
    "another digest": (change(chunkDigest="sha256:" + "0" * 64), "digest is"),
    "a digest of another kind": (change(chunkDigest="md5:00"), "no sha256"),
    "no name": (lambda t, end: file_entry(t).pop("name"), "without a name"),
    "no entries": (lambda t, end: t.pop("entries"), "no table"),
    "entries twice": (lambda t, end: b'{"version":1,"entries":[],"entries":[]}', "two lists"),
    "another version": (lambda t, end: t.update(version=2), "another version"),
    "no JSON": (lambda t, end: b'{"version":1,"entries":[{"name"', "no JSON"),
    "empty": (lambda t, end: b"", ""),
    "deep": (lambda t, end: b'{"version":1,"entries":[{"x":' + b"[" * 500_000, "no JSON"),
    "more than can be": (many, "wants"),
    "huge": (lambda t, end: b'{"version":1,"entries":[' + b" " * (129 << 20) + b"]}", "134217728"),
}
for kind in ("stargz", "chunked"):
    for name, (spoil, words) in hostile.items():
        spoilt = [made[kind][0], made[kind][1], tabled(layers[2], spoil=spoil, **forms[kind]), made[kind][3]]
        publish("hostile", spoilt)
        want = read("%s, %s, --verify" % (kind, name), "hostile", "--verify", tables=0)
        got = read("%s, %s" % (kind, name), "hostile", tables=3)
        gaps = [g["reason"] for g in got["targets"][0]["gaps"] if "table of contents" in g["reason"]]
        expect("%s, %s: a word about it" % (kind, name), len(gaps) == 1 and words in gaps[0], gaps)
        got["targets"][0]["gaps"] = [g for g in got["targets"][0]["gaps"] if "table of contents" not in g["reason"]]
        same("%s, %s: what is there counts" % (kind, name), got, want)

for kind in ("stargz", "chunked"):
    blob, notes, plain = made[kind][2]
    for name, changed in {"a digest": {k: "sha256:" + "1" * 64 if "sum" in k or "digest" in k else v for k, v in notes.items()},
                          "a position": {k: "1:50:50:1" if "position" in k else v for k, v in notes.items()},
                          "a position outside": {k: "99999999:50:50:1" if "position" in k else v for k, v in notes.items()},
                          "no position": {k: "x" if "position" in k else v for k, v in notes.items()}}.items():
        if changed == notes:
            continue
        publish("lies", made[kind][:2] + [(blob, changed, plain), made[kind][3]])
        read("%s, the manifest lies about %s" % (kind, name), "lies", tables=3)

# pieces that are too large to be kept pass as streams, and are held to their digests all the same
large = remote.tar([("opt/large.so", pathlib.Path("/bin/true").read_bytes() + bytes(17 << 20))])
for kind, form in {"stargz": dict(chunked=False), "chunked": dict(chunked=True)}.items():
    for n, piece in ("one", 1 << 40), ("two", 17 << 20):
        publish("large", [tabled(large, piece=piece, **form)])
        read("%s, %s large pieces" % (kind, n), "large", tables=1)
        publish("large", [tabled(large, piece=piece, spoil=lambda t, end: t["entries"][-1].update(chunkDigest="sha256:" + "0" * 64), **form)])
        read("%s, the last of %s large pieces is another" % (kind, n), "large", tables=0)

# a layer of another kind than its annotations say
publish("none", [(gzip.compress(layers[2], 6, mtime=0), made["stargz"][2][1], layers[2])])
read("no table at all", "none", tables=0)
done()
