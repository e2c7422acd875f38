#!/usr/bin/env python3
"""How fast envcheck is, beside what the same bytes cost anybody: `make bench`.

usage: bench.py ENVCHECK FLOORS DIR [name ...]     DIR keeps the inputs between runs; names: parts of names of cases

    SIZE=small|medium|large   the stack that is made (250 MB, 1.3 GB, 4 GB on disk times 3)
    REPEAT=5                  rounds
    PEERS=all                 also podman, skopeo and umoci, once: minutes, and disk
    REAL_IMAGE=DIR            app.docker.tar, l (OCI, gzip), lz (OCI, zstd), root: of one real image, those that are there
    REAL_WHEEL=FILE

Commands of one case take turns, so that what else the machine does falls on all of them. Where it does more than its
cores can, CPU time is judged in place of wall time: a tool with more threads gets more of a busy machine. Printed: the median
of the rounds' ratios ours : theirs of wall time, the least and the most of them, the same of CPU time; our CPU
seconds, peak memory, and bytes read (of calls, cached or not) and written to disk. A goal is missed where every round
misses it; "near" is where only the median does, "small" where the input is too small to tell. Exit status: 1 if one is
missed.
"""
import glob, os, re, shlex, shutil, statistics, struct, subprocess, sys, time, zipfile

ENVCHECK, FLOORS, DIR = (os.path.abspath(p) for p in sys.argv[1:4])
ONLY = sys.argv[4:]
HERE = os.path.dirname(os.path.abspath(__file__))
SIZE = os.environ.get("SIZE", "small")
REPEAT = int(os.environ.get("REPEAT", "5"))
MB = 1 << 20
LEAST = 0.05  # seconds: below, the start of a process and the neighbours say more than the input
SIDE_BY_SIDE = 0.7  # of the time in sequence, on two cores
STARTS = "starting a process, 10 times"


class Cost:
    """Of one or several processes."""

    def __init__(self):
        self.wall = self.cpu = self.peak = self.read = self.written = 0


