"""Who may ask: the proxy's own authentication, and what of it goes on."""

import pytest

from wire import request

TOKENS = {
    "type": "bearer",
    "secret": "the-secret",
    "tokens": [{"token": "a-token", "role": "user", "name": "alice"}],
}
RULES = [{
    "name": "admins-only", "action": "deny",
    "conditions": [{"field": "path", "operator": "starts_with",
                    "value": "/swarm"},
                   {"field": "role", "operator": "not_equals",
                    "value": "admin"}],
}]


@pytest.fixture
def bearer(own_proxy):
    return own_proxy(auth=TOKENS, rules=RULES)


def ask(proxy, target, *fields):
    with proxy.connect() as client:
        return client.get(target, *fields)


@pytest.mark.parametrize("token", ["the-secret", "a-token"])
def test_the_right_token(bearer, engine, token):
    """It ends here: the Engine never sees it."""
    name = engine.play()
    r = ask(bearer, f"/containers/{name}/json",
            f"Authorization: Bearer {token}")
    assert r.status == 200
    assert engine.named(name)[0].head.fields == [("Host", "docker")]


WRONG = {
    "none": [],
    "empty": ["Authorization:"],
    "wrong": ["Authorization: Bearer wrong"],
    "prefix": ["Authorization: Bearer the-secre"],
    "longer": ["Authorization: Bearer the-secretx"],
    "basic": ["Authorization: Basic dGhlLXNlY3JldA=="],
    "bare": ["Authorization: the-secret"],
    "no-token": ["Authorization: Bearer"],
    "two-words": ["Authorization: Bearer the-secret x"],
    "twice": ["Authorization: Bearer the-secret"] * 2,
    "right-and-wrong": ["Authorization: Bearer the-secret",
                        "Authorization: Bearer wrong"],
    "proxy": ["Proxy-Authorization: Bearer the-secret"],
}


def test_wrong_ones(bearer, engine):
    """Over the unix listener: its clients have no address to lock out."""
    name = engine.play()
    for kind, fields in WRONG.items():
        r = ask(bearer, f"/containers/{name}/json", *fields)
        assert r.status == 401, kind
        assert r["WWW-Authenticate"].startswith("Bearer"), kind
        assert r.message()
    assert not engine.named(name)


def test_a_401_is_judged_before_the_body(bearer, engine):
    """Neither asked for nor held, and what it holds is no request."""
    name = engine.play()
    inner = request("GET", f"/containers/{name}/json",
                    "Authorization: Bearer the-secret")
    with bearer.connect() as client:
        client.send(request("POST", "/containers/create",
                            "Expect: 100-continue",
                            f"Content-Length: {len(inner)}"))
        r = client.response()
        assert (r.status, r.interim) == (401, [])
    with bearer.connect() as client:
        assert client.ask(request("POST", "/containers/create",
                                  body=inner)).status == 401
    assert not engine.named(name)


def test_each_request_shows_its_own(bearer, engine):
    """A keep-alive connection is no session."""
    name = engine.play()
    with bearer.connect() as client:
        right = "Authorization: Bearer the-secret"
        assert client.get(f"/containers/{name}/json", right).status == 200
        assert client.get(f"/containers/{name}/json").status == 401
        assert client.get(f"/containers/{name}/json", right).status == 200
    assert len(engine.named(name)) == 2


def test_roles(bearer, engine):
    name = engine.play()
    for token, status in (("a-token", 403), ("the-secret", 200)):
        r = ask(bearer, f"/swarm?x={name}", f"Authorization: Bearer {token}")
        assert r.status == status
    assert len(engine.named(name)) == 1


def test_no_auth_section_lets_nobody_in(own_proxy, engine):
    name = engine.play()
    proxy = own_proxy(auth=None)
    for fields in ([], ["Authorization: Bearer x"],
                   ["Authorization: Bearer "]):
        assert ask(proxy, f"/containers/{name}/json", *fields).status == 401
    assert not engine.named(name)
