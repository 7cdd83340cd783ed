"""What holds for plain clients holds for those that come by TLS 1.3."""

import pytest

import tls_peer
# The tests themselves; the proxy is another one here.
from test_held_bodies import *  # noqa: F401,F403
from test_pipelining import *  # noqa: F401,F403
from test_splits import *  # noqa: F401,F403
from test_streams import *  # noqa: F401,F403
from test_upgrades import *  # noqa: F401,F403


@pytest.fixture(scope="module")
def make_proxy(folder):
    return tls_peer.proxy_maker(folder, "1.3")
