"""Classify the files a user names: dashboards, rule files, Alertmanager configuration or the topology."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import click

from boxwatch.errors import BoxwatchError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_RULE_FILE = re.compile(
    rb"""^\{?\s*(groups|['"]groups['"])\s*:|^(?:- )?\s*kind\s*:\s*['"]?PrometheusRule\b""", re.MULTILINE
)
_ALERTMANAGER = re.compile(rb"^route\s*:", re.MULTILINE)
_YAML = (".yaml", ".yml", ".rules")
STANDARD_INPUT = "-"


def sort(paths: tuple[Path, ...]) -> tuple[Path | None, dict[str, bytes]]:
    """(the topology if one is named, path → content of every dashboard, rule file and configuration of Alertmanager).

    Other files in a directory are ignored, `-` is standard input.

    Raises:
        BoxwatchError: a file cannot be read, or a directory has no such file.
        click.UsageError: two topologies are named.
    """
    topologies: list[Path] = []
    found: dict[str, bytes] = {}
    for path in paths:
        if str(path) == STANDARD_INPUT:
            content = sys.stdin.buffer.read()
            found["stdin.json" if content.lstrip()[:1] == b"{" and _has_dashboard(content) else "stdin"] = content
        elif path.is_dir():
            inner = {str(each): content for each, content in _of_directory(path) if _is_checked(each, content)}
            if not inner:
                raise BoxwatchError(f"{path}: contains no dashboard (JSON) and no rule file (YAML with `groups`)")
            found |= inner
        elif path.suffix == ".json" or (path.suffix in _YAML and path.exists()):
            content = read(path)
            if not content.strip() and len(paths) > 1:
                continue  # as mixins write it that have no rules
            if _is_checked(path, content) or (path.suffix == ".json" and not _is_topology(content)):
                found[str(path)] = content
            else:
                topologies.append(path)
        else:
            topologies.append(path)
    if len(topologies) > 1:
        raise click.UsageError(f"two topologies: pass one of {' and '.join(map(str, topologies))}")
    return (topologies[0] if topologies else None), found


def dashboards(paths: tuple[Path, ...]) -> dict[Path, bytes]:
    """Path → content of the named dashboards and of every dashboard in the named directories.

    Raises:
        BoxwatchError: a file cannot be read, or a directory has no dashboard.
    """
    found: dict[Path, bytes] = {}
    for path in paths:
        if not path.is_dir():
            found[path] = read(path)
            continue
        inner = {each: content for each, content in _of_directory(path) if _is_dashboard(each, content)}
        if not inner:
            raise BoxwatchError(f"{path}: contains no dashboard (JSON)")
        found |= inner
    return found


def read(path: Path) -> bytes:
    """The content of a file.

    Raises:
        BoxwatchError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise BoxwatchError(f"{path}: {error.strerror}") from error


def _of_directory(folder: Path) -> Iterator[tuple[Path, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".json", *_YAML) and path.is_file():
            yield path, read(path)


def _is_checked(path: Path, content: bytes) -> bool:
    if path.suffix == ".json":
        return _has_dashboard(content)
    return bool(_RULE_FILE.search(content) or _ALERTMANAGER.search(content))


def _is_dashboard(path: Path, content: bytes) -> bool:
    return path.suffix == ".json" and _has_dashboard(content)


def _has_dashboard(content: bytes) -> bool:
    """Whether it may be a dashboard. Invalid JSON is reported when the file is read."""
    return any(word in content for word in (b'"panels"', b'"rows"', b'"elements"'))


def _is_topology(content: bytes) -> bool:
    return b'"servers"' in content and not _has_dashboard(content)
