"""Reloading: the next request has the new policy, what is under way the old
one, and a configuration with an error changes nothing."""

import itertools
import json
import os
import signal
import threading

import pytest

import wire
from exposition import scrape
from fake_engine import OK
from proxy_process import DENIALS, free_port
from reloads import Reloadable
from wire import request

DENY_INFO = {"name": "no-info", "action": "deny", "message": "info is closed",
             "conditions": [{"field": "path", "operator": "starts_with",
                             "value": "/info"}]}


def held_back(engine, n=1):
    """A script that answers when told to."""
    go_on = threading.Event()

    def script(x):
        x.body()
        assert go_on.wait(wire.TIMEOUT)
        x.send(OK)
    return engine.play(*[script] * n), go_on


# --- rules ------------------------------------------------------------------

@pytest.mark.parametrize("threads", [1, 3])
def test_the_next_request_of_a_connection(reloadable, threads):
    r = reloadable(global_={"threads": threads})
    clients = [r.proxy.connect() for _ in range(2 * threads)]
    assert all(c.get("/info").status == 200 for c in clients)
    r.config["rules"] = [*DENIALS, DENY_INFO]
    assert r.hup()
    for c in clients:
        if threads > 1:  # another thread may take a moment longer
            wire.wait_until(lambda c=c: c.get("/info").status == 403,
                            "each worker has the policy")
        answer = c.get("/info")
        assert (answer.status, answer.message()) == (403, "info is closed")
    r.config["rules"] = DENIALS
    assert r.hup()
    for c in clients:
        wire.wait_until(lambda c=c: c.get("/info").status == 200,
                        "each worker has the policy")
        c.sock.close()


def test_a_request_at_the_engine_ends_as_it_began(reloadable, engine):
    """Its log line is of the rules and the settings that let it in."""
    r = reloadable(global_={"access_log": "all"})
    name, go_on = held_back(engine)
    with r.proxy.connect() as c:
        c.send(request("GET", f"/containers/{name}/json"))
        engine.wait_for(name)
        r.config["global"]["access_log"] = "off"
        r.config["global"]["default"] = "deny"
        r.config["rules"] = [DENY_INFO]
        assert r.hup()
        r.config["global"]["listeners"][1]["name"] = "renamed"
        assert r.hup()
        go_on.set()
        assert c.response().body == b"ok"
        wire.wait_until(lambda: r.lines(f"path=/containers/{name}/json"),
                        "it is logged")
        assert r.lines("listener=unix") and not r.lines("renamed ")
        assert c.get("/version").status == 403


def test_a_held_body_is_judged_by_the_rules_it_came_under(reloadable):
    r = reloadable()
    body = b'{"HostConfig": {"Privileged": true}}'
    with r.proxy.connect() as c, r.proxy.connect() as later:
        message = request("POST", "/containers/create",
                          "Content-Type: application/json", body=body)
        c.send_apart([message[:-5]])
        r.config["rules"] = []
        assert r.hup()
        c.send(message[-5:])
        assert c.response().status == 403
        assert later.ask(message, "POST").status == 200


def test_settings_that_a_worker_keeps(reloadable):
    """Waiting connections and the room for a head follow at once."""
    r = reloadable(global_={"timeouts": {"keepalive": "75s"},
                            "limits": {"headers": 90}})
    with r.proxy.connect() as idle, r.proxy.connect() as c:
        assert idle.get("/info").status == 200
        fields = [f"X-{i}: v" for i in range(85)]
        assert c.get("/info", *fields).status == 200
        r.config["global"]["limits"] = {"headers": 60}
        assert r.hup()
        assert c.get("/info", *fields).status == 431
        r.config["global"]["timeouts"]["keepalive"] = "100ms"
        assert r.hup()
        assert idle.gone()


# --- errors -----------------------------------------------------------------

def test_an_error_changes_nothing(reloadable):
    r = reloadable()
    with r.proxy.connect() as c:
        good = json.dumps(r.config, indent=1)
        bad = good.replace('"operator": "equals"', '"operator": "eqals"', 1)
        line = bad[:bad.index("eqals")].count("\n") + 1
        assert not r.hup(bad)
        assert r.lines(f"config.yaml:{line}:")
        assert r.lines('did you mean "equals"')
        assert c.get("/secrets/1").status == 403
        r.path.write_text("")
        r.proxy.signal(signal.SIGHUP)
        wire.wait_until(lambda: r.refused() == 2, "nothing is an error")
        assert r.lines("config.yaml is empty")
        os.unlink(r.path)
        r.proxy.signal(signal.SIGHUP)
        wire.wait_until(lambda: r.refused() == 3, "no file is an error")
        assert r.lines("No such file or directory")
        assert c.get("/secrets/1").status == 403
        assert c.get("/info").status == 200


