"""docker-py must not notice the proxy."""

import gc
import hashlib
import io
import tarfile

import docker
import pytest

from alike import alike
from hijack import exactly, frame
from wait import SECONDS, until


@pytest.fixture
def sides(engine, proxy):
    clients = [docker.DockerClient(base_url=host, timeout=SECONDS)
               for host in (engine.host, proxy.host)]
    yield clients
    for container in clients[0].containers.list(all=True):
        if container.name != "web":
            container.remove(force=True)
    for client in clients:
        client.close()
    del clients
    gc.collect()  # docker-py leaves it to that to close hijacked connections


def sleeper(client, **options):
    return client.containers.run("bb", "sleep 1000", name="subject",
                                 detach=True, **options)


def test_reads(sides):
    def scenario(client):
        web = client.containers.get("web")
        info = client.info()
        for counter in ("NFd", "NGoroutines", "SystemTime", "NEventsListener"):
            info.pop(counter)
        return (client.ping(), client.version(), info, web.attrs,
                web.diff(), web.top(ps_args="-o pid,args"), web.logs(),
                client.images.get("bb").attrs,
                client.images.get("bb").history(),
                sorted((network.attrs for network in client.networks.list()),
                       key=lambda attributes: attributes["Name"]),
                [volume.attrs for volume in client.volumes.list()])

    alike(sides, scenario)


def test_run_and_its_errors(sides):
    def scenario(client):
        run = client.containers.run
        said = run("bb", ["sh", "-c", "echo out; echo err >&2"], remove=True)
        with pytest.raises(docker.errors.ContainerError) as failed:
            run("bb", ["sh", "-c", "echo why >&2; exit 3"], remove=True)
        with pytest.raises(docker.errors.NotFound) as missing:
            client.containers.get("nosuch")
        with pytest.raises(docker.errors.APIError) as refused:
            run("bb", "true", mem_limit="1k")
        return (said, failed.value.exit_status, failed.value.stderr,
                missing.value.explanation, refused.value.explanation)

    said, status, why, _, _ = alike(sides, scenario)
    assert (said, status, why) == (b"out\n", 3, b"why\n")


def test_exec_run(sides):
    def scenario(client):
        web = client.containers.get("web")
        both = web.exec_run(["sh", "-c", "echo out; echo err >&2; exit 4"],
                            demux=True)
        code, stream = web.exec_run("cat /www/index.html", stream=True)
        return tuple(both), b"".join(stream)

    assert alike(sides, scenario) == (
        (4, (b"out\n", b"err\n")), b"<h1>It works</h1>\n")


def test_exec_on_a_socket(sides):
    """Both ways on the hijacked connection, then a half-close."""
    def scenario(client):
        api = client.api
        created = api.exec_create("web", "cat", stdin=True)
        stream = api.exec_start(created["Id"], socket=True)
        raw = getattr(stream, "_sock", stream)
        raw.settimeout(SECONDS)
        received = b""
        for part in (b"one\n", b"two\n"):
            raw.sendall(part)
            received += frame(raw)[1]
        raw.shutdown(1)
        rest = raw.recv(1)
        stream.close()
        until(lambda: not api.exec_inspect(created["Id"])["Running"],
              "cat to end with its input")
        return received, rest, api.exec_inspect(created["Id"])["ExitCode"]

    assert alike(sides, scenario) == (b"one\ntwo\n", b"", 0)


def test_attach_to_a_terminal(sides):
    def scenario(client):
        container = client.containers.create(
            "bb", "sh", name="subject", tty=True, stdin_open=True)
        stream = container.attach_socket(
            params={"stdin": 1, "stdout": 1, "stream": 1})
        raw = getattr(stream, "_sock", stream)
        raw.settimeout(SECONDS)
        container.start()
        container.resize(33, 99)
        raw.sendall(b"until [ \"$(stty size)\" = '33 99' ]; do usleep 10000;"
                    b" done; echo size=$(stty size)=\n")
        seen = b""
        while b"size=33 99=" not in seen:
            seen += exactly(raw, 1)
        raw.sendall(b"exit 5\n")
        status = container.wait(timeout=SECONDS)
        stream.close()
        container.remove()
        return status["StatusCode"]

    assert alike(sides, scenario) == 5


def test_logs_stream(sides):
    def scenario(client):
        container = client.containers.run(
            "bb", ["sh", "-c", "mkfifo /talk; while :; do cat /talk; done"],
            name="subject", detach=True)
        seen = []
        stream = container.logs(stream=True, follow=True)
        for number in range(3):
            container.exec_run(["sh", "-c", "until [ -p /talk ]; do usleep "
                                f"10000; done; echo line-{number} >/talk"])
            seen.append(next(stream))
        stream.close()
        container.remove(force=True)
        return seen

    assert alike(sides, scenario) == [b"line-0\n", b"line-1\n", b"line-2\n"]


