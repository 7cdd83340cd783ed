"""Mutations of targets, heads, framing and of what is on the connection.

As in spelling.py: functions of a random generator and a request.
"""

import re


# --- the target


def escape_letters(rng, request):
    letters = [index for index, letter in enumerate(request.path)
               if letter.isalnum() and "%" not in
               request.path[max(index - 2, 0):index]]
    count = min(rng.randint(1, 3), len(letters))
    for index in sorted(rng.sample(letters, count), reverse=True):
        escape = rng.choice(["%%%02x", "%%%02X"]) % ord(request.path[index])
        request.path = request.path[:index] + escape + request.path[index + 1:]


def slash(replacements):
    def mutation(rng, request):
        found = [index for index, letter in enumerate(request.path)
                 if letter == "/"]
        if not found:
            return False
        index = rng.choice(found)
        request.path = request.path[:index] + rng.choice(replacements) \
            + request.path[index + 1:]
    return mutation


def escape_twice(rng, request):
    index = rng.randrange(1, len(request.path))
    request.path = "%s%%25%02x%s" % (
        request.path[:index], ord(request.path[index]),
        request.path[index + 1:])


def tail(rng, request):
    request.path += rng.choice(["/", "//", "/.", ";x", "%00", "%20", "%0a",
                                "%3F", "%3f", "#x", ".", "\\", "%zz", "%"])


def path_case(rng, request):
    found = [index for index, letter in enumerate(request.path)
             if letter.islower()]
    if not found:
        return False
    index = rng.choice(found)
    request.path = request.path[:index] + request.path[index].upper() \
        + request.path[index + 1:]


VERSIONS = ["1.41.0", "1.41.", "01.41", "1.041", "1%2e41", "%31.41", "1..41",
            "1", "1.", "1.40", "1.24", "1.23", "1.12", "1.9", "0.0", "9.99",
            "1.41/v1.41", "1.41a", "1,41", "1.410", "1.41%00", "1.24.99",
            "1.24.0.0.0"]


def version(rng, request):
    request.version = rng.choice(VERSIONS)


def version_prefix(rng, request):
    request.target_form = request.target_form.replace(
        "{}", rng.choice(["/V1.41{}", "/%76{}", "/v1.41%2F{}", "/v{}"]))


def absolute_form(rng, request):
    request.target_form = rng.choice([
        "http://docker{}", "HTTP://docker{}", "http://other:1{}", "x:{}",
        "https://docker{}", "http://u:p@docker{}", "http:{}", "//docker{}",
        "http://{}", "docker{}", "http://docker:80{}", "unix://docker{}"])


# --- the query


def query_double(rng, request):
    """The parameter twice: harmless first, or last."""
    if "query" not in request.hint:
        return False
    name, value = rng.choice(request.hint["query"])
    name = rng.choice([name, name, name.capitalize(), name + "[]",
                       "%%%02x" % ord(name[0]) + name[1:]])
    request.query.insert(rng.choice([0, len(request.query)]), (name, value))


def query_separator(rng, request):
    request.query.insert(
        rng.randint(0, len(request.query)),
        rng.choice([(";", None), ("a;b", "1"), ("", None), ("%zz", "1"),
                    ("%", None), ("a", "%0"), ("", ""), ("a", "b;c=d"),
                    ("\udcff", "1"), ("a", "%00"), ("a", "%ff"), ("?", "")]))


def query_join(rng, request):
    """A harmless value in front, behind something that may separate."""
    if "query" not in request.hint or not request.query:
        return False
    name, value = rng.choice(request.hint["query"])
    text = "&".join(f"{key}={text}" for key, text in request.query)
    joint = rng.choice([";", "&amp;", "%26", ",", "?", "&&", "#", "%3B", "+"])
    request.query = [(name, f"{value}{joint}{text}")]


def query_escape(rng, request):
    if not request.query:
        return False
    index = rng.randrange(len(request.query))
    name, value = request.query[index]
    if not name or not name.isalnum():
        return False
    place = rng.randrange(len(name))
    request.query[index] = (
        "%s%%%02X%s" % (name[:place], ord(name[place]), name[place + 1:]),
        value)


