"""A strict reader of Prometheus' text format, and of what the proxy tells."""

import re
import socket

import raw_client
import wire

TYPE = "text/plain; version=0.0.4; charset=utf-8"

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"'
SAMPLE = re.compile(rf"({NAME})(?:\{{({LABEL}(?:,{LABEL})*)\}})? "
                    r"([0-9]+(?:\.[0-9]+)?)")
HELP = re.compile(rf"# HELP ({NAME}) \S[^\n]*")
KINDS = re.compile(rf"# TYPE ({NAME}) (counter|gauge|histogram)")


def unescape(text):
    return re.sub(r"\\(.)", lambda m: {"n": "\n"}.get(m[1], m[1]), text)


def parse(text):
    """{(name, (label value, ...)): number}, and {family: type}."""
    assert text.endswith("\n") and "\r" not in text
    values, types = {}, {}
    family = None
    lines = iter(text[:-1].split("\n"))
    for line in lines:
        if line.startswith("#"):
            family = HELP.fullmatch(line)[1]
            assert family not in types, f"{family} twice"
            kind = KINDS.fullmatch(next(lines))
            assert kind[1] == family, line
            types[family] = kind[2]
            continue
        match = SAMPLE.fullmatch(line)
        assert match, line
        name = match[1]
        base = re.sub("_(bucket|sum|count)$", "", name) \
            if types[family] == "histogram" else name
        assert base == family, line
        labels = tuple(unescape(value)
                       for _, value in re.findall(LABEL, match[2] or ""))
        assert (name, labels) not in values, line
        values[name, labels] = float(match[match.re.groups])
    return values, types


def dial(port):
    sock = socket.create_connection(("127.0.0.1", port), wire.TIMEOUT)
    return raw_client.Client(sock)


def get(port, path):
    with dial(port) as c:
        return c.ask(wire.request("GET", path, host="127.0.0.1"))


class Metrics:
    """What one scrape said; the prefix is left out."""

    def __init__(self, response):
        assert response.status == 200, response.body
        assert response["Content-Type"] == TYPE
        self.text = response.body.decode("utf-8")
        self.values, self.types = parse(self.text)

    def __call__(self, name, *labels):
        if not name.startswith("process_"):
            name = "docker_proxy_" + name
        return self.values[name, labels]

    def moved(self, before):
        """{"name{label,...}": by how much} of the counters that moved."""
        moved = {}
        for (name, labels), value in self.values.items():
            delta = value - before.values.get((name, labels), 0)
            if self.types.get(name) == "counter" and delta:
                short = name.removeprefix("docker_proxy_")
                key = short + ("{%s}" % ",".join(labels) if labels else "")
                moved[key] = delta
        return moved


def scrape(port, path="/metrics"):
    return Metrics(get(port, path))
