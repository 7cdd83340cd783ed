"""What a request may cost where it shows: system calls, and allocations. Of
the same thing time would say less, and differ from machine to machine."""

import json
import re
import subprocess
import tempfile
import threading
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import pytest

import wire
from alloc_fail import Allocations
from proxy_process import DENIALS, SANITIZED, Proxy, configuration
from wire import answer, chunked, request

pytestmark = pytest.mark.skipif(
    SANITIZED, reason="sanitizers allocate, and make calls of their own")

JSON = "Content-Type: application/json"
MEDIUM = b"x" * 50_000
FILTERED = json.dumps([{"Id": f"{i:064x}", "Labels": {"a": "b"}}
                       for i in range(500)]).encode()
FILTERS = [{"name": "labels", "action": "response_filter", "conditions": [],
            "response_filter": [{"field": "*.Labels", "action": "redact"}]}]
WAITS = {"epoll_wait", "epoll_pwait"}
# The request, its way to the Engine, the answer, its way back.
FOUR = {"recvfrom": 2, "write": 2}


CLIENTS = 8
together = threading.Barrier(CLIENTS)


def engine_script(x):
    x.body()
    if x.request.target == "/together":
        together.wait(wire.TIMEOUT)
    x.send({"/medium": answer("200 OK", JSON, body=MEDIUM),
            "/chunked": answer("200 OK", JSON, body=2 * MEDIUM,
                               framing="chunked"),
            "/filtered": answer("200 OK", JSON, body=FILTERED),
            }.get(x.request.target, answer("200 OK", JSON, body=b"{}")))


def small(client):
    assert client.get("/_ping").body == b"{}"


def medium(client):
    assert client.get("/medium").body == MEDIUM


def in_chunks(client):
    assert client.get("/chunked").body == 2 * MEDIUM


def filtered(client):
    assert client.get("/filtered").body.count(b"REDACTED") == 500


def uploaded(client):
    assert client.ask(request("POST", "/images/load",
                              body=MEDIUM)).status == 200


def denied(client):
    assert client.get("/secrets").status == 403


def denied_together(client):
    client.send(CLIENTS * request("GET", "/secrets"))
    for _ in range(CLIENTS):
        assert client.response().status == 403


# --- system calls -------------------------------------------------------------


class Calls:
    """Counts a process's system calls while it is entered."""

    def __init__(self, pid):
        self.pid = pid

    def __enter__(self):
        self.out = tempfile.NamedTemporaryFile("r", encoding="ascii")
        self.strace = subprocess.Popen(
            ["strace", "-f", "-c", "-U", "name,calls", "-o", self.out.name,
             "-p", str(self.pid)], stderr=subprocess.DEVNULL)
        wire.wait_until(self._attached, "strace is attached")
        return self

    def _attached(self):
        assert self.strace.poll() is None, "strace has ended"
        return all("TracerPid:\t0\n" not in (t / "status").read_text()
                   for t in Path(f"/proc/{self.pid}/task").iterdir())

    def __exit__(self, *_):
        self.strace.terminate()
        self.strace.wait(wire.TIMEOUT)
        self.made = Counter({name: int(n) for name, n in re.findall(
            r"^(\w+) +(\d+)$", self.out.read(), re.M) if name != "total"})
        self.out.close()
        # How a vector is written is the same.
        self.made["write"] += self.made.pop("writev", 0)
        self.waits = sum(self.made.pop(w, 0) for w in WAITS)


N = 200


@pytest.mark.parametrize("kind", ["tcp", "unix"])
@pytest.mark.parametrize("ask,calls", [
    (small, FOUR),
    (medium, FOUR),
    (filtered, FOUR),
    # Nobody reads the log here: it is asked whether it takes a line.
    (denied, {"recvfrom": 1, "write": 2, "poll": 1}),
    # The lines of one turn of the loop are written as one.
    (denied_together, {"recvfrom": 1, "write": CLIENTS + 1, "poll": 1}),
], ids=lambda x: getattr(x, "__name__", ""))
def test_system_calls(own_proxy, engine, kind, ask, calls):
    """A request makes four and waits twice, with the sandbox on. A few more
    may be needed: a byte that comes apart, a timer."""
    engine.unnamed = engine_script
    proxy = own_proxy(rules=FILTERS if ask == filtered else DENIALS)
    with proxy.connect(kind) as client:
        for _ in range(3):
            ask(client)
        with Calls(proxy.process.pid) as made:
            for _ in range(N):
                ask(client)
    for name in {*made.made, *calls}:
        want = N * calls.get(name, 0)
        assert abs(made.made[name] - want) <= N // 20, made.made
    assert made.waits <= 2 * N + N // 10


