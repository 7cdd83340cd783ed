"""Metrics: each counter moves when it should, and no other."""

import socket
import threading

import pytest

import exposition
import wire
from authority import Authority
from exposition import scrape
from fake_engine import OK
from proxy_process import DENIALS, free_port
from wire import answer, request

SWITCH = (b"HTTP/1.1 101 UPGRADED\r\n"
          b"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n")
DRY = {"name": "trial", "action": "deny", "dry_run": True,
       "conditions": [{"field": "path", "operator": "starts_with",
                       "value": "/images"}]}


@pytest.fixture
def watched(own_proxy):
    """Starts a proxy with an admin listener, at proxy.admin."""
    def start(engine_url=None, global_=None, **overrides):
        port = free_port()
        admin = {"admin": {"listen": f"127.0.0.1:{port}"}}
        proxy = own_proxy(engine_url, global_={**admin, **(global_ or {})},
                          **overrides)
        proxy.admin = port
        # The connections of its start have come and gone.
        wire.wait_until(lambda: scrape(port)("connections") == 0,
                        "no connections are left")
        return proxy
    return start


def moves(proxy, what):
    """What moved while what() ran; connections apart."""
    before = scrape(proxy.admin)
    what()
    moved = scrape(proxy.admin).moved(before)
    moved.pop("connections_total", None)
    return moved


def settled(proxy, **expected):
    """Waits until gauges are as expected: after a client has gone."""
    def right():
        m = scrape(proxy.admin)
        return all(m(*name.split("__")) == value
                   for name, value in expected.items())
    wire.wait_until(right, str(expected))


# --- requests ---------------------------------------------------------------

def test_format(watched):
    proxy = watched(rules=[*DENIALS, {
        "name": 'hostile "\\\n} 1\n# TYPE x counter', "action": "deny",
        "conditions": [{"field": "path", "operator": "equals",
                        "value": "/x"}]}])
    with proxy.connect() as c:
        assert c.get("/x").status == 403
    m = scrape(proxy.admin)
    assert m("rule_decisions_total", 'hostile "\\\n} 1\n# TYPE x counter',
             "enforced") == 1
    assert m("policy_rules") == 4 and m("policy_generation") == 1
    assert m("process_resident_memory_bytes") > 1 << 20
    assert 1.7e9 < m("process_start_time_seconds") < 1e10
    assert abs(m("process_open_fds") - proxy.descriptors()) <= 2
    assert [v for (n, _), v in m.values.items()
            if n == "docker_proxy_build_info"] == [1]


def test_allowed(watched, engine):
    proxy = watched()
    name = engine.play(answer("200 OK", body=b"x" * 1000))

    def what():
        with proxy.connect() as c:
            c.ask(request("GET", f"/containers/{name}/json"))
            c.ask(request("POST", f"/containers/{name}/start2",
                          body=b"{}" * 8))
    assert moves(proxy, what) == {
        "requests_total": 2, "requests_allowed_total": 2,
        "bytes_total{in}": 16, "bytes_total{out}": 2000}
    m = scrape(proxy.admin)
    assert m("upstream_latency_ms_count") == 2
    assert m("upstream_latency_ms_bucket", "+Inf") == 2
    assert 0 < m("upstream_latency_ms_sum") < 2 * wire.TIMEOUT * 1000


def test_latency_is_the_engines(watched, engine):
    proxy = watched()
    go_on = threading.Event()

    def script(x):
        x.body()
        assert not go_on.wait(0.15)
        x.send(OK)
    name = engine.play(script)
    with proxy.connect() as c:
        assert c.get(f"/containers/{name}/json").status == 200
    m = scrape(proxy.admin)
    assert m("upstream_latency_ms_sum") >= 150
    assert m("upstream_latency_ms_bucket", "100") == 0
    assert m("upstream_latency_ms_bucket", "10000") == 1


