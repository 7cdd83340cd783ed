"""The sandbox from outside: what a serving process is and does, as root, as
anybody, in a container's conditions. That all else works in it, the other
tests show; what it forbids, tests/unit/test_sandbox.c."""

import ctypes
import errno
import json
import os
import pathlib
import re
import shutil
import signal
import ssl
import subprocess
import tempfile

import pytest

import proxy_process
import raw_client
import tls_peer
import wire
from exposition import scrape
from fake_engine import FakeEngine
from proxy_process import free_port
from wire import request

SOURCES = pathlib.Path(__file__).resolve().parent.parent.parent / "daemon"
INSTRUMENTED = re.search("asan|tsan|ubsan|cover", proxy_process.BINARY)
NOBODY = 65534
ANYBODY = 12345
GROUP = 4711  # of the Engine's socket

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can do it")
as_built = pytest.mark.skipif(
    INSTRUMENTED is not None, reason="sanitizers make calls of their own")


class World:
    """A folder that everybody may look into, and an Engine in it."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="flow-"))
        self.folder.chmod(0o755)
        self.engine = FakeEngine(str(self.folder / "engine.sock"))
        os.chmod(self.engine.address, 0o666)
        self.started = []

    def proxy(self, before=(), env=None, settings=None, preexec=None,
              **overrides):
        """A proxy, not yet started; `before` are words of a command that
        comes before it."""
        p = proxy_process.Proxy(self.folder, proxy_process.configuration(
            self.engine.url(), self.folder, global_={
                "listeners": [{"name": "tcp", "bind": "127.0.0.1",
                               "port": free_port()}],
                "metrics": {"enabled": True}, **(settings or {})},
            **overrides), env)
        if before:  # somebody who may not look where the program lies
            program = shutil.copy(p.args[0], self.folder / "program")
            p.args = [*before, program, *p.args[1:]]
        self.started.append(p)
        return p

    def close(self):
        if not self.engine.listening:
            self.engine.listen()
        self.engine.close()
        for p in self.started:
            if p.process:
                p.stop()
        shutil.rmtree(self.folder)


@pytest.fixture
def world():
    w = World()
    yield w
    w.close()


def start(p):
    """Until it serves: a connection alone may wait for that."""
    p.start()
    return serving(p)


def serving(p):
    with p.connect() as c:
        assert c.get("/metrics").status == 200
    return p


def line(p):
    return re.search(r"info  sandbox: (.*)", p.log())[1]


def status(p):
    """{name: {values}} of all threads."""
    found = {}
    for task in pathlib.Path(f"/proc/{p.process.pid}/task").iterdir():
        for text in (task / "status").read_text().splitlines():
            name, _, value = text.partition(":\t")
            found.setdefault(name, set()).add(value.strip())
    return found


def parts(p):
    return {labels[0]: value for (name, labels), value
            in scrape(p.tcp[1]).values.items()
            if name == "docker_proxy_sandbox"}


def works(p):
    """Allows, denies, forwards; and after a reload, too."""
    with p.connect() as c:
        assert c.get("/_ping").status == 200
        assert c.get("/secrets").status == 403
    before = p.log().count(" is in force: ")
    p.signal(signal.SIGHUP)
    wire.wait_until(lambda: p.log().count(" is in force: ") > before,
                    "the reload")
    with p.connect() as c:
        assert c.get("/info").status == 200


def become(user, *more):
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups",
            *more, "--"]


# --- the state of the process -------------------------------------------------


WHOLE = "not dumpable, no capabilities, no new privileges, Landlock, seccomp, "


def check_state(p, uid):
    found = status(p)
    assert found["NoNewPrivs"] == {"1"}
    assert found["Seccomp"] == {"2"}
    for name in ("CapEff", "CapPrm", "CapInh", "CapAmb"):
        assert found[name] == {"0" * 16}, name
    assert found["Uid"] == {"\t".join([str(uid)] * 4)}
    limits = pathlib.Path(f"/proc/{p.process.pid}/limits").read_text()
    assert re.search(r"^Max core file size\s+0\s+0 ", limits, re.M)
    assert line(p) == f"{WHOLE}uid {uid}"
    assert parts(p) == {
        "not_dumpable": 1, "user": uid != 0, "capabilities": 1,
        "no_new_privileges": 1, "landlock": 1, "seccomp": 1}


@as_root
def test_root_becomes_nobody(world):
    """With the socket's group, and without its own."""
    os.chown(world.engine.address, 0, GROUP)
    os.chmod(world.engine.address, 0o660)
    p = start(world.proxy(settings={"threads": 3}))
    check_state(p, NOBODY)
    found = status(p)
    assert found["Gid"] == {"\t".join([str(NOBODY)] * 4)}
    assert found["Groups"] == {str(GROUP)}
    assert found["CapBnd"] == {"0" * 16}
    # Of one that is dumpable, it would be the user's.
    assert INSTRUMENTED or os.stat(f"/proc/{p.process.pid}/mem").st_uid == 0
    works(p)
    assert "warn  sandbox" not in p.log()


