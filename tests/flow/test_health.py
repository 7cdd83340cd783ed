"""Health and readiness: the admin listener, and the command that asks it."""

import contextlib
import os
import signal
import socket
import subprocess
import threading
import time

import pytest

import exposition
import fake_engine
import tls_peer
import wire
from authority import Authority
from exposition import dial, get
from fake_engine import OK
from proxy_process import BINARY, free_port
from wire import answer, request


@pytest.fixture
def admin(own_proxy):
    """Starts a proxy with an admin listener, at proxy.admin."""
    def start(engine_url=None, **global_):
        port = free_port()
        proxy = own_proxy(engine_url, global_={
            "admin": {"listen": f"127.0.0.1:{port}"}, **global_})
        proxy.admin = port
        return proxy
    return start


@pytest.fixture
def mute(socket_path):
    """An Engine that accepts and says nothing; a list of its sockets."""
    sockets = []
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(socket_path)
        listener.listen(64)

        def accept():
            with contextlib.suppress(OSError):
                while True:
                    sockets.append(listener.accept()[0])
        threading.Thread(target=accept, daemon=True).start()
        yield f"unix://{socket_path}", sockets
        listener.shutdown(socket.SHUT_RDWR)
    for s in sockets:
        s.close()


@pytest.fixture
def other(socket_path):
    """A fake Engine for one test."""
    e = fake_engine.FakeEngine(socket_path)
    yield e
    if e.listening:
        e.close()


def pings(engine):
    return [r for r in engine.requests if r.target == "/_ping"]


def readiness(proxy):
    """Of an Engine that answers. Where a busy machine has let the second pass
    in which it should, it is asked again."""
    def told():
        r = get(proxy.admin, "/readyz")
        return b"within 1000 ms" not in r.body and r
    return wire.wait_until(told, "the Engine answers in time")


def check(response, status, text):
    assert (response.status, response.body) == (status, text.encode() + b"\n")
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response["Connection"] == "close"


# --- health -----------------------------------------------------------------

def test_index_and_routes(admin):
    proxy = admin()
    index = get(proxy.admin, "/")
    assert index.status == 200
    for path in ("/healthz", "/readyz", "/metrics"):
        assert path.encode() in index.body
        assert get(proxy.admin, path + "?a=b").status == 200
        assert get(proxy.admin, path + "/").status == 404
    exposition.scrape(proxy.admin)


def test_head(admin):
    proxy = admin()
    for path, status in (("/", 200), ("/healthz", 200), ("/readyz", 200),
                         ("/metrics", 200), ("/x", 404)):
        with dial(proxy.admin) as c:
            r = c.ask(request("HEAD", path, host="127.0.0.1"), "HEAD")
            assert r.status == status and int(r["Content-Length"]) > 0
            assert c.at_end()


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_other_methods(admin, method):
    proxy = admin()
    with dial(proxy.admin) as c:
        r = c.ask(request(method, "/healthz", body=b"x"))
        assert (r.status, r["Allow"]) == (405, "GET, HEAD")


def test_health_needs_no_engine(admin, socket_path):
    proxy = admin(f"unix://{socket_path}")
    check(get(proxy.admin, "/healthz"), 200, "ok")


def test_stopping(admin, engine):
    proxy = admin()
    go_on = threading.Event()

    def script(x):
        assert go_on.wait(wire.TIMEOUT)
        x.send(OK)
        x.wait_gone()
    name = engine.play(script)
    with proxy.connect() as c:
        c.send(request("GET", f"/containers/{name}/json"))
        engine.wait_for(name)
        check(get(proxy.admin, "/healthz"), 200, "ok")
        check(readiness(proxy), 200, "ok")
        proxy.signal()
        wire.wait_until(
            lambda: get(proxy.admin, "/healthz").status == 503, "it stops")
        check(get(proxy.admin, "/healthz"), 503, "stopping")
        check(get(proxy.admin, "/readyz"), 503, "stopping")
        exposition.scrape(proxy.admin)
        with dial(proxy.admin):  # one that says nothing holds nothing up
            go_on.set()
            assert c.response().status == 200
            assert proxy.wait() == 0


