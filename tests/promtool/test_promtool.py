"""What Prometheus' own checker says of a real scrape.

PROMTOOL names it; `make check-promtool` fetches it and runs this.
"""

import json
import os
import pathlib
import subprocess
import sys

import pytest

FLOW = pathlib.Path(__file__).resolve().parents[1] / "flow"
sys.path[:0] = [str(FLOW), str(FLOW.with_name("packaging"))]

from fixtures import *  # noqa: E402,F401,F403
from exposition import scrape  # noqa: E402
import expressions  # noqa: E402
from proxy_process import free_port  # noqa: E402
from wire import request  # noqa: E402

HOSTILE = ['quote " and \\', "line\nbreak", 'end"} 1\n# TYPE x counter\nx 1',
           "\u00e4\u2028\U0001f433", "{a=\"b\"}", "# HELP x y", "x" * 4000,
           "\\n", " "]


# The name is the Rust docker-proxy's, which dashboards are written for.
KNOWN = ["docker_proxy_upstream_latency_ms metric names should not contain "
         "abbreviated units"]


def rule(number, name, action, **more):
    return {"name": name, "action": action, "conditions": [
        {"field": "path", "operator": "equals", "value": f"/x{number}"}],
            **more}


@pytest.mark.parametrize("fired", [False, True])
def test_a_scrape(own_proxy, fired):
    """Rules with hostile names, and each kind of counter, moved or not."""
    port = free_port()
    rules = [rule(i, name, ("deny", "rate_limit")[i % 2],
                  dry_run=i % 3 == 2) for i, name in enumerate(HOSTILE)]
    proxy = own_proxy(rules=rules, auth={"type": "none"},
                      global_={"admin": {"listen": f"127.0.0.1:{port}"}})
    if fired:
        with proxy.connect() as client:
            for i in range(len(rules)):
                client.get(f"/x{i}")
        for data in (b"rubbish\r\n\r\n", request("TRACE", "/")):
            with proxy.connect() as client:
                client.ask(data)
    told = scrape(port).text
    assert all(f'_total{{rule="{name}"' in told for name in ("\\\\n", " "))
    run = subprocess.run(
        [os.environ["PROMTOOL"], "check", "metrics"], input=told,
        capture_output=True, text=True, timeout=30, check=False)
    assert run.stdout == ""
    assert run.stderr.splitlines() == KNOWN


def promtool(*arguments):
    return subprocess.run(
        [os.environ["PROMTOOL"], *map(str, arguments)],
        capture_output=True, text=True, timeout=60, check=False)


def test_the_alerts_fire_for_what_they_are_for():
    for command, file in (("check", expressions.ALERTS),
                          ("test", expressions.ALERTS.with_name(
                              "alerts_test.yaml"))):
        run = promtool(command, "rules", file)
        assert run.returncode == 0, run.stdout + run.stderr


def test_each_alert_is_tested():
    tests = expressions.ALERTS.with_name("alerts_test.yaml").read_text()
    assert {name for name in expressions.alerts()
            if f'alertname="{name}"' not in tests} == set()


def test_the_dashboard_asks_what_can_be_answered(tmp_path):
    rules = [{"record": f"panel_{i}", "expr": expression}
             for i, expression in enumerate(expressions.panels().values())]
    file = tmp_path / "rules.yaml"
    file.write_text(json.dumps({"groups": [{"name": "g", "rules": rules}]}))
    run = promtool("check", "rules", file)
    assert run.returncode == 0, run.stdout + run.stderr
