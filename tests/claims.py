"""A docker archive whose last layer is another than its configuration states: claims.py IMAGE FORGERY."""
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
with tarfile.open(sys.argv[2], "w") as t:
    for m, b in members:
        b = layer.getvalue() if m.name == forged else b
        m.size = len(b)
        t.addfile(m, io.BytesIO(b))
