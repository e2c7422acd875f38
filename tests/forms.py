"""One image in many forms. usage: forms.py docker.tar OUT: writes the forms of a plain docker-archive into OUT.

Standard library alone; layers stay the same bytes, only their wrapping differs.
"""
import gzip
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile


def write(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(data)


def blob(folder, data):
    digest = hashlib.sha256(data).hexdigest()
    write(f"{folder}/blobs/sha256/{digest}", data)
    return {"digest": f"sha256:{digest}", "size": len(data)}


def oci(folder, config, layers, pack, media):
    """An OCI layout. The media type of the layers is a lie on purpose where `media` says so."""
    manifest = {
        "schemaVersion": 2,
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json", **blob(folder, config)},
        "layers": [{"mediaType": media, **blob(folder, pack(data))} for data in layers],
    }
    index = {"schemaVersion": 2, "manifests": [{
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "annotations": {"org.opencontainers.image.ref.name": "1.0"},
        **blob(folder, json.dumps(manifest).encode()),
    }]}
    write(f"{folder}/index.json", json.dumps(index).encode())
    write(f"{folder}/oci-layout", b'{"imageLayoutVersion": "1.0.0"}')


def main():
    source, out = sys.argv[1:]
    with tarfile.open(source) as t:
        members = {m.name: t.extractfile(m).read() for m in t.getmembers() if m.isfile()}
    manifest = json.loads(members["manifest.json"])[0]
    config, layers = members[manifest["Config"]], [members[name] for name in manifest["Layers"]]

    def compressed(command):
        return lambda data: subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout

    zstd = compressed(["zstd", "-qc"])
    tar_gzip, tar = "application/vnd.oci.image.layer.v1.tar+gzip", "application/vnd.oci.image.layer.v1.tar"
    oci(f"{out}/oci-gzip", config, layers, lambda d: gzip.compress(d, mtime=0), tar_gzip)
    oci(f"{out}/oci-zstd", config, layers, zstd, "application/vnd.oci.image.layer.v1.tar+zstd")
    oci(f"{out}/oci-plain-called-gzip", config, layers, lambda d: d, tar_gzip)
    oci(f"{out}/oci-gzip-called-plain", config, layers, lambda d: gzip.compress(d, mtime=0), tar)
    with tarfile.open(f"{out}/oci-in-a-tar", "w") as t:
        t.add(f"{out}/oci-gzip", "./")
    whole = open(source, "rb").read()
    write(f"{out}/docker.gz", gzip.compress(whole, mtime=0))
    write(f"{out}/docker.zst", zstd(whole))
    write(f"{out}/docker.xz", compressed(["xz", "-1c"])(whole))
    # the manifest last and a folder a layer, as docker save wrote it for years
    with tarfile.open(f"{out}/docker-manifest-last", "w") as t:
        def add(name, data):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            t.addfile(info, io.BytesIO(data))
        for i, data in enumerate(layers):
            add(f"layer{i}/layer.tar", data)
        add("config.json", config)
        add("manifest.json", json.dumps([{"Config": "config.json", "RepoTags": None,
                                          "Layers": [f"layer{i}/layer.tar" for i in range(len(layers))]}]).encode())


main()
