"""The image that `make image` prepares, and one for its clients."""

import fcntl
import io
import os
import pathlib
import subprocess
import tarfile

import cli
from engine import busybox_root, entry
from wait import until

ROOT = pathlib.Path(__file__).resolve().parents[2]
IMAGE = "docker-proxy"


def make_image():
    environment = {k: v for k, v in os.environ.items()
                   if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "VARIANT")}
    done = subprocess.run(["make", "-s", "image"], cwd=ROOT, text=True,
                          env=environment, capture_output=True)
    assert done.returncode == 0, done.stdout + done.stderr


def client_root():
    """A tar of busybox and Debian's docker with its libraries."""
    packed = io.BytesIO(busybox_root())
    with tarfile.open(fileobj=packed, mode="a") as tar:
        tar.add(cli.DEBIAN, "bin/docker")
        needs = subprocess.run(["ldd", cli.DEBIAN], check=True, text=True,
                               stdout=subprocess.PIPE).stdout
        for word in needs.split():
            if word.startswith("/"):
                tar.add(os.path.realpath(word), word.lstrip("/"))
        text = b"hosts: files dns\n"
        tar.addfile(entry("etc/nsswitch.conf", size=len(text)),
                    io.BytesIO(text))
    return packed.getvalue()


def build(docker):
    """Builds the one from the tarball, imports `client`: a shell and docker."""
    with open(ROOT / "build" / "image.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another worker wants it, too
        make_image()
        with open(ROOT / "build" / "image.tar.gz", "rb") as context:
            docker.ok("build", "--tag", IMAGE, "-", stdin=context)
    docker.ok("import", "-", "client", data=client_root())


def health(docker, name):
    return docker.ok("inspect", "--format", "{{.State.Health.Status}}",
                     name).strip()


def until_healthy(docker, name):
    until(lambda: health(docker, name) == "healthy",
          lambda: f"{name} to be healthy\n{docker.run('logs', name).err}"
          + docker.ok("inspect", "--format", "{{json .State}}", name))
