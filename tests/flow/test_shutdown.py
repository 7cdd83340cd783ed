"""SIGTERM: no new work, what is under way ends, exit 0."""

import fcntl
import os
import signal
import threading
import time

import pytest

import wire
from fake_engine import OK
from wire import request


def refuses(proxy):
    try:
        proxy.connect("tcp").sock.close()
        return False
    except OSError:
        return True


def stopping(proxy):
    """Sends SIGTERM and waits until it has been taken to heart."""
    proxy.signal()
    wire.wait_until(lambda: refuses(proxy), "it stops accepting")


def held_back(engine):
    """A script that answers when told to."""
    go_on = threading.Event()

    def script(x):
        x.body()
        assert go_on.wait(wire.TIMEOUT)
        x.send(OK)
        x.wait_gone()
    return engine.play(script), go_on


def test_idle(own_proxy):
    """Nobody waits for clients that ask nothing."""
    proxy = own_proxy(global_={"timeouts": {"drain": "1h"}})
    with proxy.connect() as idle:
        assert idle.get("/containers/json").status == 200
        proxy.signal()
        assert idle.at_end()
        assert proxy.wait() == 0


@pytest.mark.parametrize("threads", [1, 4])
def test_requests_in_flight_end_well(own_proxy, engine, threads):
    proxy = own_proxy(global_={"threads": threads})
    name, go_on = held_back(engine)
    clients = [proxy.connect() for _ in range(8)]
    for client in clients:
        client.send(request("GET", f"/containers/{name}/json"))
    engine.wait_for(name, len(clients))
    # Of each worker one, which closes it when it hears of the stop.
    idle = [proxy.connect() for _ in range(threads)]
    assert all(c.get("/_ping").status == 200 for c in idle)
    stopping(proxy)
    assert all(c.at_end() for c in idle)
    assert proxy.alive()
    go_on.set()
    for client in clients:
        with client:
            r = client.response()
            assert (r.body, r["Connection"]) == (b"ok", "close")
            assert client.at_end()
    assert proxy.wait() == 0


def test_pipelined_behind_the_request_in_flight(own_proxy, engine):
    """What had not begun is not begun."""
    proxy = own_proxy()
    name, go_on = held_back(engine)
    after = engine.play()
    with proxy.connect() as client:
        client.send(request("GET", f"/containers/{name}/json")
                    + request("GET", f"/containers/{after}/json"))
        engine.wait_for(name)
        stopping(proxy)
        go_on.set()
        assert client.response()["Connection"] == "close"
        assert client.gone()
    assert proxy.wait() == 0
    assert not engine.named(after)


def test_an_upload_in_flight_ends_well(own_proxy, engine):
    proxy = own_proxy()
    name = engine.play()
    with proxy.connect() as client:
        client.send(request("POST", f"/images/load?x={name}",
                            "Content-Length: 10") + b"hello")
        engine.wait_for(name)
        stopping(proxy)
        client.send(b"world")
        assert client.response().status == 200
    assert proxy.wait() == 0
    assert engine.named(name)[0].body == b"helloworld"


def test_endless_answers_end_at_once(own_proxy, engine):
    """Their clients reconnect; a drain would wait for them in vain. Never
    with a last chunk, as if they were whole."""
    ended = threading.Event()

    def script(x):
        x.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
               b"2\r\n{}\r\n")
        x.wait_gone()
        ended.set()

    proxy = own_proxy(global_={"timeouts": {"drain": "1h"}})
    name = engine.play(script)
    with proxy.connect() as client:
        client.send(request("GET", f"/events?x={name}"))
        client.head()
        assert client.reader.chunk() == b"{}"
        proxy.signal()
        with pytest.raises((wire.Truncated, ConnectionResetError)):
            client.reader.chunk()
    assert proxy.wait() == 0
    assert ended.wait(wire.TIMEOUT)


