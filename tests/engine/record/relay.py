"""A relay in front of an Engine's socket that keeps what clients send."""

import re
import socket
import threading

from listening import Listening, dialled

REQUEST = re.compile(rb"([A-Z]+) \S+ HTTP/1\.1\r\n")
LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.I)
CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.I)
UPGRADE = re.compile(rb"\r\nupgrade:", re.I)


class Relay:
    """Listens on `path` until it is closed."""

    def __init__(self, path, engine_socket):
        self.engine_socket = str(engine_socket)
        self.streams = []  # [sent, answered] of each connection
        self.listening = Listening(path, self._take)

    def close(self):
        self.listening.close()

    def _take(self, client):
        engine = dialled(self.engine_socket)
        stream = [bytearray(), bytearray()]
        self.streams.append(stream)
        for source, sink, kept in ((client, engine, stream[0]),
                                   (engine, client, stream[1])):
            threading.Thread(target=pump, args=[source, sink, kept],
                             daemon=True).start()

    def requests(self):
        """Every request so far: (head, body as it was meant)."""
        found = []
        for sent, answered in self.streams:
            found += split(bytes(sent), bytes(answered))
        return found


def pump(source, sink, kept):
    try:
        while data := source.recv(1 << 18):
            kept += data
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it had gone already


def split(sent, answered):
    """The requests of one connection; what follows a switch is none."""
    switched = b"HTTP/1.1 101 " in answered
    while REQUEST.match(sent):
        end = sent.find(b"\r\n\r\n") + 4
        head, sent = sent[:end], sent[end:]
        body, sent = cut_body(head, sent)
        if body is None:
            return  # the client went in the middle of it
        yield head, body
        if switched and UPGRADE.search(head):
            return


def cut_body(head, sent):
    if length := LENGTH.search(head):
        n = int(length[1])
        return (sent[:n], sent[n:]) if len(sent) >= n else (None, b"")
    if not CHUNKED.search(head):
        return b"", sent
    body = b""
    while True:
        size, found, sent = sent.partition(b"\r\n")
        if not found:
            return None, b""
        n = int(size, 16)
        body, sent = body + sent[:n], sent[n + 2:]
        if n == 0:
            return body, sent