def start(argv, env):
    return subprocess.Popen([FLOORS, "run", *argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=env, text=True)


def finish(p, cost, argv):
    told = p.communicate()[0].split()
    if not told or int(told[0]) not in (0, 1, 4):
        sys.exit(f"{shlex.join(argv)}: exit status {told[0] if told else p.returncode}")
    cost.cpu += float(told[2])
    cost.peak = max(cost.peak, int(told[3]) << 10)
    cost.read += int(told[4])
    cost.written += int(told[5])
    return float(told[1])


def run(steps, env):
    """steps: a list of lists of commands; those of one list run side by side."""
    cost = Cost()
    for step in steps:
        begun = time.perf_counter()
        running = [(start(argv, env), argv) for argv in step]
        walls = [finish(p, cost, argv) for p, argv in running]
        cost.wall += walls[0] if len(step) == 1 else time.perf_counter() - begun
    return cost


def one(*argv):
    return [[list(argv)]]


def ours(*argv, jobs=None, cache=False):
    return one(ENVCHECK, argv[0], *([] if cache else ["--no-cache"]), *(["--jobs", str(jobs)] if jobs else []), *argv[1:])


def forget(paths):
    """Out of the page cache, without rights over it."""
    for p in paths:
        for f in [p] if os.path.isfile(p) else (os.path.join(d, n) for d, _, names in os.walk(p) for n in names):
            if os.path.islink(f):
                continue
            fd = os.open(f, os.O_RDONLY)
            os.fsync(fd)
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(fd)


class Bench:
    def __init__(self):
        self.missed = []
        self.env = dict(os.environ, XDG_CACHE_HOME=os.path.join(DIR, "cache"), NO_COLOR="1")
        self.env.pop("ENVCHECK", None)

    def wanted(self, name):
        return not ONLY or any(o in name for o in ONLY)

    def judge(self, name, ratios, most, theirs):
        if most is None:
            return ""
        if statistics.median(ratios) <= most:
            return "ok"
        if min(ratios) <= most:
            return "near"
        if theirs < LEAST:
            return "small"
        self.missed.append(name)
        return "MISSED"

    def case(self, name, mine, peers, cold=(), repeat=REPEAT):
        """peers: (name, steps, most wall ratio or None, most CPU ratio or None)"""
        if not self.wanted(name):
            return
        for said in [p[0] for p in peers if p[1] is None]:
            print(f"{name:34} {said:28} not here: skipped")
        peers = [p for p in peers if p[1] is not None]
        rounds = []
        for i in range(repeat + 1 - bool(cold)):  # the first one warms up
            costs = []
            for steps in [mine] + [p[1] for p in peers]:
                if cold:
                    forget(cold)
                costs.append(run(steps, self.env))
            if i or cold:
                rounds.append(costs)
        own = [r[0] for r in rounds]
        facts = (f"{statistics.median(c.cpu for c in own):8.3f} {max(c.peak for c in own) / MB:7.1f} "
                 f"{statistics.median(c.read for c in own) / MB:9.1f} {max(c.written for c in own) / MB:6.1f}")
        if max(c.written for c in own) and "--no-cache" in mine[0][0]:
            self.missed.append(name + ": writes to disk")
        for k, (peer, _, wall_most, cpu_most) in enumerate(peers):
            wall = [r[0].wall / r[k + 1].wall for r in rounds]
            cpu = [r[0].cpu / max(r[k + 1].cpu, 1e-4) for r in rounds]
            theirs = 1 if peer == STARTS else statistics.median(r[k + 1].wall for r in rounds)
            goal = f"<= {wall_most}" if wall_most is not None else f"cpu <= {cpu_most}" if cpu_most is not None else ""
            busy = os.getloadavg()[0] > 1.2 * os.cpu_count()
            if busy and wall_most == SIDE_BY_SIDE:
                told = "busy"  # what several cores gain does not show in CPU time
            else:
                told = self.judge(name, cpu if busy else wall, wall_most, theirs) or self.judge(name, cpu, cpu_most, theirs)
            told += "*" if told and told != "busy" and busy and wall_most is not None else ""
            print(f"{name:34} {peer:28} {statistics.median(wall):8.3f} ({min(wall):.3f}-{max(wall):.3f}) cpu {statistics.median(cpu):8.3f}  "
                  f"{goal:11} {told:7} {facts}", flush=True)

    def alone(self, name, steps):
        """The cost of one command: the least CPU and the most memory of the rounds."""
        costs = [run(steps, self.env) for _ in range(max(3, REPEAT // 2))]
        return min(c.cpu for c in costs), max(c.peak for c in costs)

    def growth(self, name, unit, steps, most_cpu, most_bytes):
        """steps: (how many, command); CPU and memory against the first, and the most that the last may take of both."""
        if not self.wanted(name):
            return
        got = [(n, *self.alone(name, s)) for n, s in steps]
        first = got[0]
        line = "  ".join(f"{n} {unit}: cpu {cpu / first[1]:.2f}, {peak / MB:.1f} MB" for n, cpu, peak in got)
        bad = got[-1][1] / first[1] > most_cpu or got[-1][2] - first[2] > most_bytes
        print(f"{name:34} {line}   goal: cpu <= {most_cpu}, {most_bytes / MB:.0f} MB more   {'MISSED' if bad else 'ok'}", flush=True)
        if bad:
            self.missed.append(name)


def tool(name, *argv):
    """None: it is not installed."""
    return one(name, *argv) if shutil.which(name) else None


def side_by_side(name, argv, files):
    return [[[name, *argv, f] for f in files]] if shutil.which(name) else None


def in_sequence(name, argv, files):
    return [[[name, *argv, f]] for f in files] if shutil.which(name) else None


def member_as_gzip(wheel, name, out):
    """The deflate stream of a member under a gzip header, for tools that read gzip."""
    if os.path.exists(out):
        return out
    with zipfile.ZipFile(wheel) as z, open(wheel, "rb") as f, open(out, "wb") as to:
        info = z.getinfo(name)
        f.seek(info.header_offset)
        head = f.read(30)
        f.seek(sum(struct.unpack("<HH", head[26:30])), 1)
        to.write(b"\x1f\x8b\x08\0\0\0\0\0\0\xff")
        left = info.compress_size
        while left:
            piece = f.read(min(left, MB))
            to.write(piece)
            left -= len(piece)
        to.write(struct.pack("<II", info.CRC, info.file_size & 0xFFFFFFFF))
    return out


def layers_of(layout):
    return sorted((p for p in glob.glob(layout + "/blobs/sha256/*") if open(p, "rb").read(2) in (b"\x1f\x8b", b"\x28\xb5")), key=os.path.getsize, reverse=True)


def plain_image(b, name, tar):
    b.case(f"{name}, names and metadata", ours("inspect", "--quick", tar), [
        ("512-byte header hop", one(FLOORS, "hop", tar), 1.5, None), ("reading all", one(FLOORS, "read", tar), 0.1, None),
        ("bsdtar, of the outer tar", tool("bsdtar", "-tf", tar), None, None)])
    b.case(f"{name}, all", ours("inspect", tar), [("hop and fatbin walk", one(FLOORS, "hop-fat", tar), 1.3, None)])
    b.case(f"{name}, all, cold", ours("inspect", tar), [("hop and fatbin walk", one(FLOORS, "hop-fat", tar), None, None),
                                                         ("reading all", one(FLOORS, "read", tar), 1, None)], cold=[tar], repeat=2)


def packed_image(b, name, layout, decoder, argv, sequence_most):
    files = layers_of(layout)
    wide = 1.1 if decoder == "igzip" else 1.15
    b.case(f"{name}, 2 workers", ours("inspect", layout, jobs=2), [
        (f"{decoder}, side by side", side_by_side(decoder, argv, files), wide, None),
        (f"{decoder}, in sequence", in_sequence(decoder, argv, files), sequence_most if len(files) > 1 else None, None)])
    b.case(f"{name}, 1 worker", ours("inspect", layout, jobs=1), [(f"{decoder}, in sequence", in_sequence(decoder, argv, files), 1.15, None)])
    b.case(f"{name}, 2 workers, cold", ours("inspect", layout, jobs=2), [
        (f"{decoder}, side by side", side_by_side(decoder, argv, files), None, None)], cold=[layout], repeat=2)
    b.case(f"{name}, --verify", ours("inspect", "--verify", layout, jobs=2), [("the same without", ours("inspect", layout, jobs=2), None, 1.6 if decoder == "igzip" else None)],
           repeat=2)


def cached(b, name, target):
    b.case(f"{name}, cached", ours("inspect", target, cache=True), [(STARTS, [[[FLOORS, "nothing"]]] * 10, 1, None),
                                                                     ("the same without a cache", ours("inspect", target), None, None)])


def folder(b, name, root):
    b.case(f"{name}, names and metadata", ours("inspect", "--quick", root), [
        ("getdents walk", one(FLOORS, "folder", root), 1.3, None), ("find", one("find", root, "-name", "x"), 0.8, None),
        ("tar, to nothing", tool("tar", "-cf", "/dev/null", root), None, None)])


def a_wheel(b, name, wheel):
    b.case(f"{name}, metadata", ours("inspect", "--quick", wheel), [
        (STARTS, [[[FLOORS, "nothing"]]] * 10, 1, None),
        ("python zipfile", one(sys.executable, "-c", "import sys, zipfile; zipfile.ZipFile(sys.argv[1]).namelist()", wheel), 0.1, None),
        ("unzip -l", tool("unzip", "-l", wheel), None, None), ("bsdtar -t", tool("bsdtar", "-tf", wheel), None, None)])
    with zipfile.ZipFile(wheel) as z:
        libraries = [i for i in z.infolist() if re.search(r"\.so(\.|$)", i.filename)]
    big = max(libraries, key=lambda i: i.file_size).filename
    packed = [member_as_gzip(wheel, i.filename, f"{DIR}/member-{os.path.getsize(wheel)}-{n}.gz") for n, i in enumerate(libraries)]
    b.case(f"{name}, libraries", ours("inspect", wheel), [
        ("igzip, all libraries", in_sequence("igzip", ["-d", "-c"], packed), 1.1, None), ("unzip -p, the largest", tool("unzip", "-p", wheel, big), None, None)], repeat=3)


def peers_once(b, tar, layout):
    """Tools that unpack first."""
    tmp = os.path.join(DIR, "peers")
    shutil.rmtree(tmp, ignore_errors=True)
    os.makedirs(tmp)
    b.case("against tools that unpack", ours("inspect", tar), [
        ("skopeo copy", tool("skopeo", "copy", "-q", "docker-archive:" + tar, f"dir:{tmp}/skopeo"), 1, None),
        ("podman load", tool("podman", "--root", tmp + "/podman", "--runroot", tmp + "/run", "load", "-q", "-i", tar), 0.002, None)], repeat=1)
    b.case("against tools that unpack, gzip", ours("inspect", layout), [
        ("umoci unpack", tool("umoci", "unpack", "--image", layout + ":latest", tmp + "/umoci"), 1, None)], cold=[layout], repeat=1)
    shutil.rmtree(tmp, ignore_errors=True)


def main():
    os.makedirs(DIR, exist_ok=True)
    for what in (SIZE, "growth"):
        if not os.path.exists(f"{DIR}/{what}"):
            print(f"making {DIR}/{what}", flush=True)
            subprocess.run([sys.executable, f"{HERE}/make_image.py", f"{DIR}/{what}.part", what], check=True)
            os.rename(f"{DIR}/{what}.part", f"{DIR}/{what}")
    b, s = Bench(), f"{DIR}/{SIZE}"
    print(f"{'case':34} {'against':28} {'wall':>8} (least-most)      cpu            goal             cpu s  peak MB   read MB  written")
    b.case("start", one(ENVCHECK, "--version"), [(STARTS, [[[FLOORS, "nothing"]]] * 10, 1, None)])
    plain_image(b, "plain", s + "/plain.tar")
    packed_image(b, "gzip", s + "/gzip", "igzip", ["-d", "-c"], SIDE_BY_SIDE)
    packed_image(b, "zstd", s + "/zstd", "zstd", ["-q", "-d", "-c"], None)
    folder(b, "folder", s + "/root")
    a_wheel(b, "wheel", glob.glob(s + "/*.whl")[0])
    cached(b, "gzip", s + "/gzip")
    growth(b)
    real = os.environ.get("REAL_IMAGE")
    for f, what in (("app.docker.tar", plain_image), ("root", folder)):
        if real and os.path.exists(f"{real}/{f}"):
            what(b, "real " + ("plain" if what is plain_image else "folder"), f"{real}/{f}")
    for f, decoder, argv in (("l", "igzip", ["-d", "-c"]), ("lz", "zstd", ["-q", "-d", "-c"])):
        if real and os.path.exists(f"{real}/{f}"):
            packed_image(b, "real " + ("gzip" if f == "l" else "zstd"), f"{real}/{f}", decoder, argv, None)
            cached(b, "real " + ("gzip" if f == "l" else "zstd"), f"{real}/{f}")
    if os.environ.get("REAL_WHEEL"):
        a_wheel(b, "real wheel", os.environ["REAL_WHEEL"])
        cached(b, "real wheel", os.environ["REAL_WHEEL"])
    if os.environ.get("PEERS") == "all":
        peers_once(b, s + "/plain.tar", s + "/gzip")
    print("*: the machine was busy; judged by CPU time")
    for m in dict.fromkeys(b.missed):
        print("missed:", m)
    sys.exit(1 if b.missed else 0)


def growth(b):
    g = DIR + "/growth"
    b.growth("grows by entries", "x 25,000", [(n, ours("inspect", f"{g}/entries-{n}.tar")) for n in (1, 2, 4)], 4.6, 75000 * 160)
    b.growth("grows by bytes, plain", "x 64 MB", [(n, ours("inspect", f"{g}/bytes-{n}.tar")) for n in (1, 2, 4)], 4.4, MB)
    b.growth("grows by bytes, gzip", "x 64 MB", [(n, ours("inspect", f"{g}/bytes-gzip-{n}")) for n in (1, 2, 4)], 4.6, MB)
    b.growth("grows by layers", "layers", [(n, ours("inspect", f"{g}/layers-{n}.tar")) for n in (5, 20, 100)], 22, 16 * MB)


if __name__ == "__main__":
    main()
