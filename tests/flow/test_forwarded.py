"""Who the client is when a trusted proxy stands in between."""

import json

import pytest

from wire import request

LOOPBACK = ["127.0.0.0/8"]
RULES = [{
    "name": "not-from-there", "action": "deny",
    "conditions": [{"field": "client_ip", "operator": "in",
                    "value": ["192.0.2.0/24"]}],
}]
THERE = "X-Forwarded-For: 192.0.2.7"


@pytest.fixture
def behind(own_proxy):
    def start(trusted=LOOPBACK, **overrides):
        settings = {"trusted_proxies": trusted, "access_log": "all",
                    **overrides.pop("global_", {})}
        return own_proxy(global_=settings, rules=RULES, **overrides)
    return start


def status(proxy, *fields, kind="tcp"):
    with proxy.connect(kind) as client:
        return client.get("/version", *fields).status


@pytest.mark.parametrize("fields, expected", [
    ([], 200),
    ([THERE], 403),
    (["X-Real-IP: 192.0.2.7"], 403),
    (["Forwarded: for=192.0.2.7"], 403),
    (["X-Forwarded-For: 198.51.100.1", THERE, "X-Forwarded-For: 127.0.0.2"],
     403),
    (["X-Forwarded-For: 192.0.2.7, 198.51.100.1"], 200),
    (["Forwarded: for=192.0.2.7", THERE], 403),
    (["X-Real-IP: 192.0.2.7", THERE], 403),
    (["Forwarded: for=198.51.100.1", THERE], 400),
    ([THERE, "X-Real-IP: 198.51.100.1"], 400),
    (["X-Real-IP: 192.0.2.7", "Forwarded: for=198.51.100.1"], 400),
    ([THERE, "Connection: X-Forwarded-For"], 403),
    (["X-Forwarded-For: nobody"], 400),
    (["Forwarded: for=unknown"], 400),
    (["X-Real-IP: 192.0.2.7", "X-Real-IP: 192.0.2.7"], 400),
])
def test_rules_see_the_client(behind, fields, expected):
    assert status(behind(), *fields) == expected


def test_a_field_that_the_proxy_lets_pass(behind, engine):
    """It sets one of the three. A client that writes another one says
    nothing of itself, and is told so."""
    name = engine.play()
    with behind().connect("tcp") as client:
        r = client.get(f"/containers/{name}/json",
                       "Forwarded: for=198.51.100.1", THERE)
    assert r.status == 400
    assert "name different clients" in r.message()
    assert not engine.named(name)


@pytest.mark.parametrize("trusted, kind", [
    ([], "tcp"), (["10.0.0.0/8"], "tcp"), (LOOPBACK, "unix")])
def test_others_are_not_believed(behind, engine, trusted, kind):
    """What they write goes on to the Engine as it is, good or bad."""
    proxy = behind(trusted)
    name = engine.play()
    fields = [("X-Forwarded-For", "192.0.2.7"), ("Forwarded", "for=\"")]
    with proxy.connect(kind) as client:
        r = client.get(f"/containers/{name}/json",
                       *(": ".join(f) for f in fields))
        assert r.status == 200
    head = engine.named(name)[0].head.fields
    assert [f for f in head if f in fields] == fields


def test_each_request_has_its_own(behind):
    with behind().connect("tcp") as client:
        seen = [client.get("/version", *fields).status
                for fields in ([THERE], [], [THERE], [])]
    assert seen == [403, 200, 403, 200]


def test_the_log_has_both(behind):
    proxy = behind(global_={"log_format": "json"})
    assert status(proxy, THERE) == 403
    assert status(proxy) == 200
    assert status(proxy, "X-Forwarded-For: x") == 400
    proxy.stop()
    lines = [json.loads(line) for line in proxy.log().splitlines()]
    lines = [x for x in lines if "client" in x]
    assert [x["status"] for x in lines] == ["403", "200", "400"]
    assert lines[0]["client"] == "192.0.2.7"
    assert lines[0]["via"].startswith("127.0.0.1:")
    for line in lines[1:]:
        assert line["client"].startswith("127.0.0.1:")
        assert "via" not in line
    assert "does not say who the client is" in lines[2]["why"]


def test_lock_out_is_of_the_client(behind):
    proxy = behind(auth={"type": "bearer", "secret": "s",
                         "lockout": {"failures": 2}})

    def ask(token, client):
        with proxy.connect("tcp") as c:
            return c.ask(request(
                "GET", "/version", f"Authorization: Bearer {token}",
                f"X-Forwarded-For: {client}")).status
    assert [ask("x", "198.51.100.1") for _ in range(3)] == [401, 401, 429]
    assert ask("s", "198.51.100.1") == 429
    assert ask("s", "198.51.100.2") == 200
    proxy.stop()
    assert "198.51.100.1 is locked out" in proxy.log()


def test_rate_limits_are_of_the_client(own_proxy):
    rule = {"name": "slowly", "action": "rate_limit", "conditions": [],
            "rate_limit": {"requests": 1, "period": "1h", "penalty": "1h"}}
    proxy = own_proxy(global_={"trusted_proxies": LOOPBACK}, rules=[rule])
    seen = [status(proxy, f"X-Forwarded-For: 198.51.100.{n}")
            for n in (1, 2, 1, 2, 3)]
    assert seen == [200, 200, 429, 429, 200]
