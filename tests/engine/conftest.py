"""Fixtures: one Engine for the session, an open proxy, clients on both."""

import hashlib
import json
import os
import sys

import pytest

sys.dont_write_bytecode = True
pytest.register_assert_rewrite(
    "alike", "cli", "engine", "hijack", "proxy", "shipped")

import cli  # noqa: E402
import engine as engines  # noqa: E402
import oracle.summary as oracle_summary  # noqa: E402
import proxy as proxies  # noqa: E402
import shipped as shipping  # noqa: E402
import tap as taps  # noqa: E402

OPEN = {"auth": {"type": "none"}, "global": {"default": "allow"}}
BLOB = 64 * cli.MIB


def pytest_sessionstart():
    """Without the program under test there is nothing to find out."""
    try:
        proxies.binary()
    except RuntimeError as missing:
        pytest.exit(str(missing), returncode=1)


# The files that take longest: one of them as the last would be waited for.
FIRST = ["test_cli", "test_tls", "test_compose_files", "test_oracle",
         "test_swarm_stack"]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    order = {name: number for number, name in enumerate(FIRST)}
    items.sort(key=lambda item: order.get(item.path.stem, len(FIRST)))


@pytest.fixture(scope="session")
def engine():
    """An Engine with the image bb:latest and a container `web`."""
    own = engines.Engine()
    try:
        own.start()
        prepare(own)
        yield own
        remove_containers(own)
    finally:
        own.remove()


def debian(own):
    return cli.Docker(cli.DEBIAN, own.host, own.folder)


def prepare(own):
    docker = debian(own)
    docker.ok("import", "-", "bb:latest", data=engines.busybox_root())
    docker.ok("run", "--detach", "--name", "web", "--hostname", "web",
              "bb", "httpd", "-f", "-vv", "-h", "/www")


def remove_containers(own):
    docker = debian(own)
    names = docker.ok("ps", "--all", "--quiet").split()
    if names:
        docker.ok("rm", "--force", "--volumes", *names)


@pytest.fixture(scope="session")
def proxy(engine):
    """A proxy that lets everything pass."""
    with proxies.Proxy(engine.socket, policy=OPEN) as running:
        yield running


@pytest.fixture
def tap(engine):
    """A socket to dial instead of the Engine's, that tells what comes."""
    with taps.Tap(engine.socket) as running:
        yield running


@pytest.fixture(scope="session", params=cli.clients(),
                ids=lambda program: "docker-%d.%d" % cli.version(program)[:2]
                if cli.version(program) else program)
def program(request):
    """Each docker client that this machine has."""
    return request.param


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def direct(program, engine, home):
    """The client on the Engine's own socket."""
    return cli.Docker(program, engine.host, home)


@pytest.fixture
def proxied(program, proxy, home):
    """The same client on the proxy."""
    return cli.Docker(program, proxy.host, home)


@pytest.fixture
def proxied_by_unix(program, engine, home):
    with proxies.Proxy(engine.socket, policy=OPEN, unix=True) as running:
        yield cli.Docker(program, running.host, home)


@pytest.fixture
def sides(direct, proxied):
    return direct, proxied


@pytest.fixture(scope="session")
def shipped(engine):
    """The images docker-proxy, as it is shipped, and client."""
    shipping.build(debian(engine))


@pytest.fixture(scope="module")
def socket_group(engine):
    """The Engine's socket's, in a folder that all may enter, as /run is."""
    engine.folder.chmod(0o711)
    yield os.stat(engine.socket).st_gid
    engine.folder.chmod(0o700)


class Blob:
    """A file of random bytes."""

    def __init__(self, path, size):
        self.path = path
        self.size = size
        data = os.urandom(size)
        path.write_bytes(data)
        self.sha = hashlib.sha256(data).hexdigest()


@pytest.fixture(scope="session")
def blob(tmp_path_factory):
    return Blob(tmp_path_factory.mktemp("blob") / "blob", BLOB)


@pytest.fixture(scope="session")
def big_image(engine, blob):
    """big:latest: bb with the blob as a second layer."""
    docker = debian(engine)
    docker.ok("create", "--name", "big", "bb", "true")
    docker.ok("cp", blob.path, "big:/blob")
    image = docker.ok("commit", "big", "big:latest").strip()
    docker.ok("rm", "big")
    return image


REPORTS = []


@pytest.fixture(scope="session")
def oracle_report():
    """Takes (effect, its tally, that of each mutation) to tell in the end."""
    return lambda *report: REPORTS.append(report)


def pytest_sessionfinish(session):
    """A worker's go to the process that tells them."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["oracle"] = json.dumps(REPORTS)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    """Of a worker that has ended, as it should or not."""
    REPORTS.extend(json.loads(
        getattr(node, "workeroutput", {}).get("oracle", "[]")))


def pytest_terminal_summary(terminalreporter):
    """What the Engine and the proxy made of the oracle's requests."""
    if not REPORTS:
        return
    terminalreporter.section("the Engine as the judge")
    for line in oracle_summary.lines(REPORTS):
        terminalreporter.line(line)
