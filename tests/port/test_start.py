"""C1 to C9, C14, C15: the command line, the status pipe, signals, limits."""

import os
import pathlib
import re
import resource
import signal
import socket
import subprocess

import pytest

import helper
from helper import Pair, datagram, free_port, stream, wait_until


def run(kind, *args):
    done = subprocess.run([kind.program, *args], capture_output=True,
                          text=True, timeout=helper.TIMEOUT, check=False)
    return done.returncode, done.stdout, done.stderr


def refused(kind, *args, **more):
    """Exit code, and all that dockerd hears."""
    proxy = kind.raw(*args, **more)
    return proxy.wait(), proxy.status()


# --- C1 ---------------------------------------------------------------------

@pytest.mark.parametrize("form", ["-{} {}", "--{} {}", "-{}={}", "--{}={}"])
def test_forms_of_flags(kind, form):
    with stream() as container:
        port = free_port()
        values = {"proto": "tcp", "host-ip": "127.0.0.1", "host-port": port,
                  "container-ip": "127.0.0.1",
                  "container-port": container.getsockname()[1]}
        args = [w for name, value in values.items()
                for w in form.format(name, value).split()]
        assert kind.raw(*args).status() == b"0\n"
        socket.create_connection(("127.0.0.1", port)).close()
        container.accept()[0].close()


@pytest.mark.parametrize("write", [hex, oct, bin, "{:_}".format, "+{}".format])
def test_spellings_of_numbers(kind, write):
    port = free_port()
    proxy = kind.raw("-host-ip", "127.0.0.1", "-host-port", write(port),
                     "-container-ip", "127.0.0.1", "-container-port", "1")
    assert proxy.status() == b"0\n"
    socket.create_connection(("127.0.0.1", port)).close()


def test_the_last_one_counts_and_a_word_ends_them(kind):
    port = free_port()
    proxy = kind.raw("-host-port", "1", "-host-ip", "127.0.0.1", "-host-port",
                     str(port), "-container-port", "1", "word", "-nonsense")
    assert proxy.status() == b"0\n"
    socket.create_connection(("127.0.0.1", port)).close()


def test_help(kind):
    code, out, err = run(kind, "-proto", "tcp", "-h")
    assert err.startswith("Usage of ") and out == ""
    for name in ("container-ip", "host-port", "proto"):
        assert f"  -{name} " in err
    if kind.is_ours:
        assert code == 0


@pytest.mark.parametrize("args, error", [
    (["-proto", "tcp", "-nonsense"],
     "flag provided but not defined: -nonsense"),
    (["-host-port", "http"], 'invalid value "http" for flag -host-port: '
                             "parse error"),
    (["-host-port", "0x"], 'invalid value "0x" for flag -host-port: '
                           "parse error"),
    (["-host-port", "99999999999999999999"],
     'invalid value "99999999999999999999" for flag -host-port: '
     "value out of range"),
    (["-host-port"], "flag needs an argument: -host-port"),
    (["-proto", "tcp", "---host-port", "1"],
     "bad flag syntax: ---host-port"),
])
def test_errors_of_the_command_line(kind, args, error):
    proxy = kind.raw(*args)
    assert (proxy.wait(), proxy.status()) == (2, b"")
    lines = proxy.stderr().splitlines()
    assert lines[0] == error and lines[1].startswith("Usage of ")


@pytest.mark.ours
def test_a_boolean_that_is_none(kind):
    proxy = kind.raw("-use-listen-fd=maybe")
    assert (proxy.wait(), proxy.status()) == (2, b"")
    assert proxy.stderr().startswith(
        'invalid boolean value "maybe" for -use-listen-fd: parse error\n')


@pytest.mark.ours
@pytest.mark.parametrize("flag", ["-v", "-version", "-v=true"])
def test_version(kind, flag):
    code, out, err = run(kind, flag)
    assert (code, err) == (0, "")
    assert re.fullmatch(r"docker-proxy \(commit \S+\) version \S+\n", out)


# --- C2, C3 -----------------------------------------------------------------

