"""Small root file systems in which the real loader (by chroot) and envcheck must choose the same files, and leave the
same names undefined. Run by loader_test.sh: loader_oracle.py ENVCHECK FOLDER glibc|musl.

A case is a dict:
  files  path -> spec of a shared object: soname, needed (paths of others' link names), rpath, runpath, defs, undef,
         versions (a version script), nodeflib, machine (an e_machine written over it)
  main   spec of the program (/app/main), which is started in folder `cwd` by the path `start`
  links  path -> target;  texts  path -> text;  dirs  [path];  env  {name: value}
  ldconfig  run it in the root first;  after  [paths removed then]
"""
import json
import os
import shutil
import subprocess
import sys
import time

ENVCHECK, TOP, LIBC = sys.argv[1:4]
MULTI = "x86_64-linux-gnu"


def lib(*needed, **more):
    return dict(needed=list(needed), **more)


def both(name, **more):
    """Two files of one name in two folders of the case."""
    return {"/a/" + name: lib(**more), "/b/" + name: lib(**more)}


CASES = {
    "rpath": dict(main=lib("liba.so.1", rpath="/a"), files={"/a/liba.so.1": lib()}),
    "runpath": dict(main=lib("liba.so.1", runpath="/a"), files={"/a/liba.so.1": lib()}),
    "missing": dict(main=lib("liba.so.1"), files={"/a/liba.so.1": lib()}),
    "missing-below": dict(main=lib("liba.so.1", runpath="/a"), files={"/a/liba.so.1": lib("libb.so.1"), "/b/libb.so.1": lib()}),
    "rpath-inherited": dict(main=lib("liba.so.1", rpath="/a:/b"), files={"/a/liba.so.1": lib("libb.so.1"), "/b/libb.so.1": lib()}),
    "runpath-not-inherited": dict(main=lib("liba.so.1", runpath="/a:/b"), files={"/a/liba.so.1": lib("libb.so.1"), "/b/libb.so.1": lib()}),
    "rpath-of-the-program-far-below": dict(main=lib("liba.so.1", rpath="/a:/c"), files={
        "/a/liba.so.1": lib("libb.so.1", rpath="/b"), "/b/libb.so.1": lib("libc1.so.1"), "/c/libc1.so.1": lib()}),
    "runpath-stops-rpath": dict(main=lib("liba.so.1", rpath="/a:/b"), files={
        "/a/liba.so.1": lib("libb.so.1", runpath="/none"), "/b/libb.so.1": lib()}),
    "rpath-beats-library-path": dict(main=lib("liba.so.1", rpath="/a"), files=both("liba.so.1"), env={"LD_LIBRARY_PATH": "/b"}),
    "library-path-beats-runpath": dict(main=lib("liba.so.1", runpath="/a"), files=both("liba.so.1"), env={"LD_LIBRARY_PATH": "/b"}),
    "library-path-beats-cache": dict(main=lib("liba.so.1"), files=both("liba.so.1"), env={"LD_LIBRARY_PATH": "/b"},
                                     texts={"/etc/ld.so.conf": "/a\n"}, ldconfig=True),
    "library-path-order": dict(main=lib("liba.so.1"), files=both("liba.so.1"), env={"LD_LIBRARY_PATH": "/none:/b:/a"}),
    "library-path-semicolon": dict(main=lib("liba.so.1"), files=both("liba.so.1"), env={"LD_LIBRARY_PATH": "/none;/b"}),
    "library-path-slash-at-end": dict(main=lib("liba.so.1"), files=both("liba.so.1"), env={"LD_LIBRARY_PATH": "/b//"}),
    "cache": dict(main=lib("liba.so.1"), files=both("liba.so.1"), texts={"/etc/ld.so.conf": "/b\n"}, ldconfig=True),
    "cache-two-folders": dict(main=lib("liba.so.1"), files=both("liba.so.1"), texts={"/etc/ld.so.conf": "/b\n/a\n"}, ldconfig=True),
    "cache-beats-default": dict(main=lib("liba.so.1"), files={"/a/liba.so.1": lib(), "/usr/lib/liba.so.1": lib()},
                                texts={"/etc/ld.so.conf": "/a\n"}, ldconfig=True),
    "cache-include": dict(main=lib("liba.so.1"), files={"/a/liba.so.1": lib()}, ldconfig=True,
                          texts={"/etc/ld.so.conf": "include /etc/ld.so.conf.d/*.conf\n", "/etc/ld.so.conf.d/x.conf": "# a\n/a\n"}),
    "cache-stale": dict(main=lib("liba.so.1"), files={"/a/liba.so.1": lib(), "/usr/lib/liba.so.1": lib()}, after=["/a/liba.so.1"],
                        texts={"/etc/ld.so.conf": "/a\n"}, ldconfig=True),
    "conf-without-cache": dict(main=lib("liba.so.1"), files={"/a/liba.so.1": lib()}, texts={"/etc/ld.so.conf": "/a\n"}),
    "default-multiarch": dict(main=lib("liba.so.1"), files={"/usr/lib/%s/liba.so.1" % MULTI: lib(), "/usr/lib/liba.so.1": lib()}),
    "default-lib": dict(main=lib("liba.so.1"), files={"/lib/liba.so.1": lib(), "/usr/lib/liba.so.1": lib()}),
    "default-usr-local": dict(main=lib("liba.so.1"), files={"/usr/local/lib/liba.so.1": lib(), "/usr/lib/liba.so.1": lib()}),
    "nodeflib": dict(main=lib("liba.so.1", nodeflib=True), files={"/usr/lib/liba.so.1": lib()}, ldconfig=True),
    "nodeflib-conf": dict(main=lib("liba.so.1", nodeflib=True), files={"/a/liba.so.1": lib()}, texts={"/etc/ld.so.conf": "/a\n"}, ldconfig=True),
    "origin": dict(main=lib("liba.so.1", runpath="$ORIGIN/../a"), files={"/a/liba.so.1": lib("libb.so.1", runpath="$ORIGIN/x"), "/a/x/libb.so.1": lib()}),
    "origin-braces": dict(main=lib("liba.so.1", rpath="${ORIGIN}/../a"), files={"/a/liba.so.1": lib()}),
    "origin-in-the-middle": dict(main=lib("liba.so.1", rpath="/none/$ORIGIN/../a:$ORIGIN/../a"), files={"/a/liba.so.1": lib()}),
    "origin-program-by-link": dict(main=lib("liba.so.1", runpath="$ORIGIN/x"), start="/bin/go", links={"/bin/go": "../app/main"},
                                   files={"/app/x/liba.so.1": lib(), "/bin/x/liba.so.1": lib()}),
    "origin-folder-by-link": dict(main=lib("liba.so.1", runpath="/l"), links={"/l": "/deep/a"}, files={
        "/deep/a/liba.so.1": lib("libb.so.1", runpath="$ORIGIN/../b"), "/deep/b/libb.so.1": lib(), "/b/libb.so.1": lib()}),
    "origin-file-by-link": dict(main=lib("liba.so.1", runpath="/l"), links={"/l/liba.so.1": "/deep/a/liba.so.1"}, files={
        "/deep/a/liba.so.1": lib("libb.so.1", runpath="$ORIGIN/x"), "/deep/a/x/libb.so.1": lib(), "/l/x/libb.so.1": lib()}),
    "token-lib": dict(main=lib("liba.so.1", runpath="/opt/$LIB"), files={"/opt/lib/%s/liba.so.1" % MULTI: lib(), "/opt/lib64/liba.so.1": lib()}),
    "token-platform": dict(main=lib("liba.so.1", runpath="/opt/$PLATFORM"), files={"/opt/x86_64/liba.so.1": lib(), "/opt/haswell/liba.so.1": lib()}),
    "circle": dict(main=lib("liba.so.1", runpath="/a"), files={
        "/a/liba.so.1": lib("libb.so.1", runpath="/a"), "/a/libb.so.1": lib("liba.so.1", runpath="/a")}),
    "diamond": dict(main=lib("liba.so.1", "libb.so.1", runpath="/a"), files={
        "/a/liba.so.1": lib("libd.so.1", runpath="/b"), "/a/libb.so.1": lib("libd.so.1", runpath="/a"),
        "/a/libd.so.1": lib(), "/b/libd.so.1": lib()}),
    "loaded-by-soname": dict(main=lib("liba-1.2.so", "libb.so.1", runpath="/a"), files={
        "/a/liba-1.2.so": lib(soname="liba.so.1"), "/a/libb.so.1": lib("liba.so.1", runpath="/b"), "/b/liba.so.1": lib()}),
    "one-file-two-names": dict(main=lib("liba.so.1", "liba.so.2", runpath="/a"), links={"/a/liba.so.2": "liba.so.1"},
                               files={"/a/liba.so.1": lib(soname="")}),
    "other-machine-first": dict(main=lib("liba.so.1", runpath="/a:/b"), files={"/a/liba.so.1": lib(machine=183), "/b/liba.so.1": lib()}),
    "other-machine-alone": dict(main=lib("liba.so.1", runpath="/a"), files={"/a/liba.so.1": lib(machine=183)}),
    "other-class-first": dict(main=lib("liba.so.1", runpath="/a:/b"), files={"/a/liba.so.1": lib(narrow=True), "/b/liba.so.1": lib()}),
    "link-absolute": dict(main=lib("liba.so.1", runpath="/a"), links={"/a/liba.so.1": "/b/real.so"}, files={"/b/real.so": lib(soname="liba.so.1")}),
    "link-dangling-first": dict(main=lib("liba.so.1", runpath="/a:/b"), links={"/a/liba.so.1": "/none"}, files={"/b/liba.so.1": lib()}),
    "needed-by-path": dict(main=lib("/a/liba.so.1"), files={"/a/liba.so.1": lib(soname="")}),
    "preload": dict(main=lib("liba.so.1", runpath="/a"), files={"/a/liba.so.1": lib(undef=["f"]), "/p/libp.so": lib(defs=["f"])},
                    env={"LD_PRELOAD": "/p/libp.so"}),
    "preload-by-name": dict(main=lib("liba.so.1", runpath="/a"), files={"/a/liba.so.1": lib(undef=["f"]), "/usr/lib/libp.so": lib(defs=["f"])},
                            env={"LD_PRELOAD": "libp.so"}),
    "preload-file": dict(main=lib("liba.so.1", runpath="/a"), files={"/a/liba.so.1": lib(undef=["f"]), "/p/libp.so": lib(defs=["f"])},
                         texts={"/etc/ld.so.preload": "/p/libp.so\n"}),
    "preload-brings-the-soname": dict(main=lib("liba.so.1", runpath="/a"), files={"/a/liba.so.1": lib(), "/p/x.so": lib(soname="liba.so.1")},
                                      env={"LD_PRELOAD": "/p/x.so"}),
    "hwcaps-library-path": dict(main=lib("liba.so.1"), files={"/a/liba.so.1": lib(), "/a/glibc-hwcaps/x86-64-v3/liba.so.1": lib()},
                                env={"LD_LIBRARY_PATH": "/a"}),
    "hwcaps-v2-and-v3": dict(main=lib("liba.so.1", runpath="/a"), files={
        "/a/liba.so.1": lib(), "/a/glibc-hwcaps/x86-64-v2/liba.so.1": lib(), "/a/glibc-hwcaps/x86-64-v3/liba.so.1": lib()}),
    "hwcaps-cache": dict(main=lib("liba.so.1"), files={"/usr/lib/liba.so.1": lib(), "/usr/lib/glibc-hwcaps/x86-64-v3/liba.so.1": lib()}, ldconfig=True),
    "hwcaps-other-library": dict(main=lib("liba.so.1"), files={"/usr/lib/liba.so.1": lib(), "/usr/lib/glibc-hwcaps/x86-64-v3/libz9.so.1": lib()}),
    "undefined": dict(main=lib("liba.so.1", runpath="/a"), files={"/a/liba.so.1": lib(undef=["gone_a", "gone_b", "here"]), "/b/x.so": lib()},
                      extra=["here"]),
    "undefined-in-the-program": dict(main=lib("liba.so.1", runpath="/a", undef=["nowhere"]), files={"/a/liba.so.1": lib(defs=["f"])}),
    "defined-by-a-later-one": dict(main=lib("liba.so.1", "libb.so.1", runpath="/a"), files={
        "/a/liba.so.1": lib(undef=["f"]), "/a/libb.so.1": lib(defs=["f"])}),
    "weak-is-not-missed": dict(main=lib("liba.so.1", runpath="/a"), files={"/a/liba.so.1": lib(weak=["gone"])}),
    "version-of-the-copy": dict(main=lib("liba.so.1", runpath="/a"), files={
        "/a/liba.so.1": lib("libv.so.1", undef=["f@V2"], runpath="/b", link="/v/libv.so.1"),
        "/v/libv.so.1": lib(defs=["f"], versions="V1 { }; V2 { global: f; } V1;"),
        "/b/libv.so.1": lib(defs=["f"], versions="V1 { }; V2 { global: f; } V1;")}),
    "no-version-serves-all": dict(main=lib("liba.so.1", runpath="/a"), files={
        "/a/liba.so.1": lib("libv.so.1", undef=["f@V2"], runpath="/b", link="/v/libv.so.1"),
        "/v/libv.so.1": lib(defs=["f"], versions="V2 { global: f; };"), "/b/libv.so.1": lib(defs=["f"])}),
    "second-name-is-kept": dict(main=lib("liba.so.1", "libc1.so.1", "libb.so.1", runpath="/a"), links={"/a/liba.so.2": "liba.so.1"}, files={
        "/a/liba.so.1": lib(soname=""), "/a/libc1.so.1": lib("liba.so.2", runpath="/a"), "/a/libb.so.1": lib("liba.so.2", runpath="/b"),
        "/b/liba.so.2": lib(soname="")}),
    "library-path-origin": dict(main=lib("liba.so.1"), files={"/a/liba.so.1": lib()}, env={"LD_LIBRARY_PATH": "$ORIGIN/../a"}),
    "library-path-token": dict(main=lib("liba.so.1"), files={"/opt/lib/%s/liba.so.1" % MULTI: lib()}, env={"LD_LIBRARY_PATH": "/opt/$LIB"}),
    "library-path-empty-end": dict(main=lib("liba.so.1"), files={"/liba.so.1": lib()}, env={"LD_LIBRARY_PATH": "/none:"}),
    "library-path-empty-middle": dict(main=lib("liba.so.1"), files={"/liba.so.1": lib()}, env={"LD_LIBRARY_PATH": "/none::/none2"}),
    "rpath-empty-end": dict(main=lib("liba.so.1", rpath="/none:"), files={"/liba.so.1": lib()}),
    "rpath-empty-first": dict(main=lib("liba.so.1", rpath=":/none"), files={"/liba.so.1": lib()}),
    "runpath-blank-stops-rpath": dict(main=lib("liba.so.1", rpath="/a:/b"), files={
        "/a/liba.so.1": lib("libb.so.1", runpath="/nowhere", blank="/nowhere"), "/b/libb.so.1": lib()}),
    "rpath-unknown-token": dict(main=lib("liba.so.1", rpath="$NONE/a:/a"), files={"/a/liba.so.1": lib()}),
    "rpath-token-then-letters": dict(main=lib("liba.so.1", rpath="$ORIGINx:/b"), files=dict(both("liba.so.1"), **{"/appx/liba.so.1": lib()})),
    "rpath-lib-then-64": dict(main=lib("liba.so.1", rpath="/opt/$LIB64"), files={"/opt/lib/%s64/liba.so.1" % MULTI: lib(), "/opt/lib64/liba.so.1": lib()}),
    "rpath-above-the-root": dict(main=lib("liba.so.1", rpath="$ORIGIN/../../../a"), files={"/a/liba.so.1": lib()}),
    "needed-by-relative-path": dict(main=lib("a/liba.so.1"), files={"/a/liba.so.1": lib(soname="")}),
    "needed-by-origin": dict(main=lib("$ORIGIN/../a/liba.so.1"), files={"/a/liba.so.1": lib(soname="")}),
    "program-without-runpath-in-a-link": dict(main=lib("liba.so.1"), links={"/usr/lib/liba.so.1": "../../a/x.so"}, files={
        "/a/x.so": lib("libb.so.1", runpath="$ORIGIN", soname="liba.so.1"), "/a/libb.so.1": lib(), "/usr/lib/libb.so.1": lib()}),
    "preload-with-path-and-needed": dict(main=lib("libp.so", runpath="/a"), files={"/a/libp.so": lib(soname=""), "/p/libp.so": lib(soname="")},
                                         env={"LD_PRELOAD": "/p/libp.so"}),
    "preload-missing": dict(main=lib("liba.so.1", runpath="/a"), files={"/a/liba.so.1": lib()}, env={"LD_PRELOAD": "/p/none.so"}),
    "nodeflib-library-path": dict(main=lib("liba.so.1", nodeflib=True), files={"/usr/lib/liba.so.1": lib()}, env={"LD_LIBRARY_PATH": "/usr/lib"}),
    "library-path-to-a-file": dict(main=lib("liba.so.1"), files={"/a/liba.so.1": lib(), "/usr/lib/liba.so.1": lib()}, env={"LD_LIBRARY_PATH": "/a/liba.so.1"}),
    "no-version-asked": dict(main=lib("liba.so.1", runpath="/a"), files={
        "/a/liba.so.1": lib("libv.so.1", undef=["f"], runpath="/a"), "/a/libv.so.1": lib(defs=["f"], versions="V1 { global: f; };")}),
    "version-of-the-base": dict(main=lib("liba.so.1", runpath="/a"), files={
        "/a/liba.so.1": lib("libv.so.1", undef=["f@V2"], runpath="/b", link="/v/libv.so.1"),
        "/v/libv.so.1": lib(defs=["f"], versions="V2 { global: f; };"), "/b/libv.so.1": lib(defs=["f", "g"], versions="V2 { global: g; };")}),
}

