"""The wizard, at a terminal and by flags."""

import hashlib
import os
import pathlib
import re
import signal
import stat
import subprocess

import pytest

import config_yaml
from terminal import Terminal

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BINARY = os.environ.get("DOCKER_PROXY", str(ROOT / "build" / "docker-proxy"))
QUESTIONS = re.findall(r'^QUESTION\((\w+), "(--[\w-]+)", ".*?", "(.*?)",\s+'
                       r'"(.*?)",\s', (ROOT / "daemon" /
                                          "init_questions.def").read_text(),
                       re.M)


def run(folder, *arguments):
    return subprocess.run([BINARY, *arguments], cwd=folder, text=True,
                          stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=30)


def files(folder):
    return sorted(p.name for p in folder.iterdir())


def config(folder, name="docker-proxy.conf"):
    return config_yaml.load((folder / name).read_text())


@pytest.fixture
def wizard(tmp_path):
    terminal = Terminal(BINARY, "init", cwd=tmp_path)
    yield terminal
    terminal.kill()


# --- at the terminal ------------------------------------------------------------


def test_empty_lines_take_the_presets(tmp_path, wizard):
    asked = [q for q in QUESTIONS if q[0] != "KEY"]
    assert len(asked) == 14
    for _, _, preset, text in asked:
        wizard.answer(f"{text} [{preset or 'nothing'}", "")
    wizard.expect("Written:")
    assert wizard.end() == 0
    assert files(tmp_path) == ["client.token", "docker-proxy.conf"]
    written = (tmp_path / "docker-proxy.conf").read_text()
    token = (tmp_path / "client.token").read_text().strip()
    assert hashlib.sha256(token.encode()).hexdigest() in written
    assert token not in written + wizard.text
    mode = stat.S_IMODE((tmp_path / "client.token").stat().st_mode)
    assert mode == 0o600
    done = run(tmp_path, "--check-config")
    assert (done.returncode, done.stderr) == (0, "")


def test_answers(tmp_path, wizard):
    wizard.expect("Traefik, Docker provider")
    wizard.answer("What is in front?", "traefik, nginx")
    wizard.expect("there is no such policy")
    wizard.answer("What is in front?", "no-host-escape")
    wizard.expect("there is no such policy")
    wizard.answer("What is in front?", "traefik, dozzle")
    wizard.expect("limits of requests for each client address")
    wizard.answer("With which guards, or none? [none", "traefik")
    wizard.expect("there is no such guard")
    wizard.answer("With which guards", "restricted")
    wizard.answer("What else may it do", "?")
    wizard.expect("restart containers")
    wizard.answer("What else may it do", "reboot")
    wizard.expect("there is no such word")
    wizard.answer("What else may it do", "restart,stop")
    wizard.answer("Where do clients connect?", "localhost")
    wizard.expect("write address:port")
    wizard.answer("Where do clients connect?", "/run/docker-proxy/a.sock")
    wizard.answer("Where is the Engine?", "docker.sock")
    wizard.expect("absolute path")
    wizard.answer("Where is the Engine?", "/run/docker.sock")
    wizard.answer("Who gets in", "none")
    wizard.answer("Hide passwords", "no")
    wizard.answer("How many changes", "many")
    wizard.expect("write a number")
    wizard.answer("How many changes", "5")
    wizard.answer("An audit log", "stdout")
    wizard.answer("The file of the configuration", "own.conf")
    wizard.answer("A compose file", "compose.yaml")
    wizard.answer("A systemd unit", "own.service")
    assert wizard.end() == 0
    assert files(tmp_path) == ["compose.yaml", "own.conf", "own.service"]
    found = config(tmp_path, "own.conf")
    assert found["global"]["listeners"][0]["unix"] == \
        "/run/docker-proxy/a.sock"
    assert found["auth"] == {"type": "none"}
    assert found["rules"][0]["rate_limit"]["requests"] == 5
    assert found["include"] == ["policy:restricted", "policy:traefik",
                                "policy:dozzle"]
    assert [r["name"] for r in found["rules"][1:]] == ["stop", "restart"]
    assert run(tmp_path, "--check-config", "--config",
               "own.conf").returncode == 0


def test_what_creates_containers_is_guarded(tmp_path, wizard):
    """And sees their environment: it would create them anew without."""
    wizard.answer("What is in front?", "traefik, watchtower")
    wizard.answer("none? [no-host-escape", "")
    for question in ("What else", "Where do", "Where is", "With TLS", "Who",
                     "Whom"):
        wizard.answer(question, "")
    wizard.answer("containers? [no", "")
    for _ in range(5):
        wizard.answer("?", "")
    assert wizard.end() == 0
    found = config(tmp_path)
    assert found["include"] == ["policy:no-host-escape", "policy:traefik",
                                "policy:watchtower"]
    assert "rules" not in found


