"""What policies forbid: who asks for it in which forms, and did it happen.

Each effect makes requests that have it (`forms`, each in every spelling that
the Engine takes for the same) and clean ones of the same endpoints. Whether
it has happened is read from the Engine, never from the answer's status.
"""

import io
import posixpath
import re
import tarfile

from oracle.ground import SECRET, VAULT, WEB
from oracle.request import Request

NAME = "oracle"


def create(body, **rest):
    """A container's creation, among members that clients send."""
    return Request("POST", "/containers/create", [("name", NAME)],
                   {"Image": "bb", "Cmd": ["true"], **body}, **rest)


def host_config(**members):
    return create({"HostConfig": members})


class Effect:
    """`forms` and `clean` are lists of functions of (rng, ground)."""

    forms = []
    clean = []
    share = 1       # of the cases: less where each takes long
    engines = None  # those that know it; None is all

    def before(self, ground):
        """Make what a request needs."""

    def happened(self, ground, answer):
        raise NotImplementedError

    def undo(self, ground):
        ground.remove_new()

    def made(self, ground):
        """What a clean request has made, to compare both sides by."""
        return [(found["Config"], found["HostConfig"], found["Mounts"],
                 found["Image"], found["Path"], found["Args"])
                for found in map(anonymous, ground.new_containers())]


def anonymous(container):
    """Without what differs from one to the next."""
    container["Config"].pop("Hostname", None)
    for mount in container["Mounts"]:
        if re.fullmatch("[0-9a-f]{64}", mount.get("Name", "")):
            mount.update(Name="", Source="")
    container["Mounts"].sort(key=lambda mount: mount["Destination"])
    return container


class Created(Effect):
    """Effects of which a container that was made is the proof."""

    def bad(self, container, ground):
        raise NotImplementedError

    def happened(self, ground, answer):
        return any(self.bad(found, ground)
                   for found in ground.new_containers())


CLEAN_CREATES = [
    lambda rng, ground: create({}),
    lambda rng, ground: create({"HostConfig": None}),
    lambda rng, ground: create({
        "Env": ["A=b", 'C={"HostConfig":{"Privileged":true}}', "Ü=ſK"],
        "Labels": {"a": "1", "A": "2", "HostConfig": "Privileged"},
        "ExposedPorts": {"80/tcp": {}}, "Volumes": {"/data": {}}}),
    lambda rng, ground: host_config(
        Privileged=False, Binds=None, CapAdd=None, CapDrop=["ALL"],
        Mounts=None, SecurityOpt=["no-new-privileges"], Devices=[],
        PidMode="", NetworkMode="default", ReadonlyRootfs=True),
    lambda rng, ground: host_config(
        Binds=["named:/data:ro"], Tmpfs={"/t": "size=1m"}, Memory=1 << 25,
        LogConfig={"Type": "json-file", "Config": {"max-size": "1m"}},
        RestartPolicy={"Name": "on-failure", "MaximumRetryCount": 3}),
    lambda rng, ground: host_config(
        Mounts=[{"Type": "tmpfs", "Target": "/t"},
                {"Type": "volume", "Source": "named", "Target": "/v"}]),
]


class Privileged(Created):
    name = "privileged"
    forms = [
        lambda rng, ground: host_config(Privileged=True),
        lambda rng, ground: host_config(Memory=1 << 25, Privileged=True,
                                        Binds=None),
    ]
    clean = CLEAN_CREATES

    def bad(self, container, ground):
        return container["HostConfig"]["Privileged"]


ETC = ["/etc", "/etc/", "//etc", "/srv/../etc", "/srv/ok/../../etc", "/./etc",
       "/etc/.", "/srv/ok/../../../../etc", "/", "/etc/ssl/.."]


def driver_options(rng):
    return {"type": rng.choice(["none", "", "bind"]),
            "o": rng.choice(["bind", "rbind", "ro,bind", "bind,ro",
                             "x,rbind,y"]),
            "device": rng.choice(ETC)}


def bind(rng):
    mode = rng.choice(["", "", ":ro", ":rw", ":ro,rshared", ":z"])
    return f"{rng.choice(ETC)}:/h{mode}"


def host_path(options):
    """What a volume of the driver local mounts of the host, or None."""
    options = options or {}
    if not {"bind", "rbind"} & set(options.get("o", "").split(",")) \
            or not options.get("device"):
        return None
    return posixpath.normpath(options["device"])


