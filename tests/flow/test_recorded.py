"""What docker's own clients send passes, and the Engine gets the same.

The requests were recorded by tests/engine/record: the docker CLI 20.10 and
28.2, docker-compose 1.29 and docker-py before a real Engine.
"""

import collections
import gzip
import json
import pathlib
import urllib.parse

import pytest

import fake_engine
import wire

RECORDED = (pathlib.Path(__file__).parent.parent / "data"
            / "requests.jsonl.gz")

# Of the connection, or of the framing, which is compared by what it frames.
NOT_END_TO_END = {"connection", "content-length", "transfer-encoding",
                  "upgrade", "x-request-id"}

# Asks for the body of what says that it is JSON, and denies nothing of it.
ASK = [{"name": "ask", "action": "deny", "conditions": [
    {"field": "header.content-type", "operator": "starts_with",
     "value": "application/json"},
    {"field": "body.no_client_says_this", "operator": "exists"}]}]


class Recorded:
    """A request of a client, and what of it is meant for the Engine."""

    def __init__(self, entry):
        raw = entry["head"].encode("latin-1")
        self.body = entry["body"].encode("latin-1")
        self.head = wire.Head(raw)
        self.method, self.target, _ = self.head.start_line.split(" ")
        self.chunked = self.head.value("Transfer-Encoding") is not None
        self.raw = raw + (wire.chunked(self.body) if self.chunked
                          else self.body)

    def client(self):
        return self.head.value("User-Agent").split(" ")[0]


def meaning(method, target, head, body):
    path, _, query = target.partition("?")
    return (method, urllib.parse.unquote_to_bytes(path),
            urllib.parse.parse_qsl(query, keep_blank_values=True),
            [f for f in head.fields if f[0].lower() not in NOT_END_TO_END],
            head.value("Upgrade"), body)


@pytest.fixture(scope="module")
def recorded():
    with gzip.open(RECORDED, "rt", encoding="ascii") as lines:
        return [Recorded(json.loads(line)) for line in lines]


def test_there_are_enough_of_them(recorded):
    """And of each client, of many calls."""
    assert len({r.raw for r in recorded}) == len(recorded) >= 1000
    by_client = collections.Counter(r.client() for r in recorded)
    assert {name.split("/")[0] for name in by_client} == {
        "Docker-Client", "docker-compose", "docker-sdk-python"}
    assert len(by_client) == 4 and min(by_client.values()) >= 50, by_client
    assert len({(r.method, r.target.partition("?")[0])
                for r in recorded}) > 150
    assert sum(r.chunked for r in recorded) > 20
    assert sum(r.head.value("Upgrade") is not None for r in recorded) > 10
    assert RECORDED.stat().st_size < 500_000


@pytest.mark.parametrize("rules", [[], ASK], ids=["streamed", "held"])
def test_they_arrive_unchanged(own_proxy, engine, recorded, rules):
    engine.unnamed = headless
    seen = len(engine.requests)
    with own_proxy(rules=rules).connect() as client:
        for r in recorded:
            response = client.ask(r.raw, r.method)
            assert response.status == 200, (r.head.start_line, response.body)
    got = engine.requests[seen:]
    assert len(got) == len(recorded)
    for want, r in zip(recorded, got, strict=True):
        assert meaning(want.method, want.target, want.head, want.body) \
            == meaning(r.method, r.target, r.head, r.body)


def headless(x):
    x.body()
    x.send(fake_engine.OK[:-2] if x.request.method == "HEAD"
           else fake_engine.OK)