def form_body(rng, request):
    """The query's parameters in a body, and harmless ones in the query."""
    if request.body is not None or not request.query:
        return False
    text = "&".join(f"{name}={value}" for name, value in request.query)
    request.body = text.encode("utf-8", "surrogateescape")
    request.content_type = rng.choice([
        "application/x-www-form-urlencoded",
        "APPLICATION/X-WWW-Form-urlencoded",
        "application/x-www-form-urlencoded; charset=utf-8", "text/plain"])
    request.query = list(request.hint.get("query", [])) \
        if rng.random() < 0.7 else []


# --- the head


def method(rng, request):
    request.method = rng.choice([
        request.method.lower(), request.method.capitalize(), "OPTIONS",
        "HEAD", "GET", "POST", "PUT", "PATCH", "CONNECT", "TRACE", "FOO",
        request.method + "\0"])


def method_override(rng, request):
    name = rng.choice(["X-HTTP-Method-Override", "X-HTTP-Method",
                       "X-Method-Override", "_method"])
    request.fields.append((name, request.method))
    request.method = rng.choice(["GET", "POST", "OPTIONS", "HEAD"])


TYPES = ["Application/JSON", "application/json; charset=utf-8", "text/plain",
         "application/json;a=b;c=d", "application/json ", "text/json", "",
         "application/x-www-form-urlencoded", "application/json, text/plain",
         "multipart/form-data; boundary=x", "application/json;", "*/*",
         "application/vnd.docker+json", "application/grpc", None]


def content_type(rng, request):
    request.content_type = rng.choice(TYPES)


def content_type_twice(rng, request):
    request.fields.append(("Content-Type", rng.choice(TYPES) or "text/plain"))


FIELDS = [
    ("X-Original-URL", "/_ping"), ("X-Rewrite-URL", "/_ping"),
    ("X-Forwarded-For", "127.0.0.1"), ("X-Forwarded-Prefix", "/x"),
    ("Connection", "keep-alive, Content-Type"),
    ("Connection", "Content-Length"), ("Connection", "Host"),
    ("Connection", "Transfer-Encoding"), ("Connection", "Upgrade"),
    ("Expect", "100-continue"), ("Expect", "x, 100-CONTINUE"),
    ("Expect", "foo"), ("Content-Encoding", "gzip"), ("Upgrade", "tcp"),
    ("Content-Encoding", "identity"), ("Upgrade", "h2c"), ("TE", "trailers"),
    ("Upgrade", "websocket"), ("Trailer", "Content-Type"), ("Host", "two"),
    ("X-Registry-Auth", "e30="), ("Accept-Encoding", "gzip"), ("", "x"),
    ("Authorization", "Bearer x"), ("X-Folded", "a\r\n b"), ("X", "a\rb"),
    ("X-Folded", "a\r\n\tContent-Length: 0"), ("X", "a\nY: b"),
    ("X", "a\0b"), ("X", "\udcff\udc80"), ("X Y", "a"), ("X ", "a"),
    ("X", "a" * 9000), ("X(", "a"), ("X", "a\x7fb"),
]


def field(rng, request):
    request.fields.append(rng.choice(FIELDS))


def host(rng, request):
    request.host = rng.choice(["", "other", "docker:1", "a b", "a/b", None,
                               "docker, other", "[::1]", "d@e", "\udcff"])


def protocol(rng, request):
    request.protocol = rng.choice([
        "HTTP/1.0", "HTTP/1.0", "HTTP/1.2", "HTTP/1.9", "HTTP/1.10",
        "HTTP/2.0", "http/1.1", "HTTP/01.1", "HTTP/1.1 ", "HTTP/1.1\t", ""])


def edit(function):
    """A mutation of the bytes of a head."""
    def mutation(rng, request):
        seed = rng.random()
        request.edits.append(lambda head: function(seed, head))
    return mutation


def replace_one(seed, head, pattern, replacement):
    """In the place of one of the matches; the seed, 0 to 1, says which."""
    found = list(re.finditer(pattern, head))
    if not found:
        return head
    start, end = found[int(seed * len(found))].span()
    return head[:start] + replacement + head[end:]


def bare_newlines(seed, head):
    if seed < 0.5:
        return head.replace(b"\r\n", b"\n")
    return replace_one((seed - 0.5) * 2, head, rb"\r\n", b"\n")


def blanks(seed, head):
    """Where a blank stands, another one; or one where none is."""
    other = [b":\t", b" : ", b":\x0b", b":", b"\t"][int(seed * 1000) % 5]
    return replace_one(seed, head, rb":? ", other)