@as_root
def test_root_stays_where_nobody_can_reload(world):
    p = world.proxy()
    os.chmod(p.args[-1], 0o600)
    start(p)
    check_state(p, 0)
    assert status(p)["CapBnd"] == {"0" * 16}
    assert (f"sandbox: without another user than root: uid {NOBODY} cannot "
            f"open {p.args[-1]}; let it") in p.log()
    works(p)


@as_root
def test_root_stays_where_the_engine_is_not_yet(world):
    world.engine.stop_listening()
    p = start(world.proxy())
    assert line(p).endswith(", uid 0")
    with p.connect() as c:
        assert c.get("/_ping").status == 503
    world.engine.listen()
    works(p)


@as_root
def test_anybody(world):
    os.chmod(world.engine.address, 0o666)
    p = start(world.proxy(become(ANYBODY)))
    check_state(p, ANYBODY)
    works(p)
    assert "warn  sandbox" not in p.log()
    if INSTRUMENTED:
        return
    # Nor may another process of that user look into it.
    for name in ("environ", "mem", "maps"):
        found = subprocess.run(
            [*become(ANYBODY), "cat", f"/proc/{p.process.pid}/{name}"],
            capture_output=True, text=True, timeout=wire.TIMEOUT)
        assert "Permission denied" in found.stderr


@as_root
def test_no_capabilities_and_a_read_only_root(world):
    """As `docker run --read-only --cap-drop ALL` does it."""
    os.chown(world.engine.address, 0, 0)
    os.chmod(world.engine.address, 0o600)
    p = start(world.proxy([
        "unshare", "--mount", "sh", "-ec",
        'mount -o remount,bind,ro /; mount -o remount,bind,ro /tmp 2>&- || :; '
        '! touch "$0" 2>&-; '
        'exec setpriv --bounding-set=-all --inh-caps=-all "$@"',
        str(world.folder / "nothing")]))
    check_state(p, 0)
    assert "it has no right to change it" in p.log()
    assert not (world.folder / "nothing").exists()
    works(p)


def test_off(world):
    p = start(world.proxy(env={"DOCKER_PROXY_SANDBOX": "off"}))
    found = status(p)
    assert found["NoNewPrivs"] == found["Seccomp"] == {"0"}
    assert line(p) == "off"
    assert set(parts(p).values()) == {0}
    works(p)


def exit_of(p):
    with open(p.log_path, "ab") as log:
        return subprocess.run(p.args, env=p.env, cwd=p.folder, stdout=log,
                              stderr=log, timeout=wire.TIMEOUT).returncode


@as_root
def test_strict(world):
    p = world.proxy(settings={"sandbox": "strict"})
    os.chmod(p.args[-1], 0o600)
    assert exit_of(p) == 1
    assert "sandbox: strict, and a part of it cannot be had" in p.log()
    os.chmod(p.args[-1], 0o644)
    os.chmod(world.engine.address, 0o666)
    start(p)
    check_state(p, NOBODY)


# --- an older system ------------------------------------------------------------


def without(*calls):
    """A function that makes these calls unknown to the process, as an old
    kernel or a container's profile does."""
    lib = ctypes.CDLL("libseccomp.so.2")
    lib.seccomp_init.restype = ctypes.c_void_p
    lib.seccomp_syscall_resolve_name.argtypes = [ctypes.c_char_p]
    allow, unknown = 0x7fff0000, 0x00050000 | errno.ENOSYS

    def run():
        ctx = ctypes.c_void_p(lib.seccomp_init(allow))
        for name in calls:
            number = lib.seccomp_syscall_resolve_name(name.encode())
            assert lib.seccomp_rule_add(ctx, unknown, number, 0) == 0
        assert lib.seccomp_load(ctx) == 0
    return run


