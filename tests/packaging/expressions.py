"""The PromQL of the dashboard and of the alerts."""

import json
import pathlib

import yaml

PACKAGING = pathlib.Path(__file__).resolve().parents[2] / "packaging"
ALERTS = PACKAGING / "prometheus" / "alerts.yaml"
DASHBOARD = PACKAGING / "grafana" / "docker-proxy.json"

# What Grafana puts in their place.
VARIABLES = {"$__rate_interval": "1m", "$__range": "6h", "$instance": ".*"}


def alerts():
    """{name: expression}."""
    return {rule["alert"]: rule["expr"]
            for group in yaml.safe_load(ALERTS.read_text())["groups"]
            for rule in group["rules"]}


def panels():
    """{title and letter: expression}."""
    board = json.loads(DASHBOARD.read_text())
    found = {}
    for panel in board["panels"]:
        for target in panel["targets"]:
            expression = target["expr"]
            for name, value in VARIABLES.items():
                expression = expression.replace(name, value)
            found[f"{panel['title']} {target['refId']}"] = expression
    return found
