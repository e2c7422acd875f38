"""How layers merge: each case is a list of layers and the tree that a container sees.

An entry is (path, kind, what): file text, link target, hardlink target, mode of a folder.
usage: merge.py ENVCHECK
"""
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile

D, F, L, H = "dir", "file", "symlink", "hardlink"

CASES = {
    "whiteout-hides-a-lower-file": (
        [[("a", D, 0o755), ("a/x", F, "1"), ("a/y", F, "2")], [("a/.wh.x", F, "")]],
        {"/a": D, "/a/y": (F, 1)}),
    "whiteout-does-not-hide-its-own-layer": (
        [[("a/x", F, "1")], [("a/x", F, "new"), ("a/.wh.x", F, "")]],
        {"/a": D, "/a/x": (F, 3)}),
    "opaque-hides-all-below-and-nothing-beside": (
        [[("a/old", F, "1"), ("a/sub/deep", F, "2"), ("b", F, "3")], [("a/new", F, "44"), ("a/.wh..wh..opq", F, "")]],
        {"/a": D, "/a/new": (F, 2), "/b": (F, 1)}),
    "opaque-over-a-file": (
        [[("a", F, "1")], [("a", D, 0o755), ("a/.wh..wh..opq", F, ""), ("a/x", F, "22")]],
        {"/a": D, "/a/x": (F, 2)}),
    "file-replaces-a-folder": (
        [[("a/x", F, "1")], [("a", F, "22")]],
        {"/a": (F, 2)}),
    "folder-replaces-a-file": (
        [[("a", F, "1")], [("a", D, 0o700)]],
        {"/a": D}),
    "folder-over-folder-keeps-content": (
        [[("a", D, 0o755), ("a/x", F, "1")], [("a", D, 0o700)]],
        {"/a": D, "/a/x": (F, 1)}),
    "link-replaces-a-folder": (
        [[("lib/x", F, "1")], [("usr/lib", D, 0o755), ("lib", L, "usr/lib")]],
        {"/lib": (L, "usr/lib"), "/usr": D, "/usr/lib": D}),
    "files-below-a-lower-link-go-where-it-points": (
        [[("usr/lib", D, 0o755), ("lib", L, "usr/lib")], [("lib/x", F, "1")]],
        {"/lib": (L, "usr/lib"), "/usr": D, "/usr/lib": D, "/usr/lib/x": (F, 1)}),
    "an-absolute-link-stays-inside": (
        [[("data", D, 0o755), ("a", L, "/data")], [("a/x", F, "1")]],
        {"/a": (L, "/data"), "/data": D, "/data/x": (F, 1)}),
    "a-link-that-climbs-stays-inside": (
        [[("a", L, "../../../etc"), ("etc", D, 0o755)], [("a/x", F, "1")]],
        {"/a": (L, "../../../etc"), "/etc": D, "/etc/x": (F, 1)}),
    "a-named-folder-replaces-a-link": (
        [[("data", D, 0o755), ("a", L, "data")], [("a", D, 0o755), ("a/x", F, "1")]],
        {"/a": D, "/a/x": (F, 1), "/data": D}),
    "hardlink-within-a-layer": (
        [[("a", F, "123"), ("b", H, "a")]],
        {"/a": (F, 3), "/b": (F, 3)}),
    "hardlink-that-its-own-layer-replaces": (
        [[("a", F, "123"), ("b", H, "a"), ("b", F, "12345")]],
        {"/a": (F, 3), "/b": (F, 5)}),
    "hardlink-that-its-own-layer-makes-a-link": (
        [[("a", F, "123"), ("b", H, "a"), ("b", L, "a")]],
        {"/a": (F, 3), "/b": (L, "a")}),
    "hardlink-that-replaces-a-file-of-its-own-layer": (
        [[("a", F, "123"), ("b", F, "12345"), ("b", H, "a")]],
        {"/a": (F, 3), "/b": (F, 3)}),
    "hardlink-to-a-lower-layer": (
        [[("a", F, "123")], [("b", H, "a")]],
        {"/a": (F, 3), "/b": (F, 3)}),
    "hardlink-survives-its-name": (
        [[("a", F, "123"), ("b", H, "a")], [(".wh.a", F, "")]],
        {"/b": (F, 3)}),
    "whiteout-of-a-folder-and-its-return": (
        [[("a/x", F, "1"), ("a/y/z", F, "2")], [(".wh.a", F, "")], [("a/w", F, "333")]],
        {"/a": D, "/a/w": (F, 3)}),
    "a-name-twice-in-a-layer-counts-last": (
        [[("a", F, "1"), ("a", F, "22")]],
        {"/a": (F, 2)}),
    "dots-and-slashes-in-names": (
        [[("./a//b/./c", F, "1"), ("a/b/../d", F, "22")]],
        {"/a": D, "/a/b": D, "/a/b/c": (F, 1), "/a/d": (F, 2)}),
    "whiteout-of-nothing": (
        [[("a", F, "1")], [("no/.wh.thing", F, ""), (".wh..wh.plnk", D, 0o755)]],
        {"/a": (F, 1)}),
    "three-layers-of-one-file": (
        [[("a", F, "1")], [("a", F, "22")], [("a", F, "333")]],
        {"/a": (F, 3)}),
}


def layer(entries):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as t:
        for path, kind, what in entries:
            info = tarfile.TarInfo(path)
            data = b""
            if kind == D:
                info.type, info.mode = tarfile.DIRTYPE, what
            elif kind == F:
                data = what.encode()
                info.size = len(data)
            else:
                info.type = tarfile.SYMTYPE if kind == L else tarfile.LNKTYPE
                info.linkname = what
            t.addfile(info, io.BytesIO(data))
    return out.getvalue()


def image(path, layers):
    with tarfile.open(path, "w") as t:
        def add(name, data):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            t.addfile(info, io.BytesIO(data))
        for i, entries in enumerate(layers):
            add(f"{i}.tar", layer(entries))
        add("config.json", b'{"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}}')
        add("manifest.json", json.dumps([{"Config": "config.json", "RepoTags": ["t:1"],
                                          "Layers": [f"{i}.tar" for i in range(len(layers))]}]).encode())


def seen(envcheck, path):
    run = subprocess.run([envcheck, "inspect", "--files", "--format", "json", path], stdout=subprocess.PIPE, check=True)
    files = json.loads(run.stdout)["targets"][0]["files"]
    assert [f["path"] for f in files] == sorted(f["path"] for f in files), "files are not sorted"
    value = {D: lambda f: D, F: lambda f: (F, f["size"]), L: lambda f: (L, f["target"])}
    return {f["path"]: value[f["type"]](f) for f in files}


def main():
    bad = 0
    with tempfile.TemporaryDirectory() as tmp:
        for name, (layers, want) in CASES.items():
            path = os.path.join(tmp, "image.tar")
            image(path, layers)
            got = seen(sys.argv[1], path)
            if got != want:
                bad = 1
                print(f"{name}\n  want {want}\n  got  {got}")
    sys.exit(bad)


main()
