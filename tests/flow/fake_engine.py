"""A Docker Engine that does what a test's script says, and records all.

The recorder is the judge: every byte that reaches the Engine is counted, and
every byte must belong to a request that is strict HTTP/1.1. A script is
bytes, or a function of an Exchange; it is found by a name (`n17x`) that
play() makes up and the test puts somewhere into the request's target.
"""

import itertools
import os
import re
import socket
import threading

import wire

NAME = re.compile(r"n[0-9]+x")
RECORDED_BYTES = 1 << 20  # of each connection; the rest is only counted

OK = wire.answer("200 OK", "Content-Type: text/plain", body=b"ok")


class Gone(Exception):
    """The proxy closed or reset the connection."""


class Request:
    """One request as the Engine got it."""

    def __init__(self, head, connection):
        match = wire.REQUEST_LINE.fullmatch(head.start_line)
        if not match:
            raise wire.Malformed(f"request line {head.start_line!r}")
        self.method, self.target, self.version = match.groups()
        self.head = head
        self.connection = connection
        self.framing, self.length = head.framing()
        self.body = b"" if self.framing is None else None
        self.complete = self.framing is None

    def __repr__(self):
        return f"<{self.head.start_line}, body {self.body!r:.60}>"


class Exchange:
    """A request and the connection it came on: what a script acts upon."""

    def __init__(self, engine, connection, request):
        self.engine = engine
        self.connection = connection
        self.sock = connection.sock
        self.request = request
        self.over = False  # no further request on this connection

    def body(self):
        """Reads the body, up to its end."""
        r = self.request
        if not r.complete:
            r.body = self.connection.reader.body(r.framing, r.length)
            r.complete = True
        return r.body

    def send(self, data):
        try:
            self.sock.sendall(data)
        except OSError as e:
            raise Gone from e

    def send_apart(self, pieces):
        try:
            wire.send_apart(self.sock, pieces)
        except OSError as e:
            raise Gone from e

    def read(self, n):
        return self.connection.reader.exactly(n)

    def read_to_end(self):
        return self.connection.reader.rest()

    def half_close(self):
        self.over = True
        self.sock.shutdown(socket.SHUT_WR)

    def close(self):
        self.over = True
        self.sock.shutdown(socket.SHUT_RDWR)

    def reset(self):
        self.over = True
        self.connection.abandon()

    def wait_gone(self):
        """Waits until the proxy has closed; bytes before that are read."""
        self.over = True
        try:
            return self.connection.reader.rest()
        except ConnectionResetError:
            return b""


class Connection:
    """One connection from the proxy, served by a thread of its own."""

    def __init__(self, engine, sock, number):
        self.engine = engine
        self.sock = sock
        self.number = number
        self.received = 0
        self.record = bytearray()
        self.requests = 0
        self.idle = True
        self.exchange = None
        self.closed = threading.Event()
        self.reader = wire.Reader(sock, self._count)

    def _count(self, data):
        self.received += len(data)
        self.engine.count(len(data))
        if len(self.record) < RECORDED_BYTES:
            self.record += data

    def abandon(self):
        """Resets: on a unix socket, unread bytes make the peer see one."""
        wire.reset(self.sock)

    def serve(self):
        try:
            self._serve()
        except (Gone, ConnectionResetError, BrokenPipeError, wire.Truncated):
            pass  # the proxy has gone; an unfinished request is not complete
        except Exception as e:  # of a script: the test must hear of it
            self.engine.errors.append(f"{type(e).__name__}: {e}")
        finally:
            self.sock.close()
            self.closed.set()

    def _serve(self):
        while True:
            self.idle = True
            head = self.reader.head()
            if head is None:
                return
            self.idle = False
            request = Request(head, self)
            self.requests += 1
            script = self.engine.enter(request)
            exchange = self.exchange = Exchange(self.engine, self, request)
            if callable(script):
                script(exchange)
            else:
                exchange.body()
                exchange.send(script)
            if exchange.over:
                return
            exchange.body()


