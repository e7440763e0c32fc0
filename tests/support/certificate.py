"""Certificates for localhost, created by openssl during a test run."""

from __future__ import annotations

import datetime as dt
import subprocess
from pathlib import Path


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """Create a certificate and key in a folder; return their paths."""
    certificate, key = folder / "cert.pem", folder / "key.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    made = ["-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(["openssl", "req", "-x509", *subject, *made], check=True, capture_output=True)
    return certificate, key


_AUTHORITY = """[ca]
default_ca = here
[here]
database = {folder}/index.txt
serial = {folder}/serial
new_certs_dir = {folder}
default_md = sha256
policy = any
x509_extensions = named
[any]
commonName = supplied
[named]
basicConstraints = CA:true
subjectAltName = DNS:localhost,IP:127.0.0.1
"""


def make_short_certificate(folder: Path, seconds: int) -> tuple[Path, Path]:
    """Create a certificate that expires in some seconds, and its key; `openssl req` supports only whole days."""
    certificate, key, request, config = (folder / name for name in ("short.pem", "short.key", "short.csr", "ca.cnf"))
    (folder / "index.txt").touch()
    (folder / "serial").write_text("01\n", encoding="ascii")
    config.write_text(_AUTHORITY.format(folder=folder), encoding="utf-8")
    now = dt.datetime.now(dt.UTC)
    begin, end = ((now + dt.timedelta(seconds=at)).strftime("%Y%m%d%H%M%SZ") for at in (-60, seconds))
    made = ["-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out", str(request), "-subj", "/CN=localhost"]
    signed = ["-batch", "-notext", "-selfsign", "-config", str(config), "-keyfile", str(key), "-in", str(request)]
    dates = ["-startdate", begin, "-enddate", end, "-out", str(certificate)]
    subprocess.run(["openssl", "req", "-new", *made], check=True, capture_output=True)
    subprocess.run(["openssl", "ca", *signed, *dates], check=True, capture_output=True)
    return certificate, key
