"""Each allocation on a request's way fails once, and from each one on all
do: the request fails cleanly or is served, the process lives, what comes
after is served, and nothing is lost that is not given back."""

import re
import shutil
import signal
import ssl
import tempfile
from pathlib import Path

import pytest

import tls_peer
import wire
from alloc_fail import FOR_EVER, Allocations
from proxy_process import (DENIALS, SANITIZED, Proxy, configuration,
                           free_port)
from wire import answer, request

pytestmark = pytest.mark.skipif(
    SANITIZED, reason="a sanitizer's allocator cannot be replaced")

BODY = b'{"Image": "alpine", "HostConfig": {"Binds": ["/a:/b"]}}'
LIST = (b'[{"Id": "1", "Labels": {"secret": "hidden"}},'
        b' {"Id": "2", "Labels": {"secret": "hidden"}}]')
JSON = "Content-Type: application/json"
SWITCH = (b"HTTP/1.1 101 UPGRADED\r\n"
          b"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n")

REDACT = {"name": "no-labels", "action": "response_filter",
          "conditions": [{"field": "path", "operator": "equals",
                          "value": "/containers/json"}],
          "response_filter": [{"field": "*.Labels.secret",
                               "action": "replace", "replacement": "none"}]}
SEEN = LIST.replace(b"hidden", b"none")
SLOW = {"name": "slow-down", "action": "rate_limit",
        "rate_limit": {"requests": 1000000, "period": "1h"}}

# What they look at must be put together first.
JOINED = {"name": "no-evil", "action": "deny",
          "conditions": [{"field": "header.X-Who", "operator": "contains",
                          "value": "some, evil"}]}
COMPACT = {"name": "no-sys-admin", "action": "deny",
           "conditions": [{"field": "path", "operator": "equals",
                           "value": "/containers/create"},
                          {"field": "body.HostConfig", "operator": "contains",
                           "value": '"CapAdd":["SYS_ADMIN"]'}]}

# What a request comes to that is not answered.
BROKEN = (wire.Truncated, ConnectionResetError, BrokenPipeError, ssl.SSLError)


def engine_script(x):
    if x.request.head.value("Upgrade"):
        x.send(SWITCH)
        x.send(x.read_to_end())
        x.close()
    elif x.request.target.endswith("/containers/json"):
        x.send(answer("200 OK", JSON, body=LIST, framing="chunked"))
    else:
        x.send(answer("200 OK", JSON, body=b"%d" % len(x.body())))


# --- requests: True when served, False when refused ---------------------------

def whole(response, body):
    if response.status == 200:
        assert response.body == body
        return True
    assert response.status >= 500 and response.message()
    return False


def plain(client):
    return whole(client.get("/containers/x/json", "X-A: b"), b"0")


def held(client):
    return whole(client.ask(request("POST", "/containers/create", JSON,
                                    body=BODY)), b"%d" % len(BODY))


def uploaded(client):
    data = b"x" * 100_000
    return whole(client.ask(request("POST", "/images/load", body=data)),
                 b"%d" % len(data))


def redacted(client):
    return whole(client.get("/containers/json"), SEEN)


def refused(response):
    assert response.status == 403 or response.status >= 500
    return response.status == 403


def denied(client):
    return refused(client.ask(request(
        "POST", "/containers/create", JSON,
        body=b'{"HostConfig": {"Privileged": true}}')))


def joined(client):
    return refused(client.get("/a", "X-Who: some", "X-Who: evil"))


def compact(client):
    return refused(client.ask(request(
        "POST", "/containers/create", JSON,
        body=b'{"HostConfig": {"CapAdd" : [ "SYS_ADM\\u0049N" ]}}')))


def tunnelled(client):
    client.send(request("POST", "/containers/x/attach",
                        "Connection: Upgrade", "Upgrade: tcp"))
    r = client.response()
    if r.status != 101:
        assert r.status >= 500 and r.message()
        return False
    client.send(b"hello")
    client.half_close()
    got = client.read_to_end()
    # A tunnel has no framing: to be cut short is all that it can.
    assert b"hello".startswith(got)
    return got == b"hello"


REQUESTS = [plain, held, uploaded, redacted, denied, joined, compact,
            tunnelled]
asks = pytest.mark.parametrize("ask", REQUESTS, ids=lambda f: f.__name__)
until = pytest.mark.parametrize("until", ["one", "all"])