SITE = "/usr/lib/python3.11/site-packages/"


def site(name, *needed, **more):
    return {SITE + name: lib(*needed, soname="", **more)}


# A Python that opens modules, each in a process of its own: the loader says what is in it, or why not
OPENS = {
    "module": dict(files=dict(site("m.cpython-311-x86_64-linux-gnu.so", "liba.so.1", runpath="$ORIGIN/m.libs"), **{SITE + "m.libs/liba.so.1": lib()})),
    "module-misses": dict(files=site("m.cpython-311-x86_64-linux-gnu.so", "liba.so.1")),
    "rpath-of-the-program": dict(python=lib(rpath="$ORIGIN/../lib"), files=dict(site("m.so", "liba.so.1"), **{"/usr/lib/liba.so.1": lib("libb.so.1"), "/usr/lib/libb.so.1": lib()})),
    "runpath-of-the-program": dict(python=lib(runpath="/a"), files=dict(site("m.so", "liba.so.1"), **{"/a/liba.so.1": lib()})),
    "rpath-of-the-program-and-a-runpath": dict(python=lib(rpath="/a"), files=dict(site("m.so", "liba.so.1", runpath="/none"), **{"/a/liba.so.1": lib()})),
    "names-of-the-program": dict(python=lib(defs=["Py_x"]), files=site("m.so", undef=["Py_x"])),
    "names-of-libpython": dict(python=lib("libpython3.11.so.1.0", runpath="/usr/local/lib"), files=dict(
        site("m.so", undef=["Py_x", "Py_y"]), **{"/usr/local/lib/libpython3.11.so.1.0": lib(defs=["Py_x"])})),
    "rpath-of-what-opens": dict(python=lib("libpython3.11.so.1.0", runpath="/usr/local/lib"), opener="/usr/local/lib/libpython3.11.so.1.0", files=dict(
        site("m.so", "liba.so.1"), **{"/usr/local/lib/libpython3.11.so.1.0": lib(rpath="/a"), "/a/liba.so.1": lib()})),
    "two-modules-do-not-see-each-other": dict(files=dict(site("m.so", defs=["f"]), **site("n.so", undef=["f"]))),
    "library-path": dict(env={"LD_LIBRARY_PATH": "/a"}, files=dict(site("m.so", "liba.so.1"), **{"/a/liba.so.1": lib()})),
}

