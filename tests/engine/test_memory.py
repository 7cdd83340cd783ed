"""What connections and bytes cost in memory."""

import http.client
import resource

import pytest

from conftest import OPEN
from fake_engine import BLOCK, UNIT, FakeEngine
from proxy import Proxy

CLIENTS = 1000
CLIENT_KIB = 12
GIB = 1 << 30
GROWTH_KIB = 4096


@pytest.fixture
def proxy():
    with FakeEngine() as engine, Proxy(engine.path, policy=OPEN) as running:
        assert running.ask("GET", "/_ping") == (200, b"OK")
        yield running


@pytest.fixture
def descriptors():
    """Enough of them for the clients, here and in the proxy."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def client(proxy):
    connection = http.client.HTTPConnection("localhost", timeout=30)
    connection.sock = proxy.connect()
    return connection


def ping(connection):
    connection.request("GET", "/_ping")
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (200, b"OK")


def assert_kib(proxy, spent, limit):
    """A sanitizer's allocator gives nothing back: no figure means much."""
    if not proxy.sanitized():
        assert spent <= limit, f"{spent} KiB, and {limit} were granted"


def test_idle_clients(descriptors, proxy):
    """A thousand clients that keep their connections."""
    before = proxy.memory()
    clients = [client(proxy) for _ in range(CLIENTS)]
    try:
        for connection in clients:
            ping(connection)
        assert_kib(proxy, proxy.memory() - before, CLIENTS * CLIENT_KIB)
        for connection in clients:
            ping(connection)
    finally:
        for connection in clients:
            connection.close()


def test_upload_of_1_gib(proxy):
    before = proxy.memory()
    proxy.forget_peak()
    connection = client(proxy)
    connection.putrequest("POST", "/bytes")
    connection.putheader("Content-Length", str(GIB))
    connection.endheaders()
    for _ in range(GIB // BLOCK):
        connection.send(UNIT)
    assert connection.getresponse().read() == b"%d" % GIB
    connection.close()
    assert_kib(proxy, proxy.memory("VmHWM") - before, GROWTH_KIB)


def test_download_of_1_gib(proxy):
    before = proxy.memory()
    proxy.forget_peak()
    connection = client(proxy)
    connection.request("GET", f"/bytes/{GIB}")
    answer = connection.getresponse()
    block = memoryview(bytearray(BLOCK))
    total = 0
    while count := answer.readinto(block):
        total += count
    connection.close()
    assert total == GIB
    assert_kib(proxy, proxy.memory("VmHWM") - before, GROWTH_KIB)
