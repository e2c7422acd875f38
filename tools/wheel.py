#!/usr/bin/env python3
"""Packs the static binary into a Python wheel; the same binary gives the same bytes.

usage: tools/wheel.py BINARY VERSION OUT_DIR [FILE_IN_WHEEL=FILE ...]

The binary is a script of the wheel's .data folder, so that pip and uv put it into bin/ as it is; `python -m envcheck`
finds it there. Platform tags: a binary that needs no C library runs where glibc is (manylinux) and where musl is
(musllinux). A binary that asks for a loader is refused: the tags would lie.
Binary distribution format: packaging.python.org/en/latest/specifications/binary-distribution-format
"""
import base64
import hashlib
import os
import struct
import sys
import time
import zipfile

MACHINES = {62: "x86_64", 183: "aarch64"}  # e_machine of the ELF header
PT_INTERP = 3

METADATA = """\
Metadata-Version: 2.1
Name: envcheck
Version: {version}
Summary: Will the GPU software in this image, wheel or folder run on that host?
License: Apache-2.0
Classifier: Environment :: GPU :: NVIDIA CUDA
Classifier: License :: OSI Approved :: Apache Software License
Classifier: Operating System :: POSIX :: Linux
Classifier: Programming Language :: C
Requires-Python: >=3.6
Description-Content-Type: text/markdown

{readme}"""

MAIN = '''\
"""python -m envcheck: the program that this package put beside the interpreter."""
import os
import sys
import sysconfig


def main():
    schemes = [None, sysconfig.get_default_scheme() if hasattr(sysconfig, "get_default_scheme") else None, "posix_user"]
    for scheme in schemes:
        folder = sysconfig.get_path("scripts", scheme) if scheme else sysconfig.get_path("scripts")
        program = os.path.join(folder, "envcheck")
        if os.path.isfile(program):
            os.execv(program, [program] + sys.argv[1:])
    sys.exit("envcheck: the program is not where this package was installed")


if __name__ == "__main__":
    main()
'''


def machine_of(elf):
    """The machine of a 64-bit little-endian ELF file that asks for no loader."""
    if elf[:6] != b"\x7fELF\x02\x01":
        sys.exit("wheel: the binary is no 64-bit little-endian ELF file")
    machine, = struct.unpack_from("<H", elf, 18)
    phoff, = struct.unpack_from("<Q", elf, 32)
    phentsize, phnum = struct.unpack_from("<HH", elf, 54)
    for i in range(phnum):
        if struct.unpack_from("<I", elf, phoff + i * phentsize)[0] == PT_INTERP:
            sys.exit("wheel: the binary is not static, it would not run where its tags say: try make wheel")
    if machine not in MACHINES:
        sys.exit("wheel: machine %d has no platform tag here" % machine)
    return MACHINES[machine]


def add(wheel, record, name, data, mode=0o644):
    when = max(int(os.environ.get("SOURCE_DATE_EPOCH", "0")), 315532800)  # zip begins with 1980
    info = zipfile.ZipInfo(name, time.gmtime(when)[:6])
    info.create_system = 3  # Unix: modes count
    info.external_attr = (0o100000 | mode) << 16
    info.compress_type = zipfile.ZIP_DEFLATED
    wheel.writestr(info, data)
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    record.append("%s,sha256=%s,%d" % (name, digest, len(data)))


def main():
    binary, version, out_dir = sys.argv[1:4]
    elf = open(binary, "rb").read()
    machine = machine_of(elf)
    platforms = ["manylinux2014_" + machine, "manylinux_2_17_" + machine, "musllinux_1_1_" + machine]
    name = "envcheck-%s-py3-none-%s.whl" % (version, ".".join(platforms))
    info = "envcheck-%s.dist-info/" % version
    data = "envcheck-%s.data/" % version
    tags = "".join("Tag: py3-none-%s\n" % p for p in platforms)
    text = lambda path: open(path, encoding="utf-8").read()

    record = []
    os.makedirs(out_dir, exist_ok=True)
    path = os.path.join(out_dir, name)
    with zipfile.ZipFile(path + ".new", "w", compresslevel=9) as wheel:
        add(wheel, record, "envcheck/__init__.py", b"")
        add(wheel, record, "envcheck/__main__.py", MAIN.encode())
        add(wheel, record, data + "scripts/envcheck", elf, 0o755)
        for pair in sorted(sys.argv[4:]):
            inside, _, file = pair.partition("=")
            add(wheel, record, data + "data/" + inside, open(file, "rb").read())
        add(wheel, record, info + "licenses/LICENSE", text("LICENSE").encode())
        add(wheel, record, info + "licenses/LINKED", text("docs/linked.md").encode())
        add(wheel, record, info + "METADATA", METADATA.format(version=version, readme=text("README.md")).encode())
        add(wheel, record, info + "WHEEL",
            ("Wheel-Version: 1.0\nGenerator: envcheck\nRoot-Is-Purelib: false\n" + tags).encode())
        lines = "\n".join(record) + "\n" + info + "RECORD,,\n"
        add(wheel, [], info + "RECORD", lines.encode())
    os.replace(path + ".new", path)
    print(path)


if __name__ == "__main__":
    main()
