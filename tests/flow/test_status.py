"""The status page's API: what it tells is true, and who is told."""

import contextlib
import hashlib
import json
import os
import socket
import subprocess

import pytest

import wire
from exposition import dial, get
from proxy_process import BINARY, DENIALS, PeakMemory, free_port
from wire import answer, request

TOKEN = "a-token-of-some-length"
JSON = "Content-Type: application/json"


@pytest.fixture
def watched(own_proxy):
    """Starts a proxy with an admin listener, at proxy.admin."""
    def start(engine_url=None, admin=None, bind="127.0.0.1", global_=None,
              **overrides):
        port = free_port()
        proxy = own_proxy(engine_url, global_={
            "admin": {"listen": f"{bind}:{port}", **(admin or {})},
            **(global_ or {})}, **overrides)
        proxy.admin = port
        return proxy
    return start


def ask(proxy, path, *fields, method="GET", body=None, host="127.0.0.1"):
    with dial(proxy.admin) as c:
        return c.ask(request(method, path, *fields, body=body, host=host),
                     method)


def told(proxy, what, *fields):
    r = ask(proxy, f"/api/{what}", *fields)
    assert (r.status, r["Content-Type"]) == (200, "application/json"), r.body
    assert r["Cache-Control"] == "no-store"
    return json.loads(r.body)


def explain(proxy, question, *fields):
    return ask(proxy, "/api/explain", JSON, *fields, method="POST",
               body=json.dumps(question).encode())


def rules_of(proxy):
    return {r["name"]: r for r in told(proxy, "rules")["rules"]}


# --- what is told -------------------------------------------------------------

def test_status(watched, engine):
    proxy = watched()
    name = engine.play(answer("200 OK", body=b"x" * 1000))
    with proxy.connect() as c:
        c.ask(request("POST", f"/containers/{name}/start2", body=b"{}"))
        assert c.get("/secrets").status == 403
        s = told(proxy, "status")
        assert s["connections"]["now"] == 1
    assert s["requests"] == {
        "total": 2, "allowed": 1, "denied": 1, "dry_run": 0,
        "auth_failures": 0, "rate_limited": 0}
    assert s["refusals"] == {"DENIED": 1}
    assert s["connections"]["bytes_in"] == 2
    assert sum(s["latency"]["counts"]) == 1
    assert len(s["latency"]["counts"]) == len(s["latency"]["bounds_ms"]) + 1
    assert s["policy"]["generation"] == 1 and s["policy"]["rules"] == 3
    assert s["policy"]["last_reload"] is None
    assert s["policy"]["default"] == "allow" and s["mode"] == "enforce"
    assert [l["name"] for l in s["listeners"]] == ["tcp", "unix"]
    assert s["limits"]["header_bytes"] == {"limit": 65536, "hits": 0}
    assert s["process"]["resident_bytes"] > 1 << 20
    wire.wait_until(lambda: told(proxy, "status")["engine"]["state"] == "up",
                    "the Engine is known to be up")


def test_the_engine_is_down(watched, socket_path):
    proxy = watched(f"unix://{socket_path}")
    s = told(proxy, "status")["engine"]
    assert s["state"] == "down" and "cannot connect" in s["reason"]
    assert s["address"] == socket_path


def test_tunnels(watched, engine):
    proxy = watched()

    def script(x):
        x.body()
        x.send(b"HTTP/1.1 101 UPGRADED\r\n"
               b"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n")
        x.wait_gone()

    def tunnels(n):
        wire.wait_until(
            lambda: told(proxy, "status")["connections"]["tunnels"] == n,
            f"{n} tunnels")
    name = engine.play(script)
    with proxy.connect() as c:
        assert c.ask(request("POST", f"/containers/{name}/attach",
                             "Connection: Upgrade",
                             "Upgrade: tcp")).status == 101
        tunnels(1)
    tunnels(0)


