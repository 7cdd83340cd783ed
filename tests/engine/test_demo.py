"""The demonstration engine, driven by the real docker CLI and by hand."""

import json
import os
import pty
import select
import shutil
import signal
import socket
import struct
import subprocess
import time

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROXY = os.environ.get("DOCKER_PROXY", os.path.join(ROOT, "build", "docker-proxy"))
TIMEOUT = 60


def find_clis():
    """Every docker CLI of this machine: they differ in what they ask."""
    names = [shutil.which("docker"), "/usr/bin/docker", "/usr/local/bin/docker"]
    return sorted({os.path.realpath(n) for n in names if n and os.path.exists(n)})


CLIS = find_clis()


def test_there_is_a_docker_cli():
    assert CLIS, "install the docker CLI: nothing below is tried without it"


def connect(path):
    s = socket.socket(socket.AF_UNIX)
    s.connect(path)  # blocking: it may wait for room in the backlog
    s.settimeout(TIMEOUT)
    return s


def wait_until_listening(process, path):
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        assert process.poll() is None, "the engine has ended"
        try:
            connect(path).close()
            return
        except OSError:
            time.sleep(0.01)
    pytest.fail("the engine does not listen")


def start_engine(path):
    return subprocess.Popen([PROXY, "demo-engine", "--socket", path])


def stop_engine(process, sig=signal.SIGTERM):
    process.send_signal(sig)
    return process.wait(TIMEOUT)


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    path = str(tmp_path_factory.mktemp("demo") / "engine.sock")
    process = start_engine(path)
    try:
        wait_until_listening(process, path)
        yield path
    finally:
        status = stop_engine(process)
    assert status == 0
    assert not os.path.exists(path)


class Docker:
    """A docker CLI in front of the engine."""

    def __init__(self, cli, path, config):
        self.cli = cli
        self.env = dict(os.environ, DOCKER_HOST="unix://" + path,
                        DOCKER_CONFIG=config, LC_ALL="C")
        for name in ("DOCKER_CONTEXT", "DOCKER_API_VERSION", "DOCKER_TLS_VERIFY"):
            self.env.pop(name, None)

    def __call__(self, *args, status=0, **options):
        done = subprocess.run([self.cli, *args], env=self.env, timeout=TIMEOUT,
                              capture_output=True, text=True, **options)
        assert done.returncode == status, done
        return done

    def start(self, *args, **options):
        return subprocess.Popen([self.cli, *args], env=self.env,
                                stdout=subprocess.PIPE, **options)


@pytest.fixture(scope="module", params=CLIS)
def docker(request, engine, tmp_path_factory):
    return Docker(request.param, engine, str(tmp_path_factory.mktemp("config")))


# --- the docker CLI ---------------------------------------------------------


def test_version(docker):
    out = docker("version").stdout
    assert "Docker Engine - demonstration" in out
    assert "1.41 (minimum version 1.12)" in out


def test_info_says_what_it_is(docker):
    done = docker("info")
    assert "Name: demo-engine" in done.stdout
    assert "sample data" in done.stdout + done.stderr


def names(out):
    return [line.split()[-1] for line in out.splitlines()[1:]]


def test_ps_shows_the_running(docker):
    out = docker("ps").stdout
    assert names(out) == ["web", "db"]
    assert "Up 3 days (healthy)" in out
    assert "0.0.0.0:8080->80/tcp" in out
    assert "3 days ago" in out


def test_ps_all_and_filters(docker):
    assert names(docker("ps", "-a").stdout) == ["web", "migrate", "db"]
    assert names(docker("ps", "-l").stdout) == ["web"]
    assert names(docker("ps", "-f", "status=exited").stdout) == ["migrate"]
    assert names(docker("ps", "-f", "name=d").stdout) == ["db"]
    label = "label=com.docker.compose.service"
    assert names(docker("ps", "-f", label + "=db").stdout) == ["db"]
    assert names(docker("ps", "-f", label).stdout) == ["web", "db"]
    assert docker("ps", "-q", "-f", "name=web").stdout == "0bf6c2ac282f\n"
    refused = docker("ps", "-f", "ancestor=nginx", status=1)
    assert "Invalid filter 'ancestor'" in refused.stderr