def test_denied_by_a_rule(watched):
    proxy = watched(rules=[*DENIALS, DRY])

    def what():
        with proxy.connect() as c:
            assert c.get("/secrets").status == 403
            assert c.get("/secrets/a").status == 403
            assert c.get("/images/json").status == 200
    assert moves(proxy, what) == {
        "requests_total": 3, "requests_allowed_total": 1,
        "requests_denied_total": 2, "limits_hit_total{DENIED}": 2,
        "requests_dry_run_total": 1, "bytes_total{out}": 2,
        "rule_decisions_total{no-secrets,enforced}": 2,
        "rule_decisions_total{trial,dry_run}": 1}


@pytest.mark.parametrize("data, why", [
    (b"GET /%zz HTTP/1.1\r\nHost: d\r\n\r\n", "TARGET_ESCAPE"),
    (b"GET / HTTP/1.1\r\n\r\n", "HOST_MISSING"),
    (b"GET / HTTP/1.1\nHost: d\n\n", "HEAD_LINE_END"),
    (request("POST", "/containers/create", body=b"{"), "JSON_SYNTAX"),
])
def test_malformed(watched, data, why):
    proxy = watched()

    def what():
        with proxy.connect() as c:
            assert c.ask(data).status == 400
    moved = moves(proxy, what)
    moved.pop("bytes_total{in}", None)
    assert moved == {
        "requests_total": 1, "requests_denied_total": 1,
        "limits_hit_total{%s}" % why: 1}


def test_authentication(watched):
    proxy = watched(auth={"type": "bearer", "secret": "s",
                          "lockout": {"failures": 2}})

    def what():
        with proxy.connect("tcp") as c:
            for status in (401, 401, 429):
                assert c.ask(request(
                    "GET", "/images/json",
                    "Authorization: Bearer no")).status == status
    assert moves(proxy, what) == {
        "requests_total": 3, "requests_denied_total": 3,
        "auth_failures_total": 2, "lockouts_total": 1,
        "limits_hit_total{UNAUTHENTICATED}": 2,
        "limits_hit_total{LOCKED_OUT}": 1}


def test_rate_limited(watched):
    proxy = watched(rules=[{
        "name": "slowly", "action": "rate_limit", "conditions": [],
        "rate_limit": {"requests": 1, "period": "1h", "penalty": "1h"}}])
    seen = []

    def what():
        with proxy.connect() as c:
            seen.extend(c.get("/images/json").status for _ in range(3))
    moved = moves(proxy, what)
    limited = seen.count(429)
    assert limited >= 2 and seen[1:] == [429, 429]
    for name in ("rate_limited_total", "requests_denied_total",
                 "limits_hit_total{RATE_LIMITED}",
                 "rule_decisions_total{slowly,enforced}"):
        assert moved[name] == limited, name


def test_the_engine_is_not_there(watched, socket_path):
    proxy = watched(f"unix://{socket_path}")

    def what():
        with proxy.connect() as c:
            assert c.get("/images/json").status == 503
    assert moves(proxy, what) == {
        "requests_total": 1, "requests_allowed_total": 1,
        "engine_connect_failures_total": 1,
        "limits_hit_total{ENGINE_CONNECT}": 1}


# --- connections and tunnels ------------------------------------------------

def test_gauges(watched, engine):
    proxy = watched()
    before = scrape(proxy.admin)("connections_total")
    clients = [proxy.connect() for _ in range(3)]
    for c in clients:
        assert c.get("/images/json").status == 200
    settled(proxy, connections=3, engine_connections__idle=1,
            engine_connections__busy=0)
    assert scrape(proxy.admin)("connections_total") == before + 3
    for c in clients:
        c.sock.close()
    settled(proxy, connections=0)
    engine.drop_idle()
    settled(proxy, engine_connections__idle=0)


