"""The Engine dies, or stands still, in the middle of what it does.

A client must see what it would see without a proxy: that the answer is not
complete, and at once. The proxy must lose nothing, and go on.
"""

import contextlib
import fcntl
import io
import json
import re
import socket
import struct
import subprocess
import tarfile
import termios

import pytest

import cli
import hijack
from conftest import prepare, remove_containers
from engine import Engine
from proxy import Proxy
from wait import until

SLOW_BUILD = b"FROM bb\nRUN echo begun && sleep 1000\n"
TELLING = {"auth": {"type": "none"}, "global": {
    "default": "allow", "metrics": {"enabled": True}}}
IMPATIENT = {"auth": {"type": "none"}, "global": {
    "default": "allow", "timeouts": {"engine_response": "1s"}},
    "rules": [{"name": "closed", "action": "deny", "conditions": [
        {"field": "path", "operator": "equals", "value": "/info"}]}]}


@pytest.fixture(scope="module")
def own():
    """An Engine that tests may kill."""
    made = Engine()
    try:
        made.start()
        prepare(made)
        yield made
        remove_containers(made)
    finally:
        made.remove()


@pytest.fixture
def engine(own):
    """It runs, and so does its container web."""
    if own.outer is None:
        own.start()
    assert own.ask("POST", "/containers/web/start")[0] in (204, 304)
    yield own
    if own.outer is None:
        own.start()
    own.go_on()


@pytest.fixture
def proxy(engine):
    """Open to all; in the end it holds nothing of what was broken off."""
    with Proxy(engine.socket, policy=TELLING) as running:
        yield running
        until(lambda: busy(running) == 0, "no work for the Engine to be left")


def busy(proxy):
    """How many connections to the Engine it holds for its clients."""
    text = proxy.ask("GET", "/metrics")[1].decode()
    return int(re.search(r'^docker_proxy_engine_connections{state="busy"} '
                         r"(\d+)$", text, re.M)[1])


def read_to_the_end(raw):
    """What still comes; a reset is an end like any other."""
    data = b""
    with contextlib.suppress(ConnectionResetError):
        while part := raw.recv(65536):
            data += part
    return data


def assert_recovers(engine, proxy):
    """No Engine, and the proxy says so; then it is there again."""
    status, text = proxy.ask("GET", "/_ping")
    assert status == 503, text
    engine.start()
    assert proxy.ask("GET", "/_ping") == (200, b"OK")


# --- killed


STREAMS = [
    ("GET", "/events"), ("GET", "/containers/web/stats"),
    ("GET", "/containers/web/logs?stdout=1&stderr=1&follow=1"),
    ("POST", "/containers/web/wait"),
]


def test_streams_break_off(engine, proxy):
    """Chunked, and without the last chunk."""
    begun = [hijack.request(side, method, target)
             for side in (engine, proxy) for method, target in STREAMS]
    begun += [build(side, SLOW_BUILD) for side in (engine, proxy)]
    engine.kill()
    for raw, status, fields in begun:
        with raw:
            assert status == 200
            assert fields["transfer-encoding"] == "chunked"
            assert not read_to_the_end(raw).endswith(b"\r\n0\r\n\r\n")
    assert_recovers(engine, proxy)


def build(side, dockerfile):
    """Start a build, and wait for its first step to say something."""
    context = archive("Dockerfile", dockerfile)
    raw = side.connect()
    raw.sendall(b"POST /build?version=1&nocache=1 HTTP/1.1\r\nHost: d\r\n"
                b"Content-Type: application/x-tar\r\n"
                b"Content-Length: %d\r\n\r\n" % len(context) + context)
    status, *fields = hijack.read_head(raw).decode().split("\r\n")
    seen = b""
    while b'"begun' not in seen:
        seen += hijack.exactly(raw, 1)
    names = (field.partition(": ") for field in fields)
    return raw, int(status.split()[1]), {
        name.lower(): value for name, _, value in names}


def archive(name, data):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        entry = tarfile.TarInfo(name)
        entry.size = len(data)
        tar.addfile(entry, io.BytesIO(data))
    return packed.getvalue()


@pytest.mark.parametrize("upgrade", [True, False])
def test_a_tunnel_ends(engine, proxy, upgrade):
    for side in (engine, proxy):
        exec_id = hijack.exec_create(side, "web", ["cat"])
        raw, status, _ = hijack.exec_start(side, exec_id, upgrade)
        with raw:
            assert status == (101 if upgrade else 200)
            raw.sendall(b"one\n")
            assert hijack.frame(raw) == (1, b"one\n")
            engine.kill()
            assert read_to_the_end(raw) == b""
        engine.start()
        assert engine.ask("POST", "/containers/web/start")[0] == 204
    assert proxy.ask("GET", "/_ping") == (200, b"OK")


def test_what_acts_is_told_to_be_lost(engine, proxy):
    """A stop that the Engine had begun: it is not sent a second time."""
    stubborn = "trap 'touch /asked' TERM; touch /ready; " \
        "while :; do usleep 50000; done"
    status, _ = engine.ask(
        "POST", "/containers/create?name=stubborn",
        json.dumps({"Image": "bb", "Cmd": ["sh", "-c", stubborn]}),
        {"Content-Type": "application/json"})
    assert status == 201
    assert engine.ask("POST", "/containers/stubborn/start")[0] == 204
    until_there(engine, "/ready")
    with proxy.connect() as raw:
        raw.sendall(b"POST /containers/stubborn/stop?t=600 HTTP/1.1\r\n"
                    b"Host: d\r\n\r\n")
        until_there(engine, "/asked")
        engine.kill()
        assert b" 502 " in hijack.read_head(raw).split(b"\r\n")[0]
    assert_recovers(engine, proxy)
    assert engine.ask("DELETE", "/containers/stubborn?force=1")[0] == 204


