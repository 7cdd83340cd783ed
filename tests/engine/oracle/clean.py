"""What clients may do with a clean request: it must pass, unchanged."""

import random

from oracle.spelling import (
    DATA, any_case, escape_string, respell_key, shuffle)
from oracle.wiring import chunks, escape_letters


def versioned(rng, request, versions):
    request.version = rng.choice([None, *versions])


def chunked(rng, request, versions):
    if request.body is not None:
        request.framing = lambda data: (
            [("Transfer-Encoding", "chunked")], chunks(rng, data))


def typed(rng, request, versions):
    if not isinstance(request.body, (bytes, type(None))):
        request.content_type = rng.choice([
            "application/json; charset=utf-8", "Application/JSON",
            "application/json"])


def spaced(rng, request, versions):
    if not isinstance(request.body, (bytes, type(None))):
        request.around_json = rng.choice([(" ", "\n"), ("\r\n\t", ""),
                                          ("", " ")])


def with_fields(rng, request, versions):
    request.fields += rng.sample([
        ("User-Agent", "Docker-Client/28.2.2 (linux)"), ("Accept", "*/*"),
        ("X-Registry-Auth", "e30="), ("Accept-Encoding", "gzip, identity"),
        ("X-Meta-A", "b"), ("Cookie", "a=b; c=d"), ("X-Empty", ""),
        ("X-Forwarded-For", "192.0.2.1")], rng.randint(1, 3))


def named_otherwise(rng, request, versions):
    request.host = rng.choice(["localhost:2375", "[::1]:1", "api.moby.local",
                               "127.0.0.1", "a_b-c.d"])
    if rng.random() < 0.5:
        request.target_form = f"http://{request.host}{{}}"


def expecting(rng, request, versions):
    if request.body is not None:
        request.fields.append(("Expect", "100-continue"))


def pipelined(rng, request, versions):
    request.before = b"GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n" \
        * rng.randint(1, 3)


def asked(rng, request, versions):
    request.query.append(rng.choice([("unknown", "%C3%9C+x"), ("a", "b%26c")]))


CHANGES = [
    versioned, chunked, typed, spaced, with_fields, named_otherwise,
    expecting, pipelined, asked,
    lambda rng, request, versions: escape_letters(rng, request),
    lambda rng, request, versions: shuffle(rng, request),
    lambda rng, request, versions: respell_key(any_case, DATA)(rng, request),
    lambda rng, request, versions: escape_string(rng, request),
]


def clean(effect, ground, seed, number, versions):
    rng = random.Random(f"{seed}:clean:{effect.name}:{number}")
    form = effect.clean[number % len(effect.clean)]
    request = form(rng, ground)
    if number >= len(effect.clean):
        for change in rng.sample(CHANGES, rng.randint(1, 4)):
            change(rng, request, versions)
    return request
