"""timeouts.client_stalled: a client that takes nothing of its answer.

Who is to be dropped, is soon; who is not, has time to spare: a machine may
pause a client that reads, too.
"""

import socket
import threading
import time

import pytest

import tls_peer
import wire
from exposition import scrape
from proxy_process import free_port
from wire import request

STALLED_MS = 1000
SPARE_MS = 2000
MIB = 1 << 20
SWITCH = (b"HTTP/1.1 101 UPGRADED\r\n"
          b"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n")


@pytest.fixture(scope="module")
def settings(server_cert):
    return {
        "timeouts": {"client_stalled": f"{STALLED_MS}ms"},
        "admin": {"listen": f"127.0.0.1:{free_port()}"},
        "listeners": [
            tls_peer.listener(server_cert, {}),
            {"name": "tcp", "bind": "127.0.0.1", "port": free_port()},
        ],
    }


@pytest.fixture(scope="module")
def admin(settings):
    return int(settings["admin"]["listen"].rpartition(":")[2])


def hits(port):
    return scrape(port)("timeouts_total", "client_stalled")


def pours(framing):
    """More than all the buffers on the way hold."""
    def script(x):
        data = b"x" * MIB
        if framing == "length":
            x.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
                   % (64 * MIB))
        elif framing == "chunked":
            data = b"%x\r\n%s\r\n" % (MIB, data)
            x.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        else:
            x.send(SWITCH if framing == "tunnel"
                   else b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(64):
            x.send(data)
        x.wait_gone()
    return script


@pytest.mark.parametrize("framing", ["length", "chunked", "eof"])
def test_a_client_that_never_reads(proxy, engine, admin, framing):
    """Reset, so that it cannot take what it got for the whole answer; the
    Engine is let go."""
    name = engine.play(pours(framing))
    before = hits(admin)
    with proxy.connect(receive_buffer=4096) as client:
        started = time.monotonic()
        client.send(request("GET", f"/images/{name}/get"))
        assert engine.wait_for(name).connection.closed.wait(wire.TIMEOUT)
        assert time.monotonic() - started > STALLED_MS / 1000
        with pytest.raises((ConnectionResetError, wire.Truncated)):
            client.response()
    wire.wait_until(lambda: hits(admin) == before + 1, "it is counted")
    assert f"stopped reading the answer to /images/{name}/get" in proxy.log()


def test_a_tls_client_that_never_reads(proxy, engine, admin, settings, ca):
    name = engine.play(pours("length"))
    before = hits(admin)
    address = "127.0.0.1", settings["listeners"][0]["port"]
    with socket.create_connection(address, wire.TIMEOUT) as plain:
        client = tls_peer.TlsSocket(plain, tls_peer.client_context(ca.ca))
        client.sendall(request("GET", f"/images/{name}/get"))
        assert engine.wait_for(name).connection.closed.wait(wire.TIMEOUT)
    wire.wait_until(lambda: hits(admin) == before + 1, "it is counted")


@pytest.fixture
def patient(own_proxy):
    port = free_port()
    proxy = own_proxy(global_={
        "timeouts": {"client_stalled": f"{SPARE_MS}ms"},
        "admin": {"listen": f"127.0.0.1:{port}"}})
    yield proxy
    assert hits(port) == 0


def longer_than_spare():
    assert not threading.Event().wait(SPARE_MS * 1.5 / 1000)


def test_slow_is_not_stalled(patient, engine):
    """Each time that it takes something, it has the whole time again: also
    of what has long left the proxy, which writes nothing meanwhile."""
    name = engine.play(pours("length"))
    tick = threading.Event()
    with patient.connect(receive_buffer=4096) as client:
        client.send(request("GET", f"/images/{name}/get"))
        for _ in range(6):
            tick.wait(SPARE_MS / 4 / 1000)
            client.read(64 * 1024)
        assert not engine.named(name)[0].connection.closed.is_set()
    assert engine.named(name)[0].connection.closed.wait(wire.TIMEOUT)


def test_nothing_to_take_is_no_stall(patient, engine):
    """`events` in a quiet time, and a `wait`: the Engine's turn, for ever."""
    def script(x):
        x.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
               b"3\r\none\r\n")
        longer_than_spare()
        x.send(b"3\r\ntwo\r\n0\r\n\r\n")

    name = engine.play(script)
    with patient.connect() as client:
        assert client.get(f"/events?x={name}").body == b"onetwo"


def test_a_quiet_tunnel_is_no_stall(patient, engine):
    def script(x):
        x.send(SWITCH)
        assert x.read(5) == b"hello"
        x.send(b"bye")
        x.close()

    name = engine.play(script)
    with patient.connect() as client:
        client.send(request("POST", f"/containers/{name}/attach",
                            "Connection: Upgrade", "Upgrade: tcp"))
        assert client.head().status == 101
        longer_than_spare()
        client.send(b"hello")
        assert client.read_to_end() == b"bye"


def test_a_stalled_tunnel_is_an_idle_one(own_proxy, engine):
    """Whoever stops a terminal's output has the time of tunnel_idle."""
    port = free_port()
    proxy = own_proxy(global_={
        "timeouts": {"client_stalled": "1ms", "tunnel_idle": "800ms"},
        "admin": {"listen": f"127.0.0.1:{port}"}})
    name = engine.play(pours("tunnel"))
    with proxy.connect(receive_buffer=4096) as client:
        started = time.monotonic()
        client.send(request("POST", f"/containers/{name}/attach",
                            "Connection: Upgrade", "Upgrade: tcp"))
        assert client.head().status == 101
        assert engine.named(name)[0].connection.closed.wait(wire.TIMEOUT)
        assert time.monotonic() - started > 0.6
    assert scrape(port)("timeouts_total", "tunnel_idle") == 1
    assert hits(port) == 0