MUSL = ["rpath", "runpath", "missing", "missing-below", "rpath-inherited", "runpath-not-inherited", "rpath-of-the-program-far-below",
        "runpath-stops-rpath", "rpath-beats-library-path", "library-path-beats-runpath", "library-path-order", "default-lib",
        "default-usr-local", "default-multiarch", "origin", "origin-braces", "origin-folder-by-link", "origin-file-by-link",
        "circle", "diamond", "loaded-by-soname", "one-file-two-names", "link-absolute", "link-dangling-first", "needed-by-path",
        "second-name-is-kept", "library-path-empty-end", "library-path-empty-middle", "rpath-empty-end", "rpath-unknown-token", "rpath-above-the-root",
        "needed-by-relative-path", "library-path-origin", "runpath-blank-stops-rpath",
        "undefined", "undefined-in-the-program", "defined-by-a-later-one", "weak-is-not-missed", "musl-path-file"]
MUSL_ONLY = {
    "musl-path-file": dict(main=lib("liba.so.1"), files={"/a/liba.so.1": lib(), "/usr/lib/liba.so.1": lib()},
                           texts={"/etc/ld-musl-x86_64.path": "/none\n/a\n/usr/lib\n"}),
}
CC = {"glibc": "gcc", "musl": "musl-gcc"}[LIBC]
LOADER = {"glibc": "/lib64/ld-linux-x86-64.so.2", "musl": "/lib/ld-musl-x86_64.so.1"}[LIBC]


