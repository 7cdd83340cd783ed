"""Run the proxy under test, and see that it ends well."""

import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile

import yaml

from one_request import ask
from wait import SECONDS, until

ROOT = pathlib.Path(__file__).resolve().parents[2]
BAD_SIGNS = re.compile(
    r"AddressSanitizer|LeakSanitizer|ThreadSanitizer|runtime error:"
    r"|Assertion .* failed|stack smashing")


# Less than the drain time, that nobody waits for what gets none.
STOP_SECONDS = 20


def binary():
    path = pathlib.Path(os.environ.get("DOCKER_PROXY")
                        or ROOT / "build" / "docker-proxy")
    if not os.access(path, os.X_OK):
        raise RuntimeError(f"{path} is missing: run make first")
    return str(path.resolve())


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Proxy:
    """A running proxy in front of an Engine's socket, or of its URL.

    Either `toggles`, the environment of a proxy without a file, or
    `policy`, the YAML file as a dict; `unix` listens on a unix socket
    instead of a loopback port (with a policy only).
    """

    def __init__(self, engine_socket, toggles=None, policy=None, unix=False,
                 arguments=()):
        command = [binary(), *arguments]
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="proxy-"))
        self.log = self.folder / "log"
        self.unix = str(self.folder / "proxy.sock") if unix else None
        self.port = None if unix else free_port()
        self.process = None
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder)}
        if policy is None:
            environment.update(SOCKET_PATH=str(engine_socket),
                               DOCKER_PROXY_PORT=str(self.port),
                               DOCKER_PROXY_BIND="127.0.0.1",
                               **(toggles or {}))
        else:
            command += ["--config", self._write(policy, engine_socket)]
        for name, value in os.environ.items():
            if name.endswith("SAN_OPTIONS"):
                environment[name] = value
        self._start(command, environment)

    def _write(self, policy, engine_socket):
        file = dict(policy)
        url = str(engine_socket)
        file["global"] = dict(
            policy.get("global", {}),
            socket=url if "://" in url else f"unix://{url}")
        if self.unix:
            file["global"]["listeners"] = [
                {"name": "test", "unix": self.unix}]
        else:
            file["global"].update(bind="127.0.0.1", port=self.port)
        path = self.folder / "docker-proxy.conf"
        path.write_text(yaml.safe_dump(file))
        return str(path)

    def _start(self, command, environment):
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *command],
                env=environment, cwd=self.folder, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log)
        try:
            until(self._ready, lambda: "the proxy to listen\n" + self.text())
        except BaseException:
            self._kill()
            raise

    def _ready(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"the proxy ended with "
                               f"{self.process.returncode}\n{self.text()}")
        try:
            self.connect().close()
        except OSError:
            return False
        return True

    def connect(self):
        if self.unix:
            client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            client.settimeout(SECONDS)
            client.connect(self.unix)
            return client
        return socket.create_connection(("127.0.0.1", self.port),
                                        SECONDS)

    @property
    def host(self):
        return f"unix://{self.unix}" if self.unix \
            else f"tcp://127.0.0.1:{self.port}"

    @property
    def pid(self):
        return self.process.pid

    def ask(self, method, target, body=None, headers=None):
        """One request on a connection of its own: (status, body)."""
        return ask(self.connect(), method, target, body, headers)

    def memory(self, line="VmRSS"):
        """A line of the kernel's account of the process, in KiB."""
        text = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(rf"^{line}:\s+(\d+) kB", text, re.M)[1])

    def forget_peak(self):
        """Let VmHWM start again from now."""
        pathlib.Path(f"/proc/{self.pid}/clear_refs").write_text("5")

    def sanitized(self):
        """Whether the program pays for a sanitizer's shadow memory."""
        program = pathlib.Path(f"/proc/{self.pid}/exe").read_bytes()
        return b"__asan_init" in program or b"__tsan_init" in program

    def text(self):
        return self.log.read_text(errors="replace")

    def stop(self):
        """SIGTERM, and what ended() insists on."""
        self.terminate()
        self.ended()

    def terminate(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)

    def ended(self):
        """The proxy must end by itself, with 0 and no cry for help."""
        try:
            code = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            raise AssertionError("the proxy still runs long after SIGTERM\n"
                                 + self._kill()) from None
        text = self.text()
        shutil.rmtree(self.folder, ignore_errors=True)
        assert code == 0, f"the proxy ended with {code}\n{text}"
        assert not BAD_SIGNS.search(text), text

    def _kill(self):
        """End it the hard way; what it had logged."""
        self.process.kill()
        self.process.wait(SECONDS)
        text = self.text()
        shutil.rmtree(self.folder)
        return text

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
