#!/usr/bin/env python3
"""Writes one large shared object whose dynamic symbols and strings lie in its middle: replay.py FILE [MEGABYTES].

Neither its head nor its tail tells what it needs: a reader of a stream must look twice.
"""
import random
import struct
import sys


def strings(names):
    table, at = bytearray(b"\0"), {}
    for name in names:
        at[name] = len(table)
        table += name.encode() + b"\0"
    return bytes(table), at


def main():
    path, size = sys.argv[1], int(sys.argv[2] if len(sys.argv) > 2 else 48) << 20
    rng = random.Random(1)
    needed = ["libcudart.so.12", "libmiddle.so.3", "libc.so.6"]
    undefined = [f"needed_symbol_{i}_{'x' * (i % 40)}" for i in range(4000)]
    defined = [f"_ZN6middle{i}E{'v' * (i % 60)}" for i in range(30000)]
    dynstr, at = strings(needed + ["libbig.so.1"] + undefined + defined)
    dynsym = bytearray(24)
    for name in undefined:
        dynsym += struct.pack("<IBBHQQ", at[name], 0x12, 0, 0, 0, 0)
    for i, name in enumerate(defined):
        dynsym += struct.pack("<IBBHQQ", at[name], 0x12, 0, 7, 0x1000 + i, 8)
    middle = size // 2 & ~4095
    sym_at = middle + 4096
    str_at = sym_at + len(dynsym)
    dyn_at = (size - (4 << 20)) & ~4095
    tags = [(1, at[n]) for n in needed] + [(14, at["libbig.so.1"]), (5, str_at), (10, len(dynstr)), (6, sym_at), (11, 24), (0, 0)]
    dynamic = b"".join(struct.pack("<QQ", *t) for t in tags)
    names, name_at = strings([".dynsym", ".dynstr", ".dynamic", ".nv_fatbin", ".shstrtab"])
    # a fatbin with one cubin for sm_90, between head and middle
    entry = struct.pack("<HHIQIIHHIQQQQ", 2, 0x101, 64, 4096, 0, 0, 0, 0, 90, 0, 0x11, 0, 0) + bytes(4096)
    fatbin = struct.pack("<IHHQ", 0xBA55ED50, 1, 16, len(entry)) + entry
    fat_at = 4 << 20
    shoff = size - 4096
    sections = [(0, 0, 0, 0, 0), (".dynsym", 11, 2, sym_at, len(dynsym)), (".dynstr", 3, 2, str_at, len(dynstr)),
                (".dynamic", 6, 2, dyn_at, len(dynamic)), (".nv_fatbin", 1, 2, fat_at, len(fatbin)), (".shstrtab", 3, 0, shoff - 256, len(names))]
    table = b"".join(struct.pack("<IIQQQQIIQQ", name_at.get(n, 0), kind, flags, where if flags else 0, where, n_bytes, 0, 0, 8, 0)
                     for n, kind, flags, where, n_bytes in sections)
    head = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, 0, 64, shoff, 0, 64, 56, 2, 64, len(sections), 5)
    head += struct.pack("<IIQQQQQQ", 1, 5, 0, 0, 0, size, size, 4096)
    head += struct.pack("<IIQQQQQQ", 2, 6, dyn_at, dyn_at, dyn_at, len(dynamic), len(dynamic), 8)
    noise = rng.randbytes(1 << 20)
    with open(path, "wb") as f:
        for _ in range(size >> 20):
            f.write(noise)
        for where, data in ((0, head), (fat_at, fatbin), (sym_at, bytes(dynsym)), (str_at, dynstr), (dyn_at, dynamic),
                            (shoff - 256, names), (shoff, table)):
            f.seek(where)
            f.write(data)


main()
