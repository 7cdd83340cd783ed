"""The units: systemd takes them, and finds them well shut."""

import configparser
import subprocess

import pytest
import yaml

from conftest import ROOT

EXPOSURE = 20  # tenths; "OK" begins at 5.0, "SAFE" at 1.0


@pytest.fixture
def units(installed):
    return installed / "lib" / "systemd" / "system"


def analyze(*arguments):
    return subprocess.run(["systemd-analyze", *map(str, arguments)],
                          capture_output=True, text=True, timeout=60)


def test_systemd_takes_them(units):
    done = analyze("verify", "--man=no", units / "docker-proxy.service",
                   units / "docker-proxy.socket")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_service_is_hardened(units):
    done = analyze("security", "--offline=true", "--no-pager",
                   f"--threshold={EXPOSURE}", units / "docker-proxy.service")
    assert done.returncode == 0, done.stdout


def unit(path):
    parser = configparser.ConfigParser(interpolation=None, strict=False,
                                       delimiters="=")
    parser.optionxform = str
    parser.read(path)
    return parser


def test_it_starts_what_was_installed(units, installed):
    service = unit(units / "docker-proxy.service")
    program = service["Service"]["ExecStart"].split()[0]
    assert program == str(installed / "bin" / "docker-proxy")
    manual = service["Unit"]["Documentation"].removeprefix("file://")
    assert open(manual).readline() == "# docker-proxy\n"


def test_the_socket_is_that_of_the_configuration(units):
    """Or the proxy would refuse what it is passed."""
    conf = yaml.safe_load((ROOT / "packaging" / "docker-proxy.conf").open())
    paths = [each["unix"] for each in conf["global"]["listeners"]]
    socket = unit(units / "docker-proxy.socket")["Socket"]
    assert paths == [socket["ListenStream"]]


def test_the_user_is_made(installed):
    rules = (installed / "lib" / "sysusers.d" / "docker-proxy.conf")
    made = [line.split()[1] for line in rules.read_text().splitlines()
            if line.startswith("u ")]
    service = unit(ROOT / "packaging" / "systemd" / "docker-proxy.service")
    assert made == [service["Service"]["User"]]
