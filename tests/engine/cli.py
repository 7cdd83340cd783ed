"""The docker command line client: once, in the background, on a terminal."""

import collections
import fcntl
import hashlib
import os
import pty
import queue
import re
import select
import shutil
import signal
import struct
import subprocess
import termios
import threading
import time

from wait import SECONDS

DEBIAN = "/usr/bin/docker"
MIB = 1 << 20

Result = collections.namedtuple("Result", "code out err")


def version(program):
    """(20, 10, 24) of a client, or None where it is none."""
    try:
        text = subprocess.run([program, "--version"], text=True, timeout=SECONDS,
                              stdout=subprocess.PIPE).stdout
    except OSError:
        return None
    found = re.match(r"Docker version (\d+)\.(\d+)\.(\d+)", text)
    return found and tuple(int(part) for part in found.groups())


def clients():
    """Debian's client always, and every newer one on PATH."""
    found = {os.path.realpath(DEBIAN): DEBIAN}
    oldest = version(DEBIAN) or (0,)
    for folder in os.environ["PATH"].split(os.pathsep):
        program = shutil.which("docker", path=folder)
        if program and (version(program) or (0,)) > oldest:
            found.setdefault(os.path.realpath(program), program)
    return list(found.values())


class Docker:
    """A client program, pointed at one address."""

    def __init__(self, program, host, home):
        self.program = program
        self.host = host
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C",
            "TERM": "xterm", "DOCKER_HOST": host, "DOCKER_BUILDKIT": "0",
            "DOCKER_CONFIG": str(home), "COMPOSE_INTERACTIVE_NO_CLI": "1",
            "DOCKER_CLI_HINTS": "false"}

    def command(self, arguments):
        return [self.program, *(str(argument) for argument in arguments)]

    def run(self, *arguments, stdin=subprocess.DEVNULL, data=None,
            stdout=subprocess.PIPE, seconds=2 * SECONDS, cwd=None):
        """Run to the end, whatever the exit code."""
        feed = {"input": data} if data is not None else {"stdin": stdin}
        try:
            done = subprocess.run(
                self.command(arguments), env=self.environment, cwd=cwd,
                stdout=stdout, stderr=subprocess.PIPE,
                timeout=seconds, **feed)
        except subprocess.TimeoutExpired as late:
            raise AssertionError(
                f"docker {' '.join(map(str, arguments))} still ran after "
                f"{seconds} s: {late.stdout!r} {late.stderr!r}") from None
        return Result(done.returncode, done.stdout, done.stderr)

    def ok(self, *arguments, **options):
        """Run, insist on exit code 0, return the output as text."""
        done = self.run(*arguments, **options)
        assert done.code == 0, (arguments, done)
        return (done.out or b"").decode()

    def digest(self, *arguments, stdin=subprocess.DEVNULL, seconds=2 * SECONDS):
        """The length and the SHA-256 of what a command prints."""
        with Running(self, arguments, stdin) as running:
            return running.digest(seconds)

    def start(self, *arguments, stdin=subprocess.DEVNULL):
        return Running(self, arguments, stdin)

    def terminal(self, *arguments, rows=24, columns=80):
        return Terminal(self, arguments, rows, columns)


class Running:
    """A client in the background; leaving the block ends it."""

    def __init__(self, docker, arguments, stdin):
        self.name = "docker " + " ".join(map(str, arguments))
        self.process = subprocess.Popen(
            docker.command(arguments), env=docker.environment, stdin=stdin,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.lines = None

    def has_line(self):
        """Whether line() has one at once."""
        return not self._listen().empty()

    def line(self, seconds=SECONDS):
        """The next line of output, without its end."""
        try:
            line = self._listen().get(timeout=seconds)
        except queue.Empty:
            raise AssertionError(
                f"{self.name}: no line within {seconds} s") from None
        assert line is not None, (self.name, "ended", self.errors())
        return line

    def _listen(self):
        if self.lines is None:
            self.lines = queue.Queue()
            threading.Thread(target=self._read, daemon=True).start()
        return self.lines

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line.decode(errors="replace").rstrip("\r\n"))
        self.lines.put(None)

    def digest(self, seconds):
        """Read all output; exit code 0 is insisted on."""
        watchdog = threading.Timer(seconds, self.process.kill)
        watchdog.start()
        total, sha = 0, hashlib.sha256()
        while block := self.process.stdout.read(MIB):
            total += len(block)
            sha.update(block)
        code = self.process.wait()
        watchdog.cancel()
        assert code == 0, (self.name, code, self.errors())
        return total, sha.hexdigest()

    def errors(self):
        return self.process.stderr.read()

    def running(self):
        return self.process.poll() is None

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)

    def wait(self, seconds=SECONDS):
        """The exit code."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(
                f"{self.name} still runs after {seconds} s") from None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.running():
            self.process.kill()
        self.process.wait(SECONDS)
        self.process.stderr.close()
        if self.lines is None:
            self.process.stdout.close()


class Terminal:
    """A client on a pseudo terminal that it controls."""

    def __init__(self, docker, arguments, rows, columns):
        self.name = "docker " + " ".join(map(str, arguments))
        self.master, slave = pty.openpty()
        self.resize(rows, columns)
        self.process = subprocess.Popen(
            docker.command(arguments), env=docker.environment, stdin=slave,
            stdout=slave, stderr=slave, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(slave)
        self.seen = ""

    def resize(self, rows, columns):
        """As a window does: the kernel sends SIGWINCH to the client."""
        fcntl.ioctl(self.master, termios.TIOCSWINSZ,
                    struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text):
        os.write(self.master, text.encode())

    def expect(self, pattern, seconds=SECONDS, nudge=None):
        """Read until the pattern appears in what has not been matched.

        `nudge` is a signal for the client, sent again and again meanwhile.
        """
        deadline = time.monotonic() + seconds
        while True:
            found = re.search(pattern, self.seen)
            if found:
                self.seen = self.seen[found.end():]
                return found
            left = deadline - time.monotonic()
            assert left > 0, (f"{self.name}: no {pattern!r} within "
                              f"{seconds} s: {self.seen!r}")
            self.seen += self._read(min(left, 0.5) if nudge else left)
            if nudge:
                self.process.send_signal(nudge)

    def _read(self, seconds):
        ready, _, _ = select.select([self.master], [], [], seconds)
        if not ready:
            return ""
        try:
            block = os.read(self.master, 65536)
        except OSError:  # EIO: the last holder of the terminal has gone
            block = b""
        assert block, f"{self.name} ended: {self.seen!r}"
        return block.decode(errors="replace")

    def wait(self, seconds=SECONDS):
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} still runs after {seconds} s: "
                                 f"{self.seen!r}") from None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(SECONDS)
        os.close(self.master)
