"""The proxy as a process: start, look at, stop."""

import json
import os
import re
import signal
import socket
import subprocess
import threading
import time

import raw_client
import wire

BINARY = os.environ.get("DOCKER_PROXY", "build/docker-proxy")
# A command that the proxy runs under: valgrind and its options.
UNDER = os.environ.get("UNDER", "").split()
COVERED = "/cover/" in BINARY
SANITIZED = bool(UNDER) or re.search("asan|tsan|ubsan", BINARY) is not None

# What no log may hold, whatever the client or the Engine did.
FORBIDDEN = re.compile(
    r"BUG|Sanitizer|runtime error:|[Aa]ssertion|core dumped|SEGV|double free")

DENIALS = [
    {"name": "no-secrets", "action": "deny", "message": "secrets are closed",
     "conditions": [{"field": "path", "operator": "starts_with",
                     "value": "/secrets"}]},
    {"name": "no-kill", "action": "deny",
     "conditions": [{"field": "path", "operator": "matches",
                     "value": "^/containers/[^/]+/kill$"}]},
    {"name": "no-privileged", "action": "deny",
     "conditions": [{"field": "path", "operator": "equals",
                     "value": "/containers/create"},
                    {"field": "body.HostConfig.Privileged",
                     "operator": "equals", "value": True}]},
]


# Where they are not what is tried. A busy machine may not get round to the last
# of many clients in less; and what a stop waits for shows as a hang.
PATIENT = {"request_head": "60s", "tls_handshake": "60s", "drain": "1h"}

_given = set()  # the system may hand the same port out twice


def free_port():
    while True:
        with socket.create_server(("127.0.0.1", 0)) as s:
            port = s.getsockname()[1]
        if port not in _given:
            _given.add(port)
            return port


def configuration(engine_url, folder, **overrides):
    """The usual file: a TCP and a unix listener, one worker, DENIALS. Of
    global_, None takes a setting away."""
    config = {
        "global": {
            "listeners": [
                {"name": "tcp", "bind": "127.0.0.1", "port": free_port()},
                {"name": "unix", "unix": str(folder / "proxy.sock")},
            ],
            "socket": engine_url,
            "default": "allow",
            "threads": 1,
        },
        "auth": {"type": "none"},
        "rules": DENIALS,
    }
    if UNDER:
        # What traces a process needs more than the sandbox leaves it.
        config["global"]["sandbox"] = "off"
    config["global"].update(overrides.pop("global_", {}))
    config["global"]["timeouts"] = {**PATIENT,
                                    **config["global"].get("timeouts", {})}
    config["global"] = {k: v for k, v in config["global"].items()
                        if v is not None}
    config.update(overrides)
    return {k: v for k, v in config.items() if v is not None}


class Proxy:
    """A running docker-proxy with a configuration of its own."""

    def __init__(self, folder, config=None, env=None, port=None):
        self.folder = folder
        self.log_path = folder / "log"
        self.tcp = ("127.0.0.1", port) if port else None
        self.unix = None
        self.args = [*UNDER, os.path.abspath(BINARY)]
        if config:
            self._find_listeners(config["global"])
            path = folder / "config.yaml"
            path.write_text(json.dumps(config, indent=1), encoding="ascii")
            self.args += ["--config", str(path)]
        self.env = {
            "PATH": os.environ["PATH"],
            # A small quarantine, so that memory can still be measured.
            "ASAN_OPTIONS": "quarantine_size_mb=1:abort_on_error=1",
            **(env or {}),
        }
        self.process = None

    def _find_listeners(self, settings):
        if "port" in settings:
            self.tcp = ("127.0.0.1", settings["port"])
        for each in settings.get("listeners", []):
            if "unix" in each:
                self.unix = each["unix"]
            else:
                self.tcp = (each["bind"], each["port"])

    # --- life ---------------------------------------------------------------

    def start(self, log=None):
        """Its log goes to a file of its folder, or to a descriptor."""
        with open(log or self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                self.args, env=self.env, cwd=self.folder, stdout=log,
                stderr=log, stdin=subprocess.DEVNULL)
        wire.wait_until(self._ready, "the proxy accepts connections")
        return self

    def _ready(self):
        assert self.process.poll() is None, \
            f"exit {self.process.returncode} at start: {self.log()}"
        try:
            for kind in ("unix", "tcp"):
                if getattr(self, kind):
                    self.connect(kind).sock.close()
            return True
        except (FileNotFoundError, ConnectionRefusedError):
            return False

    def alive(self):
        return self.process.poll() is None

    def signal(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    def wait(self, timeout=None):
        """The exit status."""
        return self.process.wait(timeout or wire.TIMEOUT)

    def stop(self):
        """SIGTERM must end it with 0, and the log must be clean."""
        if self.alive():
            self.signal()
        try:
            status = self.wait()
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = f"hangs after SIGTERM ({self.process.wait()})"
        assert status == 0, f"exit {status}: {self.log()[-2000:]}"
        self.check_log()

    def check_log(self):
        bad = [line for line in self.log().splitlines()
               if FORBIDDEN.search(line)]
        assert not bad, "\n".join(bad[:20])

    def log(self):
        return self.log_path.read_text("utf-8", "replace")

    # --- connections --------------------------------------------------------

    def connect(self, kind="unix", receive_buffer=None):
        """A client. A small receive buffer (before connecting, that it may
        count) makes the proxy's own one fill."""
        tcp = kind == "tcp" or not self.unix
        address = self.tcp if tcp else self.unix
        family = socket.AF_UNIX
        if tcp:
            family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        sock = socket.socket(family)
        sock.settimeout(wire.TIMEOUT)
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF,
                            receive_buffer)
        try:
            sock.connect(address)
        except OSError:
            sock.close()
            raise
        return raw_client.Client(sock)

    # --- the process --------------------------------------------------------

    def rss_kib(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as f:
            return int(re.search(r"VmRSS:\s+(\d+)", f.read())[1])

    def cpu_ms(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as f:
            fields = f.read().rpartition(")")[2].split()
        ticks = int(fields[11]) + int(fields[12])
        return ticks * 1000 // os.sysconf("SC_CLK_TCK")

    def rests(self):
        """Is there half a second in which it does next to nothing? It may
        have work left at first, and a tick of the clock count as its own; who
        spins has none."""
        def quiet():
            before = self.cpu_ms()
            time.sleep(0.5)
            return self.cpu_ms() - before <= 20
        return any(quiet() for _ in range(10))

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))


class PeakMemory:
    """Watches how far the resident memory rises above where it began."""

    def __init__(self, proxy):
        self.proxy = proxy
        self.begin = self.peak = proxy.rss_kib()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self):
        while not self._stop.wait(0.005):
            self.peak = max(self.peak, self.proxy.rss_kib())

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def growth_kib(self):
        return self.peak - self.begin
