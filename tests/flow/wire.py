"""Bytes on the wire: a strict reader of messages, and waiting for facts.

The tests never sleep in the hope that something has happened by then: they
wait for a condition, and fail by name when it does not come true in time.
"""

import fcntl
import os
import re
import socket
import struct
import termios
import time

# How long anything may take before it counts as a hang, on a machine that has
# much else to do.
TIMEOUT = float(os.environ.get("FLOW_TIMEOUT", "30"))

TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
FIELD_LINE = re.compile(rf"({TOKEN}): ?([^\x00-\x08\x0a-\x1f\x7f]*)")
REQUEST_LINE = re.compile(rf"({TOKEN}) (\S+) (HTTP/1\.[01])")
STATUS_LINE = re.compile(r"(HTTP/1\.[01]) ([1-9][0-9]{2})(?: (.*))?")
CHUNK_SIZE = re.compile(rb"[0-9a-fA-F]{1,16}")
MADE_ID = re.compile("[0-9a-f]{32}")  # of X-Request-Id


class Malformed(AssertionError):
    """A peer sent something that is not strict HTTP/1.1."""


class Truncated(AssertionError):
    """A peer stopped in the middle of a message."""

    def __init__(self, what, partial=b""):
        super().__init__(f"{what} after {len(partial)} bytes")
        self.partial = bytes(partial)


def wait_until(condition, what, timeout=None):
    """Returns the first true value of condition()."""
    deadline = time.monotonic() + (timeout or TIMEOUT)
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"did not happen in time: {what}"
        time.sleep(0.0005)


def whole_lines(text):
    """Of a file that somebody writes: of the last the end may be to come."""
    return text.split("\n")[:-1]


# --- sockets ----------------------------------------------------------------

def _ioctl_int(sock, request):
    return struct.unpack("i", fcntl.ioctl(sock, request, b"\0" * 4))[0]


def unread_here(sock):
    """Bytes that have arrived and that nobody has read yet."""
    if hasattr(sock, "unread_inside"):  # of TLS: its own messages are none
        return sock.unread_inside()
    return _ioctl_int(sock, termios.FIONREAD)


def _tcp_key(address):
    host, port = address[:2]
    number = struct.unpack("=I", socket.inet_aton(host))[0]
    return f"{number:08X}:{port:04X}"


def unread_there(sock):
    """Bytes sent that the peer's program has not read yet."""
    pending = _ioctl_int(sock, termios.TIOCOUTQ)
    if sock.family == socket.AF_UNIX or pending:
        return pending
    ends = f"{_tcp_key(sock.getpeername())} {_tcp_key(sock.getsockname())}"
    with open("/proc/net/tcp", encoding="ascii") as table:
        for line in table:
            if ends in line:
                return int(line.split()[4].split(":")[1], 16)
    return 0


def send_apart(sock, pieces):
    """Sends the pieces so that the peer reads each one by itself."""
    for piece in pieces:
        if piece:
            sock.sendall(piece)
            wait_until(lambda: unread_there(sock) == 0, "the piece is read")


def connected(address):
    return socket.create_connection(address, TIMEOUT)


def reset(sock):
    """Closes with a RST (on a unix socket: at once, dropping all)."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                    struct.pack("ii", 1, 0))
    sock.close()


def bytewise(data):
    return [data[i:i + 1] for i in range(len(data))]


def in_two(data):
    """Every way to cut data into two pieces that are not empty."""
    return [(data[:i], data[i:]) for i in range(1, len(data))]


# --- writing messages -------------------------------------------------------

def chunked(*pieces):
    """The pieces as a chunked body."""
    return b"".join(b"%x\r\n%s\r\n" % (len(p), p)
                    for p in pieces if p) + b"0\r\n\r\n"


def request(method, target, *fields, body=None, host="docker"):
    """A request; with a body (bytes), Content-Length is added."""
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}", *fields]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + (body or b"")


def answer(status, *fields, body=b"", framing="length"):
    """A response as Go's server would write it."""
    lines = [f"HTTP/1.1 {status}", *fields]
    if framing == "length":
        lines.append(f"Content-Length: {len(body)}")
    elif framing == "chunked":
        lines.append("Transfer-Encoding: chunked")
        body = chunked(body)
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body


