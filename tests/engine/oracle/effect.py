"""What an effect is, and what several of them share."""

import posixpath
import re

from oracle.request import Request

NAME = "oracle"


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


def create(body, **rest):
    """A container's creation, among members that clients send."""
    return Request("POST", "/containers/create", [("name", NAME)],
                   {"Image": "bb", "Cmd": ["true"], **body}, **rest)


def host_config(**members):
    return create({"HostConfig": members})


# --- places of the host

ETC = ["/etc", "/etc/", "//etc", "/srv/../etc", "/srv/ok/../../etc", "/./etc",
       "/etc/.", "/srv/ok/../../../../etc", "/", "/etc/ssl/.."]


def driver_options(rng):
    return {"type": rng.choice(["none", "", "bind"]),
            "o": rng.choice(["bind", "rbind", "ro,bind", "bind,ro",
                             "x,rbind,y"]),
            "device": rng.choice(ETC)}


def host_path(options):
    """What a volume of the driver local mounts of the host, or None."""
    options = options or {}
    if not {"bind", "rbind"} & set(options.get("o", "").split(",")) \
            or not options.get("device"):
        return None
    return posixpath.normpath(options["device"])