@pytest.mark.parametrize("call, part, text", [
    ("landlock_create_ruleset", "landlock",
     "without Landlock: the kernel has none, or the container's seccomp "
     "profile hides it"),
    ("seccomp", "seccomp", "without seccomp: "),
])
def test_what_the_system_lacks_is_told(world, call, part, text):
    p = world.proxy()
    hide = without(call)
    with open(p.log_path, "ab") as log:
        p.process = subprocess.Popen(
            p.args, env=p.env, cwd=p.folder, stdout=log, stderr=log,
            preexec_fn=hide)
    wire.wait_until(p._ready, "the proxy accepts connections")
    serving(p)
    assert f"warn  sandbox: {text}" in p.log()
    found = parts(p)
    assert found.pop(part) == 0
    found.pop("user")
    assert set(found.values()) == {1}
    works(p)


# --- the environment ------------------------------------------------------------


def test_the_environment_is_hidden_and_read_again(world):
    env = {"DOCKER_PROXY_SECRET": "s3cr3t-one", "TOKEN": "s3cr3t-two"}
    p = start(world.proxy(env=env, auth={"type": "bearer", "tokens": [
        {"token": "${TOKEN}", "role": "user"}]}))
    seen = pathlib.Path(f"/proc/{p.process.pid}/environ").read_bytes()
    assert b"s3cr3t" not in seen and b"DOCKER_PROXY" not in seen

    def let_in():
        with p.connect() as c:
            return [c.get("/_ping", f"Authorization: Bearer {t}").status
                    for t in (*env.values(), "other")]
    assert let_in() == [200, 200, 401]
    p.signal(signal.SIGHUP)
    wire.wait_until(lambda: " is in force: " in p.log(), "the reload")
    assert let_in() == [200, 200, 401]


# --- reloads and rotations in it --------------------------------------------------


def reload(p, change):
    """What the log says after a reload of a changed configuration."""
    path = pathlib.Path(p.args[-1])
    config = json.loads(path.read_text())
    change(config)
    path.write_text(json.dumps(config))
    old = len(p.log())
    p.signal(signal.SIGHUP)
    wire.wait_until(
        lambda: re.search(r" is in force: |reload refused: ", p.log()[old:]),
        "the reload")
    return p.log()[old:]


def listen_too(**listener):
    return lambda config: config["global"]["listeners"].append(
        {"name": "more", **listener})


def test_new_unix_listeners(world):
    """In the folder of an old one, if the proxy may write there; and not
    given to anybody."""
    here = world.folder / "here"
    here.mkdir()
    if os.geteuid() == 0:
        os.chown(here, NOBODY, 0)
    p = start(world.proxy(settings={"listeners": [
        {"name": "unix", "unix": str(here / "1.sock")}]}))
    config = pathlib.Path(p.args[-1])
    text = config.read_text()

    def after(**listener):
        config.write_text(text)
        return reload(p, listen_too(**listener))
    assert " is in force: " in after(unix=str(here / "2.sock"), mode="0600")
    assert os.stat(here / "2.sock").st_mode & 0o777 == 0o600
    assert "Permission denied" in after(unix=str(world.folder / "3.sock"))
    assert "owner and group of a new socket file take a restart" \
        in after(unix=str(here / "4.sock"), group="0")
    with p.connect() as c:
        assert c.get("/_ping").status == 200


def test_tls_comes_with_a_reload(world):
    authority = tls_peer.Authority(world.folder / "ca")
    made = authority.issue("server", "server", names=["IP:127.0.0.1"])
    cert, key = (shutil.copy(f, world.folder) for f in made)
    os.chmod(key, 0o644)
    tls = {"cert": cert, "key": key}
    # OpenSSL itself must have been loaded before.
    p = start(world.proxy(settings={"listeners": [
        {"name": "tls", "bind": "127.0.0.1", "port": free_port(),
         "tls": tls},
        {"name": "tcp", "bind": "127.0.0.1", "port": free_port()}]}))
    port = free_port()
    assert " is in force: " in reload(p, listen_too(
        bind="127.0.0.1", port=port, tls=tls))
    context = ssl.create_default_context(cafile=str(authority.ca))
    sock = wire.socket.create_connection(("127.0.0.1", port), wire.TIMEOUT)
    with raw_client.Client(tls_peer.TlsSocket(sock, context)) as c:
        assert c.get("/_ping").status == 200


