"""What is to be verified, from files of any origin or from the generated artefacts."""

from __future__ import annotations

from collections.abc import Mapping

from boxwatch.checks.alertmanager import alertmanager_file
from boxwatch.checks.dashboards import line_numbers
from boxwatch.checks.rules import rule_file, scraped
from boxwatch.errors import BoxwatchError
from boxwatch.grafana import board, document
from boxwatch.grafana.board import Board
from boxwatch.live.verify.items import Subject

_RULES, _DASHBOARDS = "prometheus/rules/", "grafana/dashboards/"
_CONFIGURATION = "prometheus/prometheus.yml"


def of_files(files: Mapping[str, bytes], *, lines: bool = False) -> Subject:
    """Dashboards and rule files by path; an Alertmanager configuration has nothing to verify.

    Args:
        files: path → content.
        lines: find the line of every panel, which takes as long as some hundred queries.

    Raises:
        BoxwatchError: a file is neither.
    """
    boards = {path: _board(path, content) for path, content in files.items() if path.endswith(".json")}
    rules = tuple(
        rule_file.read(path, content)
        for path, content in files.items()
        if not path.endswith(".json") and not alertmanager_file.is_one(content)
    )
    return Subject(boards, rules, lines={path: _lines(path, files[path]) for path in boards if lines})


def of_plan(files: Mapping[str, bytes]) -> Subject:
    """The generated artefacts: every rule must be loaded, and every scrape job must have a target."""
    boards = {path: _board(path, content) for path, content in files.items() if path.startswith(_DASHBOARDS)}
    rules = tuple(rule_file.read(path, content) for path, content in files.items() if path.startswith(_RULES))
    jobs = frozenset(scraped.read(_CONFIGURATION, files[_CONFIGURATION]))
    return Subject(boards, rules, jobs, loaded=True)


def _board(path: str, content: bytes) -> Board:
    found = board.read(path, content)
    if found is None:
        raise BoxwatchError(f"{path}: is JSON, but not a dashboard: it has neither `panels`, `rows` nor `elements`")
    return found


def _lines(path: str, content: bytes) -> Mapping[str, int]:
    try:
        found = document.parse(path, content)
        return line_numbers.lines(content.decode(), found.dashboard, found.path) if found else {}
    except (BoxwatchError, UnicodeDecodeError):
        return {}  # schema v2 has no line numbers yet
