"""What a real interactive bash makes of a line and a Tab. usage: completions.py SCRIPT LINE; prints the line as readline completed it."""
import os
import pty
import select
import sys

script, line = sys.argv[1:]
pid, fd = pty.fork()
if pid == 0:
    os.environ.update(PS1="", TERM="dumb", INPUTRC="/dev/null")
    os.execvp("bash", ["bash", "--norc", "--noprofile", "-i"])


def read_until(mark):
    got = b""
    while mark not in got:
        if not select.select([fd], [], [], 10)[0]:
            sys.exit("bash is silent after %r" % got)
        got += os.read(fd, 65536)
    return got


# \001 goes to the line's start: what was completed becomes the argument of a printf
os.write(fd, b"PS1=; bind 'set enable-bracketed-paste off'; bind 'set completion-query-items 0'; . '%s'; echo rea''dy\n" % os.fsencode(script))
read_until(b"ready\r\n")
os.write(fd, line.encode() + b"\t\001printf 'got:%s:' '\005'\n")
got = read_until(b"got:" + line.split()[0].encode())
while not got.endswith(b":"):
    got += os.read(fd, 65536)
print(got[got.rindex(b"got:") + 4:-1].decode())
os.close(fd)
