"""Documents and what tomllib makes of them, for tests/toml_test.c. Nothing where there is no tomllib (Python < 3.11)."""
import datetime
import json
import random
import sys

try:
    import tomllib
except ImportError:
    sys.exit(0)


def plain(v):
    if isinstance(v, bool) or isinstance(v, str) or isinstance(v, int):
        return v
    if isinstance(v, float):
        if v != v:
            return ["float nan"]
        return ["float " + ("-inf" if v < 0 else "inf" if v == float("inf") else "")] if v in (float("inf"), float("-inf")) else ["float", v]
    if isinstance(v, (datetime.datetime, datetime.date, datetime.time)):
        return ["date"]
    if isinstance(v, list):
        return ["list"] + [plain(x) for x in v]
    return {k: plain(x) for k, x in v.items()}


def c_float(x):
    """As C's %a writes it."""
    s = x.hex()
    head, tail = s.split("p")
    if "." in head:
        head = head.rstrip("0").rstrip(".")
    return head + "p" + tail


def fix(v):
    if isinstance(v, list) and len(v) == 2 and v[0] == "float":
        return ["float " + c_float(v[1])]
    if isinstance(v, list):
        return [fix(x) for x in v]
    if isinstance(v, dict):
        return {k: fix(x) for k, x in v.items()}
    return v


def wide(v):
    """Does it hold what 64 bits, or our JSON, cannot?"""
    if isinstance(v, dict):
        return any(wide(x) or "\0" in k for k, x in v.items())
    if isinstance(v, list):
        return any(wide(x) for x in v)
    return isinstance(v, int) and not -2**63 <= v < 2**63


def out(data):
    try:
        doc = tomllib.loads(data.decode())
        want = "" if wide(doc) else json.dumps(fix(plain(doc)))
        if wide(doc) and any("\0" in k for k in doc):
            return
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError):
        want = ""
    for block in data, want.encode():
        sys.stdout.buffer.write(b"%d\n" % len(block) + block)


GOOD = r'''
# comment
title = "TOML \u00e9 \U0001F600 \t\"q\""
empty = ""
'quoted key' = 1
"a.b".c . d = 2
3.14 = "dotted number"
int1 = +99
int2 = -17
int3 = 1_000_000
hex = 0xDEAD_beef
oct = 0o755
bin = 0b1101_0101
f1 = +1.0
f2 = 3.1415
f3 = -0.01
f4 = 5e+22
f5 = 1e06
f6 = -2E-2
f7 = 224_617.445_991_228
f8 = inf
f9 = -inf
f10 = nan
t = true
d1 = 1979-05-27T07:32:00Z
d2 = 1979-05-27T00:32:00.999999-07:00
d3 = 1979-05-27 07:32:00
d4 = 1979-05-27
d5 = 07:32:00.5
m1 = """
Roses
  Violets"""
m2 = """\
    a \

    b\
    """
m3 = """"two quotes"" and one " """""
l1 = 'C:\Users'
l2 = \'\'\'
raw 'x' ''\'\'\'
arr = [ 1, 2, # c
  [ "a", 'b', ], { x = 1, y.z = [] }
]
[a]
x = 1
[a.b.c]
y = 2
[a.b]
z = {}
[[fruits]]
name = "apple"
[fruits.physical]
color = "red"
[[fruits.varieties]]
name = "x"
[[fruits.varieties]]
[[fruits]]
[ j . "k" . 'l' ]
'''.replace("\\'\\'\\'", "'''")
PIECES = ["[a]", "[[a]]", "[a.b]", "[[a.b]]", "[a.b.c]", "a = 1", "a.b = 1", "b = 1", "b.c = 1", "a = {}", "a = {b = 1}", "a = []", "a.b.c = 1", "b = [{c=1}]",
          "c = {a.b = 1, a.c = 2}", "c = {a = {}, a.b = 1}", "[b]", "[[b]]", "[b.c]", "[b.c.d]", "c = 2"]
VALUES = ["0", "-0", "+0", "00", "01", "1_", "_1", "1__0", "0x", "0xG", "-0x1", "+0b1", "0X1", "1.", ".1", "1.e1", "1e", "1e+", "1_e1", "1e_1", "1.0_", "inf", "+nan", "Inf",
          "9223372036854775807", "-9223372036854775808", "9223372036854775808", "0xffffffffffffffff", "true", "True", "truex", "1979-02-29", "1980-02-29", "1900-02-29", "1979-13-01",
          "1979-05-27T", "1979-05-27T7:32:00", "1979-05-27T24:00:00", "1979-05-27T23:59:60", "1979-05-27t07:32:00z", "1979-05-27T07:32:00+24:00", "1979-05-27 07:32", "07:32", "07:32:00.",
          "1979-05-27  07:32:00", "1979-05-27 x", '"a', '"a\\q"', '"\\u00g0"', '"\\ud800"', '"\\U00110000"', '"\x01"', "'\x7f'", "'''a''''", "'''a'''''", "'''a''''''", '"""a\\ b"""', '"""a\\  \n  b"""',
          '"""\\\n"""', '"a" "b"', "[1,,2]", "[,]", "[1 2]", "[1,\n#c\n2,]", "{a=1,}", "{a=1,\nb=2}", "{a=1 b=2}", "{,}", "{a}", "{a=1,a=2}", "{ }", "[[1],[2]]", "", "# c", "1 # c", "1 x", "\"\t\"", "'''\r\n'''",
          "\"\"\"a\rb\"\"\"", "1\r", "'\u00e9'", "0e0", "0.0", "00.1", "1e5_0", "-.5", "+-1", "1,2", "1979-05-27T07:32:00.1234567890Z", "0001-01-01", "0000-01-01", "{a.b=1, a.b.c=2}", "{a=[{b=1}], a.c=2}"]
KEYS = ["a", "a-_1", "", '""', "''", '"a\\nb"', "a.", ".a", "a..b", "a . b", "a b", "é", '"""a"""', "'a'.\"b\"", "a#b", "1.2", "a.'b.c'", "="]

out(GOOD.encode())
out(GOOD.replace("\n", "\r\n").encode())
for v in VALUES:
    out(("a = %s\n" % v).encode())
    out(("a = [%s]" % v).encode())
    out(("a=%s\nb=1" % v).encode())
for k in KEYS:
    out(("%s = 1" % k).encode())
    out(("[%s]\nx = 1" % k).encode())
    out(("a = {%s = 1}" % k).encode())
for extra in (b"\xff", b"a='\xc0\x80'", b"a='\xed\xa0\x80'", b"a='\xf4\x90\x80\x80'", b"a='\xf0\x9f\x98\x80'", b"#\x01", b"#\t", b"a=1\x00", b"\r", b"a=1\r\rb=2", b"[a", b"[a]]", b"[[a]", b"[[a] ]", b"[a]b=1", b"[ a ] # c", b"[]", b"[[]]", b"a", b"a=", b"=1"):
    out(extra)
rnd = random.Random(751)
for _ in range(3000):
    out("\n".join(rnd.choice(PIECES) for _ in range(rnd.randint(2, 5))).encode())
for _ in range(1500):
    data = bytearray(GOOD.encode())
    for _ in range(rnd.randint(1, 3)):
        at = rnd.randrange(len(data))
        data[at:at + rnd.choice((0, 1, 1, 2, 9))] = rnd.choice((b"", b"\"", b"'", b"[", b"]", b"{", b"}", b"=", b".", b",", b"\n", b"\\", b"0", b"_", b"\r", b"#", b"\xc3"))
    out(bytes(data))