class FakeEngine:
    """Listens on a unix path, or on (host, port) with port 0 for any."""

    def __init__(self, address):
        self.address = address
        self.requests = []
        self.connections = []
        self.errors = []
        self.received = 0
        self.unnamed = OK  # the script of requests without a name
        self._scripts = {}
        self._names = itertools.count(1)
        self._lock = threading.Lock()
        self._listener = None
        self.listen()

    # --- life ---------------------------------------------------------------

    def listen(self):
        if isinstance(self.address, tuple):
            self._listener = socket.create_server(self.address, backlog=512)
            self.address = self._listener.getsockname()[:2]
        else:
            if os.path.exists(self.address):
                os.unlink(self.address)
            self._listener = socket.socket(socket.AF_UNIX)
            self._listener.bind(str(self.address))
            self._listener.listen(512)
        self.listening = True
        threading.Thread(target=self._accept, args=(self._listener,),
                         daemon=True).start()

    def url(self):
        if isinstance(self.address, tuple):
            return "tcp://%s:%d" % self.address
        return f"unix://{self.address}"

    def _accept(self, listener):
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            if sock.family != socket.AF_UNIX:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock = self.adopt(sock)
            if not sock:
                continue
            with self._lock:
                c = Connection(self, sock, len(self.connections))
                self.connections.append(c)
            threading.Thread(target=c.serve, daemon=True).start()

    def adopt(self, sock):
        """What is spoken to, of a socket just accepted; or None."""
        return sock

    def stop_listening(self):
        """From now on connecting fails; what is connected stays."""
        self.listening = False
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        if not isinstance(self.address, tuple):
            os.unlink(self.address)

    def close(self):
        self.stop_listening()
        for c in self.connections:
            if not c.closed.is_set():
                try:
                    c.sock.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass  # its thread has just closed it

    # --- scripts ------------------------------------------------------------

    def play(self, *scripts):
        """A name whose requests, in order, get these scripts; then the
        last one again. None of them: OK."""
        name = f"n{next(self._names)}x"
        self._scripts[name] = list(scripts) or [OK]
        return name

    def enter(self, request):
        """Records a request; returns its script."""
        with self._lock:
            self.requests.append(request)
            match = NAME.search(request.target)
            scripts = self._scripts.get(match[0] if match else None,
                                        [self.unnamed])
            return scripts.pop(0) if len(scripts) > 1 else scripts[0]

    # --- the record ---------------------------------------------------------

    def count(self, n):
        with self._lock:
            self.received += n

    def named(self, name):
        return [r for r in self.requests if name in r.target]

    def wait_for(self, name, n=1):
        """The n-th request of that name, once it has come."""
        wire.wait_until(lambda: len(self.named(name)) >= n,
                        f"request {n} of {name} reaches the Engine")
        return self.named(name)[n - 1]

    def open_connections(self):
        return [c for c in self.connections if not c.closed.is_set()]

    def drop_idle(self):
        """Closes the idle connections and waits until the proxy has seen
        it: the next request needs a new connection. A script that has just
        answered is waited for."""
        wire.wait_until(
            lambda: all(c.idle or c.exchange.over
                        for c in self.open_connections()),
            "the Engine's scripts end")
        for c in self.open_connections():
            if c.idle:
                try:
                    c.sock.shutdown(socket.SHUT_WR)
                except OSError:
                    continue  # the proxy was faster
        wire.wait_until(
            lambda: not any(c.idle for c in self.open_connections()),
            "the proxy closes the connections that the Engine ended")

    def settle(self):
        """Waits until nothing is on its way to an idle connection."""
        def settled():
            for c in self.open_connections():
                try:
                    if c.idle and wire.unread_here(c.sock):
                        return False
                except (OSError, ValueError):
                    continue  # closed meanwhile
            return True
        wire.wait_until(settled, "the Engine has read everything")
        return self.received


class Untouched:
    """`with Untouched(proxy, engine):` nothing in it reaches the Engine."""

    def __init__(self, proxy, engine):
        self.proxy = proxy
        self.engine = engine

    def __enter__(self):
        self.before = self.engine.settle()
        self.seen = len(self.engine.requests)
        return self

    def check(self):
        """Nothing but a probe of our own has reached the Engine. The probe
        goes through the same worker after the judged request: what was to
        be forwarded would have been forwarded before it."""
        name = self.engine.play(OK)
        with self.proxy.connect() as c:
            assert c.get(f"/containers/{name}/json").status == 200
        after = self.engine.settle()
        probe = self.engine.named(name)[0]
        others = [r for r in self.engine.requests[self.seen:]
                  if r is not probe]
        stray = after - self.before - len(probe.head.raw)
        assert not others and stray == 0, \
            f"{stray} bytes reached the Engine: {others}"
        self.before = after
        self.seen = len(self.engine.requests)

    def __exit__(self, kind, *_):
        if kind is None:
            self.check()