def test_metrics_and_audit(reloadable, folder):
    port, log = free_port(), folder / "audit.log"
    r = reloadable(global_={"admin": {"listen": f"127.0.0.1:{port}"},
                            "audit_log": str(log)})
    assert r.hup()
    assert not r.hup("rules: {")
    m = scrape(port)
    assert m("policy_generation") == 2
    assert m("reloads_total", "ok") == m("reloads_total", "error") == 1
    wire.wait_until(lambda: log.read_text().count('"reload"') == 2,
                    "both are in the audit log")
    r.config["global"]["audit_log"] = "stdout"
    assert not r.hup()
    assert r.lines("audit_log and audit_chain cannot change")


def test_the_audit_log_is_opened_anew(reloadable, folder):
    log, rotated = folder / "rotated.log", folder / "rotated.log.1"
    r = reloadable(global_={"audit_log": str(log)})
    os.rename(log, rotated)
    assert not r.hup("rules: {")
    wire.wait_until(lambda: '"reload"' in rotated.read_text(), "refused")
    assert r.hup()
    wire.wait_until(lambda: log.exists() and "in force" in log.read_text(),
                    "the reload is in the new file")
    assert rotated.read_text().count('"reload"') == 1


def test_what_takes_a_restart_is_told(reloadable):
    r = reloadable()
    r.config["global"]["threads"] = 2
    r.config["global"]["limits"] = {"connections": 77}
    assert r.hup()
    assert r.lines("threads: the change takes effect after a restart") == 1
    assert r.lines("limits.connections: the change takes effect") == 1


def test_rate_limits_are_kept(reloadable):
    r = reloadable(rules=[{
        "name": "slow", "action": "rate_limit",
        "rate_limit": {"requests": 2, "period": "1h", "key": "client_ip"},
        "conditions": [{"field": "path", "operator": "equals",
                        "value": "/info"}]}])
    with r.proxy.connect() as c:
        assert [c.get("/info").status for _ in range(3)] == [200, 200, 429]
        r.config["rules"].append(DENIALS[0])
        assert r.hup()
        assert c.get("/info").status == 429
        assert c.get("/secrets/1").status == 403


# --- listeners --------------------------------------------------------------

def answers(address):
    try:
        with wire.socket.create_connection(address, wire.TIMEOUT):
            return True
    except ConnectionRefusedError:
        return False


def test_listeners_come_and_go(reloadable):
    r = reloadable()
    listeners = r.config["global"]["listeners"]
    old = r.proxy.tcp
    new = ("127.0.0.1", free_port())
    with r.proxy.connect("tcp") as c:
        assert c.get("/info").status == 200
        listeners[0] = {"name": "other", "bind": new[0], "port": new[1]}
        assert r.hup()
        assert c.get("/info").status == 200
        assert answers(new) and not answers(old)
        r.proxy.tcp = new
        with r.proxy.connect("tcp") as d:
            assert d.get("/secrets/1").status == 403
        wire.wait_until(lambda: r.lines("listener=other"), "the new name")
        removed = listeners.pop()["unix"]
        assert r.hup()
        assert not os.path.exists(removed)
        r.proxy.unix = None
        assert c.get("/info").status == 200


def test_one_that_cannot_be_opened_refuses_all(reloadable):
    r = reloadable()
    listeners = r.config["global"]["listeners"]
    first = free_port()
    with wire.socket.create_server(("127.0.0.1", 0)) as taken:
        listeners.append({"name": "a", "bind": "127.0.0.1", "port": first})
        listeners.append({"name": "b", "bind": "127.0.0.1",
                          "port": taken.getsockname()[1]})
        r.config["rules"] = [DENY_INFO]
        assert not r.hup()
    assert r.lines("Address already in use")
    assert not answers(("127.0.0.1", first))
    with r.proxy.connect("tcp") as c, r.proxy.connect("unix") as d:
        assert c.get("/info").status == d.get("/info").status == 200
    assert r.hup()
    assert answers(("127.0.0.1", first))