def test_guards_that_make_questions_void(tmp_path):
    flags = ["--guards", "no-secrets-in-answers,rate-limits"]
    for more in (["--rate", "9"], ["--redact", "yes"]):
        done = run(tmp_path, "init", "--yes", *flags, *more)
        assert done.returncode == 2
        assert "does not go with the other answers" in done.stderr
    assert run(tmp_path, "init", "--yes", *flags).returncode == 0
    assert "rules" not in config(tmp_path)


@pytest.mark.parametrize("answered", range(4))
def test_the_end_of_the_input_leaves_nothing(tmp_path, wizard, answered):
    for _ in range(answered):
        wizard.expect("] ")
        wizard.say("\n")
    wizard.expect("] ")
    wizard.say("\x04")
    assert wizard.end() == 1
    assert "nothing was written" in wizard.text
    assert files(tmp_path) == []


def test_an_interrupt_leaves_nothing(tmp_path, wizard):
    wizard.expect("] ")
    wizard.say("\n")
    wizard.expect("] ")
    wizard.say("\x03")
    assert wizard.end() == -signal.SIGINT
    assert files(tmp_path) == []


def test_flags_are_not_asked_for(tmp_path):
    flags = [w for _, flag, preset, _ in QUESTIONS
             for w in (flag, preset) if preset and flag != "--front"]
    t = Terminal(BINARY, "init", *flags, "--compose", "", "--systemd", "",
                 "--tls-cert", "", "--may", "", cwd=tmp_path)
    t.answer("What is in front?", "dozzle")
    t.expect("Written:")
    assert t.text.count("] ") == 1
    assert t.end() == 0


# --- by flags -------------------------------------------------------------------


def test_yes(tmp_path):
    done = run(tmp_path, "init", "--yes")
    assert (done.returncode, done.stderr) == (0, "")
    assert files(tmp_path) == ["client.token", "docker-proxy.conf"]


def samples():
    """{word: a request that it opens}"""
    text = (ROOT / "daemon" / "init_calls.def").read_text()
    rows = [re.findall(r'"([^"]*)"', row) for row in text.split("\nCALL(")[1:]]
    return {row[0]: row[-1] for row in rows}


def words():
    return sorted(samples())


def ready(kind):
    paths = sorted((ROOT / "policies").glob("*.yaml"))
    return [p.stem for p in paths if f"\nkind: {kind}\n" in p.read_text()]


def one_and_all(names):
    return [*names, ",".join(names)]


def written_is_sound(folder, *flags):
    done = run(folder, "init", "--yes", *flags)
    assert (done.returncode, done.stderr) == (0, "")
    done = run(folder, "--check-config")
    assert (done.returncode, done.stderr) == (0, "")
    done = run(folder, "lint", "docker-proxy.conf")
    assert (done.returncode, done.stdout) == (0, "")
    done = run(folder, "test", "docker-proxy.conf")
    assert done.returncode == 0, done.stdout


def allows(folder, method, path):
    return run(folder, "explain", method, path, "--role", "client",
               "--identity", "client").returncode == 0


@pytest.mark.parametrize("front", one_and_all(ready("policy")))
def test_each_policy_compiles_without_a_finding(tmp_path, front):
    """What can create or build anything is guarded without being asked."""
    written_is_sound(tmp_path, "--front", front, "--rate", "9")
    creates = any(allows(tmp_path, "POST", path) for path in (
        "/containers/create", "/services/create", "/build"))
    include = config(tmp_path)["include"]
    assert ("policy:no-host-escape" in include) == creates
    assert include[-front.count(",") - 1:] == [
        f"policy:{name}" for name in front.split(",")]


@pytest.mark.parametrize("guards", [*one_and_all(ready("guard")), "none"])
def test_each_guard_compiles_without_a_finding(tmp_path, guards):
    written_is_sound(tmp_path, "--guards", guards)


@pytest.mark.parametrize("may", one_and_all(words()))
def test_each_word_compiles_without_a_finding(tmp_path, may):
    written_is_sound(tmp_path, "--may", may)
    tests = config(tmp_path)["tests"]
    for word in words():
        assert allows(tmp_path, *samples()[word].split()) == (
            word in may.split(","))
        assert (word in may.split(",")) == any(
            t["request"] == samples()[word] for t in tests)


def test_tokens(tmp_path):
    done = run(tmp_path, "init", "--yes", "--tokens", "ci,web_1")
    assert done.returncode == 0
    assert files(tmp_path) == ["ci.token", "docker-proxy.conf", "web_1.token"]
    a, b = ((tmp_path / f"{n}.token").read_text() for n in ("ci", "web_1"))
    assert len(a) == len(b) == 44 and a != b
    assert [t["name"] for t in config(tmp_path)["auth"]["tokens"]] == [
        "ci", "web_1"]


