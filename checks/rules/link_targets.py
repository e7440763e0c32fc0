"""Targets of links in alerts: the dashboards with their panels, and the runbook pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from boxwatch.grafana import document
from boxwatch.grafana.tree import panels, text

_DASHBOARDS = "grafana/dashboards/"
_RUNBOOKS = "runbooks/"


@dataclass(frozen=True, slots=True)
class Board:
    """A dashboard as a link target: its title, and id → title of its panels."""

    title: str
    panels: Mapping[str, str]

    def is_called(self, title: str) -> bool:
        """Whether this is its title; the deployment's name may follow in brackets."""
        return self.title == title or self.title.startswith(f"{title} (")


@dataclass(frozen=True, slots=True)
class Linked:
    """All targets of links in alerts.

    Attributes:
        boards: uid → dashboard.
        pages: file name → text of each runbook.
    """

    boards: Mapping[str, Board]
    pages: Mapping[str, str]


def read(files: Mapping[str, bytes]) -> Linked | None:
    """The link targets among artefacts, path → content; None without dashboards or without runbooks.

    Raises:
        BoxwatchError: a file among the dashboards is not a dashboard.
    """
    boards: dict[str, Board] = {}
    for path, content in files.items():
        if path.startswith(_DASHBOARDS):
            dashboard = document.read(path, content).dashboard
            titles = {str(panel.get("id")): text(panel.get("title")) for panel in panels(dashboard)}
            boards[text(dashboard.get("uid"))] = Board(text(dashboard.get("title")), titles)
    pages = {
        path.removeprefix(_RUNBOOKS): content.decode("utf-8", "replace")
        for path, content in files.items()
        if path.startswith(_RUNBOOKS)
    }
    return Linked(boards, pages) if boards and pages else None
