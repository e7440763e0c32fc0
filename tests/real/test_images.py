"""The images of this repository, built by a Docker engine from a base image of this computer's Python.

No registry is asked: `python:3.13-slim` is the Python that runs the tests, with pip and wheels made of what is
installed here. So the Dockerfiles' steps, users, health checks and entry points are tried, and not the base image.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import pytest
from support.engine import Engine, engine
from support.programs import compose_program, wait_for

from boxwatch.assemble import assemble
from boxwatch.exporters.coolify.fake.coolify import TOKEN
from boxwatch.publish import directory
from boxwatch.stack import images
from boxwatch.topology import default

ROOT: Final = Path(__file__).parents[2]
_BASE: Final = "python:3.13-slim"
_PREFIX: Final = Path(sys.base_prefix)
_LEFT_OUT: Final = {"test", "tests", "idlelib", "tkinter", "turtledemo", "lib2to3", "__pycache__", "site-packages"}
_PIP: Final = b'#!/bin/sh\nexec python -m pip "$@"\n'
_CONF: Final = b"[global]\nno-index = true\nfind-links = /wheels\n"

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def docker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine with the base image."""
    with engine() as found:
        layer = tmp_path_factory.mktemp("base") / "layer.tar"
        _base(layer)
        found.docker("import", "--change", "ENV PATH=/usr/local/bin:/usr/bin:/bin", str(layer), _BASE)
        yield found


def _base(layer: Path) -> None:
    """A root file system with Python, pip, a shell, and wheels of what the exporter needs."""
    with tarfile.open(layer, "w") as archive:
        for name in ("bin", "etc", "tmp", "usr/local/bin", "usr/bin", "wheels", "lib64", "lib/x86_64-linux-gnu"):
            _folder(archive, name)
        _file(archive, "etc/passwd", b"root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n")
        _file(archive, "etc/group", b"root:x:0:\nnogroup:x:65534:\n")
        _file(archive, "etc/pip.conf", _CONF)
        _file(archive, "usr/local/bin/pip", _PIP)
        python = Path(os.path.realpath(sys.executable))
        _file(archive, "usr/local/bin/python", python.read_bytes())
        install = Path("/usr/bin/install")
        _file(archive, "usr/bin/install", install.read_bytes())
        shell = Path(os.path.realpath("/bin/sh"))
        _file(archive, "bin/sh", shell.read_bytes())
        extensions = list(Path(sysconfig.get_path("stdlib"), "lib-dynload").glob("*.so"))
        for path, source in _linked([python, install, shell, *extensions]).items():
            _file(archive, path, source.read_bytes())
        stdlib = Path(sysconfig.get_path("stdlib"))
        inside = f"usr/local/lib/{stdlib.name}"
        archive.add(stdlib, inside, filter=_wanted)
        pip = Path(str(metadata.distribution("pip").locate_file("pip")))
        archive.add(pip, f"{inside}/site-packages/pip", filter=_wanted_package)
        wheel = _wheel("prometheus_client")
        _file(archive, f"wheels/{wheel[0]}", wheel[1])


