"""Each limit is counted by its name, and no other is."""

import contextlib
import resource

import pytest

import fake_engine
import proxy_process
import wire
from exposition import scrape
from proxy_process import free_port
from wire import request

LIMITED = {"name": "slow-down", "action": "rate_limit",
           "rate_limit": {"requests": 1, "period": "1h",
                          "key": "header.X-Who"}}


@pytest.fixture
def watched(own_proxy):
    def start(limits=None, **overrides):
        port = free_port()
        proxy = own_proxy(global_={
            "admin": {"listen": f"127.0.0.1:{port}"},
            "limits": limits or {}}, **overrides)
        proxy.admin = port
        wire.wait_until(lambda: scrape(port)("connections") == 0,
                        "no connections are left")
        return proxy
    return start


def hits(proxy):
    """{limit: how often} of those that were hit."""
    m = scrape(proxy.admin)
    return {labels[0]: n for (name, labels), n in m.values.items()
            if name == "docker_proxy_limits_total" and n}


def test_all_are_there(watched):
    """Each setting under `limits` is a series from the start."""
    m = scrape(watched().admin)
    kinds = {labels[0] for name, labels in m.values
             if name == "docker_proxy_limits_total"}
    assert kinds == {
        "connections", "connections_per_client", "header_bytes", "headers",
        "target_bytes", "inspected_body_bytes", "json_depth", "idle_buckets",
        "descriptors"}
    assert hits(watched()) == {}


HELD = "/containers/create"
SIZES = {
    "header_bytes": (request("GET", "/a", "X-A: " + "x" * 4096), 431),
    "headers": (request("GET", "/a", *["X-A: b"] * 20), 431),
    "target_bytes": (request("GET", "/" + "x" * 512), 414),
    "inspected_body_bytes": (
        request("POST", HELD, body=b'"%s"' % (b"x" * 1024)), 413),
    "json_depth": (request("POST", HELD, body=b"[" * 9 + b"]" * 9), 400),
}


@pytest.mark.parametrize("kind", SIZES)
def test_sizes(watched, kind):
    proxy = watched({"inspected_body_bytes": 1024, "header_bytes": 4096,
                     "headers": 20, "target_bytes": 512, "json_depth": 8})
    data, status = SIZES[kind]
    for _ in range(2):
        with proxy.connect() as client:
            assert client.ask(data).status == status
    assert hits(proxy) == {kind: 2}


def test_a_flood_of_heads(watched):
    """Huge ones, endless ones, many at once: each is told, none is kept."""
    proxy = watched()
    clients = [proxy.connect() for _ in range(100)]
    before = proxy.rss_kib()
    for c in clients:
        c.send(b"GET / HTTP/1.1\r\n")
        with contextlib.suppress(BrokenPipeError):
            c.send(b"X: y\r\n" * 20_000)
    for c in clients:
        assert c.response().status == 431
        c.sock.close()
    sanitizers = 65536 if proxy_process.SANITIZED else 0
    assert proxy.rss_kib() - before < 100 * 64 + 8192 + sanitizers
    assert hits(proxy) == {"header_bytes": 100}


def flood(proxy, n, statuses):
    """n connections at once, of which each is answered."""
    clients = [proxy.connect("tcp") for _ in range(n)]
    got = []
    for c in clients:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            c.send(request("GET", "/containers/json"))
        try:
            got.append(c.response().status)
        except (wire.Truncated, ConnectionResetError):
            got.append(None)  # far too many: closed unanswered
    assert set(got) <= statuses
    for c in clients:
        c.sock.close()
    return got


def test_a_flood_of_connections(watched):
    proxy = watched({"connections": 8})
    got = flood(proxy, 200, {200, 503, None})
    assert got.count(200) == 8
    assert hits(proxy) == {"connections": 192}
    # And then they are let in again.
    wire.wait_until(lambda: scrape(proxy.admin)("connections") == 0, "gone")
    assert flood(proxy, 8, {200}) == [200] * 8