def put(root, path, text=""):
    real = root + path
    os.makedirs(os.path.dirname(real), exist_ok=True)
    with open(real, "w") as f:
        f.write(text)
    return real


def stub(root, soname):
    """Something to link against that says nothing but its soname."""
    out = "%s/.stub/%s" % (root, soname.replace("/", "_"))
    if not os.path.exists(out):
        os.makedirs(os.path.dirname(out), exist_ok=True)
        subprocess.run(["gcc", "-shared", "-nostdlib", "-o", out, "-xc", "/dev/null"] + (["-Wl,-soname," + soname]), check=True)
    return out


def build(root, path, spec, program=False, start="int _start(void){for(;;);}\n"):
    undef = [u.split("@")[0] for u in spec.get("undef", [])]
    code = spec.get("code", "") + "".join("int %s(void){return 1;}\n" % d for d in spec.get("defs", []))
    code += "".join("extern int %s(void);int (*use_%s)(void)=%s;\n" % (u, u, u) for u in undef)
    code += "".join("extern int %s(void) __attribute__((weak));int (*may_%s)(void)=%s;\n" % (w, w, w) for w in spec.get("weak", []))
    if program:
        code += start
    cmd = [CC if spec.get("libc") else "gcc", "-fPIC", "-fno-builtin"] + ([] if spec.get("libc") else ["-nostdlib"]) + [ "-Wl,--no-as-needed", "-Wl,--allow-shlib-undefined", "-Wl,--unresolved-symbols=ignore-all",
           "-Wl,--hash-style=gnu", "-o", root + path, "-xc", put(root, "/.src.c", code), "-xnone"]
    cmd += ["-pie", "-Wl,-E", "-Wl,--dynamic-linker=" + LOADER] if program else ["-shared"]
    soname = spec.get("soname", os.path.basename(path))
    if not program and soname:
        cmd.append("-Wl,-soname," + soname)
    if spec.get("versions"):
        cmd.append("-Wl,--version-script=" + put(root, "/.script", spec["versions"]))
    if spec.get("nodeflib"):
        cmd.append("-Wl,-z,nodefaultlib")
    if spec.get("rpath"):
        cmd += ["-Wl,--disable-new-dtags", "-Wl,-rpath," + spec["rpath"]]
    if spec.get("libc"):
        cmd += ["-Wl,-z,lazy", "-ldl"]
    if spec.get("runpath"):
        cmd += ["-Wl,--enable-new-dtags", "-Wl,-rpath," + spec["runpath"]]
    for n in spec["needed"]:
        cmd.append(root + spec["link"] if spec.get("link") else stub(root, n))
    os.makedirs(os.path.dirname(root + path), exist_ok=True)
    subprocess.run(cmd, check=True)
    with open(root + path, "r+b") as f:
        if "machine" in spec:
            f.seek(18)
            f.write(spec["machine"].to_bytes(2, "little"))
        if spec.get("narrow"):
            f.seek(4)
            f.write(b"\1")
        if "blank" in spec:
            f.seek(0)
            at = f.read().index(spec["blank"].encode() + b"\0")
            f.seek(at)
            f.write(bytes(len(spec["blank"])))


