"""docker-compose brings up, reads and takes down two services."""

import pytest

from alike import alike, normal
from cli import Docker
from engine import ENGINES, OWN, wanted

COMPOSE = "/usr/bin/docker-compose"

FILE = """
version: "3.8"
services:
  server:
    image: bb
    command: ["httpd", "-f", "-h", "/www"]
    networks: {inner: {aliases: [website]}}
    volumes: ["data:/data"]
  client:
    image: bb
    command: ["sh", "-c", "until wget -qO- http://website; do usleep 50000;
        done; echo done >/tmp/done; exec sleep 1000"]
    depends_on: [server]
    networks: [inner]
    environment: {GREETING: hello}
networks: {inner: {}}
volumes: {data: {}}
"""
GOT = "until [ -e /tmp/done ]; do usleep 10000; done; echo $GREETING"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "docker-compose.yml").write_text(FILE)
    return tmp_path


def programs():
    """Debian's docker-compose, and that of each Engine that was fetched."""
    plugin = "usr/libexec/docker/cli-plugins/docker-compose"
    return [COMPOSE, *sorted(str(p) for p in ENGINES.glob(f"*/{plugin}"))]


def able():
    """Those that can do all with this Engine: Debian's reads of an image what
    newer ones do not tell, where it recreates a container."""
    return programs() if wanted() == OWN else programs()[1:]


def compose(host, home, folder, program=COMPOSE):
    """A function that runs docker-compose in the folder."""
    client = Docker(program, host, home)
    return lambda *arguments: client.run(
        "--project-name", "two", "--ansi", "never", *arguments, cwd=folder)


def test_two_services_up_and_down(engine, proxy, home, folder):
    def scenario(host):
        run = compose(host, home, folder)
        try:
            up = run("up", "--detach")
            assert up.code == 0, up
            greeting = run("exec", "-T", "client", "sh", "-c", GOT)
            logs = run("logs", "--no-color", "client")
            services = run("ps", "--services")
            rerun = run("run", "-T", "--rm", "client", "cat",
                        "/www/index.html")
            running = run("ps", "--quiet")
            restart = run("restart", "--timeout", "0", "server")
        finally:
            down = run("down", "--volumes", "--timeout", "0")
        left = [engine.get_json(f"/{kind}?filters=" + LABEL)
                for kind in ("networks", "volumes")]
        return (up.code, greeting, logs, services, rerun.code, restart.code,
                len(running.out.split()), down.code, left)

    seen = alike((engine.host, proxy.host), scenario)
    _, greeting, logs, _, rerun, *_, left = seen
    assert greeting == (0, b"hello\n", b"")
    assert b"| <h1>It works</h1>\n" in logs.out
    # Not its output: that of a short run is lost now and then by this
    # client, on either side.
    assert rerun == 0
    assert left == [[], {"Volumes": [], "Warnings": None}]


def test_up_in_the_foreground_ends_with_its_service(
        engine, proxy, home, folder):
    (folder / "docker-compose.yml").write_text(
        'services: {one: {image: bb, command: ["sh", "-c", '
        '"echo said; exit 3"]}}')

    def scenario(host):
        run = compose(host, home, folder)
        try:
            up = run("up", "--no-color", "--exit-code-from", "one")
        finally:
            run("down", "--timeout", "0")
        return up.code, b"said" in up.out

    assert alike((engine.host, proxy.host), scenario) == (3, True)


def test_what_the_engine_refuses_is_told(engine, proxy, home, folder):
    (folder / "docker-compose.yml").write_text(
        'services: {one: {image: "bb", mem_limit: 1k}}')

    def scenario(host):
        run = compose(host, home, folder)
        try:
            return normal(run("up", "--detach"))
        finally:
            run("down", "--timeout", "0")

    code, _, errors = alike((engine.host, proxy.host), scenario)
    assert code == 1
    assert b"Minimum memory limit" in errors, errors


LABEL = "%7B%22label%22%3A%5B%22com.docker.compose.project%3Dtwo%22%5D%7D"