def test_a_stop_while_readiness_is_asked(admin, mute):
    proxy = admin(mute[0])
    with dial(proxy.admin) as c:
        c.send(request("GET", "/readyz"))
        wire.wait_until(lambda: len(mute[1]) >= 2, "the Engine is asked")
        proxy.signal()
        assert proxy.wait() == 0
        with contextlib.suppress(ConnectionResetError):
            c.read_to_end()


# --- readiness --------------------------------------------------------------

def test_ready(admin, engine):
    proxy = admin()
    check(readiness(proxy), 200, "ok")
    ping = pings(engine)[-1]
    assert ping.method == "GET" and ping.head.value("Host") == "docker"


def test_asked_once_a_second(admin, other):
    proxy = admin(other.url())
    started = time.monotonic()
    for _ in range(50):
        assert get(proxy.admin, "/readyz").status == 200
    # Our clock and the proxy's need not agree to the millisecond.
    assert 1 <= len(pings(other)) <= 1 + (time.monotonic() - started) / 0.9
    wire.wait_until(
        lambda: get(proxy.admin, "/readyz").status == 200
        and len(pings(other)) >= 2, "it is asked again")
    assert time.monotonic() - started > 0.9


def test_it_goes_and_comes_back(admin, other, engine):
    proxy = admin(other.url())
    check(readiness(proxy), 200, "ok")
    other.close()
    wire.wait_until(
        lambda: get(proxy.admin, "/readyz").status == 503, "it goes")
    assert b"cannot connect to the Docker Engine: " in \
        get(proxy.admin, "/readyz").body
    other.listen()
    wire.wait_until(
        lambda: get(proxy.admin, "/readyz").status == 200, "it comes back")


def test_one_that_hangs(admin, mute):
    """Ten who ask share one question, and all are told."""
    proxy = admin(mute[0])
    wire.wait_until(lambda: len(mute[1]) == 1, "the start has looked")
    started = time.monotonic()
    with contextlib.ExitStack() as stack:
        # However slow we are, it has them all together.
        proxy.signal(signal.SIGSTOP)
        clients = [stack.enter_context(dial(proxy.admin)) for _ in range(10)]
        for c in clients:
            c.send(request("GET", "/readyz"))
        proxy.signal(signal.SIGCONT)
        check(get(proxy.admin, "/healthz"), 200, "ok")
        for c in clients:
            check(c.response(), 503,
                  "the Docker Engine does not answer within 1000 ms")
    assert time.monotonic() - started > 0.9
    assert len(mute[1]) == 2


def test_one_whose_backlog_is_full(admin, socket_path):
    with socket.socket(socket.AF_UNIX) as full:
        full.bind(socket_path)
        full.listen(0)
        with contextlib.ExitStack() as stack:
            with contextlib.suppress(BlockingIOError):
                while True:
                    s = stack.enter_context(socket.socket(socket.AF_UNIX))
                    s.setblocking(False)
                    s.connect(socket_path)
            proxy = admin(f"unix://{socket_path}")
            check(get(proxy.admin, "/readyz"), 503,
                  "the Docker Engine's backlog is full")


def closes(x):
    x.close()


def resets(x):
    x.reset()


def endless_head(x):
    x.over = True
    with contextlib.suppress(fake_engine.Gone):
        while True:
            x.send(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 4096)


@pytest.mark.parametrize("script, text", [
    (answer("500 Internal Server Error"), "the Docker Engine answers 500"),
    (answer("404 Not Found"), "the Docker Engine answers 404"),
    (b"HTTP/1.1 100 Continue\r\n\r\n", "the Docker Engine answers 100"),
    (b"220 ftp ready\r\n\r\n", "the Docker Engine's answer is malformed"),
    (b"HTTP/1.1 200 OK\nX: y\n\n", "the Docker Engine's answer is malformed"),
    (endless_head, "the Docker Engine's answer is malformed"),
    (closes, "the Docker Engine closed the connection"),
    (resets, "the Docker Engine closed the connection"),
])
def test_one_that_is_not_well(admin, other, script, text):
    other.unnamed = script
    proxy = admin(other.url())
    check(readiness(proxy), 503, text)


