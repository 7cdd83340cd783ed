"""Tables of requests: what is sent, what is answered, what the Engine gets.

How the Engine reads is told in docs/reading.md, whose tables name the rows
here that prove each line. A row is one raw request; test_reading.py sends it
with an innocent one behind it.
"""

from typing import NamedTuple

from wire import request


class Row(NamedTuple):
    """One request. `reached` is its head and its body, decoded, as the
    Engine must get them; None: nothing of it may arrive."""

    proves: str  # a line of docs/reading.md
    what: str
    sent: bytes
    status: int = 200
    reached: bytes = None
    closes: bool = False  # served, and the connection ends all the same

    @property
    def key(self):
        return f"{self.proves}-{self.what}"

    @property
    def method(self):
        return self.sent.partition(b" ")[0].decode("latin-1")


def refused(proves, what, sent, status=400):
    return Row(proves, what, sent, status)


def same(proves, what, sent):
    """Arrives byte for byte."""
    return Row(proves, what, sent, 200, sent)


def becomes(proves, what, sent, reached, closes=False):
    return Row(proves, what, sent, 200, reached, closes)


def head(*lines):
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def get(target):
    return request("GET", target)


def post(target, *fields, body=None):
    return request("POST", target, *fields, body=body)