def until_there(engine, path):
    target = f"/containers/stubborn/archive?path={path}"
    until(lambda: engine.ask("HEAD", target)[0] == 200, f"{path} to be there")


def test_an_upload_breaks_off(engine, proxy):
    """An image, of which the Engine waits for the rest."""
    layer = tarfile.TarInfo("layer.tar")
    layer.size = 1 << 30
    with proxy.connect() as raw:
        raw.sendall(b"POST /images/load HTTP/1.1\r\nHost: d\r\n"
                    b"Content-Type: application/x-tar\r\n"
                    b"Content-Length: %d\r\n\r\n" % (layer.size + 10240)
                    + layer.tobuf() + bytes(1 << 20))
        until(lambda: unread(raw) == 0, "the proxy to have taken it")
        engine.kill()
        assert_lost(raw)
    assert_recovers(engine, proxy)


def assert_lost(raw):
    """A 502; or an answer that had begun, and breaks off."""
    if b" 502 " not in hijack.read_head(raw).split(b"\r\n")[0]:
        assert not read_to_the_end(raw).endswith(b"0\r\n\r\n")


def unread(raw):
    """Bytes sent that the kernel of the other side has not taken."""
    return struct.unpack("i", fcntl.ioctl(raw, termios.TIOCOUTQ, bytes(4)))[0]


def test_clients_end_alike(engine, proxy, program, home):
    """With the same exit codes on both sides, but for exec: that one asks
    for its command's, and tells an Engine that cannot be dialled from one
    of which a proxy says so."""
    commands = ["exec -i web cat", "events", "logs -f web", "wait web",
                "attach --no-stdin web"]
    sides = [cli.Docker(program, side.host, home) for side in (engine, proxy)]
    before = engine.event_listeners()
    with contextlib.ExitStack() as stack:
        ends = [[stack.enter_context(side.start(*command.split(),
                                                stdin=subprocess.PIPE))
                 for command in commands] for side in sides]
        until(lambda: engine.event_listeners() == before + 2,
              "both event streams")
        until(lambda: len(engine.get_json("/containers/web/json")
                          ["ExecIDs"] or []) == 2, "both commands")
        engine.kill()
        direct, proxied = ([end.wait() for end in side] for side in ends)
    assert proxied[0] and direct[0]
    assert proxied[1:] == direct[1:]
    assert_recovers(engine, proxy)


# --- standing still


@pytest.fixture
def impatient(engine):
    with Proxy(engine.socket, policy=IMPATIENT) as running:
        yield running


def asks(raw, target, method="GET"):
    raw.sendall(f"{method} {target} HTTP/1.1\r\nHost: d\r\n\r\n".encode())


def test_it_is_waited_for(engine, proxy):
    engine.halt()
    with proxy.connect() as raw:
        asks(raw, "/_ping")
        until(lambda: busy(proxy) == 1, "the Engine to be asked")
        engine.go_on()
        assert b" 200 " in hijack.read_head(raw).split(b"\r\n")[0]


def test_it_is_waited_for_so_long(engine, impatient):
    engine.halt()
    status, text = impatient.ask("GET", "/_ping")
    assert status == 504
    assert b"did not answer in time" in text
    assert impatient.ask("GET", "/info")[0] == 403
    engine.go_on()
    until(lambda: impatient.ask("GET", "/_ping") == (200, b"OK"),
          "the Engine to answer in time")


@pytest.mark.parametrize("target, reset", [
    ("/events", False), ("/containers/json", True),
], ids=["closed", "reset"])
def test_clients_that_give_up_leave_nothing(engine, proxy, target, reset):
    """Also on the Engine's side, while it does not move. A mere close may
    be a half-close, and one that waits for its answer: but to an endless
    one there is no end."""
    engine.halt()
    with contextlib.ExitStack() as stack:
        raws = [stack.enter_context(proxy.connect()) for _ in range(20)]
        for raw in raws:
            asks(raw, target)
        until(lambda: busy(proxy) == 20, "20 requests under way")
        if reset:
            for raw in raws:
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                               struct.pack("ii", 1, 0))
    until(lambda: busy(proxy) == 0, "all to be given up")
    engine.go_on()
    assert proxy.ask("GET", "/_ping") == (200, b"OK")


def test_streams_go_on_where_they_stood(engine, proxy):
    exec_id = hijack.exec_create(proxy, "web", ["cat"])
    tunnel, _, _ = hijack.exec_start(proxy, exec_id, True)
    events, _, _ = hijack.request(proxy, "GET", "/events")
    with tunnel, events, proxy.connect() as raw:
        engine.halt()
        tunnel.sendall(b"said meanwhile\n")
        asks(raw, "/volumes/prune", "POST")
        until(lambda: busy(proxy) == 3, "the Engine to be asked")
        engine.go_on()
        assert hijack.frame(tunnel) == (1, b"said meanwhile\n")
        assert b" 200 " in hijack.read_head(raw).split(b"\r\n")[0]
        seen = b""
        while b'"Action":"prune"' not in seen:
            seen += hijack.exactly(events, 1)


def test_the_proxy_stops_without_it(engine):
    proxy = Proxy(engine.socket, policy={**TELLING, "global": {
        **TELLING["global"], "timeouts": {"drain": "1s"}}})
    engine.halt()
    with proxy.connect() as raw:
        asks(raw, "/_ping")
        until(lambda: busy(proxy) == 1, "the Engine to be asked")
        proxy.stop()
        assert b" 200 " not in read_to_the_end(raw)
