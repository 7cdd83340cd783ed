"""What systemd does and asks for: sockets that it has bound, readiness,
reloads, a watchdog."""

import contextlib
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys

import pytest

import wire
from proxy_process import Proxy, configuration, free_port
from reloads import Reloadable

ACTIVATE = str(pathlib.Path(__file__).with_name("activate.py"))


class Activated(Proxy):
    """A proxy that is started with sockets."""

    def __init__(self, folder, config, sockets, **env):
        super().__init__(folder, config, env)
        self.fds = [s.fileno() for s in sockets]
        self.args = [sys.executable, ACTIVATE, ",".join(map(str, self.fds)),
                     *self.args]

    def begin(self):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                self.args, env=self.env, cwd=self.folder, stdout=log,
                stderr=log, stdin=subprocess.DEVNULL, pass_fds=self.fds)

    def start(self):
        self.begin()
        wire.wait_until(lambda: "listening on" in self.log()
                        or not self.alive(), "the proxy is there")
        assert self.alive(), self.log()
        return self

    def refusal(self):
        """Why it does not start."""
        self.begin()
        assert self.wait() == 1
        self.check_log()
        return self.log()


@pytest.fixture
def bound():
    """A function: a socket that listens on a TCP or unix address."""
    with contextlib.ExitStack() as stack:
        def bind(address, family=socket.AF_INET, both=False, kind=None):
            s = stack.enter_context(
                socket.socket(family, kind or socket.SOCK_STREAM))
            if family == socket.AF_INET6:
                s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY,
                             not both)
            s.bind(address)
            if not kind:
                s.listen()
            return s
        yield bind


@pytest.fixture
def activated(tmp_path, engine):
    """A function: a proxy with listeners and sockets, not yet started."""
    made = []

    def make(listeners, sockets, **env):
        config = configuration(engine.url(), tmp_path,
                               global_={"listeners": listeners})
        made.append(Activated(tmp_path, config, sockets, **env))
        return made[-1]
    yield make
    for p in made:
        if p.process and p.alive():
            p.stop()


def tcp(bind, port):
    return {"name": f"{bind} {port}", "bind": bind, "port": port}


# --- sockets ----------------------------------------------------------------

def test_sockets_of_both_kinds(activated, bound, folder):
    port, path = free_port(), str(folder / "passed.sock")
    proxy = activated([{"name": "unix", "unix": path},
                       tcp("127.0.0.1", port)],
                      [bound(("127.0.0.1", port)),
                       bound(path, socket.AF_UNIX)]).start()
    for kind in ("unix", "tcp"):
        with proxy.connect(kind) as c:
            assert c.get("/_ping").status == 200
    proxy.stop()
    assert os.path.exists(path), "the file is whose socket it is"


def test_who_came_before_the_proxy_is_served(activated, bound, folder):
    path = str(folder / "early.sock")
    server = bound(path, socket.AF_UNIX)
    proxy = activated([{"name": "unix", "unix": path}], [server])
    with proxy.connect() as c:
        c.send(wire.request("GET", "/_ping"))
        proxy.start()
        assert c.response().status == 200


@pytest.mark.parametrize("bind, address, family, both", [
    ("127.0.0.1", "127.0.0.1", socket.AF_INET, False),
    ("*", "::", socket.AF_INET6, True),
    ("*", "0.0.0.0", socket.AF_INET, False),
    ("0.0.0.0", "0.0.0.0", socket.AF_INET, False),
    ("::", "::", socket.AF_INET6, False),
    ("::1", "::1", socket.AF_INET6, False),
    ("0:0:0:0:0:0:0:1", "::1", socket.AF_INET6, True),
])
def test_addresses_that_are_the_same(activated, bound, bind, address, family,
                                     both):
    port = free_port()
    proxy = activated([tcp(bind, port)],
                      [bound((address, port), family, both)]).start()
    host = "::1" if ":" in address and not both else "127.0.0.1"
    proxy.tcp = ("::1" if bind == "0:0:0:0:0:0:0:1" else host, port)
    with proxy.connect("tcp") as c:
        assert c.get("/_ping").status == 200


@pytest.mark.parametrize("address, family, both, told", [
    ("127.0.0.2", socket.AF_INET, False, "tcp://127.0.0.2:"),
    ("0.0.0.0", socket.AF_INET, False, "tcp://0.0.0.0:"),
    ("::", socket.AF_INET6, True, r"tcp://\[::\]:\d+, and IPv4 "),
    ("::1", socket.AF_INET6, False, r"tcp://\[::1\]:"),
])
def test_an_address_that_no_listener_has(activated, bound, address, family,
                                         both, told):
    """Its clients would wait for ever."""
    server = bound((address, free_port()), family, both)
    log = activated([tcp("127.0.0.1", free_port())], [server]).refusal()
    assert re.search(f"error a socket that is bound to {told}", log)


@pytest.mark.parametrize("bind, address, family, both", [
    ("::", "::", socket.AF_INET6, True),
    ("0.0.0.0", "::", socket.AF_INET6, True),
])
def test_a_wider_address_is_another(activated, bound, bind, address, family,
                                    both):
    """Or it would listen where nobody said so."""
    port = free_port()
    server = bound((address, port), family, both)
    log = activated([tcp(bind, port)], [server]).refusal()
    assert "Address already in use" in log