class HostMount(Created):
    """Anything of the host other than below /srv/ok."""
    name = "host-mount"
    forms = [
        lambda rng, ground: host_config(Binds=[bind(rng)]),
        lambda rng, ground: host_config(Binds=["named:/data", bind(rng)]),
        lambda rng, ground: host_config(Mounts=[
            {"Type": "bind", "Source": rng.choice(["/etc", "/etc/", "//etc"]),
             "Target": "/h", "ReadOnly": rng.random() < 0.5}]),
        lambda rng, ground: host_config(Mounts=[
            {"Type": "tmpfs", "Target": "/t"},
            {"Type": "bind", "Source": "/etc", "Target": "/h"}]),
        lambda rng, ground: host_config(Mounts=[
            {"Type": "volume", "Source": "orc", "Target": "/h",
             "VolumeOptions": {"DriverConfig": {
                 "Name": rng.choice(["", "local"]),
                 "Options": driver_options(rng)}}}]),
    ]
    clean = [*CLEAN_CREATES,
             lambda rng, ground: host_config(Binds=["/srv/ok/a:/a:ro"])]

    def bad(self, container, ground):
        return any(self.bad_mount(mount, ground)
                   for mount in container["Mounts"]) or any(
                       path.startswith("/") and not allowed(path)
                       for path in map(bind_source, container["HostConfig"]
                                       ["Binds"] or []))

    @staticmethod
    def bad_mount(mount, ground):
        if mount["Type"] == "bind":
            return not allowed(mount["Source"])
        if mount["Type"] != "volume":
            return False
        options = ground.get(f"/volumes/{mount['Name']}")["Options"]
        path = host_path(options)
        return path is not None and not allowed(path)


def bind_source(bind_text):
    return bind_text.split(":")[0]


def allowed(path):
    path = posixpath.normpath(path).replace("//", "/")
    return path == "/srv/ok" or path.startswith("/srv/ok/")


class Network(Created):
    """Any network but the default one."""
    name = "network"
    forms = [
        lambda rng, ground: host_config(NetworkMode="host"),
        lambda rng, ground: host_config(NetworkMode=f"container:{WEB}"),
        lambda rng, ground: host_config(NetworkMode="secretnet"),
        lambda rng, ground: host_config(
            NetworkMode=ground.id_of("networks", "secretnet")[:rng.choice(
                [12, 64])]),
        lambda rng, ground: create({"NetworkingConfig": {"EndpointsConfig": {
            "secretnet": {}}}}),
        lambda rng, ground: create({
            "HostConfig": {"NetworkMode": "secretnet"},
            "NetworkingConfig": {"EndpointsConfig": {"secretnet": {
                "Aliases": ["x"]}}}}),
    ]
    clean = CLEAN_CREATES

    def bad(self, container, ground):
        return container["HostConfig"]["NetworkMode"] not in (
            "default", "bridge", "none") or not set(
                container["NetworkSettings"]["Networks"]) <= {
                    "bridge", "none", "default"}


class Capability(Created):
    name = "capability"
    forms = [
        lambda rng, ground: host_config(CapAdd=[rng.choice(CAPABILITIES)]),
        lambda rng, ground: host_config(CapDrop=["ALL"], CapAdd=[
            "NET_ADMIN", rng.choice(CAPABILITIES)]),
        lambda rng, ground: host_config(CapAdd=rng.choice(CAPABILITIES)),
    ]
    clean = [*CLEAN_CREATES,
             lambda rng, ground: host_config(CapAdd=["NET_ADMIN", "cap_chown"],
                                             CapDrop=["SYS_ADMIN"])]

    def bad(self, container, ground):
        added = {name.upper().removeprefix("CAP_")
                 for name in container["HostConfig"]["CapAdd"] or []}
        return bool({"SYS_ADMIN", "ALL"} & added)


CAPABILITIES = ["SYS_ADMIN", "CAP_SYS_ADMIN", "sys_admin", "Cap_Sys_Admin",
                "ALL", "all"]


class Image(Created):
    name = "image"
    forms = [
        lambda rng, ground: Request(
            "POST", "/containers/create", [("name", NAME)],
            {"Image": rng.choice(forbidden_names(ground)), "Cmd": ["true"],
             "HostConfig": {}}),
    ]
    clean = [*CLEAN_CREATES,
             lambda rng, ground: create({"Image": "bb:latest"})]

    def bad(self, container, ground):
        return container["Image"] == ground.id_of("images", "forbidden")


