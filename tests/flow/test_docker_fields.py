"""Rules on what a request means: when a body is held for them, and what is
refused, let through, or in doubt."""

import json

import pytest

import proxy_process
from wire import answer, request

MIB = 1 << 20


def deny(field, operator, *value):
    return {"name": f"no {field} {operator}", "action": "deny",
            "conditions": [{"field": field, "operator": operator,
                            **({"value": value[0]} if value else {})}]}


GUARDS = [
    deny("docker.host_paths", "not_only_under", ["/srv/app", "/etc/tz:ro"]),
    deny("docker.capabilities", "not_only_in", ["NET_ADMIN"]),
    deny("docker.namespaces", "exists"),
    deny("docker.unknown", "exists"),
    deny("docker.target", "in", ["db"]),
]


@pytest.fixture(scope="module")
def guarded(folder, engine, make_proxy):
    """A proxy that lets everything pass but what the guards are for."""
    path = folder / "guarded"
    path.mkdir()
    proxy = make_proxy(path, proxy_process.configuration(
        engine.url(), path, rules=GUARDS)).start()
    yield proxy
    proxy.stop()


def create(name, **members):
    body = json.dumps({"Image": "a", **members}).encode()
    return request("POST", f"/v1.43/containers/create?name={name}",
                   "Content-Type: application/json", body=body)


def host(**members):
    return {"HostConfig": members}


@pytest.mark.parametrize("members", [
    {},
    host(),
    host(Binds=None, CapAdd=None, PidMode="", Privileged=False, Mounts=[]),
    host(Binds=["/srv/app:/a", "/srv/app/x:/b", "/etc/tz:/c:ro", "data:/d"]),
    host(Mounts=[{"Type": "tmpfs", "Target": "/t"}]),
    host(CapAdd=["CAP_NET_ADMIN"], CapDrop=["ALL"]),
    host(CapAdd="net_admin"),
    host(IpcMode="private", NetworkMode="bridge"),
    {"NewThing": None},
])
def test_let_through(guarded, engine, members):
    name = engine.play()
    with guarded.connect() as client:
        assert client.ask(create(name, **members)).status == 200
    assert json.loads(engine.named(name)[0].body) == {"Image": "a", **members}


@pytest.mark.parametrize("members", [
    host(Binds=["/srv/app/../../etc:/a"]),
    host(Binds=["/srv/app:/a", "/srv/app-evil:/b"]),
    host(Binds=["/etc/tz:/c"]),
    host(Mounts=[{"type": "bind", "source": "/"}]),
    host(Mounts=[{"Type": "volume", "VolumeOptions": {"DriverConfig": {
        "Options": {"o": "ro,bind", "type": "", "device": "/etc"}}}}]),
    host(Devices=[{"PathOnHost": "/dev/sda"}]),
    host(CapAdd=["NET_ADMIN", "sys_admin"]),
    host(CapAdd=["\u017fys_adm\u0131n"]),
    host(Privileged=True),
    host(PidMode="container:db"),
    host(NewThing=1),
    {"NewThing": 0},
    # of a type that the Engine would refuse
    host(CapAdd={"0": "NET_ADMIN"}),
    host(Binds="/srv/app:/a:ro:z"),
    host(Binds=[7]),
    host(Privileged="false"),
    {"HostConfig": []},
])
def test_refused(guarded, engine, members):
    name = engine.play()
    with guarded.connect() as client:
        assert client.ask(create(name, **members)).status == 403
    engine.settle()
    assert engine.named(name) == []


@pytest.mark.parametrize("method, target", [
    ("GET", "/containers/json?n="),
    ("GET", "/info?n="),
    ("POST", "/containers/web/start?n="),
    ("DELETE", "/containers/web?n="),
    ("GET", "/libpod/info?n="),
])
def test_calls_without_facts(guarded, engine, method, target):
    name = engine.play()
    with guarded.connect() as client:
        assert client.ask(request(method, target + name)).status == 200