def test_tunnel(watched, engine):
    proxy = watched()

    def script(x):
        x.body()
        x.send(SWITCH)
        while data := x.sock.recv(4096):
            x.send(data)
        x.close()
    name = engine.play(script)
    before = scrape(proxy.admin)
    with proxy.connect() as c:
        c.ask(request("POST", f"/containers/{name}/attach",
                      "Connection: Upgrade", "Upgrade: tcp"))
        c.send(b"hello")
        assert c.read(5) == b"hello"
        # While it is open.
        settled(proxy, engine_connections__busy=1, upgrade_total=1,
                bytes_total__in=before("bytes_total", "in") + 5,
                bytes_total__out=before("bytes_total", "out") + 5)
        c.send(b"x" * 1000)
        c.half_close()
        assert len(c.read_to_end()) == 1000
    settled(proxy, engine_connections__busy=0, connections=0)
    assert scrape(proxy.admin).moved(before) == {
        "connections_total": 1, "upgrade_total": 1,
        "requests_total": 1, "requests_allowed_total": 1,
        "bytes_total{in}": 1005, "bytes_total{out}": 1005}


def test_too_many_connections(watched):
    proxy = watched(global_={"limits": {"connections": 2}})

    def what():
        with proxy.connect(), proxy.connect(), proxy.connect() as c:
            assert c.response().status == 503
    assert moves(proxy, what) == {
        "requests_total": 1, "requests_denied_total": 1,
        "limits_total{connections}": 1,
        "limits_hit_total{TOO_MANY_CONNECTIONS}": 1}


def test_two_workers(watched):
    proxy = watched(global_={"threads": 2})

    def client():
        with proxy.connect() as c:
            for _ in range(25):
                assert c.get("/images/json").status == 200
                assert c.get("/secrets").status == 403

    def what():
        threads = [threading.Thread(target=client) for _ in range(8)]
        for t in threads:
            t.start()
        while any(t.is_alive() for t in threads):
            scrape(proxy.admin)
        for t in threads:
            t.join()
        settled(proxy, connections=0)
    assert moves(proxy, what) == {
        "requests_total": 400, "requests_allowed_total": 200,
        "requests_denied_total": 200, "limits_hit_total{DENIED}": 200,
        "rule_decisions_total{no-secrets,enforced}": 200,
        "bytes_total{out}": 400}


# --- timeouts ---------------------------------------------------------------

def never(x):
    x.body()
    x.wait_gone()


def silent_tunnel(x):
    x.body()
    x.send(SWITCH)
    x.wait_gone()


def head_half(c, _):
    c.send(b"GET / HT")
    assert c.response().status == 408


def body_half(c, _):
    c.send(b"POST /containers/create HTTP/1.1\r\nHost: d\r\n"
           b"Content-Length: 9\r\n\r\n{")
    assert c.response().status == 408


def keep_alive(c, _):
    assert c.get("/images/json").status == 200
    assert c.at_end()


def no_response(c, engine):
    name = engine.play(never)
    assert c.get(f"/containers/{name}/json").status == 504


def idle_tunnel(c, engine):
    name = engine.play(silent_tunnel)
    c.ask(request("POST", f"/containers/{name}/attach",
                  "Connection: Upgrade", "Upgrade: tcp"))
    assert c.gone()


@pytest.mark.parametrize("kind, setting, act", [
    ("request_head", "request_head", head_half),
    ("request_body", "request_body", body_half),
    ("keepalive", "keepalive", keep_alive),
    ("engine_response", "engine_response", no_response),
    ("tunnel_idle", "tunnel_idle", idle_tunnel),
])
def test_timeouts(watched, engine, kind, setting, act):
    proxy = watched(global_={"timeouts": {setting: "1s"}})

    def what():
        with proxy.connect() as c:
            act(c, engine)
    moved = moves(proxy, what)
    assert {k: v for k, v in moved.items() if "timeouts" in k} == {
        "timeouts_total{%s}" % kind: 1}


def test_handshake_times_out(watched, tmp_path):
    cert, key = Authority(tmp_path / "ca").issue("server", "server")
    proxy = watched(global_={
        "timeouts": {"tls_handshake": "100ms"},
        "listeners": [{"name": "tls", "bind": "127.0.0.1",
                       "port": free_port(),
                       "tls": {"cert": str(cert), "key": str(key)}}]})

    def what():
        with proxy.connect() as c:
            assert c.gone()
    assert moves(proxy, what) == {"timeouts_total{tls_handshake}": 1}


