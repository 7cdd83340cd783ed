"""Files that a configuration includes, while the proxy runs; and ready policies
without a file."""

import json
import os
import signal
import subprocess

import pytest

import proxy_process
import wire
from reloads import Reloadable

NO_INFO = """kind: guard
rules:
  - name: no-info
    message: info is closed
    conditions: [{field: path, operator: equals, value: /info}]
    action: deny
"""
EVERYTHING = "rules: [{name: everything, action: allow}]\n"


@pytest.fixture
def including(own_proxy):
    """A running proxy, with `watch` and the sandbox on, and two files beside
    its configuration."""
    proxy = own_proxy(global_={"watch": True, "default": "deny"})
    proxy.stop()
    folder = proxy.folder
    (folder / "guard.yaml").write_text(NO_INFO)
    (folder / "allow.yaml").write_text(EVERYTHING)
    r = Reloadable(proxy)
    r.config["include"] = ["./guard.yaml", "allow.yaml"]
    r.write()
    proxy.start()
    return r


def replace(path, text):
    new = path.with_suffix(".new")
    new.write_text(text)
    os.rename(new, path)


def status(proxy, path="/info"):
    with proxy.connect() as c:
        return c.get(path).status


def test_an_included_file_is_watched(including):
    r = including
    guard = r.path.parent / "guard.yaml"
    assert (status(r.proxy), status(r.proxy, "/version")) == (403, 200)
    before = r.refused(), r.in_force()
    replace(guard, "kind: guard\nrules: []\n")
    assert r.wait(before)
    assert status(r.proxy) == 200
    before = r.refused(), r.in_force()
    replace(guard, NO_INFO.replace("/info", "/version"))
    assert r.wait(before)
    assert (status(r.proxy), status(r.proxy, "/version")) == (200, 403)


def test_a_guard_that_is_cut_off_stays_in_force(including):
    r = including
    guard = r.path.parent / "guard.yaml"
    before = r.refused(), r.in_force()
    guard.write_text("")
    assert not r.wait(before)
    assert "guard.yaml has no rules, and includes none" in r.proxy.log()
    assert status(r.proxy) == 403


def test_an_included_file_with_an_error(including):
    r = including
    guard = r.path.parent / "guard.yaml"
    before = r.refused(), r.in_force()
    replace(guard, NO_INFO.replace("deny", "allow"))
    assert not r.wait(before)
    assert "guard.yaml:6:13: error: a guard allows nothing" in r.proxy.log()
    assert status(r.proxy) == 403
    before = r.refused(), r.in_force()
    replace(guard, NO_INFO.replace("/info", "/version"))
    assert r.wait(before)
    assert status(r.proxy, "/version") == 403


def test_an_included_file_that_comes_later(including):
    r = including
    r.config["include"].append("later.yaml")
    assert not r.hup()
    assert "later.yaml: No such file or directory" in r.proxy.log()
    before = r.refused(), r.in_force()
    replace(r.path.parent / "later.yaml", NO_INFO.replace("info", "version"))
    assert r.wait(before)
    assert status(r.proxy, "/version") == 403


def fifo(path):
    new = path.with_suffix(".new")
    os.mkfifo(new)
    os.rename(new, path)


def test_a_reload_waits_for_nobody(including):
    """A pipe in a file's place, to which nobody writes."""
    r = including
    guard = r.path.parent / "guard.yaml"
    before = r.refused(), r.in_force()
    fifo(guard)
    assert not r.wait(before)
    assert "guard.yaml: Operation not supported" in r.proxy.log()
    assert status(r.proxy) == 403
    before = r.refused(), r.in_force()
    fifo(r.path)
    r.proxy.signal(signal.SIGHUP)
    assert not r.wait(before)
    assert "config.yaml is no regular file" in r.proxy.log()
    assert status(r.proxy) == 403


def test_a_denial_names_the_file(including):
    r = including
    assert status(r.proxy) == 403
    wire.wait_until(lambda: r.lines("guard.yaml:3"), "it is logged")


def test_a_policy_without_a_file(engine, folder):
    port = proxy_process.free_port()
    proxy = proxy_process.Proxy(folder, port=port, env={
        "DOCKER_SOCKET": engine.url(), "DOCKER_PROXY_PORT": str(port),
        "CONTAINERS": "1"})
    # A file that would be found.
    (folder / "docker-proxy.conf").write_text(EVERYTHING)
    proxy.args += ["--policy", "traefik", "--policy=no-host-escape"]
    proxy.start()
    try:
        assert status(proxy, "/v1.43/containers/json") == 200
        assert status(proxy, "/_ping") == 200
        assert status(proxy, "/images/json") == 403
        assert status(proxy, "/containers/x/logs") == 403
    finally:
        proxy.stop()


def run(*arguments):
    return subprocess.run([proxy_process.BINARY, *arguments], timeout=30,
                          capture_output=True, text=True, check=False)


def test_shown_policies():
    listed = run("policies").stdout
    assert "\n  traefik  " in listed and "\n  no-host-escape  " in listed
    for name in [line.split()[0] for line in listed.splitlines()
                 if line.startswith("  ")]:
        shown = run("policies", "show", name)
        with open(f"policies/{name}.yaml", encoding="utf-8") as f:
            assert shown.stdout == f.read()


@pytest.mark.parametrize("arguments", [
    ["--policy", "none"], ["--policy", "traefik", "--config", "x"],
    ["policies", "show"], ["--policy"]])
def test_the_command_line_is_wrong(arguments):
    told = run(*arguments)
    assert (told.returncode, told.stdout) == (2, "")
    assert told.stderr.startswith("docker-proxy: ")


def test_printed_rules_name_their_files(tmp_path):
    (tmp_path / "a.yaml").write_text(EVERYTHING)
    (tmp_path / "c").write_text(json.dumps(
        {"include": ["a.yaml", "policy:no-host-escape"]}))
    told = run("--check-config", "--config", str(tmp_path / "c")).stdout
    assert f"everything: allow  ({tmp_path}/a.yaml:1)" in told
    assert "(policy:baseline:" in told
