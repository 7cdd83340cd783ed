"""The docker client must not notice the proxy.

Every scenario runs twice, on the Engine's own socket and through the proxy,
and must come to the same: exit codes, output and errors, byte for byte but
for identifiers and times.
"""

import contextlib
import hashlib
import io
import re
import shlex
import signal
import tarfile
import time

import pytest

from alike import alike, normal
from cli import MIB, Docker
from conftest import OPEN
from proxy import Proxy
from wait import until

# Reads of a world that stands still: compared as they are.
EXACT = [
    "version", "version --format '{{json .}}'",
    "ps --quiet --no-trunc", "images --quiet --no-trunc", "inspect web",
    "inspect --size web", "inspect bb", "image inspect bb:latest",
    "network ls", "network inspect bridge host none", "volume ls",
    "top web -o pid,args", "diff web", "port web", "logs web",
    "logs --timestamps --tail 5 web", "history --human=false --no-trunc bb",
    "container ls --all --filter name=web --format {{.Names}}/{{.Image}}",
    # and what the Engine refuses
    "inspect nosuch", "logs nosuch", "top nosuch", "start nosuch",
    "rm nosuch", "rmi nosuch", "exec nosuch true", "attach nosuch",
    "network rm nosuch", "volume rm nosuch", "kill --signal NOSUCH web",
    "run --rm --name web bb true", "service ls",
    "container create --name a/b bb", "tag bb UPPER", "swarm leave",
    "cp web:/nosuch -", "wait nosuch", "stats --no-stream nosuch",
    "rename web web", "update --memory 1 web", "node ls", "secret ls",
]

# Answers with ages, random orders or the Engine's own counters in them.
LOOSE = [
    "info", "info --format '{{json .}}'", "ps", "ps --all --size",
    "images --all --digests", "image ls --filter reference=bb", "history bb",
    "system df", "run --rm bb /nosuch",
]


@pytest.fixture(autouse=True)
def tidy(direct):
    """Whatever a failed scenario left must not fail the next one."""
    yield
    names = direct.ok("ps", "--all", "--format", "{{.Names}}").split()
    if left := [name for name in names if name != "web"]:
        direct.run("rm", "--force", *left)


def steps(docker, *commands):
    """Run commands in order: their normalised results."""
    return [(command, normal(docker.run(*shlex.split(command))))
            for command in commands]


@contextlib.contextmanager
def container(docker, *arguments):
    """A container named `subject` for the length of a block."""
    docker.ok("run", "--detach", "--name", "subject", "--hostname", "subject",
              *arguments)
    try:
        yield "subject"
    finally:
        docker.run("rm", "--force", "--volumes", "subject")


def talker(docker):
    """A container that prints what is written to its pipe /talk."""
    return container(docker, "bb", "sh", "-c",
                     "mkfifo /talk; while :; do cat /talk; done")


def say(docker, text):
    docker.ok("exec", "subject", "sh", "-c",
              f"until [ -p /talk ]; do usleep 10000; done; echo {text} >/talk")


# --- reading


@pytest.mark.parametrize("command", EXACT)
def test_reads_exactly(sides, command):
    direct, proxied = (side.run(*shlex.split(command)) for side in sides)
    assert proxied.code == direct.code
    assert proxied.out == direct.out
    assert normal(proxied) == normal(direct)


@pytest.mark.parametrize("command", LOOSE)
def test_reads_but_for_what_varies(sides, command):
    alike(sides, lambda docker: normal(docker.run(*shlex.split(command))))


def test_stats_once(sides):
    def scenario(docker):
        done = docker.run("stats", "--no-stream", "--format",
                          "{{.Name}} {{.PIDs}} {{.CPUPerc}}", "web")
        return done.code, re.sub(rb"[\d.]+%", b"<cpu>", done.out), done.err

    assert alike(sides, scenario) == (0, b"web 1 <cpu>\n", b"")


# --- streams


