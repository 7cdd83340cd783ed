"""Send bytes, take whatever comes back, and say what it was."""

import re
import socket

SILENCE_S = 1.5  # then no more is expected, of what may never end
PATIENCE_S = 15  # of what has an answer
STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9][0-9]) ")
OURS = re.compile(rb"docker-proxy: (.*?)(?:, at byte [0-9]+)?(?:\"\}|\n|$)")


class Answer:
    """`data` is all that came; `late` that the end of it did not."""

    def __init__(self, data, late):
        self.data = data
        self.late = late
        self.statuses = [int(found) for found in STATUS.findall(data)
                         if found != b"100"]

    @property
    def status(self):
        """Of the last answer; 0 where there was none."""
        return self.statuses[-1] if self.statuses else 0

    @property
    def refusal(self):
        """What the proxy gave as its reason, if it refused."""
        found = OURS.findall(self.data)
        return found[-1].decode(errors="replace") if found else None


NOTHING = Answer(b"", False)


def exchange(raw, wire, silence_s=SILENCE_S):
    """One conversation on a connection of its own, which is closed."""
    with raw:
        raw.settimeout(silence_s)
        try:
            raw.sendall(wire)
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before the end: the answer says why
        return receive(raw)


def receive(raw):
    """Up to the end. Where none comes, the Engine may wait for more bytes,
    and act when it sees that there are none: then it ends the connection."""
    data = b""
    late = False
    while True:
        try:
            part = raw.recv(1 << 16)
        except TimeoutError:
            if late:
                return Answer(data, late)
            late = True
            end_of_input(raw)
            continue
        except ConnectionResetError:
            part = b""
        if not part:
            return Answer(data, late)
        data += part


def end_of_input(raw):
    try:
        raw.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # it has gone already
