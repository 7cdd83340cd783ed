"""Effects of all the other calls, in the forms that ask for them."""

import io
import tarfile

from oracle.effect import NAME, Created, Effect, driver_options, host_path
from oracle.ground import SECRET, VAULT, WEB
from oracle.request import Request


class Volume(Effect):
    """A volume that is a place of the host."""
    name = "volume"
    forms = [
        lambda rng, ground: Request("POST", "/volumes/create", [], {
            "Name": NAME, "DriverOpts": driver_options(rng)}),
        lambda rng, ground: Request("POST", "/volumes/create", [], {
            "Name": NAME, "Driver": "local", "Labels": {"a": "b"},
            "DriverOpts": driver_options(rng)}),
    ]
    clean = [
        lambda rng, ground: Request("POST", "/volumes/create", [], {
            "Name": NAME, "Driver": "local", "DriverOpts": {},
            "Labels": {"a": "b", "A": "c"}}),
        lambda rng, ground: Request("POST", "/volumes/create", [], {
            "Name": NAME, "DriverOpts": None}),
        lambda rng, ground: Request("POST", "/volumes/create", [], {
            "name": NAME, "labels": {"DriverOpts": "o"}}),
        lambda rng, ground: Request("POST", "/volumes/create", [], {}),
    ]

    def happened(self, ground, answer):
        return any(host_path(volume["Options"]) is not None
                   for volume in ground.new_volumes())

    def made(self, ground):
        return [(volume["Options"], volume["Labels"])
                for volume in ground.new_volumes()]


class Exec(Effect):
    """A command in another container than web."""
    name = "exec"
    forms = [
        lambda rng, ground: exec_in(rng.choice([
            VAULT, VAULT, f"linked/{VAULT}", f"linked%2F{VAULT}",
            ground.id_of("containers", VAULT)[:rng.choice([12, 40, 64])]])),
    ]
    clean = [
        lambda rng, ground: exec_in(WEB),
        lambda rng, ground: exec_in("%77%65b", Env=["A=b"], Tty=True,
                                    User="root", WorkingDir="/tmp"),
    ]

    def __init__(self):
        self.seen = set()

    def happened(self, ground, answer):
        now = ground.execs(VAULT)
        fresh = now - self.seen
        self.seen = now
        return bool(fresh)

    def made(self, ground):
        return None


def exec_in(container, **members):
    return Request("POST", f"/containers/{container}/exec", [], {
        "AttachStdout": True, "Cmd": ["true"], **members})


class PrivilegedExec(Exec):
    name = "exec-privileged"
    forms = [
        lambda rng, ground: exec_in(WEB, Privileged=True),
        lambda rng, ground: exec_in(WEB, Privileged=True, User="0", Env=None),
    ]
    clean = [
        lambda rng, ground: exec_in(WEB),
        lambda rng, ground: exec_in(WEB, Privileged=False, User="root"),
        lambda rng, ground: exec_in(WEB, Privileged=None,
                                    Env=["Privileged=true"]),
    ]

    def happened(self, ground, answer):
        now = ground.execs(WEB)
        fresh, self.seen = now - self.seen, now
        return any(ground.get(f"/exec/{found}/json")["ProcessConfig"]
                   .get("privileged") for found in fresh)


class Secrets(Effect):
    """The names of secrets come back."""
    name = "secrets"
    forms = [
        lambda rng, ground: Request("GET", "/secrets"),
        lambda rng, ground: Request("GET", "/secrets", [
            ("filters", "%7B%22names%22%3A%7B%22" + SECRET
             + "%22%3Atrue%7D%7D")]),
        lambda rng, ground: Request(
            "GET", "/secrets/" + ground.get("/secrets")[0]["ID"]),
    ]
    clean = [
        lambda rng, ground: Request("GET", "/containers/json",
                                    [("all", "1")]),
        lambda rng, ground: Request("GET", "/_ping"),
        lambda rng, ground: Request("GET", "/containers/secrets/json"),
        lambda rng, ground: Request("GET", "/images/bb%3Alatest/json"),
        lambda rng, ground: Request("GET", "/images/json", [
            ("filters", "%7B%22reference%22%3A%5B%22bb%22%5D%7D")]),
    ]

    def happened(self, ground, answer):
        return SECRET.encode() in answer.data

    def made(self, ground):
        return None


class Archive(Secrets):
    """A file comes back other than the one that may be read."""
    name = "archive"
    forms = [
        lambda rng, ground: Request(
            "GET", f"/containers/{WEB}/archive",
            [("path", rng.choice(["/www/secret", "www/secret",
                                  "/www/../www/secret", "%2Fwww%2Fsecret",
                                  "/www//secret", "/www", "/www/."]))],
            hint={"query": [("path", "/www/index.html")]}),
    ]
    clean = [
        lambda rng, ground: Request(
            "GET", f"/containers/{WEB}/archive",
            [("path", rng.choice(["/www/index.html",
                                  "%2Fwww%2Findex.html"]))]),
        lambda rng, ground: Request(
            "HEAD", f"/containers/{WEB}/archive",
            [("path", "/www/index.html")]),
    ]


