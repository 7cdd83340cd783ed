"""Dashboard and alerts: each metric, label and value that they name is one
that a proxy really tells."""

import json
import re
import socket
import subprocess
import time
import urllib.request

import pytest

import expressions
from conftest import BINARY

FOREIGN = {"up"}  # Prometheus' own
LABELS_OF_PROMETHEUS = {"instance", "job", "alertname"}
ALL = {**expressions.alerts(), **expressions.panels()}


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """{metric: {label: values}} of a scrape."""
    folder = tmp_path_factory.mktemp("metrics")
    port = free_port()
    config = folder / "docker-proxy.conf"
    config.write_text(json.dumps({
        "global": {"default": "deny", "socket": str(folder / "no-engine.sock"),
                   "listeners": [{"name": "unix",
                                  "unix": str(folder / "proxy.sock")}],
                   "admin": {"listen": f"127.0.0.1:{port}"}},
        "auth": {"type": "none"},
        "rules": [{"name": "one", "action": "deny"}]}))
    with open(folder / "log", "wb") as log:
        proxy = subprocess.Popen([BINARY, "--config", config], stderr=log,
                                 cwd=folder, env={})
    try:
        text = scrape(f"http://127.0.0.1:{port}/metrics", proxy)
    finally:
        proxy.terminate()
        assert proxy.wait(30) == 0
    return parse(text)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


def scrape(url, proxy):
    deadline = time.monotonic() + 30
    while True:
        try:
            return urllib.request.urlopen(url, timeout=30).read().decode()
        except OSError:
            assert proxy.poll() is None and time.monotonic() < deadline
            time.sleep(0.02)


def parse(text):
    metrics = {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        name, labels = re.match(r"(\w+)(?:{(.*)})? ", line).groups()
        found = metrics.setdefault(name, {})
        for label, value in re.findall(r'(\w+)="([^"]*)"', labels or ""):
            found.setdefault(label, set()).add(value)
    return metrics


@pytest.fixture(params=ALL)
def expression(request):
    return ALL[request.param]


def selectors(expression):
    """(metric, {label: (operator, value)}) of each."""
    bare = re.sub(r'"[^"]*"', '""', expression)
    names = set(re.findall(r"\b(?:docker_proxy|process)_\w+|\bup\b", bare))
    found = re.findall(r"\b(\w+)\{([^}]*)\}", expression)
    for name in names:
        matchers = [m for n, m in found if n == name] or [""]
        for text in matchers:
            yield name, {label: (op, value) for label, op, value in
                         re.findall(r'(\w+)(=~|=)"([^"]*)"', text)}


def test_metrics_and_their_labels_are_told(expression, told):
    found = list(selectors(expression))
    assert found
    for name, matchers in found:
        if name in FOREIGN:
            continue
        assert name in told
        for label, (operator, value) in matchers.items():
            if label in LABELS_OF_PROMETHEUS:
                continue
            wanted = value.split("|") if operator == "=~" else [value]
            assert set(wanted) <= told[name].get(label, set()), label


def test_groups_are_by_labels_that_are_told(expression, told):
    known = {label for name, _ in selectors(expression)
             for label in told.get(name, {})} | LABELS_OF_PROMETHEUS
    for labels in re.findall(r"\bby \(([^)]*)\)", expression):
        assert set(re.split(r", *", labels)) <= known


def test_texts_name_labels_that_are_left():
    """{{why}} of a legend would be empty without `by (why)`."""
    board = json.loads(expressions.DASHBOARD.read_text())
    for panel in board["panels"]:
        for target in panel["targets"]:
            for label in re.findall(r"{{(\w+)}}", target["legendFormat"]):
                kept = re.findall(r"\bby \(([^)]*)\)", target["expr"])
                assert label == "instance" and not kept \
                    or label in ",".join(kept), target


def test_the_panels_fill_the_page():
    """Nothing lies over anything else, or beyond the edge."""
    board = json.loads(expressions.DASHBOARD.read_text())
    cells = set()
    for panel in board["panels"]:
        at = panel["gridPos"]
        for x in range(at["x"], at["x"] + at["w"]):
            for y in range(at["y"], at["y"] + at["h"]):
                assert x < 24 and (x, y) not in cells, panel["title"]
                cells.add((x, y))
    ids = [panel["id"] for panel in board["panels"]]
    assert len(ids) == len(set(ids))
