"""The Debian package, installed, upgraded, removed and purged in a copy of
this machine's file system that ends with the test; root."""

import os
import re
import subprocess

import pytest

from conftest import ROOT, make, version_of_the_program

# A layer over all there is, in a mount namespace of its own.
INSIDE = """
set -e
mount -t tmpfs layer "$1" && mkdir "$1/up" "$1/work" "$1/root"
mount -t overlay -o "lowerdir=/,upperdir=$1/up,workdir=$1/work" root "$1/root"
mount --bind /proc "$1/root/proc" && mount --bind /dev "$1/root/dev"
mkdir -p "$1/root/tmp" && cp "$2" "$1/root/tmp/package.deb"
exec chroot "$1/root" sh -ec "$3"
"""


@pytest.fixture(scope="module")
def package():
    return ROOT / make("deb").split()[-1]


@pytest.fixture
def inside(package, tmp_path):
    """A function: what a script prints there."""
    assert os.geteuid() == 0, "installing a package needs root"

    def run(script):
        done = subprocess.run(
            ["unshare", "--mount", "sh", "-ec", INSIDE, "sh", tmp_path,
             package, "export DEBIAN_FRONTEND=noninteractive\n" + script],
            capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout
    return run


INSTALL = "dpkg -i /tmp/package.deb >/dev/null 2>&1\n"
PROGRAM = "/usr/lib/docker-proxy/bin/docker-proxy"
CONF = "/etc/docker-proxy/docker-proxy.conf"


def test_what_is_installed(inside):
    out = inside(INSTALL + f"""
        {PROGRAM} --version
        stat -c '%U %G %a' {CONF}
        getent passwd docker-proxy | cut -d: -f1,7
        {PROGRAM} --check-config --config {CONF} >/dev/null && echo valid
        setpriv --reuid docker-proxy --regid docker-proxy --clear-groups \
            cat {CONF} >/dev/null && echo readable
        command -v docker-proxy || true
        systemd-analyze verify --man=no docker-proxy.service \
            docker-proxy.socket 2>&1 | grep docker-proxy || echo verified
        dpkg --verify docker-proxy
    """)
    shown = [line for line in out.splitlines()
             if line != "/usr/sbin/docker-proxy"]  # the Engine's own
    assert shown == [
        f"docker-proxy {version_of_the_program()}",
        "root docker-proxy 640", "docker-proxy:/usr/sbin/nologin",
        "valid", "readable", "verified"]


def test_an_upgrade_leaves_the_configuration(inside):
    assert inside(INSTALL + f"""
        echo '# mine' >>{CONF}; chmod 600 {CONF}
        dpkg --force-confold -i /tmp/package.deb \
            >/dev/null 2>&1
        tail -n 1 {CONF}; stat -c %a {CONF}
    """) == "# mine\n600\n"


def test_it_leaves_nothing(inside):
    out = inside("find /usr /etc /var /lib /opt -xdev -name '*docker-proxy*' | sort >/tmp/before\n"
                 + INSTALL + f"""
        dpkg -r docker-proxy >/dev/null 2>&1
        test -e {CONF} && echo kept; test ! -e {PROGRAM}
        dpkg -P docker-proxy >/dev/null 2>&1
        find /usr /etc /var /lib /opt -xdev -name '*docker-proxy*' | sort >/tmp/after
        diff /tmp/before /tmp/after && echo clean
    """)
    assert out == "kept\nclean\n"


def test_it_depends_on_what_it_links(package):
    depends = subprocess.run(["dpkg-deb", "-f", package, "Depends"],
                             check=True, capture_output=True, text=True).stdout
    for library in ("libc6", "libssl3", "libfyaml0", "libpcre2-8-0",
                    "libseccomp2", "libjansson4", "libevent-core-2.1-7"):
        assert re.search(rf"(^|, ){re.escape(library)} \(>= ", depends)


def test_the_changelog_is_of_this_version(package):
    version = subprocess.run(["dpkg-deb", "-f", package, "Version"],
                             check=True, capture_output=True, text=True).stdout
    first = (ROOT / "packaging" / "deb" / "changelog").open().readline()
    assert first.startswith(f"docker-proxy ({version.strip()}) ")
