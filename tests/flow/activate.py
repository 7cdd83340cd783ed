"""Starts a program with sockets that listen, as systemd does.

activate.py FD,FD,... PROGRAM ARGUMENT...
"""

import fcntl
import os
import sys

FIRST = 3


def main(numbers, *command):
    above = FIRST + 64  # so that no socket is in another one's place
    passed = [fcntl.fcntl(int(n), fcntl.F_DUPFD, above)
              for n in numbers.split(",")]
    for place, fd in enumerate(passed, FIRST):
        os.dup2(fd, place)
    os.closerange(FIRST + len(passed), above + 64)
    os.environ.setdefault("LISTEN_PID", str(os.getpid()))
    os.environ.setdefault("LISTEN_FDS", str(len(passed)))
    os.execv(command[0], command)


main(*sys.argv[1:])