def test_logs_follow_live(sides):
    def scenario(docker):
        with talker(docker), docker.start("logs", "-f", "subject") as logs:
            for number in range(5):
                say(docker, f"line-{number}")
                assert logs.line() == f"line-{number}"
            docker.ok("kill", "subject")
            return logs.wait(), logs.errors()

    assert alike(sides, scenario) == (0, b"")


def test_events_live_and_interrupted(sides, engine):
    def scenario(docker):
        before = engine.event_listeners()
        with docker.start("events", "--filter", "container=subject",
                          "--format", "{{.Type}} {{.Action}}") as events:
            until(lambda: engine.event_listeners() > before,
                  "the Engine to serve the event stream")
            with container(docker, "bb", "true"):
                seen = [events.line() for _ in range(3)]
                docker.ok("rename", "subject", "renamed")
                docker.ok("rename", "renamed", "subject")
                seen += [events.line()]
            events.interrupt()
            code = events.wait()
            until(lambda: engine.event_listeners() == before,
                  "the Engine's event stream to go with its client")
        return seen, code

    seen, _ = alike(sides, scenario)
    assert seen == ["container create", "container start", "container die",
                    "container rename"]


def test_events_of_the_past(sides):
    direct, _ = sides
    with container(direct, "bb", "true"):
        direct.ok("wait", "subject")
        now = f"{time.time():.9f}"

    def scenario(docker):
        return docker.ok("events", "--since", "0", "--until", now, "--format",
                         "{{.TimeNano}} {{.Type}} {{.Action}} {{.Actor.ID}}")

    assert " container start " in alike(sides, scenario)


@pytest.mark.parametrize("command, request_", [
    ("stats web", "/stats"), ("logs -f web", "/logs"), ("wait web", "/wait"),
    ("events", "/events"),
])
def test_client_that_goes_frees_the_engine(
        tap, program, home, command, request_):
    """The Engine's connection goes soon after the client of a stream."""
    with Proxy(tap.path, policy=OPEN) as proxy:
        docker = Docker(program, proxy.host, home)
        with docker.start(*command.split()) as stream:
            until(lambda: tap.is_serving(request_), "the request to arrive")
            stream.process.kill()
            stream.wait()
            until(lambda: not tap.is_serving(request_),
                  "the Engine's connection to go")


def test_attached_client_that_goes_frees_the_engine(
        tap, program, home, direct):
    """With the next output: until then a close looks like a half-close."""
    with Proxy(tap.path, policy=OPEN) as proxy, talker(direct):
        docker = Docker(program, proxy.host, home)
        with docker.start("attach", "--no-stdin", "subject") as stream:
            def attached():
                say(direct, "word")
                return stream.has_line()

            until(attached, "the client to be attached")
            assert stream.line() == "word"
            stream.process.kill()
            stream.wait()

            def gone():
                say(direct, "more")
                return not tap.is_serving("/attach")

            until(gone, "the Engine's connection to go")


def test_wait_blocks_until_exit(sides):
    def scenario(docker):
        with container(docker, "bb", "sh", "-c",
                       "mkfifo /end; read code </end; exit $code"):
            with docker.start("wait", "subject") as wait:
                docker.ok("exec", "subject", "sh", "-c",
                          "until [ -p /end ]; do usleep 10000; done")
                assert wait.running()
                docker.run("exec", "subject", "sh", "-c", "echo 7 >/end")
                return wait.line(), wait.wait()

    assert alike(sides, scenario) == ("7", 0)


# --- run, exec, attach


def test_run_keeps_streams_and_exit_code(sides):
    alike(sides, lambda docker: docker.run(
        "run", "--rm", "bb", "sh", "-c", "echo out; echo err >&2; exit 3"))


def test_run_of_what_is_not_there(sides):
    def scenario(docker):
        return normal(docker.run("run", "--rm", "--pull", "never", "no/such"))

    assert alike(sides, scenario)[0] == 125


def test_run_with_input(sides):
    def scenario(docker):
        return docker.run("run", "--rm", "--interactive", "bb", "sh", "-c",
                          "cat; echo end", data=b"some\ninput")

    assert alike(sides, scenario).out == b"some\ninputend\n"


