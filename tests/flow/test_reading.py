"""Every row of the tables in reading/: what is judged is what arrives.

Behind each request comes an innocent one in the same segment. After a
malformed one the connection is over and nothing has reached the Engine; after
any other, the innocent one is served, so that both ends agree on where the
first one ended.
"""

import re

import pytest

from reading.all import ROWS
from wire import request

BEHIND = request("GET", "/behind")


def as_received(r):
    """The head, without the identity that the proxy gives a request, and
    the body as it was meant."""
    return re.sub(rb"\r\nX-Request-Id: [^\r]*", b"", r.head.raw) + r.body


def rows(wanted):
    chosen = [row for row in ROWS if (row.reached is None) == wanted]
    return pytest.mark.parametrize("row", chosen,
                                   ids=[row.key for row in chosen])


def test_rows_have_names_of_their_own():
    keys = [row.key for row in ROWS]
    assert len(keys) == len(set(keys))


@rows(True)
def test_nothing_arrives(proxy, untouched, row):
    with untouched, proxy.connect() as client:
        client.send(row.sent + (BEHIND if row.status == 400 else b""))
        response = client.response(row.method)
        assert response.status == row.status, response.body
        if row.method != "HEAD":
            assert response.message()
        if row.status == 400:
            assert response["Connection"] == "close"
            assert client.gone()


@rows(False)
def test_what_arrives(proxy, engine, row):
    seen = len(engine.requests)
    with proxy.connect() as client:
        client.send(row.sent + BEHIND)
        response = client.response(row.method)
        assert response.status == 200, response.body
        if row.closes:
            assert response["Connection"] == "close"
            assert client.gone()
        else:
            assert client.response().status == 200
            assert client.silent()
    got = [as_received(r) for r in engine.requests[seen:]]
    assert got == [row.reached] + [BEHIND] * (not row.closes)