@pytest.mark.binds
@pytest.mark.defect("20.10 listens on all addresses")
@pytest.mark.parametrize("ip", ["zz", "127.0.0.01", "localhost", "::1%lo"])
def test_an_address_that_is_none(kind, ip):
    proxy = kind.raw("-host-ip", ip, "-host-port", str(free_port()))
    assert (proxy.wait(), proxy.status()) == (2, b"")
    assert proxy.stderr().startswith(
        f'invalid value "{ip}" for flag -host-ip: invalid IP address: {ip}\n')


@pytest.mark.binds
def test_mapped_is_v4(kind):
    proxy = kind.start(host="127.0.0.1", port=free_port())
    other = free_port()
    mapped = kind.raw("-host-ip", "::ffff:127.0.0.1", "-host-port", str(other),
                      "-container-port", "1")
    assert mapped.status() == b"0\n"
    socket.create_connection(("127.0.0.1", other)).close()
    assert proxy.alive()


@pytest.mark.binds
def test_families_do_not_meet(kind):
    port = free_port("::", stream)
    four = kind.start(host="0.0.0.0", port=port)
    six = kind.start(host="::", port=port)
    for ip in ("127.0.0.1", "::1"):
        socket.create_connection((ip, port)).close()
    assert four.alive() and six.alive()


@pytest.mark.parametrize("host, container", [
    ("127.0.0.1", "127.0.0.1"), ("127.0.0.1", "::1"),
    ("::1", "127.0.0.1"), ("::1", "::1")])
def test_families_of_both_sides(kind, host, container):
    pair = Pair(kind, host, container)
    client, server = pair.both()
    server.sendall(b"yes")
    assert client.recv(3) == b"yes"


# --- C4, C5, C6 ----------------------------------------------------------------

@pytest.mark.binds
def test_again_at_once(kind):
    """The port may be in TIME_WAIT."""
    pair = Pair(kind)
    client, server = pair.both()
    pair.proxy.stop()
    kind.started.remove(pair.proxy)
    again = kind.start(port=pair.proxy.port)
    assert again.alive()


@pytest.mark.binds
@pytest.mark.parametrize("proto, ip, text", [
    ("tcp", "127.0.0.1", "listen tcp4 127.0.0.1:{p}: bind: address already "
                         "in use"),
    ("tcp", "::1", "listen tcp6 [::1]:{p}: bind: address already in use"),
    ("udp", "127.0.0.1", "listen udp4 127.0.0.1:{p}: bind: address already "
                         "in use"),
    ("udp", "::1", "listen udp6 [::1]:{p}: bind: address already in use"),
])
def test_a_port_in_use(kind, proto, ip, text):
    with helper.BIND[proto](ip) as taken:
        port = taken.getsockname()[1]
        code, said = refused(kind, "-proto", proto, "-host-ip", ip,
                             "-host-port", str(port), "-container-port", "1",
                             "-container-ip", "127.0.0.1")
    text = text.format(p=port)
    if kind.is_ours:
        where = text.split()[2].rstrip(":")
        text = f"failed to listen on {where}: {text}"
    assert (code, said.decode()) == (1, f"1\n{text}")


@pytest.mark.binds
@pytest.mark.parametrize("ip, port, error", [
    ("192.0.2.1", "8080", "cannot assign requested address"),
    ("127.0.0.1", "70000", "invalid argument"),
])
def test_an_address_that_is_not_ours(kind, ip, port, error):
    code, said = refused(kind, "-host-ip", ip, "-host-port", port,
                         "-container-ip", "127.0.0.1", "-container-port", "1")
    assert code == 1 and said.startswith(b"1\n")
    if kind.is_ours or port != "70000":
        assert said.decode().endswith(f"bind: {error}")


@pytest.mark.ours
@pytest.mark.parametrize("proto", ["foo", "TCP", ""])
def test_no_such_protocol(kind, proto):
    assert refused(kind, "-proto", proto, "-host-port", "1") == (
        1, f"1\nunsupported protocol {proto}".encode())


def test_it_accepts_when_it_says_so(kind):
    for _ in range(10):
        proxy = kind.start()
        socket.create_connection(("127.0.0.1", proxy.port)).close()