def _wanted(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if _LEFT_OUT & set(entry.name.split("/")) else _owned(entry)


def _wanted_package(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if "__pycache__" in entry.name.split("/") else _owned(entry)


def _owned(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = "root"
    return entry


def _linked(programs: list[Path]) -> dict[str, Path]:
    """Path in the image → library on this computer, for everything that the programs are linked with."""
    found: dict[str, Path] = {}
    for program in programs:
        done = subprocess.run(["ldd", program], capture_output=True, text=True, check=True)
        for word in done.stdout.split():
            if word.startswith("/"):
                source = Path(word)
                loader = source.name.startswith("ld-linux")
                found[f"lib64/{source.name}" if loader else f"lib/x86_64-linux-gnu/{source.name}"] = source.resolve()
    return found


def _wheel(name: str) -> tuple[str, bytes]:
    """A wheel of an installed package without extensions."""
    package = metadata.distribution(name)
    stem = f"{name}-{package.version}"
    content = io.BytesIO()
    record: list[tuple[str, str, int | str]] = []
    with zipfile.ZipFile(content, "w") as archive:
        for path in package.files or ():
            text = str(path)
            if text.startswith("..") or text.endswith((".pyc", "RECORD", "INSTALLER", "REQUESTED", "direct_url.json")):
                continue
            data = Path(str(package.locate_file(path))).read_bytes()
            archive.writestr(text, data)
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            record.append((text, f"sha256={digest}", len(data)))
        rows = io.StringIO()
        csv.writer(rows, lineterminator="\n").writerows([*record, (f"{stem}.dist-info/RECORD", "", "")])
        archive.writestr(f"{stem}.dist-info/RECORD", rows.getvalue())
    return f"{stem}-py3-none-any.whl", content.getvalue()


def _folder(archive: tarfile.TarFile, name: str) -> None:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if name == "tmp" else 0o755
    archive.addfile(entry)


def _file(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), 0o755
    archive.addfile(entry, io.BytesIO(content))


@pytest.fixture(scope="module")
def exporter(docker: Engine) -> str:
    """The exporter's image, built from a pipe, as docs/coolify-in-15-minutes.md does."""
    name = images.COOLIFY_EXPORTER.reference
    left_out = [word for folder in (".git", ".venv", ".tools") for word in ("--exclude", folder)]
    packed = subprocess.run(["tar", "-C", ROOT, *left_out, "-cz", "."], capture_output=True, check=True).stdout
    docker.docker("build", "-f", "exporters/coolify/Dockerfile", "-t", name, "-", content=packed)
    return name


def test_the_page_builds_the_image_in_the_same_way() -> None:
    """The words of the command."""
    page = (ROOT / "docs" / "coolify-in-15-minutes.md").read_text(encoding="utf-8")

    assert "--exclude .git --exclude .venv --exclude .tools -cz ." in page
    assert f"docker build -f exporters/coolify/Dockerfile -t {images.COOLIFY_EXPORTER.reference} -" in page


def test_the_exporters_image_is_small_and_unprivileged(docker: Engine, exporter: str) -> None:
    """Nobody runs it, it has the version of this package, a health check, and nothing but the exporter on the base."""
    found = json.loads(docker.docker("image", "inspect", exporter))[0]
    base = json.loads(docker.docker("image", "inspect", _BASE))[0]
    config: dict[str, Any] = found["Config"]

    assert config["User"] == "65534:65534"
    assert config["Labels"]["org.opencontainers.image.version"] == images.VERSION
    assert "healthy" in " ".join(config["Healthcheck"]["Test"])
    # Most of it is bytecode of the standard library, which pip leaves and the health check uses.
    assert found["Size"] - base["Size"] < 16 * 2**20
    files = docker.docker("run", "--rm", "--entrypoint", "python", exporter, "-c", _LIST).split()
    assert "commands" not in files
    assert "fake" not in files


_LIST: Final = "import os; print(*sorted({n for _, ds, _ in os.walk('/app') for n in ds}))"


def test_the_exporter_runs_in_the_stack(docker: Engine, exporter: str, tmp_path: Path) -> None:
    """As the compose file starts it, beside a fake Coolify: healthy, read only, and with Coolify's metrics."""
    assert exporter
    docker.docker("network", "create", "coolify")
    docker.docker(
        "run", "--detach", "--name", "coolify", "--network", "coolify", "--volume", f"{ROOT}:/source/boxwatch:ro",
        "--env", "PYTHONPATH=/source", "--env", "PYTHONDONTWRITEBYTECODE=1", _BASE,
        "python", "-m", "boxwatch.exporters.coolify.fake", "--listen", "0.0.0.0:8080",
    )  # fmt: skip
    directory.apply(directory.plan(assemble(default.load().topology), tmp_path))
    tmp_path.chmod(0o755)
    values = {"BOXWATCH_COOLIFY_TOKEN": TOKEN, "BOXWATCH_GRAFANA_PASSWORD": "x"}
    values |= dict.fromkeys((f"BOXWATCH_{name}_{what}" for name in ("POSTGRES", "REDIS", "ELASTICSEARCH")
                             for what in ("HOST", "PASSWORD")), "x")  # fmt: skip
    (tmp_path / ".env").write_text("".join(f"{key}={value}\n" for key, value in values.items()), encoding="utf-8")

    done = subprocess.run(
        [compose_program(), "up", "--detach", "--wait", "--no-deps", "coolify-exporter"],
        cwd=tmp_path, capture_output=True, text=True, check=False, env=docker.environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr

    container = "boxwatch-mvp-coolify-exporter-1"
    assert docker.inspect(container)["State"]["Health"]["Status"] == "healthy"
    fetch = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:18000/metrics').read().decode())"

    def page() -> str | None:
        text = docker.docker("exec", container, "python", "-c", fetch)
        return text if re.search(r"^coolify_up\{.*\} 1", text, re.MULTILINE) and "web-1" in text else None

    wait_for(page, "metrics of the fake Coolify", 60)
    assert docker.docker("exec", container, "python", "-c", "import os; print(os.getuid())") == "65534"
    with pytest.raises(AssertionError, match="Read-only file system"):
        docker.docker("exec", container, "python", "-c", "open('/app/x', 'w')")
