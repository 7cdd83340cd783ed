"""Effects of creating a container, in the forms that ask for them."""

import posixpath

from oracle.effect import (
    ETC, NAME, Created, create, driver_options, host_config, host_path)
from oracle.ground import WEB
from oracle.request import Request

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


def bind(rng):
    mode = rng.choice(["", "", ":ro", ":rw", ":ro,rshared", ":z"])
    return f"{rng.choice(ETC)}:/h{mode}"


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
            "HostConfig": {"NetworkMode": "none"},
            "NetworkingConfig": {"EndpointsConfig": {"x": {
                "NetworkID": "secretnet"}}}}),
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


CONTAINERS = [Privileged, HostMount, Network, Capability, Image, Namespace,
              Security, Device, LogDriver, Port]