def order(files):
    """A file that is linked against comes before its users."""
    late = [p for p, s in files.items() if s.get("link")]
    return [p for p in files if p not in late] + late


def make(root, case):
    for d in ["/etc", "/tmp", "/app"] + case.get("dirs", []):
        os.makedirs(root + d, exist_ok=True)
    if LIBC == "glibc":
        os.makedirs(root + "/lib64")
        os.makedirs(root + "/usr/lib/" + MULTI)
        os.symlink("usr/lib", root + "/lib")
        for name in ("ld-linux-x86-64.so.2", "libc.so.6"):
            shutil.copy("/lib/%s/%s" % (MULTI, name), root + "/usr/lib/%s/%s" % (MULTI, name))
        os.symlink("/lib/%s/ld-linux-x86-64.so.2" % MULTI, root + LOADER)
    else:
        os.makedirs(root + "/lib")
        shutil.copy(os.path.realpath("/lib/ld-musl-x86_64.so.1"), root + LOADER)
    files = case["files"]
    for path in order(files):
        build(root, path, files[path])
    if "main" in case:
        build(root, "/app/main", case["main"], program=True)
    else:
        make_python(root, case)
    for path, text in case.get("texts", {}).items():
        put(root, path, text)
    for path, target in case.get("links", {}).items():
        os.makedirs(os.path.dirname(root + path), exist_ok=True)
        os.symlink(target, root + path)
    if case.get("ldconfig"):
        subprocess.run(["/sbin/ldconfig", "-r", root], check=True, stderr=subprocess.DEVNULL)
    for path in case.get("after", []):
        os.remove(root + path)
    for junk in ("/.src.c", "/.script"):
        if os.path.exists(root + junk):
            os.remove(root + junk)
    shutil.rmtree(root + "/.stub", ignore_errors=True)


