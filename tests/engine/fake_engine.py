"""An Engine in a few lines: it can send and take any number of bytes."""

import os
import socket
import tempfile
import threading

from listening import Listening

BLOCK = 1 << 18
UNIT = bytes(BLOCK)


class FakeEngine:
    """Answers on a unix socket until the block is left.

    GET /_ping     -> OK
    GET /bytes/N   -> N bytes of zero
    POST /bytes    -> the number of bytes that came, in decimal
    """

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="fake-engine-")
        self.path = os.path.join(self.folder.name, "docker.sock")
        self.open = set()
        self.lock = threading.Lock()

    def __enter__(self):
        self.listening = Listening(self.path, self._take, backlog=1024)
        return self

    def __exit__(self, *_):
        self.listening.close()
        with self.lock:
            for connection in self.open:
                connection.shutdown(socket.SHUT_RDWR)
        self.folder.cleanup()

    def _take(self, connection):
        threading.Thread(target=self._serve, args=[connection],
                         daemon=True).start()

    def _serve(self, connection):
        with self.lock:
            self.open.add(connection)
        try:
            with connection.makefile("rb", BLOCK) as stream:
                while request := read_head(stream):
                    answer(connection, stream, *request)
        except OSError:
            pass  # the proxy went: so does this connection
        finally:
            with self.lock:
                self.open.discard(connection)
            connection.close()


def read_head(stream):
    """(method, target, fields) of the next request, None at the end."""
    line = stream.readline().split()
    if len(line) != 3:
        return None
    fields = {}
    while (field := stream.readline()) not in (b"\r\n", b""):
        name, _, value = field.partition(b":")
        fields[name.lower()] = value.strip()
    return line[0], line[1], fields


def answer(connection, stream, method, target, fields):
    if method == b"POST":
        got = b"%d" % drain(stream, int(fields.get(b"content-length", 0)))
        send_head(connection, len(got))
        connection.sendall(got)
    elif target.startswith(b"/bytes/"):
        size = int(target.rpartition(b"/")[2])
        send_head(connection, size)
        for _ in range(size // BLOCK):
            connection.sendall(UNIT)
        connection.sendall(UNIT[:size % BLOCK])
    else:
        send_head(connection, 2)
        connection.sendall(b"OK")


def send_head(connection, size):
    connection.sendall(b"HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\n"
                       b"Content-Length: %d\r\n\r\n" % size)


def drain(stream, size):
    block = memoryview(bytearray(BLOCK))
    total = 0
    while total < size:
        count = stream.readinto1(block[:min(BLOCK, size - total)])
        if not count:
            break
        total += count
    return total
