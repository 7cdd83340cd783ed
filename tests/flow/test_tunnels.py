"""Tunnels: what is kept while they are open, and what is told of them."""

import hashlib
import json
import socket
import threading
from contextlib import ExitStack

import pytest

import wire
from proxy_process import SANITIZED
from wire import request

MIB = 1 << 20
SWITCH = (b"HTTP/1.1 101 UPGRADED\r\n"
          b"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n")
SENT = hashlib.shake_256(b"sent").digest(3 * MIB)
TOLD = hashlib.shake_256(b"told").digest(2 * MIB)


def open_tunnel(client, name, *fields, early=b""):
    client.send(request("POST", f"/containers/{name}/attach",
                        "Connection: Upgrade", "Upgrade: tcp", *fields)
                + early)
    assert client.head().status == 101


def echo(x):
    x.send(SWITCH)
    reader = x.connection.reader
    while reader.fill():
        x.send(reader.take(len(reader.buffer)))
    x.close()


@pytest.mark.skipif(SANITIZED, reason="a sanitizer keeps what is given back")
@pytest.mark.parametrize("listener", ["tcp", "unix"])
def test_a_quiet_one_is_small(own_proxy, engine, listener):
    """A block that has been filled is not kept for more, on either side."""
    proxy, data, many = own_proxy(), b"x" * 200_000, 100
    with ExitStack() as stack:
        def one():
            client = stack.enter_context(proxy.connect(listener))
            open_tunnel(client, engine.play(echo))
            sender = threading.Thread(target=client.send, args=(data,))
            sender.start()
            assert client.read(len(data)) == data
            sender.join()

        for _ in range(5):
            one()
        before = proxy.rss_kib()
        for _ in range(many):
            one()
        assert (proxy.rss_kib() - before) / many < 32


@pytest.mark.parametrize("listener", ["tcp", "unix"])
@pytest.mark.parametrize("early", [0, 5, 10_000, 100_000])
def test_what_is_told_of_one(own_proxy, engine, folder, listener, early):
    """Of its head, behind which so much has come; and of its bytes, without
    the heads'."""
    def script(x):
        x.body()
        engine_waits.wait(wire.TIMEOUT)
        x.send(SWITCH + TOLD[:3])
        got.append(x.read_to_end())
        x.send(TOLD[3:])
        x.close()

    got, engine_waits = [], threading.Event()
    name, log = engine.play(script), folder / f"audit-{listener}-{early}"
    proxy = own_proxy(global_={"audit": "all", "audit_log": str(log)})
    with proxy.connect(listener) as client:
        def send():
            client.send(request("POST", f"/containers/{name}/attach",
                                "Connection: Upgrade", "Upgrade: tcp",
                                "User-Agent: " + "u" * 300)
                        + SENT[:early])
            engine.wait_for(name)
            engine_waits.set()
            client.send(SENT[early:])
            client.half_close()

        sender = threading.Thread(target=send)
        sender.start()
        assert client.head().status == 101
        assert client.read_to_end() == TOLD
        sender.join()
    assert got == [SENT]

    def line():
        text = log.read_text("utf-8") if log.exists() else ""
        return [json.loads(x) for x in wire.whole_lines(text) if name in x]
    e, = wire.wait_until(line, "the audit log has it")
    assert e["path"] == f"/containers/{name}/attach"
    assert e["user_agent"] == "u" * 300
    assert (e["status"], e["bytes_in"], e["bytes_out"]) == (
        101, len(SENT), len(TOLD))


def test_one_that_the_engine_no_longer_hears(own_proxy, engine):
    """It takes no more, and goes on talking: what is sent meanwhile is no
    reason to end."""
    def script(x):
        x.send(SWITCH)
        x.sock.shutdown(socket.SHUT_RD)
        x.send(b"deaf")
        assert go_on.wait(wire.TIMEOUT)
        x.send(TOLD)
        x.close()

    go_on = threading.Event()
    name, proxy = engine.play(script), own_proxy()
    with proxy.connect("tcp") as client:
        open_tunnel(client, name)
        assert client.read(4) == b"deaf"
        client.send(b"y" * 1000)
        wire.wait_until(lambda: wire.unread_there(client.sock) == 0,
                        "the proxy has read it")
        go_on.set()
        assert client.read_to_end() == TOLD
