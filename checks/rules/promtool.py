"""promtool's verdict: the configuration loads, the rules are clean, and the proofs hold.

Needs promtool on the PATH (any version from 2.42). The artefacts are checked in a temporary directory, laid out as on
disk.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from boxwatch.checks.finding import Finding
from boxwatch.errors import ToolError

ID = "promtool"

Watch = Callable[[int, int], None]

_CONFIG = "prometheus/prometheus.yml"
_RULES = "prometheus/rules/"
_TESTS = "prometheus/tests/"
# A test file takes seconds; the limit only keeps a hanging tool from hanging us.
_PATIENCE = 600


def path() -> str | None:
    """Path of promtool; None when it is not on the PATH."""
    return shutil.which("promtool")


def check(files: Mapping[str, bytes], promtool: str, watch: Watch | None = None) -> Iterator[Finding]:
    """Everything that promtool rejects, and every proof that does not hold.

    Args:
        files: path → content.
        promtool: the program.
        watch: called after each run with the number done and the total.

    Raises:
        ToolError: promtool cannot be run.
    """
    with tempfile.TemporaryDirectory(prefix="boxwatch-") as directory:
        root = Path(directory)
        for name, content in files.items():
            if name.startswith("prometheus/"):
                target = root / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
        jobs = list(_jobs(files))
        with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
            for done, found in enumerate(pool.map(lambda job: _run(root, promtool, *job), jobs), start=1):
                if watch:
                    watch(done, len(jobs))
                yield from found


def _jobs(files: Mapping[str, bytes]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """(file, arguments) for each run of promtool."""
    # The longest first, so that no core is idle at the end.
    for name in sorted((name for name in files if name.startswith(_TESTS)), key=lambda name: -len(files[name])):
        yield name, ("test", "rules")
    for name in files:
        if name.startswith(_RULES):
            yield name, ("check", "rules", "--lint=all", "--lint-fatal")
    if _CONFIG in files:
        # The files that it names are on another server: secrets, most of all. The rules are looked at above.
        yield _CONFIG, ("check", "config", "--syntax-only")


def _run(root: Path, promtool: str, name: str, arguments: tuple[str, ...]) -> tuple[Finding, ...]:
    target = root / name
    try:
        done = subprocess.run(  # noqa: S603 - the program that the user has on the PATH, with our own arguments
            [promtool, *arguments, target.name],
            cwd=target.parent,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ToolError(f"{promtool} could not be run on {name}: {error}") from error
    if done.returncode == 0:
        return ()
    return tuple(_findings(name, arguments[0], done.stdout + done.stderr))


def _findings(name: str, verb: str, output: str) -> Iterator[Finding]:
    """One finding for each failed proof; a single finding with the whole output for anything else."""
    if verb == "test":
        failed = re.split(r"^    name: ", output, flags=re.MULTILINE)[1:]
        for text in failed:
            title, _, detail = text.partition("\n")
            message = f"the proof does not hold: {title.rstrip(',')}"
            yield Finding(name, "", ID, "error", message, " ".join(detail.split()))
        if failed:
            return
    lines = [line.strip() for line in output.splitlines()]
    said = "; ".join(line for line in lines if line and not line.startswith(("Checking ", "Unit Testing:", "SUCCESS")))
    yield Finding(name, "", ID, "error", f"promtool {verb} rejects it", said or "it gave no reason")
