"""Small inputs that are made to take very long or very much. $1 is envcheck. Prints what is wrong; exit 1 then."""
import gzip
import io
import json
import os
import pathlib
import random
import resource
import shlex
import struct
import subprocess
import sys
import tarfile
import tempfile

envcheck = sys.argv[1]
home = tempfile.TemporaryDirectory()
target = pathlib.Path(home.name) / "target"
SLOW = 6 if "asan" in envcheck or "tsan" in envcheck else 1
bad = 0


def look(name, words, seconds=20, megabytes=None):
    """What is said of the target holds `words`, and was said in time."""
    global bad
    allowed = lambda: resource.setrlimit(resource.RLIMIT_CPU, (seconds * SLOW, seconds * SLOW))
    p = subprocess.Popen([envcheck, "inspect", "--no-cache", "--jobs", "1", str(target)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                         preexec_fn=allowed)
    said = p.stdout.read()
    _, status, used = os.wait4(p.pid, 0)
    p.returncode = os.waitstatus_to_exitcode(status)
    if p.returncode or words not in said:
        bad = 1
        print("FAIL", name, p.returncode, said[-500:])
    if megabytes and SLOW == 1 and used.ru_maxrss > megabytes * 1024:
        bad = 1
        print("FAIL", name, used.ru_maxrss // 1024, "MB")


def add(t, name, data, **pax):
    info = tarfile.TarInfo(name)
    info.size, info.pax_headers = len(data), pax
    t.addfile(info, io.BytesIO(data))


def elf(shoff, sections):
    return b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, 0, 0, shoff, 0, 64, 56, 0, 64, sections, 1)


NAMES = b"\0.text\0.shstrtab\0"


def table(places):
    """Section headers: none, names at byte 64, and .text at each of the places."""
    row = lambda name, kind, at, n: struct.pack("<IIQQQQIIQQ", name, kind, 6, 0, at, n, 0, 0, 1, 0)
    return bytes(64) + row(7, 3, 64, len(NAMES)) + b"".join(row(1, 1, at, n) for at, n in places)


def sparse(pieces):
    """A sparse ELF file of so many pieces of one byte each, as pax writes it, and what its map stands for."""
    runs = [(0, 64)] + [(64 + 2 * i, 1) for i in range(pieces - 1)]
    size = runs[-1][0] + 1
    text = ("%d\n" % pieces + "".join("%d\n%d\n" % r for r in runs)).encode()
    return text + bytes(-len(text) % 512) + elf(size // 2, 64) + b"\1" * (pieces - 1), size


body, size = sparse(262_000)
with tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as t:
    for i in range(3):
        add(t, "GNUSparseFile.0/lib%d.so" % i, body, **{"GNU.sparse.major": "1", "GNU.sparse.minor": "0",
                                                         "GNU.sparse.name": "usr/lib/lib%d.so" % i, "GNU.sparse.realsize": str(size)})
    add(t, "etc/os-release", b"ID=debian\n")
look("many pieces", "/usr/lib/lib2.so")
target.write_bytes(gzip.compress(target.read_bytes(), 1))
look("many pieces of a stream", "/usr/lib/lib2.so")

# every section covers the whole file
size = 16 << 20
body = bytearray(size)
body[:64], body[64:64 + len(NAMES)] = elf(size, 16_002), NAMES
with tarfile.open(target, "w") as t:
    add(t, "usr/lib/libcudart.so.12", bytes(body) + table([(4096, size - 4096)] * 16_000))
look("sections over each other", "cudart")

# sections here and there: of a stream each is decoded again
places = random.Random(1)
size = 192 << 20
rows = table([(places.randrange(8 << 20, size - 4096), 4096) for _ in range(8_000)])
body = bytearray(size)
body[:64], body[64:64 + len(NAMES)], body[4096:4096 + len(rows)] = elf(4096, 8_002), NAMES, rows
with gzip.open(target, "wb", 1) as g, tarfile.open(fileobj=g, mode="w|") as t:
    add(t, "usr/lib/libcudart.so.12", bytes(body))
look("sections here and there", "cudart")
del body

# texts without end
with gzip.open(target, "wb", 1) as g, tarfile.open(fileobj=g, mode="w|") as t:
    for i in range(260):
        add(t, "usr/lib/python3.11/site-packages/p%d-1.dist-info/METADATA" % i, bytes(4 << 20))
look("texts without end", "its layer has more to tell than is kept of one", megabytes=900)

# names and versions that a command must not take for its own
with tarfile.open(target, "w") as t:
    for name, version in ("torch", "2.5.1+cu124;reboot"), ("torchvision", "0.1+cu118';reboot;'"):
        add(t, "usr/lib/python3.11/site-packages/%s-%s.dist-info/METADATA" % (name, version),
            ("Metadata-Version: 2.1\nName: %s\nVersion: %s\n" % (name, version)).encode())
    add(t, "usr/lib/python3.11/site-packages/torch/version.py", b"__version__ = '2.5.1+cu124'\ncuda = '12.4'\n")
p = subprocess.run([envcheck, "--no-cache", "--driver", "470.82.01", "--gpu", "A100", "--format", "json", str(target)], capture_output=True, text=True)
commands = [c for result in json.loads(p.stdout)["results"] for f in result["findings"] for c in f.get("remedy", [])]
if not any("reboot" in c for c in commands):
    bad = 1
    print("FAIL commands", commands)
for c in commands:
    if "reboot" in shlex.shlex(c, posix=True, punctuation_chars=True):
        bad = 1
        print("FAIL a command runs what a package is called:", c)
sys.exit(bad)
