"""Migrating from other proxies: what is written of their settings, kept in
*.out. UPDATE_GOLDEN=1 writes them anew. tests/flow/test_migrated.py asks a
proxy whether it does what was meant.
"""

import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BINARY = os.environ.get("DOCKER_PROXY", str(ROOT / "build" / "docker-proxy"))
DATA = ROOT / "tests" / "data" / "migrate"
INPUTS = sorted(p for p in DATA.iterdir() if p.suffix in (".yaml", ".env"))
SECRETS = {"CI_ADMIN": "a", "CI_RUNNER": "b", "CI_DEPLOY": "c",
           "ENGINE": "/run/docker.sock", "PROXY_SECRET": "d",
           "READONLY_TOKEN": "e"}


def run(*arguments, cwd=DATA, **options):
    sanitizers = {k: v for k, v in os.environ.items()
                  if k.endswith("SAN_OPTIONS")}
    return subprocess.run(
        [BINARY, *arguments], cwd=cwd, capture_output=True, text=True,
        timeout=30, env={**sanitizers, **SECRETS}, **options)


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: path.name)
def test_golden(path):
    done = run("migrate", path.name)
    out = path.with_name(path.name + ".out")
    told = f"{done.stderr}--- {done.returncode}\n{done.stdout}"
    if os.environ.get("UPDATE_GOLDEN"):
        out.write_text(told)
    assert told == out.read_text()


def test_there_are_inputs():
    assert len(INPUTS) > 2


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: path.name)
def test_what_is_written_compiles(tmp_path, path):
    written = run("migrate", path.name).stdout
    (tmp_path / "docker-proxy.conf").write_text(written)
    done = run("--check-config", "--config", "docker-proxy.conf",
               cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    done = run("test", "docker-proxy.conf", cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    assert "tests, 0 failed" in done.stdout


def test_a_document_that_begins_with_dashes():
    path = ROOT / "tests" / "data" / "rust" / "users" / "wizard.yaml"
    done = run("migrate", str(path))
    assert done.returncode == 0 and "(rust)" in done.stdout


def test_rust(tmp_path):
    """The file itself, with tests that it lacks."""
    path = ROOT / "tests" / "data" / "rust" / "users" / "ci.yaml"
    done = run("migrate", str(path))
    assert done.returncode == 0
    assert path.read_text() in done.stdout
    (tmp_path / "docker-proxy.conf").write_text(done.stdout)
    assert run("test", "docker-proxy.conf", cwd=tmp_path).returncode == 0
    assert 'role: "deploy", expect: allow}' in done.stdout
    assert "global.default is not said" in done.stdout


def flags(*given):
    done = run("migrate", "--from", "wollomatic",
               *(word for f in given for word in ("--arg", f)))
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("pattern, version, path", [
    ("/_ping", "^$", "/_ping"),
    (".*", None, ".*"),
    ("/.*", None, "/.*"),
    (r"/v1\..{1,2}/version", r"^(?:1\..{1,2})$", "/version"),
    (r"/v1\.[\d/]+/version", r"^(?:1\.[\d/]+)$", "/version"),
    (r"(/v1\.\d+)?/events", r"^(?:1\.\d+)?$", "/events"),
    (r"(?:/v[\d.]+)?/events", r"^(?:[\d.]+)?$", "/events"),
    (r"/(v1\.\d+/)?events", r"^(?:1\.\d+)?$", "/events"),
    (r"^/version$", "^$", "/version"),
    (r"/[^/]+/info", ".", "/info"),
    (r"/containers/(a|b)/json", "^$", "/containers/(a|b)/json"),
    (r"/containers/[|)]", "^$", "/containers/[|)]"),
])
def test_the_version_is_taken_off(pattern, version, path):
    written = flags(f"-allowGET={pattern}")
    assert f"value: '^(?:{path})$'}}" in written
    if version:
        assert f"api_version, operator: matches, value: '{version}'}}" \
            in written
    else:
        assert "api_version" not in written


def test_alternatives_are_rules_of_their_own():
    written = flags(r"-allowGET=(/_ping|/v1\.41/(info|version))|/events")
    assert written.count("action: allow") == 3
    assert "value: '^(?:/(info|version))$'" in written


def test_too_many_alternatives():
    written = flags("-allowGET=" + "|".join(f"/a{i}" for i in range(100)))
    assert "too many alternatives" in written
    assert "action: allow" not in written


def test_an_endpoint_that_is_empty_is_none():
    """The proxy listens to the network, and not for everybody."""
    written = flags("SP_PROXYSOCKETENDPOINT=", "SP_LISTENIP=0.0.0.0",
                    "SP_ALLOWFROM=10.0.0.0/8", "-allowGET=/info")
    assert "bind: '0.0.0.0'" in written
    assert "operator: not_in\n        value: ['10.0.0.0/8']" in written


def test_what_would_end_a_value_or_a_comment():
    """A setting can add no line to the configuration."""
    written = run("migrate", "-", input="""
services:
  proxy:
    image: wollomatic/socket-proxy
    command: ["-allowGET=/a\\nrules: []", "-x=b\\ny: z", "-allowPUT=a''${HOME}",
              "-allowPOST=/b\\e\\nx"]
""").stdout
    assert "\nrules: []" not in written and "\ny: z" not in written
    assert '"^(?:/b\\x1B\\x0Ax)$$"' in written and "\x1b" not in written
    written = run("migrate", "--arg", "CONTAINERS=1\nPOST: 1", "--from",
                  "tecnativa").stdout
    assert "\nPOST: 1" not in written and "\n  POST: 1" not in written


@pytest.mark.parametrize("arguments, text, told", [
    (["-"], "services: {a: {image: alpine}}", "which service is it?"),
    (["-"], "services: {a: {image: tecnativa/docker-socket-proxy}, "
     "b: {image: wollomatic/socket-proxy}}", "--service NAME, of: a, b"),
    (["--service", "c", "-"], "services: {a: {image: x}}",
     "no service of that name"),
    (["-"], "services: {a: &a {image: x}, b: *a}", "docker compose config"),
    (["-"], "a line that is nothing", "line 1 of - is no NAME=value"),
    (["--from", "rust", "-"], "CONTAINERS=1", "no configuration of that"),
    (["--from", "squid", "-"], "CONTAINERS=1", "no configuration of that"),
    (["-"], "global: {port: 99999}", "must be a whole number"),
    (["-"], "LOG_LEVEL=loud\nPOST=1", "log_level must be"),
    (["no-such-file"], "", "cannot read no-such-file"),
])
def test_errors(arguments, text, told):
    done = run("migrate", *arguments, input=text)
    assert (done.returncode, done.stdout) == (1, "")
    assert told in done.stderr


def test_nothing_to_migrate():
    assert run("migrate").returncode == 2
