"""Crafted requests with what a real Engine did, and what must become of them.

The corpus, data/evasion.jsonl.gz: each entry is bytes, a policy in words, and
the outcome it must have. RULES is each policy as a careful operator writes
it: on what a request means, wherever that can be said in other words.
"""

import base64
import gzip
import json
import re
from pathlib import Path
from urllib.parse import unquote

CORPUS = Path(__file__).parent / "data" / "evasion.jsonl.gz"


def entries():
    with gzip.open(CORPUS, "rt", encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def sent(entry):
    """The bytes of an entry."""
    if "raw_b64" in entry:
        return base64.b64decode(entry["raw_b64"])
    return entry["raw"].encode("latin-1")


# --- policies ---------------------------------------------------------------


def on(method, path):
    """`*` is a name, with its slashes."""
    pattern = "^" + re.escape(path).replace(r"\*", ".+").replace("*", ".+") \
        + "$"
    return [test("method", "equals", method), test("path", "matches", pattern)]


def test(field, operator, *value, **more):
    return {"field": field, "operator": operator,
            **({"value": value[0]} if value else {}), **more}


def some(*conditions):
    return {"or": list(conditions)}


CREATE = on("POST", "/containers/create")
EXEC = on("POST", "/containers/*/exec")
VOLUME = on("POST", "/volumes/create")
NETWORK = on("POST", "/networks/create")


def is_set(name):
    """Not what the Engine takes for false: it trims, and ignores case."""
    return [test(f"query.{name}", "exists"),
            test(f"query.{name}", "not_matches",
                 r"^\s*(0|no|false|none|)\s*$", ignore_case=True)]


RULES = {
    # on what is asked for
    "PRIV": CREATE + [test("docker.capabilities", "equals", "PRIVILEGED")],
    "EXECPRIV": EXEC + [test("docker.capabilities", "equals", "PRIVILEGED")],
    "CAPSYS": CREATE + [test("docker.capabilities", "in",
                             ["SYS_ADMIN", "ALL"])],
    "BINDS": CREATE + [test("docker.host_paths", "exists")],
    "BINDALLOW": CREATE + [test("docker.host_paths", "not_only_under",
                                ["/srv/ok"])],
    "MOUNTALLOW": CREATE + [test("docker.host_paths", "not_only_under",
                                 ["/tmp"])],
    "MOUNTBIND": CREATE + [some(
        test("docker.mount_types", "equals", "bind"),
        test("docker.host_paths", "exists"))],
    "SVCMOUNT": on("POST", "/services/create") + [
        test("docker.mount_types", "equals", "bind")],
    "VOLFROM": CREATE + [test("docker.mount_types", "equals", "volumes-from")],
    "VFWEB": CREATE + [some(
        test("docker.containers", "equals", "web"),
        test("docker.containers", "starts_with", "id:"))],
    "VOLOPTS": VOLUME + [some(
        test("docker.host_paths", "exists"),
        test("docker.driver_opts", "starts_with", "device="))],
    "VOLO": VOLUME + [test("docker.host_paths", "exists")],
    "CHECKPOINT": [test("path", "matches", "^/containers/.+/checkpoints$"),
                   test("docker.host_paths", "exists")],
    "DEVICES": CREATE + [test("docker.devices", "exists")],
    "NETHOST": CREATE + [test("docker.namespaces", "equals", "net:host")],
    "BUILDNET": on("POST", "/build") + [
        test("docker.namespaces", "equals", "net:host")],
    "NSHOST": CREATE + [test("docker.namespaces", "in", [
        "pid:host", "ipc:host", "uts:host", "user:host", "cgroup:host"])],
    "NSCTR": CREATE + [test("docker.namespaces", "contains", ":container:")],
    "NETSECRET": CREATE + [some(
        test("docker.networks", "equals", "secretnet"),
        test("docker.networks", "starts_with", "id:"))],
    "NETDRV": NETWORK + [some(
        test("docker.drivers", "in", ["macvlan", "ipvlan", "host"]),
        test("docker.driver_opts", "starts_with",
             "com.docker.network.bridge.name="))],
    "NETIPAM": NETWORK + [test("docker.subnets", "exists")],
    "SECOPT": CREATE + [test("docker.security", "not_only_in",
                             ["no-new-privileges=true"])],
    "SYSCTL": CREATE + [test("docker.sysctls", "exists")],
    "MISC": CREATE + [some(
        test("docker.cgroup_parent", "exists"),
        test("docker.runtime", "exists"),
        test("docker.log_driver", "exists"),
        test("docker.groups", "exists"),
        test("docker.containers", "exists"),
        test("docker.ports", "exists"),
        test("docker.mount_types", "equals", "tmpfs"),
        test("docker.annotations", "exists"),
        test("docker.ulimits", "exists"),
        test("docker.extra_hosts", "exists"),
        test("body.HostConfig.StorageOpt", "not_empty"),
        test("body.HostConfig.OomScoreAdj", "not_empty"))],
    "IMGDENY": CREATE + [some(
        test("docker.images", "matches", "^docker.io/library/bb[:@]"),
        test("docker.images", "starts_with", "id:"))],
    "PULLALLOW": on("POST", "/images/create") + [
        test("docker.images", "not_only_in",
             ["bb", "bb:*", "busybox", "busybox:*"])],
    "TAG": on("POST", "/images/*/tag") + [
        test("docker.images", "not_matches", "^docker.io/library/good:")],
    "COMMIT": on("POST", "/commit") + [
        test("docker.images", "matches", "^docker.io/library/evqimg:")],
    "NAMEALLOW": CREATE + [test("docker.name", "not_starts_with", "good-")],
    "USERROOT": EXEC + [test("docker.user", "equals", "root")],
    "UPDATE": on("POST", "/containers/*/update") + [
        test("docker.restart", "equals", "always")],
    # on the call, or a parameter
    "SECRETS": [test("path", "starts_with", "/secrets")],
    "NOEXEC": EXEC,
    "IMGPATH": [test("path", "starts_with", "/images")],
    "RO": [test("method", "not_in", ["GET", "HEAD"])],
    "DEBUG": [test("path", "starts_with", "/debug")],
    "BUILDKIT": [test("path", "in", ["/grpc", "/session"])],
    "SESSION": [test("path", "equals", "/session")],
    "SWARMINIT": on("POST", "/swarm/init") + [
        test("body.ForceNewCluster", "equals", True)],
    "NOAUTH": [test("path", "starts_with", "/auth")],
    "KILLALLOW": on("POST", "/containers/*/kill") + [
        test("query.signal", "not_in", ["CONT", "HUP", "USR1"])],
    "LEAVE": on("POST", "/swarm/leave") + is_set("force"),
    "FORCE": on("DELETE", "/containers/*") + is_set("force"),
    "BUILDREMOTE": on("POST", "/build") + [test("query.remote", "exists")],
    # A body on a start, and versions of before, are refused as they are.
    "STARTBODY": on("POST", "/containers/*/start") + [some(
        test("body.Privileged", "equals", True),
        test("body.Binds", "not_empty"))],
    "OLDAPI": [test("api_version", "matches", r"^1\.(1?[0-9]|2[0-3])$")],
    "NOREAD": [test("path", "matches", "^/containers/.+/(archive|export)$"),
               test("method", "equals", "GET")],
    "NOIMGGET": on("GET", "/images/*/get"),
    "NOPSARGS": on("GET", "/containers/*/top") + [
        test("query.ps_args", "exists")],
    "NOWS": on("GET", "/containers/*/attach/ws"),
    "NODIST": [test("path", "starts_with", "/distribution")],
    "SWARM": [test("path", "starts_with", "/swarm")],
    "NOARCH": on("PUT", "/containers/*/archive"),
    "ARCHPATH": [test("path", "matches", "^/containers/.+/archive$"),
                 test("query.path", "not_under", "/tmp")],
    "IMPORTDENY": on("POST", "/images/create") + [
        test("query.fromSrc", "exists")],
    "PLUGINS": [test("path", "starts_with", "/plugins")],
    "NONE": None,
}


def rules(entry):
    """The `rules` of a policy for this entry; all else is allowed."""
    conditions = RULES[entry["rule"]["id"]]
    if conditions is None:
        return []
    return [{"name": "guard", "action": "deny", "conditions": conditions}]


# --- what a request is, as the Engine reads it --------------------------------


def speaks_of(entry, method, target):
    """Is it the call that the entry's policy is about?"""
    rule = entry["rule"]
    path = unquote(target.partition("?")[0])
    version = re.match(r"/v([0-9.]+)(?=/)", path)
    path = path[version.end():] if version else path
    if "deny_methods_except" in rule:
        return method not in rule["deny_methods_except"]
    if rule["id"] == "OLDAPI":
        return version is not None and \
            [int(x or 0) for x in version[1].split(".")] < [1, 24]
    if rule["path_op"] == "prefix":
        found = path.startswith(rule["path"])
    elif rule["path_op"] == "glob":
        found = re.fullmatch(rule["path"].replace("*", ".+"), path)
    else:
        found = path == rule.get("path")
    return bool(found) and method == rule.get("method", method)


def outcome(answer, forwarded):
    """What became of it, in the corpus's words; or `dropped`: no answer."""
    if forwarded:
        return "forward-safely"
    if 403 in statuses(answer):
        return "deny"
    if any(status >= 400 for status in statuses(answer)):
        return "reject-400"
    return "dropped"


def allowed(entry):
    """What may become of it. What ends its connection unanswered has done no
    more than what is refused."""
    both = {entry["expected"], *entry["also_ok"]}
    return both | ({"dropped"} if "forward-safely" not in both else set())


def statuses(answer):
    return [int(x) for x in re.findall(rb"HTTP/1\.1 (\d{3})", answer)]
