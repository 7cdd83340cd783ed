"""What shells complete: the scripts, and what they ask the program."""

import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BINARY = os.environ.get("DOCKER_PROXY", str(ROOT / "build" / "docker-proxy"))


def run(*arguments, **options):
    return subprocess.run(arguments, capture_output=True, text=True,
                          timeout=30, **options)


def script(shell):
    done = run(BINARY, "completion", shell)
    assert done.returncode == 0
    return done.stdout


def offered(*words):
    """Words of which the last is being typed, to what may stand there."""
    text = "".join(f"{w}\n" for w in words)
    return [line.partition("\t")[0] for line in
            run(BINARY, "completion", "words", input=text).stdout.splitlines()]


def names():
    lines = run(BINARY, "--help").stdout.splitlines()
    return [line.strip() for line in
            (part.partition("   ")[0] for part in
             (ln[2:] for ln in lines if ln[:2] == "  " and ln[2:3].strip()))
            if line]


# --- what the program offers ----------------------------------------------------


def test_commands_come_first():
    first = dict.fromkeys(n.partition(" ")[0] for n in names())
    assert len(first) > 5
    assert offered("")[:len(first)] == list(first)
    assert {"--config", "--demo", "--help"} < set(offered(""))  # of serve


def test_of_two_words_the_second():
    assert offered("au") == ["audit"]
    assert offered("audit", "") == ["verify"]
    assert ":" in offered("audit", "verify", "")


def test_flags_and_their_values():
    assert offered("healthcheck", "--") == ["--config", "--help"]
    assert offered("healthcheck", "--config", "") == [":"]
    assert offered("completion", "z") == ["zsh"]
    assert offered("demo-engine", "--socket", "") == [":"]
    assert offered("lint", "--format", "") == ["text", "json", "sarif"]
    assert offered("replay", "log", "--config", "") == [":"]


def test_ready_policies():
    listed = [line.split()[0] for line in
              run(BINARY, "policies").stdout.splitlines() if line[:1] == " "]
    for words in (["--policy"], ["serve", "--policy"], ["explain", "--policy"],
                  ["--check-config", "--policy"]):
        assert offered(*words, "") == sorted(listed)
        assert offered(*words, "tra") == ["traefik", "traefik-swarm"]
    assert "traefik" in offered("policies", "show", "tr")


def test_nothing_is_offered_of_nothing_like_it():
    assert offered("nothing-like-this") == []
    assert offered("healthcheck", "x") == []


def test_more_words_than_there_is_room_for():
    assert offered(*["x"] * 10000) == []
    assert run(BINARY, "completion", "words", input="x" * 100000).returncode \
        == 0


def test_an_unknown_shell():
    done = run(BINARY, "completion", "tcsh")
    assert done.returncode == 2
    assert done.stderr == "docker-proxy: it is: completion bash|zsh|fish\n"


# --- the scripts ----------------------------------------------------------------


@pytest.mark.parametrize("shell, check", [
    ("bash", ["bash", "-n"]), ("zsh", ["zsh", "-f", "-n"]),
    ("fish", ["fish", "--no-execute"])])
def test_syntax(tmp_path, shell, check):
    path = tmp_path / "script"
    path.write_text(script(shell))
    done = run(*check, path, env={**os.environ, "HOME": str(tmp_path)})
    assert (done.returncode, done.stderr) == (0, "")


def bash(folder, *words):
    """COMPREPLY when the last word is being typed."""
    typed = " ".join(f"'{w}'" for w in (BINARY, *words))
    done = run("bash", "--norc", "-c", script("bash") + f"""
        COMP_WORDS=({typed}) COMP_CWORD={len(words)}
        _docker_proxy
        printf '%s\\n' "${{COMPREPLY[@]}}" """, cwd=folder)
    assert done.stderr == ""
    return done.stdout.split("\n")[:-1]


def test_bash(tmp_path):
    (tmp_path / "a b.conf").write_text("")
    assert bash(tmp_path, "heal") == ["healthcheck"]
    assert bash(tmp_path, "healthcheck", "--c") == ["--config"]
    assert bash(tmp_path, "healthcheck", "--config", "a") == ["a b.conf"]
    assert bash(tmp_path, "audit", "") == ["verify"]
    assert bash(tmp_path, "no-such-command") == [""]


def test_fish(tmp_path):
    path = tmp_path / "script.fish"
    path.write_text(script("fish"))
    env = {**os.environ, "HOME": str(tmp_path),
           "PATH": f"{pathlib.Path(BINARY).parent}:{os.environ['PATH']}"}
    done = run("fish", "-c", f"source {path}; "
               "complete -C 'docker-proxy healthcheck --c'", env=env)
    assert done.stdout == "--config\tthe configuration that the proxy runs " \
        "with\n", done.stderr
