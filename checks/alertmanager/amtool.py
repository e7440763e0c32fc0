"""amtool's verdict on alertmanager.yml.

Needs amtool on the PATH, in a version that knows every key of the file; the file's header states it.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from boxwatch.checks.finding import Finding
from boxwatch.errors import ToolError

ID = "amtool"

_CONFIG = "alertmanager/alertmanager.yml"
_NEEDS = re.compile(rb"^# Needs Alertmanager (\d+)\.(\d+) or later", re.MULTILINE)
_VERSION = re.compile(r"version (\d+)\.(\d+)")
_PATIENCE = 60


def path() -> str | None:
    """Path of amtool; None when it is not on the PATH."""
    return shutil.which("amtool")


def too_old(files: Mapping[str, bytes], amtool: str) -> str:
    """The reason why this amtool cannot judge the files; empty when it can.

    Raises:
        ToolError: amtool cannot be run.
    """
    needs, has = _NEEDS.search(files.get(_CONFIG, b"")), _VERSION.search(_run([amtool, "--version"], Path.cwd())[1])
    if needs is None or has is None or tuple(map(int, has.groups())) >= tuple(map(int, needs.groups())):
        return ""
    wanted = ".".join(each.decode() for each in needs.groups())
    return f"amtool {'.'.join(has.groups())} is too old for {_CONFIG}, which needs {wanted}"


def check(files: Mapping[str, bytes], amtool: str) -> Iterator[Finding]:
    """The problems that amtool reports.

    Raises:
        ToolError: amtool cannot be run.
    """
    if _CONFIG not in files:
        return
    with tempfile.TemporaryDirectory(prefix="boxwatch-") as directory:
        for name, content in files.items():
            if name.startswith("alertmanager/"):
                (Path(directory) / Path(name).name).write_bytes(content)
        code, said = _run([amtool, "check-config", "alertmanager.yml"], Path(directory))
    if code:
        lines = [line.strip() for line in said.splitlines() if line.strip()]
        yield Finding(_CONFIG, "", ID, "error", "amtool check-config rejects it", "; ".join(lines))


def _run(command: list[str], place: Path) -> tuple[int, str]:
    try:
        done = subprocess.run(  # noqa: S603 - the program that the user has on the PATH, with our own arguments
            command, cwd=place, capture_output=True, text=True, errors="replace", timeout=_PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ToolError(f"{command[0]} could not be run: {error}") from error
    return done.returncode, done.stdout + done.stderr
