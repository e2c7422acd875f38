"""What packaging (or the copy in pip) says of versions, specifiers and tags, a line each for tests/pep_test.c. Nothing where neither is there."""
import random
import sys

try:
    from packaging import specifiers, tags, version
except ImportError:
    try:
        from pip._vendor.packaging import specifiers, tags, version
    except ImportError:
        sys.exit(0)
import importlib

if hasattr(specifiers, "LegacySpecifier"):  # before version 22, which takes what PEP 440 does not
    sys.exit(0)

manylinux = importlib.import_module(tags.__name__.rsplit(".", 1)[0] + "._manylinux")
rnd = random.Random(440)


def some_version():
    v = ".".join(str(rnd.choice((0, 1, 2, 5, 10))) for _ in range(rnd.randint(1, 4)))
    v = rnd.choice(("", "", "", "", "1!")) + v
    v += rnd.choice(("", "", "", "a1", "b2", "rc1", ".alpha.3", "-c4", "_pre"))
    v += rnd.choice(("", "", "", ".post1", "-2", "rev3", "_r4", ".post"))
    v += rnd.choice(("", "", "", ".dev0", "dev3", "-dev_1"))
    v += rnd.choice(("", "", "", "+cu124", "+cu118", "+cpu.1", "+1.2", "+1-a_B"))
    return v


def some_clause():
    op = rnd.choice(("==", "!=", "<=", ">=", "<", ">", "~=", "==="))
    if op in ("==", "!=") and rnd.random() < 0.4:
        return op + ".".join(str(rnd.choice((0, 1, 2, 5))) for _ in range(rnd.randint(1, 3))) + ".*"
    return op + some_version()


def out(*words):
    print(*(w if isinstance(w, str) else int(w) for w in words), sep="\t")


for _ in range(4000):
    a, b = some_version(), some_version()
    x, y = version.Version(a), version.Version(b)
    out("cmp", a, b, str((x > y) - (x < y)))
    out("pre", a, x.is_prerelease)
for _ in range(6000):
    v, s = some_version(), ",".join(some_clause() for _ in range(rnd.randint(1, 2)))
    try:
        spec = specifiers.SpecifierSet(s)
    except specifiers.InvalidSpecifier:
        out("invalid", s)
        continue
    out("match", v, s, spec.contains(v, prereleases=True))
for v in ("1.0", "v1", "1.0.", "1..0", "", "cuda", "1.0+", "1.0+cu_1", "1.0a1b2", "1.0-", "1.0-1-2", "1.0.dev", "1!", "!1", "1.0+a..b", "1 .0", " 1.0 ", "1.0a1.post2.dev3+x"):
    try:
        version.Version(v)
        out("valid", v, True)
    except version.InvalidVersion:
        out("valid", v, False)


def platforms(machine, glibc):
    manylinux._get_glibc_version = lambda: (2, glibc)
    manylinux._is_compatible = lambda *a: True
    manylinux._have_compatible_abi = lambda *a: True
    return list(manylinux.platform_tags([machine])) + ["linux_" + machine]


for minor, machine, glibc in ((11, "x86_64", 36), (9, "x86_64", 17), (14, "aarch64", 39), (7, "x86_64", 5)):
    own = "cp3%d%s" % (minor, "m" if minor < 8 else "")
    try:
        names = platforms(machine, glibc)
    except TypeError:  # another age of packaging
        continue
    all_tags = list(tags.cpython_tags((3, minor), [own], names)) + list(tags.compatible_tags((3, minor), "cp3%d" % minor, names))
    seen = set()
    for i, t in enumerate(all_tags):
        if str(t) not in seen:
            out("tag", minor, machine, glibc, str(t), i)
        seen.add(str(t))
    for t in ("cp3%d-%s-manylinux_2_%d_%s" % (minor, own, glibc + 1, machine), "cp3%d-cp3%dt-linux_%s" % (minor, minor, machine),
              "cp2-none-any", "py2-none-any", "cp3%d-cp3%d-any" % (minor, minor), "cp3%d-none-musllinux_1_1_%s" % (minor, machine),
              "cp3%d-abi3-linux_%s" % (minor + 1, machine), "py3%d-none-any" % (minor + 1), "cp3%d-none-win_amd64" % minor):
        assert t not in seen, t
        out("tag", minor, machine, glibc, t, "-1")