@pytest.mark.parametrize("threads", [1, 2])
def test_rules(watched, threads):
    trial = {"name": "trial", "action": "deny", "dry_run": True,
             "conditions": [{"field": "path", "operator": "equals",
                             "value": "/info"}]}
    proxy = watched(rules=[*DENIALS, trial], global_={"threads": threads})
    before = told(proxy, "rules")
    assert before["total"] == before["never_hit"] == 4
    assert all(r["last_ms"] is None for r in before["rules"])
    for path in ("/secrets", "/info", "/secrets/x"):
        with proxy.connect() as c:
            c.get(path)
    now = told(proxy, "status")["time_ms"]
    rules = rules_of(proxy)
    assert {n: r["hits"] for n, r in rules.items()} == {
        "no-secrets": 2, "trial": 1, "no-kill": 0, "no-privileged": 0}
    assert now - 60000 < rules["no-secrets"]["last_ms"] <= now + 5
    assert rules["no-kill"]["last_ms"] is None
    assert rules["trial"]["dry_run"] and not rules["no-kill"]["dry_run"]
    assert rules["no-secrets"]["file"].endswith("config.yaml")
    assert rules["no-secrets"]["line"] > 1
    assert told(proxy, "rules")["never_hit"] == 2


def test_denials(watched):
    trial = {"name": "trial", "action": "deny", "dry_run": True,
             "conditions": [{"field": "path", "operator": "equals",
                             "value": "/info"}]}
    proxy = watched(rules=[*DENIALS, trial])
    with proxy.connect() as c:
        c.get("/v1.41/secrets?token=hush&all=1")
        c.get("/info")
        c.get("/images/json")
    with proxy.connect("tcp") as c:
        c.get("/%zz")
    denials = told(proxy, "denials")["denials"]
    assert [(d["status"], d["why"], d["dry_run"], d["rule"])
            for d in denials] == [
        (403, "DENIED", False, "no-secrets"),
        (403, "DENIED", True, "trial"),
        (400, "TARGET_ESCAPE", False, None)]
    first, _, last = denials
    assert (first["method"], first["path"], first["query"],
            first["api_version"]) == (
        "GET", "/secrets", "token=***&all=1", "1.41")
    assert first["message"] == "secrets are closed"
    assert first["client"] == f"uid:{os.getuid()}"
    assert first["file"].endswith("config.yaml") and first["line"] > 0
    assert (last["client"], last["listener"]) == ("127.0.0.1", "tcp")
    assert wire.MADE_ID.fullmatch(first["request_id"])
    assert len({d["id"] for d in denials}) == 3


def test_hostile_texts_in_denials(watched):
    proxy = watched()
    rlo = "%E2%80%AE"
    with proxy.connect() as c:
        c.get(f"/secrets/{rlo}%22</script>?{rlo}=%22&k=https://u:p@h/")
        c.get("/secrets/" + "x" * 4000)
    raw = ask(proxy, "/api/denials").body.decode()
    assert "\u202e" not in raw and "u:p" not in raw
    first, long = json.loads(raw)["denials"]
    assert first["path"] == '/secrets/\u202e"</script>'
    assert first["query"] == '\u202e="&k=https://***@h/'
    assert "[cut: 4009 bytes]" in long["path"] and len(long["path"]) < 600


def test_only_the_latest_denials_are_kept(watched):
    proxy = watched()
    with proxy.connect() as c:
        for i in range(100):
            assert c.get(f"/secrets/{i}").status == 403
    assert [d["path"] for d in told(proxy, "denials")["denials"]] == [
        f"/secrets/{i}" for i in range(68, 100)]


def test_denials_of_many_workers(watched):
    proxy = watched(global_={"threads": 3})
    for i in range(12):
        with proxy.connect() as c:
            assert c.get(f"/secrets/{i}").status == 403
    denials = told(proxy, "denials")["denials"]
    assert {d["path"] for d in denials} == {
        f"/secrets/{i}" for i in range(12)}
    assert [d["time_ms"] for d in denials] == sorted(
        d["time_ms"] for d in denials)


