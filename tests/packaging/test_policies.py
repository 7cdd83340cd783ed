"""The shipped configurations: valid, their tests pass, and `lint` has nothing
to say of them but what comes with a network that the clients alone are on."""

import json
import os
import subprocess

import pytest
import yaml

import chart
from conftest import BINARY, ROOT

FOLDER = ROOT / "packaging"
# Without TLS; tokens without TLS; an admin port that the kubelet reaches.
PRIVATE_NETWORK = {"DP009", "DP301", "DP302"}


def shipped():
    """{name: text}."""
    found = {str(path.relative_to(FOLDER)): path.read_text()
             for path in sorted(FOLDER.glob("**/docker-proxy.conf"))}
    maps = {path.name: path.read_text() for path in
            sorted((FOLDER / "kubernetes").glob("*.yaml"))}
    maps["chart"] = chart.template(
        FOLDER / "helm" / "docker-proxy", "release")["configmap.yaml"]
    for name, text in maps.items():
        for each in yaml.safe_load_all(text):
            if each["kind"] == "ConfigMap":
                found[name] = each["data"]["docker-proxy.conf"]
    return found


@pytest.fixture(params=shipped())
def file(request, tmp_path):
    path = tmp_path / "docker-proxy.conf"
    path.write_text(shipped()[request.param])
    return path


def run(*arguments):
    hashes = {name: f"{i:064x}" for i, name in enumerate(
        ("RED_TOKEN_SHA256", "BLUE_TOKEN_SHA256", "CLIENT_TOKEN_SHA256"))}
    sanitizers = {k: v for k, v in os.environ.items()
                  if k.endswith("SAN_OPTIONS")}
    return subprocess.run([BINARY, *map(str, arguments)],
                          env={**hashes, **sanitizers}, timeout=60,
                          capture_output=True, text=True)


def test_it_denies_by_default(file):
    done = run("--check-config", "--config", file)
    assert done.returncode == 0, done.stderr
    assert "\n  default: deny\n" in done.stdout


def test_lint_finds_nothing_else(file):
    done = run("lint", "--format", "json", file)
    assert done.returncode in (0, 1), done.stderr
    found = {each["code"] for each in json.loads(done.stdout)}
    assert found <= PRIVATE_NETWORK, done.stdout


def test_their_own_tests_pass(file):
    done = run("test", file)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "\nok 1 " in "\n" + done.stdout