# --- watching ---------------------------------------------------------------

def overwrite(path, start):
    """In its place, by one call: what is half written might be read."""
    with open(path, "r+b", buffering=0) as f:
        f.write(start)


def test_watch(reloadable):
    r = reloadable(global_={"watch": True})
    before = r.refused(), r.in_force()
    (r.path.parent / "unrelated").write_text("x")
    r.config["rules"] = [DENY_INFO]
    r.write()
    assert r.wait(before)
    with r.proxy.connect() as c:
        assert c.get("/info").status == 403
        overwrite(r.path, b"rules: [")
        assert not r.wait((0, 1))
        assert c.get("/info").status == 403
        r.config["global"]["watch"] = False
        r.write()
        assert r.wait((1, 1))
    assert (r.refused(), r.in_force()) == (1, 2)


def test_watch_in_a_busy_folder(reloadable):
    """What others do in the folder, for ever, does not put it off."""
    r = reloadable(global_={"watch": True})
    over = threading.Event()

    def disturb():
        while not over.wait(0.02):
            (r.path.parent / "busy").write_text("x")

    thread = threading.Thread(target=disturb)
    thread.start()
    try:
        before = r.refused(), r.in_force()
        r.config["rules"] = [DENY_INFO]
        r.write()
        assert r.wait(before)
    finally:
        over.set()
        thread.join()


def test_watch_a_folder_that_is_replaced(own_proxy, tmp_path):
    """Without the sandbox, to which it is a folder that it does not know."""
    proxy = own_proxy(global_={"watch": True, "sandbox": "off"})
    config = Reloadable(proxy).config
    proxy.stop()

    def folder(name, rules):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.yaml").write_text(
            json.dumps({**config, "rules": rules}))

    folder("conf", [])
    proxy.args[-1] = str(tmp_path / "conf" / "config.yaml")
    proxy.start()
    for i, rules in enumerate(([DENY_INFO], [], [DENY_INFO])):
        folder(f"new{i}", rules)
        os.rename(tmp_path / "conf", tmp_path / f"old{i}")
        os.rename(tmp_path / f"new{i}", tmp_path / "conf")
        wire.wait_until(lambda n=i + 1: proxy.log().count(" is in force: ")
                        == n, "the new folder is seen")
    with proxy.connect() as c:
        assert c.get("/info").status == 403
    os.rename(tmp_path / "conf", tmp_path / "away")
    wire.wait_until(lambda: "only SIGHUP reloads" in proxy.log(), "told")
    os.rename(tmp_path / "away", tmp_path / "conf")
    proxy.signal(signal.SIGHUP)
    wire.wait_until(lambda: proxy.log().count(" is in force: ") == 4, "read")
    (tmp_path / "conf" / "config.yaml").write_text("rules: [")
    wire.wait_until(lambda: "reload refused" in proxy.log(),
                    "it is watched again")


def test_watch_a_mounted_folder(own_proxy, tmp_path):
    """As a ConfigMap is mounted: the file is a link through a link that is
    replaced."""
    numbers = itertools.count()

    def publish(config):
        folder = tmp_path / f"..{next(numbers)}"
        folder.mkdir()
        (folder / "config.yaml").write_text(json.dumps(config))
        os.symlink(folder.name, tmp_path / "..new")
        os.rename(tmp_path / "..new", tmp_path / "..data")

    proxy = own_proxy(global_={"watch": True})
    config = Reloadable(proxy).config
    proxy.stop()
    publish(config)
    os.symlink("..data/config.yaml", tmp_path / "config.yaml")
    proxy.args[-1] = str(tmp_path / "config.yaml")
    proxy.start()
    publish({**config, "rules": [DENY_INFO]})
    wire.wait_until(lambda: " is in force: " in proxy.log(),
                    "the new folder is seen")
    with proxy.connect() as c:
        assert c.get("/info").status == 403


def test_without_a_file_there_is_nothing_to_read(make_proxy, engine, folder):
    port = free_port()
    path = folder / "bare"
    path.mkdir()
    proxy = make_proxy(path, env={
        "CONTAINERS": "1", "DOCKER_SOCKET": engine.url(),
        "DOCKER_PROXY_PORT": str(port)}, port=port).start()
    proxy.signal(signal.SIGHUP)
    wire.wait_until(lambda: "no configuration file" in proxy.log(), "told")
    proxy.stop()