def test_lockouts(watched):
    proxy = watched(auth={"type": "bearer", "secret": "s",
                          "lockout": {"failures": 2, "duration": "1h"}})
    with proxy.connect("tcp") as c:
        for _ in range(3):
            c.ask(request("GET", "/info", "Authorization: Bearer no"))
    locked = told(proxy, "status")["lockouts"]
    assert (locked["total"], locked["now"]) == (1, 1)
    assert [c["client"] for c in locked["clients"]] == ["127.0.0.1"]
    assert 3500000 < locked["clients"][0]["left_ms"] <= 3600000
    assert told(proxy, "denials")["denials"][-1]["why"] == "LOCKED_OUT"


def test_reloads(reloadable):
    port = free_port()
    p = reloadable(global_={"admin": {"listen": f"127.0.0.1:{port}"}})
    p.proxy.admin = port

    p.config["rules"] = []
    assert p.hup()
    policy = told(p.proxy, "status")["policy"]
    assert policy["generation"] == 2 and policy["last_reload"]["ok"]
    p.config["rules"] = [{"name": "x"}]
    assert not p.hup()
    policy = told(p.proxy, "status")["policy"]
    assert policy["generation"] == 2 and not policy["last_reload"]["ok"]
    assert "error: " in policy["last_reload"]["told"]
    assert policy["reloads_ok"] == policy["reloads_refused"] == 1


# --- explain --------------------------------------------------------------------

def test_explain(watched):
    proxy = watched()
    r = explain(proxy, {"method": "POST", "target": "/containers/create",
                        "role": "ci",
                        "body": {"HostConfig": {"Privileged": True}}})
    e = json.loads(r.body)
    assert (r.status, e["verdict"], e["rule"]["name"]) == (
        200, "deny", "no-privileged")
    assert e["request"]["role"] == "ci" and e["request"]["body_was_read"]
    assert e["others"] == 2 and len(e["rules"]) == 1
    as_text = explain(proxy, {
        "Method": "POST", "target": "/containers/create",
        "headers": {"X-Test": "1"},
        "body": '{"HostConfig": {"Privileged": false}}'})
    assert json.loads(as_text.body)["verdict"] == "allow"
    # Nothing of it is counted.
    assert told(proxy, "status")["requests"]["total"] == 0
    assert rules_of(proxy)["no-privileged"]["hits"] == 0


def test_explain_is_no_place_to_guess_tokens(watched):
    proxy = watched(auth={"type": "bearer", "secret": "s"})
    r = explain(proxy, {"method": "GET", "target": "/info",
                        "headers": {"authorization": "Bearer s"}})
    assert r.status == 400 and b"credentials" in r.body


@pytest.mark.parametrize("question", [
    b"", b"[]", b"{", b"{}", b'{"method":"GET"}', b'{"method":1,"target":"/"}',
    b'{"method":"GET","target":"/","nonsense":1}',
    b'{"method":"GET","target":"/","ip":"x"}',
    b'{"method":"GET","target":"/","time":"x"}',
    b'{"method":"GET","target":"/","headers":[]}',
    b'{"method":"GET","target":"/","listener":"none"}',
    b'{"method":"GET","target":"/","headers":{"a":"b\\r\\nc: d"}}',
    b'{"method":"GET","target":"/","body":' + b"[" * 20 + b"]" * 20 + b"}",
])
def test_questions_that_are_none(watched, question):
    proxy = watched()
    r = ask(proxy, "/api/explain", JSON, method="POST", body=question)
    assert r.status == 400 and r["Content-Type"].startswith("text/plain")


def test_explain_takes_json_only_and_not_too_much(watched):
    proxy = watched()
    body = b'{"method":"GET","target":"/"}'
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        assert ask(proxy, "/api/explain", f"Content-Type: {kind}",
                   method="POST", body=body).status == 415
    assert ask(proxy, "/api/explain", method="POST", body=body).status == 415
    r = ask(proxy, "/api/explain")
    assert (r.status, r["Allow"]) == (405, "POST")
    with dial(proxy.admin) as c:
        c.send(request("POST", "/api/explain", JSON,
                       "Content-Length: 65537"))
        assert c.response().status == 413
    with dial(proxy.admin) as c:
        c.send(request("POST", "/api/explain", JSON,
                       "Transfer-Encoding: chunked"))
        assert c.response().status == 411
    large = json.dumps({"method": "POST", "target": "/containers/create",
                        "body": "x" * 60000}).encode()
    assert ask(proxy, "/api/explain", JSON, method="POST",
               body=large).status == 200


