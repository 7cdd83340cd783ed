"""The binary as dockerd's --userland-proxy-path: published ports."""

import re
import signal
import time

import pytest

import engine as engines
from conftest import debian, remove_containers
from kernel import has_sctp
from published import (ECHO, HOLD, TAKE, Publishing, end, enter,
                       no_proxy_left, probe, said)

PORT = 18080
# Of the log, but for the ports that the tests have taken themselves.
COMPLAINT = re.compile(r"level=(warn|err|fatal).*(proxy|proxies)|exited early",
                       re.I)
MEANT = re.compile(f":{PORT}: |:{PORT}:[0-9.]+:80/")


def complaints(engine):
    """What dockerd's log has against its proxies."""
    return [line for line in
            engine.log.read_text(errors="replace").splitlines()
            if COMPLAINT.search(line) and not MEANT.search(line)]


@pytest.fixture(scope="module")
def own():
    made = Publishing()
    try:
        made.start()
        debian(made).ok("import", "-", "bb:latest", data=engines.busybox_root())
        yield made
        remove_containers(made)
        no_proxy_left(made)
        assert not complaints(made)
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


# The whole of what the user is told. From Docker 28 on dockerd binds TCP's and
# UDP's ports itself, and SCTP's is left to the proxy.
DRIVER = "driver failed programming external connectivity on endpoint web " \
    "([0-9a-f]{64}): "
SENTENCES = {
    "20.10": {
        "port": DRIVER + "Error starting userland proxy: failed to listen on "
                "127.0.0.1:PORT: listen PROTO4 127.0.0.1:PORT: bind: address "
                "already in use.",
        "sctp": DRIVER + "Error starting userland proxy: failed to listen on "
                "127.0.0.1:PORT: protocol not supported.",
    },
    "28": {
        "port": "failed to set up container networking: " + DRIVER +
                "failed to bind host port for 127.0.0.1:PORT:IP:80/PROTO: "
                "address already in use.",
        "sctp": "failed to set up container networking: " + DRIVER +
                "error starting userland proxy: failed to listen on "
                "127.0.0.1:PORT: protocol not supported.",
    },
}


def sentence(case, proto):
    """A pattern of the whole line, for the Engine that is tested."""
    text = "docker: Error response from daemon: " + \
        SENTENCES[engines.wanted()][case]
    text = text.replace("PORT", str(PORT)).replace("PROTO", proto)
    return re.escape(text).replace(
        re.escape("([0-9a-f]{64})"), r"\([0-9a-f]{64}\)").replace(
        ":IP:", r":[0-9.]+:")


def refusal(docker, proto):
    got = docker.run("run", "--detach", "--name", "web", "--publish",
                     f"127.0.0.1:{PORT}:80/{proto}", "bb", "sleep", "1000")
    assert got.code == 125
    docker.ok("rm", "--force", "web")
    return got.err.decode().splitlines()[0]


@pytest.mark.parametrize("proto", ["tcp", "udp"])
def test_a_port_in_use(own, docker, proto):
    taken = said(enter(own.pid, TAKE, proto, PORT), "taken")
    told = refusal(docker, proto)
    end(taken)
    assert re.fullmatch(sentence("port", proto), told), told
    publish(docker, "web", f"127.0.0.1:{PORT}:80/{proto}")


def test_sctp(own, docker):
    """Where the kernel has none dockerd tells what the proxy says of it."""
    if has_sctp():
        publish(docker, "web", f"127.0.0.1:{PORT}:80/sctp")
        assert len(own.port_proxies()) == 1
        return
    told = refusal(docker, "sctp")
    assert re.fullmatch(sentence("sctp", "sctp"), told), told


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
    docker.ok("rm", "--force", "web")
    no_proxy_left(own)
    assert end(held) == "ended\n"
    publish(docker)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_dockerd_is_replaced_below_a_living_container(
        own, docker, echo, number):
    """Its proxies end with it; the next one starts others, for the same
    ports."""
    publish(docker)
    echo()
    before = set(own.port_proxies())
    assert len(before) == 4
    own.end_dockerd(number)
    no_proxy_left(own)
    own.start_dockerd()
    after = set(own.port_proxies())
    assert len(after) == 4 and not before & after
    # What answers has been there all the time.
    probe(own.pid, *everywhere("127.0.0.1", "::1", gateway(own)))