# With an opener, dlopen is called by that library's code, as libpython's: then the program only calls it
OPEN = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
static int show(struct dl_phdr_info *i, size_t n, void *p) { (void)n, (void)p; return i->dlpi_name[0] ? printf("has %s\\n", i->dlpi_name) < 0 : 0; }
int open_it(const char *path) { if (!dlopen(path, RTLD_NOW)) return printf("fails %s\\n", dlerror()); return dl_iterate_phdr(show, NULL); }
"""


def make_python(root, case):
    opener = case.get("opener")
    spec = dict(case.get("python", lib()), libc=True)
    if opener:
        os.remove(root + opener)
        build(root, opener, dict(case["files"][opener], libc=True, code=OPEN))
        spec["code"] = "int open_it(const char *);\n"
    else:
        spec["code"] = OPEN
    build(root, "/usr/bin/python3.11", spec, program=True, start="int main(int n, char **v){return n < 2 || open_it(v[1]);}\n")
    os.makedirs(root + SITE + "m-1.dist-info")
    put(root, SITE + "m-1.dist-info/METADATA", "Name: m\nVersion: 1\n")
    put(root, SITE + "m-1.dist-info/RECORD", "".join("%s,,\n" % p[len(SITE):] for p in case["files"] if p.startswith(SITE)))


def inside(root, path):
    """Where a path leads in a root: links are followed as the root's own processes would."""
    done = []
    rest = path.split("/")
    for _ in range(200):
        if not rest:
            break
        name = rest.pop(0)
        if name in ("", "."):
            continue
        if name == "..":
            done = done[:-1]
            continue
        here = "/" + "/".join(done + [name])
        if os.path.islink(root + here):
            target = os.readlink(root + here)
            done = [] if target.startswith("/") else done
            rest = target.split("/") + rest
        else:
            done.append(name)
    return "/" + "/".join(done)