def test_an_answer_is_not_kept_without_measure(watched):
    proxy = watched(rules=[
        {"name": f"r{i}", "action": "allow", "conditions": [
            {"field": "body.A", "operator": "equals", "value": f"v{i}"}]}
        for i in range(200)])
    question = {"method": "POST", "target": "/containers/create"}
    r = explain(proxy, {**question, "body": {"A": "x" * 60000}})
    assert r.status == 503 and b"too long" in r.body
    r = explain(proxy, {**question, "body": {"A": "x" * 1000}})
    assert r.status == 200 and len(json.loads(r.body)["rules"]) == 200


def test_questions_are_bounded(watched):
    """Asked all at once: however slow we are, they come together."""
    proxy = watched()
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(dial(proxy.admin)) for _ in range(40)]
        question = json.dumps({"method": "GET", "target": "/"}).encode()
        for c in clients:
            c.send(request("POST", "/api/explain", JSON, body=question,
                           host="127.0.0.1"))
        seen = [c.response().status for c in clients]
    assert seen[:5] == [200] * 5 and 429 in seen and set(seen) == {200, 429}


# --- events -----------------------------------------------------------------------

class Events:
    """A client of /api/events, that reads when asked."""

    def __init__(self, proxy, *fields, receive_buffer=None):
        sock = socket.socket()
        sock.settimeout(wire.TIMEOUT)
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF,
                            receive_buffer)
        sock.connect(("127.0.0.1", proxy.admin))
        self.sock = sock
        self.file = sock.makefile("rb")
        sock.sendall(request("GET", "/api/events", *fields,
                             host="127.0.0.1"))
        self.head = b""
        while not self.head.endswith(b"\r\n\r\n"):
            line = self.file.readline()
            assert line, self.head
            self.head += line

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.sock.close()

    def next(self):
        """(name, data), or None at the end."""
        lines = []
        while (line := self.file.readline()) not in (b"\n", b""):
            lines.append(line.decode().rstrip("\n"))
        if not lines:
            return None
        event, data = lines
        assert event.startswith("event: ") and data.startswith("data: ")
        return event[7:], json.loads(data[6:])

    def wait(self, name, condition=lambda data: True):
        while True:
            got, data = self.next()
            if got == name and condition(data):
                return data


def test_events(watched):
    proxy = watched()
    with proxy.connect() as c:
        assert c.get("/secrets/before").status == 403
    ids = {r["id"]: r["name"] for r in told(proxy, "rules")["rules"]}
    with Events(proxy) as e:
        assert b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n" \
            in e.head
        assert e.next()[1]["requests"]["denied"] == 1
        with proxy.connect() as c:
            assert c.get("/secrets/after").status == 403
        # What was there before is asked for otherwise.
        assert e.wait("denial")["path"] == "/secrets/after"
        (rule, hits, last), = e.wait("rules")
        assert (ids[rule], hits) == ("no-secrets", 2) and last > 0
        e.wait("status", lambda s: s["requests"]["denied"] == 2)
        # And only what has changed.
        assert e.next()[0] == "status"


def test_each_rule_has_its_turn(watched):
    """Each of them is hit all the time, and not all have room at once."""
    proxy = watched(rules=[
        {"name": f"r{i}", "action": "deny", "dry_run": True} for i in
        range(300)])
    last = rules_of(proxy)["r299"]["id"]
    with proxy.connect() as c, Events(proxy) as e:
        seen = set()
        for _ in range(3):
            c.get("/secrets/a")
            seen |= {i for i, _, _ in e.wait("rules")}
    assert last in seen and len(seen) == 300