class Starved:
    """A proxy whose allocations fail when it is told so."""

    def __init__(self, engine, cert):
        self.folder = Path(tempfile.mkdtemp(prefix="flow-"))
        self.allocations = Allocations(self.folder / "allocations")
        tls = tls_peer.listener(cert, {})
        tcp = {"name": "tcp", "bind": "127.0.0.1", "port": free_port()}
        config = configuration(
            engine.url(), self.folder, rules=[*DENIALS, JOINED, COMPACT, REDACT, SLOW],
            global_={"access_log": "all", "audit": "all",
                     "audit_log": str(self.folder / "audit"),
                     "listeners": [tls, tcp]})
        self.tls = "127.0.0.1", tls["port"]
        self.process = Proxy(self.folder, config,
                             env=self.allocations.environment())

    def __enter__(self):
        self.process.start()
        assert self.allocations.live() > 0, "the library is not there"
        with self.connect() as client:
            assert client.get("/secrets").status == 403
            self.idle = self.process.descriptors() - 1
        return self

    def __exit__(self, kind, *_):
        try:
            self.process.stop()
        finally:
            shutil.rmtree(self.folder)

    def connect(self):
        return self.process.connect("tcp")

    def connect_tls(self):
        return tls_peer.client(wire.connected(self.tls),
                               tls_peer.client_context())

    def attempt(self, ask, connect):
        try:
            with connect() as client:
                return ask(client)
        except BROKEN:
            return False

    def fail(self, n, until, ask, connect):
        """Asks while the n-th allocation fails. True when there was one."""
        self.allocations.fail(n, n if until == "one" else FOR_EVER)
        served = self.attempt(ask, connect)
        failed = self.allocations.stop()
        assert self.process.alive(), \
            f"allocation {n}: {self.process.log()[-3000:]}"
        assert failed or served
        assert self.attempt(ask, connect), f"after allocation {n}"
        return failed


@pytest.fixture
def starved(engine, server_cert):
    engine.unnamed = engine_script
    return lambda: Starved(engine, server_cert)


def settled(proxy, engine, at_most=None):
    """How much is allocated when nobody is connected, and nothing to the
    Engine; at_most: it comes down to that. Some is kept for the next one,
    and how much depends a little on what came when."""
    engine.drop_idle()
    wire.wait_until(lambda: proxy.process.descriptors() <= proxy.idle,
                    "all connections are gone")
    if at_most is not None:
        wire.wait_until(lambda: proxy.allocations.live() <= at_most + 15,
                        "no more is allocated than without a failure")
    return proxy.allocations.live()


def each(proxy, until, ask, connect, step=1):
    """How many there are, each of which fails once."""
    n = 1
    while proxy.fail(n, until, ask, connect):
        n += step
    return n - 1


@until
@asks
def test_the_first_request(starved, engine, ask, until):
    """Of a process that has nothing at hand yet."""
    with starved() as proxy:
        for _ in range(3):
            assert proxy.attempt(ask, proxy.connect)
        live = settled(proxy, engine)
    n = 0
    failed = True
    while failed:
        n += 1
        with starved() as proxy:
            failed = proxy.fail(n, until, ask, proxy.connect)
            settled(proxy, engine, live)
    assert n > 1


@until
@asks
def test_the_next_request(starved, engine, ask, until):
    """Of a process that has served some: again and again."""
    with starved() as proxy:
        assert each(proxy, until, ask, proxy.connect) > 0
        # What is kept for the next one grows to its measure first.
        for _ in range(30):
            each(proxy, until, ask, proxy.connect)
        live = settled(proxy, engine)
        for _ in range(30):
            each(proxy, until, ask, proxy.connect)
        settled(proxy, engine, live)


@until
@pytest.mark.parametrize("ask", [plain, tunnelled], ids=lambda f: f.__name__)
def test_tls(starved, engine, ask, until):
    """OpenSSL's own, of which a handshake has hundreds."""
    with starved() as proxy:
        step = 1 if ask == plain else 11
        assert each(proxy, until, ask, proxy.connect_tls, step) > 100
        live = settled(proxy, engine)
        each(proxy, until, ask, proxy.connect_tls, 5)
        settled(proxy, engine, live)


# --- reloads ------------------------------------------------------------------

def reload(proxy):
    """True when the new policy is in force, False when the old one stays."""
    def told():
        text = proxy.process.log()[before:]
        return re.search("is in force|stays in force", text)
    before = len(proxy.process.log())
    proxy.process.signal(signal.SIGHUP)
    return wire.wait_until(told, "the reload is told")[0] == "is in force"


@until
def test_reload(starved, engine, until):
    """Not to be had: the old policy stays, and is enforced."""
    with starved() as proxy:
        assert reload(proxy) and reload(proxy)
        live = settled(proxy, engine)
        n = 1
        while True:
            proxy.allocations.fail(n, n if until == "one" else FOR_EVER)
            done = reload(proxy)
            failed = proxy.allocations.stop()
            assert proxy.process.alive(), proxy.process.log()[-3000:]
            assert proxy.attempt(denied, proxy.connect)
            assert proxy.attempt(redacted, proxy.connect)
            if not failed:
                break
            n += 1 if n < 100 else 17
        assert done and n > 1000
        # libfyaml forgets its parser when that cannot be made.
        settled(proxy, engine, live + 20)
