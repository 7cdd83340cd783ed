"""What `make run` starts where there is no Engine: serve --demo."""

import os
import pathlib
import re
import signal
import subprocess

import pytest

import cli
import proxy as proxies
from wait import SECONDS, until

TOGGLES = {"CONTAINERS": "1", "ALLOW_EXEC": "1"}
NO_ENGINE = "/nonexistent/docker.sock"


class Run:
    """serve --demo in a folder of its own, on a port of its own."""

    def __init__(self, folder, **environment):
        self.log = folder / "log"
        self.port = proxies.free_port()
        self.host = f"tcp://127.0.0.1:{self.port}"
        sanitizers = {name: value for name, value in os.environ.items()
                      if name.endswith("SAN_OPTIONS")}
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", proxies.binary(), "serve",
                 "--demo"],
                env={"PATH": os.environ["PATH"], "DOCKER_SOCKET": NO_ENGINE,
                     "DOCKER_PROXY_PORT": str(self.port), **sanitizers,
                     **environment},
                cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        until(lambda: "try: " in self.text() or self.process.poll() is not None,
              lambda: "the start-up lines\n" + self.text())

    def text(self):
        return self.log.read_text(errors="replace")

    def lines(self):
        """The log without times and levels."""
        return [line.split(None, 2)[2] for line in self.text().splitlines()]

    def folder(self):
        """Where the demonstration engine has its socket."""
        found = re.search(r"the Engine at (\S+)/docker\.sock", self.text())
        return pathlib.Path(found[1])

    def stop(self, sent=signal.SIGTERM):
        """The exit code."""
        if self.process.poll() is None:
            self.process.send_signal(sent)
        try:
            return self.process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(SECONDS)
            raise AssertionError(f"it did not stop\n{self.text()}") from None


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    run = Run(tmp_path_factory.mktemp("run"), **TOGGLES)
    yield run
    assert run.stop() == 0, run.text()
    assert not proxies.BAD_SIGNS.search(run.text())


@pytest.fixture
def docker(program, running, home):
    return cli.Docker(program, running.host, home)


# --- what it says -------------------------------------------------------------


def words(lines, start):
    line = next(line for line in lines if line.startswith(start))
    return line.partition(": ")[2].split()


def test_start_up_lines(running):
    lines = running.lines()
    assert (f"no Docker Engine answers at {NO_ENGINE}: a built-in "
            "demonstration engine with sample data takes its place") in lines
    assert f"listening on {running.host}" in lines
    assert f"try: docker -H {running.host} version" in lines
    assert any(re.match(r"docker-proxy [0-9.]+: \d+ rules, default deny, "
                        r"\d+ threads, the Engine at /", line)
               for line in lines)


def test_it_says_what_is_open_and_closed(running):
    opened = words(running.lines(), "open: ")
    closed = words(running.lines(), "closed (NAME=1 opens it): ")
    assert {"CONTAINERS", "EVENTS", "PING", "VERSION", "ALLOW_EXEC"} \
        <= set(opened)
    assert {"POST", "EXEC", "IMAGES", "ALLOW_START"} <= set(closed)
    assert not set(opened) & set(closed)


# --- what it does ---------------------------------------------------------------


def test_the_line_to_try(running, program, home):
    """As it is printed, but for the client's own settings."""
    line = next(line for line in running.lines() if line.startswith("try: "))
    arguments = line.removeprefix("try: docker ").split()
    out = cli.Docker(program, NO_ENGINE, home).ok(*arguments)
    assert "Docker Engine - demonstration" in out


def test_ps(docker):
    names = docker.ok("ps", "--format", "{{.Names}}").split()
    assert "web" in names


def test_inspect(docker):
    out = docker.ok("inspect", "--format", "{{.Name}} {{.State.Status}}", "web")
    assert out.split() == ["/web", "running"]


def test_events(docker):
    with docker.start("events", "--since", "1h") as events:
        assert "container" in events.line()
        assert events.running()


def test_exec(docker):
    assert docker.ok("exec", "web", "echo", "hello") == "hello\n"


def test_exec_with_input(docker):
    assert docker.ok("exec", "-i", "web", "cat", data=b"in\n") == "in\n"


@pytest.mark.parametrize("arguments, message", [
    (["images"], "IMAGES=0: IMAGES=1 opens /images"),
    (["stop", "web"], "ALLOW_STOP=0: ALLOW_STOP=1 opens just this call"),
    (["run", "hello"], "ALLOW_CREATE=0: ALLOW_CREATE=1 opens just this call"),
], ids=lambda value: value[0] if isinstance(value, list) else "")
def test_what_is_closed_says_what_opens_it(docker, running, arguments, message):
    done = docker.run(*arguments)
    assert done.code != 0
    assert message in done.err.decode()
    until(lambda: f'why="{message}"' in running.text(), "the log has it")


# --- how it ends ----------------------------------------------------------------


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM],
                         ids=["int", "term"])
def test_it_leaves_nothing_behind(tmp_path, sent):
    run = Run(tmp_path)
    folder = run.folder()
    children = pathlib.Path(
        f"/proc/{run.process.pid}/task/{run.process.pid}/children")
    child = int(children.read_text())
    assert folder.is_dir()
    assert run.stop(sent) == 0, run.text()
    assert run.lines()[-1] == "stopped"
    assert not folder.exists()
    # It has ended, and waits for whoever takes over orphans.
    state = pathlib.Path(f"/proc/{child}/stat")
    assert not state.exists() or ") Z " in state.read_text()


def test_a_port_in_use(tmp_path, running):
    run = Run(tmp_path, DOCKER_PROXY_PORT=str(running.port))
    assert run.process.wait(SECONDS) == 1
    assert (f"cannot listen on {running.host}: Address already in use"
            in run.lines())