def test_events_stream(sides, engine):
    def scenario(client):
        before = engine.event_listeners()
        events = client.events(decode=True, filters={"container": "subject"})
        until(lambda: engine.event_listeners() > before,
              "the Engine to serve the event stream")
        sleeper(client).remove(force=True)
        seen = [next(events)["Action"] for _ in range(5)]
        events.close()
        until(lambda: engine.event_listeners() == before,
              "the Engine's event stream to end with its client")
        return seen

    assert alike(sides, scenario) == [
        "create", "start", "kill", "die", "destroy"]


def test_stats(sides):
    def scenario(client):
        web = client.containers.get("web")
        once = web.stats(stream=False)
        stream = web.stats(decode=True)
        two = [next(stream)["name"] for _ in range(2)]
        stream.close()
        return once["name"], sorted(once), two

    assert alike(sides, scenario)[2] == ["/web", "/web"]


def test_archives(sides, blob):
    data = blob.path.read_bytes()
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        entry = tarfile.TarInfo("blob")
        entry.size = len(data)
        tar.addfile(entry, io.BytesIO(data))

    def scenario(client):
        container = sleeper(client)
        put = container.put_archive("/tmp", packed.getvalue())
        stream, stat = container.get_archive("/tmp/blob")
        back = tarfile.open(fileobj=io.BytesIO(b"".join(stream)))
        sha = hashlib.sha256(back.extractfile("blob").read()).hexdigest()
        container.remove(force=True)
        return put, stat["name"], stat["size"], sha

    assert alike(sides, scenario) == (True, "blob", blob.size, blob.sha)


def test_images_saved_and_loaded(sides):
    def scenario(client):
        image = client.images.get("bb")
        image.tag("copy", "1")
        saved = b"".join(client.images.get("bb").save(named="copy:1"))
        client.images.remove("copy:1")
        loaded = client.images.load(saved)
        tags = client.images.get("copy:1").tags
        client.images.remove("copy:1")
        return [entry.id for entry in loaded], sorted(tags)

    assert alike(sides, scenario)[1] == ["bb:latest", "copy:1"]


def test_build(sides):
    def scenario(client):
        image, lines = client.images.build(
            fileobj=io.BytesIO(b"FROM bb\nRUN echo made >/made\n"),
            tag="made", nocache=True, rm=True)
        said = client.containers.run("made", "cat /made", remove=True)
        with pytest.raises(docker.errors.BuildError) as failed:
            client.images.build(fileobj=io.BytesIO(b"FROM bb\nRUN false\n"))
        client.images.remove("made")
        return said, len(list(lines)), failed.value.msg

    assert alike(sides, scenario)[0] == b"made\n"


def test_networks_and_volumes(sides):
    def scenario(client):
        network = client.networks.create("net", labels={"a": "b"})
        volume = client.volumes.create("vol", labels={"a": "b"})
        container = sleeper(client, network="net",
                            volumes={"vol": {"bind": "/v", "mode": "rw"}})
        web = client.containers.get("web")
        network.connect(web, aliases=["website"])
        page = container.exec_run("wget -qO- http://website")
        network.disconnect(web)
        with pytest.raises(docker.errors.APIError) as busy:
            volume.remove()
        labels = [found.attrs["Labels"] for found in (
            client.networks.get("net"), client.volumes.get("vol"))]
        container.remove(force=True)
        network.remove()
        volume.remove()
        return tuple(page), busy.value.status_code, labels

    assert alike(sides, scenario) == (
        (0, b"<h1>It works</h1>\n"), 409, [{"a": "b"}, {"a": "b"}])


def test_life_cycle(sides):
    def scenario(client):
        container = sleeper(client)
        seen = []
        for step, arguments in (("pause", {}), ("unpause", {}),
                                ("restart", {"timeout": 0}),
                                ("stop", {"timeout": 0}), ("start", {}),
                                ("kill", {})):
            getattr(container, step)(**arguments)
            container.reload()
            seen.append((step, container.status))
        container.rename("renamed")
        container.update(cpu_shares=512)
        container.reload()
        seen.append((container.name,
                     container.attrs["HostConfig"]["CpuShares"]))
        seen.append(container.wait(timeout=SECONDS)["StatusCode"])
        container.remove()
        return seen

    assert alike(sides, scenario) == [
        ("pause", "paused"), ("unpause", "running"), ("restart", "running"),
        ("stop", "exited"), ("start", "running"), ("kill", "exited"),
        ("renamed", 512), 137]