def test_an_answer_byte_by_byte(admin, other):
    data = answer("200 OK")
    other.unnamed = lambda x: x.send_apart(wire.bytewise(data))
    proxy = admin(other.url())
    check(readiness(proxy), 200, "ok")


def test_behind_tcp(admin):
    e = fake_engine.FakeEngine(("127.0.0.1", 0))
    try:
        proxy = admin(e.url())
        check(readiness(proxy), 200, "ok")
        e.close()
        wire.wait_until(
            lambda: get(proxy.admin, "/readyz").status == 503, "it goes")
        assert b"Connection refused" in get(proxy.admin, "/readyz").body
    finally:
        if e.listening:
            e.close()


def test_behind_tls(admin, tmp_path):
    good = Authority(tmp_path / "good")
    other = Authority(tmp_path / "other")
    cert = good.issue("engine", "server", names=["IP:127.0.0.1"])
    e = tls_peer.TlsEngine(tls_peer.server_context(cert))
    try:
        proxy = admin(e.url(), engine_tls={"ca": str(good.ca)})
        check(readiness(proxy), 200, "ok")
        asked = len(pings(e))
        assert asked
        proxy = admin(e.url(), engine_tls={"ca": str(other.ca)})
        answer = readiness(proxy)
        assert answer.status == 503 and b"certificate" in answer.body
        assert len(pings(e)) == asked
    finally:
        e.close()


# --- what clients of the admin listener may do ------------------------------

def test_a_request_byte_by_byte(admin):
    proxy = admin()
    with dial(proxy.admin) as c:
        c.send_apart(wire.bytewise(request("GET", "/healthz")))
        check(c.response(), 200, "ok")


def test_a_client_that_half_closes(admin, mute):
    proxy = admin(mute[0])
    for path, status in (("/healthz", 200), ("/readyz", 503)):
        with dial(proxy.admin) as c:
            c.send(request("GET", path))
            c.half_close()
            assert c.response().status == status
            assert c.at_end()


def test_clients_that_leave(admin, mute):
    proxy = admin(mute[0])
    before = proxy.descriptors()
    for leave in ("close", "reset"):
        for data in (b"", b"GET /re", request("GET", "/readyz"),
                     request("GET", "/metrics")):
            c = dial(proxy.admin)
            c.send(data)
            c.reset() if leave == "reset" else c.sock.close()
    check(get(proxy.admin, "/healthz"), 200, "ok")
    wire.wait_until(lambda: proxy.descriptors() <= before,
                    "nothing is left of them")


@pytest.mark.parametrize("data, status", [
    (b"GET /healthz HTTP/1.1\nHost: d\n\n", 400),
    (b"GET /healthz HTTP/1.1\r\n\r\n", 400),
    (b"GET  /healthz HTTP/1.1\r\nHost: d\r\n\r\n", 400),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: d\r\n" + b"A: b\r\n" * 100 + b"\r\n", 431),
    (b"GET / HTTP/1.1\r\nHost: d\r\nA: " + b"b" * 9000, 431),
])
def test_rubbish(admin, data, status):
    proxy = admin()
    with dial(proxy.admin) as c:
        c.send(data)
        assert c.response().status == status
        assert c.at_end()
    check(get(proxy.admin, "/healthz"), 200, "ok")


def test_only_one_request_a_connection(admin):
    proxy = admin()
    with dial(proxy.admin) as c:
        c.send(request("GET", "/healthz") * 100)
        check(c.response(), 200, "ok")
        assert c.at_end()


def test_the_oldest_makes_room(admin):
    """Connections that say nothing keep nobody from asking."""
    proxy = admin()
    before = proxy.descriptors()
    idle = [dial(proxy.admin) for _ in range(200)]
    check(get(proxy.admin, "/healthz"), 200, "ok")
    assert proxy.descriptors() <= before + 70
    assert idle[0].gone()
    for c in idle:
        c.sock.close()
    wire.wait_until(lambda: proxy.descriptors() <= before, "all are gone")


