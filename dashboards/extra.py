"""User dashboards added to ours: one file each in a folder, either a Python module in our style or JSON of any origin.

A module has a function `build(topology)`, as ours have (docs/dashboards.md explains how to write one), and may import
others of its folder whose names begin with `_`. JSON is modernised and gets the tags by which our dashboards link to
each other, and a uid from its file name if it has none.
"""

from __future__ import annotations

import importlib.util
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from boxwatch.dashboards.render import tags
from boxwatch.errors import BoxwatchError
from boxwatch.grafana import document, modernise
from boxwatch.grafana.tree import Node
from boxwatch.rules import dashboard_uid
from boxwatch.topology.model import Topology

# Next to the topology.
FOLDER = "extra-dashboards"


def dashboards(folder: Path, topology: Topology) -> dict[str, Node]:
    """Name → dashboard for each file of a folder, sorted by name. A module may return None for no dashboard.

    Raises:
        BoxwatchError: the folder or a file cannot be read, a module fails or has no `build`, JSON is not a dashboard,
            or two files have the same name.
    """
    found: dict[str, Node] = {}
    for path in _files(folder):
        if path.stem in found:
            raise BoxwatchError(f"{path}: another dashboard is also called {path.stem}: rename one of the files")
        made = _of_module(path, topology) if path.suffix == ".py" else _of_json(path, topology)
        if made is not None:
            found[path.stem] = made
    return found


def _files(folder: Path) -> list[Path]:
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise BoxwatchError(f"{folder}: {error.strerror}; expected a folder with dashboards") from error
    return [path for path in entries if path.suffix in (".py", ".json") and not path.name.startswith(("_", "."))]


def _of_json(path: Path, topology: Topology) -> Node:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BoxwatchError(f"{path}: {error.strerror}") from error
    made = modernise.modernise(document.read(str(path), content).dashboard)
    made.setdefault("uid", dashboard_uid.uid(topology, path.stem))
    said = made.get("tags")
    own = [tag for tag in said if isinstance(tag, str)] if isinstance(said, list) else []
    made["tags"] = list(dict.fromkeys((*own, *tags(topology))))
    return made


def _of_module(path: Path, topology: Topology) -> Node | None:
    with _importing(path.parent):
        try:
            build = getattr(_load(path), "build", None)
            made = build(topology) if callable(build) else None
        except Exception as error:
            # A user's module may raise anything.
            raise BoxwatchError(f"{path}{_line(path, error)}: {type(error).__name__}: {error}") from error
    if not callable(build):
        raise BoxwatchError(f"{path}: no function `build(topology)`; docs/dashboards.md has an example")
    if made is not None and not isinstance(made, dict):
        raise BoxwatchError(f"{path}: build() returned {type(made).__name__}, not a dashboard: return render.build(…)")
    return made


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"_boxwatch_extra_{path.stem}", path)
    assert spec is not None  # noqa: S101 - the suffix is .py
    assert spec.loader is not None  # noqa: S101
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look up their module.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@contextmanager
def _importing(folder: Path) -> Iterator[None]:
    """Makes the folder's modules importable, without writing bytecode there, and forgets them afterwards."""
    before, silent = set(sys.modules), sys.dont_write_bytecode
    sys.path.insert(0, str(folder))
    sys.dont_write_bytecode = True
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        sys.dont_write_bytecode = silent
        for name in set(sys.modules) - before:
            if name.startswith("_"):
                del sys.modules[name]


def _line(path: Path, error: Exception) -> str:
    """`:LINE` of the innermost line of this file in the traceback; empty if it is not there."""
    if isinstance(error, SyntaxError) and error.lineno:
        return f":{error.lineno}"
    lines = [
        frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path.absolute())
    ]
    return f":{lines[-1]}" if lines else ""