def test_run_detached(sides):
    def scenario(docker):
        with container(docker, "--publish", "8080", "--env", "A=b", "bb",
                       "sh", "-c", "echo $A"):
            return steps(docker, "wait subject", "logs subject",
                         "inspect --format {{.State.ExitCode}} subject")

    assert alike(sides, scenario)[1][1] == (0, b"b\n", b"")


def test_run_passes_signals_on(sides):
    def scenario(docker):
        trap = "trap 'echo got; exit 9' TERM; echo ready; while :; do " \
            "usleep 10000; done"
        with docker.start("run", "--rm", "bb", "sh", "-c", trap) as running:
            assert running.line() == "ready"
            running.process.send_signal(signal.SIGTERM)
            assert running.line() == "got"
            return running.wait()

    assert alike(sides, scenario) == 9


def test_run_on_a_terminal(sides):
    def scenario(docker):
        with docker.terminal("run", "--rm", "--interactive", "--tty",
                             "--hostname", "host", "bb", "sh",
                             rows=30, columns=100) as terminal:
            terminal.expect("# ")
            sizes = typed_sizes(terminal)
            terminal.type("exit 5\r")
            return sizes, terminal.wait()

    assert alike(sides, scenario) == (["30 100", "41 121"], 5)


def test_exec_on_a_terminal(sides):
    def scenario(docker):
        with docker.terminal("exec", "--interactive", "--tty", "web", "sh",
                             rows=30, columns=100) as terminal:
            terminal.expect("# ")
            sizes = typed_sizes(terminal)
            terminal.type("\x04")
            return sizes, terminal.wait()

    assert alike(sides, scenario) == (["30 100", "41 121"], 0)


def typed_sizes(terminal):
    """What stty says before and after the window was resized.

    The client sends a size when it gets to it, and misses the SIGWINCH that
    comes before it listens: so the shell waits for the size, and the client
    is told again meanwhile.
    """
    sizes = []
    for rows, columns in ((30, 100), (41, 121)):
        terminal.resize(rows, columns)
        terminal.type(f"until [ \"$(stty size)\" = '{rows} {columns}' ]; do "
                      "usleep 10000; done; echo size=$(stty size)=\r")
        sizes.append(terminal.expect(r"\nsize=(\d+ \d+)=",
                                     nudge=signal.SIGWINCH)[1])
        terminal.expect("# ")
    return sizes


def test_exec_keeps_streams_and_exit_code(sides):
    def scenario(docker):
        return docker.run("exec", "--env", "A=b", "--workdir", "/tmp", "web",
                          "sh", "-c", "pwd; echo $A >&2; exit 4")

    assert alike(sides, scenario) == (4, b"/tmp\n", b"b\n")


def test_exec_detached(sides):
    def scenario(docker):
        done = docker.run("exec", "--detach", "web", "touch", "/tmp/detached")
        docker.ok("exec", "web", "sh", "-c",
                  "until rm /tmp/detached 2>/dev/null; do usleep 10000; done")
        return done

    assert alike(sides, scenario).code == 0


def test_exec_carries_64_mib_both_ways(sides, blob):
    def scenario(docker):
        with open(blob.path, "rb") as stdin:
            return docker.digest("exec", "-i", "web", "cat", stdin=stdin)

    assert alike(sides, scenario) == (blob.size, blob.sha)


def test_exec_input_ends_before_output(sides, blob):
    """The half-close of stdin arrives; the output comes after it."""
    def scenario(docker):
        with open(blob.path, "rb") as stdin:
            return docker.ok("exec", "-i", "web", "sha256sum", stdin=stdin)

    assert alike(sides, scenario).split()[0] == blob.sha


