"""A request in parts that can be spelled in other ways, and its bytes."""

import json


class Obj(list):
    """A JSON object: its members in order, keys as often as they come."""

    def __init__(self, members=()):
        super().__init__(members.items() if isinstance(members, dict)
                         else members)


class Spelled(str):
    """A JSON value, or key, that is written exactly so."""


def tree(value):
    """A plain JSON value with its dicts as Obj."""
    if isinstance(value, dict):
        return Obj((key, tree(member)) for key, member in value.items())
    if isinstance(value, list) and not isinstance(value, Obj):
        return [tree(element) for element in value]
    return value


def dump(value):
    """As JSON text. Bytes that are no UTF-8 are in it as surrogates."""
    if isinstance(value, Spelled):
        return str(value)
    if isinstance(value, Obj):
        return "{%s}" % ",".join(f"{dump(key)}:{dump(member)}"
                                 for key, member in value)
    if isinstance(value, list):
        return "[%s]" % ",".join(dump(element) for element in value)
    return json.dumps(value, ensure_ascii=False)


def length(data):
    """The framing of a body that is sent as it is."""
    return [("Content-Length", str(len(data)))], data


class Request:
    """Path and query hold text as it is on the wire, escapes included.

    `hint` is what the mutations may know of it: (parameter, harmless value)
    pairs of the query, under "query".
    """

    def __init__(self, method, path, query=(), body=None, version=None,
                 content_type="application/json", hint=None):
        self.method = method
        self.path = path
        self.query = list(query)
        self.body = tree(body) if not isinstance(body, bytes) else body
        self.version = version
        self.content_type = content_type
        self.hint = hint or {}
        self.protocol = "HTTP/1.1"
        self.host = "docker"
        self.fields = []
        self.framing = length
        self.around_json = ("", "")
        self.before = b""           # on the same connection
        self.edits = []             # of the bytes of the head, at last
        self.target_form = "{}"
        self.mutations = []

    def data(self):
        """The bytes of the body, None where there is none."""
        if self.body is None or isinstance(self.body, bytes):
            return self.body
        text = dump(self.body).join(self.around_json)
        return text.encode("utf-8", "surrogateescape")

    def target(self):
        prefix = f"/v{self.version}" if self.version is not None else ""
        query = "&".join(name if value is None else f"{name}={value}"
                         for name, value in self.query)
        return self.target_form.format(
            prefix + self.path + ("?" + query if query else ""))

    def wire(self):
        """All of the bytes; the connection ends with the answer."""
        data = self.data()
        fields = [] if self.host is None else [("Host", self.host)]
        fields += self.fields
        if data is not None:
            if self.content_type is not None:
                fields.append(("Content-Type", self.content_type))
            framing, data = self.framing(data)
            fields += framing
        fields.append(("Connection", "close"))
        lines = [f"{self.method} {self.target()} {self.protocol}"]
        lines += [f"{name}: {value}" for name, value in fields]
        head = "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape")
        for edit in self.edits:
            head = edit(head)
        return self.before + head + (data or b"")
