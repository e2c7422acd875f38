"""Wheels that pip takes for torch: small, but with names, metadata and GPU code where torch has them. usage: shelf.py FOLDER VERSION...; also a module.

The library holds headers of cubins (examples/kernels.S) for the GPUs that torch's builds are for; the kernels are zeros."""
import base64
import hashlib
import pathlib
import subprocess
import sys
import tempfile
import zipfile

TOP = pathlib.Path(__file__).resolve().parents[2]


def library():
    with tempfile.TemporaryDirectory() as tmp:
        out = pathlib.Path(tmp) / "libtorch_cuda.so"
        subprocess.run(["cc", "-shared", "-nostdlib", "-Wl,--build-id=none", "-Wl,-soname,libtorch_cuda.so", "-o", out, TOP / "examples/kernels.S"], check=True)
        return out.read_bytes()


def wheel(folder, version, code, tag="py3-none-linux_x86_64"):
    """The file, written into that folder."""
    cuda = version.split("+cu")[1]
    info = "torch-%s.dist-info/" % version
    files = {
        "torch/__init__.py": b"",
        "torch/version.py": ("__version__ = '%s'\ndebug = False\ncuda = '%s.%s'\nhip = None\n" % (version, cuda[:-1], cuda[-1])).encode(),
        "torch/lib/libtorch_cuda.so": code,
        info + "METADATA": ("Metadata-Version: 2.1\nName: torch\nVersion: %s\n" % version).encode(),
        info + "WHEEL": b"Wheel-Version: 1.0\nGenerator: shelf\nRoot-Is-Purelib: false\nTag: " + tag.encode() + b"\n",
    }
    rows = ["%s,sha256=%s,%d" % (name, base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode(), len(data)) for name, data in files.items()]
    files[info + "RECORD"] = ("\n".join(rows) + "\n" + info + "RECORD,,\n").encode()
    path = folder / ("torch-%s-%s.whl" % (version, tag))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        for name, data in files.items():
            z.writestr(name, data)
    return path


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    code = library()
    for version in sys.argv[2:]:
        wheel(folder, version, code)


if __name__ == "__main__":
    main()