def real(root, case):
    """soname -> path (None: not found), and the undefined names, as the loader itself says."""
    env = dict(case.get("env", {}))
    start = case.get("start", "/app/main")
    chosen, undefined = {}, set()
    command = [LOADER, "--list", start]
    if LIBC == "glibc":
        env.update(LD_TRACE_LOADED_OBJECTS="1", LD_WARN="yes", LD_BIND_NOW="yes")
        command = [start]

        # without /proc the loader is told where its program lies
        env["LD_ORIGIN_PATH"] = os.path.dirname(inside(root, start))

    def enter():
        os.chroot(root)
        os.chdir("/")

    run = subprocess.run(command, env=env, capture_output=True, text=True, preexec_fn=enter)
    for line in (run.stdout + run.stderr).splitlines():
        words = line.split()
        if "no version information" in line:
            continue
        if "symbol not found" in line:
            undefined.add(words[-4].rstrip(":"))
        elif "undefined symbol" in line:
            undefined.add(words[2].rstrip(",") if words[0] == "undefined" else words[words.index("symbol:") + 1].rstrip(","))
        elif "Error loading shared library" in line:
            chosen[words[4].rstrip(":")] = None
        elif "=>" in words:
            name = words[0]
            chosen[name] = None if "not" in words[2:3] else inside(root, words[2])
        elif words[1:] and words[1].startswith("(") and words[0] not in (LOADER, "linux-vdso.so.1", "linux-gate.so.1"):
            chosen[words[0]] = inside(root, words[0])
    return chosen, undefined


def inspect(root, case, *more):
    args = [ENVCHECK, "inspect", root, "--format", "json", *more]
    for k, v in case.get("env", {}).items():
        args += ["--set-env", "%s=%s" % (k, v)]
    return json.loads(subprocess.run(args, capture_output=True, text=True, check=True).stdout)["targets"][0]


CACHED = []


def ours(root, case):
    """soname -> paths: two objects may get different files for one name; and the undefined names."""
    target = inspect(root, case)
    if any("path" in k or k == "nodeflib" for f in (case["main"], *case["files"].values()) for k in f):
        subprocess.run(["tar", "-C", root, "-cf", root + ".tar", "."], check=True)
        CACHED.append((root + ".tar", case))
    by_user = {}
    for r in target["loader"].get("resolved", []):
        by_user.setdefault(r["for"], []).append(r)
    chosen, undefined, todo, seen = {}, set(), ["/app/main"], set()
    libraries = {l["path"]: l for l in target["libraries"]}
    while todo:
        user = todo.pop(0)
        if user in seen:
            continue
        seen.add(user)
        undefined.update(libraries[user]["undefined"] if user in libraries else [])
        for r in by_user.get(user, []):
            missed = not r["path"] or r["because"] == "ldconfig"
            chosen.setdefault(r["soname"], set()).add(None if missed else r["path"])
            if not missed:
                todo.append(r["path"])
    return chosen, undefined