def folded_field(seed, head):
    return replace_one(seed, head, rb": ", b":\r\n ")


def field_case(seed, head):
    first, end, rest = head.partition(b"\r\n")
    return first + end + (rest.lower() if seed < 0.5 else rest.upper())


def leading(seed, head):
    return [b"\r\n", b" ", b"\n", b"\0", b"\r\n\r\n"][int(seed * 5)] + head


# --- framing


def chunks(rng, data, end="\r\n", size="%x", extension="", last="0",
           trailer=""):
    out = b""
    while data:
        count = rng.randint(1, len(data))
        line = (size % count + extension + end).encode()
        out += line + data[:count] + end.encode()
        data = data[count:]
    return out + (last + extension + end + trailer + end).encode()


CHUNKS = [
    {}, {}, {}, {"size": "%X"}, {"size": "000%x"}, {"extension": ";a=b"},
    {"extension": ";a=\"\n\""}, {"extension": " "}, {"extension": "\t"},
    {"trailer": "X: y\r\n"}, {"trailer": "Content-Type: text/plain\r\n"},
    {"trailer": "X: y\n"}, {"end": "\n"}, {"size": "0x%x"}, {"last": "000"},
    {"size": "+%x"}, {"last": ""}, {"extension": ";" + "a" * 300},
    {"size": "0000000000000000%x"},
]


def chunked(rng, request):
    if request.body is None:
        return False
    options = rng.choice(CHUNKS)
    coding = rng.choice(["chunked"] * 6 + [
        "Chunked", "CHUNKED", " chunked", "\tchunked ", "identity", "gzip",
        "gzip, chunked", "chunked, identity", "chunked;q=1", '"chunked"', "",
        "chunked\x0b", "xchunked", "chunked,", ",chunked"])
    request.framing = lambda data: (
        [("Transfer-Encoding", coding)], chunks(rng, data, **options))


def two_framings(rng, request):
    """Content-Length and chunks, in any order and with any length."""
    if request.body is None:
        return False

    def framing(data):
        both = [("Transfer-Encoding", "chunked"), ("Content-Length", str(
            rng.choice([0, 1, len(data), len(data) + 20])))]
        rng.shuffle(both)
        return both, chunks(rng, data)
    request.framing = framing


def odd_length(rng, request):
    if request.body is None:
        return False

    def framing(data):
        value = rng.choice(["{0}", "00{0}", "+{0}", "{0}\t", "{0}, {0}",
                            "0x{0}", "{0}.0", "\r\n {0}", "{0}_", "-{0}"])
        fields = [("Content-Length", value.format(len(data)))]
        if rng.random() < 0.3:
            fields.append(("Content-Length", rng.choice([
                str(len(data)), "0", "7"])))
        return fields, data
    request.framing = framing


def unfinished(rng, request):
    """Less than was promised: old Engines act on what they have."""
    if request.body is None:
        return False
    chunked_body = rng.random() < 0.5

    def framing(data):
        if chunked_body:
            return ([("Transfer-Encoding", "chunked")],
                    b"%x\r\n%s\r\n" % (len(data), data))
        return [("Content-Length", str(len(data) + 1))], data
    request.framing = framing


# --- the connection

OTHERS = [
    "GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n",
    "HEAD /_ping HTTP/1.1\r\nHost: d\r\n\r\n",
    "OPTIONS /x HTTP/1.1\r\nHost: d\r\n\r\n",
    "GET /_ping HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    "GET /_ping HTTP/1.1\r\nHost: d\r\nContent-Length: 5\r\n\r\nhello",
    "GET /_ping HTTP/1.1\r\nHost: d\r\nContent-Length: 0\r\n\r\n",
    "GET /_ping HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\n"
    "0\r\n\r\n",
    "GET /_ping HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\n"
    "5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n",
    "GET /_ping HTTP/1.1\r\nHost: d\r\nExpect: 100-continue\r\n"
    "Content-Length: 0\r\n\r\n",
    "GET /containers/json HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\n"
    "Upgrade: tcp\r\n\r\n",
    "GET /_ping HTTP/1.1\r\nHost: d\r\nConnection: Upgrade, HTTP2-Settings"
    "\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n",
    "POST /exec/nosuch/start HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\n"
    "Upgrade: tcp\r\nContent-Type: application/json\r\n"
    "Content-Length: 16\r\n\r\n{\"Detach\":false}",
    "POST /session HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\n"
    "Upgrade: tcp\r\nContent-Length: 0\r\n\r\n",
    "POST /grpc HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\n"
    "Upgrade: tcp\r\nContent-Length: 0\r\n\r\n",
    "GET /containers/nosuch/attach/ws?stream=1 HTTP/1.1\r\nHost: d\r\n"
    "Connection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
    "POST /containers/web/attach?a;b=1 HTTP/1.1\r\nHost: d\r\n"
    "Connection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 0\r\n\r\n",
    "POST /containers/nosuch/wait HTTP/1.1\r\nHost: d\r\n\r\n",
]