@as_root
def test_a_rotated_audit_log_is_nobodys(world):
    folder = world.folder / "audit"
    folder.mkdir()
    os.chown(folder, NOBODY, 0)
    path = folder / "audit.log"
    path.touch()
    os.chown(path, NOBODY, 0)
    p = start(world.proxy(settings={"audit_log": str(path)}))
    check_state(p, NOBODY)
    path.rename(folder / "audit.log.1")
    p.signal(signal.SIGUSR1)
    wire.wait_until(path.exists, "a new audit log")
    with p.connect() as c:
        assert c.get("/secrets").status == 403
    wire.wait_until(lambda: "no-secrets" in path.read_text(), "its line")
    assert path.stat().st_uid == NOBODY


# --- system calls -------------------------------------------------------------------


def allowed_calls():
    whole = re.findall(r"^CALL\((\w+)\)",
                       (SOURCES / "sandbox_calls.def").read_text(), re.M)
    some = re.findall(r'^\t+{"(\w+)", {',
                      (SOURCES / "sandbox_seccomp.c").read_text(), re.M)
    return {*whole, *some}


class Trace:
    """The names of all calls of a process from now on."""

    def __init__(self, pid, path):
        self.path = path
        self.process = subprocess.Popen(
            ["strace", "-f", "-qq", "-e", "signal=none", "-o", str(path),
             "-p", str(pid)])
        wire.wait_until(lambda: self._attached(pid), "strace is attached")

    def _attached(self, pid):
        assert self.process.poll() is None, "strace has ended"
        tasks = pathlib.Path(f"/proc/{pid}/task").iterdir()
        return all("TracerPid:\t0\n" not in (t / "status").read_text()
                   for t in tasks)

    def calls(self):
        self.process.wait(wire.TIMEOUT)
        return set(re.findall(r"^\d+ +(?:<\.\.\. )?([a-z]\w*)(?:\(| resumed)",
                              self.path.read_text(), re.M))


def load(p, engine):
    """Something of everything."""
    def echo(x):
        x.over = True
        x.send(b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\n"
               b"Upgrade: tcp\r\n\r\n")
        x.send(x.read(5))
    for kind in ("unix", "tcp"):
        name = engine.play(echo)
        with p.connect(kind) as c:
            assert c.get("/containers/json").status == 200
            assert c.get("/secrets").status == 403
            assert c.ask(request("POST", "/containers/create",
                                 "Content-Type: application/json",
                                 body=b'{"HostConfig":{}}')).status == 200
            assert c.ask(request("POST", "/build", body=b"x" * (1 << 20))
                         ).status == 200
            c.send(request("POST", f"/containers/{name}/attach",
                           "Connection: Upgrade", "Upgrade: tcp"))
            assert c.head().status == 101
            c.send(b"hello")
            assert c.read(5) == b"hello"
    scrape(p.tcp[1])
    with p.connect("tcp") as c:
        assert c.ask(b"\x16\x03\x01").status == 400


@as_built
@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
def test_only_allowed_calls_are_made(world, tmp_path):
    """That the list in the documentation is what the process lives by."""
    p = start(world.proxy(settings={
        "listeners": [
            {"name": "tcp", "bind": "127.0.0.1", "port": free_port()},
            {"name": "unix", "unix": str(world.folder / "proxy.sock")}],
        "audit_log": str(world.folder / "audit.log"), "watch": True,
        "threads": 2, "timeouts": {"drain": "100ms"}}))
    trace = Trace(p.process.pid, tmp_path / "trace")
    load(p, world.engine)
    assert " is in force: " in reload(p, lambda c: c["rules"].append({
        "name": "new", "action": "deny", "conditions": [{
            "field": "path", "operator": "matches", "value": "^/new$"}]}))
    p.signal(signal.SIGUSR1)
    load(p, world.engine)
    world.engine.stop_listening()
    world.engine.drop_idle()
    with p.connect() as c:
        assert c.get("/_ping").status == 503
    p.signal(signal.SIGTERM)
    assert p.wait() == 0
    made = trace.calls()
    assert {"epoll_wait", "accept4", "openat", "connect", "exit_group"} <= made
    assert made <= allowed_calls()
