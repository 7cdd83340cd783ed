"""Queries and form bodies: one value of each name, from one place."""

from reading import Row, becomes, get, refused, same
from wire import chunked, request

# Where the Engine takes parameters from a form body before the query.
FORMS = [
    ("POST", "/containers/a/stop?t=10", "t=0"),
    ("POST", "/containers/a/kill?signal=0", "signal=KILL"),
    ("POST", "/containers/a/restart?t=10", "t=0"),
    ("POST", "/containers/a/rename?name=b", "name=c"),
    ("POST", "/containers/a/resize?h=1&w=1", "h=9"),
    ("POST", "/containers/a/attach?stdout=1", "stdin=1"),
    ("POST", "/containers/a/wait?condition=x", "condition=removed"),
    ("POST", "/containers/create?name=a", "name=b"),
    ("PUT", "/containers/a/archive?path=/tmp", "path=/etc"),
    ("POST", "/commit?container=a", "container=secret"),
    ("POST", "/images/create?fromImage=a", "fromSrc=http://evil/"),
    ("POST", "/images/a/tag?repo=a", "repo=b"),
    ("POST", "/images/a/push?tag=a", "tag=b"),
    ("POST", "/images/load?quiet=1", "quiet=0"),
    ("POST", "/build?networkmode=none", "networkmode=host"),
    ("POST", "/build/prune?all=0", "all=1"),
    ("POST", "/build/cancel?id=a", "id=b"),
    ("POST", "/containers/prune", "filters={}"),
    ("POST", "/plugins/create?name=a", "name=b"),
    ("POST", "/plugins/pull?remote=a", "remote=b"),
    ("POST", "/plugins/a/enable?timeout=1", "timeout=0"),
    ("POST", "/swarm/leave?force=0", "force=1"),
    ("POST", "/session", "x=y"),
    ("DELETE", "/containers/a", "force=1"),
    ("POST", "/unknown", "x=y"),
]
FORM_TYPES = ["application/x-www-form-urlencoded",
              "Application/X-WWW-Form-URLencoded; Charset=x",
              "multipart/form-data; boundary=b"]

# The query as it is asked for, and as the Engine is asked.
QUERIES = {
    "plain": ("all=1&size=0", "all=1&size=0"),
    "plus-is-a-blank": ("ps_args=-o+pid", "ps_args=-o%20pid"),
    "escaped-plus": ("tag=a%2Bb", "tag=a%2Bb"),
    "escaped-name": ("%73%69gnal=9", "signal=9"),
    "escaped-separators": ("a=1%26b=2%3Dc", "a=1%26b%3D2%3Dc"),
    "second-equals": ("a=b=c", "a=b%3Dc"),
    "no-value": ("a", "a="),
    "empty-value": ("a=", "a="),
    "empty-pairs": ("&&a=1&&b=2&", "a=1&b=2"),
    "case-counts": ("T=1&t=2", "T=1&t=2"),
    "brackets": ("a[]=1&a=2", "a%5B%5D=1&a=2"),
    "question-mark": ("a=1?b=2", "a=1%3Fb%3D2"),
    "escaped-semicolon": ("a=1%3Bb=2", "a=1%3Bb%3D2"),
    "escaped-hash": ("a=%23", "a=%23"),
    "json": ('filters={"a":["b"]}',
             "filters=%7B%22a%22:%5B%22b%22%5D%7D"),
    "utf-8": ("a=%c3%a9", "a=%C3%A9"),
    "control": ("a=%0d%0aX:%20y", "a=%0D%0AX:%20y"),
    "escaped-percent": ("a=%2525", "a=%2525"),
    "long": ("a=" + "%41" * 2000, "a=" + "A" * 2000),
    "empty-name": ("=x", "=x"),
}
for _name in ("t", "names", "changes", "extrahosts", "platform", "type",
              "cachefrom", "images", "reference"):
    QUERIES[f"list-of-{_name}"] = (f"{_name}=a&{_name}=b",
                                   f"{_name}=a&{_name}=b")