class Tag(Effect):
    """An image gets a name that is not ok-something."""
    name = "tag"
    forms = [
        lambda rng, ground: Request(
            "POST", "/images/bb/tag", [("repo", "evil"), ("tag", "1")],
            hint={"query": [("repo", "ok-1"), ("tag", "2")]}),
        lambda rng, ground: Request(
            "POST", "/images/bb/tag",
            [("repo", rng.choice(["evil", "docker.io/evil", "x%2Fok-1",
                                  "evil%2Fok-1"]))],
            hint={"query": [("repo", "ok-1")]}),
    ]
    clean = [
        lambda rng, ground: Request("POST", "/images/bb/tag", [
            ("repo", rng.choice(["ok-1", "ok%2D1", "ok-1%2Fx"])),
            ("tag", "v1.0")]),
        lambda rng, ground: Request("POST", "/images/bb%3Alatest/tag",
                                    [("repo", "ok-2")]),
    ]

    def happened(self, ground, answer):
        return any(not tag.startswith("ok-") for tag in ground.new_tags())

    def made(self, ground):
        return ground.new_tags()


def context():
    packed = io.BytesIO()
    text = b"FROM bb\nLABEL a=b\n"
    with tarfile.open(fileobj=packed, mode="w") as tar:
        entry = tarfile.TarInfo("Dockerfile")
        entry.size = len(text)
        tar.addfile(entry, io.BytesIO(text))
    return packed.getvalue()


class Build(Tag):
    """A build's image gets such a name."""
    name = "build"
    share = 0.25
    forms = [
        lambda rng, ground: Request(
            "POST", "/build", [("t", "evil:1")], context(),
            content_type="application/x-tar",
            hint={"query": [("t", "ok-1"), ("version", "1")]}),
        lambda rng, ground: Request(
            "POST", "/build", [("t", "ok-1"), ("t", "evil:1"), ("q", "1")],
            context(), content_type="application/x-tar",
            hint={"query": [("t", "ok-1")]}),
    ]
    clean = [
        lambda rng, ground: Request(
            "POST", "/build", [("t", "ok-1"), ("t", "ok-2"), ("rm", "1")],
            context(), content_type="application/x-tar"),
    ]


class Update(Effect):
    """A container is made to come back for ever."""
    name = "update"
    forms = [
        lambda rng, ground: Request("POST", "/containers/idle/update", [], {
            "RestartPolicy": {"Name": "always"}}),
        lambda rng, ground: Request("POST", "/containers/idle/update", [], {
            "CpuShares": 512, "RestartPolicy": {
                "MaximumRetryCount": 0, "Name": "always"}}),
    ]
    clean = [
        lambda rng, ground: Request("POST", "/containers/idle/update", [], {
            "CpuShares": rng.choice([256, 512]), "RestartPolicy": {
                "Name": rng.choice(["no", ""])}}),
        lambda rng, ground: Request("POST", "/containers/idle/update", [], {
            "CpuShares": 128, "RestartPolicy": None}),
    ]

    def happened(self, ground, answer):
        return self.policy(ground)["RestartPolicy"]["Name"] == "always"

    def undo(self, ground):
        if self.happened(ground, None):
            status, _ = ground.api("POST", "/containers/idle/update", {
                "RestartPolicy": {"Name": "no"}})
            assert status == 200

    def made(self, ground):
        return self.policy(ground)["CpuShares"]

    @staticmethod
    def policy(ground):
        return ground.get("/containers/idle/json")["HostConfig"]


class ServiceMount(Effect):
    """A service whose tasks mount what is the host's."""
    name = "service-mount"
    forms = [
        lambda rng, ground: service(Mounts=[
            {"Type": "bind", "Source": rng.choice(["/etc", "/etc/", "//etc"]),
             "Target": "/h"}]),
        lambda rng, ground: service(Mounts=[
            {"Type": "volume", "Source": "orc", "Target": "/h",
             "VolumeOptions": {"DriverConfig": {
                 "Name": "local", "Options": driver_options(rng)}}}]),
    ]
    clean = [
        lambda rng, ground: service(),
        lambda rng, ground: service(Env=["A=b"], Mounts=[
            {"Type": "tmpfs", "Target": "/t"},
            {"Type": "volume", "Source": "named", "Target": "/v"}]),
    ]

    def happened(self, ground, answer):
        return any(
            mount["Type"] == "bind" or host_path(
                ((mount.get("VolumeOptions") or {}).get("DriverConfig") or {})
                .get("Options")) is not None
            for found in ground.new_services()
            for mount in found["Spec"]["TaskTemplate"]["ContainerSpec"]
            .get("Mounts", []))

    def made(self, ground):
        return [found["Spec"] for found in ground.new_services()]


def service(**members):
    return Request("POST", "/services/create", [], {
        "Name": NAME, "TaskTemplate": {"ContainerSpec": {
            "Image": "bb", **members}},
        "Mode": {"Replicated": {"Replicas": 0}}})


class Start(Created):
    """A start with a body, which is a HostConfig: API 1.23 and older."""
    name = "start"
    share = 0.25
    engines = ["20.10"]
    forms = [
        lambda rng, ground: old_start(rng, {"Privileged": True}),
        lambda rng, ground: old_start(rng, {"HostConfig": {
            "Privileged": True}}),
    ]
    clean = [
        lambda rng, ground: Request("POST", f"/containers/{NAME}/start"),
        lambda rng, ground: Request("POST", f"/containers/{NAME}/start", [],
                                    b""),
    ]

    def before(self, ground):
        status, _ = ground.api("POST", f"/containers/create?name={NAME}",
                               {"Image": "bb", "Cmd": ["true"]})
        assert status == 201

    def bad(self, container, ground):
        return container["HostConfig"]["Privileged"]

    def made(self, ground):
        return [container["State"]["StartedAt"].startswith("0001")
                for container in ground.new_containers()]


def old_start(rng, body):
    return Request("POST", f"/containers/{NAME}/start", [], body,
                   version=rng.choice(["1.12", "1.18", "1.23"]))


CALLS = [Volume, Exec, PrivilegedExec, Secrets, Archive, Tag, Build, Update,
         ServiceMount, Start]