# --- C7 -----------------------------------------------------------------------

FD = ["-host-ip", "127.0.0.1", "-host-port", "80", "-container-ip",
      "127.0.0.1", "-container-port", "1", "-use-listen-fd"]


@pytest.mark.ours
def test_no_listener(kind):
    assert refused(kind, *FD) == (
        1, b"1\nfile file+net listen-sock: fcntl: bad file descriptor")


@pytest.mark.ours
@pytest.mark.parametrize("make", [
    datagram, lambda: open("/dev/null", "rb"), lambda: socket.socket()])
def test_no_such_listener(kind, make):
    with make() as wrong:
        assert refused(kind, *FD, listener=wrong) == (
            1, b"1\nfile file+net listen-sock: invalid argument")


@pytest.mark.ours
def test_who_waited_is_served(kind):
    """In the queue of a listener since before the start."""
    with stream() as listener, stream() as container:
        early = socket.create_connection(listener.getsockname())
        early.sendall(b"early")
        proxy = kind.raw(
            "-host-ip", "127.0.0.1", "-host-port", "9", "-container-ip",
            "127.0.0.1", "-container-port", str(container.getsockname()[1]),
            "-use-listen-fd", listener=listener)
        assert proxy.status() == b"0\n"
        assert container.accept()[0].recv(5) == b"early"
        early.close()


@pytest.mark.ours
def test_a_listener_of_both_families(kind):
    with socket.create_server(("::", 0), family=socket.AF_INET6,
                              dualstack_ipv6=True) as listener, \
            stream() as container:
        proxy = kind.raw(
            "-host-ip", "0.0.0.0", "-host-port", "9", "-container-ip",
            "127.0.0.1", "-container-port", str(container.getsockname()[1]),
            "-use-listen-fd", listener=listener)
        assert proxy.status() == b"0\n"
        for ip in ("127.0.0.1", "::1"):
            c = socket.create_connection((ip, listener.getsockname()[1]))
            c.sendall(b"x")
            assert container.accept()[0].recv(1) == b"x"


@pytest.mark.ours
def test_the_fourth_descriptor_without_the_flag(kind):
    """It may be anything, and is nobody's to use."""
    with stream() as leaked:
        port = free_port()
        proxy = kind.raw("-host-ip", "127.0.0.1", "-host-port", str(port),
                         "-container-ip", "127.0.0.1", "-container-port", "1",
                         listener=leaked)
        assert proxy.status() == b"0\n"
        socket.create_connection(leaked.getsockname()).close()
        leaked.settimeout(helper.TIMEOUT)
        leaked.accept()[0].close()
        assert proxy.alive()


@pytest.mark.defect("Go leaves what it inherits open")
def test_what_leaks_is_closed(kind):
    proxy = kind.start(leak=True)
    links = {os.readlink(f"/proc/{proxy.pid}/fd/{fd}")
             for fd in proxy.fds() if fd > 2}
    assert not [x for x in links if "memfd" in x]


# --- C8, C9 --------------------------------------------------------------------

@pytest.mark.defect("without a status pipe it closes its own epoll")
def test_by_hand(kind):
    pair = Pair(kind, status=False)

    def connects():
        try:
            pair.connect().close()
            return True
        except OSError:
            return False
    wait_until(connects, "it listens")
    pair.accept().close()
    client, server = pair.both()
    server.sendall(b"yes")
    assert client.recv(3) == b"yes"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopping(kind, number):
    """With a connection that would never end by itself."""
    pair = Pair(kind)
    client, server = pair.both()
    pair.proxy.signal(number)
    assert pair.proxy.wait() == 0
    for end in (client, server):
        try:
            assert end.recv(1) == b""
        except ConnectionResetError:
            pass


@pytest.mark.defect("it handles signals after it has said that it runs")
def test_stopped_as_soon_as_it_runs(kind):
    for _ in range(20):
        proxy = kind.start()
        proxy.signal(signal.SIGTERM)
        assert proxy.wait() == 0


@pytest.mark.parametrize("number", [signal.SIGPIPE, signal.SIGUSR1,
                                    signal.SIGALRM])
