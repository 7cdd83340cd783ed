"""A Docker Engine of the tests' own, in namespaces that end with it.

dockerd runs as the first process of a PID namespace, with mount and network
namespaces beside it. So its bridge and firewall rules touch nothing outside,
and whatever it started (containerd, shims, containers, mounts) is gone when
it is, also when the tests were killed. /run is private, because shims make
their sockets there. Only cgroup directories and the folder stay; remove()
deletes both.

The environment variable ENGINE names the version. This machine's own is the
one without a name; another is unpacked in build/engines (make engines) and
laid over /usr, in its mount namespace alone.
"""

import io
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tarfile
import tempfile

from one_request import ask
from wait import SECONDS, until

BUSYBOX = "/bin/busybox"
CGROUPS = pathlib.Path("/sys/fs/cgroup")
ENGINES = pathlib.Path(__file__).resolve().parents[2] / "build" / "engines"
OWN = "20.10"  # Debian 12's

# In namespaces: own processes, mounts and network; dockerd becomes pid 1.
INSIDE = ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--net",
          "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c",
          "ip link set lo up && mount -t tmpfs run /run && "
          "{ [ -z \"$OVER_USR\" ] || "
          "mount -t overlay -o \"lowerdir=$OVER_USR:/usr\" usr /usr; } && "
          "exec dockerd \"$@\"", "dockerd"]


def wanted():
    """The version to test with."""
    return os.environ.get("ENGINE") or OWN


def over_usr():
    """What is laid over /usr for that version: nothing for the own one."""
    if wanted() == OWN:
        return ""
    folder = ENGINES / wanted()
    if not (folder / "version").exists():
        raise RuntimeError(f"{folder} is missing: make engines "
                           f"ENGINES={wanted()}")
    return str(folder / "usr")


