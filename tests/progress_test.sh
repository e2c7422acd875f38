#!/bin/sh
# The line that says how far a target is: only on a terminal, only after a second, and gone before the report. Run by tests/run.sh.
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
sh examples/make-image.sh "$tmp/image"
python3 - "$ENVCHECK" "$tmp/image" <<'X'
import concurrent.futures, os, pty, re, subprocess, sys, threading, time

envcheck, image = sys.argv[1:]
data = open(image, "rb").read()


def run(args, slow, out_too=False, term="xterm"):
    """What comes out of the terminal on standard error (and output), and of standard output else. `slow`: the image takes 1.6 s to come."""
    ours, theirs = pty.openpty()
    p = subprocess.Popen([envcheck, *args], stdin=subprocess.PIPE, stdout=theirs if out_too else subprocess.PIPE, stderr=theirs,
                         env=dict(os.environ, TERM=term, NO_COLOR="1"))
    os.close(theirs)
    seen = bytearray()

    def listen():
        while True:
            try:
                got = os.read(ours, 4096)
            except OSError:
                return
            if not got:
                return
            seen.extend(got)
    def feed():
        half = len(data) // 2
        p.stdin.write(data[:half])
        p.stdin.flush()
        time.sleep(1.6 if slow else 0)
        p.stdin.write(data[half:])
        p.stdin.close()
    threads = [threading.Thread(target=t) for t in (listen, feed)]
    for t in threads:
        t.start()
    told = b"" if out_too else p.stdout.read()
    p.wait()
    for t in threads:
        t.join()
    return bytes(seen), told


want = subprocess.run([envcheck, "inspect", "-"], input=data, stdout=subprocess.PIPE, check=True).stdout
line = rb"\rstandard input: [^\r\n]*\x1b\[K"
gone = b"\r\x1b[K"

with concurrent.futures.ThreadPoolExecutor() as pool:
    runs = [pool.submit(run, *r) for r in (
        (["inspect", "-"], True), (["inspect", "-"], False), (["inspect", "-"], True, False, "dumb"), (["inspect", "-"], True, True),
        (["inspect", "--format", "json", "-"], True, True), (["inspect", "--format", "json", "-"], True))]
    plain, short, dumb, shared, shared_json, json_apart = [r.result() for r in runs]

assert plain[1] == want
assert re.fullmatch(rb"(%s)+%s" % (line, re.escape(gone)), plain[0]), plain[0]
assert b"layer" in plain[0] or b"entries" in plain[0], plain[0]
assert short == (b"", want), "a short look shows nothing: %r" % short[0]
assert dumb == (b"", want), dumb[0]
assert gone in shared[0] and shared[0].rpartition(gone)[2].replace(b"\r\n", b"\n") == want, "the line is gone before the report: %r" % shared[0]
assert b"\x1b" not in shared_json[0] and shared_json[0].startswith(b"{"), "nothing gets into JSON on a terminal: %r" % shared_json[0][:200]
assert gone in json_apart[0] and json_apart[1].startswith(b"{") and b"\x1b" not in json_apart[1]
X