@pytest.mark.parametrize("reference", ["db", "53c3709585d9", "/db"])
def test_inspect_a_container(docker, reference):
    [db] = json.loads(docker("container", "inspect", reference).stdout)
    assert db["Name"] == "/db"
    assert "POSTGRES_PASSWORD=sample-secret" in db["Config"]["Env"]
    assert db["State"]["Running"] is True
    assert db["State"]["StartedAt"].endswith("Z")
    assert db["LogPath"].startswith("/var/lib/docker/containers/53c3709585d9")
    assert db["HostConfig"]["Memory"] == 536870912
    assert db["HostConfig"]["NetworkMode"] == "shop_default"
    assert "Demo" not in db


def test_inspect_the_others(docker):
    [image] = json.loads(docker("inspect", "nginx").stdout)
    assert "nginx:latest" in image["RepoTags"]
    assert "CreatedAt" not in image
    [network] = json.loads(docker("inspect", "shop_default").stdout)
    assert {c["Name"] for c in network["Containers"].values()} == {"web", "db"}
    [volume] = json.loads(docker("inspect", "shop_data").stdout)
    assert volume["Driver"] == "local"


def test_inspect_nothing(docker):
    done = docker("inspect", "nope", status=1)
    assert "No such object: nope" in done.stderr
    done = docker("container", "inspect", "nope", status=1)
    assert "No such container: nope" in done.stderr


def test_images(docker):
    out = docker("images").stdout
    assert len(out.splitlines()) == 5
    assert "3 weeks ago" in out and "48.2MB" in out
    assert len(docker("images", "nginx").stdout.splitlines()) == 3
    assert len(docker("images", "nginx:latest").stdout.splitlines()) == 2
    assert "sample layer" in docker("history", "busybox:1.36").stdout


def test_networks_and_volumes(docker):
    out = docker("network", "ls").stdout
    for name in ("bridge", "host", "none", "shop_default"):
        assert name in out
    out = docker("network", "ls", "-q", "-f", "driver=host").stdout
    assert out == "6a3cb155dc28\n"
    assert docker("volume", "ls", "-q").stdout.split() == ["scratch", "shop_data"]
    assert docker("volume", "ls", "-q", "-f", "name=scr").stdout == "scratch\n"


def test_disk_usage(docker):
    assert "Local Volumes" in docker("system", "df").stdout
    docker("system", "df", "-v")


def test_top(docker):
    assert "postgres: walwriter" in docker("top", "db").stdout
    done = docker("top", "migrate", status=1)
    assert "is not running" in done.stderr


def test_diff_and_port(docker):
    assert "A /run/sample.pid" in docker("diff", "web").stdout
    assert "80/tcp -> 0.0.0.0:8080" in docker("port", "web").stdout


def test_stats_once(docker):
    out = docker("stats", "--no-stream").stdout.splitlines()
    assert [line.split()[1] for line in out[1:]] == ["web", "db"]
    assert "14MiB / 3.831GiB" in out[1]
    assert 1.0 < float(out[1].split()[2].rstrip("%")) < 6.0


def test_logs(docker):
    done = docker("logs", "web")
    assert "configuration complete\n" in done.stdout
    assert "[notice] 1#1: nginx/1.27.4\n" in done.stderr
    done = docker("logs", "--tail", "1", "-t", "web")
    stamp, text = done.stdout.split(" ", 1)
    assert stamp > "2020-01-01T" and stamp.endswith("Z") and text.endswith("404 153\n")
    assert done.stderr == ""
    assert len(docker("logs", "--since", "10m", "web").stdout.splitlines()) == 1
    assert "up to date" in docker("logs", "-f", "migrate").stdout
    docker("logs", "nope", status=1)


def first_lines(process, count):
    """The first lines that the CLI prints; then the client leaves."""
    lines = [process.stdout.readline().decode() for _ in range(count)]
    process.terminate()
    process.wait(TIMEOUT)
    process.stdout.close()
    return lines


def test_logs_follow(docker):
    lines = first_lines(docker.start("logs", "-f", "--tail", "0", "web"), 2)
    assert all(line.startswith("172.18.0.1") for line in lines)


def test_events(docker):
    lines = first_lines(docker.start("events"), 2)
    assert "container health_status: healthy" in lines[0]
    assert "container exec_create: pg_isready" in lines[1]


