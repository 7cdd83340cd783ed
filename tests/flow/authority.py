"""A certificate authority of one's own, by the openssl command."""

import subprocess

CONFIG = """
[ca]
default_ca = here
[here]
dir = {folder}
database = {folder}/index
serial = {folder}/serial
crlnumber = {folder}/crlnumber
new_certs_dir = {folder}
certificate = {folder}/ca.pem
private_key = {folder}/ca.key
default_md = sha256
default_days = 30
default_crl_days = 30
unique_subject = no
policy = any
x509_extensions = leaf
[any]
commonName = optional
organizationName = optional
[leaf]
basicConstraints = CA:FALSE
[req]
distinguished_name = nothing
[nothing]
"""

USAGES = {"server": "serverAuth", "client": "clientAuth"}


def openssl(*args):
    run = subprocess.run(["openssl", *map(str, args)], capture_output=True,
                         text=True, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout


class Authority:
    """Files in a folder: ca.pem, and NAME.pem with NAME.key."""

    def __init__(self, folder, name="Test CA"):
        self.folder = folder
        folder.mkdir()
        self.config = folder / "config"
        self.config.write_text(CONFIG.format(folder=folder))
        (folder / "index").touch()
        (folder / "serial").write_text("1000\n")
        (folder / "crlnumber").write_text("1000\n")
        self.ca = folder / "ca.pem"
        openssl("req", "-x509", "-config", self.config, "-subj",
                f"/CN={name}", "-days", "30", "-keyout", folder / "ca.key",
                "-out", self.ca, "-addext",
                "basicConstraints=critical,CA:TRUE", *self._new_key())

    @staticmethod
    def _new_key():
        return ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                "-nodes")

    def issue(self, name, usage="client", subject=None, names=(),
              dates=()):
        """(certificate, key). names: "DNS:a", "IP:127.0.0.1"; subject:
        "/CN=name" if not given; dates: from and to, YYMMDDHHMMSSZ."""
        cert, key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        request = self.folder / f"{name}.csr"
        extensions = self.folder / f"{name}.ext"
        extensions.write_text(
            "basicConstraints=CA:FALSE\n"
            f"extendedKeyUsage={USAGES[usage]}\n"
            + (f"subjectAltName={','.join(names)}\n" if names else ""))
        openssl("req", "-new", "-config", self.config, "-subj",
                f"/CN={name}" if subject is None else subject,
                "-keyout", key, "-out", request, *self._new_key())
        openssl("ca", "-batch", "-notext", "-config", self.config, "-in",
                request, "-out", cert, "-extfile", extensions,
                *(("-startdate", dates[0], "-enddate", dates[1])
                  if dates else ()))
        return cert, key

    def revocations(self, *revoked):
        """A list that names these certificates."""
        for cert in revoked:
            openssl("ca", "-config", self.config, "-revoke", cert)
        path = self.folder / "crl.pem"
        openssl("ca", "-config", self.config, "-gencrl", "-out", path)
        return path