@pytest.mark.parametrize("method, target", [
    ("POST", "/build?networkmode=host&n="),
    ("POST", "/containers/db/exec?n="),
    ("GET", "/containers/db/json?n="),
    ("POST", "/containers/a/start?checkpoint-dir=/etc&n="),
    # in a language of its own, or not to be seen
    ("POST", "/libpod/containers/create?n="),
    ("POST", "/grpc?n="),
    ("POST", "/plugins/create?name=a&n="),
    ("POST", "/services/a/update?version=1&rollback=previous&n="),
    # nobody knows this one: it may be about `db`
    ("POST", "/containers/web/newcall?n="),
])
def test_refused_calls(guarded, engine, method, target):
    name = engine.play()
    with guarded.connect() as client:
        assert client.ask(request(method, target + name)).status == 403
    engine.settle()
    assert engine.named(name) == []


@pytest.mark.parametrize("method, target", [
    ("PUT", "/containers/web/archive?path=/tmp&n="),
    ("POST", "/build?t=x&dockerfile="),
    ("POST", "/images/create?fromSrc=-&repo=x&n="),
    ("POST", "/images/load?n="),
])
def test_archives_are_not_held(guarded, engine, method, target):
    """Three times what may be held; and no JSON."""
    name = engine.play()
    body = b"\x1f\x8b" * (3 * MIB // 2)
    with guarded.connect() as client:
        r = client.ask(request(method, target + name, body=body))
    assert r.status == 200
    assert engine.named(name)[0].body == body


def test_of_the_others_as_much_as_is_looked_into(guarded, engine):
    name = engine.play()
    with guarded.connect() as client:
        r = client.ask(create(name, Env=["A=" + "x" * MIB]))
    assert r.status == 413
    assert engine.named(name) == []


def test_a_body_is_held_before_a_tunnel(guarded, engine):
    """exec start is judged by its body, and becomes a tunnel all the same."""
    def switch(x):
        assert json.loads(x.body()) == {"Detach": False, "Tty": True}
        x.send(answer("101 UPGRADED", "Connection: Upgrade", "Upgrade: tcp"))
        x.send(x.read(4).upper())
        x.close()

    name = engine.play(switch)
    fields = ["Connection: Upgrade", "Upgrade: tcp"]
    with guarded.connect() as client:
        client.send(request("POST", f"/exec/{name}/start", *fields,
                            body=b'{"Detach":false,"Tty":true}'))
        assert client.head().status == 101
        client.send(b"ping")
        assert client.reader.exactly(4) == b"PING"
    with guarded.connect() as client:
        r = client.ask(request("POST", f"/exec/{name}/start", *fields,
                               body=b'{"Detach":false,"Privileged":true}'))
        assert r.status == 403


def test_allow_lists(own_proxy, engine):
    """The other way round: only what is known to be meant gets in."""
    proxy = own_proxy(global_={"default": "deny"}, rules=[
        {"name": "run", "action": "allow", "conditions": [
            {"field": "path", "operator": "equals",
             "value": "/containers/create"},
            {"field": "docker.images", "operator": "only_in",
             "value": ["docker.io/library/a:latest"]},
            {"field": "docker.host_paths", "operator": "only_under",
             "value": "/srv"},
            {"field": "docker.capabilities", "operator": "not_exists"},
            {"field": "docker.user", "operator": "not_in",
             "value": ["root"]}]}])

    def status(**members):
        with proxy.connect() as client:
            return client.ask(create(engine.play(), **members)).status

    assert status(User="1000") == 200
    assert status(User="1000", **host(Binds=["/srv/x:/x"])) == 200
    assert status(User="1000", Image="docker.io/a") == 200
    assert status() == 403
    assert status(User="+0:5") == 403
    assert status(User="1000", Image="b") == 403
    assert status(User="1000", **host(Binds=["/etc:/x"])) == 403
    # Doubt does not let in.
    assert status(User="1000", **host(CapAdd=[1])) == 403
    assert status(User="1000", **host(Mounts=[
        {"Type": "bind", "Source": "srv/x"}])) == 403
    with proxy.connect() as client:
        assert client.get("/info").status == 403