def test_events_of_the_past(docker):
    args = ["events", "--since", "1h", "--until", "0s"]
    assert len(docker(*args).stdout.splitlines()) == 6
    out = docker(*args, "--filter", "type=volume").stdout
    assert " volume mount shop_data " in out and len(out.splitlines()) == 1
    out = docker(*args, "--filter", "container=db").stdout
    assert len(out.splitlines()) == 3
    out = docker(*args, "--filter", "event=exec_die").stdout
    assert "exitCode=0" in out and len(out.splitlines()) == 1


def test_stats_stream(docker):
    process = docker.start("stats", "--format", "{{.Name}}", "web")
    try:
        for line in process.stdout:
            if b"web" in line:
                break
        else:
            pytest.fail("no sample")
    finally:
        process.kill()
        process.wait(TIMEOUT)
        process.stdout.close()


@pytest.mark.parametrize("args, out", [
    (["echo", "hello", "there"], "hello there\n"),
    (["echo", "-n", "x"], "x"),
    (["/bin/echo", "x" * 3000], "x" * 3000 + "\n"),
    (["id"], "uid=0(root) gid=0(root) groups=0(root)\n"),
    (["hostname"], "0bf6c2ac282f\n"),
    (["sh", "-c", "echo 'a  b' \"c\""], "a  b c\n"),
    (["cat", "/etc/hostname"], "0bf6c2ac282f\n"),
])
def test_exec(docker, args, out):
    assert docker("exec", "web", *args).stdout == out


def test_exec_knows_its_container(docker):
    assert "bin\n" in docker("exec", "web", "ls").stdout
    assert docker("exec", "db", "uname", "-a").stdout.startswith("Linux 53c3709585d9 ")
    out = docker("exec", "-e", "EXTRA=1", "db", "env").stdout
    assert "POSTGRES_USER=shop\n" in out and "EXTRA=1\n" in out


@pytest.mark.parametrize("args, status, text", [
    (["false"], 1, ""),
    (["nonsense"], 127, 'exec: "nonsense": executable file not found'),
    (["sh", "-c", "exit 3"], 3, ""),
    (["sh", "-c", "nonsense"], 127, "sh: nonsense: not found"),
    (["sh", "-c", "echo a | cat"], 2, "plain commands"),
    (["ls", "/nowhere"], 1, "No such file or directory"),
])
def test_exec_status(docker, args, status, text):
    done = docker("exec", "web", *args, status=status)
    assert text in done.stdout + done.stderr


def test_exec_refused(docker):
    assert "is not running" in docker("exec", "migrate", "ls", status=1).stderr
    assert "No such container: x" in docker("exec", "x", "ls", status=1).stderr


def test_exec_stdin(docker):
    assert docker("exec", "-i", "web", "cat", input="hi\n").stdout == "hi\n"
    big = "".join(f"line {i}\n" for i in range(100000))
    assert docker("exec", "-i", "web", "cat", input=big).stdout == big
    out = docker("exec", "-i", "web", "sh", input="echo one\nexit 4\n", status=4)
    assert out.stdout == "one\n"
    assert docker("exec", "-i", "web", "sh", input="echo last").stdout == "last\n"


def test_exec_without_stdin_ends(docker):
    assert docker("exec", "web", "cat", input="unread").stdout == ""
    docker("exec", "-d", "web", "cat")


class Terminal:
    def __init__(self, docker, *args):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(docker.cli, [docker.cli, *args], docker.env)
        self.seen = b""

    def read(self):
        ready, _, _ = select.select([self.fd], [], [], TIMEOUT)
        assert ready, self.seen
        try:
            return os.read(self.fd, 4096)
        except OSError:  # what a terminal's EOF looks like
            return b""

    def expect(self, text):
        while text not in self.seen:
            more = self.read()
            assert more, self.seen
            self.seen += more
        self.seen = self.seen.split(text, 1)[1]

    def type(self, text):
        os.write(self.fd, text)

    def wait(self):
        while self.read():
            pass
        os.close(self.fd)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def test_exec_terminal(docker):
    terminal = Terminal(docker, "exec", "-it", "web", "sh")
    terminal.expect(b"/ # ")
    terminal.type(b"eqq\x7f\x7fcho \x1b[Ahello\r")
    terminal.expect(b"\r\nhello\r\n/ # ")
    terminal.type(b"nonsense\r")
    terminal.expect(b"sh: nonsense: not found\r\n/ # ")
    terminal.type(b"cat\r")
    terminal.expect(b"cat\r\n")
    terminal.type(b"moo\r")
    terminal.expect(b"moo\r\nmoo\r\n")
    terminal.type(b"\x04")
    terminal.expect(b"/ # ")
    terminal.type(b"half\x03")
    terminal.expect(b"^C\r\n/ # ")
    terminal.type(b"exit 7\r")
    assert terminal.wait() == 7


