"""Targets that cost memory where a reader is careless. usage: memory.py KIND OUT

entries OUT N   an image whose layer (zstd) holds N empty files
large OUT       an image with a library of 10 GB, most of it holes of the file
windows OUT W   an image of two zstd layers whose frames ask for windows of 2^W bytes
layers OUT N    an image of N layers (gzip) of 100 files each

Standard library, and the program zstd.
"""
import hashlib
import json
import os
import struct
import subprocess
import sys

SITE = "usr/lib/python3/dist-packages"


def header(name, size=0):
    field = b"%011o\0" % size if size < 1 << 33 else struct.pack(">BBHQ", 0x80, 0, 0, size)
    h = bytearray(512)
    h[:len(name)] = name.encode()
    h[100:136] = b"0000755\0" b"0000000\0" b"0000000\0" + field
    h[136:157] = b"00000000000\0" + b" " * 8 + b"0"
    h[257:265] = b"ustar\x0000"
    h[148:156] = b"%06o\0 " % sum(h)
    return bytes(h)


def small(name, data):
    return header(name, len(data)) + data + bytes(-len(data) % 512)


def index(folder, config, layers, media):
    """layers: (digest, size) of blobs that are there."""
    def blob(data):
        digest = hashlib.sha256(data).hexdigest()
        with open(f"{folder}/blobs/sha256/{digest}", "wb") as f:
            f.write(data)
        return {"digest": "sha256:" + digest, "size": len(data)}
    manifest = {"schemaVersion": 2, "config": {"mediaType": "application/vnd.oci.image.config.v1+json", **blob(json.dumps(config).encode())},
                "layers": [{"mediaType": media, "digest": "sha256:" + d, "size": n} for d, n in layers]}
    top = {"schemaVersion": 2, "manifests": [{"mediaType": "application/vnd.oci.image.manifest.v1+json", **blob(json.dumps(manifest).encode())}]}
    for name, data in (("index.json", top), ("oci-layout", {"imageLayoutVersion": "1.0.0"})):
        with open(f"{folder}/{name}", "w") as f:
            json.dump(data, f)


def image(folder, streams, command, media):
    """One layer a stream (an iterable of bytes), packed by a command that writes to its standard output."""
    os.makedirs(folder + "/blobs/sha256")
    layers, plain = [], []
    for stream in streams:
        at = f"{folder}/layer"
        diff = hashlib.sha256()
        with open(at, "wb") as out:
            p = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=out)
            for piece in stream:
                diff.update(piece)
                p.stdin.write(piece)
            p.stdin.close()
            assert p.wait() == 0
        with open(at, "rb") as f:
            digest = hashlib.sha256(f.read()).hexdigest()
        layers.append((digest, os.path.getsize(at)))
        plain.append("sha256:" + diff.hexdigest())
        os.rename(at, f"{folder}/blobs/sha256/{digest}")
    config = {"architecture": "amd64", "os": "linux", "config": {}, "rootfs": {"type": "layers", "diff_ids": plain}}
    index(folder, config, layers, media)


def entries(n):
    """Headers alone, their checksums by what changes: Python is slow."""
    template = bytearray(header(f"{SITE}/p00000/f000"))
    at = len(SITE) + 2
    base = sum(template) - sum(template[148:156]) + 8 * 32 - 8 * 48
    for i in range(0, n, 1000):
        folder = b"%05d" % (i // 1000)
        template[at:at + 5] = folder
        out = bytearray()
        for k in range(min(1000, n - i)):
            name = b"%03d" % k
            template[at + 7:at + 10] = name
            template[148:156] = b"%06o\0 " % (base + sum(folder) + sum(name))
            out += template
        yield bytes(out)
    yield bytes(1024)


def large(folder):
    """A library with ten containers of 1 GB, in a tar file whose holes cost nothing."""
    os.makedirs(folder)
    gigabyte, fat_at = 1 << 30, 4096
    names = b"\0.nv_fatbin\0.shstrtab\0"
    end = fat_at + 10 * gigabyte
    sections = [(0,) * 10, (1, 1, 2, fat_at, fat_at, 10 * gigabyte, 0, 0, 8, 0), (12, 3, 0, 0, end, len(names), 0, 0, 1, 0)]
    size = end + 64 + 3 * 64
    elf = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, 0, 64, end + 64, 0, 64, 56, 1, 64, 3, 2)
    elf += struct.pack("<IIQQQQQQ", 1, 7, 0, 0, 0, end, end, 4096)
    library = f"{SITE}/big/libbig.so"
    with open(folder + "/image", "wb") as f:
        def layer():
            f.write(header(library, size))
            at = f.tell()
            f.write(elf)
            for i in range(10):
                f.seek(at + fat_at + i * gigabyte)
                f.write(struct.pack("<IHHQ", 0xBA55ED50, 1, 16, gigabyte - 16))
                f.write(struct.pack("<HHIQIIHHIIIQQQ", 2, 0x101, 64, gigabyte - 16 - 64, 0, 0, 0, 1, 90, 0, 0, 0x11, 0, 0))
            f.seek(at + end)
            f.write(names + bytes(64 - len(names)) + b"".join(struct.pack("<IIQQQQIIQQ", *s) for s in sections))
            f.write(bytes(-size % 512 + 1024))
        f.write(header("layer.tar", 512 + size + -size % 512 + 1024))
        layer()
        config = json.dumps({"architecture": "amd64", "os": "linux", "config": {}, "rootfs": {"type": "layers", "diff_ids": ["sha256:" + "0" * 64]}}).encode()
        f.write(small("config.json", config))
        f.write(small("manifest.json", json.dumps([{"Config": "config.json", "RepoTags": ["big:1"], "Layers": ["layer.tar"]}]).encode()))
        f.write(bytes(1024))


def main():
    kind, out = sys.argv[1:3]
    zst = "application/vnd.oci.image.layer.v1.tar+zstd"
    if kind == "entries":
        image(out, [entries(int(sys.argv[3]))], ["zstd", "-q", "-1", "-c"], zst)
    elif kind == "large":
        large(out)
    elif kind == "windows":
        files = lambda i: [small(f"{SITE}/l{i}/f{k}.py", os.urandom(1 << 20)) for k in range(8)] + [bytes(1024)]
        image(out, [files(0), files(1)], ["zstd", "-q", "-1", f"--long={sys.argv[3]}", "-c"], zst)
    elif kind == "layers":
        files = lambda i: [header(f"{SITE}/l{i}/f{k}.py") for k in range(100)] + [bytes(1024)]
        image(out, [files(i) for i in range(int(sys.argv[3]))], ["gzip", "-1", "-n", "-c"], "application/vnd.oci.image.layer.v1.tar+gzip")


main()