def test_connecting_times_out(watched, socket_path):
    """A listener whose backlog is full."""
    with socket.socket(socket.AF_UNIX) as full:
        full.bind(socket_path)
        full.listen(0)
        fillers = []
        try:
            while True:
                s = socket.socket(socket.AF_UNIX)
                fillers.append(s)
                s.setblocking(False)
                s.connect(socket_path)
        except BlockingIOError:
            pass
        proxy = watched(f"unix://{socket_path}",
                        global_={"timeouts": {"engine_connect": "100ms"}})

        def what():
            with proxy.connect() as c:
                assert c.get("/images/json").status == 504
        assert moves(proxy, what) == {
            "requests_total": 1, "requests_allowed_total": 1,
            "engine_connect_failures_total": 1,
            "timeouts_total{engine_connect}": 1,
            "limits_hit_total{ENGINE_CONNECT_TIMEOUT}": 1}
        for s in fillers:
            s.close()


# --- where they are served --------------------------------------------------

SECRET = {"type": "bearer", "secret": "s"}


def test_on_the_proxys_listeners(own_proxy, engine):
    proxy = own_proxy(global_={"metrics": {"enabled": True},
                               "default": "deny"}, auth=SECRET)
    seen = len(engine.requests)
    with proxy.connect() as c:
        m = exposition.Metrics(c.get("/metrics"))
        # Scrapes are no requests; nor do they close the connection.
        assert m("requests_total") == 0 and m("connections") == 1
        assert exposition.Metrics(c.get("/metrics?a=b"))("requests_total") == 0
        head = c.ask(request("HEAD", "/metrics"), "HEAD")
        assert head.status == 200 and int(head["Content-Length"]) > 1000
        for method, path in [("POST", "/metrics"), ("GET", "/v1.41/metrics"),
                             ("GET", "/metrics/"), ("GET", "/metrics2")]:
            assert c.ask(request(method, path)).status == 401, path
        assert c.get("//metrics").status == 400
    assert len(engine.requests) == seen


def test_a_scrape_takes_no_room_of_bodies(own_proxy):
    """Its text is held as a body is, but not counted as one."""
    proxy = own_proxy(global_={"metrics": {"enabled": True}})
    with proxy.connect() as c:
        assert c.get("/metrics").status == 200
        assert c.ask(request("POST", "/containers/create",
                             "Content-Type: application/json",
                             body=b"{}")).status == 200


def test_a_path_of_its_own(own_proxy):
    proxy = own_proxy(global_={
        "metrics": {"enabled": True, "path": "/my/numbers"}}, auth=SECRET)
    with proxy.connect() as c:
        exposition.Metrics(c.get("/my/numbers"))
        assert c.get("/metrics").status == 401


def test_off_by_default(own_proxy):
    proxy = own_proxy(auth=SECRET)
    with proxy.connect() as c:
        assert c.get("/metrics").status == 401


def test_many_rules_on_the_proxys_listener(own_proxy):
    """A text larger than any block of a connection."""
    rules = [{"name": f"rule-{i}-{'x' * 300}", "action": "deny",
              "conditions": [{"field": "path", "operator": "equals",
                              "value": f"/p{i}"}]} for i in range(999)]
    proxy = own_proxy(global_={"metrics": {"enabled": True}}, rules=rules)
    with proxy.connect(receive_buffer=4096) as c:
        for _ in range(3):
            m = exposition.Metrics(c.get("/metrics"))
            assert len(m.text) > 300 * 1024
            assert m("rule_decisions_total", rules[998]["name"],
                     "enforced") == 0


def test_a_listener_of_its_own(own_proxy):
    port = free_port()
    proxy = own_proxy(global_={"metrics": {
        "listen": f"127.0.0.1:{port}", "path": "/numbers"}}, auth=SECRET)
    assert scrape(port, "/numbers")("policy_rules") == 3
    for path in ("/", "/metrics", "/healthz", "/readyz", "/numbers/"):
        assert exposition.get(port, path).status == 404, path
    with proxy.connect() as c:
        assert c.get("/numbers").status == 401
