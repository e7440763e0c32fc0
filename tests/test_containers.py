"""The images of this repository, and the unit for a host without Docker."""

from __future__ import annotations

import configparser
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from boxwatch.exporters.coolify.options import OPTIONS

ROOT = Path(__file__).parent.parent
DOCKERFILES = ("Dockerfile", "exporters/coolify/Dockerfile")
UNIT = ROOT / "packaging/systemd/boxwatch-coolify-exporter.service"


def _instructions(name: str) -> list[tuple[str, str]]:
    """Instruction and arguments of each logical line."""
    text = (ROOT / name).read_text(encoding="utf-8")
    lines = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ").splitlines()
    return [(line.partition(" ")[0], line.partition(" ")[2].strip()) for line in lines if line]


def _version() -> str:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser["metadata"]["version"]


@pytest.mark.parametrize("name", DOCKERFILES)
def test_an_image_is_slim_labelled_checked_and_runs_as_nobody(name: str) -> None:
    """The last user is not root, and the labels say what it is."""
    found = _instructions(name)
    bases = [arguments.split()[0] for instruction, arguments in found if instruction == "FROM"]
    users = [arguments for instruction, arguments in found if instruction == "USER"]
    labels = " ".join(arguments for instruction, arguments in found if instruction == "LABEL")
    instructions = [instruction for instruction, _ in found]

    assert set(bases) == {"python:3.13-slim"}
    assert users[-1] == "65534:65534"
    assert instructions.index("USER") < instructions.index("ENTRYPOINT")
    assert instructions.count("HEALTHCHECK") == 1
    for label in ("title", "description", "version", "licenses"):
        assert f"org.opencontainers.image.{label}=" in labels


@pytest.mark.parametrize("name", DOCKERFILES)
def test_an_image_has_the_version_of_the_package(name: str) -> None:
    """As its argument, and in the command at its top."""
    text = (ROOT / name).read_text(encoding="utf-8")

    assert ("ARG", f"VERSION={_version()}") in _instructions(name)
    assert f":{_version()} ." in text


@pytest.mark.parametrize("name", DOCKERFILES)
def test_every_copied_file_exists(name: str) -> None:
    """In the build context, the root of the repository."""
    for instruction, arguments in _instructions(name):
        if instruction == "COPY":
            for source in shlex.split(arguments)[:-1]:
                assert source == "." or list(ROOT.glob(source)), f"{name}: {source}"


def test_secrets_are_not_in_the_build_context() -> None:
    """Whatever lies beside a build."""
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()

    assert {".env", "secrets", ".git", ".venv", ".tools"} <= set(ignored)


def test_the_unit_is_valid(tmp_path: Path) -> None:
    """Systemd itself reads it; only the program is replaced by one that exists."""
    analyse = shutil.which("systemd-analyze")
    if analyse is None:
        pytest.skip("systemd-analyze is not installed")
    text = UNIT.read_text(encoding="utf-8")
    copy = tmp_path / UNIT.name
    copy.write_text(text.replace("/usr/local/bin/boxwatch-coolify-exporter", "/bin/true"), encoding="utf-8")

    done = subprocess.run([analyse, "verify", "--man=no", copy], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_unit_starts_the_command_with_options_that_it_has() -> None:
    """And has the right to do what they ask for, and no more."""
    section = re.search(r"ExecStart=(.*?)\n(?![ ])", UNIT.read_text(encoding="utf-8"), re.DOTALL)
    assert section is not None
    flags = re.findall(r"--([a-z-]+)", section[1])

    assert flags
    assert set(flags) <= OPTIONS.keys()
    for right in ("DynamicUser=yes", "NoNewPrivileges=yes", "ProtectSystem=strict", "CapabilityBoundingSet="):
        assert f"\n{right}\n" in UNIT.read_text(encoding="utf-8")
