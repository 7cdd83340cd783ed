"""Who may ask: the proxy's own authentication, and what of it goes on."""

import os

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
    assert engine.named(name)[0].head.without_made_id() == [
        ("Host", "docker")]


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


OTHER = 4000000000  # nobody's uid or gid
PEERS = {
    "by-uid": ([{"uid": os.getuid(), "role": "admin"}], 200),
    "by-gid": ([{"gid": os.getgid(), "role": "admin"}], 200),
    "by-both": ([{"uid": os.getuid(), "gid": os.getgid(),
                  "role": "admin"}], 200),
    "other-gid": ([{"uid": os.getuid(), "gid": OTHER, "role": "admin"}], 401),
    "other-uid": ([{"uid": OTHER, "gid": os.getgid(), "role": "admin"}], 401),
    "other": ([{"uid": OTHER, "role": "admin"}], 401),
    "the-first": ([{"uid": OTHER, "role": "admin"},
                   {"uid": os.getuid(), "role": "user"},
                   {"gid": os.getgid(), "role": "admin"}], 403),
}


@pytest.mark.parametrize("peers, status", PEERS.values(), ids=PEERS)
def test_peers(own_proxy, engine, peers, status):
    """Who is on a unix listener needs no token; others do, as on TCP."""
    proxy = own_proxy(auth={**TOKENS, "peers": peers}, rules=RULES,
                      global_={"access_log": "all"})
    name = engine.play()
    assert ask(proxy, f"/swarm?x={name}").status == status
    assert len(engine.named(name)) == (status == 200)
    if status == 401:
        assert ask(proxy, f"/swarm?x={name}",
                   "Authorization: Bearer the-secret").status == 200
    with proxy.connect("tcp") as client:
        assert client.get("/version").status == 401
    proxy.stop()
    assert (f" identity=uid:{os.getuid()} " in proxy.log()) == (status != 401)


def test_no_auth_section_lets_nobody_in(own_proxy, engine):
    name = engine.play()
    proxy = own_proxy(auth=None)
    for fields in ([], ["Authorization: Bearer x"],
                   ["Authorization: Bearer "]):
        assert ask(proxy, f"/containers/{name}/json", *fields).status == 401
    assert not engine.named(name)
