"""A policy learnt from docker-compose's life lets that pass again, and
nothing that reaches the host."""

import json
import subprocess

import pytest
import yaml

import proxy as proxies
from cli import DEBIAN, Docker
from test_compose import FILE, GOT, compose, programs


ESCAPES = (
    {"Binds": ["/:/host"]}, {"PidMode": "host"}, {"NetworkMode": "host"},
    {"CapAdd": ["ALL"]}, {"SecurityOpt": ["seccomp=unconfined"]},
    {"Devices": [{"PathOnHost": "/dev/null", "PathInContainer": "/dev/x",
                  "CgroupPermissions": "r"}]},
    {"VolumesFrom": ["web"]}, {"PidMode": "container:web"},
    {"NoSuchMember": 1})


def life(host, home, folder, program):
    """What is recorded, and done again: the exit code of each step."""
    run = compose(host, home, folder, program)
    steps = (["up", "--detach"],
             ["exec", "-T", "client", "sh", "-c", GOT],
             ["ps"], ["logs", "--no-color"],
             ["down", "--volumes", "--timeout", "0"])
    done = [run(*step) for step in steps]
    assert [step.code for step in done] == [0] * len(steps), done


def learn(log):
    return subprocess.run([proxies.binary(), "learn", str(log)], text=True,
                          capture_output=True, check=True, timeout=30).stdout


@pytest.fixture
def project(tmp_path):
    (tmp_path / "docker-compose.yml").write_text(FILE)
    return tmp_path


@pytest.mark.parametrize("program", programs())
def test_the_same_life_again(engine, home, project, tmp_path, program):
    log = tmp_path / "audit.log"
    closed = {"auth": {"type": "none"},
              "global": {"default": "deny", "audit_log": str(log)}}
    with proxies.Proxy(engine.socket, policy=closed,
                       arguments=["--mode", "learn"]) as learning:
        life(learning.host, home, project, program)
    text = learn(log)
    assert "Not allowed" not in text
    policy = yaml.safe_load(text)
    with proxies.Proxy(engine.socket, policy=policy) as learnt:
        life(learnt.host, home, project, program)
        run = Docker(DEBIAN, learnt.host, home).run(
            "run", "--name", "escaped", "--privileged", "bb", "true")
        assert run.code == 125 and b"docker-proxy" in run.err, run
        for host_config in ESCAPES:
            status, _ = learnt.ask(
                "POST", "/containers/create?name=escaped",
                json.dumps({"Image": "bb", "HostConfig": host_config}))
            assert status == 403, host_config
    assert engine.get_json(
        '/containers/json?all=1&filters={"name":["escaped"]}') == []