def test_a_slow_reader(own_proxy):
    """A long text to one that does not read; others are served."""
    port = free_port()
    rules = [{"name": f"rule-{i}-{'x' * 3000}", "action": "deny",
              "conditions": []} for i in range(999)]
    own_proxy(global_={"admin": {"listen": f"127.0.0.1:{port}"}}, rules=rules)
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.connect(("127.0.0.1", port))
        c = exposition.raw_client.Client(sock)
        c.send(request("GET", "/metrics"))
        check(get(port, "/healthz"), 200, "ok")
        assert len(exposition.Metrics(c.response()).text) > 3000 * 999


# --- the command ------------------------------------------------------------

def healthcheck(proxy):
    done = subprocess.run(
        [os.path.abspath(BINARY), "healthcheck", *proxy.args[1:]],
        env=proxy.env, cwd=proxy.folder, capture_output=True, text=True,
        timeout=wire.TIMEOUT, check=False)
    assert done.stderr == "" and done.stdout.count("\n") == 1, done
    return done.returncode, done.stdout.rstrip("\n")


def at(address):
    return "tcp://%s:%d" % address


def test_command_with_an_admin_listener(admin, other):
    proxy = admin(other.url())
    where = at(("127.0.0.1", proxy.admin))
    assert healthcheck(proxy) == (0, f"healthy: {where}/readyz answers 200")
    other.close()
    wire.wait_until(lambda: healthcheck(proxy)[0] == 1, "it is not ready")
    assert healthcheck(proxy) == (1, f"unhealthy: {where}/readyz answers 503")


@pytest.mark.parametrize("auth, rules, status", [
    ({"type": "none"}, [], 200),
    ({"type": "none"}, [{"name": "no", "action": "deny",
                         "conditions": []}], 403),
    ({"type": "bearer", "secret": "s"}, [], 401),
])
def test_command_without_one(own_proxy, auth, rules, status):
    proxy = own_proxy(auth=auth, rules=rules)
    assert healthcheck(proxy) == (
        0, f"healthy: {at(proxy.tcp)}/_ping answers {status}")


def test_command_on_a_unix_listener(own_proxy, socket_path):
    proxy = own_proxy(global_={"listeners": [
        {"name": "unix", "unix": socket_path}]})
    assert healthcheck(proxy) == (
        0, f"healthy: unix://{socket_path}/_ping answers 200")


@pytest.mark.parametrize("bind", ["*", "0.0.0.0", "::"])
def test_command_where_all_addresses_are_bound(own_proxy, bind):
    port = free_port()
    proxy = own_proxy(global_={"listeners": [
        {"name": "all", "bind": bind, "port": port},
        {"name": "tcp", "bind": "127.0.0.1", "port": free_port()}]})
    status, line = healthcheck(proxy)
    assert status == 0 and line.endswith(f":{port}/_ping answers 200")


def test_command_with_the_engine_down(own_proxy, socket_path):
    proxy = own_proxy(f"unix://{socket_path}")
    assert healthcheck(proxy) == (
        1, f"unhealthy: {at(proxy.tcp)}/_ping answers 503")


def test_command_with_the_engine_hanging(own_proxy, mute):
    proxy = own_proxy(mute[0])
    started = time.monotonic()
    assert healthcheck(proxy) == (
        1, f"unhealthy: {at(proxy.tcp)}: no answer in time")
    assert time.monotonic() - started > 1.9


def test_command_with_the_proxy_hanging(admin):
    proxy = admin()
    proxy.signal(signal.SIGSTOP)
    try:
        assert healthcheck(proxy)[0] == 1
    finally:
        proxy.signal(signal.SIGCONT)


def test_command_with_nobody_there(admin):
    proxy = admin()
    proxy.stop()
    assert healthcheck(proxy) == (
        1, f"unhealthy: {at(('127.0.0.1', proxy.admin))}: "
           "Connection refused")


def test_command_with_a_bad_configuration(own_proxy):
    proxy = own_proxy()
    (proxy.folder / "config.yaml").write_text("rules: 1\n")
    assert healthcheck(proxy) == (
        1, "unhealthy: the configuration has errors; see --check-config")