@pytest.mark.parametrize("kind", ["tcp", "unix"])
def test_system_calls_of_a_tunnel(own_proxy, engine, kind):
    """A key and its echo cost what a request and its answer do."""
    def script(x):
        x.send(b"HTTP/1.1 101 UPGRADED\r\n"
               b"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n")
        while key := x.sock.recv(1):
            x.send(key)
        x.close()

    def typed():
        client.send(b"x")
        assert client.read(1) == b"x"

    name = engine.play(script)
    proxy = own_proxy()
    with proxy.connect(kind) as client:
        client.send(request("POST", f"/containers/{name}/attach",
                            "Connection: Upgrade", "Upgrade: tcp"))
        assert client.head().status == 101
        for _ in range(3):
            typed()
        with Calls(proxy.process.pid) as made:
            for _ in range(N):
                typed()
    for call in {*made.made, *FOUR}:
        want = N * FOUR.get(call, 0)
        assert abs(made.made[call] - want) <= N // 20, made.made
    assert made.waits <= 2 * N + N // 10


def test_system_calls_of_connections(own_proxy, engine):
    """A connection for each request: what TCP is told once, of the listening
    socket, is not told of each."""
    engine.unnamed = engine_script
    proxy = own_proxy()

    def once():
        with proxy.connect("tcp") as client:
            client.ask(request("GET", "/_ping", "Connection: close"))
    once()
    with Calls(proxy.process.pid) as made:
        for _ in range(N):
            once()
    assert made.made["setsockopt"] == 0
    assert made.made["accept4"] <= 2 * N + N // 20
    assert sum(made.made.values()) <= 10 * N, made.made


def test_system_calls_of_a_body_that_is_dropped(own_proxy):
    """That of a refused request, whose head leaves a byte of its block: not
    by reads of a byte."""
    def denied_with(pad):
        return request("POST", "/secrets", "Transfer-Encoding: chunked",
                       "X-Pad: " + "x" * pad)
    head = denied_with((64 << 10) - 1 - len(denied_with(0)))
    proxy = own_proxy()
    with proxy.connect() as client, Calls(proxy.process.pid) as made:
        client.send(head + chunked(MEDIUM))
        assert client.response().status == 403
        denied(client)
    assert made.made["recvfrom"] < 100, made.made


# --- allocations --------------------------------------------------------------


@pytest.fixture
def proxy_and_allocations(engine):
    engine.unnamed = engine_script
    with tempfile.TemporaryDirectory(prefix="flow-") as path:
        folder = Path(path)
        allocations = Allocations(folder / "allocations")
        proxy = Proxy(folder, configuration(engine.url(), folder),
                      env=allocations.environment())
        proxy.start()
        try:
            assert allocations.live() > 0, "the library is not there"
            yield proxy, allocations
        finally:
            proxy.stop()


@pytest.mark.parametrize("ask", [small, medium, in_chunks, uploaded, denied],
                         ids=lambda f: f.__name__)
def test_allocations(proxy_and_allocations, ask):
    """After the first ones of its kind, a request allocates nothing."""
    proxy, allocations = proxy_and_allocations
    with ExitStack() as stack:
        clients = [stack.enter_context(proxy.connect("tcp"))
                   for _ in range(CLIENTS)]
        for client in 3 * clients:
            ask(client)
        allocations.count()
        for client in 10 * clients:
            ask(client)
        assert allocations.counted() == 0


def test_allocations_together(proxy_and_allocations):
    """The Engine answers none of them before it has them all."""
    proxy, allocations = proxy_and_allocations

    def all_ask(clients):
        for c in clients:
            c.send(request("GET", "/together"))
        for c in clients:
            assert c.response().status == 200
    with ExitStack() as stack:
        clients = [stack.enter_context(proxy.connect("tcp"))
                   for _ in range(CLIENTS)]
        all_ask(clients)
        all_ask(clients)
        allocations.count()
        for _ in range(10):
            all_ask(clients)
        assert allocations.counted() == 0
