"""A real index on loopback (nginx, with and without ranges) with real wheels, against pip download.

usage: tests/real/index.py ENVCHECK FOLDER-OF-WHEELS. Prints a table; exit 1 where a goal is missed: with --quick under 0.1 % of
a large wheel's bytes and at most 6 requests, and the same inventory as from the file.
"""
import html
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import zipfile

ENVCHECK, WHEELS = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()
LARGE = 50_000_000
RANGES, WHOLE = 5420, 5422
failed = 0


def fail(*words):
    global failed
    failed += 1
    print("FAIL", *words)


def publish(www, wheels):
    """simple/NAME/index.html, and METADATA beside each wheel."""
    pages = {}
    (www / "files").mkdir(parents=True)
    for w in wheels:
        os.symlink(w, www / "files" / w.name)
        with zipfile.ZipFile(w) as z:
            name = next(n for n in z.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", n))
            (www / "files" / (w.name + ".metadata")).write_bytes(z.read(name))
        project = re.sub(r"[-_.]+", "-", w.name.split("-")[0]).lower()
        pages.setdefault(project, []).append('<a href="../../files/%s" data-core-metadata="true" data-dist-info-metadata="true">%s</a><br>' % (
            html.escape(w.name.replace("+", "%2B")), html.escape(w.name)))
    for project, links in pages.items():
        (www / "simple" / project).mkdir(parents=True)
        (www / "simple" / project / "index.html").write_text("<!DOCTYPE html><html><body>%s</body></html>" % "\n".join(links))


def serve(tmp):
    conf = tmp / "nginx.conf"
    temps = " ".join("%s_temp_path %s/t;" % (k, tmp) for k in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    servers = "".join("server { listen 127.0.0.1:%d; root %s/www; index index.html; %s }" % (port, tmp, more)
                      for port, more in ((RANGES, ""), (WHOLE, "max_ranges 0;")))
    conf.write_text("worker_processes 1; daemon off; pid %s/pid; error_log %s/error.log; events { worker_connections 64; }\n"
                    "http { log_format l '$status $body_bytes_sent $uri'; access_log %s/access.log l; %s types { text/html html; }"
                    " default_type application/octet-stream; %s }" % (tmp, tmp, tmp, temps, servers))
    process = subprocess.Popen(["nginx", "-c", str(conf), "-p", str(tmp)], stderr=subprocess.DEVNULL)
    for _ in range(50):
        time.sleep(0.1)
        if (tmp / "pid").exists():
            return process
    sys.exit("nginx does not start: see its error.log")


def measure(tmp, *args):
    """(seconds, requests, bytes, standard output)"""
    log = tmp / "access.log"
    before = len(log.read_text().splitlines()) if log.exists() else 0
    start = time.time()
    p = subprocess.run(args, capture_output=True, text=True, env=os.environ | {"PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": "", "no_proxy": "*"})
    took = time.time() - start
    time.sleep(0.05)
    lines = log.read_text().splitlines()[before:]
    if p.returncode not in (0, 1):
        fail(args, p.stderr[-300:])
    return took, len(lines), sum(int(l.split()[1]) for l in lines), p.stdout


def target(text):
    t = json.loads(text)["targets"][0]
    for key in ("name", "chosen", "platform"):
        t.pop(key, None)
    return t


def row(what, m, size):
    print("  %-46s %7.2f s %5d requests %13d bytes %8.3f %%" % (what, m[0], m[1], m[2], 100 * m[2] / size))


def one(tmp, wheel):
    size = wheel.stat().st_size
    name, version, python = wheel.name.split("-")[0], wheel.name.split("-")[1], re.search(r"-(?:cp|py)3?(\d*)", wheel.name)[1] or "11"
    inspect = [ENVCHECK, "inspect", "--no-cache", "--format", "json"]
    print("%s (%d bytes)" % (wheel.name, size))
    for port, form in (RANGES, "ranges"), (WHOLE, "no ranges"):
        url = "http://127.0.0.1:%d/files/%s" % (port, wheel.name)
        if port == RANGES:
            m = measure(tmp, *inspect, "--quick", url)
            row("--quick URL", m, size)
            if size > LARGE and (m[1] > 6 or m[2] > size / 1000):
                fail("more than 6 requests or 0.1 %")
            if target(m[3]) != target(measure(tmp, *inspect, "--quick", str(wheel))[3]):
                fail("--quick: another inventory than from the file")
            m = measure(tmp, *inspect, "--quick", "--index", "http://127.0.0.1:%d/simple" % port, "--python-version", "3." + python, "%s==%s" % (name, version))
            row("--quick --index", m, size)
            if wheel.name not in json.loads(m[3])["targets"][0]["reference"]:
                fail("another wheel is picked")
            local = measure(tmp, *inspect, str(wheel))
            row("the local file, all of it", local, size)
        m = measure(tmp, *inspect, url)
        row("URL, all of it (%s)" % form, m, size)
        remote, here = target(m[3]), target(local[3])
        if port == WHOLE:  # what passes once is kept in part: of libraries over 36 MB a piece may be missing, which is a gap
            print("  %-46s %7d" % ("gaps without ranges", len(remote.pop("gaps")) - len(here.pop("gaps"))))
        if remote != here:
            fail(form, "another inventory than from the file")
    with tempfile.TemporaryDirectory(dir=tmp) as to:
        row("pip download", measure(tmp, sys.executable, "-m", "pip", "--isolated", "download", "-q", "--no-deps", "--no-cache-dir", "--only-binary=:all:",
                                    "--python-version", "3." + python, "--platform", wheel.name[:-4].split("-")[-1].split(".")[0], "-d", to,
                                    "--index-url", "http://127.0.0.1:%d/simple" % RANGES, "%s==%s" % (name, version)), size)


def main():
    wheels = sorted(w for w in WHEELS.glob("*.whl"))
    if not wheels:
        sys.exit("no wheels in %s" % WHEELS)
    with tempfile.TemporaryDirectory() as folder:
        tmp = pathlib.Path(folder)
        tmp.chmod(0o755)
        publish(tmp / "www", wheels)
        nginx = serve(tmp)
        try:
            for w in wheels:
                one(tmp, w)
        finally:
            nginx.terminate()
            nginx.wait()
    sys.exit(1 if failed else 0)


main()
