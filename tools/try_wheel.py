"""Smoke test of an installed boxwatch: its files, every module, every data file, every command.

Usage: `python -I tools/try_wheel.py CHECKOUT`, in an empty directory, with the interpreter of the installation.
"""

from __future__ import annotations

import configparser
import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from boxwatch.cli import main

# On the default deployment, and then on a tiny one; commands in order of use, with their exit codes. For those that
# require Grafana, only their help is tried.
_DEFAULT = (
    (0, "init"),
    (0, "topology"),
    (0, "schema"),
    (0, "build --out default"),
)
_TINY_USES = (
    (0, "build --out generated"),
    (0, "build --out generated --check"),
    (0, "test"),
    (0, "explain ServiceDown"),
    (0, "modernise generated/grafana/dashboards --out modern"),
    (3, "diff --rules-dir rules"),
    (0, "publish --rules-dir rules --yes"),
    (0, "rollback --rules-dir rules --yes"),
    (0, "completion bash"),
    (2, "publish"),
)
# One service, so that its proofs take seconds; `make test` proves the default deployment.
_TINY = """\
name: tiny
servers: {main: {cpus: 4, memory: 8g, disk: 100GB}}
services: {web: {kind: web, server: main, memory: 1g}}
"""


def _landed() -> Iterator[str]:
    """Files that would be somebody else's."""
    files = metadata.files("boxwatch") or []
    for name in sorted({file.parts[0] for file in files} - {".."}):
        if name != "boxwatch" and not name.startswith("boxwatch-"):
            yield f"puts {name} into site-packages"


def _contents(checkout: Path) -> Iterator[str]:
    """Modules that are missing or cannot be imported, and data files that are missing."""
    setup = configparser.ConfigParser()
    setup.read(checkout / "setup.cfg", encoding="utf-8")
    there = {str(file) for file in metadata.files("boxwatch") or []}
    for package in setup["options"]["packages"].split():
        folder = Path(*package.split(".")[1:])
        for file in sorted((checkout / folder).iterdir()):
            if file.suffix not in {".py", ".json", ".yaml", ".typed"} or (folder == Path() and _is_ours(file)):
                continue
            if str(Path("boxwatch") / folder / file.name) not in there:
                yield f"lacks {folder / file.name}"
            elif file.suffix == ".py":
                importlib.import_module(package if file.stem == "__init__" else f"{package}.{file.stem}")


def _is_ours(file: Path) -> bool:
    """Whether a file of the root is the repository's, and no part of the package."""
    return file.suffix not in {".py", ".typed"} or file.name == "setup.py"


def _commands() -> Iterator[str]:
    """Commands that do not answer as they should."""
    programs = Path(sys.executable).parent
    Path("rules").mkdir()
    boxwatch = str(programs / "boxwatch")
    helps = tuple((0, f"{name} --help") for name in main.commands)
    for code, words in (*helps, (0, "--version"), *_DEFAULT):
        yield from _answers(code, [boxwatch, *words.split()])
    Path("topology.yaml").write_text(_TINY, encoding="utf-8")
    for code, words in _TINY_USES:
        yield from _answers(code, [boxwatch, *words.split()])
    # All checks but promtool's, which `test` has run.
    yield from _answers(0, [boxwatch, "check"], path=str(programs))
    yield from _answers(0, [str(programs / "boxwatch-coolify-exporter"), "--help"])


def _answers(code: int, command: list[str], path: str = os.environ["PATH"]) -> Iterator[str]:
    env = {**os.environ, "PATH": path}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)  # noqa: S603 - what was installed
    if done.returncode != code:
        yield f"{' '.join(command[1:])}: exit code {done.returncode} and not {code}\n{done.stdout}{done.stderr}"
    elif not done.stdout and code == 0:
        yield f"{' '.join(command[1:])}: no output"


def _all(checkout: Path) -> int:
    if Path(importlib.import_module("boxwatch").__file__ or "").is_relative_to(checkout):
        sys.exit("wheel: this would try the checkout")
    found = [*_landed(), *_contents(checkout), *_commands()]
    for problem in found:
        sys.stderr.write(f"wheel: {problem}\n")
    version, modules = metadata.version("boxwatch"), sum(name.startswith("boxwatch") for name in sys.modules)
    sys.stdout.write(f"wheel: boxwatch {version}, {modules} modules and {len(main.commands)} commands, as installed\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(_all(Path(sys.argv[1]).resolve()))
