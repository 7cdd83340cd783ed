"""The manifests and the chart: what the API's own models say of them, and how
hard the Pods are."""

import re
import subprocess

import kubernetes.client.models as models
import pytest
import yaml
from kubernetes.client import Configuration

import chart
from conftest import BINARY, ROOT, version_of_the_program

FOLDER = ROOT / "packaging"
CHART = FOLDER / "helm" / "docker-proxy"
KINDS = {"ConfigMap": "V1ConfigMap", "Deployment": "V1Deployment",
         "DaemonSet": "V1DaemonSet", "Service": "V1Service",
         "NetworkPolicy": "V1NetworkPolicy"}
PLAIN = {"str": str, "int": int, "bool": bool, "float": (int, float)}
CLIENT = {"name": "client", "image": "client:1", "securityContext": {
    "runAsUser": 1000, "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}}


def rendered(**values):
    texts = chart.template(CHART, "release", values)
    texts.pop("NOTES.txt")
    return [each for text in texts.values()
            for each in yaml.safe_load_all(text) if each]


def read(name):
    return list(yaml.safe_load_all(
        (FOLDER / "kubernetes" / name).read_text()))


SETS = {
    "sidecar.yaml": lambda: read("sidecar.yaml"),
    "daemonset.yaml": lambda: read("daemonset.yaml"),
    "chart: daemonset": rendered,
    "chart: sidecar": lambda: rendered(
        mode="sidecar", sidecar={"containers": [CLIENT]}),
    "chart: all of it": lambda: rendered(
        image={"tag": "1.2"}, engine={"socket": "x.sock", "group": 1},
        env=[{"name": "A", "value": "b"}], nodeSelector={"docker": "yes"},
        tolerations=[{"operator": "Exists"}], podAnnotations={"a/b": "c"},
        networkPolicy={"enabled": False}),
}


@pytest.fixture(params=SETS)
def objects(request):
    return SETS[request.param]()


# --- what the API takes -----------------------------------------------------

def check(value, kind, where):
    """Against the API's models: each member known, of its type, and all that
    are required there."""
    if kind == "object":
        return
    many = re.fullmatch(r"(list\[|dict\(str, )(.+)[])]", kind)
    if many:
        assert isinstance(value, list if "list" in many[1] else dict), where
        for i, each in enumerate(value) if "list" in many[1] \
                else value.items():
            check(each, many[2], f"{where}.{i}")
    elif kind in PLAIN:
        assert isinstance(value, PLAIN[kind]), (where, value, kind)
        assert kind == "bool" or not isinstance(value, bool), where
    else:
        check_model(value, getattr(models, kind), where)


def check_model(value, model, where):
    assert isinstance(value, dict), where
    members = {name: attribute
               for attribute, name in model.attribute_map.items()}
    assert value.keys() <= members.keys(), (where, value.keys() - members)
    for name, each in value.items():
        check(each, model.openapi_types[members[name]], f"{where}.{name}")
    settings = Configuration()
    settings.client_side_validation = True
    model(**{members[name]: each for name, each in value.items()},
          local_vars_configuration=settings)


def test_the_api_would_take_them(objects):
    assert objects
    for each in objects:
        where = f"{each['kind']} {each['metadata']['name']}"
        check_model(each, getattr(models, KINDS[each["kind"]]), where)


@pytest.mark.parametrize("path, value", [
    (("spec", "template", "spec", "containres"), []),
    (("spec", "template", "spec", "hostPID"), "yes"),
    (("spec", "selector"), None),
    (("spec", "template", "spec", "containers", 0, "ports", 0,
      "containerPort"), "2375"),
])
def test_the_check_can_fail(path, value):
    [each] = [o for o in read("daemonset.yaml") if o["kind"] == "DaemonSet"]
    inner = each
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    with pytest.raises((AssertionError, ValueError)):
        check_model(each, models.V1DaemonSet, "broken")


# --- how hard the Pods are --------------------------------------------------

def pods(objects):
    return [each["spec"]["template"] for each in objects
            if each["kind"] in ("Deployment", "DaemonSet")]


def test_each_container_is_shut(objects):
    [pod] = pods(objects)
    spec = pod["spec"]
    common = spec["securityContext"]
    assert common["runAsNonRoot"] is True
    assert common["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["automountServiceAccountToken"] is False
    assert spec["enableServiceLinks"] is False
    assert not spec.keys() & {"hostNetwork", "hostPID", "hostIPC"}
    for each in spec["containers"]:
        context = each["securityContext"]
        assert context["allowPrivilegeEscalation"] is False
        assert context["readOnlyRootFilesystem"] is True
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert context.get("runAsUser", common.get("runAsUser", 0)) > 0
        assert not context.get("privileged")


def test_the_engine_is_the_proxys_alone(objects):
    """Or the policy would be a matter of taste."""
    [pod] = pods(objects)
    spec = pod["spec"]
    hosts = [v["name"] for v in spec["volumes"] if "hostPath" in v]
    assert hosts == ["engine"]
    for each in spec["containers"]:
        mounts = {m["name"]: m for m in each.get("volumeMounts", [])}
        if each["name"] == "docker-proxy":
            assert mounts["engine"]["readOnly"] is True
            assert each["resources"]["limits"]["memory"]
        else:
            assert "engine" not in mounts


def test_what_points_at_something_points_at_it(objects):
    [pod] = pods(objects)
    [config] = [o for o in objects if o["kind"] == "ConfigMap"]
    volumes = {v["name"]: v for v in pod["spec"]["volumes"]}
    assert volumes["policy"]["configMap"]["name"] == config["metadata"]["name"]
    labels = pod["metadata"]["labels"]
    [proxy] = [c for c in pod["spec"]["containers"]
               if c["name"] == "docker-proxy"]
    ports = {p["name"] for p in proxy["ports"]}
    for probe in ("livenessProbe", "readinessProbe"):
        assert proxy[probe]["httpGet"]["port"] in ports
    for each in objects:
        spec = each.get("spec", {})
        if each["kind"] == "Service":
            assert spec["selector"].items() <= labels.items()
            assert {p["targetPort"] for p in spec["ports"]} <= ports
        elif each["kind"] == "NetworkPolicy":
            assert spec["podSelector"]["matchLabels"].items() <= labels.items()
            told = {p["port"] for i in spec["ingress"] for p in i["ports"]}
            assert told <= ports
        elif each["kind"] in ("Deployment", "DaemonSet"):
            assert spec["selector"]["matchLabels"].items() <= labels.items()


def test_the_policy_is_one(objects, tmp_path):
    """It compiles, denies by default, and listens where the Pod says."""
    [config] = [o for o in objects if o["kind"] == "ConfigMap"]
    path = tmp_path / "docker-proxy.conf"
    path.write_text(config["data"]["docker-proxy.conf"])
    [pod] = pods(objects)
    [proxy] = [c for c in pod["spec"]["containers"]
               if c["name"] == "docker-proxy"]
    variables = {v["name"]: v.get("value", 64 * "0") for v in proxy["env"]}
    done = subprocess.run([BINARY, "--check-config", "--config", str(path)],
                          env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "default: deny" in done.stdout
    settings = yaml.safe_load(path.read_text())["global"]
    ports = {p["name"]: p["containerPort"] for p in proxy["ports"]}
    assert settings["admin"]["listen"] == f"*:{ports['admin']}"
    assert settings["port"] == ports.get("api", settings["port"])
    beside = len(pod["spec"]["containers"]) > 1
    bind = variables.get("DOCKER_PROXY_BIND", settings.get("bind"))
    assert bind == ("127.0.0.1" if beside else "*")


# --- the chart --------------------------------------------------------------

def test_values_that_are_wrong():
    for values in ({"mode": "both"}, {"sidecars": {}}, {"port": 0},
                   {"engine": {"folder": "run"}},
                   {"mode": "sidecar"}):  # beside nobody
        with pytest.raises(chart.ChartError):
            chart.template(CHART, "release", values)


def test_the_notes():
    assert "tcp://release:2375" in chart.template(CHART, "release")["NOTES.txt"]


@pytest.mark.parametrize("text", [
    "{{ .Values.nothing }}", "{{ include \"nothing\" . }}", "{{ if .Values }}",
    "{{ end }}", "{{ range .Values }}{{ end }}", "{{ unknown . }}",
    "{{ .Values }}", "{{ \"a\" \"b\" }}", "{{ ( . }}", "{{ . | }}",
])
def test_the_renderer_is_strict(text):
    with pytest.raises((chart.ChartError, KeyError)):
        definitions = {}
        tree = chart.parse(text, definitions)
        chart.Renderer(definitions).render(tree, {"Values": {"port": 1}})


def test_versions_are_the_programs():
    version = version_of_the_program()
    told = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert (told["version"], told["appVersion"]) == (version, version)
    for name in ("sidecar.yaml", "daemonset.yaml"):
        [pod] = pods(read(name))
        assert f"docker-proxy:{version}" in [
            c["image"] for c in pod["spec"]["containers"]]