def test_events_end_with_the_policy(reloadable):
    port = free_port()
    p = reloadable(global_={"admin": {"listen": f"127.0.0.1:{port}"}})
    p.proxy.admin = port
    with Events(p.proxy) as e:
        assert p.hup()
        while e.next():
            pass
    with Events(p.proxy) as e:
        assert e.next()[1]["policy"]["generation"] == 2


def test_so_many_and_no_more_are_told_events(watched):
    proxy = watched()
    streams = [Events(proxy) for _ in range(8)]
    r = ask(proxy, "/api/events")
    assert r.status == 503
    # They are not in the way of others, and make room when they go.
    for _ in range(70):
        assert get(proxy.admin, "/healthz").status == 200
    assert all(s.next()[0] == "status" for s in streams)
    streams.pop().__exit__()

    def room():
        with Events(proxy) as e:
            return b" 200 " in e.head
    wire.wait_until(room, "there is room again")
    for s in streams:
        s.__exit__()


def test_who_does_not_read_is_dropped(watched):
    """And the proxy's memory does not grow meanwhile."""
    proxy = watched()
    with PeakMemory(proxy) as memory, \
            Events(proxy, receive_buffer=4096) as e, \
            proxy.connect() as c:
        def dropped():
            for _ in range(32):
                assert c.get("/secrets/" + "x" * 2000).status == 403
            return told(proxy, "status")["event_clients"] == 0
        assert told(proxy, "status")["event_clients"] == 1
        wire.wait_until(dropped, "it is dropped", timeout=4 * wire.TIMEOUT)
        assert memory.growth_kib() < 8192
        with pytest.raises((ConnectionResetError, json.JSONDecodeError,
                            ValueError)):
            while e.next():
                pass
            raise ValueError("cut between two events")


def test_stopping_ends_events(watched):
    proxy = watched()
    with Events(proxy) as e:
        proxy.stop()
        while e.next():
            pass


# --- who is told --------------------------------------------------------------------

API = ["/api/status", "/api/rules", "/api/denials", "/api/events"]
BEARER = f"Authorization: Bearer {TOKEN}"

@pytest.mark.parametrize("form", ["token", "token_sha256", "token_file"])
def test_token(watched, tmp_path, form):
    file = tmp_path / "token"
    file.write_text(TOKEN + "\n")
    tmp_path.chmod(0o755)
    value = {"token": TOKEN, "token_file": str(file),
             "token_sha256": hashlib.sha256(TOKEN.encode()).hexdigest()}
    proxy = watched(admin={form: value[form]})
    assert told(proxy, "status", BEARER)["version"]
    for path in API:
        r = ask(proxy, path)
        assert (r.status, r["WWW-Authenticate"]) == (
            401, 'Bearer realm="docker-proxy"')
        assert TOKEN.encode() not in r.body
    assert explain(proxy, {"method": "GET", "target": "/"}).status == 401
    assert explain(proxy, {"method": "GET", "target": "/"},
                   BEARER).status == 200
    with Events(proxy, BEARER) as e:
        assert e.next()[0] == "status"
    # The page holds nothing, and asks for the token itself.
    assert ask(proxy, "/").status == 200
    for path in ("/healthz", "/metrics"):
        assert ask(proxy, path).status == 200


def test_guessing_locks_out(watched):
    proxy = watched(admin={"token": TOKEN})
    for wrong in ("x", TOKEN + "x", TOKEN[:-1], TOKEN.upper()):
        assert ask(proxy, "/api/status",
                   f"Authorization: Bearer {wrong}").status == 401
    assert ask(proxy, "/api/status", BEARER, BEARER).status == 401
    assert ask(proxy, "/api/status", f"Authorization: Basic {TOKEN}").status \
        == 401
    for _ in range(4):
        assert ask(proxy, "/api/status",
                   "Authorization: Bearer no").status == 401
    # The right one, too: else it would be told apart.
    assert ask(proxy, "/api/status", BEARER).status == 429
    assert ask(proxy, "/healthz").status == 200
    assert "locked out of the status page" in proxy.log()