def test_exec_terminal_end_of_input(docker):
    terminal = Terminal(docker, "exec", "-it", "db", "sh")
    terminal.expect(b"/ # ")
    terminal.type(b"\x04")
    assert terminal.wait() == 0


@pytest.mark.parametrize("args", [
    ["stop", "web"],
    ["rm", "-f", "web"],
    ["create", "busybox:1.36"],
    ["rmi", "nginx"],
    ["pull", "busybox:1.36"],
    ["network", "create", "x"],
    ["volume", "rm", "scratch"],
    ["rename", "web", "x"],
])
def test_writing_is_not_done(docker, args):
    done = docker(*args, status=1)
    assert "the demonstration engine does not do this" in done.stderr


def test_swarm_is_off(docker):
    assert "not a swarm manager" in docker("service", "ls", status=1).stderr


# --- bytes by hand ------------------------------------------------------------


class Reply:
    def __init__(self, file, method="GET"):
        line = file.readline()
        assert line.startswith(b"HTTP/1.1 "), line
        self.status = int(line.split()[1])
        self.head = {}
        for field in iter(file.readline, b"\r\n"):
            assert field.endswith(b"\r\n"), field
            name, value = field.decode().split(":", 1)
            assert name.lower() not in self.head
            self.head[name.lower()] = value.strip()
        self.body = b"" if method == "HEAD" else self.read_body(file)

    def read_body(self, file):
        if self.head.get("transfer-encoding") == "chunked":
            body = b""
            while size := int(file.readline(), 16):
                body += file.read(size)
                assert file.readline() == b"\r\n"
            assert file.readline() == b"\r\n"
            return body
        if "content-length" in self.head:
            return file.read(int(self.head["content-length"]))
        return b""

    @property
    def message(self):
        return json.loads(self.body)["message"]


def request(method, path, body=None, fields=()):
    head = f"{method} {path} HTTP/1.1\r\nHost: docker\r\n"
    for field in fields:
        head += field + "\r\n"
    if body is None:
        return (head + "\r\n").encode()
    return (head + "Content-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}").encode()


@pytest.fixture
def wire(engine):
    s = connect(engine)
    file = s.makefile("rb")

    def call(method, path, *args, **options):
        s.sendall(request(method, path, *args, **options))
        return Reply(file, method)

    call.socket, call.file = s, file
    yield call
    file.close()
    s.close()


def test_ping_and_keep_alive(wire):
    reply = wire("HEAD", "/_ping")
    assert reply.status == 200
    assert reply.head["api-version"] == "1.41"
    assert reply.head["ostype"] == "linux"
    assert reply.head["docker-experimental"] == "false"
    assert reply.head["server"] == "Docker/20.10.24 (linux)"
    assert wire("GET", "/_ping").body == b"OK"
    assert wire("GET", "/v1.24/_ping").body == b"OK"


@pytest.mark.parametrize("method, path, status, message", [
    ("GET", "/nope", 404, "page not found"),
    ("GET", "/containers/x/json", 404, "No such container: x"),
    ("GET", "/containers/x/logs?stdout=1", 404, "No such container: x"),
    ("GET", "/containers/web/logs", 400,
     "Bad parameters: you must choose at least one stream"),
    ("GET", "/images/a/b/c:d/json", 404, "No such image: a/b/c:d"),
    ("GET", "/networks/x", 404, "network x not found"),
    ("GET", "/volumes/x", 404, "get x: no such volume"),
    ("GET", "/exec/x/json", 404, "No such exec instance: x"),
    ("POST", "/exec/x/start", 404, "No such exec instance: x"),
    ("GET", "/containers/json?filters={", 400, "invalid filter"),
    ("GET", "/containers/json?filters=%5B%5D", 400, "invalid filter"),
    ("POST", "/containers/web/exec", 400, "No exec command specified"),
    ("DELETE", "/containers/web", 501,
     "the demonstration engine does not do this"),
    ("GET", "/containers/web/export", 501,
     "the demonstration engine does not do this"),
    ("GET", "/v1.42/info", 400, "client version 1.42 is too new. "
     "Maximum supported API version is 1.41"),
])
def test_errors_keep_the_connection(wire, method, path, status, message):
    reply = wire(method, path)
    assert (reply.status, reply.message) == (status, message)
    assert reply.head["content-type"] == "application/json"
    assert wire("GET", "/_ping").body == b"OK"


