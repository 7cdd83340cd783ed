"""A relay in front of an Engine's socket that tells what comes through.

The proxy under test dials the tap instead of the Engine: so a test sees
which requests reach the Engine, and how long a connection stays.
"""

import re
import socket
import tempfile
import threading

from listening import Listening, dialled

REQUEST = re.compile(rb"^([A-Z]+) (\S+) HTTP/1\.1\r\n")
BLOCK = 1 << 18


class Tap:
    """Relays until the block is left; `path` is the socket to dial."""

    def __init__(self, engine_socket):
        self.engine_socket = str(engine_socket)
        self.folder = tempfile.TemporaryDirectory(prefix="tap-")
        self.path = self.folder.name + "/docker.sock"
        self.lock = threading.Lock()
        self.requests = []
        self.serving = {}

    def __enter__(self):
        self.listening = Listening(self.path, self._take)
        return self

    def __exit__(self, *_):
        self.listening.close()
        self.folder.cleanup()

    def is_serving(self, part):
        """Whether a connection is open, one way or both, whose last request
        named `part`."""
        with self.lock:
            return any(part in target for target in self.serving.values())

    def seen(self):
        """The requests so far, as (method, target)."""
        with self.lock:
            return list(self.requests)

    def _take(self, proxy):
        threading.Thread(target=self._relay, daemon=True,
                         args=[proxy, dialled(self.engine_socket)]).start()

    def _relay(self, proxy, engine):
        def note(data):
            # The proxy writes a head at once: it starts what is received.
            if found := REQUEST.match(data):
                method, target = (part.decode() for part in found.groups())
                with self.lock:
                    self.requests.append((method, target))
                    self.serving[proxy] = target

        down = threading.Thread(target=pump, daemon=True,
                                args=[engine, proxy, lambda data: None])
        down.start()
        pump(proxy, engine, note)
        down.join()
        with self.lock:
            self.serving.pop(proxy, None)
        proxy.close()
        engine.close()


def pump(source, sink, note):
    """Relay one way up to the end, then pass the end on."""
    try:
        while data := source.recv(BLOCK):
            note(data)
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it had gone already