# --- reading messages -------------------------------------------------------

class Head:
    """A message head: its exact bytes, and what they say."""

    def __init__(self, raw):
        self.raw = raw
        lines = raw[:-4].decode("latin-1").split("\r\n")
        self.start_line = lines[0]
        self.fields = [self._field(line) for line in lines[1:]]

    def _field(self, line):
        match = FIELD_LINE.fullmatch(line)
        if not match:
            raise Malformed(f"field line {line!r} in {self.raw!r}")
        return match[1], match[2]

    def values(self, name):
        return [v for n, v in self.fields if n.lower() == name.lower()]

    def without_made_id(self):
        """All fields but the X-Request-Id that the proxy made."""
        made = self.value("X-Request-Id")
        assert made and MADE_ID.fullmatch(made), self.raw
        return [f for f in self.fields if f[0] != "X-Request-Id"]

    def value(self, name):
        """The one value of a field, or None; twice is an error."""
        values = self.values(name)
        if len(values) > 1:
            raise Malformed(f"{name} twice in {self.raw!r}")
        return values[0] if values else None

    def framing(self):
        """("length", n), ("chunked", None) or (None, None)."""
        length = self.value("Content-Length")
        coding = self.value("Transfer-Encoding")
        if length is not None and coding is not None:
            raise Malformed(f"two framings in {self.raw!r}")
        if coding is not None:
            if coding != "chunked":
                raise Malformed(f"coding {coding!r}")
            return "chunked", None
        if length is not None:
            if not re.fullmatch("[0-9]+", length):
                raise Malformed(f"length {length!r}")
            return "length", int(length)
        return None, None


class Reader:
    """Buffered, strict reading from a socket."""

    def __init__(self, sock, on_bytes=None):
        self.sock = sock
        self.buffer = bytearray()
        self.eof = False
        self._on_bytes = on_bytes

    def fill(self):
        """Reads once; False at the end of the stream."""
        data = b"" if self.eof else self.sock.recv(256 * 1024)
        if not data:
            self.eof = True
            return False
        if self._on_bytes:
            self._on_bytes(data)
        self.buffer += data
        return True

    def take(self, n):
        data = bytes(self.buffer[:n])
        del self.buffer[:n]
        return data

    def exactly(self, n, what="data"):
        while len(self.buffer) < n:
            if not self.fill():
                raise Truncated(f"EOF in {what}", self.take(n))
        return self.take(n)

    def until(self, end, what):
        seen = 0
        while True:
            at = self.buffer.find(end, max(0, seen - len(end)))
            if at >= 0:
                return self.take(at + len(end))
            seen = len(self.buffer)
            if not self.fill():
                raise Truncated(f"EOF in {what}", self.take(seen))

    def rest(self):
        """Everything up to the end of the stream."""
        while self.fill():
            pass
        return self.take(len(self.buffer))

    def head(self):
        """The next head, or None at a clean end of the stream."""
        while not self.buffer:
            if not self.fill():
                return None
        return Head(self.until(b"\r\n\r\n", "a head"))

    def chunk(self):
        """The next chunk's data; b"" is the last (trailers refused)."""
        line = self.until(b"\r\n", "a chunk size")[:-2]
        if not CHUNK_SIZE.fullmatch(line):
            raise Malformed(f"chunk size {line!r}")
        size = int(line, 16)
        data = self.exactly(size, "a chunk")
        if self.exactly(2, "a chunk end") != b"\r\n":
            raise Malformed("no CRLF behind a chunk")
        return data

    def body(self, framing, length):
        if framing == "length":
            return self.exactly(length, "a body")
        if framing == "chunked":
            pieces = bytearray()
            try:
                while piece := self.chunk():
                    pieces += piece
            except Truncated as e:
                raise Truncated("EOF in a chunked body",
                                pieces + e.partial) from None
            return bytes(pieces)
        return b""