def tunnel(proxy, engine, client):
    """An attached client; and the event that its Engine side has ended."""
    ended = threading.Event()

    def script(x):
        x.send(b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\n"
               b"Upgrade: tcp\r\n\r\nhello")
        x.wait_gone()
        ended.set()

    name = engine.play(script)
    client.send(request("POST", f"/containers/{name}/attach",
                        "Connection: Upgrade", "Upgrade: tcp"))
    assert client.head().status == 101
    assert client.read(5) == b"hello"
    return ended


def test_a_tunnel_is_given_the_drain_time(own_proxy, engine):
    proxy = own_proxy(global_={"timeouts": {"drain": "400ms"}})
    with proxy.connect() as client:
        ended = tunnel(proxy, engine, client)
        started = time.monotonic()
        stopping(proxy)
        assert client.gone()
        assert time.monotonic() - started > 0.3
    assert proxy.wait() == 0
    assert ended.wait(wire.TIMEOUT)


@pytest.mark.parametrize("threads", [1, 4])
def test_a_second_sigterm_ends_it_at_once(own_proxy, engine, threads):
    proxy = own_proxy(global_={"threads": threads,
                               "timeouts": {"drain": "1h"}})
    clients = [proxy.connect() for _ in range(5)]
    ended = [tunnel(proxy, engine, c) for c in clients]
    stopping(proxy)
    assert proxy.alive()
    proxy.signal()
    assert proxy.wait() == 0
    assert all(e.wait(wire.TIMEOUT) for e in ended)
    for c in clients:
        with c:
            assert c.gone()


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("kept", range(3))
def test_any_worker_may_be_the_last(own_proxy, engine, kept, again):
    """The drain time, and a second signal, end what only one of three
    workers still has."""
    drain = "1h" if again else "300ms"
    proxy = own_proxy(global_={"threads": 3, "timeouts": {"drain": drain}})
    clients = [proxy.connect() for _ in range(3)]
    ended = [tunnel(proxy, engine, c) for c in clients]
    for i in range(3):
        if i != kept:
            clients[i].sock.close()
            assert ended[i].wait(wire.TIMEOUT)
    with clients[kept]:
        stopping(proxy)
        if again:
            proxy.signal()
        assert proxy.wait() == 0
        assert ended[kept].wait(wire.TIMEOUT)


def test_a_tunnel_that_ends_ends_the_drain(own_proxy, engine):
    proxy = own_proxy(global_={"timeouts": {"drain": "1h"}})
    with proxy.connect() as client:
        ended = tunnel(proxy, engine, client)
        stopping(proxy)
    assert proxy.wait() == 0
    assert ended.wait(wire.TIMEOUT)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals(own_proxy, number):
    proxy = own_proxy()
    proxy.signal(number)
    assert proxy.wait() == 0


@pytest.mark.parametrize("number", [
    signal.SIGHUP, signal.SIGUSR1, signal.SIGTERM, signal.SIGINT])
def test_signals_while_the_audit_log_is_written(own_proxy, folder, number):
    """At the very end there is nothing that a signal could still change; it
    must not cost the lines that wait for a slow sink."""
    fifo = folder / f"audit-{number}"
    os.mkfifo(fifo)
    sink = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    fcntl.fcntl(sink, fcntl.F_SETPIPE_SZ, 4096)
    proxy = own_proxy(global_={"audit_log": str(fifo)})
    with proxy.connect() as client:
        for _ in range(50):
            assert client.get("/secrets/1").status == 403
    proxy.signal()
    wire.wait_until(lambda: " stopped\n" in proxy.log(), "the loop is over")
    proxy.signal(number)
    os.set_blocking(sink, True)
    with open(sink, "rb") as reader:
        assert reader.read().count(b'"event":"deny"') == 50
    assert proxy.wait() == 0


def test_a_client_that_never_reads_does_not_hold_it(own_proxy, engine):
    """Unsent data is given the drain time, and no more."""
    proxy = own_proxy(global_={"timeouts": {"drain": "300ms"}})

    def script(x):
        x.send(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n")
        while True:
            x.send(b"x" * 65536)

    name = engine.play(script)
    with proxy.connect() as client:
        client.send(request("GET", f"/images/{name}/get"))
        engine.wait_for(name)
        proxy.signal()
        assert proxy.wait() == 0