REFUSED = {
    "semicolon": "a=1;b=2", "semicolon-alone": ";", "bad-escape": "a=%zz",
    "half-escape": "a=%4", "percent-last": "a=%", "bad-escape-in-name":
    "%zz=1", "twice": "signal=0&signal=9", "twice-alike": "a=1&a=1",
    "twice-by-escape": "signal=0&%73ignal=9", "twice-empty": "a&a=",
    "twice-apart": "a=1&b=2&c=3&a=4", "twice-without-a-name": "=1&=2",
    "list-name-in-another-case": "T=1&T=2", "not-utf-8": "a=%ff",
    "not-utf-8-name": "%ff=1", "nul": "a=%00", "nul-in-name": "a%00b=1",
    "overlong": "a=%c0%af", "surrogate": "a=%ed%a0%80", "raw-blank": "a=b c",
    "raw-utf-8": "a=\xc3\xa9", "hash": "a=1#b", "too-many":
    "&".join(f"a{i}" for i in range(1025)),
    "dockerfile-twice": "dockerfile=a&dockerfile=b",
    "remote-twice": "remote=&remote=http://evil/",
}


def rows():
    for method, target, body in FORMS:
        name = f"{method} {target}"
        for i, kind in enumerate(FORM_TYPES):
            yield refused("forms", f"{name} {i}", request(
                method, target, f"Content-Type: {kind}", body=body.encode()))
        yield refused("forms", f"{name} chunked", request(
            method, target, f"Content-Type: {FORM_TYPES[0]}",
            "Transfer-Encoding: chunked") + chunked(body.encode()))
    # The tar and the form in one.
    tar = b"Dockerfile".ljust(4096, b"\0") + b"&networkmode=host"
    yield refused("forms", "tar-and-form", request(
        "POST", "/build?networkmode=none",
        "Content-Type: application/x-www-form-urlencoded", body=tar))
    yield same("forms", "without-a-body", request(
        "POST", "/containers/a/stop",
        "Content-Type: application/x-www-form-urlencoded"))
    yield same("forms", "with-an-empty-body", request(
        "POST", "/containers/a/stop",
        "Content-Type: application/x-www-form-urlencoded", body=b""))
    yield same("forms", "by-a-type-that-is-none", request(
        "POST", "/containers/a/stop", "Content-Type: text/plain",
        body=b"t=0"))
    for what, (asked, reached) in QUERIES.items():
        yield becomes("query", what, get(f"/info?{asked}"),
                      get(f"/info?{reached}"))
    yield becomes("query", "none-behind-the-mark", get("/info?"),
                  get("/info"))
    for what, asked in REFUSED.items():
        for method, path in (("GET", "/info"), ("POST", "/build")):
            yield refused("query", f"no-{what}-{path[1:]}",
                          request(method, f"{path}?{asked}"))
    # No body where an old Engine would look for a HostConfig.
    privileged = b'{"Privileged": true}'
    for target in ("/containers/a/start", "/v1.24/containers/a/start",
                   "/containers/a/b/start", "/containers/%61/%73tart",
                   "/containers/a/start?checkpoint=c"):
        yield refused("start", target, request(
            "POST", target, "Content-Type: application/json",
            body=privileged))
        yield refused("start", f"{target} chunked", request(
            "POST", target, "Transfer-Encoding: chunked")
            + chunked(privileged))
        yield refused("start", f"{target} form", request(
            "POST", target, "Content-Type: text/plain", body=b"x"))
    yield refused("start", "old-version", request(
        "POST", "/v1.23/containers/a/start"))
    yield becomes("start", "empty-chunked", request(
        "POST", "/images/a/start", "Transfer-Encoding: chunked")
        + chunked(b""), request("POST", "/images/a/start",
                                "Transfer-Encoding: chunked"))
    yield same("start", "no-body", request("POST", "/containers/a/start"))
    yield same("start", "length-0", request(
        "POST", "/containers/a/start", body=b""))
    yield Row("judged", "kill-with-a-text-body", request(
        "POST", "/containers/a/kill", "Content-Type: text/plain",
        body=b"signal=KILL"), 403)