def test_files_that_are_there(tmp_path):
    path = tmp_path / "client.token"
    path.write_text("mine")
    done = run(tmp_path, "init", "--yes")
    assert done.returncode == 1
    assert "client.token: File exists" in done.stderr
    assert files(tmp_path) == ["client.token"] and path.read_text() == "mine"
    (tmp_path / "docker-proxy.conf").write_text("mine")
    done = run(tmp_path, "init", "--yes")
    assert done.returncode == 2 and "--force replaces it" in done.stderr
    assert run(tmp_path, "init", "--yes", "--force").returncode == 0
    assert path.read_text() != "mine"
    assert files(tmp_path) == ["client.token", "docker-proxy.conf"]


@pytest.mark.parametrize("flags", [
    ["--output", "a", "--compose", "a"],
    ["--output", "b.token", "--tokens", "b"],
    ["--output", "a", "--compose", "./a"],
    ["--output", ".//b.token", "--tokens", "b"]])
def test_two_files_of_one_name(tmp_path, flags):
    done = run(tmp_path, "init", "--yes", "--force", *flags)
    assert done.returncode == 1 and "File exists" in done.stderr
    assert files(tmp_path) == []


def test_names_are_texts(tmp_path):
    assert run(tmp_path, "init", "--yes", "--tokens", "null,-,1").returncode \
        == 0
    assert [t["name"] for t in config(tmp_path)["auth"]["tokens"]] == [
        "null", "-", "1"]


def test_a_folder_that_is_not_there(tmp_path):
    done = run(tmp_path, "init", "--yes", "--systemd", "no/such/unit")
    assert done.returncode == 1
    assert "nothing was written" in done.stderr
    assert files(tmp_path) == []


def test_tls_and_every_address(tmp_path):
    done = run(tmp_path, "init", "--yes", "--listen", "[::1]:2376",
               "--tls-cert", "a's.pem", "--tls-key", "${b}.key")
    assert done.returncode == 0
    found = config(tmp_path)["global"]
    assert found["bind"] == "::1" and found["port"] == 2376
    assert found["tls"] == {"cert": "a's.pem", "key": "$${b}.key"}


@pytest.mark.parametrize("flags, told", [
    (["--may", "everything"], "--may: there is no such word"),
    (["--front", ""], "--front: say at least one"),
    (["--front", "traefik,,dozzle"], "--front: there is no such policy"),
    (["--guards", ""], "--guards: say none, or at least one"),
    (["--guards", "none,restricted"], "--guards: there is no such guard"),
    (["--listen", "2375"], "--listen: write address:port"),
    (["--listen", "127.0.0.1:99999"], "--listen: write address:port"),
    (["--listen", "/" + "a" * 107], "at most 107 bytes"),
    (["--auth", "basic"], "--auth: write bearer or none"),
    (["--auth", "none", "--tokens", "a"], "--tokens: does not go with"),
    (["--tokens", "../a"], "--tokens: a name has letters"),
    (["--tokens", "a,b,a"], "--tokens: a name stands there twice"),
    (["--tokens", ",".join(f"t{i}" for i in range(101))], "too many"),
    (["--tls-cert", "a"], "--tls-key: a certificate needs its key"),
    (["--output", ""], "--output: it needs a name"),
    (["--socket", "docker.sock"], "--socket: write auto"),
    (["--rate", "-1"], "--rate: write a number"),
    (["--redact", "maybe"], "--redact: write yes or no"),
    (["--audit", "a\nb"], "--audit: a control character"),
])
def test_wrong_flags(tmp_path, flags, told):
    done = run(tmp_path, "init", "--yes", *flags)
    assert done.returncode == 2 and told in done.stderr
    assert files(tmp_path) == []


def test_without_a_terminal(tmp_path):
    done = run(tmp_path, "init")
    assert done.returncode == 2 and "give --yes" in done.stderr


def test_the_unit_and_the_compose_file(tmp_path):
    folder = tmp_path / 'a "b" %n $c'
    folder.mkdir()
    done = run(folder, "init", "--yes", "--systemd", "a.service",
               "--compose", "c.yaml")
    assert done.returncode == 0
    unit = (folder / "a.service").read_text()
    assert r'a \"b\" %%n $$c/docker-proxy.conf"' in unit
    service = config(folder, "c.yaml")["services"]["docker-proxy"]
    assert service["volumes"][1]["source"] == \
        str(folder / "docker-proxy.conf").replace("$", "$$")
    assert service["read_only"] is True and service["cap_drop"] == ["ALL"]