def forbidden_names(ground):
    image = ground.id_of("images", "forbidden")
    return ["forbidden", "forbidden:latest", "docker.io/library/forbidden",
            "index.docker.io/library/forbidden:latest", "library/forbidden",
            "docker.io/forbidden", image, image[7:], image[7:19]]


class Namespace(Created):
    """The host's own, or another container's."""
    name = "namespace"
    share = 0.5
    forms = [
        lambda rng, ground: host_config(PidMode=rng.choice(OTHERS_OWN)),
        lambda rng, ground: host_config(IpcMode=rng.choice(OTHERS_OWN)),
        lambda rng, ground: host_config(UTSMode="host"),
        lambda rng, ground: host_config(UsernsMode="host"),
    ]
    clean = [*CLEAN_CREATES,
             lambda rng, ground: host_config(
                 PidMode="", UTSMode="", IpcMode="private", UsernsMode="")]

    def bad(self, container, ground):
        host = container["HostConfig"]
        return any(host[kind] == "host" or host[kind].startswith("container:")
                   for kind in ("PidMode", "IpcMode", "UTSMode", "UsernsMode"))


OTHERS_OWN = ["host", f"container:{WEB}"]


class Security(Created):
    """Less confined than by default."""
    name = "security"
    share = 0.5
    forms = [
        lambda rng, ground: host_config(SecurityOpt=[
            f"seccomp{rng.choice('=:')}unconfined"]),
        lambda rng, ground: host_config(SecurityOpt=[
            "no-new-privileges", f"apparmor{rng.choice('=:')}unconfined"]),
        lambda rng, ground: host_config(SecurityOpt=[
            f"label{rng.choice('=:')}disable"]),
        lambda rng, ground: host_config(MaskedPaths=rng.choice(
            [[], ["/proc/kcore"]])),
        lambda rng, ground: host_config(ReadonlyPaths=[]),
    ]
    clean = CLEAN_CREATES

    def bad(self, container, ground):
        host = container["HostConfig"]
        return any("unconfined" in text or "disable" in text
                   for text in host["SecurityOpt"] or []) or len(
                       host["MaskedPaths"]) < 5 or len(
                           host["ReadonlyPaths"]) < 5


class Device(Created):
    name = "device"
    share = 0.5
    forms = [
        lambda rng, ground: host_config(Devices=[
            {"PathOnHost": rng.choice(["/dev/null", "/dev/../dev/null"]),
             "PathInContainer": "/dev/x", "CgroupPermissions": "rwm"}]),
        lambda rng, ground: host_config(DeviceCgroupRules=["a *:* rwm"]),
    ]
    clean = CLEAN_CREATES

    def bad(self, container, ground):
        return bool(container["HostConfig"]["Devices"]
                    or container["HostConfig"]["DeviceCgroupRules"])


class LogDriver(Created):
    name = "log-driver"
    share = 0.5
    forms = [
        lambda rng, ground: host_config(LogConfig={
            "Type": "syslog",
            "Config": {"syslog-address": "tcp://127.0.0.1:9"}}),
        lambda rng, ground: host_config(LogConfig={"Type": "gelf", "Config": {
            "gelf-address": "udp://127.0.0.1:9"}}),
    ]
    clean = CLEAN_CREATES

    def bad(self, container, ground):
        return container["HostConfig"]["LogConfig"]["Type"] != "json-file"


class Port(Created):
    name = "port"
    share = 0.5
    forms = [
        lambda rng, ground: host_config(PortBindings={
            "80/tcp": [{"HostIp": rng.choice(["", "0.0.0.0", "127.0.0.1"]),
                        "HostPort": rng.choice(["", "8080", "8000-8010"])}]}),
        lambda rng, ground: create({
            "ExposedPorts": {"80/tcp": {}},
            "HostConfig": {"PublishAllPorts": True}}),
    ]
    clean = CLEAN_CREATES

    def bad(self, container, ground):
        return bool(container["HostConfig"]["PortBindings"]
                    or container["HostConfig"]["PublishAllPorts"])


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


EVERY = [Privileged, HostMount, Network, Capability, Image, Namespace,
         Security, Device, LogDriver, Port, Volume, Exec,
         PrivilegedExec, Secrets, Archive, Tag, Build, Update, ServiceMount,
         Start]


def of_engine(version):
    return [effect for effect in EVERY
            if effect.engines is None or version in effect.engines]
