"""Answers rewritten on their way: what filters touch, and all else as it
was."""

import gzip
import json
import threading

import pytest

import wire
from wire import answer

RULES = [
    {"name": "no-env", "action": "response_filter", "conditions": [
        {"field": "path", "operator": "matches",
         "value": "^/containers/.*json$"}],
     "response_filter": [
         {"field": "Config.Env.*", "action": "redact",
          "match": "(?i)(token|password)="},
         {"field": "*.Labels", "action": "remove"},
         {"field": "Secret", "action": "replace", "replacement": None}]},
    {"name": "events", "action": "response_filter", "conditions": [
        {"field": "path", "operator": "equals", "value": "/events"}],
     "response_filter": [{"field": "Actor.Attributes", "action": "redact"}]},
    {"name": "let", "action": "allow", "conditions": [], "priority": 5},
]

BODY = {"Id": "x", "Secret": {"a": [1, 2]}, "Config": {
    "Env": ["PATH=/bin", "DB_PASSWORD=hunter2", "A=1"]}, "Big": 2**64 - 1}
WANT = {"Id": "x", "Secret": None, "Config": {
    "Env": ["PATH=/bin", "DB_PASSWORD=***REDACTED***", "A=1"]},
    "Big": 2**64 - 1}


@pytest.fixture
def filtering(own_proxy):
    return own_proxy(rules=RULES)


def ask(proxy, engine, script, head="", version="1.1"):
    name = engine.play(script)
    with proxy.connect() as client:
        client.send(f"GET /containers/{name}/json HTTP/{version}\r\n"
                    f"Host: docker\r\n{head}\r\n".encode())
        return client.response(), engine.named(name)[0]


def typed(body, kind="application/json", **more):
    return answer("200 OK", f"Content-Type: {kind}", body=body, **more)


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_an_answer(filtering, engine, framing):
    raw = json.dumps(BODY, indent=1).encode()
    r, got = ask(filtering, engine, typed(raw, framing=framing),
                 "Accept-Encoding: gzip\r\n")
    assert json.loads(r.body) == WANT
    # Untouched bytes are the Engine's own.
    assert r.body.startswith(b'{\n "Id": "x",\n "Secret": null,\n')
    assert r["Content-Length"] is None
    assert "accept-encoding" not in got.head.raw.decode().lower()


def test_byte_by_byte(filtering, engine):
    raw = typed(json.dumps(BODY).encode())
    r, _ = ask(filtering, engine,
               lambda x: x.send_apart([bytes([b]) for b in raw]))
    assert json.loads(r.body) == WANT


def test_a_large_list(filtering, engine):
    item = {"Id": "a" * 64, "Labels": {"k": "v" * 100}, "Names": ["/n"] * 9}
    raw = json.dumps([item] * 5000).encode()
    r, _ = ask(filtering, engine, typed(raw))
    left = {k: v for k, v in item.items() if k != "Labels"}
    assert json.loads(r.body) == [left] * 5000


def test_http_1_0(filtering, engine):
    r, _ = ask(filtering, engine, typed(json.dumps(BODY).encode()),
               version="1.0")
    assert json.loads(r.body) == WANT


@pytest.mark.parametrize("data", [
    typed(b'{"Secret": 1}', "text/plain"),
    typed(b"not json", "application/octet-stream"),
    answer("204 No Content"),
], ids=["text", "binary", "204"])
def test_what_is_no_json_is_untouched(filtering, engine, data):
    r, _ = ask(filtering, engine, data)
    assert r.body == data.partition(b"\r\n\r\n")[2]


def test_head_is_untouched(filtering, engine):
    name = engine.play(b"HTTP/1.1 200 OK\r\nContent-Type: application/json"
                       b"\r\nContent-Length: 99\r\n\r\n")
    with filtering.connect() as client:
        r = client.ask(wire.request("HEAD", f"/containers/{name}/json"),
                       "HEAD")
        assert r["Content-Length"] == "99"


def test_a_compressed_answer_is_refused(filtering, engine):
    data = answer("200 OK", "Content-Type: application/json",
                  "Content-Encoding: gzip",
                  body=gzip.compress(b'{"Secret": "hunter2"}'))
    r, _ = ask(filtering, engine, data)
    assert r.status == 502 and "filtered" in r.message()


@pytest.mark.parametrize("body", [b'{"Secret": ', b'{"Id": "x" "Secret": 1}',
                                  b'{"Secret": 1}}', b"[1,]", b"\xff"])
def test_malformed_json_is_cut(filtering, engine, body):
    with pytest.raises((wire.Truncated, ConnectionResetError)):
        ask(filtering, engine, typed(body))


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_the_first_byte_leaves_before_the_last_comes(filtering, engine,
                                                     framing):
    items = [{"Id": f"{n:064}", "Labels": {"k": "v" * 99}, "Names": ["/n"]}
             for n in range(200)]
    raw = json.dumps(items, separators=(",", ":")).encode()
    for item in items:
        del item["Labels"]
    want = json.dumps(items, separators=(",", ":")).encode()
    data = typed(raw, framing=framing)
    middle = data.index(b"%064d" % 100)
    got_half = threading.Event()

    def script(x):
        x.send(data[:middle])
        assert got_half.wait(wire.TIMEOUT)
        x.send(data[middle:])

    name = engine.play(script)
    with filtering.connect() as client:
        client.send(wire.request("GET", f"/containers/{name}/json"))
        assert client.head().status == 200
        body = b""
        while b"%064d" % 99 not in body:
            body += client.reader.chunk()
        assert want.startswith(body)
        got_half.set()
        while piece := client.reader.chunk():
            body += piece
    assert body == want


def test_events_come_one_by_one(filtering, engine):
    seen = threading.Event()

    def script(x):
        x.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
               b"Transfer-Encoding: chunked\r\n\r\n")
        for n in range(3):
            event = json.dumps({"Actor": {"Attributes": {"pw": "x"}}, "n": n})
            x.send(f"{len(event) + 1:x}\r\n{event}\n\r\n".encode())
            assert seen.wait(wire.TIMEOUT)
            seen.clear()
        x.send(b"0\r\n\r\n")

    name = engine.play(script)
    with filtering.connect() as client:
        client.send(wire.request("GET", f"/events?x={name}"))
        head = client.head()
        assert head.status == 200
        for n in range(3):
            want = (b'{"Actor": {"Attributes": "***REDACTED***"}, "n": %d}\n'
                    % n)
            chunk = b"%x\r\n%b\r\n" % (len(want), want)
            assert client.read(len(chunk)) == chunk
            seen.set()
        assert client.read(5) == b"0\r\n\r\n"