def test_attach_and_detach_by_keys(direct, proxied_by_unix):
    """By a unix socket: the client misses its own keys on plain TCP.

    There io.Copy is net.TCPConn.ReadFrom, which wraps term.EscapeError, and
    docker/cli (hijack.go) looks for it bare: it hangs without a proxy, too.
    """
    def scenario(docker):
        with container(docker, "--interactive", "--tty", "bb", "cat"):
            with docker.terminal("attach", "--detach-keys", "ctrl-x",
                                 "subject") as terminal:
                terminal.type("hello\r")
                terminal.expect("hello\r\nhello\r\n")
                terminal.type("\x18")
                code = terminal.wait()
            state = docker.ok("inspect", "--format", "{{.State.Running}}",
                              "subject")
            return code, state

    sides = direct, proxied_by_unix
    assert alike(sides, scenario) == (1, "true\n")


def test_attach_without_a_terminal(sides):
    def scenario(docker):
        docker.ok("create", "--interactive", "--name", "subject", "bb",
                  "sh", "-c", "cat; echo err >&2; exit 6")
        docker.ok("start", "subject")
        done = docker.run("attach", "subject", data=b"typed\n")
        docker.ok("rm", "--force", "subject")
        return done

    assert alike(sides, scenario) == (6, b"typed\n", b"err\n")


def test_start_attached(sides):
    def scenario(docker):
        docker.ok("create", "--name", "subject", "bb", "echo", "started")
        done = docker.run("start", "--attach", "subject")
        docker.ok("rm", "subject")
        return done

    assert alike(sides, scenario) == (0, b"started\n", b"")


# --- files and images


def test_cp_64_mib_both_ways(sides, blob, tmp_path):
    def scenario(docker):
        with container(docker, "bb", "sleep", "1000"):
            docker.ok("cp", blob.path, "subject:/tmp/blob")
            inside = docker.ok("exec", "subject", "sha256sum", "/tmp/blob")
            docker.ok("cp", "subject:/tmp/blob", tmp_path / "back")
        return inside, sha_of(tmp_path / "back")

    inside, back = alike(sides, scenario)
    assert inside.split()[0] == blob.sha
    assert back == blob.sha


def test_cp_of_tar_streams(sides):
    packed = tar_of({"a": b"1", "d/b": b"2"})

    def scenario(docker):
        with container(docker, "bb", "sleep", "1000"):
            sent = docker.run("cp", "-", "subject:/tmp", data=packed)
            got = docker.run("cp", "subject:/tmp/d", "-")
            files = tarfile.open(fileobj=io.BytesIO(got.out)).getnames()
            return sent, got.code, files

    assert alike(sides, scenario)[2] == ["d", "d/b"]


def test_save_64_mib(sides, big_image, blob, tmp_path):
    """Its files: newer Engines date its folders with the time of the day."""
    def scenario(docker):
        with open(tmp_path / "saved", "wb") as out:
            docker.ok("save", "big", stdout=out)
        with tarfile.open(tmp_path / "saved") as tar:
            return [(member.name, member.size, member.isfile() and
                     hashlib.file_digest(tar.extractfile(member),
                                         "sha256").digest())
                    for member in tar]

    saved = alike(sides, scenario)
    assert sum(size for _, size, _ in saved) > blob.size


def test_load_64_mib(sides, big_image, tmp_path):
    direct, _ = sides
    direct.ok("save", "--output", tmp_path / "big.tar", "big")

    def scenario(docker):
        direct.ok("rmi", "--force", big_image)
        done = docker.run("load", "--quiet", "--input", tmp_path / "big.tar")
        return done, docker.ok("images", "--quiet", "--no-trunc", "big")

    assert alike(sides, scenario)[1].strip() == big_image


def test_export_and_import(sides, tmp_path):
    def scenario(docker):
        with container(docker, "bb", "sh", "-c", "echo kept >/kept"):
            docker.ok("wait", "subject")
            docker.ok("export", "--output", tmp_path / "root.tar", "subject")
        docker.ok("import", "--change", "CMD cat /kept",
                  tmp_path / "root.tar", "imported")
        done = docker.run("run", "--rm", "imported")
        docker.ok("rmi", "imported")
        return done

    assert alike(sides, scenario) == (0, b"kept\n", b"")


