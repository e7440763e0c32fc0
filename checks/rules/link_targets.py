"""What alerts may link to: the dashboards with their panels, and the runbook pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from boxwatch.grafana import document
from boxwatch.grafana.tree import panels, text

_DASHBOARDS = "grafana/dashboards/"
_RUNBOOKS = "runbooks/"


@dataclass(frozen=True, slots=True)
class Board:
    """A dashboard as links name it: title, and id → title of its panels."""

    title: str
    panels: Mapping[str, str]

    def is_called(self, title: str) -> bool:
        """Whether people know it by this title; the deployment's name may stand behind it in brackets."""
        return self.title == title or self.title.startswith(f"{title} (")


@dataclass(frozen=True, slots=True)
class Linked:
    """Everything at hand that an alert may link to.

    Attributes:
        boards: uid → dashboard.
        pages: file name → text of each runbook.
    """

    boards: Mapping[str, Board]
    pages: Mapping[str, str]


def read(files: Mapping[str, bytes]) -> Linked | None:
    """What is among artefacts, path → content; None when there is no dashboard or no runbook, so nothing is known.

    Raises:
        BoxwatchError: what lies among the dashboards is none.
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