def test_signals_that_mean_nothing(kind, number):
    pair = Pair(kind)
    pair.proxy.signal(number)
    client, server = pair.both()
    server.sendall(b"yes")
    assert client.recv(3) == b"yes"


def test_hanging_up(kind):
    proxy = kind.start()
    proxy.signal(signal.SIGHUP)
    assert proxy.wait() == -signal.SIGHUP


# --- C10, C15, the sandbox ----------------------------------------------------------

PARENT = """
import ctypes, os, signal, sys
r, w = os.pipe()
pid = os.fork()
if pid == 0:
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)
    os.dup2(w, 3)
    os.execv(sys.argv[1], sys.argv[1:])
os.close(w)
assert os.read(r, 2) == b"0\\n"
print(pid, flush=True)
signal.pause()
"""


def test_it_ends_with_its_parent(kind):
    port = free_port()
    parent = subprocess.Popen(
        ["/usr/bin/python3", "-c", PARENT, kind.program, "-host-ip",
         "127.0.0.1", "-host-port", str(port), "-container-ip", "127.0.0.1",
         "-container-port", "1"], stdout=subprocess.PIPE, text=True)
    with parent:
        pid = int(parent.stdout.readline())
        # What it does to itself would clear that, if it were done wrongly.
        if kind.is_ours and not helper.SANITIZED:
            wait_until(lambda: "Seccomp:\t2" in pathlib.Path(
                f"/proc/{pid}/status").read_text(), "the sandbox")
        parent.kill()
    status = pathlib.Path(f"/proc/{pid}/stat")

    def gone():
        try:
            return status.read_text().split()[2] == "Z"
        except (FileNotFoundError, ProcessLookupError):
            return True
    wait_until(gone, "the proxy ends with its parent")


@pytest.mark.defect("20.10 does not raise it")
def test_limit_of_descriptors(kind):
    proxy = kind.start(soft=(64, 2048))
    got = resource.prlimit(proxy.pid, resource.RLIMIT_NOFILE)
    assert got == (2048, 2048)


@pytest.mark.ours
def test_sandbox(kind):
    if helper.SANITIZED:
        pytest.skip("their runtimes need more")
    pair = Pair(kind)
    pair.both()  # who is served is served from within it
    status = pathlib.Path(f"/proc/{pair.proxy.pid}/status").read_text()
    value = dict(re.findall(r"^(\w+):\s+(\S+)$", status, re.M))
    assert value["NoNewPrivs"] == "1" and value["Seccomp"] == "2"
    assert value["Threads"] == "1"
    for caps in ("CapPrm", "CapEff", "CapInh", "CapAmb"):
        assert int(value[caps], 16) == 0


@pytest.mark.ours
def test_no_library_of_tls(kind):
    proxy = kind.start()
    maps = pathlib.Path(f"/proc/{proxy.pid}/maps").read_text()
    assert "libssl" not in maps and "libcrypto" not in maps


@pytest.mark.ours
def test_memory(kind):
    """Alone it pays for pages that many of them share; what is its own is
    less than 200 KiB."""
    if helper.SANITIZED:
        pytest.skip("a sanitizer's own memory")
    proxy = kind.start()
    status = pathlib.Path(f"/proc/{proxy.pid}/status")
    wait_until(lambda: "Seccomp:\t2" in status.read_text(), "the sandbox")
    text = pathlib.Path(f"/proc/{proxy.pid}/smaps_rollup").read_text()
    own = sum(int(n) for n in re.findall(
        r"^Private_(?:Dirty|Clean):\s+(\d+)", text, re.M))
    anonymous = int(re.search(r"^Pss_Anon:\s+(\d+)", text, re.M)[1])
    assert anonymous <= 200 and own <= 1500


@pytest.mark.ours
def test_no_configuration_is_read(kind, tmp_path):
    (tmp_path / "docker-proxy.conf").write_text("nonsense: [")
    proxy = kind.start(env={
        "DOCKER_PROXY_CONFIG": str(tmp_path / "docker-proxy.conf")})
    assert proxy.alive()
