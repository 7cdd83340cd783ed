"""A configuration that `migrate` wrote does what the other proxy's settings
meant: each of its `tests` is asked of a running proxy.
"""

import pathlib
import subprocess

import pytest
import yaml

import proxy_process
from wire import request

DATA = pathlib.Path(__file__).resolve().parents[1] / "data/migrate"


@pytest.mark.parametrize("name", sorted(
    p.name for p in DATA.iterdir() if p.suffix in (".yaml", ".env")))
def test_migrated(tmp_path, engine, make_proxy, name):
    text = subprocess.run([proxy_process.BINARY, "migrate", DATA / name],
                          capture_output=True, check=True).stdout
    config = yaml.safe_load(text)
    tests = config.pop("tests")
    assert len(tests) > 20
    config["global"] = {**config["global"], "bind": "127.0.0.1",
                        "port": proxy_process.free_port(),
                        "socket": engine.url(), "timeouts": {}}
    for rule in config.get("rules", []):
        if rule["name"] == "clients":
            rule["conditions"][0]["value"] = ["127.0.0.0/8"]
    proxy = make_proxy(tmp_path, config).start()
    try:
        for each in tests:
            method, target = each["request"].split()
            with proxy.connect() as c:
                answer = c.ask(request(method, target), method)
            assert (answer.status == 403) == (each["expect"] == "deny"), each
    finally:
        proxy.stop()
