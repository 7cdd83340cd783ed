"""The binary as dockerd's --userland-proxy-path: published ports."""

import re
import time

import pytest

import engine as engines
from conftest import debian, remove_containers
from published import (ECHO, HOLD, TAKE, Publishing, end, enter, no_proxy_left,
                       probe, said)
from wait import until

COMPLAINTS = re.compile(
    r"failed to stop userland proxy|exited early|Userland proxy exited|"
    r"proxy.*signal:|error.*docker-proxy", re.I)
PORT = 18080


@pytest.fixture(scope="module")
def own():
    made = Publishing()
    try:
        made.start()
        debian(made).ok("import", "-", "bb:latest", data=engines.busybox_root())
        yield made
        remove_containers(made)
        no_proxy_left(made)
        assert not COMPLAINTS.search(made.log.read_text(errors="replace"))
    finally:
        made.remove()


@pytest.fixture
def docker(own):
    yield debian(own)
    remove_containers(own)
    no_proxy_left(own)


def publish(docker, name="web", *ports):
    ports = ports or (f"{PORT}:80", f"{PORT}:80/udp")
    docker.ok("run", "--detach", "--name", name,
              *(word for p in ports for word in ("--publish", p)),
              "bb", "sleep", "100000")


@pytest.fixture
def echo(own):
    """Starts what answers in a container."""
    started = []

    def start(name="web"):
        started.append(said(enter(own.container_pid(name), ECHO), "ready"))
    yield start
    for process in started:
        process.kill()
        process.communicate()


def everywhere(*ips, port=PORT):
    return [(proto, ip, port) for proto in ("tcp", "udp") for ip in ips]


def gateway(own):
    network = own.get_json("/networks/bridge")
    return network["IPAM"]["Config"][0].get("Gateway", "172.17.0.1")


def test_from_the_host(own, docker, echo):
    publish(docker)
    echo()
    # Of each protocol one for IPv4 and one for IPv6.
    assert len(own.port_proxies()) == 4
    probe(own.pid, *everywhere("127.0.0.1", "::1", "127.0.0.5", gateway(own)))


def test_from_containers(own, docker, echo):
    """Its own published port, and another's."""
    publish(docker)
    echo()
    docker.ok("run", "--detach", "--name", "other", "bb", "sleep", "100000")
    for name in ("web", "other"):
        probe(own.container_pid(name), *everywhere(gateway(own)))


def test_on_one_address(own, docker, echo):
    publish(docker, "web", "127.0.0.2:18081:80", "127.0.0.3:18081:80/udp",
            "[::1]:18082:80")
    echo()
    probe(own.pid, ("tcp", "127.0.0.2", 18081), ("udp", "127.0.0.3", 18081),
          ("tcp", "::1", 18082))


def test_a_range(own, docker, echo):
    publish(docker, "web", "18100-18109:80-89")
    echo()
    probe(own.pid, ("tcp", "127.0.0.1", 18100))
    assert len(own.port_proxies()) == 20


@pytest.mark.parametrize("proto", ["tcp", "udp"])
def test_a_port_in_use(own, docker, proto):
    taken = said(enter(own.pid, TAKE, proto, PORT), "taken")
    got = docker.run("run", "--detach", "--name", "web", "--publish",
                 f"127.0.0.1:{PORT}:80/{proto}", "bb", "sleep", "1000")
    end(taken)
    assert got.code == 125
    listen = f"listen {proto}4 127.0.0.1:{PORT}: bind: address already in use"
    if engines.wanted() == engines.OWN:
        assert "driver failed programming external connectivity on endpoint " \
            "web (" in got.err.decode().decode()
        assert "Error starting userland proxy: failed to listen on " \
            f"127.0.0.1:{PORT}: {listen}." in got.err.decode()
    else:
        assert "address already in use" in got.err.decode()
    docker.ok("rm", "--force", "web")
    publish(docker, "web", f"127.0.0.1:{PORT}:80/{proto}")


def test_again_and_again(own, docker, echo):
    publish(docker)
    for _ in range(20):
        docker.ok("restart", "--time", "0", "web")
    assert len(own.port_proxies()) == 4
    echo()
    probe(own.pid, *everywhere("127.0.0.1", "::1"))
    docker.ok("stop", "--time", "0", "web")
    no_proxy_left(own)
    docker.ok("start", "web")


def test_removed_with_a_hundred_connections(own, docker, echo):
    publish(docker)
    echo()
    held = said(enter(own.pid, HOLD, PORT, 100), "held")
    began = time.monotonic()
    docker.ok("rm", "--force", "web")
    assert time.monotonic() - began < 10
    no_proxy_left(own)
    assert end(held) == "ended\n"
    publish(docker)


def test_dockerd_dies(own, docker):
    publish(docker)
    assert len(own.port_proxies()) == 4
    own.kill_dockerd()
    no_proxy_left(own)
    # The container lives; a new dockerd goes on with it.
    own.stop()
    for pidfile in own.folder.glob("**/*.pid"):
        pidfile.unlink()
    own.start()
    until(lambda: own.get("/_ping") == b"OK", "dockerd to answer")