class Engine:
    """One dockerd; start() and stop() may follow each other repeatedly."""

    inside = INSIDE

    def __init__(self):
        for program in ("dockerd", "containerd", "unshare", "setpriv"):
            if not shutil.which(program):
                raise RuntimeError(
                    f"{program} is not installed: the tests in tests/engine "
                    "start an Engine of their own (apt install docker.io)")
        if os.geteuid() != 0:
            raise RuntimeError("dockerd needs root: run these tests as root")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="engine-"))
        self.socket = self.folder / "docker.sock"
        self.log = self.folder / "dockerd.log"
        self.cgroup = self.folder.name
        self.outer = None
        self.pid = None

    @property
    def host(self):
        return f"unix://{self.socket}"

    def start(self):
        environment = dict(os.environ, OVER_USR=over_usr())
        with open(self.log, "ab") as log:
            self.outer = subprocess.Popen(
                [*self.inside, *self.arguments()], env=environment,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        until(self._ready, lambda: "dockerd to answer\n" + self.tail(),
              2 * SECONDS)
        self.pid = self._inner()
        return self

    def arguments(self):
        """Of dockerd."""
        return ["--host", self.host,
                "--data-root", self.folder / "data",
                "--exec-root", self.folder / "exec",
                "--pidfile", self.folder / "dockerd.pid",
                "--config-file", self._config(),
                "--exec-opt", "native.cgroupdriver=cgroupfs",
                "--cgroup-parent", f"/{self.cgroup}"]

    def _config(self):
        """A configuration of our own: the machine's is not to be read."""
        path = self.folder / "daemon.json"
        path.write_text("{}")
        return path

    def _ready(self):
        if self.outer.poll() is not None:
            raise RuntimeError(
                f"dockerd ended with {self.outer.returncode}\n{self.tail()}")
        try:
            return self.get("/_ping") == b"OK"
        except OSError:
            return False

    def _inner(self):
        """dockerd's pid as seen from here: the only child of unshare."""
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(fields[1]) == self.outer.pid:
                return int(stat.parent.name)
        raise RuntimeError("dockerd is gone\n" + self.tail())

    def tail(self, lines=15):
        text = self.log.read_text(errors="replace")
        return "\n".join(text.splitlines()[-lines:])

    def connect(self):
        client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        client.settimeout(SECONDS)
        client.connect(str(self.socket))
        return client

    def ask(self, method, target, body=None, headers=None):
        """One request, directly to the Engine: (status, body)."""
        return ask(self.connect(), method, target, body, headers)

    def get(self, target):
        return self.ask("GET", target)[1]

    def get_json(self, target):
        return json.loads(self.get(target))

    def event_listeners(self):
        """How many event streams the Engine is serving."""
        return self.get_json("/info")["NEventsListener"]

    def stop(self):
        """SIGTERM, then SIGKILL; nothing of the namespace is left."""
        if self.outer is None:
            return
        namespace = self._namespace()
        if self.pid and self.outer.poll() is None:
            os.kill(self.pid, signal.SIGTERM)
        try:
            self.outer.wait(SECONDS)
        except subprocess.TimeoutExpired:
            self.outer.kill()
            self.outer.wait(SECONDS)
        until(lambda: not members(namespace), "the Engine's processes to end")
        self.outer = None
        self.pid = None

    def kill(self):
        """SIGKILL, as of a crash: dockerd and all that it had started."""
        namespace = self._namespace()
        os.kill(self.pid, signal.SIGKILL)
        self.outer.wait(SECONDS)
        until(lambda: not members(namespace), "the Engine's processes to end")
        self.outer = None
        self.pid = None
        # Numbers of a PID namespace that is gone mean others in the next.
        for pidfile in self.folder.glob("**/*.pid"):
            pidfile.unlink()

    def halt(self):
        """Stop dockerd in its tracks, each thread, until go_on()."""
        os.kill(self.pid, signal.SIGSTOP)
        until(lambda: all(state(thread) == "T" for thread in
                          pathlib.Path(f"/proc/{self.pid}/task").iterdir()),
              "the Engine to stand still")

    def go_on(self):
        os.kill(self.pid, signal.SIGCONT)

    def _namespace(self):
        try:
            return os.readlink(f"/proc/{self.pid or self._inner()}/ns/pid")
        except (OSError, RuntimeError):
            return None

    def remove(self):
        """Delete what outlives the processes."""
        self.stop()
        for top in CGROUPS.glob(f"**/{self.cgroup}"):
            for folder, _, _ in os.walk(top, topdown=False):
                os.rmdir(folder)
        shutil.rmtree(self.folder)


def state(process):
    """R, S, T, … of a folder of /proc."""
    return (process / "stat").read_text().rpartition(")")[2].split()[0]


def members(namespace):
    """The live processes of a PID namespace other than our own."""
    if namespace is None or namespace == os.readlink("/proc/self/ns/pid"):
        return []
    found = []
    for link in pathlib.Path("/proc").glob("[0-9]*/ns/pid"):
        try:
            if os.readlink(link) == namespace:
                found.append(int(link.parts[2]))
        except OSError:
            continue
    return found


def busybox_root():
    """A tar of a small root: busybox with its applets, and a web page."""
    if not os.path.exists(BUSYBOX):
        raise RuntimeError(f"{BUSYBOX} is missing: apt install busybox-static")
    applets = subprocess.run([BUSYBOX, "--list"], check=True, text=True,
                             stdout=subprocess.PIPE).stdout.split()
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for folder, mode in (("bin", 0o755), ("etc", 0o755), ("tmp", 0o1777),
                             ("root", 0o700), ("www", 0o755)):
            tar.addfile(entry(folder, type=tarfile.DIRTYPE, mode=mode))
        tar.add(BUSYBOX, "bin/busybox")
        for applet in applets:
            if applet != "busybox":
                tar.addfile(entry(f"bin/{applet}", type=tarfile.SYMTYPE,
                                  linkname="busybox"))
        for name, text in (("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n"),
                           ("etc/group", "root:x:0:\n"),
                           ("www/index.html", "<h1>It works</h1>\n")):
            data = text.encode()
            tar.addfile(entry(name, size=len(data)), io.BytesIO(data))
    return packed.getvalue()


def entry(name, **fields):
    info = tarfile.TarInfo(name)
    info.mode = 0o644
    for key, value in fields.items():
        setattr(info, key, value)
    return info
