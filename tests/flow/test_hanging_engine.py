"""An Engine that stops in the middle of something, and stays."""

import contextlib
import select
import socket
import time

import pytest

import wire
from exposition import scrape
from proxy_process import free_port
from wire import request

SHORT_MS = 1000
MIB = 1 << 20
SWITCH = (b"HTTP/1.1 101 UPGRADED\r\n"
          b"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n")


def hangs(x):
    """Until the proxy closes; what it sends is not read."""
    x.over = True
    poll = select.poll()
    poll.register(x.sock, select.POLLRDHUP)
    assert poll.poll(wire.TIMEOUT * 1000), "the proxy does not let go"


def hangs_after(data):
    def script(x):
        x.send(data)
        hangs(x)
    return script


def hangs_in_the_body(x):
    x.send(b"HTTP/1.1 100 Continue\r\n\r\n")
    x.read(5)
    hangs(x)


def upload(name):
    return request("POST", f"/images/load?x={name}",
                   f"Content-Length: {64 * MIB}") + b"x" * 64 * MIB


def expecting(name):
    return request("POST", f"/images/load?x={name}", "Expect: 100-continue",
                   "Content-Length: 10")


def plain(name):
    return request("GET", f"/containers/{name}/json")


def attach(name):
    return request("POST", f"/containers/{name}/attach",
                   "Connection: Upgrade", "Upgrade: tcp")


# Where it hangs before its answer has begun: what is asked, and the Engine.
BEFORE = {
    "says-nothing": (plain, hangs),
    "half-a-head": (plain, hangs_after(b"HTTP/1.1 200 OK\r\nContent-Le")),
    "after-102": (plain, hangs_after(b"HTTP/1.1 102 Processing\r\n\r\n")),
    "reads-nothing": (upload, hangs),
    "after-100": (expecting, hangs_in_the_body),
    "no-101": (attach, hangs),
}