def test_build_with_16_mib_of_context(sides, blob, tmp_path):
    with open(blob.path, "rb") as source:
        data = source.read(16 * MIB)
    (tmp_path / "blob").write_bytes(data)
    (tmp_path / "Dockerfile").write_text(
        "FROM bb\nARG WHO\nLABEL who=$WHO\nCOPY blob /blob\n"
        "RUN sha256sum /blob\nCMD [\"sha256sum\", \"/blob\"]\n")

    def scenario(docker):
        built = docker.run("build", "--no-cache", "--build-arg", "WHO=me",
                           "--tag", "built", tmp_path)
        shown = docker.ok("inspect", "--format",
                          "{{.Config.Labels.who}} {{.Config.Cmd}}", "built")
        said = docker.ok("run", "--rm", "built")
        docker.ok("rmi", "built")
        return normal(built), shown, said

    built, _, said = alike(sides, scenario)
    assert built[0] == 0, built
    assert said.split()[0] == hashlib.sha256(data).hexdigest()


def test_build_that_fails(sides):
    def scenario(docker):
        return normal(docker.run("build", "--no-cache", "-",
                                 data=b"FROM bb\nRUN exit 42\n"))

    assert alike(sides, scenario)[0] != 0


def test_images_tagged_and_removed(sides):
    alike(sides, lambda docker: steps(
        docker, "tag bb reg.example:5000/a/b:1",
        "images --quiet --no-trunc reg.example:5000/a/b:1",
        "inspect --format {{.RepoTags}} reg.example:5000/a/b:1",
        "history --quiet reg.example:5000/a/b:1",
        "rmi reg.example:5000/a/b:1", "rmi reg.example:5000/a/b:1",
        "image prune --force"))


# --- life cycles


def test_container_life_cycle(sides):
    def scenario(docker):
        docker.ok("create", "--name", "subject", "--label", "life=cycle",
                  "bb", "sh", "-c",
                  "trap 'exit 3' TERM; while :; do usleep 10000; done")
        status = "inspect --format {{.State.Status}} "
        return steps(
            docker, status + "subject", "start subject", status + "subject",
            "pause subject", status + "subject", "unpause subject",
            "rename subject renamed", status + "subject",
            "update --cpu-shares 512 --restart no renamed",
            "inspect --format {{.HostConfig.CpuShares}} renamed",
            "restart --time 5 renamed", "stop renamed",
            "inspect --format {{.State.ExitCode}} renamed",
            "start renamed", "rm renamed", "kill renamed", status + "renamed",
            "commit --message why renamed committed",
            "inspect --format {{.Comment}} committed", "rmi committed",
            "start renamed", "rm --force renamed", "rm --force renamed",
            "container prune --force --filter label=life=cycle")

    alike(sides, scenario)


def test_network_life_cycle(sides):
    def scenario(docker):
        docker.ok("network", "create", "--label", "a=b", "--subnet",
                  "10.77.0.0/24", "net")
        with container(docker, "--network", "net", "--ip", "10.77.0.9",
                       "--network-alias", "alias", "bb", "httpd", "-f",
                       "-h", "/www"):
            return steps(
                docker, "network ls --filter label=a=b",
                "network inspect --format '{{json .IPAM}}' net",
                "exec subject wget -qO- http://alias",
                "network connect net web", "exec web wget -qO- http://alias",
                "network rm net", "network disconnect net web",
                "network disconnect --force net subject",
                "network rm net", "network rm net", "network prune --force")

    alike(sides, scenario)


def test_volume_life_cycle(sides):
    def scenario(docker):
        made = docker.ok("volume", "create", "--label", "a=b", "vol")
        docker.ok("run", "--rm", "--volume", "vol:/v", "bb", "touch", "/v/f")
        with container(docker, "--volume", "vol:/v", "bb", "sleep", "1000"):
            used = steps(docker, "exec subject ls /v", "volume rm vol")
        return made, used, steps(
            docker, "volume ls --filter label=a=b",
            "volume inspect --format {{.Mountpoint}} vol", "volume rm vol",
            "volume rm vol", "volume prune --force")

    alike(sides, scenario)


def sha_of(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def tar_of(files):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return packed.getvalue()