def test_a_path_that_no_listener_has(activated, bound, folder):
    path = str(folder / "other.sock")
    log = activated([tcp("127.0.0.1", free_port())],
                    [bound(path, socket.AF_UNIX)]).refusal()
    assert f"bound to unix://{path} was passed" in log


def test_one_of_two_is_bound_by_the_proxy(activated, bound):
    one, two = free_port(), free_port()
    proxy = activated([tcp("127.0.0.1", one), tcp("127.0.0.1", two)],
                      [bound(("127.0.0.1", one))]).start()
    for port in (one, two):
        proxy.tcp = ("127.0.0.1", port)
        with proxy.connect("tcp") as c:
            assert c.get("/_ping").status == 200


def test_what_is_no_listening_stream(activated, bound, folder):
    path = str(folder / "datagrams.sock")
    log = activated([{"name": "unix", "unix": path}],
                    [bound(path, socket.AF_UNIX, kind=socket.SOCK_DGRAM)]
                    ).refusal()
    assert "descriptor 3 of LISTEN_FDS is no listening TCP or unix" in log


@pytest.mark.parametrize("fds", ["0", "-1", "65", "1x", "99999999999999999999"])
def test_a_number_that_is_none(activated, bound, fds):
    port = free_port()
    log = activated([tcp("127.0.0.1", port)], [bound(("127.0.0.1", port))],
                    LISTEN_FDS=fds).refusal()
    assert "LISTEN_FDS must be a number from 1 to 64" in log


def test_sockets_for_another_process_are_not_ours(activated, bound):
    other, port = free_port(), free_port()
    proxy = activated([tcp("127.0.0.1", port)],
                      [bound(("127.0.0.1", other))], LISTEN_PID="1").start()
    with proxy.connect("tcp") as c:
        assert c.get("/_ping").status == 200


def test_a_reload_keeps_it(activated, bound):
    port = free_port()
    proxy = activated([tcp("127.0.0.1", port)],
                      [bound(("127.0.0.1", port))]).start()
    r = Reloadable(proxy)
    r.config["rules"] = []
    assert r.hup()
    with proxy.connect("tcp") as c:
        assert c.get("/_ping").status == 200


# --- messages ---------------------------------------------------------------

class Manager:
    """Whoever reads what NOTIFY_SOCKET is told."""

    def __init__(self, address):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.socket.settimeout(wire.TIMEOUT)

    def next(self):
        """The next message that is not the watchdog's, as a dict."""
        while (told := self.any()) == {"WATCHDOG": "1"}:
            pass
        return told

    def any(self):
        text = self.socket.recv(4096).decode()
        return dict(line.split("=", 1) for line in text.split("\n"))


@pytest.fixture(params=["path", "abstract"])
def manager(request, folder):
    """Its address as NOTIFY_SOCKET has it, and what it hears."""
    path = str(folder / f"notify-{request.node.name[:40]}")
    abstract = request.param == "abstract"
    m = Manager("\0" + path if abstract else path)
    m.address = ("@" if abstract else "") + path
    yield m
    m.socket.close()


def test_ready_reloading_stopping(tmp_path, engine, manager):
    config = configuration(engine.url(), tmp_path)
    proxy = Proxy(tmp_path, config, {"NOTIFY_SOCKET": manager.address})
    proxy.start()
    assert manager.next() == {"READY": "1", "STATUS": "3 rules"}
    r = Reloadable(proxy)
    r.config["rules"] = []
    assert r.hup()
    told = manager.next()
    assert told.pop("RELOADING") == "1"
    assert int(told.pop("MONOTONIC_USEC")) > 0 and not told
    assert manager.next() == {
        "READY": "1", "STATUS": "policy 2 is in force: 0 rules"}
    assert not r.hup("rules: {")
    assert "RELOADING" in manager.next()
    assert manager.next() == {
        "READY": "1", "STATUS":
        "reload refused: policy 2 stays in force: 0 rules"}
    proxy.stop()
    assert manager.next() == {"STOPPING": "1"}


def test_the_watchdog_hears_of_it(tmp_path, engine, manager):
    config = configuration(engine.url(), tmp_path)
    proxy = Proxy(tmp_path, config, {"NOTIFY_SOCKET": manager.address,
                                     "WATCHDOG_USEC": "200000"}).start()
    assert "READY" in manager.any()
    for _ in range(3):
        assert manager.any() == {"WATCHDOG": "1"}
    proxy.signal(signal.SIGSTOP)
    manager.socket.settimeout(1)
    with pytest.raises(TimeoutError):
        for _ in range(100):  # what was said before
            manager.any()
    proxy.signal(signal.SIGCONT)
    proxy.stop()


def test_the_watchdog_of_another_process(tmp_path, engine, manager):
    config = configuration(engine.url(), tmp_path)
    proxy = Proxy(tmp_path, config, {
        "NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "1000",
        "WATCHDOG_PID": "1"}).start()
    proxy.stop()
    assert "READY" in manager.any()
    assert manager.any() == {"STOPPING": "1"}


@pytest.mark.parametrize("address", ["relative", "@", "/nobody/there",
                                     "/" + 200 * "x"])
def test_a_manager_that_is_not_there(tmp_path, engine, address):
    config = configuration(engine.url(), tmp_path)
    proxy = Proxy(tmp_path, config, {"NOTIFY_SOCKET": address}).start()
    assert "warn  cannot tell the service manager" in proxy.log()
    proxy.stop()