def test_beyond_loopback_there_is_no_page_without_a_token(watched):
    proxy = watched(bind="*")
    for path in ["/", *API]:
        r = ask(proxy, path)
        assert r.status == 403 and b"admin has no token" in r.body, path
    assert explain(proxy, {"method": "GET", "target": "/"}).status == 403
    for path in ("/healthz", "/readyz", "/metrics"):
        assert ask(proxy, path).status == 200
    proxy = watched(bind="*", admin={"token": TOKEN})
    assert ask(proxy, "/").status == 200
    assert ask(proxy, "/api/status").status == 401
    assert told(proxy, "status", BEARER)


@pytest.mark.parametrize("host, status", [
    ("127.0.0.1", 200), ("127.0.0.1:9091", 200), ("[::1]:80", 200),
    ("localhost:1", 200), ("LOCALHOST", 200), ("10.1.2.3", 200),
    ("status.example.com:80", 200), ("Status.Example.COM", 200),
    ("evil.example.com", 421), ("127.0.0.1.evil.com", 421),
    ("localhost.evil.com", 421), ("example.com", 421),
    ("[::1]", 200), ("[::1]evil.com", 421), ("127.0.0.1:80:evil", 421),
    ("127.0.0.1:evil", 421), ("[127.0.0.1", 421), ("[]", 421), ("[", 421),
])
def test_names(watched, host, status):
    proxy = watched(admin={"names": ["status.example.com"]})
    for path in ("/", "/api/status"):
        assert ask(proxy, path, host=host).status == status
    assert ask(proxy, "/metrics", host=host).status == 200


@pytest.mark.parametrize("fields, status", [
    (["Origin: http://127.0.0.1"], 200),
    (["Origin: https://127.0.0.1"], 200),
    (["Sec-Fetch-Site: same-origin"], 200),
    (["Sec-Fetch-Site: none"], 200),
    (["Origin: http://127.0.0.1:8080"], 403),
    (["Origin: http://evil.example.com"], 403),
    (["Origin: null"], 403),
    (["Sec-Fetch-Site: cross-site"], 403),
    (["Sec-Fetch-Site: same-site"], 403),
    (["Origin: http://evil.com", "Origin: http://127.0.0.1"], 403),
    (["Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: none"], 403),
])
def test_origins(watched, fields, status):
    proxy = watched()
    assert ask(proxy, "/api/status", *fields).status == status
    assert explain(proxy, {"method": "GET", "target": "/"},
                   *fields).status == status


# --- the page -----------------------------------------------------------------------

def test_page(watched):
    proxy = watched()
    r = ask(proxy, "/")
    assert (r.status, r["Content-Type"]) == (200, "text/html; charset=utf-8")
    policy = r["Content-Security-Policy"]
    for part in ("default-src 'none'", "script-src 'sha256-",
                 "style-src 'sha256-", "connect-src 'self'",
                 "frame-ancestors 'none'",
                 "require-trusted-types-for 'script'"):
        assert part in policy
    assert "unsafe" not in policy and "*" not in policy
    assert r["X-Frame-Options"] == "DENY"
    for path in ("/healthz", "/readyz", "/metrics"):
        assert path.encode() in r.body
    # Nothing is fetched from anywhere.
    assert b"http://" not in r.body.replace(b"http://www.w3.org/", b"")
    assert b"https://" not in r.body


@pytest.mark.parametrize("admin, error", [
    ({"token": ""}, "the token of admin is empty"),
    ({"token": TOKEN, "token_sha256": "0" * 64}, "admin takes one of"),
    ({"token_sha256": "0"}, "64 hexadecimal digits"),
    ({"token_file": "/nonexistent"}, "the token file cannot be read"),
    ({"names": ["a:80"]}, "is a host's"),
    ({"names": "a"}, "must be a list"),
])
def test_wrong_settings(tmp_path, admin, error):
    file = tmp_path / "c.yaml"
    file.write_text(json.dumps({
        "global": {"admin": {"listen": "127.0.0.1:9", **admin}},
        "auth": {"type": "none"}}))
    r = subprocess.run([BINARY, "--check-config", "--config", file],
                       capture_output=True, text=True, timeout=wire.TIMEOUT)
    assert r.returncode and error in r.stderr + r.stdout