def behind_another(rng, request):
    request.before += "".join(
        rng.choice(OTHERS) for _ in range(rng.randint(1, 3))).encode()


# Heads of a request that ends, to some readers, where the next one begins;
# to others the next one is its body, of as many bytes.
SMUGGLERS = [
    "GET /_ping HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n"
    "Content-Length: {over}\r\n\r\n0\r\n\r\n",
    "GET /_ping HTTP/1.1\r\nHost: d\r\nContent-Length: {over}\r\n"
    "Transfer-Encoding: \t chunked \t\r\n\r\n0\r\n\r\n",
    "GET /_ping HTTP/1.1\r\nHost: d\r\nContent-Length: {over}\r\n"
    "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "GET /_ping HTTP/1.1\r\nHost: d\r\nX: a\nContent-Length: 0\r\n\r\n",
    "GET /_ping HTTP/1.1\nHost: d\n\n",
    "GET /_ping HTTP/1.0\r\nConnection: keep-alive\r\n"
    "Transfer-Encoding: chunked\r\n\r\n",
    "POST /containers/nosuch/unpause HTTP/1.0\r\nConnection: keep-alive\r\n"
    "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n",
    "GET /_ping HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\n"
    "0\r\nA: b\n\n",
    "GET /_ping HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\n"
    "0\n\n",
    "GET /_ping HTTP/1.1\r\nHost: d\r\nContent-Length: 0\r\n"
    "Content-Length: 0\r\n\r\n",
    "GET /_ping HTTP/1.1\r\nHost: d\r\nContent-Length:\r\n\r\n",
    "GET /_ping HTTP/1.1\r\nHost: d\r\nContent-Length: 000\r\n\r\n",
    "GET /_ping HTTP/1.1\r\nHost: d\r\nContent-Length: {over}\r\n\r\n",
    "GET /_ping HTTP/1.1\r\nHost: d\r\nContent-Length : {over}\r\n\r\n",
    "GET /_ping HTTP/1.1\r\nHost: d\r\nConnection: Content-Length\r\n"
    "Content-Length: {over}\r\n\r\n",
    "GET /_ping HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\n"
    "{over:x}\r\n",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
]


def smuggled(rng, request):
    template = rng.choice(SMUGGLERS)
    over = len(request.wire())
    request.before += template.format(over=over).encode()


# name -> (weight, mutation)
WIRE = {
    "path-escape": (4, escape_letters),
    "path-slash-escape": (3, slash(["%2F", "%2f"])),
    "path-slashes": (1, slash(["//", "/./", "/x/../", "/%2e/", "/%2e%2e/",
                               "\\", "%5c", "/%2F"])),
    "path-escape-twice": (1, escape_twice),
    "path-tail": (1, tail),
    "path-case": (1, path_case),
    "path-version": (3, version),
    "path-version-prefix": (1, version_prefix),
    "path-absolute": (3, absolute_form),
    "query-double": (4, query_double),
    "query-separator": (3, query_separator),
    "query-join": (2, query_join),
    "query-escape": (3, query_escape),
    "query-form": (4, form_body),
    "method": (1, method),
    "method-override": (1, method_override),
    "type": (2, content_type),
    "type-twice": (2, content_type_twice),
    "field": (4, field),
    "host": (2, host),
    "protocol": (2, protocol),
    "head-newlines": (2, edit(bare_newlines)),
    "head-blanks": (2, edit(blanks)),
    "head-folded": (3, edit(folded_field)),
    "head-case": (2, edit(field_case)),
    "head-leading": (1, edit(leading)),
    "framing-chunked": (4, chunked),
    "framing-two": (3, two_framings),
    "framing-length": (2, odd_length),
    "framing-unfinished": (1, unfinished),
    "behind-another": (4, behind_another),
    "smuggled": (3, smuggled),
}