def test_a_flood_of_one_client(watched):
    proxy = watched({"connections_per_client": 8})
    got = flood(proxy, 50, {200, 429})
    assert got.count(200) == 8
    assert hits(proxy) == {"connections_per_client": 42}


def test_buckets_that_are_forgotten(watched):
    """More keys than there is room for: somebody gets a new token."""
    proxy = watched({"idle_buckets": 16}, rules=[LIMITED])
    with proxy.connect() as client:
        for who in range(10):
            assert client.get("/a", f"X-Who: {who}").status == 200
        assert hits(proxy).get("idle_buckets", 0) < 10
        for who in range(200):
            client.get("/a", f"X-Who: {who}")
    # 16 shards, and in each of them room for two.
    assert hits(proxy)["idle_buckets"] >= 200 - 32


# --- descriptors --------------------------------------------------------------

def starve(proxy):
    """It has what it has, and can open nothing more."""
    resource.prlimit(proxy.process.pid, resource.RLIMIT_NOFILE, (1, 1024))


def feed(proxy):
    resource.prlimit(proxy.process.pid, resource.RLIMIT_NOFILE, (1024, 1024))


def test_none_left_to_accept(watched):
    proxy = watched({"connections": 1000})
    with proxy.connect() as client:
        assert client.get("/containers/json").status == 200
        starve(proxy)
        with proxy.connect() as waiting:
            waiting.send(request("GET", "/secrets"))
            assert proxy.rests(), "it spins"
            assert waiting.silent()
            # Whoever is connected is served meanwhile.
            assert client.get("/containers/json").status == 200
            feed(proxy)
            assert waiting.response().status == 403
    assert "cannot accept connections" in proxy.log()
    wire.wait_until(lambda: hits(proxy).keys() == {"descriptors"},
                    "it is counted")


def test_none_left_for_the_engine(watched, engine):
    """A request waits for one, as it waits for a full backlog."""
    proxy = watched({"connections": 1000})
    engine.drop_idle()
    with proxy.connect() as client:
        assert client.get("/secrets").status == 403
        starve(proxy)
        client.send(request("GET", "/containers/json"))
        assert proxy.rests(), "it spins"
        assert client.silent()
        feed(proxy)
        assert client.response().status == 200
    assert hits(proxy).keys() == {"descriptors"}


def test_none_left_for_the_engine_for_too_long(own_proxy, engine):
    proxy = own_proxy(global_={"timeouts": {"engine_connect": "300ms"},
                               "limits": {"connections": 1000}})
    engine.drop_idle()
    with proxy.connect() as client:
        assert client.get("/secrets").status == 403
        starve(proxy)
        r = client.get("/containers/json")
        assert r.status == 504
        assert "Too many open files" in r.message()
        feed(proxy)
        assert client.get("/containers/json").status == 200


# --- peers that vanish --------------------------------------------------------

def keepalive_is_on(port):
    """Of all connected sockets of that local port: is the timer that runs
    the one of keep-alive (2)?"""
    timers = []
    with open("/proc/net/tcp", encoding="ascii") as table:
        for line in list(table)[1:]:
            fields = line.split()
            if (fields[3] == "01"  # established
                    and int(fields[1].rpartition(":")[2], 16) == port):
                timers.append(fields[5].partition(":")[0])
    return timers and set(timers) == {"02"}


def test_half_open_peers(own_proxy):
    """A client or an Engine that vanishes without a word is found out by
    TCP keep-alive, also when nothing is to be sent to it."""
    remote = fake_engine.FakeEngine(("127.0.0.1", 0))
    name = remote.play(lambda x: x.wait_gone())
    proxy = own_proxy(engine_url=remote.url())
    with proxy.connect("tcp") as client:
        client.send(request("GET", f"/containers/{name}/json"))
        sock = remote.wait_for(name).connection.sock
        ours = sock.getpeername()[1]
        wire.wait_until(lambda: keepalive_is_on(proxy.tcp[1]),
                        "keep-alive towards the client")
        wire.wait_until(lambda: keepalive_is_on(ours),
                        "keep-alive towards the Engine")
        client.reset()
    remote.close()
