"""Who may come in: bearer tokens, roles, lock-outs, failing closed."""

import hashlib

import pytest

from wire import request

RULES = [
    {"name": "readers-read", "action": "deny", "conditions": [
        {"field": "role", "operator": "equals", "value": "reader"},
        {"field": "method", "operator": "not_in", "value": ["GET", "HEAD"]}]},
    {"name": "not-for-ci", "action": "deny", "conditions": [
        {"field": "identity", "operator": "equals", "value": "ci"},
        {"field": "path", "operator": "starts_with", "value": "/images"}]},
]


def bearer(lockout=1000):
    return {
        "type": "bearer",
        "secret": "the-secret",
        "lockout": {"failures": lockout, "window": "60s", "duration": "5m"},
        "tokens": [
            {"token": "ci-token", "role": "reader", "name": "ci"},
            {"token_sha256": hashlib.sha256(b"hashed").hexdigest(),
             "role": "writer"},
        ],
    }


def ask(client, method, path, *fields):
    return client.ask(request(method, path, *fields), method)


def token(value):
    return f"Authorization: Bearer {value}"


@pytest.fixture
def guarded(own_proxy):
    return own_proxy(auth=bearer(), rules=RULES)


@pytest.mark.parametrize("value", ["the-secret", "ci-token", "hashed"])
def test_a_known_token(guarded, engine, value):
    name = engine.play()
    with guarded.connect() as client:
        r = ask(client, "GET", f"/containers/{name}/json", token(value))
        assert r.status == 200
    assert b"uthorization" not in engine.named(name)[0].head.raw


@pytest.mark.parametrize("fields", [
    [], ["Authorization:"], ["Authorization: Bearer"],
    ["Authorization: Bearer "], [token("the-secre")], [token("the-secret2")],
    [token("THE-SECRET")], ["Authorization: Basic dGhlLXNlY3JldA=="],
    ["Authorization: the-secret"], [token("the-secret x")],
    [token("the-secret"), token("the-secret")],
    [token("the-secret"), "Authorization: Basic x"],
    ["Proxy-Authorization: Bearer the-secret"],
])
def test_anything_else(guarded, engine, fields):
    with guarded.connect() as client:
        engine.drop_idle()
        before = len(engine.requests)
        r = ask(client, "GET", "/containers/json", *fields)
        assert r.status == 401 and r.message()
        assert r["WWW-Authenticate"].startswith("Bearer")
        assert len(engine.requests) == before
        # The connection is kept: the next try may be right.
        assert ask(client, "GET", "/containers/json",
                   token("the-secret")).status == 200


def test_roles_and_identities(guarded):
    with guarded.connect() as client:
        assert ask(client, "POST", "/containers/x/stop",
                   token("ci-token")).status == 403
        assert ask(client, "GET", "/images/json",
                   token("ci-token")).status == 403
        assert ask(client, "GET", "/images/json",
                   token("hashed")).status == 200
        assert ask(client, "POST", "/containers/x/stop",
                   token("hashed")).status == 200


def test_lock_out(own_proxy, engine):
    proxy = own_proxy(auth=bearer(lockout=3))
    with proxy.connect("tcp") as client:
        for _ in range(3):
            assert ask(client, "GET", "/containers/json",
                       token("wrong")).status == 401
        r = ask(client, "GET", "/containers/json", token("the-secret"))
        assert r.status == 429 and r.message()
        assert 0 < int(r["Retry-After"]) <= 300
    # On any connection of that address; a unix socket has no address.
    with proxy.connect("tcp") as client:
        assert ask(client, "GET", "/containers/json",
                   token("the-secret")).status == 429
    with proxy.connect("unix") as client:
        assert ask(client, "GET", "/containers/json",
                   token("the-secret")).status == 200
    assert "locked out" in proxy.log()


@pytest.mark.parametrize("auth", [None, {"type": "bearer"},
                                  {"type": "bearer", "secret": ""},
                                  {"type": "bearer", "tokens": []}])
def test_fails_closed(own_proxy, auth):
    proxy = own_proxy(**({"auth": auth} if auth else {"auth": {}}))
    with proxy.connect("tcp") as client:
        for fields in [], [token("")], [token("x")]:
            assert ask(client, "GET", "/_ping", *fields).status == 401