@pytest.mark.parametrize("raw, status", [
    (b"GET /_ping HTTP/1.1\nHost: x\n\n", 400),
    (b"nonsense\r\n\r\n", 400),
    (b"GET //info HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 70000, 431),
    (b"POST /build HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nz", 400),
])
def test_malformed_requests_end_the_connection(wire, raw, status):
    wire.socket.sendall(raw)
    reply = Reply(wire.file)
    assert reply.status == status
    assert reply.head["connection"] == "close"
    assert wire.file.read() == b""


def test_pipelined_requests_and_half_close(wire):
    wire.socket.sendall(request("GET", "/_ping") * 50 + request("GET", "/info"))
    wire.socket.shutdown(socket.SHUT_WR)
    for _ in range(50):
        assert Reply(wire.file).body == b"OK"
    assert json.loads(Reply(wire.file).body)["Name"] == "demo-engine"
    assert wire.file.read() == b""


def test_bytes_one_by_one(wire):
    body = '{"Cmd": ["true"]}'
    for byte in request("POST", "/containers/web/exec", body):
        wire.socket.sendall(bytes([byte]))
    assert Reply(wire.file).status == 201


def test_large_body_of_a_call_not_done(wire):
    wire.socket.sendall(b"POST /build HTTP/1.1\r\nHost: x\r\n"
                        b"Transfer-Encoding: chunked\r\n\r\n")
    for _ in range(64):
        wire.socket.sendall(b"4000\r\n" + bytes(0x4000) + b"\r\n")
    wire.socket.sendall(b"0\r\n\r\n")
    assert Reply(wire.file).status == 501
    assert wire("GET", "/_ping").body == b"OK"


def test_expect_continue(wire):
    body = '{"Cmd": ["true"]}'
    whole = request("POST", "/containers/web/exec", body,
                    ["Expect: 100-continue"])
    wire.socket.sendall(whole[:-len(body)])
    assert wire.file.readline() == b"HTTP/1.1 100 Continue\r\n"
    assert wire.file.readline() == b"\r\n"
    wire.socket.sendall(body.encode())
    assert Reply(wire.file).status == 201


def test_old_http(wire):
    wire.socket.sendall(b"GET /containers/web/logs?stdout=1&tail=1 HTTP/1.0\r\n\r\n")
    text = wire.file.read()
    head, body = text.split(b"\r\n\r\n", 1)
    assert b"Transfer-Encoding" not in head and b"Connection: close" in head
    assert body[:4] == b"\x01\0\0\0" and body.endswith(b"404 153\n")


def test_logs_are_multiplexed(wire):
    body = wire("GET", "/containers/web/logs?stdout=1&stderr=1&tail=2").body
    frames = []
    while body:
        fd, size = struct.unpack(">BxxxI", body[:8])
        frames.append((fd, body[8:8 + size]))
        body = body[8 + size:]
    assert [fd for fd, _ in frames] == [2, 1]
    assert all(text.endswith(b"\n") for _, text in frames)


def create_exec(wire, **config):
    reply = wire("POST", "/containers/web/exec", json.dumps(config))
    assert reply.status == 201
    return json.loads(reply.body)["Id"]


UPGRADE = ["Connection: Upgrade", "Upgrade: tcp"]


@pytest.mark.parametrize("fields, status", [(UPGRADE, 101), ([], 200)])
def test_raw_stream(engine, wire, fields, status):
    exec_id = create_exec(wire, Cmd=["cat"], AttachStdin=True, AttachStdout=True)
    # The first bytes of standard input may come with the request.
    wire.socket.sendall(request("POST", f"/exec/{exec_id}/start", "{}", fields)
                        + b"early")
    reply = Reply(wire.file)
    assert reply.status == status
    assert reply.head["content-type"] == "application/vnd.docker.raw-stream"
    assert reply.head.get("upgrade") == ("tcp" if fields else None)
    assert wire.file.read(13) == b"\x01\0\0\0\0\0\0\x05early"
    with connect(engine) as other:
        other.sendall(request("GET", f"/exec/{exec_id}/json"))
        shown = json.loads(Reply(other.makefile("rb")).body)
    assert shown["Running"] is True and shown["ExitCode"] is None
    wire.socket.sendall(b"late")
    assert wire.file.read(12) == b"\x01\0\0\0\0\0\0\x04late"
    wire.socket.shutdown(socket.SHUT_WR)
    assert wire.file.read() == b""
    with connect(engine) as other:
        other.sendall(request("GET", f"/exec/{exec_id}/json"))
        shown = json.loads(Reply(other.makefile("rb")).body)
    assert shown["Running"] is False and shown["ExitCode"] == 0
    assert shown["ProcessConfig"]["entrypoint"] == "cat"


def test_exec_runs_once_and_may_be_detached(wire):
    exec_id = create_exec(wire, Cmd=["false"])
    path = f"/exec/{exec_id}"
    assert wire("POST", path + "/start", '{"Detach": true}').status == 200
    assert json.loads(wire("GET", path + "/json").body)["ExitCode"] == 1
    assert wire("POST", path + "/start", '{"Detach": true}').status == 409
    assert wire("POST", path + "/resize?h=24&w=80").status == 200


@pytest.mark.parametrize("body", [
    "[]", "{", '{"Cmd": []}', '{"Cmd": "ls"}', '{"Cmd": [1]}',
    json.dumps({"Cmd": ["x"] * 65}), "x" * 100000,
])
def test_exec_wants_a_command(wire, body):
    reply = wire("POST", "/containers/web/exec", body)
    assert (reply.status, reply.message) == (400, "No exec command specified")


def test_output_waits_for_a_slow_reader(wire):
    """cat stops reading when nobody takes what it says."""
    exec_id = create_exec(wire, Cmd=["cat"], AttachStdin=True, AttachStdout=True,
                          Tty=False)
    wire.socket.sendall(request("POST", f"/exec/{exec_id}/start", "{}", UPGRADE))
    assert Reply(wire.file).status == 101
    wire.socket.settimeout(1)
    sent = 0
    with pytest.raises(TimeoutError):
        while sent < 64 << 20:
            sent += wire.socket.send(b"x" * 65536)
    assert sent < 4 << 20
    wire.socket.settimeout(TIMEOUT)
    wire.socket.shutdown(socket.SHUT_WR)
    received = 0
    while head := wire.file.read(8):
        size = struct.unpack(">I", head[4:])[0]
        assert len(wire.file.read(size)) == size
        received += size
    assert received == sent


def test_more_connections_than_it_takes(engine):
    """Those beyond its limit wait; none is lost."""
    opened = [connect(engine) for _ in range(300)]
    try:
        for s in opened:
            s.sendall(request("GET", "/_ping", fields=["Connection: close"]))
        for s in opened:
            assert Reply(s.makefile("rb")).body == b"OK"
            s.close()
    finally:
        for s in opened:
            s.close()


# --- the process ----------------------------------------------------------------


def test_replaces_its_old_socket_only(tmp_path):
    path = tmp_path / "engine.sock"
    old = socket.socket(socket.AF_UNIX)
    old.bind(str(path))
    old.close()
    process = start_engine(str(path))
    wait_until_listening(process, str(path))
    assert path.stat().st_mode & 0o777 == 0o600
    assert stop_engine(process, signal.SIGINT) == 0
    path.write_text("mine")
    assert start_engine(str(path)).wait(TIMEOUT) == 1
    assert path.read_text() == "mine"


def test_ends_while_streams_run(tmp_path):
    path = str(tmp_path / "engine.sock")
    process = start_engine(path)
    wait_until_listening(process, path)
    with connect(path) as s:
        s.sendall(request("GET", "/events"))
        assert s.recv(15) == b"HTTP/1.1 200 OK"
        assert stop_engine(process) == 0
