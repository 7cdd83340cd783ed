"""A client that is a bare socket: it sends any bytes and reads strictly."""

import json
import socket

import wire


class Response:
    """A final answer, and the interim ones before it."""

    def __init__(self, head, interim):
        match = wire.STATUS_LINE.fullmatch(head.start_line)
        if not match:
            raise wire.Malformed(f"status line {head.start_line!r}")
        self.version = match[1]
        self.status = int(match[2])
        self.reason = match[3] or ""
        self.head = head
        self.interim = interim
        self.body = b""

    def __getitem__(self, name):
        return self.head.value(name)

    def message(self):
        """The text of one of the proxy's own answers, checked whole."""
        assert self["Content-Type"] == "application/json", self.head.raw
        assert self["Content-Length"] == str(len(self.body))
        value = json.loads(self.body)
        assert list(value) == ["message"] and value["message"], self.body
        return value["message"]


class Client:
    """One connection to the proxy."""

    def __init__(self, sock):
        self.sock = sock
        sock.settimeout(wire.TIMEOUT)
        if sock.family != socket.AF_UNIX:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.reader = wire.Reader(sock)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def send(self, data):
        self.sock.sendall(data)

    def send_apart(self, pieces):
        wire.send_apart(self.sock, pieces)

    def half_close(self):
        self.sock.shutdown(socket.SHUT_WR)

    def reset(self):
        wire.reset(self.sock)

    def head(self, interim=()):
        """The next final head; 1xx (other than 101) are kept aside."""
        interim = list(interim)
        while True:
            head = self.reader.head()
            if head is None:
                raise wire.Truncated("EOF instead of an answer")
            response = Response(head, interim)
            if response.status >= 200 or response.status == 101:
                return response
            interim.append(response)

    def response(self, method="GET"):
        """The next answer with its whole body."""
        response = self.head()
        if (method == "HEAD" or response.status == 101
                or response.status in (204, 304)):
            return response
        framing, length = response.head.framing()
        if framing is None:
            assert response["Connection"] == "close", response.head.raw
            response.body = self.reader.rest()
        else:
            response.body = self.reader.body(framing, length)
        return response

    def ask(self, data, method="GET"):
        self.send(data)
        return self.response(method)

    def get(self, target, *fields):
        return self.ask(wire.request("GET", target, *fields))

    def interim(self):
        """The next head, which must be a 1xx."""
        response = Response(self.reader.head(), [])
        assert response.status < 200, response.head.raw
        return response

    def read(self, n):
        return self.reader.exactly(n)

    def read_to_end(self):
        return self.reader.rest()

    def at_end(self):
        """Is the next thing a clean EOF, with nothing before it?"""
        return not self.reader.buffer and not self.reader.fill()

    def gone(self):
        """Is the connection over, by EOF or by reset?"""
        try:
            return self.at_end()
        except (ConnectionResetError, BrokenPipeError):
            return True

    def silent(self):
        """Has nothing arrived that was not asked for?"""
        return not self.reader.buffer and not wire.unread_here(self.sock)
