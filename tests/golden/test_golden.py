"""What --check-config says of each *.conf here, kept in its *.out.

DOCKER_PROXY names the binary. UPDATE_GOLDEN=1 writes the .out files anew.
A first line `# env: NAME=value ...` sets the environment.
"""

import os
import pathlib
import subprocess

import pytest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BINARY = os.environ.get("DOCKER_PROXY", str(ROOT / "build" / "docker-proxy"))


def check(path, env):
    """The output of --check-config, with the file named as in its folder, and
    readable for everybody, whatever the umask of the checkout was."""
    if path.is_file():
        path.chmod(0o644)
    run = subprocess.run(
        [BINARY, "--check-config", "--config", path.name],
        cwd=path.parent, env=env, capture_output=True, text=True, timeout=30)
    assert run.returncode in (0, 1), run.stderr
    return run


def environment(path):
    """The environment that the file asks for; sanitizers keep theirs."""
    env = {k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")}
    first = path.read_text(errors="replace").partition("\n")[0]
    if first.startswith("# env: "):
        env.update(word.split("=", 1) for word in first[7:].split())
    return env


@pytest.mark.parametrize(
    "path", sorted(HERE.glob("*.conf")), ids=lambda path: path.stem)
def test_golden(path):
    run = check(path, environment(path))
    told = f"{run.stderr}--- {run.returncode}\n{run.stdout}"
    out = path.with_suffix(".out")
    if os.environ.get("UPDATE_GOLDEN"):
        out.write_text(told)
    assert told == out.read_text()


def test_every_output_has_its_input():
    assert not [p for p in HERE.glob("*.out")
                if not p.with_suffix(".conf").exists()]


def test_example():
    """The example that is shipped compiles, denies by default, and lets
    nobody in until a token is set."""
    run = check(ROOT / "docker-proxy.conf.example", {})
    assert run.returncode == 0
    assert run.stderr.count("warning: ") == 1
    assert "every request will get 401" in run.stderr
    assert "  default: deny\n" in run.stdout


def test_example_shows_the_defaults():
    """An empty `global` gives the same settings, but for `default`."""
    example = check(ROOT / "docker-proxy.conf.example", {}).stdout
    empty = check(HERE / "empty.conf", {}).stdout
    settings = example.partition("auth:")[0].replace("deny", "allow")
    assert settings == empty.partition("auth:")[0]


@pytest.mark.parametrize("name", ["tls.conf", "rust_mtls.conf", "empty.conf"])
def test_printed_settings_say_the_same(name, tmp_path):
    """What is printed of the settings is itself a file with them."""
    first = check(HERE / name, {}).stdout.partition("rules:")[0]
    path = tmp_path / "again.conf"
    path.write_text(first)
    assert check(path, {}).stdout.partition("rules:")[0] == first
    assert "listeners:" in first


def test_missing_file():
    run = check(HERE / "missing", {})
    assert run.returncode == 1
    assert run.stderr == "missing: error: No such file or directory\n"


def test_a_folder_is_no_file():
    run = check(HERE, {})
    assert run.returncode == 1
    assert "error: Is a directory\n" in run.stderr


def test_a_file_too_large(tmp_path):
    path = tmp_path / "large"
    path.write_bytes(b" " * (8 << 20) + b" ")
    run = check(path, {})
    assert run.returncode == 1
    assert run.stderr == "large: error: File too large\n"
