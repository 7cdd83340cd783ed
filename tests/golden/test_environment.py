"""Every variable that the documentation names, through --check-config: what it
sets, and what it goes before."""

import os
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("DOCKER_PROXY", str(ROOT / "build" / "docker-proxy"))
FILE = """\
global: {port: 1111, bind: 127.0.0.2, socket: /of/the/file, log_level: error}
auth: {type: none}
"""
# The variables, a file or none, and a line of what --check-config prints.
EFFECTS = [
    ({"DOCKER_PROXY_PORT": "2222"}, FILE,
     '{name: "default", bind: "127.0.0.2", port: 2222}'),
    ({"DOCKER_PROXY_PORT": "2222"}, None,
     '{name: "default", bind: "127.0.0.1", port: 2222}'),
    ({"DOCKER_PROXY_BIND": "::1"}, FILE,
     '{name: "default", bind: "::1", port: 1111}'),
    ({"DOCKER_PROXY_BIND": "127.0.0.3"}, None,
     '{name: "default", bind: "127.0.0.3", port: 2375}'),
    ({"DOCKER_SOCKET": "/of/env"}, FILE, 'socket: "/of/env"'),
    ({"DOCKER_SOCKET": "tcp://10.0.0.1:99"}, None,
     'socket: "tcp://10.0.0.1:99"'),
    ({"SOCKET_PATH": "/of/env"}, FILE, 'socket: "/of/env"'),
    ({"SOCKET_PATH": "/b", "DOCKER_SOCKET": "/a"}, None, 'socket: "/a"'),
    ({"DOCKER_PROXY_LOG_LEVEL": "trace"}, FILE, "log_level: trace"),
    ({"LOG_LEVEL": "notice"}, FILE, "log_level: info"),
    ({"LOG_LEVEL": "debug", "DOCKER_PROXY_LOG_LEVEL": "warn"}, None,
     "log_level: warn"),
    ({"DOCKER_PROXY_SANDBOX": "off"}, FILE, "sandbox: off"),
    ({"DOCKER_PROXY_SECRET": "s"}, None, "type: bearer"),
    ({}, None, "type: none"),
    ({"DOCKER_PROXY_SECRET": "s"}, "auth: {secret: t}\n",
     '- {token: "***", role: "admin"}'),
    ({"DOCKER_PROXY_SECRET": "s"}, "global: {}\n", "type: bearer"),
    ({"DOCKER_PROXY_PROFILE": "tecnativa"}, None,
     "toggles: # profile tecnativa"),
    ({"DOCKER_PROXY_PROFILE": "linuxserver"},
     "auth: {type: none}\ntoggles: env\n", "toggles: # profile linuxserver"),
    ({"DISABLE_IPV6": "1", "DOCKER_PROXY_BIND": "*"}, None,
     '{name: "default", bind: "*", port: 2375} # IPv4 only'),
    ({"CONTAINERS": "1"}, None, "CONTAINERS: 1 # set"),
    ({"DOCKER_PROXY_SANDBOX": "strict"}, None, "sandbox: strict"),
]


@pytest.fixture
def check(tmp_path):
    def run(env, *args):
        sanitizers = {k: v for k, v in os.environ.items()
                      if k.endswith("SAN_OPTIONS")}
        return subprocess.run(
            [BINARY, "--check-config", *args], cwd=tmp_path, timeout=30,
            env={**sanitizers, **env}, capture_output=True, text=True)
    return run


@pytest.mark.parametrize("env, text, expected", EFFECTS)
def test_effect(check, tmp_path, env, text, expected):
    args = []
    if text:
        (tmp_path / "a.conf").write_text(text)
        args = ["--config", "a.conf"]
    run = check(env, *args)
    assert run.returncode == 0, run.stderr
    assert "no such variable" not in run.stderr
    lines = [line.strip() for line in run.stdout.splitlines()]
    assert expected in lines or f"- {expected}" in lines


def test_each_variable_is_tried():
    table = (ROOT / "README.md").read_text().partition(
        "## Environment\n")[2].partition("\n## ")[0]
    told = {name for row in re.findall(r"^\| (.*?) \|", table, re.M)
            for name in re.findall("`([A-Z_0-9]+)`", row)}
    tried = {name for env, _, _ in EFFECTS for name in env}
    assert told == tried - {"CONTAINERS"} | {
        "DOCKER_PROXY_CONFIG", "DOCKER_PROXY_FORWARD"}


def test_which_file(check, tmp_path):
    """--config, the variable, the two usual names, none."""
    for name in ("told", "variable", "docker-proxy.conf", "config.yaml"):
        (tmp_path / name).write_text(
            f"auth: {{type: none}}\nrules: [{{name: {name}, action: deny}}]\n")

    def found(env, *args):
        run = check(env, *args)
        assert run.returncode == 0, run.stderr
        return re.search(r"^ +1\. (.*): deny", run.stdout, re.M)[1]

    env = {"DOCKER_PROXY_CONFIG": "variable"}
    assert found(env, "--config", "told") == "told"
    assert found(env) == "variable"
    assert found({"DOCKER_PROXY_CONFIG": ""}) == "docker-proxy.conf"
    assert found({}) == "docker-proxy.conf"
    (tmp_path / "docker-proxy.conf").unlink()
    assert found({}) == "config.yaml"


def test_a_file_that_is_not_there(check):
    run = check({"DOCKER_PROXY_CONFIG": "nowhere"})
    assert run.returncode == 1
    assert run.stderr == "nowhere: error: No such file or directory\n"


@pytest.mark.parametrize("name, meant", [
    ("DOCKER_PROXY_PORTS", "DOCKER_PROXY_PORT"),
    ("DOCKER_PROXY_LOGLEVEL", "DOCKER_PROXY_LOG_LEVEL"),
    ("DOCKER_PROXY_SECRETS", "DOCKER_PROXY_SECRET"),
    ("DOCKER_PROXY_TOKEN_OF_MINE", None)])
def test_an_unknown_one(check, name, meant):
    run = check({name: "1"})
    assert run.returncode == 0
    assert f"{name} has no effect: there is no such variable [DP004]\n" in run.stderr
    assert (f"did you mean \"{meant}\"?" in run.stderr) == bool(meant)
    assert ("did you mean" in run.stderr) == bool(meant)


def test_those_of_kubernetes_are_no_news(check):
    run = check({"DOCKER_PROXY_SERVICE_HOST": "10.0.0.1",
                 "DOCKER_PROXY_SERVICE_PORT": "2375",
                 "DOCKER_PROXY_PORT_2375_TCP": "tcp://10.0.0.1:2375",
                 "DOCKER_PROXY_PORT_2375_TCP_ADDR": "10.0.0.1"})
    assert (run.returncode, run.stderr) == (0, "")
