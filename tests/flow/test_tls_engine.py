"""What holds for an Engine at a socket holds for one behind TLS."""

import pytest

import proxy_process
import tls_peer
# The tests themselves; the Engine is another one here.
from test_engine_faults import *  # noqa: F401,F403
from test_streams import *  # noqa: F401,F403
from test_upgrades import *  # noqa: F401,F403


@pytest.fixture(scope="module")
def make_proxy(ca):
    cert, key = ca.issue("proxy")

    def make(path, config):
        if config["global"]["socket"].startswith("tls:"):
            config["global"]["engine_tls"] = {
                "ca": str(ca.ca), "cert": str(cert), "key": str(key)}
        return proxy_process.Proxy(path, config)
    return make


@pytest.fixture(scope="module")
def engine(ca):
    cert = ca.issue("engine", "server", names=["IP:127.0.0.1"])
    e = tls_peer.TlsEngine(tls_peer.server_context(
        cert, client_ca=ca.ca))
    yield e
    e.close()
    assert not e.failures