# And within its answer.
WITHIN = {
    "head": (plain, hangs_after(b"HTTP/1.1 200 OK\r\n"
                                b"Content-Length: 9\r\n\r\n")),
    "half-a-body": (plain, hangs_after(b"HTTP/1.1 200 OK\r\n"
                                       b"Content-Length: 9\r\n\r\nhello")),
    "half-a-size": (plain, hangs_after(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1")),
    "half-a-chunk": (plain, hangs_after(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhello")),
    "no-last-chunk": (plain, hangs_after(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"5\r\nhello\r\n0\r\n")),
    "until-eof": (plain, hangs_after(b"HTTP/1.1 200 OK\r\n\r\nhello")),
    "tunnel": (attach, hangs_after(SWITCH + b"hello")),
}


@pytest.fixture(scope="module")
def settings():
    return {"admin": {"listen": f"127.0.0.1:{free_port()}"}}


def admin_of(proxy_settings):
    return int(proxy_settings["admin"]["listen"].rpartition(":")[2])


def send_what_goes(client, data, wait_ms=1000):
    """As much as is taken, when nobody reads; or until there is an answer."""
    poll = select.poll()
    poll.register(client.sock, select.POLLOUT | select.POLLIN)
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        while data:
            ready = poll.poll(wait_ms)
            if not ready or ready[0][1] & select.POLLIN:
                return
            data = data[client.sock.send(data[:MIB]):]


def settled(port):
    """No connection is left, and none to the Engine is in use."""
    def right():
        m = scrape(port)
        return m("connections") == 0 and m("engine_connections", "busy") == 0
    wire.wait_until(right, "nothing is left")


@pytest.mark.parametrize("stage", BEFORE)
def test_engine_response(own_proxy, engine, stage):
    """504 where a limit is set, whatever it hangs at."""
    port = free_port()
    proxy = own_proxy(global_={
        "admin": {"listen": f"127.0.0.1:{port}"},
        "timeouts": {"engine_response": f"{SHORT_MS}ms"}})
    ask, script = BEFORE[stage]
    name = engine.play(script)
    with proxy.connect("tcp") as client:
        send_what_goes(client, ask(name), wire.TIMEOUT * 1000)
        if stage == "after-100":
            assert client.interim().status == 100
            client.send(b"0123456789")
        r = client.response()
        assert r.status == 504 and r.message()
        assert engine.named(name)[0].connection.closed.wait(wire.TIMEOUT)
    assert scrape(port)("timeouts_total", "engine_response") == 1
    assert len(engine.named(name)) == 1
    settled(port)


@pytest.mark.parametrize("listener", ["tcp", "unix"])
@pytest.mark.parametrize("stage", {**BEFORE, **WITHIN})
def test_the_client_need_not_wait(proxy, engine, settings, stage,
                                 listener):
    """Without a limit nothing is cut; but a client that goes takes the
    Engine's connection along, whatever that hangs at. Over TCP by a reset:
    its end alone could be that of a client that still reads."""
    ask, script = {**BEFORE, **WITHIN}[stage]
    name = engine.play(script)
    client = proxy.connect(listener)
    send_what_goes(client, ask(name))
    engine.wait_for(name)
    if stage in WITHIN:
        assert client.head().status in (101, 200)
    assert not engine.named(name)[0].connection.closed.is_set()
    client.reset()
    assert engine.named(name)[0].connection.closed.wait(wire.TIMEOUT)
    settled(admin_of(settings))


@pytest.mark.parametrize("stage", WITHIN)
def test_a_stop_does_not_wait_for_it(own_proxy, engine, stage):
    """The drain time is over: what is cut does not look whole."""
    proxy = own_proxy(global_={"timeouts": {"drain": f"{SHORT_MS}ms"}})
    ask, script = WITHIN[stage]
    name = engine.play(script)
    with proxy.connect("tcp") as client:
        client.send(ask(name))
        r = client.head()
        proxy.signal()
        assert proxy.wait() == 0
        if stage == "tunnel":
            assert client.read_to_end() == b"hello"
            return
        with pytest.raises((wire.Truncated, ConnectionResetError)):
            framing, length = r.head.framing()
            if framing is None:
                client.read_to_end()
            client.reader.body(framing, length)


@pytest.mark.parametrize("stage", WITHIN)
def test_others_are_served(proxy, engine, stage):
    """One that hangs holds up nobody else."""
    ask, script = WITHIN[stage]
    name = engine.play(script)
    with proxy.connect("tcp") as client, proxy.connect() as other:
        client.send(ask(name))
        assert client.head().status in (101, 200)
        for _ in range(3):
            assert other.get("/containers/json").status == 200
        client.reset()


# --- connecting ---------------------------------------------------------------

@contextlib.contextmanager
def full_backlog(family, address):
    """A listener that takes no more."""
    with contextlib.ExitStack() as stack:
        full = stack.enter_context(socket.socket(family))
        full.bind(address)
        full.listen(0)
        for _ in range(8):
            s = stack.enter_context(socket.socket(family))
            s.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                s.connect(full.getsockname())
        yield full.getsockname()


@pytest.mark.parametrize("kind", ["unix", "tcp"])
def test_a_full_backlog(own_proxy, socket_path, kind):
    """Neither refused nor accepted: timeouts.engine_connect. Then the
    Engine takes connections again."""
    family = socket.AF_UNIX if kind == "unix" else socket.AF_INET
    address = socket_path if kind == "unix" else ("127.0.0.1", 0)
    port = free_port()
    with full_backlog(family, address) as there:
        url = (f"unix://{there}" if kind == "unix"
               else "tcp://%s:%d" % there)
        proxy = own_proxy(url, global_={
            "admin": {"listen": f"127.0.0.1:{port}"},
            "timeouts": {"engine_connect": f"{SHORT_MS}ms"}})
        with proxy.connect() as client:
            before, started = proxy.cpu_ms(), time.monotonic()
            for _ in range(3):
                r = client.get("/containers/json")
                assert r.status == 504 and r.message()
            took_ms = (time.monotonic() - started) * 1000
            assert proxy.cpu_ms() - before <= took_ms / 10, "it spins"
            assert scrape(port)("timeouts_total", "engine_connect") == 3
    settled(port)
