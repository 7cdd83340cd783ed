"""The Engine under test with harmless objects, and what became of them."""

import http.client
import io
import json
import tarfile

import engine as engines

SECRET = "kept-from-clients"
WEB, VAULT = "web", "vault"


class Ground:
    """Knows what belongs here: what else there is, a request has made."""

    def __init__(self, engine, docker):
        self.engine = engine
        self.docker = docker
        self.connection = None
        self.prepare()
        self.containers = set(self.ids("/containers/json?all=1"))
        self.volumes = set(self.volume_names())
        self.tags = set(self.image_tags())
        self.services = set(self.ids("/services", "ID"))

    def prepare(self):
        ok = self.docker.ok
        ok("import", "-", "bb:latest", data=engines.busybox_root())
        ok("import", "-", "forbidden:latest", data=one_file())
        ok("network", "create", "secretnet")
        for name in (WEB, VAULT):
            ok("run", "--detach", "--name", name, "--stop-signal", "KILL",
               "bb", "sleep", "100000")
        ok("exec", WEB, "sh", "-c", f"echo {SECRET} >/www/secret")
        ok("create", "--name", "linked", "--link", f"{VAULT}:{VAULT}", "bb",
           "true")
        ok("create", "--name", "idle", "bb", "true")
        ok("swarm", "init", "--advertise-addr", "127.0.0.1")
        ok("secret", "create", SECRET, "-", data=b"x")

    def api(self, method, path, body=None):
        """One request, directly to the Engine: (status, JSON or None)."""
        for again in (True, False):
            try:
                return self._api(method, path, body)
            except (http.client.HTTPException, OSError):
                self.connection = None
                if not again:
                    raise

    def _api(self, method, path, body):
        if self.connection is None:
            self.connection = http.client.HTTPConnection("localhost")
            self.connection.sock = self.engine.connect()
        data = None if body is None else json.dumps(body)
        self.connection.request(method, path, data,
                                {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        text = answer.read()
        try:
            return answer.status, json.loads(text)
        except ValueError:
            return answer.status, None

    def get(self, path):
        status, value = self.api("GET", path)
        assert status == 200, (path, status, value)
        return value

    def ids(self, path, key="Id"):
        return [found[key] for found in self.get(path)]

    def volume_names(self):
        return [volume["Name"] for volume in self.get("/volumes")["Volumes"]
                or []]

    def image_tags(self):
        return [tag for image in self.get("/images/json")
                for tag in image["RepoTags"] or []
                if tag != "<none>:<none>"]

    def new_containers(self):
        return [self.get(f"/containers/{found}/json")
                for found in self.ids("/containers/json?all=1")
                if found not in self.containers]

    def new_volumes(self):
        return [self.get(f"/volumes/{name}") for name in self.volume_names()
                if name not in self.volumes]

    def new_tags(self):
        return [tag for tag in self.image_tags() if tag not in self.tags]

    def new_services(self):
        return [service for service in self.get("/services")
                if service["ID"] not in self.services]

    def execs(self, container):
        return set(self.get(f"/containers/{container}/json")["ExecIDs"] or [])

    def id_of(self, kind, name):
        found = self.get(f"/{kind}/{name}/json" if kind != "networks"
                         else f"/networks/{name}")
        return found["Id"]

    def remove_new(self):
        """Whatever a request has made; idle is as it was."""
        for container in self.new_containers():
            self.api("DELETE", f"/containers/{container['Id']}?force=1&v=1")
        for volume in self.new_volumes():
            self.api("DELETE", f"/volumes/{volume['Name']}?force=1")
        for service in self.new_services():
            self.api("DELETE", f"/services/{service['ID']}")
        for tag in self.new_tags():
            self.api("DELETE", f"/images/{tag}?noprune=1")


def one_file():
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        tar.addfile(engines.entry("nothing", size=1), io.BytesIO(b"x"))
    return packed.getvalue()
