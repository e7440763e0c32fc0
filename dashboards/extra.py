"""Dashboards that somebody adds to ours: files in a folder, a Python module in our style or JSON of any origin each.

A module has `build(topology)`, as ours have (docs/dashboards.md says how to write one), and may import others of its
folder whose names begin with `_`. JSON is modernised, gets a uid of its file's name if it has none, and the tags by
which our dashboards link to each other.
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

# Beside the topology.
FOLDER = "extra-dashboards"


def dashboards(folder: Path, topology: Topology) -> dict[str, Node]:
    """Name → dashboard for each file of a folder, in the order of the names. A module may make none (None).

    Raises:
        BoxwatchError: the folder or a file cannot be read, a module fails or has no `build`, JSON is no dashboard, or
            two files have one name.
    """
    found: dict[str, Node] = {}
    for path in _files(folder):
        if path.stem in found:
            raise BoxwatchError(f"{path}: there is another dashboard called {path.stem}: call one something else")
        made = _of_module(path, topology) if path.suffix == ".py" else _of_json(path, topology)
        if made is not None:
            found[path.stem] = made
    return found


def _files(folder: Path) -> list[Path]:
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise BoxwatchError(f"{folder}: {error.strerror}; a folder with dashboards is meant") from error
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
            # Whatever somebody's module raises.
            raise BoxwatchError(f"{path}{_line(path, error)}: {type(error).__name__}: {error}") from error
    if not callable(build):
        raise BoxwatchError(f"{path}: has no function `build(topology)`; docs/dashboards.md shows one")
    if made is not None and not isinstance(made, dict):
        raise BoxwatchError(f"{path}: build() returns no dashboard but {type(made).__name__}: return style.build(…)")
    return made


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"_boxwatch_extra_{path.stem}", path)
    assert spec is not None  # noqa: S101 - the suffix is .py
    assert spec.loader is not None  # noqa: S101
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look their module up.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@contextmanager
def _importing(folder: Path) -> Iterator[None]:
    """Modules of the folder can be imported, leave no bytecode in it, and are gone afterwards."""
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
    """`:LINE` of the innermost line of this file that was at work, if any was."""
    if isinstance(error, SyntaxError) and error.lineno:
        return f":{error.lineno}"
    lines = [
        frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path.absolute())
    ]
    return f":{lines[-1]}" if lines else ""
