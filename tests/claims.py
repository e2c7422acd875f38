"""A docker archive whose last layer is another than its configuration states: claims.py IMAGE FORGERY.

With a third word its configuration states that other layer: an honest image on the same base.
"""
import hashlib
import io
import json
import sys
import tarfile

with tarfile.open(sys.argv[1]) as t:
    members = [(m, t.extractfile(m).read() if m.isfile() else b"") for m in t.getmembers()]
manifest = json.loads(next(b for m, b in members if m.name == "manifest.json"))
forged = manifest[0]["Layers"][-1]
layer = io.BytesIO()
with tarfile.open(fileobj=layer, mode="w") as t:
    t.addfile(tarfile.TarInfo("forged"), io.BytesIO())
config = manifest[0]["Config"]
stated = hashlib.sha256(layer.getvalue()).hexdigest() if len(sys.argv) > 3 else None
with tarfile.open(sys.argv[2], "w") as t:
    for m, b in members:
        b = layer.getvalue() if m.name == forged else b
        if stated and m.name == config:
            c = json.loads(b)
            c["rootfs"]["diff_ids"][-1] = "sha256:" + stated
            b = json.dumps(c).encode()
        m.size = len(b)
        t.addfile(m, io.BytesIO(b))
