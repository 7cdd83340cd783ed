"""Failed authentications lock a client address out."""

from wire import request


def bearer(lockout):
    return {
        "type": "bearer",
        "secret": "the-secret",
        "lockout": {"failures": lockout, "window": "60s", "duration": "5m"},
        "tokens": [
            {"token": "ci-token", "role": "reader", "name": "ci"},
        ],
    }


def ask(client, method, path, *fields):
    return client.ask(request(method, path, *fields), method)


def token(value):
    return f"Authorization: Bearer {value}"


def test_lock_out(own_proxy, engine):
    proxy = own_proxy(auth=bearer(lockout=3))
    with proxy.connect("tcp") as client:
        for _ in range(9):  # nothing was guessed
            assert ask(client, "GET", "/containers/json").status == 401
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
