"""Certificates for servers of this machine: good, about to end, expired, self-signed, for another name. Made by openssl."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

NAMES = "subjectAltName=DNS:localhost,IP:127.0.0.1"
AUTHORITY = ("basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign", "subjectKeyIdentifier=hash")
LEAF = "basicConstraints=CA:FALSE\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid"
"""What a verifier asks for that goes by RFC 5280, as Python does from 3.13 on."""
CONFIG = """\
[ca]
default_ca = own
[own]
dir = .
database = index.txt
new_certs_dir = .
default_md = sha256
policy = any
rand_serial = yes
unique_subject = no
[any]
commonName = supplied
"""


@dataclass(frozen=True)
class Certificates:
    """A folder with an authority, and what it has signed."""

    folder: Path

    @classmethod
    def made(cls, folder: Path) -> Certificates:
        if shutil.which("openssl") is None:
            pytest.skip("NOT CHECKED: certificates, since there is no openssl on this machine")
        out = cls(folder)
        (folder / "ca.conf").write_text(CONFIG, encoding="utf-8")
        (folder / "index.txt").write_text("", encoding="utf-8")
        key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
        out._openssl(
            "req",
            "-x509",
            *key,
            "-keyout",
            "ca.key",
            "-out",
            "ca.pem",
            "-days",
            "400",
            "-subj",
            "/CN=authority",
            *(word for extension in AUTHORITY for word in ("-addext", extension)),
        )
        out._openssl("req", *key, "-keyout", "key.pem", "-out", "leaf.csr", "-subj", "/CN=localhost")
        own = ("-x509", "-key", "key.pem", "-days", "400", "-subj", "/CN=localhost", "-addext", NAMES)
        out._openssl("req", *own, "-out", "self-signed.pem")
        now = datetime.now(UTC)
        out._signed("good", NAMES, now - timedelta(days=1), now + timedelta(days=90, hours=1))
        out._signed("soon", NAMES, now - timedelta(days=1), now + timedelta(days=20, hours=1))
        out._signed("expired", NAMES, now - timedelta(days=60), now - timedelta(days=3))
        out._signed("early", NAMES, now + timedelta(days=3), now + timedelta(days=60))
        out._signed("other-name", "subjectAltName=DNS:ehr.example.org", now, now + timedelta(days=90))
        return out

    @property
    def authority(self) -> Path:
        return self.folder / "ca.pem"

    def file(self, name: str) -> Path:
        return self.folder / f"{name}.pem"

    def server(self, name: str) -> ssl.SSLContext:
        """The server's side of a connection with that certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.file(name), self.folder / "key.pem")
        return context

    def _signed(self, name: str, names: str, start: datetime, end: datetime) -> None:
        (self.folder / "names").write_text(f"{names}\n{LEAF}\n", encoding="utf-8")
        dates = ("-startdate", f"{start:%Y%m%d%H%M%SZ}", "-enddate", f"{end:%Y%m%d%H%M%SZ}")
        whole = ("-batch", "-config", "ca.conf", "-cert", "ca.pem", "-keyfile", "ca.key", "-extfile", "names", *dates)
        self._openssl("ca", *whole, "-in", "leaf.csr", "-out", f"{name}.pem", "-notext")

    def _openssl(self, *words: str) -> None:
        subprocess.run(["openssl", *words], cwd=self.folder, check=True, capture_output=True, timeout=60)