def opens_really(root, case, module):
    """The files of the process after dlopen, or None where it fails."""
    def enter():
        os.chroot(root)
        os.chdir("/")

    run = subprocess.run(["/usr/bin/python3.11", module], env=case.get("env", {}), capture_output=True, text=True, preexec_fn=enter)
    if not run.stdout or "fails " in run.stdout:
        return None
    return {inside(root, l[4:]) for l in run.stdout.splitlines() if l.startswith("has /")} - {"/usr/bin/python3.11"}


def opens_ours(root, case, module):
    target = inspect(root, case)
    libraries = {l["path"]: l for l in target["libraries"]}
    files, todo = set(), ["/usr/bin/python3.11", module]
    while todo:
        path = todo.pop()
        if path in files:
            continue
        files.add(path)
        for r in target["loader"].get("resolved", []):
            if r["for"] == path:
                if not r["path"]:
                    return None
                todo.append(r["path"])
        if path in libraries and libraries[path]["undefined"]:
            return None
    return files - {"/usr/bin/python3.11"}


def opens(name, case):
    root = "%s/%s-opens-%s" % (TOP, LIBC, name)
    make(root, case)
    bad = 0
    for module in [p for p in case["files"] if p.startswith(SITE) and "/" not in p[len(SITE):]]:
        want, got = opens_really(root, case, module), opens_ours(root, case, module)
        # the loader itself is in every process, whether a file needs it or not
        same = want == got if None in (want, got) else {os.path.basename(p) for p in want ^ got} <= {os.path.basename(LOADER)}
        if not same:
            bad = 1
            print("%s opens %s, %s:\n  the loader  %s\n  envcheck    %s" % (LIBC, name, os.path.basename(module), want and sorted(want), got and sorted(got)))
    shutil.rmtree(root)
    return bad


def remembered(tar, case):
    """1 where a layer that is known from before gives other choices than one that is read."""
    read, kept = inspect(tar, case, "--no-cache"), inspect(tar, case)
    again = inspect(tar, case)
    os.unlink(tar)
    if read == kept == again:
        return 0
    print("%s: the cache changes what is chosen" % os.path.basename(tar))
    return 1


def main():
    if os.getuid():
        print("skipped: chroot(2) is for root")
        return 0
    cases = {k: CASES.get(k) or MUSL_ONLY[k] for k in MUSL} if LIBC == "musl" else CASES
    bad = 0
    for name, case in cases.items():
        if "hwcaps" in name and " avx2 " not in open("/proc/cpuinfo").read().replace("\n", " "):
            continue
        root = "%s/%s-%s" % (TOP, LIBC, name)
        make(root, case)
        want, want_undefined = real(root, case)
        got, got_undefined = ours(root, case)
        # the trace lists files: a second name of one is not in it, and preloads are, which no file needs by name
        preloads = [v for k, v in want.items() if v and v.startswith("/p/") or k in ("libp.so", LOADER)] + ["/p/x.so"]
        known = set(want.values()) | set(preloads)
        paths = set().union(*got.values()) if got else set()
        want = {k: v for k, v in want.items() if k in got or not k.startswith("/") or v not in paths}
        got = {k: v for k, v in got.items() if k in want or None in v or v - known}
        got = {k: want[k] if k in want and want[k] in v and not v - known else sorted(v, key=str) for k, v in got.items()}
        want = {k: v for k, v in want.items() if k in got or v not in preloads}
        if want != got or (want_undefined != got_undefined and None not in want.values()):
            bad += 1
            print("%s %s:\n  the loader  %s %s\n  envcheck    %s %s" % (LIBC, name, want, sorted(want_undefined), got, sorted(got_undefined)))
        shutil.rmtree(root)
    if LIBC == "glibc" or shutil.which(CC):
        bad += sum(opens(name, case) for name, case in OPENS.items())
    time.sleep(0.2)  # younger files are not kept: another change might not show
    bad += sum(remembered(tar, case) for tar, case in CACHED)
    print("%d cases of %s, %d differ" % (len(cases) + len(OPENS), LIBC, bad))
    return bad > 0


sys.exit(main())
