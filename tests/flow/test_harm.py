"""A rule on a fact holds wherever and however the request says it.

One rule for each place of reading/harm.py; each place is tried in every
spelling that the Engine takes for the same.
"""

import json
import re
import urllib.parse

import pytest

import fake_engine
import proxy_process
from reading import harm
from wire import chunked, request

BODIES = [(*call.split(" "), path, value)
          for call, path, value in harm.table(harm.BODIES)]
QUERIES = [(*call.split(" "), name, value)
           for call, name, value in harm.table(harm.QUERIES)]


def condition(field, operator, value=None):
    given = {"field": field, "operator": operator}
    return given if value is None else {**given, "value": value}


def steps_of(path):
    """[(step, is it a key of a data map?)]"""
    return [(data or step, bool(data))
            for data, step in re.findall(r"\[(.*?)\]|([^.\[\]]+)", path)]


def field_of(path):
    """As a policy writes it: a dot inside of a key is escaped."""
    return ".".join(["body", *(step.replace(".", "\\.")
                               for step, _ in steps_of(path))])


def rules():
    for i, (method, target, path, value) in enumerate(BODIES):
        value = json.loads(value)
        field = field_of(path)
        last = (condition(field, "exists") if value in ([], {})
                else condition(field, "equals", value))
        yield {"name": f"body-{i}", "action": "deny", "conditions": [
            condition("method", "equals", method),
            condition("path", "equals", target), last]}
    for i, (method, target, name, value) in enumerate(QUERIES):
        yield {"name": f"query-{i}", "action": "deny", "conditions": [
            condition("method", "equals", method),
            condition("path", "equals", target),
            condition(f"query.{name}", "equals", value)]}


@pytest.fixture(scope="module")
def module_proxy(folder, engine, make_proxy):
    engine.unnamed = headless
    config = proxy_process.configuration(
        engine.url(), folder, rules=list(rules()))
    p = make_proxy(folder, config).start()
    yield p
    p.stop()


def headless(x):
    x.body()
    x.send(fake_engine.OK[:-2] if x.request.method == "HEAD"
           else fake_engine.OK)


# --- bodies -----------------------------------------------------------------

def escaped(key):
    return "".join(f"\\u{ord(c):04x}" for c in key)


def long_s(key):
    """The first s, or k, as the letter that folds to it."""
    for plain, other in (("s", "\u017f"), ("S", "\u017f"),
                         ("k", "\u212a"), ("K", "\u212a")):
        if plain in key:
            return key.replace(plain, other, 1)
    return key


SPELLINGS = [str, str.lower, str.upper, str.swapcase, escaped, long_s,
             lambda key: escaped(key[0]) + key[1:]]


def built(steps, value, spell):
    """The JSON that holds value at the end of the steps."""
    if not steps:
        return value
    (step, is_data), *rest = steps
    inner = built(rest, value, spell)
    if step == "*" and not is_data:
        return f"[{inner}]"
    key = step if is_data else spell(step)
    return '{"%s": %s}' % (key, inner)


def post(method, target, body, kind="application/json"):
    fields = [f"Content-Type: {kind}"] if kind else []
    return request(method, target, *fields, body=body.encode())


@pytest.mark.parametrize("method, target, path, value", BODIES)
def test_a_body_says_it(proxy, engine, untouched, method, target, path,
                        value):
    steps = steps_of(path)
    with proxy.connect() as client:
        with untouched:
            for spell in SPELLINGS:
                body = built(steps, value, spell)
                r = client.ask(post(method, target, body))
                assert r.status == 403, body
            body = built(steps, value, str)
            for kind in harm.TYPES:
                r = client.ask(post(method, target, body, kind))
                assert r.status == 403, kind
            for prefix in ("/v1.24", "/v1.99", "http://docker"):
                r = client.ask(post(method, prefix + target, body))
                assert r.status == 403, prefix
            coded = request(method, target, "Transfer-Encoding: chunked")
            assert client.ask(coded + chunked(body.encode())).status == 403
        before = len(engine.requests)
        harmless = "[]" if body.startswith("[") else '{"x": 1}'
        assert client.ask(post(method, target, harmless)).status == 200
        assert engine.requests[before].body == harmless.encode()


@pytest.mark.parametrize("method, target, path, value", [
    row for row in BODIES if row[2].startswith("HostConfig.")])
def test_the_top_level_says_it(proxy, untouched, method, target, path,
                               value):
    """Engines up to 26 take HostConfig's members there."""
    steps = steps_of(path)[1:]
    with untouched:
        for spell in SPELLINGS:
            body = built(steps, value, spell)
            with proxy.connect() as client:
                assert client.ask(post(method, target, body)).status == 400
                assert client.gone()


@pytest.mark.parametrize("body", [
    '{"HostConfig": {"CapAdd": "SYS_ADMIN"}}',
    '{"HostConfig": {"capadd": "\\u0053YS_ADMIN"}}'])
def test_a_text_is_a_list_of_one(client, untouched, body):
    """As Engines up to 28 read CapAdd, CapDrop, Cmd and Entrypoint."""
    with untouched:
        assert client.ask(post("POST", "/containers/create",
                               body)).status == 403


# --- queries ----------------------------------------------------------------

def everything(text):
    return "".join(f"%{byte:02x}" for byte in text.encode())


@pytest.mark.parametrize("method, target, name, value", QUERIES)
def test_a_query_says_it(proxy, untouched, method, target, name, value):
    plain = f"{name}={urllib.parse.quote(value)}"
    with untouched, proxy.connect() as client:
        for query in (plain, f"x=y&{plain}&z", f"&&{plain}&",
                      f"{everything(name)}={everything(value)}",
                      f"{name}={urllib.parse.quote_plus(value)}"):
            for path in (target, "/v1.41" + target, everything(target)
                         .replace("%2f", "/", 1), "http://docker" + target):
                data = request(method, f"{path}?{query}")
                assert client.ask(data, method).status == 403, query


@pytest.mark.parametrize("method, target, name, value", QUERIES)
def test_a_query_says_it_twice(proxy, untouched, method, target, name,
                               value):
    """The first value counts, or all do: refused, or denied."""
    hidden = urllib.parse.quote(value)
    is_list = name in ("t", "names", "extrahosts")
    with untouched:
        for query in (f"{name}=&{name}={hidden}", f"{name}={hidden}&{name}=",
                      f"{name}=&{everything(name)}={hidden}"):
            with proxy.connect() as client:
                r = client.ask(request(method, f"{target}?{query}"), method)
                assert r.status == (403 if is_list else 400)


# --- what nobody has allowed ------------------------------------------------

def test_what_nobody_has_allowed(own_proxy, engine):
    proxy = own_proxy(global_={"default": "deny"}, rules=[])
    with fake_engine.Untouched(own_proxy(), engine), \
            proxy.connect() as client:
        for line in harm.REACHED.strip().splitlines():
            method, target = line.split(" ")
            for fields in ([], ["Connection: Upgrade", "Upgrade: h2c"],
                           ["Upgrade: tcp"]):
                r = client.ask(request(method, target, *fields), method)
                assert r.status == 403, (line, fields)
