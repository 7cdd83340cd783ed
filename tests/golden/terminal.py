"""A program at a pseudo-terminal: what it prints is waited for, not timed."""

import fcntl
import os
import pty
import select
import signal
import subprocess
import termios
import time

TIMEOUT = 30


class Terminal:
    def __init__(self, *arguments, cwd):
        master, slave = pty.openpty()
        self.master = master
        self.text = ""
        self.seen = 0  # of the text, up to here it was looked at
        self.process = subprocess.Popen(
            arguments, stdin=slave, stdout=slave, stderr=slave, cwd=cwd,
            start_new_session=True, preexec_fn=self._own_terminal)
        os.close(slave)

    @staticmethod
    def _own_terminal():
        """^C at it reaches the program, and whoever runs the tests may ignore
        it."""
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def _read(self, deadline):
        """False at its end."""
        wait = max(0, deadline - time.monotonic())
        if not select.select([self.master], [], [], wait)[0]:
            raise AssertionError(f"nothing more came after: {self.text!r}")
        try:
            data = os.read(self.master, 65536)
        except OSError:  # how Linux tells that nobody is there any more
            return False
        self.text += data.decode()
        return bool(data)

    def expect(self, text):
        """Waits for the text behind what was seen."""
        deadline = time.monotonic() + TIMEOUT
        while text not in self.text[self.seen:]:
            assert self._read(deadline), f"{text!r} did not come: {self.text!r}"
        self.seen = self.text.index(text, self.seen) + len(text)

    def say(self, text):
        os.write(self.master, text.encode())

    def answer(self, question, text):
        self.expect(question)
        self.expect("] ")
        self.say(text + "\n")

    def end(self):
        """The exit status, when all was read."""
        deadline = time.monotonic() + TIMEOUT
        while self._read(deadline):
            pass
        os.close(self.master)
        return self.process.wait(TIMEOUT)

    def kill(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(TIMEOUT)
