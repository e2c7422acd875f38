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
}

MUSL = ["rpath", "runpath", "missing", "missing-below", "rpath-inherited", "runpath-not-inherited", "rpath-of-the-program-far-below",
        "runpath-stops-rpath", "rpath-beats-library-path", "library-path-beats-runpath", "library-path-order", "default-lib",
        "default-usr-local", "default-multiarch", "origin", "origin-braces", "origin-folder-by-link", "origin-file-by-link",
        "circle", "diamond", "loaded-by-soname", "one-file-two-names", "link-absolute", "link-dangling-first", "needed-by-path",
        "undefined", "undefined-in-the-program", "defined-by-a-later-one", "weak-is-not-missed", "musl-path-file"]
MUSL_ONLY = {
    "musl-path-file": dict(main=lib("liba.so.1"), files={"/a/liba.so.1": lib(), "/usr/lib/liba.so.1": lib()},
                           texts={"/etc/ld-musl-x86_64.path": "/none\n/a\n/usr/lib\n"}),
}
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


def build(root, path, spec, program=False):
    undef = [u.split("@")[0] for u in spec.get("undef", [])]
    code = "".join("int %s(void){return 1;}\n" % d for d in spec.get("defs", []))
    code += "".join("extern int %s(void);int (*use_%s)(void)=%s;\n" % (u, u, u) for u in undef)
    code += "".join("extern int %s(void) __attribute__((weak));int (*may_%s)(void)=%s;\n" % (w, w, w) for w in spec.get("weak", []))
    if program:
        code += "int _start(void){for(;;);}\n"
    cmd = ["gcc", "-nostdlib", "-fPIC", "-fno-builtin", "-Wl,--no-as-needed", "-Wl,--allow-shlib-undefined", "-Wl,--unresolved-symbols=ignore-all",
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
    build(root, "/app/main", case["main"], program=True)
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
        elif words and words[0].startswith("/") and words[0] != LOADER:
            chosen[words[0]] = inside(root, words[0])
    return chosen, undefined


def ours(root, case):
    args = [ENVCHECK, "inspect", root, "--format", "json"]
    for k, v in case.get("env", {}).items():
        args += ["--set-env", "%s=%s" % (k, v)]
    target = json.loads(subprocess.run(args, capture_output=True, text=True, check=True).stdout)["targets"][0]
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
            chosen[r["soname"]] = None if missed else r["path"]
            if not missed:
                todo.append(r["path"])
    return chosen, undefined


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
        got = {k: v for k, v in got.items() if k in want or v is None or v not in list(want.values()) + preloads}
        want = {k: v for k, v in want.items() if k in got or v not in preloads}
        if want != got or (want_undefined != got_undefined and None not in want.values()):
            bad += 1
            print("%s %s:\n  the loader  %s %s\n  envcheck    %s %s" % (LIBC, name, want, sorted(want_undefined), got, sorted(got_undefined)))
        shutil.rmtree(root)
    print("%d cases of %s, %d differ" % (len(cases), LIBC, bad))
    return bad > 0


sys.exit(main())
