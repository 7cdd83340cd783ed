"""X-Request-Id: one id for the client, the Engine, the log and the audit log."""

import json

import pytest

import wire
from wire import answer, request

GOOD = ["a", "7b4f9a1e-55f1-4a38-8d2b-0d2f6c0a9d11",
        "Root=1-67891233-abcdef012345678912345678", "u@h:80/a.b_c~d+e==",
        "x" * 128]
BAD = ["", "x" * 129, "a b", "a,b", "a\tb", 'a"b', "a;b", "{a}", "a\xe9",
       "a\\b", "a%20b", "<script>"]


@pytest.fixture(scope="module")
def settings(folder):
    return {"access_log": "all", "log_format": "json", "audit": "all",
            "audit_log": str(folder / "audit.log")}


def records(path, key, value):
    """The JSON lines of a file in which key is value, once there is one."""
    def look():
        lines = wire.whole_lines(path.read_text("utf-8"))
        found = [json.loads(line) for line in lines if f'"{value}"' in line]
        return [x for x in found if x.get(key) == value]
    return wire.wait_until(look, f"{path} has {key} {value}")


def check_everywhere(proxy, folder, path, request_id):
    """Both logs have the request at that path by its id."""
    for file, key in ((proxy.log_path, "path"),
                      (folder / "audit.log", "path")):
        lines = records(file, key, path)
        assert [x["request_id"] for x in lines] == [request_id], file


@pytest.mark.parametrize("told", GOOD)
def test_taken_from_the_client(proxy, client, engine, folder, told):
    name = engine.play()
    path = f"/containers/{name}/json"
    r = client.get(path, f"x-request-ID: {told}")
    assert (r.status, r["X-Request-Id"]) == (200, told)
    assert engine.named(name)[0].head.value("X-Request-Id") == told
    check_everywhere(proxy, folder, path, told)


def check_made(proxy, client, engine, folder, *fields):
    name = engine.play()
    path = f"/containers/{name}/json"
    r = client.get(path, *fields)
    made = r["X-Request-Id"]
    assert wire.MADE_ID.fullmatch(made)
    assert engine.named(name)[0].head.value("X-Request-Id") == made
    check_everywhere(proxy, folder, path, made)


def test_made_where_there_is_none(proxy, client, engine, folder):
    check_made(proxy, client, engine, folder)


@pytest.mark.parametrize("told", BAD)
def test_made_for_a_bad_one(proxy, client, engine, folder, told):
    check_made(proxy, client, engine, folder, f"X-Request-Id: {told}")


def test_made_for_two(proxy, client, engine, folder):
    check_made(proxy, client, engine, folder,
               "X-Request-Id: a", "X-Request-Id: a")
    check_made(proxy, client, engine, folder,
               "X-Request-Id: a", "x-request-id: b")


def test_each_request_has_its_own(client):
    ids = [client.get("/_ping")["X-Request-Id"] for _ in range(100)]
    assert len(set(ids)) == 100


def test_the_engines_own_is_not_added(client, engine):
    name = engine.play(answer("200 OK", "X-Request-Id: engine",
                              "x-request-id: engine", body=b"ok"))
    r = client.get(f"/containers/{name}/json", "X-Request-Id: mine")
    assert r["X-Request-Id"] == "mine" and r.body == b"ok"


def test_every_kind_of_answer(client, engine):
    """Refusals by the policy and of what is malformed, a failing Engine, an
    answer without a body, a tunnel."""
    told = "X-Request-Id: mine"
    assert client.get("/secrets/a", told)["X-Request-Id"] == "mine"
    assert client.get("/_ping", told)["X-Request-Id"] == "mine"
    for script in (answer("204 No Content", framing=None),
                   answer("304 Not Modified", framing=None)):
        name = engine.play(script)
        assert client.get(f"/containers/{name}/json",
                          told)["X-Request-Id"] == "mine"
    name = engine.play(lambda x: x.close())
    r = client.get(f"/containers/{name}/json", told)
    assert (r.status, r["X-Request-Id"]) == (502, "mine")


def test_a_tunnel_has_it(client, engine):
    name = engine.play(b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\n"
                       b"Upgrade: tcp\r\n\r\n")
    client.send(request("POST", f"/containers/{name}/attach",
                        "Connection: Upgrade", "Upgrade: tcp",
                        "X-Request-Id: mine"))
    r = client.head()
    assert (r.status, r["X-Request-Id"]) == (101, "mine")


def test_an_interim_answer_has_none(client, engine):
    name = engine.play(b"HTTP/1.1 103 Early Hints\r\nX-Request-Id: e\r\n\r\n"
                       + answer("200 OK", body=b"ok"))
    r = client.get(f"/containers/{name}/json", "X-Request-Id: mine")
    assert r.interim[0].head.fields == []
    assert r["X-Request-Id"] == "mine"


@pytest.mark.parametrize("data", [
    b"rubbish\r\n\r\n", b"GET /a/../b HTTP/1.1\r\nHost: d\r\n\r\n", b"a\n"])
def test_what_is_no_request_has_one_of_ours(proxy, data):
    with proxy.connect() as client:
        r = client.ask(data)
        assert r.status == 400 and wire.MADE_ID.fullmatch(r["X-Request-Id"])


def test_a_long_one_with_long_fields(client, engine):
    """The longest id and the largest head that there is room for."""
    name = engine.play(answer("200 OK", f"X-Long: {'e' * 60000}",
                              body=b"ok"))
    r = client.get(f"/containers/{name}/json", f"X-Long: {'c' * 60000}",
                   f"X-Request-Id: {'x' * 128}")
    assert (r.status, r["X-Request-Id"]) == (200, "x" * 128)
    assert r["X-Long"] == "e" * 60000
    head = engine.named(name)[0].head
    assert head.value("X-Long") == "c" * 60000
    assert head.value("X-Request-Id") == "x" * 128


def test_rules_see_what_is_taken(own_proxy, engine):
    """A client's that is not, they do not see, nor one of ours."""
    proxy = own_proxy(rules=[{
        "name": "with-id", "action": "deny", "conditions": [
            {"field": "header.X-Request-Id", "operator": "exists"}]}])
    with proxy.connect() as client:
        assert client.get("/_ping", "X-Request-Id: a").status == 403
        for fields in ([], ["X-Request-Id: a b"],
                       ["X-Request-Id: a", "X-Request-Id: a"]):
            assert client.get("/_ping", *fields).status == 200


def test_the_text_log_and_dry_run(own_proxy):
    rule = {"name": "trial", "action": "deny", "dry_run": True}
    proxy = own_proxy(rules=[rule], global_={"access_log": "all"})
    with proxy.connect() as client:
        assert client.get("/_ping", "X-Request-Id: a-b").status == 200
    for event in ("would be denied", " allowed "):
        wire.wait_until(lambda: [
            line for line in proxy.log().splitlines()
            if event in line and " request_id=a-b " in line], event)
